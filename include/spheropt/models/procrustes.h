/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The orthogonal Procrustes problem: f(X) = | A X - B |_F^2 over X with orthonormal columns, the
 * Stiefel manifold St(n, p); A is m x n, B m x p.
 *
 *   egrad = 2 A^T (A X - B), ehess[V] = 2 A^T A V
 *
 * Minimum: in closed form where |A X|^2 is constant, f = constant - <X, 2 A^T B>: for p = n, or
 * where A^T A is a multiple of I. There X* is the polar factor of A^T B (polar.h), and all critical
 * points are P diag(+-1) Q^T. Otherwise (p < n, the unbalanced problem) no closed form is known and
 * local minima exist. For p = n the manifold has two components, rotations and reflections; the one
 * without X* has a local minimum of its own, f* + 4 sigma_n(A^T B).
 *
 * Source: Schonemann 1966; Elden, Park 1999 (unbalanced). */
#ifndef SPHEROPT_MODELS_PROCRUSTES_H
#define SPHEROPT_MODELS_PROCRUSTES_H

#include <spheropt/model.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct spo_procrustes_params {
  size_t size;
  uint64_t rows;          /* m; 0: of the matrices, else 12 */
  uint64_t n;             /* columns of A; 0: of a, else 6 */
  uint64_t columns;       /* p <= n, columns of B; 0: of b, else 3 */
  uint64_t seed;          /* of random matrices */
  bool isometric;         /* random A with A^T A = I */
  spo_matrix a, b;        /* m x n, m x p; copied; not given: standard normal */
  const void *retraction; /* a choice: polar, qr; set by name with spo_option_set */
} spo_procrustes_params;

/** spo_procrustes - the model: named points solution, signs:+-+ (both where the closed form holds);
 * part X, one vector per row; metrics residual (|A X - B| / |B|), distance (to X*; NaN where it is
 * not known or not unique). Static storage. */
SPO_API const spo_model_ops *spo_procrustes(void);

/** spo_procrustes_params_init - the defaults. O(1). */
SPO_API void spo_procrustes_params_init(spo_procrustes_params *params);

/** spo_procrustes_create - the problem with its Stiefel manifold. Memory: A, B; a place keeps m x p
 * doubles. Products: 2 m n p flops for a cost and for a gradient, twice that for a Hessian product.
 * Fails: SPO_E_DIM, SPO_E_ARG (entries that are not finite, A = 0), SPO_E_OPTION, SPO_E_NOMEM,
 * SPO_E_NUMERIC. Threads: any. tests/oracle/procrustes.c. */
SPO_API spo_status spo_procrustes_create(const spo_procrustes_params *params, spo_problem **out,
                                         spo_error *err);

#ifdef __cplusplus
}
#endif
#endif
