/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Verdicts at points whose kind is known in closed form (doc/ufm.md): minimisers, the explicit
 * families of saddles at any scale, the degenerate and the spurious exceptions, and points that are
 * not critical. */
#include "expect.h"

#include <string.h>
#include <gsl/gsl_math.h>
#include <spheropt/landscape/verify.h>
#include <spheropt/models/brockett.h>
#include <spheropt/models/rayleigh.h>
#include <spheropt/solver.h>

#include "critical.h"
#include "eigenvalue_list.h"

static double *direction;

static spo_verification verdict_on(const place *t) {
  spo_error err = {0};
  spo_verification v;
  direction = realloc(direction, t->problem->manifold->n * sizeof *direction);
  expect_ok(spo_verify(t->problem, t->at->x, NULL, NULL, &v, direction, &err));
  expect_true(v.why[0] != '\0');
  return v;
}

static void expect_verdict_(const spo_verification *v, spo_verdict due, int line) {
  if (v->verdict != due) {
    print_error("line %d: %s (%s), due %s, seed %llu\n", line, spo_verdict_name(v->verdict), v->why,
                spo_verdict_name(due), (unsigned long long)expect_seed);
    fail();
  }
}
#define expect_verdict(v, due) expect_verdict_((v), (due), __LINE__)

/* A saddle: the direction is a unit tangent vector, its quotient what a product says, and f falls
 * along it. */
static void expect_saddle_(const place *t, const spo_verification *v, int line) {
  expect_verdict_(v, SPO_STRICT_SADDLE, line);
  const size_t n = t->problem->manifold->n;
  double *hv = malloc(n * sizeof *hv), vv = 0, vhv = 0, f = t->at->f;
  expect_true(v->direction_case && v->rayleigh < -v->rayleigh_error);
  expect_true(spo_eval_hess(t->eval, t->at, 1, direction, hv) == SPO_OK);
  f = t->at->f;
  for (size_t i = 0; i < n; i++) {
    vv += direction[i] * direction[i];
    vhv += direction[i] * hv[i];
  }
  expect_near(vv, 1, 1e-13);
  expect_near(vhv, v->rayleigh, 1e-12 * fabs(v->rayleigh) + v->rayleigh_error);
  spo_point *lower;
  expect_true(spo_point_create(t->problem, &lower, NULL) == SPO_OK);
  expect_true(v->decrease_step > 0 && v->decrease > 0);
  expect_true(spo_eval_exp(t->eval, t->at, v->decrease_step, direction, lower) == SPO_OK);
  expect_true(spo_eval_cost(t->eval, lower) == SPO_OK);
  expect_near(f - lower->f, v->decrease, 1e-12 * fabs(f));
  spo_point_destroy(lower);
  free(hv);
}
#define expect_saddle(t, v) expect_saddle_((t), (v), __LINE__)

/* All eigenvalues of the dense spectrum are those of the list. */
static void expect_spectrum(place *t, eigenvalue_list *due, double tol) {
  spo_error err = {0};
  spo_spectrum *s;
  list_sort(due);
  expect_ok(spo_spectrum_at(t->eval, t->at, NULL, t->rng, &s, &err));
  expect_true(s->complete && s->count == due->count);
  for (size_t i = 0; i < due->count; i++)
    expect_near(s->eigenvalue[i], due->value[i], tol * fmax(1, fabs(due->value[0])));
  spo_spectrum_destroy(s);
}

/* ---- minimisers ------------------------------------------------------------------------------ */

static void minimisers(void **state) {
  (void)state;
  static const struct {
    size_t K, n, d;
    double tau;
  } at[] = {{2, 1, 2, 1},  {3, 1, 3, 0.1}, {3, 2, 2, 1},   {4, 2, 5, 5},    {10, 5, 16, 1},
            {3, 1, 2, 10}, {5, 2, 8, 40},  {4, 1, 3, 100}, {20, 40, 32, 1}, {100, 5, 128, 1}};
  for (size_t i = 0; i < sizeof at / sizeof at[0]; i++) {
    place t;
    expect_seed = i;
    place_ufm(&t, at[i].K, at[i].n, at[i].d, at[i].tau, "etf");
    const spo_verification v = verdict_on(&t);
    expect_verdict(&v, SPO_GLOBAL_MINIMIZER);
    const double K = (double)at[i].K, f = log1p((K - 1) * exp(-at[i].tau * K / (K - 1)));
    expect_near(v.f, f, 1e-13 * f);
    expect_near(v.gap, 0, 1e-13 * f);
    expect_at_most(v.gap_bound, 1e-6 * f); /* by Z itself, not by the closed form alone */
    expect_true(v.plain.converged && !v.direction_case);
    expect_true(isnan(v.scaled.lambda_min) && v.scaled.applications == 0); /* not needed */
    expect_near(v.gap_bound, v.plain.gap_bound, 0.0);
    const size_t zeros =
        (at[i].K - 1) * (at[i].d - at[i].K + 1) + (at[i].K - 1) * (at[i].K - 2) / 2;
    expect_true(v.gauge_dimension == zeros);
    expect_true(!v.spectrum_known || (v.index == 0 && v.nullity == zeros));
    place_close(&t);
  }
}

