/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Riemannian trust region: propose, try, judge, move or stay, resize. At a critical point that may
 * be a saddle it looks for negative curvature instead, and leaves along it. */
#include <spheropt/solvers/trust_region.h>

#include <math.h>

#include <spheropt/tangent.h>

#include "problem/orbit.h"
#include "problem/slots.h"
#include "solve/escape.h"
#include "solve/judge.h"
#include "subproblem_table.h"

static const spo_choice subproblems[] = {
    {"tcg", "truncated conjugate gradients", &spo_tcg_ops},
    {"gltr", "the model's minimum over the Krylov space", &spo_gltr_ops},
    {"exact", "dense, for small dimensions", &spo_exact_ops},
    {"randomized-tcg", "tcg from a tiny random start", &spo_randomized_tcg_ops},
    {NULL, NULL, NULL},
};

#define AT(member) offsetof(spo_trust_region_options, member)
static const spo_option table[] = {
    {"radius", "first radius; 0: an eighth of max-radius", "Manopt", AT(radius), SPO_OPTION_DOUBLE,
     0, INFINITY, 0, SPO_OPEN_HI, NULL, 0},
    {"max-radius",
     "largest radius; 0: the manifold's typical distance, more once full steps keep their promise",
     "Manopt", AT(max_radius), SPO_OPTION_DOUBLE, 0, INFINITY, 0, SPO_OPEN_HI, NULL, 0},
    {"accept", "smallest ratio of actual to predicted decrease that is accepted", "Manopt 0.1",
     AT(accept), SPO_OPTION_DOUBLE, 0, 0.25, 0.1, SPO_OPEN_HI, NULL, 0},
    {"shrink-below", "a ratio below this shrinks the radius",
     "0.25: Conn, Gould, Toint, table 17.1", AT(shrink_below), SPO_OPTION_DOUBLE, 0, 1, 0.25,
     SPO_OPEN_LO | SPO_OPEN_HI, NULL, 0},
    {"grow-above", "a ratio above this, at the boundary, grows the radius",
     "0.75: Conn, Gould, Toint, table 17.1", AT(grow_above), SPO_OPTION_DOUBLE, 0, 1, 0.75,
     SPO_OPEN_LO | SPO_OPEN_HI, NULL, 0},
    {"shrink", "factor that shrinks", "Manopt", AT(shrink), SPO_OPTION_DOUBLE, 0, 1, 0.25,
     SPO_OPEN_LO | SPO_OPEN_HI, NULL, 0},
    {"grow", "factor that grows", "Manopt", AT(grow), SPO_OPTION_DOUBLE, 1, 100, 2, SPO_OPEN_LO,
     NULL, 0},
    {"subproblem", "solver of the trust-region subproblem", "fewest products on the spherical UFM",
     AT(subproblem), SPO_OPTION_CHOICE, 0, 3, 0, 0, subproblems, SPO_OPEN_CHOICE},
    SPO_TRS_OPTIONS(AT(inner)),
    SPO_ESCAPE_OPTIONS(AT(escape), AT(escape_products)),
};
#undef AT

/* Below this part of the first radius no step is told from none. */
static const double smallest_radius = 1e-14;
/* The inner residual need not fall below this part of the gradient target: Kelley 1995, (6.20). */
static const double residual_floor = 0.5;

/* So many steps of the largest radius in a row, all as good as the model said, and a largest radius
 * that nobody asked for is one too small: a typical distance knows nothing of a cost whose blocks
 * differ by ten orders of magnitude. */
enum { FULL_STEPS = 5 };

typedef struct tr_state {
  double radius, first_radius, max_radius;
  uint64_t full_steps;
  spo_endgame endgame;
  bool rejected; /* the last step was: same place, smaller radius */
} tr_state;

/* Our own take the options embedded in ours, unless the caller gives others. */
static const void *subproblem_options(const spo_trust_region_options *o) {
  if (o->subproblem_options)
    return o->subproblem_options;
  for (const spo_choice *c = subproblems; c->name; c++)
    if (c->value == o->subproblem)
      return &o->inner;
  return NULL;
}

static spo_space space_of(const spo_problem *P) {
  return (spo_space){.n = P->manifold->n, .dim = P->manifold->dim};
}

