/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Steihaug-Toint truncated conjugate gradients: CG on H eta = -g, left at the boundary of the
 * region, along a direction of negative curvature, or once |r| <= |r_0| min(kappa,
 * (|r_0|/scale)^theta). Its iterates are kept up to `replay` directions, so that a rejected step is
 * answered for the smaller radius without a new product. */
#ifndef SPHEROPT_SOLVERS_TCG_H
#define SPHEROPT_SOLVERS_TCG_H

#include <spheropt/solvers/subproblem.h>

#ifdef __cplusplus
extern "C" {
#endif

/** spo_tcg - the subproblem solver; its options are spo_trs_options. Memory: 3 + replay
 * vectors. A direction counts as negatively curved when its curvature lies below -1e3 eps times the
 * largest seen. Source: Steihaug 1983; Conn, Gould, Toint 2000, 7.5. tests/unit/tcg.c. */
SPO_API const spo_trs_ops *spo_tcg(void);

#ifdef __cplusplus
}
#endif
#endif
