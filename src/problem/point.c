/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Places and their evaluation: callbacks are called in the guaranteed order, once a place. */
#include <spheropt/point.h>

#include <float.h>
#include <math.h>
#include <time.h>

#include "base/detail.h"
#include "base/memory.h"
#include "base/slots.h"
#include "base/vec.h"
#include "problem/slots.h"

/* ---- memory ---------------------------------------------------------------------------------- */

static size_t padded(size_t count) {
  return (count + 7) / 8 * 8; /* every array of a place starts on a cache line */
}

size_t spo_point_len(const spo_problem *P) {
  return 2 * padded(P->manifold->n) + padded(P->memo_len) + padded(P->manifold->memo_len);
}

size_t spo_eval_len(const spo_problem *P) {
  return P->work_len > P->manifold->work_len ? P->work_len : P->manifold->work_len;
}

void spo_point_bind(spo_point *p, const spo_problem *P, double *mem) {
  const size_t n = padded(P->manifold->n);
  *p = (spo_point){.x = mem, .grad = mem + n, .memo = mem + 2 * n};
  p->mmemo = p->memo + padded(P->memo_len);
  spo_point_forget(p);
}

void spo_eval_bind(spo_eval *E, const spo_problem *P, double *mem, spo_error *err) {
  *E = (spo_eval){.problem = P, .work = mem, .err = err};
}

void spo_point_forget(spo_point *p) {
  p->known = 0;
  p->f = p->grad_norm = NAN;
}

void spo_point_set(spo_point *p, const spo_problem *P, const double *x) {
  spo_vec_copy(P->manifold->n, x, p->x);
  spo_point_forget(p);
}

static spo_eval *layout_eval(spo_carver *c, const spo_problem *P, spo_error *err) {
  spo_eval *E = spo_carve(c, 1, sizeof *E);
  double *work = spo_carve_doubles(c, spo_eval_len(P));
  if (E)
    spo_eval_bind(E, P, work, err);
  return E;
}

static spo_point *layout_point(spo_carver *c, const spo_problem *P) {
  spo_point *p = spo_carve(c, 1, sizeof *p);
  double *mem = spo_carve_doubles(c, spo_point_len(P));
  if (p)
    spo_point_bind(p, P, mem);
  return p;
}

static spo_status no_memory(spo_error *err, size_t bytes, const char *what) {
  return spo_fail(err, SPO_E_NOMEM, "spo_point", "no memory for %s: %zu bytes", what, bytes);
}

spo_status spo_eval_create(const spo_problem *P, spo_eval **out, spo_error *err) {
  *out = NULL;
  const spo_status status = spo_problem_check(P, err);
  if (status != SPO_OK)
    return status;
  spo_carver c = {0};
  layout_eval(&c, P, err);
  if (!spo_carver_alloc(&c))
    return no_memory(err, c.used, "an evaluator");
  *out = layout_eval(&c, P, err);
  return SPO_OK;
}

void spo_eval_destroy(spo_eval *E) {
  spo_block_free(E);
}

spo_status spo_point_create(const spo_problem *P, spo_point **out, spo_error *err) {
  *out = NULL;
  const spo_status status = spo_problem_check(P, err);
  if (status != SPO_OK)
    return status;
  spo_carver c = {0};
  layout_point(&c, P);
  if (!spo_carver_alloc(&c))
    return no_memory(err, c.used, "a point");
  *out = layout_point(&c, P);
  return SPO_OK;
}

void spo_point_destroy(spo_point *p) {
  spo_block_free(p);
}

/* ---- evaluation ------------------------------------------------------------------------------ */

