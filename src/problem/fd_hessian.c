/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Hessian products by central differences of the gradient along the retraction. */
#include <spheropt/wrappers.h>

#include <float.h>
#include <math.h>

#include "base/memory.h"
#include "base/vec.h"
#include "manifold/slots.h"
#include "problem/slots.h"
#include "problem/wrap.h"

static const double longest_step = 0.1;

typedef struct differences {
  spo_wrapped base; /* first */
  double length;    /* of a step, in the manifold's metric */
} differences;

/* g = egrad(R_x(t v)); memo and work are those of that place. */
static int egrad_at(const spo_problem *P, const double *x, double t, const double *v, double *y,
                    double *g, double *memo, double *work) {
  const spo_manifold *M = P->manifold;
  const spo_status status = M->ops->retract(M, x, t, v, y, work);
  double f;
  if (status != SPO_OK)
    return status;
  if (spo_problem_has(P, cost_egrad))
    return P->ops->cost_egrad(P->self, y, &f, g, memo, work);
  const int code = P->ops->cost(P->self, y, &f, memo, work);
  return code ? code : P->ops->egrad(P->self, y, g, memo, work);
}

static int ehess(void *self, const double *x, const double *v, double *hv, const double *memo,
                 double *work) {
  const differences *d = self;
  const spo_problem *P = d->base.inner;
  const spo_manifold *M = P->manifold;
  const size_t n = M->n;
  (void)memo; /* of x; the gradients are needed beside it */
  double *y = work + spo_wrap_work_len(P), *back = y + n, *trial_memo = back + n;
  const double norm =
      spo_manifold_has(M, inner) ? sqrt(fabs(M->ops->inner(M, x, v, v))) : spo_vec_norm(n, v);
  if (norm == 0.0) {
    spo_vec_zero(n, hv);
    return 0;
  }
  const double t = d->length / norm;
  int code = egrad_at(P, x, t, v, y, hv, trial_memo, work);
  if (code == 0)
    code = egrad_at(P, x, -t, v, y, back, trial_memo, work);
  if (code == 0)
    spo_vec_combine(n, 0.5 / t, hv, -0.5 / t, back, hv);
  return code;
}

spo_status spo_fd_hessian_problem(const spo_problem *P, double step, spo_problem **out,
                                  spo_error *err) {
  *out = NULL;
  spo_status status = spo_problem_check(P, err);
  if (status != SPO_OK)
    return status;
  if (!(step >= 0.0 && step <= longest_step))
    return spo_fail(err, SPO_E_ARG, __func__, "step: %g is not allowed; it must be in 0..%g", step,
                    longest_step);
  void *block;
  const size_t more = spo_size_add(spo_size_mul(2, P->manifold->n), P->memo_len);
  status = spo_wrap(P, sizeof(differences), "differences of ", 0, more, &block, err);
  if (status != SPO_OK)
    return status;
  differences *d = block;
  d->length = (step > 0.0 ? step : cbrt(DBL_EPSILON)) * P->manifold->typical_distance;
  d->base.ops.ehess = ehess;
  d->base.ops.ehess_block = NULL;
  *out = &d->base.problem;
  return SPO_OK;
}
