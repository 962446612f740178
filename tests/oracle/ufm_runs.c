/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Runs of both solvers on the spherical UFM against the closed-form minimum: values, neural
 * collapse, iteration counts, saddles, and the certified gap along the way. */
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>

#include "samples.h"

static double f_star(double K, double tau) {
  return log1p((K - 1.0) * expl(-(long double)tau * K / (K - 1.0)));
}

static void expect_collapse(const spo_problem *P, const double *x) {
  spo_error err = {0};
  double nc[SPO_MODEL_MAX_METRICS];
  expect_ok(spo_ufm()->metrics(P, x, nc, &err));
  expect_at_most(nc[0], 1e-12);
  expect_at_most(nc[1], 1e-7);
  expect_at_most(nc[2], 1e-7);
}

static void reaches_minimum(const spo_solver_ops *type, uint64_t K, uint64_t n, uint64_t d,
                            double tau, double relative) {
  spo_problem *P = ufm_problem(K, n, d, tau);
  double *x = new_vector(P);
  for (expect_seed = 1; expect_seed <= 5; expect_seed++) {
    point_by_name(spo_ufm(), P, "random", expect_seed, x);
    const spo_result res = run_solver(type, P, NULL, NULL, expect_seed, x);
    expect_true(res.converged);
    expect_near(res.last.f / f_star((double)K, tau), 1.0, relative);
    expect_collapse(P, x);
  }
  free(x);
  spo_problem_destroy(P);
}

static void test_minimum(void **state) {
  (void)state;
  const spo_solver_ops *solver[] = {spo_trust_region(), spo_gradient_descent(), spo_arc()};
  for (int s = 0; s < 3; s++) {
    reaches_minimum(solver[s], 10, 5, 16, 1.0, 1e-11 / 1.37693492045);
    reaches_minimum(solver[s], 10, 5, 16, 5.0, 1e-11);
    reaches_minimum(solver[s], 10, 5, 16, 20.0, 1e-8);
    reaches_minimum(solver[s], 5, 2, 8, 40.0, 1e-8);
    reaches_minimum(solver[s], 4, 3, 3, 5.0, 1e-10); /* d = K-1 */
    reaches_minimum(solver[s], 10, 5, 16, 40.0, 1e-8);
  }
}

/* Printed values, so that the formula above is not alone. */
static void test_table(void **state) {
  (void)state;
  expect_near(f_star(10, 1), 1.37693492045, 5e-12);
  expect_near(f_star(10, 5), 0.0342016785132, 5e-14);
  expect_near(f_star(10, 20) / 2.01026829056e-09, 1.0, 5e-12);
  const double d_K[] = {2, 3, 4, 5, 10, 20, 100};
  const double at_5[] = {4.53988992169e-05, 0.00110555738645, 0.00381063171588, 0.007692155911,
                         0.0342016785132,   0.0938541776578,  0.491155606433};
  for (int i = 0; i < 7; i++) {
    spo_problem *P = ufm_problem((uint64_t)d_K[i], 1, 128, 5.0);
    double *x = new_vector(P), f;
    const char *theorem;
    assert_int_equal(P->ops->known_minimum(P->self, &f, &theorem), 0);
    expect_near(f / at_5[i], 1.0, 1e-11);
    point_by_name(spo_ufm(), P, "etf", 0, x);
    const spo_result res = run_solver(spo_trust_region(), P, NULL, NULL, 0, x);
    expect_near(res.last.f / f, 1.0, 1e-13);
    assert_int_equal(res.last.k, 0);
    free(x);
    spo_problem_destroy(P);
  }
}

static void test_counts(void **state) {
  (void)state;
  spo_problem *P = ufm_problem(10, 5, 16, 1.0);
  double *x = new_vector(P), iterations[20], products[20];
  spo_stop stop;
  spo_stop_init(&stop);
  stop.grad_rel = 0.0;
  stop.grad_abs = 1e-8;
  for (int s = 0; s < 20; s++) {
    expect_seed = (uint64_t)s + 1;
    point_by_name(spo_ufm(), P, "random", expect_seed, x);
    const spo_result res = run_solver(spo_trust_region(), P, NULL, &stop, expect_seed, x);
    expect_true(res.reason == SPO_STOP_GRAD);
    iterations[s] = (double)res.last.k;
    products[s] = (double)res.last.count.hess;
  }
  gsl_sort(iterations, 1, 20);
  gsl_sort(products, 1, 20);
  print_message(
      "trust region to 1e-8: iterations median %g worst %g, products median %g worst %g\n",
      gsl_stats_median_from_sorted_data(iterations, 1, 20), iterations[19],
      gsl_stats_median_from_sorted_data(products, 1, 20), products[19]);
  expect_at_most(gsl_stats_median_from_sorted_data(iterations, 1, 20), 14);
  expect_at_most(gsl_stats_median_from_sorted_data(products, 1, 20), 70);
  expect_at_most(iterations[19], 20);
  expect_at_most(products[19], 110);
  free(x);
  spo_problem_destroy(P);
}

