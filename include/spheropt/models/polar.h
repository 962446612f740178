/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The polar factor of a matrix as the solution of a problem, and its derivative.
 *
 *   U*(B) = argmax { <U, B> : U^T U = I } = P Q^T,   B = P diag(sigma) Q^T, d x K, d >= K
 *   max <U, B> = sum sigma_i (von Neumann); unique iff sigma_K > 0
 *
 * All critical points of <U, B>, sigma distinct: P diag(s) Q^T, s_i = +-1. There the Hessian of
 * -<U, B> has the eigenvalues (s_i sigma_i + s_j sigma_j)/2 for i < j, and s_j sigma_j, each d-K
 * times. Matrices are K vectors of R^d one after another. */
#ifndef SPHEROPT_MODELS_POLAR_H
#define SPHEROPT_MODELS_POLAR_H

#include <spheropt/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Read-only for its users. */
typedef struct spo_polar {
  size_t d, K;
  double *P;     /* K orthonormal vectors of R^d */
  double *sigma; /* K, descending */
  double *Q;     /* K orthonormal vectors of R^K */
} spo_polar;

/**
 * spo_polar_create - the thin singular value decomposition (LAPACK dgesvd).
 *
 * d, K  in   1 <= K <= d;  B  in  K x d doubles;  out  out  NULL on failure
 *
 * Cost: O(d K^2), two allocations, one of them kept. Fails: SPO_E_DIM, SPO_E_NOMEM,
 * SPO_E_NONFINITE, SPO_E_NUMERIC (detail: info). Threads: any. tests/oracle/polar.c.
 */
SPO_API spo_status spo_polar_create(size_t d, size_t K, const double *B, spo_polar **out,
                                    spo_error *err);
/** spo_polar_destroy - frees it; NULL is fine. */
SPO_API void spo_polar_destroy(spo_polar *polar);

/** spo_polar_unique - is sigma_K above rounding, d eps sigma_1? Only then is U* unique and
 * differentiable. O(1). */
SPO_API bool spo_polar_unique(const spo_polar *polar);

/** spo_polar_point - U = P diag(sign) Q^T, K x d doubles; sign NULL: the polar factor U*. O(d K^2),
 * one allocation. Fails: SPO_E_NOMEM. Threads: any. */
SPO_API spo_status spo_polar_point(const spo_polar *polar, const double *sign, double *U,
                                   spo_error *err);

/**
 * spo_polar_derivative - the derivative of U* with respect to B, forward and backward alike.
 *
 *   D[V] = P [(M - M^T)_ij / (sigma_i + sigma_j)] Q^T + (I - P P^T) V Q Sigma^(-1) Q^T, M = P^T V Q
 *
 * V   in   K x d doubles: dB, or dL/dU at U*
 * DV  out  K x d doubles: dU, or dL/dB. D is symmetric (it is the inverse of a Hessian): one map
 *          serves both directions. V and DV may be the same
 *
 * Cost: O(d K^2), one allocation. Fails: SPO_E_UNSUPPORTED where U* is not unique, SPO_E_NOMEM.
 * Threads: any. Source: Markou, Ajanthan, Gould, arXiv:2411.01248; tests/oracle/polar.c, by finite
 * differences.
 */
SPO_API spo_status spo_polar_derivative(const spo_polar *polar, const double *V, double *DV,
                                        spo_error *err);

#ifdef __cplusplus
}
#endif
#endif
