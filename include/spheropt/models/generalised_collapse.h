/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Collapse beyond the simplex: more classes than dimensions (K > d+1), unequal classes.
 *
 *   GNC1 = (1/K) tr(Sigma_W Sigma_B^+)                 of unit features: NC1 of neural_collapse.h
 *   GNC2 = min_k dist(w_k, conv{w_j : j != k})         how far apart the classifiers keep
 *   GNC3 = mean_k | hbar_k/|hbar_k| - w_k |            features align, classes with samples
 *   alignment = largest principal angle between span{hbar_k - mean} and span{w_k - mean}
 *
 * Largest possible GNC2 (softmax code): K/(K-1) for K <= d+1, 1 for d+2 <= K <= 2d, 1 - cos(2 pi/K)
 * for d = 2. Units: none; alignment in degrees. */
#ifndef SPHEROPT_MODELS_GENERALISED_COLLAPSE_H
#define SPHEROPT_MODELS_GENERALISED_COLLAPSE_H

#include <spheropt/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * spo_one_versus_rest - the least distance of a vector from the convex hull of the others.
 *
 * d, K      in   K >= 2 vectors of R^d;  W  in  K x d doubles, one vector per row, any lengths
 * distance  out  min_k dist(w_k, conv{w_j : j != k}); its square to 1e-9 of the longest
 *                difference's, mostly to 1e-13
 *
 * Cost: K minimum-norm problems by Wolfe's active sets, each some d rounds of K d + d^3 operations,
 * left early once they cannot be the least; one allocation. Fails: SPO_E_NOMEM, SPO_E_NUMERIC (that
 * accuracy was not reached), SPO_E_NONFINITE. Threads: any.
 * Source: Jiang et al., arXiv:2310.05351; Wolfe 1976. tests/unit/generalised_collapse.c.
 */
SPO_API spo_status spo_one_versus_rest(size_t d, size_t K, const double *W, double *distance,
                                       spo_error *err);

/**
 * spo_self_duality - GNC3.
 *
 * Arguments as spo_neural_collapse; W need not be normalised, its rows are taken at length one.
 * value out, NaN where a mean or a row is 0. Classes without samples are left out.
 * Cost: O(N d), one allocation. Fails: SPO_E_NOMEM. Threads: any.
 */
SPO_API spo_status spo_self_duality(size_t d, size_t K, size_t N, const double *W, const double *H,
                                    const int64_t *label, double *value, spo_error *err);

/**
 * spo_alignment - the largest principal angle between the feature and the classifier space.
 *
 * Arguments as spo_neural_collapse. degrees out, 0 .. 90: between the spans of the class means less
 * their mean, and of the classifiers less theirs; of the smaller with its nearest part of the
 * larger where their dimensions differ. Singular values below 1e-6 of the largest span nothing; NaN
 * where a span is {0}.
 * Cost: O(N d + (d + K) K min(d, K)), one allocation. Fails: SPO_E_NOMEM, SPO_E_NUMERIC (LAPACK),
 * SPO_E_NONFINITE. Threads: any. Source: Bjorck, Golub 1973. tests/unit/generalised_collapse.c.
 */
SPO_API spo_status spo_alignment(size_t d, size_t K, size_t N, const double *W, const double *H,
                                 const int64_t *label, double *degrees, spo_error *err);

/**
 * spo_seli - the geometry of the cross-entropy's interpolating classifiers with unequal classes.
 *
 * K        in   classes, >= 2;  count  in  K samples per class, each >= 1
 * cosine   out  K x K doubles: cosines between the classifiers
 *
 * With Zhat = V Lambda U^T the K x N matrix of centred labels, (I - 11^T/K) with column k repeated
 * count_k times, minimisers of the unnormalised model with vanishing ridge have W^T W ~ V Lambda
 * V^T, H^T H ~ U Lambda U^T and W^T H ~ Zhat. Cost: O(K^3), one allocation; Zhat Zhat^T is K x K.
 * Fails: SPO_E_ARG, SPO_E_NOMEM, SPO_E_NUMERIC. Threads: any.
 * Source: Thrampoulidis, Kini, Vakilian, Behnia, arXiv:2208.05512. tests/oracle/imbalance.c.
 */
SPO_API spo_status spo_seli(size_t K, const int64_t *count, double *cosine, spo_error *err);

#ifdef __cplusplus
}
#endif
#endif
