/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Spherical codes by smoothed minimax, on OB(d, n) or, with directions of their own, OB(d, 2n).
 *
 * tammes   points X: the largest <x_i, x_j> made small, so that the smallest angle becomes large:
 *            f(X) = (1/p) log sum_{i<j} exp(p <x_i, x_j>)
 * softmax  classifiers W, directions H: the HardMax problem, whose value is minus the margin
 *          rho(W) = min_k dist(w_k, conv of the others) = -min_H max_{k, j != k} <w_j - w_k, h_k>:
 *            f(W, H) = (1/p) log sum_k sum_{j != k} exp(p <w_j - w_k, h_k>)
 *
 * A point of the softmax kind is W then H. With M = W^T H (H = W for tammes) and pi the softmax of
 * p times the terms, G = pi off the diagonal, G_kk = -sum_j pi_jk for the softmax kind, else 0:
 *
 *   egrad = (H G^T, W G), for tammes their sum
 *   Gdot  = p pi (zdot - sum pi zdot), z the terms; ehess = (V_H G^T + H Gdot^T, V_W G + W Gdot)
 *
 * f is above the largest term by at most log(terms)/p; p is the sharpness. From a minimiser of f
 * the exact minimax problem is solved by spo_code_polish, which is the model's finish.
 *
 * Minimum: tammes, the universally optimal codes (see riesz), for every p, since exp(p <x, y>) is
 * completely monotonic in |x - y|^2; softmax, d >= n-1: the simplex ETF, -n/(n-1) + log(n(n-1))/p.
 * Symmetry: rotations of R^d.
 *
 * Source: Cohn, Kumar 2007; Jiang, Zhou et al. 2023, arXiv:2310.05351 (softmax codes, HardMax). */
#ifndef SPHEROPT_MODELS_CODE_H
#define SPHEROPT_MODELS_CODE_H

#include <spheropt/model.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum spo_code_kind { SPO_CODE_TAMMES, SPO_CODE_SOFTMAX } spo_code_kind;

typedef struct spo_code_params {
  size_t size;
  uint64_t points;  /* n >= 2 [12] */
  uint64_t dim;     /* d >= 2 [3] */
  const void *kind; /* a choice: tammes, softmax [tammes]; a const spo_code_kind * */
  double sharpness; /* p in (0, 1e5] [20] */
} spo_code_params;

/** spo_code - the model: named points etf, polygon, orthoplex, hypercube, icosahedron,
 * dodecahedron, roots (softmax: H = W), all-equal, signs:PATTERN; parts X, or W and H; metrics
 * min_angle (degrees), max_cosine, margin (rho), all of X or W. Static storage. */
SPO_API const spo_model_ops *spo_code(void);

/** spo_code_params_init - the defaults. O(1). */
SPO_API void spo_code_params_init(spo_code_params *params);

/** spo_code_create - the problem with its manifold. params in; out NULL on failure, destroy with
 * spo_problem_destroy. A place keeps n x n numbers; cost and gradient: 3 products n x n x d, a
 * Hessian product 6. Fails: SPO_E_OPTION, SPO_E_DIM, each naming the parameter; SPO_E_NOMEM.
 * Threads: any. tests/oracle/codes.c. */
SPO_API spo_status spo_code_create(const spo_code_params *params, spo_problem **out,
                                   spo_error *err);

/**
 * spo_code_polish - from near a minimiser of f to a local minimum of the largest term itself.
 *
 * P      in      a problem of this model: its sharpness tells how near x is thought to be
 * x      in/out  the point; unchanged unless the largest term falls
 * value  out     the largest term at x: the largest cosine, or minus the margin that H proves; may
 *                be NULL
 *
 * A primal-dual interior point method with dense Newton steps, to a complementarity of 1e-13: 15 to
 * 60 steps for small codes, some 150 for a hundred points, of (n d)^3/3 flops, for the softmax kind
 * (2 n d)^3/3. Allocates and frees 2 such matrices. Fails: SPO_E_ARG (not of this model),
 * SPO_E_UNSUPPORTED (more than 4000 coordinates), SPO_E_NOMEM. Threads: any. Test:
 * tests/oracle/codes.c.
 */
SPO_API spo_status spo_code_polish(const spo_problem *P, double *x, double *value, spo_error *err);

#ifdef __cplusplus
}
#endif
#endif
