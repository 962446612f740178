/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Riemannian gradient descent: x <- R_x(-t grad f(x)), with t from Armijo backtracking that starts
 * at twice the last accepted step, or fixed. When the expected decrease falls below the cost's
 * noise, the slope at the trial point decides instead of the cost (approximate Wolfe condition). */
#ifndef SPHEROPT_SOLVERS_GRADIENT_DESCENT_H
#define SPHEROPT_SOLVERS_GRADIENT_DESCENT_H

#include <spheropt/solver.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum spo_step_rule { SPO_STEP_ARMIJO, SPO_STEP_FIXED } spo_step_rule;

typedef struct spo_gradient_descent_options {
  size_t size;
  const void *line_search; /* a choice: armijo, fixed */
  double step;             /* fixed: t. Armijo: the first t tried; 0: chosen from the gradient */
  double sufficient_decrease, contraction, growth;
  uint64_t max_backtracks;
} spo_gradient_descent_options;

/** spo_gradient_descent - the solver; first order. `line_search` is set by name:
 * spo_option_set(spo_option_find(type->option, type->n_options, "line-search"), &options, "fixed",
 * err). Memory: 4 points. Source: Absil, Mahony, Sepulchre 2008, 4.2; Hager, Zhang 2005, eq. 4.1
 * (approximate Wolfe). tests/oracle/ufm_runs.c. */
SPO_API const spo_solver_ops *spo_gradient_descent(void);

/** spo_gradient_descent_options_init - the defaults. O(1). */
SPO_API void spo_gradient_descent_options_init(spo_gradient_descent_options *options);

#ifdef __cplusplus
}
#endif
#endif
