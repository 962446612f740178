/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Checks a manifold's table and supplies the defaults of its optional slots. */
#include <spheropt/manifold.h>

#include <gsl/gsl_randist.h>
#include <limits.h>
#include <math.h>

#include "base/vec.h"
#include "manifold/slots.h"

static spo_status check_table(const spo_manifold_ops *ops, spo_error *err) {
  /* destroy is the last required slot: an older table may end after it */
  if (ops->size < offsetof(spo_manifold_ops, destroy) + sizeof ops->destroy)
    return spo_fail(err, SPO_E_ARG, __func__, "ops->size is %zu: not set, or too small", ops->size);
  const char *missing = !ops->project          ? "project"
                        : !ops->retract        ? "retract"
                        : !ops->egrad_to_rgrad ? "egrad_to_rgrad"
                        : !ops->ehess_to_rhess ? "ehess_to_rhess"
                        : !ops->random_point   ? "random_point"
                        : !ops->defect         ? "defect"
                        : !ops->destroy        ? "destroy"
                                               : NULL;
  if (missing)
    return spo_fail(err, SPO_E_UNSUPPORTED, __func__, "required slot %s is NULL", missing);
  return SPO_OK;
}

spo_status spo_manifold_check(const spo_manifold *M, spo_error *err) {
  if (!M)
    return spo_fail(err, SPO_E_ARG, __func__, "the manifold is NULL");
  if (!M->ops)
    return spo_fail(err, SPO_E_ARG, __func__, "ops is NULL");
  if (!M->name)
    return spo_fail(err, SPO_E_ARG, __func__, "name is NULL");
  const spo_status status = check_table(M->ops, err);
  if (status != SPO_OK)
    return status;
  const bool from = spo_manifold_has(M, from_coords), to = spo_manifold_has(M, to_coords);
  if (from != to)
    return spo_fail(err, SPO_E_UNSUPPORTED, __func__, "%s: %s is NULL, but %s is not", M->name,
                    from ? "to_coords" : "from_coords", from ? "from_coords" : "to_coords");
  if (M->n < 1 || M->n > INT_MAX)
    return spo_fail(err, SPO_E_DIM, __func__, "%s: n = %zu is not in 1..%d", M->name, M->n,
                    INT_MAX);
  if (M->dim > M->n) /* 0: isolated points, as +-1 on a line */
    return spo_fail(err, SPO_E_DIM, __func__, "%s: dim = %zu is not in 0..n = %zu", M->name, M->dim,
                    M->n);
  if (M->retraction_order != 1 && M->retraction_order != 2)
    return spo_fail(err, SPO_E_ARG, __func__, "%s: retraction_order = %d is neither 1 nor 2",
                    M->name, M->retraction_order);
  if (!(M->typical_distance > 0.0 && M->typical_distance < INFINITY))
    return spo_fail(err, SPO_E_ARG, __func__,
                    "%s: typical_distance = %g is not positive and finite", M->name,
                    M->typical_distance);
  return SPO_OK;
}

void spo_manifold_destroy(spo_manifold *M) {
  if (M)
    M->ops->destroy(M);
}

double spo_manifold_inner(const spo_manifold *M, const double *x, const double *u,
                          const double *v) {
  return spo_manifold_has(M, inner) ? M->ops->inner(M, x, u, v) : spo_vec_dot(M->n, u, v);
}

spo_status spo_manifold_transport(const spo_manifold *M, const double *x, const double *y,
                                  const double *v, double *w, double *work) {
  return spo_manifold_has(M, transport) ? M->ops->transport(M, x, y, v, w, work)
                                        : M->ops->project(M, y, v, w, work);
}

spo_status spo_manifold_velocity(const spo_manifold *M, const double *x, double t, const double *v,
                                 const double *y, double *w, double *work) {
  if (SPO_HAS(spo_manifold_ops, M->ops, velocity))
    return M->ops->velocity(M, x, t, v, y, w, work);
  return spo_manifold_transport(M, x, y, v, w, work);
}

spo_status spo_manifold_random_tangent(const spo_manifold *M, const double *x, gsl_rng *rng,
                                       double *v, double *work) {
  for (size_t i = 0; i < M->n; i++)
    v[i] = gsl_ran_gaussian_ziggurat(rng, 1.0);
  return M->ops->project(M, x, v, v, work);
}
