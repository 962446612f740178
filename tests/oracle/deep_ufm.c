/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The deep feature model: the closed form at its own point and by runs from random starts, the
 * threshold of its decay, deep neural collapse, and the local minima that are not global. */
#include <spheropt/models/deep_ufm.h>

#include "samples.h"

enum { DNC1, DNC2, DNC3, FIT, METRICS = 14 };

static spo_problem *problem(uint64_t L, uint64_t n, int64_t width, double decay, double smoothing) {
  spo_error err = {0};
  spo_problem *P;
  spo_deep_ufm_params p;
  spo_deep_ufm_params_init(&p);
  p.layers = L, p.per_class = n, p.decay = decay, p.smoothing = smoothing;
  p.width = (spo_integers){&width, 1};
  expect_ok(spo_deep_ufm_create(&p, &P, &err));
  return P;
}

static double known(const spo_problem *P) {
  double f_star = NAN;
  const char *theorem;
  return P->ops->known_minimum(P->self, &f_star, &theorem) == 0 ? f_star : NAN;
}

static const struct {
  uint64_t L, n;
  double decay, f, c, x0, xl;
} due[] = {
    {2, 4, 1e-3, 0.0047571581, 0.9968218274, 0.629292, 1.258585},
    {3, 4, 5e-4, 0.0028274264, 0.9985847847, 0.594393, 1.188786},
    {3, 2, 2e-2, 0.0939769235, 0.9512274684, 0.761526, 1.076961},
    {4, 3, 5e-4, 0.0031135508, 0.9987533363, 0.644233, 1.115845},
};
enum { ROWS = sizeof due / sizeof due[0] };

/* The point of the closed form has its value and its numbers, is critical and collapsed. */
static void test_closed_form(void **state) {
  (void)state;
  for (size_t i = 0; i < ROWS; i++) {
    spo_error err = {0};
    spo_verification v;
    double metric[METRICS];
    spo_problem *P = problem(due[i].L, due[i].n, 10, due[i].decay, 0.0);
    double *x = new_vector(P);
    point_by_name(spo_deep_ufm(), P, "collapse", 1, x);
    expect_near(known(P), due[i].f, 6e-11);
    expect_near(x[0], due[i].x0, 6e-7);
    expect_near(x[20 * due[i].n], due[i].xl, 6e-7);
    expect_near(x[0] * pow(x[20 * due[i].n], (double)due[i].L), due[i].c, 6e-10);
    expect_ok(spo_verify(P, x, NULL, NULL, &v, NULL, &err));
    expect_true(v.verdict == SPO_GLOBAL_MINIMIZER);
    expect_near(v.f, known(P), 1e-15);
    expect_ok(spo_deep_ufm()->metrics(P, x, metric, &err));
    expect_at_most(metric[DNC1], 1e-28);
    expect_near(metric[DNC2], 1.0, 1e-14);
    expect_at_most(metric[DNC3], 1e-14);
    expect_near(metric[FIT], 0.5 * (1.0 - due[i].c) * (1.0 - due[i].c), 1e-9);
    free(x);
    spo_problem_destroy(P);
  }
}

/* Pi = (L-1)^(L-1)/(2^(L+1) L^(2L)) parts the two minima; there c = (L-1)/L. */
static void test_threshold(void **state) {
  (void)state;
  static const double table[] = {7.8125e-3, 3.4293553e-4, 1.2874603e-5, 4.096e-7};
  for (uint64_t L = 2; L <= 5; L++) {
    const double l = (double)L;
    const double bound = pow(l - 1, l - 1) / (pow(2, l + 1) * pow(l, 2 * l));
    expect_near(bound, table[L - 2], 5e-8 * table[L - 2]);
    for (int side = -1; side <= 1; side += 2) {
      const double Pi = bound * (1.0 + 1e-6 * side);
      spo_problem *P = problem(L, 3, 8, pow(Pi / 3.0, 1.0 / (l + 1)), 0.0);
      double *x = new_vector(P);
      point_by_name(spo_deep_ufm(), P, "collapse", 1, x);
      if (side > 0) {
        expect_near(known(P), 0.5, 0.0);
        expect_near(x[0], 0.0, 0.0);
      } else {
        expect_true(known(P) < 0.5 && known(P) > 0.5 - 1e-6);
        double c = x[0];
        for (size_t at = 6 * 8, k = 0; k < L; k++, at += 64)
          c *= x[at];
        expect_near(c, (l - 1) / l, 1e-2);
      }
      free(x);
      spo_problem_destroy(P);
    }
  }
}

