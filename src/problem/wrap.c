/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Forwarding of every callback of a problem. */
#include "problem/wrap.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "problem/slots.h"
#include "problem/symmetry.h"

static const spo_problem *inner(const void *self) {
  return ((const spo_wrapped *)self)->inner;
}

static int cost(void *self, const double *x, double *f, double *memo, double *work) {
  const spo_problem *P = inner(self);
  return P->ops->cost(P->self, x, f, memo, work);
}

static int egrad(void *self, const double *x, double *g, double *memo, double *work) {
  const spo_problem *P = inner(self);
  return P->ops->egrad(P->self, x, g, memo, work);
}

static int cost_egrad(void *self, const double *x, double *f, double *g, double *memo,
                      double *work) {
  const spo_problem *P = inner(self);
  return P->ops->cost_egrad(P->self, x, f, g, memo, work);
}

static int ehess(void *self, const double *x, const double *v, double *hv, const double *memo,
                 double *work) {
  const spo_problem *P = inner(self);
  return P->ops->ehess(P->self, x, v, hv, memo, work);
}

static int ehess_block(void *self, const double *x, size_t k, const double *V, double *HV,
                       const double *memo, double *work) {
  const spo_problem *P = inner(self);
  return P->ops->ehess_block(P->self, x, k, V, HV, memo, work);
}

static int precond(void *self, const double *x, const double *v, double *pv, const double *memo,
                   double *work) {
  const spo_problem *P = inner(self);
  return P->ops->precond(P->self, x, v, pv, memo, work);
}

static int scale(void *self, const double *x, double f, const double *memo, double *f_noise,
                 double *grad_scale) {
  const spo_problem *P = inner(self);
  return P->ops->scale(P->self, x, f, memo, f_noise, grad_scale);
}

static int known_minimum(void *self, double *f_star, const char **theorem) {
  const spo_problem *P = inner(self);
  return P->ops->known_minimum(P->self, f_star, theorem);
}

static void destroy(spo_problem *P) {
  spo_block_free(P->self);
}

/* ---- symmetry -------------------------------------------------------------------------------- */

static size_t symmetry_store_len(const void *self) {
  return spo_symmetry_store_len(inner(self));
}

static size_t symmetry_work_len(const void *self) {
  return spo_symmetry_work_len(inner(self));
}

static int symmetry_prepare(void *self, const double *x, double *store, size_t *dim, double *work) {
  return spo_symmetry_prepare(inner(self), x, store, dim, work);
}

static int symmetry_project(void *self, const double *x, const double *store, size_t k, double *V,
                            double *work) {
  return spo_symmetry_project(inner(self), x, store, k, V, work);
}

/* ---- certificate ----------------------------------------------------------------------------- */

static size_t certificate_order(const void *self) {
  const spo_problem *P = inner(self);
  return P->ops->certificate->order(P->self);
}

static size_t certificate_store_len(const void *self) {
  const spo_problem *P = inner(self);
  return P->ops->certificate->store_len(P->self);
}

static size_t certificate_work_len(const void *self) {
  const spo_problem *P = inner(self);
  return P->ops->certificate->work_len(P->self);
}

static int certificate_prepare(void *self, const double *x, const double *memo, double *store,
                               double *work) {
  const spo_problem *P = inner(self);
  return P->ops->certificate->prepare(P->self, x, memo, store, work);
}

static int certificate_apply(void *self, const double *x, const double *memo, const double *store,
                             bool scaled, size_t k, const double *U, double *ZU, double *work) {
  const spo_problem *P = inner(self);
  return P->ops->certificate->apply(P->self, x, memo, store, scaled, k, U, ZU, work);
}

static int certificate_gap_bound(void *self, bool scaled, double lambda_min, double *gap) {
  const spo_problem *P = inner(self);
  return P->ops->certificate->gap_bound(P->self, scaled, lambda_min, gap);
}

static int certificate_direction(void *self, const double *x, const double *memo,
                                 const double *store, size_t c, double lambda, const double *u,
                                 double *v, double *work) {
  const spo_problem *P = inner(self);
  return P->ops->certificate->direction(P->self, x, memo, store, c, lambda, u, v, work);
}

/* ---- the tables ------------------------------------------------------------------------------ */

static void fill_tables(spo_wrapped *w) {
  const spo_problem *P = w->inner;
  w->ops = (spo_problem_ops){.size = sizeof w->ops, .cost = cost, .egrad = egrad};
  w->ops.cost_egrad = spo_problem_has(P, cost_egrad) ? cost_egrad : NULL;
  w->ops.ehess = spo_problem_has(P, ehess) ? ehess : NULL;
  w->ops.ehess_block = spo_problem_has(P, ehess_block) ? ehess_block : NULL;
  w->ops.precond = spo_problem_has(P, precond) ? precond : NULL;
  w->ops.scale = spo_problem_has(P, scale) ? scale : NULL;
  w->ops.known_minimum = spo_problem_has(P, known_minimum) ? known_minimum : NULL;
  w->ops.destroy = destroy;
  if (spo_problem_has(P, symmetry)) {
    w->symmetry = (spo_symmetry){.size = sizeof w->symmetry,
                                 .name = P->ops->symmetry->name,
                                 .store_len = symmetry_store_len,
                                 .work_len = symmetry_work_len,
                                 .prepare = symmetry_prepare,
                                 .project = symmetry_project};
    w->ops.symmetry = &w->symmetry;
  }
  if (spo_problem_has(P, certificate)) {
    const spo_certificate *C = P->ops->certificate;
    w->certificate = (spo_certificate){.size = sizeof w->certificate,
                                       .name = C->name,
                                       .order = certificate_order,
                                       .store_len = certificate_store_len,
                                       .work_len = certificate_work_len,
                                       .prepare = certificate_prepare,
                                       .apply = certificate_apply,
                                       .gap_bound = certificate_gap_bound,
                                       .n_cases = C->n_cases,
                                       .case_name = C->case_name,
                                       .direction = certificate_direction};
    w->ops.certificate = &w->certificate;
  }
}

size_t spo_wrap_work_len(const spo_problem *P) {
  return P->work_len > P->manifold->work_len ? P->work_len : P->manifold->work_len;
}

spo_status spo_wrap(const spo_problem *P, size_t size, const char *what, size_t more_memo,
                    size_t more_work, void **out, spo_error *err) {
  *out = NULL;
  spo_wrapped *w = spo_block_alloc(size);
  if (!w)
    return spo_fail(err, SPO_E_NOMEM, __func__, "no memory for a wrapper: %zu bytes", size);
  memset(w, 0, size);
  w->inner = P;
  snprintf(w->name, sizeof w->name, "%s%s", what, P->name ? P->name : "a problem");
  fill_tables(w);
  w->problem = (spo_problem){.ops = &w->ops,
                             .name = w->name,
                             .self = w,
                             .manifold = P->manifold,
                             .memo_len = spo_size_add(P->memo_len, more_memo),
                             .work_len = spo_size_add(spo_wrap_work_len(P), more_work)};
  *out = w;
  return SPO_OK;
}
