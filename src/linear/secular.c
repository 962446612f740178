/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The secular equation of regions and cubics by a safeguarded Newton iteration. */
#include "linear/secular.h"

#include <float.h>
#include <math.h>

/* Eigenvalues within this times the largest are rounding, as for the curvatures of CG. */
static const double flat = 1e3 * DBL_EPSILON;
enum { MAX_NEWTON = 200 };

/* What one solve works with: denominators e_i + nu, e_i = max(lambda_i + shift, 0). */
typedef struct equation {
  const spo_secular *in;
  double shift;   /* max(0, -lambda_0) */
  double ground;  /* |lambda_i| up to this is flat */
  bool leave_out; /* the flat directions */
} equation;

static double denominator(const equation *q, size_t i) {
  return fmax(q->in->lambda[i] + q->shift, 0.0);
}

static bool left_out(const equation *q, size_t i) {
  return q->leave_out && fabs(q->in->lambda[i]) <= q->ground;
}

static equation set_up(const spo_secular *in) {
  equation q = {.in = in};
  q.ground = flat * fmax(fabs(in->lambda[0]), fabs(in->lambda[in->m - 1]));
  q.shift = in->lambda[0] < -q.ground ? -in->lambda[0] : 0.0;
  double slope = 0.0;
  for (size_t i = 0; i < in->m; i++)
    if (fabs(in->lambda[i]) <= q.ground)
      slope = hypot(slope, in->c[i]);
  q.leave_out = q.shift == 0.0 && slope <= in->flat_slope;
  return q;
}

static double component(const equation *q, size_t i, double nu) {
  return q->in->c[i] == 0.0 || left_out(q, i) ? 0.0 : -q->in->c[i] / (denominator(q, i) + nu);
}

/* |y(nu)|; *slope = sum y_i^2 / (e_i + nu) / |y|^2, the relative slope of 1/|y|. */
static double length(const equation *q, double nu, double *slope) {
  double norm = 0.0;
  *slope = 0.0;
  for (size_t i = 0; i < q->in->m; i++)
    norm = hypot(norm, component(q, i, nu));
  for (size_t i = 0; i < q->in->m && norm > 0.0; i++) {
    const double part = component(q, i, nu) / norm;
    if (part != 0.0)
      *slope += part * part / (denominator(q, i) + nu);
  }
  return norm;
}

/* The length that y must have at nu: the radius, or mu / sigma. */
static double due(const equation *q, double nu) {
  return q->in->sigma > 0.0 ? (q->shift + nu) / q->in->sigma : q->in->radius;
}

/* nu >= 0 at which a single component c over e + nu has the length due; 0 if it is shorter at 0. */
static double single(const equation *q, double c, double e) {
  if (!(q->in->sigma > 0.0))
    return fmax(0.0, c / q->in->radius - e);
  const double s = q->shift, p = q->in->sigma * c - e * s;
  return p > 0.0 ? 2.0 * p / (e + s + sqrt((e + s) * (e + s) + 4.0 * p)) : 0.0;
}

/* The root of due(nu) / |y(nu)| = 1, which rises with nu, between lo and hi. */
static double root(const equation *q) {
  double lo = 0.0, norm = 0.0;
  for (size_t i = 0; i < q->in->m; i++)
    if (!left_out(q, i)) {
      lo = fmax(lo, single(q, fabs(q->in->c[i]), denominator(q, i)));
      norm = hypot(norm, q->in->c[i]);
    }
  double hi = fmax(lo, single(q, norm, 0.0)), nu = lo;
  for (int step = 0; step < MAX_NEWTON; step++) {
    double slope;
    const double ratio = due(q, nu) / length(q, nu, &slope);
    if (fabs(ratio - 1.0) <= 4.0 * DBL_EPSILON)
      break;
    if (ratio < 1.0)
      lo = nu;
    else
      hi = nu;
    /* d ratio / d nu, over the ratio */
    const double rise = slope + (q->in->sigma > 0.0 ? 1.0 / (q->shift + nu) : 0.0);
    double next = nu + (1.0 / ratio - 1.0) / rise;
    if (!(next > lo && next < hi))
      next = lo > 0.0 ? sqrt(lo) * sqrt(hi) : 0.5 * hi;
    if (!(next > lo && next < hi))
      break; /* neighbours */
    nu = next;
  }
  return nu;
}

static bool inside(const equation *q) {
  double slope;
  for (size_t i = 0; i < q->in->m; i++)
    if (!left_out(q, i) && q->in->c[i] != 0.0 && denominator(q, i) == 0.0)
      return false; /* a slope along a flat direction leads out of any region */
  return length(q, 0.0, &slope) <= due(q, 0.0);
}

void spo_secular_solve(const spo_secular *in, double *y, spo_secular_result *out) {
  *out = (spo_secular_result){0};
  if (in->m == 0)
    return;
  const equation q = set_up(in);
  const bool in_region = inside(&q), hard = in_region && q.shift > 0.0;
  const double nu = in_region ? 0.0 : root(&q);
  double square = 0.0;
  for (size_t i = 0; i < in->m; i++) {
    y[i] = component(&q, i, nu);
    square += y[i] * y[i];
  }
  if (hard) /* c_0 is nil: as far along the lowest eigenvector as is left */
    y[0] = sqrt(fmax(0.0, due(&q, 0.0) * due(&q, 0.0) - square));
  out->mu = q.shift + nu;
  out->negative = q.shift > 0.0;
  out->boundary = !in_region || hard;
  for (size_t i = 0; i < in->m; i++) {
    out->norm = hypot(out->norm, y[i]);
    out->decrease += 0.5 * (denominator(&q, i) + nu + out->mu) * y[i] * y[i];
  }
}
