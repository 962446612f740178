/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The experiment with small starts over many seeds: medians of e1 ~ 0.33 eps^2, e2 ~ 0.5 eps and e3
 * ~ 0.042 eps, whose spread is a factor 3 to 5, and the slopes between sizes. */
#include "expect.h"

#include "small_starts.h"

enum { SEEDS = 150, SIZES = 3 };

static void test_medians(void **state) {
  (void)state;
  static const double due[SIZES][3] = {
      {0.332, 0.466, 0.053}, {3.2e-3, 0.0489, 4.35e-3}, {3.29e-5, 0.00494, 4.1e-4}};
  double eps = 1.0, median[SIZES][METRICS];
  for (size_t i = 0; i < SIZES; i++, eps *= 0.1) {
    double spread[METRICS], f;
    small_experiment(eps, SEEDS, 20000, median[i], spread, &f);
    print_message("start size %g: e1 %.3g, e2 %.3g, e3 %.3g (spread %.2g), f %.2g\n", eps,
                  median[i][E1], median[i][E2], median[i][E3], spread[E3], f);
    expect_near(median[i][E1], due[i][E1], 0.1 * due[i][E1]);
    expect_near(median[i][E2], due[i][E2], 0.05 * due[i][E2]);
    expect_near(median[i][E3], due[i][E3], 0.3 * due[i][E3]);
    expect_near(spread[E3], 4.0, 2.0);
  }
  /* at eps = 1 the law has not set in yet */
  expect_near(log10(median[1][E1] / median[2][E1]), 2.0, 0.05);
  expect_near(log10(median[1][E2] / median[2][E2]), 1.0, 0.02);
  expect_near(log10(median[1][E3] / median[2][E3]), 1.0, 0.15);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_medians)};
  return cmocka_run_group_tests_name("small starts", tests, NULL, NULL);
}
