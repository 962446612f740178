/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A manifold's slots under observation. */
#include "check/guarded.h"

#include <gsl/gsl_randist.h>
#include <math.h>

#include "base/vec.h"
#include "check/report.h"
#include "manifold/slots.h"

void spo_guarded_init(spo_guarded *g, const spo_manifold *M, gsl_rng *rng, double *work,
                      double *memo, spo_error *err) {
  *g = (spo_guarded){.M = M, .rng = rng, .work = work, .memo = memo, .err = err};
  spo_margin_set(work, M->work_len);
  spo_margin_set(memo, M->memo_len);
}

static bool before(spo_guarded *g) {
  spo_poison(g->work, g->M->work_len);
  return g->status == SPO_OK;
}

static void after(spo_guarded *g, spo_status status, const char *slot) {
  g->strayed = g->strayed || !spo_margin_intact(g->work, g->M->work_len) ||
               !spo_margin_intact(g->memo, g->M->memo_len);
  if (status != SPO_OK)
    g->status = spo_fail(g->err, status, "spo_check", "%s: slot %s returned %d (%s)", g->M->name,
                         slot, (int)status, spo_status_text(status));
}

void spo_guarded_project(spo_guarded *g, const double *x, const double *w, double *v) {
  if (before(g))
    after(g, g->M->ops->project(g->M, x, w, v, g->work), "project");
}

void spo_guarded_gradient(spo_guarded *g, const double *x, double *grad) {
  if (before(g)) {
    spo_poison(g->memo, g->M->memo_len);
    after(g, g->M->ops->egrad_to_rgrad(g->M, x, grad, g->memo, g->work), "egrad_to_rgrad");
  }
}

void spo_guarded_hessian(spo_guarded *g, const double *x, const double *v, double *hv) {
  if (before(g))
    after(g, g->M->ops->ehess_to_rhess(g->M, x, g->memo, v, hv, g->work), "ehess_to_rhess");
}

void spo_guarded_point(spo_guarded *g, double *x) {
  if (before(g))
    after(g, g->M->ops->random_point(g->M, g->rng, x, g->work), "random_point");
}

double spo_guarded_defect(spo_guarded *g, const double *x) {
  if (!before(g))
    return NAN;
  const double value = g->M->ops->defect(g->M, x, g->work);
  after(g, SPO_OK, "defect");
  return value;
}

void spo_guarded_transport(spo_guarded *g, const double *x, const double *y, const double *v,
                           double *w) {
  if (before(g))
    after(g, spo_manifold_transport(g->M, x, y, v, w, g->work), "transport");
}

void spo_guarded_velocity(spo_guarded *g, const double *x, double t, const double *v,
                          const double *y, double *w) {
  if (before(g))
    after(g, g->M->ops->velocity(g->M, x, t, v, y, w, g->work), "velocity");
}

void spo_guarded_from_coords(spo_guarded *g, const double *x, size_t k, const double *C,
                             double *V) {
  if (before(g))
    after(g, g->M->ops->from_coords(g->M, x, k, C, V, g->work), "from_coords");
}

void spo_guarded_to_coords(spo_guarded *g, const double *x, size_t k, const double *V, double *C) {
  if (before(g))
    after(g, g->M->ops->to_coords(g->M, x, k, V, C, g->work), "to_coords");
}

void spo_guarded_tangent(spo_guarded *g, const double *x, double *v) {
  const size_t n = g->M->n;
  const double fair = 0.1 * sqrt((double)g->M->dim);
  double norm = 0.0;
  /* one that came out short carries the rounding of a longer one: draw again, but not for ever */
  for (int i = 0; i < 10 && !(norm > fair); i++) {
    for (size_t j = 0; j < n; j++)
      v[j] = gsl_ran_gaussian_ziggurat(g->rng, 1.0);
    spo_guarded_project(g, x, v, v);
    norm = spo_guarded_norm(g, x, v);
  }
  spo_vec_scale(n, g->M->typical_distance / norm, v);
  spo_guarded_project(g, x, v, v);
}

static bool moved(spo_guarded *g, spo_status status, const char *slot) {
  after(g, status < SPO_OK ? status : SPO_OK, slot);
  return status == SPO_OK;
}

bool spo_guarded_retract(spo_guarded *g, const double *x, double t, const double *v, double *y) {
  return before(g) && moved(g, g->M->ops->retract(g->M, x, t, v, y, g->work), "retract");
}

bool spo_guarded_exp(spo_guarded *g, const double *x, double t, const double *v, double *y) {
  return before(g) && moved(g, g->M->ops->exp(g->M, x, t, v, y, g->work), "exp");
}

double spo_guarded_inner(const spo_guarded *g, const double *x, const double *u, const double *v) {
  return spo_manifold_inner(g->M, x, u, v);
}

double spo_guarded_norm(const spo_guarded *g, const double *x, const double *v) {
  return spo_manifold_has(g->M, inner) ? sqrt(g->M->ops->inner(g->M, x, v, v))
                                       : spo_vec_norm(g->M->n, v);
}
