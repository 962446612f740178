/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Spherical codes: the known packings to the digits of Cohn's table, softmax codes to their closed
 * forms, the margin against the convex hull by hand, and the polish against what it promises. */
#include "expect.h"

#include <gsl/gsl_randist.h>
#include <spheropt/models/generalised_collapse.h>

#include "models/minimax.h"

#include "configurations.h"

/* The best polished value of some starts. */
static double best_code(const char *kind, size_t n, size_t d, double sharpness, uint64_t starts,
                        double *x) {
  spo_error err = {0};
  char line[120];
  snprintf(line, sizeof line, "--points %zu --dim %zu --kind %s --sharpness %g", n, d, kind,
           sharpness);
  spo_problem *P = sample_problem(spo_code(), line);
  const size_t len = P->manifold->n;
  double best = INFINITY, *y = new_vector(P);
  for (uint64_t seed = 1; seed <= starts; seed++) {
    double value;
    expect_seed = seed;
    point_by_name(spo_code(), P, "random", seed, y);
    const spo_result res = run_solver(spo_trust_region(), P, NULL, NULL, seed, y);
    expect_true(res.converged);
    expect_ok(spo_code_polish(P, y, &value, &err));
    /* the smooth cost is above every term: what the polish found is no worse */
    expect_at_most(value, res.last.f);
    if (value < best) {
      best = value;
      if (x)
        memcpy(x, y, len * sizeof *x);
    }
  }
  free(y);
  spo_problem_destroy(P);
  return best;
}

static void test_tammes(void **state) {
  (void)state;
  const double r5 = 1.0 / sqrt(5.0);
  const struct {
    size_t n, d;
    double cosine, tol;
    uint64_t starts;
  } code[] = {
      {4, 3, -1.0 / 3.0, 1e-11, 3},
      {5, 3, 0.0, 1e-11, 3},
      {6, 3, 0.0, 1e-11, 3},
      {7, 3, 0.210138312731, 1e-11, 5},
      {8, 3, 0.261203874964, 1e-11, 5},
      {9, 3, 1.0 / 3.0, 1e-11, 5},
      {10, 3, 0.404394325216, 2e-12, 8},
      {11, 3, r5, 1e-10, 5},
      {12, 3, r5, 1e-11, 3},
      {8, 4, 0.0, 1e-11, 3},
      {10, 4, 1.0 / 6.0, 1e-11, 8},
      {16, 5, 0.2, 1e-11, 5},
      {24, 4, 0.5, 1e-11, 12},
      {16, 8, 0.0, 1e-11, 2},
      {9, 8, -0.125, 1e-11, 2},
      {5, 2, cos(0.4 * 3.14159265358979323846), 1e-11, 2},
  };
  for (size_t i = 0; i < sizeof code / sizeof code[0]; i++) {
    double *x = calloc(code[i].n * code[i].d, sizeof *x);
    const double sharpness = code[i].n == 24 ? 5.0 : 50.0;
    const double value = best_code("tammes", code[i].n, code[i].d, sharpness, code[i].starts, x);
    if (!(fabs(value - code[i].cosine) <= code[i].tol))
      print_error("n = %zu, d = %zu\n", code[i].n, code[i].d);
    expect_near(value, code[i].cosine, code[i].tol);
    /* by the points alone */
    double most = -1.0;
    for (size_t a = 0; a < code[i].n; a++)
      for (size_t b = 0; b < a; b++) {
        double dot = 0.0;
        for (size_t k = 0; k < code[i].d; k++)
          dot += x[a * code[i].d + k] * x[b * code[i].d + k];
        most = fmax(most, dot);
      }
    expect_near(most, value, 1e-15);
    free(x);
  }
  const double degrees = acos(best_code("tammes", 24, 3, 50.0, 4, NULL)) * 180.0 / acos(-1.0);
  expect_near(degrees, 43.69, 5e-3);
}

