/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The Brockett cost on the Stiefel manifold. A place keeps A X. */
#include <spheropt/models/brockett.h>

#include <float.h>
#include <math.h>

#include "base/memory.h"
#include "base/vec.h"
#include "models/symmetric.h"

static const spo_stiefel_retraction polar = SPO_STIEFEL_POLAR, qr = SPO_STIEFEL_QR;
static const spo_choice retractions[] = {
    {"polar", "second order", &polar},
    {"qr", "first order, cheaper", &qr},
    {NULL, NULL, NULL},
};

#define AT(member) offsetof(spo_brockett_params, member)
static const spo_option table[] = {
    {"size", "order of a random symmetric matrix; not given: of matrix, else 10", "", AT(n),
     SPO_OPTION_UINT, 2, 46340, 0, 0, NULL, 0},
    {"columns", "p, orthonormal vectors", "", AT(columns), SPO_OPTION_UINT, 1, 46340, 3, 0, NULL,
     0},
    {"seed", "of the random matrix; the run's own", "", AT(seed), SPO_OPTION_UINT, 0, 0x1p53, 0, 0,
     NULL, 0},
    {"matrix", "a symmetric matrix", "", AT(matrix), SPO_OPTION_MATRIX, 0, 0, 0, 0, NULL, 0},
    {"retraction", "of the Stiefel manifold", "", AT(retraction), SPO_OPTION_CHOICE, 0, 1, 0, 0,
     retractions, 0},
};
#undef AT
enum { N_PARAMS = sizeof table / sizeof table[0] };

typedef struct brockett {
  spo_problem problem;
  spo_symmetric S;
  size_t p;
  uint64_t seed;
  bool given;
  const void *retraction;
  spo_manifold *stiefel;
} brockett;

static const double relative_noise = 1e2 * DBL_EPSILON; /* of sum_j mu_j |A| */

/* mu_j = p, p-1, ..., 1 */
static double weight(const brockett *b, size_t j) {
  return (double)(b->p - j);
}

static double total_weight(const brockett *b) {
  return 0.5 * (double)b->p * (double)(b->p + 1);
}

static int cost(void *self, const double *x, double *f, double *memo, double *work) {
  (void)work;
  const brockett *b = self;
  const size_t n = b->S.n;
  spo_symmetric_apply(&b->S, b->p, x, memo);
  *f = 0.0;
  for (size_t j = 0; j < b->p; j++)
    *f += weight(b, j) * spo_vec_dot(n, x + j * n, memo + j * n);
  return 0;
}

static void scale_columns(const brockett *b, const double *X, double *Y) {
  const size_t n = b->S.n;
  for (size_t j = 0; j < b->p; j++)
    for (size_t i = 0; i < n; i++)
      Y[j * n + i] = 2.0 * weight(b, j) * X[j * n + i];
}

static int egrad(void *self, const double *x, double *g, double *memo, double *work) {
  (void)x, (void)work;
  scale_columns(self, memo, g);
  return 0;
}

static int ehess(void *self, const double *x, const double *v, double *hv, const double *memo,
                 double *work) {
  (void)x, (void)memo, (void)work;
  const brockett *b = self;
  spo_symmetric_apply(&b->S, b->p, v, hv);
  scale_columns(b, hv, hv);
  return 0;
}

static int scale(void *self, const double *x, double f, const double *memo, double *f_noise,
                 double *grad_scale) {
  (void)x, (void)f, (void)memo;
  const brockett *b = self;
  *f_noise = relative_noise * total_weight(b) * b->S.norm;
  *grad_scale = 2.0 * (double)b->p * b->S.norm;
  return 0;
}

static int known_minimum(void *self, double *f_star, const char **theorem) {
  const brockett *b = self;
  if (!b->S.known)
    return 1;
  *f_star = 0.0;
  for (size_t j = 0; j < b->p; j++)
    *f_star += weight(b, j) * b->S.values[j];
  *theorem = "smallest eigenvalues (LAPACK) paired with the largest weights: von Neumann";
  return 0;
}

static void destroy(spo_problem *P) {
  brockett *b = P->self;
  spo_manifold_destroy(b->stiefel);
  spo_block_free(b);
}

static const spo_problem_ops problem_ops = {
    .size = sizeof(spo_problem_ops),
    .cost = cost,
    .egrad = egrad,
    .ehess = ehess,
    .scale = scale,
    .known_minimum = known_minimum,
    .destroy = destroy,
};

static brockett *layout(spo_carver *c, size_t n) {
  brockett *b = spo_carve(c, 1, sizeof *b);
  double *A = spo_carve_doubles(c, n * n), *values = spo_carve_doubles(c, n);
  if (b)
    *b = (brockett){.S = {.n = n, .A = A, .values = values}};
  return b;
}

void spo_brockett_params_init(spo_brockett_params *params) {
  spo_options_init(table, N_PARAMS, params, sizeof *params);
}

