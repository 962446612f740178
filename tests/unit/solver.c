/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The loop: stop rules, failing callbacks, the caller's own loop, repeatability. */
#include <gsl/gsl_math.h>
#include <gsl/gsl_randist.h>

#include "lists/lists.h"
#include "samples.h"

/* A quadratic on R^2 or its sphere whose callbacks misbehave on demand: at call number fail_at the
 * one named returns `code`, or writes NaN. */
typedef struct naughty {
  char where; /* 'f', 'g', 'h' */
  int fail_at, code, calls;
  bool nan;
} naughty;

static int misbehave(naughty *s, char where, double *value) {
  if (s->where != where || s->calls++ != s->fail_at)
    return 0;
  if (s->nan)
    *value = NAN;
  return s->code;
}

static int cost(void *self, const double *x, double *f, double *memo, double *work) {
  (void)memo, (void)work;
  *f = 1.0 + 0.5 * (gsl_pow_2(x[0] - 1.0) + 10.0 * gsl_pow_2(x[1] + 2.0)) + 0.1 * gsl_pow_4(x[0]);
  return misbehave(self, 'f', f);
}
static int egrad(void *self, const double *x, double *g, double *memo, double *work) {
  (void)memo, (void)work;
  g[0] = x[0] - 1.0 + 0.4 * gsl_pow_3(x[0]);
  g[1] = 10.0 * (x[1] + 2.0);
  return misbehave(self, 'g', g);
}
static int ehess(void *self, const double *x, const double *v, double *hv, const double *memo,
                 double *work) {
  (void)memo, (void)work;
  hv[0] = (1.0 + 1.2 * x[0] * x[0]) * v[0];
  hv[1] = 10.0 * v[1];
  return misbehave(self, 'h', hv);
}

static const spo_problem_ops naughty_ops = {
    .size = sizeof(spo_problem_ops), .cost = cost, .egrad = egrad, .ehess = ehess};

static const spo_solver_ops *solver_number(int i) {
  return i == 0 ? spo_trust_region() : spo_gradient_descent();
}

/* Every callback at every call number: NaN, "not here" and "give up" end in the right status or
 * reason, with a point no worse than the start. */
static void test_failing_callbacks(void **state) {
  (void)state;
  spo_error err = {0};
  spo_manifold *plane;
  expect_ok(spo_euclidean_create(2, &plane, &err));
  for (int solver = 0; solver < 2; solver++)
    for (int where = 0; where < 3; where++)
      for (int kind = 0; kind < 3; kind++)
        for (int at = 0; at < 12; at++) {
          naughty s = {"fgh"[where], at, kind == 0 ? 0 : kind == 1 ? 1 : -7, 0, kind == 0};
          const spo_problem P = {&naughty_ops, "naughty", &s, plane, 0, 0};
          double x[2] = {3.0, 1.0}, f0 = 1.0 + 0.5 * (4.0 + 90.0) + 8.1;
          spo_solver *run;
          spo_result res = {.size = sizeof res};
          expect_ok(spo_solver_create(solver_number(solver), &P, NULL, 1, &run, &err));
          const spo_status status = spo_solver_solve(run, x, NULL, NULL, NULL, &res, &err);
          const bool struck = s.calls > at;
          const bool at_start = at == 0 && where < 2;
          if (struck && kind == 2) {
            expect_status(status, SPO_E_USER);
            assert_int_equal(err.detail, -7);
          } else if (struck && at_start) {
            expect_status(status, SPO_E_NONFINITE);
          } else {
            expect_status(status, SPO_OK);
          }
          double f = NAN;
          s.where = ' ';
          cost(&s, x, &f, NULL, NULL);
          expect_at_most(f, f0);
          spo_solver_destroy(run);
        }
  spo_manifold_destroy(plane);
}

static int stop_at_3(void *self, const spo_iter *it) {
  (void)self;
  return it->k == 3;
}
static int at_once(void *self) {
  (void)self;
  return 1;
}

