/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A fair comparison of solvers on one problem: all run from the same starts with the same stop
 * rules and take turns, all are judged from the points they return, and work is counted in
 * evaluations as well as in seconds. doc/comparison.md says how to read the numbers. */
#ifndef SPHEROPT_STUDY_COMPARE_H
#define SPHEROPT_STUDY_COMPARE_H

#include <spheropt/solver.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A solver of another library: from x to x, by the same stop rules. Fills in res->reason, converged
 * and of res->last k and count; the rest is measured by the comparison. Returns SPO_OK, or a
 * failure with its text: the comparison goes on. */
typedef spo_status spo_outside_solve(void *self, const spo_problem *P, double *x,
                                     const spo_stop *stop, uint64_t seed, spo_result *res,
                                     spo_error *err);

typedef struct spo_contender {
  const char *name;             /* shown; borrowed */
  const spo_solver_ops *solver; /* NULL: `outside` is asked */
  const void *options;          /* of solver; NULL: defaults */
  spo_outside_solve *outside;
  void *self; /* handed to outside */
} spo_contender;

typedef enum spo_measure { SPO_MEASURE_EQUIVALENTS, SPO_MEASURE_SECONDS } spo_measure;

/* spo_compare_options_init gives the defaults in brackets. */
typedef struct spo_compare_options {
  size_t size;
  uint64_t starts; /* [20] */
  /* the target: 0: that of the gradient rule or of stop->f_target; else a gap to the known minimum
   * of at most gap_tol times the start's gap, whatever the gradient [0] */
  double gap_tol;
  uint64_t seed;        /* start i is drawn, and solved, with seed + i [0] */
  const double *points; /* starts x n; NULL: random points of the manifold [NULL] */
  const spo_stop *stop; /* of every run; NULL: defaults [NULL] */
  double products[3];   /* weights of a cost, a gradient, a Hessian product: those of
                           spo_model_ops; all 0: 1, 1, 2 [0] */
} spo_compare_options;

/* One run. What could not be evaluated is NaN. */
typedef struct spo_compare_run {
  size_t contender;
  uint64_t seed;
  spo_status status; /* not SPO_OK: it failed, and err says why */
  spo_error err;
  spo_reason reason;
  bool converged;      /* says the solver */
  bool solved;         /* says the comparison, from the point alone */
  double f, grad_norm; /* of the point that was returned, evaluated again */
  double gap;          /* f minus the known minimum; NaN without one */
  uint64_t iterations;
  spo_counters count; /* as the solver's own run needed; judging is not counted */
  double equivalents; /* evaluations, weighted with products[] */
  double seconds;     /* wall time from start to end */
} spo_compare_run;

/** spo_compare_options_init - the defaults in brackets. O(1).
 * spo_compare_options_table - of starts and gap-tol. O(1). */
SPO_API void spo_compare_options_init(spo_compare_options *options);
SPO_API const spo_option *spo_compare_options_table(size_t *count);

/**
 * spo_compare - runs every contender from every start.
 *
 * P          in   borrowed
 * count      in   >= 1 contenders
 * options    in   NULL: defaults
 * run        out  options->starts x count of them: run[i * count + c] is contender c from start i
 * done       out  starts from which all ran: fewer than options->starts only if stop->poll said
 *                 yes; the runs of the others are not filled in
 *
 * Contenders take turns within a start, and who is first moves on from start to start: what else
 * the machine does hits all alike. A run is solved if it did not fail, its solver says that it
 * converged, its point lies on the manifold up to 1e-6 and meets the target when evaluated again (a
 * gradient within a thousandth of it: rounding differs); with gap_tol > 0 what the solver says does
 * not matter, and f_target is set so that runs end there. Units: those of f; seconds.
 * Cost: one solver per contender, made at first; one evaluation per start and per run besides.
 * Fails: SPO_E_ARG; SPO_E_UNSUPPORTED (gap_tol without a known minimum); SPO_E_NOMEM; what
 * spo_solver_create or the stop rules say, naming the contender. A run that fails, or a start that
 * cannot be evaluated, is no failure. Threads: any number of comparisons, though timing them
 * together means little. Test: tests/unit/compare.c.
 */
SPO_API spo_status spo_compare(const spo_problem *P, size_t count, const spo_contender *contender,
                               const spo_compare_options *options, spo_compare_run *run,
                               size_t *done, spo_error *err);

/* First quartile, median and third quartile; NaN if there is no number. */
typedef struct spo_quartiles {
  double lo, median, hi;
} spo_quartiles;

/* One contender. Work is that of its solved runs alone: what an unsolved run would have needed is
 * not known. Gradient norm and gap are those of all runs that returned a point. */
typedef struct spo_compare_summary {
  size_t runs, solved, failed;
  spo_quartiles iterations, equivalents, seconds, grad_norm, gap;
} spo_compare_summary;

/** spo_quartiles_of - of those of `count` numbers that are not NaN, interpolated linearly (GSL's
 * quantiles). value: sorted on return. O(count log count), no allocation. Test:
 * tests/unit/compare.c. */
SPO_API spo_quartiles spo_quartiles_of(size_t count, double *value);

/**
 * spo_compare_summarize - the summary of contender c.
 *
 * starts, count, run  in  as spo_compare left them, with starts = done;  c  in  < count
 *
 * Fails: SPO_E_ARG (no start, or c out of range), SPO_E_NOMEM (2 numbers per start are allocated).
 */
SPO_API spo_status spo_compare_summarize(size_t starts, size_t count, const spo_compare_run *run,
                                         size_t c, spo_compare_summary *out, spo_error *err);

/** spo_compare_costs - the matrix that spo_performance_profile takes: starts x count, the measure
 * of each solved run, infinity for the others. */
SPO_API void spo_compare_costs(size_t starts, size_t count, const spo_compare_run *run,
                               spo_measure measure, double *cost);

/**
 * spo_performance_profile - which part of the starts a contender solves within tau times the least
 * cost that any contender has there.
 *
 *   r_ic = cost_ic / min_c cost_ic,   rho_c(tau) = #{ i : r_ic <= tau } / starts
 *
 * cost   in   starts x count, >= 0; infinity or NaN: not solved
 * ratio  out  count x starts: r of each contender, sorted; infinity where not solved
 * tau    out  starts * count doubles: the steps, ascending, those where some rho_c changes; the
 *             first is 1. rho is constant from one to the next, and from the last on
 * rho    out  starts * count rows of `count` doubles: rho_c at each step
 *
 * Returns the number of steps, at least 1 (if nothing was solved: tau = 1 with all rho 0).
 * A least cost of 0 makes r 1 for those who have it, infinity for the others. Units: none.
 * Cost: O(starts count (count + log)); no allocation. Threads: any.
 * Source: Dolan, More 2002, Math. Program. 91, 201-213. Test: tests/unit/compare.c.
 */
SPO_API size_t spo_performance_profile(size_t starts, size_t count, const double *cost,
                                       double *ratio, double *tau, double *rho);

#ifdef __cplusplus
}
#endif
#endif
