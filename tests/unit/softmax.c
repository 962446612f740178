/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The kernels of the cross-entropy, and exp, against quadruple precision: relative accuracy of
 * loss, residual and curvature from tau = 0.1 to 100, where the loss is 1e-44. */
#include <float.h>
#include <quadmath.h>

#include "base/exp1.h"
#include "base/vec.h"
#include "models/softmax.h"
#include "samples.h"

__extension__ typedef __float128 quad;

enum { B = 37, K = 5 };

/* p of sample i from its logits, and the off-class sum, the plain way in 113 bits. */
static quad softmax(const double *logit, size_t i, size_t y, quad p[K], quad *off) {
  quad total = 0;
  *off = 0;
  for (size_t k = 0; k < K; k++) {
    p[k] = expq((quad)logit[k * B + i] - (quad)logit[y * B + i]);
    total += p[k];
    if (k != y)
      *off += p[k];
  }
  for (size_t k = 0; k < K; k++)
    p[k] /= total;
  return total;
}

static double relative(double value, quad due) {
  return due == 0 ? fabs(value) : (double)fabsq(((quad)value - due) / due);
}

static void one_case(double tau, double bias) {
  gsl_rng *rng = new_rng(5);
  double logit[K * B], tile[K * B], dir[K * B], curved[K * B], omega[B], py[B];
  int64_t label[B];
  for (size_t i = 0; i < B; i++) {
    label[i] = (int64_t)(i % K);
    omega[i] = i == 3 ? 0.0 : gsl_rng_uniform(rng);
    for (size_t k = 0; k < K; k++) {
      logit[k * B + i] = tau * (gsl_rng_uniform(rng) - (k == i % K ? -bias : bias));
      dir[k * B + i] = tau * (gsl_rng_uniform(rng) - 0.5);
    }
  }
  memcpy(tile, logit, sizeof tile);
  memcpy(curved, dir, sizeof curved);
  const double f = spo_softmax_residual(B, K, tau, label, omega, tile, py);
  spo_softmax_curvature(B, K, tau, label, omega, tile, py, curved);
  /* a dozen roundings each, and one of the logit difference, which exp multiplies by its size */
  const double tol = (20.0 + 4.0 * tau) * DBL_EPSILON;
  quad due = 0;
  for (size_t i = 0; i < B; i++) {
    const size_t y = i % K;
    quad p[K], off, mean = 0;
    softmax(logit, i, y, p, &off);
    due += (quad)omega[i] * log1pq(off);
    for (size_t k = 0; k < K; k++)
      mean += p[k] * ((quad)dir[k * B + i] - (quad)dir[y * B + i]);
    for (size_t k = 0; k < K; k++) {
      const quad r = k == y ? -(off * p[y]) : p[k];
      expect_at_most(relative(tile[k * B + i], (quad)tau * (quad)omega[i] * r), tol);
      const quad shifted = (quad)dir[k * B + i] - (quad)dir[y * B + i];
      const quad g = (quad)tau * (quad)omega[i] * p[k] * (shifted - mean);
      const double size =
          (double)((quad)tau * (quad)omega[i] * p[k] * (fabsq(shifted) + fabsq(mean)));
      expect_near(curved[k * B + i], (double)g, 4.0 * tol * size);
    }
  }
  expect_at_most(relative(f, due), tol);
  gsl_rng_free(rng);
}

static void test_accuracy(void **state) {
  (void)state;
  const double taus[] = {0.1, 1.0, 10.0, 40.0, 100.0, 300.0};
  for (int t = 0; t < 6; t++) {
    one_case(taus[t], 0.0);  /* undecided */
    one_case(taus[t], 0.6);  /* right: the loss decays like an exponential */
    one_case(taus[t], -0.6); /* wrong: the loss grows like tau */
  }
}

static void test_nan(void **state) {
  (void)state;
  double tile[K * B] = {0.0}, omega[B], py[B];
  int64_t label[B] = {0};
  for (size_t i = 0; i < B; i++)
    omega[i] = 1.0;
  tile[2 * B + 7] = NAN;
  expect_true(isnan(spo_softmax_residual(B, K, 1.0, label, omega, tile, py)));
}

