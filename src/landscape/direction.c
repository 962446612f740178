/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Directions of negative curvature: the certificate's constructions, judged by Hessian products,
 * and the decrease that they bring. */
#include "landscape/direction.h"

#include <math.h>

#include <spheropt/tangent.h>

#include "base/detail.h"
#include "base/memory.h"
#include "base/vec.h"
#include "linear/basis.h"

enum {
  POWER_STEPS = 6,
  HALVINGS = 40 /* of the step: a decrease along a direction of curvature goes with its square */
};

/* Unit length in the metric at p; *size is what it was. */
static void normalise(const spo_space *S, double *v, double *scratch, double *size) {
  *size = spo_space_norm(S, v, scratch);
  if (*size > 0.0 && isfinite(*size))
    for (size_t i = 0; i < S->n; i++)
      v[i] /= *size;
}

spo_status spo_hessian_size(spo_eval *E, spo_point *p, gsl_rng *rng, double *V, double *size) {
  const spo_manifold *M = E->problem->manifold;
  double *v = V, *hv = V + M->n;
  spo_tangent T;
  spo_tangent_at(&T, E, p);
  *size = 0.0;
  spo_status status = spo_manifold_random_tangent(M, p->x, rng, v, E->work);
  double length;
  normalise(&T.space, v, hv, &length);
  for (int step = 0; step < POWER_STEPS && status == SPO_OK && length > 0.0; step++) {
    status = spo_eval_hess(E, p, 1, v, hv);
    spo_vec_copy(M->n, hv, v);
    normalise(&T.space, v, hv, &length);
    *size = fmax(*size, length);
  }
  return status;
}

spo_status spo_direction_try(spo_eval *E, spo_point *p, const char *name, double *v, double *hv,
                             spo_direction *best) {
  spo_tangent T;
  spo_tangent_at(&T, E, p);
  double size = 0.0, rayleigh = NAN;
  spo_status status = SPO_OK;
  /* first to unit length, so that the projection's rounding is relative to it */
  for (int pass = 0; pass < 2 && status == SPO_OK; pass++) {
    normalise(&T.space, v, hv, &size);
    if (!(size > (pass == 0 ? 0.0 : 1e-8)) || !isfinite(size)) /* nothing, or nothing tangent */
      return SPO_OK;
    if (pass == 0)
      status = spo_space_project(&T.space, 1, v);
  }
  if (status == SPO_OK)
    status = spo_eval_hess(E, p, 1, v, hv);
  if (status != SPO_OK)
    return status;
  spo_space_inner(&T.space, 1, v, hv, &rayleigh);
  if (isnan(rayleigh) || (best->name && !(rayleigh < best->rayleigh)))
    return SPO_OK;
  best->name = name;
  best->rayleigh = rayleigh;
  spo_vec_copy(T.space.n, v, best->v);
  return SPO_OK;
}

spo_status spo_direction_cases(spo_eval *E, spo_point *p, double lambda, const double *u,
                               double *room, spo_direction *best, spo_error *err) {
  const spo_problem *P = E->problem;
  const spo_certificate *C = P->ops->certificate;
  const size_t n = P->manifold->n, store_len = C->store_len(P->self);
  double *store = spo_block_alloc(spo_size_mul(store_len + C->work_len(P->self), sizeof(double)));
  if (!store)
    return spo_fail(err, SPO_E_NOMEM, "spo_verify", "no memory for the certificate");
  double *work = store + store_len;
  int code = C->prepare(P->self, p->x, p->memo, store, work);
  const char *which = "prepare";
  spo_status status = SPO_OK;
  for (size_t c = 0; c < C->n_cases && status == SPO_OK && code == 0; c++) {
    code = C->direction(P->self, p->x, p->memo, store, c, lambda, u, room, work);
    which = C->case_name[c];
    if (code == 0)
      status = spo_direction_try(E, p, C->case_name[c], room, room + n, best);
    code = code > 0 ? 0 : code; /* > 0: this case does not apply */
  }
  spo_block_free(store);
  if (code == 0)
    return status;
  return spo_fail_detail(err, SPO_E_USER, code, "spo_verify",
                         "the certificate's direction (%s) returned %d", which, code);
}

/* f(x) - f(exp(t v)), -inf where that point cannot be evaluated */
static spo_status gain(spo_eval *E, const spo_point *p, double t, const double *v, spo_point *trial,
                       double *decrease) {
  *decrease = -INFINITY;
  spo_status status = spo_eval_exp(E, p, t, v, trial);
  if (status == SPO_OK)
    status = spo_eval_cost(E, trial);
  if (status == SPO_OK)
    *decrease = p->f - trial->f;
  return status == SPO_OUTSIDE ? SPO_OK : status;
}

spo_status spo_direction_decrease(spo_eval *E, const spo_point *p, double *v, double *decrease,
                                  double *step, spo_error *err) {
  const spo_manifold *M = E->problem->manifold;
  spo_point *trial;
  *decrease = *step = 0.0;
  spo_status status = spo_point_create(E->problem, &trial, err);
  if (status != SPO_OK)
    return status;
  double t = M->typical_distance;
  for (int i = 0; i < HALVINGS && status == SPO_OK; i++, t /= 2) {
    double here = -INFINITY;
    for (int sign = 1; sign >= -1 && status == SPO_OK; sign -= 2) {
      double change;
      status = gain(E, p, sign * t, v, trial, &change);
      here = fmax(here, change);
      if (status == SPO_OK && change > *decrease) {
        *decrease = change;
        *step = sign * t;
      }
    }
    if (*decrease > 0.0 && here < 0.01 * *decrease)
      break;
  }
  spo_point_destroy(trial);
  if (*step < 0.0) {
    *step = -*step;
    spo_vec_scale(M->n, -1.0, v);
  }
  return status;
}
