/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The symmetry orbit through a place, and when a place counts as critical. */
#ifndef SPO_LANDSCAPE_ORBIT_H
#define SPO_LANDSCAPE_ORBIT_H

#include <spheropt/point.h>

typedef struct spo_orbit {
  const spo_symmetry *symmetry; /* NULL: none known */
  const spo_problem *problem;
  const double *x;
  size_t dim;
  double *store, *work, *scratch; /* scratch: n doubles */
} spo_orbit;

/* One block in one allocation; x must stay. dim is 0 without a known symmetry. */
spo_status spo_orbit_create(const spo_problem *P, const double *x, spo_orbit **out, spo_error *err);
void spo_orbit_destroy(spo_orbit *orbit);

/* The components along the orbit removed from k tangent vectors. */
spo_status spo_orbit_remove(spo_orbit *orbit, size_t k, double *V);

/* The size that a gradient is measured against: the problem's own; else |f|, as on compact
 * manifolds of diameter about 1; else, where f = 0, 1. */
spo_status spo_critical_scale(spo_eval *E, spo_point *p, double *scale);

#endif
