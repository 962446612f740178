/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The Rayleigh quotient f(x) = x^T A x of a symmetric matrix on the sphere S^(n-1).
 *
 *   egrad = 2 A x, ehess[v] = 2 A v; critical points: eigenvectors v_j, f = lambda_j, Hessian
 *   eigenvalues 2 (lambda_i - lambda_j), i != j; index = number of eigenvalues below lambda_j.
 *
 * Certificate: Z = 2 (A - f(x) I), f - f* <= -lambda_min(Z)/2 (an equality).
 * Minimum: lambda_1(A), found by LAPACK when the problem is made (n <= 2000).
 * Source: Absil, Mahony, Sepulchre 2008, 4.6. */
#ifndef SPHEROPT_MODELS_RAYLEIGH_H
#define SPHEROPT_MODELS_RAYLEIGH_H

#include <spheropt/model.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct spo_rayleigh_params {
  size_t size;
  uint64_t n;        /* order of a random matrix; 0: from matrix */
  uint64_t seed;     /* of that matrix */
  spo_matrix matrix; /* n x n, symmetric to rounding; copied */
} spo_rayleigh_params;

/** spo_rayleigh - the model: named points eigenvector:J (J-th smallest, from 0); part X; metric
 * eigen_residual. Static storage. */
SPO_API const spo_model_ops *spo_rayleigh(void);

/** spo_rayleigh_params_init - the defaults. O(1). */
SPO_API void spo_rayleigh_params_init(spo_rayleigh_params *params);

/** spo_rayleigh_create - the problem with its sphere. params in; out NULL on failure, destroy with
 * spo_problem_destroy. A product costs 2 n^2 flops. Fails: SPO_E_DIM (not square, n < 2), SPO_E_ARG
 * (not symmetric, the worst entry named; not finite), SPO_E_NOMEM. Threads: any.
 * tests/oracle/classics.c. */
SPO_API spo_status spo_rayleigh_create(const spo_rayleigh_params *params, spo_problem **out,
                                       spo_error *err);

#ifdef __cplusplus
}
#endif
#endif
