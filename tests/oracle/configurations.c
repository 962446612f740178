/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Points of one sphere: the frame potential's minimum from every start, Thomson's table, the
 * universally optimal codes, and the measures against closed forms. */
#include "expect.h"

#include <float.h>

#include <gsl/gsl_randist.h>

#include "models/configuration.h"

#include "configurations.h"

static void test_frame_potential(void **state) {
  (void)state;
  static const struct {
    size_t d, n;
    double due;
  } table[] = {{3, 5, 8.333333333}, {3, 7, 16.333333333}, {4, 9, 20.25}, {5, 5, 5}, {6, 3, 3}};
  for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
    place t;
    double f_star, value[SPO_MODEL_MAX_METRICS];
    const char *theorem;
    spo_error err = {0};
    place_line(&t, spo_frame_potential(), NULL, "--points %zu --dim %zu", table[i].n, table[i].d);
    assert_int_equal(t.problem->ops->known_minimum(t.problem->self, &f_star, &theorem), 0);
    expect_near(f_star, table[i].due, 5e-10);
    double *x = new_vector(t.problem);
    for (uint64_t seed = 1; seed <= 25; seed++) {
      expect_seed = seed;
      point_by_name(spo_frame_potential(), t.problem, "random", seed, x);
      const spo_result res = run_solver(spo_trust_region(), t.problem, NULL, NULL, seed, x);
      expect_true(res.converged);
      expect_near(res.last.f, f_star, 1e-12 * f_star);
      expect_ok(spo_frame_potential()->metrics(t.problem, x, value, &err));
      expect_at_most(value[0], 1e-8);
      expect_near(value[1], res.last.f, 1e-12 * f_star);
    }
    free(x);
    place_close(&t);
  }
}

/* f = n log n - n alpha + alpha^2 FP/(2n) + O(alpha^3) where sum x = 0: the quadratic term by two
 * differences whose other even terms are O(alpha^4), the odd ones cancelled by hand. */
static void test_small_alpha(void **state) {
  (void)state;
  const char *names[] = {"polygon", "orthoplex", "icosahedron", "dodecahedron", "etf"};
  const size_t n[] = {7, 6, 12, 20, 4}, d[] = {3, 3, 3, 3, 5};
  for (int c = 0; c < 5; c++) {
    double quadratic[2], potential, m = (double)n[c];
    expect_seed = (uint64_t)c;
    for (int k = 0; k < 2; k++) {
      const double alpha = k ? 1e-3 : 2e-3;
      place t;
      place_line(&t, spo_tied_ce(), names[c], "--points %zu --dim %zu --alpha %g", n[c], d[c],
                 alpha);
      quadratic[k] = (cost_of(&t) - m * log(m) + m * alpha) / (alpha * alpha) * 2.0 * m;
      place_close(&t);
    }
    place t;
    place_line(&t, spo_frame_potential(), names[c], "--points %zu --dim %zu", n[c], d[c]);
    potential = cost_of(&t);
    /* 2 q(alpha) - q(2 alpha) removes the term of first order; rounding 2 n eps n log n/alpha^2 */
    expect_near(2.0 * quadratic[1] - quadratic[0], potential, 1e-5 * m * m);
    expect_near(potential, n[c] > 6 && c > 0 ? m * m / 3.0 : potential, 1e-12 * m * m);
    place_close(&t);
  }
}

static void test_thomson(void **state) {
  (void)state;
  static const struct {
    size_t n;
    double energy;
    uint64_t starts;
  } table[] = {{2, 0.5, 2},           {3, 1.732050808, 2},   {4, 3.674234614, 2},
               {5, 6.474691495, 2},   {6, 9.985281374, 2},   {7, 14.452977414, 3},
               {8, 19.675287861, 3},  {9, 25.759986531, 3},  {10, 32.716949460, 3},
               {11, 40.596450508, 3}, {12, 49.165253058, 3}, {20, 150.881568334, 5},
               {32, 412.261274651, 5}};
  for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
    char line[64];
    snprintf(line, sizeof line, "--points %zu", table[i].n);
    spo_problem *P = sample_problem(spo_riesz(), line);
    expect_near(best_of(spo_riesz(), P, table[i].starts, NULL), table[i].energy, 1e-8);
    spo_problem_destroy(P);
  }
}

