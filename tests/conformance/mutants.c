/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Do the checks see what is wrong? Sound manifolds and a sound problem are wrapped, one slot is
 * broken, and the item that is there for this fault has to fail, for every seed. */
#include "mutant.h"

#include <string.h>

#include <spheropt/check.h>
#include <spheropt/manifolds/oblique.h>
#include <spheropt/manifolds/stiefel.h>

enum { SEEDS = 10, N_MAX = 16 };

/* ---- faults ---------------------------------------------------------------------------------- */

static spo_status project_oblique(const spo_manifold *M, const double *x, const double *w,
                                  double *v, double *work) {
  /* along a slanted direction: onto the right space, idempotent, but not orthogonal */
  double tilt[N_MAX], flat[N_MAX], normal = 0;
  for (size_t i = 0; i < M->n; i++)
    tilt[i] = i == 0;
  project(M, x, tilt, tilt, work);
  project(M, x, w, flat, work);
  for (size_t i = 0; i < M->n; i++)
    normal += x[i] * (w[i] - flat[i]);
  for (size_t i = 0; i < M->n; i++)
    v[i] = flat[i] + 0.01 * normal * tilt[i];
  return SPO_OK;
}

static spo_status project_short(const spo_manifold *M, const double *x, const double *w, double *v,
                                double *work) {
  const spo_status status = project(M, x, w, v, work);
  for (size_t i = 0; i < M->n; i++)
    v[i] *= 1 - 1e-9;
  return status;
}

static spo_status project_nothing(const spo_manifold *M, const double *x, const double *w,
                                  double *v, double *work) {
  (void)x, (void)work;
  memmove(v, w, M->n * sizeof *v);
  return SPO_OK;
}

static spo_status project_less(const spo_manifold *M, const double *x, const double *w, double *v,
                               double *work) {
  const spo_status status = project(M, x, w, v, work);
  for (size_t i = 0; i < M->n / 3; i++) /* one of three points */
    v[i] = 0;
  return status;
}

static spo_status project_no_alias(const spo_manifold *M, const double *x, const double *w,
                                   double *v, double *work) {
  double flat[N_MAX];
  v[0] = 0;
  const spo_status status = project(M, x, w, flat, work);
  memcpy(v, flat, M->n * sizeof *v);
  return status;
}

static spo_status project_past_the_end(const spo_manifold *M, const double *x, const double *w,
                                       double *v, double *work) {
  work[M->work_len] = 1;
  return project(M, x, w, v, work);
}

static spo_status project_from_old_work(const spo_manifold *M, const double *x, const double *w,
                                        double *v, double *work) {
  const double old = work[0];
  const spo_status status = project(M, x, w, v, work);
  v[0] += 0 * old;
  return status;
}

static spo_status project_fails(const spo_manifold *M, const double *x, const double *w, double *v,
                                double *work) {
  (void)M, (void)x, (void)w, (void)v, (void)work;
  return SPO_E_NUMERIC;
}

static spo_status retract_fast(const spo_manifold *M, const double *x, double t, const double *v,
                               double *y, double *work) {
  return retract(M, x, t * (1 + 1e-5), v, y, work);
}

static spo_status retract_back(const spo_manifold *M, const double *x, double t, const double *v,
                               double *y, double *work) {
  return retract(M, x, -t, v, y, work);
}

static spo_status retract_off(const spo_manifold *M, const double *x, double t, const double *v,
                              double *y, double *work) {
  (void)work;
  for (size_t i = 0; i < M->n; i++)
    y[i] = x[i] + t * v[i];
  return SPO_OK;
}

static spo_status retract_full(const spo_manifold *M, const double *x, double t, const double *v,
                               double *y, double *work) {
  (void)t;
  return retract(M, x, 1, v, y, work);
}

static spo_status retract_bent(const spo_manifold *M, const double *x, double t, const double *v,
                               double *y, double *work) {
  double bent[N_MAX];
  for (size_t i = 0; i < M->n; i++)
    bent[i] = v[i] + 0.1 * t * (i == 1);
  return retract(M, x, t, bent, y, work);
}

static spo_status retract_no_alias(const spo_manifold *M, const double *x, double t,
                                   const double *v, double *y, double *work) {
  y[0] = 0.5;
  double z[N_MAX];
  const spo_status status = retract(M, x, t, v, z, work);
  memcpy(y, z, M->n * sizeof *y);
  return status;
}

