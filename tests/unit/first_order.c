/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * All first-order solvers: the endgame below the cost's rounding, every combination of choices on
 * the models, and that nothing but what is kept decides how a run goes on. */
#include "first_order.h"

#include <float.h>

#include "lists/lists.h"

/* ---- the endgame ----------------------------------------------------------------------------- */

/* f = <A, X'X>/4 on the oblique manifold, A a weighted graph: a cost of about -1e3 whose minimiser
 * is asked for to |grad| <= 1e-8, where its decrease is 1e-19 of it. */
typedef struct graph {
  size_t nodes, rank;
  double *A;
} graph;

static int cut_cost(void *self, const double *x, double *f, double *memo, double *work) {
  const graph *G = self;
  (void)work;
  for (size_t i = 0; i < G->nodes; i++) {
    spo_vec_zero(G->rank, memo + i * G->rank);
    for (size_t j = 0; j < G->nodes; j++)
      if (G->A[i * G->nodes + j] != 0.0)
        spo_vec_axpy(G->rank, G->A[i * G->nodes + j], x + j * G->rank, memo + i * G->rank);
  }
  *f = 0.25 * spo_vec_dot(G->nodes * G->rank, x, memo);
  return 0;
}
static int cut_gradient(void *self, const double *x, double *g, double *memo, double *work) {
  const graph *G = self;
  (void)x, (void)work;
  spo_vec_combine(G->nodes * G->rank, 0.5, memo, 0.0, memo, g);
  return 0;
}

static void test_endgame(void **state) {
  (void)state;
  enum { NODES = 150, RANK = 18 };
  spo_error err = {0};
  spo_manifold *M;
  static double A[NODES * NODES], x[NODES * RANK];
  const spo_problem_ops ops = {sizeof ops, .cost = cut_cost, .egrad = cut_gradient};
  const spo_solver_ops *solver[] = {spo_conjugate_gradient(), spo_lbfgs()};
  graph G = {NODES, RANK, A};
  expect_ok(spo_oblique_create(RANK, NODES, &M, &err));
  const spo_problem P = {&ops, "cut", &G, M, NODES * RANK, 0};
  for (expect_seed = 1; expect_seed <= 2; expect_seed++) {
    gsl_rng *rng = new_rng(expect_seed);
    double f[2];
    for (size_t i = 0; i < NODES; i++)
      for (size_t j = 0; j < i; j++) /* sparse, weights without structure */
        A[i * NODES + j] = A[j * NODES + i] =
            gsl_rng_uniform(rng) < 0.1 ? 10.0 * gsl_ran_gaussian_ziggurat(rng, 1.0) : 0.0;
    for (int i = 0; i < 2; i++) {
      gsl_rng_set(rng, 100);
      expect_ok(M->ops->random_point(M, rng, x, NULL));
      spo_stop stop;
      spo_stop_init(&stop);
      stop.grad_rel = 0.0;
      stop.grad_abs = 1e-8;
      const spo_result res = run_solver(solver[i], &P, NULL, &stop, 1, x);
      if (!res.converged)
        print_error("%s: %s at %g\n", solver[i]->name, spo_reason_text(res.reason),
                    res.last.grad_norm);
      expect_true(res.converged);
      expect_at_most((double)res.last.k, 5000.0);
      f[i] = res.last.f;
    }
    expect_true(f[0] < -1e3);
    expect_near(f[0] / f[1], 1.0, 1e-9);
    gsl_rng_free(rng);
  }
  spo_manifold_destroy(M);
}

/* The relative gradient that the spherical UFM allows. */
static void test_ufm(void **state) {
  (void)state;
  const struct {
    const spo_solver_ops *type;
    double steps;
  } runs[] = {{spo_gradient_descent(), 500}, {spo_conjugate_gradient(), 100}, {spo_lbfgs(), 100}};
  spo_problem *P = ufm_problem(10, 5, 16, 1.0);
  double *x = new_vector(P);
  for (int i = 0; i < 3; i++)
    for (expect_seed = 1; expect_seed <= 5; expect_seed++) {
      spo_stop stop;
      spo_stop_init(&stop);
      stop.grad_rel = i ? 1e-12 : 1e-10;
      point_by_name(spo_ufm(), P, "random", expect_seed, x);
      const spo_result res = run_solver(runs[i].type, P, NULL, &stop, 1, x);
      expect_true(res.converged);
      expect_at_most((double)res.last.k, runs[i].steps);
    }
  free(x);
  spo_problem_destroy(P);
}

/* ---- every combination ----------------------------------------------------------------------- */

