/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A problem under observation. */
#include "check/lab.h"

#include <math.h>
#include <string.h>

#include "base/detail.h"
#include "base/memory.h"
#include "base/vec.h"
#include "problem/slots.h"
#include "problem/symmetry.h"

/* ---- memory ---------------------------------------------------------------------------------- */

static double *carve_lent(spo_carver *c, size_t len) {
  double *buffer = spo_carve_doubles(c, spo_size_add(len, SPO_MARGIN));
  if (buffer)
    spo_margin_set(buffer, len);
  return buffer;
}

static void carve_point(spo_carver *c, spo_point *p, const spo_lab *l) {
  double *mem = spo_carve_doubles(c, spo_point_len(l->P));
  double *memo = carve_lent(c, l->P->memo_len);
  if (mem) {
    spo_point_bind(p, l->P, mem);
    p->memo = memo; /* in the evaluator's layout the margin would be the next array */
  }
}

static size_t carve(spo_carver *c, spo_lab *l, double **work, double **memo) {
  const size_t n = l->n, block = l->subspace > SPO_LAB_BLOCK ? l->subspace : SPO_LAB_BLOCK;
  carve_point(c, &l->at, l);
  carve_point(c, &l->to, l);
  l->directions = spo_carve_doubles(c, spo_size_mul(SPO_DIRECTIONS, n));
  l->hess = spo_carve_doubles(c, spo_size_mul(SPO_DIRECTIONS, n));
  l->u = spo_carve_doubles(c, n);
  l->v = spo_carve_doubles(c, n);
  l->w = spo_carve_doubles(c, n);
  l->V = spo_carve_doubles(c, spo_size_mul(block, n));
  l->HV = spo_carve_doubles(c, spo_size_mul(block, n));
  l->gram = spo_carve_doubles(
      c, spo_size_mul(l->subspace > 0, SPO_LAB_SUBSPACE * (SPO_LAB_SUBSPACE + 5)));
  l->E.work = carve_lent(c, spo_eval_len(l->P));
  l->store = carve_lent(c, spo_symmetry_store_len(l->P));
  l->swork = carve_lent(c, spo_symmetry_work_len(l->P));
  *work = spo_carve_doubles(c, spo_size_add(l->M->work_len, SPO_MARGIN));
  *memo = spo_carve_doubles(c, spo_size_add(l->M->memo_len, SPO_MARGIN));
  return c->used;
}

/* ---- calls: scratch poisoned, margins looked at, nothing after a failure --------------------- */

bool spo_lab_before(spo_lab *l) {
  spo_poison(l->E.work, spo_eval_len(l->P));
  return l->g.status == SPO_OK;
}

bool spo_lab_after(spo_lab *l, spo_status status) {
  l->strayed = l->strayed || !spo_margin_intact(l->E.work, spo_eval_len(l->P)) ||
               !spo_margin_intact(l->at.memo, l->P->memo_len) ||
               !spo_margin_intact(l->to.memo, l->P->memo_len);
  if (status < SPO_OK)
    l->g.status = status;
  return status == SPO_OK;
}

bool spo_lab_cost(spo_lab *l, spo_point *p) {
  return spo_lab_before(l) && spo_lab_after(l, spo_eval_cost(&l->E, p));
}

bool spo_lab_grad(spo_lab *l, spo_point *p) {
  return spo_lab_before(l) && spo_lab_after(l, spo_eval_grad(&l->E, p));
}

static const char *name_of(const spo_problem *P) {
  return P->name ? P->name : "the problem";
}

void spo_lab_require(spo_lab *l, bool fine, const char *what) {
  if (!fine && l->g.status == SPO_OK)
    l->g.status =
        spo_fail(l->E.err, SPO_OUTSIDE, l->caller,
                 "%s: the %s is not defined at the point of the check", name_of(l->P), what);
}

void spo_lab_hess(spo_lab *l, spo_point *p, size_t k, const double *V, double *HV) {
  spo_lab_require(l, spo_lab_before(l) && spo_lab_after(l, spo_eval_hess(&l->E, p, k, V, HV)),
                  "Hessian");
}

void spo_lab_callback(spo_lab *l, int code, const char *which) {
  if (code < 0 && l->g.status == SPO_OK)
    l->g.status = spo_fail_detail(l->E.err, SPO_E_USER, code, l->caller,
                                  "the %s callback returned %d", which, code);
  spo_lab_require(l, spo_lab_after(l, code == 0 ? SPO_OK : SPO_OUTSIDE), which);
}

double spo_lab_distance(const spo_lab *l, const double *a, const double *b) {
  double sum = 0.0;
  for (size_t i = 0; i < l->n; i++)
    sum += (a[i] - b[i]) * (a[i] - b[i]);
  return sqrt(sum);
}

void spo_lab_judge(spo_lab *l, const char *name, double error, double size) {
  spo_report_add(l->report, name, error == 0.0 ? 0.0 : error / size, 0.0, l->tol);
}

/* ---- the place ------------------------------------------------------------------------------- */

/* How large a gradient is here: it may vanish where large terms cancel, and what is left then is
 * rounding of those. So as the problem states it, or as it changes over a long step, or as f does.
 */
