/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A batch of starts over threads: a lane is what one thread needs, a start goes to whichever lane
 * is free. A start depends on its number alone, so it does not matter to which. The one file that
 * is compiled with OpenMP; without it there is one lane. */
#include <spheropt/study/batch.h>

#include <math.h>
#include <string.h>

#ifdef _OPENMP
#include <omp.h>
#endif

#include <spheropt/solvers/gradient_descent.h>
#include <spheropt/solvers/trust_region.h>

#include "base/memory.h"
#include "base/take.h"
#include "base/vec.h"
#include "problem/slots.h"
#include "study/start.h"

typedef struct lane {
  spo_solver *solver;
  gsl_rng rng; /* its state lies in the batch's block */
  double *work;
} lane;

typedef struct work {
  const spo_problem *P;
  const spo_batch *batch;
  spo_stop stop; /* the caller's, with our poll in place of his */
  int (*poll)(void *self);
  void *poll_self;
  bool ended; /* poll has said yes */
#ifdef _OPENMP
  omp_lock_t lock; /* of poll and ended; `omp critical` would keep its lock in global data */
#endif
  size_t lanes;
  lane *lane;
  double *X;
  spo_batch_run *run;
} work;

void spo_batch_init(spo_batch *batch) {
  *batch = (spo_batch){.size = sizeof *batch, .count = 1};
}

/* ---- threads --------------------------------------------------------------------------------- */

#ifdef _OPENMP
static size_t threads_for(size_t wanted) {
  return wanted ? wanted : (size_t)omp_get_max_threads();
}
static size_t this_thread(void) {
  return (size_t)omp_get_thread_num();
}
static void lock_init(work *w) {
  omp_init_lock(&w->lock);
}
static void lock_destroy(work *w) {
  omp_destroy_lock(&w->lock);
}
static void lock(work *w) {
  omp_set_lock(&w->lock);
}
static void unlock(work *w) {
  omp_unset_lock(&w->lock);
}
#else
static size_t threads_for(size_t wanted) {
  (void)wanted;
  return 1;
}
static size_t this_thread(void) {
  return 0;
}
static void lock_init(work *w) {
  (void)w;
}
static void lock_destroy(work *w) {
  (void)w;
}
static void lock(work *w) {
  (void)w;
}
static void unlock(work *w) {
  (void)w;
}
#endif

static size_t count_lanes(const spo_batch *batch) {
  const size_t threads = threads_for(batch->threads);
  return threads < batch->count ? threads : batch->count;
}

static int poll_in_turn(void *self) {
  work *w = self;
  lock(w);
  if (!w->ended)
    w->ended = w->poll(w->poll_self) != 0;
  const bool ended = w->ended;
  unlock(w);
  return ended;
}

/* ---- one start ------------------------------------------------------------------------------- */

static spo_batch_run solve(work *w, lane *l, size_t i) {
  const spo_manifold *M = w->P->manifold;
  spo_batch_run run = {.seed = w->batch->seed + i, .result = {.size = sizeof(spo_result)}};
  double *x = w->X + i * M->n;
  run.result.last.f = run.result.last.grad_norm = NAN;
  if (w->batch->starts)
    memmove(x, w->batch->starts + i * M->n, M->n * sizeof *x);
  else
    run.status = spo_start_random(M, &l->rng, run.seed, x, l->work, &run.error);
  if (run.status != SPO_OK) {
    spo_vec_zero(M->n, x);
    return run;
  }
  spo_solver_seed(l->solver, run.seed);
  run.status = spo_solver_solve(l->solver, x, &w->stop, NULL, NULL, &run.result, &run.error);
  return run;
}

static void tell(work *w, size_t i) {
  if (!w->batch->ended)
    return;
  lock(w);
  w->batch->ended(w->batch->ended_self, i, &w->run[i]);
  unlock(w);
}

