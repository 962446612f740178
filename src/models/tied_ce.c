/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The tied cross-entropy. E is symmetric, so n^2/2 exponentials give all sums. Memo: Z, beta, then
 * the tiles of E. */
#include <spheropt/models/tied_ce.h>

#include <float.h>
#include <math.h>

#include <spheropt/rotation.h>

#include "base/simd.h"
#include "base/memory.h"
#include "base/take.h"
#include "base/vec.h"
#include "models/configuration.h"
#include "models/pairs.h"
#include "models/tied_few.h"

static const spo_option table[] = {
    SPO_CONFIGURATION_OPTIONS(spo_tied_ce_params, 10, 3),
    {"alpha", "inverse temperature, multiplies the inner products", "",
     offsetof(spo_tied_ce_params, alpha), SPO_OPTION_DOUBLE, 0, INFINITY, 1,
     SPO_OPEN_LO | SPO_OPEN_HI, NULL, 0},
};
enum { N_PARAMS = sizeof table / sizeof table[0] };

typedef struct tied {
  spo_configuration c; /* first */
  spo_pairs pairs;
  double alpha;
  bool few; /* so few dimensions that E is made anew wherever it is needed */
} tied;

/* log1p of sums of relative accuracy; the exponents' own rounding adds alpha eps. */
static const double relative_noise = 1e3 * DBL_EPSILON;

static double *memo_Z(const double *memo) {
  return (double *)memo;
}
static double *memo_beta(const tied *p, const double *memo) {
  return (double *)memo + p->c.n;
}

/* E of the tile, self excluded, made into `room`. */
static void make_tile(const tied *p, const spo_pair_tile *t, const double *x, double *room) {
  const size_t len = t->bi * t->bj;
  spo_pairs_gram(&p->pairs, t, p->alpha, -p->alpha, x, room);
  spo_vec_exp(len, room, room);
  spo_pairs_set_self(t, 0.0, room);
}

static double *kept_tile(const tied *p, const spo_pair_tile *t, const double *memo) {
  return (double *)memo + 2 * p->c.n + t->offset;
}

/* E of the tile: kept, or made again. */
static const double *tile_of(const tied *p, const spo_pair_tile *t, const double *x,
                             const double *memo, double *room) {
  if (p->pairs.keep)
    return kept_tile(p, t, memo);
  make_tile(p, t, x, room);
  return room;
}

/* Z - 1; E into the kept tiles, where there are any and a memo is given. */
static void sums(const tied *p, const double *x, double *Z, double *memo, double *work) {
  if (p->few) {
    spo_tied_few_sums(p->c.d, p->c.n, p->alpha, x, Z, work);
    return;
  }
  spo_vec_zero(p->c.n, Z);
  SPO_EACH_TILE(p->pairs, t) {
    double *E = p->pairs.keep && memo ? kept_tile(p, &t, memo) : work;
    make_tile(p, &t, x, E);
    spo_pairs_sum(&t, E, Z);
  }
}

static int cost(void *self, const double *x, double *f, double *memo, double *work) {
  const tied *p = self;
  double *Z = memo_Z(memo);
  sums(p, x, Z, memo, work);
  *f = 0.0;
  for (size_t i = 0; i < p->c.n; i++) {
    *f += log1p(Z[i]);
    Z[i] += 1.0;
  }
  return 0;
}

/* S_rc = scale E_rc (a_r + b_c) */
SPO_KERNEL static void weigh(size_t bi, size_t bj, double scale, const double *E, const double *a,
                             const double *b, double *S) {
  for (size_t c = 0; c < bj; c++)
    for (size_t r = 0; r < bi; r++)
      S[c * bi + r] = scale * E[c * bi + r] * (a[r] + b[c]);
}

/* S of the tile from its E. */
static void slopes(const tied *p, const spo_pair_tile *t, const double *E, const double *Z,
                   double *S) {
  double qi[SPO_PAIRS_TILE], qj[SPO_PAIRS_TILE];
  for (size_t r = 0; r < t->bi; r++)
    qi[r] = 1.0 / Z[t->i + r];
  for (size_t c = 0; c < t->bj; c++)
    qj[c] = 1.0 / Z[t->j + c];
  weigh(t->bi, t->bj, p->alpha, E, qi, qj, S);
}

