/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Class means. */
#include "models/class_means.h"

#include "base/vec.h"

void spo_class_means(size_t d, size_t K, size_t N, const double *H, const int64_t *label,
                     double *mean, double *global, size_t *count) {
  spo_vec_zero(K * d, mean);
  spo_vec_zero(d, global);
  for (size_t k = 0; k < K; k++)
    count[k] = 0;
  for (size_t i = 0; i < N; i++) {
    const size_t y = (size_t)label[i];
    count[y]++;
    spo_vec_axpy(d, 1.0, H + i * d, mean + y * d);
    spo_vec_axpy(d, 1.0 / (double)N, H + i * d, global);
  }
  for (size_t k = 0; k < K; k++)
    if (count[k] > 0)
      spo_vec_scale(d, 1.0 / (double)count[k], mean + k * d);
}
