/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Reorthogonalised Lanczos, preconditioned, with fresh starts; minima of quadratics over its
 * space. */
#include "linear/lanczos.h"

#include <gsl/gsl_randist.h>
#include <math.h>

#include "base/blas.h"
#include "base/vec.h"
#include "linear/basis.h"

/* A Krylov space is exhausted at this part of the operator's norm. */
static const double exhausted = 1e-12;
/* Of a random unit vector at least 1/sqrt(dim) is outside a basis that does not fill the space. */
static const double nothing_new = 1e-10;

enum { STEPS, START_NORM, NEXT_NORM, SCALE, HEAD };
enum { ROWS = 6 }; /* alpha, beta, lambda, c, y, t */

/* dstevd's room: doubles, then integers in as many */
static size_t lapack_len(size_t m) {
  return 1 + 4 * m + m * m + (3 + 5 * m);
}

size_t spo_lanczos_len(size_t n, size_t vectors) {
  return HEAD + ROWS * vectors + vectors * vectors + lapack_len(vectors) + (vectors + 2) * n;
}

void spo_lanczos_lay_out(spo_lanczos *L, const spo_linop *A, const spo_linop *precond,
                         size_t vectors, double *work) {
  *L = (spo_lanczos){.A = A, .precond = precond, .n = A->space->n, .head = work};
  L->room = precond ? vectors / 2 : vectors;
  L->alpha = work + HEAD;
  L->beta = L->alpha + vectors;
  L->lambda = L->beta + vectors;
  L->c = L->lambda + vectors;
  L->y = L->c + vectors;
  L->t = L->y + vectors;
  L->Z = L->t + vectors;
  L->lapack = L->Z + vectors * vectors;
  L->Q = L->lapack + lapack_len(vectors);
  /* one vector more than steps: the one that comes next */
  L->W = precond ? L->Q + (L->room + 1) * L->n : L->Q;
}

size_t spo_lanczos_steps(const spo_lanczos *L) {
  return (size_t)L->head[STEPS];
}

double spo_lanczos_start_norm(const spo_lanczos *L) {
  return L->head[START_NORM];
}

bool spo_lanczos_exhausted(const spo_lanczos *L) {
  return !(L->head[NEXT_NORM] > 0.0);
}

double spo_lanczos_coupling(const spo_lanczos *L) {
  return L->beta[spo_lanczos_steps(L) - 1] / L->head[SCALE];
}

static double dot(const spo_space *S, const double *u, const double *v) {
  double value;
  spo_space_inner(S, 1, u, v, &value);
  return value;
}

/* q = P w */
static spo_status lift(const spo_lanczos *L, double *w, double *q) {
  if (!L->precond)
    return SPO_OK;
  const spo_status status = L->precond->apply(L->precond->self, 1, w, q);
  return status == SPO_OK ? spo_space_project(L->A->space, 1, q) : status;
}

/* w, and q = P w, divided by |q| in the norm of P^-1, which is returned. Without a preconditioner q
 * is w. What is left of an exhausted space is rounding, whose square may come out negative: 0. */
static double normalise(const spo_lanczos *L, double *w, double *q) {
  const double square = dot(L->A->space, w, q);
  if (!(square > 0.0))
    return isnan(square) ? square : 0.0;
  const double norm = sqrt(square);
  for (size_t i = 0; i < L->n; i++)
    w[i] /= norm;
  for (size_t i = 0; i < L->n && q != w; i++)
    q[i] /= norm;
  return norm;
}

/* w -= W (Q^T w) over the first k vectors; coef: k doubles, <q_j, w> afterwards. The projector
 * comes after: before, it would leave what rounding puts outside the space. */
static spo_status remove_basis(const spo_lanczos *L, size_t k, double *w, double *coef) {
  if (k > 0) {
    spo_space_gram(L->A->space, k, L->Q, 1, w, coef);
    spo_gemm('N', 'N', L->n, 1, k, -1.0, L->W, L->n, coef, k, 1.0, w, L->n);
  }
  return spo_space_project(L->A->space, 1, w);
}

/* Makes w at place k the vector that comes next, if more than `least` is left of it. */
static spo_status take(spo_lanczos *L, size_t k, double least, double *norm) {
  double *w = L->W + k * L->n, *q = L->Q + k * L->n;
  const spo_status status = lift(L, w, q);
  if (status != SPO_OK)
    return status;
  *norm = normalise(L, w, q);
  if (isnan(*norm) || isinf(*norm))
    return SPO_OUTSIDE;
  if (*norm > least) {
    L->head[NEXT_NORM] = sqrt(dot(L->A->space, w, w));
  } else {
    *norm = L->head[NEXT_NORM] = 0.0;
  }
  return SPO_OK;
}

