/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The spherical UFM with a frozen classifier: the spurious local minimum of a simplex ETF head (h =
 * -w_y, iff d = K-1 and tau > K-1) with its whole spectrum, the certificate, and agreement with the
 * free model. */
#include <gsl/gsl_randist.h>

#include "expect.h"

#include "eigenvalue_list.h"
#include "samples.h"

static spo_problem *frozen(size_t K, size_t n, size_t d, double tau) {
  spo_error err = {0};
  spo_ufm_params p;
  spo_problem *P;
  spo_ufm_params_init(&p);
  p.classes = K, p.per_class = n, p.dim = d, p.tau = tau;
  expect_ok(spo_option_set(spo_option_find(spo_ufm()->param, spo_ufm()->n_params, "fix-classifier"),
                           &p, "etf", &err));
  expect_ok(spo_ufm_create(&p, &P, &err));
  return P;
}

/* The spectrum at h = sign w_y times N, and the verdict. With q' = 1/(K-1+e^(-sign tau K/(K-1))):
 * tau K q (tau/(K-1) + sign), K-2 times a sample, and sign tau K q, d-K+1 times. */
static void expect_point(size_t K, size_t n, size_t d, double tau, double sign) {
  spo_error err = {0};
  spo_problem *P = frozen(K, n, d, tau);
  double *x = new_vector(P);
  point_by_name(spo_ufm(), P, sign > 0 ? "etf" : "antipodal", 0, x);
  const double k = (double)K, N = k * (double)n, q = 1 / (k - 1 + exp(sign * tau * k / (k - 1)));
  eigenvalue_list due = {0};
  list_add(&due, tau * k * q * (tau / (k - 1) + sign), n * K * (K - 2));
  list_add(&due, sign * tau * k * q, n * K * (d - K + 1));
  list_sort(&due);
  spo_eval *E;
  spo_point *p;
  spo_spectrum *s;
  gsl_rng *rng = new_rng(1);
  expect_ok(spo_eval_create(P, &E, &err));
  expect_ok(spo_point_create(P, &p, &err));
  spo_point_set(p, P, x);
  expect_ok(spo_spectrum_at(E, p, NULL, rng, &s, &err));
  expect_true(s->count == due.count);
  const double largest = fmax(fabs(due.value[0]), fabs(due.value[due.count - 1]));
  for (size_t i = 0; i < due.count; i++)
    expect_near(N * s->eigenvalue[i], due.value[i], 1e-12 * largest);
  expect_near(p->f / log1p((k - 1) * exp(-sign * tau * k / (k - 1))), 1.0, 1e-13);
  spo_check_report report;
  expect_ok(spo_check_problem(P, x, rng, &report, &err));
  expect_true(report.pass);
  spo_verification v;
  expect_ok(spo_verify(P, x, NULL, NULL, &v, NULL, &err));
  const bool spurious = sign < 0 && d == K - 1 && tau > k - 1;
  expect_true(v.verdict == (sign > 0   ? SPO_GLOBAL_MINIMIZER
                            : spurious ? SPO_LOCAL_MINIMIZER
                                       : SPO_STRICT_SADDLE));
  spo_spectrum_destroy(s);
  spo_eval_destroy(E);
  spo_point_destroy(p);
  spo_problem_destroy(P);
  gsl_rng_free(rng);
  free(due.value);
  free(x);
}

static void test_spectra(void **state) {
  (void)state;
  static const struct {
    size_t K, d;
  } at[] = {{3, 2}, {3, 3}, {4, 3}, {4, 6}, {2, 3}, {5, 4}, {5, 5}};
  for (size_t i = 0; i < sizeof at / sizeof at[0]; i++)
    for (size_t n = 1; n <= 2; n++)
      for (int sign = -1; sign <= 1; sign += 2) {
        const double border = (double)at[i].K - 1.0;
        expect_point(at[i].K, n, at[i].d, 0.9 * border, sign);
        expect_point(at[i].K, n, at[i].d, 1.1 * border, sign);
        expect_point(at[i].K, n, at[i].d, 3.0 * border, sign);
      }
}

