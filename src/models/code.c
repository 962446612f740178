/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Spherical codes. Memo: G, column k of the terms that hang on h_k. */
#include <spheropt/models/code.h>

#include <float.h>
#include <limits.h>
#include <math.h>

#include <spheropt/models/generalised_collapse.h>

#include "base/blas.h"
#include "base/memory.h"
#include "base/take.h"
#include "base/vec.h"
#include "models/configuration.h"
#include "models/minimax.h"

static const spo_code_kind tammes = SPO_CODE_TAMMES, softmax = SPO_CODE_SOFTMAX;
static const spo_choice kinds[] = {
    {"tammes", "the largest inner product of two points", &tammes},
    {"softmax", "the margin of each point from the hull of the others", &softmax},
    {NULL, NULL, NULL},
};

static const spo_option table[] = {
    SPO_CONFIGURATION_OPTIONS(spo_code_params, 12, 3),
    {"kind", "what is made extreme", "", offsetof(spo_code_params, kind), SPO_OPTION_CHOICE, 0, 1,
     0, 0, kinds, 0},
    {"sharpness", "p: f is within log(terms)/p of the largest term", "",
     offsetof(spo_code_params, sharpness), SPO_OPTION_DOUBLE, 0, 1e5, 20, SPO_OPEN_LO, NULL, 0},
};
enum { N_PARAMS = sizeof table / sizeof table[0] };

typedef struct code {
  spo_configuration c; /* first */
  bool tied;           /* tammes: each point is its own direction */
  const void *kind;
  double p;
} code;

/* Inner products of unit vectors carry a few eps, whatever f is: it may be 0. */
static const double noise = 1e2 * DBL_EPSILON;

static const double *directions(const code *q, const double *x) {
  return q->tied ? x : x + q->c.n * q->c.d;
}

/* M_jk = scale <w_j, h_k> */
static void products(const code *q, const double *W, const double *H, double beta, double *M) {
  const size_t d = q->c.d, n = q->c.n;
  spo_gemm('T', 'N', n, n, d, 1.0, W, d, H, d, beta, M, n);
}

/* The largest term; M becomes the terms, the diagonal what exp turns into 0. */
static double terms(const code *q, double *M) {
  const size_t n = q->c.n;
  double most = -INFINITY;
  for (size_t k = 0; k < n; k++) {
    double *column = M + k * n;
    const double own = q->tied ? 0.0 : column[k];
    column[k] = -INFINITY;
    for (size_t j = 0; j < n; j++) {
      column[j] -= own;
      most = column[j] <= most ? most : column[j]; /* NaN wins, and stays in the sum */
    }
  }
  return most;
}

static int cost(void *self, const double *x, double *f, double *memo, double *work) {
  (void)work;
  const code *q = self;
  const size_t n = q->c.n;
  products(q, x, directions(q, x), 0.0, memo);
  const double most = terms(q, memo);
  for (size_t i = 0; i < n * n; i++)
    memo[i] = q->p * (memo[i] - most);
  spo_vec_exp(n * n, memo, memo);
  const double sum = spo_vec_sum(n * n, memo);
  spo_vec_scale(n * n, 1.0 / sum, memo);
  for (size_t k = 0; k < n && !q->tied; k++)
    memo[k * n + k] = -spo_vec_sum(n, memo + k * n);
  *f = most + log(q->tied ? 0.5 * sum : sum) / q->p; /* tied: each pair counted twice */
  return 0;
}

/* (g_W, g_H) += (H G^T, W G), the sum of both when tied */
static void apply(const code *q, const double *G, const double *W, const double *H, double beta,
                  double *g) {
  const size_t d = q->c.d, n = q->c.n;
  spo_gemm('N', 'T', d, n, n, 1.0, H, d, G, n, beta, g, d);
  spo_gemm('N', 'N', d, n, n, 1.0, W, d, G, n, q->tied ? 1.0 : beta, q->tied ? g : g + d * n, d);
}

static int egrad(void *self, const double *x, double *g, double *memo, double *work) {
  (void)work;
  const code *q = self;
  apply(q, memo, x, directions(q, x), 0.0, g);
  return 0;
}

