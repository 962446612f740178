/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Taylor remainders of cost and gradient, and what a Hessian has to be besides. */
#include <float.h>
#include <math.h>

#include "base/vec.h"
#include "check/lab.h"
#include "manifold/slots.h"
#include "problem/slots.h"

/* Adds to the squares at one step: cost after one and two terms, gradient after one. */
static void taylor(spo_lab *l, bool with_hess, size_t j, double t, double *remainder) {
  const double *v = l->directions + j * l->n, *hv = l->hess + j * l->n;
  remainder[0] = remainder[1] = remainder[2] = NAN;
  if (!spo_lab_before(l) || !spo_lab_after(l, spo_eval_exp(&l->E, &l->at, t, v, &l->to)) ||
      !spo_lab_cost(l, &l->to))
    return;
  const double once = (l->to.f - l->at.f) - t * spo_manifold_inner(l->M, l->at.x, l->at.grad, v);
  remainder[0] = fabs(once);
  if (!with_hess)
    return;
  remainder[1] = fabs(once - 0.5 * t * t * spo_manifold_inner(l->M, l->at.x, hv, v));
  if (spo_manifold_has(l->M, inner) || !spo_lab_grad(l, &l->to))
    return;
  spo_vec_add(l->n, l->to.grad, -1.0, l->at.grad, l->u);
  spo_guarded_project(&l->g, l->at.x, l->u, l->u);
  spo_vec_axpy(l->n, -t, hv, l->u);
  remainder[2] = spo_vec_norm(l->n, l->u);
}

void spo_lab_measure_slopes(spo_lab *l, bool with_hess, spo_lab_slopes *s) {
  double remainder[3];
  s->with_hess = with_hess && l->has_hess;
  for (size_t k = 0; k < SPO_STEPS; k++) {
    s->r[0][k] = s->r[1][k] = s->r[2][k] = 0.0;
    for (size_t j = 0; j < 2 * SPO_DIRECTIONS; j++) {
      taylor(l, s->with_hess, j / 2, j % 2 ? -spo_step(k) : spo_step(k), remainder);
      for (size_t i = 0; i < 3; i++)
        s->r[i][k] = hypot(s->r[i][k], remainder[i] / sqrt(2.0 * SPO_DIRECTIONS));
    }
  }
  s->size = fabs(l->at.f) + l->at.grad_norm * l->M->typical_distance;
  /* Where f is stationary the shortest steps may all round to one value and show no noise: then
   * what the problem states is the better measure. spo_slope keeps 16 times its floor away */
  const double stated = spo_problem_has(l->P, scale) ? l->f_noise / 16.0 : 0.0;
  s->floor = fmax(DBL_EPSILON * fabs(l->at.f), stated);
}

/* ---- cost and gradient ----------------------------------------------------------------------- */

void spo_lab_check_gradient(spo_lab *l, const spo_lab_slopes *s, spo_check_curve *curve) {
  const bool fused = spo_problem_has(l->P, cost_egrad), stated = spo_problem_has(l->P, scale);
  if (stated) {
    spo_report_add(l->report, "scale: noise", l->f_noise, 0.0, DBL_MAX);
    spo_report_add(l->report, "scale: gradient", l->grad_scale, DBL_MIN, DBL_MAX);
  }
  spo_report_add(l->report, fused ? "cost_egrad: cost" : "cost: repeatable", l->cost_again, 0.0,
                 l->f_noise + l->tol * fabs(l->at.f));
  spo_lab_judge(l, fused ? "cost_egrad: gradient" : "egrad: repeatable", l->grad_again, l->size_g);
  spo_guarded_project(&l->g, l->at.x, l->at.grad, l->u);
  spo_lab_judge(l, "gradient: tangent", spo_lab_distance(l, l->u, l->at.grad), l->size_g);
  spo_report_slope(l->report, "gradient: predicts the cost", 2, s->r[0], s->floor, s->size);
  spo_curve_fill(curve, 2, s->r[0], s->floor, s->size, l->M->typical_distance);
  if (stated)
    spo_report_add(l->report, "scale: noise covers rounding",
                   s->r[0][SPO_STEPS - 1] == 0.0 ? 0.0 : s->r[0][SPO_STEPS - 1] / l->f_noise, 0.0,
                   10.0);
}

/* ---- Hessian --------------------------------------------------------------------------------- */

/* Products one by one, as the problem gives them, against its own block of them. */
static void check_block(spo_lab *l) {
  const spo_problem_ops *ops = l->P->ops;
  void *self = l->P->self;
  if (!spo_problem_has(l->P, ehess) || !spo_problem_has(l->P, ehess_block))
    return;
  double error = 0.0, size = 0.0;
  if (spo_lab_before(l))
    spo_lab_callback(
        l,
        ops->ehess_block(self, l->at.x, SPO_LAB_BLOCK, l->directions, l->HV, l->at.memo, l->E.work),
        "ehess_block");
  for (size_t j = 0; j < SPO_LAB_BLOCK; j++) {
    if (spo_lab_before(l))
      spo_lab_callback(
          l, ops->ehess(self, l->at.x, l->directions + j * l->n, l->u, l->at.memo, l->E.work),
          "ehess");
    error = hypot(error, spo_lab_distance(l, l->u, l->HV + j * l->n));
    size = hypot(size, spo_vec_norm(l->n, l->u));
  }
  spo_lab_judge(l, "Hessian: block as one by one", error, size);
}

