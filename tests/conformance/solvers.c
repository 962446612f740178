/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Every solver of the generated list on every model's samples: converged, feasible, the known
 * minimum where there is one, and never a point that the verification calls anything but a minimum
 * or, where nothing more can be proved, a second-order point. All judged from x alone. */
#include "lists/lists.h"
#include "samples.h"

static double cost_at(const spo_problem *P, const double *x) {
  double f = NAN, *memo = calloc(P->memo_len + 1, sizeof *memo),
         *work = calloc(P->work_len + 1, sizeof *work);
  assert_int_equal(P->ops->cost(P->self, x, &f, memo, work), 0);
  free(memo), free(work);
  return f;
}

/* Of f_first, the cost where the run began: where the minimum is 0, no part of it can be reached. */
static void judge(const spo_problem *P, const double *x, double f_first, const char *solver,
                  const char *line) {
  spo_error err = {0};
  spo_verification v;
  expect_ok(spo_verify(P, x, NULL, NULL, &v, NULL, &err));
  const bool good = v.verdict == SPO_GLOBAL_MINIMIZER || v.verdict == SPO_LOCAL_MINIMIZER ||
                    v.verdict == SPO_SECOND_ORDER_POINT;
  if (!good)
    print_error("%s on %s: %s, %s\n", solver, line, spo_verdict_name(v.verdict), v.why);
  expect_true(good);
  expect_at_most(v.feasibility, 1e-13);
  if (!isnan(v.f_star))
    expect_near(v.f, v.f_star, fmax(1e-8 * (v.f_star == 0.0 ? f_first : fabs(v.f_star)), 1e-300));
}

static void test_all(void **state) {
  (void)state;
  for (size_t m = 0; spo_list_models[m]; m++)
    for (const char *const *line = spo_list_models[m]()->sample; *line; line++) {
      const spo_model_ops *model = spo_list_models[m]();
      spo_problem *P = sample_problem(model, *line);
      double *x = new_vector(P);
      for (size_t s = 0; spo_list_solvers[s]; s++)
        for (expect_seed = 1; expect_seed <= 5; expect_seed++) {
          const spo_solver_ops *type = spo_list_solvers[s]();
          spo_stop stop;
          spo_stop_init(&stop);
          if (!(type->needs & SPO_NEEDS_HESS)) { /* first order: what conditioning allows */
            stop.grad_rel = 5e-7;
            stop.max_iter = 200000;
          }
          point_by_name(model, P, "random", expect_seed, x);
          const double f_first = cost_at(P, x);
          const spo_result res = run_solver(type, P, NULL, &stop, expect_seed, x);
          if (!res.converged)
            print_error("%s on %s %s: %s\n", type->name, model->name, *line,
                        spo_reason_text(res.reason));
          expect_true(res.converged);
          judge(P, x, f_first, type->name, *line);
        }
      free(x);
      spo_problem_destroy(P);
    }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_all)};
  return cmocka_run_group_tests_name("solvers on models", tests, NULL, NULL);
}
