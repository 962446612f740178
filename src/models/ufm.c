/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The spherical unconstrained feature model: objective, gradient and Hessian products. */
#include "models/ufm_internal.h"

#include <float.h>
#include <math.h>

#include "base/memory.h"
#include "base/vec.h"

/* f is a sum of log1p terms with relative accuracy: measured noise stays below 1e3 eps |f|. */
static const double relative_noise = 1e3 * DBL_EPSILON;

static int cost(void *self, const double *x, double *f, double *memo, double *work) {
  (void)work;
  const spo_logits L = ufm_logits(self);
  *f = spo_logits_cost(&L, x, memo);
  return 0;
}

static int egrad(void *self, const double *x, double *g, double *memo, double *work) {
  (void)work;
  const spo_logits L = ufm_logits(self);
  spo_logits_egrad(&L, x, memo, g);
  return 0;
}

static int cost_egrad(void *self, const double *x, double *f, double *g, double *memo,
                      double *work) {
  (void)work;
  const spo_logits L = ufm_logits(self);
  *f = spo_logits_cost_egrad(&L, x, memo, g);
  return 0;
}

static int ehess_block(void *self, const double *x, size_t k, const double *V, double *HV,
                       const double *memo, double *work) {
  const spo_logits L = ufm_logits(self);
  spo_logits_ehess(&L, x, k, V, HV, memo, work);
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

static void rotated(const void *self, size_t *d, size_t *m) {
  const ufm *u = self;
  *d = u->d;
  *m = u->K + u->N;
}

static const spo_symmetry symmetry = {
    .size = sizeof(spo_symmetry), .name = "rotations of R^d", .rotated = rotated};

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