static void converge(const spo_solver_ops *type, const void *options, const spo_problem *P,
                     const double *x0, double *x, const char *what) {
  spo_stop stop;
  spo_stop_init(&stop);
  stop.grad_rel = 1e-6;
  stop.max_iter = 20000;
  memcpy(x, x0, P->manifold->n * sizeof *x);
  const spo_result res = run_solver(type, P, options, &stop, 1, x);
  if (!res.converged)
    print_error("%s on %s, %s: %s, gradient %g after %llu\n", type->name, P->name, what,
                spo_reason_text(res.reason), res.last.grad_norm, (unsigned long long)res.last.k);
  expect_true(res.converged);
}

static void combine(const spo_problem *P, const double *x0, double *x) {
  spo_conjugate_gradient_options cg;
  spo_lbfgs_options lb;
  spo_gradient_descent_options gd;
  char what[100];
  for (size_t i = 0; spo_list_line_searches[i]; i++) {
    const spo_line_search_ops *ls = spo_list_line_searches[i]();
    for (const spo_choice *c = choices(spo_conjugate_gradient(), "beta"); c->name; c++) {
      spo_conjugate_gradient_options_init(&cg);
      cg.line_search = ls, cg.beta = c->value;
      snprintf(what, sizeof what, "%s, %s", ls->name, c->name);
      converge(spo_conjugate_gradient(), &cg, P, x0, x, what);
    }
    for (uint64_t memory = 0; memory <= 8; memory += 4) {
      spo_lbfgs_options_init(&lb);
      lb.line_search = ls, lb.memory = memory;
      snprintf(what, sizeof what, "%s, memory %d", ls->name, (int)memory);
      converge(spo_lbfgs(), &lb, P, x0, x, what);
    }
    for (const spo_choice *c = choices(spo_gradient_descent(), "first-step"); c->name; c++) {
      spo_gradient_descent_options_init(&gd);
      gd.line_search = ls, gd.first_step = c->value;
      snprintf(what, sizeof what, "%s, %s", ls->name, c->name);
      converge(spo_gradient_descent(), &gd, P, x0, x, what);
    }
  }
}

/* The smallest sample of every model: conditioning is not what is tested here. */
static void test_combinations(void **state) {
  (void)state;
  for (size_t m = 0; spo_list_models[m]; m++) {
    const spo_model_ops *model = spo_list_models[m]();
    spo_problem *P = sample_problem(model, model->sample[0]);
    double *x0 = new_vector(P), *x = new_vector(P);
    expect_seed = 1;
    point_by_name(model, P, "random", expect_seed, x0);
    combine(P, x0, x);
    free(x0), free(x);
    spo_problem_destroy(P);
  }
}

/* ---- what is kept ---------------------------------------------------------------------------- */

static int never(void *self) {
  (void)self;
  return 0;
}

/* A run whose scratch and trial place are overwritten before every step, and whose state and kept
 * doubles move to new memory, goes on with the same bits: they are the whole of a checkpoint. */
static void drive(const spo_solver_ops *type, const spo_problem *P, const void *options,
                  const double *x0, bool disturbed, size_t steps, double *x) {
  spo_error err = {0};
  spo_eval *E;
  spo_point *p[2];
  const size_t n = P->manifold->n, len = type->work_len(P, options),
               keep = type->keep_len ? type->keep_len(P, options) : 0;
  double *work = calloc(len + 1, sizeof *work);
  void *state = calloc(1, type->state_size);
  expect_ok(spo_eval_create(P, &E, &err));
  for (int i = 0; i < 2; i++)
    expect_ok(spo_point_create(P, &p[i], &err));
  spo_point_set(p[0], P, x0);
  expect_ok(spo_eval_grad(E, p[0]));
  spo_run run = {.eval = *E,
                 .cur = p[0],
                 .trial = p[1],
                 .options = options,
                 .state = state,
                 .work = work,
                 .f_noise = 1e3 * DBL_EPSILON * fabs(p[0]->f),
                 .grad_scale = 1.0,
                 .interrupted = never,
                 .err = &err};
  expect_ok(type->start(&run));
  for (size_t k = 0; k < steps; k++) {
    spo_iter it = {.k = k + 1};
    spo_reason reason = SPO_RUNNING;
    if (disturbed) {
      double *other = malloc((len + 1) * sizeof *other);
      void *moved = malloc(type->state_size);
      memcpy(moved, run.state, type->state_size);
      memcpy(other, run.work, keep * sizeof *other);
      for (size_t i = keep; i < len; i++)
        other[i] = NAN;
      free(run.state), free(run.work);
      run.state = moved, run.work = other;
      for (size_t i = 0; i < n; i++)
        run.trial->x[i] = run.trial->grad[i] = NAN;
      spo_point_forget(run.trial);
    }
    expect_ok(type->step(&run, &it, &reason));
    expect_true(it.accepted && reason == SPO_RUNNING);
  }
  memcpy(x, run.cur->x, n * sizeof *x);
  free(run.state), free(run.work);
  spo_point_destroy(p[0]), spo_point_destroy(p[1]);
  spo_eval_destroy(E);
}