spo_status spo_brockett_create(const spo_brockett_params *params, spo_problem **out,
                               spo_error *err) {
  *out = NULL;
  if (err)
    err->text[0] = '\0';
  size_t n;
  spo_status status = spo_options_check(table, N_PARAMS, params, sizeof *params, err);
  if (status == SPO_OK)
    status = spo_symmetric_order(params->n, &params->matrix, &n, err);
  if (status == SPO_OK && params->columns > n)
    status = spo_fail(err, SPO_E_DIM, __func__, "columns: %zu given, at most the size, %zu",
                      (size_t)params->columns, n);
  if (status != SPO_OK)
    return status;
  spo_carver count = {0};
  layout(&count, n);
  spo_carver c = {.base = spo_block_alloc(count.used)};
  if (!c.base)
    return spo_fail(err, SPO_E_NOMEM, __func__, "size: no memory for a matrix of order %zu", n);
  brockett *b = layout(&c, n);
  b->p = (size_t)params->columns;
  b->seed = params->seed;
  b->given = params->matrix.data != NULL;
  b->retraction = params->retraction;
  b->problem =
      (spo_problem){.ops = &problem_ops, .name = "brockett", .self = b, .memo_len = n * b->p};
  status = spo_symmetric_fill(&b->S, &params->matrix, params->seed, err);
  if (status == SPO_OK)
    status = spo_stiefel_create(n, b->p, *(const spo_stiefel_retraction *)params->retraction,
                                &b->stiefel, err);
  b->problem.manifold = b->stiefel;
  if (status == SPO_OK)
    *out = &b->problem;
  else
    destroy(&b->problem);
  return status;
}

/* ---- the model ------------------------------------------------------------------------------- */

static spo_status create(const void *params, spo_problem **out, spo_error *err) {
  return spo_brockett_create(params, out, err);
}

static void describe(const spo_problem *P, void *params) {
  const brockett *b = P->self;
  spo_brockett_params *p = params;
  spo_brockett_params_init(p);
  p->n = b->S.n;
  p->columns = b->p;
  p->seed = b->seed;
  p->retraction = b->retraction;
  if (b->given)
    p->matrix = (spo_matrix){b->S.A, b->S.n, b->S.n};
}

static size_t parts(const spo_problem *P, spo_part part[SPO_MODEL_MAX_PARTS]) {
  const brockett *b = P->self;
  part[0] = (spo_part){"X", b->p, b->S.n, 0};
  return 1;
}

/* the largest |A x_j - (x_j^T A x_j) x_j| */
static spo_status metrics(const spo_problem *P, const double *x, double *value, spo_error *err) {
  const brockett *b = P->self;
  const size_t n = b->S.n;
  double *ax = spo_block_alloc(n * sizeof(double));
  if (!ax)
    return spo_fail(err, SPO_E_NOMEM, "brockett", "no memory for the metrics");
  *value = 0.0;
  for (size_t j = 0; j < b->p; j++) {
    const double *xj = x + j * n;
    spo_symmetric_apply(&b->S, 1, xj, ax);
    spo_vec_axpy(n, -spo_vec_dot(n, xj, ax), xj, ax);
    *value = fmax(*value, spo_vec_norm(n, ax));
  }
  spo_block_free(ax);
  return SPO_OK;
}

static spo_status build_eigenvectors(const spo_problem *P, const char *arg, gsl_rng *rng, double *x,
                                     spo_error *err) {
  (void)rng;
  const brockett *b = P->self;
  size_t *index = spo_block_alloc(b->p * sizeof *index);
  if (!index)
    return spo_fail(err, SPO_E_NOMEM, "brockett", "no memory for %zu indices", b->p);
  spo_status status = spo_symmetric_indices(arg, b->p, b->S.n, index, err);
  if (status == SPO_OK)
    status = spo_symmetric_vectors(&b->S, b->p, index, x, err);
  spo_block_free(index);
  return status;
}

static const spo_named_point points[] = {
    {"eigenvectors", "J,J,...",
     "p different eigenvectors by number, 0 of the smallest eigenvalue: a critical point",
     build_eigenvectors},
};
static const char *const samples[] = {"--size 10 --columns 3", "--size 5 --columns 5",
                                      "--size 6 --columns 1 --retraction qr", NULL};
static const char *const metric_names[] = {"eigen_residual"};

static const spo_model_ops model = {
    .size = sizeof(spo_model_ops),
    .name = "brockett",
    .summary = "Brockett cost of a symmetric matrix on the Stiefel manifold",
    .reference = "Brockett 1991; Absil, Mahony, Sepulchre 2008, section 4.8",
    .params_size = sizeof(spo_brockett_params),
    .n_params = N_PARAMS,
    .param = table,
    .sample = samples,
    .n_points = 1,
    .point = points,
    .n_metrics = 1,
    .metric = metric_names,
    .create = create,
    .describe = describe,
    .parts = parts,
    .metrics = metrics,
};

const spo_model_ops *spo_brockett(void) {
  return &model;
}
