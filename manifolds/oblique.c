/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The oblique manifold: m unit vectors of R^d. Every slot is one sweep over the points, in which a
 * point is read from memory once; the loops over d are written for the vector units. */
#include <spheropt/manifolds/oblique.h>

#include <gsl/gsl_randist.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>

#include "base/memory.h"
#include "base/simd.h"
#include "base/vec.h"
#include "oblique_internal.h"

typedef struct oblique {
  spo_manifold base;
  size_t d, m;
  char name[64];
} oblique;

static inline double dot(size_t d, const double *x, const double *y) {
  double sum = 0.0;
#pragma omp simd reduction(+ : sum)
  for (size_t j = 0; j < d; j++)
    sum += x[j] * y[j];
  return sum;
}

/* v = w - a x; v may alias w */
static inline void subtract(size_t d, double a, const double *x, const double *w, double *v) {
#pragma omp simd
  for (size_t j = 0; j < d; j++)
    v[j] = w[j] - a * x[j];
}

/* y = a x + b v, returns |y|^2; y may alias x */
static inline double combine(size_t d, double a, const double *x, double b, const double *v,
                             double *y) {
  double sum = 0.0;
#pragma omp simd reduction(+ : sum)
  for (size_t j = 0; j < d; j++) {
    const double yj = a * x[j] + b * v[j];
    y[j] = yj;
    sum += yj * yj;
  }
  return sum;
}

/* A sum of squares far enough from under- and overflow to take its root. NaN is not. */
static inline bool safe(double square) {
  return square > 1e-280 && square < 1e280;
}

/* |v|, given the naive sum of its squares */
static inline double norm_from(double square, size_t d, const double *v) {
  return safe(square) ? sqrt(square) : spo_vec_norm(d, v);
}

/* y /= |y|, given the naive sum of its squares */
static inline spo_status normalise(size_t d, double square, double *y) {
  if (safe(square)) {
    const double scale = 1.0 / sqrt(square);
#pragma omp simd
    for (size_t j = 0; j < d; j++)
      y[j] *= scale;
    return SPO_OK;
  }
  const double norm = spo_vec_norm(d, y);
  if (!(norm > 0.0 && norm < INFINITY))
    return SPO_OUTSIDE;
  for (size_t j = 0; j < d; j++)
    y[j] /= norm;
  return SPO_OK;
}

/* Calls sweep(d, ...) with the small dimensions as constants, so that the loops over them unroll:
 * with a variable d the set-up of a vector loop costs more than three or four entries. */
#define SWEEP(sweep, d, ...)                                                                       \
  switch (d) {                                                                                     \
  case 2:                                                                                          \
    return sweep(2, __VA_ARGS__);                                                                  \
  case 3:                                                                                          \
    return sweep(3, __VA_ARGS__);                                                                  \
  case 4:                                                                                          \
    return sweep(4, __VA_ARGS__);                                                                  \
  case 16:                                                                                         \
    return sweep(16, __VA_ARGS__);                                                                 \
  default:                                                                                         \
    return sweep(d, __VA_ARGS__);                                                                  \
  }

static inline spo_status project_all(size_t d, size_t m, const double *x, const double *w,
                                     double *v) {
  for (size_t i = 0; i < m; i++, x += d, w += d, v += d)
    subtract(d, dot(d, x, w), x, w, v);
  return SPO_OK;
}

SPO_KERNEL static spo_status project(const spo_manifold *M, const double *x, const double *w,
                                     double *v, double *work) {
  const oblique *ob = (const oblique *)M;
  (void)work;
  SWEEP(project_all, ob->d, ob->m, x, w, v)
}

static inline spo_status retract_all(size_t d, size_t m, const double *x, double t, const double *v,
                                     double *y) {
  spo_status status = SPO_OK;
  for (size_t i = 0; i < m && status == SPO_OK; i++, x += d, v += d, y += d)
    status = normalise(d, combine(d, 1.0, x, t, v, y), y);
  return status;
}

SPO_KERNEL static spo_status retract(const spo_manifold *M, const double *x, double t,
                                     const double *v, double *y, double *work) {
  const oblique *ob = (const oblique *)M;
  (void)work;
  SWEEP(retract_all, ob->d, ob->m, x, t, v, y)
}

static inline spo_status convert_all(size_t d, size_t m, const double *x, double *g, double *memo) {
  for (size_t i = 0; i < m; i++, x += d, g += d) {
    memo[i] = dot(d, x, g);
    subtract(d, memo[i], x, g, g);
  }
  return SPO_OK;
}

SPO_KERNEL static spo_status egrad_to_rgrad(const spo_manifold *M, const double *x, double *g,
                                            double *memo, double *work) {
  const oblique *ob = (const oblique *)M;
  (void)work;
  SWEEP(convert_all, ob->d, ob->m, x, g, memo)
}

