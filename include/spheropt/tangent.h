/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The tangent space at a place as an inner-product space, with the Hessian and the preconditioner
 * as operators on it: all that linear solvers and spectra see of a geometry. */
#ifndef SPHEROPT_TANGENT_H
#define SPHEROPT_TANGENT_H

#include <spheropt/linear.h>
#include <spheropt/point.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct spo_tangent {
  spo_space space;
  spo_linop hess, precond; /* precond.apply is NULL when the problem has none */
  spo_eval *eval;
  spo_point *at;
} spo_tangent;

/** spo_tangent_at - binds T to the place p. T must not be moved or copied while in use; p and E
 * must stay. The operators evaluate cost and gradient at p first if unknown. O(1), no
 * allocation. */
SPO_API void spo_tangent_at(spo_tangent *T, spo_eval *E, spo_point *p);

#ifdef __cplusplus
}
#endif
#endif
