/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A manifold under supervision. Each slot: is what goes in as it should be, call, is what comes
 * out? The first violation is kept, and from then on nothing passes. */
#include <spheropt/checked.h>

#include <float.h>
#include <math.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/vec.h"
#include "manifold/slots.h"

static const double default_tol = 1e-6;
/* What a chain of operations may leave of a vector's length, in eps sqrt(n). */
static const double rounding_steps = 4096.0;

enum { NAME_ROOM = 160 };

/* What changes: the rest of the instance is read-only. */
typedef struct record {
  atomic_flag taken; /* somebody writes, or wrote, the violation */
  atomic_bool ready; /* it may be read */
  spo_error violation;
  _Atomic double longest; /* vector handed to a slot so far */
} record;

typedef struct checked {
  spo_manifold base; /* first */
  spo_manifold_ops ops;
  const spo_manifold *inner; /* borrowed */
  double tol, rounding;
  record *record;
  char name[NAME_ROOM];
} checked;

static const checked *of(const spo_manifold *M) {
  return (const checked *)M;
}

static const spo_manifold *inner_of(const spo_manifold *M) {
  return of(M)->inner;
}

/* Behind the inner manifold's scratch: 2 n doubles. */
static double *scratch(const spo_manifold *M, double *work) {
  return work + inner_of(M)->work_len;
}

/* ---- the verdict ----------------------------------------------------------------------------- */

static spo_status verdict(const spo_manifold *M) {
  const record *r = of(M)->record;
  return atomic_load(&r->ready) ? r->violation.code : SPO_OK;
}

static spo_status violated(const spo_manifold *M, spo_status code, const char *slot,
                           const char *format, ...) __attribute__((format(printf, 4, 5)));
static spo_status violated(const spo_manifold *M, spo_status code, const char *slot,
                           const char *format, ...) {
  record *r = of(M)->record;
  char what[120];
  va_list args;
  if (atomic_flag_test_and_set(&r->taken))
    return code;
  va_start(args, format);
  vsnprintf(what, sizeof what, format, args);
  va_end(args);
  spo_fail(&r->violation, code, "spo_checked", "%s: %s: %s", inner_of(M)->name, slot, what);
  atomic_store(&r->ready, true);
  return code;
}

/* ---- what is looked at ----------------------------------------------------------------------- */

static spo_status see_finite(const spo_manifold *M, const char *slot, size_t count, const double *a,
                             const char *what) {
  for (size_t i = 0; i < count; i++)
    if (!isfinite(a[i]))
      return violated(M, SPO_E_NONFINITE, slot, "%s has %g at entry %zu", what, a[i], i);
  return SPO_OK;
}

static spo_status see_point(const spo_manifold *M, const char *slot, spo_status code,
                            const double *x, const char *what, double *work) {
  double largest = 1.0;
  const spo_status status = see_finite(M, slot, M->n, x, what);
  if (status != SPO_OK)
    return status;
  for (size_t i = 0; i < M->n; i++)
    largest = fmax(largest, x[i] * x[i]);
  const double defect = inner_of(M)->ops->defect(inner_of(M), x, work);
  if (defect >= 0.0 && defect <= of(M)->tol * largest)
    return SPO_OK;
  return violated(M, code, slot, "%s is off the manifold by %.3g", what, defect);
}

static void remember(const spo_manifold *M, double length) {
  _Atomic double *longest = &of(M)->record->longest;
  double known = atomic_load(longest);
  while (length > known && !atomic_compare_exchange_weak(longest, &known, length)) {
  }
}

/* Does the projection of v stay where it is? Else it is no measure of others. */
static bool projects(const spo_manifold *M, const double *x, const double *v, double length,
                     double *work) {
  const spo_manifold *I = inner_of(M);
  double *p = scratch(M, work), *again = p + M->n;
  if (I->ops->project(I, x, v, p, work) != SPO_OK ||
      I->ops->project(I, x, p, again, work) != SPO_OK)
    return false;
  spo_vec_axpy(M->n, -1.0, p, again);
  return spo_vec_norm(M->n, again) <= of(M)->tol * length;
}

