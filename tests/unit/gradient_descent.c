/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Gradient descent step by step: the steps of Barzilai and Borwein, their safeguards, and what a
 * nonmonotone search is for. */
#include "first_order.h"

/* The first step tried is Barzilai and Borwein's; where it was accepted at once, it is the step. */
static void test_barzilai_borwein(void **state) {
  (void)state;
  spo_manifold *M = flat();
  const spo_solver_ops *gd = spo_gradient_descent();
  size_t met = 0;
  for (expect_seed = 1; expect_seed <= 10; expect_seed++)
    for (int kind = 1; kind <= 3; kind++) {
      static history h;
      quadratic q;
      double s[N], y[N];
      fill(&q, expect_seed);
      const spo_problem P = {&plain_ops, "quadratic", &q, M, 0, 0};
      spo_gradient_descent_options o;
      spo_gradient_descent_options_init(&o);
      o.line_search = spo_nonmonotone_search();
      o.first_step = choices(gd, "first-step")[kind].value;
      watch(gd, &P, &o, &h);
      for (size_t k = 1; k + 1 < h.count; k++) {
        if (h.costs[k + 1] != h.costs[k] + 1)
          continue;
        pair(&h, k - 1, s, y);
        const double sy = spo_vec_dot(N, s, y);
        const double direct = spo_vec_dot(N, s, s) / sy, inverse = sy / spo_vec_dot(N, y, y);
        const double due = kind == 1 || (kind == 3 && k % 2) ? direct : inverse;
        expect_near(h.t[k + 1] / due, 1.0, 1e-6);
        met++;
      }
    }
  expect_true(met > 300);
  spo_manifold_destroy(M);
}

/* Where the curvature along a step is negative, and where it would be a thousandfold. */
static void test_bb_safeguards(void **state) {
  (void)state;
  spo_error err = {0};
  spo_manifold *M;
  const spo_problem_ops ops = {sizeof ops, .cost = double_well, .egrad = double_well_gradient};
  expect_ok(spo_euclidean_create(2, &M, &err));
  const spo_problem P = {&ops, "double well", NULL, M, 0, 0};
  for (int kind = 1; kind <= 3; kind++) {
    spo_gradient_descent_options o;
    spo_gradient_descent_options_init(&o);
    o.line_search = spo_nonmonotone_search();
    o.first_step = choices(spo_gradient_descent(), "first-step")[kind].value;
    o.search.step = 1e-3;
    o.bb_range = o.search.growth = 1.5;
    double x[2] = {1e-3, 1e-4}, last = 0.0;
    spo_solver *s;
    spo_iter it;
    spo_reason reason = SPO_RUNNING;
    expect_ok(spo_solver_create(spo_gradient_descent(), &P, &o, 0, &s, &err));
    expect_ok(spo_solver_start(s, x, NULL, &err));
    while (spo_solver_step(s, &it, &reason, &err) == SPO_OK && reason == SPO_RUNNING) {
      if (it.k > 1)
        expect_at_most(it.step_size, 1.5 * last * (1.0 + 1e-12));
      last = it.step_size;
    }
    expect_true(reason == SPO_STOP_GRAD);
    spo_solver_finish(s, x, NULL);
    expect_near(fabs(x[0]), 1.0, 1e-9);
    spo_solver_destroy(s);
  }
  spo_manifold_destroy(M);
}

/* Without Barzilai-Borwein steps the nonmonotone search begins at the minimiser of the parabola
 * through the last costs, here <s, s>/<s, y>, within its range of the last step. */
static void test_nonmonotone_steps(void **state) {
  (void)state;
  spo_manifold *M = flat();
  size_t met = 0, inside = 0;
  for (expect_seed = 1; expect_seed <= 10; expect_seed++) {
    static history h;
    quadratic q;
    double s[N], y[N];
    fill(&q, expect_seed);
    const spo_problem P = {&plain_ops, "quadratic", &q, M, 0, 0};
    spo_gradient_descent_options o;
    spo_gradient_descent_options_init(&o);
    o.line_search = spo_nonmonotone_search();
    watch(spo_gradient_descent(), &P, &o, &h);
    for (size_t k = 1; k + 1 < h.count && h.norm[k - 1] > 1e-3 * h.norm[0]; k++) {
      if (h.costs[k + 1] != h.costs[k] + 1)
        continue;
      pair(&h, k - 1, s, y);
      const double due = spo_vec_dot(N, s, s) / spo_vec_dot(N, s, y) / h.t[k];
      expect_near(h.t[k + 1] / h.t[k], fmin(fmax(due, o.search.contraction), o.search.growth),
                  1e-5);
      met++;
      inside += due > o.search.contraction && due < o.search.growth;
    }
  }
  expect_true(met > 60 && inside > 40);
  spo_manifold_destroy(M);
}

/* Evaluations of five runs to the default target. */
static uint64_t evaluations(const spo_solver_ops *type, const char *line_search,
                            const spo_problem *P) {
  _Alignas(double) char options[4096];
  double *x = new_vector(P);
  spo_error err = {0};
  uint64_t sum = 0;
  spo_options_init(type->option, type->n_options, options, type->options_size);
  expect_ok(spo_option_set(spo_option_find(type->option, type->n_options, "line-search"), options,
                           line_search, &err));
  for (expect_seed = 1; expect_seed <= 5; expect_seed++) {
    point_by_name(spo_ufm(), P, "random", expect_seed, x);
    const spo_result res = run_solver(type, P, options, NULL, 1, x);
    expect_true(res.converged);
    sum += res.last.count.cost + res.last.count.grad;
  }
  free(x);
  return sum;
}

/* Letting costs rise must pay for the solver that it was made for, and not ruin the other. */
static void test_nonmonotone_pays(void **state) {
  (void)state;
  spo_problem *P = ufm_problem(10, 5, 16, 1.0);
  const spo_solver_ops *gd = spo_gradient_descent(), *cg = spo_conjugate_gradient();
  expect_true(evaluations(gd, "nonmonotone", P) < evaluations(gd, "armijo", P));
  expect_true(evaluations(cg, "nonmonotone", P) < 2 * evaluations(cg, "armijo", P));
  spo_problem_destroy(P);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_barzilai_borwein),
      cmocka_unit_test(test_bb_safeguards),
      cmocka_unit_test(test_nonmonotone_steps),
      cmocka_unit_test(test_nonmonotone_pays),
  };
  return cmocka_run_group_tests_name("gradient descent", tests, NULL, NULL);
}