static void test_kept(void **state) {
  (void)state;
  spo_problem *P = ufm_problem(4, 3, 5, 2.0);
  const size_t bytes = P->manifold->n * sizeof(double);
  double *x0 = new_vector(P), *a = new_vector(P), *b = new_vector(P);
  expect_seed = 3;
  point_by_name(spo_ufm(), P, "random", expect_seed, x0);
  for (size_t i = 0; spo_list_line_searches[i]; i++) {
    spo_conjugate_gradient_options cg;
    spo_lbfgs_options lb;
    spo_gradient_descent_options gd;
    spo_conjugate_gradient_options_init(&cg);
    spo_lbfgs_options_init(&lb);
    spo_gradient_descent_options_init(&gd);
    cg.line_search = lb.line_search = gd.line_search = spo_list_line_searches[i]();
    lb.memory = 3;
    gd.first_step = choices(spo_gradient_descent(), "first-step")[3].value;
    const spo_solver_ops *type[] = {spo_conjugate_gradient(), spo_lbfgs(), spo_gradient_descent()};
    const void *options[] = {&cg, &lb, &gd};
    for (int k = 0; k < 3; k++) {
      drive(type[k], P, options[k], x0, false, 15, a);
      drive(type[k], P, options[k], x0, true, 15, b);
      assert_memory_equal(a, b, bytes);
      expect_true(memcmp(a, x0, bytes) != 0);
    }
  }
  free(x0), free(a), free(b);
  spo_problem_destroy(P);
}

/* ---- callbacks that fail --------------------------------------------------------------------- */

typedef struct naughty {
  int fail_at, code, calls;
  bool gradient;
} naughty;

static int strike(naughty *s, bool gradient, double *value) {
  if (s->gradient != gradient || s->calls++ != s->fail_at)
    return 0;
  if (s->code == 0)
    *value = NAN;
  return s->code;
}
static int bent_cost(void *self, const double *x, double *f, double *memo, double *work) {
  (void)memo, (void)work;
  *f = 1.0 + x[0] * x[0] * x[0] * x[0] + 10.0 * x[1] * x[1] + x[0];
  return strike(self, false, f);
}
static int bent_gradient(void *self, const double *x, double *g, double *memo, double *work) {
  (void)memo, (void)work;
  g[0] = 4.0 * x[0] * x[0] * x[0] + 1.0;
  g[1] = 20.0 * x[1];
  return strike(self, true, g);
}

static void test_failing_callbacks(void **state) {
  (void)state;
  spo_error err = {0};
  spo_manifold *plane;
  const spo_problem_ops ops = {sizeof ops, .cost = bent_cost, .egrad = bent_gradient};
  const spo_solver_ops *type[] = {spo_gradient_descent(), spo_conjugate_gradient(), spo_lbfgs()};
  expect_ok(spo_euclidean_create(2, &plane, &err));
  for (size_t i = 0; spo_list_line_searches[i]; i++)
    for (int k = 0; k < 3; k++)
      for (int c = 0; c < 6; c++)
        for (int at = 1; at < 15; at++) {
          const int codes[] = {0, 1, -7};
          naughty s = {at, codes[c / 2], 0, c % 2};
          const spo_problem P = {&ops, "naughty", &s, plane, 0, 0};
          char options[sizeof(spo_gradient_descent_options) +
                       sizeof(spo_conjugate_gradient_options) + sizeof(spo_lbfgs_options)];
          double x[2] = {2.0, 1.0};
          spo_solver *run;
          spo_result res = {.size = sizeof res};
          spo_options_init(type[k]->option, type[k]->n_options, options, type[k]->options_size);
          expect_ok(
              spo_option_set(spo_option_find(type[k]->option, type[k]->n_options, "line-search"),
                             options, spo_list_line_searches[i]()->name, &err));
          expect_ok(spo_solver_create(type[k], &P, options, 1, &run, &err));
          const spo_status status = spo_solver_solve(run, x, NULL, NULL, NULL, &res, &err);
          if (s.calls > at && s.code == -7)
            expect_status(status, SPO_E_USER);
          else
            expect_ok(status), expect_true(res.converged);
          spo_solver_destroy(run);
        }
  spo_manifold_destroy(plane);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_endgame),           cmocka_unit_test(test_ufm),
      cmocka_unit_test(test_combinations),      cmocka_unit_test(test_kept),
      cmocka_unit_test(test_failing_callbacks),
  };
  return cmocka_run_group_tests_name("first-order solvers", tests, NULL, NULL);
}
