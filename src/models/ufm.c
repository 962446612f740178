/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The spherical unconstrained feature model: objective, gradient and Hessian products. Samples are
 * worked off in tiles, so that each product's K x tile result is still in cache when the softmax
 * kernels meet it, and scratch stays at one tile whatever N is. */
#include "models/ufm_internal.h"

#include <float.h>
#include <math.h>

#include "base/blas.h"
#include "base/memory.h"
#include "base/vec.h"
#include "models/rotation.h"
#include "models/softmax.h"

/* f is a sum of log1p terms with relative accuracy: measured noise stays below 1e3 eps |f|. */
static const double relative_noise = 1e3 * DBL_EPSILON;

double ufm_tile_cost(const ufm *u, const double *x, size_t i, double *memo) {
  const size_t b = ufm_tile_len(u, i), d = u->d;
  double *G = ufm_tile(u, memo, i);
  spo_gemm('T', 'N', b, u->K, d, u->tau, ufm_H(u, x) + i * d, d, ufm_W(u, x), d, 0.0, G, b);
  return spo_softmax_residual(b, u->K, u->tau, u->label + i, u->omega + i, G, ufm_py(u, memo) + i);
}

/* One tile's part of the gradient. */
static void add_gradient(const ufm *u, const double *x, size_t i, const double *memo, double *g) {
  const size_t b = ufm_tile_len(u, i), d = u->d;
  const double *G = ufm_tile(u, memo, i), *W = ufm_W(u, x), *H = ufm_H(u, x) + i * d;
  spo_gemm('N', 'N', d, u->K, b, 1.0, H, d, G, b, i > 0 ? 1.0 : 0.0, g, d);
  spo_gemm('N', 'T', d, b, u->K, 1.0, W, d, G, b, 0.0, g + d * (u->K + i), d);
}

static int cost(void *self, const double *x, double *f, double *memo, double *work) {
  (void)work;
  const ufm *u = self;
  *f = 0.0;
  for (size_t i = 0; i < u->N; i += u->tile)
    *f += ufm_tile_cost(u, x, i, memo);
  return 0;
}

static int egrad(void *self, const double *x, double *g, double *memo, double *work) {
  (void)work;
  const ufm *u = self;
  for (size_t i = 0; i < u->N; i += u->tile)
    add_gradient(u, x, i, memo, g);
  return 0;
}

static int cost_egrad(void *self, const double *x, double *f, double *g, double *memo,
                      double *work) {
  (void)work;
  const ufm *u = self;
  *f = 0.0;
  for (size_t i = 0; i < u->N; i += u->tile) {
    *f += ufm_tile_cost(u, x, i, memo);
    add_gradient(u, x, i, memo, g);
  }
  return 0;
}

/* One tile of one direction: six products and the softmax curvature between them. */
static void add_hessian(const ufm *u, const double *x, size_t i, const double *memo,
                        const double *v, double *hv, double *Gdot) {
  const size_t b = ufm_tile_len(u, i), d = u->d, K = u->K;
  const double *G = ufm_tile(u, memo, i);
  const double *W = ufm_W(u, x), *H = ufm_H(u, x) + i * d;
  const double *DW = v, *DH = ufm_H(u, v) + i * d;
  double *hW = hv, *hH = hv + d * K + i * d;
  spo_gemm('T', 'N', b, K, d, u->tau, H, d, DW, d, 0.0, Gdot, b);
  spo_gemm('T', 'N', b, K, d, u->tau, DH, d, W, d, 1.0, Gdot, b);
  spo_softmax_curvature(b, K, u->tau, u->label + i, u->omega + i, G, ufm_py(u, memo) + i, Gdot);
  spo_gemm('N', 'N', d, K, b, 1.0, DH, d, G, b, i > 0 ? 1.0 : 0.0, hW, d);
  spo_gemm('N', 'N', d, K, b, 1.0, H, d, Gdot, b, 1.0, hW, d);
  spo_gemm('N', 'T', d, b, K, 1.0, DW, d, G, b, 0.0, hH, d);
  spo_gemm('N', 'T', d, b, K, 1.0, W, d, Gdot, b, 1.0, hH, d);
}

