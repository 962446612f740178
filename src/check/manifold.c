/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Does a manifold's table behave as its manifold should? One function per group of slots; each
 * measures at random points and adds judged items to the report. Here points, projection, inner
 * product and coordinates, and the order of all groups. */
#include <float.h>
#include <math.h>
#include <string.h>

#include <gsl/gsl_randist.h>

#include "base/memory.h"
#include "base/vec.h"
#include "check/survey.h"
#include "manifold/slots.h"

/* ---- what the groups share ------------------------------------------------------------------- */

void spo_survey_gaussian(spo_survey *s, size_t n, double *w) {
  for (size_t i = 0; i < n; i++)
    w[i] = gsl_ran_gaussian_ziggurat(s->g.rng, 1.0);
}

double spo_survey_distance(spo_survey *s, const double *a, const double *b) {
  spo_vec_add(s->n, a, -1.0, b, s->p);
  return spo_vec_norm(s->n, s->p);
}

void spo_survey_judge(spo_survey *s, const char *name, double value) {
  spo_report_add(s->report, name, value, 0.0, s->tol);
}

void spo_survey_remainders(spo_survey *s, spo_survey_measure at, size_t count,
                           double (*r)[SPO_STEPS]) {
  double remainder[SPO_SURVEY_REMAINDERS];
  for (size_t k = 0; k < SPO_STEPS; k++) {
    for (size_t i = 0; i < count; i++)
      r[i][k] = 0.0;
    for (size_t j = 0; j < 2 * SPO_DIRECTIONS; j++) {
      at(s, s->directions + j / 2 * s->n, j % 2 ? -spo_step(k) : spo_step(k), remainder);
      for (size_t i = 0; i < count; i++)
        r[i][k] = hypot(r[i][k], remainder[i]);
    }
    for (size_t i = 0; i < count; i++)
      r[i][k] /= sqrt(2.0 * SPO_DIRECTIONS);
  }
}

void spo_survey_undefined(double *remainder) {
  for (int i = 0; i < SPO_SURVEY_REMAINDERS; i++)
    remainder[i] = NAN;
}

/* ---- points and projection ------------------------------------------------------------------- */

static void check_points(spo_survey *s) {
  double worst = 0.0, largest = 1.0;
  for (int i = 0; i < 3; i++) {
    spo_guarded_point(&s->g, i == 1 ? s->y : s->x);
    const double defect = spo_guarded_defect(&s->g, i == 1 ? s->y : s->x);
    worst = isnan(defect) ? defect : fmax(worst, defect);
  }
  for (size_t i = 0; i < s->n; i++)
    largest = fmax(largest, s->x[i] * s->x[i]);
  s->tol_defect = s->tol * largest; /* constraints are of second degree, or flatter */
  spo_report_add(s->report, "random points: on the manifold", worst, 0.0, s->tol_defect);
  spo_report_add(s->report, "random points: differ", spo_survey_distance(s, s->x, s->y), DBL_MIN,
                 DBL_MAX);
}

/* Leaves a tangent vector in v and an ambient one in w. */
static void check_projection(spo_survey *s) {
  const size_t n = s->n;
  spo_survey_gaussian(s, n, s->u);
  spo_survey_gaussian(s, n, s->w);
  spo_guarded_project(&s->g, s->x, s->u, s->q);
  spo_guarded_project(&s->g, s->x, s->w, s->v);
  const double size_u = spo_vec_norm(n, s->u), size_w = spo_vec_norm(n, s->w);
  spo_guarded_project(&s->g, s->x, s->v, s->r);
  spo_survey_judge(s, "project: idempotent", spo_survey_distance(s, s->r, s->v) / size_w);
  if (!spo_manifold_has(s->g.M, inner))
    spo_survey_judge(s, "project: self-adjoint",
                     fabs(spo_vec_dot(n, s->q, s->w) - spo_vec_dot(n, s->u, s->v)) /
                         (size_u * size_w));
  spo_vec_add(n, s->u, -3.0, s->w, s->r);
  spo_guarded_project(&s->g, s->x, s->r, s->r);
  spo_vec_add(n, s->q, -3.0, s->v, s->q);
  spo_survey_judge(s, "project: linear, and w may be v",
                   spo_survey_distance(s, s->r, s->q) / (size_u + 3.0 * size_w));
}

