/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A stranger's program: hyperbolic space (a metric of its own, which no manifold of the library
 * has) and a cost on it, seen through the installed headers alone.
 *
 * H^2 = { x in R^3 : <x, x>_L = -1, x_0 > 0 } with <u, v>_L = -u_0 v_0 + u_1 v_1 + u_2 v_2. The
 * cost is the sum of cosh of the distances to three sites, minimal at their normalised sum s/|s|_L,
 * where it is |s|_L. */
#include <gsl/gsl_randist.h>
#include <math.h>
#include <spheropt/spheropt.h>
#include <stdio.h>
#include <stdlib.h>

enum { N = 3 };

typedef struct hyperbolic {
  spo_manifold base; /* first: the library sees this part */
  double spread;     /* of random points */
} hyperbolic;

static double lorentz(const double *u, const double *v) {
  return -u[0] * v[0] + u[1] * v[1] + u[2] * v[2];
}

static spo_status project(const spo_manifold *M, const double *x, const double *w, double *v,
                          double *work) {
  (void)M, (void)work;
  const double c = lorentz(x, w);
  for (int i = 0; i < N; i++)
    v[i] = w[i] + c * x[i];
  return SPO_OK;
}

static spo_status geodesic(const spo_manifold *M, const double *x, double t, const double *v,
                           double *y, double *work) {
  (void)M, (void)work;
  const double length = sqrt(fmax(0, lorentz(v, v))), a = t * length;
  const double c = cosh(a), s = length > 0 ? sinh(a) / length : t;
  if (!isfinite(c))
    return SPO_OUTSIDE;
  for (int i = 0; i < N; i++)
    y[i] = c * x[i] + s * v[i];
  y[0] = sqrt(1 + y[1] * y[1] + y[2] * y[2]); /* back onto the sheet */
  return SPO_OK;
}

static spo_status egrad_to_rgrad(const spo_manifold *M, const double *x, double *g, double *memo,
                                 double *work) {
  g[0] = -g[0]; /* the gradient in the Lorentz metric */
  memo[0] = lorentz(x, g);
  return project(M, x, g, g, work);
}

static spo_status ehess_to_rhess(const spo_manifold *M, const double *x, const double *memo,
                                 const double *v, double *hv, double *work) {
  hv[0] = -hv[0];
  for (int i = 0; i < N; i++)
    hv[i] += memo[0] * v[i];
  return project(M, x, hv, hv, work);
}

static spo_status random_point(const spo_manifold *M, gsl_rng *rng, double *x, double *work) {
  const double spread = ((const hyperbolic *)M)->spread;
  (void)work;
  x[1] = gsl_ran_gaussian(rng, spread);
  x[2] = gsl_ran_gaussian(rng, spread);
  x[0] = sqrt(1 + x[1] * x[1] + x[2] * x[2]);
  return SPO_OK;
}

static double defect(const spo_manifold *M, const double *x, double *work) {
  (void)M, (void)work;
  if (x[0] <= 0)
    return 1 - x[0];                              /* the other sheet */
  return fabs(lorentz(x, x) + 1) / (x[0] * x[0]); /* far out the sheet is steep */
}

static double inner(const spo_manifold *M, const double *x, const double *u, const double *v) {
  (void)M, (void)x;
  return lorentz(u, v);
}

static void destroy(spo_manifold *M) {
  free(M);
}

static const spo_manifold_ops table = {.size = sizeof table,
                                       .project = project,
                                       .retract = geodesic,
                                       .egrad_to_rgrad = egrad_to_rgrad,
                                       .ehess_to_rhess = ehess_to_rhess,
                                       .random_point = random_point,
                                       .defect = defect,
                                       .destroy = destroy,
                                       .exp = geodesic,
                                       .inner = inner};

static spo_manifold *hyperbolic_create(double spread) {
  hyperbolic *h = calloc(1, sizeof *h);
  if (!h)
    return NULL;
  h->base = (spo_manifold){.ops = &table,
                           .name = "hyperbolic plane",
                           .retraction_order = 2,
                           .n = N,
                           .dim = N - 1,
                           .memo_len = 1,
                           .typical_distance = 1};
  h->spread = spread;
  return &h->base;
}

/* f(x) = -<x, s>_L with s the sum of the sites */
static int cost(void *self, const double *x, double *f, double *memo, double *work) {
  (void)memo, (void)work;
  *f = -lorentz(x, self);
  return 0;
}

static int egrad(void *self, const double *x, double *g, double *memo, double *work) {
  const double *s = self;
  (void)x, (void)memo, (void)work;
  g[0] = s[0], g[1] = -s[1], g[2] = -s[2];
  return 0;
}

static int ehess(void *self, const double *x, const double *v, double *hv, const double *memo,
                 double *work) {
  (void)self, (void)x, (void)v, (void)memo, (void)work;
  hv[0] = hv[1] = hv[2] = 0;
  return 0;
}

static const spo_problem_ops cost_table = {
    .size = sizeof cost_table, .cost = cost, .egrad = egrad, .ehess = ehess};

static bool show(const char *what, spo_status status, const spo_check_report *report,
                 const spo_error *err) {
  if (status) {
    printf("%s: %s\n", what, err->text);
    return false;
  }
  for (size_t i = 0; i < report->count; i++)
    if (!report->item[i].pass)
      printf("%s, %s: %g not in [%g, %g]\n", what, report->item[i].name, report->item[i].value,
             report->item[i].lo, report->item[i].hi);
  printf("%s: %zu checks, %s\n", what, report->count, report->pass ? "passed" : "failed");
  return report->pass;
}

