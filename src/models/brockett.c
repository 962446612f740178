/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The Brockett cost on the Stiefel manifold. A place keeps A X. */
#include <spheropt/models/brockett.h>

#include <float.h>

#include "base/take.h"
#include "base/vec.h"
#include "models/orthonormal.h"
#include "models/symmetric.h"

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
     spo_stiefel_choices, 0},
};
#undef AT
enum { N_PARAMS = sizeof table / sizeof table[0] };

typedef spo_symmetric_problem brockett;

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
  *grad_scale = (double)b->p * b->S.spread;
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

static const spo_problem_ops problem_ops = {
    .size = sizeof(spo_problem_ops),
    .cost = cost,
    .egrad = egrad,
    .ehess = ehess,
    .scale = scale,
    .known_minimum = known_minimum,
    .destroy = spo_symmetric_destroy,
};

void spo_brockett_params_init(spo_brockett_params *params) {
  spo_options_init(table, N_PARAMS, params, sizeof *params);
}

spo_status spo_brockett_create(const spo_brockett_params *params, spo_problem **out,
                               spo_error *err) {
  *out = NULL;
  brockett *b = NULL;
  spo_brockett_params p;
  spo_status status = spo_options_take(table, N_PARAMS, params, &p, sizeof p, err);
  if (status == SPO_OK)
    status = spo_symmetric_create(
        &problem_ops, "brockett",
        &(spo_symmetric_request){p.n, p.seed, p.matrix, (size_t)p.columns}, &b, err);
  if (status != SPO_OK)
    return status;
  b->retraction = p.retraction;
  status = spo_stiefel_create(b->S.n, b->p, *(const spo_stiefel_retraction *)p.retraction,
                              &b->manifold, err);
  b->problem.manifold = b->manifold;
  if (status == SPO_OK)
    *out = &b->problem;
  else
    spo_symmetric_destroy(&b->problem);
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

static const spo_named_point points[] = {
    {"eigenvectors", "J,J,...",
     "p different eigenvectors by number, 0 of the smallest eigenvalue: a critical point",
     spo_symmetric_eigenvectors},
};
static const char *const samples[] = {"--size 10 --columns 3", "--size 5 --columns 5",
                                      "--size 6 --columns 1 --retraction qr", NULL};
static const char *const metric_names[] = {"eigen_residual"};

static const spo_model_ops model = {
    .size = sizeof(spo_model_ops),
    .name = "brockett",
    .summary = "Brockett cost of a symmetric matrix on the Stiefel manifold",
    .reference = "Brockett 1991; Absil, Mahony, Sepulchre 2008, section 4.8",
    .manifold = "stiefel(size, columns)",
    .theorem = "smallest eigenvalues (LAPACK) paired with the largest weights, any symmetric "
               "matrix: von Neumann",
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
    .parts = spo_symmetric_parts,
    .metrics = spo_symmetric_residual,
    .products = {1, 0, 1},
};

const spo_model_ops *spo_brockett(void) {
  return &model;
}
