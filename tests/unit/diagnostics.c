/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Diagnostics as data: profiles and surfaces against the closed form of a quadratic on a sphere,
 * curves against the slopes that are judged, checks one by one against the check of all, on a
 * manifold and a problem of this file's own. */
#include <float.h>
#include <string.h>

#include <gsl/gsl_randist.h>
#include <spheropt/spheropt.h>

#include "expect.h"

enum { N = 5, COUNT = 21 };

/* f = sum lambda_i x_i^2 / 2 on the unit sphere, with a kink in evaluability: not where x_0 < -0.9
 */
static const double lambda[N] = {1, -2, 3, 0.5, -0.25};

static int cost(void *self, const double *x, double *f, double *memo, double *work) {
  (void)self, (void)memo, (void)work;
  *f = 0;
  for (int i = 0; i < N; i++)
    *f += 0.5 * lambda[i] * x[i] * x[i];
  return x[0] < -0.9;
}

static int egrad(void *self, const double *x, double *g, double *memo, double *work) {
  (void)self, (void)memo, (void)work;
  for (int i = 0; i < N; i++)
    g[i] = lambda[i] * x[i];
  return 0;
}

static int ehess(void *self, const double *x, const double *v, double *hv, const double *memo,
                 double *work) {
  (void)self, (void)x, (void)memo, (void)work;
  for (int i = 0; i < N; i++)
    hv[i] = lambda[i] * v[i];
  return 0;
}

static const spo_problem_ops ops = {
    .size = sizeof ops, .cost = cost, .egrad = egrad, .ehess = ehess};

/* ---- a sphere as a third party writes it: required slots alone ------------------------------- */

static double dot(const double *a, const double *b) {
  double sum = 0;
  for (int i = 0; i < N; i++)
    sum += a[i] * b[i];
  return sum;
}

static spo_status project(const spo_manifold *M, const double *x, const double *w, double *v,
                          double *work) {
  const double along = dot(x, w);
  (void)M, (void)work;
  for (int i = 0; i < N; i++)
    v[i] = w[i] - along * x[i];
  return SPO_OK;
}

static spo_status retract(const spo_manifold *M, const double *x, double t, const double *v,
                          double *y, double *work) {
  (void)M, (void)work;
  double norm = 0;
  for (int i = 0; i < N; i++) {
    y[i] = x[i] + t * v[i];
    norm = hypot(norm, y[i]);
  }
  for (int i = 0; i < N; i++)
    y[i] /= norm;
  return SPO_OK;
}

/* of first order only: the curve bends off along a fixed direction */
static spo_status retract_bent(const spo_manifold *M, const double *x, double t, const double *v,
                               double *y, double *work) {
  double w[N], fixed[N] = {0.3, 0.2, -0.1, 0.4, 0.5};
  const double bend = t * t * dot(v, v);
  project(M, x, fixed, fixed, work);
  for (int i = 0; i < N; i++)
    w[i] = t * v[i] + bend * fixed[i];
  return retract(M, x, 1, w, y, work);
}

static spo_status egrad_to_rgrad(const spo_manifold *M, const double *x, double *g, double *memo,
                                 double *work) {
  memo[0] = dot(x, g);
  return project(M, x, g, g, work);
}

static spo_status ehess_to_rhess(const spo_manifold *M, const double *x, const double *memo,
                                 const double *v, double *hv, double *work) {
  project(M, x, hv, hv, work);
  for (int i = 0; i < N; i++)
    hv[i] -= memo[0] * v[i];
  return SPO_OK;
}

static spo_status random_point(const spo_manifold *M, gsl_rng *rng, double *x, double *work) {
  static const double origin[N];
  (void)work;
  for (int i = 0; i < N; i++)
    x[i] = gsl_ran_gaussian_ziggurat(rng, 1);
  return retract(M, origin, 1, x, x, NULL);
}

static double defect(const spo_manifold *M, const double *x, double *work) {
  (void)M, (void)work;
  return fabs(dot(x, x) - 1);
}

static void destroy(spo_manifold *M) {
  (void)M;
}

static spo_manifold_ops sphere_ops = {.size = sizeof sphere_ops,
                                      .project = project,
                                      .retract = retract,
                                      .egrad_to_rgrad = egrad_to_rgrad,
                                      .ehess_to_rhess = ehess_to_rhess,
                                      .random_point = random_point,
                                      .defect = defect,
                                      .destroy = destroy};
static spo_manifold own = {.ops = &sphere_ops,
                           .name = "own sphere",
                           .retraction_order = 2,
                           .n = N,
                           .dim = N - 1,
                           .memo_len = 1,
                           .typical_distance = 3.14159};
static spo_problem problem = {.ops = &ops, .name = "quadratic", .manifold = &own};

static gsl_rng *rng;

