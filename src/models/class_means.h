/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Class means, shared by the metrics and the models that are made of them. */
#ifndef SPO_MODELS_CLASS_MEANS_H
#define SPO_MODELS_CLASS_MEANS_H

#include <stddef.h>
#include <stdint.h>

/* mean: K x d, 0 for a class without samples; global: d, of all samples; count: K. */
void spo_class_means(size_t d, size_t K, size_t N, const double *H, const int64_t *label,
                     double *mean, double *global, size_t *count);

#endif