/* The trace of the projection is its rank. n projections: only where that is cheap. In a metric of
 * its own a projection may also lengthen, and then errors of two in turn grow with the square of
 * its norm. */
static void check_rank(spo_survey *s) {
  const size_t n = s->n, fair = 512;
  double trace = 0.0, square = 0.0;
  for (size_t i = 0; i < n && n <= fair; i++) {
    spo_vec_zero(n, s->u);
    s->u[i] = 1.0;
    spo_guarded_project(&s->g, s->x, s->u, s->q);
    trace += s->q[i];
    square += spo_vec_dot(n, s->q, s->q);
  }
  if (n > fair) { /* its expectation */
    spo_survey_gaussian(s, n, s->u);
    spo_guarded_project(&s->g, s->x, s->u, s->q);
    square = spo_vec_dot(n, s->q, s->q);
  }
  if (spo_manifold_has(s->g.M, inner))
    s->tol *= fmax(1.0, square);
  if (n <= fair)
    spo_survey_judge(s, "project: rank is dim", fabs(trace / (double)s->dim - 1.0));
}

static void check_defect(spo_survey *s) {
  double r[SPO_STEPS] = {0.0};
  for (size_t k = 0; k < SPO_STEPS; k++) {
    for (size_t j = 0; j < SPO_DIRECTIONS; j++) {
      spo_vec_add(s->n, s->x, spo_step(k), s->directions + j * s->n, s->y);
      r[k] = hypot(r[k], spo_guarded_defect(&s->g, s->y));
    }
  }
  spo_report_slope(s->report, "project: onto the tangent space", 2, r, s->tol_defect / 64.0, 1.0);
  if (s->dim == s->n)
    return;
  spo_vec_add(s->n, s->w, -1.0, s->v, s->q); /* w, v: see check_projection */
  const double t = sqrt(DBL_EPSILON) / spo_vec_norm(s->n, s->q), root = sqrt((double)s->n);
  spo_vec_add(s->n, s->x, t, s->q, s->y);
  /* constraints scaled by a thousand, or violated in one of n entries, are still the right ones */
  spo_report_add(s->report, "defect: sees what is off",
                 spo_guarded_defect(&s->g, s->y) / sqrt(DBL_EPSILON), 1e-3 / root, 1e3 * root);
}

/* ---- coordinates, inner product, step limit -------------------------------------------------- */

static void check_coords(spo_survey *s) {
  const size_t n = s->n, dim = s->dim;
  if (!spo_manifold_has(s->g.M, from_coords))
    return;
  spo_survey_gaussian(s, 2 * dim, s->C);
  spo_guarded_from_coords(&s->g, s->x, 2, s->C, s->q);
  double gram = 0.0, outside = 0.0;
  const double size = spo_vec_dot(2 * dim, s->C, s->C), root = sqrt(size);
  for (size_t i = 0; i < 2; i++) {
    for (size_t j = 0; j < 2; j++)
      gram = hypot(gram, spo_guarded_inner(&s->g, s->x, s->q + i * n, s->q + j * n) -
                             spo_vec_dot(dim, s->C + i * dim, s->C + j * dim));
    spo_guarded_project(&s->g, s->x, s->q + i * n, s->z);
    outside = hypot(outside, spo_survey_distance(s, s->z, s->q + i * n));
  }
  spo_survey_judge(s, "coords: orthonormal", gram / size);
  spo_survey_judge(s, "coords: tangent", outside / root);
  spo_guarded_to_coords(&s->g, s->x, 2, s->q, s->D);
  spo_vec_axpy(2 * dim, -1.0, s->C, s->D);
  spo_survey_judge(s, "coords: to undoes from", spo_vec_norm(2 * dim, s->D) / root);
  spo_guarded_to_coords(&s->g, s->x, 1, s->directions, s->D);
  spo_guarded_from_coords(&s->g, s->x, 1, s->D, s->z);
  spo_survey_judge(s, "coords: from undoes to",
                   spo_survey_distance(s, s->z, s->directions) / spo_vec_norm(n, s->directions));
  spo_guarded_from_coords(&s->g, s->x, 1, s->C + dim, s->z);
  spo_guarded_to_coords(&s->g, s->x, 1, s->q + n, s->D);
  spo_vec_axpy(dim, -1.0, s->C + dim, s->D);
  spo_survey_judge(s, "coords: vector by vector the same",
                   (spo_survey_distance(s, s->z, s->q + n) + spo_vec_norm(dim, s->D)) / root);
}

