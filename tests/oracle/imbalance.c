/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Unequal classes in the spherical UFM: minima of the two-level case, classes that are absent, the
 * exact condition of minority collapse with its thresholds by root finding on the merged branch,
 * and the SELI geometry. */
#include <gsl/gsl_linalg.h>
#include <gsl/gsl_multiroots.h>
#include <gsl/gsl_roots.h>

#include "samples.h"

static spo_problem *with_counts(const int64_t *count, size_t K, uint64_t d, double tau) {
  spo_error err = {0};
  spo_ufm_params p;
  spo_problem *P;
  spo_ufm_params_init(&p);
  p.counts = (spo_integers){count, K};
  p.dim = d, p.tau = tau;
  expect_ok(spo_ufm_create(&p, &P, &err));
  return P;
}

/* One sample a class, weights instead of counts. */
static spo_problem *with_weights(const double *weight, size_t K, uint64_t d, double tau) {
  spo_error err = {0};
  spo_ufm_params p;
  spo_problem *P;
  spo_ufm_params_init(&p);
  p.classes = K, p.per_class = 1, p.dim = d, p.tau = tau;
  p.weights = (spo_matrix){weight, K, 1};
  expect_ok(spo_ufm_create(&p, &P, &err));
  return P;
}

static double dot(size_t d, const double *a, const double *b) {
  double sum = 0.0;
  for (size_t j = 0; j < d; j++)
    sum += a[j] * b[j];
  return sum;
}

/* The minimum from a random start, certified; f, cosines of w_0 w_1 (majority), w_2 w_3. */
static void minimum(const spo_problem *P, size_t d, double *x, double *f, double *majority,
                    double *minority) {
  spo_error err = {0};
  spo_verification v;
  spo_stop stop;
  spo_stop_init(&stop);
  stop.grad_rel = 1e-12;
  point_by_name(spo_ufm(), P, "random", expect_seed, x);
  run_solver(spo_trust_region(), P, NULL, &stop, 1, x);
  expect_ok(spo_verify(P, x, NULL, NULL, &v, NULL, &err));
  expect_true(v.verdict == SPO_GLOBAL_MINIMIZER);
  expect_true(isnan(v.f_star) || v.f_star <= v.f);
  *f = v.f;
  *majority = dot(d, x, x + d);
  *minority = dot(d, x + 2 * d, x + 3 * d);
}

static void test_two_levels(void **state) {
  (void)state;
  static const struct {
    int64_t R;
    double tau, f, f_tol, majority, minority; /* NaN: not printed */
  } due[] = {
      {10, 1, 0.53306175, 5e-9, -0.72385, 0.83180}, {30, 1, 0.51060576, 5e-9, NAN, 1.0},
      {100, 1, 0.50102411, 5e-9, NAN, 1.0},         {10, 5, 0.00288366, 5e-9, NAN, 0.12533},
      {100, 5, 0.00197709, 5e-9, NAN, 0.56302},
  };
  for (size_t i = 0; i < sizeof due / sizeof due[0]; i++)
    for (expect_seed = 1; expect_seed <= 3; expect_seed++) {
      const int64_t count[] = {due[i].R, due[i].R, 1, 1};
      const double weight[] = {(double)due[i].R, (double)due[i].R, 1, 1};
      spo_problem *P[2] = {with_counts(count, 4, 5, due[i].tau),
                           with_weights(weight, 4, 5, due[i].tau)};
      for (int k = 0; k < 2; k++) { /* samples of a class collapse: counts and weights agree */
        double *x = new_vector(P[k]), f, majority, minority;
        minimum(P[k], 5, x, &f, &majority, &minority);
        expect_near(f, due[i].f, due[i].f_tol);
        expect_near(minority, due[i].minority, 5e-6);
        if (!isnan(due[i].majority))
          expect_near(majority, due[i].majority, 5e-6);
        free(x);
        spo_problem_destroy(P[k]);
      }
    }
}

