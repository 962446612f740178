/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Does a manifold's table behave as its manifold should? One function per group of slots; each
 * measures at random points and adds judged items to the report. */
#include <spheropt/check.h>

#include <float.h>
#include <gsl/gsl_randist.h>
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/vec.h"
#include "check/guarded.h"
#include "check/report.h"
#include "manifold/slots.h"

/* A cost on R^n with every kind of derivative: linear, diagonal and coupled quadratic, cubic. */
typedef struct cost {
  size_t n;
  double *linear, *square, *cube, *couple;
} cost;

typedef struct lab {
  spo_guarded g;
  size_t n, dim;
  spo_check_report *report;
  cost f;
  double *x, *y, *z;      /* points; x stays */
  double *u, *v, *w, *p;  /* vectors */
  double *q, *r;          /* more of them; V of the coordinates is q and r in turn */
  double *directions;     /* SPO_DIRECTIONS x n, tangent at x, of typical length */
  double *C, *D;          /* 2 x dim */
  double tol;             /* rounding allowed in relative errors */
  double tol_defect;      /* and in the defect of a point */
  spo_check_curve *curve; /* of the retraction; or NULL */
} lab;

static size_t carve(spo_carver *c, const spo_manifold *M, lab *l, double **work, double **memo) {
  const size_t n = M->n, dim = M->dim;
  double **vectors[] = {&l->x, &l->y,        &l->z,        &l->u,      &l->v,       &l->w,
                        &l->p, &l->f.linear, &l->f.square, &l->f.cube, &l->f.couple};
  for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++)
    *vectors[i] = spo_carve_doubles(c, n);
  l->q = spo_carve_doubles(c, spo_size_mul(2, n));
  l->r = spo_carve_doubles(c, spo_size_mul(2, n));
  l->directions = spo_carve_doubles(c, spo_size_mul(SPO_DIRECTIONS, n));
  l->C = spo_carve_doubles(c, spo_size_mul(2, dim));
  l->D = spo_carve_doubles(c, spo_size_mul(2, dim));
  *work = spo_carve_doubles(c, spo_size_add(M->work_len, SPO_MARGIN));
  *memo = spo_carve_doubles(c, spo_size_add(M->memo_len, SPO_MARGIN));
  return c->used;
}

static void gaussian(lab *l, size_t n, double *w) {
  for (size_t i = 0; i < n; i++)
    w[i] = gsl_ran_gaussian_ziggurat(l->g.rng, 1.0);
}

static double distance(lab *l, const double *a, const double *b) {
  spo_vec_add(l->n, a, -1.0, b, l->p);
  return spo_vec_norm(l->n, l->p);
}

static void judge_rounding(lab *l, const char *name, double value) {
  spo_report_add(l->report, name, value, 0.0, l->tol);
}

/* ---- points and projection ------------------------------------------------------------------- */

static void check_points(lab *l) {
  double worst = 0.0, largest = 1.0;
  for (int i = 0; i < 3; i++) {
    spo_guarded_point(&l->g, i == 1 ? l->y : l->x);
    const double defect = spo_guarded_defect(&l->g, i == 1 ? l->y : l->x);
    worst = isnan(defect) ? defect : fmax(worst, defect);
  }
  for (size_t i = 0; i < l->n; i++)
    largest = fmax(largest, l->x[i] * l->x[i]);
  l->tol_defect = l->tol * largest; /* constraints are of second degree, or flatter */
  spo_report_add(l->report, "random points: on the manifold", worst, 0.0, l->tol_defect);
  spo_report_add(l->report, "random points: differ", distance(l, l->x, l->y), DBL_MIN, DBL_MAX);
}