/* K = 3, one sample per class: in the plane a local minimum that is not global exists from tau
 * = 9.075 on. The same points in R^3 are a saddle of index 1, with the lowest eigenvalue of Z. */
static void spurious_minimum(void **state) {
  (void)state;
  static const double degrees[] = {0,           308.19153988, 1.61632698,
                                   129.8819942, 244.45473334, 90.49340331};
  static const double due[] = {0,           1.00684147e-3, 2.99300114e-2, 7.26754962e-2,
                               0.153671957, 26.3210970};
  for (size_t d = 2; d <= 3; d++) {
    place t;
    place_ufm(&t, 3, 1, d, 10, NULL);
    for (size_t i = 0; i < 6; i++) {
      t.at->x[d * i] = cos(degrees[i] * M_PI / 180);
      t.at->x[d * i + 1] = sin(degrees[i] * M_PI / 180);
    }
    expect_true(critical_find(&t, 1e-13, 50));
    const spo_verification v = verdict_on(&t);
    expect_near(v.f, 0.461133541335, 1e-12);
    expect_near(v.plain.lambda_min, -3.52152557246, 1e-10);
    expect_true(v.scaled.converged && v.gap_bound <= v.scaled.gap_bound);
    if (d == 2) {
      expect_verdict(&v, SPO_LOCAL_MINIMIZER);
      expect_true(v.index == 0 && v.nullity == 1 && v.gauge_dimension == 1);
      eigenvalue_list list = {0};
      for (size_t i = 0; i < 6; i++)
        list_add(&list, due[i], 1);
      expect_spectrum(&t, &list, 1e-7);
      free(list.value);
    } else {
      expect_saddle(&t, &v);
      expect_near(v.lambda_min, -3.52152557246, 1e-10);
      expect_true(v.index == 1);
    }
    place_close(&t);
  }
}

/* ---- P1: collapsed points -------------------------------------------------------------------- */

static void collapsed(void **state) {
  (void)state;
  eigenvalue_list due = {0};
  const int degrees[] = {0, 37, 90, 180};
  const size_t K = 3, n = 2;
  for (size_t d = 3; d <= 5; d++)
    for (size_t a = 0; a < 4; a++)
      for (double tau = 0.1; tau < 1000; tau *= 10) {
        char name[32];
        snprintf(name, sizeof name, "collapsed:%d", degrees[a]);
        place t;
        place_ufm(&t, K, n, d, tau, name);
        const double angle = degrees[a] * M_PI / 180, c = degrees[a] == 90 ? 0 : cos(angle);
        const double B = tau / ((double)K * sqrt((double)n)),
                     A = tau * tau * (1 - c * c) / (double)K;
        const double root = sqrt(A * A + 4 * B * B * c * c);
        due.count = 0;
        list_add(&due, B, (K - 1) * (d - 2));
        list_add(&due, -B, (K - 1) * (d - 2));
        /* (A - root)/2 without its cancellation */
        list_add(&due, -2 * B * B * c * c / (A + root), K - 1);
        list_add(&due, (A + root) / 2, K - 1);
        list_add(&due, 0, t.problem->manifold->dim - due.count);
        expect_spectrum(&t, &due, 1e-11 * fmax(1, tau));
        const spo_verification v = verdict_on(&t);
        expect_saddle(&t, &v);
        expect_near(v.f, log((double)K), 1e-14);
        expect_true(v.index == (K - 1) * (d - 2) + (K - 1) * (degrees[a] != 90));
        place_close(&t);
      }
  free(due.value);
}