static void test_stop_rules(void **state) {
  (void)state;
  spo_error err = {0};
  spo_problem *P = ufm_problem(5, 3, 8, 1.0);
  double *x0 = new_vector(P), *x = new_vector(P);
  point_by_name(spo_ufm(), P, "random", 1, x0);
  for (int i = 0; i < 2; i++) {
    spo_solver *s;
    spo_result res = {.size = sizeof res};
    spo_stop stop;
    expect_ok(spo_solver_create(solver_number(i), P, NULL, 1, &s, &err));
#define RUN(reason_due)                                                                            \
  memcpy(x, x0, P->manifold->n * sizeof(double));                                                  \
  expect_ok(spo_solver_solve(s, x, &stop, NULL, NULL, &res, &err));                                \
  expect_true(res.reason == (reason_due));
    spo_stop_init(&stop);
    stop.max_iter = 0;
    RUN(SPO_STOP_MAX_ITER)
    assert_memory_equal(x, x0, P->manifold->n * sizeof(double));
    stop.max_iter = 4;
    RUN(SPO_STOP_MAX_ITER)
    assert_int_equal(res.last.k, 4);
    spo_stop_init(&stop);
    stop.max_cost = 5;
    RUN(SPO_STOP_MAX_COST)
    expect_true(res.last.count.cost >= 5 && res.last.count.cost <= (i == 0 ? 5 : 6));
    spo_stop_init(&stop);
    stop.f_target = 1.0;
    RUN(SPO_STOP_FTARGET)
    expect_at_most(res.last.f, 1.0);
    spo_stop_init(&stop);
    stop.max_time = 0.0;
    RUN(SPO_STOP_MAX_TIME)
    spo_stop_init(&stop);
    stop.poll = at_once;
    RUN(SPO_STOP_USER)
    spo_stop_init(&stop);
    stop.grad_rel = 0.0;
    stop.grad_abs = 1e-3;
    RUN(SPO_STOP_GRAD)
    expect_at_most(res.last.grad_norm, 1e-3);
    spo_stop_init(&stop);
    stop.step_min = 0.05;
    RUN(SPO_STOP_STEP)
    spo_stop_init(&stop);
    stop.grad_rel = NAN;
    expect_status(spo_solver_solve(s, x, &stop, NULL, NULL, &res, &err), SPO_E_OPTION);
    spo_stop_init(&stop);
    memcpy(x, x0, P->manifold->n * sizeof(double));
    expect_ok(spo_solver_solve(s, x, &stop, stop_at_3, NULL, &res, &err));
    expect_true(res.reason == SPO_STOP_USER && res.last.k == 3);
#undef RUN
    x[0] += 0.5; /* off the sphere */
    expect_status(spo_solver_solve(s, x, NULL, NULL, NULL, &res, &err), SPO_E_ARG);
    spo_solver_destroy(s);
  }
  spo_solver *s;
  spo_stop stop;
  spo_result res = {.size = sizeof res};
  spo_stop_init(&stop);
  stop.max_hess = 10;
  memcpy(x, x0, P->manifold->n * sizeof(double));
  expect_ok(spo_solver_create(spo_trust_region(), P, NULL, 1, &s, &err));
  expect_ok(spo_solver_solve(s, x, &stop, NULL, NULL, &res, &err));
  expect_true(res.reason == SPO_STOP_MAX_HESS && res.last.count.hess == 10);
  spo_solver_destroy(s);
  free(x0);
  free(x);
  spo_problem_destroy(P);
}

/* Same seed: the same bits, run after run, and in the caller's own loop. */
static void test_repeatable(void **state) {
  (void)state;
  spo_error err = {0};
  spo_problem *P = ufm_problem(4, 2, 5, 3.0);
  const size_t bytes = P->manifold->n * sizeof(double);
  double *x0 = new_vector(P), *a = new_vector(P), *b = new_vector(P);
  for (int i = 0; i < 2; i++)
    for (int saddle = 0; saddle < (i == 0 ? 2 : 1); saddle++) {
      point_by_name(spo_ufm(), P, saddle ? "merged:2" : "random", 9, x0);
      spo_solver *s;
      spo_result first = {.size = sizeof first}, second = {.size = sizeof second};
      expect_ok(spo_solver_create(solver_number(i), P, NULL, 5, &s, &err));
      memcpy(a, x0, bytes);
      memcpy(b, x0, bytes);
      expect_ok(spo_solver_solve(s, a, NULL, NULL, NULL, &first, &err));
      expect_ok(spo_solver_solve(s, b, NULL, NULL, NULL, &second, &err));
      assert_memory_equal(a, b, bytes);
      spo_iter it;
      spo_reason reason = SPO_RUNNING;
      uint64_t steps = 0;
      expect_ok(spo_solver_start(s, x0, NULL, &err));
      while (spo_solver_step(s, &it, &reason, &err) == SPO_OK && reason == SPO_RUNNING)
        steps++;
      expect_ok(spo_solver_finish(s, b, &second));
      assert_memory_equal(a, b, bytes);
      assert_int_equal(steps, first.last.k);
      expect_true(second.reason == first.reason);
      const uint64_t k = it.k; /* a step after the end changes nothing */
      expect_ok(spo_solver_step(s, &it, &reason, &err));
      assert_int_equal(it.k, k);
      spo_solver_destroy(s);
    }
  free(x0);
  free(a);
  free(b);
  spo_problem_destroy(P);
}

