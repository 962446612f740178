/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Truncated conjugate gradients from a tiny random start, with an extra Cauchy step where they meet
 * the boundary of half the radius. Sees linear algebra only. */
#include <spheropt/solvers/randomized_tcg.h>

#include <gsl/gsl_randist.h>
#include <math.h>

#include "base/vec.h"
#include "subproblem_table.h"
#include "tcg_path.h"

/* A decrease below this part of the model's value at the start is its rounding, or too
 * uncertain. */
static const double certain = 1e-3;

/* What is kept of the start, for a replay. */
enum { STARTED, SQUARE, DECREASE, HEAD };

typedef struct room {
  double *head, *start, *path;
} room;

static room lay_out(size_t n, double *work) {
  return (room){work, work + HEAD, work + HEAD + n};
}

static size_t work_len(const spo_space *T, const void *options) {
  return HEAD + T->n + spo_cg_path_len(T, options);
}

static double dot(const spo_space *S, const double *u, const double *v) {
  double value;
  spo_space_inner(S, 1, u, v, &value);
  return value;
}

/* The random start P w and the model's gradient there, times unit, into r; hd is scratch. */
static spo_status make_start(const spo_trs_input *in, const room *w, spo_cg_path *s,
                             spo_trs_result *out) {
  const spo_space *S = in->hess->space;
  const spo_trs_options *o = in->options;
  double *start = w->start;
  for (size_t i = 0; i < S->n; i++)
    s->r[i] = gsl_ran_gaussian_ziggurat(in->rng, 1.0);
  spo_status status = spo_space_project(S, 1, s->r);
  if (status == SPO_OK)
    status = spo_cg_precondition(in, s->r, start);
  if (status == SPO_OK)
    status = spo_space_project(S, 1, start);
  const double length = sqrt(dot(S, s->r, start)), g = sqrt(dot(S, in->grad, in->grad));
  if (status == SPO_OK)
    status = in->hess->apply(in->hess->self, 1, start, s->hd);
  out->inner++;
  const double h = sqrt(dot(S, s->hd, s->hd)), slope = dot(S, s->hd, in->grad);
  if (status != SPO_OK || !(length > 0.0) || !isfinite(h))
    return status == SPO_OK ? SPO_OUTSIDE : status;
  double t = o->noise * in->radius / length;
  if (g > 0.0 && h > 0.0)
    t = fmin(t, g / h);
  if (slope < 0.0) /* so that the gradient at the start is no less than g */
    t = -t;
  spo_vec_scale(S->n, t, start);
  w->head[STARTED] = 1.0;
  w->head[SQUARE] = t * length * (t * length);
  w->head[DECREASE] = -dot(S, in->grad, start) - 0.5 * t * dot(S, s->hd, start);
  spo_vec_combine(S->n, s->unit, in->grad, s->unit * t, s->hd, s->r);
  return SPO_OK;
}

static void use_start(const room *w, spo_cg_path *s, double *eta) {
  if (w->head[STARTED] > 0.0) {
    s->start = w->start;
    s->start_square = w->head[SQUARE];
    s->start_decrease = w->head[DECREASE];
    spo_vec_copy(s->n, w->start, eta);
  } else {
    s->start = NULL;
    spo_vec_zero(s->n, eta);
  }
}

static bool stop_here(const spo_trs_input *in, spo_trs_result *out) {
  out->interrupted = in->interrupted && in->interrupted(in->interrupted_self);
  return out->interrupted;
}