/* Leaves a tangent vector in v and an ambient one in w. */
static void check_projection(lab *l) {
  const size_t n = l->n;
  gaussian(l, n, l->u);
  gaussian(l, n, l->w);
  spo_guarded_project(&l->g, l->x, l->u, l->q);
  spo_guarded_project(&l->g, l->x, l->w, l->v);
  const double size_u = spo_vec_norm(n, l->u), size_w = spo_vec_norm(n, l->w);
  spo_guarded_project(&l->g, l->x, l->v, l->r);
  judge_rounding(l, "project: idempotent", distance(l, l->r, l->v) / size_w);
  if (!spo_manifold_has(l->g.M, inner))
    judge_rounding(l, "project: self-adjoint",
                   fabs(spo_vec_dot(n, l->q, l->w) - spo_vec_dot(n, l->u, l->v)) /
                       (size_u * size_w));
  spo_vec_add(n, l->u, -3.0, l->w, l->r);
  spo_guarded_project(&l->g, l->x, l->r, l->r);
  spo_vec_add(n, l->q, -3.0, l->v, l->q);
  judge_rounding(l, "project: linear, and w may be v",
                 distance(l, l->r, l->q) / (size_u + 3.0 * size_w));
}

/* The trace of the projection is its rank. n projections: only where that is cheap. In a metric of
 * its own a projection may also lengthen, and then errors of two in turn grow with the square of
 * its norm. */
static void check_rank(lab *l) {
  const size_t n = l->n, fair = 512;
  double trace = 0.0, square = 0.0;
  for (size_t i = 0; i < n && n <= fair; i++) {
    spo_vec_zero(n, l->u);
    l->u[i] = 1.0;
    spo_guarded_project(&l->g, l->x, l->u, l->q);
    trace += l->q[i];
    square += spo_vec_dot(n, l->q, l->q);
  }
  if (n > fair) { /* its expectation */
    gaussian(l, n, l->u);
    spo_guarded_project(&l->g, l->x, l->u, l->q);
    square = spo_vec_dot(n, l->q, l->q);
  }
  if (spo_manifold_has(l->g.M, inner))
    l->tol *= fmax(1.0, square);
  if (n <= fair)
    judge_rounding(l, "project: rank is dim", fabs(trace / (double)l->dim - 1.0));
}

static void check_defect(lab *l) {
  double r[SPO_STEPS] = {0.0};
  for (size_t k = 0; k < SPO_STEPS; k++) {
    for (size_t j = 0; j < SPO_DIRECTIONS; j++) {
      spo_vec_add(l->n, l->x, spo_step(k), l->directions + j * l->n, l->y);
      r[k] = hypot(r[k], spo_guarded_defect(&l->g, l->y));
    }
  }
  spo_report_slope(l->report, "project: onto the tangent space", 2, r, l->tol_defect / 64.0, 1.0);
  if (l->dim == l->n)
    return;
  spo_vec_add(l->n, l->w, -1.0, l->v, l->q); /* w, v: see check_projection */
  const double t = sqrt(DBL_EPSILON) / spo_vec_norm(l->n, l->q), root = sqrt((double)l->n);
  spo_vec_add(l->n, l->x, t, l->q, l->y);
  /* constraints scaled by a thousand, or violated in one of n entries, are still the right ones */
  spo_report_add(l->report, "defect: sees what is off",
                 spo_guarded_defect(&l->g, l->y) / sqrt(DBL_EPSILON), 1e-3 / root, 1e3 * root);
}

/* ---- retraction and exponential -------------------------------------------------------------- */

