/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Limited-memory Riemannian BFGS: direction from the pairs, search, new pair. The pairs move along
 * with the point; where projection is the transport they stay as they were made, and what the
 * recursion makes of them is projected. */
#include <spheropt/solvers/lbfgs.h>

#include <float.h>

#include "base/vec.h"
#include "line_search_internal.h"
#include "problem/slots.h"

static const spo_choice searches[] = {SPO_LINE_SEARCH_CHOICES, {NULL, NULL, NULL}};

static const spo_option table[] = {
    SPO_LINE_SEARCH_OPTIONS(spo_lbfgs_options, searches, "how the step is chosen",
                            SPO_SEARCH_HAGER_ZHANG, "fewest gradients on the spherical UFM",
                            "the first step of a run; 0: chosen from the gradient", 1e-4,
                            "1e-4: Nocedal, Wright 2006, section 3.1", 0.9,
                            "0.9: Nocedal, Wright 2006, section 3.1"),
    {"memory", "pairs kept; 0: scaled gradient descent",
     "a twentieth more gradients than with Manopt's 30, half the time",
     offsetof(spo_lbfgs_options, memory), SPO_OPTION_UINT, 0, 100, 10, 0, NULL, 0},
    {"cautious", "least curvature of a pair, relative; 0: any that is positive",
     "1e-4: Manopt, for Li, Fukushima 2001", offsetof(spo_lbfgs_options, cautious),
     SPO_OPTION_DOUBLE, 0, 1, 1e-4, SPO_OPEN_HI, NULL, 0},
};

/* ---- memory ---------------------------------------------------------------------------------- */

typedef struct lbfgs_state {
  uint64_t count, newest; /* pairs, in a ring */
  double gamma;           /* of the initial matrix; 0: no step yet */
  double kappa;           /* <y, y>/<s, y> of the last pair */
  double step_norm;       /* of the last step */
  spo_line_search_state search;
} lbfgs_state;

typedef struct vectors {
  double *s, *y;       /* kept: memory x n each */
  double *rho, *least; /* and memory each: 1/<s, y>, 0: not to be used here; <s, y> at least */
  double *alpha;       /* scratch: memory */
  double *d, *v;       /* direction; velocity and what else needs a vector */
} vectors;

static size_t keep_len(const spo_problem *P, const void *options) {
  const size_t m = (size_t)((const spo_lbfgs_options *)options)->memory;
  return m * (2 + 2 * P->manifold->n);
}

static size_t work_len(const spo_problem *P, const void *options) {
  const size_t m = (size_t)((const spo_lbfgs_options *)options)->memory;
  return keep_len(P, options) + m + 2 * P->manifold->n;
}

static size_t memory_of(const spo_run *run) {
  return (size_t)((const spo_lbfgs_options *)run->options)->memory;
}

static vectors vectors_of(const spo_run *run) {
  const size_t n = run->eval.problem->manifold->n, m = memory_of(run);
  vectors v = {.s = run->work};
  v.y = v.s + m * n;
  v.rho = v.y + m * n;
  v.least = v.rho + m;
  v.alpha = v.least + m;
  v.d = v.alpha + m;
  v.v = v.d + n;
  return v;
}

/* Where the pair of age a lies: 0 the newest. */
static size_t slot(const spo_run *run, size_t age) {
  const lbfgs_state *s = run->state;
  const size_t m = memory_of(run);
  return ((size_t)s->newest + m - age) % m;
}

/* ---- direction ------------------------------------------------------------------------------- */

/* What pairs of other points have brought into d from beside the tangent space goes. */
static spo_status back_to_tangent(spo_run *run, double *d) {
  const spo_manifold *M = run->eval.problem->manifold;
  if (!spo_transport_is_implied(M))
    return SPO_OK;
  return M->ops->project(M, run->cur->x, d, d, run->eval.work);
}

/* d = gamma P d */
static spo_status initial_matrix(spo_run *run) {
  const spo_problem *P = run->eval.problem;
  const lbfgs_state *s = run->state;
  const vectors v = vectors_of(run);
  if (spo_problem_has(P, precond)) {
    const spo_status status = spo_precondition(run, v.d, v.v);
    if (status != SPO_OK)
      return status;
    spo_vec_copy(P->manifold->n, v.v, v.d);
  }
  if (s->gamma > 0.0)
    spo_vec_scale(P->manifold->n, s->gamma, v.d);
  return SPO_OK;
}

/* d = -H grad at cur. Nocedal, Wright 2006, algorithm 7.4; between projections, if pairs stay where
 * they were made: each step of the recursion leaves a positive definite matrix such, whatever the
 * pair, and so does its restriction to the tangent space. */