static void test_refusals(void **state) {
  (void)state;
  spo_error err = {0};
  spo_manifold *plane;
  spo_solver *s;
  expect_ok(spo_euclidean_create(2, &plane, &err));
  naughty self = {' ', 0, 0, 0, false};
  spo_problem_ops ops = naughty_ops;
  ops.ehess = NULL;
  const spo_problem P = {&ops, "first order", &self, plane, 0, 0};
  expect_status(spo_solver_create(spo_trust_region(), &P, NULL, 0, &s, &err), SPO_E_UNSUPPORTED);
  assert_null(s);
  assert_non_null(strstr(err.text, "Hessian"));
  spo_trust_region_options options;
  spo_trust_region_options_init(&options);
  options.accept = 0.3;
  ops.ehess = ehess;
  expect_status(spo_solver_create(spo_trust_region(), &P, &options, 0, &s, &err), SPO_E_OPTION);
  assert_non_null(strstr(err.text, "accept"));
  /* no Hessian: spo_minimize takes gradient descent */
  ops.ehess = NULL;
  double x[2] = {3.0, 1.0};
  spo_result res = {.size = sizeof res};
  expect_ok(spo_minimize(&P, x, NULL, &res, &err));
  expect_true(res.converged && res.last.count.hess == 0);
  expect_near(x[1], -2.0, 1e-8);
  spo_manifold_destroy(plane);
}

/* No more is written than the caller's struct has, and one without a size is refused. */
static void test_size_of_result(void **state) {
  (void)state;
  spo_error err = {0};
  spo_solver *s;
  spo_problem *P = ufm_problem(3, 2, 4, 1.0);
  double *x = new_vector(P);
  spo_result res = {.size = offsetof(spo_result, last)};
  point_by_name(spo_ufm(), P, "random", 1, x);
  memset(&res.last, 0x5a, sizeof res.last);
  expect_ok(spo_solver_create(spo_trust_region(), P, NULL, 0, &s, &err));
  expect_ok(spo_solver_solve(s, x, NULL, NULL, NULL, &res, &err));
  expect_true(res.converged && res.reason == SPO_STOP_GRAD);
  expect_true(res.size == offsetof(spo_result, last));
  for (size_t i = 0; i < sizeof res.last; i++)
    assert_int_equal(((const unsigned char *)&res.last)[i], 0x5a);
  res.size = sizeof res;
  expect_ok(spo_solver_finish(s, NULL, &res));
  expect_true(res.last.k > 0 && res.last.x == NULL && res.size == sizeof res);
  res.size = 0;
  expect_status(spo_solver_finish(s, NULL, &res), SPO_E_ARG);
  expect_status(spo_solver_solve(s, x, NULL, NULL, NULL, &res, &err), SPO_E_ARG);
  assert_non_null(strstr(err.text, "size"));
  spo_solver_destroy(s);
  free(x);
  spo_problem_destroy(P);
}

