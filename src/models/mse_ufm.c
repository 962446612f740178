/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The unconstrained feature model with squared loss. A place keeps the residual E, transposed:
 * sample i's C entries one after another. */
#include "models/mse_ufm_internal.h"

#include <float.h>
#include <math.h>

#include "base/blas.h"
#include "base/memory.h"
#include "base/vec.h"

/* ---- cost, gradient, products ---------------------------------------------------------------- */

/* out_i = b for every sample: what W H is added to */
static void repeat_bias(const mse_ufm *u, const double *x, double *out) {
  for (size_t i = 0; i < u->N; i++)
    spo_vec_copy(u->C, mse_bias(u, x), out + i * u->C);
}

static void sum_samples(const mse_ufm *u, const double *E, double *sum) {
  spo_vec_zero(u->C, sum);
  for (size_t i = 0; i < u->N; i++)
    spo_vec_axpy(u->C, 1.0, E + i * u->C, sum);
}

static int cost(void *self, const double *x, double *f, double *memo, double *work) {
  (void)work;
  const mse_ufm *u = self;
  const size_t C = u->C, N = u->N, p = u->p;
  repeat_bias(u, x, memo);
  for (size_t i = 0; i < N; i++)
    memo[i * C + mse_label(u, i)] -= 1.0;
  spo_gemm('T', 'N', C, N, p, 1.0, x, p, mse_features(u, x), p, 1.0, memo, C);
  *f = 0.5 * spo_vec_dot(C * N, memo, memo);
  return 0;
}

static int egrad(void *self, const double *x, double *g, double *memo, double *work) {
  (void)work;
  const mse_ufm *u = self;
  const size_t C = u->C, N = u->N, p = u->p;
  spo_gemm('N', 'T', p, C, N, 1.0, mse_features(u, x), p, memo, C, 0.0, g, p);
  spo_gemm('N', 'N', p, N, C, 1.0, x, p, memo, C, 0.0, g + C * p, p);
  sum_samples(u, memo, g + (C + N) * p);
  return 0;
}

static int ehess(void *self, const double *x, const double *v, double *hv, const double *memo,
                 double *work) {
  const mse_ufm *u = self;
  const size_t C = u->C, N = u->N, p = u->p;
  const double *H = mse_features(u, x), *DH = mse_features(u, v);
  double *Edot = work, *hH = hv + C * p;
  repeat_bias(u, v, Edot);
  spo_gemm('T', 'N', C, N, p, 1.0, v, p, H, p, 1.0, Edot, C);
  spo_gemm('T', 'N', C, N, p, 1.0, x, p, DH, p, 1.0, Edot, C);
  spo_gemm('N', 'T', p, C, N, 1.0, H, p, Edot, C, 0.0, hv, p);
  spo_gemm('N', 'T', p, C, N, 1.0, DH, p, memo, C, 1.0, hv, p);
  spo_gemm('N', 'N', p, N, C, 1.0, x, p, Edot, C, 0.0, hH, p);
  spo_gemm('N', 'N', p, N, C, 1.0, v, p, memo, C, 1.0, hH, p);
  sum_samples(u, Edot, hv + (C + N) * p);
  return 0;
}

/* f is as good as 0 where it is below the rounding of its value at 0: from there on slopes decide,
 * which stay accurate. Gradient: what the growth rate sqrt(n) of the trivial saddle makes of the
 * length of W at collapse. */
static int scale(void *self, const double *x, double f, const double *memo, double *f_noise,
                 double *grad_scale) {
  (void)x, (void)memo;
  const mse_ufm *u = self;
  *f_noise = 10.0 * DBL_EPSILON * (f + 0.5 * (double)u->N);
  *grad_scale = sqrt(u->n * sqrt(u->n) * ((double)u->C - 1.0));
  return 0;
}

static size_t missing_rank(const mse_ufm *u, size_t rank) {
  return u->C - 1 > rank ? u->C - 1 - rank : 0;
}

static int known_minimum(void *self, double *f_star, const char **theorem) {
  const mse_ufm *u = self;
  *f_star = 0.5 * u->n * (double)missing_rank(u, u->p);
  *theorem = u->p + 1 >= u->C ? "interpolation, p >= C-1: Mixon et al. 2020"
                              : "best approximation of rank p: Eckart, Young";
  return 0;
}

/* ---- the linear group: the orbit { (-W A, A H, 0) : A p x p } -------------------------------- */

/* Directions in which W^T W or H H^T is below this part of its largest are not spanned. */
static const double rank_tol = 1e-12;
/* dsyev's work per column, with blocks of 32 */
enum { DSYEV_BLOCKS = 34 };

