/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Cross-entropy of points that are their own classifiers, on OB(d, n):
 *
 *   f(X) = sum_i log Z_i,  Z_i = 1 + sum_{j != i} E_ij,  E_ij = exp(alpha (<x_i, x_j> - 1))
 *
 *   S_ij   = alpha E_ij (q_i + q_j), i != j, S_ii = 0, q = 1/Z
 *   egrad  = X S
 *   C_ij   = alpha (<v_i, x_j> + <x_i, v_j>), Zdot_i = sum_j E_ij C_ij, r_i = q_i^2 Zdot_i
 *   ehess  = V S + X T,  T_ij = alpha E_ij (C_ij (q_i + q_j) - r_i - r_j), T_ii = 0
 *
 * Minimum: d >= n-1: n log(1 + (n-1) exp(-alpha n/(n-1))) at the simplex ETF (two Jensen steps, as
 * for the ufm). With d fixed and n -> infinity the minimisers equidistribute and
 * f/n - log n -> log 0F1(; d/2; alpha^2/4) - alpha.
 * Certificate: f is convex in X^T X, so with Z = (S - diag(beta))/2, beta_i = <x_i, (X S)_i>:
 * f - min f <= n max(0, -lambda_min(Z)), for any d; at a critical point whose points span less than
 * R^d, with a unit normal a: the direction v_i = u_i a has curvature 2 u^T Z u. For d >= n every
 * critical point is of that kind: X invertible would ask for Z = 0, but S has no zero off the
 * diagonal. So every critical point that is no global minimiser is a strict saddle there.
 * Symmetry: rotations of R^d.
 *
 * Up to four dimensions E is made anew wherever it is needed, in loops fused with its sums: cheaper
 * than to read it back. Beyond, a place keeps E up to 4096 points, and makes it again tile by tile
 * for more.
 * Source: Lu, Steinerberger 2020, arXiv:2012.08465 (model, minimum for d >= n-1, the limit). */
#ifndef SPHEROPT_MODELS_TIED_CE_H
#define SPHEROPT_MODELS_TIED_CE_H

#include <spheropt/model.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct spo_tied_ce_params {
  size_t size;
  uint64_t points; /* n >= 2 [10] */
  uint64_t dim;    /* d >= 2 [3] */
  double alpha;    /* > 0 [1] */
} spo_tied_ce_params;

/** spo_tied_ce - the model: named points etf, polygon, orthoplex, hypercube, icosahedron,
 * dodecahedron, roots, all-equal, signs:PATTERN; part X; metrics etf_defect, frame_potential,
 * min_angle (degrees), limit_gap (f/n - log n minus its limit), discrepancy, uniformity. Static
 * storage. */
SPO_API const spo_model_ops *spo_tied_ce(void);

/** spo_tied_ce_params_init - the defaults. O(1). */
SPO_API void spo_tied_ce_params_init(spo_tied_ce_params *params);

/** spo_tied_ce_create - the problem with its manifold. params in; out NULL on failure, destroy with
 * spo_problem_destroy. Cost and gradient: n^2/2 exponentials and 3/2 products n x n x d; a Hessian
 * product 4. Fails: SPO_E_OPTION, SPO_E_DIM, each naming the parameter; SPO_E_NOMEM. Threads: any.
 * tests/oracle/tied_ce.c. */
SPO_API spo_status spo_tied_ce_create(const spo_tied_ce_params *params, spo_problem **out,
                                      spo_error *err);

/** spo_tied_ce_limit - log 0F1(; dim/2; alpha^2/4) - alpha, the limit of f/n - log n as n grows:
 * log of the mean of exp(alpha (<x, y> - 1)) over the sphere. dim >= 1, alpha > 0; else NaN.
 * O(alpha). */
SPO_API double spo_tied_ce_limit(double dim, double alpha);

#ifdef __cplusplus
}
#endif
#endif
