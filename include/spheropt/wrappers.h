/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Problems made of a problem: the same points and the same manifold, another cost or another way to
 * its derivatives. Each borrows what it wraps, is destroyed by spo_problem_destroy, which leaves
 * the wrapped problem alone, and may be wrapped again. */
#ifndef SPHEROPT_WRAPPERS_H
#define SPHEROPT_WRAPPERS_H

#include <spheropt/problem.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * spo_log_problem - log f for a positive cost f.
 *
 *   log f,   egrad = g/f,   ehess[v] = Hv/f - (<g, v>/f) g/f,   g and H those of f
 *
 * The same minimisers and critical points. It removes what makes saturated cross-entropies slow:
 * where f decays like an exponential, a Newton step on f gains a factor e at most, one on log f as
 * much as the geometry allows.
 *
 * P    in   borrowed. Where f <= 0 the new cost is not evaluable
 * out  out  NULL on failure
 *
 * Noise and gradient scale are those of P over f; the noise of log f itself is added. A problem
 * that states no gradient scale gets one over the manifold's typical distance: a factor e of f over
 * a long step. So |grad log f| <= tol * scale is the rule |grad f| <= tol * scale of P. The
 * preconditioner is P's own: to solvers a factor is nothing, but one that changes from place to
 * place with f would change what their radius means. A known minimum f* > 0 becomes log f*; the
 * symmetry stays; the certificate, whose gap is one of f, goes.
 *
 * Units: none. Cost: what P takes, and O(n) per gradient and product; n + 1 doubles more at a
 * place. Allocates one block here. Fails: as spo_problem_check; SPO_E_NOMEM. Threads: any number,
 * as P. Test: tests/unit/wrappers.c.
 */
SPO_API spo_status spo_log_problem(const spo_problem *P, spo_problem **out, spo_error *err);

/**
 * spo_fd_hessian_problem - P with Hessian products by central differences of its gradient.
 *
 *   ehess[v] = (egrad(R_x(h u)) - egrad(R_x(-h u))) |v| / 2h,   u = v/|v|
 *
 * The points lie on the manifold and on either side of x on one curve, so that their even terms
 * cancel: the error is O(h^2) whatever the retraction.
 *
 * P     in   borrowed; a Hessian of its own is not used
 * step  in   h in units of the manifold's typical distance; 0: eps^(1/3), which balances the error
 *            h^2 of the difference and the gradient's rounding eps/h: some ten digits remain
 * out   out  NULL on failure
 *
 * A difference is never exactly symmetric or linear; truncated conjugate gradients do not mind, a
 * check of derivatives does. Where f or the gradient is not evaluable on both sides, the product is
 * not either.
 *
 * Units: none. Cost: of one product two retractions, costs and gradients, none of which the
 * counters see; scratch of 2 n doubles and a memo of P. Allocates one block here. Fails: SPO_E_ARG
 * (step negative, not finite or above 0.1); as spo_problem_check; SPO_E_NOMEM. Threads: any number,
 * as P. Source: Boumal 2023, section 10.6; tests/unit/wrappers.c.
 */
SPO_API spo_status spo_fd_hessian_problem(const spo_problem *P, double step, spo_problem **out,
                                          spo_error *err);

#ifdef __cplusplus
}
#endif
#endif
