/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Truncated conjugate gradients that leave saddles by themselves: the inner iteration begins at a
 * tiny random vector instead of 0 and is confined to half the radius; where it meets that boundary,
 * an extra Cauchy step from there, within the whole radius, follows. Near a saddle the iteration
 * amplifies the random component of negative curvature, near a minimiser it absorbs it.
 *
 * Here the noise also stays below the model's own gradient, |H eta_0| <= |g| unless g is 0, so that
 * it never drowns the last digits of a convergent run. */
#ifndef SPHEROPT_SOLVERS_RANDOMIZED_TCG_H
#define SPHEROPT_SOLVERS_RANDOMIZED_TCG_H

#include <spheropt/solvers/subproblem.h>

#ifdef __cplusplus
extern "C" {
#endif

/** spo_randomized_tcg - the subproblem solver; its options are spo_trs_options. Memory: 6 + replay
 * vectors. One product more than tcg, two at the boundary. Source: Dragomir, Jiang, Sun, Boumal
 * 2026, arXiv:2603.15494. tests/unit/subproblems.c. */
SPO_API const spo_trs_ops *spo_randomized_tcg(void);

#ifdef __cplusplus
}
#endif
#endif