static spo_status gradient_twice(const spo_manifold *M, const double *x, double *g, double *memo,
                                 double *work) {
  const spo_status status = egrad_to_rgrad(M, x, g, memo, work);
  for (size_t i = 0; i < M->n; i++)
    g[i] *= 2;
  return status;
}

static spo_status gradient_ambient(const spo_manifold *M, const double *x, double *g, double *memo,
                                   double *work) {
  double flat[N_MAX];
  memcpy(flat, g, M->n * sizeof *g);
  return egrad_to_rgrad(M, x, flat, memo, work);
}

static spo_status gradient_past_the_end(const spo_manifold *M, const double *x, double *g,
                                        double *memo, double *work) {
  memo[M->memo_len] = 0;
  return egrad_to_rgrad(M, x, g, memo, work);
}

static spo_status curvature(const spo_manifold *M, const double *x, const double *memo,
                            const double *v, double *hv, double *work, double factor) {
  double scaled[N_MAX];
  for (size_t i = 0; i < M->memo_len; i++)
    scaled[i] = factor * memo[i];
  return ehess_to_rhess(M, x, scaled, v, hv, work);
}

static spo_status curvature_reversed(const spo_manifold *M, const double *x, const double *memo,
                                     const double *v, double *hv, double *work) {
  return curvature(M, x, memo, v, hv, work, -1);
}

static spo_status curvature_missing(const spo_manifold *M, const double *x, const double *memo,
                                    const double *v, double *hv, double *work) {
  return curvature(M, x, memo, v, hv, work, 0);
}

static spo_status curvature_inexact(const spo_manifold *M, const double *x, const double *memo,
                                    const double *v, double *hv, double *work) {
  return curvature(M, x, memo, v, hv, work, 1.001);
}

static spo_status hessian_ambient(const spo_manifold *M, const double *x, const double *memo,
                                  const double *v, double *hv, double *work) {
  const spo_status status = ehess_to_rhess(M, x, memo, v, hv, work);
  for (size_t i = 0; i < M->n; i++)
    hv[i] += 1e-6 * x[i];
  return status;
}

static spo_status hessian_skew(const spo_manifold *M, const double *x, const double *memo,
                               const double *v, double *hv, double *work) {
  const spo_status status = ehess_to_rhess(M, x, memo, v, hv, work);
  hv[0] += 1e-6 * v[1];
  hv[1] -= 1e-6 * v[0];
  return status == SPO_OK ? project(M, x, hv, hv, work) : status;
}

static spo_status hessian_bent(const spo_manifold *M, const double *x, const double *memo,
                               const double *v, double *hv, double *work) {
  const spo_status status = ehess_to_rhess(M, x, memo, v, hv, work);
  for (size_t i = 0; i < M->n; i++)
    hv[i] *= 1 + 1e-9 * v[0] * v[0];
  return status;
}

static spo_status random_off(const spo_manifold *M, gsl_rng *rng, double *x, double *work) {
  const spo_status status = random_point(M, rng, x, work);
  x[0] += 1e-9;
  return status;
}

static spo_status random_same(const spo_manifold *M, gsl_rng *rng, double *x, double *work) {
  gsl_rng *own = gsl_rng_clone(rng);
  gsl_rng_set(own, 1);
  const spo_status status = random_point(M, own, x, work);
  gsl_rng_free(own);
  return status;
}

static double defect_blind(const spo_manifold *M, const double *x, double *work) {
  (void)M, (void)x, (void)work;
  return 0;
}

static double defect_lost(const spo_manifold *M, const double *x, double *work) {
  (void)M, (void)x, (void)work;
  return NAN;
}

static spo_status exp_by_retraction(const spo_manifold *M, const double *x, double t,
                                    const double *v, double *y, double *work) {
  return retract(M, x, t, v, y, work);
}

static spo_status exp_fast(const spo_manifold *M, const double *x, double t, const double *v,
                           double *y, double *work) {
  return geodesic(M, x, t * (1 + 1e-5), v, y, work);
}

static spo_status exp_off(const spo_manifold *M, const double *x, double t, const double *v,
                          double *y, double *work) {
  const spo_status status = geodesic(M, x, t, v, y, work);
  for (size_t i = 0; i < M->n; i++)
    y[i] *= 1 + 1e-9;
  return status;
}

static spo_status transport_copy(const spo_manifold *M, const double *x, const double *y,
                                 const double *v, double *w, double *work) {
  (void)x, (void)y, (void)work;
  memmove(w, v, M->n * sizeof *w);
  return SPO_OK;
}

