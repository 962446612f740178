/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The neural-collapse metrics NC1-NC3 of features and classifiers. With class means hbar_k, global
 * mean hG, Sigma_W = (1/N) sum (h - hbar)(h - hbar)^T, Sigma_B = (1/K) sum (hbar_k - hG)(hbar_k -
 * hG)^T and C = I - 11^T/K:
 *
 *   NC1 = (1/K) tr(Sigma_W Sigma_B^+)                        within-class collapse
 *   NC2 = | W^T W/|W^T W| - C/sqrt(K-1) |                    classifiers form a simplex ETF
 *   NC3 = | W^T Hbar/|W^T Hbar| - C/sqrt(K-1) |              features align (Hbar not centred)
 *
 * all norms Frobenius. All three are 0 exactly at neural collapse. Units: none. */
#ifndef SPHEROPT_MODELS_NEURAL_COLLAPSE_H
#define SPHEROPT_MODELS_NEURAL_COLLAPSE_H

#include <spheropt/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * spo_neural_collapse - the three numbers.
 *
 * d, K, N  in   dimension, classes, samples
 * W        in   K x d doubles, one classifier per row;  H  in  N x d doubles, one feature per row
 * label    in   N labels in 0 .. K-1
 * nc       out  nc[0..2] = NC1, NC2, NC3; NaN where a norm is 0 or Sigma_B vanishes. Classes
 *               without samples do not count in NC1 and have mean 0 in NC3
 *
 * Cost: O(N d K + K^3), one allocation. Fails: SPO_E_NOMEM, SPO_E_NUMERIC (LAPACK).
 * Threads: any. Source: Papyan, Han, Donoho 2020; Zhu et al., arXiv:2105.02375, as coded there.
 * tests/unit/neural_collapse.c.
 */
SPO_API spo_status spo_neural_collapse(size_t d, size_t K, size_t N, const double *W,
                                       const double *H, const int64_t *label, double nc[3],
                                       spo_error *err);

#ifdef __cplusplus
}
#endif
#endif