/* The theorem needs two coordinates in every hidden layer, unless all is zero; not in the first. */
static void test_conditions(void **state) {
  (void)state;
  spo_error err = {0};
  spo_problem *P;
  spo_deep_ufm_params p;
  int64_t narrow[] = {4, 1, 4}, thin[] = {1, 4, 4};
  spo_deep_ufm_params_init(&p);
  p.layers = 3, p.width = (spo_integers){narrow, 3};
  expect_ok(spo_deep_ufm_create(&p, &P, &err));
  expect_true(isnan(known(P)));
  spo_problem_destroy(P);
  p.decay = 0.5;
  expect_ok(spo_deep_ufm_create(&p, &P, &err));
  expect_near(known(P), 0.5, 0.0);
  spo_problem_destroy(P);
  p.decay = 5e-4, p.width.data = thin;
  expect_ok(spo_deep_ufm_create(&p, &P, &err));
  expect_near(known(P), 0.0028274264, 6e-11);
  spo_problem_destroy(P);
  p.layers = 1;
  expect_status(spo_deep_ufm_create(&p, &P, &err), SPO_E_OPTION);
  expect_true(P == NULL && strstr(err.text, "layers") != NULL);
  p.layers = 4;
  expect_status(spo_deep_ufm_create(&p, &P, &err), SPO_E_DIM);
  const double decays[] = {1e-3, 1e-3, -1e-3, 1e-3};
  p.layers = 3, p.decays = (spo_matrix){decays, 4, 1};
  expect_status(spo_deep_ufm_create(&p, &P, &err), SPO_E_OPTION);
  expect_true(strstr(err.text, "decays: entry 2") != NULL);
}

/* Unlike decays: the closed form's point is critical and has its value. Many layers: one part. */
static void test_decays(void **state) {
  (void)state;
  spo_error err = {0};
  spo_problem *P;
  spo_deep_ufm_params p;
  spo_part part[SPO_MODEL_MAX_PARTS];
  const double decays[] = {1e-2, 2e-4, 3e-3, 1e-3};
  spo_verification v;
  spo_deep_ufm_params_init(&p);
  p.layers = 3, p.decays = (spo_matrix){decays, 4, 1};
  expect_ok(spo_deep_ufm_create(&p, &P, &err));
  double *x = new_vector(P);
  point_by_name(spo_deep_ufm(), P, "collapse", 1, x);
  expect_ok(spo_verify(P, x, NULL, NULL, &v, NULL, &err));
  expect_true(v.verdict == SPO_GLOBAL_MINIMIZER);
  expect_at_most(v.grad_norm, 1e-14);
  expect_near(v.f, known(P), 1e-15);
  free(x);
  spo_problem_destroy(P);
  P = problem(40, 1, 3, 1e-3, 0.0);
  assert_int_equal(spo_deep_ufm()->parts(P, part), 2);
  assert_int_equal(part[1].offset + part[1].cols, P->manifold->n);
  spo_problem_destroy(P);
}

static void solve(const spo_problem *P, double *x, spo_result *res) {
  spo_stop stop;
  spo_stop_init(&stop);
  stop.max_iter = 2000;
  *res = run_solver(spo_trust_region(), P, NULL, &stop, 1, x);
}

/* One start, followed while the bend of the rectifiers closes to their kink. */
static double follow(size_t row, uint64_t seed, double metric[METRICS]) {
  static const double bend[] = {0.1, 0.03, 0.01, 3e-3, 1e-3, 1e-4, 1e-5, 1e-6, 0.0};
  spo_error err = {0};
  spo_result res = {.size = sizeof res};
  double *x = NULL;
  for (size_t i = 0; i < sizeof bend / sizeof bend[0]; i++) {
    spo_problem *P = problem(due[row].L, due[row].n, 10, due[row].decay, bend[i]);
    if (!x) {
      x = new_vector(P);
      point_by_name(spo_deep_ufm(), P, "he", seed, x);
    }
    solve(P, x, &res);
    if (bend[i] == 0.0)
      expect_ok(spo_deep_ufm()->metrics(P, x, metric, &err));
    spo_problem_destroy(P);
  }
  free(x);
  return res.last.f;
}

/* The best of 12 starts is the closed form, collapsed; most starts that are not lost get there. */
static void test_starts(void **state) {
  (void)state;
  for (size_t i = 0; i < ROWS; i++) {
    double best = INFINITY, metric[METRICS], best_metric[METRICS] = {NAN};
    int hits = 0;
    for (expect_seed = 1; expect_seed <= 12; expect_seed++) {
      const double f = follow(i, expect_seed, metric);
      expect_true(f >= due[i].f - 1e-10);
      hits += f < due[i].f + 1e-7;
      if (f < best) {
        best = f;
        memcpy(best_metric, metric, sizeof metric);
      }
    }
    print_message("L %d, n %d, decay %g: %d of 12 starts, the best %.3g above\n", (int)due[i].L,
                  (int)due[i].n, due[i].decay, hits, best - due[i].f);
    expect_near(best, due[i].f, 1e-7);
    expect_true(hits >= 6);
    expect_at_most(best_metric[DNC1], 1e-4);
    expect_near(best_metric[DNC2], 1.0, 1e-2);
    expect_at_most(best_metric[DNC3], 1e-2);
  }
}

