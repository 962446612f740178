/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Outside the theorem: the genuine spurious local minimum at d = K-1 = 2, codes with more classes
 * than a simplex holds, two minima that cross, and the expansion for small tau. */
#include <gsl/gsl_roots.h>

#include "expect.h"

#include "samples.h"

#include "beyond.h"

static spo_spectrum *spectrum_at(const spo_problem *P, const double *x, double *grad_norm) {
  spo_error err = {0};
  spo_eval *E;
  spo_point *p;
  spo_spectrum *s;
  gsl_rng *rng = new_rng(1);
  expect_ok(spo_eval_create(P, &E, &err));
  expect_ok(spo_point_create(P, &p, &err));
  spo_point_set(p, P, x);
  expect_ok(spo_spectrum_at(E, p, NULL, rng, &s, &err));
  *grad_norm = p->grad_norm / p->f;
  spo_eval_destroy(E);
  spo_point_destroy(p);
  gsl_rng_free(rng);
  return s;
}

/* ---- K = 3, d = 2 ---------------------------------------------------------------------------- */

static const double degree = 0.017453292519943295769;

static void planar_point(size_t d, const double *angle, double *x) {
  memset(x, 0, 6 * d * sizeof *x);
  for (size_t i = 0; i < 6; i++) {
    x[i * d] = cos(angle[i] * degree);
    x[i * d + 1] = sin(angle[i] * degree);
  }
}

static void test_spurious(void **state) {
  (void)state;
  const double angle[] = {0, 308.19153988, 1.61632698, 129.8819942, 244.45473334, 90.49340331};
  const double due[] = {0, 1.00684147e-3, 2.99300114e-2, 7.26754962e-2, 0.153671957, 26.3210970};
  spo_problem *P = ufm_problem(3, 1, 2, 10.0), *Q = ufm_problem(3, 1, 3, 10.0);
  double x[12], y[18] = {0}, grad;
  spo_error err = {0};
  spo_stop stop;
  spo_stop_init(&stop);
  stop.grad_rel = 0.0;
  stop.grad_abs = 1e-13;
  planar_point(2, angle, x);
  const spo_result res = run_solver(spo_trust_region(), P, NULL, &stop, 1, x);
  expect_true(res.converged);
  expect_near(res.last.f, 0.461133541335, 5e-13);
  for (size_t i = 0; i < 6; i++) { /* the printed angles were right to their last digits */
    const double apart = atan2(x[2 * i + 1], x[2 * i]) - atan2(x[1], x[0]);
    expect_near(remainder(apart / degree - angle[i], 360.0), 0.0, 5e-8);
  }
  spo_spectrum *s = spectrum_at(P, x, &grad);
  for (size_t i = 0; i < 6; i++)
    expect_near(s->eigenvalue[i], due[i], i == 5 ? 5e-8 : fmax(6e-9 * due[i], 1e-10));
  spo_spectrum_destroy(s);
  spo_verification v;
  expect_ok(spo_verify(P, x, NULL, NULL, &v, NULL, &err));
  expect_true(v.verdict == SPO_LOCAL_MINIMIZER && v.gap > 0.46);
  expect_near(v.plain.lambda_min, -3.52152557246, 1e-11); /* by 30-digit arithmetic */
  /* embedded in R^3 it is a saddle of index 1, with that very eigenvalue */
  for (size_t i = 0; i < 6; i++)
    memcpy(y + 3 * i, x + 2 * i, 2 * sizeof *y);
  expect_ok(spo_verify(Q, y, NULL, NULL, &v, NULL, &err));
  expect_true(v.verdict == SPO_STRICT_SADDLE && v.index == 1);
  expect_near(v.lambda_min, v.plain.lambda_min, 1e-11);
  spo_problem_destroy(P);
  spo_problem_destroy(Q);
}