/* Gradient descent with the best fixed step contracts at the rate of the spectrum. */
static void test_fixed_step_rate(void **state) {
  (void)state;
  const struct {
    uint64_t K, n, d;
    double tau, step, rate;
  } runs[] = {{4, 2, 5, 1.0, 5.6085, 0.65108},
              {6, 3, 8, 3.0, 11.2428, 0.72973},
              {3, 1, 3, 2.0, 4.4171, 0.60000}};
  for (int i = 0; i < 3; i++) {
    spo_error err = {0};
    spo_problem *P = ufm_problem(runs[i].K, runs[i].n, runs[i].d, runs[i].tau);
    double *x = new_vector(P), norms[3000];
    spo_gradient_descent_options options;
    spo_gradient_descent_options_init(&options);
    expect_ok(spo_option_set(spo_option_find(spo_gradient_descent()->option,
                                             spo_gradient_descent()->n_options, "line-search"),
                             &options, "fixed", &err));
    spo_solver *s;
    expect_status(spo_solver_create(spo_gradient_descent(), P, &options, 0, &s, &err), SPO_OK);
    point_by_name(spo_ufm(), P, "random", 2, x);
    expect_status(spo_solver_start(s, x, NULL, &err), SPO_E_OPTION); /* no step given */
    spo_stop near; /* the rate is that of the minimiser's neighbourhood */
    spo_stop_init(&near);
    near.grad_rel = 1e-3;
    run_solver(spo_gradient_descent(), P, NULL, &near, 0, x);
    spo_solver_destroy(s);
    options.search.step = runs[i].step;
    spo_iter it;
    spo_reason reason = SPO_RUNNING;
    size_t k = 0;
    expect_ok(spo_solver_create(spo_gradient_descent(), P, &options, 0, &s, &err));
    expect_ok(spo_solver_start(s, x, NULL, &err));
    while (spo_solver_step(s, &it, &reason, &err) == SPO_OK && reason == SPO_RUNNING && k < 3000)
      norms[k++] = it.grad_norm;
    expect_true(reason == SPO_STOP_GRAD && k > 20);
    expect_near(pow(norms[k - 1] / norms[k - 11], 0.1), runs[i].rate, 1e-3);
    spo_solver_destroy(s);
    free(x);
    spo_problem_destroy(P);
  }
}

/* ---- a start where the gradient is 0 --------------------------------------------------------- */

/* f = 1/2 sum (i - 2.7) x_i^2, which states no scale. */
static int form_cost(void *self, const double *x, double *f, double *memo, double *work) {
  const size_t n = *(const size_t *)self;
  (void)memo, (void)work;
  *f = 0.0;
  for (size_t i = 0; i < n; i++)
    *f += 0.5 * ((double)i - 2.7) * x[i] * x[i];
  return 0;
}

static int form_ehess(void *self, const double *x, const double *v, double *hv, const double *memo,
                      double *work) {
  (void)x, (void)memo, (void)work;
  for (size_t i = 0; i < *(const size_t *)self; i++)
    hv[i] = ((double)i - 2.7) * v[i];
  return 0;
}

static int form_egrad(void *self, const double *x, double *g, double *memo, double *work) {
  return form_ehess(self, x, x, g, memo, work);
}

/* A gradient of 0 is no measure for others: from a saddle to the bit the run goes on to a minimum
 * that it knows as one, whatever solves the subproblems. */
static void test_exact_saddle(void **state) {
  (void)state;
  static const spo_problem_ops table = {
      .size = sizeof(spo_problem_ops), .cost = form_cost, .egrad = form_egrad, .ehess = form_ehess};
  for (size_t n = 2; n <= 8; n++)
    for (size_t i = 0; i <= 4; i++) {
      spo_error err = {0};
      spo_manifold *M;
      spo_trust_region_options o;
      double x[8] = {0};
      expect_ok(spo_sphere_create(n, &M, &err));
      const spo_problem P = {&table, "form", &n, M, 0, M->work_len};
      spo_trust_region_options_init(&o);
      o.subproblem = i < 4 ? spo_list_subproblems[i]() : o.subproblem;
      x[n - 1] = 1.0;
      const spo_solver_ops *type = i < 4 ? spo_trust_region() : spo_arc();
      const spo_result res = run_solver(type, &P, i < 4 ? &o : NULL, NULL, 1, x);
      expect_true(res.reason == SPO_STOP_GRAD && res.last.grad_scale > 0.0);
      expect_near(res.last.f, -1.35, 1e-12);
      spo_manifold_destroy(M);
    }
}

/* A noise that is none is said, not taken for a cost that no step can improve. */
static int no_scale(void *self, const double *x, double f, const double *memo, double *f_noise,
                    double *grad_scale) {
  (void)self, (void)x, (void)memo;
  *f_noise = f > 0.0 ? -1.0 : NAN;
  *grad_scale = 1.0;
  return 0;
}

