/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Batches of starts: the same bits for any number of threads, failures that stay alone, the
 * best. */
#include <stdatomic.h>
#include <time.h>

#include "lists/lists.h"
#include "samples.h"

/* A wave on R whose callbacks misbehave beyond a place: f = cos(3 x) + x^2 / 20. */
typedef struct wave {
  double fails_beyond;
  int code;
  bool nan;
} wave;

static int wave_cost(void *self, const double *x, double *f, double *memo, double *work) {
  const wave *w = self;
  (void)memo, (void)work;
  *f = cos(3.0 * x[0]) + 0.05 * x[0] * x[0];
  if (!(x[0] > w->fails_beyond))
    return 0;
  if (w->nan)
    *f = NAN;
  return w->code;
}
static int wave_egrad(void *self, const double *x, double *g, double *memo, double *work) {
  (void)self, (void)memo, (void)work;
  g[0] = -3.0 * sin(3.0 * x[0]) + 0.1 * x[0];
  return 0;
}
static int wave_ehess(void *self, const double *x, const double *v, double *hv, const double *memo,
                      double *work) {
  (void)self, (void)memo, (void)work;
  hv[0] = (-9.0 * cos(3.0 * x[0]) + 0.1) * v[0];
  return 0;
}
static const spo_problem_ops wave_ops = {
    .size = sizeof(spo_problem_ops), .cost = wave_cost, .egrad = wave_egrad, .ehess = wave_ehess};

typedef struct line {
  wave self;
  spo_manifold *M;
  spo_problem P;
} line;
static line *open_line(double fails_beyond, int code, bool nan) {
  spo_error err = {0};
  line *l = calloc(1, sizeof *l);
  l->self = (wave){fails_beyond, code, nan};
  expect_ok(spo_euclidean_create(1, &l->M, &err));
  l->P = (spo_problem){&wave_ops, "wave", &l->self, l->M, 0, 0};
  return l;
}
static void close_line(line *l) {
  spo_manifold_destroy(l->M);
  free(l);
}

/* ---- bits ------------------------------------------------------------------------------------ */

enum { STARTS = 7 };

/* All but the seconds and the padding. */
static void same_run(const spo_batch_run *a, const spo_batch_run *b) {
  const spo_iter *p = &a->result.last, *q = &b->result.last;
  expect_true(a->seed == b->seed && a->status == b->status);
  expect_true(a->result.reason == b->result.reason && a->result.converged == b->result.converged);
  expect_true(p->k == q->k && p->f == q->f && p->grad_norm == q->grad_norm);
  expect_true(p->count.cost == q->count.cost && p->count.grad == q->count.grad &&
              p->count.hess == q->count.hess && p->count.retract == q->count.retract);
}

/* Each start is told of once, with what the caller finds in its list afterwards. */
typedef struct told {
  size_t of[STARTS];
  double f[STARTS];
} told;

static void tell(void *self, size_t start, const spo_batch_run *run) {
  told *t = self;
  t->of[start]++;
  t->f[start] = run->result.last.f;
}

static void same_bits(const spo_problem *P, const spo_solver_ops *type) {
  spo_error err = {0};
  const size_t n = P->manifold->n;
  double *X[3], *alone = new_vector(P);
  spo_batch_run run[3][STARTS];
  size_t best[3];
  spo_batch batch;
  spo_stop stop;
  spo_stop_init(&stop);
  stop.max_iter = 300;
  spo_batch_init(&batch);
  batch.count = STARTS, batch.solver = type, batch.seed = 40, batch.stop = &stop;
  for (size_t t = 0; t < 3; t++) {
    X[t] = calloc(STARTS * n, sizeof **X);
    told of_all = {0};
    batch.threads = t + 1;
    batch.ended = tell, batch.ended_self = &of_all;
    expect_ok(spo_minimize_batch(P, &batch, X[t], run[t], &best[t], &err));
    for (size_t i = 0; i < STARTS; i++)
      expect_true(of_all.of[i] == 1 && of_all.f[i] == run[t][i].result.last.f);
    assert_memory_equal(X[t], X[0], STARTS * n * sizeof **X);
    expect_true(best[t] == best[0]);
    for (size_t i = 0; i < STARTS; i++)
      same_run(&run[t][i], &run[0][i]);
  }
  for (size_t i = 0; i < STARTS; i++) { /* and those of a run alone */
    point_by_name(spo_ufm(), P, "random", 40 + i, alone);
    const spo_result res = run_solver(type, P, NULL, &stop, 40 + i, alone);
    assert_memory_equal(alone, X[0] + i * n, n * sizeof *alone);
    expect_true(res.last.f == run[0][i].result.last.f);
  }
  free(alone);
  for (size_t t = 0; t < 3; t++)
    free(X[t]);
}