/* Printed digits. */
static void test_numbers(void **state) {
  (void)state;
  for (size_t d = 2; d <= 3; d++) {
    spo_error err = {0};
    spo_problem *P = frozen(3, 1, d, 3.0);
    double *x = new_vector(P);
    point_by_name(spo_ufm(), P, "antipodal", 0, x);
    spo_verification v;
    expect_ok(spo_verify(P, x, NULL, NULL, &v, NULL, &err));
    expect_near(v.f, 5.198686, 5e-7);
    expect_near(3 * v.lambda_max, 2.237571, 5e-7);
    expect_near(3 * v.lambda_min, d == 2 ? 2.237571 : -4.475143, 5e-7);
    expect_true(v.index == (d == 2 ? 0 : 3));
    free(x);
    spo_problem_destroy(P);
  }
}

/* From random starts, any weights, classes absent: the closed form, certified; with d = K-1 and
 * large tau some starts end at the spurious minimum instead, and are not called global. */
static void test_minimum(void **state) {
  (void)state;
  static const char *const lines[] = {
      "--counts 9,1,3,0 --dim 4 --tau 3 --fix-classifier etf",
      "--classes 6 --per-class 2 --dim 9 --tau 20 --fix-classifier etf",
      "--classes 3 --per-class 1 --dim 2 --tau 6 --fix-classifier etf",
  };
  for (size_t i = 0; i < 3; i++) {
    spo_problem *P = sample_problem(spo_ufm(), lines[i]);
    double *x = new_vector(P);
    int spurious = 0;
    for (expect_seed = 1; expect_seed <= 20; expect_seed++) {
      spo_error err = {0};
      spo_verification v;
      point_by_name(spo_ufm(), P, "random", expect_seed, x);
      expect_true(run_solver(spo_trust_region(), P, NULL, NULL, 1, x).converged);
      expect_ok(spo_verify(P, x, NULL, NULL, &v, NULL, &err));
      if (v.verdict == SPO_LOCAL_MINIMIZER) {
        expect_true(v.gap > 0.1 && v.gap_bound >= v.gap);
        spurious++;
        continue;
      }
      expect_true(v.verdict == SPO_GLOBAL_MINIMIZER);
      expect_near(v.f / v.f_star, 1.0, 1e-8);
      expect_at_most(v.gap_bound, 1e-6 * v.f);
    }
    expect_true(i == 2 ? spurious > 0 : spurious == 0);
    free(x);
    spo_problem_destroy(P);
  }
}

/* ---- any head -------------------------------------------------------------------------------- */

static void random_rows(gsl_rng *rng, size_t rows, size_t d, double *W) {
  for (size_t k = 0; k < rows; k++)
    gsl_ran_dir_nd(rng, d, W + k * d);
}

static spo_problem *with_head(size_t K, size_t d, double tau, const spo_integers *counts,
                              const double *W) {
  spo_error err = {0};
  spo_ufm_params p;
  spo_problem *P;
  spo_ufm_params_init(&p);
  p.counts = *counts, p.tau = tau;
  if (W)
    p.head = (spo_matrix){W, K, d};
  else
    p.dim = d;
  expect_ok(spo_ufm_create(&p, &P, &err));
  return P;
}

