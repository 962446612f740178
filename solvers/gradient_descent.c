/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Riemannian gradient descent with Armijo backtracking from twice the last step, or a fixed step.
 * The search direction is -grad itself: no vector besides the two places and one for the
 * transport. */
#include <spheropt/solvers/gradient_descent.h>

#include <math.h>

#include "base/slots.h"

static const spo_step_rule rule_armijo = SPO_STEP_ARMIJO, rule_fixed = SPO_STEP_FIXED;
static const spo_choice rules[] = {
    {"armijo", "backtracking from twice the last step", &rule_armijo},
    {"fixed", "the same step always", &rule_fixed},
    {NULL, NULL, NULL},
};

#define AT(member) offsetof(spo_gradient_descent_options, member)
static const spo_option table[] = {
    {"line-search", "how the step is chosen", "", AT(line_search), SPO_OPTION_CHOICE, 0, 1, 0, 0,
     rules, 0},
    {"step", "fixed: the step; armijo: the first one tried, 0: chosen from the gradient", "",
     AT(step), SPO_OPTION_DOUBLE, 0, INFINITY, 0, SPO_OPEN_HI, NULL, 0},
    {"sufficient-decrease", "part of the linear decrease that a step must bring",
     "1e-4: Nocedal, Wright 2006, section 3.1", AT(sufficient_decrease), SPO_OPTION_DOUBLE, 0, 0.5,
     1e-4, SPO_OPEN_LO | SPO_OPEN_HI, NULL, 0},
    {"contraction", "factor of a backtrack", "Manopt 0.5", AT(contraction), SPO_OPTION_DOUBLE, 0, 1,
     0.5, SPO_OPEN_LO | SPO_OPEN_HI, NULL, 0},
    {"growth", "factor from one iteration's step to the next one's first", "Manopt 2", AT(growth),
     SPO_OPTION_DOUBLE, 1, 100, 2, 0, NULL, 0},
    {"max-backtracks", "backtracks in one iteration", "2^-60 of the first step", AT(max_backtracks),
     SPO_OPTION_UINT, 1, 1000, 60, 0, NULL, 0},
};
#undef AT

typedef struct gd_state {
  double step; /* the last one accepted, or the first one given */
  bool moved;
} gd_state;

/* Projection is the transport and the metric the ambient one: then the inner product at the trial
 * point sees only the part of a vector that transport would keep. */
static bool transport_is_implied(const spo_manifold *M) {
  return !SPO_HAS(spo_manifold_ops, M->ops, transport) && !SPO_HAS(spo_manifold_ops, M->ops, inner);
}

static size_t work_len(const spo_problem *P, const void *options) {
  (void)options;
  return transport_is_implied(P->manifold) ? 0 : P->manifold->n;
}

static bool is_fixed(const spo_gradient_descent_options *o) {
  return o->line_search && *(const spo_step_rule *)o->line_search == SPO_STEP_FIXED;
}

static spo_status start(spo_run *run) {
  const spo_gradient_descent_options *o = run->options;
  if (is_fixed(o) && !(o->step > 0.0))
    return spo_fail(run->err, SPO_E_OPTION, "spo_gradient_descent",
                    "step: the fixed step must be given, greater than 0");
  ((gd_state *)run->state)->step = o->step;
  return SPO_OK;
}

/* -<grad f(y), transported grad f(x)>: the slope at the trial point along the curve. */
static spo_status trial_slope(spo_run *run, double *slope) {
  const spo_manifold *M = run->eval.problem->manifold;
  spo_status status = spo_eval_grad(&run->eval, run->trial);
  const double *moved = run->cur->grad;
  if (status == SPO_OK && !transport_is_implied(M)) {
    moved = run->work;
    status = spo_manifold_transport(M, run->cur->x, run->trial->x, run->cur->grad, run->work,
                                    run->eval.work);
  }
  if (status == SPO_OK)
    *slope = -spo_manifold_inner(M, run->trial->x, run->trial->grad, moved);
  return status;
}

