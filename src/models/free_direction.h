/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A direction of R^d that points leave free: what certificates build directions of negative
 * curvature from. */
#ifndef SPO_MODELS_FREE_DIRECTION_H
#define SPO_MODELS_FREE_DIRECTION_H

#include <stddef.h>

/* The second moment, its eigenvalues, dsyev's room. */
size_t spo_free_direction_work_len(size_t d);

/* work begins with the d x d second moment sum x x^T of some points; its first d doubles become a
 * unit vector orthogonal to all of them. > 0: they span R^d; < 0: LAPACK failed. */
int spo_free_axis(size_t d, double *work);

/* m points X of R^d that leave a direction a of it free: v = (a u_1, ..., a u_m), along which the
 * bilinear logits do not move, so that the curvature is that of the arrow matrix. Fails like
 * spo_free_axis. */
int spo_free_direction(size_t d, size_t m, const double *X, const double *u, double *v,
                       double *work);

#endif
