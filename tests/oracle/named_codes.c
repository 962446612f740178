/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The codes that the spherical UFM has by name, for more classes than a simplex holds: critical at
 * any tau and any number of samples a class, their values and indices, what one more dimension
 * makes of them, and the same vectors for every model that has the name. */
#include <spheropt/landscape/spectrum.h>

#include "samples.h"

typedef struct seen {
  double f, grad; /* |grad|/(tau f) */
  size_t index;
} seen;

/* What there is at a named point; f alone where index is not asked for. */
static seen look(size_t K, size_t n, size_t d, double tau, const char *name, bool spectrum) {
  spo_error err = {0};
  spo_problem *P = ufm_problem(K, n, d, tau);
  double *x = new_vector(P);
  spo_eval *E;
  spo_point *p;
  seen s = {NAN, NAN, SIZE_MAX};
  point_by_name(spo_ufm(), P, name, 1, x);
  expect_ok(spo_eval_create(P, &E, &err));
  expect_ok(spo_point_create(P, &p, &err));
  spo_point_set(p, P, x);
  expect_ok(spo_eval_grad(E, p));
  s.f = p->f;
  s.grad = p->grad_norm / (tau * p->f);
  if (spectrum) {
    spo_spectrum *t;
    gsl_rng *rng = new_rng(1);
    expect_ok(spo_spectrum_at(E, p, NULL, rng, &t, &err));
    expect_true(t->counts_known);
    s.index = t->index;
    spo_spectrum_destroy(t);
    gsl_rng_free(rng);
  }
  spo_eval_destroy(E);
  spo_point_destroy(p);
  free(x);
  spo_problem_destroy(P);
  return s;
}

/* Best known values; where the code is not the best one, its index says whether it is a minimum. */
static void test_table(void **state) {
  (void)state;
  static const struct {
    size_t K, d;
    const char *name;
    double tau, f, digit; /* f NaN: not printed */
    size_t index;
  } due[] = {
      {4, 2, "polygon", 1, 0.626523375, 1e-9, 0},
      {4, 2, "simplices:2+2", 5, 0.01343069698, 1e-11, 0},
      {4, 2, "orthoplex", 10, 9.079779843e-05, 1e-14, 0},
      {5, 3, "simplices:3+2", 1, 0.7905574325, 1e-10, 0},
      {5, 3, "simplices:3+2", 5, 0.01670876122, 1e-11, 0},
      {5, 3, "simplices:2+3", 9, NAN, 0, 0}, /* stable up to 9.2898 */
      {5, 3, "simplices:3+2", 10, NAN, 0, 2},
      {5, 3, "simplices:3+2", 20, NAN, 0, 2},
      {6, 3, "simplices:2+2+2", 1, 0.9581437651, 1e-10, 0},
      {6, 3, "orthoplex", 5, 0.0266391928, 1e-10, 0},
      {6, 3, "simplices:2+2+2", 10, 1.815852926e-04, 1e-13, 0},
      {6, 3, "orthoplex", 20, 8.24461446e-09, 1e-17, 0},
      {12, 3, "icosahedron", 1, 1.646383247, 1e-9, 0},
      {12, 3, "icosahedron", 5, 0.2767700401, 1e-10, 0},
      {12, 3, "icosahedron", 20, 7.897891418e-05, 1e-14, 0},
      {6, 4, "simplices:3+3", 1, 0.9360536109, 1e-10, 0},
      {6, 4, "simplices:4+2", 1, 0.93728449, 5e-9, 0},
      {6, 4, "simplices:4+2", 5, 0.02031037074, 1e-11, 0},
      {6, 4, "simplices:3+3", 5, 0.021095918, 5e-10, 0},
      {6, 4, "simplices:3+3", 8, NAN, 0, 4},
      {6, 4, "simplices:3+3", 10, NAN, 0, 4},
      {6, 4, "simplices:3+3", 20, NAN, 0, 4},
      {6, 4, "simplices:4+2", 20, NAN, 0, 3},
      {8, 4, "simplices:2+2+2+2", 5, 0.03967549619, 1e-11, 0},
      {8, 4, "orthoplex", 20, 1.236692166e-08, 1e-17, 0},
  };
  for (size_t i = 0; i < sizeof due / sizeof due[0]; i++) {
    expect_seed = i;
    const seen s = look(due[i].K, 1, due[i].d, due[i].tau, due[i].name, true);
    if (!isnan(due[i].f))
      expect_near(s.f, due[i].f, due[i].digit);
    expect_at_most(s.grad, 1e-12);
    assert_int_equal(s.index, due[i].index);
  }
}