/* R -> infinity: the minority absent. By counts, and by weights of zero. */
static void test_absent(void **state) {
  (void)state;
  const int64_t count[] = {2, 2, 0, 0};
  const double weight[] = {7, 7, 0, 0}, gap = 8.0 / (3.0 * sqrt(3.0)), taus[] = {0.5, 1, 4};
  expect_near(gap, 1.5396007, 5e-8);
  expect_near(log1p(3.0 * exp(-gap)), 0.49676735852, 5e-12);
  for (int i = 0; i < 3; i++)
    for (int by_weight = 0; by_weight < 2; by_weight++) {
      const double tau = taus[i];
      spo_problem *P = by_weight ? with_weights(weight, 4, 5, tau) : with_counts(count, 4, 5, tau);
      double *x = new_vector(P), f, majority, minority;
      expect_seed = 1;
      minimum(P, 5, x, &f, &majority, &minority);
      expect_near(f / log1p(3.0 * exp(-tau * gap)), 1.0, 1e-9);
      expect_near(majority, -7.0 / 9.0, 1e-5);
      expect_near(minority, 1.0, 1e-5);
      expect_near(dot(5, x, x + 10), -1.0 / 3.0, 1e-5);
      for (size_t k = 1; k < 4; k++) /* features of class 0: all of its logit gaps */
        expect_near(dot(5, x + 20, x) - dot(5, x + 20, x + 5 * k), gap, 1e-5);
      free(x);
      spo_problem_destroy(P);
    }
  /* features of weight zero are free to be anywhere: metrics leave them out, and a note says so */
  spo_error err = {0};
  spo_ufm_params p;
  spo_problem *P;
  spo_ufm_params_init(&p);
  p.classes = 4, p.per_class = 1, p.dim = 5;
  p.weights = (spo_matrix){weight, 4, 1};
  expect_ok(spo_ufm_create(&p, &P, &err));
  expect_true(strstr(err.text, "samples of 2 classes have no weight, the first is class 2") !=
              NULL);
  spo_problem_destroy(P);
  const double nil[] = {0, 0, 0, 0};
  p.weights = (spo_matrix){nil, 4, 1};
  expect_status(spo_ufm_create(&p, &P, &err), SPO_E_ARG);
  expect_true(strstr(err.text, "weights: their sum is 0") && !P);
}

/* ---- parameters, long tails ------------------------------------------------------------------ */

/* Imbalance is weights in two levels: whatever side, 0 and infinity too. */
static void test_imbalance(void **state) {
  (void)state;
  static const struct {
    double R;
    uint64_t majority;
    double weight[4];
  } due[] = {{10, 2, {10, 10, 1, 1}},     {0.25, 1, {1, 4, 4, 4}}, {3, 0, {3, 3, 1, 1}},
             {INFINITY, 3, {1, 1, 1, 0}}, {0, 3, {0, 0, 0, 1}},    {5, 4, {1, 1, 1, 1}}};
  for (size_t i = 0; i < sizeof due / sizeof due[0]; i++) {
    spo_error err = {0};
    spo_ufm_params p, told;
    spo_problem *P, *Q = with_weights(due[i].weight, 4, 5, 1.5), *again;
    spo_ufm_params_init(&p);
    p.classes = 4, p.per_class = 1, p.dim = 5, p.tau = 1.5;
    p.majority = due[i].majority, p.imbalance = due[i].R;
    expect_seed = i;
    expect_ok(spo_ufm_create(&p, &P, &err));
    spo_ufm()->describe(P, &told);
    expect_ok(spo_ufm_create(&told, &again, &err));
    expect_true(told.imbalance == due[i].R && !told.weights.data);
    double *x = new_vector(P), f[3];
    double *memo = calloc(P->memo_len, sizeof *memo), *work = calloc(P->work_len, sizeof *work);
    point_by_name(spo_ufm(), P, "random", 1, x);
    P->ops->cost(P->self, x, &f[0], memo, work);
    Q->ops->cost(Q->self, x, &f[1], memo, work);
    again->ops->cost(again->self, x, &f[2], memo, work);
    expect_near(f[0], f[1], 1e-15);
    expect_near(f[2], f[0], 0.0);
    free(x), free(memo), free(work);
    spo_problem_destroy(P), spo_problem_destroy(Q), spo_problem_destroy(again);
  }
  const double weight[] = {1, 2, 3, 4};
  static const char *const why[] = {"imbalance: not beside weights", "majority: not beside weights",
                                    "majority: 5 is not allowed", "imbalance: inf leaves no sample",
                                    "imbalance: -1 is not allowed"};
  for (int i = 0; i < 5; i++) {
    spo_error err = {0};
    spo_ufm_params p;
    spo_problem *P;
    const int64_t last_alone[] = {0, 0, 0, 2};
    spo_ufm_params_init(&p);
    p.classes = 4, p.per_class = i == 3 ? 0 : 1;
    if (i < 2)
      p.weights = (spo_matrix){weight, 4, 1};
    if (i == 3)
      p.counts = (spo_integers){last_alone, 4};
    p.imbalance = i == 0 ? 2.0 : i == 3 ? INFINITY : i == 4 ? -1.0 : 1.0;
    p.majority = i == 1 ? 2 : i == 2 ? 5 : 0;
    expect_seed = (uint64_t)i;
    expect_true(spo_ufm_create(&p, &P, &err) != SPO_OK && !P);
    expect_true(strstr(err.text, why[i]) != NULL);
  }
}

