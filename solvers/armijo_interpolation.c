/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Backtracking to the minimiser of an interpolating polynomial. */
#include "line_search_internal.h"

/* Part of the last trial that the next one may be: Dennis, Schnabel 1983, A6.3.1. */
static const double shortest = 0.1, longest = 0.5;

/* The cubic with phi(0), phi'(0) and the last two costs, in units of b's step and of the linear
 * decrease along it. */
static double cubic(const spo_trial *zero, const spo_trial *a, const spo_trial *b) {
  const double t = a->t / b->t, unit = -zero->slope * b->t;
  const double ra = ((a->f - zero->f) / unit + t) / (t * t), rb = (b->f - zero->f) / unit + 1.0;
  const double c3 = (rb - ra) / (1.0 - t), c2 = ra - c3 * t;
  return b->t / (c2 + sqrt(c2 * c2 + 3.0 * c3));
}

static double next(const spo_search *s, const spo_trial *at, const spo_trial *before) {
  const spo_trial zero = spo_trial_zero(s);
  double t;
  if (!(at->f < INFINITY))
    return spo_contract(s, at, before);
  if (!isnan(at->slope)) /* in the noise: where the slope vanishes */
    t = at->t * zero.slope / (zero.slope - at->slope);
  else if (before->t > 0.0 && before->f < INFINITY)
    t = cubic(&zero, before, at);
  else
    t = spo_interpolate(s, &zero, at);
  return isnan(t) ? spo_contract(s, at, before) : fmin(fmax(t, shortest * at->t), longest * at->t);
}

static spo_status search(spo_run *run, const spo_line_search_input *in,
                         spo_line_search_result *out) {
  const spo_search s = {run, in, out};
  return spo_backtrack(&s, run->cur->f, 0.0, next);
}

const spo_line_search_ops spo_armijo_interpolation_ops = {
    .size = sizeof(spo_line_search_ops),
    .name = "armijo-interpolation",
    .summary = "backtracking by quadratic and cubic interpolation until sufficient decrease",
    .reference = "Nocedal, Wright 2006, section 3.5; Dennis, Schnabel 1983",
    .search = search,
};

const spo_line_search_ops *spo_armijo_interpolation_search(void) {
  return &spo_armijo_interpolation_ops;
}