static int ehess_block(void *self, const double *x, size_t k, const double *V, double *HV,
                       const double *memo, double *work) {
  const ufm *u = self;
  const size_t n = u->problem.manifold->n;
  for (size_t i = 0; i < u->N; i += u->tile)
    for (size_t j = 0; j < k; j++)
      add_hessian(u, x, i, memo, V + j * n, HV + j * n, work);
  return 0;
}

static int ehess(void *self, const double *x, const double *v, double *hv, const double *memo,
                 double *work) {
  return ehess_block(self, x, 1, v, hv, memo, work);
}

void ufm_scale_features(const ufm *u, const double *v, double *pv) {
  for (size_t i = 0; i < u->N; i++) {
    const double omega = u->omega[i] > 0.0 ? u->omega[i] : 1.0 / (double)u->N;
    const double scale = 1.0 / ((double)u->K * omega);
    const double *vi = v + i * u->d;
    double *pi = pv + i * u->d;
    for (size_t j = 0; j < u->d; j++)
      pi[j] = scale * vi[j];
  }
}

static int precond(void *self, const double *x, const double *v, double *pv, const double *memo,
                   double *work) {
  (void)x, (void)memo, (void)work;
  const ufm *u = self;
  const size_t nW = u->d * u->K;
  spo_vec_copy(nW, v, pv);
  ufm_scale_features(u, v + nW, pv + nW);
  return 0;
}

int ufm_scale(void *self, const double *x, double f, const double *memo, double *f_noise,
              double *grad_scale) {
  (void)x, (void)memo;
  const ufm *u = self;
  *f_noise = relative_noise * fabs(f);
  *grad_scale = u->tau * f;
  return 0;
}

double ufm_etf_value(const ufm *u) {
  const double K = (double)u->K;
  return log1p((K - 1.0) * exp(-u->tau * K / (K - 1.0)));
}

static int known_minimum(void *self, double *f_star, const char **theorem) {
  const ufm *u = self;
  if (!u->balanced || u->d + 1 < u->K)
    return 1;
  *f_star = ufm_etf_value(u);
  *theorem = u->d >= u->K
                 ? "simplex ETF, classes balanced, d >= K: Yaras et al. 2022, global optimality"
                 : "simplex ETF, classes balanced, d = K-1: two Jensen steps, doc/ufm.md";
  return 0;
}

/* ---- rotations of R^d ------------------------------------------------------------------------ */

static size_t symmetry_store_len(const void *self) {
  return spo_rotation_store_len(((const ufm *)self)->d);
}

static size_t symmetry_work_len(const void *self) {
  return spo_rotation_work_len(((const ufm *)self)->d);
}

static int symmetry_prepare(void *self, const double *x, double *store, size_t *dim, double *work) {
  const ufm *u = self;
  return spo_rotation_prepare(u->d, u->K + u->N, x, store, dim, work);
}

static int symmetry_project(void *self, const double *x, const double *store, size_t k, double *V,
                            double *work) {
  const ufm *u = self;
  return spo_rotation_project(u->d, u->K + u->N, x, store, k, V, work);
}

static const spo_symmetry symmetry = {
    .size = sizeof(spo_symmetry),
    .name = "rotations of R^d",
    .store_len = symmetry_store_len,
    .work_len = symmetry_work_len,
    .prepare = symmetry_prepare,
    .project = symmetry_project,
};

void ufm_destroy(spo_problem *P) {
  ufm *u = P->self;
  spo_manifold_destroy(u->product);
  spo_manifold_destroy(u->part[0]);
  spo_manifold_destroy(u->part[1]);
  spo_block_free(u);
}

const spo_problem_ops ufm_problem_ops = {
    .size = sizeof(spo_problem_ops),
    .cost = cost,
    .egrad = egrad,
    .cost_egrad = cost_egrad,
    .ehess = ehess,
    .ehess_block = ehess_block,
    .precond = precond,
    .scale = ufm_scale,
    .known_minimum = known_minimum,
    .symmetry = &symmetry,
    .certificate = &ufm_certificate,
    .destroy = ufm_destroy,
};
