/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Riemannian trust region: propose, try, judge, move or stay, resize. At a critical point that may
 * be a saddle it looks for negative curvature instead, and leaves along it. */
#include <spheropt/solvers/trust_region.h>

#include <math.h>

#include <spheropt/tangent.h>

#include "base/vec.h"
#include "linear/curvature.h"
#include "problem/orbit.h"
#include "problem/slots.h"

static const spo_escape escape_never = SPO_ESCAPE_NEVER, escape_start = SPO_ESCAPE_START,
                        escape_always = SPO_ESCAPE_ALWAYS;
static const spo_choice escapes[] = {
    {"never", "stop at any critical point", &escape_never},
    {"start", "only if the run starts there", &escape_start},
    {"always", "unless it is known to be a global minimiser", &escape_always},
    {NULL, NULL, NULL},
};

#define AT(member) offsetof(spo_trust_region_options, member)
#define TCG(member) (AT(tcg) + offsetof(spo_tcg_options, member))
static const spo_option table[] = {
    {"radius", "first radius; 0: an eighth of max-radius", "Manopt", AT(radius), SPO_OPTION_DOUBLE,
     0, INFINITY, 0, SPO_OPEN_HI, NULL, 0},
    {"max-radius", "largest radius; 0: the manifold's typical distance", "Manopt", AT(max_radius),
     SPO_OPTION_DOUBLE, 0, INFINITY, 0, SPO_OPEN_HI, NULL, 0},
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
    {"escape", "when to look for negative curvature at a critical point", "", AT(escape),
     SPO_OPTION_CHOICE, 0, 2, 2, 0, escapes, 0},
    {"escape-products", "Hessian products spent on that at most",
     "a random start meets negative curvature in a few dozen", AT(escape_products), SPO_OPTION_UINT,
     1, 0x1p53, 200, 0, NULL, 0},
    {"kappa", "inner iteration: stop once the residual fell by this factor", "Manopt 0.1",
     TCG(kappa), SPO_OPTION_DOUBLE, 0, 1, 0.1, SPO_OPEN_LO | SPO_OPEN_HI, NULL, 0},
    {"theta", "inner iteration: or by (|g|/scale)^theta, superlinear of order 1 + theta",
     "fewest products on the spherical UFM; Manopt has 1", TCG(theta), SPO_OPTION_DOUBLE, 0, 2, 0.5,
     0, NULL, 0},
    {"max-inner", "Hessian products in one subproblem; 0: twice the dimension and 50", "",
     TCG(max_inner), SPO_OPTION_UINT, 0, 0x1p53, 0, 0, NULL, 0},
    {"replay", "inner directions kept, to answer a rejected step without a new product",
     "longer inner iterations seldom end in a rejection", TCG(replay), SPO_OPTION_UINT, 0, 10000,
     16, 0, NULL, 0},
};
#undef TCG
#undef AT

enum { MAX_ENDGAME_REJECTIONS = 20, MAX_ESCAPE_TRIALS = 40 };
/* Below this part of the first radius no step is told from none. */
static const double smallest_radius = 1e-14;
/* The inner residual need not fall below this part of the gradient target: Kelley 1995, (6.20). */
static const double residual_floor = 0.5;
/* The Hessian's kernel is resolved to about the gradient that is left: less is not negative. */
static const double curvature_floor = 10.0;

typedef struct tr_state {
  double radius, first_radius, max_radius;
  uint64_t endgame_rejections;
  bool rejected; /* the last step was: same place, smaller radius */
} tr_state;

/* What one iteration knows of its step. */
typedef struct proposal {
  spo_trs_result sub;
  double rho;
  bool evaluable, endgame;
} proposal;

static const spo_trs_ops *subproblem_of(const spo_trust_region_options *o) {
  return o->subproblem ? o->subproblem : spo_tcg();
}

static const void *subproblem_options(const spo_trust_region_options *o) {
  return o->subproblem ? o->subproblem_options : &o->tcg;
}

static size_t sub_len(const spo_problem *P, const spo_trust_region_options *o) {
  const spo_space space = {.n = P->manifold->n, .dim = P->manifold->dim};
  return subproblem_of(o)->work_len(&space, subproblem_options(o));
}

static size_t keep_len(const spo_problem *P, const void *options) {
  return sub_len(P, options);
}

/* The subproblem's work, or that of the search for negative curvature; and the step. */
static size_t scratch_len(const spo_problem *P, const spo_trust_region_options *o) {
  const size_t sub = sub_len(P, o);
  const size_t seek = spo_curvature_work_len(P->manifold->n, o->escape_products) + spo_orbit_len(P);
  return sub > seek ? sub : seek;
}