/* It is met from random starts at tau = 10, never at tau = 5, and leaves f* at the fold. */
static void test_fold(void **state) {
  (void)state;
  double x[12];
  int met;
  best_of(3, 2, 10.0, 40, x, 0.461133541335, &met);
  print_message("spurious minimum from %d of 40 starts\n", met);
  expect_true(met >= 1 && met <= 15);
  best_of(3, 2, 5.0, 40, x, 0.00110555738645, &met);
  assert_int_equal(met, 40);
  const double taus[] = {9.5, 9.2, 9.1, 9.08}, below = 9.06;
  const double angle[] = {0, 308.19153988, 1.61632698, 129.8819942, 244.45473334, 90.49340331};
  planar_point(2, angle, x);
  for (int i = 0; i <= 4; i++) { /* followed down in tau */
    spo_problem *P = ufm_problem(3, 1, 2, i < 4 ? taus[i] : below);
    const double f = run_solver(spo_trust_region(), P, NULL, NULL, 1, x).last.f;
    expect_true(i < 4 ? f > 0.4 : f < 1e-5);
    spo_problem_destroy(P);
  }
}

/* ---- codes ----------------------------------------------------------------------------------- */

static void test_codes(void **state) {
  (void)state;
  static const struct {
    size_t K, d;
    double tau, f, digit;
  } due[] = {
      {4, 2, 1, 0.626523375, 1e-9},   {4, 2, 5, 0.01343069698, 1e-11},
      {5, 3, 1, 0.7905574325, 1e-10}, {6, 3, 5, 0.0266391928, 1e-10},
      {12, 3, 1, 1.646383247, 1e-9},  {8, 4, 5, 0.03967549619, 1e-11},
  };
  double x[256];
  for (size_t i = 0; i < sizeof due / sizeof due[0]; i++)
    expect_near(best_of(due[i].K, due[i].d, due[i].tau, 6, x, NAN, NULL), due[i].f, due[i].digit);
}

/* Two orthogonal triangles; a tetrahedron and an antipodal pair: 6 points of R^4. */
static double triangles(double t, void *none) {
  (void)none;
  return log1p(2 * exp(-1.5 * t) + 3 * exp(-t));
}
static double tetrahedron(double t, void *none) {
  (void)none;
  return 2.0 / 3.0 * log1p(3 * exp(-4 * t / 3) + 2 * exp(-t)) +
         log1p(exp(-2 * t) + 4 * exp(-t)) / 3;
}
static double difference(double t, void *none) {
  return triangles(t, none) - tetrahedron(t, none);
}

static void double_point(size_t n, double *x) {
  memcpy(x + n, x, n * sizeof *x);
}

static void triangles_point(double *x) {
  memset(x, 0, 24 * sizeof *x);
  for (int k = 0; k < 6; k++) {
    x[4 * k + 2 * (k / 3)] = cos(120.0 * degree * (k % 3));
    x[4 * k + 2 * (k / 3) + 1] = sin(120.0 * degree * (k % 3));
  }
  double_point(24, x);
}

static void tetrahedron_point(double *x) {
  const double c = 1.0 / sqrt(3.0);
  memset(x, 0, 24 * sizeof *x);
  for (int k = 0; k < 4; k++)
    for (int j = 0; j < 3; j++)
      x[4 * k + j] = j == 2 ? (k == 1 || k == 2 ? -c : c) : ((k >> j & 1) ? -c : c);
  x[19] = 1.0, x[23] = -1.0;
  double_point(24, x);
}

static void expect_index(double tau, void (*point)(double *), double (*value)(double, void *),
                         size_t index) {
  double x[48], grad, f;
  spo_problem *P = ufm_problem(6, 1, 4, tau);
  double *memo = calloc(P->memo_len, sizeof *memo);
  point(x);
  P->ops->cost(P->self, x, &f, memo, NULL);
  expect_near(f / value(tau, NULL), 1.0, 1e-13);
  spo_spectrum *s = spectrum_at(P, x, &grad);
  expect_at_most(grad, 1e-13 * tau);
  if (s->index != index)
    print_error("tau %g: index %zu, due %zu\n", tau, s->index, index);
  expect_true(s->counts_known && s->index == index);
  spo_spectrum_destroy(s);
  free(memo);
  spo_problem_destroy(P);
}

