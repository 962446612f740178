/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Riesz energies. Memo: the tiles of S. */
#include <spheropt/models/riesz.h>

#include <float.h>
#include <math.h>

#include "base/simd.h"
#include "base/take.h"
#include "base/vec.h"
#include "models/configuration.h"
#include "models/pairs.h"

static const spo_option table[] = {
    SPO_CONFIGURATION_OPTIONS(spo_riesz_params, 12, 3),
    {"power", "s of |x_i - x_j|^-s; 0: -log |x_i - x_j|", "", offsetof(spo_riesz_params, power),
     SPO_OPTION_DOUBLE, 0, 1000, 1, 0, NULL, 0},
};
enum { N_PARAMS = sizeof table / sizeof table[0] };

typedef struct riesz {
  spo_configuration c; /* first */
  spo_pairs pairs;
  double s;
} riesz;

/* A term's rounding is (1 + s) eps of itself, 500 times as much from |x_i - x_j|^2 at worst. */
static const double relative_noise = 1e3 * DBL_EPSILON;

/* |x_i - x_j|^2 of the tile; self becomes 1 */
static void make_squares(const riesz *p, const spo_pair_tile *t, const double *x, double *rho) {
  spo_pairs_squares(&p->pairs, t, x, rho);
  spo_pairs_set_self(t, 1.0, rho);
}

SPO_KERNEL static void coulomb(size_t len, double *rho, double *e) {
  for (size_t i = 0; i < len; i++) {
    e[i] = 1.0 / sqrt(rho[i]);
    rho[i] = e[i] * e[i] * e[i];
  }
}

/* S = factor e / rho */
SPO_KERNEL static void slopes(size_t len, double factor, const double *e, double *rho) {
  for (size_t i = 0; i < len; i++)
    rho[i] = factor * e[i] / rho[i];
}

SPO_KERNEL static void invert(size_t len, double *rho) {
  for (size_t i = 0; i < len; i++)
    rho[i] = 1.0 / rho[i];
}

/* rho becomes S; e out: the energies */
static void make_slopes(const riesz *p, size_t len, double *rho, double *e) {
  if (p->s == 1.0) {
    coulomb(len, rho, e);
    return;
  }
  spo_vec_log(len, rho, e);
  if (p->s == 0.0) {
    spo_vec_scale(len, -0.5, e);
    invert(len, rho);
    return;
  }
  spo_vec_scale(len, -0.5 * p->s, e);
  spo_vec_exp(len, e, e);
  slopes(len, p->s, e, rho);
}

/* S of the tile into `room`, its energy returned; `e` a second tile */
static double make_tile(const riesz *p, const spo_pair_tile *t, const double *x, double *room,
                        double *e) {
  const size_t len = t->bi * t->bj;
  make_squares(p, t, x, room);
  make_slopes(p, len, room, e);
  spo_pairs_set_self(t, 0.0, room);
  spo_pairs_set_self(t, 0.0, e);
  return (t->i == t->j ? 0.5 : 1.0) * spo_vec_sum(len, e);
}

static double *kept_tile(const spo_pair_tile *t, const double *memo) {
  return (double *)memo + t->offset;
}

static const double *tile_of(const riesz *p, const spo_pair_tile *t, const double *x,
                             const double *memo, double *room) {
  if (p->pairs.keep)
    return kept_tile(t, memo);
  make_tile(p, t, x, room, room + spo_pairs_tile_len(&p->pairs));
  return room;
}

static int cost(void *self, const double *x, double *f, double *memo, double *work) {
  const riesz *p = self;
  const size_t len = spo_pairs_tile_len(&p->pairs);
  *f = 0.0;
  SPO_EACH_TILE(p->pairs, t)
  *f += make_tile(p, &t, x, p->pairs.keep ? kept_tile(&t, memo) : work, work + len);
  return isfinite(*f) ? 0 : 1; /* two points in one place, or as good as that */
}

static int egrad(void *self, const double *x, double *g, double *memo, double *work) {
  const riesz *p = self;
  spo_vec_zero(p->c.n * p->c.d, g);
  SPO_EACH_TILE(p->pairs, t)
  spo_pairs_apply(&p->pairs, &t, 1.0, tile_of(p, &t, x, memo, work), x, g);
  return 0;
}

/* One pass over the tiles for both. */
static int cost_egrad(void *self, const double *x, double *f, double *g, double *memo,
                      double *work) {
  const riesz *p = self;
  const size_t len = spo_pairs_tile_len(&p->pairs);
  *f = 0.0;
  spo_vec_zero(p->c.n * p->c.d, g);
  SPO_EACH_TILE(p->pairs, t) {
    double *S = p->pairs.keep ? kept_tile(&t, memo) : work;
    *f += make_tile(p, &t, x, S, work + len);
    spo_pairs_apply(&p->pairs, &t, 1.0, S, x, g);
  }
  return isfinite(*f) ? 0 : 1;
}

/* C <- factor (S / rho) C */
SPO_KERNEL static void curve(size_t len, double factor, const double *S, const double *rho,
                             double *C) {
  for (size_t i = 0; i < len; i++)
    C[i] *= factor * S[i] / rho[i];
}

