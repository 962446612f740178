/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Does a manifold move as it should: retraction, exponential, transport, velocity. */
#include <float.h>
#include <math.h>

#include "base/vec.h"
#include "check/survey.h"
#include "manifold/slots.h"

/* ---- retraction and exponential -------------------------------------------------------------- */

static void check_move(spo_survey *s, spo_guarded_move move, const char *zero, const char *stays,
                       const char *product, const char *alias) {
  static const double lengths[] = {0.3, 1.0, -7.0, 1e3};
  const double size = 1.0 + spo_vec_norm(s->n, s->x), *v = s->directions;
  double still = 0.0, worst = 0.0;
  spo_vec_zero(s->n, s->u);
  still += move(&s->g, s->x, 0.0, v, s->y) ? spo_survey_distance(s, s->y, s->x) : NAN;
  still += move(&s->g, s->x, 1.0, s->u, s->y) ? spo_survey_distance(s, s->y, s->x) : NAN;
  spo_survey_judge(s, zero, still / size);
  for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
    if (!move(&s->g, s->x, lengths[i], v, s->y))
      continue; /* not defined there: allowed */
    const double defect = spo_guarded_defect(&s->g, s->y);
    worst = isnan(defect) ? defect : fmax(worst, defect);
  }
  spo_report_add(s->report, stays, worst, 0.0, s->tol_defect);
  const double t = -0.0625; /* a power of two: t v is exact */
  spo_vec_zero(s->n, s->u);
  spo_vec_axpy(s->n, t, v, s->u);
  const bool both = move(&s->g, s->x, t, v, s->y) && move(&s->g, s->x, 1.0, s->u, s->z);
  spo_survey_judge(s, product, both ? spo_survey_distance(s, s->y, s->z) / size : NAN);
  spo_vec_copy(s->n, s->x, s->z);
  const bool again = move(&s->g, s->z, t, v, s->z);
  spo_survey_judge(s, alias, again ? spo_survey_distance(s, s->y, s->z) / size : NAN);
}

/* y - x - t v, and its tangential part: of first order what is left of the velocity, of second
 * order what is left of the geodesic's vanishing acceleration. */
static void straying(spo_survey *s, const double *v, double t, double *remainder) {
  spo_vec_add(s->n, s->y, -1.0, s->x, s->q);
  spo_vec_axpy(s->n, -t, v, s->q);
  remainder[0] = spo_vec_norm(s->n, s->q);
  spo_guarded_project(&s->g, s->x, s->q, s->q);
  remainder[1] = spo_vec_norm(s->n, s->q);
}

static void retract_remainders(spo_survey *s, const double *v, double t, double *remainder) {
  spo_survey_undefined(remainder);
  if (!spo_guarded_retract(&s->g, s->x, t, v, s->y))
    return;
  straying(s, v, t, remainder);
  if (spo_manifold_has(s->g.M, exp) && spo_guarded_exp(&s->g, s->x, t, v, s->z))
    remainder[2] = spo_survey_distance(s, s->y, s->z);
}

static void exp_remainders(spo_survey *s, const double *v, double t, double *remainder) {
  spo_survey_undefined(remainder);
  if (!spo_guarded_exp(&s->g, s->x, t, v, s->y))
    return;
  straying(s, v, t, remainder);
  /* the acceleration away from x: second difference around z = Exp(v/2), 0 to fourth order in t */
  if (!spo_guarded_exp(&s->g, s->x, 0.5, v, s->z) ||
      !spo_guarded_exp(&s->g, s->x, 0.5 + t, v, s->q) ||
      !spo_guarded_exp(&s->g, s->x, 0.5 - t, v, s->r))
    return;
  for (size_t i = 0; i < s->n; i++)
    s->q[i] = (s->q[i] - s->z[i]) + (s->r[i] - s->z[i]);
  spo_guarded_project(&s->g, s->z, s->q, s->q);
  remainder[2] = spo_vec_norm(s->n, s->q);
}

/* The order found; second: NULL where it cannot be told. */
static void judge_order(spo_survey *s, const double *first, const double *second, double floor,
                        double scale) {
  const double reach = s->g.M->typical_distance;
  const bool one = spo_slope(first, floor, scale) >= 2.0 - SPO_SLOPE_MARGIN;
  const bool two = one && second && spo_slope(second, floor, scale) >= 3.0 - SPO_SLOPE_MARGIN;
  if (second || s->g.M->retraction_order == 1)
    spo_report_add(s->report, "retract: order", one + two, s->g.M->retraction_order, 2.0);
  if (!s->curve)
    return;
  spo_curve_fill(s->curve, 2, first, floor, scale, reach);
  if (second)
    spo_curve_fill(s->curve + 1, 3, second, floor, scale, reach);
}

