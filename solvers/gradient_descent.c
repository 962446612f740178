/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Riemannian gradient descent. The search direction is -grad itself: no vector besides the two
 * places, unless slopes or Barzilai-Borwein steps are asked for: then one. */
#include <spheropt/solvers/gradient_descent.h>

#include "base/vec.h"
#include "line_search_internal.h"

/* ---- a step without a search ----------------------------------------------------------------- */

static spo_status take_it(spo_run *run, const spo_line_search_input *in,
                          spo_line_search_result *out) {
  const spo_search s = {run, in, out};
  spo_trial at;
  spo_status status = spo_trial_cost(&s, in->first, &at);
  if (status != SPO_OK)
    return status;
  return at.f < INFINITY ? spo_search_accept(&s, &at, false) : spo_search_fail(&s);
}

static const spo_line_search_ops fixed_ops = {
    .size = sizeof(spo_line_search_ops),
    .name = "fixed",
    .summary = "the same step always",
    .reference = "none needed",
    .search = take_it,
};

/* ---- options --------------------------------------------------------------------------------- */

static const spo_choice searches[] = {
    SPO_LINE_SEARCH_CHOICES,
    {"fixed", "the same step always", &fixed_ops},
    {NULL, NULL, NULL},
};

static const spo_first_step first_last = SPO_FIRST_STEP_LAST,
                            first_direct = SPO_FIRST_STEP_BB_DIRECT,
                            first_inverse = SPO_FIRST_STEP_BB_INVERSE,
                            first_alternating = SPO_FIRST_STEP_BB_ALTERNATING;
static const spo_choice first_steps[] = {
    {"last", "growth times the last step", &first_last},
    {"bb-direct", "Barzilai-Borwein, <s,s>/<s,y>", &first_direct},
    {"bb-inverse", "Barzilai-Borwein, <s,y>/<y,y>", &first_inverse},
    {"bb-alternating", "the two in turn", &first_alternating},
    {NULL, NULL, NULL},
};

static const spo_option table[] = {
    SPO_LINE_SEARCH_OPTIONS(
        spo_gradient_descent_options, searches, "how the step is chosen", SPO_SEARCH_ARMIJO, "",
        "the first step tried, 0: chosen from the gradient; with fixed every step", 1e-4,
        "1e-4: Nocedal, Wright 2006, section 3.1", 0.9, "0.9: Hager, Zhang 2005"),
    {"first-step", "where a line search begins", "",
     offsetof(spo_gradient_descent_options, first_step), SPO_OPTION_CHOICE, 0, 3, 0, 0, first_steps,
     0},
    {"bb-range",
     "bb-direct, bb-inverse, bb-alternating: a step is at most so many times the last, or 1/ that",
     "Manopt 1e3, for the step itself: here relative, so that units do not matter",
     offsetof(spo_gradient_descent_options, bb_range), SPO_OPTION_DOUBLE, 1, INFINITY, 1e3,
     SPO_OPEN_LO | SPO_OPEN_HI, NULL, 0},
};

typedef struct gd_state {
  double step;  /* the last one accepted, or the first one given */
  double grown; /* what goes by it for the next search; at first the same */
  double next;  /* of Barzilai and Borwein; 0: none */
  bool inverse;
  spo_line_search_state search;
} gd_state;

static spo_first_step first_step_of(const spo_gradient_descent_options *o) {
  return o->first_step ? *(const spo_first_step *)o->first_step : SPO_FIRST_STEP_LAST;
}

static bool is_fixed(const spo_gradient_descent_options *o) {
  return o->line_search == &fixed_ops;
}

static size_t work_len(const spo_problem *P, const void *options) {
  const spo_gradient_descent_options *o = options;
  if (!is_fixed(o) && first_step_of(o) != SPO_FIRST_STEP_LAST)
    return P->manifold->n;
  return spo_line_search_velocity_len(o->line_search, P->manifold);
}

static spo_status start(spo_run *run) {
  const spo_gradient_descent_options *o = run->options;
  if (is_fixed(o) && !(o->search.step > 0.0))
    return spo_fail(run->err, SPO_E_OPTION, "spo_gradient_descent",
                    "step: the fixed step must be given, greater than 0");
  gd_state *s = run->state;
  s->step = s->grown = o->search.step;
  return spo_line_search_check(o->line_search, run->err);
}

