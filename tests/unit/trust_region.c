/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The trust region and gradient descent step by step: what each iteration says must fit what it
 * did. */
#include <float.h>

#include "samples.h"

static const void *choice(const spo_solver_ops *type, const char *option, int number) {
  return spo_option_find(type->option, type->n_options, option)->choice[number].value;
}

typedef struct history {
  spo_iter it[400];
  size_t count;
} history;

static int remember(void *self, const spo_iter *it) {
  history *h = self;
  h->it[h->count++] = *it;
  return h->count == 400;
}

static spo_result run_watched(const spo_solver_ops *type, const spo_problem *P, const void *options,
                              double *x, history *h) {
  spo_error err = {0};
  spo_solver *s;
  spo_result res = {.size = sizeof res};
  h->count = 0;
  expect_ok(spo_solver_create(type, P, options, expect_seed, &s, &err));
  expect_ok(spo_solver_solve(s, x, NULL, remember, h, &res, &err));
  spo_solver_destroy(s);
  return res;
}

/* Radius, acceptance and replay, iteration by iteration, against the rules. */
static void test_radius(void **state) {
  (void)state;
  static history h;
  size_t replays = 0, grown = 0;
  spo_problem *P = ufm_problem(10, 5, 16, 1.0);
  double *x = new_vector(P);
  spo_trust_region_options o;
  spo_trust_region_options_init(&o);
  o.max_radius = 9.0;
  for (expect_seed = 1; expect_seed <= 8; expect_seed++) {
    point_by_name(spo_ufm(), P, "random", expect_seed, x);
    run_watched(spo_trust_region(), P, &o, x, &h);
    double radius = 9.0 / 8.0;
    for (size_t k = 1; k < h.count; k++) {
      const spo_iter *it = &h.it[k], *last = &h.it[k - 1];
      const bool boundary = it->step_norm >= radius * (1.0 - 1e-12);
      expect_at_most(it->step_norm, radius * (1.0 + 1e-12));
      expect_true(it->accepted == (it->rho > 0.1));
      double due = radius;
      if (!it->accepted)
        due = 0.25 * it->step_norm;
      else if (it->rho < 0.25)
        due = 0.25 * radius;
      else if (it->rho > 0.75 && boundary)
        due = fmin(2.0 * radius, 9.0);
      expect_near(it->radius, due, 1e-12 * due);
      expect_true(it->accepted ? it->f <= last->f + 1e-12 : it->f == last->f);
      if (k > 1 && !last->accepted) { /* answered from the store */
        expect_true(it->inner == 0);
        replays++;
      }
      grown += it->radius > radius;
      radius = it->radius;
    }
  }
  expect_true(replays > 0 && grown > 0);
  free(x);
  spo_problem_destroy(P);
}

/* Decays that differ by 1e18 put the minimum at |H| ~ 1e5 from a start at 8, and the preconditioned
 * norm makes a typical distance of 3e-4: the largest radius has to follow. Asked for, it stays. */
static void test_largest_radius(void **state) {
  (void)state;
  static history h;
  spo_problem *P = sample_problem(spo_ce_ufm(), "--classes 4 --per-class 3 --dim 4 --decay-w 1e6 "
                                                "--decay-h 1e-12");
  double *x = new_vector(P), f_star = NAN;
  const char *theorem;
  spo_trust_region_options o;
  spo_trust_region_options_init(&o);
  assert_int_equal(P->ops->known_minimum(P->self, &f_star, &theorem), 0);
  for (expect_seed = 0; expect_seed < 4; expect_seed++) {
    point_by_name(spo_ce_ufm(), P, "random", expect_seed, x);
    const spo_result res = run_watched(spo_trust_region(), P, &o, x, &h);
    expect_true(res.converged);
    expect_near(res.last.f, f_star, 1e-12);
    expect_true(h.it[1].radius < 1e-3);
  }
  o.max_radius = h.it[1].radius;
  point_by_name(spo_ce_ufm(), P, "random", 0, x);
  expect_true(run_watched(spo_trust_region(), P, &o, x, &h).reason == SPO_STOP_USER);
  for (size_t k = 1; k < h.count; k++)
    expect_at_most(h.it[k].radius, o.max_radius);
  free(x);
  spo_problem_destroy(P);
}

