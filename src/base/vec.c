/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Vector kernels: written so that the compiler vectorises them without -ffast-math. */
#include "base/vec.h"

#include <float.h>
#include <math.h>
#include <stdint.h>

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

static inline double from_bits(uint64_t bits) {
  double value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

/* exp(x) = 2^k exp(r), x = k ln 2 + r, |r| <= ln2/2, Taylor to degree 13: the remainder is below
 * 2^-57, summed by Estrin's scheme. ln 2 in two parts (fdlibm). 2^k goes on as two factors so that
 * results may be subnormal. */
static inline double exp1(double x) {
  const double clamped_hi = x > 710.0 ? 710.0 : x;
  const double t = clamped_hi < -750.0 ? -750.0 : clamped_hi;
  const double shift = 0x1.8p52;
  const double shifted = t * 0x1.71547652b82fep+0 + shift;
  const double k = shifted - shift;
  const double r = (t - k * 0x1.62e42feep-1) - k * 0x1.a39ef35793c76p-33;
  const double r2 = r * r, r4 = r2 * r2, r8 = r4 * r4;
  const double p01 = 0.5 + r * (1.0 / 6.0), p23 = 1.0 / 24.0 + r * (1.0 / 120.0);
  const double p45 = 1.0 / 720.0 + r * (1.0 / 5040.0), p67 = 1.0 / 40320.0 + r * (1.0 / 362880.0);
  const double p89 = 1.0 / 3628800.0 + r * (1.0 / 39916800.0);
  const double pab = 1.0 / 479001600.0 + r * (1.0 / 6227020800.0);
  const double p = (p01 + r2 * p23) + r4 * (p45 + r2 * p67) + r8 * (p89 + r2 * pab);
  const double e = 1.0 + (r + r2 * p);
  uint64_t bits;
  memcpy(&bits, &shifted, sizeof bits);
  const int64_t n = (int64_t)(bits << 12) >> 12; /* the integer k sits in the low bits of the sum */
  const int64_t half = n >> 1;
  const double scale1 = from_bits((uint64_t)(half + 1023) << 52);
  const double scale2 = from_bits((uint64_t)(n - half + 1023) << 52);
  return e * scale1 * scale2;
}

SPO_KERNEL static void exp_all(size_t n, const double *x, double *y) {
#pragma omp simd
  for (size_t i = 0; i < n; i++)
    y[i] = exp1(x[i]);
}

/* log x = k ln 2 + log m, m in [sqrt(1/2), sqrt 2), log m by fdlibm's series in f/(2 + f), f = m -
 * 1. For normal x > 0. */
static inline double log1(double x) {
  uint64_t bits;
  memcpy(&bits, &x, sizeof bits);
  /* the high word of sqrt(1/2) moves the cut between binades there, as in fdlibm */
  const uint64_t moved = bits + (((uint64_t)0x3ff00000 - 0x3fe6a09e) << 32);
  const double m = from_bits((moved & 0xfffffffffffff) + ((uint64_t)0x3fe6a09e << 32));
  /* an integer below 2^52 becomes a double by its exponent field alone */
  const double k = from_bits((moved >> 52) | 0x4330000000000000) - (0x1p52 + 1023.0);
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
