/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Vector kernels. Sums run over 32 interleaved partial sums that are added in a fixed order, so the
 * result does not depend on threads; BLAS's threaded ddot would. */
#ifndef SPO_BASE_VEC_H
#define SPO_BASE_VEC_H

#include <stddef.h>
#include <string.h>

/* sum x_i y_i */
double spo_vec_dot(size_t n, const double *x, const double *y);
/* sqrt(sum x_i^2), safe from under- and overflow */
double spo_vec_norm(size_t n, const double *x);
/* y += a x */
void spo_vec_axpy(size_t n, double a, const double *x, double *y);
/* y += a x; returns sum y_i^2 */
double spo_vec_axpy_square(size_t n, double a, const double *x, double *y);
/* z = x + a y; z may alias either */
void spo_vec_add(size_t n, const double *x, double a, const double *y, double *z);
/* z = a x + b y; z may alias either, y is not read when b is 0 */
void spo_vec_combine(size_t n, double a, const double *x, double b, const double *y, double *z);
/* sum x_i */
double spo_vec_sum(size_t n, const double *x);
/* x *= a */
void spo_vec_scale(size_t n, double a, double *x);
/* y_i = exp(x_i), i < n, within 1.1 ulp where the result is normal; y may alias x. NaN goes
 * through; beyond +-745 the ends: 0 and infinity */
void spo_vec_exp(size_t n, const double *x, double *y);
/* y_i = log(x_i), within 1 ulp for normal x; y may alias x. A block of 512 with 0, a negative, a
 * subnormal, NaN or infinity in it is left to libm */
void spo_vec_log(size_t n, const double *x, double *y);

static inline void spo_vec_copy(size_t n, const double *x, double *y) {
  memcpy(y, x, n * sizeof(double));
}
static inline void spo_vec_zero(size_t n, double *x) {
  memset(x, 0, n * sizeof(double));
}

#endif
