/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * G1 and G22 of the G-set collection at rank 64, five seeds: the values of their relaxations,
 * proven, within the products of a published run (arXiv:1806.00065: 741 on G22). */
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

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_g22), cmocka_unit_test(test_g1)};
  return cmocka_run_group_tests_name("gset", tests, NULL, NULL);
}
