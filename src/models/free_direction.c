/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Free directions, by the eigenvectors of a second moment. */
#include "models/free_direction.h"

#include "base/blas.h"

/* Second moments below this part of the largest span nothing: 1e-6 of a length. */
static const double rank_tol = 1e-12;

size_t spo_free_direction_work_len(size_t d) {
  return d * d + 4 * d;
}

int spo_free_axis(size_t d, double *work) {
  double *moment = work, *eigen = work + d * d, *room = eigen + d;
  const spo_blasint n = (spo_blasint)d, lwork = (spo_blasint)(3 * d);
  spo_blasint info;
  dsyev_("V", "U", &n, moment, &n, eigen, room, &lwork, &info);
  if (info != 0)
    return -1;
  return eigen[0] <= rank_tol * eigen[d - 1] ? 0 : 1;
}

int spo_free_direction(size_t d, size_t m, const double *X, const double *u, double *v,
                       double *work) {
  spo_gemm('N', 'T', d, d, m, 1.0, X, d, X, d, 0.0, work, d);
  const int code = spo_free_axis(d, work);
  for (size_t j = 0; j < m && code == 0; j++)
    for (size_t i = 0; i < d; i++)
      v[j * d + i] = u[j] * work[i];
  return code;
}
