/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Many starts of one problem, spread over threads. Each start has a solver and a seed of its own,
 * so every result is the same, to the bit, for any number of threads.
 *
 * Tell BLAS to use one thread, spo_blas_threads(1), before the first batch: its own threads would
 * fight with these for the processors, and their sums may differ from call to call. */
#ifndef SPHEROPT_STUDY_BATCH_H
#define SPHEROPT_STUDY_BATCH_H

#include <spheropt/solver.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct spo_batch_run spo_batch_run;

/* What is to be run; spo_batch_init gives the defaults in brackets. All pointers are borrowed. */
typedef struct spo_batch {
  size_t size;
  size_t count;                 /* starts [1] */
  const spo_solver_ops *solver; /* NULL: as spo_minimize chooses [NULL] */
  const void *options;          /* that solver's struct; NULL: defaults [NULL] */
  const spo_stop *stop;         /* for each start alone; NULL: defaults [NULL] */
  uint64_t seed;                /* start i is drawn, and solved, with seed + i [0] */
  const double *starts;         /* count x n; NULL: random points of the manifold [NULL] */
  size_t threads; /* at most; 0: as OpenMP chooses (OMP_NUM_THREADS) [0]. Without OpenMP always 1 */
  /* told of each start when it has ended, in whatever order they do, one call at a time; NULL: not
   * wanted [NULL] */
  void (*ended)(void *self, size_t start, const spo_batch_run *run);
  void *ended_self;
} spo_batch;

/* One start. After a failure the others went on, and X holds the last good point of this one. */
struct spo_batch_run {
  uint64_t seed;
  spo_status status; /* of spo_solver_solve; or of the manifold's random_point: X is then all 0 */
  spo_error error;   /* what went wrong */
  spo_result result; /* as far as the run came; f is NaN if it did not begin */
};

/** spo_batch_init - the defaults. O(1). */
SPO_API void spo_batch_init(spo_batch *batch);

/**
 * spo_minimize_batch - solves from many starts and names the best.
 *
 * P      in   its callbacks are called by several threads at once, with a memo and scratch each
 * batch  in   see there
 * X      out  count x n doubles: the last accepted points; may be batch->starts
 * run    out  count of them; may be NULL
 * best   out  the first start with the lowest f of those that did not fail; count if all failed.
 *             May be NULL
 *
 * Random starts: gsl mt19937 with seed + i, then the manifold's random_point. stop->poll is asked
 * by one thread at a time; once it says yes, all runs end with reason `user`, those that had not
 * begun at their start. Units: those of f. Cost: one solver a thread, made before the first start;
 * nothing is allocated afterwards, but by OpenMP for its threads.
 * Fails: SPO_E_ARG (count is 0), what spo_solver_create says (nothing was run, X and run are
 * untouched), and, where every start failed, what the first of them failed with.
 * Threads: any number of batches; in a parallel region of the caller OpenMP gives it one thread.
 * Test: tests/unit/batch.c.
 */
SPO_API spo_status spo_minimize_batch(const spo_problem *P, const spo_batch *batch, double *X,
                                      spo_batch_run *run, size_t *best, spo_error *err);

#ifdef __cplusplus
}
#endif
#endif