/* A search for negative curvature that the budget ends proves nothing: the run ends by the budget,
 * and not at a second-order point. */
static void test_search_interrupted(void **state) {
  (void)state;
  static history h;
  spo_error err = {0};
  spo_problem *P = ufm_problem(6, 2, 4, 2.0); /* its minimum is not known */
  double *x = new_vector(P);
  const spo_solver_ops *type[] = {spo_trust_region(), spo_arc()};
  for (size_t i = 0; i < 2; i++)
    for (uint64_t most = 1; most <= 400; most += 399) {
      spo_solver *s;
      spo_stop stop;
      spo_result res = {.size = sizeof res};
      expect_seed = most;
      point_by_name(spo_ufm(), P, "random", 1, x);
      expect_true(run_watched(spo_trust_region(), P, NULL, x, &h).converged);
      spo_stop_init(&stop);
      stop.max_hess = most;
      expect_ok(spo_solver_create(type[i], P, NULL, 1, &s, &err));
      expect_ok(spo_solver_solve(s, x, &stop, NULL, NULL, &res, &err));
      spo_solver_destroy(s);
      expect_true(res.reason == (most == 1 ? SPO_STOP_MAX_HESS : SPO_STOP_SECOND_ORDER));
      expect_true(res.converged == (most > 1) && res.last.k == 1);
    }
  free(x);
  spo_problem_destroy(P);
}

/* ARC answers a rejected step from its basis; its subproblem is as accurate as theta asks. */
static void test_arc(void **state) {
  (void)state;
  static history h;
  size_t replays = 0;
  uint64_t products[2];
  spo_problem *P = ufm_problem(10, 5, 16, 1.0);
  double *x = new_vector(P);
  spo_arc_options o;
  for (int loose = 0; loose < 2; loose++) {
    spo_arc_options_init(&o);
    o.theta = loose ? 10.0 : 1e-6;
    o.sigma = 1e-4;
    point_by_name(spo_ufm(), P, "random", 1, x);
    products[loose] = run_watched(spo_arc(), P, &o, x, &h).last.count.hess;
    for (size_t k = 2; k < h.count; k++)
      if (!h.it[k - 1].accepted && h.it[k - 1].inner > 0) {
        expect_true(h.it[k].inner == 0);
        replays++;
      }
  }
  expect_true(replays > 0 && 6 * products[1] < products[0]);
  free(x);
  spo_problem_destroy(P);
}

/* A steep valley behind a crest: of the long first steps away from the saddle at 0 f falls by less
 * than the curvature says. f = -x^2/2 + 50 x^4, and y^2 besides. */
static int crest_cost(void *self, const double *x, double *f, double *memo, double *work) {
  (void)self, (void)memo, (void)work;
  *f = x[0] * x[0] * (50.0 * x[0] * x[0] - 0.5) + x[1] * x[1];
  return 0;
}

static int crest_egrad(void *self, const double *x, double *g, double *memo, double *work) {
  (void)self, (void)memo, (void)work;
  g[0] = x[0] * (200.0 * x[0] * x[0] - 1.0);
  g[1] = 2.0 * x[1];
  return 0;
}

static int crest_ehess(void *self, const double *x, const double *v, double *hv, const double *memo,
                       double *work) {
  (void)self, (void)memo, (void)work;
  hv[0] = (600.0 * x[0] * x[0] - 1.0) * v[0];
  hv[1] = 2.0 * v[1];
  return 0;
}

static int first_step(void *self, const spo_iter *it) {
  if (it->k == 1) { /* from 0, along x[0] */
    *(spo_iter *)self = *it;
    expect_near(it->step_norm, hypot(it->x[0], it->x[1]), 1e-15);
  }
  return 0;
}

