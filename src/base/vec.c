/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Vector kernels: written so that the compiler vectorises them without -ffast-math. */
#include "base/vec.h"

#include <float.h>
#include <math.h>
#include "base/exp1.h"
#include "base/simd.h"

enum { LANES = 32 };

static double sum_lanes(const double *lane) {
  double half[LANES / 2];
  for (size_t j = 0; j < LANES / 2; j++)
    half[j] = lane[j] + lane[j + LANES / 2];
  for (size_t width = LANES / 4; width > 0; width /= 2)
    for (size_t j = 0; j < width; j++)
      half[j] += half[j + width];
  return half[0];
}

SPO_KERNEL static double dot(size_t n, const double *x, const double *y) {
  double lane[LANES] = {0.0};
  size_t i = 0;
  for (; i + LANES <= n; i += LANES)
    for (size_t j = 0; j < LANES; j++)
      lane[j] += x[i + j] * y[i + j];
  for (size_t j = 0; i + j < n; j++)
    lane[j] += x[i + j] * y[i + j];
  return sum_lanes(lane);
}

double spo_vec_norm(size_t n, const double *x) {
  const double square = dot(n, x, x);
  if (square > 1e-280 && square < 1e280)
    return sqrt(square);
  double largest = 0.0;
  for (size_t i = 0; i < n; i++) {
    if (isnan(x[i]))
      return x[i];
    largest = fabs(x[i]) > largest ? fabs(x[i]) : largest;
  }
  if (largest == 0.0 || !isfinite(largest))
    return largest;
  double sum = 0.0;
  for (size_t i = 0; i < n; i++)
    sum += x[i] / largest * (x[i] / largest);
  return largest * sqrt(sum);
}

SPO_KERNEL static void axpy(size_t n, double a, const double *x, double *y) {
  for (size_t i = 0; i < n; i++)
    y[i] += a * x[i];
}

/* one pass instead of two over vectors that do not fit the cache */
SPO_KERNEL static double axpy_square(size_t n, double a, const double *x, double *y) {
  double lane[LANES] = {0.0};
  size_t i = 0;
  for (; i + LANES <= n; i += LANES)
    for (size_t j = 0; j < LANES; j++) {
      y[i + j] += a * x[i + j];
      lane[j] += y[i + j] * y[i + j];
    }
  for (size_t j = 0; i + j < n; j++) {
    y[i + j] += a * x[i + j];
    lane[j] += y[i + j] * y[i + j];
  }
  return sum_lanes(lane);
}

SPO_KERNEL static void add(size_t n, const double *x, double a, const double *y, double *z) {
  for (size_t i = 0; i < n; i++)
    z[i] = x[i] + a * y[i];
}

SPO_KERNEL static void combine(size_t n, double a, const double *x, double b, const double *y,
                               double *z) {
  for (size_t i = 0; i < n; i++)
    z[i] = a * x[i] + b * y[i];
}

SPO_KERNEL static void scale(size_t n, double a, double *x) {
  for (size_t i = 0; i < n; i++)
    x[i] *= a;
}

SPO_KERNEL static void exp_all(size_t n, const double *x, double *y) {
#pragma omp simd
  for (size_t i = 0; i < n; i++)
    y[i] = spo_exp1(x[i]);
}

/* log x = k ln 2 + log m, m in [sqrt(1/2), sqrt 2), log m by fdlibm's series in f/(2 + f), f = m -
 * 1. For normal x > 0. */
static inline double log1(double x) {
  uint64_t bits;
  memcpy(&bits, &x, sizeof bits);
  /* the high word of sqrt(1/2) moves the cut between binades there, as in fdlibm */
  const uint64_t moved = bits + (((uint64_t)0x3ff00000 - 0x3fe6a09e) << 32);
  const double m = spo_from_bits((moved & 0xfffffffffffff) + ((uint64_t)0x3fe6a09e << 32));
  /* an integer below 2^52 becomes a double by its exponent field alone */
  const double k = spo_from_bits((moved >> 52) | 0x4330000000000000) - (0x1p52 + 1023.0);
  const double f = m - 1.0, s = f / (2.0 + f), z = s * s, w = z * z, half = 0.5 * f * f;
  const double even = w * (3.999999999940941908e-01 +
                           w * (2.222219843214978396e-01 + w * 1.531383769920937332e-01));
  const double odd = z * (6.666666666666735130e-01 +
                          w * (2.857142874366239149e-01 +
                               w * (1.818357216161805012e-01 + w * 1.479819860511658591e-01)));
  return k * 0x1.62e42feep-1 - ((half - (s * (half + even + odd) + k * 0x1.a39ef35793c76p-33)) - f);
}

SPO_KERNEL static void log_all(size_t n, const double *x, double *y) {
#pragma omp simd
  for (size_t i = 0; i < n; i++)
    y[i] = log1(x[i]);
}

SPO_KERNEL static size_t count_odd(size_t n, const double *x) {
  size_t odd = 0;
#pragma omp simd reduction(+ : odd)
  for (size_t i = 0; i < n; i++)
    odd += !(x[i] >= DBL_MIN && x[i] <= DBL_MAX);
  return odd;
}

SPO_KERNEL static double sum(size_t n, const double *x) {
  double lane[LANES] = {0.0};
  size_t i = 0;
  for (; i + LANES <= n; i += LANES)
    for (size_t j = 0; j < LANES; j++)
      lane[j] += x[i + j];
  for (size_t j = 0; i + j < n; j++)
    lane[j] += x[i + j];
  return sum_lanes(lane);
}

/* ---- the names that others see --------------------------------------------------------------- */

double spo_vec_dot(size_t n, const double *x, const double *y) {
  return dot(n, x, y);
}
void spo_vec_axpy(size_t n, double a, const double *x, double *y) {
  axpy(n, a, x, y);
}
double spo_vec_axpy_square(size_t n, double a, const double *x, double *y) {
  return axpy_square(n, a, x, y);
}
void spo_vec_add(size_t n, const double *x, double a, const double *y, double *z) {
  add(n, x, a, y, z);
}
void spo_vec_combine(size_t n, double a, const double *x, double b, const double *y, double *z) {
  combine(n, a, x, b, b == 0.0 ? x : y, z);
}
void spo_vec_scale(size_t n, double a, double *x) {
  scale(n, a, x);
}
void spo_vec_exp(size_t n, const double *x, double *y) {
  exp_all(n, x, y);
}
double spo_vec_sum(size_t n, const double *x) {
  return sum(n, x);
}
void spo_vec_log(size_t n, const double *x, double *y) {
  enum { BLOCK = 512 };
  for (size_t i = 0; i < n; i += BLOCK) {
    const size_t b = n - i < BLOCK ? n - i : BLOCK;
    if (count_odd(b, x + i) == 0)
      log_all(b, x + i, y + i);
    else
      for (size_t j = i; j < i + b; j++)
        y[j] = log(x[j]);
  }
}