enum { NC1, NC2, NC3, ALIGNMENT, TAIL = 10 };

/* A long tail, n_k falling by the same factor from class to class down to 1/R; and three classes
 * absent. Free classifiers span what the features span, but turn away from them (NC3), the more the
 * longer the tail; frozen at a simplex both stay where they are. */
static void test_long_tail(void **state) {
  (void)state;
  const double tails[] = {1, 10, 100, INFINITY};
  double before = 0.0;
  for (size_t t = 0; t < 4; t++)
    for (int frozen = 0; frozen < 2; frozen++) {
      spo_error err = {0};
      spo_ufm_params p;
      spo_problem *P;
      spo_verification v;
      double weight[TAIL], metric[SPO_MODEL_MAX_METRICS];
      for (int k = 0; k < TAIL; k++)
        weight[k] = isinf(tails[t]) ? k < 7 : pow(tails[t], -k / (TAIL - 1.0));
      spo_ufm_params_init(&p);
      p.classes = TAIL, p.per_class = 1, p.dim = 12, p.tau = 2;
      p.weights = (spo_matrix){weight, TAIL, 1};
      if (frozen)
        expect_ok(
            spo_option_set(spo_option_find(spo_ufm()->param, spo_ufm()->n_params, "fix-classifier"),
                           &p, "etf", &err));
      expect_ok(spo_ufm_create(&p, &P, &err));
      double *x = new_vector(P);
      spo_stop sharp;
      spo_stop_init(&sharp);
      sharp.grad_rel = 1e-12;
      point_by_name(spo_ufm(), P, "random", 1, x);
      run_solver(spo_trust_region(), P, NULL, &sharp, 1, x);
      expect_ok(spo_verify(P, x, NULL, NULL, &v, NULL, &err));
      expect_true(v.verdict == SPO_GLOBAL_MINIMIZER);
      expect_ok(spo_ufm()->metrics(P, x, metric, &err));
      print_message("R %g%s: nc2 %.3g nc3 %.6g alignment %.3g\n", tails[t],
                    frozen ? ", frozen" : "", metric[NC2], metric[NC3], metric[ALIGNMENT]);
      expect_at_most(metric[NC1], 1e-12);
      expect_at_most(metric[ALIGNMENT], 1e-4);
      if (frozen) {
        expect_near(v.f / log1p(9.0 * exp(-20.0 / 9.0)), 1.0, 1e-9);
        expect_at_most(metric[NC2], 1e-12);
      }
      if (frozen && !isinf(tails[t])) /* absent classes have no mean to compare */
        expect_at_most(metric[NC3], 1e-6);
      else if (!frozen && t == 0)
        expect_at_most(metric[NC3], 1e-6);
      else if (!frozen)
        expect_true(metric[NC3] > (isinf(tails[t]) ? 0.0 : before) + 0.05);
      before = frozen ? before : metric[NC3];
      free(x);
      spo_problem_destroy(P);
    }
}

/* ---- the merged branch ----------------------------------------------------------------------- */

/* Minority classifiers and features all at -c; w_k = cos t s_k + sin t c, h_k = cos p s_k + sin p c
 * with s_k a simplex in the complement of c. */
typedef struct branch {
  double KA, KB, tau, R, t, p;
} branch;

