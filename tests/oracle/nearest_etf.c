/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The nearest simplex ETF: the trust region against the polar factor, the Hessian's spectrum at all
 * 2^K sign points, the derivative of the solution by finite differences, and delta = 0, where the
 * solution is not unique. Singular values come from GSL, which shares nothing with LAPACK. */
#include <gsl/gsl_linalg.h>
#include <gsl/gsl_randist.h>
#include <gsl/gsl_sort.h>

#include "samples.h"

enum { MOST = 64 }; /* numbers in a frame */

static void draw(gsl_rng *rng, size_t count, double *x) {
  for (size_t i = 0; i < count; i++)
    x[i] = gsl_ran_gaussian(rng, 1.0);
}

static spo_problem *problem_of(size_t d, size_t K, const double *means, const double *prox,
                               double delta) {
  spo_error err = {0};
  spo_nearest_etf_params p;
  spo_problem *P;
  spo_nearest_etf_params_init(&p);
  p.means = (spo_matrix){means, K, d};
  p.delta = delta;
  if (prox)
    p.prox = (spo_matrix){prox, K, d};
  expect_ok(spo_nearest_etf_create(&p, &P, &err));
  return P;
}

/* B = 2/sqrt(K-1) Y + delta U_prox, term by term. */
static void plain_target(size_t d, size_t K, const double *means, const double *prox, double delta,
                         double *B) {
  double norm = 0.0;
  for (size_t j = 0; j < d; j++) {
    double mean = 0.0;
    for (size_t k = 0; k < K; k++)
      mean += means[k * d + j] / (double)K;
    for (size_t k = 0; k < K; k++) {
      B[k * d + j] = means[k * d + j] - mean;
      norm += B[k * d + j] * B[k * d + j];
    }
  }
  for (size_t k = 0; k < K; k++)
    for (size_t j = 0; j < d; j++) {
      const double frame = prox ? prox[k * d + j] : j == k;
      B[k * d + j] = 2.0 / sqrt((double)K - 1.0) * B[k * d + j] / sqrt(norm) + delta * frame;
    }
}

static void plain_singular_values(size_t d, size_t K, const double *B, double *sigma) {
  gsl_matrix *A = gsl_matrix_alloc(d, K), *V = gsl_matrix_alloc(K, K);
  gsl_vector *S = gsl_vector_alloc(K);
  for (size_t k = 0; k < K; k++)
    for (size_t j = 0; j < d; j++)
      gsl_matrix_set(A, j, k, B[k * d + j]);
  assert_int_equal(gsl_linalg_SV_decomp_jacobi(A, V, S), 0);
  for (size_t k = 0; k < K; k++)
    sigma[k] = gsl_vector_get(S, k);
  gsl_matrix_free(A), gsl_matrix_free(V), gsl_vector_free(S);
}

static const struct { size_t d, K; } sizes[] = {{5, 3}, {4, 4}, {8, 5}, {6, 4}};
enum { SIZES = sizeof sizes / sizeof sizes[0] };

static size_t due_spectrum(size_t d, size_t K, unsigned pattern, const double *sigma, double *due) {
  size_t count = 0;
  double s[MOST];
  for (size_t i = 0; i < K; i++)
    s[i] = pattern >> i & 1 ? -sigma[i] : sigma[i];
  for (size_t i = 0; i < K; i++)
    for (size_t j = i + 1; j < K; j++)
      due[count++] = 0.5 * (s[i] + s[j]);
  for (size_t j = 0; j < K; j++)
    for (size_t l = K; l < d; l++)
      due[count++] = s[j];
  gsl_sort(due, 1, count);
  return count;
}