static void gradient_by_tiles(const tied *p, const double *x, const double *memo, double *g,
                              double *work) {
  double *S = work + spo_pairs_tile_len(&p->pairs);
  spo_vec_zero(p->c.n * p->c.d, g);
  SPO_EACH_TILE(p->pairs, t) {
    slopes(p, &t, tile_of(p, &t, x, memo, work), memo_Z(memo), S);
    spo_pairs_apply(&p->pairs, &t, 1.0, S, x, g);
  }
}

static int egrad(void *self, const double *x, double *g, double *memo, double *work) {
  const tied *p = self;
  const size_t d = p->c.d, n = p->c.n;
  double *beta = memo_beta(p, memo);
  if (p->few)
    spo_tied_few_gradient(d, n, p->alpha, x, memo_Z(memo), g, work);
  else
    gradient_by_tiles(p, x, memo, g, work);
  for (size_t i = 0; i < n; i++)
    beta[i] = spo_vec_dot(d, x + i * d, g + i * d);
  return 0;
}

/* C <- E o C, for Zdot */
SPO_KERNEL static void multiply(size_t len, const double *E, double *C) {
  for (size_t i = 0; i < len; i++)
    C[i] *= E[i];
}

/* C <- alpha E (C (q_r + q_c) - r_r - r_c) from S = alpha E (q_r + q_c) */
SPO_KERNEL static void curve(size_t bi, size_t bj, double alpha, const double *E, const double *S,
                             const double *ri, const double *rj, double *C) {
  for (size_t c = 0; c < bj; c++)
    for (size_t r = 0; r < bi; r++)
      C[c * bi + r] = S[c * bi + r] * C[c * bi + r] - alpha * E[c * bi + r] * (ri[r] + rj[c]);
}

static int ehess(void *self, const double *x, const double *v, double *hv, const double *memo,
                 double *work) {
  const tied *p = self;
  const size_t n = p->c.n, len = spo_pairs_tile_len(&p->pairs);
  const double *Z = memo_Z(memo);
  double *room = work, *S = work + len, *C = S + len, *r = C + len;
  if (p->few) {
    spo_tied_few_hessian(p->c.d, n, p->alpha, x, v, Z, hv, work);
    return 0;
  }
  spo_vec_zero(n, r);
  SPO_EACH_TILE(p->pairs, t) {
    const double *E = tile_of(p, &t, x, memo, room);
    spo_pairs_cross(&p->pairs, &t, p->alpha, x, v, C);
    multiply(t.bi * t.bj, E, C);
    spo_pairs_sum(&t, C, r);
  }
  for (size_t i = 0; i < n; i++)
    r[i] /= Z[i] * Z[i];
  spo_vec_zero(n * p->c.d, hv);
  SPO_EACH_TILE(p->pairs, t) {
    const double *E = tile_of(p, &t, x, memo, room);
    slopes(p, &t, E, Z, S);
    spo_pairs_cross(&p->pairs, &t, p->alpha, x, v, C);
    curve(t.bi, t.bj, p->alpha, E, S, r + t.i, r + t.j, C);
    spo_pairs_apply(&p->pairs, &t, 1.0, S, v, hv);
    spo_pairs_apply(&p->pairs, &t, 1.0, C, x, hv);
  }
  return 0;
}

static int scale(void *self, const double *x, double f, const double *memo, double *f_noise,
                 double *grad_scale) {
  (void)x, (void)memo;
  const tied *p = self;
  *f_noise = (relative_noise + 4.0 * p->alpha * DBL_EPSILON) * fabs(f);
  *grad_scale = p->alpha * f;
  return 0;
}

static int known_minimum(void *self, double *f_star, const char **theorem) {
  const tied *p = self;
  if (p->c.d + 1 < p->c.n)
    return 1;
  const double n = (double)p->c.n;
  *f_star = n * log1p((n - 1.0) * exp(-p->alpha * n / (n - 1.0)));
  *theorem = "simplex ETF, dim >= points - 1: Lu, Steinerberger 2020, theorem 1";
  return 0;
}

/* ---- certificate: Z = (S - diag(beta))/2 ----------------------------------------------------- */

