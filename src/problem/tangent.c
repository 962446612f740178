/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The tangent space at a place, seen as an inner-product space with two operators. */
#include <spheropt/tangent.h>

#include "base/slots.h"
#include "problem/slots.h"

static void inner(void *self, size_t k, const double *U, const double *v, double *out) {
  const spo_tangent *T = self;
  const spo_manifold *M = T->eval->problem->manifold;
  for (size_t j = 0; j < k; j++)
    out[j] = M->ops->inner(M, T->at->x, U + j * M->n, v);
}

static spo_status project(void *self, size_t k, double *V) {
  const spo_tangent *T = self;
  const spo_manifold *M = T->eval->problem->manifold;
  spo_status status = SPO_OK;
  for (size_t j = 0; j < k && status == SPO_OK; j++)
    status = M->ops->project(M, T->at->x, V + j * M->n, V + j * M->n, T->eval->work);
  return status;
}

static spo_status apply_hess(void *self, size_t k, const double *V, double *HV) {
  const spo_tangent *T = self;
  return spo_eval_hess(T->eval, T->at, k, V, HV);
}

static spo_status apply_precond(void *self, size_t k, const double *V, double *PV) {
  const spo_tangent *T = self;
  return spo_eval_precond(T->eval, T->at, k, V, PV);
}

void spo_tangent_at(spo_tangent *T, spo_eval *E, spo_point *p) {
  const spo_manifold *M = E->problem->manifold;
  const bool metric = SPO_HAS(spo_manifold_ops, M->ops, inner);
  *T = (spo_tangent){
      .space =
          {.n = M->n, .dim = M->dim, .self = T, .inner = metric ? inner : NULL, .project = project},
      .hess = {.space = &T->space, .self = T, .apply = apply_hess},
      .precond = {.space = &T->space,
                  .self = T,
                  .apply = spo_problem_has(E->problem, precond) ? apply_precond : NULL},
      .eval = E,
      .at = p};
}