/* Proj(h - memo v), not Proj(h) - memo v: so the result is tangent up to its own rounding even when
 * v is so only up to its. */
static inline spo_status curve_all(size_t d, size_t m, const double *x, const double *memo,
                                   const double *v, double *h) {
  for (size_t i = 0; i < m; i++, x += d, v += d, h += d) {
    const double a = memo[i];
    double normal = 0.0;
#pragma omp simd reduction(+ : normal)
    for (size_t j = 0; j < d; j++)
      normal += x[j] * (h[j] - a * v[j]);
#pragma omp simd
    for (size_t j = 0; j < d; j++)
      h[j] = (h[j] - a * v[j]) - normal * x[j];
  }
  return SPO_OK;
}

SPO_KERNEL static spo_status ehess_to_rhess(const spo_manifold *M, const double *x,
                                            const double *memo, const double *v, double *hv,
                                            double *work) {
  const oblique *ob = (const oblique *)M;
  (void)work;
  SWEEP(curve_all, ob->d, ob->m, x, memo, v, hv)
}

static spo_status random_point(const spo_manifold *M, gsl_rng *rng, double *x, double *work) {
  const oblique *ob = (const oblique *)M;
  const size_t d = ob->d;
  (void)work;
  for (size_t i = 0; i < M->n; i += d) {
    double square;
    do { /* a vector this short would carry rounding in its direction; it does not happen */
      square = 0.0;
      for (size_t j = 0; j < d; j++) {
        x[i + j] = gsl_ran_gaussian_ziggurat(rng, 1.0);
        square += x[i + j] * x[i + j];
      }
    } while (!(square > 1e-200));
    normalise(d, square, x + i);
  }
  return SPO_OK;
}

static double defect(const spo_manifold *M, const double *x, double *work) {
  const oblique *ob = (const oblique *)M;
  double worst = 0.0;
  (void)work;
  for (size_t i = 0; i < M->n; i += ob->d) {
    const double norm = spo_vec_norm(ob->d, x + i);
    if (isnan(norm))
      return norm;
    worst = fmax(worst, fabs(norm - 1.0));
  }
  return worst;
}

static void destroy(spo_manifold *M) {
  spo_block_free(M);
}

SPO_KERNEL static spo_status geodesic(const spo_manifold *M, const double *x, double t,
                                      const double *v, double *y, double *work) {
  const oblique *ob = (const oblique *)M;
  const size_t d = ob->d, n = M->n;
  spo_status status = SPO_OK;
  (void)work;
  for (size_t i = 0; i < n && status == SPO_OK; i += d) {
    const double length = norm_from(dot(d, v + i, v + i), d, v + i);
    const double a = cos(t * length), b = length > 0.0 ? sin(t * length) / length : t;
    /* normalised, since thousands of steps would add up the roundings */
    status = normalise(d, combine(d, a, x + i, b, v + i, y + i), y + i);
  }
  return status;
}

/* Columns 2..d of I - 2uu'/u'u, u = x + s e_1, s = sign(x_1): no cancellation, since x_1 and s have
 * one sign. With u'u = 2(1 + |x_1|) the first row needs no division. */
SPO_KERNEL static spo_status from_coords(const spo_manifold *M, const double *x, size_t k,
                                         const double *C, double *V, double *work) {
  const oblique *ob = (const oblique *)M;
  const size_t d = ob->d, points = k * ob->m;
  (void)work;
  for (size_t i = 0; i < points; i++) {
    const double *xi = x + i % ob->m * d, *c = C + i * (d - 1);
    double *v = V + i * d;
    const double along = dot(d - 1, xi + 1, c);
    v[0] = xi[0] < 0.0 ? along : -along;
    subtract(d - 1, along / (1.0 + fabs(xi[0])), xi + 1, c, v + 1);
  }
  return SPO_OK;
}

/* The transpose of from_coords, for any ambient vector */
SPO_KERNEL static spo_status to_coords(const spo_manifold *M, const double *x, size_t k,
                                       const double *V, double *C, double *work) {
  const oblique *ob = (const oblique *)M;
  const size_t d = ob->d, points = k * ob->m;
  (void)work;
  for (size_t i = 0; i < points; i++) {
    const double *xi = x + i % ob->m * d, *v = V + i * d;
    const double along = dot(d, xi, v) + (xi[0] < 0.0 ? -v[0] : v[0]);
    subtract(d - 1, along / (1.0 + fabs(xi[0])), xi + 1, v + 1, C + i * (d - 1));
  }
  return SPO_OK;
}

