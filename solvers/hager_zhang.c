/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Hager and Zhang's line search: an interval whose ends have slopes of both signs is cut by a
 * double secant step, or in half where that is slow, until a step meets the Wolfe or, near a
 * minimiser, the approximate Wolfe conditions. All trials have slopes; costs need not be told apart
 * beyond their noise. Names of the steps (B, U, S, L) as in the paper. */
#include "line_search_internal.h"

#include <float.h>

/* Hager, Zhang 2006, section 4: theta, gamma, rho. */
static const double part = 0.5, slow = 0.66, expansion = 5.0;

/* phi'(a) < 0 and phi(a) is no higher than phi(0); phi'(b) >= 0. `over`: a step was accepted, the
 * trials are used up, or something failed. */
typedef struct bracket {
  const spo_search *s;
  spo_trial a, b;
  bool over;
  spo_status status;
} bracket;

/* No higher than where the search began, within the noise. */
static bool low(const bracket *B, const spo_trial *at) {
  return at->f <= B->s->run->cur->f + B->s->run->f_noise;
}

/* T1, which only f beyond its noise can tell, or T2. */
static bool wolfe(const bracket *B, const spo_trial *at) {
  const spo_search *s = B->s;
  if (!(at->slope >= s->in->options->curvature * s->in->slope))
    return false;
  if (!spo_in_noise(s, at->t) && spo_cost_sufficient(s, at, s->run->cur->f))
    return true;
  return low(B, at) && spo_slope_sufficient(s, at);
}

static bool over(bracket *B, spo_status status) {
  B->status = status;
  B->over = B->over || status != SPO_OK;
  return B->over;
}

/* The bracket cannot be cut further: its lower end will have to do. */
static void settle(bracket *B) {
  B->over = true;
  B->status = spo_search_settle(B->s, &B->a);
}

/* Tries t; false: there is nothing more to do. */
static bool try_step(bracket *B, double t, spo_trial *at) {
  *at = (spo_trial){t, INFINITY, NAN};
  if (!spo_search_goes_on(B->s)) {
    settle(B);
    return false;
  }
  if (over(B, spo_trial_cost(B->s, t, at)) || over(B, spo_trial_slope(B->s, at)))
    return false;
  if (!wolfe(B, at))
    return true;
  B->over = true;
  return !over(B, spo_search_accept(B->s, at, true));
}

/* U3: b is higher than where the search began, or has no cost at all. */
static void halve(bracket *B) {
  while (!B->over) {
    const double t = (1.0 - part) * B->a.t + part * B->b.t;
    spo_trial at;
    if (!(B->b.t - B->a.t > DBL_EPSILON * B->b.t)) {
      settle(B);
    } else if (try_step(B, t, &at)) {
      if (at.slope < 0.0 && low(B, &at)) {
        B->a = at;
        continue;
      }
      B->b = at;
      if (at.slope >= 0.0)
        return;
    }
  }
}

/* U: the bracket with one end replaced by a trial inside it. */
static void update(bracket *B, const spo_trial *at) {
  if (!(at->t > B->a.t && at->t < B->b.t))
    return;
  if (at->slope < 0.0 && low(B, at)) {
    B->a = *at;
    return;
  }
  B->b = *at;
  if (!(at->slope >= 0.0))
    halve(B);
}

static double secant(const spo_trial *a, const spo_trial *b) {
  return (a->t * b->slope - b->t * a->slope) / (b->slope - a->slope);
}

/* S: secant^2. */
static void cut(bracket *B) {
  const spo_trial a = B->a, b = B->b;
  double t = secant(&a, &b);
  spo_trial at;
  if (!(t > a.t && t < b.t)) /* rounding, or a slope of zero at b */
    t = 0.5 * (a.t + b.t);
  if (!try_step(B, t, &at))
    return;
  update(B, &at);
  if (B->over)
    return;
  if (at.t == B->b.t)
    t = secant(&b, &B->b);
  else if (at.t == B->a.t)
    t = secant(&a, &B->a);
  else
    return;
  if (t > B->a.t && t < B->b.t && try_step(B, t, &at))
    update(B, &at);
}

/* B: steps grow until the slope or the cost turns up. No step beyond `wall`, where f could not be
 * evaluated. */
static void enclose(bracket *B) {
  const spo_line_search_input *in = B->s->in;
  double t = in->first, wall = INFINITY;
  spo_trial at;
  while (!B->over && try_step(B, t, &at)) {
    if (!(at.f < INFINITY)) {
      wall = t;
      t = B->a.t + in->options->contraction * (t - B->a.t);
      if (!(t > B->a.t && t < wall))
        settle(B);
      continue;
    }
    B->b = at;
    if (at.slope >= 0.0)
      return;
    if (!low(B, &at))
      halve(B);
    if (B->over || B->b.slope >= 0.0)
      return;
    B->a = at;
    if (t >= in->longest)
      settle(B);
    t = fmin(expansion * t, in->longest);
    if (t >= wall)
      t = B->a.t + in->options->contraction * (wall - B->a.t);
  }
}

static spo_status search(spo_run *run, const spo_line_search_input *in,
                         spo_line_search_result *out) {
  const spo_search s = {run, in, out};
  bracket B = {.s = &s, .a = spo_trial_zero(&s)};
  enclose(&B);
  while (!B.over) {
    const double width = B.b.t - B.a.t;
    spo_trial at;
    if (!(width > DBL_EPSILON * B.b.t))
      return spo_search_settle(&s, &B.a);
    cut(&B);
    if (!B.over && B.b.t - B.a.t > slow * width && try_step(&B, 0.5 * (B.a.t + B.b.t), &at))
      update(&B, &at);
  }
  return B.status;
}

const spo_line_search_ops spo_hager_zhang_ops = {
    .size = sizeof(spo_line_search_ops),
    .name = "hager-zhang",
    .summary = "secants and bisection to the Wolfe or the approximate Wolfe conditions",
    .reference = "Hager, Zhang 2005, 2006 (CG_DESCENT)",
    .has_slopes = true,
    .search = search,
};

const spo_line_search_ops *spo_hager_zhang_search(void) {
  return &spo_hager_zhang_ops;
}
