/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The layer-peeled model: values and the threshold of minority collapse, the certificate's bound,
 * and the cosine of vectors that vanish. */
#include <spheropt/models/layer_peeled.h>

#include "samples.h"

enum { COSINE, MAJORITY, NORM, METRICS = 5 };

static spo_problem *problem(double R, double energy_h, uint64_t dim) {
  spo_error err = {0};
  spo_problem *P;
  spo_layer_peeled_params p;
  spo_layer_peeled_params_init(&p);
  p.imbalance = R, p.energy_h = energy_h, p.dim = dim;
  expect_ok(spo_layer_peeled_create(&p, &P, &err));
  return P;
}

/* The trust region from a random start, proven global; f out. */
static double solve(const spo_problem *P, uint64_t seed, double metric[METRICS]) {
  spo_error err = {0};
  spo_verification v;
  double *x = new_vector(P);
  point_by_name(spo_layer_peeled(), P, "random", seed, x);
  const spo_result res = run_solver(spo_trust_region(), P, NULL, NULL, seed, x);
  expect_true(res.converged);
  expect_ok(spo_verify(P, x, NULL, NULL, &v, NULL, &err));
  expect_true(v.verdict == SPO_GLOBAL_MINIMIZER);
  expect_ok(spo_layer_peeled()->metrics(P, x, metric, &err));
  free(x);
  return res.last.f;
}

static void test_values(void **state) {
  (void)state;
  static const struct {
    double R, f, cosine;
  } due[] = {{1, 5.597815, -1.0 / 9.0}, {10, 1.439224, 0.517496}, {100, 0.461061, 1.0}};
  for (size_t i = 0; i < 3; i++)
    for (uint64_t dim = 0; dim <= 30; dim += 30) { /* 2K, and more */
      spo_problem *P = problem(due[i].R, 5, dim);
      for (expect_seed = 1; expect_seed <= 3; expect_seed++) {
        double metric[METRICS];
        expect_near(solve(P, expect_seed, metric), due[i].f, 6e-7);
        expect_near(metric[COSINE], due[i].cosine, 1e-6);
      }
      spo_problem_destroy(P);
    }
}

/* Minority classifiers coincide beyond R0 = 12.193 and not before. */
static void test_threshold(void **state) {
  (void)state;
  static const double R[] = {12.192, 12.194};
  for (int side = 0; side < 2; side++) {
    spo_problem *P = problem(R[side], 5, 0);
    double metric[METRICS];
    solve(P, 1, metric);
    if (side == 0)
      expect_at_most(metric[COSINE], 1.0 - 2e-5);
    else
      expect_near(metric[COSINE], 1.0, 1e-10);
    spo_problem_destroy(P);
  }
}

/* With E_H = 1 the minority's classifiers vanish: no cosine, and f is that of the others alone. */
static void test_vanished(void **state) {
  (void)state;
  spo_problem *P = problem(1e4, 1, 0);
  double metric[METRICS];
  solve(P, 2, metric);
  expect_true(isnan(metric[COSINE]));
  expect_at_most(metric[NORM], 1e-6);
  expect_true(isfinite(metric[MAJORITY]));
  spo_problem_destroy(P);
}

static double known(const spo_problem *P) {
  double f_star = NAN;
  const char *theorem;
  return P->ops->known_minimum(P->self, &f_star, &theorem) == 0 ? f_star : NAN;
}

static void test_conditions(void **state) {
  (void)state;
  spo_problem *P = problem(1, 5, 9);
  const double r = sqrt(5.0) * 10.0 / 9.0;
  double metric[METRICS];
  expect_near(known(P), 10.0 * log(1.0 + 9.0 * exp(-r)), 1e-14);
  expect_near(solve(P, 1, metric), known(P), 1e-9);
  spo_problem_destroy(P);
  P = problem(1, 5, 8);
  expect_true(isnan(known(P)));
  spo_problem_destroy(P);
  P = problem(1.01, 5, 20);
  expect_true(isnan(known(P)));
  spo_problem_destroy(P);
}

