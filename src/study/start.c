/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Random starts. */
#include "study/start.h"

#include <inttypes.h>

spo_status spo_start_random(const spo_manifold *M, gsl_rng *rng, uint64_t seed, double *x,
                            double *work, spo_error *err) {
  gsl_rng_set(rng, (unsigned long)seed);
  const spo_status status = M->ops->random_point(M, rng, x, work);
  if (status == SPO_OK)
    return SPO_OK;
  return spo_fail(err, status, __func__, "no random point of %s from seed %" PRIu64, M->name, seed);
}