/* size: a length that errors of v may be relative to, besides its own. */
static spo_status see_tangent(const spo_manifold *M, const char *slot, spo_status code,
                              const double *x, const double *v, double size, const char *what,
                              double *work) {
  const checked *c = of(M);
  double *p = scratch(M, work);
  spo_status status = see_finite(M, slot, M->n, v, what);
  if (status == SPO_OK)
    status = inner_of(M)->ops->project(inner_of(M), x, v, p, work);
  if (status != SPO_OK)
    return status;
  const double length = fmax(size, spo_vec_norm(M->n, v));
  remember(M, length);
  spo_vec_axpy(M->n, -1.0, v, p);
  const double off = spo_vec_norm(M->n, p);
  if (off <= c->tol * length || off <= c->rounding * atomic_load(&c->record->longest))
    return SPO_OK;
  if (!projects(M, x, v, length, work))
    return violated(M, SPO_E_USER, "project", "a second time it moves its own result");
  return violated(M, code, slot, "%s of length %.3g is not tangent, by %.3g", what, length, off);
}

static spo_status enter(const spo_manifold *M, const char *slot, const double *x, double *work) {
  const spo_status status = verdict(M);
  return status == SPO_OK ? see_point(M, slot, SPO_E_ARG, x, "the point x", work) : status;
}

static spo_status enter_with(const spo_manifold *M, const char *slot, const double *x,
                             const double *v, double *work) {
  const spo_status status = enter(M, slot, x, work);
  return status == SPO_OK ? see_tangent(M, slot, SPO_E_ARG, x, v, 0.0, "the vector v", work)
                          : status;
}

static spo_status leave_at(const spo_manifold *M, const char *slot, const double *y, double *work) {
  return see_point(M, slot, SPO_E_USER, y, "the point that comes out", work);
}

static spo_status leave_with(const spo_manifold *M, const char *slot, const double *x,
                             const double *v, double size, double *work) {
  return see_tangent(M, slot, SPO_E_USER, x, v, size, "the vector that comes out", work);
}

/* ---- the slots ------------------------------------------------------------------------------- */

static spo_status project(const spo_manifold *M, const double *x, const double *w, double *v,
                          double *work) {
  static const char *const slot = "project";
  spo_status status = enter(M, slot, x, work);
  if (status == SPO_OK)
    status = see_finite(M, slot, M->n, w, "the vector w");
  if (status != SPO_OK)
    return status;
  const double size = spo_vec_norm(M->n, w);
  status = inner_of(M)->ops->project(inner_of(M), x, w, v, work);
  return status == SPO_OK ? leave_with(M, slot, x, v, size, work) : status;
}

typedef spo_status mover(const spo_manifold *M, const double *x, double t, const double *v,
                         double *y, double *work);

static spo_status move(const spo_manifold *M, const char *slot, mover *along, const double *x,
                       double t, const double *v, double *y, double *work) {
  spo_status status = enter_with(M, slot, x, v, work);
  if (status == SPO_OK)
    status = see_finite(M, slot, 1, &t, "the step t");
  if (status == SPO_OK)
    status = along(inner_of(M), x, t, v, y, work);
  return status == SPO_OK ? leave_at(M, slot, y, work) : status;
}

static spo_status retract(const spo_manifold *M, const double *x, double t, const double *v,
                          double *y, double *work) {
  return move(M, "retract", inner_of(M)->ops->retract, x, t, v, y, work);
}

static spo_status geodesic(const spo_manifold *M, const double *x, double t, const double *v,
                           double *y, double *work) {
  return move(M, "exp", inner_of(M)->ops->exp, x, t, v, y, work);
}

static spo_status egrad_to_rgrad(const spo_manifold *M, const double *x, double *g, double *memo,
                                 double *work) {
  static const char *const slot = "egrad_to_rgrad";
  spo_status status = enter(M, slot, x, work);
  if (status == SPO_OK)
    status = see_finite(M, slot, M->n, g, "the Euclidean gradient");
  if (status != SPO_OK)
    return status;
  const double size = spo_vec_norm(M->n, g);
  status = inner_of(M)->ops->egrad_to_rgrad(inner_of(M), x, g, memo, work);
  return status == SPO_OK ? leave_with(M, slot, x, g, size, work) : status;
}

