/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The Stiefel manifold St(n, p) = { X in R^(n x p) : X^T X = I }, embedded metric: p orthonormal
 * vectors of R^n one after another (column-major n x p).
 *
 *   projection   V = W - X sym(X^T W)
 *   retraction   polar: (X + tV)(I + t^2 V^T V)^(-1/2), second order; or
 *                qr: the Q factor of X + tV with positive diagonal of R, first order
 *   gradient     Proj_X(G); memo = sym(X^T G), p x p
 *   Hessian      Proj_X(eh - V memo)
 *   transport    projection at the new point
 *   velocity     at Y = R_X(tV): Y Omega + (V - Y Y^T V) T^-1, Omega skew; polar: T = (I + t^2
 *                V^T V)^(1/2) and T Omega + Omega T = Y^T V - V^T Y; qr: T the factor R and Omega's
 *                lower part that of Y^T V T^-1
 *   coordinates  V = X A + X_perp B, A skew (p(p-1)/2 numbers scaled by 1/sqrt 2), B (n-p) x p
 *   typical distance  sqrt(p)
 *
 * Source: Edelman, Arias, Smith 1998; Absil, Mahony, Sepulchre 2008, 3.6, 4.1. */
#ifndef SPHEROPT_MANIFOLDS_STIEFEL_H
#define SPHEROPT_MANIFOLDS_STIEFEL_H

#include <spheropt/manifold.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum spo_stiefel_retraction { SPO_STIEFEL_POLAR, SPO_STIEFEL_QR } spo_stiefel_retraction;

/** spo_stiefel_create - St(n, p), 1 <= p <= n (n >= 2), with the retraction named. *out is NULL on
 * failure. One allocation. Costs of the slots: O(n p^2). Fails: SPO_E_DIM, SPO_E_ARG (unknown
 * retraction), SPO_E_NOMEM; the retraction reports SPO_OUTSIDE when it meets a rank-deficient or
 * non-finite matrix. Threads: any. tests/conformance/manifolds.c. */
SPO_API spo_status spo_stiefel_create(size_t n, size_t p, spo_stiefel_retraction retraction,
                                      spo_manifold **out, spo_error *err);

/** spo_stiefel_family - for lists and sweeps. Static storage. */
SPO_API const spo_manifold_family *spo_stiefel_family(void);

#ifdef __cplusplus
}
#endif
#endif
