/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One-versus-rest distances of codes whose value is known, their duality with the hard-max problem,
 * self-duality term by term, and principal angles between spans built at known angles. */
#include <gsl/gsl_linalg.h>
#include <gsl/gsl_randist.h>
#include <gsl/gsl_sf_gamma.h>

#include "samples.h"

static double rho(size_t d, size_t K, const double *W) {
  spo_error err = {0};
  double value;
  expect_ok(spo_one_versus_rest(d, K, W, &value, &err));
  return value;
}

static void test_polygons(void **state) {
  (void)state;
  for (size_t K = 4; K <= 60; K += 7) {
    double W[2 * 64];
    for (size_t k = 0; k < K; k++) {
      W[2 * k] = cos(2.0 * (double)k * acos(-1.0) / (double)K);
      W[2 * k + 1] = sin(2.0 * (double)k * acos(-1.0) / (double)K);
    }
    expect_near(rho(2, K, W), 1.0 - cos(2.0 * acos(-1.0) / (double)K), 1e-12);
  }
}

/* simplex K/(K-1), orthoplex 1, also without a point; one point inside the others' hull 0 */
static void test_codes(void **state) {
  (void)state;
  for (size_t K = 2; K <= 20; K++) {
    spo_problem *P = ufm_problem(K, 1, 25, 1.0);
    double *x = new_vector(P);
    point_by_name(spo_ufm(), P, "etf", 0, x);
    expect_near(rho(25, K, x), (double)K / ((double)K - 1.0), 1e-12);
    free(x);
    spo_problem_destroy(P);
  }
  for (size_t d = 2; d <= 12; d++) {
    double W[24 * 12] = {0};
    for (size_t j = 0; j < d; j++) {
      W[2 * j * d + j] = 1.0;
      W[(2 * j + 1) * d + j] = -1.0;
    }
    expect_near(rho(d, 2 * d, W), 1.0, 1e-12);
    expect_near(rho(d, 2 * d - 1, W), 1.0, 1e-12);
  }
  double icosahedron[36];
  const double g = 0.5 * (1.0 + sqrt(5.0)), norm = 1.0 / sqrt(1.0 + g * g);
  for (int i = 0; i < 12; i++) {
    const double s = i & 1 ? -norm : norm, t = i & 2 ? -g * norm : g * norm;
    const int axis = i / 4;
    icosahedron[3 * i + axis] = 0.0;
    icosahedron[3 * i + (axis + 1) % 3] = s;
    icosahedron[3 * i + (axis + 2) % 3] = t;
  }
  expect_near(rho(3, 12, icosahedron), 1.0 - 1.0 / sqrt(5.0), 1e-12);
  const double inside[] = {1, 0, -1, 0, 0, 1, 0, 0.25};
  expect_near(rho(2, 4, inside), 0.0, 1e-7);
}

/* Random unit vectors: distance = -min_{|h| <= 1} max_j <w_j - w_k, h>. The nearest point gives an
 * h for one side; random h, the other. The bounds of Jiang et al. above. */