/* Logarithmic: n-gon -n/2 log n, simplex, octahedron, by products of distances. */
static void test_logarithmic(void **state) {
  (void)state;
  for (size_t n = 2; n <= 9; n++) {
    place t;
    const double m = (double)n;
    place_line(&t, spo_riesz(), "polygon", "--points %zu --dim 2 --power 0", n);
    expect_near(cost_of(&t), -0.5 * m * log(m), 1e-13 * m * m);
    expect_near(best_of(spo_riesz(), t.problem, 3, NULL), -0.5 * m * log(m), 1e-12 * m * m);
    place_close(&t);
  }
  place t;
  place_line(&t, spo_riesz(), "orthoplex", "--points 6 --dim 3 --power 0");
  expect_near(cost_of(&t), -12.0 * 0.5 * log(2.0) - 3.0 * log(2.0), 1e-13);
  place_close(&t);
}

/* Every listed code is a spherical design of strength 2 at least: sum t = -1, sum t^2 = n/d - 1;
 * those that can be built have these inner products. */
static void test_known_codes(void **state) {
  (void)state;
  static const struct {
    size_t d, n;
    const char *name;
  } code[] = {{3, 4, "etf"},     {2, 7, "polygon"}, {5, 10, "orthoplex"}, {3, 12, "icosahedron"},
              {4, 120, NULL},    {5, 16, NULL},     {6, 27, NULL},        {7, 56, NULL},
              {8, 240, "roots"}, {21, 162, NULL},   {22, 100, NULL},      {22, 275, NULL},
              {23, 552, NULL},   {24, 196560, NULL}};
  for (size_t i = 0; i < sizeof code / sizeof code[0]; i++) {
    spo_known_code known;
    const double n = (double)code[i].n, d = (double)code[i].d;
    expect_seed = i;
    expect_true(spo_known_code_find(code[i].d, code[i].n, &known));
    double sum[3] = {0};
    for (size_t a = 0; a < known.angles; a++)
      for (int k = 0; k < 3; k++)
        sum[k] += known.count[a] * pow(known.cosine[a], k);
    if (known.angles > 0) {
      expect_near(sum[0], n - 1.0, 0.0);
      expect_near(sum[1], -1.0, 1e-14 * n);
      expect_near(sum[2], n / d - 1.0, 1e-14 * n);
    }
    for (int power = 0; power <= 3 && code[i].name; power++) {
      place t;
      double f_star;
      const char *theorem;
      place_line(&t, spo_riesz(), code[i].name, "--points %zu --dim %zu --power %d", code[i].n,
                 code[i].d, power);
      assert_int_equal(t.problem->ops->known_minimum(t.problem->self, &f_star, &theorem), 0);
      expect_near(cost_of(&t), f_star, 1e-13 * n * n);
      place_close(&t);
    }
  }
  static const size_t unknown[][2] = {{3, 5}, {3, 8}, {4, 10}, {4, 24}, {5, 17}, {3, 13}};
  for (size_t i = 0; i < 6; i++) {
    spo_known_code known;
    expect_true(!spo_known_code_find(unknown[i][0], unknown[i][1], &known));
  }
}

