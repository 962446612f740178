/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Orthogonal Procrustes: where the closed form holds, on both sides of its condition; the minimum
 * of each component of a square problem; all sign points; the unbalanced problem by brute force. */
#include <gsl/gsl_randist.h>

#include "samples.h"

enum { MOST = 256 };

static spo_problem *problem_of(size_t m, size_t n, size_t p, const double *A, const double *B) {
  spo_error err = {0};
  spo_procrustes_params params;
  spo_problem *P;
  spo_procrustes_params_init(&params);
  params.a = (spo_matrix){A, m, n};
  params.b = (spo_matrix){B, m, p};
  expect_ok(spo_procrustes_create(&params, &P, &err));
  return P;
}

static void draw(gsl_rng *rng, size_t count, double *x) {
  for (size_t i = 0; i < count; i++)
    x[i] = gsl_ran_gaussian(rng, 1.0);
}

/* |A X - B|^2, entry by entry. */
static double plain_cost(size_t m, size_t n, size_t p, const double *A, const double *B,
                         const double *x) {
  double f = 0.0;
  for (size_t i = 0; i < m; i++)
    for (size_t k = 0; k < p; k++) {
      double r = -B[i * p + k];
      for (size_t j = 0; j < n; j++)
        r += A[i * n + j] * x[k * n + j];
      f += r * r;
    }
  return f;
}

/* A known rotation is found again, with f* = 0 and relative accuracy near it. */
static void test_recovery(void **state) {
  (void)state;
  const size_t m = 9, n = 5;
  for (expect_seed = 1; expect_seed <= 6; expect_seed++) {
    double A[MOST], B[MOST] = {0}, X[MOST], f_star;
    const char *theorem;
    gsl_rng *rng = new_rng(expect_seed);
    draw(rng, m * n, A);
    draw(rng, m * n, B);
    spo_problem *any = problem_of(m, n, n, A, B);
    point_by_name(spo_procrustes(), any, "random", expect_seed, X);
    for (size_t i = 0; i < m; i++)
      for (size_t k = 0; k < n; k++) {
        B[i * n + k] = 0.0;
        for (size_t j = 0; j < n; j++)
          B[i * n + k] += A[i * n + j] * X[k * n + j];
      }
    spo_problem *P = problem_of(m, n, n, A, B);
    double x[MOST], away = 0.0;
    point_by_name(spo_procrustes(), P, "solution", 0, x);
    for (size_t i = 0; i < n * n; i++)
      away = hypot(away, x[i] - X[i]);
    expect_at_most(away, 1e-13);
    assert_int_equal(P->ops->known_minimum(P->self, &f_star, &theorem), 0);
    expect_at_most(f_star, 1e-27);
    spo_problem_destroy(P);
    spo_problem_destroy(any);
    gsl_rng_free(rng);
  }
}

/* Square: the runs end in one of two minima, one for each component, 4 sigma_n apart, and both are
 * met; a thin isometric problem has the closed form's alone. */
static void test_components(void **state) {
  (void)state;
  const size_t m = 7, n = 4;
  double A[MOST], B[MOST], AtB[MOST], f_star;
  const char *theorem;
  spo_error err = {0};
  gsl_rng *rng = new_rng(3);
  draw(rng, m * n, A);
  draw(rng, m * n, B);
  for (size_t k = 0; k < n; k++)
    for (size_t j = 0; j < n; j++) {
      AtB[k * n + j] = 0.0;
      for (size_t i = 0; i < m; i++)
        AtB[k * n + j] += A[i * n + j] * B[i * n + k];
    }
  spo_polar *polar;
  expect_ok(spo_polar_create(n, n, AtB, &polar, &err));
  spo_problem *P = problem_of(m, n, n, A, B);
  assert_int_equal(P->ops->known_minimum(P->self, &f_star, &theorem), 0);
  int met[2] = {0, 0};
  for (expect_seed = 1; expect_seed <= 12; expect_seed++) {
    double x[MOST];
    point_by_name(spo_procrustes(), P, "random", expect_seed, x);
    const spo_result res = run_solver(spo_trust_region(), P, NULL, NULL, 1, x);
    expect_near(res.last.f, plain_cost(m, n, n, A, B, x), 1e-12 * res.last.f);
    const int other = res.last.f - f_star > 2.0 * polar->sigma[n - 1];
    expect_near(res.last.f, f_star + (other ? 4.0 * polar->sigma[n - 1] : 0.0), 1e-10);
    met[other]++;
    spo_verification v;
    expect_ok(spo_verify(P, x, NULL, NULL, &v, NULL, &err));
    expect_true(v.verdict == (other ? SPO_LOCAL_MINIMIZER : SPO_GLOBAL_MINIMIZER));
  }
  expect_true(met[0] > 0 && met[1] > 0);
  spo_polar_destroy(polar);
  spo_problem_destroy(P);
  gsl_rng_free(rng);
}