static void check_move(lab *l, spo_guarded_move move, const char *zero, const char *stays,
                       const char *product, const char *alias) {
  static const double lengths[] = {0.3, 1.0, -7.0, 1e3};
  const double size = 1.0 + spo_vec_norm(l->n, l->x), *v = l->directions;
  double still = 0.0, worst = 0.0;
  spo_vec_zero(l->n, l->u);
  still += move(&l->g, l->x, 0.0, v, l->y) ? distance(l, l->y, l->x) : NAN;
  still += move(&l->g, l->x, 1.0, l->u, l->y) ? distance(l, l->y, l->x) : NAN;
  judge_rounding(l, zero, still / size);
  for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
    if (!move(&l->g, l->x, lengths[i], v, l->y))
      continue; /* not defined there: allowed */
    const double defect = spo_guarded_defect(&l->g, l->y);
    worst = isnan(defect) ? defect : fmax(worst, defect);
  }
  spo_report_add(l->report, stays, worst, 0.0, l->tol_defect);
  const double t = -0.0625; /* a power of two: t v is exact */
  spo_vec_zero(l->n, l->u);
  spo_vec_axpy(l->n, t, v, l->u);
  const bool both = move(&l->g, l->x, t, v, l->y) && move(&l->g, l->x, 1.0, l->u, l->z);
  judge_rounding(l, product, both ? distance(l, l->y, l->z) / size : NAN);
  spo_vec_copy(l->n, l->x, l->z);
  const bool again = move(&l->g, l->z, t, v, l->z);
  judge_rounding(l, alias, again ? distance(l, l->y, l->z) / size : NAN);
}

/* Adds up squares over directions and signs: see SPO_DIRECTIONS. */
typedef void (*measure)(lab *l, const double *v, double t, double *remainder);

static void sweep(lab *l, measure at, size_t count, double (*r)[SPO_STEPS]) {
  double remainder[4];
  for (size_t k = 0; k < SPO_STEPS; k++) {
    for (size_t i = 0; i < count; i++)
      r[i][k] = 0.0;
    for (size_t j = 0; j < 2 * SPO_DIRECTIONS; j++) {
      at(l, l->directions + j / 2 * l->n, j % 2 ? -spo_step(k) : spo_step(k), remainder);
      for (size_t i = 0; i < count; i++)
        r[i][k] = hypot(r[i][k], remainder[i]);
    }
    for (size_t i = 0; i < count; i++)
      r[i][k] /= sqrt(2.0 * SPO_DIRECTIONS);
  }
}

/* y - x - t v, and its tangential part: of first order what is left of the velocity, of second
 * order what is left of the geodesic's vanishing acceleration. */
static void straying(lab *l, const double *v, double t, double *remainder) {
  spo_vec_add(l->n, l->y, -1.0, l->x, l->q);
  spo_vec_axpy(l->n, -t, v, l->q);
  remainder[0] = spo_vec_norm(l->n, l->q);
  spo_guarded_project(&l->g, l->x, l->q, l->q);
  remainder[1] = spo_vec_norm(l->n, l->q);
}

static void not_defined(double *remainder) {
  for (int i = 0; i < 4; i++)
    remainder[i] = NAN;
}

static void retract_remainders(lab *l, const double *v, double t, double *remainder) {
  not_defined(remainder);
  if (!spo_guarded_retract(&l->g, l->x, t, v, l->y))
    return;
  straying(l, v, t, remainder);
  if (spo_manifold_has(l->g.M, exp) && spo_guarded_exp(&l->g, l->x, t, v, l->z))
    remainder[2] = distance(l, l->y, l->z);
}

static void exp_remainders(lab *l, const double *v, double t, double *remainder) {
  not_defined(remainder);
  if (!spo_guarded_exp(&l->g, l->x, t, v, l->y))
    return;
  straying(l, v, t, remainder);
  /* the acceleration away from x: second difference around z = Exp(v/2), 0 to fourth order in t */
  if (!spo_guarded_exp(&l->g, l->x, 0.5, v, l->z) ||
      !spo_guarded_exp(&l->g, l->x, 0.5 + t, v, l->q) ||
      !spo_guarded_exp(&l->g, l->x, 0.5 - t, v, l->r))
    return;
  for (size_t i = 0; i < l->n; i++)
    l->q[i] = (l->q[i] - l->z[i]) + (l->r[i] - l->z[i]);
  spo_guarded_project(&l->g, l->z, l->q, l->q);
  remainder[2] = spo_vec_norm(l->n, l->q);
}

