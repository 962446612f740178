/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * G1 and G22 of the G-set collection at rank 64, five seeds: the values of their relaxations,
 * proven, within the products of a published run (arXiv:1806.00065: 741 on G22). And first-order
 * solvers to a gradient of 1e-8, where published runs stall at 3e-5. */
#include "samples.h"

#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>

#include "gset.h"

enum { SEEDS = 5 };

static void runs(const char *name, double value, double products) {
  spo_problem *P = gset_problem(name);
  double count[SEEDS];
  for (expect_seed = 1; expect_seed <= SEEDS; expect_seed++)
    count[expect_seed - 1] = (double)gset_run(P, expect_seed, value);
  gsl_sort(count, 1, SEEDS);
  expect_at_most(gsl_stats_median_from_sorted_data(count, 1, SEEDS), products);
  spo_problem_destroy(P);
}

static void test_g22(void **state) {
  (void)state;
  runs("G22", 14135.9457, 800);
}

static void test_g1(void **state) {
  (void)state;
  runs("G1", 12083.1977, 800);
}

static void first_order(const char *name, const spo_solver_ops *type, double value) {
  spo_problem *P = gset_problem(name);
  double *x = new_vector(P), metric[SPO_MODEL_MAX_METRICS];
  spo_error err = {0};
  spo_stop stop;
  spo_stop_init(&stop);
  stop.grad_rel = 0.0;
  stop.grad_abs = 1e-8;
  stop.max_iter = 5000;
  for (expect_seed = 1; expect_seed <= 2; expect_seed++) {
    point_by_name(spo_maxcut(), P, "random", expect_seed, x);
    const spo_result res = run_solver(type, P, NULL, &stop, expect_seed, x);
    print_message("%s, %s: %d iterations, |grad| %.2g\n", name, type->name, (int)res.last.k,
                  res.last.grad_norm);
    expect_true(res.reason == SPO_STOP_GRAD);
    expect_ok(spo_maxcut()->metrics(P, x, metric, &err));
    expect_near(metric[0], value, 1e-4);
    expect_at_most(metric[1], value * (1 + 1e-6));
  }
  free(x);
  spo_problem_destroy(P);
}

static void test_first_order(void **state) {
  (void)state;
  first_order("G1", spo_conjugate_gradient(), 12083.1977);
  first_order("G1", spo_lbfgs(), 12083.1977);
  first_order("G22", spo_conjugate_gradient(), 14135.9457);
  first_order("G22", spo_lbfgs(), 14135.9457);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_g22), cmocka_unit_test(test_g1),
                                     cmocka_unit_test(test_first_order)};
  return cmocka_run_group_tests_name("gset", tests, NULL, NULL);
}
