/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The unit sphere S^(n-1) = { x in R^n : |x| = 1 }: the oblique manifold with one point.
 * Geometry, and all costs, as in manifolds/oblique.h with m = 1. */
#ifndef SPHEROPT_MANIFOLDS_SPHERE_H
#define SPHEROPT_MANIFOLDS_SPHERE_H

#include <spheropt/manifold.h>

#ifdef __cplusplus
extern "C" {
#endif

/** spo_sphere_create - S^(n-1) in R^n, n >= 1. *out is NULL on failure. One allocation. Fails:
 * SPO_E_DIM (n is 0 or beyond int), SPO_E_NOMEM. Threads: any. tests/conformance/manifolds.c. */
SPO_API spo_status spo_sphere_create(size_t n, spo_manifold **out, spo_error *err);

/** spo_sphere_family - for lists and sweeps. Static storage. */
SPO_API const spo_manifold_family *spo_sphere_family(void);

#ifdef __cplusplus
}
#endif
#endif
