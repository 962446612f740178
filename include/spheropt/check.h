/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Checks of a manifold or a problem, for our tests and for third parties: each measures numbers and
 * judges them by a stated limit. They work through the public contract alone. */
#ifndef SPHEROPT_CHECK_H
#define SPHEROPT_CHECK_H

#include <gsl/gsl_rng.h>
#include <spheropt/problem.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct spo_check_item {
  char name[48];
  double value;  /* measured */
  double lo, hi; /* passes if lo <= value <= hi; NaN fails */
  bool pass;
} spo_check_item;

enum { SPO_CHECK_MAX = 64 };
typedef struct spo_check_report {
  size_t count;
  spo_check_item item[SPO_CHECK_MAX];
  bool pass; /* all items */
} spo_check_report;

/* The remainders behind a slope, to be plotted in logarithmic axes: root mean squares over several
 * directions, both ways. */
enum { SPO_CURVE_STEPS = 31 };
typedef struct spo_check_curve {
  size_t count;                      /* SPO_CURVE_STEPS; 0: not measured */
  int order;                         /* the slope that is due */
  double slope;                      /* the slope found, 9 at most */
  double t[SPO_CURVE_STEPS];         /* lengths of the steps, falling */
  double remainder[SPO_CURVE_STEPS]; /* NaN where the curve is not defined */
} spo_check_curve;

/**
 * spo_check_manifold - does a table behave as its manifold should?
 *
 * At random points: defect of random points; projection linear, idempotent, self-adjoint, of the
 * right rank and tangent; spo_check_retraction; exp likewise, and without acceleration all along;
 * gradient and Hessian conversion against finite differences of a random cost on R^n pulled back by
 * the retraction; spo_check_transport; coordinates orthonormal and inverse to each other; aliasing
 * as the contract allows; step limit positive; scratch neither overrun nor relied upon.
 *
 * Values are errors relative to the terms they come from, limited by 64 eps sqrt(n), or orders: the
 * slope, on the shortest steps above rounding, of a remainder (root mean square over directions)
 * that should vanish as t^order; at least order - 0.2. 9 is the most, and says that there was
 * nothing but rounding.
 *
 * M in; rng in/out; report out, whatever the verdict. Units: none. Cost: some thousand calls of the
 * slots and about 25 n doubles; n <= 512: n projections more. Fails: SPO_E_NOMEM, and what
 * spo_manifold_check or a slot returns. A failed check is no failure. Threads: one per rng.
 * tests/conformance/manifolds.c, tests/conformance/mutants.c.
 */
SPO_API spo_status spo_check_manifold(const spo_manifold *M, gsl_rng *rng, spo_check_report *report,
                                      spo_error *err);

/**
 * spo_check_retraction - R_x(0) = x, on the manifold, a function of t v alone, and of which order?
 *
 * First order: R_x(t v) - x - t v vanishes as t^2. Second: its tangential part as t^3, in the
 * Euclidean metric, or its distance from the exponential. The item "retract: order" is the order
 * found (0, 1 or 2), to be no less than the one that M promises; without exp in a metric of its own
 * only the first can be told.
 *
 * x       in   n doubles on M, or NULL: a random point
 * curve   out  two: the remainders of first and of second order; or NULL
 *
 * The rest as spo_check_manifold. Cost: some 500 retractions.
 */
SPO_API spo_status spo_check_retraction(const spo_manifold *M, const double *x, gsl_rng *rng,
                                        spo_check_report *report, spo_check_curve *curve,
                                        spo_error *err);

/** spo_check_transport - is what spo_manifold_transport gives tangent where it arrives, near the
 * identity nearby, and of nearly the same length? x in: n doubles on M, or NULL: a random point.
 * The rest as spo_check_manifold. Cost: some 500 retractions and transports. */
SPO_API spo_status spo_check_transport(const spo_manifold *M, const double *x, gsl_rng *rng,
                                       spo_check_report *report, spo_error *err);

/**
 * spo_check_problem - are the derivatives right, and the optional tables what they promise?
 *
 * spo_check_gradient, spo_check_hessian and spo_check_symmetry as far as P has them, at one point;
 * preconditioner symmetric positive definite (on a random subspace of 48 dimensions, of all where
 * there are fewer); known minimum not above f. Values as in spo_check_manifold, with limits 100
 * times as wide, since a cost's own sums may cancel.
 *
 * x  in  n doubles, or NULL: a random point. The rest as spo_check_manifold; SPO_OUTSIDE if the
 * problem cannot be evaluated there. Cost: some 250 costs and gradients, and 60 Hessian products or
 * preconditioners. tests/derivative/models.c, tests/conformance/problem_mutants.c.
 */
SPO_API spo_status spo_check_problem(const spo_problem *P, const double *x, gsl_rng *rng,
                                     spo_check_report *report, spo_error *err);

