/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Limited-memory Riemannian BFGS: d = -H grad f by the two-loop recursion over the last pairs
 *
 *   s = T(t d),  y = grad f(new) - T(grad f(old)),
 *
 * (T: the vector transport) from the initial matrix gamma P, gamma = <s, y>/<y, P y>, P the
 * problem's preconditioner.
 *
 * On a manifold with a transport or a metric of its own the pairs are transported to each new
 * point, and <s, y> is taken anew there. Where T is the projection Q_x and the metric that of the
 * ambient space they stay as they were made, with their <s, y>: with B the ambient two-loop
 * recursion, d = -Q_x B grad f and initial matrix gamma P Q_x. This costs two projections an
 * iteration instead of two for each pair. B is positive definite, hence so is Q_x B Q_x on the
 * tangent space; the newest pair, tangent at x, satisfies the secant equation; from the pairs moved
 * by projection the older ones differ in their normal parts, which enter by products of two: the
 * square of the distance gone since.
 *
 * A pair is stored only if (cautious update)
 *
 *   <s, y>/<s, s> >= epsilon min(1, |grad f(old)|/scale) kappa,
 *
 * kappa = <y, y>/<s, y> of the pair before: Li and Fukushima's rule without units. */
#ifndef SPHEROPT_SOLVERS_LBFGS_H
#define SPHEROPT_SOLVERS_LBFGS_H

#include <spheropt/solver.h>
#include <spheropt/solvers/line_search.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct spo_lbfgs_options {
  size_t size;
  const void *line_search; /* a const spo_line_search_ops * */
  spo_line_search_options search;
  uint64_t memory; /* pairs kept; 0: gradient descent along -gamma P grad */
  double cautious; /* epsilon; 0: any pair of positive curvature */
} spo_lbfgs_options;

/** spo_lbfgs - the solver; first order. Memory: 6 points, and 2 for each pair.
 * Source: Nocedal, Wright 2006, algorithms 7.4 and 7.5; Huang, Gallivan, Absil 2015 (on
 * manifolds); Li, Fukushima 2001 (cautious update); constants in the table.
 * tests/unit/lbfgs.c. */
SPO_API const spo_solver_ops *spo_lbfgs(void);

/** spo_lbfgs_options_init - the defaults. O(1). */
SPO_API void spo_lbfgs_options_init(spo_lbfgs_options *options);

#ifdef __cplusplus
}
#endif
#endif
