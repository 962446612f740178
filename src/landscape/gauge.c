/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The symmetry orbit: its dimension, and its tangent space as something to leave out. */
#include <spheropt/landscape/spectrum.h>

#include <math.h>

#include "base/memory.h"
#include "base/vec.h"
#include "landscape/orbit.h"
#include "problem/slots.h"

static spo_orbit *layout(spo_carver *c, const spo_problem *P) {
  const spo_symmetry *S = spo_problem_has(P, symmetry) ? P->ops->symmetry : NULL;
  spo_orbit *orbit = spo_carve(c, 1, sizeof *orbit);
  double *store = spo_carve_doubles(c, S ? S->store_len(P->self) : 0);
  double *work = spo_carve_doubles(c, S ? S->work_len(P->self) : 0);
  double *scratch = spo_carve_doubles(c, S ? P->manifold->n : 0);
  if (orbit)
    *orbit =
        (spo_orbit){.symmetry = S, .problem = P, .store = store, .work = work, .scratch = scratch};
  return orbit;
}

/* The table of symmetries has no way to be undefined: any other answer than 0 is a failure. */
static spo_status failed(int code, const char *which, spo_error *err) {
  spo_fail(err, SPO_E_USER, "spo_gauge_dimension", "the symmetry's %s returned %d", which, code);
  if (err)
    err->detail = code;
  return SPO_E_USER;
}

spo_status spo_orbit_create(const spo_problem *P, const double *x, spo_orbit **out,
                            spo_error *err) {
  *out = NULL;
  spo_carver carver = {0};
  layout(&carver, P);
  carver.base = spo_block_alloc(carver.used);
  if (!carver.base)
    return spo_fail(err, SPO_E_NOMEM, "spo_gauge_dimension", "no memory for the symmetry orbit");
  carver.used = 0;
  spo_orbit *orbit = layout(&carver, P);
  orbit->x = x;
  const int code =
      orbit->symmetry ? orbit->symmetry->prepare(P->self, x, orbit->store, &orbit->dim, orbit->work)
                      : 0;
  if (code != 0) {
    spo_block_free(orbit);
    return failed(code, "prepare", err);
  }
  *out = orbit;
  return SPO_OK;
}

void spo_orbit_destroy(spo_orbit *orbit) {
  spo_block_free(orbit);
}

spo_status spo_orbit_remove(spo_orbit *orbit, size_t k, double *V) {
  const spo_problem *P = orbit->problem;
  const size_t n = P->manifold->n;
  for (size_t j = 0; j < k && orbit->dim > 0; j++) {
    spo_vec_copy(n, V + j * n, orbit->scratch);
    if (orbit->symmetry->project(P->self, orbit->x, orbit->store, 1, orbit->scratch, orbit->work))
      return SPO_E_USER;
    spo_vec_axpy(n, -1.0, orbit->scratch, V + j * n);
  }
  return SPO_OK;
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
