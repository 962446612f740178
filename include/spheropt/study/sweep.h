/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Continuation: critical points of a model followed along one of its parameters, with the events on
 * the way: where a branch turns back (fold), where it gains or loses stability (exchange), and
 * where two branches have the same cost (crossing). */
#ifndef SPHEROPT_STUDY_SWEEP_H
#define SPHEROPT_STUDY_SWEEP_H

#include <spheropt/model.h>
#include <spheropt/solver.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum spo_follow {
  SPO_FOLLOW_MINIMUM, /* where the branch ends or becomes a saddle, down to the next minimum */
  SPO_FOLLOW_POINT    /* the critical point itself, of whatever index, as far as it exists */
} spo_follow;

typedef struct spo_sweep_options {
  size_t size;
  const void *follow; /* a choice: minimum, point */
  double move_max;    /* how far a point of one branch may move in a step, in typical distances */
  double event_tol;   /* events are located to this, relative to the parameter */
  double grad_rel;    /* gradients of the points, relative to the problem's scale */
  uint64_t seed;
  int (*poll)(void *self); /* nonzero: stop; what there is stays */
  void *poll_self;
} spo_sweep_options;

/* One value of the parameter. */
typedef struct spo_sweep_row {
  double value, f, grad_norm;
  double lambda_min; /* the Hessian's lowest eigenvalue besides the zeros of the symmetry */
  size_t index;      /* of the Hessian: negative eigenvalues */
  size_t branch;     /* from 0; a new number where the point had to jump; SPO_SWEEP_NOWHERE */
  spo_reason reason; /* of the solver that had the last word */
  bool critical;     /* the gradient is zero within rounding */
} spo_sweep_row;
/* The branch of a point that is not critical: none */
#define SPO_SWEEP_NOWHERE SIZE_MAX

typedef enum spo_sweep_kind {
  SPO_SWEEP_FOLD,     /* the branch does not go on */
  SPO_SWEEP_EXCHANGE, /* the index changes */
  SPO_SWEEP_CROSSING  /* the cost equals that of another branch */
} spo_sweep_kind;
/** spo_sweep_kind_name - the word: "fold"; "unknown" for a number that is no kind. */
SPO_API const char *spo_sweep_kind_name(spo_sweep_kind kind);

typedef struct spo_sweep_event {
  spo_sweep_kind kind;
  double value;         /* of the parameter */
  double width;         /* the event lies within this of it */
  size_t branch, other; /* other: crossings only */
} spo_sweep_event;

/* A branch under way. Made by spo_sweep_create, advanced value by value. */
typedef struct spo_sweep spo_sweep;

/** spo_sweep_options_init - the defaults. O(1).
 * spo_sweep_options_table - their table. O(1). */
SPO_API void spo_sweep_options_init(spo_sweep_options *options);
SPO_API const spo_option *spo_sweep_options_table(size_t *count);

/**
 * spo_sweep_create - a follower of one point.
 *
 * model    in   borrowed;  params  in  its parameters, copied, arrays borrowed
 * vary     in   the parameter's name: a number, or a whole number
 * options  in   NULL: defaults
 * out      out  NULL on failure
 *
 * Cost: one allocation. Fails: SPO_E_OPTION (no such parameter, or not a number), what
 * spo_model_check says, SPO_E_NOMEM.
 * Threads: one per sweep. Test: tests/oracle/sweep.c.
 */
SPO_API spo_status spo_sweep_create(const spo_model_ops *model, const void *params,
                                    const char *vary, const spo_sweep_options *options,
                                    spo_sweep **out, spo_error *err);
/** spo_sweep_destroy - frees it; NULL is fine. */
SPO_API void spo_sweep_destroy(spo_sweep *s);

/**
 * spo_sweep_start - where the next step begins.
 *
 * value   in   of the parameter
 * x       in   n doubles of the problem there, or NULL: the model's own start, else random. It is
 *              taken down to a minimum, or onto the critical point next to it, as asked
 * branch  in   the number its branch gets; the next one is the first that a jump gets
 * row     out  what is there
 *
 * Fails: what create, solvers and spectrum say; SPO_E_NOMEM.
 */
SPO_API spo_status spo_sweep_start(spo_sweep *s, double value, const double *x, size_t branch,
                                   spo_sweep_row *row, spo_error *err);

/**
 * spo_sweep_step - to the next value, with a warm start from the last.
 *
 * value   in   of the parameter, anywhere
 * row     out  what is there
 * event   out  room for `room` events between the last value and this one
 * events  out  how many there were
 *
 * A corrector (newton) takes the point to the new problem's critical point next to it. Where it
 * moves further than allowed, finds none, or one of another index, the way is gone again in
 * shorter steps. If the branch goes on in them, there is no event: the long step had jumped to a
 * branch beside it. Else it has ended, a fold, or its index changes, both located by bisection.
 * Points of another size are padded with zeros where their vectors became longer; otherwise a
 * fresh start is made, a new branch without an event. Cost: some Newton steps and the lowest
 * part of a Hessian spectrum; per event about 30 times that. Fails: what create, solvers and
 * spectrum say. Where newton finds no critical point, row->critical says so, the point belongs
 * to no branch, and no event lies between it and the next.
 */
SPO_API spo_status spo_sweep_step(spo_sweep *s, double value, spo_sweep_row *row,
                                  spo_sweep_event *event, size_t room, size_t *events,
                                  spo_error *err);

/** spo_sweep_problem, spo_sweep_point - where it stands; valid until the next step. */
SPO_API const spo_problem *spo_sweep_problem(const spo_sweep *s);
SPO_API const double *spo_sweep_point(const spo_sweep *s);

/** spo_sweep_crossing - do two sweeps that made their last step between the same values have the
 * same cost somewhere between them? *crosses says so; then *event says where. Never between whole
 * numbers. Both stand as before afterwards. Fails: SPO_E_ARG (their values differ), and as
 * spo_sweep_step. */
SPO_API spo_status spo_sweep_crossing(spo_sweep *a, spo_sweep *b, bool *crosses,
                                      spo_sweep_event *event, spo_error *err);

#ifdef __cplusplus
}
#endif
#endif
