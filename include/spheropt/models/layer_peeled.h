/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The layer-peeled model: one feature and one classifier per class, each family with a budget of
 * energy, the classes with weights.
 *
 *   min sum_k omega_k CE(W^T h_k, k)   s.t.   sum |w_k|^2 = K E_W,  sum |h_k|^2 = K E_H
 *
 * The paper's budgets are upper bounds; a larger budget never raises the minimum, so both are met.
 * A point is W/sqrt(K E_W), then H/sqrt(K E_H): K + K vectors of R^d on a product of two unit
 * spheres of R^(Kd). There f(W, H) = sum_k omega_k CE(rho W^T h_k, k), rho = K sqrt(E_W E_H), and
 *
 *   G = rho omega_k (p_k - e_k)       K x K, p_k the softmax of the logits of h_k
 *   egrad = (H G^T, W G)
 *   Gdot_k = rho^2 omega_k (p_k o Mdot_k - p_k (p_k^T Mdot_k)),  Mdot = D_W^T H + W^T D_H
 *   ehess = (D_H G^T + H Gdot^T, D_W G + W Gdot)
 *
 * Weights: n_k / max n from counts; else 1 for the first `majority` classes and 1/R for the others.
 * Minimum: equal weights omega, d >= K-1: f* = K omega log(1 + (K-1) exp(-sqrt(E_W E_H) K/(K-1))),
 * at simplex ETFs. Beyond an imbalance that depends on the energies the minority classifiers
 * coincide (minority collapse).
 * Certificate: Z = [-alpha I, G; G^T, -alpha I], alpha = <G, W^T H>: f - min f <= max(0,
 * -lambda_min(Z)) at any point, for the minimum over all d. Where the points leave a direction a of
 * R^d free, (a u^T, a v^T) has the curvature (u, v)^T Z (u, v): for d >= 2K every second-order
 * point is global.
 * Symmetry: rotations of R^d.
 *
 * Source: Fang, He, Long, Su 2021, arXiv:2101.12699 (model, ETF, minority collapse, relaxation). */
#ifndef SPHEROPT_MODELS_LAYER_PEELED_H
#define SPHEROPT_MODELS_LAYER_PEELED_H

#include <spheropt/model.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct spo_layer_peeled_params {
  size_t size;
  uint64_t classes;          /* K >= 2; 0: from counts, else 10 */
  uint64_t dim;              /* d >= 1; 0: 2K, with which the relaxation is exact */
  double energy_h, energy_w; /* E_H, E_W > 0 */
  double imbalance;          /* R >= 1, of the classes after the first `majority` ones */
  uint64_t majority;         /* 1 .. K; 0: K/2, rounded up */
  spo_integers counts;       /* n_k >= 1, K of them: then neither imbalance nor majority; copied */
} spo_layer_peeled_params;

/** spo_layer_peeled - the model: named point etf; parts W, H (unit Frobenius norm); metrics
 * minority_cosine (mean over pairs of the classes with the smallest weight, which are all classes
 * where weights are equal; NaN when fewer than two of them have a classifier longer than 1e-6 of
 * the mean length), majority_cosine (the same for the largest weight), minority_norm (mean length
 * of the former over that of all classifiers), nc2, nc3. Static storage. */
SPO_API const spo_model_ops *spo_layer_peeled(void);

/** spo_layer_peeled_params_init - the defaults. O(1). */
SPO_API void spo_layer_peeled_params_init(spo_layer_peeled_params *params);

/**
 * spo_layer_peeled_create - the problem, with its manifold.
 *
 * params  in   NULL: defaults
 * out     out  NULL on failure; destroy with spo_problem_destroy
 *
 * Memory: a place keeps K x K + K doubles. Cost of f and gradient: 3 products of K x K x d; of a
 * Hessian product: 6. Fails: SPO_E_OPTION, SPO_E_ARG (counts below 1, counts beside imbalance or
 * majority), SPO_E_DIM, each with one line; SPO_E_NOMEM. Threads: any number may use the problem.
 * Tests: tests/oracle/layer_peeled.c, tests/derivative/models.c.
 */
SPO_API spo_status spo_layer_peeled_create(const spo_layer_peeled_params *params, spo_problem **out,
                                           spo_error *err);

#ifdef __cplusplus
}
#endif
#endif