/* ---- steps ----------------------------------------------------------------------------------- */

static double first_step(const spo_run *run) {
  const spo_gradient_descent_options *o = run->options;
  const gd_state *s = run->state;
  if (is_fixed(o))
    return o->search.step;
  if (s->next > 0.0)
    return s->next;
  if (s->grown > 0.0)
    return s->grown;
  return spo_line_search_first_step(run, run->cur->grad_norm);
}

/* After a step from `old`: with m = the old gradient transported, s = -t m and y = grad - m. Where
 * the curvature along s is not positive the growth rule takes over. */
static spo_status barzilai_borwein(spo_run *run, const spo_point *old) {
  const spo_gradient_descent_options *o = run->options;
  const spo_manifold *M = run->eval.problem->manifold;
  const double *x = run->cur->x, *g = run->cur->grad;
  gd_state *s = run->state;
  double *m = run->work;
  const spo_first_step kind = first_step_of(o);
  const bool inverse =
      kind == SPO_FIRST_STEP_BB_INVERSE || (kind == SPO_FIRST_STEP_BB_ALTERNATING && s->inverse);
  s->next = 0.0;
  s->inverse = !s->inverse;
  const spo_status status = spo_manifold_transport(M, old->x, x, old->grad, m, run->eval.work);
  if (status != SPO_OK)
    return status == SPO_OUTSIDE ? SPO_OK : status;
  const double mm = spo_manifold_inner(M, x, m, m), ss = s->step * s->step * mm;
  const double sy = s->step * (mm - spo_manifold_inner(M, x, g, m));
  spo_vec_add(M->n, g, -1.0, m, m);
  const double t = inverse ? sy / spo_manifold_inner(M, x, m, m) : ss / sy;
  if (sy > 0.0 && t < INFINITY)
    s->next = fmin(fmax(t, s->step / o->bb_range), s->step * o->bb_range);
  return SPO_OK;
}

static spo_status step(spo_run *run, spo_iter *it, spo_reason *reason) {
  const spo_gradient_descent_options *o = run->options;
  const spo_manifold *M = run->eval.problem->manifold;
  const double norm = run->cur->grad_norm;
  gd_state *s = run->state;
  const spo_line_search_input in = {
      .options = &o->search,
      .d = run->cur->grad,
      .factor = -1.0,
      .slope = -norm * norm,
      .norm = norm,
      .first = first_step(run),
      .longest = is_fixed(o) ? INFINITY : spo_line_search_longest(run, run->cur->grad),
      .velocity = spo_line_search_velocity_len(o->line_search, M) ? run->work : NULL,
      .state = &s->search};
  spo_line_search_result out;
  const spo_status status = spo_line_search_run(o->line_search, run, &in, &out);
  if (status != SPO_OK || !out.accepted) {
    *reason = out.reason;
    return status;
  }
  spo_line_search_move(run, &in, &out, it);
  s->step = out.t;
  s->grown = spo_line_search_next(&in, &out);
  if (is_fixed(o) || first_step_of(o) == SPO_FIRST_STEP_LAST)
    return SPO_OK;
  return barzilai_borwein(run, run->trial);
}

static const spo_solver_ops ops = {
    .size = sizeof(spo_solver_ops),
    .name = "gradient-descent",
    .summary = "Riemannian gradient descent: any line search, Barzilai-Borwein or fixed steps",
    .reference = "Absil, Mahony, Sepulchre 2008, section 4.2; Iannazzo, Porcelli 2018",
    .options_size = sizeof(spo_gradient_descent_options),
    .n_options = sizeof table / sizeof table[0],
    .state_size = sizeof(gd_state),
    .option = table,
    .work_len = work_len,
    .start = start,
    .step = step,
};

const spo_solver_ops *spo_gradient_descent(void) {
  return &ops;
}

void spo_gradient_descent_options_init(spo_gradient_descent_options *options) {
  spo_options_init(table, sizeof table / sizeof table[0], options, sizeof *options);
}