/* Derivatives of f by t and p. */
static int slopes(const gsl_vector *x, void *self, gsl_vector *out) {
  const branch *b = self;
  const double t = gsl_vector_get(x, 0), p = gsl_vector_get(x, 1), KA = b->KA, KB = b->KB,
               tau = b->tau, total = KA * b->R + KB;
  const double own = cos(t - p), other = -cos(t) * cos(p) / (KA - 1) + sin(t) * sin(p);
  const double e1 = exp(tau * (other - own)), e2 = exp(tau * (-sin(p) - own)),
               e3 = exp(tau * (-sin(t) - 1));
  const double own_t = -sin(t - p), own_p = sin(t - p);
  const double other_t = sin(t) * cos(p) / (KA - 1) + cos(t) * sin(p),
               other_p = cos(t) * sin(p) / (KA - 1) + sin(t) * cos(p);
  const double major = KA * b->R / total * tau / (1 + (KA - 1) * e1 + KB * e2),
               minor = KB / total * tau / (KB + KA * e3);
  gsl_vector_set(out, 0,
                 major * ((KA - 1) * e1 * (other_t - own_t) - KB * e2 * own_t) -
                     minor * KA * e3 * cos(t));
  gsl_vector_set(out, 1, major * ((KA - 1) * e1 * (other_p - own_p) - KB * e2 * (cos(p) + own_p)));
  return GSL_SUCCESS;
}

static void settle(branch *b) {
  gsl_multiroot_fsolver *s = gsl_multiroot_fsolver_alloc(gsl_multiroot_fsolver_hybrids, 2);
  gsl_multiroot_function F = {slopes, 2, b};
  gsl_vector *x = gsl_vector_alloc(2);
  gsl_vector_set(x, 0, asin(1.0 / 3.0)); /* where R -> infinity ends */
  gsl_vector_set(x, 1, asin(1.0 / 3.0));
  gsl_multiroot_fsolver_set(s, &F, x);
  for (int i = 0; i < 100 && gsl_multiroot_fsolver_iterate(s) == GSL_SUCCESS; i++)
    ;
  b->t = gsl_vector_get(s->x, 0);
  b->p = gsl_vector_get(s->x, 1);
  expect_at_most(hypot(gsl_vector_get(s->f, 0), gsl_vector_get(s->f, 1)), 1e-15);
  gsl_vector_free(x);
  gsl_multiroot_fsolver_free(s);
}

/* alpha_m beta_m / (tau omega_min)^2 - 1 */
static double excess(double log_R, void *self) {
  branch *b = self;
  b->R = exp(log_R);
  settle(b);
  const double e2 = exp(b->tau * (-sin(b->p) - cos(b->t - b->p))),
               e1 = exp(b->tau * (-cos(b->t) * cos(b->p) / (b->KA - 1) + sin(b->t) * sin(b->p) -
                                  cos(b->t - b->p))),
               e3 = exp(b->tau * (-sin(b->t) - 1));
  const double seen = e2 / (1 + (b->KA - 1) * e1 + b->KB * e2), p = 1 / (b->KB + b->KA * e3);
  const double alpha = -b->KA * b->R * seen * sin(b->p) + b->KB * p - 1,
               beta = -b->KA * e3 * p * sin(b->t) + b->KB * p - 1;
  return alpha * beta - 1;
}

static double threshold(branch *b) {
  gsl_root_fsolver *s = gsl_root_fsolver_alloc(gsl_root_fsolver_brent);
  gsl_function F = {excess, b};
  gsl_root_fsolver_set(s, &F, log(1.5), log(1e8));
  for (int i = 0; i < 200; i++) {
    gsl_root_fsolver_iterate(s);
    if (gsl_root_test_interval(gsl_root_fsolver_x_lower(s), gsl_root_fsolver_x_upper(s), 1e-13,
                               0) == GSL_SUCCESS)
      break;
  }
  const double R = exp(gsl_root_fsolver_root(s));
  gsl_root_fsolver_free(s);
  return R;
}

/* The merged point of two and two classes, one sample each, in R^5. */
static void merged_point(const branch *b, double *x) {
  memset(x, 0, 40 * sizeof *x);
  for (int k = 0; k < 2; k++) {
    const double s = k ? -1.0 : 1.0;
    x[5 * k] = s * cos(b->t);
    x[5 * k + 1] = sin(b->t);
    x[20 + 5 * k] = s * cos(b->p);
    x[20 + 5 * k + 1] = sin(b->p);
    x[10 + 5 * k + 1] = x[30 + 5 * k + 1] = -1.0;
  }
}

