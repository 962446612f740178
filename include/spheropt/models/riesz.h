/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Riesz energy of n points on the unit sphere of R^d, on OB(d, n):
 *
 *   f(X) = sum_{i<j} |x_i - x_j|^(-s),  s > 0      (s = 1: Thomson's problem)
 *   f(X) = sum_{i<j} -log |x_i - x_j|,  s = 0
 *
 * as a function of the inner products, rho = |x_i - x_j|^2 = 2 - 2 <x_i, x_j>:
 *
 *   S_ij  = s rho^(-s/2-1), T_ij = (s + 2) (S_ij/rho) (<v_i, x_j> + <x_i, v_j>); s = 0: 1/rho first
 *   egrad = X S, ehess = V S + X T
 *
 * Where two points coincide the energy is not defined: the callback says so. Near pairs get their
 * distance from their difference, so the energy keeps its relative accuracy there.
 * Minimum: the universally optimal codes, of any power: simplex (d >= n-1), polygon (d = 2), cross
 * polytope (n = 2d), icosahedron, 600-cell, E8, Leech lattice and others.
 * Symmetry: rotations of R^d.
 *
 * A place keeps S up to 4096 points, and makes it again tile by tile beyond.
 * Source: Cohn, Kumar 2007 (minima); Hardin, Saff 2004. */
#ifndef SPHEROPT_MODELS_RIESZ_H
#define SPHEROPT_MODELS_RIESZ_H

#include <spheropt/model.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct spo_riesz_params {
  size_t size;
  uint64_t points; /* n >= 2 [12] */
  uint64_t dim;    /* d >= 2 [3] */
  double power;    /* s in [0, 1000]; 0: logarithmic [1] */
} spo_riesz_params;

/** spo_riesz - the model: named points etf, polygon, orthoplex, hypercube, icosahedron,
 * dodecahedron, roots; part X; metrics min_angle (degrees), discrepancy, uniformity. Static
 * storage. */
SPO_API const spo_model_ops *spo_riesz(void);

/** spo_riesz_params_init - the defaults. O(1). */
SPO_API void spo_riesz_params_init(spo_riesz_params *params);

/** spo_riesz_create - the problem with its manifold. params in; out NULL on failure, destroy with
 * spo_problem_destroy. Cost and gradient: n^2/2 kernels and 3/2 products n x n x d; a Hessian
 * product 7/2. Fails: SPO_E_OPTION, SPO_E_DIM, each naming the parameter; SPO_E_NOMEM. Threads:
 * any. tests/oracle/configurations.c. */
SPO_API spo_status spo_riesz_create(const spo_riesz_params *params, spo_problem **out,
                                    spo_error *err);

#ifdef __cplusplus
}
#endif
#endif