/* In the plane and at 90 degrees the Hessian is positive semidefinite though the point is no
 * minimum: fourth order decides. Nothing is claimed. */
static void collapsed_in_the_plane(void **state) {
  (void)state;
  for (size_t K = 2; K <= 4; K++) {
    place t;
    place_ufm(&t, K, 1, 2, 1.5, "collapsed:90");
    const spo_verification v = verdict_on(&t);
    expect_verdict(&v, SPO_SECOND_ORDER_POINT);
    expect_true(v.index == 0 && v.nullity > v.gauge_dimension && v.plain.lambda_min < 0);
    expect_true(!v.direction_case);
    expect_near(v.lambda_max, 1.5 * 1.5 / (double)K, 1e-12);
    place_close(&t);
    place_ufm(&t, K, 1, 2, 1.5, "collapsed:80"); /* but it is a saddle at any other angle */
    const spo_verification w = verdict_on(&t);
    expect_saddle(&t, &w);
    place_close(&t);
  }
}

/* ---- P2: merged classes ---------------------------------------------------------------------- */

static void merged(void **state) {
  (void)state;
  static const struct {
    size_t m, s, n, d;
    double tau, f, lowest;
    size_t index;
  } due[] = {{2, 2, 1, 4, 1, 0.820075, -0.190399, 6},
             {2, 2, 2, 5, 2, 0.711297, -0.340092, 8},
             {3, 2, 1, 6, 1, 1.062128, -0.089526, 15},
             {4, 2, 1, 8, 5, 0.696958, -0.621831, 28},
             {3, 3, 2, 5, 1, 1.467593, -0.041042, 24}};
  for (size_t i = 0; i < sizeof due / sizeof due[0]; i++) {
    char name[32];
    snprintf(name, sizeof name, "merged:%zu", due[i].m);
    place t;
    place_ufm(&t, due[i].m * due[i].s, due[i].n, due[i].d, due[i].tau, name);
    const double m = (double)due[i].m, s = (double)due[i].s, K = m * s, n = (double)due[i].n;
    const double tau = due[i].tau, rho = exp(-tau * m / (m - 1)), a = 1 / (s + (K - s) * rho);
    const double kappa = 1 - s * (a - rho * a), sum = kappa * (1 + 1 / n);
    const double lowest = tau / K * (sum - sqrt(sum * sum + 4 * (1 - kappa * kappa) / n)) / 2;
    const spo_verification v = verdict_on(&t);
    if (due[i].d >= (size_t)K)
      expect_saddle(&t, &v);
    expect_near(v.f, log(s + (K - s) * rho), 1e-13);
    expect_near(v.f, due[i].f, 1e-6);
    expect_near(v.plain.lambda_min, lowest, 1e-13);
    expect_near(v.lambda_min, lowest, 1e-12);
    expect_near(v.lambda_min, due[i].lowest, 1e-6);
    expect_true(v.index == due[i].index);
    place_close(&t);
  }
}

/* ---- P3: everything on one line -------------------------------------------------------------- */

static void signs(void **state) {
  (void)state;
  const size_t K = 3, n = 2, d = 4, vectors = K + K * n;
  size_t histogram[32] = {0};
  const struct {
    size_t index, count;
  } due[] = {{3, 6}, {6, 128}, {9, 36}, {12, 90}, {15, 120}, {18, 90}, {21, 36}, {24, 6}};
  place t;
  place_ufm(&t, K, n, d, 1.3, NULL);
  for (unsigned pattern = 0; pattern < 1u << vectors; pattern++) {
    expect_seed = pattern;
    for (size_t j = 0; j < vectors; j++)
      t.at->x[j * d] = pattern >> j & 1 ? 1 : -1;
    spo_point_forget(t.at);
    const spo_verification v = verdict_on(&t);
    expect_saddle(&t, &v);
    expect_near(v.lambda_min, v.plain.lambda_min, 1e-12); /* Hess = Z x I_(d-1) */
    expect_true(v.index < 32);
    histogram[v.index]++;
  }
  size_t total = 0;
  for (size_t i = 0; i < sizeof due / sizeof due[0]; i++) {
    expect_true(histogram[due[i].index] == due[i].count);
    total += due[i].count;
  }
  expect_true(total == 512);
  place_close(&t);
}

/* ---- P4: antipodal features ------------------------------------------------------------------ */

