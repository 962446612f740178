/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Dense symmetric spectra by LAPACK's dsyevd. Not by dsyevr: where many eigenvalues agree to ten
 * digits, as at a nearly converged minimiser, its vectors left residuals of 1e-10 |A| and now and
 * then it failed; divide and conquer stays at 1e-15 |A|. The matrix is first scaled by a power of
 * two so that its largest entry lies in [1/2, 1): certificates of saturated losses have entries of
 * 1e-45 and below, and LAPACK's own scaling begins only at the end of the range. */
#include "linear/eigh.h"

#include <limits.h>
#include <math.h>

#include "base/blas.h"
#include "base/detail.h"
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

/* LAPACK's room: n eigenvalues, work and iwork of the documented lengths. */
typedef struct room {
  double *w, *work;
  spo_blasint *iwork, lwork, liwork;
} room;

static room lay_out(spo_carver *c, size_t n, bool vectors) {
  room r = {.lwork = (spo_blasint)(vectors ? 1 + 6 * n + 2 * n * n : 1 + 2 * n),
            .liwork = (spo_blasint)(vectors ? 3 + 5 * n : 1)};
  r.w = spo_carve_doubles(c, n);
  r.work = spo_carve_doubles(c, (size_t)r.lwork);
  r.iwork = spo_carve(c, (size_t)r.liwork, sizeof *r.iwork);
  return r;
}

/* From this order on the work for vectors does not fit BLAS's int. */
enum { MOST_WITH_VECTORS = 32000 };

static spo_status check(size_t n, size_t first, size_t count, bool vectors, spo_error *err) {
  const size_t most = vectors ? MOST_WITH_VECTORS : INT_MAX / 4;
  if (n > most)
    return spo_fail(err, SPO_E_DIM, "spo_eigh", "order %zu, at most %zu fits BLAS's int", n, most);
  if (first + count > n)
    return spo_fail(err, SPO_E_DIM, "spo_eigh", "eigenvalues %zu .. %zu of order %zu", first,
                    first + count - 1, n);
  return SPO_OK;
}

spo_status spo_eigh_range(size_t n, double *A, size_t first, size_t count, double *values,
                          double *vectors, spo_error *err) {
  const spo_status status = check(n, first, count, vectors != NULL, err);
  if (status != SPO_OK || count == 0)
    return status;
  const double largest = largest_entry(n, A);
  if (!isfinite(largest))
    return spo_fail(err, SPO_E_NONFINITE, "spo_eigh", "the matrix of order %zu is not finite", n);
  int e = 0;
  frexp(largest, &e);
  scale_lower(n, A, e);
  spo_carver c = {0};
  lay_out(&c, n, vectors != NULL);
  if (!spo_carver_alloc(&c))
    return spo_fail(err, SPO_E_NOMEM, "spo_eigh", "no memory for the work of order %zu", n);
  const room r = lay_out(&c, n, vectors != NULL);
  const spo_blasint order = (spo_blasint)n;
  spo_blasint info;
  dsyevd_(vectors ? "V" : "N", "L", &order, A, &order, r.w, r.work, &r.lwork, r.iwork, &r.liwork,
          &info);
  for (size_t j = 0; j < count && info == 0; j++)
    values[j] = ldexp(r.w[first + j], e);
  if (vectors && info == 0)
    spo_vec_copy(count * n, A + first * n, vectors);
  spo_block_free(c.base);
  if (info == 0)
    return SPO_OK;
  return spo_fail_detail(err, SPO_E_NUMERIC, info, "spo_eigh",
                         "LAPACK dsyevd of order %zu: info %d", n, info);
}

spo_status spo_eigh(size_t n, double *A, double *values, double *vectors, spo_error *err) {
  return spo_eigh_range(n, A, 0, n, values, vectors, err);
}
