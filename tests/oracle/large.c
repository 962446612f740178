/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What takes minutes: many seeds, all saddles at all temperatures, a problem of 76,200
 * dimensions whose spectrum is known in closed form, and the roots of E8. */
#include "samples.h"

static double f_star(double K, double tau) {
  return log1p((K - 1.0) * expl(-(long double)tau * K / (K - 1.0)));
}

static void test_many_seeds(void **state) {
  (void)state;
  const struct {
    uint64_t K, n, d;
    double tau;
  } sizes[] = {{10, 5, 16, 1},  {10, 5, 16, 5},  {10, 5, 16, 20}, {10, 5, 16, 40}, {5, 2, 8, 40},
               {10, 50, 20, 1}, {4, 10, 5, 1},   {6, 1, 6, 15},   {4, 1, 3, 15},   {4, 3, 6, 20},
               {2, 7, 2, 3},    {20, 3, 19, 10}, {3, 30, 40, 100}};
  const spo_solver_ops *solver[] = {spo_trust_region(), spo_gradient_descent()};
  spo_stop patient; /* gradient descent at condition numbers of several thousand */
  spo_stop_init(&patient);
  patient.max_iter = 100000;
  for (size_t c = 0; c < sizeof sizes / sizeof sizes[0]; c++) {
    spo_problem *P = ufm_problem(sizes[c].K, sizes[c].n, sizes[c].d, sizes[c].tau);
    double *x = new_vector(P);
    for (int s = 0; s < 2; s++)
      for (expect_seed = 1; expect_seed <= 20; expect_seed++) {
        point_by_name(spo_ufm(), P, "random", expect_seed, x);
        const spo_result res = run_solver(solver[s], P, NULL, &patient, expect_seed, x);
        if (!res.converged)
          print_error("%s, size %zu: %s\n", solver[s]->name, c, spo_reason_text(res.reason));
        expect_true(res.converged);
        expect_near(res.last.f / f_star((double)sizes[c].K, sizes[c].tau), 1.0, 1e-8);
      }
    free(x);
    spo_problem_destroy(P);
  }
}

static void test_saddles(void **state) {
  (void)state;
  const char *points[] = {"collapsed:0", "collapsed:90", "collapsed:123", "collapsed:180",
                          "merged:2",    "merged:3",     "signs",         "antipodal"};
  const double taus[] = {0.1, 1, 5, 10, 40, 100};
  const uint64_t dims[] = {6, 7, 12};
  for (int d = 0; d < 3; d++)
    for (int t = 0; t < 6; t++) {
      spo_problem *P = ufm_problem(6, 2, dims[d], taus[t]);
      double *x = new_vector(P);
      for (size_t i = 0; i < sizeof points / sizeof points[0]; i++)
        for (expect_seed = 1; expect_seed <= 20; expect_seed++) {
          point_by_name(spo_ufm(), P, points[i], expect_seed, x);
          const spo_result res = run_solver(spo_trust_region(), P, NULL, NULL, expect_seed, x);
          expect_true(res.converged);
          expect_near(res.last.f / f_star(6, taus[t]), 1.0, 1e-8);
        }
      free(x);
      spo_problem_destroy(P);
    }
}

/* (100, 5, 128, 1): solved, certified, and both ends of its spectrum with the kernel of 7722 left
 * out. */
static void test_76200_dimensions(void **state) {
  (void)state;
  spo_error err = {0};
  spo_problem *P = ufm_problem(100, 5, 128, 1.0);
  double *x = new_vector(P);
  const spo_solver_ops *solver[] = {spo_gradient_descent(), spo_trust_region()};
  for (int s = 0; s < 2; s++) {
    point_by_name(spo_ufm(), P, "random", 1, x);
    const spo_result res = run_solver(solver[s], P, NULL, NULL, 1, x);
    expect_true(res.converged);
    expect_near(res.last.f, 3.61237730591, 1e-11);
  }
  spo_verification v;
  expect_ok(spo_verify(P, x, NULL, NULL, &v, NULL, &err));
  expect_true(v.verdict == SPO_GLOBAL_MINIMIZER && v.gauge_dimension == 7722);
  expect_at_most(v.gap_bound, 1e-10);
  spo_eval *E;
  spo_point *p;
  spo_spectrum *spectrum;
  gsl_rng *rng = new_rng(1);
  expect_ok(spo_eval_create(P, &E, &err));
  expect_ok(spo_point_create(P, &p, &err));
  spo_point_set(p, P, x);
  expect_ok(spo_spectrum_at(E, p, NULL, rng, &spectrum, &err));
  expect_true(spectrum->dimension == 76200 && spectrum->counts_known);
  expect_true(spectrum->index == 0 && spectrum->nullity == 7722);
  expect_near(spectrum->eigenvalue[0], 6.588711412e-05, 1e-11);
  expect_near(spectrum->eigenvalue[spectrum->count - 1], 0.01191322176, 1e-11);
  spo_spectrum_destroy(spectrum);
  spo_eval_destroy(E);
  spo_point_destroy(p);
  gsl_rng_free(rng);
  free(x);
  spo_problem_destroy(P);
}

/* The roots of E8 as code: a minimum in R^8 up to rotations, a saddle in R^9. */
static void test_e8(void **state) {
  (void)state;
  for (size_t d = 8; d <= 9; d++) {
    spo_error err = {0};
    spo_verification v;
    spo_problem *P = ufm_problem(240, 1, d, 1.0);
    double *x = new_vector(P);
    point_by_name(spo_ufm(), P, "roots", 1, x);
    expect_ok(spo_verify(P, x, NULL, NULL, &v, NULL, &err));
    expect_near(v.f, 4.542753687, 5e-10);
    expect_true(v.verdict == (d == 8 ? SPO_LOCAL_MINIMIZER : SPO_STRICT_SADDLE));
    assert_int_equal(v.index, d == 8 ? 0 : 231);
    assert_int_equal(v.nullity, d * (d - 1) / 2);
    free(x);
    spo_problem_destroy(P);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_many_seeds), cmocka_unit_test(test_saddles),
      cmocka_unit_test(test_76200_dimensions), cmocka_unit_test(test_e8)};
  return cmocka_run_group_tests_name("large", tests, NULL, NULL);
}
