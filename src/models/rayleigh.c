/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The Rayleigh quotient on the sphere. A place keeps A x. */
#include <spheropt/models/rayleigh.h>

#include <float.h>
#include <math.h>

#include <spheropt/manifolds/sphere.h>

#include "base/take.h"
#include "base/vec.h"
#include "models/symmetric.h"

#define AT(member) offsetof(spo_rayleigh_params, member)
static const spo_option table[] = {
    {"size", "order of a random symmetric matrix; not given: of matrix, else 10", "", AT(n),
     SPO_OPTION_UINT, 2, 46340, 0, 0, NULL, 0},
    {"seed", "of the random matrix; the run's own", "", AT(seed), SPO_OPTION_UINT, 0, 0x1p53, 0, 0,
     NULL, 0},
    {"matrix", "a symmetric matrix", "", AT(matrix), SPO_OPTION_MATRIX, 0, 0, 0, 0, NULL, 0},
};
#undef AT
enum { N_PARAMS = sizeof table / sizeof table[0] };

typedef spo_symmetric_problem rayleigh;

/* x^T A x adds n products of size |A|/n each: its rounding stays below this times |A|. */
static const double relative_noise = 1e2 * DBL_EPSILON;

static int cost(void *self, const double *x, double *f, double *memo, double *work) {
  (void)work;
  const rayleigh *r = self;
  spo_symmetric_apply(&r->S, 1, x, memo);
  *f = spo_vec_dot(r->S.n, x, memo);
  return 0;
}

static int egrad(void *self, const double *x, double *g, double *memo, double *work) {
  (void)x, (void)work;
  const rayleigh *r = self;
  for (size_t i = 0; i < r->S.n; i++)
    g[i] = 2.0 * memo[i];
  return 0;
}

static int ehess(void *self, const double *x, const double *v, double *hv, const double *memo,
                 double *work) {
  (void)x, (void)memo, (void)work;
  const rayleigh *r = self;
  spo_symmetric_apply(&r->S, 1, v, hv);
  spo_vec_scale(r->S.n, 2.0, hv);
  return 0;
}

static int scale(void *self, const double *x, double f, const double *memo, double *f_noise,
                 double *grad_scale) {
  (void)x, (void)f, (void)memo;
  const rayleigh *r = self;
  *f_noise = relative_noise * r->S.norm;
  *grad_scale = r->S.spread;
  return 0;
}

static int known_minimum(void *self, double *f_star, const char **theorem) {
  const rayleigh *r = self;
  if (!r->S.known)
    return 1;
  *f_star = r->S.values[0];
  *theorem = "smallest eigenvalue (LAPACK)";
  return 0;
}

/* ---- certificate: Z = 2 (A - f I) ------------------------------------------------------------ */

static size_t order(const void *self) {
  return ((const rayleigh *)self)->S.n;
}
static size_t store_len(const void *self) {
  (void)self;
  return 1;
}
static size_t cert_work_len(const void *self) {
  (void)self;
  return 0;
}

static int prepare(void *self, const double *x, const double *memo, double *store, double *work) {
  (void)work;
  *store = spo_vec_dot(order(self), x, memo); /* f */
  return 0;
}

static int apply(void *self, const double *x, const double *memo, const double *store, bool scaled,
                 size_t k, const double *U, double *ZU, double *work) {
  (void)x, (void)memo, (void)scaled, (void)work;
  const rayleigh *r = self;
  spo_symmetric_apply(&r->S, k, U, ZU);
  for (size_t i = 0; i < k * r->S.n; i++)
    ZU[i] = 2.0 * (ZU[i] - *store * U[i]);
  return 0;
}

static int gap_bound(void *self, bool scaled, double lambda_min, double *gap) {
  (void)self, (void)scaled;
  *gap = lambda_min < 0.0 ? -0.5 * lambda_min : lambda_min >= 0.0 ? 0.0 : NAN;
  return 0;
}

/* towards the lowest eigenvector */
static int direction(void *self, const double *x, const double *memo, const double *store, size_t c,
                     double lambda, const double *u, double *v, double *work) {
  (void)memo, (void)store, (void)c, (void)work;
  const size_t n = order(self);
  spo_vec_add(n, u, -spo_vec_dot(n, u, x), x, v);
  return lambda < 0.0 && spo_vec_norm(n, v) > 1e-8 ? 0 : 1;
}

static const char *const case_names[] = {"eigenvector"};
static const spo_certificate certificate = {
    .size = sizeof(spo_certificate),
    .name = "2 (A - f I)",
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
    .certificate = &certificate,
    .destroy = spo_symmetric_destroy,
};

void spo_rayleigh_params_init(spo_rayleigh_params *params) {
  spo_options_init(table, N_PARAMS, params, sizeof *params);
}

spo_status spo_rayleigh_create(const spo_rayleigh_params *params, spo_problem **out,
                               spo_error *err) {
  *out = NULL;
  rayleigh *r = NULL;
  spo_rayleigh_params p;
  spo_status status = spo_options_take(table, N_PARAMS, params, &p, sizeof p, err);
  if (status == SPO_OK)
    status = spo_symmetric_create(&problem_ops, "rayleigh",
                                  &(spo_symmetric_request){p.n, p.seed, p.matrix, 1}, &r, err);
  if (status != SPO_OK)
    return status;
  status = spo_sphere_create(r->S.n, &r->manifold, err);
  r->problem.manifold = r->manifold;
  if (status == SPO_OK)
    *out = &r->problem;
  else
    spo_symmetric_destroy(&r->problem);
  return status;
}

/* ---- the model ------------------------------------------------------------------------------- */

static spo_status create(const void *params, spo_problem **out, spo_error *err) {
  return spo_rayleigh_create(params, out, err);
}

static void describe(const spo_problem *P, void *params) {
  const rayleigh *r = P->self;
  spo_rayleigh_params *p = params;
  spo_rayleigh_params_init(p);
  p->n = r->S.n;
  p->seed = r->seed;
  if (r->given)
    p->matrix = (spo_matrix){r->S.A, r->S.n, r->S.n};
}

static const spo_named_point points[] = {
    {"eigenvector", "J",
     "the eigenvector of the J-th smallest eigenvalue, from 0: a critical point",
     spo_symmetric_eigenvectors},
};
static const char *const samples[] = {"--size 12", "--size 2 --seed 5", NULL};
static const char *const metric_names[] = {"eigen_residual"};

static const spo_model_ops model = {
    .size = sizeof(spo_model_ops),
    .name = "rayleigh",
    .summary = "Rayleigh quotient of a symmetric matrix on the sphere",
    .reference = "Absil, Mahony, Sepulchre 2008, section 4.6",
    .manifold = "sphere(size)",
    .theorem = "smallest eigenvalue (LAPACK) of any symmetric matrix: Rayleigh, Ritz",
    .params_size = sizeof(spo_rayleigh_params),
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

const spo_model_ops *spo_rayleigh(void) {
  return &model;
}
