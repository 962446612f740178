/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A manifold of one's own, out of tree: the ellipsoid <x, B x> = 1 in R^3, B = diag(1, 4, 9); then
 * its lowest point in direction (1, 1, 1), at height -7/6. Nothing is registered. Build it alone:
 * cc own_manifold.c $(pkg-config --cflags --libs spheropt gsl) -lm */
#include <gsl/gsl_randist.h>
#include <math.h>
#include <spheropt/spheropt.h>
#include <stdio.h>

enum { N = 3 };
static const double b[N] = {1, 4, 9};

static double dot_b(const double *u, const double *v) {
  return b[0] * u[0] * v[0] + b[1] * u[1] * v[1] + b[2] * u[2] * v[2];
}

/* <n, w>/<n, n> with the normal n = B x */
static double multiplier(const double *x, const double *w) {
  const double n[N] = {b[0] * x[0], b[1] * x[1], b[2] * x[2]};
  return dot_b(x, w) / (n[0] * n[0] + n[1] * n[1] + n[2] * n[2]);
}

static spo_status project(const spo_manifold *M, const double *x, const double *w, double *v,
                          double *work) {
  const double m = multiplier(x, w);
  for (int i = 0; i < N; i++)
    v[i] = w[i] - m * b[i] * x[i];
  return (void)M, (void)work, SPO_OK;
}

/* pulls x + t v back along its ray: agrees with the geodesic to first order only */
static spo_status retract(const spo_manifold *M, const double *x, double t, const double *v,
                          double *y, double *work) {
  for (int i = 0; i < N; i++)
    y[i] = x[i] + t * v[i];
  const double length = sqrt(dot_b(y, y));
  for (int i = 0; i < N; i++)
    y[i] /= length;
  return (void)M, (void)work, isfinite(y[0]) ? SPO_OK : SPO_OUTSIDE;
}

static spo_status egrad_to_rgrad(const spo_manifold *M, const double *x, double *g, double *memo,
                                 double *work) {
  *memo = multiplier(x, g); /* how much the surface's bending adds to the Hessian */
  return project(M, x, g, g, work);
}

static spo_status ehess_to_rhess(const spo_manifold *M, const double *x, const double *memo,
                                 const double *v, double *hv, double *work) {
  for (int i = 0; i < N; i++)
    hv[i] -= *memo * b[i] * v[i];
  return project(M, x, hv, hv, work);
}

static spo_status random_point(const spo_manifold *M, gsl_rng *rng, double *x, double *work) {
  gsl_ran_dir_nd(rng, N, x);
  return retract(M, x, 0, x, x, work);
}

static double defect(const spo_manifold *M, const double *x, double *work) {
  return (void)M, (void)work, fabs(dot_b(x, x) - 1);
}

static void destroy(spo_manifold *M) {
  (void)M; /* it lives on the stack of main */
}

static int height(void *self, const double *x, double *f, double *memo, double *work) {
  *f = x[0] + x[1] + x[2];
  return (void)self, (void)memo, (void)work, 0;
}

static int up(void *self, const double *x, double *g, double *memo, double *work) {
  g[0] = g[1] = g[2] = 1;
  return (void)self, (void)x, (void)memo, (void)work, 0;
}

int main(void) {
  const spo_manifold_ops ellipsoid = {sizeof ellipsoid, project,        retract,
                                      egrad_to_rgrad,   ehess_to_rhess, random_point,
                                      defect,           destroy,        .exp = NULL};
  const spo_manifold M = {&ellipsoid, "ellipsoid", 1, N, N - 1, 1, 0, 2};
  const spo_problem_ops ops = {.size = sizeof ops, .cost = height, .egrad = up};
  const spo_problem P = {.ops = &ops, .name = "height", .manifold = &M};
  spo_check_report report = {0};
  spo_result result = {.size = sizeof result};
  spo_error err = {0};
  double x[N] = {1, 0, 0};
  gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
  if (spo_check_manifold(&M, rng, &report, &err) || spo_minimize(&P, x, NULL, &result, &err))
    printf("%s\n", err.text);
  for (size_t i = 0; i < report.count; i++)
    printf("%s: %g%s\n", report.item[i].name, report.item[i].value,
           report.item[i].pass ? "" : " FAILED");
  printf("lowest at (%g, %g, %g), height %.12f\n", x[0], x[1], x[2], result.last.f);
  gsl_rng_free(rng);
  return !(report.pass && result.converged && fabs(result.last.f + 7 / 6.0) <= 1e-12);
}
