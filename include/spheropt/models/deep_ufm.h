/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The deep unconstrained feature model for two classes: L >= 2 weight matrices with rectifiers
 * s(z) = max(z, 0) between them, on free features, with squared loss and decay.
 *
 *   f = |W_L s(W_(L-1) ... s(W_1 H)) - Y|^2/(2N) + lH/2 |H|^2 + sum_l l_l/2 |W_l|^2
 *
 * N = 2n samples, Y = I_2 tensor 1_n^T. A point is H (N vectors of R^(w_0)), then W_1, ..., W_L:
 * W_l is w_l vectors of R^(w_(l-1)), w_L = 2. With A_0 = H, A_l = s(W_l A_(l-1)):
 *
 *   delta_L = (W_L A_(L-1) - Y)/N,  delta_(l-1) = (W_l^T delta_l) o 1[A_(l-1) > 0]
 *   egrad = (W_1^T delta_1 + lH H, delta_l A_(l-1)^T + l_l W_l)
 *
 * and the Hessian product is the derivative of these with the pattern 1[A > 0] held: f is smooth
 * but where a rectifier's argument is 0, where its derivative is taken as 0. A random point lies on
 * no such kink, but minimisers do, and where f slides along kinks every solver for smooth functions
 * is slow. Smoothing delta > 0 bends the rectifier, s(z) = delta (u^3 - u^4/2), u = z/delta, for
 * arguments in (0, delta), and z - delta/2 beyond: f then has continuous second derivatives. Solve
 * for a falling sequence of delta, each from the last one's end.
 *
 * Minimum without smoothing, for hidden widths w_1 .. w_(L-1) >= 2: with mu_0 = n lH, mu_l = l_l,
 * Pi = prod mu_l, c the largest root of (1-c) c^((L-1)/(L+1)) = 2 Pi^(1/(L+1)): f* = (1-c)^2/2 +
 * (L+1) (Pi c^2)^(1/(L+1)) where that is below 1/2, which is the case for Pi < (L-1)^(L-1)/(2^(L+1)
 * L^(2L)); else 1/2, at 0. At the former minimum every layer's features collapse (DNC1), their
 * class means after the first rectifier are orthogonal and of equal length (DNC2), and rows of W_l
 * are in their span (DNC3). There are other local minima, so start more than once: f is the mean
 * over both classes of the reduced problem's value, and a class whose n samples go through layer 1
 * apart until W_2 merges them has n^2 Pi in place of Pi; a class that is lost counts 1/2. Where
 * they merge in layer M > 2 it is n^M Pi: runs end there too, from the side of the kinks on which f
 * has no slope.
 * Symmetry: rotations of R^(w_0).
 *
 * Source: Sukenik, Mondelli, Lampert 2023, arXiv:2305.13165 (model, theorem); the closed form in
 * these terms, and the other minima: doc/feature_models.md. */
#ifndef SPHEROPT_MODELS_DEEP_UFM_H
#define SPHEROPT_MODELS_DEEP_UFM_H

#include <spheropt/model.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct spo_deep_ufm_params {
  size_t size;
  uint64_t layers;    /* L >= 2 */
  uint64_t per_class; /* n >= 1 */
  spo_integers width; /* w_0 .. w_(L-1), each >= 1; one number: all alike; not given: 16. Copied */
  double decay;       /* lH and every l_l, > 0 */
  double decay_h;     /* lH alone; NaN: decay */
  double smoothing;   /* delta >= 0 */
  spo_matrix decays;  /* L+1 numbers lH, l_1 .. l_L instead of both; copied */
} spo_deep_ufm_params;

/**
 * spo_deep_ufm - the model.
 *
 * Named points: collapse (the closed-form minimum); split:C (the samples of C classes apart in
 * layer 1), one-class and zero, local minima all; he (W_l with entries of variance 2/w_(l-1), H of
 * variance 1: He et al. 2015). Parts H, W1, W2, ...; for L > 15 all weights in one, W. Metrics, of
 * the features A_(l-1) that enter W_l: dnc1_l = within-class over between-class variance, dnc2_l =
 * condition number of their two class means, dnc3_l = mean sine of the angle between a row of W_l
 * and the nearer class mean, weighted by the row's length, for l <= 4; dnc1, dnc2, dnc3, the
 * largest over all layers (2 and 3: from the second, since the theorem does not fix the first);
 * fit, f without the decay. NaN where means vanish. Static storage.
 */
SPO_API const spo_model_ops *spo_deep_ufm(void);

/** spo_deep_ufm_params_init - the defaults. O(1). */
SPO_API void spo_deep_ufm_params_init(spo_deep_ufm_params *params);

/**
 * spo_deep_ufm_create - the problem, with its manifold.
 *
 * params  in   NULL: defaults
 * out     out  NULL on failure; destroy with spo_problem_destroy
 *
 * Memory: a place keeps features and their derivatives, 2 N sum_l w_l doubles, with smoothing twice
 * that; scratch is no more.
 * Cost of f: one product N x w_(l-1) x w_l a layer; of its gradient: two more; of a Hessian
 * product: six. Fails: SPO_E_OPTION (L = 1, decays not > 0), SPO_E_ARG, SPO_E_DIM (widths that are
 * not 1 or L numbers; sizes beyond BLAS's int), each with one line; SPO_E_NOMEM. Threads: any
 * number may use the problem. Tests: tests/oracle/deep_ufm.c, tests/derivative/models.c.
 */
SPO_API spo_status spo_deep_ufm_create(const spo_deep_ufm_params *params, spo_problem **out,
                                       spo_error *err);

#ifdef __cplusplus
}
#endif
#endif