static void test_no_noise(void **state) {
  (void)state;
  static const spo_problem_ops table = {.size = sizeof(spo_problem_ops),
                                        .cost = form_cost,
                                        .egrad = form_egrad,
                                        .ehess = form_ehess,
                                        .scale = no_scale};
  size_t n = 4;
  spo_error err = {0};
  spo_manifold *M;
  expect_ok(spo_sphere_create(n, &M, &err));
  const spo_problem P = {&table, "form", &n, M, 0, M->work_len};
  for (size_t i = 0; spo_list_solvers[i]; i++)
    for (int low = 0; low < 2; low++) {
      double x[4] = {low ? 0.8 : 0.0, 0.6, 0.0, low ? 0.0 : 0.8};
      spo_solver *s;
      expect_ok(spo_solver_create(spo_list_solvers[i](), &P, NULL, 1, &s, &err));
      expect_status(spo_solver_start(s, x, NULL, &err), SPO_E_NONFINITE);
      expect_true(strstr(err.text, "form") != NULL);
      spo_solver_destroy(s);
    }
  spo_manifold_destroy(M);
}

static int first_of(void *self, const spo_iter *it) {
  if (it->k == 1)
    *(double *)self = it->step_size;
  return 0;
}

/* The first step of a run is the one given. */
static void test_given_step(void **state) {
  (void)state;
  spo_problem *P = ufm_problem(4, 2, 5, 1.0);
  double *x = new_vector(P);
  for (size_t i = 0; spo_list_solvers[i]; i++) {
    const spo_solver_ops *type = spo_list_solvers[i]();
    const spo_option *o = spo_option_find(type->option, type->n_options, "step");
    for (int k = 0; o && k < 2; k++) {
      _Alignas(double) char options[4096];
      spo_error err = {0};
      spo_solver *s;
      double taken = NAN;
      spo_options_init(type->option, type->n_options, options, type->options_size);
      expect_ok(spo_option_set(o, options, k ? "0.37" : "0.61", &err));
      expect_ok(spo_option_set(spo_option_find(type->option, type->n_options, "line-search"),
                               options, "armijo", &err));
      point_by_name(spo_ufm(), P, "random", 1, x);
      expect_ok(spo_solver_create(type, P, options, 1, &s, &err));
      expect_ok(spo_solver_solve(s, x, NULL, first_of, &taken, NULL, &err));
      expect_near(taken, k ? 0.37 : 0.61, 0.0);
      spo_solver_destroy(s);
    }
  }
  free(x);
  spo_problem_destroy(P);
}

/* A solver that does nothing but draw a direction as wide as the point. */
static spo_status draw_first(spo_run *run) {
  for (size_t i = 0; i < run->eval.problem->manifold->n; i++)
    run->work[i] = gsl_ran_gaussian_ziggurat(run->rng, 1.0);
  return SPO_OK;
}
static spo_status cosine_with_point(spo_run *run, spo_iter *it, spo_reason *reason) {
  const size_t n = run->eval.problem->manifold->n;
  double xv = 0.0, vv = 0.0;
  for (size_t i = 0; i < n; i++) {
    xv += run->cur->x[i] * run->work[i];
    vv += run->work[i] * run->work[i];
  }
  it->rho = xv / sqrt(vv);
  *reason = SPO_STOP_STALLED;
  return SPO_OK;
}
static size_t one_vector(const spo_problem *P, const void *options) {
  (void)options;
  return P->manifold->n;
}

/* The numbers of a run are not those that its start was drawn from with the same seed, which made
 * the first random direction parallel to the point. On S^(n-1) the cosine of independent ones is
 * normal with deviation 1/sqrt(n): eight of them are beyond chance. */
static void test_own_numbers(void **state) {
  (void)state;
  static const spo_solver_ops drawing = {.size = sizeof(spo_solver_ops),
                                         .name = "drawing",
                                         .work_len = one_vector,
                                         .start = draw_first,
                                         .step = cosine_with_point};
  static const spo_problem_ops table = {
      .size = sizeof(spo_problem_ops), .cost = form_cost, .egrad = form_egrad};
  size_t n = 400;
  double x[400], work[400];
  spo_error err = {0};
  spo_manifold *M;
  spo_solver *s;
  expect_ok(spo_sphere_create(n, &M, &err));
  expect_true(M->work_len <= 400);
  const spo_problem P = {&table, "form", &n, M, 0, M->work_len};
  gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
  expect_ok(spo_solver_create(&drawing, &P, NULL, 0, &s, &err));
  for (expect_seed = 0; expect_seed < 20; expect_seed++) {
    spo_result res = {.size = sizeof res};
    gsl_rng_set(rng, (unsigned long)expect_seed);
    expect_ok(M->ops->random_point(M, rng, x, work));
    spo_solver_seed(s, expect_seed);
    expect_ok(spo_solver_solve(s, x, NULL, NULL, NULL, &res, &err));
    expect_at_most(fabs(res.last.rho), 8.0 / sqrt((double)n));
  }
  gsl_rng_free(rng);
  spo_solver_destroy(s);
  spo_manifold_destroy(M);
}