static spo_status transport_shrink(const spo_manifold *M, const double *x, const double *y,
                                   const double *v, double *w, double *work) {
  const spo_status status = transport(M, x, y, v, w, work);
  for (size_t i = 0; i < M->n; i++)
    w[i] *= 0.999;
  return status;
}

static spo_status transport_no_alias(const spo_manifold *M, const double *x, const double *y,
                                     const double *v, double *w, double *work) {
  double z[N_MAX];
  w[0] = 1;
  const spo_status status = transport(M, x, y, v, z, work);
  memcpy(w, z, M->n * sizeof *w);
  return status;
}

static spo_status velocity_fast(const spo_manifold *M, const double *x, double t, const double *v,
                                const double *y, double *w, double *work) {
  const spo_status status = velocity(M, x, t, v, y, w, work);
  for (size_t i = 0; i < M->n; i++)
    w[i] *= 1 + 1e-5;
  return status;
}

static spo_status velocity_by_transport(const spo_manifold *M, const double *x, double t,
                                        const double *v, const double *y, double *w, double *work) {
  (void)t;
  return transport(M, x, y, v, w, work);
}

static spo_status velocity_ambient(const spo_manifold *M, const double *x, double t,
                                   const double *v, const double *y, double *w, double *work) {
  const spo_status status = velocity(M, x, t, v, y, w, work);
  for (size_t i = 0; i < M->n; i++)
    w[i] += 1e-9 * y[i];
  return status;
}

static spo_status velocity_no_alias(const spo_manifold *M, const double *x, double t,
                                    const double *v, const double *y, double *w, double *work) {
  double z[N_MAX];
  w[0] = 1;
  const spo_status status = velocity(M, x, t, v, y, z, work);
  memcpy(w, z, M->n * sizeof *w);
  return status;
}

static spo_status from_stretched(const spo_manifold *M, const double *x, size_t k, const double *C,
                                 double *V, double *work) {
  const spo_status status = from_coords(M, x, k, C, V, work);
  for (size_t i = 0; i < k * M->n; i++)
    V[i] *= 1 + 1e-9;
  return status;
}

static spo_status from_ambient(const spo_manifold *M, const double *x, size_t k, const double *C,
                               double *V, double *work) {
  const spo_status status = from_coords(M, x, k, C, V, work);
  for (size_t i = 0; i < M->n; i++)
    V[i] += 1e-9 * x[i];
  return status;
}

static spo_status to_reversed(const spo_manifold *M, const double *x, size_t k, const double *V,
                              double *C, double *work) {
  const spo_status status = to_coords(M, x, k, V, C, work);
  for (size_t i = 0; i < k * M->dim; i++)
    C[i] = -C[i];
  return status;
}

static spo_status from_repeated(const spo_manifold *M, const double *x, size_t k, const double *C,
                                double *V, double *work) {
  spo_status status = SPO_OK;
  for (size_t j = 0; j < k && status == SPO_OK; j++)
    status = from_coords(M, x, 1, C, V + j * M->n, work);
  return status;
}

static double inner_doubled(const spo_manifold *M, const double *x, const double *u,
                            const double *v) {
  return 2 * inner(M, x, u, v);
}

static double inner_skew(const spo_manifold *M, const double *x, const double *u, const double *v) {
  return inner(M, x, u, v) + 1e-6 * (u[0] * v[1] - u[1] * v[0]);
}

static double limit_negative(const spo_manifold *M, const double *x, const double *v) {
  return -step_limit(M, x, v);
}

static double limit_fixed(const spo_manifold *M, const double *x, const double *v) {
  (void)M, (void)x, (void)v;
  return 1;
}

/* ---- judgement ------------------------------------------------------------------------------- */

static const spo_check_item *find(const spo_check_report *report, const char *name) {
  for (size_t i = 0; i < report->count; i++)
    if (strcmp(report->item[i].name, name) == 0)
      return &report->item[i];
  fail_msg("no item is called \"%s\"", name);
  return NULL;
}

/* By the check of one group of slots alone. */
typedef spo_status single(const spo_manifold *M, const double *x, gsl_rng *rng,
                          spo_check_report *report, spo_error *err);

static spo_status retraction(const spo_manifold *M, const double *x, gsl_rng *rng,
                             spo_check_report *report, spo_error *err) {
  return spo_check_retraction(M, x, rng, report, NULL, err);
}

