/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Every model of the generated list, at random points and at each of its named points: derivatives,
 * symmetry, linearity and preconditioner by spo_check_problem, whose own mutants are in
 * tests/conformance; and the certificate's matrix: symmetric, and its bound no less than the
 * gap. */
#include "lists/lists.h"
#include "samples.h"

static void print_failures(const char *model, const char *line, const spo_check_report *report) {
  for (size_t i = 0; i < report->count; i++)
    if (!report->item[i].pass)
      print_error("%s %s: %s = %.3g, must be in [%.3g, %.3g], seed %llu\n", model, line,
                  report->item[i].name, report->item[i].value, report->item[i].lo,
                  report->item[i].hi, (unsigned long long)expect_seed);
}

static void check_at(const spo_model_ops *model, const char *line, const spo_problem *P,
                     const double *x) {
  spo_error err = {0};
  spo_check_report report;
  gsl_rng *rng = new_rng(expect_seed);
  expect_ok(spo_check_problem(P, x, rng, &report, &err));
  print_failures(model->name, line, &report);
  expect_true(report.pass && report.count >= 5);
  gsl_rng_free(rng);
}

static void test_derivatives(void **state) {
  (void)state;
  for (size_t m = 0; spo_list_models[m]; m++) {
    const spo_model_ops *model = spo_list_models[m]();
    for (const char *const *line = model->sample; *line; line++) {
      spo_problem *P = sample_problem(model, *line);
      for (expect_seed = 1; expect_seed <= 8; expect_seed++)
        check_at(model, *line, P, NULL);
      spo_problem_destroy(P);
    }
  }
}

/* Named points that exist without an argument, and some with one. */
static void test_named_points(void **state) {
  (void)state;
  spo_problem *P = ufm_problem(4, 3, 5, 2.0);
  const char *names[] = {"etf", "antipodal", "signs", "collapsed:30", "collapsed:0", "merged:2"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    double *x = new_vector(P);
    expect_seed = i;
    point_by_name(spo_ufm(), P, names[i], i, x);
    check_at(spo_ufm(), names[i], P, x);
    free(x);
  }
  spo_problem_destroy(P);
}

/* <Z u, v> = <u, Z v>, plain and scaled, in one block and one by one. */
static void test_certificates(void **state) {
  (void)state;
  for (size_t m = 0; spo_list_models[m]; m++) {
    const spo_model_ops *model = spo_list_models[m]();
    for (const char *const *line = model->sample; *line; line++) {
      spo_error err = {0};
      spo_problem *P = sample_problem(model, *line);
      const spo_certificate *C = P->ops->certificate;
      const size_t n = C ? C->order(P->self) : 0;
      if (n > 0) {
        spo_eval *E;
        spo_point *p;
        expect_ok(spo_eval_create(P, &E, &err));
        expect_ok(spo_point_create(P, &p, &err));
        point_by_name(model, P, "random", 1, p->x);
        expect_ok(spo_eval_grad(E, p));
        gsl_rng *rng = new_rng(2);
        double *U = calloc(2 * n, sizeof(double)), *ZU = calloc(2 * n, sizeof(double)),
               *one = calloc(n, sizeof(double)),
               *store = calloc(C->store_len(P->self) + 1, sizeof(double)),
               *work = calloc(C->work_len(P->self) + 1, sizeof(double));
        assert_int_equal(C->prepare(P->self, p->x, p->memo, store, work), 0);
        for (size_t i = 0; i < 2 * n; i++)
          U[i] = gsl_rng_uniform(rng) - 0.5;
        for (int scaled = 0; scaled < 2; scaled++) {
          double uv = 0.0, vu = 0.0, size = 0.0;
          C->apply(P->self, p->x, p->memo, store, scaled, 2, U, ZU, work);
          C->apply(P->self, p->x, p->memo, store, scaled, 1, U + n, one, work);
          for (size_t i = 0; i < n; i++) {
            uv += ZU[i] * U[n + i];
            vu += U[i] * ZU[n + i];
            size += fabs(ZU[i]) + fabs(ZU[n + i]);
            expect_near(one[i], ZU[n + i], 1e-14 * (fabs(one[i]) + 1.0));
          }
          expect_near(uv, vu, 1e-14 * size);
        }
        free(U), free(ZU), free(one), free(store), free(work);
        gsl_rng_free(rng);
        spo_eval_destroy(E);
        spo_point_destroy(p);
      }
      spo_problem_destroy(P);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_derivatives),
                                     cmocka_unit_test(test_named_points),
                                     cmocka_unit_test(test_certificates)};
  return cmocka_run_group_tests_name("derivatives of models", tests, NULL, NULL);
}
