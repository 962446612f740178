/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The Riemannian product M_1 x ... x M_k of any manifolds, products included: points, vectors,
 * memos and coordinates are the concatenation of those of the parts, inner products add up, the
 * typical distance is the root of the sum of squares, the step limit the smallest, the retraction
 * order the lowest, the velocity that of the parts. exp and the coordinates are offered when every
 * part offers them. */
#ifndef SPHEROPT_MANIFOLDS_PRODUCT_H
#define SPHEROPT_MANIFOLDS_PRODUCT_H

#include <spheropt/manifold.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * spo_product_create - the product of `count` manifolds.
 *
 * count  in   >= 1
 * part   in   borrowed: the manifolds must outlive the product (the array need not); a manifold may
 *             appear more than once
 * out    out  NULL on failure
 *
 * Cost: one allocation; slots call the parts' slots in turn. Fails: SPO_E_ARG, SPO_E_DIM (total
 * length beyond int), SPO_E_NOMEM, or what spo_manifold_check says of a part. Threads: any.
 * tests/conformance/manifolds.c.
 */
SPO_API spo_status spo_product_create(size_t count, const spo_manifold *const *part,
                                      spo_manifold **out, spo_error *err);

/** spo_product_count, spo_product_part - the parts again; part i starts at *offset of a point
 * (offset may be NULL). count is 0 and part NULL if M is no product or i is out of range. */
SPO_API size_t spo_product_count(const spo_manifold *M);
SPO_API const spo_manifold *spo_product_part(const spo_manifold *M, size_t i, size_t *offset);

/** spo_product_family - for lists and sweeps. Static storage. */
SPO_API const spo_manifold_family *spo_product_family(void);

#ifdef __cplusplus
}
#endif
#endif