/* Weights from counts are those of the same imbalance. */
static void test_counts(void **state) {
  (void)state;
  spo_error err = {0};
  spo_problem *P;
  spo_layer_peeled_params p;
  int64_t counts[] = {40, 40, 40, 40, 40, 4, 4, 4, 4, 4};
  double metric[METRICS];
  spo_layer_peeled_params_init(&p);
  p.counts = (spo_integers){counts, 10};
  expect_ok(spo_layer_peeled_create(&p, &P, &err));
  expect_near(solve(P, 1, metric), 1.439224, 6e-7);
  spo_problem_destroy(P);
  p.imbalance = 2;
  expect_status(spo_layer_peeled_create(&p, &P, &err), SPO_E_ARG);
  expect_true(P == NULL && strstr(err.text, "imbalance"));
  p.imbalance = 1, p.majority = 3;
  expect_status(spo_layer_peeled_create(&p, &P, &err), SPO_E_ARG);
  p.majority = 0, p.classes = 9;
  expect_status(spo_layer_peeled_create(&p, &P, &err), SPO_E_DIM);
  p.classes = 0, counts[3] = 0;
  expect_status(spo_layer_peeled_create(&p, &P, &err), SPO_E_ARG);
  spo_layer_peeled_params_init(&p);
  p.classes = 4, p.majority = 5;
  expect_status(spo_layer_peeled_create(&p, &P, &err), SPO_E_ARG);
  expect_true(P == NULL && strstr(err.text, "majority"));
}

/* The bound holds wherever it is asked for; 1.4392237 is the minimum of R = 10. */
static void test_bound(void **state) {
  (void)state;
  spo_error err = {0};
  spo_problem *P = problem(10, 5, 0);
  double *x = new_vector(P), metric[METRICS];
  const double f_min = solve(P, 1, metric);
  spo_eval *E;
  spo_point *p;
  gsl_rng *rng = new_rng(1);
  expect_ok(spo_eval_create(P, &E, &err));
  expect_ok(spo_point_create(P, &p, &err));
  for (expect_seed = 1; expect_seed <= 20; expect_seed++)
    for (uint64_t steps = 0; steps <= 40; steps += 10) {
      spo_certified c;
      spo_stop stop;
      spo_stop_init(&stop);
      stop.max_iter = steps;
      point_by_name(spo_layer_peeled(), P, "random", expect_seed, x);
      run_solver(spo_gradient_descent(), P, NULL, &stop, 1, x);
      spo_point_set(p, P, x);
      expect_ok(spo_certify(E, p, false, rng, NULL, &c, &err));
      expect_true(c.gap_bound >= p->f - f_min - 1e-9);
    }
  spo_eval_destroy(E);
  spo_point_destroy(p);
  gsl_rng_free(rng);
  free(x);
  spo_problem_destroy(P);
}

/* All classifiers and all features in one point: a saddle that the certificate's direction leaves.
 * */
static void test_saddle(void **state) {
  (void)state;
  spo_error err = {0};
  spo_verification v;
  spo_problem *P = problem(1, 5, 20);
  double *x = new_vector(P);
  for (size_t k = 0; k < 20; k++)
    x[k * 20] = 1.0 / sqrt(10.0);
  expect_ok(spo_verify(P, x, NULL, NULL, &v, NULL, &err));
  expect_true(v.verdict == SPO_STRICT_SADDLE);
  expect_true(v.direction_case && strcmp(v.direction_case, "free direction") == 0);
  /* G = rho (1/K - I) has the norm rho, alpha = 0 */
  expect_near(v.rayleigh, -10.0 * sqrt(5.0), 1e-11);
  expect_near(v.lambda_min, v.rayleigh, 1e-10);
  free(x);
  spo_problem_destroy(P);
}

