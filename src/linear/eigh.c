/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Dense symmetric spectra: a range of them, or values alone, by LAPACK's dsyevr; all pairs by dsyevd,
 * since dsyevr's vectors leave residuals of 1e-10 |A| where many eigenvalues agree to ten digits, as
 * they do at a nearly converged minimiser (dsyevd: 1e-15 |A|). The matrix is first scaled by a power of two so that
 * its largest entry lies in [1/2, 1): certificates of saturated losses have entries of 1e-45 and
 * below, and LAPACK's own scaling begins only at the end of the range. */
#include "linear/eigh.h"

#include <limits.h>
#include <math.h>

#include "base/blas.h"
#include "base/memory.h"
#include "base/vec.h"

/* The largest |entry| of the lower triangle, NaN or infinity if one is there */
static double largest_entry(size_t n, const double *A) {
  double largest = 0.0;
  for (size_t j = 0; j < n; j++)
    for (size_t i = j; i < n; i++) {
      if (!isfinite(A[i + j * n]))
        return NAN;
      if (fabs(A[i + j * n]) > largest)
        largest = fabs(A[i + j * n]);
    }
  return largest;
}

/* A *= 2^-e in two steps, as 2^1074 is no double. The upper triangle is never read. */
static void scale_lower(size_t n, double *A, int e) {
  const double half = ldexp(1.0, -(e / 2)), rest = ldexp(1.0, -(e - e / 2));
  for (size_t j = 0; j < n; j++)
    for (size_t i = j; i < n; i++)
      A[i + j * n] = A[i + j * n] * half * rest;
}

typedef struct syevr {
  double *w, *work;
  spo_blasint *support, *iwork, lwork, liwork;
} syevr;

static spo_blasint call(size_t n, double *A, size_t first, size_t count, double *vectors,
                        const syevr *s) {
  const spo_blasint order = (spo_blasint)n, il = (spo_blasint)first + 1,
                    iu = (spo_blasint)(first + count);
  const double unused = 0.0;
  double none = 0.0;
  spo_blasint found = 0, info = 0;
  dsyevr_(vectors ? "V" : "N", count == n ? "A" : "I", "L", &order, A, &order, &unused, &unused,
          &il, &iu, &unused, &found, s->w, vectors ? vectors : &none, &order, s->support, s->work,
          &s->lwork, s->iwork, &s->liwork, &info);
  if (info == 0 && s->lwork != -1 && found != iu - il + 1)
    info = INT_MAX;
  return info;
}

static void *layout(spo_carver *c, size_t n, syevr *s) {
  s->w = spo_carve_doubles(c, n);
  s->work = spo_carve_doubles(c, (size_t)s->lwork);
  s->support = spo_carve(c, 2 * n, sizeof *s->support);
  s->iwork = spo_carve(c, (size_t)s->liwork, sizeof *s->iwork);
  return c->base;
}

spo_status spo_eigh_range(size_t n, double *A, size_t first, size_t count, double *values,
                          double *vectors, spo_error *err) {
  if (n > INT_MAX)
    return spo_fail(err, SPO_E_DIM, "spo_eigh", "order %zu does not fit BLAS's int", n);
  if (count == 0 || first + count > n)
    return count == 0 ? SPO_OK
                      : spo_fail(err, SPO_E_DIM, "spo_eigh", "eigenvalues %zu .. %zu of order %zu",
                                 first, first + count - 1, n);
  const double largest = largest_entry(n, A);
  if (!isfinite(largest))
    return spo_fail(err, SPO_E_NONFINITE, "spo_eigh", "the matrix of order %zu is not finite", n);
  int e = 0;
  frexp(largest, &e);
  scale_lower(n, A, e);

  double best_work = 0.0, no_w = 0.0;
  spo_blasint best_iwork = 0, no_support[2];
  const syevr query = {&no_w, &best_work, no_support, &best_iwork, -1, -1};
  spo_blasint info = call(n, A, first, count, vectors, &query);
  syevr s = {.lwork = (spo_blasint)best_work, .liwork = best_iwork};
  spo_carver carver = {0};
  layout(&carver, n, &s);
  carver.base = spo_block_alloc(carver.used);
  if (!carver.base)
    return spo_fail(err, SPO_E_NOMEM, "spo_eigh", "no memory for the work of order %zu", n);
  carver.used = 0;
  layout(&carver, n, &s);
  if (info == 0)
    info = call(n, A, first, count, vectors, &s);
  for (size_t j = 0; j < count && info == 0; j++)
    values[j] = ldexp(s.w[j], e);
  spo_block_free(carver.base);
  if (info == 0)
    return SPO_OK;
  spo_fail(err, SPO_E_NUMERIC, "spo_eigh", "LAPACK dsyevr of order %zu: info %d", n, info);
  if (err)
    err->detail = info;
  return SPO_E_NUMERIC;
}

/* All pairs; the vectors replace the matrix, and are then copied out. */
static spo_status all_pairs(size_t n, double *A, double *values, double *vectors, spo_error *err) {
  int e = 0;
  const double largest = largest_entry(n, A);
  if (!isfinite(largest))
    return spo_fail(err, SPO_E_NONFINITE, "spo_eigh", "the matrix of order %zu is not finite", n);
  frexp(largest, &e);
  scale_lower(n, A, e);
  const spo_blasint order = (spo_blasint)n, query = -1;
  double best_work = 0.0;
  spo_blasint liwork = 0, info = 0;
  dsyevd_("V", "L", &order, A, &order, values, &best_work, &query, &liwork, &query, &info);
  /* LAPACK's answer is rounded for large orders: its formula instead */
  const size_t length = spo_size_add(1 + 6 * n, spo_size_mul(2, spo_size_mul(n, n)));
  const spo_blasint lwork = length > INT_MAX ? INT_MAX : (spo_blasint)length;
  spo_carver count = {0};
  spo_carve_doubles(&count, (size_t)lwork);
  spo_carve(&count, (size_t)liwork, sizeof liwork);
  spo_carver c = {.base = spo_block_alloc(count.used)};
  if (!c.base)
    return spo_fail(err, SPO_E_NOMEM, "spo_eigh", "no memory for the work of order %zu", n);
  double *work = spo_carve_doubles(&c, (size_t)lwork);
  spo_blasint *iwork = spo_carve(&c, (size_t)liwork, sizeof liwork);
  if (info == 0)
    dsyevd_("V", "L", &order, A, &order, values, work, &lwork, iwork, &liwork, &info);
  spo_block_free(c.base);
  for (size_t j = 0; j < n && info == 0; j++)
    values[j] = ldexp(values[j], e);
  if (info == 0) {
    spo_vec_copy(n * n, A, vectors);
    return SPO_OK;
  }
  spo_fail(err, SPO_E_NUMERIC, "spo_eigh", "LAPACK dsyevd of order %zu: info %d", n, info);
  if (err)
    err->detail = info;
  return SPO_E_NUMERIC;
}

/* From this order on dsyevd's work does not fit BLAS's int. */
enum { DSYEVD_MAX = 32000 };

spo_status spo_eigh(size_t n, double *A, double *values, double *vectors, spo_error *err) {
  if (vectors && n > 0 && n <= DSYEVD_MAX)
    return all_pairs(n, A, values, vectors, err);
  return spo_eigh_range(n, A, 0, n, values, vectors, err);
}
