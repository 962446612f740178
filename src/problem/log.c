/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The logarithm of a positive cost. Behind the wrapped problem's memo: f, then g/f. */
#include <spheropt/wrappers.h>

#include <float.h>
#include <math.h>

#include "base/vec.h"
#include "problem/slots.h"
#include "problem/wrap.h"

static const spo_problem *inner(const void *self) {
  return ((const spo_wrapped *)self)->inner;
}

static double *f_of(const void *self, const double *memo) {
  return (double *)(memo + inner(self)->memo_len);
}

static double *ratio_of(const void *self, const double *memo) {
  return f_of(self, memo) + 1;
}

/* Keeps f; 1 where it has no logarithm. */
static int take_log(void *self, double *f, double *memo) {
  *f_of(self, memo) = *f;
  if (!(*f > 0.0 && *f < INFINITY))
    return 1;
  *f = log(*f);
  return 0;
}

/* By division: 1/f may overflow where g/f does not. */
static void divide(size_t n, double f, double *v) {
  for (size_t i = 0; i < n; i++)
    v[i] /= f;
}

static void keep_ratio(void *self, double *g, double *memo) {
  const size_t n = inner(self)->manifold->n;
  divide(n, *f_of(self, memo), g);
  spo_vec_copy(n, g, ratio_of(self, memo));
}

static int cost(void *self, const double *x, double *f, double *memo, double *work) {
  const spo_problem *P = inner(self);
  const int code = P->ops->cost(P->self, x, f, memo, work);
  return code ? code : take_log(self, f, memo);
}

static int egrad(void *self, const double *x, double *g, double *memo, double *work) {
  const spo_problem *P = inner(self);
  const int code = P->ops->egrad(P->self, x, g, memo, work);
  if (code == 0)
    keep_ratio(self, g, memo);
  return code;
}

static int cost_egrad(void *self, const double *x, double *f, double *g, double *memo,
                      double *work) {
  const spo_problem *P = inner(self);
  int code = P->ops->cost_egrad(P->self, x, f, g, memo, work);
  if (code == 0)
    code = take_log(self, f, memo);
  if (code == 0)
    keep_ratio(self, g, memo);
  return code;
}

/* hv: H v in, that of log f out. */
static void convert(const void *self, const double *v, double *hv, const double *memo) {
  const size_t n = inner(self)->manifold->n;
  const double *ratio = ratio_of(self, memo);
  divide(n, *f_of(self, memo), hv);
  spo_vec_axpy(n, -spo_vec_dot(n, ratio, v), ratio, hv);
}

static int ehess(void *self, const double *x, const double *v, double *hv, const double *memo,
                 double *work) {
  const spo_problem *P = inner(self);
  const int code = P->ops->ehess(P->self, x, v, hv, memo, work);
  if (code == 0)
    convert(self, v, hv, memo);
  return code;
}

static int ehess_block(void *self, const double *x, size_t k, const double *V, double *HV,
                       const double *memo, double *work) {
  const spo_problem *P = inner(self);
  const size_t n = P->manifold->n;
  const int code = P->ops->ehess_block(P->self, x, k, V, HV, memo, work);
  for (size_t j = 0; j < k && code == 0; j++)
    convert(self, V + j * n, HV + j * n, memo);
  return code;
}

/* The noise of f, as far as P states it, and that of the logarithm. */
static int scale(void *self, const double *x, double log_f, const double *memo, double *f_noise,
                 double *grad_scale) {
  const spo_problem *P = inner(self);
  const double f = *f_of(self, memo);
  double noise = 1e3 * DBL_EPSILON * f, size = NAN; /* as spo_eval_scale without a slot */
  const int code =
      spo_problem_has(P, scale) ? P->ops->scale(P->self, x, f, memo, &noise, &size) : 0;
  *f_noise = noise / f + DBL_EPSILON * fabs(log_f);
  *grad_scale = isfinite(size) ? size / f : 1.0 / P->manifold->typical_distance;
  return code;
}

static int known_minimum(void *self, double *f_star, const char **theorem) {
  const spo_problem *P = inner(self);
  const int code = P->ops->known_minimum(P->self, f_star, theorem);
  if (code != 0)
    return code;
  if (!(*f_star > 0.0 && *f_star < INFINITY))
    return 1;
  *f_star = log(*f_star);
  return 0;
}

spo_status spo_log_problem(const spo_problem *P, spo_problem **out, spo_error *err) {
  *out = NULL;
  spo_status status = spo_problem_check(P, err);
  if (status != SPO_OK)
    return status;
  void *block;
  status = spo_wrap(P, sizeof(spo_wrapped), "log of ", P->manifold->n + 1, 0, &block, err);
  if (status != SPO_OK)
    return status;
  spo_wrapped *w = block;
  w->ops.cost = cost;
  w->ops.egrad = egrad;
  w->ops.cost_egrad = w->ops.cost_egrad ? cost_egrad : NULL;
  w->ops.ehess = w->ops.ehess ? ehess : NULL;
  w->ops.ehess_block = w->ops.ehess_block ? ehess_block : NULL;
  w->ops.scale = scale;
  w->ops.known_minimum = w->ops.known_minimum ? known_minimum : NULL;
  w->ops.certificate = NULL; /* its gap_bound is one of f, and is not told f */
  *out = &w->problem;
  return SPO_OK;
}