/* Coincident points: not evaluable, whichever power; near ones: relative accuracy. */
static void test_coincident(void **state) {
  (void)state;
  spo_error err = {0};
  const double powers[] = {0, 1, 2.5, 50};
  for (int c = 0; c < 4; c++)
    for (size_t n = 3; n <= 200; n += 197) {
      place t;
      expect_seed = (uint64_t)c;
      place_line(&t, spo_riesz(), NULL, "--points %zu --dim 3 --power %g", n, powers[c]);
      place_random(&t);
      double *x = new_vector(t.problem), f, *memo = calloc(t.problem->memo_len, sizeof *memo),
             *work = calloc(t.problem->work_len, sizeof *work), *g = new_vector(t.problem);
      memcpy(x, t.at->x, 3 * n * sizeof *x);
      memcpy(x + 3 * (n - 1), x, 3 * sizeof *x);
      assert_int_equal(t.problem->ops->cost(t.problem->self, x, &f, memo, work), 1);
      assert_int_equal(t.problem->ops->cost_egrad(t.problem->self, x, &f, g, memo, work), 1);
      spo_point_set(t.at, t.problem, x);
      expect_status(spo_eval_cost(t.eval, t.at), SPO_OUTSIDE);
      free(x), free(memo), free(work), free(g);
      place_close(&t);
    }
  place t;
  place_line(&t, spo_riesz(), NULL, "--points 2 --dim 2");
  for (double angle = 1e-8; angle < 3.0; angle *= 3.0) {
    const double x[] = {1.0, 0.0, cos(angle), sin(angle)};
    spo_point_set(t.at, t.problem, x);
    expect_near(cost_of(&t) * 2.0 * sin(0.5 * angle), 1.0, 1e-7 * (angle < 1e-6) + 1e-13);
  }
  place_close(&t);
}

/* Plain sums over pairs, tiles and powers; the Hessian by differences of the gradient. */
static void test_riesz_tiles(void **state) {
  (void)state;
  const double powers[] = {0, 1, 2, 3.7};
  const size_t ns[] = {2, 129, 300}, ds[] = {2, 3, 8};
  for (int c = 0; c < 12; c++) {
    const size_t n = ns[c % 3], d = ds[(c + c / 3) % 3], len = n * d;
    const double s = powers[c / 3];
    place t;
    expect_seed = (uint64_t)c;
    place_line(&t, spo_riesz(), NULL, "--points %zu --dim %zu --power %g", n, d, s);
    place_random(&t);
    const spo_problem *P = t.problem;
    const double *x = t.at->x;
    double f, both, due = 0.0, *g = calloc(4 * len, sizeof *g), *g2 = g + len, *g_due = g2 + len,
                    *memo = calloc(P->memo_len + P->work_len, sizeof *memo),
                    *work = memo + P->memo_len;
    double size = 0.0;
    for (size_t i = 0; i < n; i++)
      for (size_t j = 0; j < n; j++) {
        double rho = 0.0;
        for (size_t k = 0; k < d; k++)
          rho += pow(x[i * d + k] - x[j * d + k], 2.0);
        if (i == j)
          continue;
        const double slope = (s == 0.0 ? 1.0 : s) * pow(rho, -0.5 * s - 1.0);
        due += 0.5 * (s == 0.0 ? -0.5 * log(rho) : pow(rho, -0.5 * s));
        size += slope;
        for (size_t k = 0; k < d; k++)
          g_due[i * d + k] += slope * x[j * d + k];
      }
    assert_int_equal(P->ops->cost(P->self, x, &f, memo, work), 0);
    assert_int_equal(P->ops->egrad(P->self, x, g, memo, work), 0);
    assert_int_equal(P->ops->cost_egrad(P->self, x, &both, g2, memo, work), 0);
    /* the terms near rho = 1/64 carry 2 eps/rho */
    expect_near(f, due, 1e-13 * (1.0 + s) * (fabs(due) + (double)(n * n)));
    expect_near(both, f, 1e-15 * fabs(f));
    for (size_t i = 0; i < len; i++) {
      expect_near(g[i], g_due[i], 1e-12 * size);
      expect_near(g2[i], g[i], 1e-15 * size);
    }
    free(g), free(memo);
    place_close(&t);
  }
}

