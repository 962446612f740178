/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The symmetry orbit through a place as something to leave out: its tangent vectors are the zeros
 * of the Hessian that are known beforehand. */
#ifndef SPO_PROBLEM_ORBIT_H
#define SPO_PROBLEM_ORBIT_H

#include <spheropt/tangent.h>

typedef struct spo_orbit {
  const spo_problem *problem;
  const double *x;
  size_t dim;                   /* 0: no symmetry is known, or it does not move this point */
  double *store, *work, *along; /* along: n doubles */
} spo_orbit;

/* doubles that an orbit takes */
size_t spo_orbit_len(const spo_problem *P);

/* Lays an orbit over `mem` and prepares it; x must stay. */
spo_status spo_orbit_bind(spo_orbit *orbit, const spo_problem *P, const double *x, double *mem,
                          spo_error *err);

/* The components along the orbit removed from k tangent vectors. */
spo_status spo_orbit_remove(spo_orbit *orbit, size_t k, double *V);

/* The tangent space at a place without its symmetry orbit, and Hessian and preconditioner on it. At
 * a critical point the Hessian maps it into itself; near one, up to the gradient. The
 * preconditioner is followed by the projector. */
typedef struct spo_slice {
  spo_tangent tangent;
  spo_space space;
  spo_linop hess, precond; /* precond.apply is NULL when the problem has none */
  spo_orbit orbit;
} spo_slice;

/* The slice at p over `mem`, spo_orbit_len(P) doubles; must not be moved. Without `deflate` it is
 * the whole tangent space. */
spo_status spo_slice_at(spo_slice *s, spo_eval *E, spo_point *p, bool deflate, double *mem,
                        spo_error *err);

#endif