static void antipodal(void **state) {
  (void)state;
  eigenvalue_list due = {0};
  for (size_t K = 2; K <= 5; K++)
    for (size_t d = K == 2 ? 2 : K - 1; d <= K + 1; d++)
      for (int above = 0; above < 2; above++) {
        /* the sign of a - s turns at tau = K - 1 */
        const double tau = (double)(K - 1) * (above ? 1.3 : 0.7), k = (double)K;
        place t;
        place_ufm(&t, K, 2, d, tau, "antipodal");
        list_ufm_etf(&due, K, 2, d, tau, -1);
        const double size = fmax(-due.value[0], due.value[due.count - 1]);
        size_t negative = list_count(&due, -INFINITY, -1e-12 * size);
        expect_spectrum(&t, &due, 1e-12 * fmax(1, tau * tau));
        const spo_verification v = verdict_on(&t);
        expect_near(v.f, log1p((k - 1) * exp(tau * k / (k - 1))), 1e-13 * v.f);
        expect_true(v.index == negative);
        if (d >= K)
          expect_saddle(&t, &v);
        place_close(&t);
      }
  free(due.value);
}

/* ---- P5: calibrated points ------------------------------------------------------------------- */

static void calibrated(void **state) {
  (void)state;
  place t;
  place_ufm(&t, 2, 2, 2, 1, "calibrated:3,1");
  const spo_verification v = verdict_on(&t);
  expect_saddle(&t, &v);
  expect_true(!strcmp(v.direction_case, "C") && v.index == 1);
  expect_near(v.rayleigh, -3 * log(3) / 16, 1e-13);
  expect_near(v.rayleigh, -0.205990, 1e-6);
  expect_near(v.lambda_min, -0.285796, 1e-6);
  expect_near(v.f, 0.25 * log(4) + 0.75 * log(4.0 / 3), 1e-14);
  place_close(&t);
  place_ufm(&t, 2, 2, 3, 1, "calibrated:3,1");
  const spo_verification w = verdict_on(&t);
  expect_saddle(&t, &w);
  expect_near(w.lambda_min, -0.404235, 1e-6);
  expect_true(w.index == 2);
  place_close(&t);
}

/* ---- any scale: for d >= K, d >= 3 all of them are strict saddles ---------------------------- */

static void every_family_at_every_scale(void **state) {
  (void)state;
  static const struct {
    size_t K, n, d;
    const char *name;
  } at[] = {{2, 2, 3, "collapsed:0"},    {4, 3, 4, "collapsed:90"},  {5, 1, 7, "collapsed:135"},
            {4, 2, 4, "merged:2"},       {6, 1, 8, "merged:3"},      {3, 2, 3, "antipodal"},
            {5, 1, 5, "antipodal"},      {3, 2, 3, "signs"},         {4, 3, 6, "signs"},
            {2, 8, 3, "calibrated:9,7"}, {2, 8, 2, "calibrated:9,7"}};
  const double taus[] = {0.1, 1, 10, 100};
  for (size_t i = 0; i < sizeof at / sizeof at[0]; i++)
    for (size_t j = 0; j < 4; j++) {
      expect_seed = 10 * i + j;
      place t;
      if (!strncmp(at[i].name, "calibrated", 10) && taus[j] < 0.13)
        continue; /* needs log(9/7) <= 2 tau */
      place_ufm(&t, at[i].K, at[i].n, at[i].d, taus[j], at[i].name);
      const spo_verification v = verdict_on(&t);
      expect_saddle(&t, &v);
      expect_true(strcmp(v.direction_case, "hessian") != 0); /* by construction, not by search */
      expect_true(v.spectrum_known && v.index > 0);
      place_close(&t);
    }
}

/* ---- not critical ---------------------------------------------------------------------------- */

