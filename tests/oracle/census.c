/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A census of critical points of the spherical UFM: for d >= K every one that is not a global
 * minimiser has negative curvature along a constructed direction, and f falls along it. Points of
 * any index come from Levenberg-Marquardt on |grad|^2, random starts. */
#include "expect.h"

#include <spheropt/landscape/verify.h>

#include "critical.h"

static void count_points(size_t K, size_t n, size_t d, double tau, int runs) {
  place t;
  place_ufm(&t, K, n, d, tau, NULL);
  gsl_rng_set(t.rng, 1);
  int found = 0, global = 0, saddles = 0, searched = 0, lowest_index = 1 << 20;
  for (int run = 0; run < runs; run++) {
    expect_seed = (uint64_t)run;
    place_random(&t);
    if (!critical_find(&t, 1e-9, 300))
      continue;
    found++;
    spo_error err = {0};
    spo_verification v;
    expect_ok(spo_verify(t.problem, t.at->x, NULL, NULL, &v, NULL, &err));
    if (v.verdict == SPO_GLOBAL_MINIMIZER) {
      global++;
      continue;
    }
    if (v.verdict != SPO_STRICT_SADDLE)
      print_error("run %d: %s: %s\n", run, spo_verdict_name(v.verdict), v.why);
    assert_int_equal(v.verdict, SPO_STRICT_SADDLE);
    expect_true(v.rayleigh < 0 && v.decrease > 0 && v.index > 0);
    saddles++;
    searched += !strcmp(v.direction_case, "hessian");
    if ((int)v.index < lowest_index)
      lowest_index = (int)v.index;
  }
  print_message(
      "(K, n, d, tau) = (%zu, %zu, %zu, %g): %d critical points of %d runs, %d global, %d "
      "saddles of index >= %d, %d of them by the Hessian's own vector\n",
      K, n, d, tau, found, runs, global, saddles, lowest_index, searched);
  expect_true(2 * found >= runs && saddles >= 5);
  assert_int_equal(searched, 0);
  place_close(&t);
}

static void small(void **state) {
  (void)state;
  count_points(3, 1, 4, 1, 200);
}
static void larger(void **state) {
  (void)state;
  count_points(3, 2, 4, 3, 200);
}
static void as_many_dimensions_as_classes(void **state) {
  (void)state;
  count_points(3, 1, 3, 1, 60);
  count_points(2, 2, 3, 1, 60);
}

static void saturated(void **state) {
  (void)state;
  count_points(3, 2, 3, 8, 60);
  count_points(4, 1, 4, 6, 60);
  count_points(4, 1, 5, 10, 60);
  count_points(3, 3, 5, 10, 60);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(small),
      cmocka_unit_test(larger),
      cmocka_unit_test(as_many_dimensions_as_classes),
      cmocka_unit_test(saturated),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
