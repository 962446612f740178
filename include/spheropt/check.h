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

/**
 * spo_check_manifold - does a table behave as its manifold should?
 *
 * At random points: defect of random points; projection linear, idempotent, self-adjoint, of the
 * right rank and tangent; R_x(0) = x, retraction stays on M, its first-order (second-order where
 * promised) agreement with the geodesic or the curve's acceleration; exp likewise, and without
 * acceleration all along; gradient and Hessian conversion against finite differences of a random
 * cost on R^n pulled back by the retraction; transport tangent and near the identity nearby;
 * coordinates orthonormal and inverse to each other; aliasing as the contract allows; step limit
 * positive; scratch neither overrun nor relied upon.
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
 * spo_check_problem - are the derivatives right?
 *
 * Slope 2 of the Taylor remainder with the gradient, slope 3 with the Hessian (along the
 * exponential, or the retraction if it is of second order), slope 2 of the Hessian against gradient
 * differences; Hessian symmetric, linear, tangent, blocks equal to single products; cost_egrad
 * equal to cost and egrad; preconditioner symmetric positive definite (on a random subspace of 48
 * dimensions, of all where there are fewer); orbit projection idempotent, self-adjoint, of the
 * stated rank, orthogonal to the gradient; stated noise of f no less than a tenth of the one seen;
 * known minimum not above f; scratch and memos not overrun. Values as above, with limits 100 times
 * as wide, since a cost's own sums may cancel.
 *
 * x  in  n doubles, or NULL: a random point. The rest as spo_check_manifold; SPO_OUTSIDE if the
 * problem cannot be evaluated there. Cost: some 250 costs and gradients, and 60 Hessian products or
 * preconditioners. tests/derivative/models.c, tests/conformance/problem_mutants.c.
 */
SPO_API spo_status spo_check_problem(const spo_problem *P, const double *x, gsl_rng *rng,
                                     spo_check_report *report, spo_error *err);

#ifdef __cplusplus
}
#endif
#endif
