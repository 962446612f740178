/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A dense symmetric matrix as an operator that counts its products, and the quadratic model that
 * subproblem solvers lower with it. Include after expect.h. */
#ifndef SPO_TESTS_DENSE_H
#define SPO_TESTS_DENSE_H

#include <string.h>

#include "base/vec.h"

typedef struct dense {
  size_t n;
  double *A; /* n x n */
  int products;
} dense;

/* AV = A V, not counted */
static inline void dense_times(const dense *D, size_t k, const double *V, double *AV) {
  for (size_t j = 0; j < k; j++)
    for (size_t i = 0; i < D->n; i++)
      AV[j * D->n + i] = spo_vec_dot(D->n, D->A + i * D->n, V + j * D->n);
}

static inline spo_status dense_apply(void *self, size_t k, const double *V, double *AV) {
  dense *D = self;
  dense_times(D, k, V, AV);
  D->products += (int)k;
  return SPO_OK;
}

/* A = sum lambda_k z_k z_k^T, z_k the rows of Z */
static inline void dense_assemble(dense *D, const double *lambda, const double *Z) {
  memset(D->A, 0, D->n * D->n * sizeof *D->A);
  for (size_t k = 0; k < D->n; k++)
    for (size_t i = 0; i < D->n; i++)
      spo_vec_axpy(D->n, lambda[k] * Z[k * D->n + i], Z + k * D->n, D->A + i * D->n);
}

/* A preconditioner: coordinate i times 1 + i. Its inverse is the norm of the region. */
static inline spo_status dense_precond(void *self, size_t k, const double *V, double *PV) {
  const dense *D = self;
  for (size_t i = 0; i < k * D->n; i++)
    PV[i] = (1.0 + (double)(i % D->n)) * V[i];
  return SPO_OK;
}

static inline double dense_region_norm(const dense *D, const double *v, bool preconditioned) {
  double sum = 0.0;
  for (size_t i = 0; i < D->n; i++)
    sum += v[i] * v[i] / (preconditioned ? 1.0 + (double)i : 1.0);
  return sqrt(sum);
}

/* <g, eta> + <eta, A eta>/2, to 64 coordinates */
static inline double dense_model(const dense *D, const double *g, const double *eta) {
  double h[64];
  expect_true(D->n <= sizeof h / sizeof h[0]);
  dense_times(D, 1, eta, h);
  return spo_vec_dot(D->n, g, eta) + 0.5 * spo_vec_dot(D->n, eta, h);
}

#endif
