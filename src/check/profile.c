/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A cost along a curve and on a section, as data. */
#include <spheropt/check.h>

#include <float.h>
#include <math.h>

#include <spheropt/point.h>

#include "base/memory.h"
#include "base/vec.h"
#include "manifold/slots.h"
#include "problem/slots.h"

static const double on_manifold = 1e-6; /* what solvers let a start have; a tangent likewise */

typedef struct view {
  const spo_problem *P;
  const spo_manifold *M;
  size_t n;
  const char *caller;
  spo_eval E;
  spo_point at, to;
  double *u, *w;
  spo_along along;
} view;

static void carve(spo_carver *c, view *s) {
  double *at = spo_carve_doubles(c, spo_point_len(s->P));
  double *to = spo_carve_doubles(c, spo_point_len(s->P));
  double *work = spo_carve_doubles(c, spo_eval_len(s->P));
  s->u = spo_carve_doubles(c, s->n);
  s->w = spo_carve_doubles(c, s->n);
  if (at) {
    spo_point_bind(&s->at, s->P, at);
    spo_point_bind(&s->to, s->P, to);
    spo_eval_bind(&s->E, s->P, work, s->E.err);
  }
}

static spo_status check_vector(view *s, const double *v, const char *which) {
  const double length = spo_vec_norm(s->n, v);
  const spo_status status = s->M->ops->project(s->M, s->at.x, v, s->u, s->E.work);
  if (status != SPO_OK)
    return status;
  spo_vec_axpy(s->n, -1.0, v, s->u);
  const double off = spo_vec_norm(s->n, s->u);
  if (length > 0.0 && off <= on_manifold * length)
    return SPO_OK;
  return spo_fail(s->E.err, SPO_E_ARG, s->caller, "%s of length %.3g is not tangent, by %.3g",
                  which, length, off);
}

/* The view at x; *block to be freed in any case. */
static spo_status open_view(view *s, const spo_problem *P, const double *x, const char *caller,
                            void **block, spo_error *err) {
  *block = NULL;
  const spo_status status = spo_problem_check(P, err);
  if (status != SPO_OK)
    return status;
  *s = (view){.P = P, .M = P->manifold, .n = P->manifold->n, .caller = caller, .E.err = err};
  spo_carver c = {0};
  carve(&c, s);
  if (!spo_carver_alloc(&c))
    return spo_fail(err, SPO_E_NOMEM, caller, "no memory: %zu bytes", c.used);
  *block = c.base;
  carve(&c, s);
  spo_point_set(&s->at, P, x);
  const double defect = s->M->ops->defect(s->M, x, s->E.work);
  return defect <= on_manifold
             ? SPO_OK
             : spo_fail(err, SPO_E_ARG, caller, "the point is off the manifold %s by %.3g",
                        s->M->name, defect);
}

static spo_status move(view *s, double t, const double *v) {
  return s->along == SPO_ALONG_GEODESIC ? spo_eval_exp(&s->E, &s->at, t, v, &s->to)
                                        : spo_eval_retract(&s->E, &s->at, t, v, &s->to);
}

/* w = c'(t) at `to`, where the curve is at t; u is used. Differences go through `to` and lead back
 * to t. */
static spo_status velocity(view *s, double t, const double *v) {
  if (s->along == SPO_ALONG_RETRACTION && spo_manifold_has(s->M, velocity))
    return s->M->ops->velocity(s->M, s->at.x, t, v, s->to.x, s->w, s->E.work);
  const double length = sqrt(fabs(spo_manifold_inner(s->M, s->at.x, v, v)));
  const double h = cbrt(DBL_EPSILON) * s->M->typical_distance / length;
  spo_status status = move(s, t + h, v);
  spo_vec_copy(s->n, s->to.x, s->u);
  if (status == SPO_OK)
    status = move(s, t - h, v);
  spo_vec_combine(s->n, 0.5 / h, s->u, -0.5 / h, s->to.x, s->w);
  if (status == SPO_OK)
    status = move(s, t, v);
  return status == SPO_OK ? s->M->ops->project(s->M, s->to.x, s->w, s->w, s->E.work) : status;
}

