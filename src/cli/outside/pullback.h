/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A problem on unit vectors as one without constraints, for solvers that know no manifold:
 *
 *   g(y) = f(x),  x_i = y_i / |y_i| for unit vectors, x_i = y_i in Euclidean parts,
 *   grad g(y)_i = grad f(x)_i / |y_i|,  grad f the Riemannian gradient,
 *
 * since the derivative of y / |y| is the tangent projection over |y|. Defined on the sphere,
 * oblique and Euclidean manifolds and their products. */
#ifndef SPO_CLI_PULLBACK_H
#define SPO_CLI_PULLBACK_H

#include <spheropt/solver.h>

/* Is it defined on M? Else one line about why not. */
spo_status pullback_check(const spo_manifold *M, spo_error *err);

typedef struct pullback pullback;

/* For one run from x, with the stop rules of the others. *out is NULL on failure. err is kept: what
 * a callback does later is described there too. */
spo_status pullback_create(const spo_problem *P, const double *x, const spo_stop *stop,
                           pullback **out, spo_error *err);
void pullback_destroy(pullback *b);

/* g at y and, if wanted, its gradient; infinity where f cannot be evaluated. What is known of the
 * two last points is not evaluated again; all else is counted. */
double pullback_value(pullback *b, const double *y, double *gradient);

/* A callback gave up, or there is no y that could be evaluated: the run has failed. */
spo_status pullback_failure(const pullback *b);

/* What the stop rules say at y after k iterations, by the rules of spo_solver_solve. Evaluations
 * that this may need are not counted. */
spo_reason pullback_judge(pullback *b, const double *y, uint64_t k);

/* The point of M that belongs to y. */
void pullback_point(const pullback *b, const double *y, double *x);

/* The rest of a result: converged, k and the counters. */
spo_result pullback_result(const pullback *b, spo_reason reason, uint64_t k);

/* The gradient norm that ends a run, as it is at the start; 0: there is no such rule. */
double pullback_target(const pullback *b);

/* How often g was asked for, known or not. */
uint64_t pullback_calls(const pullback *b);

#endif
