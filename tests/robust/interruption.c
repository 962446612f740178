/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The user, the clock and the budget are heard everywhere, inside long subproblems and line
 * searches too: after the wish to stop only a few more evaluations are made, and the run returns
 * its last good point. */
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "lists/lists.h"
#include "samples.h"

/* A sound problem whose evaluations are counted, and may be slow. */
typedef struct counted {
  const spo_problem *P;
  int64_t calls, wish_at, after; /* the wish to stop comes with call wish_at; calls made after it */
  bool wished, slow;
} counted;

static int count(counted *c, int code) {
  c->calls++;
  c->after += c->wished;
  if (c->slow)
    nanosleep(&(struct timespec){0, 200000}, NULL);
  return code;
}
static int cost(void *self, const double *x, double *f, double *memo, double *work) {
  counted *c = self;
  return count(c, c->P->ops->cost(c->P->self, x, f, memo, work));
}
static int egrad(void *self, const double *x, double *g, double *memo, double *work) {
  counted *c = self;
  return count(c, c->P->ops->egrad(c->P->self, x, g, memo, work));
}
static int ehess(void *self, const double *x, const double *v, double *hv, const double *memo,
                 double *work) {
  counted *c = self;
  return count(c, c->P->ops->ehess(c->P->self, x, v, hv, memo, work));
}
static const spo_problem_ops counted_ops = {
    .size = sizeof(spo_problem_ops), .cost = cost, .egrad = egrad, .ehess = ehess};

static int wish(void *self) {
  counted *c = self;
  c->wished = c->wished || c->calls >= c->wish_at;
  return c->wished;
}

enum { FEW = 3 };

static void one_run(const spo_solver_ops *type, const spo_problem *sound, const double *start,
                    counted *c, int64_t at) {
  spo_error err = {0};
  spo_solver *s;
  spo_result res = {.size = sizeof res};
  spo_stop stop;
  const spo_problem P = {&counted_ops,    sound->name,     c,
                         sound->manifold, sound->memo_len, sound->work_len};
  double *x = new_vector(sound);
  *c = (counted){.P = sound, .wish_at = at};
  memcpy(x, start, sound->manifold->n * sizeof *x);
  spo_stop_init(&stop);
  stop.grad_rel = 0;
  stop.max_iter = 30;
  stop.poll = wish;
  stop.poll_self = c;
  expect_ok(spo_solver_create(type, &P, NULL, 1, &s, &err));
  expect_ok(spo_solver_solve(s, x, &stop, NULL, NULL, &res, &err));
  if (c->after > FEW)
    print_error("%s: %d evaluations after the wish at call %d\n", type->name, (int)c->after,
                (int)at);
  expect_true(c->after <= FEW);
  expect_true(!c->wished || res.reason == SPO_STOP_USER || res.reason == SPO_STOP_MAX_ITER ||
              res.reason == SPO_STOP_STALLED || res.reason == SPO_STOP_LINE_SEARCH);
  expect_at_most(sound->manifold->ops->defect(sound->manifold, x, NULL), 1e-12);
  spo_solver_destroy(s);
  free(x);
}

static void test_every_call(void **state) {
  (void)state;
  spo_problem *P = ufm_problem(6, 3, 7, 3.0);
  double *start = new_vector(P);
  counted c;
  point_by_name(spo_ufm(), P, "random", 2, start);
  for (size_t i = 0; spo_list_solvers[i]; i++) {
    const spo_solver_ops *type = spo_list_solvers[i]();
    for (int64_t at = 1; at <= 120; at++)
      one_run(type, P, start, &c, at);
  }
  free(start);
  spo_problem_destroy(P);
}

/* Limits end a run within a few evaluations, and say so. */
static void test_limits(void **state) {
  (void)state;
  spo_problem *sound = ufm_problem(6, 3, 7, 3.0);
  double *start = new_vector(sound), *x = new_vector(sound);
  point_by_name(spo_ufm(), sound, "random", 2, start);
  for (size_t i = 0; spo_list_solvers[i]; i++)
    for (int limit = 0; limit < 3; limit++) {
      spo_error err = {0};
      const spo_solver_ops *type = spo_list_solvers[i]();
      counted c = {.P = sound, .slow = limit == 2};
      const spo_problem P = {&counted_ops,    sound->name,     &c,
                             sound->manifold, sound->memo_len, sound->work_len};
      spo_solver *s;
      spo_result res = {.size = sizeof res};
      spo_stop stop;
      spo_stop_init(&stop);
      stop.grad_rel = 0;
      if (limit == 0)
        stop.max_cost = 4;
      if (limit == 1)
        stop.max_hess = 23;
      if (limit == 2)
        stop.max_time = 0.02;
      stop.max_iter = 200;
      memcpy(x, start, sound->manifold->n * sizeof *x);
      expect_ok(spo_solver_create(type, &P, NULL, 1, &s, &err));
      expect_ok(spo_solver_solve(s, x, &stop, NULL, NULL, &res, &err));
      const bool own_end = res.reason == SPO_STOP_STALLED || res.reason == SPO_STOP_LINE_SEARCH;
      if (limit == 0 && !own_end)
        expect_true(res.reason == SPO_STOP_MAX_COST && res.last.count.cost <= 4 + FEW);
      if (limit == 1 && (type->needs & SPO_NEEDS_HESS) && !own_end)
        expect_true(res.reason == SPO_STOP_MAX_HESS && res.last.count.hess <= 23 + FEW);
      if (limit == 2 && !own_end)
        expect_true(res.reason == SPO_STOP_MAX_TIME);
      spo_solver_destroy(s);
    }
  free(start), free(x);
  spo_problem_destroy(sound);
}

/* ---- from another thread --------------------------------------------------------------------- */

static atomic_int flag;

static void *raise_flag(void *unused) {
  nanosleep(&(struct timespec){0, 20000000}, NULL);
  atomic_store(&flag, 1);
  return unused;
}
static int read_flag(void *unused) {
  (void)unused;
  return atomic_load(&flag);
}

static void test_other_thread(void **state) {
  (void)state;
  spo_problem *sound = ufm_problem(6, 3, 7, 3.0);
  double *x = new_vector(sound);
  for (size_t i = 0; spo_list_solvers[i]; i++) {
    const spo_solver_ops *type = spo_list_solvers[i]();
    counted c = {.P = sound, .slow = true};
    const spo_problem P = {&counted_ops,    sound->name,     &c,
                           sound->manifold, sound->memo_len, sound->work_len};
    spo_stop stop;
    pthread_t thread;
    spo_stop_init(&stop);
    stop.grad_rel = 0;
    stop.poll = read_flag;
    point_by_name(spo_ufm(), sound, "random", 2, x);
    atomic_store(&flag, 0);
    assert_int_equal(pthread_create(&thread, NULL, raise_flag, NULL), 0);
    const spo_result res = run_solver(type, &P, NULL, &stop, 1, x);
    pthread_join(thread, NULL);
    expect_true(res.reason == SPO_STOP_USER || res.reason == SPO_STOP_STALLED ||
                res.reason == SPO_STOP_LINE_SEARCH);
  }
  free(x);
  spo_problem_destroy(sound);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_call),
                                     cmocka_unit_test(test_limits),
                                     cmocka_unit_test(test_other_thread)};
  return cmocka_run_group_tests_name("interruption", tests, NULL, NULL);
}