SPO_KERNEL static double step_limit(const spo_manifold *M, const double *x, const double *v) {
  const oblique *ob = (const oblique *)M;
  double longest = 0.0;
  (void)x;
  for (size_t i = 0; i < M->n; i += ob->d) {
    const double length = norm_from(dot(ob->d, v + i, v + i), ob->d, v + i);
    if (isnan(length))
      return length;
    longest = length > longest ? length : longest;
  }
  return 3.14159265358979323846 / longest;
}

/* y = (x + t v)/r moves with (v - <y, v> y)/r. r of a step too long to be squared: v is tangent. */
static inline spo_status velocity_all(size_t d, size_t m, const double *x, double t,
                                      const double *v, const double *y, double *w) {
  for (size_t i = 0; i < m; i++, x += d, v += d, y += d, w += d) {
    double square = 0.0;
#pragma omp simd reduction(+ : square)
    for (size_t j = 0; j < d; j++)
      square += (x[j] + t * v[j]) * (x[j] + t * v[j]);
    const double r = safe(square) ? sqrt(square) : hypot(1.0, t * spo_vec_norm(d, v));
    const double along = dot(d, y, v);
#pragma omp simd
    for (size_t j = 0; j < d; j++)
      w[j] = (v[j] - along * y[j]) / r;
  }
  return SPO_OK;
}

SPO_KERNEL static spo_status velocity(const spo_manifold *M, const double *x, double t,
                                      const double *v, const double *y, double *w, double *work) {
  const oblique *ob = (const oblique *)M;
  (void)work;
  SWEEP(velocity_all, ob->d, ob->m, x, t, v, y, w)
}

static const spo_manifold_ops oblique_ops = {
    .size = sizeof(spo_manifold_ops),
    .project = project,
    .retract = retract,
    .egrad_to_rgrad = egrad_to_rgrad,
    .ehess_to_rhess = ehess_to_rhess,
    .random_point = random_point,
    .defect = defect,
    .destroy = destroy,
    .exp = geodesic,
    .from_coords = from_coords,
    .to_coords = to_coords,
    .step_limit = step_limit,
    .velocity = velocity,
};

spo_status spo_oblique_make(size_t d, size_t m, const char *name, const char *func,
                            spo_manifold **out, spo_error *err) {
  *out = NULL;
  if (d < 1 || m < 1 || spo_size_mul(d, m) > INT_MAX)
    return spo_fail(err, SPO_E_DIM, func,
                    "%zu points of R^%zu: at least 1 point and 1 coordinate, at most %d in all", m,
                    d, INT_MAX);
  oblique *ob = spo_block_alloc(sizeof *ob);
  if (!ob)
    return spo_fail(err, SPO_E_NOMEM, func, "%zu bytes", sizeof *ob);
  *ob = (oblique){
      .base = {.ops = &oblique_ops,
               .name = ob->name,
               .retraction_order = 2,
               .n = d * m,
               .dim = (d - 1) * m,
               .memo_len = m,
               .work_len = 0,
               .typical_distance = 3.14159265358979323846 * sqrt((double)m)},
      .d = d,
      .m = m,
  };
  if (name)
    snprintf(ob->name, sizeof ob->name, "%s", name);
  else
    snprintf(ob->name, sizeof ob->name, "oblique(%zu, %zu)", d, m);
  *out = &ob->base;
  return SPO_OK;
}

spo_status spo_oblique_create(size_t d, size_t m, spo_manifold **out, spo_error *err) {
  if (!out)
    return spo_fail(err, SPO_E_ARG, __func__, "out is NULL");
  return spo_oblique_make(d, m, NULL, __func__, out, err);
}

size_t spo_oblique_count(const spo_manifold *M, size_t *dim) {
  if (!M || M->ops != &oblique_ops)
    return 0;
  const oblique *ob = (const oblique *)M;
  if (dim)
    *dim = ob->d;
  return ob->m;
}

static const size_t sample_size[][2] = {{2, 1}, {3, 5}, {16, 7}};
enum { SAMPLES = sizeof sample_size / sizeof sample_size[0] };

static spo_status sample(size_t i, spo_manifold *made[SPO_FAMILY_PARTS], size_t *count,
                         spo_error *err) {
  *count = 0;
  if (i >= SAMPLES)
    return spo_fail(err, SPO_E_ARG, __func__, "sample %zu of %d", i, SAMPLES);
  const spo_status status = spo_oblique_create(sample_size[i][0], sample_size[i][1], &made[0], err);
  *count = status == SPO_OK;
  return status;
}

const spo_manifold_family *spo_oblique_family(void) {
  static const spo_manifold_family family = {
      .size = sizeof(spo_manifold_family),
      .name = "oblique",
      .summary = "m unit vectors of R^d",
      .reference = "Absil, Gallivan 2006",
      .samples = SAMPLES,
      .sample = sample,
  };
  return &family;
}
