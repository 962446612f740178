/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The Stiefel manifold of p orthonormal vectors of R^n, embedded metric. Retractions go through a
 * Householder QR factorisation, so that the result is orthonormal to rounding however long the
 * step. */
#include <spheropt/manifolds/stiefel.h>

#include <float.h>
#include <gsl/gsl_randist.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>

#include "base/blas.h"
#include "base/memory.h"
#include "base/vec.h"

typedef struct stiefel {
  spo_manifold base;
  size_t rows, p;
  size_t lapack_len; /* the largest work space that LAPACK asks for here */
  char name[64];
} stiefel;

/* What lent scratch is cut into. */
typedef struct scratch {
  double *tall;         /* rows x p */
  double *a, *b, *c;    /* p x p */
  double *tau, *values; /* p */
  double *lapack;
} scratch;

static scratch cut(const stiefel *st, spo_carver *c) {
  const size_t p = st->p;
  scratch s;
  s.tall = spo_carve_doubles(c, st->rows * p);
  s.a = spo_carve_doubles(c, p * p);
  s.b = spo_carve_doubles(c, p * p);
  s.c = spo_carve_doubles(c, p * p);
  s.tau = spo_carve_doubles(c, p);
  s.values = spo_carve_doubles(c, p);
  s.lapack = spo_carve_doubles(c, st->lapack_len);
  return s;
}

static scratch over(const stiefel *st, double *work) {
  spo_carver c = {.base = (char *)work};
  return cut(st, &c);
}

/* Q^T C or Q C in place, Q from the factor `qr`; C is rows x p. */
static spo_blasint apply_q(const stiefel *st, char trans, const double *qr, const double *tau,
                           double *C, double *lapack, spo_blasint len) {
  const spo_blasint rows = (spo_blasint)st->rows, p = (spo_blasint)st->p;
  spo_blasint info;
  dormqr_("L", &trans, &rows, &p, &p, qr, &rows, tau, C, &rows, lapack, &len, &info);
  return info;
}

/* m = sym(A^T B) */
static void sym_product(const stiefel *st, const double *A, const double *B, double *m) {
  const size_t p = st->p;
  spo_gemm('T', 'N', p, p, st->rows, 1.0, A, st->rows, B, st->rows, 0.0, m, p);
  for (size_t j = 1; j < p; j++)
    for (size_t i = 0; i < j; i++)
      m[i + j * p] = m[j + i * p] = 0.5 * (m[i + j * p] + m[j + i * p]);
}

/* V -= A m */
static void subtract(const stiefel *st, const double *A, const double *m, double *V) {
  spo_gemm('N', 'N', st->rows, st->p, st->p, -1.0, A, st->rows, m, st->p, 1.0, V, st->rows);
}

static spo_status project(const spo_manifold *M, const double *x, const double *w, double *v,
                          double *work) {
  const stiefel *st = (const stiefel *)M;
  const scratch s = over(st, work);
  sym_product(st, x, w, s.a);
  if (v != w)
    spo_vec_copy(M->n, w, v);
  subtract(st, x, s.a, v);
  return SPO_OK;
}

static spo_status egrad_to_rgrad(const spo_manifold *M, const double *x, double *g, double *memo,
                                 double *work) {
  const stiefel *st = (const stiefel *)M;
  (void)work;
  sym_product(st, x, g, memo);
  subtract(st, x, memo, g);
  return SPO_OK;
}

static spo_status ehess_to_rhess(const spo_manifold *M, const double *x, const double *memo,
                                 const double *v, double *hv, double *work) {
  subtract((const stiefel *)M, v, memo, hv);
  return project(M, x, hv, hv, work);
}

