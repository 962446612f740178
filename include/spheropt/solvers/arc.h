/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Adaptive regularization with cubics. Each iteration minimises
 *
 *   m(s) = f + <g, s> + 1/2 <s, H s> + sigma/3 |s|_P^3
 *
 * over a growing Krylov space (Lanczos with reorthogonalisation; |.|_P is the norm of the inverse
 * preconditioner), until |grad m(s)| <= theta sigma |s|_P^2, tries the retracted step, and judges
 * it against the decrease of the quadratic part, with the cost's own noise and its endgame as the
 * trust region does. At a critical point that is not known to be a global minimiser it looks for
 * negative curvature and leaves along it. */
#ifndef SPHEROPT_SOLVERS_ARC_H
#define SPHEROPT_SOLVERS_ARC_H

#include <spheropt/solver.h>
#include <spheropt/solvers/escape.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct spo_arc_options {
  size_t size;
  double sigma;       /* first regularisation; 0: makes the first steepest-descent step an eighth of
                       the typical distance */
  double sigma_min;   /* relative to the first one */
  double accept;      /* smallest rho that is accepted */
  double very_good;   /* rho from which sigma falls */
  double fall, rise;  /* the factors of sigma */
  double theta;       /* the subproblem's accuracy */
  uint64_t basis;     /* Lanczos vectors kept; a preconditioner needs two a step */
  const void *escape; /* a choice: never, start, always look for negative curvature at a critical
                         point */
  uint64_t escape_products; /* Hessian products spent on that at most */
} spo_arc_options;

/** spo_arc - the solver; needs ehess. Memory: 4 places' worth of points, basis + 2 vectors and 2
 * basis^2. A rejected step is answered for the larger sigma from the basis, without a product.
 * Source: Agarwal, Boumal, Bullins, Cartis 2021 (arXiv:1806.00065); Cartis, Gould, Toint 2011.
 * tests/oracle/ufm_runs.c. */
SPO_API const spo_solver_ops *spo_arc(void);

/** spo_arc_options_init - the defaults. O(1). */
SPO_API void spo_arc_options_init(spo_arc_options *options);

#ifdef __cplusplus
}
#endif
#endif