/* margin = 1 - cos(2 pi/K) in the plane, K/(K-1) to K = d+1, 1 to K = 2d, the icosahedron's. */
static void test_softmax(void **state) {
  (void)state;
  spo_error err = {0};
  const double pi = acos(-1.0);
  struct {
    size_t n, d;
    double margin;
  } code[32];
  size_t count = 0;
  for (size_t n = 4; n <= 8; n++)
    code[count].n = n, code[count].d = 2, code[count++].margin = 1.0 - cos(2.0 * pi / (double)n);
  for (size_t d = 2; d <= 4; d++)
    for (size_t n = 2; n <= 2 * d; n++) {
      code[count].n = n, code[count].d = d;
      code[count++].margin = n <= d + 1 ? (double)n / ((double)n - 1.0) : 1.0;
    }
  code[count].n = 12, code[count].d = 3, code[count++].margin = 1.0 - 1.0 / sqrt(5.0);
  for (size_t i = 0; i < count; i++) {
    const size_t n = code[i].n, d = code[i].d;
    double margin, *x = calloc(2 * n * d, sizeof *x);
    const double value = best_code("softmax", n, d, 20.0, 4, x);
    if (!(fabs(value + code[i].margin) <= 1e-10))
      print_error("K = %zu, d = %zu\n", n, d);
    expect_near(-value, code[i].margin, 1e-10);
    /* the directions prove a bound, the hull tells the truth: no less */
    expect_ok(spo_one_versus_rest(d, n, x, &margin, &err));
    expect_at_most(-value, margin + 1e-12);
    expect_near(margin, code[i].margin, 1e-10);
    free(x);
  }
  expect_near(1.0 - 1.0 / sqrt(5.0), 0.552786, 5e-7);
}

/* A point above a triangle, a segment, a corner; inside; many points in one place. */
static void test_hull(void **state) {
  (void)state;
  spo_error err = {0};
  double margin;
  const double triangle[] = {0, 0, 1, 1, 0, 0, -0.5, sqrt(0.75), 0, -0.5, -sqrt(0.75), 0};
  expect_ok(spo_one_versus_rest(3, 4, triangle, &margin, &err));
  expect_near(margin, 1.0, 1e-14); /* the tip is 1 above; the others further off */
  const double inside[] = {0.1, 0.0, 1.0, 0.0, -1.0, 1.0, -1.0, -1.0};
  expect_ok(spo_one_versus_rest(2, 4, inside, &margin, &err));
  expect_near(margin, 0.0, 1e-7);
  const double pair[] = {0.6, 0.8, -1.0, 0.0};
  expect_ok(spo_one_versus_rest(2, 2, pair, &margin, &err));
  expect_near(margin, sqrt(1.6 * 1.6 + 0.64), 1e-14);
  const double equal[] = {1, 0, 1, 0, 1, 0};
  expect_ok(spo_one_versus_rest(2, 3, equal, &margin, &err));
  expect_near(margin, 0.0, 1e-14);
  const double wrong[] = {1, 0, NAN, 0, 0, 1};
  expect_status(spo_one_versus_rest(2, 3, wrong, &margin, &err), SPO_E_NONFINITE);
  expect_true(isnan(margin));
}

/* Random sets, some with a vector well inside, against weights improved pair by pair. */
static void test_random_hulls(void **state) {
  (void)state;
  spo_error err = {0};
  double margin;
  for (expect_seed = 1; expect_seed <= 20; expect_seed++) {
    gsl_rng *rng = new_rng(expect_seed);
    enum { N = 6, D = 4 };
    double W[N * D], below = INFINITY;
    for (int i = 0; i < N; i++)
      gsl_ran_dir_nd(rng, D, W + i * D);
    for (int k = 0; k < D && expect_seed % 3 == 0; k++)
      W[k] *= 0.5;
    expect_ok(spo_one_versus_rest(D, N, W, &margin, &err));
    for (int i = 0; i < N; i++) { /* cyclic descent over weights: an upper bound that converges */
      double weight[N] = {0}, x[D];
      for (int j = 0; j < N; j++)
        weight[j] = j == i ? 0.0 : 1.0 / (N - 1);
      for (int round = 0; round < 3000; round++)
        for (int a = 0; a < N; a++)
          for (int b = 0; b < N; b++) {
            if (a == b || a == i || b == i)
              continue;
            double along = 0.0, length = 0.0; /* move weight from a to b */
            for (int k = 0; k < D; k++) {
              x[k] = W[i * D + k];
              for (int j = 0; j < N; j++)
                x[k] -= weight[j] * W[j * D + k];
              const double e = W[b * D + k] - W[a * D + k];
              along += x[k] * e;
              length += e * e;
            }
            const double t = fmin(fmax(along / length, -weight[b]), weight[a]);
            weight[a] -= t, weight[b] += t;
          }
      double square = 0.0;
      for (int k = 0; k < D; k++) {
        x[k] = W[i * D + k];
        for (int j = 0; j < N; j++)
          x[k] -= weight[j] * W[j * D + k];
        square += x[k] * x[k];
      }
      below = fmin(below, sqrt(square));
    }
    expect_near(margin, below, 1e-6);
    gsl_rng_free(rng);
  }
}