/* The order found; second: NULL where it cannot be told. */
static void judge_order(lab *l, const double *first, const double *second, double floor,
                        double scale) {
  const double reach = l->g.M->typical_distance;
  const bool one = spo_slope(first, floor, scale) >= 2.0 - SPO_SLOPE_MARGIN;
  const bool two = one && second && spo_slope(second, floor, scale) >= 3.0 - SPO_SLOPE_MARGIN;
  if (second || l->g.M->retraction_order == 1)
    spo_report_add(l->report, "retract: order", one + two, l->g.M->retraction_order, 2.0);
  if (!l->curve)
    return;
  spo_curve_fill(l->curve, 2, first, floor, scale, reach);
  if (second)
    spo_curve_fill(l->curve + 1, 3, second, floor, scale, reach);
}

static void check_retraction(lab *l) {
  const double scale = spo_vec_norm(l->n, l->x) + l->g.M->typical_distance;
  const double floor = DBL_EPSILON * scale;
  const bool flat = !spo_manifold_has(l->g.M, inner), second = l->g.M->retraction_order == 2;
  const bool exact = spo_manifold_has(l->g.M, exp);
  double r[3][SPO_STEPS];
  check_move(l, spo_guarded_retract, "retract: R_x(0) = x", "retract: stays on the manifold",
             "retract: depends on t v alone", "retract: x may be y");
  sweep(l, retract_remainders, 3, r);
  spo_report_slope(l->report, "retract: first order", 2, r[0], floor, scale);
  if (second && flat)
    spo_report_slope(l->report, "retract: second order", 3, r[1], floor, scale);
  if (exact)
    spo_report_slope(l->report, "retract: agrees with exp", second ? 3 : 2, r[2], floor, scale);
  judge_order(l, r[0], flat ? r[1] : exact ? r[2] : NULL, floor, scale);
}

static void check_exp(lab *l) {
  const double scale = spo_vec_norm(l->n, l->x) + l->g.M->typical_distance;
  const double floor = DBL_EPSILON * scale;
  double r[3][SPO_STEPS];
  if (!spo_manifold_has(l->g.M, exp))
    return;
  check_move(l, spo_guarded_exp, "exp: Exp_x(0) = x", "exp: stays on the manifold",
             "exp: depends on t v alone", "exp: x may be y");
  sweep(l, exp_remainders, 3, r);
  spo_report_slope(l->report, "exp: first order", 2, r[0], floor, scale);
  if (spo_manifold_has(l->g.M, inner))
    return; /* then the acceleration need not be normal */
  spo_report_slope(l->report, "exp: second order", 3, r[1], floor, scale);
  spo_report_slope(l->report, "exp: no acceleration on the way", 4, r[2], floor, scale);
}

/* ---- gradient and Hessian -------------------------------------------------------------------- */

static void choose_cost(lab *l) {
  gaussian(l, l->n, l->f.linear);
  gaussian(l, l->n, l->f.square);
  gaussian(l, l->n, l->f.cube);
  gaussian(l, l->n, l->f.couple);
  l->f.n = l->n;
  spo_vec_scale(l->n, 1.0 / sqrt((double)l->n), l->f.couple);
}

static double value(const cost *f, const double *x) {
  const double along = spo_vec_dot(f->n, f->couple, x);
  double sum = 0.5 * along * along;
  for (size_t i = 0; i < f->n; i++)
    sum += x[i] * (f->linear[i] + x[i] * (0.5 * f->square[i] + x[i] * f->cube[i] / 6.0));
  return sum;
}

/* the sum of the magnitudes of its terms: what its rounding is relative to */
static double magnitude(const cost *f, const double *x) {
  const double along = spo_vec_dot(f->n, f->couple, x);
  double sum = 0.5 * along * along;
  for (size_t i = 0; i < f->n; i++)
    sum += fabs(x[i] * f->linear[i]) + fabs(x[i] * x[i] * f->square[i]) +
           fabs(x[i] * x[i] * x[i] * f->cube[i]);
  return sum;
}

