/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The generalised Lanczos trust-region method. Its basis stays in the work, so that a rejected step
 * is answered for the smaller radius from it. Sees linear algebra only. */
#include <spheropt/solvers/gltr.h>

#include <math.h>

#include "base/vec.h"
#include "linear/lanczos.h"
#include "subproblem_table.h"

/* The model is minimised after each of the first steps, then after some: a decomposition of the
 * tridiagonal matrix each time. */
enum { CHECK_ALWAYS = 12, CHECK_EVERY = 4 };
/* Steps from a random direction, once the gradient's Krylov space is exhausted, before what is
 * unseen counts as harmless: an outlier below a tight bulk shows itself only after some. */
enum { EXPLORE = 20 };
/* A coupling below this part of the operator's norm leads to what the gradient hardly sees: small
 * residuals prove little there. */
static const double thin = 1e-3;

enum {
  EXHAUSTED_AT,
  CLOSED,
  HEAD
}; /* steps of g's Krylov space, -1: not all of it; no more left */

static size_t vectors_of(const spo_space *S, const spo_trs_options *o) {
  /* two a step with a preconditioner, and no more steps than dimensions */
  const size_t most = S->dim < 1 ? 2 : 2 * S->dim;
  return o->basis < most ? (size_t)o->basis : most;
}

static size_t work_len(const spo_space *T, const void *options) {
  return HEAD + spo_lanczos_len(T->n, vectors_of(T, options));
}

typedef struct search {
  const spo_trs_input *in;
  spo_lanczos L;
  double *head, target;
  spo_secular_result model;
  double residual;
} search;

static spo_status minimise(search *s) {
  return spo_lanczos_minimise(&s->L, s->in->radius, 0.0, s->target, &s->model, &s->residual);
}

/* Has enough been seen besides the residual? */
static bool explored(const search *s) {
  if (s->head[CLOSED] > 0.0)
    return true;
  if (s->head[EXHAUSTED_AT] < 0.0)
    return spo_lanczos_coupling(&s->L) > thin;
  return (double)spo_lanczos_steps(&s->L) - s->head[EXHAUSTED_AT] >= EXPLORE;
}

/* A random direction comes next, where there is one. */
static spo_status start_afresh(search *s) {
  bool found = false;
  if (s->head[EXHAUSTED_AT] < 0.0)
    s->head[EXHAUSTED_AT] = (double)spo_lanczos_steps(&s->L);
  const spo_status status = spo_lanczos_fresh(&s->L, s->in->rng, &found);
  s->head[CLOSED] = !found;
  return status;
}

/* Grows the basis until the model's minimum in it will do, or nothing more can be had. */
static spo_status grow(search *s, spo_trs_result *out) {
  const spo_space *S = s->in->hess->space;
  const uint64_t limit = spo_trs_limit(S, s->in->options);
  spo_status status = SPO_OK;
  while (status == SPO_OK && spo_lanczos_steps(&s->L) < s->L.room && out->inner < limit) {
    if (spo_lanczos_exhausted(&s->L))
      status = start_afresh(s);
    if (status != SPO_OK || s->head[CLOSED] > 0.0)
      break;
    out->interrupted = s->in->interrupted && s->in->interrupted(s->in->interrupted_self);
    if (out->interrupted)
      break;
    status = spo_lanczos_step(&s->L);
    out->inner++;
    if (status != SPO_OK)
      return status;
    const size_t m = spo_lanczos_steps(&s->L);
    if (m > CHECK_ALWAYS && m % CHECK_EVERY != 0 && !spo_lanczos_exhausted(&s->L))
      continue;
    status = minimise(s);
    if (s->residual <= s->target && explored(s))
      return status;
  }
  return status == SPO_OK && spo_lanczos_steps(&s->L) > 0 ? minimise(s) : status;
}

static spo_status solve(const spo_trs_input *in, double *eta, double *work, spo_trs_result *out) {
  const spo_space *S = in->hess->space;
  const spo_linop *precond = in->precond && in->precond->apply ? in->precond : NULL;
  search s = {.in = in, .head = work};
  double square;
  *out = (spo_trs_result){0};
  spo_vec_zero(S->n, eta);
  spo_lanczos_lay_out(&s.L, in->hess, precond, vectors_of(S, in->options), work + HEAD);
  spo_space_inner(S, 1, in->grad, in->grad, &square);
  s.target = spo_trs_target(in, in->options, sqrt(square));
  spo_status status = SPO_OK;
  const bool again = in->replay && spo_lanczos_steps(&s.L) > 0;
  if (again) {
    status = minimise(&s);
  } else {
    s.head[EXHAUSTED_AT] = -1.0;
    s.head[CLOSED] = 0.0;
    status = spo_lanczos_begin(&s.L, in->grad);
  }
  if (status == SPO_OK && !(again && s.residual <= s.target && explored(&s)))
    status = grow(&s, out);
  if (status != SPO_OK || spo_lanczos_steps(&s.L) == 0)
    return status;
  spo_lanczos_combine(&s.L, eta);
  out->step_norm = s.model.norm;
  out->decrease = s.model.decrease;
  out->at_boundary = s.model.boundary;
  out->negative_curvature = s.model.negative;
  out->curvature = s.model.negative ? s.L.lambda[0] : 0.0;
  out->replayed = again && out->inner == 0;
  return SPO_OK;
}

const spo_trs_ops spo_gltr_ops = {
    .size = sizeof(spo_trs_ops),
    .name = "gltr",
    .summary = "generalised Lanczos: the model's minimum over the Krylov space, boundary included",
    .reference = "Gould, Lucidi, Roma, Toint 1999",
    .options_size = sizeof(spo_trs_options),
    .n_options = SPO_TRS_N_OPTIONS,
    .option = spo_trs_option,
    .work_len = work_len,
    .solve = solve,
    .explores = true,
};

const spo_trs_ops *spo_gltr(void) {
  return &spo_gltr_ops;
}