static void test_same_bits(void **state) {
  (void)state;
  for (size_t m = 0; spo_list_models[m]; m++) {
    spo_problem *P = sample_problem(spo_list_models[m](), spo_list_models[m]()->sample[0]);
    for (size_t s = 0; spo_list_solvers[s]; s++)
      same_bits(P, spo_list_solvers[s]());
    spo_problem_destroy(P);
  }
}

/* ---- threads --------------------------------------------------------------------------------- */

static atomic_int arrived;
static double seconds_now(void) {
  struct timespec t;
  timespec_get(&t, TIME_UTC);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Waits for the other start: nobody passes unless two run at once. */
static int meeting_cost(void *self, const double *x, double *f, double *memo, double *work) {
  const double began = seconds_now();
  if (x[0] == 1.0) { /* the start */
    atomic_fetch_add(&arrived, 1);
    while (atomic_load(&arrived) < 2 && seconds_now() - began < 30.0)
      continue;
  }
  return wave_cost(self, x, f, memo, work);
}

static void test_threads(void **state) {
  (void)state;
#ifndef SPO_TEST_OPENMP
  print_message("skipped: two starts at once; this build has no OpenMP\n");
  skip();
#endif
  spo_error err = {0};
  spo_problem_ops ops = wave_ops;
  line *l = open_line(INFINITY, 0, false);
  double X[2] = {1.0, 1.0};
  const double began = seconds_now();
  spo_batch batch;
  spo_batch_init(&batch);
  ops.cost = meeting_cost;
  l->P.ops = &ops;
  batch.count = 2, batch.threads = 2, batch.starts = X;
  atomic_store(&arrived, 0);
  expect_ok(spo_minimize_batch(&l->P, &batch, X, NULL, NULL, &err));
  expect_at_most(seconds_now() - began, 25.0);
  close_line(l);
}

/* ---- failures -------------------------------------------------------------------------------- */

static void test_failures_stay_alone(void **state) {
  (void)state;
  for (int nan = 0; nan < 2; nan++)
    for (size_t threads = 1; threads <= 2; threads++) {
      spo_error err = {0};
      line *l = open_line(20.0, nan ? 0 : -7, nan);
      const double starts[4] = {1.0, 30.0, -2.0, 5.0};
      double X[4];
      spo_batch_run run[4];
      spo_batch batch;
      size_t best;
      spo_batch_init(&batch);
      batch.count = 4, batch.threads = threads, batch.starts = starts;
      expect_ok(spo_minimize_batch(&l->P, &batch, X, run, &best, &err));
      for (size_t i = 0; i < 4; i++)
        if (i != 1) {
          expect_true(run[i].status == SPO_OK && run[i].result.converged);
          expect_near(-3.0 * sin(3.0 * X[i]) + 0.1 * X[i], 0.0, 1e-8);
        }
      expect_true(run[1].status == (nan ? SPO_E_NONFINITE : SPO_E_USER));
      expect_true(run[1].error.text[0] != '\0' && X[1] == 30.0);
      expect_true(isnan(run[1].result.last.f) && !run[1].result.converged);
      expect_true(best == 0 || best == 2); /* +-pi/3, nearly; 5 is farther out */
      /* all fail: the batch does */
      batch.starts = (const double[4]){30.0, 40.0, 50.0, 60.0};
      expect_status(spo_minimize_batch(&l->P, &batch, X, run, &best, &err),
                    nan ? SPO_E_NONFINITE : SPO_E_USER);
      expect_true(best == 4 && err.text[0] != '\0');
      close_line(l);
    }
}

static void test_best(void **state) {
  (void)state;
  spo_error err = {0};
  enum { COUNT = 24 };
  line *l = open_line(INFINITY, 0, false);
  double X[COUNT];
  spo_batch_run run[COUNT];
  spo_batch batch;
  size_t best, lowest = 0, valleys = 0;
  for (size_t i = 0; i < COUNT; i++)
    X[i] = 11.0 - 0.9 * (double)i;
  spo_batch_init(&batch);
  batch.count = COUNT, batch.starts = X;
  expect_ok(spo_minimize_batch(&l->P, &batch, X, run, &best, &err));
  for (size_t i = 0; i < COUNT; i++) {
    double f;
    wave_cost(&l->self, X + i, &f, NULL, NULL);
    expect_true(f == run[i].result.last.f);
    if (f < run[lowest].result.last.f)
      lowest = i;
    valleys += i > 0 && fabs(X[i] - X[i - 1]) > 1.0;
  }
  expect_true(valleys >= 5); /* there was something to choose from */
  expect_true(best == lowest);
  expect_near(fabs(X[best]), 1.0356, 1e-3);
  close_line(l);
}

static int after_some(void *calls) {
  return ++*(int *)calls == 4; /* says so once only */
}

static void test_user(void **state) {
  (void)state;
  for (size_t threads = 1; threads <= 3; threads++) {
    spo_error err = {0};
    spo_problem *P = ufm_problem(4, 2, 5, 1.0);
    double *X = calloc(6 * P->manifold->n, sizeof *X);
    spo_batch_run run[6];
    spo_batch batch;
    spo_stop stop;
    int calls = 0;
    spo_stop_init(&stop);
    stop.poll = after_some, stop.poll_self = &calls;
    spo_batch_init(&batch);
    batch.count = 6, batch.threads = threads, batch.stop = &stop;
    expect_ok(spo_minimize_batch(P, &batch, X, run, NULL, &err));
    assert_int_equal(calls, 4); /* nobody asks again */
    for (size_t i = 0; i < 6; i++)
      expect_true(run[i].result.reason == SPO_STOP_USER && isfinite(run[i].result.last.f));
    expect_true(run[5].result.last.k == 0);
    free(X);
    spo_problem_destroy(P);
  }
}

static void test_refusals(void **state) {
  (void)state;
  spo_error err = {0};
  line *l = open_line(INFINITY, 0, false);
  spo_gradient_descent_options options;
  spo_stop stop;
  double X[2] = {1.0, 2.0};
  size_t best;
  spo_batch batch;
  spo_batch_init(&batch);
  batch.count = 0;
  expect_status(spo_minimize_batch(&l->P, &batch, X, NULL, &best, &err), SPO_E_ARG);
  batch.count = 2;
  batch.size = 0;
  expect_status(spo_minimize_batch(&l->P, &batch, X, NULL, &best, &err), SPO_E_ARG);
  batch.size = sizeof batch;
  expect_status(spo_minimize_batch(&l->P, &batch, NULL, NULL, &best, &err), SPO_E_ARG);
  spo_gradient_descent_options_init(&options);
  options.search.contraction = NAN;
  batch.solver = spo_gradient_descent(), batch.options = &options;
  expect_status(spo_minimize_batch(&l->P, &batch, X, NULL, &best, &err), SPO_E_OPTION);
  assert_non_null(strstr(err.text, "contraction"));
  batch.options = NULL;
  spo_stop_init(&stop);
  stop.grad_rel = 2.0;
  batch.stop = &stop;
  expect_status(spo_minimize_batch(&l->P, &batch, X, NULL, &best, &err), SPO_E_OPTION);
  batch.count = SIZE_MAX / 4;
  batch.stop = NULL;
  expect_status(spo_minimize_batch(&l->P, &batch, X, NULL, &best, &err), SPO_E_NOMEM);
  expect_true(X[0] == 1.0 && X[1] == 2.0);
  spo_problem_ops ops = wave_ops;
  ops.ehess = NULL;
  l->P.ops = &ops;
  batch.count = 2, batch.solver = spo_trust_region();
  expect_status(spo_minimize_batch(&l->P, &batch, X, NULL, &best, &err), SPO_E_UNSUPPORTED);
  batch.solver = NULL; /* chosen as by spo_minimize */
  expect_ok(spo_minimize_batch(&l->P, &batch, X, NULL, &best, &err));
  close_line(l);
}

/* Of equal ends the first is named. */
static void test_first_of_equals(void **state) {
  (void)state;
  spo_error err = {0};
  line *l = open_line(100.0, 0, false);
  const double starts[] = {3.0, 0.4, 0.4, 0.4, 3.0};
  double X[5];
  size_t best = 77;
  spo_batch_run run[5];
  spo_batch batch;
  spo_batch_init(&batch);
  batch.count = 5;
  batch.starts = starts;
  expect_ok(spo_minimize_batch(&l->P, &batch, X, run, &best, &err));
  size_t due = 0;
  for (size_t i = 1; i < 5; i++)
    due = run[i].result.last.f < run[due].result.last.f ? i : due;
  expect_true(run[1].result.last.f == run[2].result.last.f && best == due);
  close_line(l);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_same_bits), cmocka_unit_test(test_first_of_equals),
      cmocka_unit_test(test_threads),   cmocka_unit_test(test_failures_stay_alone),
      cmocka_unit_test(test_best),      cmocka_unit_test(test_user),
      cmocka_unit_test(test_refusals),
  };
  return cmocka_run_group_tests_name("batch", tests, NULL, NULL);
}
