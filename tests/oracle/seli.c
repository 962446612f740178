/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Unequal classes in the feature model with weight decay: as the decay vanishes, minimisers tend to
 * the SELI geometry. The approach goes like a power series in 1/log(1/decay), so that minima at a
 * few decays are extrapolated to its value at 0. */
#include <gsl/gsl_linalg.h>

#include <spheropt/models/ce_ufm.h>
#include <spheropt/models/generalised_collapse.h>

#include "samples.h"

enum { SELI = 4, DECAYS = 5 };

static spo_problem *problem(const int64_t *count, size_t K, uint64_t d, double decay) {
  spo_error err = {0};
  spo_problem *P;
  spo_ce_ufm_params p;
  spo_ce_ufm_params_init(&p);
  p.counts = (spo_integers){count, K};
  p.dim = d;
  p.decay_w = p.decay_h = decay;
  p.decay_b = 1.0; /* then b ~ decay: none in the limit */
  expect_ok(spo_ce_ufm_create(&p, &P, &err));
  return P;
}

/* The minimum next to x, which is near enough for Newton's steps after the first decay. */
static void settle(const spo_problem *P, double *x) {
  spo_stop stop;
  spo_stop_init(&stop);
  stop.grad_rel = 1e-11;
  expect_true(run_solver(spo_trust_region(), P, NULL, &stop, 1, x).converged);
}

/* The value at 0 of the polynomial through `count` points. */
static double at_zero(size_t count, const double *x, const double *y) {
  double sum = 0.0;
  for (size_t i = 0; i < count; i++) {
    double weight = 1.0;
    for (size_t j = 0; j < count; j++)
      if (j != i)
        weight *= x[j] / (x[j] - x[i]);
    sum += weight * y[i];
  }
  return sum;
}

static double cosine(size_t d, const double *a, const double *b) {
  double ab = 0.0, aa = 0.0, bb = 0.0;
  for (size_t j = 0; j < d; j++)
    ab += a[j] * b[j], aa += a[j] * a[j], bb += b[j] * b[j];
  return ab / sqrt(aa * bb);
}

/* Singular values of W squared, over the largest: those of W^T W, which tends to V Lambda V^T. */
static void spectrum_of(size_t K, size_t d, const double *W, double *value) {
  gsl_matrix *A = gsl_matrix_calloc(d + K, K), /* rows of 0: it wants no fewer than columns */
      *V = gsl_matrix_alloc(K, K);
  gsl_vector *s = gsl_vector_alloc(K);
  for (size_t k = 0; k < K; k++)
    for (size_t j = 0; j < d; j++)
      gsl_matrix_set(A, j, k, W[k * d + j]);
  assert_int_equal(gsl_linalg_SV_decomp_jacobi(A, V, s), 0);
  for (size_t k = 0; k < K; k++)
    value[k] = pow(gsl_vector_get(s, k) / gsl_vector_get(s, 0), 2.0);
  gsl_matrix_free(A), gsl_matrix_free(V), gsl_vector_free(s);
}

enum { MAX_K = 6 };
typedef struct limits {
  double classifier[MAX_K * MAX_K]; /* cosines, extrapolated to decay 0 */
  double feature[MAX_K * MAX_K];    /* of the classes' first features */
  double value[MAX_K];              /* of W^T W over the largest */
} limits;

/* Minima at decays 1e-6 .. 1e-14, each started from the last. */
static void follow(const int64_t *count, size_t K, size_t d, limits *out) {
  limits at[DECAYS];
  double step[DECAYS], y[DECAYS], metric[SPO_MODEL_MAX_METRICS], last = INFINITY, *x = NULL;
  spo_error err = {0};
  for (int e = -2; e < DECAYS; e++) { /* two more on the way there */
    const double decay = pow(10.0, -6 - 2 * e);
    spo_problem *P = problem(count, K, d, decay);
    if (!x)
      point_by_name(spo_ce_ufm(), P, "unit", 1, x = new_vector(P));
    settle(P, x);
    expect_ok(spo_ce_ufm()->metrics(P, x, metric, &err));
    expect_true(metric[SELI] < last); /* nearer and nearer */
    last = metric[SELI];
    spo_problem_destroy(P);
    if (e < 0)
      continue;
    step[e] = 1.0 / log(1.0 / decay);
    spectrum_of(K, d, x, at[e].value);
    for (size_t a = 0, ia = 0; a < K; ia += (size_t)count[a++])
      for (size_t b = 0, ib = 0; b < K; ib += (size_t)count[b++]) {
        at[e].classifier[a * K + b] = cosine(d, x + a * d, x + b * d);
        at[e].feature[a * K + b] = cosine(d, x + (K + ia) * d, x + (K + ib) * d);
      }
  }
  free(x);
  for (size_t i = 0; i < K * K; i++) {
    for (int e = 0; e < DECAYS; e++)
      y[e] = at[e].classifier[i];
    out->classifier[i] = at_zero(DECAYS, step, y);
    for (int e = 0; e < DECAYS; e++)
      y[e] = at[e].feature[i];
    out->feature[i] = at_zero(DECAYS, step, y);
  }
  for (size_t k = 0; k < K; k++) {
    for (int e = 0; e < DECAYS; e++)
      y[e] = at[e].value[k];
    out->value[k] = at_zero(DECAYS, step, y);
  }
}