static void expect_caught_alone(const spo_manifold *M, single *check, const char *item) {
  gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
  for (expect_seed = 1; expect_seed <= SEEDS; expect_seed++) {
    spo_error err = {0};
    spo_check_report report;
    gsl_rng_set(rng, expect_seed);
    expect_ok(check(M, NULL, rng, &report, &err));
    expect_true(report.pass == !item && (!item || !find(&report, item)->pass));
  }
  gsl_rng_free(rng);
}

static void expect_caught(const spo_manifold *M, const char *item) {
  gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
  for (expect_seed = 1; expect_seed <= SEEDS; expect_seed++) {
    spo_error err = {0};
    spo_check_report report;
    gsl_rng_set(rng, expect_seed);
    expect_ok(spo_check_manifold(M, rng, &report, &err));
    const spo_check_item *found = item ? find(&report, item) : NULL;
    if (found && found->pass)
      print_error("not caught: %s: %g is in [%g, %g]\n", item, found->value, found->lo, found->hi);
    expect_true(report.pass == !item && !(found && found->pass));
  }
  gsl_rng_free(rng);
  if (!item || strncmp(item, "retract:", 8) == 0)
    expect_caught_alone(M, retraction, item);
  if (!item || strncmp(item, "transport:", 10) == 0)
    expect_caught_alone(M, spo_check_transport, item);
}

static mutant broken;
static spo_manifold *base;

static void expect_mutant(const char *item) {
  expect_caught(&broken.base, item);
  wrap(&broken, base);
}

#define MUTANT(slot, fault, item) broken.ops.slot = (fault), expect_mutant(item)

static void start(spo_manifold *M) {
  base = M;
  wrap(&broken, base);
  expect_caught(&broken.base, NULL); /* the wrapper itself is sound */
}

static spo_manifold *points(void) {
  spo_error err = {0};
  spo_manifold *M;
  expect_ok(spo_oblique_create(4, 3, &M, &err));
  return M;
}

static void projections(void **state) {
  (void)state;
  start(points());
  MUTANT(project, project_oblique, "project: self-adjoint");
  MUTANT(project, project_short, "project: idempotent");
  MUTANT(project, project_nothing, "project: onto the tangent space");
  MUTANT(project, project_nothing, "project: rank is dim");
  MUTANT(project, project_less, "project: rank is dim");
  MUTANT(project, project_no_alias, "project: linear, and w may be v");
  MUTANT(project, project_past_the_end, "work and memo: nothing past the end");
  spo_manifold_destroy(base);
}

static void retractions(void **state) {
  (void)state;
  start(points());
  MUTANT(retract, retract_fast, "retract: first order");
  MUTANT(retract, retract_back, "retract: first order");
  MUTANT(retract, retract_off, "retract: stays on the manifold");
  MUTANT(retract, retract_full, "retract: R_x(0) = x");
  MUTANT(retract, retract_full, "retract: depends on t v alone");
  MUTANT(retract, retract_bent, "retract: second order");
  MUTANT(retract, retract_bent, "retract: order");
  MUTANT(retract, retract_bent, "retract: agrees with exp");
  MUTANT(retract, retract_bent, "ehess_to_rhess: predicts the cost");
  MUTANT(retract, retract_no_alias, "retract: x may be y");
  MUTANT(exp, exp_by_retraction, "exp: no acceleration on the way");
  MUTANT(exp, exp_fast, "exp: first order");
  MUTANT(exp, exp_off, "exp: stays on the manifold");
  MUTANT(exp, retract_full, "exp: Exp_x(0) = x");
  MUTANT(exp, retract_bent, "exp: second order");
  MUTANT(exp, retract_bent, "ehess_to_rhess: predicts it along exp");
  MUTANT(exp, retract_no_alias, "exp: x may be y");
  spo_manifold_destroy(base);
}

static void conversions(void **state) {
  (void)state;
  start(points());
  MUTANT(egrad_to_rgrad, gradient_twice, "egrad_to_rgrad: predicts the cost");
  MUTANT(egrad_to_rgrad, gradient_ambient, "egrad_to_rgrad: tangent");
  MUTANT(egrad_to_rgrad, gradient_past_the_end, "work and memo: nothing past the end");
  MUTANT(ehess_to_rhess, curvature_reversed, "ehess_to_rhess: predicts the cost");
  MUTANT(ehess_to_rhess, curvature_reversed, "ehess_to_rhess: predicts the gradient");
  MUTANT(ehess_to_rhess, curvature_missing, "ehess_to_rhess: predicts it along exp");
  MUTANT(ehess_to_rhess, curvature_inexact, "ehess_to_rhess: predicts the gradient");
  MUTANT(ehess_to_rhess, hessian_ambient, "ehess_to_rhess: tangent");
  MUTANT(ehess_to_rhess, hessian_skew, "ehess_to_rhess: symmetric");
  MUTANT(ehess_to_rhess, hessian_bent, "ehess_to_rhess: linear");
  spo_manifold_destroy(base);
}