/* Cost, the features' gradient and Hessian products are those of the free model at that W. */
static void test_as_free(void **state) {
  (void)state;
  const int64_t count[] = {300, 2, 0, 41};
  const spo_integers counts = {count, 4};
  const size_t K = 4, d = 5, N = 343;
  for (expect_seed = 1; expect_seed <= 3; expect_seed++) {
    gsl_rng *rng = new_rng(expect_seed);
    double *x = calloc(2 * (K + N) * d, sizeof *x), *v = x + (K + N) * d;
    random_rows(rng, K + N, d, x);
    for (size_t i = K * d; i < (K + N) * d; i++)
      v[i] = gsl_ran_gaussian(rng, 1.0);
    spo_problem *P[2] = {with_head(K, d, 2.0, &counts, NULL), with_head(K, d, 2.0, &counts, x)};
    double f[2], *g[2], *hv[2];
    for (int i = 0; i < 2; i++) {
      const spo_problem_ops *ops = P[i]->ops;
      const size_t skip = i * K * d;
      double *memo = calloc(P[i]->memo_len, sizeof *memo),
             *work = calloc(P[i]->work_len, sizeof *work);
      g[i] = calloc((K + N) * d, sizeof(double));
      hv[i] = calloc((K + N) * d, sizeof(double));
      expect_true(P[i]->manifold->n + skip == (K + N) * d);
      ops->cost_egrad(P[i]->self, x + skip, &f[i], g[i] + skip, memo, work);
      ops->ehess(P[i]->self, x + skip, v + skip, hv[i] + skip, memo, work);
      free(memo), free(work);
    }
    expect_near(f[1], f[0], 1e-15 * f[0]);
    for (size_t i = K * d; i < (K + N) * d; i++) {
      expect_near(g[1][i], g[0][i], 1e-15);
      expect_near(hv[1][i], hv[0][i], 1e-15);
    }
    for (int i = 0; i < 2; i++) {
      free(g[i]), free(hv[i]);
      spo_problem_destroy(P[i]);
    }
    free(x);
    gsl_rng_free(rng);
  }
}

/* The lowest eigenvalue is minus the worst sample's bound over the ball, <g, h> + |g|; scaled, with
 * g over omega. */
static void expect_lowest(const spo_problem *P, const double *x, const double *weight,
                          const spo_verification *v) {
  const size_t n = P->manifold->n, N = 9, d = n / N;
  double *memo = calloc(P->memo_len, sizeof *memo), *g = calloc(n, sizeof *g), f;
  double plain = 0.0, scaled = 0.0;
  P->ops->cost_egrad(P->self, x, &f, g, memo, NULL);
  for (size_t i = 0; i < N; i++) {
    double along = 0.0, square = 0.0;
    for (size_t j = 0; j < d; j++) {
      along += g[i * d + j] * x[i * d + j];
      square += g[i * d + j] * g[i * d + j];
    }
    plain = fmax(plain, along + sqrt(square));
    scaled = fmax(scaled, (along + sqrt(square)) / weight[i]);
  }
  expect_near(v->plain.lambda_min, -plain, 1e-8 * plain);
  expect_near(v->scaled.lambda_min, -scaled, 1e-8 * scaled);
  expect_near(v->plain.gap_bound, (double)N * plain, 1e-6 * plain);
  expect_near(v->scaled.gap_bound, scaled, 1e-6 * scaled);
  free(memo), free(g);
}

/* No spurious minima while the differences of the w leave a direction free (d >= K), and the
 * certificate proves it; for d < K it proves what it can, and its bound holds everywhere. */
static void test_certificate(void **state) {
  (void)state;
  const int64_t count[] = {3, 1, 2, 1, 2};
  const spo_integers counts = {count, 5};
  for (size_t d = 2; d <= 7; d++) {
    for (uint64_t head = 1; head <= 4; head++) {
      gsl_rng *rng = new_rng(head);
      double W[5 * 7], best = INFINITY;
      random_rows(rng, 5, d, W);
      spo_problem *P = with_head(5, d, 4.0, &counts, W);
      double *x = new_vector(P), ends[12];
      bool global[12];
      for (int i = 0; i < 12; i++) {
        spo_error err = {0};
        spo_verification v, start;
        expect_seed = 12 * head + (uint64_t)i;
        point_by_name(spo_ufm(), P, "random", expect_seed, x);
        expect_ok(spo_verify(P, x, NULL, NULL, &start, NULL, &err));
        double weight[9];
        for (size_t j = 0; j < 9; j++)
          weight[j] = 1.0 / 9.0;
        expect_lowest(P, x, weight, &start);
        expect_true(run_solver(spo_trust_region(), P, NULL, NULL, 1, x).converged);
        expect_ok(spo_verify(P, x, NULL, NULL, &v, NULL, &err));
        ends[i] = v.f;
        global[i] = v.verdict == SPO_GLOBAL_MINIMIZER;
        best = fmin(best, v.f);
        expect_true(d < 5 || global[i]);
        expect_true(start.gap_bound >= (start.f - v.f) * (1.0 - 1e-12));
      }
      for (int i = 0; i < 12; i++)
        expect_true(!global[i] || ends[i] <= best * (1.0 + 1e-6));
      free(x);
      spo_problem_destroy(P);
      gsl_rng_free(rng);
    }
  }
}

