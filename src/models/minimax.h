/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * min over unit vectors of the largest of many bilinear terms, <x_a, x_b> or <x_a - x_c, x_b>, from
 * a point near a minimiser. With t their bound and s = t - phi(X) > 0, a primal-dual interior point
 * method on the product of spheres:
 *
 *   sum_j lambda_j grad phi_j = 0, sum_j lambda_j = 1, lambda_j s_j = mu -> 0
 *
 * Each step solves the dense Newton system in (X, t), its Hessian shifted until positive definite,
 * so it is a descent direction of t - mu sum log s, along which it searches: t falls to a local
 * minimum, quadratically in the end where the active terms are independent.
 * Source: Waechter, Biegler 2006, 2-3; the curvature of spheres as for the oblique manifold. */
#ifndef SPO_MODELS_MINIMAX_H
#define SPO_MODELS_MINIMAX_H

#include <spheropt/base.h>

typedef struct spo_minimax_term {
  size_t a, b, c; /* c = SIZE_MAX: no second part */
} spo_minimax_term;

typedef struct spo_minimax {
  size_t d, n; /* n unit vectors of R^d */
  size_t m;    /* terms */
  const spo_minimax_term *term;
} spo_minimax;

/* The largest number of coordinates, n d: the system is dense. */
enum { SPO_MINIMAX_MOST = 4000 };

/* The largest term at x. */
double spo_minimax_value(const spo_minimax *p, const double *x);

/* x in/out: changed only if the largest term falls. gap: how far terms may stay below the largest
 * and still count at first, the inverse of the sharpness that x was found with. Allocates.
 * SPO_E_NOMEM; SPO_E_NUMERIC if no system can be factored. */
spo_status spo_minimax_polish(const spo_minimax *p, double gap, double *x, spo_error *err);

#endif
