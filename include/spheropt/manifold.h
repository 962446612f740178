/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The contract of a manifold: an embedded submanifold of R^n, given by a table of functions. A
 * third party adds one by filling a table and embedding spo_manifold as first member of a struct;
 * nothing has to be registered (examples/own_manifold.c). manifolds/README.md says how to add one
 * in tree. */
#ifndef SPHEROPT_MANIFOLD_H
#define SPHEROPT_MANIFOLD_H

#include <gsl/gsl_rng.h>
#include <spheropt/base.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct spo_manifold spo_manifold;

/* The table. In every slot: x, y points, u v w tangent vectors or ambient vectors, all of M->n
 * doubles; `work` is lent scratch of M->work_len doubles (may be NULL when that is 0); `memo` is
 * M->memo_len doubles kept with a place. v may alias w, y may alias x, nothing else aliases.
 * Slots do not allocate, are pure (M is read-only) and so safe for any number of threads. Status:
 * SPO_OK; SPO_OUTSIDE: not defined here, try nearer; < 0: fatal. */
typedef struct spo_manifold_ops {
  size_t size; /* sizeof(spo_manifold_ops): the table grows at its end only */

  /* required ------------------------------------------------------------------------------- */
  /* v = projection of the ambient vector w onto the tangent space at x: linear, idempotent, and
   * orthogonal where the metric is the Euclidean one (inner is NULL) */
  spo_status (*project)(const spo_manifold *M, const double *x, const double *w, double *v,
                        double *work);
  /* y = R_x(t v) */
  spo_status (*retract)(const spo_manifold *M, const double *x, double t, const double *v,
                        double *y, double *work);
  /* g: Euclidean gradient in, Riemannian gradient out; keeps in memo what ehess_to_rhess needs */
  spo_status (*egrad_to_rgrad)(const spo_manifold *M, const double *x, double *g, double *memo,
                               double *work);
  /* hv: Euclidean Hessian-vector product in, Riemannian out. v is tangent at x */
  spo_status (*ehess_to_rhess)(const spo_manifold *M, const double *x, const double *memo,
                               const double *v, double *hv, double *work);
  /* x: uniform where that exists, generic otherwise */
  spo_status (*random_point)(const spo_manifold *M, gsl_rng *rng, double *x, double *work);
  /* how far x is from M: 0 on it, of the size of the violated constraint near it; NaN goes
   * through */
  double (*defect)(const spo_manifold *M, const double *x, double *work);
  /* frees M itself: who made it frees it (see spo_manifold_destroy) */
  void (*destroy)(spo_manifold *M);

  /* optional: NULL where not offered ----------------------------------------------------------- */
  /* y = Exp_x(t v), in closed form */
  spo_status (*exp)(const spo_manifold *M, const double *x, double t, const double *v, double *y,
                    double *work);
  /* w = v transported from x to y; NULL: projected at y */
  spo_status (*transport)(const spo_manifold *M, const double *x, const double *y, const double *v,
                          double *w, double *work);
  /* k tangent vectors (k x n) from, and to, coordinates (k x dim) in an orthonormal basis of the
   * tangent space that depends on x alone */
  spo_status (*from_coords)(const spo_manifold *M, const double *x, size_t k, const double *C,
                            double *V, double *work);
  spo_status (*to_coords)(const spo_manifold *M, const double *x, size_t k, const double *V,
                          double *C, double *work);
  /* <u, v>_x; NULL: Euclidean */
  double (*inner)(const spo_manifold *M, const double *x, const double *u, const double *v);
  /* the largest t for which R_x(t v) still follows v (a projection on a sphere never reaches the
   * antipode, however long the step): line searches do not go beyond it. NULL: infinity */
  double (*step_limit)(const spo_manifold *M, const double *x, const double *v);
  /* w = d/dt R_x(t v), tangent at y = R_x(t v); w may alias v. NULL: v transported to y */
  spo_status (*velocity)(const spo_manifold *M, const double *x, double t, const double *v,
                         const double *y, double *w, double *work);
} spo_manifold_ops;

/* An instance: read-only once constructed; a plug-in embeds it as first member. */
struct spo_manifold {
  const spo_manifold_ops *ops;
  const char *name;          /* "oblique(16, 60)"; lives as long as the instance */
  int retraction_order;      /* 2 if R agrees with Exp to second order, else 1 */
  size_t n, dim;             /* ambient length, intrinsic dimension */
  size_t memo_len, work_len; /* doubles kept per place, lent per call */
  double typical_distance; /* natural length of a long step; sets the default trust-region radius */
};

/**
 * spo_manifold_check - is the table complete and the instance consistent?
 *
 * Required slots present, coords in pairs, dim <= n, 0 < n <= INT_MAX, order 1 or 2, typical
 * distance positive and finite. Called by whatever builds on a manifold. Cost: O(1), no allocation.
 * Fails: SPO_E_ARG, SPO_E_DIM, SPO_E_UNSUPPORTED, naming the member. Threads: any.
 * Test: tests/thirdparty/broken_tables.c.
 */
SPO_API spo_status spo_manifold_check(const spo_manifold *M, spo_error *err);

/** spo_manifold_destroy - frees what any of the manifold constructors made: calls the manifold's
 * own destroy; NULL is fine. What it was built on stays. */
SPO_API void spo_manifold_destroy(spo_manifold *M);

/** spo_manifold_inner - <u, v>_x, the slot or the Euclidean default. u, v tangent at x, n doubles
 * each. O(n), fixed order of summation, any thread. */
SPO_API double spo_manifold_inner(const spo_manifold *M, const double *x, const double *u,
                                  const double *v);

/** spo_manifold_transport - w = v (tangent at x) transported to y: the slot, or projection at y.
 * w may alias v. work: M->work_len doubles. Returns what the slot returns. */
SPO_API spo_status spo_manifold_transport(const spo_manifold *M, const double *x, const double *y,
                                          const double *v, double *w, double *work);

/** spo_manifold_velocity - w = the velocity of the curve R_x(t v) at y = R_x(t v): the slot, or v
 * transported to y. w may alias v. work: M->work_len doubles. Returns what the slot returns. */
SPO_API spo_status spo_manifold_velocity(const spo_manifold *M, const double *x, double t,
                                         const double *v, const double *y, double *w, double *work);

/**
 * spo_manifold_random_tangent - a Gaussian tangent vector at x (standard normal in the ambient
 * space, then projected; not normalised).
 *
 * x in, rng in/out, v out n doubles, work lent M->work_len doubles. Cost: n normals and one
 * projection. Fails: what project returns. Threads: one per rng.
 */
SPO_API spo_status spo_manifold_random_tangent(const spo_manifold *M, const double *x, gsl_rng *rng,
                                               double *v, double *work);

/* A family of manifolds with a name: what lists, conformance tests and benchmarks sweep. */
enum { SPO_FAMILY_PARTS = 8 };
typedef struct spo_manifold_family {
  size_t size; /* sizeof(spo_manifold_family) */
  const char *name, *summary, *reference;
  size_t samples; /* how many representative instances `sample` can make */
  /* Makes sample i < samples. made[0 .. *count-1] are to be destroyed last to first; the last is
   * the sample, the others are what it is built on. On failure nothing is left and *count is 0. */
  spo_status (*sample)(size_t i, spo_manifold *made[SPO_FAMILY_PARTS], size_t *count,
                       spo_error *err);
} spo_manifold_family;

#ifdef __cplusplus
}
#endif
#endif