/* The step of an escape is one that f's fall bears out. */
static void test_escape_step(void **state) {
  (void)state;
  static const spo_problem_ops table = {.size = sizeof(spo_problem_ops),
                                        .cost = crest_cost,
                                        .egrad = crest_egrad,
                                        .ehess = crest_ehess};
  const spo_solver_ops *type[] = {spo_trust_region(), spo_arc()};
  spo_error err = {0};
  spo_manifold *M;
  expect_ok(spo_euclidean_create(2, &M, &err));
  const spo_problem P = {&table, "crest", NULL, M, 0, 0};
  for (int i = 0; i < 2; i++) {
    double x[2] = {0.0, 0.0};
    spo_solver *s;
    spo_result res = {.size = sizeof res};
    spo_iter it;
    expect_ok(spo_solver_create(type[i], &P, NULL, 1, &s, &err));
    expect_ok(spo_solver_solve(s, x, NULL, first_step, &it, &res, &err));
    expect_true(it.event == SPO_EVENT_ESCAPE && it.accepted && it.rho >= 0.1 && it.f < 0.0);
    expect_true(res.reason == SPO_STOP_GRAD);
    expect_near(res.last.f, -1.0 / 800.0, 1e-12);
    spo_solver_destroy(s);
  }
  spo_manifold_destroy(M);
}

/* never: a saddle is a critical point like any other; start: left if the run begins there. */
static void test_escape_option(void **state) {
  (void)state;
  spo_problem *P = ufm_problem(4, 2, 5, 1.0);
  double *x = new_vector(P);
  spo_trust_region_options o;
  spo_trust_region_options_init(&o);
  for (int number = 0; number < 3; number++) {
    o.escape = choice(spo_trust_region(), "escape", number);
    point_by_name(spo_ufm(), P, "merged:2", 1, x);
    const spo_result res = run_solver(spo_trust_region(), P, &o, NULL, 1, x);
    expect_true(res.reason == SPO_STOP_GRAD);
    expect_true((res.last.f > 0.8) == (number == 0)); /* the saddle's 0.820, the minimum's 0.583 */
  }
  free(x);
  spo_problem_destroy(P);
  /* reached, not started at: a gradient stop, also where no minimum is known */
  P = sample_problem(spo_ufm(), "--counts 5,2,1 --dim 4 --tau 2");
  x = new_vector(P);
  point_by_name(spo_ufm(), P, "random", 1, x);
  expect_true(run_solver(spo_trust_region(), P, NULL, NULL, 1, x).reason == SPO_STOP_GRAD);
  expect_true(run_solver(spo_trust_region(), P, NULL, NULL, 1, x).reason == SPO_STOP_SECOND_ORDER);
  free(x);
  spo_problem_destroy(P);
}

/* From a saddle the seed decides where to. */
static void test_seed(void **state) {
  (void)state;
  spo_problem *P = ufm_problem(4, 2, 5, 1.0);
  double *a = new_vector(P), *b = new_vector(P);
  point_by_name(spo_ufm(), P, "merged:2", 1, a);
  point_by_name(spo_ufm(), P, "merged:2", 1, b);
  run_solver(spo_trust_region(), P, NULL, NULL, 1, a);
  run_solver(spo_trust_region(), P, NULL, NULL, 2, b);
  expect_true(memcmp(a, b, P->manifold->n * sizeof *a) != 0);
  free(a), free(b);
  spo_problem_destroy(P);
}

/* Armijo's condition at every step that f can resolve, with the growth and contraction given. */
static void test_armijo(void **state) {
  (void)state;
  static history h;
  spo_problem *P = ufm_problem(5, 3, 8, 2.0);
  double *x = new_vector(P);
  spo_gradient_descent_options o;
  spo_gradient_descent_options_init(&o);
  o.search.sufficient_decrease = 0.3;
  for (expect_seed = 1; expect_seed <= 4; expect_seed++) {
    point_by_name(spo_ufm(), P, "random", expect_seed, x);
    run_watched(spo_gradient_descent(), P, &o, x, &h);
    for (size_t k = 1; k < h.count; k++) {
      const spo_iter *it = &h.it[k], *last = &h.it[k - 1];
      const double linear = it->step_size * last->grad_norm * last->grad_norm;
      expect_near(it->step_norm, it->step_size * last->grad_norm, 1e-14 * it->step_norm);
      if (linear > 1e3 * DBL_EPSILON * last->f)
        expect_at_most(it->f, last->f - 0.3 * linear);
      if (k > 1) { /* a power of 1/2 of twice the last */
        const double halvings = log2(2.0 * last->step_size / it->step_size);
        expect_near(halvings, nearbyint(halvings), 1e-9);
        expect_true(halvings > -0.5);
      }
    }
  }
  free(x);
  spo_problem_destroy(P);
}