static void expect_sign_point(const spo_problem *P, size_t d, size_t K, unsigned pattern,
                              const double *sigma) {
  spo_error err = {0};
  double x[MOST], due[MOST], sum = 0.0, all = 0.0;
  char name[32] = "signs:";
  for (size_t i = 0; i < K; i++) {
    name[6 + i] = pattern >> i & 1 ? '-' : '+';
    sum += pattern >> i & 1 ? -sigma[i] : sigma[i];
    all += sigma[i];
  }
  name[6 + K] = '\0';
  point_by_name(spo_nearest_etf(), P, name, 0, x);
  const size_t count = due_spectrum(d, K, pattern, sigma, due);
  spo_eval *E;
  spo_point *p;
  spo_spectrum *s;
  gsl_rng *rng = new_rng(1);
  expect_ok(spo_eval_create(P, &E, &err));
  expect_ok(spo_point_create(P, &p, &err));
  spo_point_set(p, P, x);
  expect_ok(spo_spectrum_at(E, p, NULL, rng, &s, &err));
  expect_at_most(p->grad_norm, 1e-14 * (double)count * sigma[0]);
  assert_int_equal(s->count, count);
  for (size_t i = 0; i < count; i++)
    expect_near(s->eigenvalue[i], due[i], 1e-14 * (double)count * sigma[0]);
  double f_star;
  const char *theorem;
  assert_int_equal(P->ops->known_minimum(P->self, &f_star, &theorem), 0);
  expect_near(p->f - f_star, all - sum, 1e-13 * all);
  spo_verification v;
  expect_ok(spo_verify(P, x, NULL, NULL, &v, NULL, &err));
  expect_true(v.verdict == (pattern == 0   ? SPO_GLOBAL_MINIMIZER
                            : due[0] < 0.0 ? SPO_STRICT_SADDLE
                                           : SPO_LOCAL_MINIMIZER));
  spo_spectrum_destroy(s);
  spo_eval_destroy(E);
  spo_point_destroy(p);
  gsl_rng_free(rng);
}

static void test_sign_points(void **state) {
  (void)state;
  for (size_t c = 0; c < SIZES; c++) {
    const size_t d = sizes[c].d, K = sizes[c].K;
    double means[MOST], prox[MOST], B[MOST], sigma[MOST];
    expect_seed = c + 1;
    gsl_rng *rng = new_rng(expect_seed);
    draw(rng, d * K, means);
    draw(rng, d * K, prox);
    spo_problem *P = problem_of(d, K, means, prox, 0.2);
    plain_target(d, K, means, prox, 0.2, B);
    plain_singular_values(d, K, B, sigma);
    for (unsigned pattern = 0; pattern < 1u << K; pattern++)
      expect_sign_point(P, d, K, pattern, sigma);
    spo_problem_destroy(P);
    gsl_rng_free(rng);
  }
}

/* Down to 1e-10 of the closed form, from any start; for d = K from its component, and from the
 * other one to that one's own minimum, 2 sigma_K above. */
static void test_trust_region(void **state) {
  (void)state;
  const double deltas[] = {1e-3, 0.1, 2.0};
  spo_stop stop;
  spo_stop_init(&stop);
  stop.grad_rel = 0.0;
  stop.grad_abs = 2e-14;
  for (size_t c = 0; c < SIZES; c++)
    for (size_t k = 0; k < 3; k++)
      for (expect_seed = 1; expect_seed <= 4; expect_seed++) {
        const size_t d = sizes[c].d, K = sizes[c].K, n = d * K;
        double means[MOST], U[MOST], x[MOST], f_star, away = 0.0;
        const char *theorem;
        spo_error err = {0};
        gsl_rng *rng = new_rng(expect_seed);
        draw(rng, n, means);
        spo_problem *P = problem_of(d, K, means, NULL, deltas[k]);
        spo_polar *polar;
        expect_ok(spo_nearest_etf_solve(d, K, means, NULL, deltas[k], U, &polar, &err));
        assert_int_equal(P->ops->known_minimum(P->self, &f_star, &theorem), 0);
        point_by_name(spo_nearest_etf(), P, "random", expect_seed, x);
        const spo_result res = run_solver(spo_trust_region(), P, NULL, &stop, 1, x);
        const double gap = res.last.f - f_star;
        for (size_t i = 0; i < n; i++)
          away = hypot(away, x[i] - U[i]);
        if (d > K || gap < polar->sigma[K - 1])
          expect_at_most(away, 1e-10);
        else
          expect_near(gap, 2.0 * polar->sigma[K - 1], 1e-12);
        spo_polar_destroy(polar);
        spo_problem_destroy(P);
        gsl_rng_free(rng);
      }
}