/* An orthonormal pair of tangent vectors at a point. */
static void frame(double *x, double *u, double *v) {
  do
    own.ops->random_point(&own, rng, x, NULL);
  while (x[0] < 0); /* well inside where f is evaluable */
  for (int i = 0; i < N; i++) {
    u[i] = gsl_ran_gaussian_ziggurat(rng, 1);
    v[i] = gsl_ran_gaussian_ziggurat(rng, 1);
  }
  project(&own, x, u, u, NULL);
  const double length_u = sqrt(dot(u, u));
  for (int i = 0; i < N; i++)
    u[i] /= length_u;
  project(&own, x, v, v, NULL);
  const double along = dot(u, v);
  for (int i = 0; i < N; i++)
    v[i] -= along * u[i];
  const double length_v = sqrt(dot(v, v));
  for (int i = 0; i < N; i++)
    v[i] /= length_v;
}

static double quadratic(const double *a, const double *b) {
  double sum = 0;
  for (int i = 0; i < N; i++)
    sum += lambda[i] * a[i] * b[i];
  return sum;
}

/* ---- profile --------------------------------------------------------------------------------- */

/* f(c cos + v sin) in closed form: with p = x'Ax, q = v'Av, r = x'Av and angle a, f = (p cos^2 + q
 * sin^2 + 2 r sin cos) / 2. Along the retraction a = atan t, along the geodesic a = t. */
static void profiles(void **state) {
  (void)state;
  spo_error err = {0};
  spo_manifold *exact;
  expect_ok(spo_sphere_create(N, &exact, &err));
  for (expect_seed = 1; expect_seed <= 10; expect_seed++) {
    double x[N], u[N], v[N], t[COUNT];
    spo_profile_row row[COUNT];
    gsl_rng_set(rng, expect_seed);
    frame(x, u, v);
    const double p = quadratic(x, x), q = quadratic(v, v), r = quadratic(x, v);
    for (int i = 0; i < COUNT; i++)
      t[i] = 0.1 * (i - COUNT / 2);
    for (int geodesic = 0; geodesic < 2; geodesic++) {
      spo_problem Q = problem;
      Q.manifold = geodesic ? exact : &own;
      expect_ok(spo_profile(&Q, x, v, geodesic ? SPO_ALONG_GEODESIC : SPO_ALONG_RETRACTION, COUNT,
                            t, row, &err));
      for (int i = 0; i < COUNT; i++) {
        const double a = geodesic ? t[i] : atan(t[i]), da = geodesic ? 1 : 1 / (1 + t[i] * t[i]);
        const double f = 0.5 * (p * cos(a) * cos(a) + q * sin(a) * sin(a)) + r * sin(a) * cos(a);
        const double slope = da * ((q - p) * sin(a) * cos(a) + r * cos(2 * a));
        const double y0 = cos(a) * x[0] + sin(a) * v[0];
        expect_near(row[i].t, t[i], 0);
        expect_near(row[i].first, 0.5 * p + t[i] * r, 1e-14);
        expect_near(row[i].second, 0.5 * p + t[i] * r + 0.5 * t[i] * t[i] * (q - p), 1e-13);
        expect_near(row[i].model_slope, r + t[i] * (q - p), 1e-13);
        if (y0 < -0.9) {
          expect_true(isnan(row[i].f) && isnan(row[i].slope));
          continue;
        }
        expect_near(row[i].f, f, 1e-14);
        /* eps^(2/3) of the difference, and third derivatives of the curve */
        expect_near(row[i].slope, slope, 100 * pow(DBL_EPSILON, 2.0 / 3));
      }
    }
  }
  spo_manifold_destroy(exact);
}

static void profile_refusals(void **state) {
  (void)state;
  spo_error err = {0};
  double x[N], u[N], v[N], zero[N] = {0}, t = 0.1, off[N], f;
  spo_profile_row row;
  gsl_rng_set(rng, 3);
  frame(x, u, v);
  memcpy(off, x, sizeof off);
  off[1] += 1e-3;
  expect_status(spo_profile(&problem, off, v, SPO_ALONG_RETRACTION, 1, &t, &row, &err), SPO_E_ARG);
  expect_status(spo_profile(&problem, x, x, SPO_ALONG_RETRACTION, 1, &t, &row, &err), SPO_E_ARG);
  expect_status(spo_profile(&problem, x, zero, SPO_ALONG_RETRACTION, 1, &t, &row, &err), SPO_E_ARG);
  expect_status(spo_profile(&problem, x, v, SPO_ALONG_GEODESIC, 1, &t, &row, &err),
                SPO_E_UNSUPPORTED);
  expect_status(spo_profile(NULL, x, v, SPO_ALONG_RETRACTION, 1, &t, &row, &err), SPO_E_ARG);
  expect_status(spo_surface(&problem, x, u, x, 1, &t, 1, &t, &f, &err), SPO_E_ARG);
  double nowhere[N] = {-1, 0, 0, 0, 0}, w[N] = {0, 1, 0, 0, 0};
  expect_status(spo_profile(&problem, nowhere, w, SPO_ALONG_RETRACTION, 1, &t, &row, &err),
                SPO_OUTSIDE);
  /* without a Hessian the second model is not made up */
  spo_problem_ops two = {.size = sizeof two, .cost = cost, .egrad = egrad};
  spo_problem Q = problem;
  Q.ops = &two;
  expect_ok(spo_profile(&Q, x, v, SPO_ALONG_RETRACTION, 1, &t, &row, &err));
  expect_true(isnan(row.second) && isnan(row.model_slope) && isfinite(row.first) &&
              isfinite(row.slope));
}

