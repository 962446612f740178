/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The symmetry orbit's dimension, and the scale that makes a gradient small. */
#include <spheropt/landscape/spectrum.h>

#include <math.h>

#include "base/memory.h"
#include "landscape/gauge.h"

static spo_orbit *layout(spo_carver *c, const spo_problem *P, double **mem) {
  spo_orbit *orbit = spo_carve(c, 1, sizeof *orbit);
  *mem = spo_carve_doubles(c, spo_orbit_len(P));
  return orbit;
}

spo_status spo_orbit_create(const spo_problem *P, const double *x, spo_orbit **out,
                            spo_error *err) {
  *out = NULL;
  double *mem;
  spo_carver c = {0};
  layout(&c, P, &mem);
  if (!spo_carver_alloc(&c))
    return spo_fail(err, SPO_E_NOMEM, "spo_gauge_dimension", "no memory for the symmetry orbit");
  spo_orbit *orbit = layout(&c, P, &mem);
  const spo_status status = spo_orbit_bind(orbit, P, x, mem, err);
  if (status == SPO_OK)
    *out = orbit;
  else
    spo_block_free(orbit);
  return status;
}

void spo_orbit_destroy(spo_orbit *orbit) {
  spo_block_free(orbit);
}

spo_status spo_gauge_dimension(spo_eval *E, spo_point *p, size_t *dim, spo_error *err) {
  spo_orbit *orbit;
  *dim = 0;
  const spo_status status = spo_orbit_create(E->problem, p->x, &orbit, err);
  if (status != SPO_OK)
    return status;
  *dim = orbit->dim;
  spo_orbit_destroy(orbit);
  return SPO_OK;
}

spo_status spo_critical_scale(spo_eval *E, spo_point *p, double *scale) {
  double noise;
  const spo_status status = spo_eval_scale(E, p, &noise, scale);
  if (status == SPO_OK && isnan(*scale))
    *scale = p->f != 0.0 ? fabs(p->f) : 1.0;
  return status;
}
