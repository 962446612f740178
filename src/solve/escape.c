/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * At a critical point: negative curvature is sought by Lanczos, and followed from a long step
 * inwards. */
#include "solve/escape.h"

#include <math.h>

#include "base/vec.h"
#include "linear/curvature.h"
#include "problem/orbit.h"
#include "solve/judge.h"

enum { MAX_ESCAPE_TRIALS = 40 };
/* The Hessian's kernel is resolved to about the gradient that is left: less is not negative. */
static const double curvature_floor = 10.0;

static const spo_escape never = SPO_ESCAPE_NEVER, start = SPO_ESCAPE_START,
                        always = SPO_ESCAPE_ALWAYS;
const spo_choice spo_escape_choices[] = {
    {"never", "stop at any critical point", &never},
    {"start", "only if the run starts there", &start},
    {"always", "unless it is known to be a global minimiser", &always},
    {NULL, NULL, NULL},
};

size_t spo_escape_work_len(const spo_problem *P, uint64_t products) {
  return spo_curvature_work_len(P->manifold->n, products) + spo_orbit_len(P);
}

/* Seeks a unit direction of negative curvature, into v; *slope is that of f along it. */
static spo_status seek(spo_run *run, const spo_escape_rule *rule, double *v, double *work,
                       spo_curvature_result *found, double *slope) {
  const spo_manifold *M = run->eval.problem->manifold;
  double *mem = work + spo_curvature_work_len(M->n, rule->products);
  spo_slice s;
  const spo_curvature_input in = {.A = &s.hess,
                                  .max_products = rule->products,
                                  .floor = curvature_floor * run->cur->grad_norm,
                                  .interrupted = run->interrupted,
                                  .interrupted_self = run->interrupted_self};
  *found = (spo_curvature_result){0};
  spo_status status = spo_slice_at(&s, &run->eval, run->cur, true, mem, run->err);
  if (status == SPO_OK)
    status = spo_manifold_random_tangent(M, run->cur->x, run->rng, v, run->eval.work);
  if (status == SPO_OK)
    status = spo_space_project(&s.space, 1, v);
  if (status == SPO_OK)
    status = spo_curvature_seek(&in, v, work, found);
  *slope = spo_manifold_inner(M, run->cur->x, run->cur->grad, v);
  if (*slope > 0.0) {
    spo_vec_scale(M->n, -1.0, v);
    *slope = -*slope;
  }
  return status;
}

/* Along the direction found, from a long step inwards, until f falls as the curvature says. */
static spo_status descend(spo_run *run, const spo_escape_rule *rule, const double *v, double slope,
                          double curvature, spo_iter *it) {
  double t = run->eval.problem->manifold->typical_distance / 8.0;
  for (int trial = 0; trial < MAX_ESCAPE_TRIALS; trial++, t *= rule->contraction) {
    const double predicted = -t * (slope + 0.5 * t * curvature);
    if (!(predicted > run->f_noise))
      return SPO_OK; /* nothing that rounding would let us see */
    bool evaluable;
    spo_status status = spo_try_step(run, t, v, &evaluable);
    if (status != SPO_OK)
      return status;
    it->rho = (run->cur->f - run->trial->f) / predicted;
    if (!evaluable || !(it->rho > rule->accept))
      continue;
    status = spo_eval_grad(&run->eval, run->trial);
    if (status != SPO_OK)
      return status == SPO_OUTSIDE ? SPO_OK : status;
    spo_swap_places(run);
    it->accepted = true;
    it->step_norm = t;
    return SPO_OK;
  }
  return SPO_OK;
}

spo_status spo_escape_step(spo_run *run, const spo_escape_rule *rule, double *v, double *work,
                           spo_iter *it, spo_reason *reason) {
  const spo_escape when = rule->when ? *(const spo_escape *)rule->when : SPO_ESCAPE_ALWAYS;
  const bool at_start = it->k == 1; /* the first step: nothing has moved */
  if (when == SPO_ESCAPE_NEVER || (when == SPO_ESCAPE_START && !at_start)) {
    *reason = SPO_STOP_GRAD;
    return SPO_OK;
  }
  spo_curvature_result found;
  double slope;
  spo_status status = seek(run, rule, v, work, &found, &slope);
  it->inner = found.products;
  if (status == SPO_OK && found.negative)
    status = descend(run, rule, v, slope, found.value, it);
  if (status == SPO_OUTSIDE) {
    *reason = SPO_STOP_STALLED;
    return SPO_OK;
  }
  /* interrupted: the rule that interrupts ends the run */
  if (status == SPO_OK && !it->accepted && !found.interrupted)
    *reason = at_start ? SPO_STOP_SECOND_ORDER : SPO_STOP_GRAD;
  return status;
}