/* y = Q R in place: y becomes Q, s.a R (upper). Fails on rank deficiency and non-finite entries. */
static spo_status orthonormalise(const stiefel *st, double *y, const scratch *s) {
  const size_t p = st->p;
  const spo_blasint rows = (spo_blasint)st->rows, ip = (spo_blasint)p,
                    len = (spo_blasint)st->lapack_len;
  spo_blasint info;
  double finite = 0.0;
  for (size_t i = 0; i < st->base.n; i++)
    finite += 0.0 * y[i];
  if (isnan(finite)) /* before LAPACK, whose loops may not end on NaN */
    return SPO_OUTSIDE;
  dgeqrf_(&rows, &ip, y, &rows, s->tau, s->lapack, &len, &info);
  if (info != 0)
    return SPO_E_NUMERIC;
  double largest = 0.0, smallest = INFINITY;
  for (size_t j = 0; j < p; j++) {
    for (size_t i = 0; i < p; i++)
      s->a[i + j * p] = i <= j ? y[i + j * st->rows] : 0.0;
    largest = fmax(largest, fabs(s->a[j + j * p]));
    smallest = fmin(smallest, fabs(s->a[j + j * p]));
  }
  if (!(smallest > (double)st->rows * DBL_EPSILON * largest && largest < INFINITY))
    return SPO_OUTSIDE;
  dorgqr_(&rows, &ip, &ip, y, &rows, s->tau, s->lapack, &len, &info);
  return info == 0 ? SPO_OK : SPO_E_NUMERIC;
}

/* The Q factor whose R has a positive diagonal: unique, hence smooth. */
static spo_status q_factor(const stiefel *st, double *y, const scratch *s) {
  const spo_status status = orthonormalise(st, y, s);
  for (size_t j = 0; status == SPO_OK && j < st->p; j++)
    if (s->a[j + j * st->p] < 0.0)
      spo_vec_scale(st->rows, -1.0, y + j * st->rows);
  return status;
}

/* y = Q R, R = U S W^T: the polar factor is Q U W^T. By the Gram matrix it would be cheaper, but
 * lose digits with the square of the step's length. */
static spo_status polar_factor(const stiefel *st, double *y, const scratch *s) {
  const size_t p = st->p;
  const spo_blasint ip = (spo_blasint)p, len = (spo_blasint)st->lapack_len;
  spo_blasint info;
  const spo_status status = orthonormalise(st, y, s);
  if (status != SPO_OK)
    return status;
  dgesvd_("A", "A", &ip, &ip, s->a, &ip, s->values, s->b, &ip, s->c, &ip, s->lapack, &len, &info);
  if (info != 0)
    return SPO_E_NUMERIC;
  if (!(s->values[p - 1] > (double)st->rows * DBL_EPSILON * s->values[0]))
    return SPO_OUTSIDE;
  spo_gemm('N', 'N', p, p, p, 1.0, s->b, p, s->c, p, 0.0, s->a, p);
  spo_vec_copy(st->base.n, y, s->tall);
  spo_gemm('N', 'N', st->rows, p, p, 1.0, s->tall, st->rows, s->a, p, 0.0, y, st->rows);
  return SPO_OK;
}

static spo_status retract_polar(const spo_manifold *M, const double *x, double t, const double *v,
                                double *y, double *work) {
  const stiefel *st = (const stiefel *)M;
  const scratch s = over(st, work);
  spo_vec_add(M->n, x, t, v, y);
  return polar_factor(st, y, &s);
}

static spo_status retract_qr(const spo_manifold *M, const double *x, double t, const double *v,
                             double *y, double *work) {
  const stiefel *st = (const stiefel *)M;
  const scratch s = over(st, work);
  spo_vec_add(M->n, x, t, v, y);
  return q_factor(st, y, &s);
}

/* Uniform: the Q factor, with that sign rule, of a Gaussian matrix (Mezzadri 2007). */
static spo_status random_point(const spo_manifold *M, gsl_rng *rng, double *x, double *work) {
  const stiefel *st = (const stiefel *)M;
  const scratch s = over(st, work);
  spo_status status;
  do {
    for (size_t i = 0; i < M->n; i++)
      x[i] = gsl_ran_gaussian_ziggurat(rng, 1.0);
    status = q_factor(st, x, &s);
  } while (status == SPO_OUTSIDE);
  return status;
}

/* |X^T X - I|_F */
static double defect(const spo_manifold *M, const double *x, double *work) {
  const stiefel *st = (const stiefel *)M;
  const scratch s = over(st, work);
  const size_t p = st->p;
  spo_gemm('T', 'N', p, p, st->rows, 1.0, x, st->rows, x, st->rows, 0.0, s.a, p);
  for (size_t j = 0; j < p; j++)
    s.a[j + j * p] -= 1.0;
  return spo_vec_norm(p * p, s.a);
}

