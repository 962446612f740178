/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Two-pass Lanczos for a direction of negative curvature. */
#include "linear/curvature.h"

#include <float.h>
#include <math.h>

#include "base/blas.h"
#include "base/vec.h"

/* Below this part of the operator's norm a curvature is rounding. */
static const double relative_floor = 1e3 * DBL_EPSILON;
/* A negative Ritz value is good enough once its residual is below this part of it: the direction
 * needs to lead down, not to be an eigenvector. */
static const double settled = 0.1;
/* A Krylov space is exhausted at this part of the operator's norm. */
static const double exhausted = 1e-12;
/* Nothing is called positive before this many steps: an outlier far below a tight bulk of
 * eigenvalues shows itself only after some. */
enum {
  MAX_STEPS = 500,
  POSITIVE_AFTER = 20,
  CHECK_ALWAYS = 12,
  CHECK_EVERY = 4,
  STEP_DOUBLES = 16
};

/* n, and per step: the tridiagonal matrix, the Ritz vector, and LAPACK's room. */
typedef struct scratch {
  size_t n, steps;
  double *q, *q_old, *w;
  double *alpha, *beta, *ritz, *room;
} scratch;

static size_t steps_for(uint64_t max_products) {
  return max_products / 2 < 1           ? 1
         : max_products / 2 < MAX_STEPS ? (size_t)(max_products / 2)
                                        : MAX_STEPS;
}

size_t spo_curvature_work_len(size_t n, uint64_t max_products) {
  return 3 * n + STEP_DOUBLES * steps_for(max_products);
}

static scratch lay_out(size_t n, uint64_t max_products, double *work) {
  const size_t m = steps_for(max_products);
  scratch s = {.n = n, .q = work, .q_old = work + n, .w = work + 2 * n, .alpha = work + 3 * n};
  s.beta = s.alpha + m;
  s.ritz = s.beta + m;
  s.room = s.ritz + m;
  s.steps = m;
  return s;
}

static double dot(const spo_space *S, const double *u, const double *v) {
  double value;
  spo_space_inner(S, 1, u, v, &value);
  return value;
}

/* The lowest eigenpair of the leading m x m tridiagonal matrix. */
static spo_status lowest_ritz(const scratch *s, size_t m, double *value) {
  /* dstevx overwrites its matrix: copies of 2m, then 5m + m of room, 6m integers in 3m doubles */
  double *d = s->room, *e = d + m, *room = e + m, *values = room + 5 * m;
  spo_blasint *integers = (spo_blasint *)(void *)(values + m);
  spo_vec_copy(m, s->alpha, d);
  spo_vec_copy(m, s->beta, e);
  const spo_blasint n = (spo_blasint)m, one = 1;
  const double tiny = 0.0, bound = 0.0;
  spo_blasint found, info;
  dstevx_("V", "I", &n, d, e, &bound, &bound, &one, &one, &tiny, &found, values, s->ritz, &n, room,
          integers, integers + 5 * m, &info);
  *value = values[0];
  return info == 0 && found == 1 ? SPO_OK : SPO_E_NUMERIC;
}

/* One step: w = A q - beta q_old - alpha q, projected; then q_old, q move on. */
static spo_status lanczos_step(const spo_linop *A, const scratch *s, size_t j, double *alpha,
                               double *beta) {
  const spo_space *S = A->space;
  spo_status status = A->apply(A->self, 1, s->q, s->w);
  if (j > 0)
    spo_vec_axpy(s->n, -s->beta[j - 1], s->q_old, s->w);
  *alpha = dot(S, s->q, s->w);
  spo_vec_axpy(s->n, -*alpha, s->q, s->w);
  if (status == SPO_OK)
    status = spo_space_project(S, 1, s->w);
  *beta = sqrt(dot(S, s->w, s->w));
  if (status == SPO_OK && !isfinite(*alpha + *beta))
    status = SPO_OUTSIDE;
  return status;
}

static void move_on(const scratch *s, double beta) {
  spo_vec_copy(s->n, s->q, s->q_old);
  for (size_t i = 0; i < s->n; i++)
    s->q[i] = s->w[i] / beta;
}

/* The first pass; *m steps were made, *value is the lowest Ritz value. */
static spo_status first_pass(const spo_curvature_input *in, const scratch *s, size_t *m,
                             double *value, spo_curvature_result *out) {
  double norm = 0.0;
  for (size_t j = 0; j < s->steps; j++) {
    out->interrupted = in->interrupted && in->interrupted(in->interrupted_self);
    if (out->interrupted)
      return SPO_OK;
    spo_status status = lanczos_step(in->A, s, j, &s->alpha[j], &s->beta[j]);
    out->products++;
    if (status != SPO_OK)
      return status;
    norm = fmax(norm, fabs(s->alpha[j]) + s->beta[j]);
    const bool last = j + 1 == s->steps || !(s->beta[j] > exhausted * norm);
    if (last || j < CHECK_ALWAYS || j % CHECK_EVERY == 0) {
      status = lowest_ritz(s, j + 1, value);
      if (status != SPO_OK)
        return status;
      *m = j + 1; /* as long as the Ritz vector at hand */
      const double residual = s->beta[j] * fabs(s->ritz[j]);
      out->negative = *value < -fmax(in->floor, relative_floor * norm);
      /* nothing negative: until the lowest value is as good as known to stay above the floor */
      const bool done = out->negative ? residual <= settled * -*value
                                      : j + 1 >= POSITIVE_AFTER && *value - residual > -in->floor &&
                                            residual < settled * *value;
      if (last || done)
        return SPO_OK;
    }
    move_on(s, s->beta[j]);
  }
  return SPO_OK;
}

static spo_status second_pass(const spo_curvature_input *in, const scratch *s, size_t m, double *v,
                              spo_curvature_result *out) {
  const spo_space *S = in->A->space;
  spo_vec_copy(s->n, v, s->q);
  spo_vec_zero(s->n, v);
  for (size_t j = 0; j < m; j++) {
    spo_vec_axpy(s->n, s->ritz[j], s->q, v);
    if (j + 1 == m)
      break;
    double alpha, beta;
    const spo_status status = lanczos_step(in->A, s, j, &alpha, &beta);
    out->products++;
    if (status != SPO_OK)
      return status;
    move_on(s, beta);
  }
  const double norm = sqrt(dot(S, v, v));
  if (!(norm > 0.0))
    return SPO_E_NUMERIC;
  spo_vec_scale(s->n, 1.0 / norm, v);
  return spo_space_project(S, 1, v);
}

spo_status spo_curvature_seek(const spo_curvature_input *in, double *v, double *work,
                              spo_curvature_result *out) {
  const spo_space *S = in->A->space;
  const scratch s = lay_out(S->n, in->max_products, work);
  *out = (spo_curvature_result){0};
  const double norm = sqrt(dot(S, v, v));
  if (!(norm > 0.0) || S->dim == 0)
    return SPO_OK; /* nowhere to go */
  spo_vec_scale(s.n, 1.0 / norm, v);
  spo_vec_copy(s.n, v, s.q);
  size_t m = 0;
  spo_status status = first_pass(in, &s, &m, &out->value, out);
  if (status == SPO_OK && out->negative)
    status = second_pass(in, &s, m, v, out);
  return status;
}
