/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Part of a dense spectrum. */
#ifndef SPO_LINEAR_EIGH_H
#define SPO_LINEAR_EIGH_H

#include <spheropt/linear.h>

/* Eigenvalues number first .. first + count - 1 (from 0, ascending) and their vectors, else as
 * spo_eigh. values: count doubles; vectors: count x n doubles or NULL. */
spo_status spo_eigh_range(size_t n, double *A, size_t first, size_t count, double *values,
                          double *vectors, spo_error *err);

#endif