/* f at P diag(s) Q^T is f* + 2 sum_{s_i < 0} 2 sigma_i, and it is critical. */
static void test_sign_points(void **state) {
  (void)state;
  spo_error err = {0};
  spo_problem *P = sample_problem(spo_procrustes(), spo_procrustes()->sample[0]);
  double x[MOST], f[8];
  spo_eval *E;
  spo_point *p;
  expect_ok(spo_eval_create(P, &E, &err));
  expect_ok(spo_point_create(P, &p, &err));
  for (unsigned pattern = 0; pattern < 8; pattern++) {
    char name[] = "signs:+++";
    for (int i = 0; i < 3; i++)
      name[6 + i] = pattern >> i & 1 ? '-' : '+';
    point_by_name(spo_procrustes(), P, name, 0, x);
    spo_point_set(p, P, x);
    expect_ok(spo_eval_grad(E, p));
    expect_at_most(p->grad_norm, 1e-13 * p->f);
    f[pattern] = p->f;
    spo_verification v;
    expect_ok(spo_verify(P, x, NULL, NULL, &v, NULL, &err));
    expect_true(v.verdict == (pattern == 0 ? SPO_GLOBAL_MINIMIZER : SPO_STRICT_SADDLE));
  }
  for (unsigned pattern = 0; pattern < 8; pattern++) { /* the signs' costs add up */
    double due = f[0];
    for (int i = 0; i < 3; i++)
      due += pattern >> i & 1 ? f[1u << i] - f[0] : 0.0;
    expect_near(f[pattern], due, 1e-12 * f[7]);
  }
  expect_true(f[1] > f[2] && f[2] > f[4] && f[4] > f[0]);
  spo_eval_destroy(E);
  spo_point_destroy(p);
  spo_problem_destroy(P);
}

/* No closed form is claimed where |A X| varies. On the circle, p = 1, n = 2, the least of many is
 * the minimum, which the solver's best of some starts is too. */
static void test_unbalanced(void **state) {
  (void)state;
  for (uint64_t seed = 1; seed <= 5; seed++) {
    double A[8], B[4], f_star, best = INFINITY, least = INFINITY;
    const char *theorem;
    spo_error err = {0};
    gsl_rng *rng = new_rng(seed);
    draw(rng, 8, A);
    draw(rng, 4, B);
    spo_problem *P = problem_of(4, 2, 1, A, B);
    assert_int_equal(P->ops->known_minimum(P->self, &f_star, &theorem), 1);
    double x[2];
    expect_status(spo_procrustes()->point[0].build(P, NULL, rng, x, &err), SPO_E_ARG);
    for (int i = 0; i < 100000; i++) {
      const double angle = 6.283185307179586e-5 * i;
      x[0] = cos(angle), x[1] = sin(angle);
      least = fmin(least, plain_cost(4, 2, 1, A, B, x));
    }
    for (expect_seed = 1; expect_seed <= 8; expect_seed++) {
      point_by_name(spo_procrustes(), P, "random", expect_seed, x);
      best = fmin(best, run_solver(spo_trust_region(), P, NULL, NULL, 1, x).last.f);
    }
    expect_near(best, least, 1e-7 * least);
    expect_at_most(best, least * (1.0 + 1e-14));
    spo_problem_destroy(P);
    gsl_rng_free(rng);
  }
}

