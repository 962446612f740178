/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The orbit of m points of R^d under rotations, { Omega X : Omega skew }: its dimension, and the
 * projection onto it by a d x d Lyapunov equation, Omega S + S Omega = V X^T - X V^T with S = X
 * X^T, diagonal in S's eigenbasis. Never a stored basis. Shared by all models on R^d. */
#ifndef SPO_MODELS_ROTATION_H
#define SPO_MODELS_ROTATION_H

#include <stddef.h>

size_t spo_rotation_store_len(size_t d); /* eigenvectors and eigenvalues of S */
size_t spo_rotation_work_len(size_t d);

/* 0, or -1 when LAPACK fails. *dim: of the orbit. */
int spo_rotation_prepare(size_t d, size_t m, const double *X, double *store, size_t *dim,
                         double *work);
/* V <- Omega X in place for k vectors of d*m doubles. */
int spo_rotation_project(size_t d, size_t m, const double *X, const double *store, size_t k,
                         double *V, double *work);
/* The same for vectors of n >= d*m doubles of which rotations move the first d*m: the rest of each
 * becomes 0. */
int spo_rotation_project_part(size_t d, size_t m, size_t n, const double *X, const double *store,
                              size_t k, double *V, double *work);

#endif
