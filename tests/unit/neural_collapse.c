/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * NC1-NC3: zero at collapse, their definitions term by term elsewhere, NaN where they do not
 * apply. */
#include <gsl/gsl_linalg.h>
#include <gsl/gsl_randist.h>

#include "samples.h"

enum { D = 5, K = 3, N = 11 };

static void test_collapsed(void **state) {
  (void)state;
  spo_problem *P = ufm_problem(4, 3, 6, 1.0);
  double *x = new_vector(P), nc[SPO_MODEL_MAX_METRICS];
  spo_error err = {0};
  point_by_name(spo_ufm(), P, "etf", 0, x);
  expect_ok(spo_ufm()->metrics(P, x, nc, &err));
  expect_near(nc[0], 0.0, 1e-28);
  expect_near(nc[1], 0.0, 1e-14);
  expect_near(nc[2], 0.0, 1e-14);
  point_by_name(spo_ufm(), P, "collapsed:90", 0, x);
  expect_ok(spo_ufm()->metrics(P, x, nc, &err));
  expect_true(isnan(nc[0]) && isnan(nc[2])); /* no between-class part, and W^T Hbar = 0 */
  free(x);
  spo_problem_destroy(P);
}

/* A^T B / |A^T B| - C / sqrt(K-1), entry by entry. */
static double ratio_to_etf(const double *A, const double *B) {
  double gram[K][K], norm = 0.0, sum = 0.0;
  for (int a = 0; a < K; a++)
    for (int b = 0; b < K; b++) {
      gram[a][b] = 0.0;
      for (int j = 0; j < D; j++)
        gram[a][b] += A[a * D + j] * B[b * D + j];
      norm += gram[a][b] * gram[a][b];
    }
  for (int a = 0; a < K; a++)
    for (int b = 0; b < K; b++) {
      const double centring = (a == b ? 1.0 : 0.0) - 1.0 / K;
      sum += pow(gram[a][b] / sqrt(norm) - centring / sqrt(K - 1.0), 2);
    }
  return sqrt(sum);
}

/* tr(Sigma_W Sigma_B^+) / K with GSL's singular value decomposition for the pseudo-inverse. */
static double plain_nc1(const double *H, const int64_t *label, const double *mean,
                        const double *global) {
  gsl_matrix *within = gsl_matrix_calloc(D, D), *between = gsl_matrix_calloc(D, D),
             *V = gsl_matrix_alloc(D, D);
  gsl_vector *s = gsl_vector_alloc(D), *room = gsl_vector_alloc(D);
  for (int a = 0; a < D; a++)
    for (int b = 0; b < D; b++) {
      double w = 0.0, m = 0.0;
      for (int i = 0; i < N; i++)
        w += (H[i * D + a] - mean[label[i] * D + a]) * (H[i * D + b] - mean[label[i] * D + b]) / N;
      for (int k = 0; k < K; k++)
        m += (mean[k * D + a] - global[a]) * (mean[k * D + b] - global[b]) / K;
      gsl_matrix_set(within, (size_t)a, (size_t)b, w);
      gsl_matrix_set(between, (size_t)a, (size_t)b, m);
    }
  gsl_linalg_SV_decomp(between, V, s, room);
  double trace = 0.0; /* sum_r u_r^T Sigma_W v_r / s_r over the rank */
  for (size_t r = 0; r < D; r++)
    for (size_t a = 0; a < D && gsl_vector_get(s, r) > 1e-14 * gsl_vector_get(s, 0); a++)
      for (size_t b = 0; b < D; b++)
        trace += gsl_matrix_get(between, a, r) * gsl_matrix_get(within, a, b) *
                 gsl_matrix_get(V, b, r) / gsl_vector_get(s, r);
  gsl_matrix_free(within);
  gsl_matrix_free(between);
  gsl_matrix_free(V);
  gsl_vector_free(s);
  gsl_vector_free(room);
  return trace / K;
}

static void test_definition(void **state) {
  (void)state;
  for (expect_seed = 1; expect_seed <= 10; expect_seed++) {
    gsl_rng *rng = new_rng(expect_seed);
    double W[K * D], H[N * D], mean[K * D] = {0.0}, global[D] = {0.0}, nc[3];
    int64_t label[N];
    int count[K] = {0};
    for (int i = 0; i < K * D; i++)
      W[i] = gsl_ran_gaussian(rng, 1.0);
    for (int i = 0; i < N; i++) {
      label[i] = i < K ? i : (int64_t)gsl_rng_uniform_int(rng, K);
      count[label[i]]++;
      for (int j = 0; j < D; j++) {
        H[i * D + j] = gsl_ran_gaussian(rng, 1.0);
        mean[label[i] * D + j] += H[i * D + j];
        global[j] += H[i * D + j] / N;
      }
    }
    for (int i = 0; i < K * D; i++)
      mean[i] /= count[i / D];
    spo_error err = {0};
    expect_ok(spo_neural_collapse(D, K, N, W, H, label, nc, &err));
    expect_near(nc[0] / plain_nc1(H, label, mean, global), 1.0, 1e-11);
    expect_near(nc[1], ratio_to_etf(W, W), 1e-14);
    expect_near(nc[2], ratio_to_etf(W, mean), 1e-14);
    gsl_rng_free(rng);
  }
}

/* A class without samples does not count: the metric of the others, spread over them alone. */
static void test_empty_class(void **state) {
  (void)state;
  gsl_rng *rng = new_rng(3);
  double W[3 * D], H[N * D], with[3], without[3];
  int64_t label[N], shifted[N];
  for (int i = 0; i < 3 * D; i++)
    W[i] = gsl_ran_gaussian(rng, 1.0);
  for (int i = 0; i < N; i++) {
    label[i] = i % 2;
    shifted[i] = 2 * (i % 2); /* class 1 of three stays empty */
    for (int j = 0; j < D; j++)
      H[i * D + j] = gsl_ran_gaussian(rng, 1.0);
  }
  spo_error err = {0};
  expect_ok(spo_neural_collapse(D, 2, N, W, H, label, without, &err));
  expect_ok(spo_neural_collapse(D, 3, N, W, H, shifted, with, &err));
  expect_near(with[0] / without[0], 1.0, 1e-12);
  gsl_rng_free(rng);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_collapsed),
                                     cmocka_unit_test(test_definition),
                                     cmocka_unit_test(test_empty_class)};
  return cmocka_run_group_tests_name("neural collapse", tests, NULL, NULL);
}
