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

/* Of f_first, the cost where the run began: where the minimum is 0, no part of it can be
 * reached. */
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

/* Random starts of one solver on one problem. */
static void sweep(const spo_solver_ops *type, const void *options, const char *name,
                  uint64_t last_seed, const spo_model_ops *model, const spo_problem *P,
                  const char *line) {
  double *x = new_vector(P);
  for (expect_seed = 1; expect_seed <= last_seed; expect_seed++) {
    spo_stop stop;
    spo_stop_init(&stop);
    if (!(type->needs & SPO_NEEDS_HESS)) { /* first order: what conditioning allows */
      stop.grad_rel = 5e-7;
      stop.max_iter = 200000;
    }
    point_by_name(model, P, "random", expect_seed, x);
    const double f_first = cost_at(P, x);
    const spo_result res = run_solver(type, P, options, &stop, expect_seed, x);
    if (!res.converged)
      print_error("%s on %s %s: %s\n", name, model->name, line, spo_reason_text(res.reason));
    expect_true(res.converged);
    judge(P, x, f_first, name, line);
  }
  free(x);
}

static uint64_t seeds = 2; /* 20 with an argument */

static void test_all(void **state) {
  (void)state;
  for (size_t m = 0; spo_list_models[m]; m++)
    for (const char *const *line = spo_list_models[m]()->sample; *line; line++) {
      const spo_model_ops *model = spo_list_models[m]();
      spo_problem *P = sample_problem(model, *line);
      for (size_t s = 0; spo_list_solvers[s]; s++)
        if (!(spo_list_solvers[s]()->needs & SPO_SEEKS_CRITICAL)) /* tests/oracle/newton.c */
          sweep(spo_list_solvers[s](), NULL, spo_list_solvers[s]()->name, seeds, model, P, *line);
      spo_problem_destroy(P);
    }
}

/* The trust region with each subproblem solver. */
static void test_subproblems(void **state) {
  (void)state;
  for (size_t m = 0; spo_list_models[m]; m++)
    for (const char *const *line = spo_list_models[m]()->sample; *line; line++) {
      const spo_model_ops *model = spo_list_models[m]();
      spo_problem *P = sample_problem(model, *line);
      for (size_t s = 0; spo_list_subproblems[s]; s++) {
        spo_trust_region_options o;
        spo_trust_region_options_init(&o);
        o.subproblem = spo_list_subproblems[s]();
        const bool small = P->manifold->dim <= 60; /* for `exact` */
        if (o.subproblem != spo_tcg() && (small || o.subproblem != spo_exact()))
          sweep(spo_trust_region(), &o, spo_list_subproblems[s]()->name, seeds, model, P, *line);
      }
      spo_problem_destroy(P);
    }
}

int main(int argc, char **argv) {
  if (argc > 1)
    seeds = strtoull(argv[1], NULL, 10);
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_all),
                                     cmocka_unit_test(test_subproblems)};
  return cmocka_run_group_tests_name("solvers on models", tests, NULL, NULL);
}