static double natural_gradient(const spo_lab *l, double stated) {
  if (isfinite(stated))
    return stated;
  double largest = 0.0;
  for (size_t j = 0; j < SPO_DIRECTIONS && l->has_hess; j++)
    largest = fmax(largest, spo_vec_norm(l->n, l->hess + j * l->n));
  return l->has_hess ? largest : fabs(l->at.f) / l->M->typical_distance;
}

/* At `at` through cost_egrad where there is one, at `to` by cost and egrad in turn. */
static void evaluate(spo_lab *l) {
  l->grad_scale = NAN;
  spo_lab_require(l, spo_lab_grad(l, &l->at), "gradient");
  if (spo_lab_before(l))
    spo_lab_require(l, spo_lab_after(l, spo_eval_scale(&l->E, &l->at, &l->f_noise, &l->grad_scale)),
                    "scale");
  if (l->has_hess)
    spo_lab_hess(l, &l->at, SPO_DIRECTIONS, l->directions, l->hess);
  spo_point_set(&l->to, l->P, l->at.x);
  spo_lab_require(l, spo_lab_cost(l, &l->to), "cost");
  if (spo_lab_before(l))
    spo_lab_callback(l, l->P->ops->egrad(l->P->self, l->to.x, l->u, l->to.memo, l->E.work),
                     "egrad");
  l->size_g = fmax(spo_vec_norm(l->n, l->u), natural_gradient(l, l->grad_scale));
  spo_point_set(&l->to, l->P, l->at.x);
  spo_lab_require(l, spo_lab_cost(l, &l->to) && spo_lab_grad(l, &l->to), "gradient");
  l->cost_again = fabs(l->at.f - l->to.f);
  l->grad_again = spo_lab_distance(l, l->at.grad, l->to.grad);
}

/* Two blocks of it within 64 MiB, unless a few vectors are more. */
static size_t choose_subspace(const spo_manifold *M) {
  const size_t room = ((size_t)1 << 22) / M->n, least = SPO_LAB_BLOCK, most = SPO_LAB_SUBSPACE;
  const size_t fair = room < least ? least : room < most ? room : most;
  return M->dim < fair ? M->dim : fair;
}

spo_status spo_lab_arguments(const spo_problem *P, const gsl_rng *rng, spo_check_report *report,
                             bool *isolated, const char *caller, spo_error *err) {
  *isolated = false;
  if (!rng || !report)
    return spo_fail(err, SPO_E_ARG, caller, "%s is NULL", rng ? "report" : "rng");
  *report = (spo_check_report){.pass = true};
  const spo_status status = spo_problem_check(P, err);
  if (status != SPO_OK)
    return status;
  *isolated = P->manifold->dim == 0;
  if (*isolated)
    spo_report_add(report, "dimension 0: no direction to check", 0.0, 0.0, 0.0);
  return SPO_OK;
}

static void choose_place(spo_lab *l, const double *x) {
  if (x)
    spo_vec_copy(l->n, x, l->v);
  else
    spo_guarded_point(&l->g, l->v);
  spo_point_set(&l->at, l->P, l->v);
  for (size_t j = 0; j < SPO_DIRECTIONS; j++)
    spo_guarded_tangent(&l->g, l->at.x, l->directions + j * l->n);
}

spo_status spo_lab_open(spo_lab *l, const spo_problem *P, const double *x, gsl_rng *rng,
                        spo_lab_wants wants, spo_check_report *report, void **block,
                        spo_error *err) {
  const char *caller = l->caller;
  const spo_manifold *M = P->manifold;
  /* a cost's inner sums are longer than n and may cancel: two digits for that */
  *l = (spo_lab){.P = P,
                 .M = M,
                 .n = M->n,
                 .caller = caller,
                 .report = report,
                 .subspace = wants.precond ? choose_subspace(M) : 0,
                 .tol = 100.0 * spo_rounding(M->n),
                 .has_hess = wants.hess && spo_problem_has_hessian(P)};
  double *work, *memo;
  spo_carver c = {0};
  const size_t bytes = carve(&c, l, &work, &memo);
  const bool memory = spo_carver_alloc(&c);
  *block = c.base;
  if (!memory) {
    l->g.status = spo_fail(err, SPO_E_NOMEM, caller, "%zu bytes for %s", bytes, name_of(P));
    return l->g.status;
  }
  memset(c.base, 0, bytes); /* after a failure the items judge what was never computed */
  carve(&c, l, &work, &memo);
  spo_eval_bind(&l->E, P, l->E.work, err);
  spo_guarded_init(&l->g, M, rng, work, memo, err);
  choose_place(l, x);
  evaluate(l);
  return l->g.status;
}

spo_status spo_lab_close(spo_lab *l, void *block) {
  if (block)
    spo_report_add(l->report, "work and memo: nothing past the end",
                   l->strayed || l->g.strayed ? 1.0 : 0.0, 0.0, 0.0);
  l->report->pass = l->report->pass && l->g.status == SPO_OK;
  spo_block_free(block);
  return l->g.status;
}
