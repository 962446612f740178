/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The cost on normalised vectors that solvers of other libraries see: its gradient, what is
 * counted, where it is defined. */
#include "cli/outside/outside.h"
#include "cli/outside/pullback.h"
#include "samples.h"

/* f = sum_i a_i x_i + (x_0 x_1)^2 on S^2 x OB(2, 3) x R^2 */
enum { N = 3 + 6 + 2 };
static const double a[N] = {1, -2, 0.5, 3, 1, -1, 2, 0.3, 0.7, 0.2, -0.4};
static int refuse; /* what the next cost returns */

static int cost(void *self, const double *x, double *f, double *memo, double *work) {
  (void)self, (void)memo, (void)work;
  *f = x[0] * x[0] * x[1] * x[1];
  for (size_t i = 0; i < N; i++)
    *f += a[i] * x[i];
  return refuse;
}
static int egrad(void *self, const double *x, double *g, double *memo, double *work) {
  (void)self, (void)memo, (void)work;
  memcpy(g, a, sizeof a);
  g[0] += 2 * x[0] * x[1] * x[1];
  g[1] += 2 * x[1] * x[0] * x[0];
  return 0;
}
static const spo_problem_ops ops = {.size = sizeof(spo_problem_ops), .cost = cost, .egrad = egrad};

typedef struct place {
  spo_manifold *sphere, *oblique, *plane, *inner, *M;
  spo_problem P;
  double x[N], y[N];
  pullback *b;
  spo_error err;
} place;

static void open_place(place *t) {
  spo_error err = {0};
  spo_stop stop;
  gsl_rng *rng = new_rng(3);
  spo_stop_init(&stop);
  expect_ok(spo_sphere_create(3, &t->sphere, &err));
  expect_ok(spo_oblique_create(2, 3, &t->oblique, &err));
  expect_ok(spo_euclidean_create(2, &t->plane, &err));
  expect_ok(
      spo_product_create(2, (const spo_manifold *const[]){t->oblique, t->plane}, &t->inner, &err));
  expect_ok(spo_product_create(2, (const spo_manifold *const[]){t->sphere, t->inner}, &t->M, &err));
  t->P = (spo_problem){&ops, "linear", NULL, t->M, 0, 0};
  refuse = 0;
  expect_true(t->M->ops->random_point(t->M, rng, t->x, NULL) == SPO_OK);
  for (size_t i = 0; i < N; i++)
    t->y[i] = (1.5 + 0.3 * (double)(i / 3)) * t->x[i]; /* somewhere off the spheres */
  expect_ok(pullback_create(&t->P, t->x, &stop, &t->b, &t->err));
  gsl_rng_free(rng);
}

static void close_place(place *t) {
  pullback_destroy(t->b);
  spo_manifold_destroy(t->M);
  spo_manifold_destroy(t->inner);
  spo_manifold_destroy(t->plane);
  spo_manifold_destroy(t->oblique);
  spo_manifold_destroy(t->sphere);
}

static void test_gradient(void **state) {
  (void)state;
  place t;
  double g[N], there[N];
  const double h = 1e-5;
  open_place(&t);
  pullback_value(t.b, t.y, g);
  memcpy(there, t.y, sizeof there);
  for (size_t i = 0; i < N; i++) {
    there[i] = t.y[i] + h;
    const double up = pullback_value(t.b, there, NULL);
    there[i] = t.y[i] - h;
    const double down = pullback_value(t.b, there, NULL);
    there[i] = t.y[i];
    expect_near((up - down) / (2 * h), g[i], 10 * (h * h + 1e-15 / h));
  }
  double x[N], size = 0;
  pullback_point(t.b, t.y, x);
  expect_true(t.M->ops->defect(t.M, x, NULL) <= 1e-15);
  expect_near(x[9], t.y[9], 0); /* free entries stay */
  for (size_t i = 0; i < 3; i++)
    size += t.y[i] * t.y[i];
  expect_near(x[0] * sqrt(size), t.y[0], 1e-14);
  close_place(&t);
}

static void expect_counts(const place *t, uint64_t costs, uint64_t grads) {
  const spo_counters count = pullback_result(t->b, SPO_RUNNING, 0).last.count;
  expect_true(count.cost == costs && count.grad == grads && count.hess == 0);
}