static const struct {
  uint64_t K, n, d;
  const char *point;
} saddles[] = {
    {3, 2, 4, "collapsed:0"},    {4, 3, 4, "collapsed:90"}, {3, 1, 3, "collapsed:37"},
    {4, 1, 6, "collapsed:180"},  {4, 2, 5, "merged:2"},     {6, 1, 6, "merged:3"},
    {6, 2, 8, "merged:3"},       {3, 2, 4, "signs"},        {4, 2, 4, "signs"},
    {4, 2, 5, "antipodal"},      {5, 1, 5, "antipodal"},    {2, 2, 2, "calibrated:3,1"},
    {2, 2, 3, "calibrated:3,1"},
};

/* Every second-order solver: the listed ones, and the trust region with each subproblem solver. */
static const struct {
  const spo_solver_ops *(*type)(void);
  const spo_trs_ops *(*subproblem)(void);
} second_order[] = {{spo_trust_region, spo_tcg},
                    {spo_trust_region, spo_gltr},
                    {spo_trust_region, spo_exact},
                    {spo_trust_region, spo_randomized_tcg},
                    {spo_arc, NULL}};

static void leaves(size_t i, double tau, int solver) {
  spo_problem *P = ufm_problem(saddles[i].K, saddles[i].n, saddles[i].d, tau);
  const spo_solver_ops *type = second_order[solver].type();
  spo_trust_region_options o;
  spo_trust_region_options_init(&o);
  if (second_order[solver].subproblem)
    o.subproblem = second_order[solver].subproblem();
  double *x = new_vector(P);
  for (expect_seed = 1; expect_seed <= 3; expect_seed++) {
    point_by_name(spo_ufm(), P, saddles[i].point, expect_seed, x);
    const spo_result res =
        run_solver(type, P, second_order[solver].subproblem ? &o : NULL, NULL, expect_seed, x);
    if (res.reason != SPO_STOP_GRAD)
      print_error("%s %d from %s at tau = %g: %s\n", type->name, solver, saddles[i].point, tau,
                  spo_reason_text(res.reason));
    expect_true(res.reason == SPO_STOP_GRAD && res.converged);
    expect_near(res.last.f / f_star((double)saddles[i].K, tau), 1.0, 1e-8);
  }
  free(x);
  spo_problem_destroy(P);
}

static void test_saddles(void **state) {
  (void)state;
  const double taus[] = {1.0, 10.0, 0.1, 100.0};
  for (size_t i = 0; i < sizeof saddles / sizeof saddles[0]; i++)
    for (int t = 0; t < 4; t++) {
      if (strncmp(saddles[i].point, "calibrated", 10) == 0 && log(3.0) > 2.0 * taus[t])
        continue; /* does not exist there */
      spo_problem *P = ufm_problem(saddles[i].K, saddles[i].n, saddles[i].d, taus[t]);
      double *x = new_vector(P);
      point_by_name(spo_ufm(), P, saddles[i].point, 1, x);
      const spo_result stays = run_solver(spo_gradient_descent(), P, NULL, NULL, 0, x);
      expect_true(stays.reason == SPO_STOP_CRITICAL_START && !stays.converged);
      assert_int_equal(stays.last.k, 0);
      free(x);
      spo_problem_destroy(P);
      for (int solver = 0; solver < 5; solver++)
        leaves(i, taus[t], solver);
    }
}

