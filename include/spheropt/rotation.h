/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The orbit of m points of R^d under rotations: its tangent space { Omega X : Omega skew }, with
 * Omega X = (Omega x_1, ..., Omega x_m), and the orthogonal projection onto it. A problem whose
 * first m points turn together needs none of this: the slot `rotated` of spo_symmetry is enough.
 * Here are the parts for symmetries of one's own, several groups of points that turn separately for
 * example.
 *
 *   projection  V -> Omega X,   Omega S + S Omega = V X^T - X V^T,   S = X X^T
 *
 * a Lyapunov equation, diagonal in the eigenvectors of S: d x d matrices, never a stored basis of
 * vectors as long as X. Source: the normal equations of min |V - Omega X|. Test:
 * tests/unit/rotation.c. */
#ifndef SPHEROPT_ROTATION_H
#define SPHEROPT_ROTATION_H

#include <spheropt/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/** spo_rotation_store_len, spo_rotation_work_len - doubles that the following keep (eigenvectors
 * and eigenvalues of S), and scratch that each of them needs. O(1), any thread. */
SPO_API size_t spo_rotation_store_len(size_t d);
SPO_API size_t spo_rotation_work_len(size_t d);

/**
 * spo_rotation_prepare - what depends on the points alone.
 *
 * d, m   in       m points of R^d, >= 1
 * X      in       m x d doubles
 * store  out      spo_rotation_store_len(d) doubles
 * dim    out      of the orbit: with r the rank of X, d(d-1)/2 - (d-r)(d-r-1)/2, since rotations of
 *                 what X does not span leave it alone. Singular values below 1e-6 of the largest
 *                 do not count
 * work   scratch  spo_rotation_work_len(d) doubles
 *
 * Units: none. Cost: m d^2 and one d x d eigenproblem; no allocation. Fails: SPO_E_NUMERIC
 * (LAPACK), which is < 0, as a callback should return. Threads: any.
 */
SPO_API spo_status spo_rotation_prepare(size_t d, size_t m, const double *X, double *store,
                                        size_t *dim, double *work);

/**
 * spo_rotation_project - k vectors in place, V_j <- Omega_j X, orthogonally (Euclidean metric).
 *
 * X, store  in       as prepared
 * stride    in       doubles from one vector to the next, >= d m
 * V         in/out   the first d m of each; what follows them stays
 * work      scratch  as above
 *
 * Units: those of V. Cost: 4 m d^2 and eight d^3 a vector; no allocation. Fails: never (NaN goes
 * through). Threads: any.
 */
SPO_API void spo_rotation_project(size_t d, size_t m, const double *X, const double *store,
                                  size_t k, size_t stride, double *V, double *work);

#ifdef __cplusplus
}
#endif
#endif