/* With the kink itself, by both solvers: the best of 12 comes as near. */
static void test_kinks(void **state) {
  (void)state;
  const spo_solver_ops *const type[] = {spo_trust_region(), spo_gradient_descent()};
  spo_problem *P = problem(3, 2, 10, 2e-2, 0.0);
  double *x = new_vector(P);
  for (size_t t = 0; t < 2; t++) {
    double best = INFINITY;
    for (expect_seed = 1; expect_seed <= 12; expect_seed++) {
      spo_stop stop;
      spo_stop_init(&stop);
      stop.max_iter = 4000;
      point_by_name(spo_deep_ufm(), P, "he", expect_seed, x);
      best = fmin(best, run_solver(type[t], P, NULL, &stop, 1, x).last.f);
    }
    expect_near(best, known(P), 1e-7);
  }
  free(x);
  spo_problem_destroy(P);
}

/* Where samples of a class go apart, or a class is lost: values in closed form, critical, no
 * negative curvature, and a run that starts beside comes back. */
static void test_local_minima(void **state) {
  (void)state;
  static const struct {
    const char *name;
    double f;
  } spurious[] = {
      {"split:1", 0.113088}, {"split:2", 0.132199}, {"one-class", 0.296988}, {"zero", 0.5}};
  spo_problem *P = problem(3, 2, 10, 2e-2, 0.0);
  double *x = new_vector(P);
  for (size_t i = 0; i < sizeof spurious / sizeof spurious[0]; i++) {
    spo_error err = {0};
    spo_verification v;
    point_by_name(spo_deep_ufm(), P, spurious[i].name, 1, x);
    expect_ok(spo_verify(P, x, NULL, NULL, &v, NULL, &err));
    expect_near(v.f, spurious[i].f, 6e-7);
    expect_true(v.verdict == SPO_LOCAL_MINIMIZER || v.verdict == SPO_SECOND_ORDER_POINT);
    for (expect_seed = 1; expect_seed <= 3; expect_seed++) {
      spo_stop stop;
      gsl_rng *rng = new_rng(expect_seed);
      spo_stop_init(&stop);
      stop.max_iter = 3000;
      point_by_name(spo_deep_ufm(), P, spurious[i].name, 1, x);
      for (size_t j = 0; j < P->manifold->n; j++)
        x[j] += 1e-4 * (gsl_rng_uniform(rng) - 0.5);
      const spo_result res = run_solver(spo_gradient_descent(), P, NULL, &stop, 1, x);
      expect_near(res.last.f, v.f, 1e-5);
      expect_true(res.last.f >= v.f - 1e-9);
      gsl_rng_free(rng);
    }
  }
  free(x);
  spo_problem_destroy(P);
}

/* Runs end at two of them: at the first by following the bend, at the second by fixed steps, which
 * slide along kinks. */
static void test_runs_end_there(void **state) {
  (void)state;
  const spo_solver_ops *type = spo_gradient_descent();
  spo_error err = {0};
  spo_gradient_descent_options o;
  spo_stop stop;
  spo_problem *P = problem(3, 2, 10, 2e-2, 0.0);
  double *x = new_vector(P), metric[METRICS];
  int first = 0, second = 0;
  spo_stop_init(&stop);
  stop.max_iter = 12000;
  spo_gradient_descent_options_init(&o);
  expect_ok(
      spo_option_set(spo_option_find(type->option, type->n_options, "step"), &o, "0.5", &err));
  expect_ok(spo_option_set(spo_option_find(type->option, type->n_options, "line-search"), &o,
                           "fixed", &err));
  for (expect_seed = 1; expect_seed <= 12; expect_seed++) {
    first += fabs(follow(2, expect_seed, metric) - 0.113088) < 1e-6;
    point_by_name(spo_deep_ufm(), P, "he", expect_seed, x);
    second += fabs(run_solver(type, P, &o, &stop, 1, x).last.f - 0.132199) < 2e-6;
  }
  print_message("12 starts: %d at 0.113088, %d at 0.132199\n", first, second);
  expect_true(first >= 1 && second >= 1);
  free(x);
  spo_problem_destroy(P);
}

/* The within-class over the between-class variance by its definition, both of all samples; it is
 * not a number as soon as one layer has none. */
