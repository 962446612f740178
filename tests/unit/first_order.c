/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Gradient descent, conjugate gradients and limited-memory BFGS step by step: each direction and
 * step against its formula, from the iterates alone; finite termination on quadratics; the endgame
 * below the cost's rounding; every combination of choices on the models; and that nothing but what
 * is kept decides how a run goes on. */
#include <float.h>
#include <gsl/gsl_randist.h>

#include "base/vec.h"
#include "lists/lists.h"
#include "samples.h"

/* ---- a quadratic on R^N, with a preconditioner ----------------------------------------------- */

enum { N = 8, STEPS = 40 };
/* What rounding leaves of the gradient after N steps, where a method that is not conjugate has
 * reduced it by a factor of ten or so. */
static const double finite = 1e-7;

typedef struct quadratic {
  double A[N * N], b[N], D[N]; /* D: the preconditioner's diagonal */
} quadratic;

static void apply(const quadratic *q, const double *v, double *Av) {
  for (size_t i = 0; i < N; i++)
    Av[i] = spo_vec_dot(N, q->A + i * N, v);
}

static int cost(void *self, const double *x, double *f, double *memo, double *work) {
  double Ax[N];
  (void)memo, (void)work;
  apply(self, x, Ax);
  *f = 0.5 * spo_vec_dot(N, x, Ax) - spo_vec_dot(N, ((quadratic *)self)->b, x);
  return 0;
}

static int egrad(void *self, const double *x, double *g, double *memo, double *work) {
  (void)memo, (void)work;
  apply(self, x, g);
  spo_vec_axpy(N, -1.0, ((quadratic *)self)->b, g);
  return 0;
}

