/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What all line searches share: trials, the conditions at the scale of the cost's noise,
 * backtracking, and the ways a search ends. */
#include "line_search_internal.h"

#include <float.h>

#include "base/slots.h"
#include "base/vec.h"
#include "manifold/slots.h"

/* ---- trials ---------------------------------------------------------------------------------- */

spo_trial spo_trial_zero(const spo_search *s) {
  return (spo_trial){0.0, s->run->cur->f, s->in->slope};
}

/* A place that cannot be evaluated is infinitely high. */
static spo_status outside(spo_status status, spo_trial *at) {
  if (status != SPO_OUTSIDE)
    return status;
  at->f = INFINITY;
  at->slope = NAN;
  return SPO_OK;
}

spo_status spo_trial_cost(const spo_search *s, double t, spo_trial *at) {
  spo_run *run = s->run;
  *at = (spo_trial){t, NAN, NAN};
  s->out->t = t;
  s->out->slope = NAN;
  s->out->trials++;
  spo_status status =
      spo_eval_retract(&run->eval, run->cur, s->in->factor * t, s->in->d, run->trial);
  if (status == SPO_OK)
    status = spo_eval_cost(&run->eval, run->trial);
  at->f = run->trial->f;
  return outside(status, at);
}

/* <grad f(y), velocity at y>. Without scratch the direction itself stands for its velocity: asked
 * for in the noise only, where steps are short, by searches that need no slopes elsewhere. */
static spo_status slope_at_trial(const spo_search *s, double t, double *slope) {
  spo_run *run = s->run;
  const spo_manifold *M = run->eval.problem->manifold;
  const double *v = s->in->velocity ? s->in->velocity : s->in->d;
  spo_status status = SPO_OK;
  if (s->in->velocity)
    status = spo_manifold_velocity(M, run->cur->x, s->in->factor * t, s->in->d, run->trial->x,
                                   s->in->velocity, run->eval.work);
  if (status == SPO_OK)
    *slope = s->in->factor * spo_manifold_inner(M, run->trial->x, run->trial->grad, v);
  return status;
}

spo_status spo_trial_slope(const spo_search *s, spo_trial *at) {
  if (!(at->f < INFINITY))
    return SPO_OK;
  spo_status status = spo_eval_grad(&s->run->eval, s->run->trial);
  if (status == SPO_OK)
    status = slope_at_trial(s, at->t, &at->slope);
  if (status == SPO_OK && !isfinite(at->slope))
    status = SPO_OUTSIDE;
  s->out->slope = at->slope;
  return outside(status, at);
}

/* ---- conditions ------------------------------------------------------------------------------ */

bool spo_search_goes_on(const spo_search *s) {
  return s->out->trials <= s->in->options->max_backtracks &&
         !(s->out->trials > 0 && s->run->interrupted(s->run->interrupted_self));
}

bool spo_in_noise(const spo_search *s, double t) {
  return !(t * -s->in->slope > s->run->f_noise);
}

bool spo_cost_sufficient(const spo_search *s, const spo_trial *at, double reference) {
  if (spo_in_noise(s, at->t))
    return at->f <= reference + s->run->f_noise;
  return at->f <= reference + s->in->options->sufficient_decrease * at->t * s->in->slope;
}

bool spo_slope_sufficient(const spo_search *s, const spo_trial *at) {
  return at->slope <= (2.0 * s->in->options->sufficient_decrease - 1.0) * s->in->slope;
}

/* ---- how a search ends ----------------------------------------------------------------------- */

spo_status spo_search_accept(const spo_search *s, const spo_trial *at, bool curvature) {
  const spo_status status = spo_eval_grad(&s->run->eval, s->run->trial);
  if (status == SPO_OUTSIDE)
    return spo_search_fail(s);
  s->out->t = at->t;
  s->out->slope = at->slope;
  s->out->accepted = status == SPO_OK;
  s->out->curvature = curvature;
  return status;
}

/* Within rounding: f could not have told even the first step's decrease. */
spo_status spo_search_fail(const spo_search *s) {
  s->out->accepted = false;
  if (s->out->trials > 0 && s->run->interrupted(s->run->interrupted_self))
    s->out->reason = SPO_RUNNING;
  else
    s->out->reason = spo_in_noise(s, s->in->first) ? SPO_STOP_STALLED : SPO_STOP_LINE_SEARCH;
  return SPO_OK;
}

spo_status spo_search_settle(const spo_search *s, const spo_trial *best) {
  const bool lower = best->t > 0.0 && spo_cost_sufficient(s, best, s->run->cur->f) &&
                     (!spo_in_noise(s, best->t) || spo_slope_sufficient(s, best));
  if (!lower || (s->out->trials > 0 && s->run->interrupted(s->run->interrupted_self)))
    return spo_search_fail(s);
  spo_trial again = *best;
  spo_status status = SPO_OK;
  if (s->out->t != best->t) {
    status = spo_trial_cost(s, best->t, &again);
    if (status == SPO_OK)
      status = spo_trial_slope(s, &again);
  }
  if (status != SPO_OK)
    return status;
  return again.f < INFINITY ? spo_search_accept(s, &again, false) : spo_search_fail(s);
}

/* ---- interpolation and backtracking ---------------------------------------------------------- */

