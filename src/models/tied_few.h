/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The tied cross-entropy in up to four dimensions: inner product, exponential and sums in one loop,
 * so that no E is kept or even written; it is cheaper made again. X, V, g, hv as spo_tied_ce has
 * them; Z without the 1 of the point itself. work: spo_tied_few_work_len. */
#ifndef SPO_MODELS_TIED_FEW_H
#define SPO_MODELS_TIED_FEW_H

#include <stddef.h>

enum { SPO_TIED_FEW = 4 };

size_t spo_tied_few_work_len(size_t n);

/* Z_i = sum_{j != i} E_ij */
void spo_tied_few_sums(size_t d, size_t n, double alpha, const double *X, double *Z, double *work);
/* g = X S, Z with its 1 */
void spo_tied_few_gradient(size_t d, size_t n, double alpha, const double *X, const double *Z,
                           double *g, double *work);
/* hv = V S + X T */
void spo_tied_few_hessian(size_t d, size_t n, double alpha, const double *X, const double *V,
                          const double *Z, double *hv, double *work);

#endif
