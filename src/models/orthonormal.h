/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What models on the Stiefel manifold share: the choice of a retraction, matrices drawn at random,
 * and critical points by signs. */
#ifndef SPO_MODELS_ORTHONORMAL_H
#define SPO_MODELS_ORTHONORMAL_H

#include <spheropt/manifolds/stiefel.h>
#include <spheropt/models/polar.h>
#include <spheropt/options.h>

/* polar (first, the default), qr; values are spo_stiefel_retraction. */
extern const spo_choice spo_stiefel_choices[];

/* count standard normal numbers from a generator of that seed. */
spo_status spo_gaussian_fill(size_t count, uint64_t seed, double *x, spo_error *err);

/* A point by signs: arg is "+-+", one sign for each singular value, the largest first. */
spo_status spo_polar_signs(const spo_polar *polar, const char *arg, double *x, spo_error *err);

#endif