static size_t order(const void *self) {
  return ((const tied *)self)->c.n;
}

static size_t store_len(const void *self) {
  return spo_rotation_store_len(((const tied *)self)->c.d);
}

static size_t cert_work_len(const void *self) {
  const tied *p = self;
  const size_t rotation = spo_rotation_work_len(p->c.d), tiles = 2 * spo_pairs_tile_len(&p->pairs);
  return rotation > tiles ? rotation : tiles;
}

static int prepare(void *self, const double *x, const double *memo, double *store, double *work) {
  (void)memo;
  const tied *p = self;
  size_t dim;
  return spo_rotation_prepare(p->c.d, p->c.n, x, store, &dim, work);
}

static int apply(void *self, const double *x, const double *memo, const double *store, bool scaled,
                 size_t k, const double *U, double *ZU, double *work) {
  (void)store, (void)scaled;
  const tied *p = self;
  const size_t n = p->c.n, len = spo_pairs_tile_len(&p->pairs);
  const double *beta = memo_beta(p, memo);
  for (size_t j = 0; j < k; j++)
    for (size_t i = 0; i < n; i++)
      ZU[j * n + i] = -0.5 * beta[i] * U[j * n + i];
  SPO_EACH_TILE(p->pairs, t) {
    const double *E = tile_of(p, &t, x, memo, work);
    slopes(p, &t, E, memo_Z(memo), work + len);
    spo_pairs_apply_columns(&p->pairs, &t, 0.5, work + len, k, U, ZU);
  }
  return 0;
}

static int gap_bound(void *self, bool scaled, double lambda_min, double *gap) {
  (void)scaled;
  const tied *p = self;
  *gap = (double)p->c.n * (lambda_min < 0.0 ? -lambda_min : lambda_min >= 0.0 ? 0.0 : NAN);
  return 0;
}

/* v_i = u_i a, a a unit vector that no point has a part along */
static int direction(void *self, const double *x, const double *memo, const double *store, size_t c,
                     double lambda, const double *u, double *v, double *work) {
  (void)x, (void)memo, (void)c, (void)work;
  const tied *p = self;
  const size_t d = p->c.d;
  if (!(store[d * d] == 0.0) || !(lambda < 0.0))
    return 1;
  for (size_t i = 0; i < p->c.n; i++)
    for (size_t j = 0; j < d; j++)
      v[i * d + j] = u[i] * store[j];
  return 0;
}

