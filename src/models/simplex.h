/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The regular simplex, at which the feature models collapse. */
#ifndef SPO_MODELS_SIMPLEX_H
#define SPO_MODELS_SIMPLEX_H

#include <stddef.h>

/* m >= 2 unit vectors of R^d, d >= m-1, with all inner products -1/(m-1): rows of the Helmert
 * matrix, so vector j has entries in coordinates 0 .. m-2 only. */
void spo_simplex(size_t d, size_t m, double *X);
/* The same into rows, d apart, whose first m-1 entries are 0; no others are touched. */
void spo_simplex_block(size_t d, size_t m, double *X);

#endif