/* Metrics of a point made by hand: lengths, cosines, and no cosine of what has no direction. */
static void test_metrics(void **state) {
  (void)state;
  spo_error err = {0};
  spo_problem *P;
  spo_layer_peeled_params p;
  double metric[METRICS];
  spo_layer_peeled_params_init(&p);
  p.classes = 5, p.dim = 2, p.majority = 2, p.imbalance = 4;
  expect_ok(spo_layer_peeled_create(&p, &P, &err));
  double x[20] = {3, 0, 1, 0, 0.3, 0.4, 0, 0.5, 0, 0.5};
  for (int i = 0; i < 10; i++)
    x[10 + i] = x[i];
  expect_ok(spo_layer_peeled()->metrics(P, x, metric, &err));
  expect_near(metric[MAJORITY], 1.0, 1e-15);
  expect_near(metric[COSINE], (0.8 + 0.8 + 1.0) / 3.0, 1e-15);
  expect_near(metric[NORM], 0.5 / (5.5 / 5.0), 1e-15);
  x[4] = x[5] = 0.0; /* the first of the minority */
  expect_ok(spo_layer_peeled()->metrics(P, x, metric, &err));
  expect_near(metric[COSINE], 1.0, 1e-15);
  x[4] = 0.5, x[9] = 0.0; /* the last */
  expect_ok(spo_layer_peeled()->metrics(P, x, metric, &err));
  expect_near(metric[COSINE], 0.0, 1e-15);
  spo_problem_destroy(P);
}

/* Half of the classes, rounded up, weigh 1: at equal logits f is log K times the weights. And what
 * is described does not hang on the caller's memory. */
static void test_weights(void **state) {
  (void)state;
  spo_error err = {0};
  spo_problem *P;
  spo_layer_peeled_params p, q;
  int64_t counts[] = {8, 2, 1};
  double f, *x;
  spo_layer_peeled_params_init(&p);
  p.classes = 5, p.imbalance = 4;
  for (int by_counts = 0; by_counts < 2; by_counts++) {
    if (by_counts) {
      spo_layer_peeled_params_init(&p);
      p.counts = (spo_integers){counts, 3};
    }
    expect_ok(spo_layer_peeled_create(&p, &P, &err));
    x = new_vector(P);
    double *memo = calloc(P->memo_len, sizeof *memo), *work = calloc(P->work_len, sizeof *work);
    expect_true(P->ops->cost(P->self, x, &f, memo, work) == 0);
    expect_near(f, by_counts ? log(3.0) * (1.0 + 0.25 + 0.125) : log(5.0) * 3.5, 1e-14);
    free(memo), free(work), free(x);
    if (by_counts) {
      counts[1] = 77;
      spo_layer_peeled()->describe(P, &q);
      expect_true(q.counts.count == 3 && q.counts.data[1] == 2);
    }
    spo_problem_destroy(P);
  }
}

/* With logits of 1e-4 the cost is as good as linear, and the bound is the gap itself, anywhere. */
static void test_tight_bound(void **state) {
  (void)state;
  spo_error err = {0};
  spo_problem *P = problem(1, 1e-10, 20);
  double *x = new_vector(P);
  spo_eval *E;
  spo_point *p;
  expect_ok(spo_eval_create(P, &E, &err));
  expect_ok(spo_point_create(P, &p, &err));
  for (expect_seed = 1; expect_seed <= 10; expect_seed++)
    for (int scaled = 0; scaled < 2; scaled++) {
      spo_certified c;
      gsl_rng *rng = new_rng(1);
      point_by_name(spo_layer_peeled(), P, "random", expect_seed, x);
      spo_point_set(p, P, x);
      expect_ok(spo_certify(E, p, scaled, rng, NULL, &c, &err));
      expect_near(c.gap_bound / (p->f - known(P)), 1.0, 1e-3);
      gsl_rng_free(rng);
    }
  spo_eval_destroy(E);
  spo_point_destroy(p);
  free(x);
  spo_problem_destroy(P);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_values),   cmocka_unit_test(test_threshold),
      cmocka_unit_test(test_vanished), cmocka_unit_test(test_conditions),
      cmocka_unit_test(test_counts),   cmocka_unit_test(test_bound),
      cmocka_unit_test(test_saddle),   cmocka_unit_test(test_tight_bound),
      cmocka_unit_test(test_metrics),  cmocka_unit_test(test_weights)};
  return cmocka_run_group_tests_name("layer-peeled model", tests, NULL, NULL);
}
