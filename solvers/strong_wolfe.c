/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Strong Wolfe conditions: steps grow until an interval must hold a good one, then the interval is
 * cut by cubic interpolation, or in half where that is slow. Costs are compared beyond their noise
 * only; within it the sign of the slope decides on which side to go on. */
#include "line_search_internal.h"

#include <float.h>

/* The next step lies between these parts of the last extension beyond it, and at least this part of
 * an interval from its ends; an interval that two trials have not cut to two thirds is halved.
 * More, Thuente 1994, section 4 (1.1, 4, 0.66). */
static const double least_growth = 1.1, most_growth = 4.0, margin = 0.1, slow = 0.66;

/* lo: the best step so far, its slope points to hi. */
typedef struct interval {
  spo_trial lo, hi;
} interval;

/* Is there a good step between lo and this one, as far as f can tell? */
static bool too_high(const spo_search *s, const spo_trial *at, const spo_trial *lo) {
  return !spo_cost_sufficient(s, at, s->run->cur->f) ||
         (lo->t > 0.0 && !(at->f <= lo->f + s->run->f_noise));
}

static bool flat_enough(const spo_search *s, const spo_trial *at) {
  return fabs(at->slope) <= -s->in->options->curvature * s->in->slope &&
         (!spo_in_noise(s, at->t) || spo_slope_sufficient(s, at));
}

/* Cost, and the slope unless f tells enough. */
static spo_status try_step(const spo_search *s, double t, const spo_trial *lo, spo_trial *at) {
  const spo_status status = spo_trial_cost(s, t, at);
  if (status != SPO_OK || too_high(s, at, lo))
    return status;
  return spo_trial_slope(s, at);
}

/* A step strictly inside, by interpolation where that is sound. */
static double inside(const spo_search *s, const interval *in, bool halve) {
  const double width = in->hi.t - in->lo.t;
  const double t = spo_interpolate(s, &in->lo, &in->hi), part = (t - in->lo.t) / width;
  if (halve || !(in->hi.f < INFINITY) || !(part > -INFINITY && part < INFINITY))
    return in->lo.t + 0.5 * width;
  return in->lo.t + fmin(fmax(part, margin), 1.0 - margin) * width;
}

static spo_status zoom(const spo_search *s, interval in) {
  double before = INFINITY;
  for (int k = 0; spo_search_goes_on(s); k++) {
    const double width = fabs(in.hi.t - in.lo.t);
    if (!(width > DBL_EPSILON * fmax(in.hi.t, in.lo.t)))
      break;
    const bool halve = k % 2 == 0 && !(width <= slow * before);
    if (k % 2 == 0)
      before = width;
    spo_trial at;
    const spo_status status = try_step(s, inside(s, &in, halve && k > 0), &in.lo, &at);
    if (status != SPO_OK)
      return status;
    if (!(at.f < INFINITY) || too_high(s, &at, &in.lo)) {
      in.hi = at;
      continue;
    }
    if (flat_enough(s, &at))
      return spo_search_accept(s, &at, true);
    if (at.slope * (in.hi.t - in.lo.t) >= 0.0)
      in.hi = in.lo;
    in.lo = at;
  }
  return spo_search_settle(s, &in.lo);
}

/* The next longer step after `at`, itself after `before`; none beyond `wall`, where f could not be
 * evaluated. */
static double extend(const spo_search *s, const spo_trial *before, const spo_trial *at,
                     double wall) {
  const double last = at->t - before->t;
  double t = spo_interpolate(s, before, at);
  if (!(t > at->t && t < INFINITY))
    t = INFINITY;
  t = fmin(fmax(t, at->t + least_growth * last), at->t + most_growth * last);
  if (wall < INFINITY)
    t = fmin(t, at->t + s->in->options->contraction * (wall - at->t));
  return fmin(t, s->in->longest);
}

static spo_status search(spo_run *run, const spo_line_search_input *input,
                         spo_line_search_result *out) {
  const spo_search s = {run, input, out};
  spo_trial before = spo_trial_zero(&s), at;
  double t = input->first, wall = INFINITY;
  while (spo_search_goes_on(&s) && t > before.t) { /* until the longest step */
    const spo_status status = try_step(&s, t, &before, &at);
    if (status != SPO_OK)
      return status;
    if (!(at.f < INFINITY)) {
      wall = t;
      t = before.t + input->options->contraction * (t - before.t);
      continue;
    }
    if (too_high(&s, &at, &before))
      return zoom(&s, (interval){before, at});
    if (flat_enough(&s, &at))
      return spo_search_accept(&s, &at, true);
    if (at.slope >= 0.0)
      return zoom(&s, (interval){at, before});
    t = extend(&s, &before, &at, wall);
    before = at;
  }
  return spo_search_settle(&s, &before);
}

const spo_line_search_ops spo_strong_wolfe_ops = {
    .size = sizeof(spo_line_search_ops),
    .name = "strong-wolfe",
    .summary = "bracketing and zoom by cubic interpolation to the strong Wolfe conditions",
    .reference = "Nocedal, Wright 2006, algorithms 3.5 and 3.6; More, Thuente 1994",
    .has_slopes = true,
    .search = search,
};

const spo_line_search_ops *spo_strong_wolfe_search(void) {
  return &spo_strong_wolfe_ops;
}