/* One more dimension: the index that the eigenvalues of the softmax matrix tell. */
static void test_orbit_codes(void **state) {
  (void)state;
  static const struct {
    const char *name;
    size_t d, K;
    double one, five; /* f at tau 1 and 5 */
    size_t index, above;
  } due[] = {
      {"polygon", 2, 4, 0.62652338, 0.013430697, 0, 1},
      {"polygon", 2, 5, 0.84578101, 0.061486289, 0, 2},
      {"polygon", 2, 6, 1.0277094, 0.15299707, 0, 3},
      {"orthoplex", 3, 6, 0.95814377, 0.026639193, 0, 2},
      {"orthoplex", 4, 8, 1.2067525, 0.039675496, 0, 3},
      {"hypercube", 3, 8, 1.2431103, 0.10515725, 2, 6},
      {"icosahedron", 3, 12, 1.6463832, 0.27677004, 0, 8},
  };
  for (size_t i = 0; i < sizeof due / sizeof due[0]; i++) {
    expect_seed = i;
    const seen flat = look(due[i].K, 1, due[i].d, 1.0, due[i].name, true);
    const seen above = look(due[i].K, 1, due[i].d + 1, 1.0, due[i].name, true);
    const seen five = look(due[i].K, 1, due[i].d, 5.0, due[i].name, false);
    expect_near(flat.f / due[i].one, 1.0, 6e-8);
    expect_near(five.f / due[i].five, 1.0, 6e-8);
    expect_near(above.f, flat.f, 1e-14);
    assert_int_equal(flat.index, due[i].index);
    assert_int_equal(above.index, due[i].above);
  }
}

/* sum_g m_g/K log(1 + (m_g - 1) e^{-tau m_g/(m_g - 1)} + (K - m_g) e^{-tau}), whatever n */
static void test_simplices(void **state) {
  (void)state;
  static const struct {
    const char *name;
    size_t groups, size[4];
  } due[] = {{"simplices:2", 1, {2}},
             {"simplices:7", 1, {7}},
             {"simplices:2+5", 2, {2, 5}},
             {"simplices:4+3+2", 3, {4, 3, 2}},
             {"simplices:3+3+3+3", 4, {3, 3, 3, 3}}};
  const double taus[] = {0.3, 4.0, 30.0};
  for (size_t i = 0; i < sizeof due / sizeof due[0]; i++)
    for (size_t t = 0; t < 3; t++)
      for (size_t n = 1; n <= 3; n += 2) {
        size_t K = 0;
        double f = 0.0;
        for (size_t g = 0; g < due[i].groups; g++)
          K += due[i].size[g];
        for (size_t g = 0; g < due[i].groups; g++) {
          const double m = (double)due[i].size[g], others = (double)K - m;
          f +=
              m / (double)K * log1p((m - 1) * exp(-taus[t] * m / (m - 1)) + others * exp(-taus[t]));
        }
        const size_t d = K - due[i].groups + 2 * (n / 3); /* as few as there must be, and more */
        const seen s = look(K, n, d, taus[t], due[i].name, false);
        expect_near(s.f / f, 1.0, 1e-12);
        expect_at_most(s.grad, 1e-12);
      }
}

/* W of ufm, H where labels say, and the points of tied-ce, bit for bit. */
static void test_one_piece(void **state) {
  (void)state;
  static const struct {
    const char *name, *tied, *ufm;
    size_t K, d;
  } code[] = {
      {"polygon", "--points 7 --dim 3", "--classes 7 --per-class 2 --dim 3", 7, 3},
      {"hypercube", "--points 8 --dim 3", "--classes 8 --per-class 2 --dim 3", 8, 3},
      {"dodecahedron", "--points 20 --dim 3", "--classes 20 --per-class 2 --dim 3", 20, 3},
      {"roots", "--points 24 --dim 4", "--classes 24 --per-class 2 --dim 4", 24, 4},
      {"simplices:3+2", "--points 5 --dim 4", "--classes 5 --per-class 2 --dim 4", 5, 4},
  };
  for (size_t i = 0; i < sizeof code / sizeof code[0]; i++) {
    const size_t K = code[i].K, d = code[i].d;
    spo_problem *P = sample_problem(spo_tied_ce(), code[i].tied);
    spo_problem *Q = sample_problem(spo_ufm(), code[i].ufm);
    double *x = new_vector(P), *y = new_vector(Q);
    point_by_name(spo_tied_ce(), P, code[i].name, 1, x);
    point_by_name(spo_ufm(), Q, code[i].name, 1, y);
    assert_memory_equal(x, y, K * d * sizeof *x);
    for (size_t k = 0; k < 2 * K; k++)
      assert_memory_equal(x + k / 2 * d, y + (K + k) * d, d * sizeof *x);
    free(x), free(y);
    spo_problem_destroy(P);
    spo_problem_destroy(Q);
  }
}

