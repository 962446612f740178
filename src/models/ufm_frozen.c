/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The spherical UFM with a frozen classifier: a sum over samples of convex functions, each on a
 * sphere of its own. Kernels and tiles are those of ufm.c, without W's part. Proofs: doc/ufm.md. */
#include "models/free_direction.h"
#include "models/ufm_internal.h"

#include <math.h>

#include "base/blas.h"
#include "base/vec.h"
#include "models/simplex.h"
#include "models/softmax.h"

/* Gram entries that are off a simplex ETF's by this are rounding. */
static const double etf_tol = 1e-14;
/* Rows nearer to length one are normalised to the rounding of a double. */
static const double norm_exact = 1e-14;

/* ---- the classifier -------------------------------------------------------------------------- */

static bool is_etf(const ufm *u) {
  const double off = -1.0 / ((double)u->K - 1.0);
  double worst = 0.0;
  for (size_t a = 0; a < u->K; a++)
    for (size_t b = 0; b < a; b++)
      worst =
          fmax(worst, fabs(spo_vec_dot(u->d, u->frozen + a * u->d, u->frozen + b * u->d) - off));
  return worst <= etf_tol;
}

spo_status ufm_freeze(const spo_ufm_params *p, ufm *u, spo_error *err) {
  const size_t n = u->K * u->d;
  double worst = 0.0;
  u->fix_classifier = p->fix_classifier;
  u->frozen_etf = p->fix_classifier == &ufm_etf_head;
  if (u->frozen_etf && u->d + 1 < u->K)
    return spo_fail(err, SPO_E_DIM, "spo_ufm_create",
                    "fix-classifier: etf of %zu classes needs dim at least %zu, here it is %zu",
                    u->K, u->K - 1, u->d);
  if (u->frozen_etf) {
    spo_simplex(u->d, u->K, u->frozen);
    return SPO_OK;
  }
  spo_vec_copy(n, p->head.data, u->frozen);
  const spo_status status = ufm_unit_rows("head", u->K, u->d, p->normalize, u->frozen, &worst, err);
  if (status != SPO_OK)
    return status;
  if (worst > norm_exact)
    spo_fail(err, SPO_OK, "spo_ufm_create",
             "rows of head were scaled to length 1; they were off by up to %.2g", worst);
  else /* the same bits when a problem is made again from its description */
    spo_vec_copy(n, p->head.data, u->frozen);
  u->frozen_etf = is_etf(u);
  return SPO_OK;
}

/* ---- objective ------------------------------------------------------------------------------- */

/* The cost of one tile of samples; leaves G and p_y of its samples in the memo. */
static double tile_cost(const ufm *u, const double *x, size_t i, double *memo) {
  const size_t b = ufm_tile_len(u, i), d = u->d;
  double *G = ufm_tile(u, memo, i);
  spo_gemm('T', 'N', b, u->K, d, u->tau, x + i * d, d, u->frozen, d, 0.0, G, b);
  return spo_softmax_residual(b, u->K, u->tau, u->label + i, u->omega + i, G, ufm_py(u, memo) + i);
}

static int cost(void *self, const double *x, double *f, double *memo, double *work) {
  (void)work;
  const ufm *u = self;
  *f = 0.0;
  for (size_t i = 0; i < u->N; i += u->tile)
    *f += tile_cost(u, x, i, memo);
  return 0;
}

/* One tile of W G. */
static void add_gradient(const ufm *u, size_t i, const double *G, double *g) {
  const size_t b = ufm_tile_len(u, i);
  spo_gemm('N', 'T', u->d, b, u->K, 1.0, u->frozen, u->d, G, b, 0.0, g + u->d * i, u->d);
}

static int egrad(void *self, const double *x, double *g, double *memo, double *work) {
  (void)x, (void)work;
  const ufm *u = self;
  for (size_t i = 0; i < u->N; i += u->tile)
    add_gradient(u, i, ufm_tile(u, memo, i), g);
  return 0;
}

static int cost_egrad(void *self, const double *x, double *f, double *g, double *memo,
                      double *work) {
  (void)work;
  const ufm *u = self;
  *f = 0.0;
  for (size_t i = 0; i < u->N; i += u->tile) {
    *f += tile_cost(u, x, i, memo);
    add_gradient(u, i, ufm_tile(u, memo, i), g);
  }
  return 0;
}

static int ehess_block(void *self, const double *x, size_t k, const double *V, double *HV,
                       const double *memo, double *work) {
  (void)x;
  const ufm *u = self;
  const size_t d = u->d, n = d * u->N;
  double *Gdot = work;
  for (size_t i = 0; i < u->N; i += u->tile) {
    const size_t b = ufm_tile_len(u, i);
    for (size_t j = 0; j < k; j++) {
      spo_gemm('T', 'N', b, u->K, d, u->tau, V + j * n + i * d, d, u->frozen, d, 0.0, Gdot, b);
      spo_softmax_curvature(b, u->K, u->tau, u->label + i, u->omega + i, ufm_tile(u, memo, i),
                            ufm_py(u, memo) + i, Gdot);
      add_gradient(u, i, Gdot, HV + j * n);
    }
  }
  return 0;
}

static int ehess(void *self, const double *x, const double *v, double *hv, const double *memo,
                 double *work) {
  return ehess_block(self, x, 1, v, hv, memo, work);
}

static int precond(void *self, const double *x, const double *v, double *pv, const double *memo,
                   double *work) {
  (void)x, (void)memo, (void)work;
  ufm_scale_features(self, v, pv);
  return 0;
}

