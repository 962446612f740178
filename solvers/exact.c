/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The trust-region subproblem by a full eigendecomposition: an orthonormal basis V of the space,
 * A = V^T H V, with a preconditioner B = V^T P V = L L^T and A <- L^T A L, then A = Z diag(lambda)
 * Z^T and the secular equation. Sees linear algebra only. */
#include <spheropt/solvers/exact.h>

#include <float.h>
#include <math.h>

#include "base/blas.h"
#include "base/vec.h"
#include "linear/basis.h"
#include "linear/secular.h"
#include "subproblem_table.h"

enum { BLOCK = 8 };
/* A slope along flat directions below this part of the gradient is rounding. */
static const double rounding = 1e3 * DBL_EPSILON;

/* d: the dimension; V d x n; A, B d x d; kept for replay: V, A (Z by then), B (L), lambda, c. */
typedef struct room {
  size_t n, d;
  double *ready; /* dimension of what is kept, 0: nothing is */
  double *V, *A, *B, *lambda, *c, *y, *t, *block, *lapack;
} room;

static size_t lapack_len(size_t d) {
  return 1 + 6 * d + 2 * d * d + (3 + 5 * d);
}

static room lay_out(const spo_space *S, double *work) {
  const size_t n = S->n, d = S->dim;
  room w = {.n = n, .d = d, .ready = work, .V = work + 1};
  w.A = w.V + d * n;
  w.B = w.A + d * d;
  w.lambda = w.B + d * d;
  w.c = w.lambda + d;
  w.y = w.c + d;
  w.t = w.y + d;
  w.block = w.t + d;
  w.lapack = w.block + BLOCK * n;
  return w;
}

static bool too_large(const spo_space *S, const void *options) {
  return S->dim > ((const spo_trs_options *)options)->max_dim;
}

static size_t work_len(const spo_space *T, const void *options) {
  if (too_large(T, options))
    return 1; /* refused before it is used */
  return 1 + T->dim * T->n + 2 * T->dim * T->dim + 4 * T->dim + BLOCK * T->n + lapack_len(T->dim);
}

static spo_status check(const spo_space *T, const void *options, spo_error *err) {
  if (!too_large(T, options))
    return SPO_OK;
  return spo_fail(err, SPO_E_OPTION, "spo_exact",
                  "exact: dimension %zu exceeds max-dim, %llu; gltr takes any", T->dim,
                  (unsigned long long)((const spo_trs_options *)options)->max_dim);
}

/* Where rounding leaves fewer directions than the space states, as near a degenerate symmetry
 * orbit, those are all there is. */
static spo_status make_basis(const spo_trs_input *in, room *w) {
  spo_basis basis = {.space = in->hess->space,
                     .rng = in->rng,
                     .n = w->n,
                     .vectors = w->V,
                     .coef = w->B,
                     .scratch = w->block};
  size_t made = 0;
  spo_basis_random(&basis, w->d);
  const spo_status status = spo_basis_orthonormalise(&basis, w->d, &made);
  w->d = made;
  return status;
}

/* M = V^T op V, both triangles; *interrupted ends it early. */
static spo_status assemble(const spo_trs_input *in, const spo_linop *op, const room *w, double *M,
                           spo_trs_result *out) {
  const spo_space *S = in->hess->space;
  for (size_t first = 0; first < w->d; first += BLOCK) {
    const size_t k = w->d - first < BLOCK ? w->d - first : BLOCK;
    out->interrupted = in->interrupted && in->interrupted(in->interrupted_self);
    if (out->interrupted)
      return SPO_OK;
    const spo_status status = op->apply(op->self, k, w->V + first * w->n, w->block);
    if (status != SPO_OK)
      return status;
    spo_space_gram(S, w->d, w->V, k, w->block, M + first * w->d);
    if (op == in->hess)
      out->inner += k;
  }
  for (size_t j = 0; j < w->d; j++)
    for (size_t i = j; i < w->d; i++) {
      if (!isfinite(M[i + j * w->d] + M[j + i * w->d]))
        return SPO_OUTSIDE;
      M[i + j * w->d] = M[j + i * w->d] = 0.5 * (M[i + j * w->d] + M[j + i * w->d]);
    }
  return SPO_OK;
}

/* X = L X or L^T X (side L), X L (side R), X d x k */
static void by_factor(const room *w, char side, char trans, size_t k, double *X) {
  const spo_blasint d = (spo_blasint)w->d, columns = (spo_blasint)k;
  const double one = 1.0;
  dtrmm_(&side, "L", &trans, "N", &d, &columns, &one, w->B, &d, X, &d);
}

/* A = Z diag(lambda) Z^T in place. Scaled by a power of two first: LAPACK's own scaling begins only
 * at the end of the range. */