static void surfaces(void **state) {
  (void)state;
  spo_error err = {0};
  double x[N], u[N], v[N], a[3] = {-0.4, 0, 0.7}, b[4] = {-2, 0, 0.1, 30}, f[12], due;
  gsl_rng_set(rng, 7);
  frame(x, u, v);
  expect_ok(spo_surface(&problem, x, u, v, 3, a, 4, b, f, &err));
  size_t defined = 0;
  for (int i = 0; i < 3; i++)
    for (int j = 0; j < 4; j++) {
      double w[N], y[N];
      for (int k = 0; k < N; k++)
        w[k] = a[i] * u[k] + b[j] * v[k];
      retract(&own, x, 1, w, y, NULL);
      if (cost(NULL, y, &due, NULL, NULL)) {
        expect_true(isnan(f[i * 4 + j]));
        continue;
      }
      expect_near(f[i * 4 + j], due, 1e-14);
      defined++;
    }
  expect_true(defined > 6);
}

/* ---- checks one by one ----------------------------------------------------------------------- */

static const spo_check_item *item(const spo_check_report *report, const char *name) {
  for (size_t i = 0; i < report->count; i++)
    if (strcmp(report->item[i].name, name) == 0)
      return &report->item[i];
  return NULL;
}

/* Remainders fall by 2^order a step at first, and the slope is the one that is judged. */
static void judge_curve(const spo_check_curve *curve, int order, const spo_check_item *judged) {
  expect_true(curve->count == SPO_CURVE_STEPS && curve->order == order && judged != NULL);
  expect_near(curve->slope, judged->value, 0);
  expect_at_most(fabs(curve->slope - order), 0.2);
  for (size_t k = 1; k < curve->count; k++)
    expect_true(curve->t[k] < curve->t[k - 1] && curve->t[k] > 0);
  expect_near(log2(curve->remainder[1] / curve->remainder[2]), order, 0.2);
}

static void curves(void **state) {
  (void)state;
  for (expect_seed = 1; expect_seed <= 5; expect_seed++) {
    spo_error err = {0};
    spo_check_report report;
    spo_check_curve curve[2];
    double x[N], u[N], v[N];
    gsl_rng_set(rng, expect_seed);
    frame(x, u, v);
    expect_ok(spo_check_gradient(&problem, x, rng, &report, curve, &err));
    expect_true(report.pass && !item(&report, "Hessian: symmetric"));
    judge_curve(&curve[0], 2, item(&report, "gradient: predicts the cost"));
    expect_ok(spo_check_hessian(&problem, x, rng, &report, curve, &err));
    expect_true(report.pass && !item(&report, "gradient: predicts the cost"));
    judge_curve(&curve[0], 3, item(&report, "Hessian: predicts the cost"));
    judge_curve(&curve[1], 2, item(&report, "Hessian: predicts the gradient"));
    expect_ok(spo_check_retraction(&own, x, rng, &report, curve, &err));
    expect_true(report.pass);
    judge_curve(&curve[0], 2, item(&report, "retract: first order"));
    judge_curve(&curve[1], 3, item(&report, "retract: second order"));
    expect_near(item(&report, "retract: order")->value, 2, 0);
    expect_ok(spo_check_transport(&own, x, rng, &report, &err));
    expect_true(report.pass && item(&report, "transport: tangent"));
    expect_status(spo_check_symmetry(&problem, x, rng, &report, &err), SPO_E_UNSUPPORTED);
  }
}

/* A retraction of first order is found to be one, promised as what it is or as more. */
static void orders(void **state) {
  (void)state;
  sphere_ops.retract = retract_bent;
  for (int promised = 1; promised <= 2; promised++)
    for (expect_seed = 1; expect_seed <= 5; expect_seed++) {
      spo_error err = {0};
      spo_check_report report;
      spo_check_curve curve[2];
      gsl_rng_set(rng, expect_seed);
      own.retraction_order = promised;
      expect_ok(spo_check_retraction(&own, NULL, rng, &report, curve, &err));
      expect_true(report.pass == (promised == 1));
      expect_near(item(&report, "retract: order")->value, 1, 0);
      judge_curve(&curve[0], 2, item(&report, "retract: first order"));
      expect_near(curve[1].slope, 2, 0.2);
    }
  own.retraction_order = 2;
  sphere_ops.retract = retract;
}

static int set_up(void **state) {
  (void)state;
  rng = gsl_rng_alloc(gsl_rng_mt19937);
  return rng ? 0 : -1;
}

static int tear_down(void **state) {
  (void)state;
  gsl_rng_free(rng);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(profiles), cmocka_unit_test(profile_refusals), cmocka_unit_test(surfaces),
      cmocka_unit_test(curves),   cmocka_unit_test(orders),
  };
  return cmocka_run_group_tests_name("diagnostics", tests, set_up, tear_down);
}
