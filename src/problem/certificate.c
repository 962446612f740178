/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the certificate matrix Z of a problem proves at a place. Nothing here is absolute: Z has
 * entries of the size of f, which is 1e-45 for saturated losses. */
#include <spheropt/certificate.h>

#include <math.h>

#include "base/detail.h"
#include "base/memory.h"
#include "base/vec.h"
#include "linear/eigh.h"
#include "problem/slots.h"

enum {
  DENSE_MAX = 512, /* order up to which LAPACK is faster than a hundred blocks of products */
  COLUMNS = 32,    /* of Z, made at a time */
  BASIS = 40
};
static const double LANCZOS_TOL = 1e-12; /* relative to |Z| */
static const double GAP_TOL = 1e-10;     /* or as much error as moves the gap by this part of |f| */
static const uint64_t MAX_APPLY = 20000;

/* Z at one place, as an operator. */
typedef struct matrix {
  spo_space space;
  spo_linop op;
  spo_eval *eval;
  spo_point *at;
  const spo_certificate *certificate;
  bool scaled;
  uint64_t applications;
  double *store, *work;
} matrix;

static spo_status answer(spo_eval *E, int code, const char *which) {
  if (code == 0)
    return SPO_OK;
  if (code > 0)
    return SPO_OUTSIDE;
  return spo_fail_detail(E->err, SPO_E_USER, code, "spo_certify",
                         "the certificate's %s returned %d", which, code);
}

static spo_status apply(void *self, size_t k, const double *V, double *ZV) {
  matrix *Z = self;
  const spo_problem *P = Z->eval->problem;
  Z->applications += k;
  return answer(
      Z->eval,
      Z->certificate->apply(P->self, Z->at->x, Z->at->memo, Z->store, Z->scaled, k, V, ZV, Z->work),
      "apply");
}

static matrix *layout(spo_carver *c, const spo_problem *P, double **dense, double **u) {
  const spo_certificate *certificate = P->ops->certificate;
  const size_t n = certificate->order(P->self);
  matrix *Z = spo_carve(c, 1, sizeof *Z);
  double *store = spo_carve_doubles(c, certificate->store_len(P->self));
  double *work = spo_carve_doubles(c, certificate->work_len(P->self));
  *u = spo_carve_doubles(c, 2 * n);
  *dense = n <= DENSE_MAX ? spo_carve_doubles(c, n * n + COLUMNS * n) : NULL;
  if (Z) {
    *Z = (matrix){.space = {.n = n, .dim = n}, .certificate = certificate};
    Z->op = (spo_linop){.space = &Z->space, .self = Z, .apply = apply};
    Z->store = store;
    Z->work = work;
  }
  return Z;
}

/* The largest row sum: at least |Z|, at most sqrt(n) times it. */
static double row_sum_norm(size_t n, const double *A) {
  double norm = 0.0;
  for (size_t j = 0; j < n; j++) {
    double sum = 0.0;
    for (size_t i = 0; i < n; i++)
      sum += fabs(A[i + j * n]);
    if (!(sum <= norm))
      norm = sum;
  }
  return norm;
}

static spo_status dense_pair(matrix *Z, double *A, double *u, spo_certified *out, spo_error *err) {
  const size_t n = Z->space.n;
  double *unit = A + n * n;
  for (size_t first = 0; first < n; first += COLUMNS) {
    const size_t k = n - first < COLUMNS ? n - first : COLUMNS;
    spo_vec_zero(k * n, unit);
    for (size_t j = 0; j < k; j++)
      unit[j * n + first + j] = 1.0;
    const spo_status status = apply(Z, k, unit, A + first * n);
    if (status != SPO_OK)
      return status;
  }
  out->norm = row_sum_norm(n, A);
  spo_status status = spo_eigh_range(n, A, 0, 1, &out->lambda_min, u, err);
  double *r = u + n;
  if (status == SPO_OK)
    status = apply(Z, 1, u, r);
  if (status != SPO_OK)
    return status;
  spo_vec_axpy(n, -out->lambda_min, u, r);
  out->residual = spo_vec_norm(n, r);
  out->dense = out->converged = true;
  return SPO_OK;
}

static spo_status lanczos_pair(matrix *Z, gsl_rng *rng, double *u, spo_certified *out,
                               spo_error *err) {
  const spo_problem *P = Z->eval->problem;
  double unit_gap =
      0.0; /* what an error of 1 in the eigenvalue costs; gaps are proportional to it */
  const spo_status known =
      answer(Z->eval, Z->certificate->gap_bound(P->self, Z->scaled, -1.0, &unit_gap), "gap_bound");
  if (known != SPO_OK)
    return known;
  spo_eigs_options o = SPO_EIGS_OPTIONS_INIT;
  o.basis = BASIS;
  o.tol = LANCZOS_TOL;
  o.abs_tol = unit_gap > 0.0 && isfinite(unit_gap) ? GAP_TOL * fabs(Z->at->f) / unit_gap : 0.0;
  o.max_apply = MAX_APPLY;
  spo_eigs_result result;
  const spo_status status =
      spo_eigs(&Z->op, &o, rng, &out->lambda_min, u, &out->residual, &result, err);
  if (status != SPO_OK)
    return status;
  out->norm = result.norm_estimate;
  out->converged = result.converged == 1;
  return SPO_OK;
}

static spo_status lowest_pair(matrix *Z, double *dense, gsl_rng *rng, double *u, spo_certified *out,
                              spo_error *err) {
  const spo_problem *P = Z->eval->problem;
  spo_status status =
      answer(Z->eval, Z->certificate->prepare(P->self, Z->at->x, Z->at->memo, Z->store, Z->work),
             "prepare");
  if (status == SPO_OK)
    status = dense ? dense_pair(Z, dense, u, out, err) : lanczos_pair(Z, rng, u, out, err);
  out->applications = Z->applications;
  if (status == SPO_OK && out->converged)
    status = answer(Z->eval,
                    Z->certificate->gap_bound(P->self, Z->scaled, out->lambda_min - out->residual,
                                              &out->gap_bound),
                    "gap_bound");
  return status;
}

spo_status spo_certify(spo_eval *E, spo_point *p, bool scaled, gsl_rng *rng, double *u,
                       spo_certified *out, spo_error *err) {
  *out = (spo_certified){NAN, NAN, NAN, INFINITY, false, false, 0};
  const spo_problem *P = E->problem;
  if (!spo_problem_has(P, certificate))
    return spo_fail(err, SPO_E_UNSUPPORTED, "spo_certify", "the problem has no certificate");
  spo_status status = spo_eval_grad(E, p);
  if (status != SPO_OK)
    return status;
  spo_carver carver = {0};
  double *dense, *mine;
  layout(&carver, P, &dense, &mine);
  if (!spo_carver_alloc(&carver))
    return spo_fail(err, SPO_E_NOMEM, "spo_certify", "no memory for a certificate of order %zu",
                    spo_certificate_order(P));
  matrix *Z = layout(&carver, P, &dense, &mine);
  Z->eval = E;
  Z->at = p;
  Z->scaled = scaled;
  status = lowest_pair(Z, dense, rng, mine, out, err);
  if (status == SPO_OK && u)
    spo_vec_copy(Z->space.n, mine, u);
  spo_block_free(carver.base);
  return status;
}

size_t spo_certificate_order(const spo_problem *P) {
  return spo_problem_has(P, certificate) ? P->ops->certificate->order(P->self) : 0;
}