static spo_status two_loops(spo_run *run) {
  const spo_manifold *M = run->eval.problem->manifold;
  const lbfgs_state *s = run->state;
  const vectors v = vectors_of(run);
  const double *x = run->cur->x;
  spo_vec_combine(M->n, -1.0, run->cur->grad, 0.0, run->cur->grad, v.d);
  for (size_t a = 0; a < s->count; a++) {
    const size_t i = slot(run, a);
    v.alpha[i] = v.rho[i] > 0.0 ? v.rho[i] * spo_manifold_inner(M, x, v.s + i * M->n, v.d) : 0.0;
    spo_vec_axpy(M->n, -v.alpha[i], v.y + i * M->n, v.d);
  }
  spo_status status = back_to_tangent(run, v.d);
  if (status == SPO_OK)
    status = initial_matrix(run);
  for (size_t a = (size_t)s->count; status == SPO_OK && a-- > 0;) {
    const size_t i = slot(run, a);
    if (!(v.rho[i] > 0.0))
      continue;
    const double beta = v.rho[i] * spo_manifold_inner(M, x, v.y + i * M->n, v.d);
    spo_vec_axpy(M->n, v.alpha[i] - beta, v.s + i * M->n, v.d);
  }
  return status == SPO_OK ? back_to_tangent(run, v.d) : status;
}

/* As at the start of a run. */
static void forget(lbfgs_state *s) {
  s->count = 0;
  s->gamma = s->kappa = 0.0;
}

/* ---- pairs ----------------------------------------------------------------------------------- */

/* The pairs from `old` to cur. Transport may shorten: what was beyond rounding when a pair was
 * stored bounds it later. */
static spo_status transport_pairs(spo_run *run, const spo_point *old) {
  const spo_manifold *M = run->eval.problem->manifold;
  const lbfgs_state *s = run->state;
  const vectors v = vectors_of(run);
  if (spo_transport_is_implied(M))
    return SPO_OK;
  for (size_t a = 0; a < s->count; a++) {
    const size_t i = slot(run, a);
    double *pair[2] = {v.s + i * M->n, v.y + i * M->n};
    for (int k = 0; k < 2; k++) {
      const spo_status status =
          spo_manifold_transport(M, old->x, run->cur->x, pair[k], pair[k], run->eval.work);
      if (status != SPO_OK)
        return status;
    }
    const double sy = spo_manifold_inner(M, run->cur->x, pair[0], pair[1]);
    v.rho[i] = sy > v.least[i] ? 1.0 / sy : 0.0;
  }
  return SPO_OK;
}

/* s into v.d, y into v.v */
static spo_status new_pair(spo_run *run, const spo_point *old, double t) {
  const spo_manifold *M = run->eval.problem->manifold;
  const vectors v = vectors_of(run);
  const double *x = run->cur->x;
  spo_status status = spo_manifold_transport(M, old->x, x, v.d, v.d, run->eval.work);
  if (status == SPO_OK)
    status = spo_manifold_transport(M, old->x, x, old->grad, v.v, run->eval.work);
  if (status != SPO_OK)
    return status;
  spo_vec_scale(M->n, t, v.d);
  spo_vec_add(M->n, run->cur->grad, -1.0, v.v, v.v);
  return SPO_OK;
}

/* Li, Fukushima 2001, eq. 2.10, relative to the gradient's scale and to the curvature before. */
static bool trusted(const spo_run *run, const spo_point *old, double ss, double sy, double yy) {
  const spo_lbfgs_options *o = run->options;
  const lbfgs_state *s = run->state;
  const double gradient = fmin(1.0, old->grad_norm / run->grad_scale);
  return sy > DBL_EPSILON * sqrt(ss * yy) && sy >= o->cautious * gradient * s->kappa * ss;
}

/* The pair in v.d and v.v becomes the newest; it gives the initial matrix its scale. */
static spo_status store_pair(spo_run *run, double ss, double sy, double yy) {
  const spo_problem *P = run->eval.problem;
  const spo_manifold *M = P->manifold;
  const vectors v = vectors_of(run);
  const size_t m = memory_of(run);
  lbfgs_state *s = run->state;
  if (m > 0) {
    s->newest = (s->newest + 1) % m;
    s->count = s->count < m ? s->count + 1 : m;
    spo_vec_copy(M->n, v.d, v.s + s->newest * M->n);
    spo_vec_copy(M->n, v.v, v.y + s->newest * M->n);
    v.rho[s->newest] = 1.0 / sy;
    v.least[s->newest] = DBL_EPSILON * sqrt(ss * yy);
  }
  double y_py = yy;
  if (spo_problem_has(P, precond)) {
    const spo_status status = spo_precondition(run, v.v, v.d);
    if (status != SPO_OK)
      return status;
    y_py = spo_manifold_inner(M, run->cur->x, v.v, v.d);
  }
  s->gamma = sy / y_py;
  s->kappa = yy / sy;
  return SPO_OK;
}