/* Costs on R^2 that are rounded to a noise they state. What the step is judged by shows in what is
 * accepted. */
typedef struct rounded {
  double quantum, noise, hessian; /* f in multiples of it; stated; what products claim */
  bool shelf;                     /* beyond x_0 = 1/20 the gradient falls, and f is higher */
} rounded;

static int rounded_cost(void *self, const double *x, double *f, double *memo, double *work) {
  (void)memo, (void)work;
  const rounded *r = self;
  const double exact = 1.0 + 0.5 * (x[0] * x[0] + x[1] * x[1]);
  *f = r->quantum > 0.0 ? r->quantum * floor(exact / r->quantum) : exact;
  if (r->shelf)
    *f = x[0] < 0.05 ? 1.0 : 1.0 + 2.0 * r->noise;
  return 0;
}
static int rounded_egrad(void *self, const double *x, double *g, double *memo, double *work) {
  (void)memo, (void)work;
  const rounded *r = self;
  g[0] = r->shelf ? (x[0] < 0.05 ? -1.0 : -0.1) : x[0];
  g[1] = r->shelf ? 0.0 : x[1];
  return 0;
}
static int rounded_ehess(void *self, const double *x, const double *v, double *hv,
                         const double *memo, double *work) {
  (void)x, (void)memo, (void)work;
  for (int i = 0; i < 2; i++)
    hv[i] = ((const rounded *)self)->hessian * v[i];
  return 0;
}
static int rounded_scale(void *self, const double *x, double f, const double *memo, double *f_noise,
                         double *grad_scale) {
  (void)x, (void)f, (void)memo;
  *f_noise = ((const rounded *)self)->noise;
  *grad_scale = 1.0;
  return 0;
}
static const spo_problem_ops rounded_ops = {.size = sizeof(spo_problem_ops),
                                            .cost = rounded_cost,
                                            .egrad = rounded_egrad,
                                            .ehess = rounded_ehess,
                                            .scale = rounded_scale};

typedef struct watch {
  size_t accepted, rises;
  double grad_norm, rho;
} watch;

static int watch_steps(void *self, const spo_iter *it) {
  watch *w = self;
  if (it->k > 0 && it->accepted) {
    w->rho = w->accepted++ == 0 ? it->rho : w->rho;
    w->rises += !(it->grad_norm < w->grad_norm);
  }
  w->grad_norm = it->grad_norm;
  return it->k >= 60;
}

static watch run_rounded(const spo_solver_ops *type, rounded r, double x0) {
  spo_error err = {0};
  spo_manifold *M;
  spo_solver *s;
  watch w = {0};
  double x[2] = {x0, 0.0};
  expect_ok(spo_euclidean_create(2, &M, &err));
  const spo_problem P = {&rounded_ops, "rounded", &r, M, 0, 0};
  expect_ok(spo_solver_create(type, &P, NULL, 1, &s, &err));
  expect_ok(spo_solver_solve(s, x, NULL, watch_steps, &w, NULL, &err));
  spo_solver_destroy(s);
  spo_manifold_destroy(M);
  return w;
}

static void test_blind(void **state) {
  (void)state;
  const spo_solver_ops *type[] = {spo_trust_region(), spo_arc()};
  for (int i = 0; i < 2; i++) {
    /* products three times too small: steps overshoot, which a cost without digits cannot tell */
    const watch over = run_rounded(type[i], (rounded){1e-3, 1e-3, 1.0 / 3.0, false}, 1e-3);
    expect_true(over.rises == 0 && over.accepted > 0);
    expect_at_most(over.grad_norm, 0.9e-3);
    /* a lower gradient does not pay for a rise of f that is seen */
    const watch shelf = run_rounded(type[i], (rounded){0.0, 1.0, 1.0, true}, 0.0);
    expect_true(shelf.accepted == 0);
  }
  /* an exact model has the ratio 1, noise or not: it enters above and below */
  const watch exact = run_rounded(spo_trust_region(), (rounded){0.0, 1e-3, 1.0, false}, 0.3);
  expect_near(exact.rho, 1.0, 1e-12);
}

