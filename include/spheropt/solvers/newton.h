/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Newton's method for critical points of any index: Hess f s = -grad f in the tangent space without
 * the directions of the problem's symmetry orbit, by MINRES, to the relative residual
 * min(kappa, |grad f|/scale), so that convergence is quadratic. The merit is the gradient norm: the
 * step is capped, and halved until the norm falls below the largest of the last few. The cost is
 * not looked at, and a saddle attracts as a minimum does.
 *
 * Families of critical points have kernels beyond the orbit. Curvatures below the gradient norm
 * cannot be told from zero; MINRES leaves them out, so the step is the shortest to the family. */
#ifndef SPHEROPT_SOLVERS_NEWTON_H
#define SPHEROPT_SOLVERS_NEWTON_H

#include <spheropt/solver.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct spo_newton_options {
  size_t size;
  double kappa;       /* relative residual at most; smaller as the gradient is */
  double max_step;    /* in the metric; 0: an eighth of the typical distance */
  double contraction; /* of a backtrack */
  double
      sufficient_decrease; /* part of the gradient norm's linear decrease that a step must bring */
  uint64_t max_backtracks;
  uint64_t memory;    /* gradient norms of which a step must undercut the largest; 1: monotone */
  uint64_t max_inner; /* Hessian products in one step; 0: twice the dimension and 50 */
} spo_newton_options;

/** spo_newton - the solver; needs ehess. It polishes: started near a critical point it converges to
 * one nearby, of whatever index; from afar it may stall where the gradient norm has a minimum.
 * Memory: 4 places' worth of points, 8 vectors and the orbit's store. Source: Absil, Mahony,
 * Sepulchre 2008, chapter 6; Paige, Saunders 1975; Dembo, Eisenstat, Steihaug 1982 (the relative
 * residual); Grippo, Lampariello, Lucidi 1986 (the largest of the last few).
 * tests/oracle/newton.c. */
SPO_API const spo_solver_ops *spo_newton(void);

/** spo_newton_options_init - the defaults. O(1). */
SPO_API void spo_newton_options_init(spo_newton_options *options);

#ifdef __cplusplus
}
#endif
#endif
