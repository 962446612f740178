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
enum { MAX_ORDER = 46340 }; /* its square fits BLAS's int */

#define REFUSE(code, ...) spo_fail(err, code, "spo_symmetric_create", __VA_ARGS__)

static spo_status resolve_order(const spo_symmetric_request *r, size_t *order, spo_error *err) {
  const spo_matrix *A = &r->matrix;
  if (A->data && A->rows != A->cols)
    return REFUSE(SPO_E_DIM, "matrix: %zu x %zu given, must be square", A->rows, A->cols);
  if (A->data && r->n != 0 && r->n != A->rows)
    return REFUSE(SPO_E_DIM, "size: %" PRIu64 " does not agree with matrix, %zu x %zu", r->n,
                  A->rows, A->cols);
  *order = A->data ? A->rows : r->n ? (size_t)r->n : 10;
  if (A->data && *order < 2)
    return REFUSE(SPO_E_DIM, "matrix: %zu x %zu given, at least 2 x 2 is needed", *order, *order);
  if (*order < 2)
    return REFUSE(SPO_E_DIM, "size: %zu given, at least 2 is needed", *order);
  if (*order > MAX_ORDER)
    return REFUSE(SPO_E_DIM, "size: %zu given, at most %d is possible", *order, MAX_ORDER);
  if (r->p > *order)
    return REFUSE(SPO_E_DIM, "columns: %zu given, at most the size, %zu", r->p, *order);
  return SPO_OK;
}

/* A generator of our own memory: gsl_rng_alloc aborts when memory is short. */
static spo_status fill_random(spo_symmetric *S, uint64_t seed, spo_error *err) {
  gsl_rng rng = {gsl_rng_mt19937, spo_block_alloc(gsl_rng_mt19937->size)};
  if (!rng.state)
    return REFUSE(SPO_E_NOMEM, "no memory for a random generator");
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
      return REFUSE(SPO_E_ARG, "matrix: entry (%zu, %zu) is %g", i / n, i % n, A[i]);
    largest = fmax(largest, fabs(A[i]));
  }
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j <= i; j++) {
      const double a = A[i * n + j], b = A[j * n + i];
      if (!(fabs(a - b) <= symmetry_tol * largest))
        return REFUSE(SPO_E_ARG,
                      "matrix: not symmetric: entry (%zu, %zu) is %.17g, (%zu, %zu) is %.17g", i, j,
                      a, j, i, b);
      S->A[i * n + j] = S->A[j * n + i] = 0.5 * (a + b);
    }
  return SPO_OK;
}

static spo_status fill(spo_symmetric *S, const spo_symmetric_request *r, spo_error *err) {
  const size_t n = S->n;
  spo_status status =
      r->matrix.data ? copy_given(S, r->matrix.data, err) : fill_random(S, r->seed, err);
  S->known = n <= SPO_SYMMETRIC_KNOWN;
  S->norm = spo_vec_norm(n * n, S->A) / sqrt((double)n);
  S->spread = S->norm;
  if (status != SPO_OK || !S->known)
    return status;
  double *copy = spo_block_alloc(n * n * sizeof(double));
  if (!copy)
    return REFUSE(SPO_E_NOMEM, "no memory for the eigenvalues of order %zu", n);
  spo_vec_copy(n * n, S->A, copy);
  status = spo_eigh(n, copy, S->values, NULL, err);
  spo_block_free(copy);
  S->norm = fmax(fabs(S->values[0]), fabs(S->values[n - 1]));
  /* below that part of the norm the gradient is rounding before it meets its target */
  S->spread = fmax(S->values[n - 1] - S->values[0], 1e-4 * S->norm);
  return status;
}

static spo_symmetric_problem *layout(spo_carver *c, size_t n) {
  spo_symmetric_problem *b = spo_carve(c, 1, sizeof *b);
  double *A = spo_carve_doubles(c, n * n), *values = spo_carve_doubles(c, n);
  if (b)
    *b = (spo_symmetric_problem){.S = {.n = n, .A = A, .values = values}};
  return b;
}