/* Measures of configurations that are known. */
static void test_measures(void **state) {
  (void)state;
  spo_error err = {0};
  double v, x[12] = {1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, -1};
  expect_near(spo_configuration_min_angle(3, 4, x), 90.0, 1e-13);
  expect_near(spo_configuration_max_cosine(3, 4, x), 0.0, 1e-15);
  expect_ok(spo_configuration_frame_potential(3, 4, x, &v, &err));
  expect_near(v, 6.0, 1e-14);
  /* Gram matrix of an orthonormal frame: I/sqrt 3 against (I - J/3)/sqrt 2 */
  expect_ok(spo_configuration_etf_defect(3, 3, x, &v, &err));
  expect_near(v, sqrt(2.0 - 2.0 * 2.0 / sqrt(6.0)), 1e-14);
  /* angle 1e-9, whose cosine is 1 */
  const double near[] = {1, 0, cos(1e-9), sin(1e-9)};
  expect_near(spo_configuration_min_angle(2, 2, near) * acos(-1.0) / 180.0, 1e-9, 1e-15);
  /* all in one place: every cap around it but the closed sphere is empty of the others */
  for (size_t d = 2; d <= 6; d++) {
    double e[24] = {0}, p;
    for (size_t i = 0; i < 4; i++)
      e[i * d] = 1.0;
    expect_ok(spo_configuration_discrepancy(d, 4, e, &v, &err));
    expect_near(v, 1.0, 1e-12);
    expect_ok(spo_configuration_uniformity(d, 4, e, &p, &err));
    expect_at_most(p, d == 2 ? 0.05 : 0.02);
  }
  /* polygon of n: others at angles 2 pi k/n, both sides; the largest step is at the middle ones */
  double *polygon = calloc(2 * 400, sizeof *polygon);
  for (int i = 0; i < 400; i++) {
    polygon[2 * i] = cos(acos(-1.0) * i / 200.0);
    polygon[2 * i + 1] = sin(acos(-1.0) * i / 200.0);
  }
  expect_ok(spo_configuration_discrepancy(2, 400, polygon, &v, &err));
  expect_at_most(v, 1.0 / 200.0 + 1e-12);
  expect_at_most(1.0 / 900.0, v);
  expect_ok(spo_configuration_uniformity(2, 400, polygon, &v, &err));
  expect_at_most(0.999, v);
  free(polygon);
}

/* p-values of uniform points are uniform: each decile as often as it should be. */
static void test_p_values(void **state) {
  (void)state;
  spo_error err = {0};
  enum { ROUNDS = 2000, N = 100 };
  for (size_t d = 2; d <= 8; d += 3) {
    gsl_rng *rng = new_rng(d);
    double x[N * 8];
    int decile[10] = {0};
    expect_seed = d;
    for (int round = 0; round < ROUNDS; round++) {
      double p;
      for (size_t i = 0; i < N; i++)
        gsl_ran_dir_nd(rng, d, x + i * d);
      expect_ok(spo_configuration_uniformity(d, N, x, &p, &err));
      decile[p >= 1.0 ? 9 : (int)(10.0 * p)]++;
    }
    for (int k = 0; k < 10; k++) /* 5 standard deviations of a binomial, 13.4 each */
      expect_near(decile[k], ROUNDS / 10.0, 67.0);
    gsl_rng_free(rng);
  }
}

static void test_refusals(void **state) {
  (void)state;
  spo_error err = {0};
  const struct {
    const char *line, *point, *arg;
  } bad[] = {
      {"--points 5 --dim 3", "etf", NULL},           {"--points 5 --dim 3", "orthoplex", NULL},
      {"--points 6 --dim 2", "orthoplex", NULL},     {"--points 9 --dim 4", "hypercube", NULL},
      {"--points 8 --dim 2", "hypercube", NULL},     {"--points 11 --dim 3", "icosahedron", NULL},
      {"--points 20 --dim 2", "dodecahedron", NULL}, {"--points 25 --dim 5", "roots", NULL},
      {"--points 240 --dim 7", "roots", NULL},       {"--points 4 --dim 2", "signs", NULL},
      {"--points 4 --dim 2", "signs", "+-+"},        {"--points 4 --dim 2", "signs", "5"},
      {"--points 4 --dim 2", "signs", "2x"}};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    spo_problem *P = sample_problem(spo_tied_ce(), bad[i].line);
    double *x = new_vector(P);
    size_t found = 0;
    expect_seed = i;
    for (size_t k = 0; k < SPO_CONFIGURATION_POINTS; k++)
      if (strcmp(spo_configuration_point[k].name, bad[i].point) == 0) {
        found++;
        err.text[0] = '\0';
        expect_status(spo_configuration_point[k].build(P, bad[i].arg, NULL, x, &err), SPO_E_ARG);
        expect_true(strstr(err.text, bad[i].point) == err.text);
      }
    assert_int_equal(found, 1);
    free(x);
    spo_problem_destroy(P);
  }
  spo_riesz_params p;
  spo_problem *P;
  spo_riesz_params_init(&p);
  p.points = 1u << 30, p.dim = 4;
  expect_status(spo_riesz_create(&p, &P, &err), SPO_E_DIM);
  spo_riesz_params_init(&p);
  p.power = NAN;
  expect_status(spo_riesz_create(&p, &P, &err), SPO_E_OPTION);
  p.power = -1.0;
  expect_status(spo_riesz_create(&p, &P, &err), SPO_E_OPTION);
  expect_true(P == NULL);
}

