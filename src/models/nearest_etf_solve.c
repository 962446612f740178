/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The nearest simplex ETF in closed form, and the chain rule to the class means. */
#include "models/nearest_etf_internal.h"

#include <float.h>
#include <limits.h>
#include <math.h>

#include "base/memory.h"
#include "base/vec.h"

#define REFUSE(code, ...) spo_fail(err, code, "spo_nearest_etf", __VA_ARGS__)

void nearest_centre(size_t d, size_t K, const double *V, double *VC, double *mean) {
  spo_vec_zero(d, mean);
  for (size_t k = 0; k < K; k++)
    spo_vec_axpy(d, 1.0 / (double)K, V + k * d, mean);
  for (size_t k = 0; k < K; k++)
    spo_vec_add(d, V + k * d, -1.0, mean, VC + k * d);
}

spo_status nearest_means(size_t d, size_t K, const double *means, double *Y, double *length,
                         double *mean, spo_error *err) {
  for (size_t i = 0; i < d * K; i++)
    if (!isfinite(means[i]))
      return REFUSE(SPO_E_ARG, "means: entry (%zu, %zu) is %g", i / d, i % d, means[i]);
  nearest_centre(d, K, means, Y, mean);
  *length = spo_vec_norm(d * K, Y);
  if (!(*length > (double)K * DBL_EPSILON * spo_vec_norm(d * K, means)))
    return REFUSE(SPO_E_ARG, "means: all %zu are alike, there is no nearest simplex", K);
  spo_vec_scale(d * K, 1.0 / *length, Y);
  return SPO_OK;
}

void nearest_target(size_t d, size_t K, const double *Y, const double *prox, double delta,
                    double *B) {
  const double scale = 2.0 / sqrt((double)K - 1.0);
  for (size_t i = 0; i < d * K; i++)
    B[i] = scale * Y[i] + delta * prox[i];
}

void nearest_unit_vectors(size_t d, size_t K, double *U) {
  spo_vec_zero(d * K, U);
  for (size_t k = 0; k < K; k++)
    U[k * d + k] = 1.0;
}

spo_status nearest_check_shape(size_t d, size_t K, double delta, spo_error *err) {
  if (K < 2)
    return REFUSE(SPO_E_DIM, "classes: %zu given, at least 2 are needed", K);
  if (d < K)
    return REFUSE(SPO_E_DIM, "dim: %zu given, at least the number of classes, %zu, is needed", d,
                  K);
  if (spo_size_mul(d, K) > INT_MAX)
    return REFUSE(SPO_E_DIM, "dim: %zu times %zu classes is more than BLAS can index (%d)", d, K,
                  INT_MAX);
  if (!(delta >= 0.0 && delta < INFINITY))
    return REFUSE(SPO_E_OPTION, "delta: %g given, must be at least 0 and finite", delta);
  return SPO_OK;
}

spo_status spo_nearest_etf_solve(size_t d, size_t K, const double *means, const double *prox,
                                 double delta, double *U, spo_polar **polar, spo_error *err) {
  if (polar)
    *polar = NULL;
  spo_status status = nearest_check_shape(d, K, delta, err);
  if (status != SPO_OK)
    return status;
  const size_t n = d * K;
  double *Y = spo_block_alloc((2 * n + d) * sizeof(double)), length;
  if (!Y)
    return REFUSE(SPO_E_NOMEM, "no memory for %zu class means", K);
  double *frame = Y + n, *mean = frame + n;
  spo_polar *of_B = NULL;
  if (prox)
    spo_vec_copy(n, prox, frame);
  else
    nearest_unit_vectors(d, K, frame);
  status = nearest_means(d, K, means, Y, &length, mean, err);
  if (status == SPO_OK) {
    nearest_target(d, K, Y, frame, delta, Y);
    status = spo_polar_create(d, K, Y, &of_B, err);
  }
  if (status == SPO_OK)
    status = spo_polar_point(of_B, NULL, U, err);
  spo_block_free(Y);
  if (status == SPO_OK && polar)
    *polar = of_B;
  else
    spo_polar_destroy(of_B);
  return status;
}

/* dY = (dM C - Y <Y, dM C>)/|M C|, transposed. */
spo_status spo_nearest_etf_pullback(size_t d, size_t K, const double *means, const double *gB,
                                    double *gM, spo_error *err) {
  const size_t n = d * K;
  double *Y = spo_block_alloc((n + d) * sizeof(double)), length;
  if (!Y)
    return REFUSE(SPO_E_NOMEM, "no memory for %zu class means", K);
  const spo_status status = nearest_means(d, K, means, Y, &length, Y + n, err);
  if (status == SPO_OK) {
    nearest_centre(d, K, gB, gM, Y + n);
    spo_vec_axpy(n, -spo_vec_dot(n, Y, gM), Y, gM);
    spo_vec_scale(n, 2.0 / (sqrt((double)K - 1.0) * length), gM);
  }
  spo_block_free(Y);
  return status;
}

void spo_nearest_etf_classifier(size_t d, size_t K, const double *U, double *W) {
  const double scale = sqrt((double)K / ((double)K - 1.0));
  for (size_t j = 0; j < d; j++) {
    double mean = 0.0;
    for (size_t k = 0; k < K; k++)
      mean += U[k * d + j] / (double)K;
    for (size_t k = 0; k < K; k++)
      W[k * d + j] = scale * (U[k * d + j] - mean);
  }
}