spo_status spo_symmetric_create(const spo_problem_ops *ops, const char *name,
                                const spo_symmetric_request *request, spo_symmetric_problem **out,
                                spo_error *err) {
  *out = NULL;
  if (err)
    err->text[0] = '\0';
  size_t n = 0;
  spo_status status = resolve_order(request, &n, err);
  if (status != SPO_OK)
    return status;
  spo_carver c = {0};
  layout(&c, n);
  if (!spo_carver_alloc(&c))
    return REFUSE(SPO_E_NOMEM, "size: no memory for a matrix of order %zu", n);
  spo_symmetric_problem *b = layout(&c, n);
  b->p = request->p;
  b->seed = request->seed;
  b->given = request->matrix.data != NULL;
  b->problem = (spo_problem){.ops = ops, .name = name, .self = b, .memo_len = n * b->p};
  status = fill(&b->S, request, err);
  if (status == SPO_OK)
    *out = b;
  else
    spo_symmetric_destroy(&b->problem);
  return status;
}

void spo_symmetric_destroy(spo_problem *P) {
  spo_symmetric_problem *b = P->self;
  spo_manifold_destroy(b->manifold);
  spo_block_free(b);
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

/* "3,0,1" as p indices below n, all different. */
static spo_status read_indices(const char *arg, size_t p, size_t n, size_t *index, spo_error *err) {
  const char *at = arg ? arg : "";
  for (size_t j = 0; j < p; j++) {
    char *end;
    const unsigned long value = strtoul(at, &end, 10);
    bool fits =
        end != at && *at >= '0' && *at <= '9' && value < n && *end == (j + 1 < p ? ',' : '\0');
    for (size_t i = 0; i < j && fits; i++)
      fits = index[i] != value;
    if (!fits)
      return spo_fail(err, SPO_E_ARG, "spo_symmetric_eigenvectors",
                      "\"%s\" is not %zu different number%s from 0 to %zu", arg ? arg : "", p,
                      p > 1 ? "s" : "", n - 1);
    index[j] = value;
    at = end + 1;
  }
  return SPO_OK;
}

size_t spo_symmetric_parts(const spo_problem *P, spo_part part[SPO_MODEL_MAX_PARTS]) {
  const spo_symmetric_problem *b = P->self;
  part[0] = (spo_part){"X", b->p, b->S.n, 0};
  return 1;
}

spo_status spo_symmetric_eigenvectors(const spo_problem *P, const char *arg, gsl_rng *rng,
                                      double *x, spo_error *err) {
  (void)rng;
  const spo_symmetric_problem *b = P->self;
  const size_t n = b->S.n;
  spo_carver c = {0};
  spo_carve_doubles(&c, 2 * n * n + n);
  spo_carve(&c, b->p, sizeof(size_t));
  if (!spo_carver_alloc(&c))
    return spo_fail(err, SPO_E_NOMEM, __func__, "no memory for the eigenvectors of order %zu", n);
  double *A = spo_carve_doubles(&c, 2 * n * n + n), *vectors = A + n * n, *values = vectors + n * n;
  size_t *index = spo_carve(&c, b->p, sizeof *index);
  spo_status status = read_indices(arg, b->p, n, index, err);
  spo_vec_copy(n * n, b->S.A, A);
  if (status == SPO_OK)
    status = spo_eigh(n, A, values, vectors, err);
  for (size_t j = 0; j < b->p && status == SPO_OK; j++)
    spo_vec_copy(n, vectors + index[j] * n, x + j * n);
  spo_block_free(c.base);
  return status;
}

spo_status spo_symmetric_residual(const spo_problem *P, const double *x, double *value,
                                  spo_error *err) {
  const spo_symmetric_problem *b = P->self;
  const size_t n = b->S.n;
  double *ax = spo_block_alloc(n * sizeof(double));
  if (!ax)
    return spo_fail(err, SPO_E_NOMEM, __func__, "no memory for the metrics");
  *value = 0.0;
  for (size_t j = 0; j < b->p; j++) {
    const double *xj = x + j * n;
    spo_symmetric_apply(&b->S, 1, xj, ax);
    spo_vec_axpy(n, -spo_vec_dot(n, xj, ax), xj, ax);
    *value = fmax(*value, spo_vec_norm(n, ax));
  }
  spo_block_free(ax);
  return SPO_OK;
}
