/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Newton's method with MINRES and backtracking on the gradient norm. */
#include <spheropt/solvers/newton.h>

#include <math.h>

#include "base/vec.h"
#include "linear/minres.h"
#include "problem/orbit.h"
#include "solve/judge.h"

enum { SPARE_PRODUCTS = 50, MOST_MEMORY = 16, STALLED_AFTER = 10 };

#define AT(member) offsetof(spo_newton_options, member)
static const spo_option table[] = {
    {"kappa", "relative residual of the linear solve; smaller as the gradient is", "Manopt 0.1",
     AT(kappa), SPO_OPTION_DOUBLE, 0, 1, 0.1, SPO_OPEN_LO | SPO_OPEN_HI, NULL, 0},
    {"max-step", "longest step; 0: an eighth of the typical distance",
     "the trust region's first radius", AT(max_step), SPO_OPTION_DOUBLE, 0, INFINITY, 0,
     SPO_OPEN_HI, NULL, 0},
    {"contraction", "factor of a backtrack", "0.5: Nocedal, Wright 2006, section 3.1",
     AT(contraction), SPO_OPTION_DOUBLE, 0, 1, 0.5, SPO_OPEN_LO | SPO_OPEN_HI, NULL, 0},
    {"sufficient-decrease",
     "part of the linear decrease of the gradient norm that a step must bring",
     "1e-4: Nocedal, Wright 2006, section 3.1", AT(sufficient_decrease), SPO_OPTION_DOUBLE, 0, 0.5,
     1e-4, SPO_OPEN_LO | SPO_OPEN_HI, NULL, 0},
    {"max-backtracks", "backtracks in one iteration", "2^-40 of the step", AT(max_backtracks),
     SPO_OPTION_UINT, 1, 1000, 40, 0, NULL, 0},
    {"memory", "gradient norms of which a step must undercut the largest",
     "5: a step along a curved family raises the norm, the next ones undo that", AT(memory),
     SPO_OPTION_UINT, 1, MOST_MEMORY, 5, 0, NULL, 0},
    {"max-inner", "Hessian products in one step; 0: twice the dimension and 50", "", AT(max_inner),
     SPO_OPTION_UINT, 0, 0x1p53, 0, 0, NULL, 0},
};
#undef AT

/* The linear residual need not fall below this part of the gradient target. */
static const double residual_floor = 0.1;

static size_t work_len(const spo_problem *P, const void *options) {
  (void)options;
  return 2 * P->manifold->n + spo_minres_work_len(P->manifold->n) + spo_orbit_len(P);
}

typedef struct newton_state {
  double recent[MOST_MEMORY]; /* the last gradient norms, in a ring */
  uint64_t steps;
  double best; /* the smallest */
  uint64_t since_best;
} newton_state;

static void remember(spo_run *run) {
  newton_state *n = run->state;
  const double g = run->cur->grad_norm;
  n->recent[n->steps++ % MOST_MEMORY] = g;
  n->since_best = g < n->best ? 0 : n->since_best + 1;
  n->best = fmin(n->best, g);
}

/* The largest of the last gradient norms: what a step must undercut. */
static double reference(const spo_run *run) {
  const newton_state *n = run->state;
  const uint64_t memory = ((const spo_newton_options *)run->options)->memory;
  double largest = 0.0;
  for (uint64_t back = 1; back <= memory && back <= n->steps; back++)
    largest = fmax(largest, n->recent[(n->steps - back) % MOST_MEMORY]);
  return largest;
}

static spo_status start(spo_run *run) {
  ((newton_state *)run->state)->best = INFINITY;
  remember(run);
  return SPO_OK;
}

