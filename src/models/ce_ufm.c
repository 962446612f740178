/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The unconstrained feature model with weight decay: the cross-entropy that the feature models
 * share, plus three quadratic terms. */
#include "models/free_direction.h"
#include "models/ce_ufm_internal.h"

#include <float.h>
#include <math.h>

#include "base/memory.h"
#include "base/vec.h"

/* f is a sum of terms > 0, each with relative accuracy: as for the spherical model. */
static const double relative_noise = 1e3 * DBL_EPSILON;

/* ---- cost, gradient, products ---------------------------------------------------------------- */

static double decay(const ce_ufm *u, const double *x) {
  double sum = 0.0;
  for (size_t part = 0; part < 3; x += u->length[part++])
    sum += 0.5 * u->lambda[part] * spo_vec_dot(u->length[part], x, x);
  return sum;
}

/* hv += diag(lambda) v */
static void add_decay(const ce_ufm *u, const double *v, double *hv) {
  for (size_t part = 0; part < 3; part++) {
    spo_vec_axpy(u->length[part], u->lambda[part], v, hv);
    v += u->length[part];
    hv += u->length[part];
  }
}

static int cost(void *self, const double *x, double *f, double *memo, double *work) {
  (void)work;
  const ce_ufm *u = self;
  *f = spo_logits_cost(&u->L, x, memo) + decay(u, x);
  return 0;
}

static int egrad(void *self, const double *x, double *g, double *memo, double *work) {
  (void)work;
  const ce_ufm *u = self;
  spo_logits_egrad(&u->L, x, memo, g);
  add_decay(u, x, g);
  return 0;
}

static int cost_egrad(void *self, const double *x, double *f, double *g, double *memo,
                      double *work) {
  (void)work;
  const ce_ufm *u = self;
  *f = spo_logits_cost_egrad(&u->L, x, memo, g) + decay(u, x);
  add_decay(u, x, g);
  return 0;
}

static int ehess_block(void *self, const double *x, size_t k, const double *V, double *HV,
                       const double *memo, double *work) {
  const ce_ufm *u = self;
  const size_t n = ce_length(u);
  spo_logits_ehess(&u->L, x, k, V, HV, memo, work);
  for (size_t j = 0; j < k; j++)
    add_decay(u, V + j * n, HV + j * n);
  return 0;
}

static int ehess(void *self, const double *x, const double *v, double *hv, const double *memo,
                 double *work) {
  return ehess_block(self, x, 1, v, hv, memo, work);
}

/* At a critical point lW |W|^2 = lH |H|^2: in the variables sqrt(lW) W, sqrt(lH) H both decays are
 * one. */
static int precond(void *self, const double *x, const double *v, double *pv, const double *memo,
                   double *work) {
  (void)x, (void)memo, (void)work;
  const ce_ufm *u = self;
  const double ratio = sqrt(u->lambda[1] / u->lambda[0]);
  spo_vec_copy(ce_length(u), v, pv);
  spo_vec_scale(u->length[0], ratio, pv);
  spo_vec_scale(u->length[1], 1.0 / ratio, pv + u->length[0]);
  return 0;
}

/* The decay's own gradient is at most sqrt(2 lambda f): that balanced over W and H. */
static int scale(void *self, const double *x, double f, const double *memo, double *f_noise,
                 double *grad_scale) {
  (void)x, (void)memo;
  const ce_ufm *u = self;
  *f_noise = relative_noise * fabs(f);
  *grad_scale = sqrt(2.0 * f * sqrt(u->lambda[0] * u->lambda[1]));
  return 0;
}

/* ---- the minimum ----------------------------------------------------------------------------- */

static double zeta(const ce_ufm *u) {
  return sqrt((double)u->params.per_class * u->lambda[0] * u->lambda[1]);
}

double ce_logit_gap(const ce_ufm *u) {
  const double K = (double)u->L.K, z = zeta(u);
  return z * K < 1.0 ? log(1.0 / z - (K - 1.0)) : 0.0;
}

static int known_minimum(void *self, double *f_star, const char **theorem) {
  const ce_ufm *u = self;
  const double K = (double)u->L.K, z = zeta(u);
  if (u->params.per_class == 0)
    return 1;
  if (!(z * K < 1.0)) {
    *f_star = log(K);
    *theorem = "W = H = 0, b = 0: classes balanced, sqrt(n lW lH) >= 1/K, nuclear-norm bound";
    return 0;
  }
  if (u->L.d + 1 < u->L.K)
    return 1;
  *f_star = -log1p(-(K - 1.0) * z) + (K - 1.0) * z * ce_logit_gap(u);
  *theorem = "simplex ETF, classes balanced, d >= K-1: Zhu et al. 2021, global optimality";
  return 0;
}

/* ---- rotations of R^d ------------------------------------------------------------------------ */

