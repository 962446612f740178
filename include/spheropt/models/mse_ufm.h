/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The unconstrained feature model with squared loss, no decay, on Euclidean space:
 *
 *   f(W, H, b) = 1/2 |E|^2,   E = W H + b 1^T - Y,   Y = I_C tensor 1_N^T
 *
 * C classes of N samples each. A point is W (C classifiers), then H (CN features), vectors of R^p
 * one after another, then b (C numbers).
 *
 *   egrad = (E H^T, W^T E, E 1)
 *   Edot = D_W H + W D_H + D_b 1^T
 *   ehess = (Edot H^T + E D_H^T, W^T Edot + D_W^T E, Edot 1)
 *
 * Minimum: N max(0, C-1-p)/2 (Eckart, Young; 0 for p >= C-1), on sets far larger than orbits.
 * Strong neural collapse (SNC) is one of its points: W W^T = sqrt(N)(I - 11^T/C), H = (W tensor
 * 1_N)^T/sqrt(N), b = 1/C; gradient descent from small starts comes near it.
 * Hessian eigenvalues, at W = H = 0, b = 1/C: -sqrt(N) and sqrt(N), each p(C-1) times, CN C times,
 * rest 0. At SNC: sqrt(N) x (C-1)(C(N-1)+1), 2 sqrt(N) x (C-1)^2, CN x 1, CN + sqrt(N) x (C-1),
 * rest 0. Saddles that keep r of the C-1 singular directions: f = N(C-1-r)/2, lowest eigenvalue
 * -sqrt(N).
 * Gradient flow conserves W^T W - H H^T, and stays in the subspace S = { H = (W tensor
 * 1_N)^T/sqrt(N), W^T 1 = 0, b in span(1) }.
 * Symmetry: the linear group, W A^-1 and A H for invertible A.
 *
 * Source: Mixon, Parshall, Pi 2020, arXiv:2011.11619. Hessians, and that S is the paper's invariant
 * subspace: doc/feature_models.md. */
#ifndef SPHEROPT_MODELS_MSE_UFM_H
#define SPHEROPT_MODELS_MSE_UFM_H

#include <spheropt/model.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct spo_mse_ufm_params {
  size_t size;
  uint64_t classes;   /* C >= 2 */
  uint64_t per_class; /* N >= 1 */
  uint64_t dim;       /* p >= 1 */
  double start_size;  /* eps > 0: |W| = |H| of the start `small` */
} spo_mse_ufm_params;

/**
 * spo_mse_ufm - the model.
 *
 * Named points: small (random directions, |W| = |H| = start_size, b = 0: where runs begin),
 * trivial, collapse, partial:R (r of the C-1 singular directions, 0 <= r <= min(p, C-1)). Parts W,
 * H, b. Metrics: e1 = |W W^T - sqrt(N)(I - 11^T/C)|, e2 = |H - (W tensor 1)^T/sqrt(N)|/|H|, e3 =
 * |b - 1/C|, invariant_distance = the distance to S over the length of the point, flow_drift = how
 * far W^T W - H H^T has moved from where the run began, in Frobenius norm: gradient flow conserves
 * it, finite steps do not. It compares two points: NaN in metrics, filled in by metrics_since.
 * Static storage.
 */
SPO_API const spo_model_ops *spo_mse_ufm(void);

/** spo_mse_ufm_params_init - the defaults: the experiment of the source. O(1). */
SPO_API void spo_mse_ufm_params_init(spo_mse_ufm_params *params);

/**
 * spo_mse_ufm_create - the problem, with its manifold.
 *
 * params  in   NULL: defaults
 * out     out  NULL on failure; destroy with spo_problem_destroy
 *
 * Memory: a place keeps C x CN doubles, and scratch is as much. Cost of f and gradient: 3 products
 * of C x CN x p; of a Hessian product: 6. Fails: SPO_E_OPTION, SPO_E_DIM (sizes beyond BLAS's int),
 * each with one line; SPO_E_NOMEM. Threads: any number may use the problem. Tests:
 * tests/oracle/mse_ufm.c, tests/derivative/models.c.
 */
SPO_API spo_status spo_mse_ufm_create(const spo_mse_ufm_params *params, spo_problem **out,
                                      spo_error *err);

#ifdef __cplusplus
}
#endif
#endif