static void test_duality(void **state) {
  (void)state;
  static const struct { size_t d, K; } at[] = {{3, 7}, {2, 9}, {5, 20}, {8, 12}, {4, 40}, {12, 6}};
  for (size_t c = 0; c < 6; c++)
    for (expect_seed = 1; expect_seed <= 5; expect_seed++) {
      const size_t d = at[c].d, K = at[c].K;
      double W[480], least = INFINITY;
      gsl_rng *rng = new_rng(expect_seed);
      for (size_t k = 0; k < K; k++)
        gsl_ran_dir_nd(rng, d, W + k * d);
      const double value = rho(d, K, W);
      for (size_t k = 0; k < K; k++) { /* Frank-Wolfe from the mean, with its dual bound */
        double x[16] = {0}, upper = INFINITY, lower = 0.0;
        for (size_t j = 0; j < K; j++)
          for (size_t i = 0; i < d && j != k; i++)
            x[i] += (W[j * d + i] - W[k * d + i]) / ((double)K - 1.0);
        for (int round = 0; round < 20000 && upper - lower > 1e-7; round++) {
          double xx = 0.0, best = INFINITY, xp = 0.0, pp = 0.0;
          size_t next = k;
          for (size_t i = 0; i < d; i++)
            xx += x[i] * x[i];
          for (size_t j = 0; j < K; j++) {
            double along = 0.0;
            for (size_t i = 0; i < d; i++)
              along += x[i] * (W[j * d + i] - W[k * d + i]);
            if (j != k && along < best) {
              best = along;
              next = j;
            }
          }
          upper = fmin(upper, sqrt(xx));
          lower = fmax(lower, best / sqrt(xx));
          for (size_t i = 0; i < d; i++) {
            const double p = W[next * d + i] - W[k * d + i];
            xp += x[i] * p;
            pp += p * p;
          }
          const double t = fmin(1.0, fmax(0.0, (xx - xp) / (xx - 2.0 * xp + pp)));
          for (size_t i = 0; i < d; i++)
            x[i] += t * (W[next * d + i] - W[k * d + i] - x[i]);
        }
        expect_true(upper >= value * (1.0 - 1e-12));
        least = fmin(least, lower);
      }
      expect_at_most(least, value * (1.0 + 1e-12));
      const double area = 2.0 * sqrt(acos(-1.0)) * gsl_sf_gamma(0.5 * ((double)d + 1.0)) /
                          gsl_sf_gamma(0.5 * (double)d);
      expect_at_most(value, 2.0 * pow(area / (double)K, 1.0 / ((double)d - 1.0)));
      gsl_rng_free(rng);
    }
}

/* ---- features against classifiers ------------------------------------------------------------ */

static void test_self_duality(void **state) {
  (void)state;
  enum { D = 3, K = 4, N = 9 };
  const int64_t label[N] = {0, 1, 3, 3, 0, 1, 1, 3, 0};
  spo_error err = {0};
  double W[K * D], H[N * D], value, due = 0.0;
  gsl_rng *rng = new_rng(1);
  for (int i = 0; i < K * D; i++)
    W[i] = gsl_ran_gaussian(rng, 1.0);
  for (int i = 0; i < N * D; i++)
    H[i] = gsl_ran_gaussian(rng, 1.0);
  expect_ok(spo_self_duality(D, K, N, W, H, label, &value, &err));
  for (int k = 0; k < K; k++) {
    double mean[D] = {0}, norm = 0.0, length = 0.0, square = 0.0;
    for (int i = 0; i < N; i++)
      for (int j = 0; j < D; j++)
        mean[j] += label[i] == k ? H[i * D + j] : 0.0;
    for (int j = 0; j < D; j++) {
      norm += mean[j] * mean[j];
      length += W[k * D + j] * W[k * D + j];
    }
    for (int j = 0; j < D && k != 2; j++)
      square += pow(mean[j] / sqrt(norm) - W[k * D + j] / sqrt(length), 2);
    due += sqrt(square) / 3.0;
  }
  expect_near(value, due, 1e-14);
  memset(W, 0, sizeof W);
  expect_ok(spo_self_duality(D, K, N, W, H, label, &value, &err));
  expect_true(isnan(value));
  gsl_rng_free(rng);
}

/* Two planes of R^5 that share a line and meet at the angle `turn` across it; three class means and
 * three classifiers in them, shifted at will. */
static double angle_at(double turn, const double *shift, gsl_rng *rng) {
  enum { D = 5, K = 3 };
  const int64_t label[] = {0, 1, 2, 2};
  double W[K * D], H[4 * D], degrees;
  spo_error err = {0};
  for (int k = 0; k < K; k++) {
    const double a = gsl_ran_gaussian(rng, 1.0), b = gsl_ran_gaussian(rng, 1.0);
    const double e = gsl_ran_gaussian(rng, 1.0), c = gsl_ran_gaussian(rng, 1.0);
    const double w[D] = {a, b, 0, 0, 0}, h[D] = {e, c * cos(turn), c * sin(turn), 0, 0};
    for (int j = 0; j < D; j++) {
      W[k * D + j] = w[j] + shift[j];
      H[k * D + j] = h[j] - shift[j];
    }
  }
  memcpy(H + 3 * D, H + 2 * D, D * sizeof *H);
  expect_ok(spo_alignment(D, K, 4, W, H, label, &degrees, &err));
  return degrees;
}