static void egrad(const cost *f, const double *x, double *g) {
  const double along = spo_vec_dot(f->n, f->couple, x);
  for (size_t i = 0; i < f->n; i++)
    g[i] = f->linear[i] + x[i] * (f->square[i] + 0.5 * x[i] * f->cube[i]) + along * f->couple[i];
}

static void ehess(const cost *f, const double *x, const double *v, double *hv) {
  const double along = spo_vec_dot(f->n, f->couple, v);
  for (size_t i = 0; i < f->n; i++)
    hv[i] = (f->square[i] + x[i] * f->cube[i]) * v[i] + along * f->couple[i];
}

/* Riemannian gradient at x into u (its memo in l->g), Hessian along v into w. */
static void derivatives(lab *l, const double *v) {
  egrad(&l->f, l->x, l->u);
  spo_guarded_gradient(&l->g, l->x, l->u);
  ehess(&l->f, l->x, v, l->w);
  spo_guarded_hessian(&l->g, l->x, v, l->w);
}

/* Taylor remainders of the cost after one and two terms along the retraction, after two along exp,
 * and that of the gradient after one. Derivatives at x again each time: cheap, and the memo is one
 * place's. */
static void taylor_remainders(lab *l, const double *v, double t, double *remainder) {
  not_defined(remainder);
  derivatives(l, v);
  const double at_x = value(&l->f, l->x);
  const double slope = t * spo_guarded_inner(&l->g, l->x, l->u, v);
  const double curve = 0.5 * t * t * spo_guarded_inner(&l->g, l->x, l->w, v);
  if (spo_manifold_has(l->g.M, exp) && spo_guarded_exp(&l->g, l->x, t, v, l->y))
    remainder[2] = fabs(value(&l->f, l->y) - at_x - slope - curve);
  if (!spo_guarded_retract(&l->g, l->x, t, v, l->y))
    return;
  remainder[0] = fabs(value(&l->f, l->y) - at_x - slope);
  remainder[1] = fabs(value(&l->f, l->y) - at_x - slope - curve);
  egrad(&l->f, l->y, l->q);
  spo_guarded_gradient(&l->g, l->y, l->q);
  spo_vec_axpy(l->n, -1.0, l->u, l->q);
  spo_guarded_project(&l->g, l->x, l->q, l->q);
  spo_vec_axpy(l->n, -t, l->w, l->q);
  remainder[3] = spo_vec_norm(l->n, l->q);
}

static void check_derivatives(lab *l) {
  const spo_manifold *M = l->g.M;
  double r[4][SPO_STEPS];
  choose_cost(l);
  sweep(l, taylor_remainders, 4, r);
  const double scale = magnitude(&l->f, l->x), floor = DBL_EPSILON * scale;
  spo_report_slope(l->report, "egrad_to_rgrad: predicts the cost", 2, r[0], floor, scale);
  if (M->retraction_order == 2)
    spo_report_slope(l->report, "ehess_to_rhess: predicts the cost", 3, r[1], floor, scale);
  if (spo_manifold_has(M, exp))
    spo_report_slope(l->report, "ehess_to_rhess: predicts it along exp", 3, r[2], floor, scale);
  egrad(&l->f, l->x, l->q);
  const double size_g = spo_vec_norm(l->n, l->q), floor_g = DBL_EPSILON * size_g;
  if (!spo_manifold_has(M,
                        inner)) /* else the projection of a difference is no covariant derivative */
    spo_report_slope(l->report, "ehess_to_rhess: predicts the gradient", 2, r[3], floor_g, size_g);
}