spo_status spo_lanczos_begin(spo_lanczos *L, const double *g) {
  L->head[STEPS] = L->head[SCALE] = 0.0;
  spo_vec_copy(L->n, g, L->W);
  /* of a small gradient the rounding outside the space is no small part: it must not be
   * normalised */
  const spo_status status = spo_space_project(L->A->space, 1, L->W);
  return status != SPO_OK ? status : take(L, 0, 0.0, &L->head[START_NORM]);
}

spo_status spo_lanczos_step(spo_lanczos *L) {
  const size_t j = spo_lanczos_steps(L);
  double *w = L->W + (j + 1) * L->n;
  spo_status status = L->A->apply(L->A->self, 1, L->Q + j * L->n, w);
  if (status == SPO_OK)
    status = remove_basis(L, j + 1, w, L->t);
  L->alpha[j] = L->t[j];
  if (status == SPO_OK)
    status = remove_basis(L, j + 1, w, L->t);
  if (status != SPO_OK)
    return status;
  if (!isfinite(L->alpha[j]))
    return SPO_OUTSIDE;
  L->alpha[j] += L->t[j];
  const double before = j > 0 ? L->beta[j - 1] : 0.0;
  L->head[SCALE] = fmax(L->head[SCALE], fabs(L->alpha[j]) + before);
  status = take(L, j + 1, exhausted * L->head[SCALE], &L->beta[j]);
  L->head[STEPS] = (double)(j + 1);
  return status;
}

spo_status spo_lanczos_fresh(spo_lanczos *L, gsl_rng *rng, bool *found) {
  const size_t k = spo_lanczos_steps(L);
  double *w = L->W + k * L->n;
  *found = false;
  for (int attempt = 0; attempt < 3 && !*found; attempt++) {
    for (size_t i = 0; i < L->n; i++)
      w[i] = gsl_ran_gaussian_ziggurat(rng, 1.0);
    spo_status status = spo_space_project(L->A->space, 1, w);
    double norm = 0.0;
    if (status == SPO_OK)
      status = take(L, k, 0.0, &norm);
    *found = norm > 0.0;
    for (int pass = 0; pass < 3 && status == SPO_OK && *found; pass++) {
      status = remove_basis(L, k, w, L->t);
      if (status == SPO_OK)
        status = take(L, k, nothing_new, &norm);
      *found = norm > 0.0;
    }
    if (status != SPO_OK)
      return status;
  }
  return SPO_OK;
}

/* T = Z diag(lambda) Z^T for the leading m x m part. */
static spo_status decompose(const spo_lanczos *L, size_t m) {
  double *e = L->c; /* off-diagonal, destroyed */
  const spo_blasint n = (spo_blasint)m, lwork = (spo_blasint)(1 + 4 * m + m * m),
                    liwork = (spo_blasint)(3 + 5 * m);
  spo_blasint info, *iwork = (spo_blasint *)(void *)(L->lapack + lwork);
  spo_vec_copy(m, L->alpha, L->lambda);
  spo_vec_copy(m, L->beta, e);
  dstevd_("V", &n, L->lambda, e, L->Z, &n, L->lapack, &lwork, iwork, &liwork, &info);
  return info == 0 ? SPO_OK : SPO_E_NUMERIC;
}

spo_status spo_lanczos_minimise(spo_lanczos *L, double radius, double sigma, double flat_slope,
                                spo_secular_result *out, double *residual) {
  const size_t m = spo_lanczos_steps(L);
  const spo_status status = decompose(L, m);
  if (status != SPO_OK)
    return status;
  for (size_t i = 0; i < m; i++)
    L->c[i] = L->head[START_NORM] * L->Z[i * m];
  const spo_secular in = {.m = m,
                          .lambda = L->lambda,
                          .c = L->c,
                          .radius = radius,
                          .sigma = sigma,
                          .flat_slope = flat_slope};
  spo_secular_solve(&in, L->y, out);
  spo_gemm('N', 'N', m, 1, m, 1.0, L->Z, m, L->y, m, 0.0, L->t, m);
  *residual = L->beta[m - 1] * fabs(L->t[m - 1]) * L->head[NEXT_NORM];
  return SPO_OK;
}

void spo_lanczos_combine(const spo_lanczos *L, double *eta) {
  const size_t m = spo_lanczos_steps(L);
  spo_gemm('N', 'N', L->n, 1, m, 1.0, L->Q, L->n, L->t, m, 0.0, eta, L->n);
}
