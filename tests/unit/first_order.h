/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the tests of the first-order solvers share: a quadratic on R^N or the sphere with a
 * preconditioner, a line search of the caller's own, and histories of runs. Each direction and step
 * is held against its formula, from the iterates alone. */
#ifndef SPO_TESTS_FIRST_ORDER_H
#define SPO_TESTS_FIRST_ORDER_H

#include <gsl/gsl_randist.h>

#include "base/vec.h"
#include "samples.h"

/* ---- a quadratic on R^N, with a preconditioner ----------------------------------------------- */

enum { N = 8, STEPS = 40 };
/* What rounding leaves of the gradient after N steps, where a method that is not conjugate has
 * reduced it by a factor of ten or so. */
static const double finite = 1e-7;

typedef struct quadratic {
  double A[N * N], b[N], D[N]; /* D: the preconditioner's diagonal */
} quadratic;

static inline void apply(const quadratic *q, const double *v, double *Av) {
  for (size_t i = 0; i < N; i++)
    Av[i] = spo_vec_dot(N, q->A + i * N, v);
}

static inline int cost(void *self, const double *x, double *f, double *memo, double *work) {
  double Ax[N];
  (void)memo, (void)work;
  apply(self, x, Ax);
  *f = 0.5 * spo_vec_dot(N, x, Ax) - spo_vec_dot(N, ((quadratic *)self)->b, x);
  return 0;
}

static inline int egrad(void *self, const double *x, double *g, double *memo, double *work) {
  (void)memo, (void)work;
  apply(self, x, g);
  spo_vec_axpy(N, -1.0, ((quadratic *)self)->b, g);
  return 0;
}

static inline int precond(void *self, const double *x, const double *v, double *pv,
                          const double *memo, double *work) {
  (void)x, (void)memo, (void)work;
  for (size_t i = 0; i < N; i++)
    pv[i] = ((quadratic *)self)->D[i] * v[i];
  return 0;
}

static const spo_problem_ops plain_ops = {
    .size = sizeof(spo_problem_ops), .cost = cost, .egrad = egrad};
static const spo_problem_ops scaled_ops = {
    .size = sizeof(spo_problem_ops), .cost = cost, .egrad = egrad, .precond = precond};

/* A = I + B'B, condition about 30 */
static inline void fill(quadratic *q, uint64_t seed) {
  gsl_rng *rng = new_rng(seed);
  double B[N * N];
  for (size_t i = 0; i < N * N; i++)
    B[i] = gsl_ran_gaussian_ziggurat(rng, 1.0);
  for (size_t i = 0; i < N; i++) {
    q->b[i] = gsl_ran_gaussian_ziggurat(rng, 1.0);
    q->D[i] = 0.2 + gsl_rng_uniform(rng);
    for (size_t j = 0; j < N; j++)
      q->A[i * N + j] = spo_vec_dot(N, B + i * N, B + j * N) + (i == j);
  }
  gsl_rng_free(rng);
}

static inline spo_manifold *flat(void) {
  spo_error err = {0};
  spo_manifold *M;
  expect_ok(spo_euclidean_create(N, &M, &err));
  return M;
}

/* ---- a caller's own line search -------------------------------------------------------------- */

/* The minimiser along the line; or the step given, if one is. */
static inline spo_status own_search(spo_run *run, const spo_line_search_input *in,
                                    spo_line_search_result *out) {
  double Ad[N];
  apply(run->eval.problem->self, in->d, Ad);
  const double curvature = in->factor * in->factor * spo_vec_dot(N, in->d, Ad);
  out->t = in->options->step > 0.0 ? in->options->step : -in->slope / curvature;
  out->trials = 1;
  spo_status status =
      spo_eval_retract(&run->eval, run->cur, in->factor * out->t, in->d, run->trial);
  if (status == SPO_OK)
    status = spo_eval_cost(&run->eval, run->trial);
  out->accepted = status == SPO_OK;
  return status;
}

static const spo_line_search_ops own = {
    .size = sizeof own, .name = "own", .summary = "", .reference = "", .search = own_search};

/* ---- histories ------------------------------------------------------------------------------- */

typedef struct history {
  size_t count;
  double x[STEPS + 1][N], g[STEPS + 1][N], t[STEPS + 1], norm[STEPS + 1];
  uint64_t costs[STEPS + 1];
  const quadratic *q;
} history;