/* ---- the derivative of the solution ---------------------------------------------------------- */

static void polar_of(size_t d, size_t K, const double *B, double *U) {
  spo_error err = {0};
  spo_polar *polar;
  expect_ok(spo_polar_create(d, K, B, &polar, &err));
  expect_ok(spo_polar_point(polar, NULL, U, &err));
  spo_polar_destroy(polar);
}

/* Forward by central differences with Richardson's correction; backward as its transpose. */
static void test_derivative(void **state) {
  (void)state;
  for (size_t c = 0; c < SIZES; c++) {
    const size_t d = sizes[c].d, K = sizes[c].K, n = d * K;
    spo_error err = {0};
    double B[MOST], dB[MOST], G[MOST], dU[MOST], gB[MOST], U[4][MOST], left = 0.0, right = 0.0;
    spo_polar *polar;
    expect_seed = c + 1;
    gsl_rng *rng = new_rng(expect_seed);
    draw(rng, n, B);
    draw(rng, n, dB);
    draw(rng, n, G);
    expect_ok(spo_polar_create(d, K, B, &polar, &err));
    expect_ok(spo_polar_derivative(polar, dB, dU, &err));
    expect_ok(spo_polar_derivative(polar, G, gB, &err));
    const double h = 1e-3 * polar->sigma[K - 1], step[] = {h, -h, 0.5 * h, -0.5 * h};
    double moved[MOST];
    for (int j = 0; j < 4; j++) {
      for (size_t i = 0; i < n; i++)
        moved[i] = B[i] + step[j] * dB[i];
      polar_of(d, K, moved, U[j]);
    }
    for (size_t i = 0; i < n; i++) {
      const double coarse = (U[0][i] - U[1][i]) / (2.0 * h), fine = (U[2][i] - U[3][i]) / h;
      expect_near(dU[i], (4.0 * fine - coarse) / 3.0, 1e-8 / polar->sigma[K - 1]);
      left += G[i] * dU[i];
      right += gB[i] * dB[i];
    }
    expect_near(left, right, 1e-12 * (fabs(left) + 1.0 / polar->sigma[K - 1]));
    spo_polar_destroy(polar);
    gsl_rng_free(rng);
  }
}

/* L = <G, W(U*(means))>: its gradient through classifier, polar factor and normalisation. */
static double loss(size_t d, size_t K, const double *means, const double *G) {
  spo_error err = {0};
  double U[MOST], sum = 0.0;
  expect_ok(spo_nearest_etf_solve(d, K, means, NULL, 0.3, U, NULL, &err));
  spo_nearest_etf_classifier(d, K, U, U);
  for (size_t i = 0; i < d * K; i++)
    sum += G[i] * U[i];
  return sum;
}

static void test_chain(void **state) {
  (void)state;
  for (size_t c = 0; c < SIZES; c++) {
    const size_t d = sizes[c].d, K = sizes[c].K, n = d * K;
    spo_error err = {0};
    double M[MOST], G[MOST], U[MOST], g[MOST];
    spo_polar *polar;
    expect_seed = c + 1;
    gsl_rng *rng = new_rng(expect_seed);
    draw(rng, n, M);
    draw(rng, n, G);
    expect_ok(spo_nearest_etf_solve(d, K, M, NULL, 0.3, U, &polar, &err));
    spo_nearest_etf_classifier(d, K, G, g);
    expect_ok(spo_polar_derivative(polar, g, g, &err));
    expect_ok(spo_nearest_etf_pullback(d, K, M, g, g, &err));
    const double h = 1e-3 * polar->sigma[K - 1];
    for (size_t i = 0; i < n; i++) {
      const double at = M[i], step[] = {h, -h, 0.5 * h, -0.5 * h};
      double L[4];
      for (int j = 0; j < 4; j++) {
        M[i] = at + step[j];
        L[j] = loss(d, K, M, G);
      }
      M[i] = at;
      const double coarse = (L[0] - L[1]) / (2.0 * h), fine = (L[2] - L[3]) / h;
      expect_near(g[i], (4.0 * fine - coarse) / 3.0, 1e-8 / polar->sigma[K - 1]);
    }
    spo_polar_destroy(polar);
    gsl_rng_free(rng);
  }
}