static void destroy(spo_manifold *M) {
  spo_block_free(M);
}

/* X = Q [D; 0] with D diagonal of signs, since X is orthonormal; Q's other columns are X_perp.
 * Leaves the factor in s.tall and s.tau, D on the diagonal of s.tall. */
static spo_status complete(const stiefel *st, const double *x, const scratch *s) {
  const spo_blasint rows = (spo_blasint)st->rows, p = (spo_blasint)st->p,
                    len = (spo_blasint)st->lapack_len;
  spo_blasint info;
  spo_vec_copy(st->base.n, x, s->tall);
  dgeqrf_(&rows, &p, s->tall, &rows, s->tau, s->lapack, &len, &info);
  return info == 0 ? SPO_OK : SPO_E_NUMERIC;
}

static double sign_of(const stiefel *st, const scratch *s, size_t i) {
  return s->tall[i + i * st->rows] < 0.0 ? -1.0 : 1.0;
}

static const double root_half = 0.70710678118654752440;

/* V = Q [D A; B] */
static spo_status from_coords(const spo_manifold *M, const double *x, size_t k, const double *C,
                              double *V, double *work) {
  const stiefel *st = (const stiefel *)M;
  const scratch s = over(st, work);
  const size_t p = st->p, rows = st->rows;
  const spo_status status = complete(st, x, &s);
  if (status != SPO_OK)
    return status;
  for (size_t l = 0; l < k; l++) {
    const double *c = C + l * M->dim;
    double *v = V + l * M->n;
    for (size_t j = 0; j < p; j++) {
      v[j + j * rows] = 0.0;
      for (size_t i = 0; i < j; i++, c++) {
        v[i + j * rows] = sign_of(st, &s, i) * root_half * *c;
        v[j + i * rows] = -sign_of(st, &s, j) * root_half * *c;
      }
    }
    for (size_t j = 0; j < p; j++, c += rows - p)
      spo_vec_copy(rows - p, c, v + p + j * rows);
    if (apply_q(st, 'N', s.tall, s.tau, v, s.lapack, (spo_blasint)st->lapack_len) != 0)
      return SPO_E_NUMERIC;
  }
  return SPO_OK;
}

/* The transpose of from_coords, for any ambient vector: [D A; B] = Q^T V, A made skew. The factor
 * stays in s.tall, so V's copy goes to the last part of the scratch. */
static spo_status to_coords(const spo_manifold *M, const double *x, size_t k, const double *V,
                            double *C, double *work) {
  const stiefel *st = (const stiefel *)M;
  const scratch s = over(st, work);
  const size_t p = st->p, rows = st->rows;
  double *v = work + (M->work_len - M->n);
  const spo_status status = complete(st, x, &s);
  if (status != SPO_OK)
    return status;
  for (size_t l = 0; l < k; l++) {
    double *c = C + l * M->dim;
    spo_vec_copy(M->n, V + l * M->n, v);
    if (apply_q(st, 'T', s.tall, s.tau, v, s.lapack, (spo_blasint)st->lapack_len) != 0)
      return SPO_E_NUMERIC;
    for (size_t j = 0; j < p; j++)
      for (size_t i = 0; i < j; i++, c++)
        *c = root_half *
             (sign_of(st, &s, i) * v[i + j * rows] - sign_of(st, &s, j) * v[j + i * rows]);
    for (size_t j = 0; j < p; j++, c += rows - p)
      spo_vec_copy(rows - p, v + p + j * rows, c);
  }
  return SPO_OK;
}

/* Y S = X + t V, S symmetric. With W = Y' and Omega = Y^T W skew: Y^T V - V^T Y = Omega S + S
 * Omega, solved in the eigenbasis Q of S; and W = Y Omega + (V - Y Y^T V) S^-1. */