static size_t sub_len(const spo_problem *P, const spo_trust_region_options *o) {
  const spo_space space = space_of(P);
  return ((const spo_trs_ops *)o->subproblem)->work_len(&space, subproblem_options(o));
}

static size_t keep_len(const spo_problem *P, const void *options) {
  return sub_len(P, options);
}

/* The subproblem's work, or that of the search for negative curvature; and the step. */
static size_t scratch_len(const spo_problem *P, const spo_trust_region_options *o) {
  const size_t sub = sub_len(P, o);
  const size_t seek = spo_escape_work_len(P, o->escape_products);
  return sub > seek ? sub : seek;
}

/* Its subproblem solver is given the space without the symmetry orbit. */
static bool explores(const spo_trust_region_options *o) {
  const spo_trs_ops *sub = o->subproblem;
  return sub->size >= offsetof(spo_trs_ops, explores) + sizeof sub->explores && sub->explores;
}

static size_t work_len(const spo_problem *P, const void *options) {
  return scratch_len(P, options) + P->manifold->n + (explores(options) ? spo_orbit_len(P) : 0);
}

static double *step_of(const spo_run *run) {
  return run->work + scratch_len(run->eval.problem, run->options);
}

/* How long the preconditioned norm finds a tangent vector that the metric finds of length one: for
 * a random vector. */
static spo_status norm_ratio(spo_run *run, double *ratio) {
  const spo_problem *P = run->eval.problem;
  double *u = step_of(run), *pu = run->trial->grad;
  *ratio = 1.0;
  if (!spo_problem_has(P, precond))
    return SPO_OK;
  spo_status status =
      spo_manifold_random_tangent(P->manifold, run->cur->x, run->rng, u, run->eval.work);
  if (status == SPO_OK)
    status = spo_eval_precond(&run->eval, run->cur, 1, u, pu);
  if (status == SPO_OK)
    *ratio = sqrt(spo_manifold_inner(P->manifold, run->cur->x, u, pu) /
                  spo_manifold_inner(P->manifold, run->cur->x, pu, pu));
  return status;
}

static spo_status check(const spo_run *run) {
  const spo_trust_region_options *o = run->options;
  const spo_trs_ops *sub = o->subproblem;
  const spo_space space = space_of(run->eval.problem);
  if (o->radius > o->max_radius && o->max_radius > 0.0)
    return spo_fail(run->err, SPO_E_OPTION, "spo_trust_region",
                    "radius: %g is not allowed; it must be at most max-radius, %g", o->radius,
                    o->max_radius);
  if (o->shrink_below > o->grow_above)
    return spo_fail(run->err, SPO_E_OPTION, "spo_trust_region",
                    "shrink-below: %g is not allowed; it must be at most grow-above, %g",
                    o->shrink_below, o->grow_above);
  return SPO_HAS(spo_trs_ops, sub, check) ? sub->check(&space, subproblem_options(o), run->err)
                                          : SPO_OK;
}

static spo_status start(spo_run *run) {
  const spo_trust_region_options *o = run->options;
  tr_state *s = run->state;
  double ratio = 1.0;
  spo_status status = check(run);
  if (status == SPO_OK)
    status = norm_ratio(run, &ratio);
  s->max_radius =
      o->max_radius > 0.0 ? o->max_radius : ratio * run->eval.problem->manifold->typical_distance;
  s->radius = o->radius > 0.0 ? fmin(o->radius, s->max_radius) : s->max_radius / 8.0;
  s->first_radius = s->radius;
  return status;
}

static spo_trs_input subproblem_input(const spo_run *run, const spo_slice *T) {
  const tr_state *s = run->state;
  const spo_trust_region_options *o = run->options;
  return (spo_trs_input){.hess = &T->hess,
                         .precond = T->precond.apply ? &T->precond : NULL,
                         .grad = run->cur->grad,
                         .radius = s->radius,
                         .residual_floor = residual_floor * run->grad_tol,
                         .grad_scale = run->grad_scale,
                         .replay = s->rejected,
                         .options = subproblem_options(o),
                         .rng = run->rng,
                         .interrupted = run->interrupted,
                         .interrupted_self = run->interrupted_self};
}