static void test_collapse_metrics(void **state) {
  (void)state;
  spo_error err = {0};
  spo_problem *P = problem(3, 2, 3, 1e-2, 0.0);
  double *x = new_vector(P), metric[METRICS], within = 0.0, between = 0.0;
  point_by_name(spo_deep_ufm(), P, "random", 3, x);
  for (int j = 0; j < 3; j++) {
    const double h[4] = {x[j], x[3 + j], x[6 + j], x[9 + j]};
    const double m[2] = {0.5 * (h[0] + h[1]), 0.5 * (h[2] + h[3])}, all = 0.5 * (m[0] + m[1]);
    for (int i = 0; i < 4; i++) {
      within += (h[i] - m[i / 2]) * (h[i] - m[i / 2]) / 4.0;
      between += (m[i / 2] - all) * (m[i / 2] - all) / 4.0;
    }
  }
  expect_ok(spo_deep_ufm()->metrics(P, x, metric, &err));
  expect_near(metric[4], within / between, 1e-13 * metric[4]);
  for (int j = 0; j < 3; j++) { /* equal means of H, not of what the rectifier leaves */
    x[3 + j] = -x[j];
    x[6 + j] = x[9 + j] = 0.0;
  }
  expect_ok(spo_deep_ufm()->metrics(P, x, metric, &err));
  expect_true(isnan(metric[4]) && isfinite(metric[5]) && isnan(metric[DNC1]));
  free(x);
  spo_problem_destroy(P);
}

/* decay-h is the features' alone; the gradient's scale that of the decays' mean. */
static void test_decay_of_features(void **state) {
  (void)state;
  spo_error err = {0};
  const double each[] = {3e-2, 1e-2, 1e-2, 1e-2};
  spo_problem *P[2];
  spo_deep_ufm_params p;
  spo_deep_ufm_params_init(&p);
  p.layers = 3, p.decay = 1e-2, p.decay_h = 3e-2;
  expect_ok(spo_deep_ufm_create(&p, &P[0], &err));
  spo_deep_ufm_params_init(&p);
  p.layers = 3, p.decays = (spo_matrix){each, 4, 1};
  expect_ok(spo_deep_ufm_create(&p, &P[1], &err));
  expect_near(known(P[0]), known(P[1]), 1e-15);
  double *x = new_vector(P[0]), f[2], noise, scale;
  point_by_name(spo_deep_ufm(), P[0], "random", 1, x);
  for (int i = 0; i < 2; i++) {
    double *memo = calloc(P[i]->memo_len, sizeof *memo);
    expect_true(P[i]->ops->cost(P[i]->self, x, &f[i], memo, NULL) == 0);
    expect_true(P[i]->ops->scale(P[i]->self, x, f[i], memo, &noise, &scale) == 0);
    /* (3 1 1 1)^(1/4) 1e-2 */
    expect_near(scale, sqrt(2.0 * f[i] * 1e-2 * pow(3.0, 0.25)), 1e-13 * scale);
    free(memo);
    spo_problem_destroy(P[i]);
  }
  expect_near(f[0], f[1], 1e-14 * f[1]);
  free(x);
}

/* He's variances: 1 of the features, 2/w_(l-1) of the weights; sums of m squares to 5/sqrt(m). */
static void test_he(void **state) {
  (void)state;
  spo_part part[SPO_MODEL_MAX_PARTS];
  spo_problem *P = problem(3, 20, 50, 1e-2, 0.0);
  double *x = new_vector(P);
  point_by_name(spo_deep_ufm(), P, "he", 1, x);
  const size_t parts = spo_deep_ufm()->parts(P, part);
  assert_int_equal(parts, 4);
  for (size_t l = 0; l < 3; l++) {
    const size_t m = part[l].rows * part[l].cols;
    double square = 0.0;
    for (size_t i = 0; i < m; i++)
      square += x[part[l].offset + i] * x[part[l].offset + i] / (double)m;
    expect_near(square / (l == 0 ? 1.0 : 2.0 / 50.0), 1.0, 5.0 * sqrt(2.0 / (double)m));
  }
  free(x);
  spo_problem_destroy(P);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_closed_form),
                                     cmocka_unit_test(test_threshold),
                                     cmocka_unit_test(test_conditions),
                                     cmocka_unit_test(test_decays),
                                     cmocka_unit_test(test_starts),
                                     cmocka_unit_test(test_kinks),
                                     cmocka_unit_test(test_local_minima),
                                     cmocka_unit_test(test_runs_end_there),
                                     cmocka_unit_test(test_collapse_metrics),
                                     cmocka_unit_test(test_decay_of_features),
                                     cmocka_unit_test(test_he)};
  return cmocka_run_group_tests_name("deep feature model", tests, NULL, NULL);
}