static int ehess(void *self, const double *x, const double *v, double *hv, const double *memo,
                 double *work) {
  const code *q = self;
  const size_t n = q->c.n;
  const double *H = directions(q, x), *DH = directions(q, v);
  double *Gdot = work, mean = 0.0;
  products(q, v, H, 0.0, Gdot);
  products(q, x, DH, 1.0, Gdot);
  for (size_t k = 0; k < n; k++) {
    double *column = Gdot + k * n;
    const double own = q->tied ? 0.0 : column[k];
    for (size_t j = 0; j < n; j++)
      column[j] -= own;
    column[k] = 0.0;
    mean += spo_vec_dot(n, column, memo + k * n);
  }
  for (size_t k = 0; k < n; k++) {
    double *column = Gdot + k * n;
    for (size_t j = 0; j < n; j++)
      column[j] = q->p * memo[k * n + j] * (column[j] - mean);
    column[k] = 0.0;
    if (!q->tied)
      column[k] = -spo_vec_sum(n, column);
  }
  apply(q, memo, v, DH, 0.0, hv);
  apply(q, Gdot, x, H, 1.0, hv);
  return 0;
}

/* pi sums to one: gradients are averages of unit vectors. */
static int scale(void *self, const double *x, double f, const double *memo, double *f_noise,
                 double *grad_scale) {
  (void)self, (void)x, (void)memo;
  *f_noise = noise * (1.0 + fabs(f));
  *grad_scale = 1.0;
  return 0;
}

typedef struct term {
  double p, most;
} term;

static double term_value(double cosine, const void *self) {
  const term *t = self;
  return exp(t->p * (cosine - t->most));
}

static int known_minimum(void *self, double *f_star, const char **theorem) {
  const code *q = self;
  const double n = (double)q->c.n;
  spo_known_code known;
  if (!q->tied) {
    if (q->c.d + 1 < q->c.n)
      return 1;
    *f_star = -n / (n - 1.0) + log(n * (n - 1.0)) / q->p;
    *theorem = "simplex ETF, dim >= points - 1: two Jensen steps, doc/ufm.md";
    return 0;
  }
  if (!spo_known_code_find(q->c.d, q->c.n, &known))
    return 1;
  term t = {q->p, known.angles > 0 ? known.cosine[known.angles - 1]
                                   : cos(2.0 * 3.14159265358979323846 / n)};
  const double sum = spo_known_code_sum(&known, q->c.n, term_value, &t);
  *f_star = t.most + log(0.5 * n * sum) / q->p;
  *theorem = "universally optimal code: Cohn, Kumar 2007, theorem 1.2";
  return 0;
}

static const spo_problem_ops problem_ops = {
    .size = sizeof(spo_problem_ops),
    .cost = cost,
    .egrad = egrad,
    .ehess = ehess,
    .scale = scale,
    .known_minimum = known_minimum,
    .symmetry = &spo_configuration_symmetry,
    .destroy = spo_configuration_destroy,
};

void spo_code_params_init(spo_code_params *params) {
  spo_options_init(table, N_PARAMS, params, sizeof *params);
}

spo_status spo_code_create(const spo_code_params *params, spo_problem **out, spo_error *err) {
  *out = NULL;
  code *q = NULL;
  spo_code_params given;
  spo_status status = spo_options_take(table, N_PARAMS, params, &given, sizeof given, err);
  if (status == SPO_OK && spo_size_mul(given.points, given.points) > INT_MAX)
    status = spo_fail(err, SPO_E_DIM, __func__, "points: %zu given, their pairs are too many",
                      (size_t)given.points);
  if (status != SPO_OK)
    return status;
  const bool tied = *(const spo_code_kind *)given.kind == SPO_CODE_TAMMES;
  status = spo_configuration_create(sizeof *q, &problem_ops, "code", given.points, given.dim,
                                    tied ? 1 : 2, &q, err);
  if (status != SPO_OK)
    return status;
  q->tied = tied;
  q->kind = given.kind;
  q->p = given.sharpness;
  q->c.problem.memo_len = q->c.problem.work_len = q->c.n * q->c.n;
  *out = &q->c.problem;
  return SPO_OK;
}

/* ---- the exact minimax ----------------------------------------------------------------------- */

static size_t list_terms(const code *q, spo_minimax_term *list) {
  const size_t n = q->c.n;
  size_t m = 0;
  for (size_t k = 0; k < n; k++)
    for (size_t j = 0; j < n; j++)
      if (q->tied ? j < k : j != k)
        list[m++] = q->tied ? (spo_minimax_term){j, k, SIZE_MAX} : (spo_minimax_term){j, n + k, k};
  return m;
}

static spo_minimax_term *new_list(size_t n, spo_error *err) {
  spo_minimax_term *list = spo_block_alloc(spo_size_mul(n * n, sizeof *list));
  if (!list)
    spo_fail(err, SPO_E_NOMEM, "spo_code", "no memory for %zu terms", n * n);
  return list;
}