/* Critical for whatever knows the points by their inner products; Thomson's energies and frame
 * potentials, sum_g m_g^2/(m_g - 1). */
static void test_other_costs(void **state) {
  (void)state;
  const spo_model_ops *model[] = {spo_riesz(), spo_frame_potential(), spo_tied_ce(), spo_code()};
  static const struct {
    const char *line, *name;
    double energy, potential; /* NaN: not known */
  } due[] = {
      {"--points 4 --dim 3", "simplices:4", 3.674234614, 16.0 / 3.0},
      {"--points 5 --dim 3", "simplices:3+2", 6.474691495, 8.5},
      {"--points 6 --dim 3", "simplices:2+2+2", 9.985281374, 12.0},
      {"--points 12 --dim 3", "icosahedron", 49.165253058, 48.0},
      {"--points 9 --dim 7", "simplices:3+6", NAN, 4.5 + 7.2},
  };
  for (size_t i = 0; i < sizeof due / sizeof due[0]; i++)
    for (size_t m = 0; m < 4; m++) {
      spo_error err = {0};
      spo_problem *P = sample_problem(model[m], due[i].line);
      double *x = new_vector(P);
      spo_eval *E;
      spo_point *p;
      point_by_name(model[m], P, due[i].name, 1, x);
      expect_ok(spo_eval_create(P, &E, &err));
      expect_ok(spo_point_create(P, &p, &err));
      spo_point_set(p, P, x);
      expect_ok(spo_eval_grad(E, p));
      expect_at_most(p->grad_norm, 1e-12 * fabs(p->f));
      if (m == 0 && !isnan(due[i].energy))
        expect_near(p->f, due[i].energy, 1e-9);
      if (m == 1)
        expect_near(p->f, due[i].potential, 1e-13);
      spo_eval_destroy(E);
      spo_point_destroy(p);
      free(x);
      spo_problem_destroy(P);
    }
}

static void test_refusals(void **state) {
  (void)state;
  static const struct {
    const char *line, *name, *arg, *why;
  } bad[] = {
      {"--classes 5 --dim 2", "simplices", "3+2", "needs dim at least 3"},
      {"--classes 5 --dim 4", "simplices", NULL, "is no sum of sizes"},
      {"--classes 5 --dim 4", "simplices", "", "is no sum of sizes"},
      {"--classes 5 --dim 4", "simplices", "3+3", "that makes 5 points"},
      {"--classes 5 --dim 4", "simplices", "4+1", "each at least 2"},
      {"--classes 5 --dim 4", "simplices", "3+2+", "is no sum of sizes"},
      {"--classes 5 --dim 4", "simplices", "+3+2", "is no sum of sizes"},
      {"--classes 5 --dim 4", "simplices", "3-2", "is no sum of sizes"},
      {"--classes 5 --dim 4", "simplices", "99999999999999999999", "is no sum of sizes"},
      {"--classes 5 --dim 4", "orthoplex", NULL, "even number of points"},
      {"--classes 6 --dim 3", "icosahedron", NULL, "has 12 points"},
      {"--classes 4 --dim 3 --majority 1 --imbalance 2", "polygon", NULL, "the same weight"},
      {"--classes 4 --dim 3 --fix-classifier etf", "polygon", NULL, "which is frozen"},
  };
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    spo_error err = {0};
    size_t found = 0;
    spo_problem *P = sample_problem(spo_ufm(), bad[i].line);
    double *x = new_vector(P);
    expect_seed = i;
    for (size_t k = 0; k < spo_ufm()->n_points; k++)
      if (strcmp(spo_ufm()->point[k].name, bad[i].name) == 0) {
        found++;
        expect_status(spo_ufm()->point[k].build(P, bad[i].arg, NULL, x, &err), SPO_E_ARG);
        expect_true(strncmp(err.text, bad[i].name, strlen(bad[i].name)) == 0);
        expect_true(strstr(err.text, bad[i].why) != NULL);
      }
    assert_int_equal(found, 1);
    free(x);
    spo_problem_destroy(P);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_table),       cmocka_unit_test(test_orbit_codes),
      cmocka_unit_test(test_simplices),   cmocka_unit_test(test_one_piece),
      cmocka_unit_test(test_other_costs), cmocka_unit_test(test_refusals)};
  return cmocka_run_group_tests_name("codes by name", tests, NULL, NULL);
}
