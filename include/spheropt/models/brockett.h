/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The Brockett cost f(X) = tr(X^T A X M), M = diag(p, p-1, ..., 1), on the Stiefel manifold
 * St(n, p).
 *
 *   egrad = 2 A X M, ehess[V] = 2 A V M; critical points: X = eigenvectors v_{s(1)} .. v_{s(p)}, up
 *   to signs. Hessian eigenvalues there: (mu_i - mu_j)(lambda_{s(j)} - lambda_{s(i)}) for i < j,
 *   and 2 mu_j (lambda_k - lambda_{s(j)}) for k outside s.
 *
 * Minimum: sum_j mu_j lambda_j, the smallest eigenvalue paired with the largest weight.
 * Source: Brockett 1991; Absil, Mahony, Sepulchre 2008, 4.8. */
#ifndef SPHEROPT_MODELS_BROCKETT_H
#define SPHEROPT_MODELS_BROCKETT_H

#include <spheropt/manifolds/stiefel.h>
#include <spheropt/model.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct spo_brockett_params {
  size_t size;
  uint64_t n;             /* order of a random matrix; 0: from matrix */
  uint64_t columns;       /* p <= n */
  uint64_t seed;          /* of that matrix */
  spo_matrix matrix;      /* n x n, symmetric to rounding; copied */
  const void *retraction; /* a choice: polar, qr; set by name with spo_option_set */
} spo_brockett_params;

/** spo_brockett - the model: named points eigenvectors:J,J,... (0 is the smallest); part X, one
 * vector per row; metric eigen_residual. Static storage. */
SPO_API const spo_model_ops *spo_brockett(void);

/** spo_brockett_params_init - the defaults. O(1). */
SPO_API void spo_brockett_params_init(spo_brockett_params *params);

/** spo_brockett_create - the problem with its Stiefel manifold. Arguments, failures and threads as
 * spo_rayleigh_create; SPO_E_DIM also for p > n. A product costs 2 n^2 p flops.
 * tests/oracle/classics.c. */
SPO_API spo_status spo_brockett_create(const spo_brockett_params *params, spo_problem **out,
                                       spo_error *err);

#ifdef __cplusplus
}
#endif
#endif