/* What is left of the extrapolation: the fifth powers of 1/log(1/decay), 1/14 .. 1/32, multiply to
 * 4e-7; its coefficient is some tens. */
static const double tol = 1e-5;

static void test_two_levels(void **state) {
  (void)state;
  const int64_t count[] = {10, 10, 1, 1};
  const double R = 10.0, value[] = {1.0, sqrt(0.5 * (R + 1.0) / R), sqrt(1.0 / R), 0.0};
  limits at;
  follow(count, 4, 5, &at);
  expect_near(at.classifier[1], -0.458991, tol);
  expect_near(at.classifier[11], 0.079446, tol);
  expect_near(at.classifier[2], -0.382096, tol);
  for (size_t k = 0; k < 4; k++)
    expect_near(at.value[k], value[k], tol);
  /* H^T H ~ U Lambda U^T: between classes the inverse of V Lambda V^T on what sums to 0 */
  const double majority = 0.5 / sqrt(R), minority = 0.5, both = 0.25 / sqrt(0.5 * (R + 1.0));
  expect_near(at.feature[1], (both - majority) / (both + majority), tol);
  expect_near(at.feature[11], (both - minority) / (both + minority), tol);
  expect_near(at.feature[2], -both / sqrt((both + majority) * (both + minority)), tol);
}

/* Counts without any pattern, K above and at d: spo_seli's own numbers, from V Lambda V^T. */
static void test_any_counts(void **state) {
  (void)state;
  static const struct {
    size_t K, d;
    int64_t count[MAX_K];
  } due[] = {{3, 2, {9, 4, 1}}, {5, 7, {12, 7, 3, 2, 1}}};
  for (size_t i = 0; i < sizeof due / sizeof due[0]; i++) {
    spo_error err = {0};
    double expected[MAX_K * MAX_K];
    limits at;
    follow(due[i].count, due[i].K, due[i].d, &at);
    expect_ok(spo_seli(due[i].K, due[i].count, expected, &err));
    expect_seed = i;
    for (size_t j = 0; j < due[i].K * due[i].K; j++)
      expect_near(at.classifier[j], expected[j], tol);
  }
}

/* The certificate asks for no balance: minima of unequal classes are proven, and no start ends
 * elsewhere. */
static void test_certified(void **state) {
  (void)state;
  const int64_t count[] = {6, 3, 0, 1};
  spo_problem *P = problem(count, 4, 5, 1e-3);
  double *x = new_vector(P), lowest = NAN, f_star;
  const char *theorem;
  assert_int_equal(P->ops->known_minimum(P->self, &f_star, &theorem), 1);
  for (expect_seed = 1; expect_seed <= 4; expect_seed++) {
    spo_error err = {0};
    spo_verification v;
    double metric[SPO_MODEL_MAX_METRICS];
    point_by_name(spo_ce_ufm(), P, "random", expect_seed, x);
    settle(P, x);
    expect_ok(spo_verify(P, x, NULL, NULL, &v, NULL, &err));
    expect_true(v.verdict == SPO_GLOBAL_MINIMIZER);
    if (expect_seed == 1)
      lowest = v.f;
    expect_near(v.f, lowest, 1e-10 * lowest);
    expect_ok(spo_ce_ufm()->metrics(P, x, metric, &err));
    expect_at_most(metric[0], 1e-9);                  /* samples of a class still collapse */
    expect_true(isnan(metric[SELI]));                 /* a class is empty */
    expect_true(metric[1] > 0.05 && metric[1] < 2.0); /* and the classifiers are no simplex */
  }
  free(x);
  spo_problem_destroy(P);
}

/* The metric itself: 0 at the simplex of equal classes, the hand's number beside it, NaN where a
 * cosine is none. */
static void test_metric(void **state) {
  (void)state;
  const int64_t count[] = {3, 3, 3};
  spo_problem *P = problem(count, 3, 4, 1e-2);
  double metric[SPO_MODEL_MAX_METRICS], *x = new_vector(P);
  spo_error err = {0};
  point_by_name(spo_ce_ufm(), P, "collapse", 1, x);
  expect_ok(spo_ce_ufm()->metrics(P, x, metric, &err));
  expect_at_most(metric[SELI], 1e-14);
  for (size_t j = 0; j < 4; j++)
    x[4 + j] = 3.0 * x[j]; /* cosine 1 in place of -1/2 */
  expect_ok(spo_ce_ufm()->metrics(P, x, metric, &err));
  expect_near(metric[SELI], 1.5, 1e-14);
  memset(x, 0, 4 * sizeof *x);
  expect_ok(spo_ce_ufm()->metrics(P, x, metric, &err));
  expect_true(isnan(metric[SELI]));
  free(x);
  spo_problem_destroy(P);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_two_levels),
      cmocka_unit_test(test_any_counts),
      cmocka_unit_test(test_certified),
      cmocka_unit_test(test_metric),
  };
  return cmocka_run_group_tests_name("SELI geometry", tests, NULL, NULL);
}
