/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the files of the nearest simplex ETF share: nearest_etf.c (problem, model),
 * nearest_etf_solve.c (the target B, closed form, chain rule). */
#ifndef SPO_MODELS_NEAREST_ETF_INTERNAL_H
#define SPO_MODELS_NEAREST_ETF_INTERNAL_H

#include <spheropt/models/nearest_etf.h>

/* VC = V C: the vectors' mean subtracted from each. VC may be V, mean: d doubles. */
void nearest_centre(size_t d, size_t K, const double *V, double *VC, double *mean);
/* Y = M C / |M C|; *length is that norm. mean: d doubles. Refuses means that are all alike. */
spo_status nearest_means(size_t d, size_t K, const double *means, double *Y, double *length,
                         double *mean, spo_error *err);
/* B = (2/sqrt(K-1)) Y + delta U_prox; B may be Y */
void nearest_target(size_t d, size_t K, const double *Y, const double *prox, double delta,
                    double *B);
/* The first K unit vectors. */
void nearest_unit_vectors(size_t d, size_t K, double *U);
/* 2 <= K <= d, delta >= 0, or one line. */
spo_status nearest_check_shape(size_t d, size_t K, double delta, spo_error *err);

#endif
