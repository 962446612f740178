/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The generalised Lanczos trust-region method: where CG would leave at the boundary, the model is
 * minimised over the whole Krylov space instead, by the eigenvalues of its tridiagonal matrix and
 * the secular equation. With full reorthogonalisation, and with random directions where the Krylov
 * space is exhausted, so that curvature which the gradient does not see (the hard case) is found.
 * When the basis is full, the best step in it is returned. */
#ifndef SPHEROPT_SOLVERS_GLTR_H
#define SPHEROPT_SOLVERS_GLTR_H

#include <spheropt/solvers/subproblem.h>

#ifdef __cplusplus
extern "C" {
#endif

/** spo_gltr - the subproblem solver; its options are spo_trs_options. Memory: basis + 2 vectors and
 * 2 basis^2. Ends once |H eta + g + mu P^-1 eta| meets the target of tcg. Source: Gould, Lucidi,
 * Roma, Toint 1999. tests/unit/subproblems.c. */
SPO_API const spo_trs_ops *spo_gltr(void);

#ifdef __cplusplus
}
#endif
#endif
