/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the files of a sweep share: sweep.c (options, steps), sweep_stand.c (a critical point at one
 * value of the parameter), sweep_events.c (where branches end, exchange and cross). */
#ifndef SPO_STUDY_SWEEP_INTERNAL_H
#define SPO_STUDY_SWEEP_INTERNAL_H

#include <spheropt/study/sweep.h>

#include <gsl/gsl_rng.h>

/* A value of the parameter, its problem, and a critical point there. */
typedef struct spo_stand {
  double value;
  spo_problem *P; /* NULL: nothing here */
  double *x;
  spo_sweep_row row;
  bool critical;
} spo_stand;

struct spo_sweep {
  const spo_model_ops *model;
  const spo_option *vary;
  void *params;
  spo_sweep_options options;
  gsl_rng *rng;
  spo_stand last, here;
  size_t next_branch;
};

void spo_stand_leave(spo_stand *t);
/* *to becomes what *from was. */
void spo_stand_take_over(spo_stand *to, spo_stand *from);
/* The problem at a value, with room for a point. */
spo_status spo_stand_open(spo_sweep *s, double value, spo_stand *out, spo_error *err);
/* The same value and point in a stand of its own. */
spo_status spo_stand_copy(spo_sweep *s, const spo_stand *from, spo_stand *out, spo_error *err);

/* To a critical point by that solver, and what there is to know of it. */
spo_status spo_stand_solve(spo_sweep *s, const spo_solver_ops *type, spo_stand *t, spo_error *err);
spo_status spo_stand_measure(spo_sweep *s, spo_stand *t, spo_error *err);

/* The critical point at `value` next to that of `from`. *near: it is one, and close by. Sizes that
 * do not go together: SPO_OUTSIDE, and *out has a problem without a point. */
spo_status spo_stand_correct(spo_sweep *s, const spo_stand *from, double value, spo_stand *out,
                             bool *near, spo_error *err);

/* The way from s->here to t, which newton took in one step, in steps as short as it needs: one
 * event on it, or none, if the branch goes on to another point than t: then that is t. */
spo_status spo_sweep_walk(spo_sweep *s, spo_stand *t, bool *near, spo_sweep_event *event,
                          size_t *events, spo_error *err);

#endif