/* A run's gradient scale: the problem's own, or where it states none the gradient at the start. */
static int bowl(void *self, const double *x, double *f, double *memo, double *work) {
  (void)self, (void)memo, (void)work;
  *f = 1e4 * (1.0 + x[0] * x[0] + 4.0 * x[1] * x[1]);
  return 0;
}
static int bowl_gradient(void *self, const double *x, double *g, double *memo, double *work) {
  (void)self, (void)memo, (void)work;
  g[0] = 2e4 * x[0];
  g[1] = 8e4 * x[1];
  return 0;
}

static void test_scales(void **state) {
  (void)state;
  spo_error err = {0};
  spo_manifold *plane;
  expect_ok(spo_euclidean_create(2, &plane, &err));
  const spo_problem_ops ops = {sizeof ops, .cost = bowl, .egrad = bowl_gradient};
  const spo_problem P = {&ops, "bowl", NULL, plane, 0, 0};
  double x[2] = {3.0, 0.0}, noise, scale;
  const spo_result res = run_solver(spo_gradient_descent(), &P, NULL, NULL, 0, x);
  expect_near(res.last.grad_scale, 6e4, 1e-9);
  expect_true(res.converged);
  spo_eval *E;
  spo_point *p;
  expect_ok(spo_eval_create(&P, &E, &err));
  expect_ok(spo_point_create(&P, &p, &err));
  spo_point_set(p, &P, x);
  expect_ok(spo_eval_scale(E, p, &noise, &scale));
  expect_near(noise, 1e3 * DBL_EPSILON * p->f, 1e-20);
  expect_true(isnan(scale));
  spo_eval_destroy(E);
  spo_point_destroy(p);
  spo_manifold_destroy(plane);

  spo_problem *U = ufm_problem(4, 2, 5, 3.0);
  expect_ok(spo_eval_create(U, &E, &err));
  expect_ok(spo_point_create(U, &p, &err));
  point_by_name(spo_ufm(), U, "random", 1, p->x);
  expect_ok(spo_eval_scale(E, p, &noise, &scale));
  expect_near(scale, 3.0 * p->f, 1e-14 * scale);
  expect_near(noise, 1e3 * DBL_EPSILON * p->f, 1e-20);
  double *V = calloc(3 * U->manifold->n, sizeof *V), *HV = calloc(3 * U->manifold->n, sizeof *HV);
  expect_ok(spo_eval_hess(E, p, 3, V, HV)); /* a block of three counts as three */
  assert_int_equal(E->count.hess, 3);
  free(V), free(HV);
  spo_eval_destroy(E);
  spo_point_destroy(p);
  spo_problem_destroy(U);
}

/* The budget of products ends every second-order solver inside its subproblem. */
static void test_budget(void **state) {
  (void)state;
  spo_problem *P = ufm_problem(6, 2, 7, 1.0);
  double *x = new_vector(P);
  const spo_trs_ops *sub[] = {spo_tcg(), spo_gltr(), spo_randomized_tcg(), spo_exact(), NULL};
  for (int c = 0; c < 5; c++)
    for (uint64_t products = 1; products < 40; products += 6) {
      spo_trust_region_options o;
      spo_stop stop;
      spo_trust_region_options_init(&o);
      o.subproblem = sub[c] ? sub[c] : spo_tcg();
      spo_stop_init(&stop);
      stop.max_hess = products;
      expect_seed = products;
      point_by_name(spo_ufm(), P, "random", 1, x);
      const spo_result res =
          run_solver(sub[c] ? spo_trust_region() : spo_arc(), P, sub[c] ? &o : NULL, &stop, 1, x);
      expect_true(res.reason == SPO_STOP_MAX_HESS || res.converged);
      expect_at_most((double)res.last.count.hess,
                     (double)products + (sub[c] == spo_exact() ? 7.0 : 0.0));
    }
  free(x);
  spo_problem_destroy(P);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_search_interrupted),
      cmocka_unit_test(test_radius),
      cmocka_unit_test(test_largest_radius),
      cmocka_unit_test(test_escape_option),
      cmocka_unit_test(test_seed),
      cmocka_unit_test(test_armijo),
      cmocka_unit_test(test_scales),
      cmocka_unit_test(test_budget),
      cmocka_unit_test(test_arc),
      cmocka_unit_test(test_escape_step),
  };
  return cmocka_run_group_tests_name("trust region", tests, NULL, NULL);
}
