/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One exponential without a branch, for loops that fuse it with what surrounds it; spo_vec_exp is a
 * loop over it. Within 1.1 ulp. */
#ifndef SPO_BASE_EXP1_H
#define SPO_BASE_EXP1_H

#include <stdint.h>
#include <string.h>

static inline double spo_from_bits(uint64_t bits) {
  double value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

/* exp(x) = 2^k exp(r), x = k ln 2 + r, |r| <= ln2/2, Taylor to degree 13: the remainder is below
 * 2^-57, summed by Estrin's scheme. ln 2 in two parts (fdlibm). 2^k goes on as two factors so that
 * results may be subnormal. */
static inline double spo_exp1(double x) {
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
  const double scale1 = spo_from_bits((uint64_t)(half + 1023) << 52);
  const double scale2 = spo_from_bits((uint64_t)(n - half + 1023) << 52);
  return e * scale1 * scale2;
}

/* For x <= 709, not checked: a third cheaper, since nothing above needs a clamp, and below -708 the
 * result stays 3e-308 instead of becoming subnormal. NaN goes through. */
static inline double spo_exp1_negative(double x) {
  const double t = x < -708.0 ? -708.0 : x;
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
  uint64_t whole;
  memcpy(&whole, &shifted, sizeof whole);
  return e * spo_from_bits((whole + 1023) << 52);
}

#endif
