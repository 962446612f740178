/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Does a manifold turn Euclidean derivatives into Riemannian ones: Taylor's formula of a cost on
 * R^n, and what a Hessian must be. */
#include <float.h>
#include <math.h>

#include "base/vec.h"
#include "check/survey.h"
#include "manifold/slots.h"

static void choose_cost(spo_survey *s) {
  spo_survey_gaussian(s, s->n, s->f.linear);
  spo_survey_gaussian(s, s->n, s->f.square);
  spo_survey_gaussian(s, s->n, s->f.cube);
  spo_survey_gaussian(s, s->n, s->f.couple);
  s->f.n = s->n;
  spo_vec_scale(s->n, 1.0 / sqrt((double)s->n), s->f.couple);
}

static double value(const spo_survey_cost *f, const double *x) {
  const double along = spo_vec_dot(f->n, f->couple, x);
  double sum = 0.5 * along * along;
  for (size_t i = 0; i < f->n; i++)
    sum += x[i] * (f->linear[i] + x[i] * (0.5 * f->square[i] + x[i] * f->cube[i] / 6.0));
  return sum;
}

/* the sum of the magnitudes of its terms: what its rounding is relative to */
static double magnitude(const spo_survey_cost *f, const double *x) {
  const double along = spo_vec_dot(f->n, f->couple, x);
  double sum = 0.5 * along * along;
  for (size_t i = 0; i < f->n; i++)
    sum += fabs(x[i] * f->linear[i]) + fabs(x[i] * x[i] * f->square[i]) +
           fabs(x[i] * x[i] * x[i] * f->cube[i]);
  return sum;
}

static void egrad(const spo_survey_cost *f, const double *x, double *g) {
  const double along = spo_vec_dot(f->n, f->couple, x);
  for (size_t i = 0; i < f->n; i++)
    g[i] = f->linear[i] + x[i] * (f->square[i] + 0.5 * x[i] * f->cube[i]) + along * f->couple[i];
}

static void ehess(const spo_survey_cost *f, const double *x, const double *v, double *hv) {
  const double along = spo_vec_dot(f->n, f->couple, v);
  for (size_t i = 0; i < f->n; i++)
    hv[i] = (f->square[i] + x[i] * f->cube[i]) * v[i] + along * f->couple[i];
}

/* Riemannian gradient at x into u (its memo in s->g), Hessian along v into w. */
static void derivatives(spo_survey *s, const double *v) {
  egrad(&s->f, s->x, s->u);
  spo_guarded_gradient(&s->g, s->x, s->u);
  ehess(&s->f, s->x, v, s->w);
  spo_guarded_hessian(&s->g, s->x, v, s->w);
}

/* Taylor remainders of the cost after one and two terms along the retraction, after two along exp,
 * and that of the gradient after one. Derivatives at x again each time: cheap, and the memo is one
 * place's. */
static void taylor_remainders(spo_survey *s, const double *v, double t, double *remainder) {
  spo_survey_undefined(remainder);
  derivatives(s, v);
  const double at_x = value(&s->f, s->x);
  const double slope = t * spo_guarded_inner(&s->g, s->x, s->u, v);
  const double curve = 0.5 * t * t * spo_guarded_inner(&s->g, s->x, s->w, v);
  if (spo_manifold_has(s->g.M, exp) && spo_guarded_exp(&s->g, s->x, t, v, s->y))
    remainder[2] = fabs(value(&s->f, s->y) - at_x - slope - curve);
  if (!spo_guarded_retract(&s->g, s->x, t, v, s->y))
    return;
  remainder[0] = fabs(value(&s->f, s->y) - at_x - slope);
  remainder[1] = fabs(value(&s->f, s->y) - at_x - slope - curve);
  egrad(&s->f, s->y, s->q);
  spo_guarded_gradient(&s->g, s->y, s->q);
  spo_vec_axpy(s->n, -1.0, s->u, s->q);
  spo_guarded_project(&s->g, s->x, s->q, s->q);
  spo_vec_axpy(s->n, -t, s->w, s->q);
  remainder[3] = spo_vec_norm(s->n, s->q);
}

void spo_survey_check_derivatives(spo_survey *s) {
  const spo_manifold *M = s->g.M;
  double r[4][SPO_STEPS];
  choose_cost(s);
  spo_survey_remainders(s, taylor_remainders, 4, r);
  const double scale = magnitude(&s->f, s->x), floor = DBL_EPSILON * scale;
  spo_report_slope(s->report, "egrad_to_rgrad: predicts the cost", 2, r[0], floor, scale);
  if (M->retraction_order == 2)
    spo_report_slope(s->report, "ehess_to_rhess: predicts the cost", 3, r[1], floor, scale);
  if (spo_manifold_has(M, exp))
    spo_report_slope(s->report, "ehess_to_rhess: predicts it along exp", 3, r[2], floor, scale);
  egrad(&s->f, s->x, s->q);
  const double size_g = spo_vec_norm(s->n, s->q), floor_g = DBL_EPSILON * size_g;
  if (!spo_manifold_has(M,
                        inner)) /* else the projection of a difference is no covariant derivative */
    spo_report_slope(s->report, "ehess_to_rhess: predicts the gradient", 2, r[3], floor_g, size_g);
}

void spo_survey_check_hessian(spo_survey *s) {
  const double *v = s->directions, *v2 = s->directions + s->n;
  ehess(&s->f, s->x, v, s->q);
  egrad(&s->f, s->x, s->r);
  const double reach = s->g.M->typical_distance, size_g = spo_vec_norm(s->n, s->r);
  const double size = spo_vec_norm(s->n, s->q) + size_g * reach;
  derivatives(s, v);
  spo_guarded_project(&s->g, s->x, s->u, s->q);
  spo_survey_judge(s, "egrad_to_rgrad: tangent", spo_survey_distance(s, s->q, s->u) / size_g);
  spo_guarded_project(&s->g, s->x, s->w, s->q);
  spo_survey_judge(s, "ehess_to_rhess: tangent", spo_survey_distance(s, s->q, s->w) / size);
  ehess(&s->f, s->x, v2, s->q);
  spo_guarded_hessian(&s->g, s->x, v2, s->q);
  const double uhv = spo_guarded_inner(&s->g, s->x, v2, s->w);
  const double vhu = spo_guarded_inner(&s->g, s->x, s->q, v);
  spo_survey_judge(s, "ehess_to_rhess: symmetric", fabs(uhv - vhu) / (size * reach));
  spo_vec_add(s->n, v, -3.0, v2, s->z);
  ehess(&s->f, s->x, s->z, s->r);
  spo_guarded_hessian(&s->g, s->x, s->z, s->r);
  spo_vec_add(s->n, s->w, -3.0, s->q, s->q);
  spo_survey_judge(s, "ehess_to_rhess: linear", spo_survey_distance(s, s->r, s->q) / (4.0 * size));
}