static void not_critical(void **state) {
  (void)state;
  place t;
  for (expect_seed = 1; expect_seed <= 5; expect_seed++) {
    place_ufm(&t, 4, 2, 5, 1, NULL);
    place_random(&t);
    const spo_verification v = verdict_on(&t);
    expect_verdict(&v, SPO_NOT_CRITICAL);
    expect_true(v.gap <= v.gap_bound && v.gap > 0); /* the bound holds all the same */
    expect_true(!v.direction_case && !v.spectrum_known);
    place_close(&t);
  }
  for (int kind = 0; kind < 3; kind++) {
    const size_t K = 3, d = 4;
    place_ufm(&t, K, 1, d, 1, kind == 0 ? NULL : "etf");
    double *W = t.at->x, *H = t.at->x + K * d;
    for (size_t i = 0; i < K; i++)
      for (size_t j = 0; j < d; j++) {
        if (kind == 0) /* an orthonormal frame, h_i = w_i */
          W[i * d + j] = H[i * d + j] = i == j;
        else if (kind == 1) /* ETF, features of the next class */
          H[i * d + j] = W[(i + 1) % K * d + j];
        else /* ETF, features orthogonal to it */
          H[i * d + j] = j == d - 1;
      }
    spo_point_forget(t.at);
    const spo_verification v = verdict_on(&t);
    expect_verdict(&v, SPO_NOT_CRITICAL);
    place_close(&t);
  }
  place_ufm(&t, 3, 1, 4, 1, "etf");
  t.at->x[0] *= 1 + 1e-5; /* off the manifold */
  const spo_verification v = verdict_on(&t);
  expect_verdict(&v, SPO_NOT_CRITICAL);
  expect_near(v.feasibility, 1e-5, 1e-5);
  place_close(&t);
}

/* ---- other problems -------------------------------------------------------------------------- */

static void rayleigh(void **state) {
  (void)state;
  enum { N = 9 };
  for (size_t j = 0; j < N; j++) {
    spo_rayleigh_params params;
    spo_rayleigh_params_init(&params);
    params.n = N;
    params.seed = 4;
    spo_problem *P;
    spo_error err = {0};
    char name[32];
    snprintf(name, sizeof name, "eigenvector:%zu", j);
    expect_ok(spo_rayleigh_create(&params, &P, &err));
    place t;
    place_open(&t, P, spo_rayleigh(), name);
    const spo_verification v = verdict_on(&t);
    expect_true(v.spectrum_known && v.index == j && v.nullity == 0);
    expect_near(v.gap_bound, v.gap, 1e-12);
    if (j == 0) {
      expect_verdict(&v, SPO_GLOBAL_MINIMIZER);
    } else {
      expect_saddle(&t, &v);
      expect_near(v.rayleigh, v.lambda_min, 1e-12);
      expect_near(v.decrease, v.gap, 0.05 * v.gap); /* half a turn leads to the minimum */
    }
    place_close(&t);
  }
}

static void brockett(void **state) {
  (void)state;
  static const struct {
    const char *name;
    spo_verdict verdict;
    size_t index;
  } due[] = {{"eigenvectors:0,1", SPO_GLOBAL_MINIMIZER, 0},
             {"eigenvectors:1,0", SPO_STRICT_SADDLE, 1},
             {"eigenvectors:0,2", SPO_STRICT_SADDLE, 1},
             {"eigenvectors:5,4", SPO_STRICT_SADDLE, 9}};
  for (size_t i = 0; i < sizeof due / sizeof due[0]; i++) {
    spo_brockett_params params;
    spo_brockett_params_init(&params);
    params.n = 6;
    params.columns = 2;
    params.seed = 2;
    spo_problem *P;
    spo_error err = {0};
    expect_ok(spo_brockett_create(&params, &P, &err));
    place t;
    place_open(&t, P, spo_brockett(), due[i].name);
    const spo_verification v = verdict_on(&t);
    expect_verdict(&v, due[i].verdict);
    expect_true(v.spectrum_known && v.index == due[i].index && v.nullity == 0);
    expect_true(isnan(v.gap_bound) && isnan(v.plain.lambda_min)); /* no certificate */
    if (due[i].verdict == SPO_STRICT_SADDLE) {
      expect_saddle(&t, &v);
      expect_true(!strcmp(v.direction_case, "hessian"));
    }
    place_close(&t);
  }
}

/* ---- less than everything -------------------------------------------------------------------- */

