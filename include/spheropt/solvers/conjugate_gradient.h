/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Riemannian nonlinear conjugate gradients: d <- -P grad f + beta T(d), T the vector transport, P
 * the problem's preconditioner. With g the new gradient, h the old one, e = T(d), y = g - T(h), all
 * inner products at the new point but <h, Ph> and <h, d>, which are the old one's:
 *
 *   fletcher-reeves    <g, Pg>/<h, Ph>           polak-ribiere      max(0, <y, Pg>/<h, Ph>)
 *   hestenes-stiefel   max(0, <y, Pg>/<y, e>)    liu-storey         max(0, <y, Pg>/-<h, d>)
 *   dai-yuan           <g, Pg>/<y, e>            conjugate-descent  <g, Pg>/-<h, d>
 *   hybrid             Polak-Ribiere's, within +- Fletcher-Reeves'
 *   hager-zhang        (<y, Pg> - 2 <y, Py> <e, g>/<y, e>)/<y, e>, at least 0.4 <e, g>/<e, e>
 *                      (with a preconditioner <h, d>^2/<h, Ph> for <e, e>, which it bounds)
 *
 * The direction is -P grad again where old and new gradient are far from orthogonal (Powell), and
 * where it would not be one of descent. The strong Wolfe search suits every beta. With the
 * hager-zhang search and hestenes-stiefel take curvature 0.9 and orthogonality inf: more
 * iterations, each about one gradient. Polak-ribiere and hager-zhang need steps nearer to the
 * minimum along the line: with loose ones they may take twenty times as many. */
#ifndef SPHEROPT_SOLVERS_CONJUGATE_GRADIENT_H
#define SPHEROPT_SOLVERS_CONJUGATE_GRADIENT_H

#include <spheropt/solver.h>
#include <spheropt/solvers/line_search.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct spo_conjugate_gradient_options {
  size_t size;
  const void *line_search; /* a const spo_line_search_ops * */
  spo_line_search_options search;
  const void *beta;     /* a choice: the names above */
  double orthogonality; /* restart once |<T(h), Pg>| >= this times <g, Pg>; inf: never */
} spo_conjugate_gradient_options;

/** spo_conjugate_gradient - the solver; first order. `beta` is set by name:
 * spo_option_set(spo_option_find(type->option, type->n_options, "beta"), &options, "dai-yuan",
 * err). Memory: 6 points; 7 with a preconditioner, 8 with it and beta hager-zhang. Source: Hager,
 * Zhang 2006 (survey); Sakai, Sato, Iiduka 2023 (on manifolds); constants in the table.
 * tests/unit/conjugate_gradient.c. */
SPO_API const spo_solver_ops *spo_conjugate_gradient(void);

/** spo_conjugate_gradient_options_init - the defaults. O(1). */
SPO_API void spo_conjugate_gradient_options_init(spo_conjugate_gradient_options *options);

#ifdef __cplusplus
}
#endif
#endif