static void check_hessian(lab *l) {
  const double *v = l->directions, *v2 = l->directions + l->n;
  ehess(&l->f, l->x, v, l->q);
  egrad(&l->f, l->x, l->r);
  const double reach = l->g.M->typical_distance, size_g = spo_vec_norm(l->n, l->r);
  const double size = spo_vec_norm(l->n, l->q) + size_g * reach;
  derivatives(l, v);
  spo_guarded_project(&l->g, l->x, l->u, l->q);
  judge_rounding(l, "egrad_to_rgrad: tangent", distance(l, l->q, l->u) / size_g);
  spo_guarded_project(&l->g, l->x, l->w, l->q);
  judge_rounding(l, "ehess_to_rhess: tangent", distance(l, l->q, l->w) / size);
  ehess(&l->f, l->x, v2, l->q);
  spo_guarded_hessian(&l->g, l->x, v2, l->q);
  const double uhv = spo_guarded_inner(&l->g, l->x, v2, l->w);
  const double vhu = spo_guarded_inner(&l->g, l->x, l->q, v);
  judge_rounding(l, "ehess_to_rhess: symmetric", fabs(uhv - vhu) / (size * reach));
  spo_vec_add(l->n, v, -3.0, v2, l->z);
  ehess(&l->f, l->x, l->z, l->r);
  spo_guarded_hessian(&l->g, l->x, l->z, l->r);
  spo_vec_add(l->n, l->w, -3.0, l->q, l->q);
  judge_rounding(l, "ehess_to_rhess: linear", distance(l, l->r, l->q) / (4.0 * size));
}

/* ---- transport, coordinates, inner product, step limit --------------------------------------- */

static void transport_remainders(lab *l, const double *v, double t, double *remainder) {
  not_defined(remainder);
  if (!spo_guarded_retract(&l->g, l->x, t, l->directions, l->y))
    return;
  spo_guarded_transport(&l->g, l->x, l->y, v, l->q);
  remainder[0] = distance(l, l->q, v);
  remainder[1] = fabs(spo_guarded_norm(&l->g, l->y, l->q) - l->g.M->typical_distance);
}

static void check_transport(lab *l) {
  const double reach = l->g.M->typical_distance, size = spo_vec_norm(l->n, l->directions);
  double r[2][SPO_STEPS];
  if (!spo_guarded_retract(&l->g, l->x, 0.25, l->directions, l->y))
    spo_vec_copy(l->n, l->x, l->y);
  spo_guarded_transport(&l->g, l->x, l->y, l->directions + l->n, l->q);
  spo_guarded_project(&l->g, l->y, l->q, l->r);
  judge_rounding(l, "transport: tangent", distance(l, l->q, l->r) / size);
  spo_vec_copy(l->n, l->directions + l->n, l->r);
  spo_guarded_transport(&l->g, l->x, l->y, l->r, l->r);
  judge_rounding(l, "transport: v may be w", distance(l, l->q, l->r) / size);
  sweep(l, transport_remainders, 2, r);
  spo_report_slope(l->report, "transport: near the identity nearby", 1, r[0], DBL_EPSILON * size,
                   size);
  spo_report_slope(l->report, "transport: keeps lengths nearby", 1, r[1], DBL_EPSILON * reach,
                   reach);
}

/* Around y = R_x(v/4), in z, with velocity r: what is left of R_x((1/4 + t) v) - y - t r. */
static void velocity_remainders(lab *l, const double *v, double t, double *remainder) {
  not_defined(remainder);
  if (!spo_guarded_retract(&l->g, l->x, 0.25, v, l->z) ||
      !spo_guarded_retract(&l->g, l->x, 0.25 + t, v, l->y))
    return;
  spo_guarded_velocity(&l->g, l->x, 0.25, v, l->z, l->r);
  spo_vec_add(l->n, l->y, -1.0, l->z, l->q);
  spo_vec_axpy(l->n, -t, l->r, l->q);
  remainder[0] = spo_vec_norm(l->n, l->q);
}

