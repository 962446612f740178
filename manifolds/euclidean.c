/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * R^n as a manifold: what is left of the contract when nothing is curved. */
#include <spheropt/manifolds/euclidean.h>

#include <gsl/gsl_randist.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>

#include "base/memory.h"
#include "base/vec.h"

typedef struct euclidean {
  spo_manifold base;
  char name[64];
} euclidean;

static spo_status project(const spo_manifold *M, const double *x, const double *w, double *v,
                          double *work) {
  (void)x, (void)work;
  if (v != w)
    spo_vec_copy(M->n, w, v);
  return SPO_OK;
}

static spo_status step(const spo_manifold *M, const double *x, double t, const double *v, double *y,
                       double *work) {
  (void)work;
  spo_vec_add(M->n, x, t, v, y);
  return SPO_OK;
}

static spo_status egrad_to_rgrad(const spo_manifold *M, const double *x, double *g, double *memo,
                                 double *work) {
  (void)M, (void)x, (void)g, (void)memo, (void)work;
  return SPO_OK;
}

static spo_status ehess_to_rhess(const spo_manifold *M, const double *x, const double *memo,
                                 const double *v, double *hv, double *work) {
  (void)M, (void)x, (void)memo, (void)v, (void)hv, (void)work;
  return SPO_OK;
}

static spo_status random_point(const spo_manifold *M, gsl_rng *rng, double *x, double *work) {
  (void)work;
  for (size_t i = 0; i < M->n; i++)
    x[i] = gsl_ran_gaussian_ziggurat(rng, 1.0);
  return SPO_OK;
}

static double defect(const spo_manifold *M, const double *x, double *work) {
  (void)work;
  for (size_t i = 0; i < M->n; i++)
    if (!isfinite(x[i]))
      return NAN;
  return 0.0;
}

static void destroy(spo_manifold *M) {
  spo_block_free(M);
}

static spo_status from_coords(const spo_manifold *M, const double *x, size_t k, const double *C,
                              double *V, double *work) {
  (void)x, (void)work;
  spo_vec_copy(k * M->n, C, V);
  return SPO_OK;
}

static spo_status to_coords(const spo_manifold *M, const double *x, size_t k, const double *V,
                            double *C, double *work) {
  (void)x, (void)work;
  spo_vec_copy(k * M->n, V, C);
  return SPO_OK;
}

static spo_status velocity(const spo_manifold *M, const double *x, double t, const double *v,
                           const double *y, double *w, double *work) {
  (void)t, (void)y;
  return project(M, x, v, w, work);
}

static const spo_manifold_ops euclidean_ops = {
    .size = sizeof(spo_manifold_ops),
    .project = project,
    .retract = step,
    .egrad_to_rgrad = egrad_to_rgrad,
    .ehess_to_rhess = ehess_to_rhess,
    .random_point = random_point,
    .defect = defect,
    .destroy = destroy,
    .exp = step,
    .from_coords = from_coords,
    .to_coords = to_coords,
    .velocity = velocity,
};

spo_status spo_euclidean_create(size_t n, spo_manifold **out, spo_error *err) {
  if (!out)
    return spo_fail(err, SPO_E_ARG, __func__, "out is NULL");
  *out = NULL;
  if (n < 1 || n > INT_MAX)
    return spo_fail(err, SPO_E_DIM, __func__, "n = %zu is not in 1..%d", n, INT_MAX);
  euclidean *eu = spo_block_alloc(sizeof *eu);
  if (!eu)
    return spo_fail(err, SPO_E_NOMEM, __func__, "%zu bytes", sizeof *eu);
  *eu = (euclidean){.base = {.ops = &euclidean_ops,
                             .name = eu->name,
                             .retraction_order = 2,
                             .n = n,
                             .dim = n,
                             .typical_distance = sqrt((double)n)}};
  snprintf(eu->name, sizeof eu->name, "euclidean(%zu)", n);
  *out = &eu->base;
  return SPO_OK;
}

bool spo_euclidean_is(const spo_manifold *M) {
  return M && M->ops == &euclidean_ops;
}

static const size_t sample_size[] = {1, 6};
enum { SAMPLES = sizeof sample_size / sizeof sample_size[0] };

static spo_status sample(size_t i, spo_manifold *made[SPO_FAMILY_PARTS], size_t *count,
                         spo_error *err) {
  *count = 0;
  if (i >= SAMPLES)
    return spo_fail(err, SPO_E_ARG, __func__, "sample %zu of %d", i, SAMPLES);
  const spo_status status = spo_euclidean_create(sample_size[i], &made[0], err);
  *count = status == SPO_OK;
  return status;
}

const spo_manifold_family *spo_euclidean_family(void) {
  static const spo_manifold_family family = {
      .size = sizeof(spo_manifold_family),
      .name = "euclidean",
      .summary = "R^n, flat",
      .reference = "none needed",
      .samples = SAMPLES,
      .sample = sample,
  };
  return &family;
}