static spo_status propose(spo_run *run, spo_trs_result *result) {
  const spo_trust_region_options *o = run->options;
  const spo_trs_ops *sub = o->subproblem;
  double *orbit = step_of(run) + run->eval.problem->manifold->n;
  spo_slice T;
  const spo_status status = spo_slice_at(&T, &run->eval, run->cur, explores(o), orbit, run->err);
  if (status != SPO_OK)
    return status;
  const spo_trs_input in = subproblem_input(run, &T);
  return sub->solve(&in, step_of(run), run->work, result);
}

static void grow(const spo_trust_region_options *o, tr_state *s) {
  s->full_steps = s->radius >= s->max_radius ? s->full_steps + 1 : 0;
  if (s->full_steps >= FULL_STEPS && !(o->max_radius > 0.0))
    s->max_radius *= o->grow;
  s->radius = fmin(o->grow * s->radius, s->max_radius);
}

/* Every rejected step shrinks the radius: below the length of the step, or it would come again. */
static void resize(spo_run *run, const spo_trs_result *sub, const spo_trial *t) {
  const spo_trust_region_options *o = run->options;
  tr_state *s = run->state;
  const bool full = t->accepted && t->rho > o->grow_above && sub->at_boundary;
  if (!full)
    s->full_steps = 0;
  if (!(t->rho >= o->shrink_below) || !t->accepted)
    s->radius = o->shrink * (t->accepted ? s->radius : fmin(s->radius, sub->step_norm));
  else if (full)
    grow(o, s);
  s->rejected = !t->accepted;
}

static spo_status leave_critical(spo_run *run, spo_iter *it, spo_reason *reason) {
  const spo_trust_region_options *o = run->options;
  tr_state *s = run->state;
  const spo_escape_rule rule = {.when = o->escape,
                                .products = o->escape_products,
                                .accept = o->accept,
                                .contraction = o->shrink};
  s->rejected = false;
  it->radius = s->radius;
  return spo_escape_step(run, &rule, step_of(run), run->work, it, reason);
}

/* ---- the iteration --------------------------------------------------------------------------- */

static spo_status step(spo_run *run, spo_iter *it, spo_reason *reason) {
  const spo_trust_region_options *o = run->options;
  tr_state *s = run->state;
  if (run->at_critical)
    return leave_critical(run, it, reason);
  spo_trs_result sub = {0};
  spo_status status = propose(run, &sub);
  if (status == SPO_E_NUMERIC)
    return spo_fail(run->err, status, "spo_trust_region", "a factorisation of %s failed",
                    ((const spo_trs_ops *)o->subproblem)->name);
  if (status != SPO_OK && status != SPO_OUTSIDE)
    return status;
  it->inner = sub.inner;
  it->step_norm = sub.step_norm;
  const bool promising = status == SPO_OK && sub.step_norm > 0.0 && sub.decrease > 0.0;
  if (!promising) {
    if (!sub.interrupted)
      *reason = SPO_STOP_STALLED;
    return SPO_OK;
  }
  spo_trial trial = {.decrease = sub.decrease};
  status = spo_judge_step(run, step_of(run), o->accept, &trial);
  if (status == SPO_OK)
    resize(run, &sub, &trial);
  it->accepted = trial.accepted;
  it->rho = trial.rho;
  it->radius = s->radius;
  if (status == SPO_OK && (spo_endgame_over(&s->endgame, run, &trial) ||
                           !(s->radius > smallest_radius * s->first_radius)))
    *reason = SPO_STOP_STALLED;
  return status;
}

static const spo_solver_ops ops = {
    .size = sizeof(spo_solver_ops),
    .name = "trust-region",
    .summary = "Riemannian trust region with a choice of subproblem solvers; leaves saddles",
    .reference = "Absil, Baker, Gallivan 2007; Conn, Gould, Toint 2000",
    .needs = SPO_NEEDS_HESS | SPO_LEAVES_SADDLES,
    .options_size = sizeof(spo_trust_region_options),
    .n_options = sizeof table / sizeof table[0],
    .state_size = sizeof(tr_state),
    .option = table,
    .keep_len = keep_len,
    .work_len = work_len,
    .start = start,
    .step = step,
};

const spo_solver_ops *spo_trust_region(void) {
  return &ops;
}

void spo_trust_region_options_init(spo_trust_region_options *options) {
  spo_options_init(table, sizeof table / sizeof table[0], options, sizeof *options);
}
