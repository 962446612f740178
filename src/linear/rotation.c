/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Rotation orbits. */
#include <spheropt/rotation.h>

#include "base/blas.h"

/* Directions of R^d in which the points' second moment is below this part of the largest are
 * directions that the points do not span: singular values below 1e-6, the root of it. */
static const double rank_tol = 1e-12;
/* dsyev's work per column, with blocks of 32 */
enum { DSYEV_BLOCKS = 34 };

size_t spo_rotation_store_len(size_t d) {
  return d * d + d;
}

size_t spo_rotation_work_len(size_t d) {
  return 2 * d * d + DSYEV_BLOCKS * d;
}

spo_status spo_rotation_prepare(size_t d, size_t m, const double *X, double *store, size_t *dim,
                                double *work) {
  double *Q = store, *s = store + d * d;
  spo_gemm('N', 'T', d, d, m, 1.0, X, d, X, d, 0.0, Q, d);
  const spo_blasint n = (spo_blasint)d, lwork = (spo_blasint)(DSYEV_BLOCKS * d);
  spo_blasint info;
  dsyev_("V", "U", &n, Q, &n, s, work, &lwork, &info);
  if (info != 0)
    return SPO_E_NUMERIC;
  size_t rank = 0;
  for (size_t i = 0; i < d; i++) {
    s[i] = s[i] > rank_tol * s[d - 1] ? s[i] : 0.0;
    rank += s[i] > 0.0;
  }
  /* so(d) without the rotations of the complement, which leave X alone */
  const size_t left = d - rank;
  *dim = (d * (d - 1) - (left > 0 ? left * (left - 1) : 0)) / 2;
  return SPO_OK;
}

void spo_rotation_project(size_t d, size_t m, const double *X, const double *store, size_t k,
                          size_t stride, double *V, double *work) {
  const double *Q = store, *s = store + d * d;
  double *B = work, *T = work + d * d;
  for (size_t j = 0; j < k; j++) {
    double *v = V + j * stride;
    spo_gemm('N', 'T', d, d, m, 1.0, v, d, X, d, 0.0, T, d);
    for (size_t b = 0; b < d; b++)
      for (size_t a = 0; a < d; a++)
        B[b * d + a] = T[b * d + a] - T[a * d + b];
    spo_gemm('T', 'N', d, d, d, 1.0, Q, d, B, d, 0.0, T, d);
    spo_gemm('N', 'N', d, d, d, 1.0, T, d, Q, d, 0.0, B, d);
    for (size_t b = 0; b < d; b++)
      for (size_t a = 0; a < d; a++)
        B[b * d + a] = s[a] + s[b] > 0.0 ? B[b * d + a] / (s[a] + s[b]) : 0.0;
    spo_gemm('N', 'N', d, d, d, 1.0, Q, d, B, d, 0.0, T, d);
    spo_gemm('N', 'T', d, d, d, 1.0, T, d, Q, d, 0.0, B, d);
    spo_gemm('N', 'N', d, m, d, 1.0, B, d, X, d, 0.0, v, d);
  }
}