/* Hess f s = -grad f in the slice. */
static spo_status solve(spo_run *run, double *s, spo_minres_result *found) {
  const spo_newton_options *o = run->options;
  const size_t n = run->eval.problem->manifold->n;
  double *b = run->work + n, *mem = b + n, *orbit = mem + spo_minres_work_len(n);
  const double g = run->cur->grad_norm;
  const double unitless = run->grad_scale > 0.0 ? g / run->grad_scale : g;
  spo_slice slice;
  spo_status status = spo_slice_at(&slice, &run->eval, run->cur, true, orbit, run->err);
  spo_vec_combine(n, -1.0, run->cur->grad, 0.0, run->cur->grad, b);
  if (status == SPO_OK)
    status = spo_space_project(&slice.space, 1, b);
  const spo_minres_input in = {
      .A = &slice.hess,
      .b = b,
      .target = fmax(g * fmin(o->kappa, unitless), residual_floor * run->grad_tol),
      .null = g, /* the Hessian's kernel is resolved to about the gradient that is left */
      .max_products = o->max_inner > 0 ? o->max_inner : 2 * slice.space.dim + SPARE_PRODUCTS,
      .interrupted = run->interrupted,
      .interrupted_self = run->interrupted_self};
  return status == SPO_OK ? spo_minres(&in, s, mem, found) : status;
}

/* The gradient at R(t s), if it is smaller by enough. */
static spo_status try_length(spo_run *run, double t, const double *s, double least, bool *enough) {
  spo_status status = spo_eval_retract(&run->eval, run->cur, t, s, run->trial);
  if (status == SPO_OK)
    status = spo_eval_grad(&run->eval, run->trial);
  const double due = reference(run);
  *enough = status == SPO_OK && run->trial->grad_norm <= (1.0 - least) * due &&
            run->trial->grad_norm < due;
  return status == SPO_OUTSIDE ? SPO_OK : status;
}

static spo_status backtrack(spo_run *run, const double *s, double length, double residual,
                            spo_iter *it) {
  const spo_newton_options *o = run->options;
  const double cap =
      o->max_step > 0.0 ? o->max_step : run->eval.problem->manifold->typical_distance / 8.0;
  /* |grad| falls along s at the rate 1 - residual^2/|grad|^2 of itself: MINRES's residual is
   * orthogonal to Hess s */
  const double part = residual / run->cur->grad_norm, rate = 1.0 - part * part;
  double t = length > cap ? cap / length : 1.0;
  for (uint64_t trial = 0; trial <= o->max_backtracks; trial++, t *= o->contraction) {
    const spo_status status =
        try_length(run, t, s, o->sufficient_decrease * t * rate, &it->accepted);
    if (status != SPO_OK)
      return status;
    it->step_size = t;
    it->step_norm = t * length;
    if (it->accepted || run->interrupted(run->interrupted_self))
      break;
  }
  if (it->accepted) {
    spo_swap_places(run);
    remember(run);
  }
  return SPO_OK;
}

static spo_status step(spo_run *run, spo_iter *it, spo_reason *reason) {
  const spo_manifold *M = run->eval.problem->manifold;
  double *s = run->work;
  spo_minres_result found = {0};
  spo_status status = solve(run, s, &found);
  it->inner = found.products;
  if (status == SPO_OUTSIDE) {
    *reason = SPO_STOP_STALLED;
    return SPO_OK;
  }
  const double length = status == SPO_OK ? sqrt(spo_manifold_inner(M, run->cur->x, s, s)) : 0.0;
  if (status == SPO_OK && length > 0.0)
    status = backtrack(run, s, length, found.residual, it);
  /* interrupted: the rule that interrupts ends the run */
  const bool stuck =
      !it->accepted || ((const newton_state *)run->state)->since_best >= STALLED_AFTER;
  if (status == SPO_OK && stuck && !run->interrupted(run->interrupted_self))
    *reason = SPO_STOP_STALLED;
  return status;
}

static const spo_solver_ops ops = {
    .size = sizeof(spo_solver_ops),
    .name = "newton",
    .summary = "Newton's method with MINRES: polishes a critical point of any index",
    .reference = "Absil, Mahony, Sepulchre 2008, chapter 6; Paige, Saunders 1975",
    .needs = SPO_NEEDS_HESS | SPO_SEEKS_CRITICAL,
    .options_size = sizeof(spo_newton_options),
    .n_options = sizeof table / sizeof table[0],
    .state_size = sizeof(newton_state),
    .option = table,
    .work_len = work_len,
    .start = start,
    .step = step,
};

const spo_solver_ops *spo_newton(void) {
  return &ops;
}

void spo_newton_options_init(spo_newton_options *options) {
  spo_options_init(table, sizeof table / sizeof table[0], options, sizeof *options);
}
