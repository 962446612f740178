/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The unconstrained feature model with normalised features and classifiers.
 *
 *   f(W, H) = sum_i omega_i CE(tau W^T h_i, y_i),   W in OB(d, K), H in OB(d, N)
 *   CE(z, y) = log sum_k exp(z_k) - z_y
 *
 * A point is W then H: K classifiers, then N features, unit vectors of R^d one after another.
 *
 *   G = tau omega_i (p_i - e_{y_i})              K x N, p the softmax of the logits
 *   egrad = (H G^T, W G)
 *   Gdot_i = tau^2 omega_i (p_i o Mdot_i - p_i (p_i^T Mdot_i)),  Mdot = D_W^T H + W^T D_H
 *   ehess = (D_H G^T + H Gdot^T, D_W G + W Gdot)
 *
 * Everything is evaluated from off-class sums, so that f and gradient keep their relative accuracy
 * when the softmax saturates (f ~ 1e-21 at tau = 40).
 *
 * Minimum: balanced classes, uniform weights, d >= K-1: f* = log(1 + (K-1) exp(-tau K/(K-1))), at
 * simplex ETFs with h_i = w_{y_i}. For d >= K (d >= 3) every other critical point is a strict
 * saddle, for any tau and any weights.
 * Certificate: the arrow matrix Z = [-diag(alpha) G; G^T -diag(beta)], alpha_k = <w_k, (H G^T)_k>,
 * beta_i = <h_i, (W G)_i>: f - min f <= (K+N)/2 max(0, -lambda_min(Z)), for any d, critical or not;
 * scaled by D = diag(1_K, K omega_i): <= K max(0, -lambda_min).
 * Symmetry: rotations of R^d. Preconditioner: 1 for W, 1/(K omega_i) for h_i.
 *
 * Frozen classifier (fix_classifier, head): a point is H alone, in OB(d, N), egrad = W G, ehess = W
 * Gdot. With a simplex ETF as W the minimum is the f* above, at h_i = w_{y_i}, for any weights.
 * Certificate: with W G_i = beta_i h_i + r_i, Z is block diagonal of [-2 beta_i, |r_i|; |r_i|, 0],
 * f - min f <= N max(0, -lambda_min(Z)), scaled by omega <= max(0, -lambda_min). No spurious minima
 * where the differences of the w_k span less than R^d, as for d >= K; no symmetry.
 *
 * Source: Yaras, Wang, Zhu, Balzano, Qu, arXiv:2209.09211 (model, d >= K); the extension to d =
 * K-1, the certificate and the constructive directions are derived in doc/ufm.md. */
#ifndef SPHEROPT_MODELS_UFM_H
#define SPHEROPT_MODELS_UFM_H

#include <spheropt/model.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct spo_ufm_params {
  size_t size;
  uint64_t classes;      /* K >= 2; 0: from labels, counts or classifier, else 10 */
  uint64_t per_class;    /* n; 0: see counts, labels; else 5 */
  uint64_t dim;          /* d >= 1; 0: from features, else 16 */
  double tau;            /* > 0, multiplies the logits */
  spo_integers counts;   /* n_k, K of them, zeros allowed */
  spo_integers labels;   /* y_i in 0 .. K-1, N of them */
  spo_matrix weights;    /* omega_i >= 0, N x 1, made to sum to 1; not given: see imbalance */
  spo_matrix features;   /* start: N x d, one feature per row */
  spo_matrix classifier; /* start: K x d; not given: normalised class means */
  bool normalize;        /* scale the rows of both to length one, whatever they are */
  bool center;           /* subtract the features' global mean first; implies normalize for them */
  const void *fix_classifier; /* a choice: no, etf; set by name with spo_option_set */
  spo_matrix head;            /* K x d: freezes W at these rows, of length one to 1e-3; copied */
  uint64_t majority;          /* classes 0 .. majority-1 weigh imbalance; 0: K/2, rounded up */
  double imbalance;           /* R in [0, inf]: omega_i of those classes over that of the others */
} spo_ufm_params;

/** spo_ufm - the model: parameters, named points (etf, collapsed:DEG, merged:M, signs, antipodal,
 * calibrated:C,M, the codes polygon orthoplex hypercube icosahedron dodecahedron roots
 * simplices:SIZES, features), parts W (unless frozen) and H, metrics nc1 nc2 nc3
 * (neural_collapse.h), alignment gnc2 gnc3 (generalised_collapse.h; the last two for K > d+1, gnc2
 * up to 65536 numbers in W). Static storage. */
SPO_API const spo_model_ops *spo_ufm(void);

/** spo_ufm_params_init - the defaults. O(1). */
SPO_API void spo_ufm_params_init(spo_ufm_params *params);

/**
 * spo_ufm_create - the problem, with its manifold.
 *
 * params  in   give labels, or counts, or per_class; what is given twice must agree. Arrays are
 *              copied where the problem needs them (labels, weights, head), borrowed until destroy
 *              where only the start `features` does
 * out     out  NULL on failure; destroy with spo_problem_destroy
 *
 * Memory: N labels and weights; a place keeps K x N + N doubles (the softmax residual), scratch is
 * K x 256. Cost of f and gradient: 3 products of K x N x d; of a Hessian product: 6.
 * Fails: SPO_E_ARG, SPO_E_DIM, SPO_E_OPTION, each with one line naming the parameter, its value and
 * what would be accepted; SPO_E_NOMEM. A class without samples is a note, not an error.
 * Threads: any number may use the problem. Tests: tests/oracle/ufm_*.c, tests/derivative/models.c.
 */
SPO_API spo_status spo_ufm_create(const spo_ufm_params *params, spo_problem **out, spo_error *err);

#ifdef __cplusplus
}
#endif
#endif
