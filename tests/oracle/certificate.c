/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The certified gap: dense and iterated eigenvalues of Z against closed forms, the bound against
 * the true gap at any point, and no bound where none was proven. */
#include "expect.h"

#include <spheropt/certificate.h>
#include <spheropt/models/brockett.h>
#include <spheropt/models/rayleigh.h>

#include "place.h"

static spo_certified certify(place *t, bool scaled, double *u) {
  spo_error err = {0};
  spo_certified c;
  expect_ok(spo_certify(t->eval, t->at, scaled, t->rng, u, &c, &err));
  return c;
}

/* lambda_min of Z where classes are merged in m groups of s */
static double merged_lowest(double m, double s, double n, double tau) {
  const double K = m * s, rho = exp(-tau * m / (m - 1)), a = 1 / (s + (K - s) * rho);
  const double kappa = 1 - s * (a - rho * a), sum = kappa * (1 + 1 / n);
  return tau / K * (sum - sqrt(sum * sum + 4 * (1 - kappa * kappa) / n)) / 2;
}

/* Orders on both sides of 512: LAPACK and Lanczos, at scales from 1 to 1e-40 */
static void merged(void **state) {
  (void)state;
  const size_t per_class[] = {1, 20, 60, 120};
  const double taus[] = {0.5, 4, 50};
  for (size_t i = 0; i < 4; i++)
    for (size_t j = 0; j < 3; j++) {
      const size_t n = per_class[i], order = 10 + 10 * n;
      expect_seed = 10 * i + j;
      place t;
      place_ufm(&t, 10, n, 12, taus[j], "merged:5");
      double *u = malloc(order * sizeof *u), norm = 0;
      const double due = merged_lowest(5, 2, (double)n, taus[j]);
      const spo_certified plain = certify(&t, false, u), scaled = certify(&t, true, NULL);
      expect_true(spo_certificate_order(t.problem) == order && plain.dense == (order <= 512));
      expect_true(plain.converged && scaled.converged);
      expect_near(plain.lambda_min, due, 1e-11 * plain.norm);
      expect_at_most(plain.residual, 1e-11 * plain.norm);
      for (size_t k = 0; k < order; k++)
        norm += u[k] * u[k];
      expect_near(norm, 1, 1e-13);
      const double half = 0.5 * (double)order, gap = half * (plain.residual - plain.lambda_min);
      expect_near(plain.gap_bound, gap, 1e-12 * gap);
      const double f_star = log1p(9 * exp(-taus[j] * 10 / 9));
      expect_true(t.at->f - f_star <= fmin(plain.gap_bound, scaled.gap_bound));
      free(u);
      place_close(&t);
    }
}

/* At the minimum the bound is nil relative to f, however small f is. */
static void minimum(void **state) {
  (void)state;
  const double taus[] = {1, 20, 40, 100};
  for (size_t n = 5; n <= 105; n += 100)
    for (size_t j = 0; j < 4; j++) {
      place t;
      place_ufm(&t, 6, n, 8, taus[j], "etf");
      for (int scaled = 0; scaled < 2; scaled++) {
        const spo_certified c = certify(&t, scaled, NULL);
        expect_true(c.converged && c.dense == (6 + 6 * n <= 512));
        expect_at_most(c.gap_bound, 1e-8 * t.at->f);
      }
      place_close(&t);
    }
}

/* Any point, critical or not: f - f* <= bound, and for a Rayleigh quotient they are equal. */
static void anywhere(void **state) {
  (void)state;
  for (expect_seed = 1; expect_seed <= 20; expect_seed++) {
    place t;
    place_ufm(&t, 4, 3, 4 + expect_seed % 3, 0.3 * (double)expect_seed, NULL);
    place_random(&t);
    double f_star;
    const char *theorem;
    expect_true(t.problem->ops->known_minimum(t.problem->self, &f_star, &theorem) == 0);
    for (int scaled = 0; scaled < 2; scaled++) {
      const spo_certified c = certify(&t, scaled, NULL);
      expect_true(t.at->f - f_star <= c.gap_bound);
    }
    place_close(&t);
  }
  for (size_t n = 20; n <= 620; n += 600) {
    spo_rayleigh_params params;
    spo_rayleigh_params_init(&params);
    params.n = n;
    spo_problem *P;
    spo_error err = {0};
    expect_ok(spo_rayleigh_create(&params, &P, &err));
    place t;
    place_open(&t, P, spo_rayleigh(), NULL);
    place_random(&t);
    double f_star;
    const char *theorem;
    expect_true(P->ops->known_minimum(P->self, &f_star, &theorem) == 0);
    const spo_certified c = certify(&t, false, NULL);
    expect_true(c.converged && c.dense == (n <= 512));
    expect_near(c.gap_bound, t.at->f - f_star, 1e-9 * c.norm);
    expect_true(c.gap_bound >= t.at->f - f_star - 1e-12 * c.norm);
    place_close(&t);
  }
}

static void none(void **state) {
  (void)state;
  spo_brockett_params params;
  spo_brockett_params_init(&params);
  params.n = 5;
  params.columns = 2;
  spo_problem *P;
  spo_error err = {0};
  expect_ok(spo_brockett_create(&params, &P, &err));
  place t;
  place_open(&t, P, spo_brockett(), "eigenvectors:0,1");
  spo_certified c;
  expect_true(spo_certificate_order(P) == 0);
  expect_status(spo_certify(t.eval, t.at, false, t.rng, NULL, &c, &err), SPO_E_UNSUPPORTED);
  expect_true(isnan(c.lambda_min) && isinf(c.gap_bound) && !c.converged);
  place_close(&t);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(merged),
      cmocka_unit_test(minimum),
      cmocka_unit_test(anywhere),
      cmocka_unit_test(none),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
