/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * An orbit on the heap, and when a place counts as critical. */
#ifndef SPO_LANDSCAPE_GAUGE_H
#define SPO_LANDSCAPE_GAUGE_H

#include <spheropt/point.h>

#include "problem/orbit.h"

/* One block; x must stay. */
spo_status spo_orbit_create(const spo_problem *P, const double *x, spo_orbit **out, spo_error *err);
void spo_orbit_destroy(spo_orbit *orbit);

/* The size that a gradient is measured against: the problem's own; else |f|, as on compact
 * manifolds of diameter about 1; else, where f = 0, 1. */
spo_status spo_critical_scale(spo_eval *E, spo_point *p, double *scale);

#endif
