/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A solver from inside: what the loop and the checkpoints share. */
#ifndef SPO_SOLVE_SOLVER_H
#define SPO_SOLVE_SOLVER_H

#include <time.h>

#include <spheropt/solver.h>

typedef enum spo_phase { SPO_IDLE, SPO_AT_START, SPO_GOING, SPO_ENDED } spo_phase;

struct spo_solver {
  const spo_solver_ops *type;
  const spo_problem *problem;
  uint64_t seed;
  spo_run run;
  spo_point place[2];
  spo_stop stop;
  gsl_rng rng; /* its state lies in our block: gsl_rng_alloc would abort when memory is short */
  spo_phase phase;
  spo_status failure; /* of the step that ended the run, if one failed */
  spo_reason reason;
  spo_iter it;
  bool certified;         /* the start, as a global minimiser */
  double first_grad_norm; /* not 0: the gradient scale of problems that state none */
  struct timespec began;
  double earlier; /* seconds of the run before it was resumed */
};

/* Everything that a start resets, with the stop rules taken over; the place is not set. */
spo_status spo_solver_reset(spo_solver *s, const spo_stop *stop, spo_error *err);

/* The gradient norm that ends the run, from the stop rules and the gradient's scale. */
void spo_solver_retarget(spo_solver *s);

#endif