static void test_two_minima(void **state) {
  (void)state;
  gsl_root_fsolver *s = gsl_root_fsolver_alloc(gsl_root_fsolver_brent);
  gsl_function F = {difference, NULL};
  gsl_root_fsolver_set(s, &F, 1.0, 5.0);
  for (int i = 0; i < 60; i++)
    gsl_root_fsolver_iterate(s);
  expect_near(gsl_root_fsolver_root(s), 1.970064, 5e-7);
  gsl_root_fsolver_free(s);
  expect_index(1.0, triangles_point, triangles, 0);
  expect_index(1.0, tetrahedron_point, tetrahedron, 0);
  expect_index(5.0, triangles_point, triangles, 0);
  expect_index(5.0, tetrahedron_point, tetrahedron, 0);
  expect_index(8.0, triangles_point, triangles, 4);
  expect_index(20.0, triangles_point, triangles, 4);
  expect_index(20.0, tetrahedron_point, tetrahedron, 3);
  double x[48];
  int met;
  expect_near(best_of(6, 4, 1.0, 20, x, 0.93728449, &met), 0.9360536109, 1e-10);
  expect_near(tetrahedron(1.0, NULL), 0.93728449, 5e-9);
  expect_true(met > 0 && met < 20);
  expect_near(best_of(6, 4, 5.0, 20, x, triangles(5.0, NULL), &met), 0.02031037074, 1e-11);
  expect_near(triangles(5.0, NULL), 0.021095918, 5e-10);
}

/* The triangular bipyramid: its closed form, and where it turns unstable. */
static void test_bipyramid(void **state) {
  (void)state;
  const double taus[] = {1.0, 5.0, 9.289, 9.2905};
  for (int i = 0; i < 4; i++) {
    const double t = taus[i];
    double x[30] = {0}, grad, f;
    for (int k = 0; k < 3; k++) {
      x[3 * k] = cos(120.0 * degree * k);
      x[3 * k + 1] = sin(120.0 * degree * k);
    }
    x[11] = 1.0, x[14] = -1.0;
    double_point(15, x);
    spo_problem *P = ufm_problem(5, 1, 3, t);
    double *memo = calloc(P->memo_len, sizeof *memo);
    P->ops->cost(P->self, x, &f, memo, NULL);
    expect_near(
        f / (0.6 * log1p(2 * exp(-1.5 * t) + 2 * exp(-t)) + 0.4 * log1p(3 * exp(-t) + exp(-2 * t))),
        1.0, 1e-13);
    spo_spectrum *s = spectrum_at(P, x, &grad);
    expect_at_most(grad, 1e-13 * t);
    expect_true((s->index > 0) == (i == 3));
    spo_spectrum_destroy(s);
    free(memo);
    spo_problem_destroy(P);
  }
}

/* f_min = log K - tau + tau^2 FP0/(2 K^2) + O(tau^3); FP0 = K^2/d where a 2-design of K points
 * exists, 8.5 for K = 5, d = 3. */
static void test_small_tau(void **state) {
  (void)state;
  static const struct {
    size_t K, d;
    double FP0;
  } due[] = {{4, 2, 8}, {6, 3, 12}, {7, 3, 49.0 / 3.0}, {6, 4, 9}, {5, 3, 8.5}};
  for (size_t i = 0; i < sizeof due / sizeof due[0]; i++) {
    const double K = (double)due[i].K, tau = 0.05;
    double x[64], a[2];
    for (int k = 0; k < 2; k++) {
      const double t = tau / (k + 1);
      a[k] = (best_of(due[i].K, due[i].d, t, 6, x, NAN, NULL) - log(K) + t) / (t * t);
    }
    expect_near(2.0 * K * K * (2.0 * a[1] - a[0]), due[i].FP0, 2e-3 * due[i].FP0);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_spurious),  cmocka_unit_test(test_fold),
      cmocka_unit_test(test_codes),     cmocka_unit_test(test_two_minima),
      cmocka_unit_test(test_bipyramid), cmocka_unit_test(test_small_tau),
  };
  return cmocka_run_group_tests_name("beyond the theorem", tests, NULL, NULL);
}
