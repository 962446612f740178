/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Blocks of vectors made orthonormal in any inner product. */
#include "linear/basis.h"

#include <gsl/gsl_randist.h>
#include <math.h>

#include "base/blas.h"
#include "base/vec.h"

double spo_space_norm(const spo_space *S, const double *v, double *scratch) {
  if (!S->inner)
    return spo_vec_norm(S->n, v);
  double square = 0.0;
  S->inner(S->self, 1, v, v, &square);
  if (square > 1e-280 && square < 1e280)
    return sqrt(square);
  const double size = spo_vec_norm(S->n, v);
  if (size == 0.0 || !isfinite(size))
    return size;
  for (size_t i = 0; i < S->n; i++)
    scratch[i] = v[i] / size;
  S->inner(S->self, 1, scratch, scratch, &square);
  return size * sqrt(square);
}

void spo_space_gram(const spo_space *S, size_t k, const double *U, size_t p, const double *X,
                    double *C) {
  if (k == 0 || p == 0)
    return;
  if (!S->inner)
    spo_gemm('T', 'N', k, p, S->n, 1.0, U, S->n, X, S->n, 0.0, C, k);
  else
    for (size_t j = 0; j < p; j++)
      S->inner(S->self, k, U, X + j * S->n, C + j * k);
}

void spo_space_remove(const spo_space *S, size_t k, const double *U, size_t p, double *X,
                      double *C) {
  if (k == 0 || p == 0)
    return;
  spo_space_gram(S, k, U, p, X, C);
  spo_gemm('N', 'N', S->n, p, k, -1.0, U, S->n, C, k, 1.0, X, S->n);
}

void spo_rotate(size_t n, double *M, size_t m, const double *Y, size_t k, double *panel) {
  for (size_t row = 0; row < n && k > 0; row += SPO_PANEL) {
    const size_t rows = n - row < SPO_PANEL ? n - row : SPO_PANEL;
    spo_gemm('N', 'N', rows, k, m, 1.0, M + row, n, Y, m, 0.0, panel, SPO_PANEL);
    for (size_t j = 0; j < k; j++)
      spo_vec_copy(rows, panel + j * SPO_PANEL, M + row + j * n);
  }
}

static void gaussian(spo_basis *B, double *x) {
  for (size_t i = 0; i < B->n; i++)
    x[i] = gsl_ran_gaussian_ziggurat(B->rng, 1.0);
}

void spo_basis_random(spo_basis *B, size_t p) {
  for (size_t j = 0; j < p; j++)
    gaussian(B, B->vectors + (B->count + j) * B->n);
}

/* A random unit vector x orthogonal to the `done` vectors from `first` on; *found false: there is
 * none. */
static spo_status random_direction(spo_basis *B, size_t done, const double *first, double *x,
                                   bool *found) {
  const double exhausted =
      1e-10; /* of a random vector at least 1/sqrt(dim) is left, else only rounding */
  *found = false;
  for (int attempt = 0; attempt < 3 && !*found; attempt++) {
    gaussian(B, x);
    spo_status status = spo_space_project(B->space, 1, x);
    double norm = spo_space_norm(B->space, x, B->scratch);
    *found = norm > 0.0;
    for (int pass = 0; pass < 3 && status == SPO_OK && *found; pass++) {
      spo_vec_scale(B->n, 1.0 / norm, x);
      spo_space_remove(B->space, done, first, 1, x, B->coef);
      status = spo_space_project(B->space, 1, x);
      norm = spo_space_norm(B->space, x, B->scratch);
      *found = norm > exhausted;
    }
    if (status != SPO_OK)
      return status;
    if (*found)
      spo_vec_scale(B->n, 1.0 / norm, x);
  }
  return SPO_OK;
}

static spo_status normalise(spo_basis *B, size_t p, double *X) {
  for (size_t j = 0; j < p; j++) {
    const double norm = spo_space_norm(B->space, X + j * B->n, B->scratch);
    if (!isfinite(norm))
      return SPO_E_NONFINITE;
    /* in two steps: 1/norm overflows for a subnormal norm */
    if (norm > 0.0) {
      int e = 0;
      const double mantissa = frexp(norm, &e);
      spo_vec_scale(B->n, ldexp(1.0, -(e / 2)), X + j * B->n);
      spo_vec_scale(B->n, ldexp(1.0, -(e - e / 2)) / mantissa, X + j * B->n);
    }
  }
  return SPO_OK;
}

spo_status spo_basis_orthonormalise(spo_basis *B, size_t p, size_t *made) {
  const size_t n = B->n, others = B->locked + B->count;
  double *first = B->vectors - B->locked * n, *X = B->vectors + B->count * n;
  *made = p;
  spo_status status = normalise(B, p, X);
  bool again = true;
  for (int pass = 0; (pass < 2 || again) && pass < 5 && status == SPO_OK; pass++) {
    /* what is left of a unit vector after the first pass is rounding below 1e-12 of it, and later
     * passes only tidy up: a great loss there means that the pass before was not enough */
    const double least = pass == 0 ? 1e-12 : 0.1;
    again = false;
    spo_space_remove(B->space, others, first, *made, X, B->coef);
    status = spo_space_project(B->space, *made, X);
    for (size_t j = 0; j < *made && status == SPO_OK; j++) {
      double *x = X + j * n;
      spo_space_remove(B->space, j, X, 1, x, B->coef);
      const double norm = spo_space_norm(B->space, x, B->scratch);
      if (norm > least) {
        spo_vec_scale(n, 1.0 / norm, x);
        again = again || norm < 0.7;
        continue;
      }
      if (!isfinite(norm))
        return SPO_E_NONFINITE;
      bool found = false;
      status = random_direction(B, others + j, first, x, &found);
      if (!found)
        *made = j;
    }
  }
  return status;
}