static spo_status ehess_to_rhess(const spo_manifold *M, const double *x, const double *memo,
                                 const double *v, double *hv, double *work) {
  static const char *const slot = "ehess_to_rhess";
  spo_status status = enter_with(M, slot, x, v, work);
  if (status == SPO_OK)
    status = see_finite(M, slot, M->n, hv, "the Euclidean product");
  if (status != SPO_OK)
    return status;
  const double size = spo_vec_norm(M->n, hv);
  status = inner_of(M)->ops->ehess_to_rhess(inner_of(M), x, memo, v, hv, work);
  return status == SPO_OK ? leave_with(M, slot, x, hv, size, work) : status;
}

static spo_status random_point(const spo_manifold *M, gsl_rng *rng, double *x, double *work) {
  spo_status status = verdict(M);
  if (status == SPO_OK)
    status = inner_of(M)->ops->random_point(inner_of(M), rng, x, work);
  return status == SPO_OK ? leave_at(M, "random_point", x, work) : status;
}

static double defect(const spo_manifold *M, const double *x, double *work) {
  static const char *const slot = "defect";
  if (verdict(M) != SPO_OK)
    return NAN;
  const double value = inner_of(M)->ops->defect(inner_of(M), x, work);
  if (value >= 0.0)
    return value;
  /* NaN goes through where it comes from x; a negative one is no distance */
  if (value < 0.0 || isfinite(spo_vec_norm(M->n, x)))
    violated(M, SPO_E_USER, slot, "the defect that comes out is %g", value);
  return NAN;
}

static spo_status transport(const spo_manifold *M, const double *x, const double *y,
                            const double *v, double *w, double *work) {
  static const char *const slot = "transport";
  spo_status status = enter_with(M, slot, x, v, work);
  if (status == SPO_OK)
    status = see_point(M, slot, SPO_E_ARG, y, "the point y", work);
  if (status != SPO_OK)
    return status;
  const double size = spo_vec_norm(M->n, v);
  status = inner_of(M)->ops->transport(inner_of(M), x, y, v, w, work);
  return status == SPO_OK ? leave_with(M, slot, y, w, size, work) : status;
}

static spo_status velocity(const spo_manifold *M, const double *x, double t, const double *v,
                           const double *y, double *w, double *work) {
  static const char *const slot = "velocity";
  spo_status status = enter_with(M, slot, x, v, work);
  if (status == SPO_OK)
    status = see_finite(M, slot, 1, &t, "the step t");
  if (status == SPO_OK)
    status = see_point(M, slot, SPO_E_ARG, y, "the point y", work);
  if (status != SPO_OK)
    return status;
  const double size = spo_vec_norm(M->n, v);
  status = inner_of(M)->ops->velocity(inner_of(M), x, t, v, y, w, work);
  return status == SPO_OK ? leave_with(M, slot, y, w, size, work) : status;
}

static spo_status from_coords(const spo_manifold *M, const double *x, size_t k, const double *C,
                              double *V, double *work) {
  static const char *const slot = "from_coords";
  spo_status status = enter(M, slot, x, work);
  if (status == SPO_OK)
    status = see_finite(M, slot, k * M->dim, C, "the array of coordinates");
  if (status == SPO_OK)
    status = inner_of(M)->ops->from_coords(inner_of(M), x, k, C, V, work);
  for (size_t j = 0; j < k && status == SPO_OK; j++)
    status = leave_with(M, slot, x, V + j * M->n, 0.0, work);
  return status;
}

static spo_status to_coords(const spo_manifold *M, const double *x, size_t k, const double *V,
                            double *C, double *work) {
  static const char *const slot = "to_coords";
  spo_status status = enter(M, slot, x, work);
  for (size_t j = 0; j < k && status == SPO_OK; j++)
    status = see_tangent(M, slot, SPO_E_ARG, x, V + j * M->n, 0.0, "a vector", work);
  if (status == SPO_OK)
    status = inner_of(M)->ops->to_coords(inner_of(M), x, k, V, C, work);
  return status == SPO_OK ? see_finite(M, slot, k * M->dim, C, "the array that comes out") : status;
}