/* f = 1 + a x_0 + s x_1 - x_1^2/2 + x_1^4/4 on R^2, with a noise as stated. */
typedef struct ridge {
  double a, s, noise;
} ridge;

static int ridge_cost(void *self, const double *x, double *f, double *memo, double *work) {
  (void)memo, (void)work;
  const ridge *r = self;
  *f = 1.0 + r->a * x[0] + r->s * x[1] - 0.5 * x[1] * x[1] + 0.25 * gsl_pow_4(x[1]);
  return 0;
}
static int ridge_egrad(void *self, const double *x, double *g, double *memo, double *work) {
  (void)memo, (void)work;
  const ridge *r = self;
  g[0] = r->a;
  g[1] = r->s - x[1] + gsl_pow_3(x[1]);
  return 0;
}
static int ridge_ehess(void *self, const double *x, const double *v, double *hv, const double *memo,
                       double *work) {
  (void)self, (void)memo, (void)work;
  hv[0] = 0.0;
  hv[1] = (3.0 * x[1] * x[1] - 1.0) * v[1];
  return 0;
}
static int ridge_scale(void *self, const double *x, double f, const double *memo, double *f_noise,
                       double *grad_scale) {
  (void)x, (void)f, (void)memo;
  *f_noise = ((const ridge *)self)->noise;
  *grad_scale = 1.0;
  return 0;
}

/* One step from the ridge's top, where a gradient of up to 0.3 counts as nil: x_1 out. */
static double leave_ridge(ridge r, uint64_t seed, spo_reason *reason) {
  static const spo_problem_ops table = {.size = sizeof(spo_problem_ops),
                                        .cost = ridge_cost,
                                        .egrad = ridge_egrad,
                                        .ehess = ridge_ehess,
                                        .scale = ridge_scale};
  spo_error err = {0};
  spo_manifold *M;
  spo_stop stop;
  double x[2] = {0.0, 0.0};
  expect_ok(spo_euclidean_create(2, &M, &err));
  const spo_problem P = {&table, "ridge", &r, M, 0, 0};
  spo_stop_init(&stop);
  stop.grad_abs = 0.3;
  stop.max_iter = 1;
  *reason = run_solver(spo_trust_region(), &P, NULL, &stop, seed, x).reason;
  spo_manifold_destroy(M);
  return x[1];
}

static void test_ridge(void **state) {
  (void)state;
  spo_reason reason;
  for (expect_seed = 1; expect_seed <= 20; expect_seed++) {
    /* down the slope, not against it */
    expect_true(leave_ridge((ridge){0.0, 0.05, 1e-12}, expect_seed, &reason) < -0.1);
    expect_true(leave_ridge((ridge){0.0, -0.05, 1e-12}, expect_seed, &reason) > 0.1);
    /* a curvature of -1 below ten times the gradient is not believed, */
    expect_true(leave_ridge((ridge){0.2, 0.0, 1e-12}, expect_seed, &reason) == 0.0);
    expect_true(reason == SPO_STOP_SECOND_ORDER);
    /* nor followed where the noise of f hides all that it promises */
    expect_true(leave_ridge((ridge){0.0, 0.0, 1e3}, expect_seed, &reason) == 0.0);
    expect_true(reason == SPO_STOP_SECOND_ORDER);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_failing_callbacks),
      cmocka_unit_test(test_stop_rules),
      cmocka_unit_test(test_repeatable),
      cmocka_unit_test(test_refusals),
      cmocka_unit_test(test_size_of_result),
      cmocka_unit_test(test_fixed_step_rate),
      cmocka_unit_test(test_exact_saddle),
      cmocka_unit_test(test_no_noise),
      cmocka_unit_test(test_given_step),
      cmocka_unit_test(test_own_numbers),
      cmocka_unit_test(test_blind),
      cmocka_unit_test(test_ridge),
  };
  return cmocka_run_group_tests_name("solver", tests, NULL, NULL);
}