static void older_tables(void **state) {
  (void)state;
  place t;
  place_ufm(&t, 3, 2, 4, 1, "merged:3");
  spo_problem_ops ops = *t.problem->ops;
  spo_problem P = *t.problem;
  P.ops = &ops;
  spo_verification v;
  spo_error err = {0};
  ops.certificate = NULL; /* the closed form is enough */
  expect_ok(spo_verify(&P, t.at->x, NULL, NULL, &v, NULL, &err));
  expect_verdict(&v, SPO_GLOBAL_MINIMIZER);
  expect_true(isnan(v.gap_bound) && v.theorem != NULL);
  ops.known_minimum = NULL; /* the Hessian still tells a local minimum */
  expect_ok(spo_verify(&P, t.at->x, NULL, NULL, &v, NULL, &err));
  expect_verdict(&v, SPO_LOCAL_MINIMIZER);
  expect_true(v.theorem == NULL && isnan(v.gap));
  ops.symmetry = NULL; /* zeros without a reason */
  ops.scale = NULL;
  expect_ok(spo_verify(&P, t.at->x, NULL, NULL, &v, NULL, &err));
  expect_verdict(&v, SPO_SECOND_ORDER_POINT);
  expect_near(v.grad_scale, v.f, 0);
  ops.ehess = NULL;
  ops.ehess_block = NULL;
  expect_ok(spo_verify(&P, t.at->x, NULL, NULL, &v, NULL, &err));
  expect_verdict(&v, SPO_SECOND_ORDER_POINT);
  expect_true(strstr(v.why, "no Hessian") != NULL && !v.spectrum_known);
  ops = *t.problem->ops;
  spo_verify_options o;
  spo_verify_options_init(&o);
  o.spectrum = false;
  expect_ok(spo_verify(&P, t.at->x, &o, NULL, &v, NULL, &err));
  expect_verdict(&v, SPO_GLOBAL_MINIMIZER);
  expect_true(!v.spectrum_known);
  place_close(&t);
}

static void refusals(void **state) {
  (void)state;
  place t;
  place_ufm(&t, 3, 2, 4, 1, "etf");
  spo_verification v;
  spo_error err = {0};
  spo_verify_options o;
  spo_verify_options_init(&o);
  o.gap_tol = NAN;
  expect_status(spo_verify(t.problem, t.at->x, &o, NULL, &v, NULL, &err), SPO_E_OPTION);
  spo_spectrum_options s;
  spo_spectrum_options_init(&s);
  s.count = 0;
  expect_status(spo_verify(t.problem, t.at->x, NULL, &s, &v, NULL, &err), SPO_E_OPTION);
  t.at->x[3] = NAN;
  expect_status(spo_verify(t.problem, t.at->x, NULL, NULL, &v, NULL, &err), SPO_E_NONFINITE);
  t.at->x[3] = INFINITY;
  expect_status(spo_verify(t.problem, t.at->x, NULL, NULL, &v, NULL, &err), SPO_E_NONFINITE);
  assert_string_equal(spo_verdict_name((spo_verdict)77), "unknown");
  assert_string_equal(spo_verdict_text((spo_verdict)77), "unknown");
  assert_string_equal(spo_verdict_name(SPO_LOCAL_MINIMIZER), "local-minimizer");
  place_close(&t);
}

/* Where f and f* have underflowed, so have their differences: a gradient below the least number
 * with all its digits is none. One that is not so small still is one. */
static void underflow(void **state) {
  (void)state;
  static const double tau[] = {560, 1000, 2000};
  for (size_t i = 0; i < 3; i++) {
    place t;
    double x[4 * 12];
    place_ufm(&t, 4, 2, 4, tau[i], NULL);
    place_random(&t);
    memcpy(x, t.at->x, sizeof x);
    const spo_verification before = verdict_on(&t);
    expect_verdict(&before, SPO_NOT_CRITICAL);
    spo_error err = {0};
    spo_result res = {.size = sizeof res};
    expect_ok(spo_minimize(t.problem, x, NULL, &res, &err));
    expect_true(res.converged);
    expect_at_most(res.last.f, DBL_MIN);
    spo_point_set(t.at, t.problem, x);
    const spo_verification v = verdict_on(&t);
    expect_verdict(&v, SPO_GLOBAL_MINIMIZER);
    place_close(&t);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(minimisers),
      cmocka_unit_test(spurious_minimum),
      cmocka_unit_test(collapsed),
      cmocka_unit_test(collapsed_in_the_plane),
      cmocka_unit_test(merged),
      cmocka_unit_test(signs),
      cmocka_unit_test(antipodal),
      cmocka_unit_test(calibrated),
      cmocka_unit_test(every_family_at_every_scale),
      cmocka_unit_test(not_critical),
      cmocka_unit_test(underflow),
      cmocka_unit_test(rayleigh),
      cmocka_unit_test(brockett),
      cmocka_unit_test(older_tables),
      cmocka_unit_test(refusals),
  };
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  free(direction);
  return failed;
}