static bool minimise(const spo_solver_ops *type, const spo_problem *P, const double *s) {
  spo_error err = {0};
  spo_result result = {.size = sizeof result};
  spo_solver *solver;
  double x[N] = {0, 2, -3};
  x[0] = sqrt(1 + x[1] * x[1] + x[2] * x[2]);
  const double f_star = sqrt(-lorentz(s, s));
  if (spo_solver_create(type, P, NULL, 1, &solver, &err) ||
      spo_solver_solve(solver, x, NULL, NULL, NULL, &result, &err)) {
    printf("%s: %s\n", type->name, err.text);
    return false;
  }
  spo_solver_destroy(solver);
  printf("%s: f = %.15f, due %.15f; %s\n", type->name, result.last.f, f_star,
         spo_reason_text(result.reason));
  return result.converged && fabs(result.last.f - f_star) <= 1e-12 * f_star &&
         fabs(x[1] - s[1] / f_star) <= 1e-6;
}

/* The diagnostics one by one, and the cost as data: the slope is the difference of the cost. */
static bool check_one_by_one(const spo_problem *P, gsl_rng *rng) {
  spo_error err = {0};
  spo_check_report report = {0};
  spo_check_curve curve[2];
  const double x[N] = {1, 0, 0}, v[N] = {0, 0.6, -0.8}, h = 1e-4, t[3] = {0.5 - h, 0.5, 0.5 + h};
  double f[3];
  spo_profile_row row[3];
  bool good =
      show("gradient", spo_check_gradient(P, NULL, rng, &report, curve, &err), &report, &err);
  good =
      show("Hessian", spo_check_hessian(P, NULL, rng, &report, curve, &err), &report, &err) && good;
  good = show("retraction", spo_check_retraction(P->manifold, NULL, rng, &report, curve, &err),
              &report, &err) &&
         good;
  good = show("transport", spo_check_transport(P->manifold, NULL, rng, &report, &err), &report,
              &err) &&
         good;
  if (spo_profile(P, x, v, SPO_ALONG_RETRACTION, 3, t, row, &err) ||
      spo_surface(P, x, v, v, 3, t, 1, &(double){0.0}, f, &err)) {
    printf("profile: %s\n", err.text);
    return false;
  }
  const double slope = (row[2].f - row[0].f) / (2 * h);
  printf("profile: slope %.12g, differences %.12g\n", row[1].slope, slope);
  return good && fabs(row[1].slope - slope) <= 1e-6 && fabs(f[1] - row[1].f) <= 1e-14 * f[1];
}

/* The same minimiser by log f, with its Hessian by differences, on the manifold checked. */
static bool minimise_wrapped(const spo_problem *P, const double *s) {
  spo_error err = {0};
  spo_manifold *checked;
  spo_problem *logarithm = NULL, *differences = NULL;
  spo_result result = {.size = sizeof result};
  double x[N] = {1, 0, 0};
  if (spo_checked_create(P->manifold, 0.0, &checked, &err))
    return false;
  spo_problem Q = *P;
  Q.manifold = checked;
  spo_status status = spo_log_problem(&Q, &logarithm, &err);
  if (!status)
    status = spo_fd_hessian_problem(logarithm, 0.0, &differences, &err);
  if (!status)
    status = spo_minimize(differences, x, NULL, &result, &err);
  const char *violation = spo_checked_violation(checked);
  const double f_star = sqrt(s[0] * s[0] - s[1] * s[1] - s[2] * s[2]);
  printf("wrapped: f = %.15f, due %.15f; %s; %s\n", exp(result.last.f), f_star,
         spo_reason_text(result.reason),
         status      ? err.text
         : violation ? violation
                     : "no violation");
  spo_problem_destroy(differences);
  spo_problem_destroy(logarithm);
  spo_manifold_destroy(checked);
  return !status && !violation && result.converged &&
         fabs(exp(result.last.f) - f_star) <= 1e-12 * f_star;
}

int main(void) {
  spo_error err = {0};
  spo_check_report report = {0};
  double s[N] = {0};
  const double site[3][2] = {{0.5, 0.2}, {-1, 0.4}, {0.3, -2}};
  for (int i = 0; i < 3; i++) {
    s[0] += sqrt(1 + site[i][0] * site[i][0] + site[i][1] * site[i][1]);
    s[1] += site[i][0];
    s[2] += site[i][1];
  }
  if (spo_blas_threads(1) != 1)
    return 1;
  spo_manifold *M = hyperbolic_create(0.7);
  gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
  const spo_problem P = {.ops = &cost_table, .name = "sites", .self = s, .manifold = M};

  bool good = show("manifold", spo_check_manifold(M, rng, &report, &err), &report, &err);
  good = show("cost", spo_check_problem(&P, NULL, rng, &report, &err), &report, &err) && good;
  good = check_one_by_one(&P, rng) && good;
  good = minimise(spo_trust_region(), &P, s) && good;
  good = minimise(spo_gradient_descent(), &P, s) && good;
  good = minimise(spo_conjugate_gradient(), &P, s) && good;
  good = minimise(spo_lbfgs(), &P, s) && good;
  good = minimise_wrapped(&P, s) && good;
  printf("spheropt %s\n", spo_version());

  gsl_rng_free(rng);
  spo_manifold_destroy(M);
  return !good;
}