/* In the plane a collapsed point at a right angle has no negative curvature: said, not escaped. */
static void test_degenerate_saddle(void **state) {
  (void)state;
  for (uint64_t K = 2; K <= 4; K++) {
    spo_problem *P = ufm_problem(K, 1, 2, 1.0);
    double *x = new_vector(P);
    point_by_name(spo_ufm(), P, "collapsed:90", 0, x);
    const spo_result res = run_solver(spo_trust_region(), P, NULL, NULL, 0, x);
    expect_true(res.reason == SPO_STOP_SECOND_ORDER);
    expect_near(res.last.f, log((double)K), 1e-15);
    free(x);
    spo_problem_destroy(P);
  }
}

typedef struct watch {
  const spo_problem *P;
  spo_eval *E;
  spo_point *p;
  gsl_rng *rng;
  double f_star;
  int seen;
} watch;

/* At every iterate: what the certificate proves is no less than the true gap. */
static int check_gap(void *self, const spo_iter *it) {
  watch *w = self;
  spo_error err = {0};
  spo_point_set(w->p, w->P, it->x);
  for (int scaled = 0; scaled < 2; scaled++) {
    spo_certified c;
    expect_ok(spo_certify(w->E, w->p, scaled, w->rng, NULL, &c, &err));
    expect_at_most(it->f - w->f_star - 10.0 * 2.220446049250313e-16 * it->f, c.gap_bound);
    w->seen++;
  }
  return 0;
}

static void test_certified_gap(void **state) {
  (void)state;
  const spo_solver_ops *solver[] = {spo_trust_region(), spo_gradient_descent()};
  const double taus[] = {1.0, 10.0, 40.0};
  for (int s = 0; s < 2; s++)
    for (int t = 0; t < 3; t++) {
      spo_error err = {0};
      spo_problem *P = ufm_problem(4, 3, 6, taus[t]);
      double *x = new_vector(P);
      watch w = {.P = P, .rng = new_rng(3), .f_star = f_star(4, taus[t])};
      expect_ok(spo_eval_create(P, &w.E, &err));
      expect_ok(spo_point_create(P, &w.p, &err));
      point_by_name(spo_ufm(), P, "random", 7, x);
      spo_solver *solving;
      spo_result res = {.size = sizeof res};
      expect_ok(spo_solver_create(solver[s], P, NULL, 1, &solving, &err));
      expect_ok(spo_solver_solve(solving, x, NULL, check_gap, &w, &res, &err));
      expect_true(res.converged && w.seen > 10);
      spo_certified c;
      spo_point_set(w.p, P, x);
      expect_ok(spo_certify(w.E, w.p, true, w.rng, NULL, &c, &err));
      expect_at_most(c.gap_bound, 1e-6 * res.last.f);
      spo_solver_destroy(solving);
      spo_eval_destroy(w.E);
      spo_point_destroy(w.p);
      gsl_rng_free(w.rng);
      free(x);
      spo_problem_destroy(P);
    }
}

/* The bounds by their formulas, residual included, and the better of the two reported; a point off
 * the spheres is not critical whatever its gradient. */
static void test_bound_formula(void **state) {
  (void)state;
  spo_error err = {0};
  const struct {
    const char *line;
    double K, N;
  } cases[] = {{"--classes 4 --per-class 3 --dim 6 --tau 2", 4, 12},
               {"--counts 700,20,1 --dim 5 --tau 3", 3, 721}}; /* the second by Lanczos */
  for (int c = 0; c < 2; c++) {
    spo_problem *P = sample_problem(spo_ufm(), cases[c].line);
    double *x = new_vector(P);
    spo_verification v;
    point_by_name(spo_ufm(), P, "random", 1, x);
    expect_ok(spo_verify(P, x, NULL, NULL, &v, NULL, &err));
    expect_true(v.plain.dense == (c == 0) && v.plain.lambda_min < 0.0);
    const double plain = 0.5 * (cases[c].K + cases[c].N) * (v.plain.residual - v.plain.lambda_min);
    const double scaled = cases[c].K * (v.scaled.residual - v.scaled.lambda_min);
    expect_near(v.plain.gap_bound / plain, 1.0, 1e-14);
    expect_near(v.scaled.gap_bound / scaled, 1.0, 1e-14);
    expect_near(v.gap_bound, fmin(plain, scaled), 1e-14 * plain);
    free(x);
    spo_problem_destroy(P);
  }
  spo_problem *P = ufm_problem(3, 2, 4, 1.0);
  double *x = new_vector(P);
  spo_verification v;
  point_by_name(spo_ufm(), P, "etf", 0, x);
  x[0] *= 1.0 + 1e-7;
  expect_ok(spo_verify(P, x, NULL, NULL, &v, NULL, &err));
  expect_true(!v.critical && v.verdict == SPO_NOT_CRITICAL);
  free(x);
  spo_problem_destroy(P);
}

