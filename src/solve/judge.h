/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Trying a step and judging it by a model's prediction, for solvers that propose with the Hessian:
 *
 *   rho = (f(x) - f(y) + r) / (decrease + r),  r = the cost's own noise at x,
 *
 * and, once the predicted decrease is below that noise, by the gradient norm. */
#ifndef SPO_SOLVE_JUDGE_H
#define SPO_SOLVE_JUDGE_H

#include <spheropt/solver.h>

typedef struct spo_trial {
  double decrease; /* predicted */
  double rho;      /* NaN where the cost is not defined; +-1 in the endgame */
  bool evaluable, endgame, accepted;
} spo_trial;

/* The trial place R(t v), and its cost. A point where the cost is not defined is no failure. */
spo_status spo_try_step(spo_run *run, double t, const double *v, bool *evaluable);

/* Tries R(v), v n doubles, and moves there if rho exceeds `least`; fills in all but decrease. */
spo_status spo_judge_step(spo_run *run, const double *v, double least, spo_trial *trial);

/* Trials in the endgame since the gradient norm was last halved, and what it was then. */
typedef struct spo_endgame {
  double grad_norm;
  uint64_t trials;
} spo_endgame;

/* Told of each trial once it is judged: is there no further progress within rounding? */
bool spo_endgame_over(spo_endgame *e, const spo_run *run, const spo_trial *trial);

void spo_swap_places(spo_run *run);

#endif
