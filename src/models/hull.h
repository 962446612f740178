/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The margin of a code: min over k of the distance of w_k from the convex hull of the others. */
#ifndef SPO_MODELS_HULL_H
#define SPO_MODELS_HULL_H

#include <spheropt/base.h>

/* n >= 2 vectors of R^d; allocates. SPO_E_NOMEM: *margin is NaN. Accurate to 1e-7 where the margin
 * is 0, to 1e-14 over the margin elsewhere. */
spo_status spo_hull_margin(size_t d, size_t n, const double *W, double *margin, spo_error *err);

#endif