static void test_alignment(void **state) {
  (void)state;
  const double shift[] = {0.3, -1.0, 2.0, 0.5, 0.1}, degree = acos(-1.0) / 180.0;
  const double turns[] = {0.0, 1e-9, 1e-5, 0.3, 1.0, 45.0, 89.0, 90.0 - 1e-9, 90.0};
  for (expect_seed = 1; expect_seed <= 10; expect_seed++) {
    gsl_rng *rng = new_rng(expect_seed);
    for (size_t i = 0; i < sizeof turns / sizeof turns[0]; i++)
      expect_near(angle_at(turns[i] * degree, shift, rng), turns[i], 1e-11);
    gsl_rng_free(rng);
  }
}

/* At a critical point features lie in the span of the classifiers, whatever the classes' sizes;
 * elsewhere they do not. */
static void test_critical(void **state) {
  (void)state;
  spo_problem *P = sample_problem(spo_ufm(), "--counts 20,3,1,7 --dim 6 --tau 3");
  double *x = new_vector(P), value[SPO_MODEL_MAX_METRICS];
  spo_error err = {0};
  const size_t at = 3;
  assert_string_equal(spo_ufm()->metric[at], "alignment");
  point_by_name(spo_ufm(), P, "random", 1, x);
  expect_ok(spo_ufm()->metrics(P, x, value, &err));
  expect_true(value[at] > 10.0);
  expect_true(isnan(value[4]) && isnan(value[5])); /* 4 classes fit a simplex */
  run_solver(spo_trust_region(), P, NULL, NULL, 1, x);
  expect_ok(spo_ufm()->metrics(P, x, value, &err));
  expect_at_most(value[at], 1e-5);
  free(x);
  spo_problem_destroy(P);
  P = sample_problem(spo_ufm(), "--classes 6 --per-class 4 --dim 3 --tau 10");
  x = new_vector(P);
  point_by_name(spo_ufm(), P, "random", 1, x);
  run_solver(spo_trust_region(), P, NULL, NULL, 1, x);
  expect_ok(spo_ufm()->metrics(P, x, value, &err));
  expect_at_most(value[0], 1e-12);
  assert_string_equal(spo_ufm()->metric[4], "gnc2");
  expect_near(value[4], 1.0, 1e-6); /* octahedron */
  expect_at_most(value[5], 1e-6);
  free(x);
  spo_problem_destroy(P);
}

static void test_refusals(void **state) {
  (void)state;
  const double one[] = {1, 0}, odd[] = {1, 0, NAN, 1};
  const int64_t label[] = {0, 1};
  double value;
  spo_error err = {0};
  expect_status(spo_one_versus_rest(2, 1, one, &value, &err), SPO_E_ARG);
  expect_true(isnan(value));
  expect_status(spo_one_versus_rest(2, 2, odd, &value, &err), SPO_E_NONFINITE);
  expect_status(spo_alignment(2, 2, 2, odd, odd, label, &value, &err), SPO_E_NONFINITE);
  const double same[] = {1, 0, 1, 0};
  expect_ok(spo_alignment(2, 2, 2, same, same, label, &value, &err));
  expect_true(isnan(value));
}

/* Classifiers that span less than the class means do, and the other way round: the angle is that of
 * the smaller span to the larger one. */
static void test_unlike_spans(void **state) {
  (void)state;
  const double line[] = {0, 0, 0, 1, 0, 1, -2, 0, -2};  /* along e_0 + e_2 */
  const double plane[] = {1, 0, 0, -1, 1, 0, 0, -1, 0}; /* across e_2 */
  const int64_t label[] = {0, 1, 2};
  for (int swap = 0; swap < 2; swap++) {
    spo_error err = {0};
    double degrees;
    expect_ok(
        spo_alignment(3, 3, 3, swap ? plane : line, swap ? line : plane, label, &degrees, &err));
    expect_near(degrees, 45.0, 1e-12);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_polygons),     cmocka_unit_test(test_unlike_spans),
      cmocka_unit_test(test_codes),        cmocka_unit_test(test_duality),
      cmocka_unit_test(test_self_duality), cmocka_unit_test(test_alignment),
      cmocka_unit_test(test_critical),     cmocka_unit_test(test_refusals),
  };
  return cmocka_run_group_tests_name("generalised collapse", tests, NULL, NULL);
}
