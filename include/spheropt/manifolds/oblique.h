/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The oblique manifold OB(d, m) = (S^(d-1))^m: m unit vectors of R^d, one after another
 * (d = 1: signs, which cannot move; dimension 0).
 *
 *   metric       Euclidean: <u, v> = sum_i <u_i, v_i>
 *   projection   v_i = w_i - <x_i, w_i> x_i
 *   retraction   (x_i + t v_i) / |x_i + t v_i|: agrees with exp to second order
 *   exponential  x_i cos(t|v_i|) + v_i sin(t|v_i|)/|v_i|
 *   gradient     g_i - <x_i, g_i> x_i; memo_i = <x_i, g_i>
 *   Hessian      Proj(eh)_i - memo_i v_i
 *   transport    projection at the new point
 *   velocity     at y = R_x(tv): (v_i - <y_i, v_i> y_i) / |x_i + t v_i|
 *   coordinates  columns 2..d of the Householder reflector that takes e_1 to -sign(x_i1) x_i
 *   step limit   the t at which the longest t v_i is pi: the retraction then turns by 72 degrees
 *   typical distance  pi sqrt(m)
 *
 * Source: Absil, Gallivan 2006; Absil, Mahony, Trumpf 2013 (Hessian); doc/ufm.md. */
#ifndef SPHEROPT_MANIFOLDS_OBLIQUE_H
#define SPHEROPT_MANIFOLDS_OBLIQUE_H

#include <spheropt/manifold.h>

#ifdef __cplusplus
extern "C" {
#endif

/** spo_oblique_create - OB(d, m), d, m >= 1. *out is NULL on failure. One allocation. Fails:
 * SPO_E_DIM (d or m is 0, d*m beyond int), SPO_E_NOMEM. Threads: any.
 * tests/conformance/manifolds.c. */
SPO_API spo_status spo_oblique_create(size_t d, size_t m, spo_manifold **out, spo_error *err);

/** spo_oblique_count - m of an oblique manifold OB(d, m), 1 of a sphere, 0 of any other; d into
 * *dim (may be NULL). O(1), any thread. */
SPO_API size_t spo_oblique_count(const spo_manifold *M, size_t *dim);

/** spo_oblique_family - for lists and sweeps. Static storage. */
SPO_API const spo_manifold_family *spo_oblique_family(void);

#ifdef __cplusplus
}
#endif
#endif