/**
 * spo_check_gradient - does the gradient predict the cost?
 *
 * f(c(t)) - f(x) - t <grad f, v> vanishes as t^2 along the exponential, or the retraction; gradient
 * tangent; cost_egrad equal to cost and egrad, or these repeatable; stated noise of f no less than
 * a tenth of the one seen; scratch and memos not overrun.
 *
 * curve  out  one: the remainders; or NULL. The rest as spo_check_problem; a Hessian is not asked
 * for. Cost: some 250 costs.
 */
SPO_API spo_status spo_check_gradient(const spo_problem *P, const double *x, gsl_rng *rng,
                                      spo_check_report *report, spo_check_curve *curve,
                                      spo_error *err);

/**
 * spo_check_hessian - does the Hessian predict cost and gradient?
 *
 * The cost's remainder after two terms vanishes as t^3, along the exponential, or the retraction if
 * it is of second order (else this is not measured); Proj(grad f(c(t)) - grad f(x)) - t Hess f[v]
 * as t^2, in the Euclidean metric; Hessian symmetric, linear, tangent, blocks equal to single
 * products, the same after cost_egrad as after cost and egrad.
 *
 * curve  out  two: the remainders of the cost and of the gradient; or NULL. The rest as
 * spo_check_problem. Cost: some 250 costs and gradients, 10 products. Fails: SPO_E_UNSUPPORTED too
 * (no ehess).
 */
SPO_API spo_status spo_check_hessian(const spo_problem *P, const double *x, gsl_rng *rng,
                                     spo_check_report *report, spo_check_curve *curve,
                                     spo_error *err);

/**
 * spo_check_symmetry - is the orbit's tangent space one, and does nothing change along it?
 *
 * Its projection idempotent, self-adjoint, tangent and, for n <= 512, of the stated rank; the
 * gradient orthogonal to it; and at a critical point (gradient below 1e-6 of its natural size) the
 * Hessian zero on it, up to 1000 times the gradient that is left.
 *
 * Arguments as spo_check_problem. Cost: a few products, and n projections where n <= 512. Fails:
 * SPO_E_UNSUPPORTED too (P states no symmetry).
 */
SPO_API spo_status spo_check_symmetry(const spo_problem *P, const double *x, gsl_rng *rng,
                                      spo_check_report *report, spo_error *err);

/* ---- a cost, looked at ----------------------------------------------------------------------- */

typedef enum spo_along { SPO_ALONG_RETRACTION, SPO_ALONG_GEODESIC } spo_along;

/* One point c(t) of a curve from x with velocity v. NaN where it is not defined. */
typedef struct spo_profile_row {
  double t;
  double f, slope;      /* f(c(t)) and its derivative with respect to t */
  double first, second; /* f(x) + t <grad f, v>, and + t^2/2 <Hess f[v], v>; NaN without ehess */
  double model_slope;   /* of the latter */
} spo_profile_row;

/**
 * spo_profile - cost, slope, and the models of first and second order along a curve from x.
 *
 * x      in   n doubles;  v  in  n doubles, tangent at x, of any length but 0
 * along  in   t -> R_x(t v), or Exp_x(t v)
 * count  in   of t, any order;  t  in  count doubles
 * row    out  count rows
 *
 * The velocity of the curve is the manifold's velocity slot, or a central difference of the curve.
 * Along a retraction of first order alone the second model is off by its acceleration.
 *
 * Units: t in lengths of v. Cost: per row a cost and gradient and up to three points; one block of
 * a few vectors. Fails: SPO_E_ARG (x is off the manifold by more than 1e-6, v not tangent to 1e-6
 * of its length, or 0); SPO_E_UNSUPPORTED (SPO_ALONG_GEODESIC without exp); SPO_OUTSIDE (not
 * evaluable at x), SPO_E_USER, SPO_E_NOMEM. Threads: any. Test: tests/unit/diagnostics.c.
 */
SPO_API spo_status spo_profile(const spo_problem *P, const double *x, const double *v,
                               spo_along along, size_t count, const double *t, spo_profile_row *row,
                               spo_error *err);

/**
 * spo_surface - the cost on a two-dimensional section, f(R_x(a u + b v)).
 *
 * u, v  in   n doubles each, tangent at x
 * a, b  in   n_a and n_b doubles
 * f     out  n_a x n_b doubles, f[i * n_b + j] at a[i], b[j]; NaN where it is not defined
 *
 * Cost: n_a n_b retractions and costs. The rest as spo_profile.
 */
SPO_API spo_status spo_surface(const spo_problem *P, const double *x, const double *u,
                               const double *v, size_t n_a, const double *a, size_t n_b,
                               const double *b, double *f, spo_error *err);

#ifdef __cplusplus
}
#endif
#endif