static void check_inner(spo_survey *s) {
  const double *u = s->directions, *v = u + s->n, *w = v + s->n;
  if (!spo_manifold_has(s->g.M, inner))
    return;
  const double size = s->g.M->typical_distance * s->g.M->typical_distance;
  const double uv = spo_guarded_inner(&s->g, s->x, u, v), uw = spo_guarded_inner(&s->g, s->x, u, w);
  spo_survey_judge(s, "inner: symmetric", fabs(uv - spo_guarded_inner(&s->g, s->x, v, u)) / size);
  spo_vec_add(s->n, v, -3.0, w, s->q);
  spo_survey_judge(s, "inner: linear",
                   fabs(spo_guarded_inner(&s->g, s->x, u, s->q) - (uv - 3.0 * uw)) / (4.0 * size));
  spo_guarded_project(&s->g, s->x, s->f.linear, s->q);
  spo_report_add(s->report, "inner: positive", spo_guarded_inner(&s->g, s->x, s->q, s->q), DBL_MIN,
                 DBL_MAX);
}

static void check_step_limit(spo_survey *s) {
  const spo_manifold *M = s->g.M;
  const double *v = s->directions;
  if (!spo_manifold_has(M, step_limit))
    return;
  const double limit = M->ops->step_limit(M, s->x, v);
  spo_vec_zero(s->n, s->u);
  const double still = M->ops->step_limit(M, s->x, s->u);
  const double least = still < limit ? still : limit;
  spo_report_add(s->report, "step_limit: positive", least < DBL_MAX || isnan(least) ? least : 1.0,
                 DBL_MIN, DBL_MAX);
  spo_vec_axpy(s->n, 2.0, v, s->u);
  const double twice = M->ops->step_limit(M, s->x, s->u);
  spo_survey_judge(s, "step_limit: halves as v doubles",
                   limit == INFINITY && twice == INFINITY ? 0.0 : fabs(2.0 * twice / limit - 1.0));
}

/* ---- all of it ------------------------------------------------------------------------------- */

static size_t carve(spo_carver *c, const spo_manifold *M, spo_survey *s, double **work,
                    double **memo) {
  const size_t n = M->n, dim = M->dim;
  double **vectors[] = {&s->x, &s->y,        &s->z,        &s->u,      &s->v,       &s->w,
                        &s->p, &s->f.linear, &s->f.square, &s->f.cube, &s->f.couple};
  for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++)
    *vectors[i] = spo_carve_doubles(c, n);
  s->q = spo_carve_doubles(c, spo_size_mul(2, n));
  s->r = spo_carve_doubles(c, spo_size_mul(2, n));
  s->directions = spo_carve_doubles(c, spo_size_mul(SPO_DIRECTIONS, n));
  s->C = spo_carve_doubles(c, spo_size_mul(2, dim));
  s->D = spo_carve_doubles(c, spo_size_mul(2, dim));
  *work = spo_carve_doubles(c, spo_size_add(M->work_len, SPO_MARGIN));
  *memo = spo_carve_doubles(c, spo_size_add(M->memo_len, SPO_MARGIN));
  return c->used;
}