/* Made again from its description: the same bits. A head that is an ETF in other coordinates is
 * seen to be one. */
static void test_description(void **state) {
  (void)state;
  const int64_t count[] = {2, 1, 2};
  const spo_integers counts = {count, 3};
  gsl_rng *rng = new_rng(5);
  double W[12], f_star;
  const char *theorem;
  for (int turned = 0; turned < 2; turned++) {
    spo_error err = {0};
    random_rows(rng, 3, 4, W);
    if (turned) { /* the classifier nearest to them */
      double U[12];
      expect_ok(spo_nearest_etf_solve(4, 3, W, NULL, 1e-3, U, NULL, &err));
      spo_nearest_etf_classifier(4, 3, U, W);
    }
    for (int k = 0; k < 12; k++)
      W[k] *= 1.0 + 1e-5; /* off length one: scaled, and said so */
    spo_problem *P = with_head(3, 4, 2.0, &counts, W), *again;
    assert_int_equal(P->ops->known_minimum(P->self, &f_star, &theorem), !turned);
    spo_ufm_params p;
    spo_ufm()->describe(P, &p);
    expect_ok(spo_ufm_create(&p, &again, &err));
    expect_true(!strstr(err.text, "scaled"));
    double *x = new_vector(P), *memo = calloc(P->memo_len, sizeof *memo), f[2];
    point_by_name(spo_ufm(), P, "random", 1, x);
    P->ops->cost(P->self, x, &f[0], memo, NULL);
    again->ops->cost(again->self, x, &f[1], memo, NULL);
    expect_true(f[0] == f[1]);
    free(x), free(memo);
    spo_problem_destroy(again);
    spo_problem_destroy(P);
  }
  gsl_rng_free(rng);
}