static spo_status decompose(const room *w) {
  const size_t d = w->d;
  const spo_blasint order = (spo_blasint)d, lwork = (spo_blasint)(1 + 6 * d + 2 * d * d),
                    liwork = (spo_blasint)(3 + 5 * d);
  spo_blasint info, *iwork = (spo_blasint *)(void *)(w->lapack + lwork);
  double largest = 0.0;
  int e = 0;
  for (size_t i = 0; i < d * d; i++)
    largest = fmax(largest, fabs(w->A[i]));
  frexp(largest, &e);
  for (size_t i = 0; i < d * d; i++)
    w->A[i] = ldexp(w->A[i], -e);
  dsyevd_("V", "L", &order, w->A, &order, w->lambda, w->lapack, &lwork, iwork, &liwork, &info);
  for (size_t i = 0; i < d; i++)
    w->lambda[i] = ldexp(w->lambda[i], e);
  return info == 0 ? SPO_OK : SPO_E_NUMERIC;
}

/* A, and L with a preconditioner. A direction in which the preconditioner is not positive is
 * dropped with those behind it: near a degenerate symmetry orbit the last ones hardly belong to the
 * space. */
static spo_status matrices(const spo_trs_input *in, const spo_linop *precond, room *w,
                           spo_trs_result *out) {
  for (spo_blasint info = 1; info > 0 && w->d > 0;) {
    spo_status status = assemble(in, in->hess, w, w->A, out);
    if (status != SPO_OK || out->interrupted || !precond)
      return status;
    status = assemble(in, precond, w, w->B, out);
    if (status != SPO_OK || out->interrupted)
      return status;
    const spo_blasint order = (spo_blasint)w->d;
    dpotrf_("L", &order, w->B, &order, &info);
    if (info > 0)
      w->d = (size_t)info - 1;
  }
  return w->d > 0 ? SPO_OK : SPO_E_NUMERIC;
}

/* Everything that does not depend on the radius. */
static spo_status prepare(const spo_trs_input *in, const spo_linop *precond, room *w,
                          spo_trs_result *out) {
  w->ready[0] = 0.0;
  spo_status status = make_basis(in, w);
  if (status == SPO_OK)
    status = matrices(in, precond, w, out);
  if (status != SPO_OK || out->interrupted)
    return status;
  const size_t d = w->d;
  spo_space_gram(in->hess->space, d, w->V, 1, in->grad, w->t);
  if (precond) {
    by_factor(w, 'L', 'T', d, w->A);
    by_factor(w, 'R', 'N', d, w->A);
    by_factor(w, 'L', 'T', 1, w->t);
  }
  status = decompose(w);
  if (status == SPO_OK)
    spo_gemm('T', 'N', d, 1, d, 1.0, w->A, d, w->t, d, 0.0, w->c, d);
  w->ready[0] = status == SPO_OK ? (double)d : 0.0;
  return status;
}

static spo_status solve(const spo_trs_input *in, double *eta, double *work, spo_trs_result *out) {
  const spo_space *S = in->hess->space;
  const spo_linop *precond = in->precond && in->precond->apply ? in->precond : NULL;
  *out = (spo_trs_result){0};
  spo_vec_zero(S->n, eta);
  if (too_large(S, in->options))
    return SPO_E_DIM;
  if (S->dim == 0)
    return SPO_OK;
  room w = lay_out(S, work);
  out->replayed = in->replay && w.ready[0] > 0.0;
  if (out->replayed)
    w.d = (size_t)w.ready[0];
  if (!out->replayed) {
    const spo_status status = prepare(in, precond, &w, out);
    if (status != SPO_OK || out->interrupted)
      return status;
  }
  const spo_secular problem = {.m = w.d,
                               .lambda = w.lambda,
                               .c = w.c,
                               .radius = in->radius,
                               .flat_slope =
                                   fmax(in->residual_floor, rounding * spo_vec_norm(w.d, w.c))};
  spo_secular_result best;
  spo_secular_solve(&problem, w.y, &best);
  spo_gemm('N', 'N', w.d, 1, w.d, 1.0, w.A, w.d, w.y, w.d, 0.0, w.t, w.d);
  if (precond)
    by_factor(&w, 'L', 'N', 1, w.t);
  spo_gemm('N', 'N', w.n, 1, w.d, 1.0, w.V, w.n, w.t, w.d, 0.0, eta, w.n);
  out->step_norm = best.norm;
  out->decrease = best.decrease;
  out->at_boundary = best.boundary;
  out->negative_curvature = best.negative;
  out->curvature = best.negative ? w.lambda[0] : 0.0;
  return SPO_OK;
}

const spo_trs_ops spo_exact_ops = {
    .size = sizeof(spo_trs_ops),
    .name = "exact",
    .summary = "dense eigendecomposition and the secular equation; small dimensions",
    .reference = "More, Sorensen 1983",
    .options_size = sizeof(spo_trs_options),
    .n_options = SPO_TRS_N_OPTIONS,
    .option = spo_trs_option,
    .work_len = work_len,
    .solve = solve,
    .check = check,
    .explores = true,
};

const spo_trs_ops *spo_exact(void) {
  return &spo_exact_ops;
}
