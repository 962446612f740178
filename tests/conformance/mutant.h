/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A manifold whose slots do what those of a sound one do, until a test breaks one of them. */
#ifndef SPO_TESTS_MUTANT_H
#define SPO_TESTS_MUTANT_H

#include "expect.h"

#include <spheropt/manifold.h>

typedef struct mutant {
  spo_manifold base;
  spo_manifold_ops ops;
  const spo_manifold *good;
} mutant;

static inline const spo_manifold *good(const spo_manifold *M) {
  return ((const mutant *)M)->good;
}

static inline spo_status project(const spo_manifold *M, const double *x, const double *w, double *v,
                                 double *work) {
  return good(M)->ops->project(good(M), x, w, v, work);
}

static inline spo_status retract(const spo_manifold *M, const double *x, double t, const double *v,
                                 double *y, double *work) {
  return good(M)->ops->retract(good(M), x, t, v, y, work);
}

static inline spo_status egrad_to_rgrad(const spo_manifold *M, const double *x, double *g,
                                        double *memo, double *work) {
  return good(M)->ops->egrad_to_rgrad(good(M), x, g, memo, work);
}

static inline spo_status ehess_to_rhess(const spo_manifold *M, const double *x, const double *memo,
                                        const double *v, double *hv, double *work) {
  return good(M)->ops->ehess_to_rhess(good(M), x, memo, v, hv, work);
}

static inline spo_status random_point(const spo_manifold *M, gsl_rng *rng, double *x,
                                      double *work) {
  return good(M)->ops->random_point(good(M), rng, x, work);
}

static inline double defect(const spo_manifold *M, const double *x, double *work) {
  return good(M)->ops->defect(good(M), x, work);
}

static inline void destroy(spo_manifold *M) {
  (void)M;
}

static inline spo_status geodesic(const spo_manifold *M, const double *x, double t, const double *v,
                                  double *y, double *work) {
  return good(M)->ops->exp(good(M), x, t, v, y, work);
}

static inline spo_status transport(const spo_manifold *M, const double *x, const double *y,
                                   const double *v, double *w, double *work) {
  return spo_manifold_transport(good(M), x, y, v, w, work);
}

static inline spo_status from_coords(const spo_manifold *M, const double *x, size_t k,
                                     const double *C, double *V, double *work) {
  return good(M)->ops->from_coords(good(M), x, k, C, V, work);
}

static inline spo_status to_coords(const spo_manifold *M, const double *x, size_t k,
                                   const double *V, double *C, double *work) {
  return good(M)->ops->to_coords(good(M), x, k, V, C, work);
}

static inline double inner(const spo_manifold *M, const double *x, const double *u,
                           const double *v) {
  return spo_manifold_inner(good(M), x, u, v);
}

static inline double step_limit(const spo_manifold *M, const double *x, const double *v) {
  return good(M)->ops->step_limit(good(M), x, v);
}

static inline spo_status velocity(const spo_manifold *M, const double *x, double t, const double *v,
                                  const double *y, double *w, double *work) {
  return spo_manifold_velocity(good(M), x, t, v, y, w, work);
}

static inline void wrap(mutant *m, const spo_manifold *M) {
  *m = (mutant){.base = *M,
                .ops = {.size = sizeof m->ops,
                        .project = project,
                        .retract = retract,
                        .egrad_to_rgrad = egrad_to_rgrad,
                        .ehess_to_rhess = ehess_to_rhess,
                        .random_point = random_point,
                        .defect = defect,
                        .destroy = destroy,
                        .exp = M->ops->exp ? geodesic : NULL,
                        .transport = transport,
                        .from_coords = from_coords,
                        .to_coords = to_coords,
                        .step_limit = M->ops->step_limit ? step_limit : NULL,
                        .velocity = velocity},
                .good = M};
  m->base.ops = &m->ops;
}

#endif