/* Seconds on some clock, read only where the evaluator is asked to measure. */
static double clock_of(const spo_eval *E) {
  if (!E->timed)
    return 0.0;
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* The callback's own answer as a status; < 0 is described in E->err. */
static spo_status callback(spo_eval *E, int code, const char *which) {
  if (code == 0)
    return SPO_OK;
  if (code > 0)
    return SPO_OUTSIDE;
  return spo_fail_detail(E->err, SPO_E_USER, code, "spo_eval", "the %s callback returned %d", which,
                         code);
}

static spo_status unsupported(spo_eval *E, const char *which) {
  return spo_fail(E->err, SPO_E_UNSUPPORTED, "spo_eval", "the problem has no %s", which);
}

spo_status spo_eval_cost(spo_eval *E, spo_point *p) {
  if (p->known & SPO_KNOWS_COST)
    return SPO_OK;
  const spo_problem *P = E->problem;
  E->count.cost++;
  const double began = clock_of(E);
  const spo_status status =
      callback(E, P->ops->cost(P->self, p->x, &p->f, p->memo, E->work), "cost");
  E->spent.cost += clock_of(E) - began;
  if (status != SPO_OK)
    return status;
  if (!isfinite(p->f))
    return SPO_OUTSIDE;
  p->known |= SPO_KNOWS_COST;
  return SPO_OK;
}

/* The Euclidean gradient into p->grad, and the cost if unknown. */
static spo_status egrad(spo_eval *E, spo_point *p) {
  const spo_problem *P = E->problem;
  if (!(p->known & SPO_KNOWS_COST) && spo_problem_has(P, cost_egrad)) {
    E->count.cost++;
    E->count.grad++;
    const spo_status status = callback(
        E, P->ops->cost_egrad(P->self, p->x, &p->f, p->grad, p->memo, E->work), "cost_egrad");
    if (status != SPO_OK)
      return status;
    if (!isfinite(p->f))
      return SPO_OUTSIDE;
    p->known |= SPO_KNOWS_COST;
    return SPO_OK;
  }
  const spo_status status = spo_eval_cost(E, p);
  if (status != SPO_OK)
    return status;
  E->count.grad++;
  return callback(E, P->ops->egrad(P->self, p->x, p->grad, p->memo, E->work), "egrad");
}

spo_status spo_eval_grad(spo_eval *E, spo_point *p) {
  if (p->known & SPO_KNOWS_GRAD)
    return SPO_OK;
  const spo_manifold *M = E->problem->manifold;
  const double began = clock_of(E), cost_before = E->spent.cost;
  spo_status status = egrad(E, p);
  if (status == SPO_OK)
    status = M->ops->egrad_to_rgrad(M, p->x, p->grad, p->mmemo, E->work);
  E->spent.grad += clock_of(E) - began - (E->spent.cost - cost_before);
  if (status != SPO_OK)
    return status;
  /* a gradient of rounding alone may have a square just below 0 in an indefinite ambient metric */
  p->grad_norm = SPO_HAS(spo_manifold_ops, M->ops, inner)
                     ? sqrt(fabs(M->ops->inner(M, p->x, p->grad, p->grad)))
                     : spo_vec_norm(M->n, p->grad);
  if (!isfinite(p->grad_norm))
    return SPO_OUTSIDE;
  p->known |= SPO_KNOWS_GRAD;
  return SPO_OK;
}

spo_status spo_eval_hess(spo_eval *E, spo_point *p, size_t k, const double *V, double *HV) {
  const spo_problem *P = E->problem;
  const spo_manifold *M = P->manifold;
  const bool block = spo_problem_has(P, ehess_block);
  if (!block && !spo_problem_has(P, ehess))
    return unsupported(E, "Hessian (ehess)");
  spo_status status = spo_eval_grad(E, p);
  const double began = clock_of(E);
  E->count.hess += k;
  if (status == SPO_OK && block)
    status =
        callback(E, P->ops->ehess_block(P->self, p->x, k, V, HV, p->memo, E->work), "ehess_block");
  for (size_t j = 0; j < k && status == SPO_OK; j++) {
    const double *v = V + j * M->n;
    double *hv = HV + j * M->n;
    if (!block)
      status = callback(E, P->ops->ehess(P->self, p->x, v, hv, p->memo, E->work), "ehess");
    if (status == SPO_OK)
      status = M->ops->ehess_to_rhess(M, p->x, p->mmemo, v, hv, E->work);
  }
  E->spent.hess += clock_of(E) - began;
  return status;
}

spo_status spo_eval_precond(spo_eval *E, spo_point *p, size_t k, const double *V, double *PV) {
  const spo_problem *P = E->problem;
  const size_t n = P->manifold->n;
  if (!spo_problem_has(P, precond)) {
    spo_vec_copy(k * n, V, PV);
    return SPO_OK;
  }
  spo_status status = spo_eval_grad(E, p);
  for (size_t j = 0; j < k && status == SPO_OK; j++)
    status = callback(E, P->ops->precond(P->self, p->x, V + j * n, PV + j * n, p->memo, E->work),
                      "precond");
  return status;
}

static spo_status moved(spo_eval *E, spo_point *to, spo_status status) {
  E->count.retract++;
  spo_point_forget(to);
  if (status != SPO_OK)
    return status;
  /* one sum tells whether any entry is not finite */
  return isfinite(spo_vec_norm(E->problem->manifold->n, to->x)) ? SPO_OK : SPO_OUTSIDE;
}

spo_status spo_eval_retract(spo_eval *E, const spo_point *from, double t, const double *v,
                            spo_point *to) {
  const spo_manifold *M = E->problem->manifold;
  const double began = clock_of(E);
  const spo_status status = moved(E, to, M->ops->retract(M, from->x, t, v, to->x, E->work));
  E->spent.retract += clock_of(E) - began;
  return status;
}

spo_status spo_eval_exp(spo_eval *E, const spo_point *from, double t, const double *v,
                        spo_point *to) {
  const spo_manifold *M = E->problem->manifold;
  if (!SPO_HAS(spo_manifold_ops, M->ops, exp))
    return spo_eval_retract(E, from, t, v, to);
  return moved(E, to, M->ops->exp(M, from->x, t, v, to->x, E->work));
}

spo_status spo_eval_scale(spo_eval *E, spo_point *p, double *f_noise, double *grad_scale) {
  const spo_problem *P = E->problem;
  const spo_status status = spo_eval_cost(E, p);
  if (status != SPO_OK)
    return status;
  *f_noise = fmax(1e3 * DBL_EPSILON * fabs(p->f), DBL_MIN); /* below, digits are lost */
  *grad_scale = NAN;
  if (!spo_problem_has(P, scale))
    return SPO_OK;
  const spo_status scale =
      callback(E, P->ops->scale(P->self, p->x, p->f, p->memo, f_noise, grad_scale), "scale");
  if (scale == SPO_OK && !(*f_noise >= 0.0))
    return SPO_OUTSIDE;
  *f_noise = fmax(*f_noise, DBL_MIN);
  return scale;
}