static int precond(void *self, const double *x, const double *v, double *pv, const double *memo,
                   double *work) {
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
static void fill(quadratic *q, uint64_t seed) {
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

static spo_manifold *flat(void) {
  spo_error err = {0};
  spo_manifold *M;
  expect_ok(spo_euclidean_create(N, &M, &err));
  return M;
}

/* ---- a caller's own line search -------------------------------------------------------------- */

/* The minimiser along the line; or the step given, if one is. */
static spo_status own_search(spo_run *run, const spo_line_search_input *in,
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

static int remember(void *self, const spo_iter *it) {
  history *h = self;
  const size_t k = h->count++;
  memcpy(h->x[k], it->x, sizeof h->x[k]);
  egrad((void *)(uintptr_t)h->q, it->x, h->g[k], NULL, NULL);
  h->t[k] = it->step_size;
  h->norm[k] = it->grad_norm;
  h->costs[k] = it->count.cost;
  return h->count > STEPS;
}

static spo_result watch(const spo_solver_ops *type, const spo_problem *P, const void *options,
                        history *h) {
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

static const spo_choice *choices(const spo_solver_ops *type, const char *option) {
  return spo_option_find(type->option, type->n_options, option)->choice;
}

/* direction k from the iterates */
static void direction(const history *h, size_t k, double *d) {
  spo_vec_combine(N, 1.0 / h->t[k + 1], h->x[k + 1], -1.0 / h->t[k + 1], h->x[k], d);
}

static double product(const quadratic *q, bool scaled, const double *u, const double *v) {
  double pv[N];
  precond((void *)(uintptr_t)q, NULL, v, pv, NULL, NULL);
  return spo_vec_dot(N, u, scaled ? pv : v);
}

/* ---- conjugate gradients --------------------------------------------------------------------- */

/* With exact steps every beta gives the conjugate gradients of linear algebra: N steps, conjugate
 * directions. */
static void test_conjugacy(void **state) {
  (void)state;
  spo_manifold *M = flat();
  for (expect_seed = 1; expect_seed <= 10; expect_seed++)
    for (const spo_choice *beta = choices(spo_conjugate_gradient(), "beta"); beta->name; beta++)
      for (int scaled = 0; scaled < 2; scaled++) {
        static history h;
        quadratic q;
        fill(&q, expect_seed);
        const spo_problem P = {scaled ? &scaled_ops : &plain_ops, "quadratic", &q, M, 0, 0};
        spo_conjugate_gradient_options o;
        spo_conjugate_gradient_options_init(&o);
        o.line_search = &own;
        o.beta = beta->value;
        watch(spo_conjugate_gradient(), &P, &o, &h);
        if (!(h.count >= N + 1 && h.norm[N] <= finite * h.norm[0]))
          print_error("%s: after %zu steps %g\n", beta->name, h.count - 1, h.norm[N]);
        expect_true(h.count >= N + 1 && h.norm[N] <= finite * h.norm[0]);
        for (size_t k = 1; k < N - 2; k++) {
          double d[N], e[N], Ad[N];
          direction(&h, 0, e);
          direction(&h, k, d);
          apply(&q, d, Ad);
          expect_near(spo_vec_dot(N, e, Ad), 0.0, 1e-8 * spo_vec_norm(N, e) * spo_vec_norm(N, Ad));
        }
      }
  spo_manifold_destroy(M);
}

/* beta by name, from gradients and directions: the textbook's formulas. hh, dh: <h, Ph> and <d, h>
 * where the step began. */
static double beta_due(const char *name, const quadratic *q, bool scaled, const double *g,
                       const double *h, const double *d, double hh, double dh) {
  double y[N];
  spo_vec_add(N, g, -1.0, h, y);
  const double gg = product(q, scaled, g, g), yg = product(q, scaled, y, g),
               yy = product(q, scaled, y, y), dy = spo_vec_dot(N, d, y), dg = spo_vec_dot(N, d, g);
  const double pr = yg / hh, fr = gg / hh;
  if (strcmp(name, "fletcher-reeves") == 0)
    return fr;
  if (strcmp(name, "polak-ribiere") == 0)
    return fmax(0.0, pr);
  if (strcmp(name, "hestenes-stiefel") == 0)
    return fmax(0.0, yg / dy);
  if (strcmp(name, "liu-storey") == 0)
    return fmax(0.0, -yg / dh);
  if (strcmp(name, "dai-yuan") == 0)
    return gg / dy;
  if (strcmp(name, "conjugate-descent") == 0)
    return -gg / dh;
  if (strcmp(name, "hybrid") == 0)
    return pr < -fr ? -fr : pr > fr ? fr : pr;
  assert_string_equal(name, "hager-zhang");
  const double size = scaled ? dh * dh / hh : spo_vec_dot(N, d, d);
  return fmax((yg - 2.0 * yy * dg / dy) / dy, 0.4 * dg / size);
}

static void test_beta(void **state) {
  (void)state;
  spo_manifold *M = flat();
  for (expect_seed = 1; expect_seed <= 20; expect_seed++)
    for (const spo_choice *beta = choices(spo_conjugate_gradient(), "beta"); beta->name; beta++)
      for (int scaled = 0; scaled < 2; scaled++) {
        static history h;
        quadratic q;
        double d[N], next[N], pg[N];
        fill(&q, expect_seed);
        const spo_problem P = {scaled ? &scaled_ops : &plain_ops, "quadratic", &q, M, 0, 0};
        spo_conjugate_gradient_options o;
        spo_conjugate_gradient_options_init(&o);
        o.line_search = &own;
        o.search.step = 0.02 + 0.004 * (double)expect_seed; /* short of and beyond the minimiser */
        o.beta = beta->value;
        o.orthogonality = INFINITY;
        watch(spo_conjugate_gradient(), &P, &o, &h);
        for (size_t k = 0; k < 2; k++) {
          direction(&h, k, d);
          direction(&h, k + 1, next);
          precond(&q, NULL, h.g[k + 1], pg, NULL, NULL);
          const double *p = scaled ? pg : h.g[k + 1];
          double due = beta_due(beta->name, &q, scaled, h.g[k + 1], h.g[k], d,
                                product(&q, scaled, h.g[k], h.g[k]), spo_vec_dot(N, d, h.g[k]));
          if (!(due * spo_vec_dot(N, d, h.g[k + 1]) < spo_vec_dot(N, p, h.g[k + 1])))
            due = 0.0; /* no descent: begun anew */
          spo_vec_combine(N, -1.0, p, due, d, pg);
          spo_vec_axpy(N, -1.0, pg, next);
          expect_at_most(spo_vec_norm(N, next), 1e-11 * (spo_vec_norm(N, pg) + 1.0));
        }
      }
  spo_manifold_destroy(M);
}

/* Powell's restart: begins anew exactly when the two gradients are far from orthogonal. */
static void test_restart(void **state) {
  (void)state;
  spo_manifold *M = flat();
  size_t anew = 0, kept = 0;
  for (expect_seed = 1; expect_seed <= 20; expect_seed++) {
    static history h;
    quadratic q;
    double d[N];
    fill(&q, expect_seed);
    const spo_problem P = {&plain_ops, "quadratic", &q, M, 0, 0};
    spo_conjugate_gradient_options o;
    spo_conjugate_gradient_options_init(&o);
    o.line_search = &own;
    o.search.step = 0.05;
    o.beta = choices(spo_conjugate_gradient(), "beta")[0].value; /* never 0 by itself */
    watch(spo_conjugate_gradient(), &P, &o, &h);
    for (size_t k = 0; k + 2 < h.count && k < 10; k++) {
      const double *g = h.g[k + 1];
      const double part = fabs(spo_vec_dot(N, g, h.g[k])) / spo_vec_dot(N, g, g);
      direction(&h, k + 1, d);
      spo_vec_axpy(N, 1.0, g, d);
      const bool steepest = spo_vec_norm(N, d) <= 1e-9 * spo_vec_norm(N, g);
      if (part > 0.2)
        expect_true(steepest);
      anew += steepest;
      kept += !steepest;
    }
  }
  expect_true(anew > 0 && kept > 0);
  spo_manifold_destroy(M);
}

/* ---- limited-memory BFGS --------------------------------------------------------------------- */

static void pair(const history *h, size_t k, double *s, double *y) {
  spo_vec_add(N, h->x[k + 1], -1.0, h->x[k], s);
  spo_vec_add(N, h->g[k + 1], -1.0, h->g[k], y);
}

/* H is symmetric and H y = s for the newest pair, so <y, d> = -<s, grad>. */
static void test_secant_equation(void **state) {
  (void)state;
  spo_manifold *M = flat();
  for (expect_seed = 1; expect_seed <= 10; expect_seed++)
    for (int scaled = 0; scaled < 2; scaled++)
      for (uint64_t memory = 1; memory <= 4; memory++) {
        static history h;
        quadratic q;
        double s[N], y[N], d[N];
        fill(&q, expect_seed);
        const spo_problem P = {scaled ? &scaled_ops : &plain_ops, "quadratic", &q, M, 0, 0};
        spo_lbfgs_options o;
        spo_lbfgs_options_init(&o);
        o.memory = memory;
        watch(spo_lbfgs(), &P, &o, &h);
        expect_true(h.count > 6);
        for (size_t k = 0; k < 5; k++) {
          pair(&h, k, s, y);
          direction(&h, k + 1, d);
          expect_near(spo_vec_dot(N, y, d), -spo_vec_dot(N, s, h.g[k + 1]),
                      1e-9 * spo_vec_norm(N, y) * spo_vec_norm(N, d));
        }
      }
  spo_manifold_destroy(M);
}

/* The whole recursion against BFGS with full matrices, for as many pairs as are kept. */
static void bfgs_update(double *H, const double *s, const double *y) {
  double Hy[N];
  const double rho = 1.0 / spo_vec_dot(N, s, y);
  for (size_t i = 0; i < N; i++)
    Hy[i] = spo_vec_dot(N, H + i * N, y);
  const double yHy = spo_vec_dot(N, y, Hy);
  for (size_t i = 0; i < N; i++)
    for (size_t j = 0; j < N; j++)
      H[i * N + j] += (1.0 + rho * yHy) * rho * s[i] * s[j] - rho * (s[i] * Hy[j] + Hy[i] * s[j]);
}

static void test_against_matrices(void **state) {
  (void)state;
  spo_manifold *M = flat();
  for (expect_seed = 1; expect_seed <= 10; expect_seed++)
    for (int scaled = 0; scaled < 2; scaled++)
      for (uint64_t memory = 0; memory <= 5; memory++) {
        static history h;
        quadratic q;
        double s[N], y[N], d[N], H[N * N];
        fill(&q, expect_seed);
        const spo_problem P = {scaled ? &scaled_ops : &plain_ops, "quadratic", &q, M, 0, 0};
        spo_lbfgs_options o;
        spo_lbfgs_options_init(&o);
        o.memory = memory;
        o.cautious = 0.0;
        watch(spo_lbfgs(), &P, &o, &h);
        for (size_t k = 1; k < 7 && k + 1 < h.count; k++) {
          pair(&h, k - 1, s, y);
          const double gamma = spo_vec_dot(N, s, y) / product(&q, scaled, y, y);
          for (size_t i = 0; i < N * N; i++)
            H[i] = i % (N + 1) ? 0.0 : gamma * (scaled ? q.D[i / N] : 1.0);
          for (size_t j = k > memory ? k - memory : 0; j < k; j++) {
            pair(&h, j, s, y);
            bfgs_update(H, s, y);
          }
          direction(&h, k, d);
          double off = 0.0;
          for (size_t i = 0; i < N; i++)
            off = hypot(off, d[i] + spo_vec_dot(N, H + i * N, h.g[k]));
          expect_at_most(off, 1e-8 * spo_vec_norm(N, d));
        }
      }
  spo_manifold_destroy(M);
}

/* With exact steps BFGS ends on a quadratic after as many steps as conjugate gradients, given room
 * for the pairs. */
static void test_bfgs_termination(void **state) {
  (void)state;
  spo_manifold *M = flat();
  for (expect_seed = 1; expect_seed <= 10; expect_seed++)
    for (int scaled = 0; scaled < 2; scaled++) {
      static history h;
      quadratic q;
      fill(&q, expect_seed);
      const spo_problem P = {scaled ? &scaled_ops : &plain_ops, "quadratic", &q, M, 0, 0};
      spo_lbfgs_options o;
      spo_lbfgs_options_init(&o);
      o.line_search = &own;
      o.memory = N;
      watch(spo_lbfgs(), &P, &o, &h);
      expect_true(h.count >= N + 1 && h.norm[N] <= finite * h.norm[0]);
    }
  spo_manifold_destroy(M);
}

/* A pair of negative curvature is not stored: f = x^4/4 - x^2/2 from its hill. */
static int double_well(void *self, const double *x, double *f, double *memo, double *work) {
  (void)self, (void)memo, (void)work;
  *f = 0.25 * x[0] * x[0] * x[0] * x[0] - 0.5 * x[0] * x[0] + 0.5 * x[1] * x[1];
  return 0;
}
static int double_well_gradient(void *self, const double *x, double *g, double *memo,
                                double *work) {
  (void)self, (void)memo, (void)work;
  g[0] = x[0] * x[0] * x[0] - x[0];
  g[1] = x[1];
  return 0;
}

static void test_cautious(void **state) {
  (void)state;
  spo_error err = {0};
  spo_manifold *M;
  const spo_problem_ops ops = {sizeof ops, .cost = double_well, .egrad = double_well_gradient};
  expect_ok(spo_euclidean_create(2, &M, &err));
  const spo_problem P = {&ops, "double well", NULL, M, 0, 0};
  for (const spo_choice *ls = choices(spo_lbfgs(), "line-search"); ls->name; ls++) {
    double x[2] = {1e-3, 1e-4};
    spo_lbfgs_options o;
    spo_lbfgs_options_init(&o);
    o.line_search = ls->value;
    o.search.step = 1e-3; /* stays on the hill at first */
    const spo_result res = run_solver(spo_lbfgs(), &P, &o, NULL, 0, x);
    if (!res.converged)
      print_error("%s: %s at %g\n", ls->name, spo_reason_text(res.reason), res.last.grad_norm);
    expect_true(res.converged);
    expect_near(fabs(x[0]), 1.0, 1e-9);
    expect_near(x[1], 0.0, 1e-9);
  }
  spo_manifold_destroy(M);
}

/* ---- on a curved manifold -------------------------------------------------------------------- */

static void onto(const double *x, double *v) {
  spo_vec_axpy(N, -spo_vec_dot(N, x, v), x, v);
}

/* On the sphere: Riemannian gradients into h->g, and direction k from R_x(t d) = (x + t d)/|.| */
static void tangent_gradients(history *h) {
  for (size_t k = 0; k < h->count; k++)
    onto(h->x[k], h->g[k]);
}
static void tangent_direction(const history *h, size_t k, double *d) {
  const double c = spo_vec_dot(N, h->x[k], h->x[k + 1]);
  spo_vec_combine(N, 1.0 / (c * h->t[k + 1]), h->x[k + 1], -1.0 / h->t[k + 1], h->x[k], d);
}

static spo_manifold *ball(uint64_t seed, quadratic *q) {
  spo_error err = {0};
  spo_manifold *M;
  fill(q, seed);
  expect_ok(spo_sphere_create(N, &M, &err));
  return M;
}

static spo_result watch_on_sphere(const spo_solver_ops *type, const spo_problem *P,
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

/* beta's formulas with gradient and direction transported, as long as nothing begins anew. */
static void test_beta_on_sphere(void **state) {
  (void)state;
  size_t met = 0;
  for (expect_seed = 1; expect_seed <= 10; expect_seed++)
    for (const spo_choice *beta = choices(spo_conjugate_gradient(), "beta"); beta->name; beta++) {
      static history h;
      quadratic q;
      spo_manifold *M = ball(expect_seed, &q);
      const spo_problem P = {&plain_ops, "quadratic", &q, M, 0, 0};
      spo_conjugate_gradient_options o;
      spo_conjugate_gradient_options_init(&o);
      o.beta = beta->value;
      o.orthogonality = INFINITY;
      watch_on_sphere(spo_conjugate_gradient(), &P, &o, &h);
      for (size_t k = 0; k < 4 && k + 2 < h.count; k++) {
        double d[N], next[N], old[N];
        const double *g = h.g[k + 1];
        tangent_direction(&h, k, d);
        tangent_direction(&h, k + 1, next);
        memcpy(old, h.g[k], sizeof old);
        const double dh = spo_vec_dot(N, d, old), hh = spo_vec_dot(N, old, old);
        onto(h.x[k + 1], d);
        onto(h.x[k + 1], old);
        const double due = beta_due(beta->name, &q, false, g, old, d, hh, dh);
        spo_vec_axpy(N, 1.0, g, next);
        spo_vec_axpy(N, -due, d, next);
        expect_at_most(spo_vec_norm(N, next), 1e-9 * (1.0 + fabs(due) * spo_vec_norm(N, d)));
        met++;
      }
      spo_manifold_destroy(M);
    }
  expect_true(met > 60);
}

/* The sphere's transport given as a slot: what is no projection for all that the solver knows. */
static spo_status moved(const spo_manifold *M, const double *x, const double *y, const double *v,
                        double *w, double *work) {
  (void)M, (void)x, (void)work;
  memcpy(w, v, N * sizeof *w);
  onto(y, w);
  return SPO_OK;
}

/* The newest MEMORY pairs of h at its point k; false if the last one was not stored. */
enum { MEMORY = 4 };
typedef struct pairs {
  double s[STEPS][N], y[STEPS][N];
} pairs;

static bool next_pair(pairs *p, const history *h, size_t k, bool carried) {
  double *s = p->s[k - 1], *y = p->y[k - 1];
  const double *x = h->x[k];
  tangent_direction(h, k - 1, s);
  spo_vec_scale(N, h->t[k], s);
  memcpy(y, h->g[k - 1], N * sizeof *y);
  for (size_t j = carried ? 0 : k - 1; j < k; j++) {
    onto(x, p->s[j]);
    onto(x, p->y[j]);
  }
  spo_vec_add(N, h->g[k], -1.0, y, y);
  return spo_vec_dot(N, s, y) > 0.0;
}

/* Matrices from pairs that were carried along, or left where they were made: the direction is their
 * product with the gradient, projected. */
static void against_pairs(const history *h, bool carried) {
  static pairs p;
  for (size_t k = 1; k < 9 && k + 1 < h->count && next_pair(&p, h, k, carried); k++) {
    double d[N], due[N], H[N * N];
    const double *x = h->x[k], *s = p.s[k - 1], *y = p.y[k - 1];
    const double gamma = spo_vec_dot(N, s, y) / spo_vec_dot(N, y, y);
    for (size_t i = 0; i < N; i++)
      for (size_t j = 0; j < N; j++)
        H[i * N + j] = gamma * ((i == j) - x[i] * x[j]);
    for (size_t j = k > MEMORY ? k - MEMORY : 0; j < k; j++)
      bfgs_update(H, p.s[j], p.y[j]);
    for (size_t i = 0; i < N; i++)
      due[i] = -spo_vec_dot(N, H + i * N, h->g[k]);
    onto(x, due);
    tangent_direction(h, k, d);
    spo_vec_add(N, d, -1.0, due, due);
    expect_at_most(spo_vec_norm(N, due), 1e-7 * spo_vec_norm(N, d));
  }
}

static void test_pairs_on_sphere(void **state) {
  (void)state;
  for (expect_seed = 1; expect_seed <= 10; expect_seed++)
    for (int carried = 0; carried < 2; carried++) {
      static history h;
      quadratic q;
      spo_manifold *M = ball(expect_seed, &q);
      spo_manifold_ops ops = *M->ops;
      spo_lbfgs_options o;
      ops.transport = moved;
      if (carried)
        M->ops = &ops;
      const spo_problem P = {&plain_ops, "quadratic", &q, M, 0, 0};
      spo_lbfgs_options_init(&o);
      o.memory = MEMORY;
      o.cautious = 0.0;
      watch_on_sphere(spo_lbfgs(), &P, &o, &h);
      against_pairs(&h, carried);
      expect_true(h.count > 9);
      spo_manifold_destroy(M);
    }
}

/* ---- gradient descent ------------------------------------------------------------------------ */

/* The first step tried is Barzilai and Borwein's; where it was accepted at once, it is the step. */
static void test_barzilai_borwein(void **state) {
  (void)state;
  spo_manifold *M = flat();
  const spo_solver_ops *gd = spo_gradient_descent();
  size_t met = 0;
  for (expect_seed = 1; expect_seed <= 10; expect_seed++)
    for (int kind = 1; kind <= 3; kind++) {
      static history h;
      quadratic q;
      double s[N], y[N];
      fill(&q, expect_seed);
      const spo_problem P = {&plain_ops, "quadratic", &q, M, 0, 0};
      spo_gradient_descent_options o;
      spo_gradient_descent_options_init(&o);
      o.line_search = spo_nonmonotone_search();
      o.first_step = choices(gd, "first-step")[kind].value;
      watch(gd, &P, &o, &h);
      for (size_t k = 1; k + 1 < h.count; k++) {
        if (h.costs[k + 1] != h.costs[k] + 1)
          continue;
        pair(&h, k - 1, s, y);
        const double sy = spo_vec_dot(N, s, y);
        const double direct = spo_vec_dot(N, s, s) / sy, inverse = sy / spo_vec_dot(N, y, y);
        const double due = kind == 1 || (kind == 3 && k % 2) ? direct : inverse;
        expect_near(h.t[k + 1] / due, 1.0, 1e-6);
        met++;
      }
    }
  expect_true(met > 300);
  spo_manifold_destroy(M);
}

/* Where the curvature along a step is negative, and where it would be a thousandfold. */
static void test_bb_safeguards(void **state) {
  (void)state;
  spo_error err = {0};
  spo_manifold *M;
  const spo_problem_ops ops = {sizeof ops, .cost = double_well, .egrad = double_well_gradient};
  expect_ok(spo_euclidean_create(2, &M, &err));
  const spo_problem P = {&ops, "double well", NULL, M, 0, 0};
  for (int kind = 1; kind <= 3; kind++) {
    spo_gradient_descent_options o;
    spo_gradient_descent_options_init(&o);
    o.line_search = spo_nonmonotone_search();
    o.first_step = choices(spo_gradient_descent(), "first-step")[kind].value;
    o.search.step = 1e-3;
    o.bb_range = o.search.growth = 1.5;
    double x[2] = {1e-3, 1e-4}, last = 0.0;
    spo_solver *s;
    spo_iter it;
    spo_reason reason = SPO_RUNNING;
    expect_ok(spo_solver_create(spo_gradient_descent(), &P, &o, 0, &s, &err));
    expect_ok(spo_solver_start(s, x, NULL, &err));
    while (spo_solver_step(s, &it, &reason, &err) == SPO_OK && reason == SPO_RUNNING) {
      if (it.k > 1)
        expect_at_most(it.step_size, 1.5 * last * (1.0 + 1e-12));
      last = it.step_size;
    }
    expect_true(reason == SPO_STOP_GRAD);
    spo_solver_finish(s, x, NULL);
    expect_near(fabs(x[0]), 1.0, 1e-9);
    spo_solver_destroy(s);
  }
  spo_manifold_destroy(M);
}

/* Without Barzilai-Borwein steps the nonmonotone search begins at the minimiser of the parabola
 * through the last costs, here <s, s>/<s, y>, within its range of the last step. */
static void test_nonmonotone_steps(void **state) {
  (void)state;
  spo_manifold *M = flat();
  size_t met = 0, inside = 0;
  for (expect_seed = 1; expect_seed <= 10; expect_seed++) {
    static history h;
    quadratic q;
    double s[N], y[N];
    fill(&q, expect_seed);
    const spo_problem P = {&plain_ops, "quadratic", &q, M, 0, 0};
    spo_gradient_descent_options o;
    spo_gradient_descent_options_init(&o);
    o.line_search = spo_nonmonotone_search();
    watch(spo_gradient_descent(), &P, &o, &h);
    for (size_t k = 1; k + 1 < h.count && h.norm[k - 1] > 1e-3 * h.norm[0]; k++) {
      if (h.costs[k + 1] != h.costs[k] + 1)
        continue;
      pair(&h, k - 1, s, y);
      const double due = spo_vec_dot(N, s, s) / spo_vec_dot(N, s, y) / h.t[k];
      expect_near(h.t[k + 1] / h.t[k], fmin(fmax(due, o.search.contraction), o.search.growth),
                  1e-5);
      met++;
      inside += due > o.search.contraction && due < o.search.growth;
    }
  }
  expect_true(met > 60 && inside > 40);
  spo_manifold_destroy(M);
}

/* Evaluations of five runs to the default target. */
static uint64_t evaluations(const spo_solver_ops *type, const char *line_search,
                            const spo_problem *P) {
  _Alignas(double) char options[4096];
  double *x = new_vector(P);
  spo_error err = {0};
  uint64_t sum = 0;
  spo_options_init(type->option, type->n_options, options, type->options_size);
  expect_ok(spo_option_set(spo_option_find(type->option, type->n_options, "line-search"), options,
                           line_search, &err));
  for (expect_seed = 1; expect_seed <= 5; expect_seed++) {
    point_by_name(spo_ufm(), P, "random", expect_seed, x);
    const spo_result res = run_solver(type, P, options, NULL, 1, x);
    expect_true(res.converged);
    sum += res.last.count.cost + res.last.count.grad;
  }
  free(x);
  return sum;
}

/* Letting costs rise must pay for the solver that it was made for, and not ruin the other. */
static void test_nonmonotone_pays(void **state) {
  (void)state;
  spo_problem *P = ufm_problem(10, 5, 16, 1.0);
  const spo_solver_ops *gd = spo_gradient_descent(), *cg = spo_conjugate_gradient();
  expect_true(evaluations(gd, "nonmonotone", P) < evaluations(gd, "armijo", P));
  expect_true(evaluations(cg, "nonmonotone", P) < 2 * evaluations(cg, "armijo", P));
  spo_problem_destroy(P);
}

/* ---- the endgame ----------------------------------------------------------------------------- */

/* f = <A, X'X>/4 on the oblique manifold, A a weighted graph: a cost of about -1e3 whose minimiser
 * is asked for to |grad| <= 1e-8, where its decrease is 1e-19 of it. */
typedef struct graph {
  size_t nodes, rank;
  double *A;
} graph;

static int cut_cost(void *self, const double *x, double *f, double *memo, double *work) {
  const graph *G = self;
  (void)work;
  for (size_t i = 0; i < G->nodes; i++) {
    spo_vec_zero(G->rank, memo + i * G->rank);
    for (size_t j = 0; j < G->nodes; j++)
      if (G->A[i * G->nodes + j] != 0.0)
        spo_vec_axpy(G->rank, G->A[i * G->nodes + j], x + j * G->rank, memo + i * G->rank);
  }
  *f = 0.25 * spo_vec_dot(G->nodes * G->rank, x, memo);
  return 0;
}
static int cut_gradient(void *self, const double *x, double *g, double *memo, double *work) {
  const graph *G = self;
  (void)x, (void)work;
  spo_vec_combine(G->nodes * G->rank, 0.5, memo, 0.0, memo, g);
  return 0;
}

static void test_endgame(void **state) {
  (void)state;
  enum { NODES = 150, RANK = 18 };
  spo_error err = {0};
  spo_manifold *M;
  static double A[NODES * NODES], x[NODES * RANK];
  const spo_problem_ops ops = {sizeof ops, .cost = cut_cost, .egrad = cut_gradient};
  const spo_solver_ops *solver[] = {spo_conjugate_gradient(), spo_lbfgs()};
  graph G = {NODES, RANK, A};
  expect_ok(spo_oblique_create(RANK, NODES, &M, &err));
  const spo_problem P = {&ops, "cut", &G, M, NODES * RANK, 0};
  for (expect_seed = 1; expect_seed <= 2; expect_seed++) {
    gsl_rng *rng = new_rng(expect_seed);
    double f[2];
    for (size_t i = 0; i < NODES; i++)
      for (size_t j = 0; j < i; j++) /* sparse, weights without structure */
        A[i * NODES + j] = A[j * NODES + i] =
            gsl_rng_uniform(rng) < 0.1 ? 10.0 * gsl_ran_gaussian_ziggurat(rng, 1.0) : 0.0;
    for (int i = 0; i < 2; i++) {
      gsl_rng_set(rng, 100);
      expect_ok(M->ops->random_point(M, rng, x, NULL));
      spo_stop stop;
      spo_stop_init(&stop);
      stop.grad_rel = 0.0;
      stop.grad_abs = 1e-8;
      const spo_result res = run_solver(solver[i], &P, NULL, &stop, 1, x);
      if (!res.converged)
        print_error("%s: %s at %g\n", solver[i]->name, spo_reason_text(res.reason),
                    res.last.grad_norm);
      expect_true(res.converged);
      expect_at_most((double)res.last.k, 5000.0);
      f[i] = res.last.f;
    }
    expect_true(f[0] < -1e3);
    expect_near(f[0] / f[1], 1.0, 1e-9);
    gsl_rng_free(rng);
  }
  spo_manifold_destroy(M);
}

/* The relative gradient that the spherical UFM allows. */
static void test_ufm(void **state) {
  (void)state;
  const struct {
    const spo_solver_ops *type;
    double steps;
  } runs[] = {{spo_gradient_descent(), 500}, {spo_conjugate_gradient(), 100}, {spo_lbfgs(), 100}};
  spo_problem *P = ufm_problem(10, 5, 16, 1.0);
  double *x = new_vector(P);
  for (int i = 0; i < 3; i++)
    for (expect_seed = 1; expect_seed <= 5; expect_seed++) {
      spo_stop stop;
      spo_stop_init(&stop);
      stop.grad_rel = i ? 1e-12 : 1e-10;
      point_by_name(spo_ufm(), P, "random", expect_seed, x);
      const spo_result res = run_solver(runs[i].type, P, NULL, &stop, 1, x);
      expect_true(res.converged);
      expect_at_most((double)res.last.k, runs[i].steps);
    }
  free(x);
  spo_problem_destroy(P);
}

/* ---- every combination ----------------------------------------------------------------------- */

static void converge(const spo_solver_ops *type, const void *options, const spo_problem *P,
                     const double *x0, double *x, const char *what) {
  spo_stop stop;
  spo_stop_init(&stop);
  stop.grad_rel = 1e-6;
  stop.max_iter = 20000;
  memcpy(x, x0, P->manifold->n * sizeof *x);
  const spo_result res = run_solver(type, P, options, &stop, 1, x);
  if (!res.converged)
    print_error("%s on %s, %s: %s, gradient %g after %llu\n", type->name, P->name, what,
                spo_reason_text(res.reason), res.last.grad_norm, (unsigned long long)res.last.k);
  expect_true(res.converged);
}

static void combine(const spo_problem *P, const double *x0, double *x) {
  spo_conjugate_gradient_options cg;
  spo_lbfgs_options lb;
  spo_gradient_descent_options gd;
  char what[100];
  for (size_t i = 0; spo_list_line_searches[i]; i++) {
    const spo_line_search_ops *ls = spo_list_line_searches[i]();
    for (const spo_choice *c = choices(spo_conjugate_gradient(), "beta"); c->name; c++) {
      spo_conjugate_gradient_options_init(&cg);
      cg.line_search = ls, cg.beta = c->value;
      snprintf(what, sizeof what, "%s, %s", ls->name, c->name);
      converge(spo_conjugate_gradient(), &cg, P, x0, x, what);
    }
    for (uint64_t memory = 0; memory <= 8; memory += 4) {
      spo_lbfgs_options_init(&lb);
      lb.line_search = ls, lb.memory = memory;
      snprintf(what, sizeof what, "%s, memory %d", ls->name, (int)memory);
      converge(spo_lbfgs(), &lb, P, x0, x, what);
    }
    for (const spo_choice *c = choices(spo_gradient_descent(), "first-step"); c->name; c++) {
      spo_gradient_descent_options_init(&gd);
      gd.line_search = ls, gd.first_step = c->value;
      snprintf(what, sizeof what, "%s, %s", ls->name, c->name);
      converge(spo_gradient_descent(), &gd, P, x0, x, what);
    }
  }
}

/* The smallest sample of every model: conditioning is not what is tested here. */
static void test_combinations(void **state) {
  (void)state;
  for (size_t m = 0; spo_list_models[m]; m++) {
    const spo_model_ops *model = spo_list_models[m]();
    spo_problem *P = sample_problem(model, model->sample[0]);
    double *x0 = new_vector(P), *x = new_vector(P);
    expect_seed = 1;
    point_by_name(model, P, "random", expect_seed, x0);
    combine(P, x0, x);
    free(x0), free(x);
    spo_problem_destroy(P);
  }
}

/* ---- what is kept ---------------------------------------------------------------------------- */

static int never(void *self) {
  (void)self;
  return 0;
}

/* A run whose scratch and trial place are overwritten before every step, and whose state and kept
 * doubles move to new memory, goes on with the same bits: they are the whole of a checkpoint. */
static void drive(const spo_solver_ops *type, const spo_problem *P, const void *options,
                  const double *x0, bool disturbed, size_t steps, double *x) {
  spo_error err = {0};
  spo_eval *E;
  spo_point *p[2];
  const size_t n = P->manifold->n, len = type->work_len(P, options),
               keep = type->keep_len ? type->keep_len(P, options) : 0;
  double *work = calloc(len + 1, sizeof *work);
  void *state = calloc(1, type->state_size);
  expect_ok(spo_eval_create(P, &E, &err));
  for (int i = 0; i < 2; i++)
    expect_ok(spo_point_create(P, &p[i], &err));
  spo_point_set(p[0], P, x0);
  expect_ok(spo_eval_grad(E, p[0]));
  spo_run run = {.eval = *E,
                 .cur = p[0],
                 .trial = p[1],
                 .options = options,
                 .state = state,
                 .work = work,
                 .f_noise = 1e3 * DBL_EPSILON * fabs(p[0]->f),
                 .grad_scale = 1.0,
                 .interrupted = never,
                 .err = &err};
  expect_ok(type->start(&run));
  for (size_t k = 0; k < steps; k++) {
    spo_iter it = {.k = k + 1};
    spo_reason reason = SPO_RUNNING;
    if (disturbed) {
      double *other = malloc((len + 1) * sizeof *other);
      void *moved = malloc(type->state_size);
      memcpy(moved, run.state, type->state_size);
      memcpy(other, run.work, keep * sizeof *other);
      for (size_t i = keep; i < len; i++)
        other[i] = NAN;
      free(run.state), free(run.work);
      run.state = moved, run.work = other;
      for (size_t i = 0; i < n; i++)
        run.trial->x[i] = run.trial->grad[i] = NAN;
      spo_point_forget(run.trial);
    }
    expect_ok(type->step(&run, &it, &reason));
    expect_true(it.accepted && reason == SPO_RUNNING);
  }
  memcpy(x, run.cur->x, n * sizeof *x);
  free(run.state), free(run.work);
  spo_point_destroy(p[0]), spo_point_destroy(p[1]);
  spo_eval_destroy(E);
}

static void test_kept(void **state) {
  (void)state;
  spo_problem *P = ufm_problem(4, 3, 5, 2.0);
  const size_t bytes = P->manifold->n * sizeof(double);
  double *x0 = new_vector(P), *a = new_vector(P), *b = new_vector(P);
  expect_seed = 3;
  point_by_name(spo_ufm(), P, "random", expect_seed, x0);
  for (size_t i = 0; spo_list_line_searches[i]; i++) {
    spo_conjugate_gradient_options cg;
    spo_lbfgs_options lb;
    spo_gradient_descent_options gd;
    spo_conjugate_gradient_options_init(&cg);
    spo_lbfgs_options_init(&lb);
    spo_gradient_descent_options_init(&gd);
    cg.line_search = lb.line_search = gd.line_search = spo_list_line_searches[i]();
    lb.memory = 3;
    gd.first_step = choices(spo_gradient_descent(), "first-step")[3].value;
    const spo_solver_ops *type[] = {spo_conjugate_gradient(), spo_lbfgs(), spo_gradient_descent()};
    const void *options[] = {&cg, &lb, &gd};
    for (int k = 0; k < 3; k++) {
      drive(type[k], P, options[k], x0, false, 15, a);
      drive(type[k], P, options[k], x0, true, 15, b);
      assert_memory_equal(a, b, bytes);
      expect_true(memcmp(a, x0, bytes) != 0);
    }
  }
  free(x0), free(a), free(b);
  spo_problem_destroy(P);
}

/* ---- callbacks that fail --------------------------------------------------------------------- */

typedef struct naughty {
  int fail_at, code, calls;
  bool gradient;
} naughty;

static int strike(naughty *s, bool gradient, double *value) {
  if (s->gradient != gradient || s->calls++ != s->fail_at)
    return 0;
  if (s->code == 0)
    *value = NAN;
  return s->code;
}
static int bent_cost(void *self, const double *x, double *f, double *memo, double *work) {
  (void)memo, (void)work;
  *f = 1.0 + x[0] * x[0] * x[0] * x[0] + 10.0 * x[1] * x[1] + x[0];
  return strike(self, false, f);
}
static int bent_gradient(void *self, const double *x, double *g, double *memo, double *work) {
  (void)memo, (void)work;
  g[0] = 4.0 * x[0] * x[0] * x[0] + 1.0;
  g[1] = 20.0 * x[1];
  return strike(self, true, g);
}

static void test_failing_callbacks(void **state) {
  (void)state;
  spo_error err = {0};
  spo_manifold *plane;
  const spo_problem_ops ops = {sizeof ops, .cost = bent_cost, .egrad = bent_gradient};
  const spo_solver_ops *type[] = {spo_gradient_descent(), spo_conjugate_gradient(), spo_lbfgs()};
  expect_ok(spo_euclidean_create(2, &plane, &err));
  for (size_t i = 0; spo_list_line_searches[i]; i++)
    for (int k = 0; k < 3; k++)
      for (int c = 0; c < 6; c++)
        for (int at = 1; at < 15; at++) {
          const int codes[] = {0, 1, -7};
          naughty s = {at, codes[c / 2], 0, c % 2};
          const spo_problem P = {&ops, "naughty", &s, plane, 0, 0};
          char options[sizeof(spo_gradient_descent_options) +
                       sizeof(spo_conjugate_gradient_options) + sizeof(spo_lbfgs_options)];
          double x[2] = {2.0, 1.0};
          spo_solver *run;
          spo_result res = {.size = sizeof res};
          spo_options_init(type[k]->option, type[k]->n_options, options, type[k]->options_size);
          expect_ok(
              spo_option_set(spo_option_find(type[k]->option, type[k]->n_options, "line-search"),
                             options, spo_list_line_searches[i]()->name, &err));
          expect_ok(spo_solver_create(type[k], &P, options, 1, &run, &err));
          const spo_status status = spo_solver_solve(run, x, NULL, NULL, NULL, &res, &err);
          if (s.calls > at && s.code == -7)
            expect_status(status, SPO_E_USER);
          else
            expect_ok(status), expect_true(res.converged);
          spo_solver_destroy(run);
        }
  spo_manifold_destroy(plane);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_conjugacy),
      cmocka_unit_test(test_beta),
      cmocka_unit_test(test_restart),
      cmocka_unit_test(test_secant_equation),
      cmocka_unit_test(test_against_matrices),
      cmocka_unit_test(test_bfgs_termination),
      cmocka_unit_test(test_beta_on_sphere),
      cmocka_unit_test(test_pairs_on_sphere),
      cmocka_unit_test(test_cautious),
      cmocka_unit_test(test_barzilai_borwein),
      cmocka_unit_test(test_bb_safeguards),
      cmocka_unit_test(test_nonmonotone_steps),
      cmocka_unit_test(test_nonmonotone_pays),
      cmocka_unit_test(test_endgame),
      cmocka_unit_test(test_ufm),
      cmocka_unit_test(test_combinations),
      cmocka_unit_test(test_kept),
      cmocka_unit_test(test_failing_callbacks),
  };
  return cmocka_run_group_tests_name("first-order solvers", tests, NULL, NULL);
}
