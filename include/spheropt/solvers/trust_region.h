/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Riemannian trust region. Each iteration minimises the quadratic model within the radius, tries
 * the retracted step, and judges it by
 *
 *   rho = (f(x) - f(y) + r) / (decrease + r),  r = the cost's own noise at x,
 *
 * so that rounding of f cannot reject good steps; once the predicted decrease is below that noise,
 * a step is accepted if it reduces the gradient norm. At a critical point that is not known to be a
 * global minimiser it looks for negative curvature and leaves along it. */
#ifndef SPHEROPT_SOLVERS_TRUST_REGION_H
#define SPHEROPT_SOLVERS_TRUST_REGION_H

#include <spheropt/solver.h>
#include <spheropt/solvers/escape.h>
#include <spheropt/solvers/exact.h>
#include <spheropt/solvers/gltr.h>
#include <spheropt/solvers/randomized_tcg.h>
#include <spheropt/solvers/subproblem.h>
#include <spheropt/solvers/tcg.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct spo_trust_region_options {
  size_t size;
  const void *subproblem; /* a choice: tcg, gltr, exact, randomized-tcg; or a caller's own table,
                             const spo_trs_ops * */
  const void *subproblem_options; /* of a caller's own; borrowed. NULL: `inner` for ours */
  spo_trs_options inner;
  double radius;     /* first radius; 0: an eighth of max_radius */
  double max_radius; /* 0: the manifold's typical distance, in the preconditioned norm, at first;
                        doubled when five full steps in a row were as good as the model said */
  double accept;     /* smallest rho that is accepted */
  double shrink_below, grow_above; /* rho that shrinks, that grows the radius */
  double shrink, grow;             /* the factors */
  const void
      *escape; /* a choice: never, start, always look for negative curvature at a critical point */
  uint64_t escape_products; /* Hessian products spent on that at most */
} spo_trust_region_options;

/** spo_trust_region - the solver; needs ehess. Memory: 4 places' worth of points for the loop and
 * what the subproblem solver takes, for tcg 5 and its replay store. Source: Absil, Baker, Gallivan
 * 2007; Conn, Gould, Toint 2000; constants in the table. `subproblem` and `escape` are set by name:
 * spo_option_set(spo_option_find(type->option, type->n_options, "escape"), &options, "never", err).
 * tests/oracle/ufm_runs.c. */
SPO_API const spo_solver_ops *spo_trust_region(void);

/** spo_trust_region_options_init - the defaults. O(1). */
SPO_API void spo_trust_region_options_init(spo_trust_region_options *options);

#ifdef __cplusplus
}
#endif
#endif
