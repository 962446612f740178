/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The feature model with squared loss from its parameters; named points and metrics. */
#include "models/mse_ufm_internal.h"

#include <gsl/gsl_randist.h>
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>

#include <spheropt/manifolds/euclidean.h>

#include "base/blas.h"
#include "base/memory.h"
#include "base/take.h"
#include "base/vec.h"
#include "models/simplex.h"

#define AT(member) offsetof(spo_mse_ufm_params, member)
static const spo_option table[] = {
    {"classes", "C, number of classes", "Mixon et al. 2020: 3", AT(classes), SPO_OPTION_UINT, 2,
     INT_MAX, 3, 0, NULL, 0},
    {"per-class", "N, samples in each class", "Mixon et al. 2020: 3", AT(per_class),
     SPO_OPTION_UINT, 1, INT_MAX, 3, 0, NULL, 0},
    {"dim", "p, feature dimension", "Mixon et al. 2020: 15", AT(dim), SPO_OPTION_UINT, 1, INT_MAX,
     15, 0, NULL, 0},
    {"start-size", "Frobenius length of W and of H in the start `small`", "", AT(start_size),
     SPO_OPTION_DOUBLE, 0, 1e70, 0.1, SPO_OPEN_LO, NULL, SPO_START_ONLY},
};
#undef AT
enum { N_PARAMS = sizeof table / sizeof table[0] };

void spo_mse_ufm_params_init(spo_mse_ufm_params *params) {
  spo_options_init(table, N_PARAMS, params, sizeof *params);
}

#define REFUSE(code, ...) spo_fail(err, code, "spo_mse_ufm_create", __VA_ARGS__)

spo_status spo_mse_ufm_create(const spo_mse_ufm_params *params, spo_problem **out, spo_error *err) {
  *out = NULL;
  spo_mse_ufm_params p;
  spo_status status = spo_options_take(table, N_PARAMS, params, &p, sizeof p, err);
  if (status != SPO_OK)
    return status;
  const size_t N = spo_size_mul(p.classes, p.per_class);
  const size_t points = spo_size_mul(p.dim, spo_size_add(p.classes, N));
  if (spo_size_add(points, p.classes) > INT_MAX || spo_size_mul(p.classes, N) > INT_MAX ||
      spo_size_mul(p.dim, p.dim) > INT_MAX)
    return REFUSE(SPO_E_DIM,
                  "classes %" PRIu64 ", per-class %" PRIu64 ", dim %" PRIu64
                  ": more numbers than BLAS can index (%d)",
                  p.classes, p.per_class, p.dim, INT_MAX);
  mse_ufm *u = spo_block_alloc(sizeof *u);
  if (!u)
    return REFUSE(SPO_E_NOMEM, "%zu bytes", sizeof *u);
  *u = (mse_ufm){.C = p.classes, .N = N, .p = p.dim, .n = (double)p.per_class, .params = p};
  status = spo_euclidean_create(points + p.classes, &u->manifold, err);
  u->problem = (spo_problem){.ops = &mse_problem_ops,
                             .name = "mse-ufm",
                             .self = u,
                             .manifold = u->manifold,
                             .memo_len = u->C * N,
                             .work_len = u->C * N};
  if (status == SPO_OK)
    *out = &u->problem;
  else
    mse_problem_ops.destroy(&u->problem);
  return status;
}

/* ---- named points ---------------------------------------------------------------------------- */

/* Normal numbers, scaled to length `size`. */
static void random_block(gsl_rng *rng, size_t count, double size, double *X) {
  for (size_t i = 0; i < count; i++)
    X[i] = gsl_ran_gaussian_ziggurat(rng, 1.0);
  spo_vec_scale(count, size / spo_vec_norm(count, X), X);
}

static spo_status build_small(const spo_problem *P, const char *arg, gsl_rng *rng, double *x,
                              spo_error *err) {
  (void)arg, (void)err;
  const mse_ufm *u = P->self;
  spo_vec_zero(P->manifold->n, x);
  random_block(rng, u->C * u->p, u->params.start_size, x);
  random_block(rng, u->N * u->p, u->params.start_size, x + u->C * u->p);
  return SPO_OK;
}

/* r of the C-1 singular directions of Y (I - 11^T/CN), all of size sqrt(n): coordinates of the
 * simplex, whose rows scaled by sqrt((C-1)/C) are an orthonormal basis of 1's complement. */
