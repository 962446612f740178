/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Fused loops of the tied cross-entropy. Points are laid out coordinate by coordinate and padded
 * with zeros to four; a strip of rows that stays in the first-level cache meets the points before
 * it one by one, each pair once. */
#include "models/tied_few.h"

#include "base/exp1.h"
#include "base/simd.h"
#include "base/vec.h"

enum { FEW = SPO_TIED_FEW, STRIP = 512 };

/* Coordinate k of all points at axis[k]. */
typedef struct cloud {
  double *axis[FEW];
} cloud;

/* Each axis begins where a vector register would. */
static size_t padded(size_t n) {
  return (n + 7) / 8 * 8;
}

static cloud cloud_at(double *memory, size_t n) {
  const size_t m = padded(n);
  return (cloud){{memory, memory + m, memory + 2 * m, memory + 3 * m}};
}

static cloud spread(size_t d, size_t n, const double *X, double *memory) {
  const cloud c = cloud_at(memory, n);
  for (size_t k = 0; k < FEW; k++)
    for (size_t i = 0; i < n; i++)
      c.axis[k][i] = k < d ? X[i * d + k] : 0.0;
  return c;
}

static void gather(size_t d, size_t n, const cloud *c, double *X) {
  for (size_t i = 0; i < n; i++)
    for (size_t k = 0; k < d; k++)
      X[i * d + k] = c->axis[k][i];
}

/* For each strip and each point j: rows i .. end-1 of the strip behind j. */
#define EACH_STRIP(n, j, i, end)                                                                   \
  for (size_t first_ = 0; first_ < (n); first_ += STRIP)                                           \
    for (size_t end = first_ + STRIP < (n) ? first_ + STRIP : (n), j = 0,                          \
                i = first_ > 0 ? first_ : 1;                                                       \
         j + 1 < end; j++, i = j + 1 > first_ ? j + 1 : first_)

#define AXES(name, c)                                                                              \
  const double *restrict name##0 = (c)->axis[0], *restrict name##1 = (c)->axis[1],                 \
                         *restrict name##2 = (c)->axis[2], *restrict name##3 = (c)->axis[3]
#define DOT(x, i, y) ((x##0 [i] * y##0 + x##1 [i] * y##1) + (x##2 [i] * y##2 + x##3 [i] * y##3))
#define POINT(name, c, j, scale)                                                                   \
  const double name##0 = (scale) * (c)->axis[0][j], name##1 = (scale) * (c)->axis[1][j],           \
               name##2 = (scale) * (c)->axis[2][j], name##3 = (scale) * (c)->axis[3][j]

SPO_KERNEL static void sums(const cloud *X, size_t j, size_t i, size_t end, double alpha,
                            double *restrict Z) {
  AXES(x, X);
  POINT(y, X, j, alpha);
  double sum = 0.0;
#pragma omp simd reduction(+ : sum)
  for (size_t r = i; r < end; r++) {
    const double e = spo_exp1_negative(DOT(x, r, y) - alpha);
    Z[r] += e;
    sum += e;
  }
  Z[j] += sum;
}

/* q = 1/Z */
SPO_KERNEL static void slopes(const cloud *X, size_t j, size_t i, size_t end, double alpha,
                              const double *restrict q, const cloud *g) {
  AXES(x, X);
  POINT(a, X, j, alpha); /* alpha x_j */
  double *restrict g0 = g->axis[0], *restrict g1 = g->axis[1], *restrict g2 = g->axis[2],
                   *restrict g3 = g->axis[3];
  double s0 = 0.0, s1 = 0.0, s2 = 0.0, s3 = 0.0;
  const double qj = q[j];
#pragma omp simd reduction(+ : s0, s1, s2, s3)
  for (size_t r = i; r < end; r++) {
    const double s = spo_exp1_negative(DOT(x, r, a) - alpha) * (q[r] + qj);
    g0[r] += s * a0, g1[r] += s * a1, g2[r] += s * a2, g3[r] += s * a3;
    s0 += s * x0[r], s1 += s * x1[r], s2 += s * x2[r], s3 += s * x3[r];
  }
  g0[j] += alpha * s0, g1[j] += alpha * s1, g2[j] += alpha * s2, g3[j] += alpha * s3;
}