static void check_velocity(lab *l) {
  const double *v = l->directions, size = spo_vec_norm(l->n, v);
  const double scale = spo_vec_norm(l->n, l->x) + l->g.M->typical_distance;
  double r[1][SPO_STEPS];
  if (!spo_manifold_has(l->g.M, velocity))
    return;
  sweep(l, velocity_remainders, 1, r);
  spo_report_slope(l->report, "velocity: derivative of the retraction", 2, r[0],
                   DBL_EPSILON * scale, scale);
  if (!spo_guarded_retract(&l->g, l->x, 0.25, v, l->y))
    return;
  spo_guarded_velocity(&l->g, l->x, 0.25, v, l->y, l->q);
  spo_guarded_project(&l->g, l->y, l->q, l->r);
  judge_rounding(l, "velocity: tangent", distance(l, l->q, l->r) / size);
  spo_vec_copy(l->n, v, l->r);
  spo_guarded_velocity(&l->g, l->x, 0.25, l->r, l->y, l->r);
  judge_rounding(l, "velocity: v may be w", distance(l, l->q, l->r) / size);
}

static void check_coords(lab *l) {
  const size_t n = l->n, dim = l->dim;
  if (!spo_manifold_has(l->g.M, from_coords))
    return;
  gaussian(l, 2 * dim, l->C);
  spo_guarded_from_coords(&l->g, l->x, 2, l->C, l->q);
  double gram = 0.0, outside = 0.0;
  const double size = spo_vec_dot(2 * dim, l->C, l->C), root = sqrt(size);
  for (size_t i = 0; i < 2; i++) {
    for (size_t j = 0; j < 2; j++)
      gram = hypot(gram, spo_guarded_inner(&l->g, l->x, l->q + i * n, l->q + j * n) -
                             spo_vec_dot(dim, l->C + i * dim, l->C + j * dim));
    spo_guarded_project(&l->g, l->x, l->q + i * n, l->z);
    outside = hypot(outside, distance(l, l->z, l->q + i * n));
  }
  judge_rounding(l, "coords: orthonormal", gram / size);
  judge_rounding(l, "coords: tangent", outside / root);
  spo_guarded_to_coords(&l->g, l->x, 2, l->q, l->D);
  spo_vec_axpy(2 * dim, -1.0, l->C, l->D);
  judge_rounding(l, "coords: to undoes from", spo_vec_norm(2 * dim, l->D) / root);
  spo_guarded_to_coords(&l->g, l->x, 1, l->directions, l->D);
  spo_guarded_from_coords(&l->g, l->x, 1, l->D, l->z);
  judge_rounding(l, "coords: from undoes to",
                 distance(l, l->z, l->directions) / spo_vec_norm(n, l->directions));
  spo_guarded_from_coords(&l->g, l->x, 1, l->C + dim, l->z);
  spo_guarded_to_coords(&l->g, l->x, 1, l->q + n, l->D);
  spo_vec_axpy(dim, -1.0, l->C + dim, l->D);
  judge_rounding(l, "coords: vector by vector the same",
                 (distance(l, l->z, l->q + n) + spo_vec_norm(dim, l->D)) / root);
}

static void check_inner(lab *l) {
  const double *u = l->directions, *v = u + l->n, *w = v + l->n;
  if (!spo_manifold_has(l->g.M, inner))
    return;
  const double size = l->g.M->typical_distance * l->g.M->typical_distance;
  const double uv = spo_guarded_inner(&l->g, l->x, u, v), uw = spo_guarded_inner(&l->g, l->x, u, w);
  judge_rounding(l, "inner: symmetric", fabs(uv - spo_guarded_inner(&l->g, l->x, v, u)) / size);
  spo_vec_add(l->n, v, -3.0, w, l->q);
  judge_rounding(l, "inner: linear",
                 fabs(spo_guarded_inner(&l->g, l->x, u, l->q) - (uv - 3.0 * uw)) / (4.0 * size));
  spo_guarded_project(&l->g, l->x, l->f.linear, l->q);
  spo_report_add(l->report, "inner: positive", spo_guarded_inner(&l->g, l->x, l->q, l->q), DBL_MIN,
                 DBL_MAX);
}