static spo_status build_rank(const mse_ufm *u, size_t r, double *x, spo_error *err) {
  const size_t C = u->C, p = u->p;
  double *basis = spo_block_alloc(spo_size_mul(C * C, sizeof *basis));
  if (!basis)
    return spo_fail(err, SPO_E_NOMEM, "spo_mse_ufm_point", "no memory for %zu classes", C);
  spo_simplex(C, C, basis);
  const double each = sqrt(((double)C - 1.0) / (double)C) * sqrt(sqrt(u->n));
  spo_vec_zero(u->problem.manifold->n, x);
  for (size_t k = 0; k < C; k++)
    spo_vec_axpy(r, each, basis + k * C, x + k * p);
  spo_block_free(basis);
  for (size_t i = 0; i < u->N; i++)
    spo_vec_axpy(p, 1.0 / sqrt(u->n), x + mse_label(u, i) * p, x + (C + i) * p);
  for (size_t k = 0; k < C; k++)
    x[(C + u->N) * p + k] = 1.0 / (double)C;
  return SPO_OK;
}

static spo_status build_trivial(const spo_problem *P, const char *arg, gsl_rng *rng, double *x,
                                spo_error *err) {
  (void)arg, (void)rng;
  return build_rank(P->self, 0, x, err);
}

static spo_status build_collapse(const spo_problem *P, const char *arg, gsl_rng *rng, double *x,
                                 spo_error *err) {
  (void)arg, (void)rng;
  const mse_ufm *u = P->self;
  if (u->p + 1 < u->C)
    return spo_fail(err, SPO_E_ARG, "spo_mse_ufm_point",
                    "collapse: needs dim at least %zu, here it is %zu", u->C - 1, u->p);
  return build_rank(u, u->C - 1, x, err);
}

static spo_status build_partial(const spo_problem *P, const char *arg, gsl_rng *rng, double *x,
                                spo_error *err) {
  (void)rng;
  const mse_ufm *u = P->self;
  const size_t most = u->p < u->C - 1 ? u->p : u->C - 1;
  char *end = NULL;
  const long rank = arg ? strtol(arg, &end, 10) : -1;
  if (!end || end == arg || *end != '\0' || rank < 0 || (size_t)rank > most)
    return spo_fail(err, SPO_E_ARG, "spo_mse_ufm_point",
                    "partial:R: \"%s\" is not a number of singular directions, 0 to %zu",
                    arg ? arg : "", most);
  return build_rank(u, (size_t)rank, x, err);
}

static const spo_named_point points[] = {
    {"small", NULL, "random directions, |W| = |H| = start-size, b = 0", build_small},
    {"trivial", NULL, "W = H = 0, b = 1/C: a saddle", build_trivial},
    {"collapse", NULL, "strong neural collapse: a global minimum", build_collapse},
    {"partial", "R", "R of the C-1 singular directions of collapse: a saddle for R < C-1",
     build_partial},
};

/* ---- the model ------------------------------------------------------------------------------- */

static spo_status create(const void *params, spo_problem **out, spo_error *err) {
  return spo_mse_ufm_create(params, out, err);
}

static void describe(const spo_problem *P, void *params) {
  *(spo_mse_ufm_params *)params = ((const mse_ufm *)P->self)->params;
}

static size_t parts(const spo_problem *P, spo_part part[SPO_MODEL_MAX_PARTS]) {
  const mse_ufm *u = P->self;
  part[0] = (spo_part){"W", u->C, u->p, 0};
  part[1] = (spo_part){"H", u->N, u->p, u->C * u->p};
  part[2] = (spo_part){"b", 1, u->C, (u->C + u->N) * u->p};
  return 3;
}

/* |W W^T - sqrt(n)(I - 11^T/C)|; gram: C x C */
static double collapse_error(const mse_ufm *u, const double *x, double *gram) {
  const size_t C = u->C;
  const double root = sqrt(u->n);
  spo_gemm('T', 'N', C, C, u->p, 1.0, x, u->p, x, u->p, 0.0, gram, C);
  for (size_t i = 0; i < C * C; i++)
    gram[i] -= root * ((i % (C + 1) == 0 ? 1.0 : 0.0) - 1.0 / (double)C);
  return spo_vec_norm(C * C, gram);
}

/* |H - (V tensor 1)^T/sqrt(n)| for C vectors V */
static double feature_error(const mse_ufm *u, const double *x, const double *V) {
  double square = 0.0;
  const double *H = mse_features(u, x);
  for (size_t i = 0; i < u->N; i++)
    for (size_t j = 0; j < u->p; j++) {
      const double off = H[i * u->p + j] - V[mse_label(u, i) * u->p + j] / sqrt(u->n);
      square += off * off;
    }
  return sqrt(square);
}

/* |x - P_S x|/|x|. H enters S as (W tensor 1)^T/sqrt(n), which is as long as W: the nearest W is
 * the centred mean of W and of what H says it is. V: C x p */