static void the_rest(void **state) {
  (void)state;
  start(points());
  MUTANT(random_point, random_off, "random points: on the manifold");
  MUTANT(random_point, random_same, "random points: differ");
  MUTANT(defect, defect_blind, "defect: sees what is off");
  MUTANT(defect, defect_lost, "random points: on the manifold");
  MUTANT(transport, transport_copy, "transport: tangent");
  MUTANT(transport, transport_shrink, "transport: near the identity nearby");
  MUTANT(transport, transport_shrink, "transport: keeps lengths nearby");
  MUTANT(transport, transport_no_alias, "transport: v may be w");
  MUTANT(velocity, velocity_fast, "velocity: derivative of the retraction");
  MUTANT(velocity, velocity_by_transport, "velocity: derivative of the retraction");
  MUTANT(velocity, velocity_ambient, "velocity: tangent");
  MUTANT(velocity, velocity_no_alias, "velocity: v may be w");
  MUTANT(from_coords, from_stretched, "coords: orthonormal");
  MUTANT(from_coords, from_ambient, "coords: tangent");
  MUTANT(from_coords, from_repeated, "coords: vector by vector the same");
  MUTANT(to_coords, to_reversed, "coords: to undoes from");
  MUTANT(to_coords, to_reversed, "coords: from undoes to");
  MUTANT(inner, inner_doubled, "egrad_to_rgrad: predicts the cost");
  MUTANT(inner, inner_skew, "inner: symmetric");
  MUTANT(step_limit, limit_negative, "step_limit: positive");
  MUTANT(step_limit, limit_fixed, "step_limit: halves as v doubles");
  broken.base.dim--;
  expect_mutant("project: rank is dim");
  spo_manifold_destroy(base);
}

/* Where the curvature is a matrix, and the retraction of first order only. */
static void on_stiefel(void **state) {
  (void)state;
  spo_error err = {0};
  spo_manifold *M;
  expect_ok(spo_stiefel_create(5, 2, SPO_STIEFEL_QR, &M, &err));
  start(M);
  broken.base.retraction_order = 2; /* it claims what it does not hold */
  expect_mutant("retract: second order");
  broken.base.retraction_order = 2;
  expect_mutant("ehess_to_rhess: predicts the cost");
  MUTANT(ehess_to_rhess, curvature_reversed, "ehess_to_rhess: predicts the gradient");
  MUTANT(ehess_to_rhess, curvature_missing, "ehess_to_rhess: predicts the gradient");
  MUTANT(retract, retract_fast, "retract: first order");
  MUTANT(velocity, velocity_by_transport, "velocity: derivative of the retraction");
  MUTANT(project, project_from_old_work, "project: idempotent");
  spo_manifold_destroy(base);
}

static void refused(void **state) {
  (void)state;
  gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
  spo_error err = {0};
  spo_check_report report;
  start(points());
  broken.ops.retract = NULL;
  expect_status(spo_check_manifold(&broken.base, rng, &report, &err), SPO_E_UNSUPPORTED);
  expect_true(strstr(err.text, "retract") != NULL);
  wrap(&broken, base);
  broken.ops.project = project_fails;
  expect_status(spo_check_manifold(&broken.base, rng, &report, &err), SPO_E_NUMERIC);
  expect_true(strstr(err.text, "project") != NULL && !report.pass);
  expect_status(spo_check_manifold(base, NULL, &report, &err), SPO_E_ARG);
  expect_status(spo_check_manifold(base, rng, NULL, &err), SPO_E_ARG);
  expect_status(spo_check_manifold(NULL, rng, &report, &err), SPO_E_ARG);
  spo_manifold_destroy(base);
  gsl_rng_free(rng);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(projections), cmocka_unit_test(retractions), cmocka_unit_test(conversions),
      cmocka_unit_test(the_rest),    cmocka_unit_test(on_stiefel),  cmocka_unit_test(refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