static void check_step_limit(lab *l) {
  const spo_manifold *M = l->g.M;
  const double *v = l->directions;
  if (!spo_manifold_has(M, step_limit))
    return;
  const double limit = M->ops->step_limit(M, l->x, v);
  spo_vec_zero(l->n, l->u);
  const double still = M->ops->step_limit(M, l->x, l->u);
  const double least = still < limit ? still : limit;
  spo_report_add(l->report, "step_limit: positive", least < DBL_MAX || isnan(least) ? least : 1.0,
                 DBL_MIN, DBL_MAX);
  spo_vec_axpy(l->n, 2.0, v, l->u);
  const double twice = M->ops->step_limit(M, l->x, l->u);
  judge_rounding(l, "step_limit: halves as v doubles",
                 limit == INFINITY && twice == INFINITY ? 0.0 : fabs(2.0 * twice / limit - 1.0));
}

/* ---- all of it ------------------------------------------------------------------------------- */

static void choose_directions(lab *l) {
  for (size_t j = 0; j < SPO_DIRECTIONS; j++)
    spo_guarded_tangent(&l->g, l->x, l->directions + j * l->n);
}

static void check_all(lab *l) {
  check_points(l);
  check_rank(l);
  check_projection(l);
  choose_directions(l);
  check_defect(l);
  check_retraction(l);
  check_exp(l);
  check_derivatives(l);
  check_hessian(l);
  check_transport(l);
  check_velocity(l);
  check_coords(l);
  check_inner(l);
  check_step_limit(l);
}

/* One group of checks, at x, or at a random point if that is NULL. */
static spo_status check_group(const spo_manifold *M, const double *x, gsl_rng *rng,
                              void (*group)(lab *l), spo_check_report *report,
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
  lab l = {.n = M->n, .dim = M->dim, .report = report, .tol = spo_rounding(M->n), .curve = curve};
  double *work, *memo;
  spo_carver c = {0};
  const size_t bytes = carve(&c, M, &l, &work, &memo);
  if (!spo_carver_alloc(&c))
    return spo_fail(err, SPO_E_NOMEM, caller, "%zu bytes for %s", bytes, M->name);
  memset(c.base, 0, bytes); /* after a failure the items judge what was never computed */
  carve(&c, M, &l, &work, &memo);
  spo_guarded_init(&l.g, M, rng, work, memo, err);
  if (x)
    spo_vec_copy(l.n, x, l.x);
  else
    spo_guarded_point(&l.g, l.x);
  group(&l);
  spo_report_add(report, "work and memo: nothing past the end", l.g.strayed ? 1.0 : 0.0, 0.0, 0.0);
  report->pass = report->pass && l.g.status == SPO_OK;
  spo_block_free(c.base);
  return l.g.status;
}

spo_status spo_check_manifold(const spo_manifold *M, gsl_rng *rng, spo_check_report *report,
                              spo_error *err) {
  return check_group(M, NULL, rng, check_all, report, NULL, __func__, err);
}

/* What check_points and check_rank find out for the others, at a point that is given. */
static void settle(lab *l) {
  double largest = 1.0;
  for (size_t i = 0; i < l->n; i++)
    largest = fmax(largest, l->x[i] * l->x[i]);
  if (spo_manifold_has(l->g.M, inner)) {
    gaussian(l, l->n, l->u);
    spo_guarded_project(&l->g, l->x, l->u, l->q);
    l->tol *= fmax(1.0, spo_vec_dot(l->n, l->q, l->q));
  }
  l->tol_defect = l->tol * largest;
  choose_directions(l);
}

static void retraction_alone(lab *l) {
  settle(l);
  check_retraction(l);
}

static void transport_alone(lab *l) {
  settle(l);
  check_transport(l);
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