/* A certified minimiser of unbalanced classes as the start: gradient descent knows it for one. */
static void test_certified_start(void **state) {
  (void)state;
  spo_problem *P = sample_problem(spo_ufm(), "--counts 6,3,1 --dim 4 --tau 2");
  double *x = new_vector(P);
  point_by_name(spo_ufm(), P, "random", 3, x);
  spo_result res = run_solver(spo_trust_region(), P, NULL, NULL, 0, x);
  expect_true(res.converged);
  res = run_solver(spo_gradient_descent(), P, NULL, NULL, 0, x);
  expect_true(res.reason == SPO_STOP_GRAD && res.last.k == 0);
  free(x);
  spo_problem_destroy(P);
}

/* After a run with default options the spectrum falls into the clusters of the closed form, with
 * its multiplicities, and every pair holds to rounding, tight clusters or not. */
static void test_spectrum_of_a_run(void **state) {
  (void)state;
  const size_t due[] = {99, 35, 287, 9, 320, 7, 9, 63, 35, 36};
  spo_problem *P = ufm_problem(10, 5, 16, 1.0);
  double *x = new_vector(P);
  spo_error err = {0};
  for (expect_seed = 1; expect_seed <= 3; expect_seed++) {
    spo_eval *E;
    spo_point *p;
    spo_spectrum *s;
    gsl_rng *rng = new_rng(1);
    point_by_name(spo_ufm(), P, "random", expect_seed, x);
    run_solver(spo_trust_region(), P, NULL, NULL, expect_seed, x);
    expect_ok(spo_eval_create(P, &E, &err));
    expect_ok(spo_point_create(P, &p, &err));
    spo_point_set(p, P, x);
    expect_ok(spo_spectrum_at(E, p, NULL, rng, &s, &err));
    assert_int_equal(s->n_clusters, 10);
    for (size_t i = 0; i < 10; i++)
      assert_int_equal(s->cluster[i].multiplicity, due[i]);
    expect_true(s->index == 0 && s->nullity == 99 && s->gauge_dimension == 99);
    expect_at_most(s->residual_max, 900 * 2.3e-16 * s->eigenvalue[899]);
    spo_spectrum_destroy(s);
    spo_eval_destroy(E);
    spo_point_destroy(p);
    gsl_rng_free(rng);
  }
  free(x);
  spo_problem_destroy(P);
}

/* d = 1: signs, a manifold of dimension 0. Nothing moves, and every call says so. */
static void test_no_dimension(void **state) {
  (void)state;
  spo_error err = {0};
  spo_problem *P = ufm_problem(2, 2, 1, 1.0);
  double *x = new_vector(P);
  spo_verification v;
  point_by_name(spo_ufm(), P, "etf", 0, x);
  spo_result res = run_solver(spo_trust_region(), P, NULL, NULL, 0, x);
  expect_true(res.reason == SPO_STOP_GRAD && res.last.k == 0);
  expect_near(res.last.f, f_star(2, 1), 1e-15);
  expect_ok(spo_verify(P, x, NULL, NULL, &v, NULL, &err));
  expect_true(v.verdict == SPO_GLOBAL_MINIMIZER && v.gauge_dimension == 0);
  x[2] = -x[2]; /* a wrong feature: no minimum, and nowhere to go */
  res = run_solver(spo_trust_region(), P, NULL, NULL, 0, x);
  expect_true(res.reason == SPO_STOP_SECOND_ORDER);
  free(x);
  spo_problem_destroy(P);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_minimum),
      cmocka_unit_test(test_table),
      cmocka_unit_test(test_counts),
      cmocka_unit_test(test_saddles),
      cmocka_unit_test(test_degenerate_saddle),
      cmocka_unit_test(test_certified_gap),
      cmocka_unit_test(test_certified_start),
      cmocka_unit_test(test_bound_formula),
      cmocka_unit_test(test_no_dimension),
      cmocka_unit_test(test_spectrum_of_a_run),
  };
  return cmocka_run_group_tests_name("ufm runs", tests, NULL, NULL);
}
