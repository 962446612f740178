/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The subproblem solved to rounding by a full eigendecomposition in an orthonormal basis of the
 * space, hard case included. For small dimensions, and as the measure of the others. */
#ifndef SPHEROPT_SOLVERS_EXACT_H
#define SPHEROPT_SOLVERS_EXACT_H

#include <spheropt/solvers/subproblem.h>

#ifdef __cplusplus
extern "C" {
#endif

/** spo_exact - the subproblem solver; its options are spo_trs_options, of which max_dim bounds the
 * dimension. Memory: dim vectors and 6 dim^2. Cost: dim products, O(dim^2 n + dim^3). Source: More,
 * Sorensen 1983. tests/unit/subproblems.c. */
SPO_API const spo_trs_ops *spo_exact(void);

#ifdef __cplusplus
}
#endif
#endif
