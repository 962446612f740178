/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * R^n as a manifold: projection is the identity, retraction and exponential are x + t v, random
 * points are standard normal, the defect is 0 (NaN if an entry is not finite), typical distance
 * sqrt(n). */
#ifndef SPHEROPT_MANIFOLDS_EUCLIDEAN_H
#define SPHEROPT_MANIFOLDS_EUCLIDEAN_H

#include <spheropt/manifold.h>

#ifdef __cplusplus
extern "C" {
#endif

/** spo_euclidean_create - R^n, n >= 1. *out is NULL on failure. One allocation. Fails: SPO_E_DIM
 * (n < 1 or beyond int), SPO_E_NOMEM. Threads: any. tests/conformance/manifolds.c. */
SPO_API spo_status spo_euclidean_create(size_t n, spo_manifold **out, spo_error *err);

/** spo_euclidean_is - did spo_euclidean_create make M? O(1), any thread. */
SPO_API bool spo_euclidean_is(const spo_manifold *M);

/** spo_euclidean_family - for lists and sweeps. Static storage. */
SPO_API const spo_manifold_family *spo_euclidean_family(void);

#ifdef __cplusplus
}
#endif
#endif