static void test_exp(void **state) {
  (void)state;
  gsl_rng *rng = new_rng(1);
  enum { N = 1001 };
  double x[N], y[N], worst = 0.0;
  for (int round = 0; round < 300; round++) {
    const double range = round % 3 == 0 ? 1.0 : round % 3 == 1 ? 40.0 : 708.0;
    for (int i = 0; i < N; i++)
      x[i] = (2.0 * gsl_rng_uniform(rng) - 1.0) * range;
    spo_vec_exp(N, x, y);
    for (int i = 0; i < N; i++) {
      const quad due = expq((quad)x[i]);
      const double ulp = nextafter((double)due, INFINITY) - (double)due;
      worst = fmax(worst, (double)(fabsq((quad)y[i] - due) / (quad)ulp));
      worst = fmax(worst, (double)(fabsq((quad)spo_exp1_negative(x[i]) - due) / (quad)ulp));
    }
  }
  expect_at_most(worst, 1.1);
  const double ends[] = {-1e9, -INFINITY, -746.0, 0.0, -0.0, INFINITY, 1e9, 710.0};
  const double due[] = {0.0, 0.0, 0.0, 1.0, 1.0, INFINITY, INFINITY, INFINITY};
  spo_vec_exp(8, ends, y);
  for (int i = 0; i < 8; i++)
    expect_true(y[i] == due[i]);
  const double nan = NAN;
  spo_vec_exp(1, &nan, y);
  expect_true(isnan(y[0]) && isnan(spo_exp1_negative(-nan)) && isnan(spo_exp1_negative(nan)));
  expect_near(spo_exp1_negative(-INFINITY) / exp(-708.0), 1.0, 1e-15);
  gsl_rng_free(rng);
}

static void test_log(void **state) {
  (void)state;
  gsl_rng *rng = new_rng(1);
  enum { N = 1301 };
  double x[N], y[N], worst = 0.0;
  for (int round = 0; round < 300; round++) {
    for (int i = 0; i < N; i++) {
      const double u = 2.0 * gsl_rng_uniform(rng) - 1.0;
      x[i] = round % 3 == 0   ? exp(705.0 * u)
             : round % 3 == 1 ? 1.0 + u * pow(10.0, -(double)(i % 16) - 0.1)
                              : 2.0 + 2.0 * u + 1e-12;
    }
    spo_vec_log(N, x, y);
    for (int i = 0; i < N; i++) {
      const quad due = logq((quad)x[i]);
      const double size = fabs((double)due), ulp = nextafter(size, INFINITY) - size;
      worst = fmax(worst, due == 0 ? y[i] != 0.0 ? INFINITY : 0.0
                                   : (double)(fabsq((quad)y[i] - due) / (quad)ulp));
    }
  }
  expect_at_most(worst, 1.0);
  for (int i = 0; i < N; i++)
    x[i] = 2.0;
  x[700] = 0.0, x[701] = -1.0, x[702] = NAN, x[703] = INFINITY, x[704] = 5e-324;
  spo_vec_log(N, x, y);
  expect_true(y[700] == -INFINITY && isnan(y[701]) && isnan(y[702]) && y[703] == INFINITY);
  expect_near(y[704], -1074.0 * log(2.0), 1e-12);
  expect_near(y[0] + y[705] + y[N - 1], 3.0 * log(2.0), 1e-15);
  expect_near(spo_vec_sum(N - 705, y + 705), (N - 705) * log(2.0), 1e-12);
  gsl_rng_free(rng);
}

/* Norms of vectors whose squares leave the range of doubles. */
static void test_norm(void **state) {
  (void)state;
  double v[3] = {3e-200, 4e-200, 0.0};
  expect_near(spo_vec_norm(3, v) / 5e-200, 1.0, 1e-15);
  v[0] = 3e200, v[1] = -4e200;
  expect_near(spo_vec_norm(3, v) / 5e200, 1.0, 1e-15);
  v[2] = NAN;
  expect_true(isnan(spo_vec_norm(3, v)));
  v[0] = NAN; /* and what follows does not wash it out */
  v[1] = v[2] = 0.0;
  expect_true(isnan(spo_vec_norm(3, v)));
  v[1] = INFINITY;
  expect_true(isnan(spo_vec_norm(3, v)));
  v[0] = 1.0;
  expect_true(spo_vec_norm(3, v) == INFINITY);
  v[0] = v[1] = v[2] = 0.0;
  expect_true(spo_vec_norm(3, v) == 0.0);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_accuracy), cmocka_unit_test(test_nan),
                                     cmocka_unit_test(test_exp), cmocka_unit_test(test_log),
                                     cmocka_unit_test(test_norm)};
  return cmocka_run_group_tests_name("softmax", tests, NULL, NULL);
}