static void choose_directions(spo_survey *s) {
  for (size_t j = 0; j < SPO_DIRECTIONS; j++)
    spo_guarded_tangent(&s->g, s->x, s->directions + j * s->n);
}

static void check_all(spo_survey *s) {
  check_points(s);
  check_rank(s);
  check_projection(s);
  choose_directions(s);
  check_defect(s);
  spo_survey_check_retraction(s);
  spo_survey_check_exp(s);
  spo_survey_check_derivatives(s);
  spo_survey_check_hessian(s);
  spo_survey_check_transport(s);
  spo_survey_check_velocity(s);
  check_coords(s);
  check_inner(s);
  check_step_limit(s);
}

/* One group of checks, at x, or at a random point if that is NULL. */
static spo_status check_group(const spo_manifold *M, const double *x, gsl_rng *rng,
                              void (*group)(spo_survey *s), spo_check_report *report,
                              spo_check_curve *curve, const char *caller, spo_error *err) {
  if (!rng || !report)
    return spo_fail(err, SPO_E_ARG, caller, "%s is NULL", rng ? "report" : "rng");
  *report = (spo_check_report){.pass = true};
  const spo_status status = spo_manifold_check(M, err);
  if (status != SPO_OK)
    return status;
  if (M->dim == 0) { /* isolated points */
    spo_report_add(report, "dimension 0: no direction to check", 0.0, 0.0, 0.0);
    return SPO_OK;
  }
  spo_survey s = {
      .n = M->n, .dim = M->dim, .report = report, .tol = spo_rounding(M->n), .curve = curve};
  double *work, *memo;
  spo_carver c = {0};
  const size_t bytes = carve(&c, M, &s, &work, &memo);
  if (!spo_carver_alloc(&c))
    return spo_fail(err, SPO_E_NOMEM, caller, "%zu bytes for %s", bytes, M->name);
  memset(c.base, 0, bytes); /* after a failure the items judge what was never computed */
  carve(&c, M, &s, &work, &memo);
  spo_guarded_init(&s.g, M, rng, work, memo, err);
  if (x)
    spo_vec_copy(s.n, x, s.x);
  else
    spo_guarded_point(&s.g, s.x);
  group(&s);
  spo_report_add(report, "work and memo: nothing past the end", s.g.strayed ? 1.0 : 0.0, 0.0, 0.0);
  report->pass = report->pass && s.g.status == SPO_OK;
  spo_block_free(c.base);
  return s.g.status;
}

spo_status spo_check_manifold(const spo_manifold *M, gsl_rng *rng, spo_check_report *report,
                              spo_error *err) {
  return check_group(M, NULL, rng, check_all, report, NULL, __func__, err);
}

/* What check_points and check_rank find out for the others, at a point that is given. */
static void settle(spo_survey *s) {
  double largest = 1.0;
  for (size_t i = 0; i < s->n; i++)
    largest = fmax(largest, s->x[i] * s->x[i]);
  if (spo_manifold_has(s->g.M, inner)) {
    spo_survey_gaussian(s, s->n, s->u);
    spo_guarded_project(&s->g, s->x, s->u, s->q);
    s->tol *= fmax(1.0, spo_vec_dot(s->n, s->q, s->q));
  }
  s->tol_defect = s->tol * largest;
  choose_directions(s);
}

static void retraction_alone(spo_survey *s) {
  settle(s);
  spo_survey_check_retraction(s);
}

static void transport_alone(spo_survey *s) {
  settle(s);
  spo_survey_check_transport(s);
}

spo_status spo_check_retraction(const spo_manifold *M, const double *x, gsl_rng *rng,
                                spo_check_report *report, spo_check_curve *curve, spo_error *err) {
  if (curve)
    curve[0] = curve[1] = (spo_check_curve){.count = 0};
  return check_group(M, x, rng, retraction_alone, report, curve, __func__, err);
}

spo_status spo_check_transport(const spo_manifold *M, const double *x, gsl_rng *rng,
                               spo_check_report *report, spo_error *err) {
  return check_group(M, x, rng, transport_alone, report, NULL, __func__, err);
}