static void solve_all(work *w) {
  const int64_t count = (int64_t)w->batch->count;
#pragma omp parallel for schedule(dynamic, 1) num_threads((int)w->lanes)
  for (int64_t i = 0; i < count; i++) {
    w->run[i] = solve(w, &w->lane[this_thread()], (size_t)i);
    tell(w, (size_t)i);
  }
}

/* ---- the batch ------------------------------------------------------------------------------- */

static void layout(spo_carver *c, const spo_batch *batch, const spo_manifold *M, bool own_runs,
                   work *w) {
  lane *lanes = spo_carve(c, w->lanes, sizeof *lanes);
  spo_batch_run *run = spo_carve(c, own_runs ? batch->count : 0, sizeof *run);
  for (size_t i = 0; i < w->lanes; i++) {
    void *state = spo_carve(c, 1, gsl_rng_mt19937->size);
    double *scratch = spo_carve_doubles(c, M->work_len);
    if (c->base)
      lanes[i] = (lane){NULL, {gsl_rng_mt19937, state}, scratch};
  }
  w->lane = lanes;
  if (own_runs)
    w->run = run;
}

static spo_status create_solvers(work *w, spo_error *err) {
  const spo_solver_ops *type = w->batch->solver;
  spo_status status = SPO_OK;
  if (!type)
    type = spo_problem_has_hessian(w->P) ? spo_trust_region() : spo_gradient_descent();
  for (size_t i = 0; i < w->lanes && status == SPO_OK; i++)
    status = spo_solver_create(type, w->P, w->batch->options, 0, &w->lane[i].solver, err);
  return status;
}

static spo_status judge(const work *w, size_t *best, spo_error *err) {
  const size_t count = w->batch->count;
  size_t first = count;
  for (size_t i = 0; i < count; i++)
    if (w->run[i].status == SPO_OK &&
        (first == count || w->run[i].result.last.f < w->run[first].result.last.f))
      first = i;
  if (best)
    *best = first;
  if (first < count)
    return SPO_OK;
  if (err)
    *err = w->run[0].error;
  return w->run[0].status;
}

static spo_status take_rules(work *w, spo_error *err) {
  size_t count;
  const spo_option *rules = spo_stop_options(&count);
  const spo_status status =
      spo_options_take(rules, count, w->batch->stop, &w->stop, sizeof w->stop, err);
  w->poll = w->stop.poll;
  w->poll_self = w->stop.poll_self;
  if (w->poll) {
    w->stop.poll = poll_in_turn;
    w->stop.poll_self = w;
  }
  return status;
}

spo_status spo_minimize_batch(const spo_problem *P, const spo_batch *batch, double *X,
                              spo_batch_run *run, size_t *best, spo_error *err) {
  if (best)
    *best = batch ? batch->count : 0;
  if (!batch || batch->size < sizeof *batch || batch->count < 1 || batch->count > INT64_MAX || !X)
    return spo_fail(err, SPO_E_ARG, __func__,
                    "a batch from spo_batch_init, at least one start and room for the points are "
                    "needed");
  work w = {.P = P, .batch = batch, .X = X, .run = run, .lanes = count_lanes(batch)};
  spo_status status = spo_problem_check(P, err);
  if (status == SPO_OK)
    status = take_rules(&w, err);
  if (status != SPO_OK)
    return status;
  spo_carver c = {0};
  layout(&c, batch, P->manifold, !run, &w);
  if (!spo_carver_alloc(&c))
    return spo_fail(err, SPO_E_NOMEM, __func__, "no memory for %zu starts: %zu bytes", batch->count,
                    c.used);
  layout(&c, batch, P->manifold, !run, &w);
  status = create_solvers(&w, err);
  if (status == SPO_OK) {
    lock_init(&w);
    solve_all(&w);
    lock_destroy(&w);
    status = judge(&w, best, err);
  }
  for (size_t i = 0; i < w.lanes; i++)
    spo_solver_destroy(w.lane[i].solver);
  spo_block_free(c.base);
  return status;
}
