/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Trying, judging and accepting a step. */
#include "solve/judge.h"

#include <math.h>

void spo_swap_places(spo_run *run) {
  spo_point *old = run->cur;
  run->cur = run->trial;
  run->trial = old;
}

spo_status spo_try_step(spo_run *run, double t, const double *v, bool *evaluable) {
  spo_status status = spo_eval_retract(&run->eval, run->cur, t, v, run->trial);
  if (status == SPO_OK)
    status = spo_eval_cost(&run->eval, run->trial);
  *evaluable = status == SPO_OK;
  return status == SPO_OUTSIDE ? SPO_OK : status;
}

/* Promised decreases up to so many times the noise of f cannot be judged by f: a step that brings
 * none at all would have a regularised ratio of 1 / (1 + 9), and pass for ever. */
static const double blind = 9.0;

/* There the gradient norm decides. */
static spo_status judge_endgame(spo_run *run, spo_trial *t) {
  const double rise = run->trial->f - run->cur->f;
  const spo_status status = spo_eval_grad(&run->eval, run->trial);
  if (status != SPO_OK) {
    t->evaluable = false;
    return status == SPO_OUTSIDE ? SPO_OK : status;
  }
  const bool better = run->trial->grad_norm < run->cur->grad_norm && rise <= run->f_noise;
  t->rho = better ? 1.0 : -1.0;
  return SPO_OK;
}

static spo_status judge(spo_run *run, spo_trial *t) {
  t->rho = NAN;
  if (!t->evaluable)
    return SPO_OK;
  t->endgame = t->decrease < blind * run->f_noise;
  if (t->endgame)
    return judge_endgame(run, t);
  t->rho = (run->cur->f - run->trial->f + run->f_noise) / (t->decrease + run->f_noise);
  return SPO_OK;
}

spo_status spo_judge_step(spo_run *run, const double *v, double least, spo_trial *t) {
  t->accepted = t->endgame = false;
  spo_status status = spo_try_step(run, 1.0, v, &t->evaluable);
  if (status == SPO_OK)
    status = judge(run, t);
  if (status != SPO_OK || !(t->evaluable && t->rho > least))
    return status;
  status = spo_eval_grad(&run->eval, run->trial);
  if (status != SPO_OK)
    return status == SPO_OUTSIDE ? SPO_OK : status;
  spo_swap_places(run);
  t->accepted = true;
  return SPO_OK;
}

/* So many trials without a gradient half as long: a step may lower it by a trifle again and
 * again. */
enum { MAX_ENDGAME_TRIALS = 40 };

bool spo_endgame_over(spo_endgame *e, const spo_run *run, const spo_trial *t) {
  if (!t->endgame) {
    if (t->accepted)
      e->trials = 0;
    return false;
  }
  if (e->trials++ == 0 || run->cur->grad_norm <= 0.5 * e->grad_norm)
    *e = (spo_endgame){run->cur->grad_norm, 1};
  return e->trials > MAX_ENDGAME_TRIALS;
}
