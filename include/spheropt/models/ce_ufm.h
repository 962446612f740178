/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The unconstrained feature model with cross-entropy and weight decay, on Euclidean space:
 *
 *   f(W, H, b) = (1/N) sum_i CE(W^T h_i + b, y_i) + lW/2 |W|^2 + lH/2 |H|^2 + lb/2 |b|^2
 *
 * K classes of n samples, N = nK, or of n_k samples, N their sum. A point is W (K classifiers),
 * then H (N features), vectors of R^d one after another, then b (K numbers). With
 * G = (p_i - e_{y_i})/N, p the softmax:
 *
 *   egrad = (H G^T + lW W, W G + lH H, G 1 + lb b)
 *   Gdot_i = (p_i o Mdot_i - p_i (p_i^T Mdot_i))/N,  Mdot = D_W^T H + W^T D_H + D_b 1^T
 *   ehess = (D_H G^T + H Gdot^T + lW D_W, D_W G + W Gdot + lH D_H, Gdot 1 + lb D_b)
 *
 * Minimum of equal classes, with zeta = sqrt(n lW lH): for zeta >= 1/K at W = H = 0, b = 0, f* =
 * log K, for any d.
 * Else, for d >= K-1, at simplex ETFs with b = 0 and the logit gap rho = log(1/zeta - (K-1)):
 * f* = -log(1 - (K-1) zeta) + (K-1) zeta rho, |W|^2 = (K-1) rho sqrt(n lH/lW), |H|^2 = (K-1) rho
 * sqrt(n lW/lH). For d > K every other critical point is a strict saddle. Unequal classes: as the
 * decays vanish and b is held at 0, the geometry of spo_seli (generalised_collapse.h), up to one
 * over the logit gap.
 *
 * Certificate: f is at least a convex function of W^T H and b, since (lW |W|^2 + lH |H|^2)/2 is at
 * least a multiple of a nuclear norm. With Z = [lW I, G; G^T, lH I] and the deficit A = (<W, g_W> +
 * <H, g_H>)/2 + |g_b|^2/(2 lb) of the gradient g, f - min f <= A + log K max(0, -lambda_min) for
 * D^(-1/2) Z D^(-1/2), D = diag(lW I, lH I), at any point. The matrix that is asked for carries A
 * in one more row. Where the points leave a direction a of R^d free, (a u^T, a v^T, 0) has the
 * curvature (u, v)^T Z (u, v).
 * Symmetry: rotations of R^d. Preconditioner: sqrt(lH/lW) for W, sqrt(lW/lH) for H, 1 for b.
 *
 * Source: Zhu, Ding, Zhou, Li, You, Sulam, Qu 2021, arXiv:2105.02375 (model, global optimality,
 * strict saddles); closed form and bound: doc/feature_models.md. */
#ifndef SPHEROPT_MODELS_CE_UFM_H
#define SPHEROPT_MODELS_CE_UFM_H

#include <spheropt/model.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct spo_ce_ufm_params {
  size_t size;
  uint64_t classes;                 /* K >= 2; 0: from counts, else 10 */
  uint64_t per_class;               /* n >= 1; 0: from counts, else 5 */
  uint64_t dim;                     /* d >= 1 */
  double decay_w, decay_h, decay_b; /* lW, lH, lb > 0 */
  spo_integers counts;              /* n_k >= 0, K of them; copied */
} spo_ce_ufm_params;

/** spo_ce_ufm - the model: named points collapse (the closed-form minimum of equal classes), origin,
 * unit (random vectors of length one, the same that ufm starts from with the same seed; b = 0);
 * parts W, H, b; metrics nc1 nc2 nc3 (of the centred features), bias, |W^T h_G + b| with h_G the
 * features' mean, and seli, the largest difference between a cosine of two classifiers and that of
 * spo_seli (NaN with empty classes or more than 256). Static storage. */
SPO_API const spo_model_ops *spo_ce_ufm(void);

/** spo_ce_ufm_params_init - the defaults. O(1). */
SPO_API void spo_ce_ufm_params_init(spo_ce_ufm_params *params);

/**
 * spo_ce_ufm_create - the problem, with its manifold.
 *
 * params  in   NULL: defaults
 * out     out  NULL on failure; destroy with spo_problem_destroy
 *
 * Memory: N labels and weights; a place keeps K x N + N doubles, scratch is K x 256. Cost of f and
 * gradient: 3 products of K x N x d; of a Hessian product: 6. Fails: SPO_E_OPTION (one line with
 * name, value and bounds), SPO_E_ARG (counts), SPO_E_DIM (sizes that contradict each other or go
 * beyond BLAS's int), SPO_E_NOMEM. A class without samples is a note, not an error. Threads: any
 * number may use the problem. Tests: tests/oracle/ce_ufm.c, tests/oracle/seli.c,
 * tests/derivative/models.c.
 */
SPO_API spo_status spo_ce_ufm_create(const spo_ce_ufm_params *params, spo_problem **out,
                                     spo_error *err);

#ifdef __cplusplus
}
#endif
#endif