static const char *const case_names[] = {"off the span"};
static const spo_certificate certificate = {
    .size = sizeof(spo_certificate),
    .name = "(S - diag(beta))/2",
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

/* ---- creation -------------------------------------------------------------------------------- */

static const spo_problem_ops problem_ops = {
    .size = sizeof(spo_problem_ops),
    .cost = cost,
    .egrad = egrad,
    .ehess = ehess,
    .scale = scale,
    .known_minimum = known_minimum,
    .symmetry = &spo_configuration_symmetry,
    .certificate = &certificate,
    .destroy = spo_configuration_destroy,
};

void spo_tied_ce_params_init(spo_tied_ce_params *params) {
  spo_options_init(table, N_PARAMS, params, sizeof *params);
}

static size_t work_len(const tied *p) {
  return p->few ? spo_tied_few_work_len(p->c.n) : 3 * spo_pairs_tile_len(&p->pairs) + p->c.n;
}

spo_status spo_tied_ce_create(const spo_tied_ce_params *params, spo_problem **out, spo_error *err) {
  *out = NULL;
  tied *p = NULL;
  spo_tied_ce_params given;
  spo_status status = spo_options_take(table, N_PARAMS, params, &given, sizeof given, err);
  if (status == SPO_OK)
    status = spo_configuration_create(sizeof *p, &problem_ops, "tied-ce", given.points, given.dim,
                                      1, &p, err);
  if (status != SPO_OK)
    return status;
  p->alpha = given.alpha;
  p->pairs = spo_pairs_of(p->c.d, p->c.n);
  p->few = p->c.d <= SPO_TIED_FEW;
  p->pairs.keep = p->pairs.keep && !p->few;
  p->c.problem.memo_len = 2 * p->c.n + spo_pairs_kept_len(&p->pairs);
  p->c.problem.work_len = work_len(p);
  *out = &p->c.problem;
  return SPO_OK;
}

/* ---- the model ------------------------------------------------------------------------------- */

/* 0F1(; b; z) by its series: all terms are positive, so it keeps its relative accuracy; the factor
 * that keeps it finite goes into the logarithm. */
double spo_tied_ce_limit(double dim, double alpha) {
  if (!(dim >= 1.0 && alpha > 0.0 && alpha <= 1e9))
    return NAN;
  const double b = 0.5 * dim, z = 0.25 * alpha * alpha;
  double term = 1.0, sum = 1.0, log_scale = 0.0;
  for (double k = 0.0; term > 0x1p-60 * sum || z > (b + k) * (k + 1.0); k += 1.0) {
    term *= z / ((b + k) * (k + 1.0));
    sum += term;
    if (sum > 0x1p900) {
      sum *= 0x1p-900;
      term *= 0x1p-900;
      log_scale += 900.0 * 0.693147180559945309417232121458;
    }
  }
  return log(sum) + (log_scale - alpha);
}

static spo_status create(const void *params, spo_problem **out, spo_error *err) {
  return spo_tied_ce_create(params, out, err);
}

static void describe(const spo_problem *P, void *params) {
  const tied *p = P->self;
  spo_tied_ce_params *q = params;
  spo_tied_ce_params_init(q);
  q->points = p->c.n;
  q->dim = p->c.d;
  q->alpha = p->alpha;
}

/* sum_i log Z_i at x; room: n doubles and what the callbacks get */
static double value_at(const tied *p, const double *x, double *room) {
  double f = 0.0;
  sums(p, x, room, NULL, room + p->c.n);
  for (size_t i = 0; i < p->c.n; i++)
    f += log1p(room[i]);
  return f;
}

static spo_status metrics(const spo_problem *P, const double *x, double *value, spo_error *err) {
  const tied *p = P->self;
  const size_t d = p->c.d, n = p->c.n;
  double *room = spo_block_alloc((n + work_len(p)) * sizeof *room);
  if (!room)
    return spo_fail(err, SPO_E_NOMEM, "tied-ce", "no memory for the metrics");
  const double f = value_at(p, x, room);
  spo_block_free(room);
  value[2] = spo_configuration_min_angle(d, n, x);
  value[3] = f / (double)n - log((double)n) - spo_tied_ce_limit((double)d, p->alpha);
  spo_status status = spo_configuration_etf_defect(d, n, x, &value[0], err);
  if (status == SPO_OK)
    status = spo_configuration_frame_potential(d, n, x, &value[1], err);
  if (status == SPO_OK)
    status = spo_configuration_discrepancy(d, n, x, &value[4], err);
  if (status == SPO_OK)
    status = spo_configuration_uniformity(d, n, x, &value[5], err);
  return status;
}

static const char *const samples[] = {"--points 6 --dim 5 --alpha 2", "--points 12 --dim 3",
                                      "--points 2 --dim 2 --alpha 0.5",
                                      "--points 7 --dim 2 --alpha 3", NULL};
static const char *const metric_names[] = {"etf_defect", "frame_potential", "min_angle",
                                           "limit_gap",  "discrepancy",     "uniformity"};

static const spo_model_ops model = {
    .size = sizeof(spo_model_ops),
    .name = "tied-ce",
    .summary = "cross-entropy of points that are their own classifiers",
    .reference = "Lu, Steinerberger 2020, arXiv:2012.08465",
    .manifold = "oblique(dim, points)",
    .theorem = "simplex ETF, dim >= points - 1: Lu, Steinerberger 2020, theorem 1",
    .params_size = sizeof(spo_tied_ce_params),
    .n_params = N_PARAMS,
    .param = table,
    .sample = samples,
    .n_points = SPO_CONFIGURATION_POINTS,
    .point = spo_configuration_point,
    .n_metrics = sizeof metric_names / sizeof metric_names[0],
    .metric = metric_names,
    .create = create,
    .describe = describe,
    .parts = spo_configuration_parts,
    .metrics = metrics,
    .products = {1, 2, 8},
};

const spo_model_ops *spo_tied_ce(void) {
  return &model;
}