/* A logarithmic energy of 0 is a sum of logarithms that cancel: its noise is theirs. */
static void test_noise_of_nothing(void **state) {
  (void)state;
  spo_problem *P = sample_problem(spo_riesz(), "--points 2 --dim 2 --power 0");
  double x[4] = {1, 0, 0.5, sqrt(0.75)}, f, noise, scale;
  double *memo = calloc(P->memo_len, sizeof *memo), *work = calloc(P->work_len, sizeof *work);
  expect_true(P->ops->cost(P->self, x, &f, memo, work) == 0);
  expect_at_most(fabs(f), 1e-15);
  expect_true(P->ops->scale(P->self, x, f, memo, &noise, &scale) == 0);
  expect_true(noise >= DBL_EPSILON && noise <= 1e-12);
  free(memo), free(work);
  spo_problem_destroy(P);
}

/* Measures by their definitions: pairs one by one where there are many tiles, and distribution
 * functions that lie above and below the uniform one. */
static void test_definitions(void **state) {
  (void)state;
  enum { MANY = 150, D = 5 };
  spo_error err = {0};
  static double X[MANY * D], G[MANY * MANY];
  double value, norm = 0.0, due = 0.0;
  gsl_rng *rng = new_rng(4);
  for (size_t i = 0; i < MANY; i++)
    gsl_ran_dir_nd(rng, D, X + i * D);
  for (size_t i = 0; i < MANY * MANY; i++) {
    for (size_t k = 0; k < D; k++)
      G[i] += X[i / MANY * D + k] * X[i % MANY * D + k];
    norm = hypot(norm, G[i]);
  }
  for (size_t i = 0; i < MANY * MANY; i++) /* C / |C|, C = I - 11^T/n */
    due = hypot(due,
                G[i] / norm - ((i / MANY == i % MANY ? 1.0 : 0.0) - 1.0 / MANY) / sqrt(MANY - 1.0));
  expect_ok(spo_configuration_etf_defect(D, MANY, X, &value, &err));
  expect_near(value, due, 1e-13);
  gsl_rng_free(rng);
  const double antipodes[] = {1, 0, 0, -1, 0, 0}, together[] = {1, 0, 0, 1, 0, 0};
  expect_ok(spo_configuration_discrepancy(3, 2, antipodes, &value, &err));
  expect_near(value, 1.0, 0.0);
  expect_ok(spo_configuration_discrepancy(3, 2, together, &value, &err));
  expect_near(value, 1.0, 0.0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_frame_potential),  cmocka_unit_test(test_definitions),
      cmocka_unit_test(test_noise_of_nothing), cmocka_unit_test(test_small_alpha),
      cmocka_unit_test(test_thomson),          cmocka_unit_test(test_logarithmic),
      cmocka_unit_test(test_known_codes),      cmocka_unit_test(test_coincident),
      cmocka_unit_test(test_riesz_tiles),      cmocka_unit_test(test_measures),
      cmocka_unit_test(test_p_values),         cmocka_unit_test(test_refusals)};
  return cmocka_run_group_tests_name("point configurations", tests, NULL, NULL);
}
