/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Symmetric matrices, given or random. */
#include "models/symmetric.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <spheropt/linear.h>

#include "base/blas.h"
#include "base/memory.h"
#include "base/vec.h"

/* A given matrix may miss symmetry by this, relative to its largest entry. */
static const double symmetry_tol = 1e-12;

spo_status spo_symmetric_order(uint64_t n, const spo_matrix *matrix, size_t *order,
                               spo_error *err) {
  if (matrix->data && matrix->rows != matrix->cols)
    return spo_fail(err, SPO_E_DIM, __func__, "matrix: %zu x %zu given, must be square",
                    matrix->rows, matrix->cols);
  if (matrix->data && n != 0 && n != matrix->rows)
    return spo_fail(err, SPO_E_DIM, __func__,
                    "size: %" PRIu64 " does not agree with matrix, %zu x %zu", n, matrix->rows,
                    matrix->cols);
  *order = matrix->data ? matrix->rows : n ? (size_t)n : 10;
  if (*order < 2)
    return spo_fail(err, SPO_E_DIM, __func__, "size: %zu given, at least 2 is needed", *order);
  if (*order > 46340) /* n^2 must fit BLAS's int */
    return spo_fail(err, SPO_E_DIM, __func__, "size: %zu given, at most 46340 is possible", *order);
  return SPO_OK;
}

/* A generator of our own memory: gsl_rng_alloc aborts when memory is short. */
static spo_status fill_random(spo_symmetric *S, uint64_t seed, spo_error *err) {
  gsl_rng rng = {gsl_rng_mt19937, spo_block_alloc(gsl_rng_mt19937->size)};
  if (!rng.state)
    return spo_fail(err, SPO_E_NOMEM, "spo_symmetric_fill", "no memory for a random generator");
  gsl_rng_set(&rng, (unsigned long)seed);
  for (size_t i = 0; i < S->n; i++)
    for (size_t j = 0; j <= i; j++) {
      /* (B + B^T)/2: variance 1 on, 1/2 off the diagonal */
      const double g = gsl_ran_gaussian_ziggurat(&rng, i == j ? 1.0 : sqrt(0.5));
      S->A[i * S->n + j] = S->A[j * S->n + i] = g;
    }
  spo_block_free(rng.state);
  return SPO_OK;
}

static spo_status copy_given(spo_symmetric *S, const double *A, spo_error *err) {
  const size_t n = S->n;
  double largest = 0.0;
  for (size_t i = 0; i < n * n; i++) {
    if (!isfinite(A[i]))
      return spo_fail(err, SPO_E_ARG, "spo_symmetric_fill", "matrix: entry (%zu, %zu) is %g", i / n,
                      i % n, A[i]);
    largest = fmax(largest, fabs(A[i]));
  }
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j <= i; j++) {
      const double a = A[i * n + j], b = A[j * n + i];
      if (!(fabs(a - b) <= symmetry_tol * largest))
        return spo_fail(err, SPO_E_ARG, "spo_symmetric_fill",
                        "matrix: not symmetric: entry (%zu, %zu) is %.17g, (%zu, %zu) is %.17g", i,
                        j, a, j, i, b);
      S->A[i * n + j] = S->A[j * n + i] = 0.5 * (a + b);
    }
  return SPO_OK;
}

spo_status spo_symmetric_fill(spo_symmetric *S, const spo_matrix *matrix, uint64_t seed,
                              spo_error *err) {
  const size_t n = S->n;
  spo_status status = matrix->data ? copy_given(S, matrix->data, err) : fill_random(S, seed, err);
  S->known = n <= SPO_SYMMETRIC_KNOWN;
  S->norm = spo_vec_norm(n * n, S->A) / sqrt((double)n);
  if (status != SPO_OK || !S->known)
    return status;
  double *copy = spo_block_alloc(n * n * sizeof(double));
  if (!copy)
    return spo_fail(err, SPO_E_NOMEM, __func__, "no memory for the eigenvalues of order %zu", n);
  spo_vec_copy(n * n, S->A, copy);
  status = spo_eigh(n, copy, S->values, NULL, err);
  spo_block_free(copy);
  S->norm = fmax(fabs(S->values[0]), fabs(S->values[n - 1]));
  return status;
}

void spo_symmetric_apply(const spo_symmetric *S, size_t p, const double *X, double *AX) {
  if (p > 1) {
    spo_gemm('N', 'N', S->n, p, S->n, 1.0, S->A, S->n, X, S->n, 0.0, AX, S->n);
    return;
  }
  const spo_blasint n = (spo_blasint)S->n, step = 1;
  const double one = 1.0, zero = 0.0;
  dgemv_("N", &n, &n, &one, S->A, &n, X, &step, &zero, AX, &step);
}

spo_status spo_symmetric_vectors(const spo_symmetric *S, size_t p, const size_t *index, double *X,
                                 spo_error *err) {
  const size_t n = S->n;
  spo_carver count = {0};
  spo_carve_doubles(&count, 2 * n * n + n);
  spo_carver c = {.base = spo_block_alloc(count.used)};
  if (!c.base)
    return spo_fail(err, SPO_E_NOMEM, __func__, "no memory for the eigenvectors of order %zu", n);
  double *A = spo_carve_doubles(&c, 2 * n * n + n), *vectors = A + n * n, *values = vectors + n * n;
  spo_vec_copy(n * n, S->A, A);
  const spo_status status = spo_eigh(n, A, values, vectors, err);
  for (size_t j = 0; j < p && status == SPO_OK; j++)
    spo_vec_copy(n, vectors + index[j] * n, X + j * n);
  spo_block_free(c.base);
  return status;
}

spo_status spo_symmetric_indices(const char *arg, size_t p, size_t n, size_t *index,
                                 spo_error *err) {
  const char *at = arg ? arg : "";
  for (size_t j = 0; j < p; j++) {
    char *end;
    const unsigned long value = strtoul(at, &end, 10);
    bool fits = end != at && *at != '-' && value < n && *end == (j + 1 < p ? ',' : '\0');
    for (size_t i = 0; i < j && fits; i++)
      fits = index[i] != value;
    if (!fits)
      return spo_fail(err, SPO_E_ARG, __func__,
                      "\"%s\" is not a list of %zu different numbers from 0 to %zu", arg ? arg : "",
                      p, n - 1);
    index[j] = value;
    at = end + 1;
  }
  return SPO_OK;
}
