/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Limited-memory Riemannian BFGS: d = -H grad f by the two-loop recursion over the last pairs
 *
 *   s = T(t d),  y = grad f(new) - T(grad f(old)),
 *
 * which are transported to each new point (T: the vector transport), from the initial matrix gamma
 * P, gamma = <s, y>/<y, P y>, P the problem's preconditioner. All inner products are those of the
 * current point, <s, y> of transported pairs taken anew. A pair is stored only if (cautious update)
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
 * tests/unit/first_order.c. */
SPO_API const spo_solver_ops *spo_lbfgs(void);

/** spo_lbfgs_options_init - the defaults. O(1). */
SPO_API void spo_lbfgs_options_init(spo_lbfgs_options *options);

#ifdef __cplusplus
}
#endif
#endif
