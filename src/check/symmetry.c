/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The symmetry orbit through a point: a projection, along which nothing changes. */
#include <math.h>

#include "base/vec.h"
#include "check/lab.h"
#include "problem/symmetry.h"

static void orbit_project(spo_lab *l, size_t k, double *V) {
  spo_poison(l->swork, spo_symmetry_work_len(l->P));
  if (l->g.status == SPO_OK)
    spo_lab_callback(l, spo_symmetry_project(l->P, l->at.x, l->store, k, V, l->swork),
                     "symmetry project");
}

/* Trace of the orbit's projection: see check_rank of the manifold's check. */
static void check_orbit_rank(spo_lab *l, size_t dim) {
  const double fair = 512.0;
  if ((double)l->n > fair)
    return;
  double trace = 0.0;
  for (size_t i = 0; i < l->n; i++) {
    spo_vec_zero(l->n, l->u);
    l->u[i] = 1.0;
    spo_guarded_project(&l->g, l->at.x, l->u, l->u);
    orbit_project(l, 1, l->u);
    trace += l->u[i];
  }
  spo_lab_judge(l, "symmetry: rank is dim", fabs(trace - (double)dim), fmax(1.0, (double)dim));
}

/* At a critical point the Hessian annihilates what is tangent to the orbit: w, of at most typical
 * length. Near one it is of the size of the gradient that is left. */
static void check_kernel(spo_lab *l, const double *w) {
  const double nearly = 1e-6, amplified = 1e3, reach = l->M->typical_distance;
  const double length = spo_guarded_norm(&l->g, l->at.x, w);
  if (!l->has_hess || !(l->at.grad_norm <= nearly * l->size_g) || !(length > 0.0))
    return;
  double largest = 0.0;
  for (size_t j = 0; j < SPO_DIRECTIONS; j++)
    largest = fmax(largest, spo_vec_norm(l->n, l->hess + j * l->n));
  const double size = largest + l->size_g * reach;
  spo_lab_hess(l, &l->at, 1, w, l->w);
  spo_report_add(l->report, "symmetry: the Hessian annihilates it",
                 spo_vec_norm(l->n, l->w) / (size * length / reach), 0.0,
                 l->tol + amplified * l->at.grad_norm / size);
}

void spo_lab_check_symmetry(spo_lab *l) {
  const size_t n = l->n;
  size_t dim = 0;
  if (!spo_symmetry_of(l->P) || l->g.status != SPO_OK)
    return;
  spo_poison(l->swork, spo_symmetry_work_len(l->P));
  spo_lab_callback(l, spo_symmetry_prepare(l->P, l->at.x, l->store, &dim, l->swork),
                   "symmetry prepare");
  const double *u = l->directions, *v = l->directions + n, reach = l->M->typical_distance;
  spo_vec_copy(2 * n, u, l->HV);
  orbit_project(l, 2, l->HV);
  double *pu = l->HV, *pv = l->HV + n;
  spo_guarded_project(&l->g, l->at.x, pu, l->u);
  spo_lab_judge(l, "symmetry: tangent", spo_lab_distance(l, l->u, pu), reach);
  spo_vec_copy(n, pu, l->u);
  orbit_project(l, 1, l->u);
  spo_lab_judge(l, "symmetry: idempotent", spo_lab_distance(l, l->u, pu), reach);
  spo_lab_judge(
      l, "symmetry: self-adjoint",
      fabs(spo_manifold_inner(l->M, l->at.x, pu, v) - spo_manifold_inner(l->M, l->at.x, u, pv)),
      reach * reach);
  spo_vec_copy(n, l->at.grad, l->u);
  orbit_project(l, 1, l->u);
  spo_lab_judge(l, "symmetry: the cost does not change", spo_vec_norm(n, l->u), l->size_g);
  check_orbit_rank(l, dim);
  check_kernel(l, pu);
  l->strayed = l->strayed || !spo_margin_intact(l->store, spo_symmetry_store_len(l->P)) ||
               !spo_margin_intact(l->swork, spo_symmetry_work_len(l->P));
}

spo_status spo_check_symmetry(const spo_problem *P, const double *x, gsl_rng *rng,
                              spo_check_report *report, spo_error *err) {
  spo_lab l = {.caller = __func__};
  bool isolated;
  void *block;
  const spo_status status = spo_lab_arguments(P, rng, report, &isolated, __func__, err);
  if (status != SPO_OK || isolated)
    return status;
  if (!spo_symmetry_of(P))
    return spo_fail(err, SPO_E_UNSUPPORTED, __func__, "the problem states no symmetry");
  if (spo_lab_open(&l, P, x, rng, (spo_lab_wants){true, false}, report, &block, err) == SPO_OK)
    spo_lab_check_symmetry(&l);
  return spo_lab_close(&l, block);
}