static inline int remember(void *self, const spo_iter *it) {
  history *h = self;
  const size_t k = h->count++;
  memcpy(h->x[k], it->x, sizeof h->x[k]);
  egrad((void *)(uintptr_t)h->q, it->x, h->g[k], NULL, NULL);
  h->t[k] = it->step_size;
  h->norm[k] = it->grad_norm;
  h->costs[k] = it->count.cost;
  return h->count > STEPS;
}

static inline spo_result watch(const spo_solver_ops *type, const spo_problem *P,
                               const void *options, history *h) {
  spo_error err = {0};
  spo_solver *s;
  spo_result res = {.size = sizeof res};
  spo_stop stop;
  double x[N] = {1.0, -1.0, 2.0, 0.5};
  *h = (history){.q = P->self};
  spo_stop_init(&stop);
  stop.grad_rel = 1e-11;
  expect_ok(spo_solver_create(type, P, options, 1, &s, &err));
  expect_ok(spo_solver_solve(s, x, &stop, remember, h, &res, &err));
  spo_solver_destroy(s);
  return res;
}

static inline const spo_choice *choices(const spo_solver_ops *type, const char *option) {
  return spo_option_find(type->option, type->n_options, option)->choice;
}

/* direction k from the iterates */
static inline void direction(const history *h, size_t k, double *d) {
  spo_vec_combine(N, 1.0 / h->t[k + 1], h->x[k + 1], -1.0 / h->t[k + 1], h->x[k], d);
}

static inline void pair(const history *h, size_t k, double *s, double *y) {
  spo_vec_add(N, h->x[k + 1], -1.0, h->x[k], s);
  spo_vec_add(N, h->g[k + 1], -1.0, h->g[k], y);
}

static inline double product(const quadratic *q, bool scaled, const double *u, const double *v) {
  double pv[N];
  precond((void *)(uintptr_t)q, NULL, v, pv, NULL, NULL);
  return spo_vec_dot(N, u, scaled ? pv : v);
}

/* ---- on a curved manifold -------------------------------------------------------------------- */

static inline void onto(const double *x, double *v) {
  spo_vec_axpy(N, -spo_vec_dot(N, x, v), x, v);
}

/* On the sphere: Riemannian gradients into h->g, and direction k from R_x(t d) = (x + t d)/|.| */
static inline void tangent_gradients(history *h) {
  for (size_t k = 0; k < h->count; k++)
    onto(h->x[k], h->g[k]);
}
static inline void tangent_direction(const history *h, size_t k, double *d) {
  const double c = spo_vec_dot(N, h->x[k], h->x[k + 1]);
  spo_vec_combine(N, 1.0 / (c * h->t[k + 1]), h->x[k + 1], -1.0 / h->t[k + 1], h->x[k], d);
}

static inline spo_manifold *ball(uint64_t seed, quadratic *q) {
  spo_error err = {0};
  spo_manifold *M;
  fill(q, seed);
  expect_ok(spo_sphere_create(N, &M, &err));
  return M;
}

static inline spo_result watch_on_sphere(const spo_solver_ops *type, const spo_problem *P,
                                         const void *options, history *h) {
  spo_error err = {0};
  spo_solver *s;
  spo_result res = {.size = sizeof res};
  double x[N] = {0.6, 0.0, 0.8};
  *h = (history){.q = P->self};
  expect_ok(spo_solver_create(type, P, options, 1, &s, &err));
  expect_ok(spo_solver_solve(s, x, NULL, remember, h, &res, &err));
  spo_solver_destroy(s);
  tangent_gradients(h);
  return res;
}

/* A pair of negative curvature is not stored: f = x^4/4 - x^2/2 from its hill. */
static inline int double_well(void *self, const double *x, double *f, double *memo, double *work) {
  (void)self, (void)memo, (void)work;
  *f = 0.25 * x[0] * x[0] * x[0] * x[0] - 0.5 * x[0] * x[0] + 0.5 * x[1] * x[1];
  return 0;
}
static inline int double_well_gradient(void *self, const double *x, double *g, double *memo,
                                       double *work) {
  (void)self, (void)memo, (void)work;
  g[0] = x[0] * x[0] * x[0] - x[0];
  g[1] = x[1];
  return 0;
}

#endif
