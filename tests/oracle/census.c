/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A census of critical points of the spherical UFM: for d >= K every one that is not a global
 * minimiser has negative curvature along a constructed direction, and f falls along it. Points of
 * any index come from Levenberg-Marquardt on |grad|^2, random starts. */
#include "expect.h"

#include <string.h>
#include <spheropt/landscape/verify.h>

#include "critical.h"

static void count_points(size_t K, size_t n, size_t d, double tau, int runs) {
  place t;
  place_ufm(&t, K, n, d, tau, NULL);
  gsl_rng_set(t.rng, 1);
  int found = 0, global = 0, saddles = 0, searched = 0, lowest_index = 1 << 20;
  for (int run = 0; run < runs; run++) {
    expect_seed = (uint64_t)run;
    place_random(&t);
    if (!critical_find(&t, 1e-9, 300))
      continue;
    found++;
    spo_error err = {0};
    spo_verification v;
    expect_ok(spo_verify(t.problem, t.at->x, NULL, NULL, &v, NULL, &err));
    if (v.verdict == SPO_GLOBAL_MINIMIZER) {
      global++;
      continue;
    }
    if (v.verdict != SPO_STRICT_SADDLE)
      print_error("run %d: %s: %s\n", run, spo_verdict_name(v.verdict), v.why);
    assert_int_equal(v.verdict, SPO_STRICT_SADDLE);
    expect_true(v.rayleigh < 0 && v.decrease > 0 && v.index > 0);
    saddles++;
    searched += !strcmp(v.direction_case, "hessian");
    if ((int)v.index < lowest_index)
      lowest_index = (int)v.index;
  }
  print_message(
      "(K, n, d, tau) = (%zu, %zu, %zu, %g): %d critical points of %d runs, %d global, %d "
      "saddles of index >= %d, %d of them by the Hessian's own vector\n",
      K, n, d, tau, found, runs, global, saddles, lowest_index, searched);
  expect_true(2 * found >= runs && saddles >= 5);
  assert_int_equal(searched, 0);
  place_close(&t);
}

static void small(void **state) {
  (void)state;
  count_points(3, 1, 4, 1, 200);
}
static void larger(void **state) {
  (void)state;
  count_points(3, 2, 4, 3, 200);
}
static void as_many_dimensions_as_classes(void **state) {
  (void)state;
  count_points(3, 1, 3, 1, 60);
  count_points(2, 2, 3, 1, 60);
}

static void saturated(void **state) {
  (void)state;
  count_points(3, 2, 3, 8, 60);
  count_points(4, 1, 4, 6, 60);
  count_points(4, 1, 5, 10, 60);
  count_points(3, 3, 5, 10, 60);
}

/* The Rayleigh quotient of case C at a critical point, NAN where the case does not apply: the
 * classifiers do not span the space. */
static double case_c(place *t) {
  const spo_problem *P = t->problem;
  const spo_certificate *C = P->ops->certificate;
  const size_t n = P->manifold->n, order = C->order(P->self);
  double *room = calloc(C->store_len(P->self) + C->work_len(P->self) + order + 2 * n, sizeof *room);
  double *work = room + C->store_len(P->self), *u = work + C->work_len(P->self), *v = u + order;
  double value = NAN;
  expect_true(spo_eval_grad(t->eval, t->at) == SPO_OK);
  expect_true(C->prepare(P->self, t->at->x, t->at->memo, room, work) == 0);
  if (C->direction(P->self, t->at->x, t->at->memo, room, 2, -1.0, u, v, work) == 0) {
    expect_true(P->manifold->ops->project(P->manifold, t->at->x, v, v, t->eval->work) == SPO_OK);
    expect_true(spo_eval_hess(t->eval, t->at, 1, v, v + n) == SPO_OK);
    value = spo_manifold_inner(P->manifold, t->at->x, v, v + n) /
            spo_manifold_inner(P->manifold, t->at->x, v, v);
  }
  free(room);
  return value;
}

/* d = K = 3 with classifiers that span the space: w_k = cos v + sin u_k over a triangle u_k in the
 * plane, a features of class y at u_y and b < a at -u_y. Critical where q = exp(3/2 tau sin) solves
 * a (1/q + 2) = b (q + 2), that is b q^2 - 2 (a - b) q - a = 0. */
static double calibrated_triangle(place *t, size_t a, size_t b, double tau, double *x) {
  const double q = ((double)(a - b) + sqrt(pow((double)(a - b), 2) + (double)(a * b))) / (double)b;
  const double s = log(q) / (1.5 * tau);
  expect_true(s < 1.0);
  for (size_t k = 0; k < 3; k++) {
    const double turn = 2.0 * 3.14159265358979323846 * (double)k / 3.0;
    const double u[3] = {cos(turn), sin(turn), 0.0};
    for (size_t j = 0; j < 3; j++)
      x[3 * k + j] = s * u[j] + (j == 2 ? sqrt(1.0 - s * s) : 0.0);
    for (size_t i = 0; i < a + b; i++)
      for (size_t j = 0; j < 3; j++)
        x[9 + 3 * ((a + b) * k + i) + j] = i < a ? u[j] : -u[j];
  }
  spo_point_set(t->at, t->problem, x);
  return -3.0 * s * tau / (3.0 * (double)(a + b)) /
         (1.0 / q + 2.0); /* minus beta of a wrong feature */
}

static void independent_classifiers(void **state) {
  (void)state;
  const struct {
    double tau;
    size_t a, b;
  } due[] = {{0.1, 11, 10}, {1, 2, 1}, {10, 2, 1}, {100, 3, 1}};
  for (int i = 0; i < 4; i++) {
    place t;
    double x[9 + 9 * 21];
    spo_error err = {0};
    spo_verification v;
    place_ufm(&t, 3, due[i].a + due[i].b, 3, due[i].tau, NULL);
    const double rayleigh = calibrated_triangle(&t, due[i].a, due[i].b, due[i].tau, x);
    expect_ok(spo_verify(t.problem, x, NULL, NULL, &v, NULL, &err));
    expect_true(v.critical && v.verdict == SPO_STRICT_SADDLE && v.decrease > 0.0);
    expect_near(case_c(&t), rayleigh, 1e-12 * fabs(rayleigh));
    expect_at_most(v.rayleigh, rayleigh * (1.0 - 1e-12)); /* the lowest of the cases that apply */
    place_close(&t);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(small),
      cmocka_unit_test(larger),
      cmocka_unit_test(as_many_dimensions_as_classes),
      cmocka_unit_test(saturated),
      cmocka_unit_test(independent_classifiers),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