/* Eigenvectors of W^T W and of H H^T, then eigenvalues of both. */
static size_t symmetry_store_len(const void *self) {
  const size_t p = ((const mse_ufm *)self)->p;
  return 2 * p * p + 2 * p;
}

static size_t symmetry_work_len(const void *self) {
  const size_t p = ((const mse_ufm *)self)->p;
  return 2 * p * p + DSYEV_BLOCKS * p;
}

/* Q, s of the second moment of m vectors; its rank out. */
static int decompose(size_t p, size_t m, const double *X, double *Q, double *s, size_t *rank,
                     double *work) {
  spo_gemm('N', 'T', p, p, m, 1.0, X, p, X, p, 0.0, Q, p);
  const spo_blasint n = (spo_blasint)p, lwork = (spo_blasint)(DSYEV_BLOCKS * p);
  spo_blasint info;
  dsyev_("V", "U", &n, Q, &n, s, work, &lwork, &info);
  if (info != 0)
    return -1;
  *rank = 0;
  for (size_t i = 0; i < p; i++) {
    s[i] = s[i] > rank_tol * s[p - 1] ? s[i] : 0.0;
    *rank += s[i] > 0.0;
  }
  return 0;
}

static int symmetry_prepare(void *self, const double *x, double *store, size_t *dim, double *work) {
  const mse_ufm *u = self;
  const size_t p = u->p;
  double *QW = store, *QH = store + p * p, *sW = store + 2 * p * p, *sH = sW + p;
  size_t rW, rH;
  if (decompose(p, u->C, x, QW, sW, &rW, work) ||
      decompose(p, u->N, mse_features(u, x), QH, sH, &rH, work))
    return -1;
  *dim = p * p - (p - rW) * (p - rH); /* without the A with W A = 0 and A H = 0 */
  return 0;
}

/* Normal equations of the orbit: W^T W A + A H H^T = D_H H^T - W^T D_W, diagonal in both bases. */
static int symmetry_project(void *self, const double *x, const double *store, size_t k, double *V,
                            double *work) {
  const mse_ufm *u = self;
  const size_t C = u->C, N = u->N, p = u->p;
  const double *QW = store, *QH = store + p * p, *sW = store + 2 * p * p, *sH = sW + p;
  double *A = work, *T = work + p * p;
  for (size_t j = 0; j < k; j++) {
    double *vW = V + j * u->problem.manifold->n, *vH = vW + C * p;
    spo_gemm('N', 'T', p, p, N, 1.0, vH, p, mse_features(u, x), p, 0.0, A, p);
    spo_gemm('N', 'T', p, p, C, -1.0, x, p, vW, p, 1.0, A, p);
    spo_gemm('T', 'N', p, p, p, 1.0, QW, p, A, p, 0.0, T, p);
    spo_gemm('N', 'N', p, p, p, 1.0, T, p, QH, p, 0.0, A, p);
    for (size_t b = 0; b < p; b++)
      for (size_t a = 0; a < p; a++)
        A[b * p + a] = sW[a] + sH[b] > 0.0 ? A[b * p + a] / (sW[a] + sH[b]) : 0.0;
    spo_gemm('N', 'N', p, p, p, 1.0, QW, p, A, p, 0.0, T, p);
    spo_gemm('N', 'T', p, p, p, 1.0, T, p, QH, p, 0.0, A, p);
    spo_gemm('T', 'N', p, C, p, -1.0, A, p, x, p, 0.0, vW, p);
    spo_gemm('N', 'N', p, N, p, 1.0, A, p, mse_features(u, x), p, 0.0, vH, p);
    spo_vec_zero(C, vH + N * p);
  }
  return 0;
}

static const spo_symmetry symmetry = {
    .size = sizeof(spo_symmetry),
    .name = "linear group GL(p)",
    .store_len = symmetry_store_len,
    .work_len = symmetry_work_len,
    .prepare = symmetry_prepare,
    .project = symmetry_project,
};

/* ---- the table ------------------------------------------------------------------------------- */

static void destroy(spo_problem *P) {
  mse_ufm *u = P->self;
  spo_manifold_destroy(u->manifold);
  spo_block_free(u);
}

const spo_problem_ops mse_problem_ops = {
    .size = sizeof(spo_problem_ops),
    .cost = cost,
    .egrad = egrad,
    .ehess = ehess,
    .scale = scale,
    .known_minimum = known_minimum,
    .symmetry = &symmetry,
    .destroy = destroy,
};