/* ---- delta = 0 ------------------------------------------------------------------------------- */

static void test_not_unique(void **state) {
  (void)state;
  for (size_t c = 0; c < SIZES; c++)
    for (expect_seed = 1; expect_seed <= 3; expect_seed++) {
      const size_t d = sizes[c].d, K = sizes[c].K, n = d * K;
      spo_error err = {0};
      double M[MOST], U[MOST], x[MOST], same = 0.0, apart = 0.0;
      spo_polar *polar;
      gsl_rng *rng = new_rng(expect_seed);
      draw(rng, n, M);
      spo_problem *P = problem_of(d, K, M, NULL, 0.0);
      expect_ok(spo_nearest_etf_solve(d, K, M, NULL, 0.0, U, &polar, &err));
      expect_true(!spo_polar_unique(polar));
      expect_status(spo_polar_derivative(polar, U, x, &err), SPO_E_UNSUPPORTED);
      point_by_name(spo_nearest_etf(), P, "random", expect_seed, x);
      const spo_result res = run_solver(spo_trust_region(), P, NULL, NULL, 1, x);
      expect_true(res.converged);
      spo_verification v;
      expect_ok(spo_verify(P, x, NULL, NULL, &v, NULL, &err));
      expect_true(v.verdict == SPO_GLOBAL_MINIMIZER && v.index == 0);
      expect_true(v.nullity == d - K && v.gauge_dimension == d - K);
      spo_nearest_etf_classifier(d, K, U, M); /* another minimiser, the same classifier */
      for (size_t i = 0; i < n; i++)
        apart = hypot(apart, x[i] - U[i]);
      spo_nearest_etf_classifier(d, K, x, x);
      for (size_t i = 0; i < n; i++)
        same = hypot(same, x[i] - M[i]);
      expect_at_most(same, 1e-8);
      if (d > K)
        expect_true(apart > 1e-2);
      else /* two points */
        expect_near(apart * (2.0 - apart), 0.0, 1e-6);
      spo_polar_destroy(polar);
      spo_problem_destroy(P);
      gsl_rng_free(rng);
    }
}

/* Square frames are in no sample: solvers would have to change components. At random and at sign
 * points, with and without the symmetry. */
static void test_derivatives(void **state) {
  (void)state;
  for (size_t c = 0; c < SIZES; c++)
    for (int free = 0; free < 2; free++) {
      const size_t d = sizes[c].d, K = sizes[c].K;
      double M[MOST], x[MOST];
      gsl_rng *rng = new_rng(c + 1);
      draw(rng, d * K, M);
      spo_problem *P = problem_of(d, K, M, NULL, free ? 0.0 : 0.3);
      const char *name[] = {"random", "solution", "prox", "signs:-++++"};
      for (size_t i = 0; i < 4; i++) {
        char text[16];
        spo_error err = {0};
        spo_check_report report;
        expect_seed = i;
        snprintf(text, sizeof text, "%.*s", i == 3 ? 6 + (int)K : 15, name[i]);
        point_by_name(spo_nearest_etf(), P, text, i, x);
        expect_ok(spo_check_problem(P, x, rng, &report, &err));
        for (size_t j = 0; j < report.count; j++)
          if (!report.item[j].pass)
            print_error("%s: %s %g\n", text, report.item[j].name, report.item[j].value);
        expect_true(report.pass);
      }
      spo_problem_destroy(P);
      gsl_rng_free(rng);
    }
}