/* At the minimum of each sharpness the theorem's value, and neither side of its conditions. */
static void test_minimum(void **state) {
  (void)state;
  const double sharp[] = {1.0, 20.0, 1000.0};
  static const struct {
    size_t n, d;
    const char *name;
  } code[] = {{12, 3, "icosahedron"}, {8, 4, "orthoplex"}, {240, 8, "roots"},  {5, 6, "etf"},
              {9, 2, "polygon"},      {24, 4, "roots"},    {8, 3, "hypercube"}};
  for (size_t i = 0; i < sizeof code / sizeof code[0]; i++)
    for (int s = 0; s < 3; s++) {
      place t;
      double f_star;
      const char *theorem;
      expect_seed = i;
      place_line(&t, spo_code(), code[i].name, "--points %zu --dim %zu --sharpness %g", code[i].n,
                 code[i].d, sharp[s]);
      const int unknown = t.problem->ops->known_minimum(t.problem->self, &f_star, &theorem);
      assert_int_equal(unknown, i >= 5);
      expect_at_most(gradient_of(&t), 1e-12);
      if (!unknown)
        expect_near(t.at->f, f_star, 1e-14 * (1.0 + fabs(f_star)));
      place_close(&t);
    }
  for (size_t d = 3; d <= 4; d++) {
    place t;
    double f_star;
    const char *theorem;
    place_line(&t, spo_code(), NULL, "--points 5 --dim %zu --kind softmax --sharpness 7", d);
    assert_int_equal(t.problem->ops->known_minimum(t.problem->self, &f_star, &theorem) == 0,
                     d >= 4);
    if (d == 4) {
      expect_near(f_star, -1.25 + log(20.0) / 7.0, 1e-15);
      expect_near(best_of(spo_code(), t.problem, 3, NULL), f_star, 1e-12);
    }
    place_close(&t);
  }
}

/* Worse points are never returned; a foreign problem and one too large are refused. */
static void test_polish_contract(void **state) {
  (void)state;
  spo_error err = {0};
  spo_problem *P = sample_problem(spo_code(), "--points 9 --dim 3"),
              *large = sample_problem(spo_code(), "--points 2001 --dim 2"),
              *other = sample_problem(spo_riesz(), "--points 9 --dim 3");
  double *x = new_vector(P), *y = new_vector(large), value[SPO_MODEL_MAX_METRICS], after;
  for (uint64_t seed = 1; seed <= 20; seed++) { /* far from any minimum */
    expect_seed = seed;
    point_by_name(spo_code(), P, "random", seed, x);
    expect_ok(spo_code()->metrics(P, x, value, &err));
    expect_ok(spo_code_polish(P, x, &after, &err));
    expect_at_most(after, value[1] + 1e-15);
    for (int again = 0; again < 3; again++) { /* the answer is not given up for a worse one */
      double next;
      expect_ok(spo_code_polish(P, x, &next, &err));
      expect_at_most(next, after);
      after = next;
    }
    for (size_t i = 0; i < 9; i++)
      expect_near(x[3 * i] * x[3 * i] + x[3 * i + 1] * x[3 * i + 1] + x[3 * i + 2] * x[3 * i + 2],
                  1.0, 1e-14);
  }
  expect_status(spo_code_polish(other, x, &after, &err), SPO_E_ARG);
  expect_status(spo_code_polish(large, y, &after, &err), SPO_E_UNSUPPORTED);
  free(x), free(y);
  spo_problem_destroy(P);
  spo_problem_destroy(large);
  spo_problem_destroy(other);
}

/* At the largest sharpness only the nearest pairs are left: 30 of the icosahedron. */
static void test_sharpest(void **state) {
  (void)state;
  spo_problem *P = sample_problem(spo_code(), "--points 12 --dim 3 --sharpness 1e5");
  double f_star = NAN;
  const char *theorem;
  expect_true(P->ops->known_minimum(P->self, &f_star, &theorem) == 0);
  expect_near(f_star, 1.0 / sqrt(5.0) + log(30.0) / 1e5, 1e-15);
  spo_problem_destroy(P);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_tammes),         cmocka_unit_test(test_sharpest),
      cmocka_unit_test(test_softmax),        cmocka_unit_test(test_hull),
      cmocka_unit_test(test_random_hulls),   cmocka_unit_test(test_minimum),
      cmocka_unit_test(test_polish_contract)};
  return cmocka_run_group_tests_name("spherical codes", tests, NULL, NULL);
}
