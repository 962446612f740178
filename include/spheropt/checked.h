/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A validating wrapper of any manifold: what passes through a slot is looked at before and after,
 * so that a mistake in a plug-in, or in what calls it, ends a run at once and by name. */
#ifndef SPHEROPT_CHECKED_H
#define SPHEROPT_CHECKED_H

#include <spheropt/manifold.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * spo_checked_create - M with every argument and every result of its slots checked.
 *
 * Points are to be on the manifold: defect <= tol max(1, max_i x_i^2). Vectors are to be tangent:
 * |v - project(v)| <= tol times the length of v, or, of a result, of the vector that went in; or no
 * more than a rounding error of the longest vector that any slot was handed so far, which is what
 * is left of a gradient near a critical point. Steps, coordinates, inner products finite; step
 * limits positive; a defect no less than 0. SPO_OUTSIDE passes.
 *
 * M    in   borrowed
 * tol  in   relative, in (0, 1); 0: 1e-6, the defect that a solver lets a start have
 * out  out  NULL on failure; destroy with spo_manifold_destroy, M stays
 *
 * After a first violation every slot that has a status refuses: SPO_E_ARG for an argument,
 * SPO_E_USER for a result, SPO_E_NONFINITE for NaN and infinity; the others return NaN. A run on it
 * so ends with that status, and spo_checked_violation says why. A problem moves onto it by a copy,
 * `spo_problem Q = *P; Q.manifold = checked;`, which is not destroyed.
 *
 * Units: none. Cost: up to three projections and two defects more per call, 2 n doubles of scratch
 * more; one allocation here. Fails: as spo_manifold_check; SPO_E_ARG (tol); SPO_E_NOMEM. Threads:
 * any number may use it; the first violation of any of them counts for all. Source: after
 * ManifoldsBase.jl's ValidationManifold. Tests: tests/conformance/checked.c.
 */
SPO_API spo_status spo_checked_create(const spo_manifold *M, double tol, spo_manifold **out,
                                      spo_error *err);

/** spo_checked_violation - one line that names manifold, slot and defect of the first violation;
 * NULL if there was none, or if M is no checked manifold. The text lives as long as M. O(1); any
 * thread. */
SPO_API const char *spo_checked_violation(const spo_manifold *M);

#ifdef __cplusplus
}
#endif
#endif
