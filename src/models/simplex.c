/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The regular simplex. */
#include "models/simplex.h"

#include <math.h>

#include "base/vec.h"

void spo_simplex_block(size_t d, size_t m, double *X) {
  const double scale = sqrt((double)m / ((double)m - 1.0));
  for (size_t c = 0; c + 1 < m; c++) {
    const double h = scale / sqrt((double)(c + 1) * (double)(c + 2));
    for (size_t j = 0; j <= c; j++)
      X[j * d + c] = h;
    X[(c + 1) * d + c] = -(double)(c + 1) * h;
  }
}

void spo_simplex(size_t d, size_t m, double *X) {
  spo_vec_zero(m * d, X);
  spo_simplex_block(d, m, X);
}