/* Every place is paid for once, when the solver asks, and not because the judge looked */
static void test_counts(void **state) {
  (void)state;
  place t;
  double g[N], other[N];
  open_place(&t);
  expect_counts(&t, 0, 0);
  pullback_value(t.b, t.x, NULL); /* known since the run was made */
  expect_counts(&t, 1, 0);
  pullback_value(t.b, t.x, g);
  expect_counts(&t, 1, 1);
  pullback_value(t.b, t.y, g);
  expect_counts(&t, 2, 2);
  pullback_value(t.b, t.x, g); /* the one before the last is still known */
  expect_counts(&t, 2, 2);
  memcpy(other, t.y, sizeof other);
  other[0] += 1;
  pullback_judge(t.b, other, 1);
  expect_counts(&t, 2, 2);
  pullback_value(t.b, other, g);
  expect_counts(&t, 3, 3);
  assert_int_equal(pullback_calls(t.b), 5);
  close_place(&t);
}

static void test_failures(void **state) {
  (void)state;
  place t;
  double g[N];
  open_place(&t);
  memset(t.y, 0, 3 * sizeof *t.y); /* no direction */
  expect_true(isinf(pullback_value(t.b, t.y, g)) && pullback_failure(t.b) == SPO_OK);
  t.y[0] = 1;
  refuse = 1; /* not here */
  expect_true(isinf(pullback_value(t.b, t.y, g)) && pullback_failure(t.b) == SPO_OK);
  t.y[0] = 2;
  refuse = -1; /* give up */
  expect_true(isinf(pullback_value(t.b, t.y, g)) && pullback_failure(t.b) == SPO_E_USER);
  close_place(&t);
  refuse = 0;
}

static void test_defined(void **state) {
  (void)state;
  spo_error err = {0};
  spo_manifold *sphere, *stiefel, *both;
  expect_ok(spo_sphere_create(3, &sphere, &err));
  expect_ok(spo_stiefel_create(4, 2, SPO_STIEFEL_POLAR, &stiefel, &err));
  expect_ok(spo_product_create(2, (const spo_manifold *const[]){sphere, stiefel}, &both, &err));
  expect_ok(pullback_check(sphere, &err));
  expect_status(pullback_check(both, &err), SPO_E_UNSUPPORTED);
  assert_non_null(strstr(err.text, "not defined on stiefel"));
  spo_manifold_destroy(both);
  spo_manifold_destroy(stiefel);
  spo_manifold_destroy(sphere);
}

/* Each of them minimises, and stops by the rules it was given */
static void test_solvers(void **state) {
  (void)state;
  spo_problem *P = ufm_problem(4, 3, 5, 1.0);
  double *x = new_vector(P);
  size_t count = 0;
  for (const cli_outside *o = cli_outside_solvers; o->name; o++, count++) {
    spo_error err = {0};
    spo_result res = {.size = sizeof res};
    spo_stop stop;
    spo_stop_init(&stop);
    stop.grad_rel = 1e-5;
    for (int rule = 0; rule < 4; rule++) {
      void *self = (void *)(uintptr_t)o->method;
      static const spo_reason due[] = {SPO_STOP_GRAD, SPO_STOP_FTARGET, SPO_STOP_MAX_COST,
                                       SPO_STOP_MAX_ITER};
      stop.f_target = rule == 1 ? 1.0 : -INFINITY;
      stop.max_cost = rule == 2 ? 6 : 1000000;
      stop.max_iter = rule == 3 ? 3 : 10000;
      point_by_name(spo_ufm(), P, "random", 5, x);
      expect_ok(o->solve(self, P, x, &stop, 0, &res, &err));
      if (res.reason != due[rule])
        print_error("%s: %s\n", o->name, spo_reason_text(res.reason));
      expect_true(res.reason == due[rule] && res.converged == (rule < 2));
      expect_true(res.last.count.cost > 0 && res.last.count.grad > 0);
      expect_true(P->manifold->ops->defect(P->manifold, x, NULL) < 1e-14);
    }
  }
  expect_true(count >= 2 && cli_outside_find("gsl-bfgs2") && !cli_outside_find("gsl"));
  free(x);
  spo_problem_destroy(P);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_gradient), cmocka_unit_test(test_counts),
      cmocka_unit_test(test_failures), cmocka_unit_test(test_defined),
      cmocka_unit_test(test_solvers),
  };
  return cmocka_run_group_tests_name("pullback", tests, NULL, NULL);
}