/* From the boundary of half the radius along the model's gradient r there, within all of it. */
static spo_status cauchy(const spo_trs_input *in, spo_cg_path *s, double *eta,
                         spo_trs_result *out) {
  const spo_space *S = in->hess->space;
  double *z = s->spare;
  if (stop_here(in, out))
    return SPO_OK;
  spo_status status = spo_cg_precondition(in, s->r, z);
  if (status == SPO_OK)
    status = spo_space_project(S, 1, z);
  if (status == SPO_OK)
    status = in->hess->apply(in->hess->self, 1, z, s->hd);
  out->inner++;
  const double zr = dot(S, z, s->r);
  spo_cg_node at = {.ePe = 0.25 * in->radius * in->radius,
                    .ePd = -dot(S, eta, s->r),
                    .dPd = zr,
                    .rd = -zr,
                    .dHd = s->unit * dot(S, z, s->hd)};
  at.alpha = at.dHd > 0.0 ? zr / at.dHd : INFINITY;
  if (status != SPO_OK || !(zr > 0.0))
    return status;
  if (!isfinite(at.dHd))
    return SPO_OUTSIDE;
  const double t = spo_cg_leaves(&at, in->radius) ? spo_cg_to_boundary(&at, in->radius) : at.alpha;
  spo_vec_axpy(S->n, -t, z, eta);
  out->step_norm = sqrt(spo_cg_square_after(&at, t));
  out->decrease += spo_cg_gain(&at, t) / s->unit;
  return SPO_OK;
}

/* Answers from the store up to the boundary of half the radius, and makes the gradient there. */
static spo_status repeat(const spo_trs_input *in, const room *w, spo_cg_path *s, double *eta,
                         spo_trs_result *out, bool *done) {
  const double half = 0.5 * in->radius;
  use_start(w, s, eta);
  *done = !(s->start && s->start_square >= half * half) && spo_cg_replay(in, half, s, eta, out);
  if (!*done || stop_here(in, out))
    return SPO_OK;
  const spo_status status = in->hess->apply(in->hess->self, 1, eta, s->r);
  out->inner++;
  spo_vec_combine(s->n, s->unit, s->r, s->unit, in->grad, s->r);
  return status;
}

/* The path from the start, and from 0 where the noise outweighs what the gradient promises. */
static spo_status follow(const spo_trs_input *in, const room *w, spo_cg_path *s, double *eta,
                         spo_trs_result *out) {
  spo_status status = make_start(in, w, s, out);
  if (status != SPO_OK)
    return status;
  use_start(w, s, eta);
  status = spo_cg_follow(in, 0.5 * in->radius, s, eta, out);
  const bool drowned = !(out->decrease > certain * fabs(w->head[DECREASE]));
  if (drowned && out->interrupted)
    out->decrease = 0.0;
  if (status == SPO_OK && drowned && !out->interrupted) {
    w->head[STARTED] = 0.0;
    use_start(w, s, eta);
    spo_vec_combine(s->n, s->unit, in->grad, 0.0, in->grad, s->r);
    *out = (spo_trs_result){.inner = out->inner};
    status = spo_cg_follow(in, 0.5 * in->radius, s, eta, out);
  }
  if (status == SPO_OK && out->at_boundary)
    spo_vec_axpy(s->n, s->unit * s->left, s->hd, s->r);
  return status;
}

static spo_status solve(const spo_trs_input *in, double *eta, double *work, spo_trs_result *out) {
  const size_t n = in->hess->space->n;
  const room w = lay_out(n, work);
  spo_cg_path s = spo_cg_path_lay_out(in, w.path);
  *out = (spo_trs_result){0};
  bool done = false;
  spo_status status = SPO_OK;
  if (in->replay)
    status = repeat(in, &w, &s, eta, out, &done);
  if (status == SPO_OK && !done && !stop_here(in, out))
    status = follow(in, &w, &s, eta, out);
  if (status == SPO_OK && out->at_boundary && !out->interrupted)
    status = cauchy(in, &s, eta, out);
  if (!(out->decrease > 0.0)) {
    spo_vec_zero(n, eta);
    out->step_norm = out->decrease = 0.0;
    out->at_boundary = out->negative_curvature = false;
  }
  return status;
}

const spo_trs_ops spo_randomized_tcg_ops = {
    .size = sizeof(spo_trs_ops),
    .name = "randomized-tcg",
    .summary = "truncated conjugate gradients from a tiny random start; leaves saddles by itself",
    .reference = "Dragomir, Jiang, Sun, Boumal 2026, arXiv:2603.15494",
    .options_size = sizeof(spo_trs_options),
    .n_options = SPO_TRS_N_OPTIONS,
    .option = spo_trs_option,
    .work_len = work_len,
    .solve = solve,
    .explores = true,
};

const spo_trs_ops *spo_randomized_tcg(void) {
  return &spo_randomized_tcg_ops;
}
