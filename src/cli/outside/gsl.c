/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Minimisers of GSL (gsl_multimin) as contenders. */
#include "cli/outside/outside.h"

#include <gsl/gsl_errno.h>
#include <gsl/gsl_multimin.h>
#include <math.h>

#include "cli/outside/pullback.h"

/* GSL's manual: 0.1 for the line search of both methods; the first step is a hundredth of a long
 * one, as in the manual's example. */
static const double line_tolerance = 0.1, first_step = 0.01;

static double value(const gsl_vector *y, void *self) {
  return pullback_value(self, y->data, NULL);
}
static void both(const gsl_vector *y, void *self, double *f, gsl_vector *g) {
  *f = pullback_value(self, y->data, g->data);
}
static void gradient(const gsl_vector *y, void *self, gsl_vector *g) {
  pullback_value(self, y->data, g->data);
}

/* Steps until a rule fires. Where a line search makes no progress, the method begins anew, as long
 * as that helps. */
static spo_reason iterate(gsl_multimin_fdfminimizer *s, pullback *b, uint64_t *k) {
  double f_restart = INFINITY;
  spo_reason reason = pullback_judge(b, s->x->data, 0);
  while (reason == SPO_RUNNING) {
    const int code = gsl_multimin_fdfminimizer_iterate(s);
    ++*k;
    reason = pullback_judge(b, s->x->data, *k);
    if (reason != SPO_RUNNING || code == GSL_SUCCESS)
      continue;
    if (code != GSL_ENOPROG || !(s->f < f_restart))
      return SPO_STOP_LINE_SEARCH;
    f_restart = s->f;
    gsl_multimin_fdfminimizer_restart(s);
  }
  return reason;
}

spo_status cli_outside_gsl(void *self, const spo_problem *P, double *x, const spo_stop *stop,
                           uint64_t seed, spo_result *res, spo_error *err) {
  const gsl_multimin_fdfminimizer_type *const *type = self;
  const size_t n = P->manifold->n;
  uint64_t k = 0;
  pullback *b;
  (void)seed;
  spo_status status = pullback_create(P, x, stop, &b, err);
  if (status != SPO_OK)
    return status;
  gsl_multimin_function_fdf g = {.f = value, .df = gradient, .fdf = both, .n = n, .params = b};
  gsl_multimin_fdfminimizer *s = gsl_multimin_fdfminimizer_alloc(*type, n);
  gsl_vector_view start = gsl_vector_view_array(x, n);
  if (s && gsl_multimin_fdfminimizer_set(s, &g, &start.vector,
                                         first_step * P->manifold->typical_distance,
                                         line_tolerance) == GSL_SUCCESS) {
    const spo_reason reason = iterate(s, b, &k);
    pullback_point(b, s->x->data, x);
    *res = pullback_result(b, reason, k);
    status = pullback_failure(b);
  } else {
    status = spo_fail(err, s ? SPO_E_NUMERIC : SPO_E_NOMEM, __func__, "GSL could not begin");
  }
  if (s)
    gsl_multimin_fdfminimizer_free(s);
  pullback_destroy(b);
  return status;
}