static size_t work_len(const spo_problem *P, const void *options) {
  return scratch_len(P, options) + P->manifold->n;
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

static spo_status start(spo_run *run) {
  const spo_trust_region_options *o = run->options;
  tr_state *s = run->state;
  double ratio;
  if (o->radius > o->max_radius && o->max_radius > 0.0)
    return spo_fail(run->err, SPO_E_OPTION, "spo_trust_region",
                    "radius: %g is not allowed; it must be at most max-radius, %g", o->radius,
                    o->max_radius);
  if (o->shrink_below > o->grow_above)
    return spo_fail(run->err, SPO_E_OPTION, "spo_trust_region",
                    "shrink-below: %g is not allowed; it must be at most grow-above, %g",
                    o->shrink_below, o->grow_above);
  const spo_status status = norm_ratio(run, &ratio);
  s->max_radius =
      o->max_radius > 0.0 ? o->max_radius : ratio * run->eval.problem->manifold->typical_distance;
  s->radius = o->radius > 0.0 ? fmin(o->radius, s->max_radius) : s->max_radius / 8.0;
  s->first_radius = s->radius;
  return status;
}

static spo_trs_input subproblem_input(const spo_run *run, const spo_tangent *T) {
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

static spo_status propose(spo_run *run, proposal *p) {
  const spo_trust_region_options *o = run->options;
  spo_tangent T;
  spo_tangent_at(&T, &run->eval, run->cur);
  const spo_trs_input in = subproblem_input(run, &T);
  return subproblem_of(o)->solve(&in, step_of(run), run->work, &p->sub);
}

/* The trial point and its cost. A point where the cost is not defined is no failure. */
static spo_status try_step(spo_run *run, double t, bool *evaluable) {
  spo_status status = spo_eval_retract(&run->eval, run->cur, t, step_of(run), run->trial);
  if (status == SPO_OK)
    status = spo_eval_cost(&run->eval, run->trial);
  *evaluable = status == SPO_OK;
  return status == SPO_OUTSIDE ? SPO_OK : status;
}

/* Once the model promises less than the noise of f, the gradient norm decides. */
static spo_status judge_endgame(spo_run *run, proposal *p) {
  const double rise = run->trial->f - run->cur->f;
  const spo_status status = spo_eval_grad(&run->eval, run->trial);
  if (status != SPO_OK) {
    p->evaluable = false;
    return status == SPO_OUTSIDE ? SPO_OK : status;
  }
  const bool better = run->trial->grad_norm < run->cur->grad_norm && rise <= run->f_noise;
  p->rho = better ? 1.0 : -1.0;
  return SPO_OK;
}

static spo_status judge(spo_run *run, proposal *p) {
  p->rho = NAN;
  if (!p->evaluable)
    return SPO_OK;
  p->endgame = p->sub.decrease < run->f_noise;
  if (p->endgame)
    return judge_endgame(run, p);
  p->rho = (run->cur->f - run->trial->f + run->f_noise) / (p->sub.decrease + run->f_noise);
  return SPO_OK;
}

static void swap_places(spo_run *run) {
  spo_point *old = run->cur;
  run->cur = run->trial;
  run->trial = old;
}

/* Every rejected step shrinks the radius: below the length of the step, or it would come again. */
static void resize(spo_run *run, const proposal *p, bool accepted) {
  const spo_trust_region_options *o = run->options;
  tr_state *s = run->state;
  if (!(p->rho >= o->shrink_below) || !accepted)
    s->radius = o->shrink * (accepted ? s->radius : fmin(s->radius, p->sub.step_norm));
  else if (p->rho > o->grow_above && p->sub.at_boundary)
    s->radius = fmin(o->grow * s->radius, s->max_radius);
}

static spo_status move_or_stay(spo_run *run, const proposal *p, spo_iter *it) {
  const spo_trust_region_options *o = run->options;
  tr_state *s = run->state;
  it->accepted = p->evaluable && p->rho > o->accept;
  if (it->accepted) {
    const spo_status status = spo_eval_grad(&run->eval, run->trial);
    if (status == SPO_OUTSIDE)
      it->accepted = false;
    else if (status != SPO_OK)
      return status;
  }
  if (it->accepted)
    swap_places(run);
  s->rejected = !it->accepted;
  s->endgame_rejections = p->endgame && !it->accepted ? s->endgame_rejections + 1 : 0;
  resize(run, p, it->accepted);
  return SPO_OK;
}

/* ---- leaving a critical point ---------------------------------------------------------------- */

/* Seeks a unit direction of negative curvature, into the step; *slope is that of f along it. */
static spo_status seek(spo_run *run, spo_curvature_result *found, double *slope) {
  const spo_trust_region_options *o = run->options;
  const spo_manifold *M = run->eval.problem->manifold;
  double *v = step_of(run), *mem = run->work + spo_curvature_work_len(M->n, o->escape_products);
  spo_slice s;
  const spo_curvature_input in = {.A = &s.hess,
                                  .max_products = o->escape_products,
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
    status = spo_curvature_seek(&in, v, run->work, found);
  *slope = spo_manifold_inner(M, run->cur->x, run->cur->grad, v);
  if (*slope > 0.0) {
    spo_vec_scale(M->n, -1.0, v);
    *slope = -*slope;
  }
  return status;
}

/* Along the direction found, from a long step inwards, until f falls as the curvature says. */
static spo_status descend(spo_run *run, double slope, double curvature, spo_iter *it) {
  const spo_trust_region_options *o = run->options;
  double t = run->eval.problem->manifold->typical_distance / 8.0;
  for (int trial = 0; trial < MAX_ESCAPE_TRIALS; trial++, t *= o->shrink) {
    const double predicted = -t * (slope + 0.5 * t * curvature);
    if (!(predicted > run->f_noise))
      return SPO_OK; /* nothing that rounding would let us see */
    bool evaluable;
    spo_status status = try_step(run, t, &evaluable);
    if (status != SPO_OK)
      return status;
    it->rho = (run->cur->f - run->trial->f) / predicted;
    if (!evaluable || !(it->rho >= o->accept))
      continue;
    status = spo_eval_grad(&run->eval, run->trial);
    if (status != SPO_OK)
      return status == SPO_OUTSIDE ? SPO_OK : status;
    swap_places(run);
    it->accepted = true;
    it->step_norm = t;
    return SPO_OK;
  }
  return SPO_OK;
}

/* At a critical point not known to be a global minimiser. */
static spo_status escape(spo_run *run, spo_iter *it, spo_reason *reason) {
  const spo_trust_region_options *o = run->options;
  tr_state *s = run->state;
  const spo_escape when = o->escape ? *(const spo_escape *)o->escape : SPO_ESCAPE_ALWAYS;
  const bool at_start = it->k == 1; /* the first step: nothing has moved */
  if (when == SPO_ESCAPE_NEVER || (when == SPO_ESCAPE_START && !at_start)) {
    *reason = SPO_STOP_GRAD;
    return SPO_OK;
  }
  spo_curvature_result found;
  double slope;
  spo_status status = seek(run, &found, &slope);
  it->inner = found.products;
  if (status == SPO_OK && found.negative)
    status = descend(run, slope, found.value, it);
  s->rejected = false;
  it->radius = s->radius;
  if (status == SPO_OUTSIDE) {
    *reason = SPO_STOP_STALLED;
    return SPO_OK;
  }
  /* interrupted: the rule that interrupts ends the run */
  if (status == SPO_OK && !it->accepted && !found.interrupted)
    *reason = at_start ? SPO_STOP_SECOND_ORDER : SPO_STOP_GRAD;
  return status;
}

/* ---- the iteration --------------------------------------------------------------------------- */

static spo_status step(spo_run *run, spo_iter *it, spo_reason *reason) {
  tr_state *s = run->state;
  if (run->at_critical)
    return escape(run, it, reason);
  proposal p = {0};
  spo_status status = propose(run, &p);
  if (status != SPO_OK && status != SPO_OUTSIDE)
    return status;
  it->inner = p.sub.inner;
  it->step_norm = p.sub.step_norm;
  const bool promising = status == SPO_OK && p.sub.step_norm > 0.0 && p.sub.decrease > 0.0;
  if (!promising) {
    if (!p.sub.interrupted)
      *reason = SPO_STOP_STALLED;
    return SPO_OK;
  }
  status = try_step(run, 1.0, &p.evaluable);
  if (status == SPO_OK)
    status = judge(run, &p);
  if (status == SPO_OK)
    status = move_or_stay(run, &p, it);
  it->rho = p.rho;
  it->radius = s->radius;
  if (status == SPO_OK && (s->endgame_rejections >= MAX_ENDGAME_REJECTIONS ||
                           !(s->radius > smallest_radius * s->first_radius)))
    *reason = SPO_STOP_STALLED;
  return status;
}

static const spo_solver_ops ops = {
    .size = sizeof(spo_solver_ops),
    .name = "trust-region",
    .summary = "Riemannian trust region with truncated conjugate gradients; leaves saddles",
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
