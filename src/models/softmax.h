/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Cross-entropy on tiles of logits. A tile holds `b` samples and K classes with the samples running
 * fastest (logit k of sample i at t[k*b + i]), so that every loop runs over samples and vectorises
 * for any number of classes. Off-class sums keep the relative accuracy of small losses. */
#ifndef SPO_MODELS_SOFTMAX_H
#define SPO_MODELS_SOFTMAX_H

#include <stddef.h>
#include <stdint.h>

/* At most this many samples in a tile; scratch for one row of them. */
enum { SPO_TILE = 256 };

/* Logits in; out: G = tau omega_i (p - e_y), the true class's probability in py.
 * Returns sum_i omega_i CE_i. label: b classes in 0 .. K-1. */
double spo_softmax_residual(size_t b, size_t K, double tau, const int64_t *label,
                            const double *omega, double *tile, double *py);

/* tau Mdot in; out: Gdot = tau^2 omega_i (p o Mdot - p (p^T Mdot)), from G and py of the tile. */
void spo_softmax_curvature(size_t b, size_t K, double tau, const int64_t *label,
                           const double *omega, const double *G, const double *py, double *tile);

#endif