/* Is the trial point good enough? Armijo's condition, or, where f cannot resolve it, the same for
 * the parabola through the slopes (Hager, Zhang 2005, eq. 4.1). */
static spo_status sufficient(spo_run *run, double t, bool *enough) {
  const spo_gradient_descent_options *o = run->options;
  const double gg = run->cur->grad_norm * run->cur->grad_norm;
  const double delta = o->sufficient_decrease;
  *enough = false;
  if (t * gg > run->f_noise) {
    *enough = run->trial->f <= run->cur->f - delta * t * gg;
    return SPO_OK;
  }
  if (!(run->trial->f <= run->cur->f + run->f_noise))
    return SPO_OK;
  double slope;
  const spo_status status = trial_slope(run, &slope);
  if (status == SPO_OK)
    *enough = slope <= (1.0 - 2.0 * delta) * gg;
  return status;
}

/* The trial point at R(-t grad), its cost, and, if it is good enough, its gradient. */
static spo_status try_step(spo_run *run, double t, bool judged, bool *accepted) {
  *accepted = !judged;
  spo_status status = spo_eval_retract(&run->eval, run->cur, -t, run->cur->grad, run->trial);
  if (status == SPO_OK)
    status = spo_eval_cost(&run->eval, run->trial);
  if (status == SPO_OK && judged)
    status = sufficient(run, t, accepted);
  if (status == SPO_OK && *accepted)
    status = spo_eval_grad(&run->eval, run->trial);
  if (status == SPO_OUTSIDE) {
    *accepted = false;
    status = SPO_OK;
  }
  return status;
}

/* The first step to try. */
static double first_step(const spo_run *run) {
  const spo_gradient_descent_options *o = run->options;
  const spo_manifold *M = run->eval.problem->manifold;
  const gd_state *s = run->state;
  double t = s->step > 0.0 ? s->step : M->typical_distance / (8.0 * run->cur->grad_norm);
  if (s->moved)
    t *= o->growth;
  if (SPO_HAS(spo_manifold_ops, M->ops, step_limit))
    t = fmin(t, M->ops->step_limit(M, run->cur->x, run->cur->grad));
  return t;
}

static spo_status step(spo_run *run, spo_iter *it, spo_reason *reason) {
  const spo_gradient_descent_options *o = run->options;
  gd_state *s = run->state;
  const bool fixed = is_fixed(o);
  double t = fixed ? o->step : first_step(run);
  const uint64_t trials = fixed ? 1 : o->max_backtracks + 1;
  for (uint64_t trial = 0; trial < trials; trial++, t *= o->contraction) {
    const spo_status status = try_step(run, t, !fixed, &it->accepted);
    if (status != SPO_OK)
      return status;
    if (it->accepted || run->interrupted(run->interrupted_self))
      break;
  }
  if (!it->accepted) {
    *reason = run->interrupted(run->interrupted_self) ? SPO_RUNNING : SPO_STOP_STALLED;
    return SPO_OK;
  }
  s->moved = true;
  it->step_size = s->step = t;
  it->step_norm = t * run->cur->grad_norm;
  spo_point *old = run->cur;
  run->cur = run->trial;
  run->trial = old;
  return SPO_OK;
}

static const spo_solver_ops ops = {
    .size = sizeof(spo_solver_ops),
    .name = "gradient-descent",
    .summary =
        "Riemannian gradient descent: Armijo backtracking with step doubling, or a fixed step",
    .reference = "Absil, Mahony, Sepulchre 2008, section 4.2",
    .options_size = sizeof(spo_gradient_descent_options),
    .n_options = sizeof table / sizeof table[0],
    .state_size = sizeof(gd_state),
    .option = table,
    .work_len = work_len,
    .start = start,
    .step = step,
};

const spo_solver_ops *spo_gradient_descent(void) {
  return &ops;
}

void spo_gradient_descent_options_init(spo_gradient_descent_options *options) {
  spo_options_init(table, sizeof table / sizeof table[0], options, sizeof *options);
}