static spo_status velocity_polar(const spo_manifold *M, const double *x, double t, const double *v,
                                 const double *y, double *w, double *work) {
  const stiefel *st = (const stiefel *)M;
  const scratch s = over(st, work);
  const size_t p = st->p, rows = st->rows;
  const spo_blasint ip = (spo_blasint)p, len = (spo_blasint)st->lapack_len;
  spo_blasint info;
  spo_vec_add(M->n, x, t, v, s.tall);
  sym_product(st, y, s.tall, s.a);
  dsyev_("V", "U", &ip, s.a, &ip, s.values, s.lapack, &len, &info);
  if (info != 0)
    return SPO_E_NUMERIC;
  if (!(s.values[0] > 0.0))
    return SPO_OUTSIDE;
  spo_gemm('T', 'N', p, p, rows, 1.0, y, rows, v, rows, 0.0, s.b, p);
  spo_vec_copy(M->n, v, s.tall);
  subtract(st, y, s.b, s.tall);
  for (size_t j = 0; j < p; j++)
    for (size_t i = 0; i <= j; i++) {
      const double skew = s.b[i + j * p] - s.b[j + i * p];
      s.b[i + j * p] = skew;
      s.b[j + i * p] = -skew;
    }
  spo_gemm('N', 'N', p, p, p, 1.0, s.b, p, s.a, p, 0.0, s.c, p);
  spo_gemm('T', 'N', p, p, p, 1.0, s.a, p, s.c, p, 0.0, s.b, p);
  for (size_t j = 0; j < p; j++)
    for (size_t i = 0; i < p; i++)
      s.b[i + j * p] /= s.values[i] + s.values[j];
  spo_gemm('N', 'N', p, p, p, 1.0, s.a, p, s.b, p, 0.0, s.c, p);
  spo_gemm('N', 'T', p, p, p, 1.0, s.c, p, s.a, p, 0.0, s.b, p);
  spo_gemm('N', 'N', rows, p, p, 1.0, y, rows, s.b, p, 0.0, w, rows);
  for (size_t j = 0; j < p; j++)
    for (size_t i = 0; i < p; i++)
      s.c[i + j * p] = s.a[i + j * p] / s.values[j];
  spo_gemm('N', 'T', p, p, p, 1.0, s.c, p, s.a, p, 0.0, s.b, p);
  spo_gemm('N', 'N', rows, p, p, 1.0, s.tall, rows, s.b, p, 1.0, w, rows);
  return SPO_OK;
}

/* Y R = X + t V, R upper triangular. With C = Y^T V R^-1: Y^T Y' is skew with the strictly lower
 * part of C, so Y' = V R^-1 - Y U, U the upper part of C + C^T, its diagonal halved. */
static spo_status velocity_qr(const spo_manifold *M, const double *x, double t, const double *v,
                              const double *y, double *w, double *work) {
  const stiefel *st = (const stiefel *)M;
  const scratch s = over(st, work);
  const size_t p = st->p, rows = st->rows;
  const spo_blasint ip = (spo_blasint)p, irows = (spo_blasint)rows;
  const double one = 1.0;
  spo_vec_add(M->n, x, t, v, s.tall);
  spo_gemm('T', 'N', p, p, rows, 1.0, y, rows, s.tall, rows, 0.0, s.a, p);
  for (size_t j = 0; j < p; j++)
    if (!(s.a[j + j * p] > 0.0))
      return SPO_OUTSIDE;
  if (w != v)
    spo_vec_copy(M->n, v, w);
  dtrsm_("R", "U", "N", "N", &irows, &ip, &one, s.a, &ip, w, &irows);
  spo_gemm('T', 'N', p, p, rows, 1.0, y, rows, w, rows, 0.0, s.b, p);
  for (size_t j = 0; j < p; j++)
    for (size_t i = 0; i < j; i++) {
      s.b[i + j * p] += s.b[j + i * p];
      s.b[j + i * p] = 0.0;
    }
  subtract(st, y, s.b, w);
  return SPO_OK;
}

#define STIEFEL_OPS(retraction, its_velocity)                                                      \
  {                                                                                                \
    .size = sizeof(spo_manifold_ops), .project = project, .retract = retraction,                   \
    .egrad_to_rgrad = egrad_to_rgrad, .ehess_to_rhess = ehess_to_rhess,                            \
    .random_point = random_point, .defect = defect, .destroy = destroy,                            \
    .from_coords = from_coords, .to_coords = to_coords, .velocity = its_velocity,                  \
  }

static const spo_manifold_ops polar_ops = STIEFEL_OPS(retract_polar, velocity_polar);
static const spo_manifold_ops qr_ops = STIEFEL_OPS(retract_qr, velocity_qr);