/* One row, its models filled in. SPO_OUTSIDE leaves NaN, and is no failure. */
static spo_status look(view *s, const double *v, spo_profile_row *row) {
  row->f = row->slope = NAN;
  spo_status status = move(s, row->t, v);
  if (status == SPO_OK)
    status = velocity(s, row->t, v);
  /* the cost also where the curve has no velocity any more */
  if (status == SPO_OUTSIDE)
    status = move(s, row->t, v) == SPO_OK ? spo_eval_cost(&s->E, &s->to) : SPO_OUTSIDE;
  else if (status == SPO_OK)
    status = spo_eval_grad(&s->E, &s->to);
  if (s->to.known & SPO_KNOWS_COST)
    row->f = s->to.f;
  if (s->to.known & SPO_KNOWS_GRAD)
    row->slope = spo_manifold_inner(s->M, s->to.x, s->to.grad, s->w);
  return status == SPO_OUTSIDE ? SPO_OK : status;
}

/* Slope and curvature at x; NaN without a Hessian. */
static spo_status model_at(view *s, const double *v, double *slope, double *curvature) {
  *slope = *curvature = NAN;
  spo_status status = spo_eval_grad(&s->E, &s->at);
  if (status == SPO_OUTSIDE)
    return spo_fail(s->E.err, status, s->caller, "cost or gradient is not defined at the point");
  if (status != SPO_OK)
    return status;
  *slope = spo_manifold_inner(s->M, s->at.x, s->at.grad, v);
  if (!spo_problem_has_hessian(s->P))
    return SPO_OK;
  status = spo_eval_hess(&s->E, &s->at, 1, v, s->w);
  if (status == SPO_OK)
    *curvature = spo_manifold_inner(s->M, s->at.x, s->w, v);
  return status;
}

static spo_status profile(view *s, const double *v, size_t count, const double *t,
                          spo_profile_row *row) {
  double slope, curvature;
  spo_status status = model_at(s, v, &slope, &curvature);
  for (size_t i = 0; i < count && status == SPO_OK; i++) {
    row[i] = (spo_profile_row){.t = t[i],
                               .first = s->at.f + t[i] * slope,
                               .second = s->at.f + t[i] * (slope + 0.5 * t[i] * curvature),
                               .model_slope = slope + t[i] * curvature};
    status = look(s, v, &row[i]);
  }
  return status;
}

spo_status spo_profile(const spo_problem *P, const double *x, const double *v, spo_along along,
                       size_t count, const double *t, spo_profile_row *row, spo_error *err) {
  view s;
  void *block;
  spo_status status = open_view(&s, P, x, __func__, &block, err);
  if (status == SPO_OK)
    status = check_vector(&s, v, "v");
  if (status == SPO_OK && along == SPO_ALONG_GEODESIC && !spo_manifold_has(P->manifold, exp))
    status = spo_fail(err, SPO_E_UNSUPPORTED, __func__, "%s has no exponential (exp)",
                      P->manifold->name);
  if (status == SPO_OK) {
    s.along = along;
    status = profile(&s, v, count, t, row);
  }
  spo_block_free(block);
  return status;
}

spo_status spo_surface(const spo_problem *P, const double *x, const double *u, const double *v,
                       size_t n_a, const double *a, size_t n_b, const double *b, double *f,
                       spo_error *err) {
  view s;
  void *block;
  spo_status status = open_view(&s, P, x, __func__, &block, err);
  if (status == SPO_OK)
    status = check_vector(&s, u, "u");
  if (status == SPO_OK)
    status = check_vector(&s, v, "v");
  for (size_t k = 0; k < n_a * n_b && status == SPO_OK; k++) {
    spo_vec_combine(s.n, a[k / n_b], u, b[k % n_b], v, s.w);
    status = spo_eval_retract(&s.E, &s.at, 1.0, s.w, &s.to);
    if (status == SPO_OK)
      status = spo_eval_cost(&s.E, &s.to);
    f[k] = s.to.known & SPO_KNOWS_COST ? s.to.f : NAN;
    status = status == SPO_OUTSIDE ? SPO_OK : status;
  }
  spo_block_free(block);
  return status;
}