static void test_thresholds(void **state) {
  (void)state;
  static const struct {
    double tau, R0, tol;
  } due[] = {
      /* tau = 1, 2 also by 40-digit arithmetic */
      {0.5, 8.031161, 5e-7}, {1, 22.5448573014, 1e-8}, {2, 246.5095255316, 1e-7},
      {3, 3768.546, 5e-4},   {5, 1.1278e6, 5e1},
  };
  for (size_t i = 0; i < sizeof due / sizeof due[0]; i++) {
    branch b = {.KA = 2, .KB = 2, .tau = due[i].tau};
    const double R0 = threshold(&b);
    expect_near(R0, due[i].R0, due[i].tol);
    for (int above = 0; above < 2; above++) { /* exact: a percent to either side decides */
      spo_error err = {0};
      excess(log(R0 * (above ? 1.01 : 0.99)), &b);
      const double weight[] = {b.R, b.R, 1, 1};
      spo_problem *P = with_weights(weight, 4, 5, b.tau);
      double *x = new_vector(P), f, majority, minority;
      spo_verification v;
      merged_point(&b, x);
      expect_ok(spo_verify(P, x, NULL, NULL, &v, NULL, &err));
      const double unit = b.tau / (2.0 * b.R + 2.0);
      expect_true(above ? v.plain.lambda_min >= -1e-10 * unit : v.plain.lambda_min < -1e-6 * unit);
      expect_seed = 1;
      if (due[i].tau < 3) { /* beyond, a percent of R changes f by less than verdicts look at */
        expect_true(v.verdict == (above ? SPO_GLOBAL_MINIMIZER : SPO_STRICT_SADDLE));
        minimum(P, 5, x, &f, &majority, &minority);
        expect_true(above ? fabs(f - v.f) <= 1e-9 * f : f < v.f && minority < 1.0 - 1e-5);
      }
      free(x);
      spo_problem_destroy(P);
    }
  }
}

/* ---- SELI ------------------------------------------------------------------------------------ */

/* Singular values of Zhat itself, 4 x 22, with GSL; the two-level ones in closed form. */
static void test_seli(void **state) {
  (void)state;
  const double R = 10.0;
  const int64_t count[] = {10, 10, 1, 1};
  double cosine[16];
  spo_error err = {0};
  expect_ok(spo_seli(4, count, cosine, &err));
  expect_near(cosine[1], -0.458991, 5e-7);
  expect_near(cosine[11], 0.079446, 5e-7);
  expect_near(cosine[2], -0.382096, 5e-7);
  gsl_matrix *Z = gsl_matrix_alloc(22, 4), *V = gsl_matrix_alloc(4, 4);
  gsl_vector *s = gsl_vector_alloc(4);
  for (size_t k = 0, i = 0; k < 4; k++)
    for (int64_t j = 0; j < count[k]; j++, i++)
      for (size_t a = 0; a < 4; a++)
        gsl_matrix_set(Z, i, a, (a == k) - 0.25);
  assert_int_equal(gsl_linalg_SV_decomp_jacobi(Z, V, s), 0);
  const double due[] = {sqrt(R), sqrt(0.5 * (R + 1.0)), 1.0, 0.0};
  double gram[16];
  for (size_t j = 0; j < 4; j++)
    expect_near(gsl_vector_get(s, j), due[j], 1e-14 * sqrt(R));
  for (size_t a = 0; a < 4; a++)
    for (size_t b = 0; b < 4; b++) {
      gram[4 * a + b] = 0.0;
      for (size_t j = 0; j < 3; j++)
        gram[4 * a + b] += gsl_matrix_get(V, a, j) * gsl_vector_get(s, j) * gsl_matrix_get(V, b, j);
    }
  for (size_t a = 0; a < 4; a++)
    for (size_t b = 0; b < 4; b++)
      expect_near(cosine[4 * a + b], gram[4 * a + b] / sqrt(gram[5 * a] * gram[5 * b]), 1e-13);
  gsl_matrix_free(Z), gsl_matrix_free(V), gsl_vector_free(s);
  const int64_t even[] = {3, 3, 3}, bad[] = {3, 0, 3};
  expect_ok(spo_seli(3, even, cosine, &err)); /* balanced: the simplex */
  expect_near(cosine[1], -0.5, 1e-14);
  expect_status(spo_seli(3, bad, cosine, &err), SPO_E_ARG);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_two_levels), cmocka_unit_test(test_absent),
      cmocka_unit_test(test_imbalance),  cmocka_unit_test(test_long_tail),
      cmocka_unit_test(test_thresholds), cmocka_unit_test(test_seli),
  };
  return cmocka_run_group_tests_name("imbalance", tests, NULL, NULL);
}