static void rotated(const void *self, size_t *d, size_t *m) {
  const ce_ufm *u = self;
  *d = u->L.d;
  *m = u->L.K + u->L.N;
}

static const spo_symmetry symmetry = {
    .size = sizeof(spo_symmetry), .name = "rotations of R^d", .rotated = rotated};

/* ---- certificate ----------------------------------------------------------------------------- */

/* K + N rows of Z, and one for the deficit. */
static size_t order(const void *self) {
  const ce_ufm *u = self;
  return u->L.K + u->L.N + 1;
}

/* A */
static size_t store_len(const void *self) {
  (void)self;
  return 1;
}

/* prepare: a gradient. apply: a vector to scale. Directions: the second moment, LAPACK's room. */
static size_t cert_work_len(const void *self) {
  const ce_ufm *u = self;
  const size_t n = ce_length(u), moment = spo_free_direction_work_len(u->L.d);
  return n > moment ? n : moment; /* n = d (K + N) + K is more than the order */
}

/* What lambda_min is multiplied with: half of tr X or tr D X at a minimum, where f <= log K. */
static double half_trace(const ce_ufm *u, bool scaled) {
  return log((double)u->L.K) / (scaled ? 1.0 : fmin(u->lambda[0], u->lambda[1]));
}

static int prepare(void *self, const double *x, const double *memo, double *store, double *work) {
  const ce_ufm *u = self;
  const size_t points = u->length[0] + u->length[1], K = u->L.K;
  egrad(self, x, work, (double *)memo, NULL);
  const double *gb = work + points;
  const double deficit =
      0.5 * spo_vec_dot(points, x, work) + 0.5 / u->lambda[2] * spo_vec_dot(K, gb, gb);
  *store = deficit >= 0.0 ? deficit : deficit < 0.0 ? 0.0 : NAN;
  return 0;
}

static int apply(void *self, const double *x, const double *memo, const double *store, bool scaled,
                 size_t k, const double *U, double *ZU, double *work) {
  (void)x;
  const ce_ufm *u = self;
  const size_t K = u->L.K, n = order(self);
  const double shift = *store / half_trace(u, scaled);
  const double sW = scaled ? 1.0 / sqrt(u->lambda[0]) : 1.0;
  const double sH = scaled ? 1.0 / sqrt(u->lambda[1]) : 1.0;
  const double dW = scaled ? 1.0 : u->lambda[0], dH = scaled ? 1.0 : u->lambda[1];
  for (size_t j = 0; j < k; j++) {
    const double *v = U + j * n;
    double *zv = ZU + j * n;
    for (size_t a = 0; a < n; a++)
      work[a] = (a < K ? sW : sH) * v[a];
    spo_vec_zero(n, zv);
    spo_logits_arrow(&u->L, memo, 1, n, work, zv);
    for (size_t a = 0; a + 1 < n; a++)
      zv[a] = (a < K ? sW : sH) * zv[a] + ((a < K ? dW : dH) - shift) * v[a];
    zv[n - 1] = -shift * v[n - 1];
  }
  return 0;
}

static int gap_bound(void *self, bool scaled, double lambda_min, double *gap) {
  *gap = half_trace(self, scaled) * (lambda_min < 0.0    ? -lambda_min
                                     : lambda_min >= 0.0 ? 0.0
                                                         : NAN);
  return 0;
}

/* The points leave a direction a free: (a u^T, a v^T) along Z's lowest eigenvector. */
static int direction(void *self, const double *x, const double *memo, const double *store, size_t c,
                     double lambda, const double *vector, double *v, double *work) {
  (void)memo, (void)c;
  const ce_ufm *u = self;
  const size_t d = u->L.d, m = u->L.K + u->L.N;
  if (!(lambda + *store / half_trace(u, false) < 0.0))
    return 1;
  spo_vec_zero(u->L.K, v + m * d);
  return spo_free_direction(d, m, x, vector, v, work);
}

static const char *const case_names[] = {"free direction"};
static const spo_certificate certificate = {
    .size = sizeof(spo_certificate),
    .name = "arrow matrix Z with decays",
    .order = order,
    .store_len = store_len,
    .work_len = cert_work_len,
    .prepare = prepare,
    .apply = apply,
    .gap_bound = gap_bound,
    .n_cases = 1,
    .case_name = case_names,
    .direction = direction,
};

static void destroy(spo_problem *P) {
  ce_ufm *u = P->self;
  spo_manifold_destroy(u->manifold);
  spo_block_free(u);
}

const spo_problem_ops ce_problem_ops = {
    .size = sizeof(spo_problem_ops),
    .cost = cost,
    .egrad = egrad,
    .cost_egrad = cost_egrad,
    .ehess = ehess,
    .ehess_block = ehess_block,
    .precond = precond,
    .scale = scale,
    .known_minimum = known_minimum,
    .symmetry = &symmetry,
    .certificate = &certificate,
    .destroy = destroy,
};
