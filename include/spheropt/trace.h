/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The trace of a run: one row of numbers an iteration, into the caller's array, a file, or both. It
 * is a monitor: spo_solver_solve(s, x, stop, spo_trace_monitor, trace, ...). */
#ifndef SPHEROPT_TRACE_H
#define SPHEROPT_TRACE_H

#include <spheropt/solver.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum spo_trace_format { SPO_TRACE_CSV, SPO_TRACE_JSON_LINES } spo_trace_format;

/* All members but size may be 0 or NULL. */
typedef struct spo_trace_options {
  size_t size;      /* sizeof(spo_trace_options) */
  uint64_t every;   /* a row every so many iterations, the first and the last always; 0: 1 */
  double *rows;     /* room for `capacity` rows of spo_trace_columns numbers each */
  size_t capacity;  /* further rows are counted, not stored */
  const char *path; /* a file */
  spo_trace_format format;
  bool append; /* to what is there, whose columns must be these, without a second header: for runs
                  that go on */
  /* quantities of the point, as in spo_model_ops: names, and the function that computes them */
  size_t n_metrics;
  const char *const *metric;
  spo_status (*metrics)(const spo_problem *P, const double *x, double *value, spo_error *err);
  /* where the run began, n doubles, borrowed, and the function that compares, as in spo_model_ops;
   * either NULL, or a struct that ends before: metrics of the point alone */
  const double *start;
  spo_status (*metrics_since)(const spo_problem *P, const double *start, const double *x,
                              double *value, spo_error *err);
} spo_trace_options;

typedef struct spo_trace spo_trace;

/**
 * spo_trace_create - a trace of runs on P.
 *
 * P        in   borrowed
 * options  in   copied; rows, names and functions borrowed
 * out      out  NULL on failure
 *
 * Columns: k, event (its number; in files the word), f, gap (f minus the known minimum, NaN without
 * one), grad_norm, grad_scale, order (of convergence, log(g_k/g_j) / log(g_j/g_i) over the last
 * three points reached), step_norm, radius, rho, step_size, inner, cost, grad, hess, retract,
 * seconds, seconds_cost, seconds_grad, seconds_hess, seconds_retract, then the metrics. What a
 * solver does not have is NaN: "nan" in CSV, null in JSON. Units: those of spo_iter. Cost: one
 * allocation; a row costs its metrics and, in a file, one write of the system. Fails: SPO_E_ARG
 * (options; a CSV file of other columns to append to), SPO_E_NOMEM, SPO_E_IO. Threads: one per
 * trace. Test: tests/unit/trace.c.
 */
SPO_API spo_status spo_trace_create(const spo_problem *P, const spo_trace_options *options,
                                    spo_trace **out, spo_error *err);

/** spo_trace_destroy - closes its file, frees it; NULL is fine. The rows stay. */
SPO_API void spo_trace_destroy(spo_trace *t);

/** spo_trace_columns - how many there are; *names, if wanted, are valid as long as the trace. */
SPO_API size_t spo_trace_columns(const spo_trace *t, const char *const **names);

/** spo_trace_rows - how many rows there were, more than `capacity` perhaps. */
SPO_API size_t spo_trace_rows(const spo_trace *t);

/** spo_trace_monitor - the monitor, with the trace as self. Never stops a run: see
 * spo_trace_status. */
SPO_API int spo_trace_monitor(void *trace, const spo_iter *it);

/** spo_trace_status - SPO_OK, or why a row could not be written or a metric not be computed (the
 * first time; the run went on). */
SPO_API spo_status spo_trace_status(const spo_trace *t, spo_error *err);

#ifdef __cplusplus
}
#endif
#endif
