/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * NLopt's limited-memory BFGS as a contender. NLopt tells nobody when an iteration ends: its
 * evaluations are counted as iterations, and the stop rules are asked at each. */
#include "cli/outside/outside.h"

#include <math.h>
#include <nlopt.h>
#include <stdlib.h>
#include <string.h>

#include "cli/outside/pullback.h"

/* NLopt 2.7 ends where no entry of the gradient exceeds 1e-8, whatever one asks for. The cost is
 * scaled by a power of two, which changes no digit, so that our target lies above that. */
static const double own_limit = 1e-7; /* with a margin */
/* By itself NLopt fills ten megabytes with them: hardly fewer iterations, several times as slow. */
enum { stored_pairs = 10 };

typedef struct session {
  pullback *b;
  double scale;
  nlopt_opt opt;
  spo_reason reason;
  double *end; /* where a rule fired */
  size_t n;
} session;

static double value(unsigned n, const double *y, double *gradient, void *self) {
  session *s = self;
  const double f = pullback_value(s->b, y, gradient);
  for (unsigned i = 0; gradient && i < n; i++)
    gradient[i] *= s->scale;
  if (pullback_failure(s->b) != SPO_OK) {
    nlopt_force_stop(s->opt);
  } else if (f < INFINITY && s->reason == SPO_RUNNING) {
    s->reason = pullback_judge(s->b, y, pullback_calls(s->b));
    if (s->reason != SPO_RUNNING) {
      memcpy(s->end, y, s->n * sizeof *y);
      nlopt_force_stop(s->opt);
    }
  }
  return s->scale * f;
}

static double choose_scale(const session *s) {
  const double ratio = own_limit * sqrt((double)s->n) / pullback_target(s->b);
  return ratio > 1.0 && ratio < 0x1p100 ? exp2(ceil(log2(ratio))) : 1.0;
}

/* Only our rules shall end a run; where NLopt ends one itself, it begins anew, as long as that
 * helps. */
static spo_status optimize(session *s, double *y, spo_error *err) {
  double f = INFINITY, before;
  nlopt_set_min_objective(s->opt, value, s);
  nlopt_set_vector_storage(s->opt, stored_pairs);
  do {
    before = f;
    const nlopt_result code = nlopt_optimize(s->opt, y, &f);
    if (code == NLOPT_OUT_OF_MEMORY)
      return spo_fail(err, SPO_E_NOMEM, __func__, "NLopt is out of memory");
    if (code == NLOPT_INVALID_ARGS)
      return spo_fail(err, SPO_E_NUMERIC, __func__, "NLopt could not begin");
  } while (s->reason == SPO_RUNNING && pullback_failure(s->b) == SPO_OK && f < before);
  if (s->reason != SPO_RUNNING)
    memcpy(y, s->end, s->n * sizeof *y);
  else
    s->reason = SPO_STOP_LINE_SEARCH;
  return pullback_failure(s->b);
}

spo_status cli_outside_nlopt(void *self, const spo_problem *P, double *x, const spo_stop *stop,
                             uint64_t seed, spo_result *res, spo_error *err) {
  session s = {.n = P->manifold->n, .reason = SPO_RUNNING};
  (void)self, (void)seed;
  spo_status status = pullback_create(P, x, stop, &s.b, err);
  if (status != SPO_OK)
    return status;
  s.opt = nlopt_create(NLOPT_LD_LBFGS, (unsigned)s.n);
  s.end = malloc(s.n * sizeof *s.end);
  if (s.opt && s.end) {
    s.scale = choose_scale(&s);
    status = optimize(&s, x, err);
    pullback_point(s.b, x, x);
    *res = pullback_result(s.b, s.reason, pullback_calls(s.b));
  } else {
    status = spo_fail(err, SPO_E_NOMEM, __func__, "out of memory");
  }
  free(s.end);
  nlopt_destroy(s.opt);
  pullback_destroy(s.b);
  return status;
}
