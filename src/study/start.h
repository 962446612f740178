/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The random start that belongs to a seed: the same in a batch and in a comparison. */
#ifndef SPO_STUDY_START_H
#define SPO_STUDY_START_H

#include <spheropt/manifold.h>

/* x: n doubles; work: M->work_len. Any failure, SPO_OUTSIDE too, is described in err. */
spo_status spo_start_random(const spo_manifold *M, gsl_rng *rng, uint64_t seed, double *x,
                            double *work, spo_error *err);

#endif
