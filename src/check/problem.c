/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * All that can be checked of a problem: its derivatives, and whether its optional tables are what
 * they promise. Values come from the evaluator, as every solver gets them. */
#include <float.h>
#include <math.h>

#include "base/blas.h"
#include "base/vec.h"
#include "check/lab.h"
#include "problem/slots.h"

static void check_minimum(spo_lab *l) {
  double f_star;
  const char *theorem = "";
  if (!spo_problem_has(l->P, known_minimum))
    return;
  const int code = l->P->ops->known_minimum(l->P->self, &f_star, &theorem);
  if (code < 0)
    spo_lab_callback(l, code, "known_minimum");
  if (code == 0)
    spo_report_add(l->report, "known_minimum: not above the cost", l->at.f - f_star,
                   -10.0 * l->f_noise - l->tol * fabs(f_star), DBL_MAX);
}

/* ---- preconditioner -------------------------------------------------------------------------- */

static void eval_precond(spo_lab *l, size_t k, const double *V, double *PV) {
  spo_lab_require(l,
                  spo_lab_before(l) && spo_lab_after(l, spo_eval_precond(&l->E, &l->at, k, V, PV)),
                  "preconditioner");
}

/* A random orthonormal basis of the subspace into V: Gram and Schmidt, twice. */
static void choose_basis(spo_lab *l) {
  const size_t n = l->n;
  for (size_t j = 0; j < l->subspace; j++) {
    double *v = l->V + j * n;
    spo_guarded_tangent(&l->g, l->at.x, v);
    for (int pass = 0; pass < 2; pass++) {
      for (size_t i = 0; i < j; i++)
        spo_vec_axpy(n, -spo_manifold_inner(l->M, l->at.x, l->V + i * n, v), l->V + i * n, v);
      spo_vec_scale(n, 1.0 / spo_guarded_norm(&l->g, l->at.x, v), v);
    }
  }
}

/* The lowest eigenvalue of the preconditioner on a random subspace: all of it where dim is small.
 */
static void check_precond(spo_lab *l) {
  const size_t n = l->n, k = l->subspace;
  if (!spo_problem_has(l->P, precond))
    return;
  choose_basis(l);
  eval_precond(l, k, l->V, l->HV);
  double skew = 0.0, size = 0.0;
  for (size_t j = 0; j < k; j++)
    for (size_t i = 0; i < k; i++) {
      l->gram[i + j * k] = spo_manifold_inner(l->M, l->at.x, l->V + i * n, l->HV + j * n);
      size = hypot(size, l->gram[i + j * k]);
      if (i > j)
        continue;
      skew = hypot(skew, l->gram[i + j * k] -
                             spo_manifold_inner(l->M, l->at.x, l->V + j * n, l->HV + i * n));
    }
  spo_lab_judge(l, "precond: symmetric", skew, size);
  const spo_blasint order = (spo_blasint)k, len = 3 * SPO_LAB_SUBSPACE;
  double *values = l->gram + k * k, *work = values + SPO_LAB_SUBSPACE;
  spo_blasint info = 1;
  if (size < INFINITY)
    dsyev_("N", "L", &order, l->gram, &order, values, work, &len, &info);
  spo_report_add(l->report, "precond: positive definite",
                 info == 0 ? values[0] / values[k - 1] : NAN, DBL_MIN, 1.0);
  spo_vec_add(n, l->V, -3.0, l->V + (k - 1) * n, l->v);
  eval_precond(l, 1, l->v, l->w);
  spo_vec_add(n, l->HV, -3.0, l->HV + (k - 1) * n, l->u);
  spo_lab_judge(l, "precond: linear", spo_lab_distance(l, l->u, l->w), size);
}

/* ---- all of it ------------------------------------------------------------------------------- */

spo_status spo_check_problem(const spo_problem *P, const double *x, gsl_rng *rng,
                             spo_check_report *report, spo_error *err) {
  spo_lab l = {.caller = __func__};
  spo_lab_slopes slopes;
  bool isolated;
  void *block;
  const spo_status status = spo_lab_arguments(P, rng, report, &isolated, __func__, err);
  if (status != SPO_OK || isolated)
    return status;
  if (spo_lab_open(&l, P, x, rng, (spo_lab_wants){true, true}, report, &block, err) == SPO_OK) {
    spo_lab_measure_slopes(&l, true, &slopes);
    spo_lab_check_gradient(&l, &slopes, NULL);
    check_minimum(&l);
    spo_lab_check_hessian(&l, &slopes, NULL);
    check_precond(&l);
    spo_lab_check_symmetry(&l);
  }
  return spo_lab_close(&l, block);
}