static void check_products(spo_lab *l) {
  const size_t n = l->n;
  const double *v = l->directions, *hv = l->hess, reach = l->M->typical_distance;
  double largest = 0.0;
  for (size_t j = 0; j < SPO_DIRECTIONS; j++)
    largest = fmax(largest, spo_vec_norm(n, hv + j * n));
  /* the manifold's part is of the size of the gradient's normal component, and may cancel */
  const double size = largest + l->size_g * reach;
  double outside = 0.0, skew = 0.0;
  for (size_t j = 0; j < SPO_DIRECTIONS; j++) {
    spo_guarded_project(&l->g, l->at.x, hv + j * n, l->u);
    outside = fmax(outside, spo_lab_distance(l, l->u, hv + j * n));
    for (size_t i = 0; i < j; i++)
      skew = hypot(skew, spo_manifold_inner(l->M, l->at.x, hv + j * n, v + i * n) -
                             spo_manifold_inner(l->M, l->at.x, hv + i * n, v + j * n));
  }
  spo_lab_judge(l, "Hessian: tangent", outside, size);
  spo_lab_judge(l, "Hessian: symmetric", skew, size * reach);
  spo_vec_add(n, v, -3.0, v + n, l->v);
  spo_lab_hess(l, &l->at, 1, l->v, l->w);
  spo_vec_add(n, hv, -3.0, hv + n, l->u);
  spo_lab_judge(l, "Hessian: linear", spo_lab_distance(l, l->u, l->w), 4.0 * size);
  spo_point_set(&l->to, l->P, l->at.x); /* by cost and egrad: see evaluate */
  spo_lab_require(l, spo_lab_cost(l, &l->to) && spo_lab_grad(l, &l->to), "gradient");
  spo_lab_hess(l, &l->to, 1, v, l->w);
  spo_lab_judge(l, "Hessian: the same after cost and egrad", spo_lab_distance(l, l->w, hv), size);
  check_block(l);
}

void spo_lab_check_hessian(spo_lab *l, const spo_lab_slopes *s, spo_check_curve *curve) {
  const double reach = l->M->typical_distance, floor_g = DBL_EPSILON * l->size_g;
  if (!s->with_hess)
    return;
  if (l->M->retraction_order == 2 || spo_manifold_has(l->M, exp)) {
    spo_report_slope(l->report, "Hessian: predicts the cost", 3, s->r[1], s->floor, s->size);
    spo_curve_fill(curve, 3, s->r[1], s->floor, s->size, reach);
  }
  if (!spo_manifold_has(l->M, inner)) {
    spo_report_slope(l->report, "Hessian: predicts the gradient", 2, s->r[2], floor_g, l->size_g);
    spo_curve_fill(curve ? curve + 1 : NULL, 2, s->r[2], floor_g, l->size_g, reach);
  }
  check_products(l);
}

/* ---- the calls ------------------------------------------------------------------------------- */

spo_status spo_check_gradient(const spo_problem *P, const double *x, gsl_rng *rng,
                              spo_check_report *report, spo_check_curve *curve, spo_error *err) {
  spo_lab l = {.caller = __func__};
  spo_lab_slopes slopes;
  bool isolated;
  void *block;
  if (curve)
    *curve = (spo_check_curve){.count = 0};
  const spo_status status = spo_lab_arguments(P, rng, report, &isolated, __func__, err);
  if (status != SPO_OK || isolated)
    return status;
  if (spo_lab_open(&l, P, x, rng, (spo_lab_wants){false, false}, report, &block, err) == SPO_OK) {
    spo_lab_measure_slopes(&l, false, &slopes);
    spo_lab_check_gradient(&l, &slopes, curve);
  }
  return spo_lab_close(&l, block);
}

spo_status spo_check_hessian(const spo_problem *P, const double *x, gsl_rng *rng,
                             spo_check_report *report, spo_check_curve *curve, spo_error *err) {
  spo_lab l = {.caller = __func__};
  spo_lab_slopes slopes;
  bool isolated;
  void *block;
  if (curve)
    curve[0] = curve[1] = (spo_check_curve){.count = 0};
  const spo_status status = spo_lab_arguments(P, rng, report, &isolated, __func__, err);
  if (status != SPO_OK || isolated)
    return status;
  if (!spo_problem_has_hessian(P))
    return spo_fail(err, SPO_E_UNSUPPORTED, __func__, "the problem has no Hessian (ehess)");
  if (spo_lab_open(&l, P, x, rng, (spo_lab_wants){true, false}, report, &block, err) == SPO_OK) {
    spo_lab_measure_slopes(&l, true, &slopes);
    spo_lab_check_hessian(&l, &slopes, curve);
  }
  return spo_lab_close(&l, block);
}