static void test_refusals(void **state) {
  (void)state;
  const double good[6] = {1, 2, 3, 4, 5, 6}, nil[6] = {0}, odd[6] = {1, INFINITY, 3, 4, 5, 6};
  const struct {
    spo_procrustes_params p;
    spo_status due;
    const char *text;
  } bad[] = {
      {{.columns = 7}, SPO_E_DIM, "columns: 7 given, at most the size, 6"},
      {{.rows = 4, .a = {good, 3, 2}}, SPO_E_DIM, "a: 3 rows, but rows says 4"},
      {{.a = {good, 3, 2}, .b = {good, 2, 1}}, SPO_E_DIM, "b: 2 rows, but a has 3"},
      {{.a = {good, 6, 1}, .columns = 1}, SPO_E_DIM, "a: 1 column"},
      {{.a = {nil, 3, 2}, .columns = 1}, SPO_E_ARG, "A not zero"},
      {{.a = {odd, 3, 2}, .columns = 1}, SPO_E_ARG, "a: entry (0, 1) is inf"},
      {{.rows = 4, .isometric = true}, SPO_E_DIM, "isometric: 4 rows given"},
      {{.a = {good, 3, 2}, .columns = 1, .isometric = true}, SPO_E_ARG, "isometric: of use"},
  };
  spo_procrustes_params filled;
  spo_procrustes_params_init(&filled);
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    spo_error err = {0};
    spo_procrustes_params p = bad[i].p;
    spo_problem *P;
    p.size = sizeof p;
    p.retraction = filled.retraction;
    expect_status(spo_procrustes_create(&p, &P, &err), bad[i].due);
    expect_true(P == NULL);
    if (!strstr(err.text, bad[i].text))
      print_error("\"%s\" lacks \"%s\"\n", err.text, bad[i].text);
    expect_true(strstr(err.text, bad[i].text) && !strchr(err.text, '\n'));
  }
}

/* Orthogonal columns of unlike lengths are not enough for the closed form; random A and B are not
 * alike; the fit is relative to B; a perfect fit has a noise. */
static void test_small_print(void **state) {
  (void)state;
  spo_error err = {0};
  const double A[] = {1, 0, 0, 2, 0, 0}, B[] = {3, 0, 4}, x[] = {1, 0}, I[] = {1, 0, 0, 1};
  double f_star, metric[2], f, noise, scale, memo[4];
  const char *theorem;
  spo_problem *P = problem_of(3, 2, 1, A, B);
  expect_true(P->ops->known_minimum(P->self, &f_star, &theorem) == 1);
  expect_ok(spo_procrustes()->metrics(P, x, metric, &err)); /* |(1, 0, 0) - (3, 0, 4)| / 5 */
  expect_near(metric[0], sqrt(20.0) / 5.0, 1e-15);
  spo_problem_destroy(P);
  spo_procrustes_params p;
  spo_procrustes_params_init(&p);
  p.rows = 5, p.n = 3, p.columns = 3;
  expect_ok(spo_procrustes_create(&p, &P, &err));
  expect_true(P->ops->known_minimum(P->self, &f_star, &theorem) == 0 && f_star > 0.1);
  spo_problem_destroy(P);
  P = problem_of(2, 2, 2, I, I);
  expect_true(P->ops->cost(P->self, I, &f, memo, NULL) == 0 && f == 0.0);
  expect_true(P->ops->scale(P->self, I, f, memo, &noise, &scale) == 0 && noise > 0.0);
  spo_problem_destroy(P);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_recovery),    cmocka_unit_test(test_components),
      cmocka_unit_test(test_sign_points), cmocka_unit_test(test_unbalanced),
      cmocka_unit_test(test_refusals),    cmocka_unit_test(test_small_print),
  };
  return cmocka_run_group_tests_name("procrustes", tests, NULL, NULL);
}