void spo_survey_check_retraction(spo_survey *s) {
  const double scale = spo_vec_norm(s->n, s->x) + s->g.M->typical_distance;
  const double floor = DBL_EPSILON * scale;
  const bool flat = !spo_manifold_has(s->g.M, inner), second = s->g.M->retraction_order == 2;
  const bool exact = spo_manifold_has(s->g.M, exp);
  double r[3][SPO_STEPS];
  check_move(s, spo_guarded_retract, "retract: R_x(0) = x", "retract: stays on the manifold",
             "retract: depends on t v alone", "retract: x may be y");
  spo_survey_remainders(s, retract_remainders, 3, r);
  spo_report_slope(s->report, "retract: first order", 2, r[0], floor, scale);
  if (second && flat)
    spo_report_slope(s->report, "retract: second order", 3, r[1], floor, scale);
  if (exact)
    spo_report_slope(s->report, "retract: agrees with exp", second ? 3 : 2, r[2], floor, scale);
  judge_order(s, r[0], flat ? r[1] : exact ? r[2] : NULL, floor, scale);
}

void spo_survey_check_exp(spo_survey *s) {
  const double scale = spo_vec_norm(s->n, s->x) + s->g.M->typical_distance;
  const double floor = DBL_EPSILON * scale;
  double r[3][SPO_STEPS];
  if (!spo_manifold_has(s->g.M, exp))
    return;
  check_move(s, spo_guarded_exp, "exp: Exp_x(0) = x", "exp: stays on the manifold",
             "exp: depends on t v alone", "exp: x may be y");
  spo_survey_remainders(s, exp_remainders, 3, r);
  spo_report_slope(s->report, "exp: first order", 2, r[0], floor, scale);
  if (spo_manifold_has(s->g.M, inner))
    return; /* then the acceleration need not be normal */
  spo_report_slope(s->report, "exp: second order", 3, r[1], floor, scale);
  spo_report_slope(s->report, "exp: no acceleration on the way", 4, r[2], floor, scale);
}

/* ---- transport and velocity ------------------------------------------------------------------ */

static void transport_remainders(spo_survey *s, const double *v, double t, double *remainder) {
  spo_survey_undefined(remainder);
  if (!spo_guarded_retract(&s->g, s->x, t, s->directions, s->y))
    return;
  spo_guarded_transport(&s->g, s->x, s->y, v, s->q);
  remainder[0] = spo_survey_distance(s, s->q, v);
  remainder[1] = fabs(spo_guarded_norm(&s->g, s->y, s->q) - s->g.M->typical_distance);
}

void spo_survey_check_transport(spo_survey *s) {
  const double reach = s->g.M->typical_distance, size = spo_vec_norm(s->n, s->directions);
  double r[2][SPO_STEPS];
  if (!spo_guarded_retract(&s->g, s->x, 0.25, s->directions, s->y))
    spo_vec_copy(s->n, s->x, s->y);
  spo_guarded_transport(&s->g, s->x, s->y, s->directions + s->n, s->q);
  spo_guarded_project(&s->g, s->y, s->q, s->r);
  spo_survey_judge(s, "transport: tangent", spo_survey_distance(s, s->q, s->r) / size);
  spo_vec_copy(s->n, s->directions + s->n, s->r);
  spo_guarded_transport(&s->g, s->x, s->y, s->r, s->r);
  spo_survey_judge(s, "transport: v may be w", spo_survey_distance(s, s->q, s->r) / size);
  spo_survey_remainders(s, transport_remainders, 2, r);
  spo_report_slope(s->report, "transport: near the identity nearby", 1, r[0], DBL_EPSILON * size,
                   size);
  spo_report_slope(s->report, "transport: keeps lengths nearby", 1, r[1], DBL_EPSILON * reach,
                   reach);
}

/* Around y = R_x(v/4), in z, with velocity r: what is left of R_x((1/4 + t) v) - y - t r. */
static void velocity_remainders(spo_survey *s, const double *v, double t, double *remainder) {
  spo_survey_undefined(remainder);
  if (!spo_guarded_retract(&s->g, s->x, 0.25, v, s->z) ||
      !spo_guarded_retract(&s->g, s->x, 0.25 + t, v, s->y))
    return;
  spo_guarded_velocity(&s->g, s->x, 0.25, v, s->z, s->r);
  spo_vec_add(s->n, s->y, -1.0, s->z, s->q);
  spo_vec_axpy(s->n, -t, s->r, s->q);
  remainder[0] = spo_vec_norm(s->n, s->q);
}

void spo_survey_check_velocity(spo_survey *s) {
  const double *v = s->directions, size = spo_vec_norm(s->n, v);
  const double scale = spo_vec_norm(s->n, s->x) + s->g.M->typical_distance;
  double r[1][SPO_STEPS];
  if (!spo_manifold_has(s->g.M, velocity))
    return;
  spo_survey_remainders(s, velocity_remainders, 1, r);
  spo_report_slope(s->report, "velocity: derivative of the retraction", 2, r[0],
                   DBL_EPSILON * scale, scale);
  if (!spo_guarded_retract(&s->g, s->x, 0.25, v, s->y))
    return;
  spo_guarded_velocity(&s->g, s->x, 0.25, v, s->y, s->q);
  spo_guarded_project(&s->g, s->y, s->q, s->r);
  spo_survey_judge(s, "velocity: tangent", spo_survey_distance(s, s->q, s->r) / size);
  spo_vec_copy(s->n, v, s->r);
  spo_guarded_velocity(&s->g, s->x, 0.25, s->r, s->y, s->r);
  spo_survey_judge(s, "velocity: v may be w", spo_survey_distance(s, s->q, s->r) / size);
}
