/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The unit sphere: the oblique manifold with one point, under its own name. */
#include <spheropt/manifolds/sphere.h>

#include <stdio.h>

#include "oblique_internal.h"

spo_status spo_sphere_create(size_t n, spo_manifold **out, spo_error *err) {
  char name[64];
  if (!out)
    return spo_fail(err, SPO_E_ARG, __func__, "out is NULL");
  snprintf(name, sizeof name, "sphere(%zu)", n);
  return spo_oblique_make(n, 1, name, __func__, out, err);
}

static const size_t sample_size[] = {2, 3, 17};
enum { SAMPLES = sizeof sample_size / sizeof sample_size[0] };

static spo_status sample(size_t i, spo_manifold *made[SPO_FAMILY_PARTS], size_t *count,
                         spo_error *err) {
  *count = 0;
  if (i >= SAMPLES)
    return spo_fail(err, SPO_E_ARG, __func__, "sample %zu of %d", i, SAMPLES);
  const spo_status status = spo_sphere_create(sample_size[i], &made[0], err);
  *count = status == SPO_OK;
  return status;
}

const spo_manifold_family *spo_sphere_family(void) {
  static const spo_manifold_family family = {
      .size = sizeof(spo_manifold_family),
      .name = "sphere",
      .summary = "one unit vector of R^n",
      .reference = "Absil, Mahony, Sepulchre 2008",
      .samples = SAMPLES,
      .sample = sample,
  };
  return &family;
}