/* After a step of t along v.d from `old`. */
static spo_status remember(spo_run *run, const spo_point *old, double t) {
  const spo_manifold *M = run->eval.problem->manifold;
  const vectors v = vectors_of(run);
  const double *x = run->cur->x;
  lbfgs_state *s = run->state;
  spo_status status = new_pair(run, old, t);
  if (status == SPO_OK) {
    const double ss = spo_manifold_inner(M, x, v.d, v.d), sy = spo_manifold_inner(M, x, v.d, v.v),
                 yy = spo_manifold_inner(M, x, v.v, v.v);
    const bool good = trusted(run, old, ss, sy, yy);
    if (good && s->count > 0 && s->count == memory_of(run))
      s->count--; /* the oldest gives its place */
    status = transport_pairs(run, old);
    if (status == SPO_OK && good)
      status = store_pair(run, ss, sy, yy);
  }
  if (status != SPO_OUTSIDE)
    return status;
  forget(s);
  return SPO_OK;
}

/* ---- steps ----------------------------------------------------------------------------------- */

static spo_status start(spo_run *run) {
  const spo_lbfgs_options *o = run->options;
  return spo_line_search_check(o->line_search, run->err);
}

/* 1 with a scaled matrix; else longer than the last step (on a hill no pair is good, and a search
 * may never extend), the step given, or a careful one. */
static double first_step(const spo_run *run, double norm) {
  const spo_lbfgs_options *o = run->options;
  const lbfgs_state *s = run->state;
  if (s->gamma > 0.0)
    return 1.0;
  if (s->step_norm > 0.0)
    return o->search.growth * s->step_norm / norm;
  return o->search.step > 0.0 ? o->search.step : spo_line_search_first_step(run, norm);
}

static spo_status search(spo_run *run, spo_line_search_input *in, spo_line_search_result *out) {
  const spo_lbfgs_options *o = run->options;
  const spo_manifold *M = run->eval.problem->manifold;
  const vectors v = vectors_of(run);
  lbfgs_state *s = run->state;
  double slope, norm;
  bool anew = false;
  for (;;) {
    const spo_status status = two_loops(run);
    if (status != SPO_OK)
      return status;
    slope = spo_manifold_inner(M, run->cur->x, run->cur->grad, v.d);
    norm = sqrt(fabs(spo_manifold_inner(M, run->cur->x, v.d, v.d)));
    if (spo_descends(run, slope, norm) || anew)
      break;
    forget(s);
    anew = true;
  }
  *in = (spo_line_search_input){.options = &o->search,
                                .d = v.d,
                                .factor = 1.0,
                                .slope = slope,
                                .norm = norm,
                                .first = first_step(run, norm),
                                .longest = spo_line_search_longest(run, v.d),
                                .velocity = v.v,
                                .state = &s->search};
  return spo_line_search_run(o->line_search, run, in, out);
}

static spo_status step(spo_run *run, spo_iter *it, spo_reason *reason) {
  lbfgs_state *s = run->state;
  spo_line_search_input in;
  spo_line_search_result out = {.reason = SPO_RUNNING};
  spo_status status = search(run, &in, &out);
  if (status == SPO_OK && !out.accepted && out.reason != SPO_RUNNING && s->gamma > 0.0) {
    forget(s);
    status = search(run, &in, &out);
  }
  if (status != SPO_OK || !out.accepted) {
    *reason = out.reason;
    return status;
  }
  s->step_norm = out.t * in.norm;
  spo_line_search_move(run, &in, &out, it);
  return remember(run, run->trial, out.t);
}

static const spo_solver_ops ops = {
    .size = sizeof(spo_solver_ops),
    .name = "lbfgs",
    .summary = "limited-memory Riemannian BFGS, cautious, with a preconditioner",
    .reference = "Huang, Gallivan, Absil 2015; Nocedal, Wright 2006, chapter 7",
    .options_size = sizeof(spo_lbfgs_options),
    .n_options = sizeof table / sizeof table[0],
    .state_size = sizeof(lbfgs_state),
    .option = table,
    .keep_len = keep_len,
    .work_len = work_len,
    .start = start,
    .step = step,
};

const spo_solver_ops *spo_lbfgs(void) {
  return &ops;
}

void spo_lbfgs_options_init(spo_lbfgs_options *options) {
  spo_options_init(table, sizeof table / sizeof table[0], options, sizeof *options);
}
