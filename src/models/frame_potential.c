/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The frame potential. A place keeps the smaller of X X^T and X^T X. */
#include <spheropt/models/frame_potential.h>

#include <float.h>
#include <math.h>

#include "base/blas.h"
#include "base/memory.h"
#include "base/take.h"
#include "base/vec.h"
#include "models/configuration.h"

static const spo_option table[] = {SPO_CONFIGURATION_OPTIONS(spo_frame_potential_params, 10, 3)};
enum { N_PARAMS = sizeof table / sizeof table[0] };

/* Sums of squares: n d products in each entry. */
static const double relative_noise = 1e2 * DBL_EPSILON;

/* X X^T, of order d, or X^T X, of order n? */
static bool outer(const spo_configuration *c) {
  return c->d <= c->n;
}

static size_t order(const spo_configuration *c) {
  return outer(c) ? c->d : c->n;
}

/* T = A B^T, or A^T B */
static void moment(const spo_configuration *c, const double *A, const double *B, double *T) {
  const size_t d = c->d, n = c->n;
  if (outer(c))
    spo_gemm('N', 'T', d, d, n, 1.0, A, d, B, d, 0.0, T, d);
  else
    spo_gemm('T', 'N', n, n, d, 1.0, A, d, B, d, 0.0, T, n);
}

/* Y = 4 T X + beta Y, or 4 X T */
static void multiply(const spo_configuration *c, const double *T, const double *X, double beta,
                     double *Y) {
  const size_t d = c->d, n = c->n;
  if (outer(c))
    spo_gemm('N', 'N', d, n, d, 4.0, T, d, X, d, beta, Y, d);
  else
    spo_gemm('N', 'N', d, n, n, 4.0, X, d, T, n, beta, Y, d);
}

static int cost(void *self, const double *x, double *f, double *memo, double *work) {
  (void)work;
  const spo_configuration *c = self;
  const size_t m = order(c);
  moment(c, x, x, memo);
  *f = spo_vec_dot(m * m, memo, memo);
  return 0;
}

static int egrad(void *self, const double *x, double *g, double *memo, double *work) {
  (void)work;
  multiply(self, memo, x, 0.0, g);
  return 0;
}

static int ehess(void *self, const double *x, const double *v, double *hv, const double *memo,
                 double *work) {
  const spo_configuration *c = self;
  const size_t m = order(c);
  moment(c, v, x, work);
  for (size_t b = 0; b < m; b++)
    for (size_t a = 0; a <= b; a++)
      work[b * m + a] = work[a * m + b] = work[b * m + a] + work[a * m + b];
  multiply(c, memo, v, 0.0, hv);
  multiply(c, work, x, 1.0, hv);
  return 0;
}

/* The Euclidean gradient at a minimum: 4 max(1, n/d) X. */
static int scale(void *self, const double *x, double f, const double *memo, double *f_noise,
                 double *grad_scale) {
  (void)x, (void)memo;
  const spo_configuration *c = self;
  const double n = (double)c->n;
  *f_noise = relative_noise * fabs(f);
  *grad_scale = 4.0 * fmax(1.0, n / (double)c->d) * sqrt(n);
  return 0;
}

static int known_minimum(void *self, double *f_star, const char **theorem) {
  const spo_configuration *c = self;
  const double n = (double)c->n;
  *f_star = fmax(n, n * n / (double)c->d);
  *theorem = c->n <= c->d ? "orthonormal vectors: Benedetto, Fickus 2003, theorem 7.1"
                          : "tight frames: Benedetto, Fickus 2003, theorem 7.1";
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

void spo_frame_potential_params_init(spo_frame_potential_params *params) {
  spo_options_init(table, N_PARAMS, params, sizeof *params);
}

spo_status spo_frame_potential_create(const spo_frame_potential_params *params, spo_problem **out,
                                      spo_error *err) {
  *out = NULL;
  spo_configuration *c = NULL;
  spo_frame_potential_params given;
  spo_status status = spo_options_take(table, N_PARAMS, params, &given, sizeof given, err);
  if (status == SPO_OK)
    status = spo_configuration_create(sizeof *c, &problem_ops, "frame-potential", given.points,
                                      given.dim, 1, &c, err);
  if (status != SPO_OK)
    return status;
  c->problem.memo_len = c->problem.work_len = order(c) * order(c);
  *out = &c->problem;
  return SPO_OK;
}

/* ---- the model ------------------------------------------------------------------------------- */

static spo_status create(const void *params, spo_problem **out, spo_error *err) {
  return spo_frame_potential_create(params, out, err);
}

static void describe(const spo_problem *P, void *params) {
  const spo_configuration *c = P->self;
  spo_frame_potential_params *p = params;
  spo_frame_potential_params_init(p);
  p->points = c->n;
  p->dim = c->d;
}

static spo_status metrics(const spo_problem *P, const double *x, double *value, spo_error *err) {
  const spo_configuration *c = P->self;
  const size_t m = order(c);
  const double due = (double)c->n / (double)m; /* T's diagonal at the minimum */
  double *T = spo_block_alloc(m * m * sizeof *T);
  if (!T)
    return spo_fail(err, SPO_E_NOMEM, "frame-potential", "no memory for the metrics");
  moment(c, x, x, T);
  value[1] = spo_vec_dot(m * m, T, T);
  for (size_t a = 0; a < m; a++)
    T[a * m + a] -= due;
  value[0] = spo_vec_norm(m * m, T) / (due * sqrt((double)m));
  value[2] = spo_configuration_min_angle(c->d, c->n, x);
  spo_block_free(T);
  return SPO_OK;
}

static const char *const samples[] = {"--points 7 --dim 3", "--points 5 --dim 3",
                                      "--points 4 --dim 6", "--points 5 --dim 5", NULL};
static const char *const metric_names[] = {"tight_defect", "frame_potential", "min_angle"};

static const spo_model_ops model = {
    .size = sizeof(spo_model_ops),
    .name = "frame-potential",
    .summary = "frame potential of unit vectors: tight frames",
    .reference = "Benedetto, Fickus 2003",
    .manifold = "oblique(dim, points)",
    .theorem = "orthonormal vectors, points <= dim, or tight frames, points > dim: Benedetto, "
               "Fickus 2003, theorem 7.1",
    .params_size = sizeof(spo_frame_potential_params),
    .n_params = N_PARAMS,
    .param = table,
    .sample = samples,
    .n_points = SPO_CONFIGURATION_POINTS,
    .point = spo_configuration_point,
    .n_metrics = 3,
    .metric = metric_names,
    .create = create,
    .describe = describe,
    .parts = spo_configuration_parts,
    .metrics = metrics,
    .products = {1, 1, 3},
};

const spo_model_ops *spo_frame_potential(void) {
  return &model;
}