static void test_refusals(void **state) {
  (void)state;
  const double alike[6] = {1, 2, 3, 1, 2, 3}, odd[6] = {1, 2, NAN, 4, 5, 6};
  double U[6];
  const struct {
    spo_nearest_etf_params p;
    spo_status due;
    const char *text;
  } bad[] = {
      {{.classes = 5, .dim = 4, .delta = 1e-3}, SPO_E_DIM, "at least the number of classes, 5"},
      {{.classes = 3, .means = {alike, 2, 3}, .delta = 1}, SPO_E_DIM, "means: 2 rows, but classes"},
      {{.means = {alike, 2, 3}, .delta = 1}, SPO_E_ARG, "means: all 2 are alike"},
      {{.means = {alike, 1, 6}, .delta = 1}, SPO_E_DIM, "means: 1 x 6 given; at least 2 rows"},
      {{.means = {alike, 3, 2}, .delta = 1}, SPO_E_DIM, "means: 3 x 2 given; at least 2 rows"},
      {{.prox = {alike, 3, 2}, .delta = 1}, SPO_E_DIM, "prox: 3 x 2 given; at least 2 rows"},
      {{.means = {odd, 2, 3}, .delta = 1}, SPO_E_ARG, "means: entry (0, 2) is nan"},
      {{.prox = {odd, 2, 3}, .delta = 1}, SPO_E_ARG, "prox: entry (0, 2) is nan"},
      {{.means = {alike, 2, 3}, .prox = {odd, 3, 2}, .delta = 1},
       SPO_E_DIM,
       "prox: 3 rows, but means"},
      {{.delta = -1}, SPO_E_OPTION, "delta: -1"},
      {{.delta = NAN}, SPO_E_OPTION, "delta: nan"},
  };
  spo_nearest_etf_params filled;
  spo_nearest_etf_params_init(&filled);
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    spo_error err = {0};
    spo_nearest_etf_params p = bad[i].p;
    spo_problem *P;
    p.size = sizeof p;
    p.retraction = filled.retraction;
    expect_status(spo_nearest_etf_create(&p, &P, &err), bad[i].due);
    expect_true(P == NULL);
    if (!strstr(err.text, bad[i].text) || strchr(err.text, '\n'))
      print_error("\"%s\" lacks \"%s\"\n", err.text, bad[i].text);
    expect_true(strstr(err.text, bad[i].text) && !strchr(err.text, '\n'));
  }
  spo_error err = {0};
  spo_polar *polar = (spo_polar *)U;
  expect_status(spo_nearest_etf_solve(2, 3, alike, NULL, 1e-3, U, &polar, &err), SPO_E_DIM);
  expect_true(polar == NULL);
  expect_status(spo_nearest_etf_pullback(3, 2, alike, alike, U, &err), SPO_E_ARG);
}

/* Means that differ by rounding alone are alike; where the solution is not unique, there is no
 * distance to it. */
static void test_alike(void **state) {
  (void)state;
  spo_error err = {0};
  spo_problem *P;
  spo_nearest_etf_params p;
  double means[12], metric[2];
  for (size_t i = 0; i < 12; i++)
    means[i] = 0.1 * (1.0 + (double)(i % 4)) * (i < 4 ? 1.0 + 2e-16 : 1.0);
  spo_nearest_etf_params_init(&p);
  p.means = (spo_matrix){means, 3, 4};
  expect_status(spo_nearest_etf_create(&p, &P, &err), SPO_E_ARG);
  expect_true(P == NULL && strstr(err.text, "alike"));
  spo_nearest_etf_params_init(&p);
  p.delta = 0.0;
  expect_ok(spo_nearest_etf_create(&p, &P, &err));
  double *x = new_vector(P);
  point_by_name(spo_nearest_etf(), P, "random", 1, x);
  expect_ok(spo_nearest_etf()->metrics(P, x, metric, &err));
  expect_true(isnan(metric[0]) && fabs(metric[1]) < 1e-14);
  free(x);
  spo_problem_destroy(P);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_sign_points), cmocka_unit_test(test_trust_region),
      cmocka_unit_test(test_derivative),  cmocka_unit_test(test_chain),
      cmocka_unit_test(test_not_unique),  cmocka_unit_test(test_derivatives),
      cmocka_unit_test(test_refusals),    cmocka_unit_test(test_alike),
  };
  return cmocka_run_group_tests_name("nearest simplex ETF", tests, NULL, NULL);
}