static int ehess(void *self, const double *x, const double *v, double *hv, const double *memo,
                 double *work) {
  const riesz *p = self;
  const size_t len = spo_pairs_tile_len(&p->pairs);
  double *rho = work + len, *C = rho + len;
  spo_vec_zero(p->c.n * p->c.d, hv);
  SPO_EACH_TILE(p->pairs, t) {
    const double *S = tile_of(p, &t, x, memo, work);
    make_squares(p, &t, x, rho);
    spo_pairs_cross(&p->pairs, &t, 1.0, x, v, C);
    curve(t.bi * t.bj, p->s + 2.0, S, rho, C);
    spo_pairs_apply(&p->pairs, &t, 1.0, S, v, hv);
    spo_pairs_apply(&p->pairs, &t, 1.0, C, x, hv);
  }
  return 0;
}

/* The slope along x_i is sum_j s |x_i - x_j|^-s / 2 for each of the n points; s = 0: (n - 1)/2. */
static int scale(void *self, const double *x, double f, const double *memo, double *f_noise,
                 double *grad_scale) {
  (void)x, (void)memo;
  const riesz *p = self;
  const double n = (double)p->c.n, pairs = 0.5 * n * (n - 1.0);
  *f_noise = relative_noise * (1.0 + p->s) * (fabs(f) + (p->s == 0.0 ? pairs : 0.0));
  *grad_scale = (p->s == 0.0 ? pairs : p->s * f) / sqrt(n);
  return 0;
}

static double term(double cosine, const void *self) {
  const riesz *p = self;
  const double rho = 2.0 - 2.0 * cosine;
  return p->s == 0.0 ? -0.5 * log(rho) : pow(rho, -0.5 * p->s);
}

static int known_minimum(void *self, double *f_star, const char **theorem) {
  const riesz *p = self;
  spo_known_code code;
  if (!spo_known_code_find(p->c.d, p->c.n, &code))
    return 1;
  *f_star = 0.5 * (double)p->c.n * spo_known_code_sum(&code, p->c.n, term, p);
  *theorem = "universally optimal code: Cohn, Kumar 2007, theorem 1.2";
  return 0;
}

static const spo_problem_ops problem_ops = {
    .size = sizeof(spo_problem_ops),
    .cost = cost,
    .egrad = egrad,
    .cost_egrad = cost_egrad,
    .ehess = ehess,
    .scale = scale,
    .known_minimum = known_minimum,
    .symmetry = &spo_configuration_symmetry,
    .destroy = spo_configuration_destroy,
};

void spo_riesz_params_init(spo_riesz_params *params) {
  spo_options_init(table, N_PARAMS, params, sizeof *params);
}

spo_status spo_riesz_create(const spo_riesz_params *params, spo_problem **out, spo_error *err) {
  *out = NULL;
  riesz *p = NULL;
  spo_riesz_params given;
  spo_status status = spo_options_take(table, N_PARAMS, params, &given, sizeof given, err);
  if (status == SPO_OK)
    status = spo_configuration_create(sizeof *p, &problem_ops, "riesz", given.points, given.dim, 1,
                                      &p, err);
  if (status != SPO_OK)
    return status;
  p->s = given.power;
  p->pairs = spo_pairs_of(p->c.d, p->c.n);
  p->c.problem.memo_len = spo_pairs_kept_len(&p->pairs);
  p->c.problem.work_len = 3 * spo_pairs_tile_len(&p->pairs);
  *out = &p->c.problem;
  return SPO_OK;
}

/* ---- the model ------------------------------------------------------------------------------- */

static spo_status create(const void *params, spo_problem **out, spo_error *err) {
  return spo_riesz_create(params, out, err);
}

static void describe(const spo_problem *P, void *params) {
  const riesz *p = P->self;
  spo_riesz_params *q = params;
  spo_riesz_params_init(q);
  q->points = p->c.n;
  q->dim = p->c.d;
  q->power = p->s;
}

static spo_status metrics(const spo_problem *P, const double *x, double *value, spo_error *err) {
  const spo_configuration *c = P->self;
  value[0] = spo_configuration_min_angle(c->d, c->n, x);
  spo_status status = spo_configuration_discrepancy(c->d, c->n, x, &value[1], err);
  if (status == SPO_OK)
    status = spo_configuration_uniformity(c->d, c->n, x, &value[2], err);
  return status;
}

static const char *const samples[] = {"--points 12 --dim 3", "--points 7 --dim 3 --power 0",
                                      "--points 8 --dim 4 --power 2.5",
                                      "--points 2 --dim 2 --power 6", NULL};
static const char *const metric_names[] = {"min_angle", "discrepancy", "uniformity"};

static const spo_model_ops model = {
    .size = sizeof(spo_model_ops),
    .name = "riesz",
    .summary = "Riesz and logarithmic energy of points on a sphere (Thomson's problem)",
    .reference = "Hardin, Saff 2004; Cohn, Kumar 2007",
    .manifold = "oblique(dim, points)",
    .theorem = "universally optimal code with so many points in so many dimensions: Cohn, Kumar "
               "2007, theorem 1.2",
    .params_size = sizeof(spo_riesz_params),
    .n_params = N_PARAMS,
    .param = table,
    .sample = samples,
    .n_points = SPO_CONFIGURATION_SPREAD,
    .point = spo_configuration_point,
    .n_metrics = 3,
    .metric = metric_names,
    .create = create,
    .describe = describe,
    .parts = spo_configuration_parts,
    .metrics = metrics,
    .products = {1, 2, 7},
};

const spo_model_ops *spo_riesz(void) {
  return &model;
}