/* Zdot_i = sum_j E_ij C_ij */
SPO_KERNEL static void turn(const cloud *X, const cloud *V, size_t j, size_t i, size_t end,
                            double alpha, double *restrict Zdot) {
  AXES(x, X);
  AXES(v, V);
  POINT(a, X, j, alpha);
  POINT(w, V, j, alpha);
  double sum = 0.0;
#pragma omp simd reduction(+ : sum)
  for (size_t r = i; r < end; r++) {
    const double e = spo_exp1_negative(DOT(x, r, a) - alpha) * (DOT(v, r, a) + DOT(x, r, w));
    Zdot[r] += e;
    sum += e;
  }
  Zdot[j] += sum;
}

/* q = 1/Z, f = Zdot/Z^2 */
SPO_KERNEL static void curve(const cloud *X, const cloud *V, size_t j, size_t i, size_t end,
                             double alpha, const double *restrict q, const double *restrict f,
                             const cloud *h) {
  AXES(x, X);
  AXES(v, V);
  POINT(a, X, j, alpha);
  POINT(w, V, j, alpha);
  double *restrict h0 = h->axis[0], *restrict h1 = h->axis[1], *restrict h2 = h->axis[2],
                   *restrict h3 = h->axis[3];
  double s0 = 0.0, s1 = 0.0, s2 = 0.0, s3 = 0.0;
  const double qj = q[j], fj = f[j];
#pragma omp simd reduction(+ : s0, s1, s2, s3)
  for (size_t r = i; r < end; r++) {
    const double e = spo_exp1_negative(DOT(x, r, a) - alpha), s = e * (q[r] + qj);
    const double t = s * (DOT(v, r, a) + DOT(x, r, w)) - e * (f[r] + fj);
    h0[r] += s * w0 + t * a0, h1[r] += s * w1 + t * a1;
    h2[r] += s * w2 + t * a2, h3[r] += s * w3 + t * a3;
    s0 += s * v0[r] + t * x0[r], s1 += s * v1[r] + t * x1[r];
    s2 += s * v2[r] + t * x2[r], s3 += s * v3[r] + t * x3[r];
  }
  h0[j] += alpha * s0, h1[j] += alpha * s1, h2[j] += alpha * s2, h3[j] += alpha * s3;
}

size_t spo_tied_few_work_len(size_t n) {
  return (3 * FEW + 2) * padded(n);
}

void spo_tied_few_sums(size_t d, size_t n, double alpha, const double *X, double *Z, double *work) {
  const cloud x = spread(d, n, X, work);
  spo_vec_zero(n, Z);
  EACH_STRIP(n, j, i, end)
  sums(&x, j, i, end, alpha, Z);
}

void spo_tied_few_gradient(size_t d, size_t n, double alpha, const double *X, const double *Z,
                           double *g, double *work) {
  const cloud x = spread(d, n, X, work), sum = cloud_at(work + FEW * padded(n), n);
  double *q = work + 2 * FEW * padded(n);
  spo_vec_zero(FEW * padded(n), sum.axis[0]);
  for (size_t i = 0; i < n; i++)
    q[i] = 1.0 / Z[i];
  EACH_STRIP(n, j, i, end)
  slopes(&x, j, i, end, alpha, q, &sum);
  gather(d, n, &sum, g);
}

void spo_tied_few_hessian(size_t d, size_t n, double alpha, const double *X, const double *V,
                          const double *Z, double *hv, double *work) {
  const cloud x = spread(d, n, X, work), v = spread(d, n, V, work + FEW * padded(n)),
              sum = cloud_at(work + 2 * FEW * padded(n), n);
  double *q = work + 3 * FEW * padded(n), *f = q + padded(n);
  spo_vec_zero(n, f);
  EACH_STRIP(n, j, i, end)
  turn(&x, &v, j, i, end, alpha, f);
  for (size_t i = 0; i < n; i++) {
    q[i] = 1.0 / Z[i];
    f[i] *= q[i] * q[i];
  }
  spo_vec_zero(FEW * padded(n), sum.axis[0]);
  EACH_STRIP(n, j, i, end)
  curve(&x, &v, j, i, end, alpha, q, f, &sum);
  gather(d, n, &sum, hv);
}
