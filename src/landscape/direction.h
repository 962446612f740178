/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Directions of negative curvature at a place, and how far they lead down. */
#ifndef SPO_LANDSCAPE_DIRECTION_H
#define SPO_LANDSCAPE_DIRECTION_H

#include <gsl/gsl_rng.h>
#include <spheropt/point.h>

typedef struct spo_direction {
  const char *name; /* the case that gave it; NULL: none */
  double rayleigh;
  double *v; /* n doubles, unit; NULL as long as there is none */
} spo_direction;

/* A lower bound of |Hess f| from a few power steps, mostly within a factor of 2. V: 2 n doubles. */
spo_status spo_hessian_size(spo_eval *E, spo_point *p, gsl_rng *rng, double *V, double *size);

/* v projected, made a unit vector and its Rayleigh quotient taken; the best is kept in *best. hv: n
 * doubles. A vector that is zero or not finite is no candidate. */
spo_status spo_direction_try(spo_eval *E, spo_point *p, const char *name, double *v, double *hv,
                             spo_direction *best);

/* All constructive cases of the problem's certificate, from the lowest eigenpair (lambda, u) of its
 * plain matrix. room: 2 n doubles. */
spo_status spo_direction_cases(spo_eval *E, spo_point *p, double lambda, const double *u,
                               double *room, spo_direction *best, spo_error *err);

/* The largest decrease of f along the geodesic of v, both ways; v is turned so that *step > 0. 0
 * and 0 where there is none. */
spo_status spo_direction_decrease(spo_eval *E, const spo_point *p, double *v, double *decrease,
                                  double *step, spo_error *err);

#endif