spo_status spo_code_polish(const spo_problem *P, double *x, double *value, spo_error *err) {
  if (P->ops != &problem_ops)
    return spo_fail(err, SPO_E_ARG, __func__, "not a problem of the model code");
  const code *q = P->self;
  const size_t coordinates = q->c.vectors * q->c.d, n = q->c.n;
  if (coordinates > SPO_MINIMAX_MOST)
    return spo_fail(err, SPO_E_UNSUPPORTED, __func__,
                    "%zu coordinates: the exact minimax is solved for at most %d", coordinates,
                    SPO_MINIMAX_MOST);
  spo_minimax_term *list = new_list(n, err);
  if (!list)
    return SPO_E_NOMEM;
  const spo_minimax m = {q->c.d, q->c.vectors, list_terms(q, list), list};
  const spo_status status = spo_minimax_polish(&m, 1.0 / q->p, x, err);
  if (value)
    *value = spo_minimax_value(&m, x);
  spo_block_free(list);
  return status;
}

static spo_status largest_term(const spo_problem *P, const double *x, double *value,
                               spo_error *err) {
  const code *q = P->self;
  spo_minimax_term *list = new_list(q->c.n, err);
  if (!list)
    return SPO_E_NOMEM;
  const spo_minimax m = {q->c.d, q->c.vectors, list_terms(q, list), list};
  *value = spo_minimax_value(&m, x);
  spo_block_free(list);
  return SPO_OK;
}

/* ---- the model ------------------------------------------------------------------------------- */

static spo_status create(const void *params, spo_problem **out, spo_error *err) {
  return spo_code_create(params, out, err);
}

static void describe(const spo_problem *P, void *params) {
  const code *q = P->self;
  spo_code_params *given = params;
  spo_code_params_init(given);
  given->points = q->c.n;
  given->dim = q->c.d;
  given->kind = q->kind;
  given->sharpness = q->p;
}

static size_t parts(const spo_problem *P, spo_part part[SPO_MODEL_MAX_PARTS]) {
  const code *q = P->self;
  const size_t n = q->c.n, d = q->c.d;
  part[0] = (spo_part){q->tied ? "X" : "W", n, d, 0};
  part[1] = (spo_part){"H", n, d, n * d};
  return q->tied ? 1 : 2;
}

static spo_status metrics(const spo_problem *P, const double *x, double *value, spo_error *err) {
  const code *q = P->self;
  value[0] = spo_configuration_min_angle(q->c.d, q->c.n, x);
  value[1] = spo_configuration_max_cosine(q->c.d, q->c.n, x);
  return spo_one_versus_rest(q->c.d, q->c.n, x, &value[2], err);
}

static spo_status finish(const spo_problem *P, double *x, spo_error *err) {
  double value;
  const spo_status status = spo_code_polish(P, x, &value, err);
  if (status == SPO_OK)
    spo_fail(err, SPO_OK, "spo_code",
             "the minimax itself was solved from there: largest term %.15g; the gradient above is "
             "that of the smooth cost",
             value);
  return status;
}

static const char *const samples[] = {"--points 12 --dim 3", "--points 7 --dim 3 --sharpness 10",
                                      "--points 4 --dim 3 --kind softmax --sharpness 5",
                                      "--points 6 --dim 2 --kind softmax --sharpness 8", NULL};
static const char *const metric_names[] = {"min_angle", "max_cosine", "margin"};

static const spo_model_ops model = {
    .size = sizeof(spo_model_ops),
    .name = "code",
    .summary = "spherical codes: largest smallest angle (Tammes), largest margin (softmax code)",
    .reference = "Cohn, Kumar 2007; Jiang et al. 2023, arXiv:2310.05351",
    .manifold = "oblique(dim, points); softmax: oblique(dim, 2 points)",
    .theorem = "tammes: universally optimal code with so many points: Cohn, Kumar 2007, theorem "
               "1.2; softmax: simplex ETF, dim >= points - 1: two Jensen steps, doc/ufm.md",
    .params_size = sizeof(spo_code_params),
    .n_params = N_PARAMS,
    .param = table,
    .sample = samples,
    .n_points = SPO_CONFIGURATION_POINTS,
    .point = spo_configuration_point,
    .n_metrics = 3,
    .metric = metric_names,
    .create = create,
    .describe = describe,
    .parts = parts,
    .metrics = metrics,
    .products = {1, 2, 6},
    .finish = finish,
    .finish_value = largest_term,
};

const spo_model_ops *spo_code(void) {
  return &model;
}
