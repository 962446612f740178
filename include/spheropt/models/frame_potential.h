/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The frame potential of n unit vectors of R^d, on OB(d, n):
 *
 *   f(X) = sum_ij <x_i, x_j>^2 = |X X^T|^2
 *   egrad = 4 (X X^T) X,  ehess = 4 ((X X^T) V + (V X^T + X V^T) X)
 *
 * Minimum: max(n, n^2/d), at orthonormal vectors for n <= d, at the finite unit-norm tight frames X
 * X^T = (n/d) I for n >= d; every local minimum is one of these. For n > d + 1 they form families
 * larger than a rotation's orbit, so that the Hessian is singular there beyond the symmetry.
 * Symmetry: rotations of R^d.
 *
 * Source: Benedetto, Fickus 2003, theorem 7.1. */
#ifndef SPHEROPT_MODELS_FRAME_POTENTIAL_H
#define SPHEROPT_MODELS_FRAME_POTENTIAL_H

#include <spheropt/model.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct spo_frame_potential_params {
  size_t size;
  uint64_t points; /* n >= 2 [10] */
  uint64_t dim;    /* d >= 2 [3] */
} spo_frame_potential_params;

/** spo_frame_potential - the model: named points etf, polygon, orthoplex, hypercube, icosahedron,
 * dodecahedron, roots, all-equal, signs:PATTERN; part X; metrics tight_defect (how far X X^T, for
 * n < d X^T X, is from its multiple of the identity, relative), frame_potential, min_angle
 * (degrees). Static storage. */
SPO_API const spo_model_ops *spo_frame_potential(void);

/** spo_frame_potential_params_init - the defaults. O(1). */
SPO_API void spo_frame_potential_params_init(spo_frame_potential_params *params);

/** spo_frame_potential_create - the problem with its manifold. params in; out NULL on failure,
 * destroy with spo_problem_destroy. Cost and gradient: 2 products n x d x min(n, d), a Hessian
 * product 3 or 4. Fails: SPO_E_OPTION, SPO_E_DIM, each naming the parameter; SPO_E_NOMEM. Threads:
 * any. tests/oracle/configurations.c. */
SPO_API spo_status spo_frame_potential_create(const spo_frame_potential_params *params,
                                              spo_problem **out, spo_error *err);

#ifdef __cplusplus
}
#endif
#endif