static void test_refusals(void **state) {
  (void)state;
  const double unit[] = {1, 0, 0, 1}, off[] = {1, 0, 0, 2}, bad[] = {1, 0, 0, NAN};
  const int64_t label[] = {0, 1};
  spo_ufm_params init;
  spo_ufm_params_init(&init);
  const void *etf;
  {
    spo_error err = {0};
    spo_ufm_params p = init;
    expect_ok(spo_option_set(
        spo_option_find(spo_ufm()->param, spo_ufm()->n_params, "fix-classifier"), &p, "etf", &err));
    etf = p.fix_classifier;
  }
  const struct {
    spo_ufm_params p;
    const char *text; /* NULL: accepted */
  } cases[] = {
      {{.head = {unit, 2, 2}}, NULL},
      {{.head = {off, 2, 2}}, "head: row 1 has length 2"},
      {{.head = {off, 2, 2}, .normalize = true}, NULL},
      {{.head = {bad, 2, 2}}, "head: row 1 has length nan"},
      {{.head = {unit, 2, 2}, .dim = 3}, "head: 2 columns, but dim says 3"},
      {{.head = {unit, 2, 2}, .classes = 3}, "head: 2 classes (rows), but classes says 3"},
      {{.classes = 5, .dim = 3, .fix_classifier = etf},
       "fix-classifier: etf of 5 classes needs dim"},
      {{.head = {unit, 2, 2}, .fix_classifier = etf}, "head: with fix-classifier etf"},
      {{.head = {unit, 2, 2},
        .features = {unit, 2, 2},
        .labels = {label, 2},
        .classifier = {unit, 2, 2}},
       "classifier: starts nothing"},
      {{.head = {unit, 2, 2}, .features = {unit, 2, 2}, .labels = {label, 2}}, NULL},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    spo_error err = {0};
    spo_ufm_params p = cases[i].p;
    spo_problem *P;
    p.size = sizeof p;
    p.tau = 1.0;
    if (!p.fix_classifier)
      p.fix_classifier = init.fix_classifier;
    const spo_status status = spo_ufm_create(&p, &P, &err);
    if (cases[i].text && (status == SPO_OK || !strstr(err.text, cases[i].text)))
      print_error("case %zu: %d \"%s\" lacks \"%s\"\n", i, status, err.text, cases[i].text);
    expect_true(cases[i].text ? status < 0 && !P && strstr(err.text, cases[i].text) != NULL
                              : status == SPO_OK);
    spo_problem_destroy(P);
  }
  static const char *const gone[] = {"collapsed", "merged", "signs", "calibrated"};
  spo_problem *P = frozen(2, 2, 3, 1.0);
  double *x = new_vector(P);
  for (size_t i = 0; i < spo_ufm()->n_points; i++)
    for (size_t j = 0; j < 4; j++)
      if (strcmp(spo_ufm()->point[i].name, gone[j]) == 0) {
        spo_error err = {0};
        const char *arg = j == 0 ? "45" : j == 1 ? "2" : j == 3 ? "3,1" : NULL;
        gsl_rng *rng = new_rng(1);
        expect_status(spo_ufm()->point[i].build(P, arg, rng, x, &err), SPO_E_ARG);
        expect_true(strstr(err.text, "moves the classifier, which is frozen") != NULL);
        gsl_rng_free(rng);
      }
  free(x);
  spo_problem_destroy(P);
}

/* One feature opposite its classifier, the others at theirs: the free direction turns that one. */
static void test_one_astray(void **state) {
  (void)state;
  spo_error err = {0};
  spo_ufm_params p;
  spo_problem *P;
  spo_verification v;
  const double tau = 3.0, q = 1.0 / (2.0 + exp(-1.5 * tau));
  spo_ufm_params_init(&p);
  p.classes = 3, p.per_class = 2, p.dim = 3, p.tau = tau;
  size_t count;
  const spo_option *option = spo_ufm()->param;
  count = spo_ufm()->n_params;
  expect_ok(spo_option_set(spo_option_find(option, count, "fix-classifier"), &p, "etf", &err));
  expect_ok(spo_ufm_create(&p, &P, &err));
  double *x = new_vector(P), *direction = new_vector(P);
  for (size_t astray = 0; astray < 6; astray++) {
    point_by_name(spo_ufm(), P, "etf", 0, x);
    for (size_t j = 0; j < 3; j++)
      x[3 * astray + j] *= -1.0;
    expect_ok(spo_verify(P, x, NULL, NULL, &v, direction, &err));
    expect_true(v.verdict == SPO_STRICT_SADDLE);
    assert_string_equal(v.direction_case, "free direction");
    expect_near(v.rayleigh, -tau * 3.0 * q / 6.0, 1e-14);
    for (size_t i = 0; i < 6; i++) {
      const double *d = direction + 3 * i;
      expect_near(d[0] * d[0] + d[1] * d[1] + d[2] * d[2], i == astray, 1e-14);
    }
  }
  free(x), free(direction);
  spo_problem_destroy(P);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_spectra),     cmocka_unit_test(test_one_astray),
      cmocka_unit_test(test_numbers),     cmocka_unit_test(test_minimum),
      cmocka_unit_test(test_as_free),     cmocka_unit_test(test_certificate),
      cmocka_unit_test(test_description), cmocka_unit_test(test_refusals),
  };
  return cmocka_run_group_tests_name("frozen head", tests, NULL, NULL);
}
