/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Symmetry orbits. */
#include "problem/orbit.h"

#include "base/detail.h"
#include "base/vec.h"
#include "problem/symmetry.h"

size_t spo_orbit_len(const spo_problem *P) {
  const size_t along = spo_symmetry_of(P) ? P->manifold->n : 0;
  return spo_symmetry_store_len(P) + spo_symmetry_work_len(P) + along;
}

spo_status spo_orbit_bind(spo_orbit *orbit, const spo_problem *P, const double *x, double *mem,
                          spo_error *err) {
  *orbit = (spo_orbit){.problem = P, .x = x};
  if (!spo_symmetry_of(P))
    return SPO_OK;
  orbit->along = mem;
  orbit->store = mem + P->manifold->n;
  orbit->work = orbit->store + spo_symmetry_store_len(P);
  const int code = spo_symmetry_prepare(P, x, orbit->store, &orbit->dim, orbit->work);
  if (code == 0)
    return SPO_OK;
  /* a symmetry has no way to be undefined: any other answer is a failure */
  return spo_fail_detail(err, SPO_E_USER, code, "spo_orbit_bind",
                         "the symmetry's prepare returned %d", code);
}

spo_status spo_orbit_remove(spo_orbit *orbit, size_t k, double *V) {
  const spo_problem *P = orbit->problem;
  const size_t n = P->manifold->n;
  for (size_t j = 0; j < k && orbit->dim > 0; j++) {
    spo_vec_copy(n, V + j * n, orbit->along);
    if (spo_symmetry_project(P, orbit->x, orbit->store, 1, orbit->along, orbit->work))
      return SPO_E_USER;
    spo_vec_axpy(n, -1.0, orbit->along, V + j * n);
  }
  return SPO_OK;
}

/* ---- the tangent space without it ------------------------------------------------------------ */

static void slice_inner(void *self, size_t k, const double *U, const double *v, double *out) {
  const spo_slice *s = self;
  spo_space_inner(&s->tangent.space, k, U, v, out);
}

static spo_status slice_project(void *self, size_t k, double *V) {
  spo_slice *s = self;
  const spo_status status = spo_space_project(&s->tangent.space, k, V);
  return status == SPO_OK ? spo_orbit_remove(&s->orbit, k, V) : status;
}

static spo_status slice_precond(void *self, size_t k, const double *V, double *PV) {
  spo_slice *s = self;
  const spo_status status = s->tangent.precond.apply(&s->tangent, k, V, PV);
  return status == SPO_OK ? slice_project(s, k, PV) : status;
}

spo_status spo_slice_at(spo_slice *s, spo_eval *E, spo_point *p, bool deflate, double *mem,
                        spo_error *err) {
  const spo_problem *P = E->problem;
  spo_tangent_at(&s->tangent, E, p);
  s->orbit = (spo_orbit){.problem = P};
  const spo_status status = deflate ? spo_orbit_bind(&s->orbit, P, p->x, mem, err) : SPO_OK;
  s->space = (spo_space){.n = P->manifold->n,
                         .dim = P->manifold->dim - s->orbit.dim,
                         .self = s,
                         .inner = s->tangent.space.inner ? slice_inner : NULL,
                         .project = slice_project};
  s->hess = (spo_linop){.space = &s->space, .self = &s->tangent, .apply = s->tangent.hess.apply};
  s->precond = (spo_linop){
      .space = &s->space, .self = s, .apply = s->tangent.precond.apply ? slice_precond : NULL};
  return status;
}
