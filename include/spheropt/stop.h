/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Why a run ends, and when it should. A rule knows whether it means convergence. */
#ifndef SPHEROPT_STOP_H
#define SPHEROPT_STOP_H

#include <spheropt/options.h>

#ifdef __cplusplus
extern "C" {
#endif

/* X(constant, name, converged, sentence) */
#define SPO_REASON_LIST(X)                                                                         \
  X(SPO_RUNNING, "running", 0, "still running")                                                    \
  X(SPO_STOP_GRAD, "gradient", 1, "the gradient is small enough")                                  \
  X(SPO_STOP_SECOND_ORDER, "second-order-point", 1,                                                \
    "the start is critical, and no negative curvature was found there")                            \
  X(SPO_STOP_FTARGET, "cost-target", 1, "the cost reached its target")                             \
  X(SPO_STOP_STEP, "step", 0, "the step became too small")                                         \
  X(SPO_STOP_MAX_ITER, "max-iterations", 0, "the iterations ran out")                              \
  X(SPO_STOP_MAX_COST, "max-cost", 0, "the cost evaluations ran out")                              \
  X(SPO_STOP_MAX_HESS, "max-hess", 0, "the Hessian products ran out")                              \
  X(SPO_STOP_MAX_TIME, "max-time", 0, "the time ran out")                                          \
  X(SPO_STOP_USER, "user", 0, "the user asked to stop")                                            \
  X(SPO_STOP_STALLED, "stalled", 0, "no further progress within rounding")                         \
  X(SPO_STOP_CRITICAL_START, "critical-start", 0,                                                  \
    "the start is a critical point, not known to be a minimiser, which this solver cannot leave")  \
  X(SPO_STOP_LINE_SEARCH, "line-search", 0,                                                        \
    "no step along the search direction lowers the cost as it should")

#define SPO_REASON_ENUM_(id, name, converged, text) id,
typedef enum spo_reason { SPO_REASON_LIST(SPO_REASON_ENUM_) } spo_reason;

/** spo_reason_name, spo_reason_text, spo_reason_converged - the word, the sentence, and whether it
 * means success. Static storage; "unknown" for a number that is no reason. */
SPO_API const char *spo_reason_name(spo_reason reason);
SPO_API const char *spo_reason_text(spo_reason reason);
SPO_API bool spo_reason_converged(spo_reason reason);

/* Stop rules of one run; spo_stop_init gives the defaults in brackets. */
typedef struct spo_stop {
  size_t size;
  double grad_rel; /* |grad| <= grad_rel * the problem's gradient scale; 0: off [1e-10] */
  double grad_abs; /* or |grad| <= grad_abs; 0: off [0] */
  double f_target; /* or f <= f_target; -inf: off [-inf] */
  double step_min; /* or a step no longer than this, relative to the typical distance; 0: off [0] */
  double max_time; /* seconds; inf: off [inf] */
  uint64_t max_iter;           /* [10,000] */
  uint64_t max_cost, max_hess; /* evaluations [2^53: no limit] */
  bool timed;                  /* measure the seconds spent in each callback [false] */
  int (*poll)(
      void
          *self); /* nonzero: the user wants out. Asked between steps and inside long subproblems */
  void *poll_self;
} spo_stop;

/** spo_stop_init - fills in the defaults. O(1). */
SPO_API void spo_stop_init(spo_stop *stop);

/** spo_stop_options - the table of all members but poll, for --help and validation; *count
 * entries. */
SPO_API const spo_option *spo_stop_options(size_t *count);

#ifdef __cplusplus
}
#endif
#endif
