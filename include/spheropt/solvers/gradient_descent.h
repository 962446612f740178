/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Riemannian gradient descent: x <- R_x(-t grad f(x)). The line search finds t, beginning with a
 * multiple of the last step or with one of Barzilai and Borwein's, in the metric at the new point,
 *
 *   direct <s, s>/<s, y>,  inverse <s, y>/<y, y>,  s the last step, y the gradient's change,
 *
 * both transported there; these are meant for the nonmonotone search, which also has a rule of its
 * own for the multiple (see spo_nonmonotone_search). Or t is fixed. */
#ifndef SPHEROPT_SOLVERS_GRADIENT_DESCENT_H
#define SPHEROPT_SOLVERS_GRADIENT_DESCENT_H

#include <spheropt/solver.h>
#include <spheropt/solvers/line_search.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum spo_first_step {
  SPO_FIRST_STEP_LAST,
  SPO_FIRST_STEP_BB_DIRECT,
  SPO_FIRST_STEP_BB_INVERSE,
  SPO_FIRST_STEP_BB_ALTERNATING
} spo_first_step;

typedef struct spo_gradient_descent_options {
  size_t size;
  const void *line_search; /* a const spo_line_search_ops *, or what the name `fixed` stands for */
  spo_line_search_options search;
  const void *first_step; /* a choice: last, bb-direct, bb-inverse, bb-alternating */
  double bb_range; /* a Barzilai-Borwein step is at most so many times the last, or 1/ that */
} spo_gradient_descent_options;

/** spo_gradient_descent - the solver; first order. Choices are set by name:
 * spo_option_set(spo_option_find(type->option, type->n_options, "line-search"), &options, "fixed",
 * err). Memory: 4 points; 5 for a line search with slopes or Barzilai-Borwein steps. Source: Absil,
 * Mahony, Sepulchre 2008, 4.2; Iannazzo, Porcelli 2018; Hager, Zhang 2005, eq. 4.1 (approximate
 * Wolfe). tests/oracle/ufm_runs.c, tests/unit/gradient_descent.c. */
SPO_API const spo_solver_ops *spo_gradient_descent(void);

/** spo_gradient_descent_options_init - the defaults. O(1). */
SPO_API void spo_gradient_descent_options_init(spo_gradient_descent_options *options);

#ifdef __cplusplus
}
#endif
#endif
