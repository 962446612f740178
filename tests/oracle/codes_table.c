/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The best known values of the spherical UFM with more classes than a simplex holds, by many
 * starts: nothing lower is found, and they are found. Not proven. */
#include "expect.h"

#include "samples.h"

#include "beyond.h"

static void test_table(void **state) {
  (void)state;
  static const struct {
    size_t K, d;
    double tau, f, digit;
  } due[] = {
      {4, 2, 1, 0.626523375, 1e-9},       {4, 2, 5, 0.01343069698, 1e-11},
      {4, 2, 10, 9.079779843e-05, 1e-14}, {5, 3, 1, 0.7905574325, 1e-10},
      {5, 3, 5, 0.01670876122, 1e-11},    {5, 3, 10, 1.057305682e-04, 1e-13},
      {5, 3, 20, 4.412061859e-09, 1e-17}, {6, 3, 1, 0.9581437651, 1e-10},
      {6, 3, 5, 0.0266391928, 1e-10},     {6, 3, 10, 1.815852926e-04, 1e-13},
      {6, 3, 20, 8.24461446e-09, 1e-17},  {12, 3, 1, 1.646383247, 1e-9},
      {12, 3, 5, 0.2767700401, 1e-10},    {12, 3, 20, 7.897891418e-05, 1e-14},
      {6, 4, 1, 0.9360536109, 1e-10},     {6, 4, 5, 0.02031037074, 1e-11},
      {6, 4, 20, 4.836730454e-09, 1e-17}, {8, 4, 5, 0.03967549619, 1e-11},
      {8, 4, 20, 1.236692166e-08, 1e-17},
  };
  double x[128];
  for (size_t i = 0; i < sizeof due / sizeof due[0]; i++) {
    int met;
    const double f = best_of(due[i].K, due[i].d, due[i].tau, 40, x, due[i].f, &met);
    print_message("K %zu d %zu tau %g: %.10g, from %d of 40 starts\n", due[i].K, due[i].d,
                  due[i].tau, f, met);
    expect_near(f, due[i].f, due[i].digit);
  }
}

/* K = 5, d = 3 leaves the packing-optimal codes: max cosine and |sum w| at tau = 10. */
static void test_pyramid(void **state) {
  (void)state;
  double x[30], sum[3] = {0}, most = -1.0, length = 0.0;
  best_of(5, 3, 10.0, 40, x, NAN, NULL);
  for (int a = 0; a < 5; a++)
    for (int b = 0; b < a; b++)
      most = fmax(most,
                  x[3 * a] * x[3 * b] + x[3 * a + 1] * x[3 * b + 1] + x[3 * a + 2] * x[3 * b + 2]);
  for (int j = 0; j < 3; j++) {
    for (int a = 0; a < 5; a++)
      sum[j] += x[3 * a + j];
    length = hypot(length, sum[j]);
  }
  expect_near(most, 0.0154, 5e-5);
  expect_near(length, 0.50, 5e-3);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_table), cmocka_unit_test(test_pyramid)};
  return cmocka_run_group_tests_name("table of codes", tests, NULL, NULL);
}