/* No scratch here, so the vectors are not looked at: what made them was. */
static double inner(const spo_manifold *M, const double *x, const double *u, const double *v) {
  const double value = inner_of(M)->ops->inner(inner_of(M), x, u, v);
  if (verdict(M) == SPO_OK && isfinite(value))
    return value;
  violated(M, SPO_E_NONFINITE, "inner", "the product that comes out is %g", value);
  return NAN;
}

static double step_limit(const spo_manifold *M, const double *x, const double *v) {
  const double value = inner_of(M)->ops->step_limit(inner_of(M), x, v);
  if (verdict(M) == SPO_OK && value > 0.0)
    return value;
  violated(M, SPO_E_USER, "step_limit", "the limit that comes out is %g", value);
  return NAN;
}

static void destroy(spo_manifold *M) {
  spo_block_free(M);
}

/* ---- creation -------------------------------------------------------------------------------- */

static void fill_table(spo_manifold_ops *ops, const spo_manifold *M) {
  *ops = (spo_manifold_ops){.size = sizeof *ops,
                            .project = project,
                            .retract = retract,
                            .egrad_to_rgrad = egrad_to_rgrad,
                            .ehess_to_rhess = ehess_to_rhess,
                            .random_point = random_point,
                            .defect = defect,
                            .destroy = destroy,
                            .exp = spo_manifold_has(M, exp) ? geodesic : NULL,
                            .transport = spo_manifold_has(M, transport) ? transport : NULL,
                            .from_coords = spo_manifold_has(M, from_coords) ? from_coords : NULL,
                            .to_coords = spo_manifold_has(M, to_coords) ? to_coords : NULL,
                            .inner = spo_manifold_has(M, inner) ? inner : NULL,
                            .step_limit = spo_manifold_has(M, step_limit) ? step_limit : NULL,
                            .velocity = spo_manifold_has(M, velocity) ? velocity : NULL};
}

static checked *layout(spo_carver *c) {
  checked *m = spo_carve(c, 1, sizeof *m);
  record *r = spo_carve(c, 1, sizeof *r);
  if (m) {
    memset(m, 0, sizeof *m);
    memset(r, 0, sizeof *r);
    atomic_flag_clear(&r->taken);
    atomic_init(&r->ready, false);
    atomic_init(&r->longest, 0.0);
    m->record = r;
  }
  return m;
}

spo_status spo_checked_create(const spo_manifold *M, double tol, spo_manifold **out,
                              spo_error *err) {
  *out = NULL;
  const spo_status status = spo_manifold_check(M, err);
  if (status != SPO_OK)
    return status;
  if (!(tol >= 0.0 && tol < 1.0))
    return spo_fail(err, SPO_E_ARG, __func__, "tol: %g is not allowed; it must be in 0..1", tol);
  spo_carver c = {0};
  layout(&c);
  if (!spo_carver_alloc(&c))
    return spo_fail(err, SPO_E_NOMEM, __func__, "no memory for a checked %s", M->name);
  checked *m = layout(&c);
  m->base = *M;
  fill_table(&m->ops, M);
  snprintf(m->name, sizeof m->name, "checked %s", M->name);
  m->base.ops = &m->ops;
  m->base.name = m->name;
  m->base.work_len = spo_size_add(M->work_len, spo_size_mul(2, M->n));
  m->inner = M;
  m->tol = tol > 0.0 ? tol : default_tol;
  m->rounding = rounding_steps * DBL_EPSILON * sqrt((double)M->n);
  *out = &m->base;
  return SPO_OK;
}

const char *spo_checked_violation(const spo_manifold *M) {
  if (!M || !M->ops || M->ops->destroy != destroy || !atomic_load(&of(M)->record->ready))
    return NULL;
  return of(M)->record->violation.text;
}