static int known_minimum(void *self, double *f_star, const char **theorem) {
  const ufm *u = self;
  if (!u->frozen_etf)
    return 1;
  *f_star = ufm_etf_value(u);
  *theorem = "frozen simplex ETF, h_i = w_{y_i}, any weights: Jensen per sample, doc/ufm.md";
  return 0;
}

/* ---- certificate ----------------------------------------------------------------------------- */

/* The ball's multipliers. With g_i = W G_i = beta_i h_i + r_i, the convex function of sample i
 * falls within the unit ball by at most <g_i, h_i> + |g_i| = beta_i + sqrt(beta_i^2 + |r_i|^2),
 * which is minus the lowest eigenvalue of [-2 beta_i, |r_i|; |r_i|, 0]. Z is block diagonal of
 * these. */
typedef struct store {
  double *beta, *rest;
} store;

static store in_store(const ufm *u, const double *mem) {
  return (store){(double *)mem, (double *)mem + u->N};
}

static size_t order(const void *self) {
  return 2 * ((const ufm *)self)->N;
}

static size_t store_len(const void *self) {
  return 2 * ((const ufm *)self)->N;
}

/* prepare: a tile of W G; the direction: a second moment, its eigenvalues, LAPACK's room. */
static size_t work_len(const void *self) {
  const ufm *u = self;
  const size_t tile = u->d * u->tile, moment = spo_free_direction_work_len(u->d);
  return tile > moment ? tile : moment;
}

static int prepare(void *self, const double *x, const double *memo, double *mem, double *work) {
  const ufm *u = self;
  const store s = in_store(u, mem);
  const size_t d = u->d;
  for (size_t i = 0; i < u->N; i += u->tile) {
    const size_t b = ufm_tile_len(u, i);
    spo_gemm('N', 'T', d, b, u->K, 1.0, u->frozen, d, ufm_tile(u, memo, i), b, 0.0, work, d);
    for (size_t j = 0; j < b; j++) {
      const double *h = x + (i + j) * d;
      double *g = work + j * d;
      s.beta[i + j] = spo_vec_dot(d, h, g);
      spo_vec_axpy(d, -s.beta[i + j], h, g);
      s.rest[i + j] = spo_vec_norm(d, g);
    }
  }
  return 0;
}

static int apply(void *self, const double *x, const double *memo, const double *mem, bool scaled,
                 size_t k, const double *U, double *ZU, double *work) {
  (void)x, (void)memo, (void)work;
  const ufm *u = self;
  const store s = in_store(u, mem);
  for (size_t j = 0; j < k; j++)
    for (size_t i = 0; i < u->N; i++) {
      const double weight = u->omega[i], scale = !scaled ? 1.0 : weight > 0.0 ? 1.0 / weight : 0.0;
      const double *a = U + 2 * (j * u->N + i);
      double *za = ZU + 2 * (j * u->N + i);
      za[0] = scale * (-2.0 * s.beta[i] * a[0] + s.rest[i] * a[1]);
      za[1] = scale * s.rest[i] * a[0];
    }
  return 0;
}

/* the sum over samples of their own bounds: N times the worst, or, scaled by omega, 1 */
static int gap_bound(void *self, bool scaled, double lambda_min, double *gap) {
  const double trace = scaled ? 1.0 : (double)((const ufm *)self)->N;
  *gap = trace * (lambda_min < 0.0 ? -lambda_min : lambda_min >= 0.0 ? 0.0 : NAN);
  return 0;
}

/* Where the differences of the classifiers leave a direction of R^d free, no logit difference sees
 * it, and turning the feature with the largest beta_i > 0 towards it has curvature -beta_i. */
static int direction(void *self, const double *x, const double *memo, const double *mem, size_t c,
                     double lambda, const double *vector, double *v, double *work) {
  (void)x, (void)memo, (void)c, (void)lambda, (void)vector;
  const ufm *u = self;
  const store s = in_store(u, mem);
  const size_t d = u->d;
  size_t best = 0;
  for (size_t i = 1; i < u->N; i++)
    if (s.beta[i] > s.beta[best])
      best = i;
  if (!(s.beta[best] > 0.0))
    return 1;
  double *moment = work;
  spo_vec_zero(d * d, moment);
  for (size_t k = 1; k < u->K; k++) {
    const double *w = u->frozen + k * d;
    for (size_t b = 0; b < d; b++)
      for (size_t a = 0; a < d; a++)
        moment[b * d + a] += (w[a] - u->frozen[a]) * (w[b] - u->frozen[b]);
  }
  const int code = spo_free_axis(d, moment);
  if (code != 0)
    return code;
  spo_vec_zero(d * u->N, v);
  spo_vec_copy(d, moment, v + best * d);
  return 0;
}

static const char *const case_names[] = {"free direction"};

static const spo_certificate certificate = {
    .size = sizeof(spo_certificate),
    .name = "multipliers of the unit ball",
    .order = order,
    .store_len = store_len,
    .work_len = work_len,
    .prepare = prepare,
    .apply = apply,
    .gap_bound = gap_bound,
    .n_cases = 1,
    .case_name = case_names,
    .direction = direction,
};

/* No symmetry: the rotations that keep W fixed turn what lies outside its span, and critical
 * features lie in it. */
const spo_problem_ops ufm_frozen_problem_ops = {
    .size = sizeof(spo_problem_ops),
    .cost = cost,
    .egrad = egrad,
    .cost_egrad = cost_egrad,
    .ehess = ehess,
    .ehess_block = ehess_block,
    .precond = precond,
    .scale = ufm_scale,
    .known_minimum = known_minimum,
    .certificate = &certificate,
    .destroy = ufm_destroy,
};