static double invariant_distance(const mse_ufm *u, const double *x, double *V) {
  const size_t C = u->C, p = u->p;
  const double *b = mse_bias(u, x), whole = spo_vec_norm(u->problem.manifold->n, x);
  double square = 0.0, mean = 0.0;
  for (size_t i = 0; i < C * p; i++)
    V[i] = 0.5 * x[i];
  for (size_t i = 0; i < u->N; i++)
    spo_vec_axpy(p, 0.5 / sqrt(u->n), mse_features(u, x) + i * p, V + mse_label(u, i) * p);
  for (size_t j = 0; j < p; j++) {
    double centre = 0.0;
    for (size_t k = 0; k < C; k++)
      centre += V[k * p + j] / (double)C;
    for (size_t k = 0; k < C; k++)
      V[k * p + j] -= centre;
  }
  for (size_t i = 0; i < C * p; i++)
    square += (x[i] - V[i]) * (x[i] - V[i]);
  for (size_t k = 0; k < C; k++)
    mean += b[k] / (double)C;
  for (size_t k = 0; k < C; k++)
    square += (b[k] - mean) * (b[k] - mean);
  return hypot(sqrt(square), feature_error(u, x, V)) / whole;
}

/* D = W^T W - H H^T, p x p: what gradient flow conserves */
static void flow_invariant(const mse_ufm *u, const double *x, double *D) {
  const size_t p = u->p;
  spo_gemm('N', 'T', p, p, u->C, 1.0, x, p, x, p, 0.0, D, p);
  spo_gemm('N', 'T', p, p, u->N, -1.0, mse_features(u, x), p, mse_features(u, x), p, 1.0, D, p);
}

enum { FLOW_DRIFT = 4 };

static spo_status metrics(const spo_problem *P, const double *x, double *value, spo_error *err) {
  const mse_ufm *u = P->self;
  const size_t C = u->C, p = u->p, most = C > p ? C : p;
  double *room = spo_block_alloc(spo_size_mul(most * most, sizeof *room));
  if (!room)
    return spo_fail(err, SPO_E_NOMEM, "mse-ufm", "no memory for %zu x %zu numbers", most, most);
  double off = 0.0;
  for (size_t k = 0; k < C; k++)
    off = hypot(off, mse_bias(u, x)[k] - 1.0 / (double)C);
  const double length = spo_vec_norm(u->N * p, mse_features(u, x));
  value[0] = collapse_error(u, x, room);
  value[1] = length > 0.0 ? feature_error(u, x, x) / length : NAN;
  value[2] = off;
  value[3] = invariant_distance(u, x, room);
  value[FLOW_DRIFT] = NAN; /* a point alone has none */
  spo_block_free(room);
  return SPO_OK;
}

static spo_status metrics_since(const spo_problem *P, const double *start, const double *x,
                                double *value, spo_error *err) {
  const mse_ufm *u = P->self;
  const size_t square = u->p * u->p;
  double *D = spo_block_alloc(spo_size_mul(2 * square, sizeof *D));
  if (!D)
    return spo_fail(err, SPO_E_NOMEM, "mse-ufm", "no memory for 2 x %zu numbers", square);
  flow_invariant(u, start, D);
  flow_invariant(u, x, D + square);
  spo_vec_axpy(square, -1.0, D, D + square);
  value[FLOW_DRIFT] = spo_vec_norm(square, D + square);
  spo_block_free(D);
  return SPO_OK;
}

static const char *default_start(const spo_problem *P) {
  (void)P;
  return "small";
}

static const char *const samples[] = {
    "--classes 4 --per-class 2 --dim 3", "--classes 3 --per-class 3 --dim 15",
    "--classes 5 --per-class 3 --dim 2", "--classes 2 --per-class 1 --dim 1", NULL};
static const char *const metric_names[] = {"e1", "e2", "e3", "invariant_distance", "flow_drift"};

static const spo_model_ops model = {
    .size = sizeof(spo_model_ops),
    .name = "mse-ufm",
    .summary = "unconstrained feature model with squared loss: collapse from small starts",
    .reference = "Mixon, Parshall, Pi 2020, arXiv:2011.11619",
    .manifold = "euclidean(p (C + C N) + C)",
    .theorem =
        "interpolation, p >= C-1: Mixon et al. 2020; best approximation of rank p: Eckart, Young",
    .params_size = sizeof(spo_mse_ufm_params),
    .n_params = N_PARAMS,
    .param = table,
    .sample = samples,
    .n_points = sizeof points / sizeof points[0],
    .point = points,
    .n_metrics = sizeof metric_names / sizeof metric_names[0],
    .metric = metric_names,
    .create = create,
    .describe = describe,
    .parts = parts,
    .metrics = metrics,
    .default_start = default_start,
    .products = {1, 2, 6},
    .metrics_since = metrics_since,
};

const spo_model_ops *spo_mse_ufm(void) {
  return &model;
}