/* Nocedal, Wright 2006, eq. 3.59; the parabola: 3.58. */
double spo_interpolate(const spo_search *s, const spo_trial *a, const spo_trial *b) {
  const double h = b->t - a->t;
  if (isnan(b->slope))
    return a->t - 0.5 * a->slope * h * h / (b->f - a->f - a->slope * h);
  if (!(fabs(a->f - b->f) > s->run->f_noise))
    return a->t - a->slope * h / (b->slope - a->slope);
  const double d1 = a->slope + b->slope - 3.0 * (a->f - b->f) / (a->t - b->t);
  /* slopes are squares of gradients: their own squares may leave the range */
  const double size = fmax(fabs(d1), fmax(fabs(a->slope), fabs(b->slope)));
  const double square = d1 / size * (d1 / size) - a->slope / size * (b->slope / size);
  const double d2 = copysign(size * sqrt(square), h);
  return b->t - h * (b->slope + d2 - d1) / (b->slope - a->slope + 2.0 * d2);
}

double spo_contract(const spo_search *s, const spo_trial *at, const spo_trial *before) {
  (void)before;
  return s->in->options->contraction * at->t;
}

/* Is the trial good enough? In the noise its gradient is looked at. */
static spo_status judge(const spo_search *s, spo_trial *at, double reference, double grad_reference,
                        bool *enough) {
  *enough = spo_cost_sufficient(s, at, reference);
  if (!*enough || !spo_in_noise(s, at->t))
    return SPO_OK;
  const spo_status status = spo_trial_slope(s, at);
  const double delta = s->in->options->sufficient_decrease;
  *enough = at->f < INFINITY && (spo_slope_sufficient(s, at) ||
                                 s->run->trial->grad_norm <= (1.0 - delta) * grad_reference);
  return status;
}

spo_status spo_backtrack(const spo_search *s, double reference, double grad_reference,
                         spo_shrink *next) {
  spo_trial before = spo_trial_zero(s), at;
  double t = s->in->first;
  while (spo_search_goes_on(s) && t > 0.0) {
    bool enough = false;
    spo_status status = spo_trial_cost(s, t, &at);
    if (status == SPO_OK)
      status = judge(s, &at, reference, grad_reference, &enough);
    if (status == SPO_OK && enough)
      status = spo_search_accept(s, &at, false);
    if (status != SPO_OK || s->out->accepted)
      return status;
    t = next(s, &at, &before);
    before = at;
  }
  return spo_search_fail(s);
}

/* ---- for solvers ----------------------------------------------------------------------------- */

spo_status spo_line_search_check(const spo_line_search_ops *ls, spo_error *err) {
  if (!ls || !SPO_HAS(spo_line_search_ops, ls, search))
    return spo_fail(err, SPO_E_ARG, __func__, "line search table: size and search are required");
  return SPO_OK;
}

bool spo_transport_is_implied(const spo_manifold *M) {
  return !spo_manifold_has(M, transport) && !spo_manifold_has(M, inner);
}

size_t spo_line_search_velocity_len(const spo_line_search_ops *ls, const spo_manifold *M) {
  const bool has_slopes = SPO_HAS(spo_line_search_ops, ls, search) && ls->has_slopes;
  return has_slopes || !spo_transport_is_implied(M) ? M->n : 0;
}

double spo_line_search_first_step(const spo_run *run, double norm) {
  return run->eval.problem->manifold->typical_distance / (8.0 * norm);
}

double spo_line_search_longest(const spo_run *run, const double *d) {
  const spo_manifold *M = run->eval.problem->manifold;
  return spo_manifold_has(M, step_limit) ? M->ops->step_limit(M, run->cur->x, d) : INFINITY;
}

bool spo_descends(const spo_run *run, double slope, double norm) {
  return slope < -DBL_EPSILON * run->cur->grad_norm * norm && norm < INFINITY;
}

spo_status spo_precondition(spo_run *run, const double *v, double *pv) {
  const spo_status status = spo_eval_precond(&run->eval, run->cur, 1, v, pv);
  if (status != SPO_OUTSIDE)
    return status;
  spo_vec_copy(run->eval.problem->manifold->n, v, pv);
  return SPO_OK;
}

spo_status spo_line_search_run(const spo_line_search_ops *ls, spo_run *run,
                               const spo_line_search_input *in, spo_line_search_result *out) {
  spo_line_search_input own = *in;
  own.first = fmin(in->first, in->longest);
  *out = (spo_line_search_result){.t = 0.0, .slope = NAN, .reason = SPO_STOP_STALLED};
  const spo_search s = {run, &own, out};
  spo_status status = spo_line_search_check(ls, run->err);
  if (status == SPO_OK && ls->has_slopes && !in->velocity)
    status = spo_fail(run->err, SPO_E_ARG, __func__, "%s needs scratch for slopes", ls->name);
  if (status != SPO_OK)
    return status;
  const bool sound = in->slope < 0.0 && in->slope > -INFINITY && in->norm > 0.0 &&
                     in->norm < INFINITY && in->first > 0.0 && in->first < INFINITY &&
                     in->longest > 0.0;
  if (!sound) {
    out->reason = in->slope == 0.0 ? SPO_STOP_STALLED : SPO_STOP_LINE_SEARCH;
    return SPO_OK;
  }
  status = ls->search(run, &own, out);
  if (status == SPO_OUTSIDE)
    return spo_search_fail(&s);
  if (status != SPO_OK || !out->accepted)
    return status;
  return spo_search_accept(&s, &(spo_trial){out->t, run->trial->f, out->slope}, out->curvature);
}

double spo_line_search_next(const spo_line_search_input *in, const spo_line_search_result *out) {
  return out->next > 0.0 ? out->next : in->options->growth * out->t;
}

void spo_line_search_move(spo_run *run, const spo_line_search_input *in,
                          const spo_line_search_result *out, spo_iter *it) {
  spo_point *old = run->cur;
  run->cur = run->trial;
  run->trial = old;
  it->accepted = true;
  it->step_size = out->t;
  it->step_norm = out->t * in->norm;
}