/* The most that any LAPACK routine above wants for its best block size. dormqr asks for a fixed
 * 4160 doubles and more even for few columns, where it does not block: then its least will do. */
static size_t ask_lapack(const stiefel *st) {
  const spo_blasint rows = (spo_blasint)st->rows, p = (spo_blasint)st->p, query = -1;
  spo_blasint info;
  double none = 0.0, answer, most = 5.0 * (double)st->p; /* dgesvd's least: 5p */
  dgeqrf_(&rows, &p, &none, &rows, &none, &answer, &query, &info);
  most = fmax(most, answer);
  dorgqr_(&rows, &p, &p, &none, &rows, &none, &answer, &query, &info);
  most = fmax(most, answer);
  dgesvd_("A", "A", &p, &p, &none, &p, &none, &none, &p, &none, &p, &answer, &query, &info);
  most = fmax(most, answer);
  if (st->p > 32) {
    apply_q(st, 'N', &none, &none, &none, &answer, query);
    most = fmax(most, answer);
    apply_q(st, 'T', &none, &none, &none, &answer, query);
    most = fmax(most, answer);
  }
  return (size_t)most;
}

static void measure(stiefel *st) {
  spo_carver c = {0};
  st->lapack_len = ask_lapack(st);
  cut(st, &c);
  st->base.work_len = c.used / sizeof(double) + st->base.n; /* the tail: see to_coords */
}

spo_status spo_stiefel_create(size_t n, size_t p, spo_stiefel_retraction retraction,
                              spo_manifold **out, spo_error *err) {
  if (!out)
    return spo_fail(err, SPO_E_ARG, __func__, "out is NULL");
  *out = NULL;
  if (n < 2 || p < 1 || p > n || spo_size_mul(n, p) > INT_MAX)
    return spo_fail(err, SPO_E_DIM, __func__,
                    "%zu vectors of R^%zu: 1 <= p <= n, n >= 2, at most %d in all", p, n, INT_MAX);
  if (retraction != SPO_STIEFEL_POLAR && retraction != SPO_STIEFEL_QR)
    return spo_fail(err, SPO_E_ARG, __func__, "unknown retraction %d", (int)retraction);
  stiefel *st = spo_block_alloc(sizeof *st);
  if (!st)
    return spo_fail(err, SPO_E_NOMEM, __func__, "%zu bytes", sizeof *st);
  const bool polar = retraction == SPO_STIEFEL_POLAR;
  *st = (stiefel){.base = {.ops = polar ? &polar_ops : &qr_ops,
                           .name = st->name,
                           .retraction_order = polar ? 2 : 1,
                           .n = n * p,
                           .dim = n * p - p * (p + 1) / 2,
                           .memo_len = p * p,
                           .typical_distance = sqrt((double)p)},
                  .rows = n,
                  .p = p};
  measure(st);
  snprintf(st->name, sizeof st->name, "stiefel(%zu, %zu, %s)", n, p, polar ? "polar" : "qr");
  *out = &st->base;
  return SPO_OK;
}

static const size_t sample_size[][2] = {{5, 1}, {5, 3}, {4, 4}, {7, 2}};
enum { SIZES = sizeof sample_size / sizeof sample_size[0] };

/* Every size with the polar retraction, then every size with the other. */
static spo_status sample(size_t i, spo_manifold *made[SPO_FAMILY_PARTS], size_t *count,
                         spo_error *err) {
  *count = 0;
  if (i >= 2 * SIZES)
    return spo_fail(err, SPO_E_ARG, __func__, "sample %zu of %d", i, 2 * SIZES);
  const size_t *size = sample_size[i % SIZES];
  const spo_status status = spo_stiefel_create(
      size[0], size[1], i < SIZES ? SPO_STIEFEL_POLAR : SPO_STIEFEL_QR, &made[0], err);
  *count = status == SPO_OK;
  return status;
}

const spo_manifold_family *spo_stiefel_family(void) {
  static const spo_manifold_family family = {
      .size = sizeof(spo_manifold_family),
      .name = "stiefel",
      .summary = "p orthonormal vectors of R^n",
      .reference = "Edelman, Arias, Smith 1998",
      .samples = 2 * SIZES,
      .sample = sample,
  };
  return &family;
}
