/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The tied cross-entropy against closed forms: values and whole spectra at the ETF, where all
 * points are equal, on a line and at orbit codes; the limits for many points; its tiles against
 * plain sums. */
#include "expect.h"

#include <gsl/gsl_sf_bessel.h>
#include <gsl/gsl_sf_gamma.h>

#include "configurations.h"

static const struct {
  size_t n, d;
  double alpha;
} sizes[] = {{3, 2, 1}, {3, 4, 2}, {4, 3, 0.3}, {4, 6, 5}, {5, 5, 1}, {6, 5, 10}, {9, 12, 3}};
enum { SIZES = sizeof sizes / sizeof sizes[0] };

static void test_etf(void **state) {
  (void)state;
  eigenvalue_list due = {0};
  for (size_t i = 0; i < SIZES; i++) {
    const size_t n = sizes[i].n, d = sizes[i].d;
    const double m = (double)n, alpha = sizes[i].alpha;
    place t;
    expect_seed = i;
    place_line(&t, spo_tied_ce(), "etf", "--points %zu --dim %zu --alpha %g", n, d, alpha);
    const double q = 1.0 / (m - 1.0 + exp(alpha * m / (m - 1.0)));
    const double s = alpha * q, a = alpha * alpha * q / (m - 1.0);
    due.count = 0;
    list_add(&due, 0.0, (n - 1) * (d - n + 1) + (n - 1) * (n - 2) / 2);
    list_add(&due, 2.0 * m * s, d - n + 1);
    list_add(&due, 4.0 * m * a, n * (n - 3) / 2);
    list_add(&due,
             m * (2.0 * a * m / (m - 1.0) + 2.0 * s * (m - 2.0) / (m - 1.0) -
                  a * q * m * (m - 2.0) / (m - 1.0)),
             n - 1);
    expect_list(&t, &due);
    double f_star, value[SPO_MODEL_MAX_METRICS];
    const char *theorem;
    spo_error err = {0};
    assert_int_equal(t.problem->ops->known_minimum(t.problem->self, &f_star, &theorem), 0);
    expect_near(cost_of(&t), f_star, 1e-14 * (1.0 + alpha) * f_star);
    expect_near(f_star, m * log(1.0 + (m - 1.0) * exp(-alpha * m / (m - 1.0))),
                1e-13 * f_star + 1e-15 * m);
    expect_ok(spo_tied_ce()->metrics(t.problem, t.at->x, value, &err));
    expect_at_most(value[0], 1e-14 * m);
    expect_near(value[2], acos(-1.0 / (m - 1.0)) * 180.0 / acos(-1.0), 1e-6);
    place_close(&t);
  }
  free(due.value);
}

/* dim = points - 2: no theorem; dim = points - 1: one. */
static void test_condition(void **state) {
  (void)state;
  for (size_t d = 3; d <= 6; d++) {
    place t;
    double f_star;
    const char *theorem;
    place_line(&t, spo_tied_ce(), "all-equal", "--points 6 --dim %zu", d);
    const int code = t.problem->ops->known_minimum(t.problem->self, &f_star, &theorem);
    expect_true(d >= 5 ? code == 0 : code > 0);
    place_close(&t);
  }
}

static void test_lines(void **state) {
  (void)state;
  eigenvalue_list due = {0};
  for (size_t i = 0; i < SIZES; i++) {
    const size_t n = sizes[i].n, d = sizes[i].d;
    const double m = (double)n, alpha = sizes[i].alpha;
    place t;
    expect_seed = i;
    place_line(&t, spo_tied_ce(), "all-equal", "--points %zu --dim %zu --alpha %g", n, d, alpha);
    expect_near(cost_of(&t), m * log(m), 1e-13 * m);
    due.count = 0;
    list_add(&due, 0.0, d - 1);
    list_add(&due, -2.0 * alpha, (n - 1) * (d - 1));
    expect_list(&t, &due);
    place_close(&t);
    if (n % 2 != 0)
      continue;
    const double half = 0.5 * m, b = 1.0 / (half * (1.0 + exp(2.0 * alpha)));
    char name[32];
    snprintf(name, sizeof name, "signs:%zu", n / 2);
    place_line(&t, spo_tied_ce(), name, "--points %zu --dim %zu --alpha %g", n, d, alpha);
    expect_near(cost_of(&t), m * log(half * (1.0 + exp(-2.0 * alpha))), 1e-13 * m);
    due.count = 0;
    list_add(&due, 0.0, d - 1);
    list_add(&due, 4.0 * alpha * half * b, d - 1);
    list_add(&due, -2.0 * alpha * tanh(alpha), (n - 2) * (d - 1));
    expect_list(&t, &due);
    place_close(&t);
  }
  free(due.value);
}

/* Q = alpha [(P + P^T) - diag(eps_i ((P + P^T) eps)_i)], each eigenvalue d - 1 times. */
static void test_sign_patterns(void **state) {
  (void)state;
  enum { N = 5, D = 3 };
  const double alpha = 1.3;
  eigenvalue_list due = {0};
  for (unsigned bits = 0; bits < 1u << N; bits++) {
    char name[] = "signs:+++++";
    double eps[N], P[N][N], Q[N * N], lambda[N], vectors[N * N];
    spo_error err = {0};
    place t;
    expect_seed = bits;
    for (int i = 0; i < N; i++) {
      eps[i] = bits >> i & 1 ? -1.0 : 1.0;
      name[6 + i] = bits >> i & 1 ? '-' : '+';
    }
    for (int i = 0; i < N; i++) {
      double Z = 0.0;
      for (int j = 0; j < N; j++)
        Z += P[i][j] = exp(alpha * (eps[i] * eps[j] - 1.0));
      for (int j = 0; j < N; j++)
        P[i][j] /= Z;
    }
    for (int i = 0; i < N; i++) {
      double along = 0.0;
      for (int j = 0; j < N; j++) {
        Q[i * N + j] = alpha * (P[i][j] + P[j][i]);
        along += Q[i * N + j] * eps[j];
      }
      Q[i * N + i] -= eps[i] * along;
    }
    expect_ok(spo_eigh(N, Q, lambda, vectors, &err));
    due.count = 0;
    for (int i = 0; i < N; i++)
      list_add(&due, lambda[i], D - 1);
    place_line(&t, spo_tied_ce(), name, "--points %d --dim %d --alpha %g", N, D, alpha);
    expect_at_most(gradient_of(&t), 1e-14);
    expect_list(&t, &due);
    place_close(&t);
  }
  free(due.value);
}

/* d >= n: whatever critical point, the direction off the span falls. */
static void test_certificate(void **state) {
  (void)state;
  spo_error err = {0};
  for (size_t minus = 0; minus <= 3; minus++) {
    char name[32];
    place t;
    spo_verification v;
    snprintf(name, sizeof name, "signs:%zu", minus);
    place_line(&t, spo_tied_ce(), name, "--points 6 --dim 6 --alpha 2");
    double *direction = new_vector(t.problem);
    expect_ok(spo_verify(t.problem, t.at->x, NULL, NULL, &v, direction, &err));
    expect_true(v.verdict == SPO_STRICT_SADDLE);
    double f_star;
    const char *theorem;
    t.problem->ops->known_minimum(t.problem->self, &f_star, &theorem);
    expect_true(v.gap_bound >= v.f - f_star);
    free(direction);
    place_close(&t);
  }
  place t;
  spo_verification v;
  place_line(&t, spo_tied_ce(), "etf", "--points 6 --dim 8 --alpha 2");
  expect_ok(spo_verify(t.problem, t.at->x, NULL, NULL, &v, NULL, &err));
  expect_true(v.verdict == SPO_GLOBAL_MINIMIZER);
  expect_at_most(v.gap_bound, 1e-12);
  place_close(&t);
}

static void test_frame(void **state) {
  (void)state;
  const size_t ns[] = {3, 5};
  const double due[] = {1.03830, 1.33133};
  for (int c = 0; c < 2; c++) {
    const size_t n = ns[c];
    const double m = (double)n, alpha = 1.0;
    place t;
    place_line(&t, spo_tied_ce(), "all-equal", "--points %zu --dim %zu", n, n);
    double *x = new_vector(t.problem);
    for (size_t i = 0; i < n; i++)
      x[i * n + i] = 1.0;
    spo_point_set(t.at, t.problem, x);
    expect_near(gradient_of(&t),
                2.0 * alpha * exp(-alpha) * sqrt(m * (m - 1.0)) / (1.0 + (m - 1.0) * exp(-alpha)),
                1e-14);
    expect_near(gradient_of(&t), due[c], 5e-6);
    free(x);
    place_close(&t);
  }
}

/* Critical in their own dimension; one more: eigenvalues 2 alpha (lambda_j(P) - lambda_w). */
static void test_codes(void **state) {
  (void)state;
  static const struct {
    const char *name;
    size_t d, n, index;
    double one, five; /* f/n at alpha 1 and 5 */
  } code[] = {
      {"polygon", 2, 4, 0, 0.62652338, 0.013430697},
      {"polygon", 2, 5, 0, 0.84578101, 0.061486289},
      {"polygon", 2, 6, 0, 1.0277094, 0.15299707},
      {"orthoplex", 3, 6, 0, 0.95814377, 0.026639193},
      {"orthoplex", 4, 8, 0, 1.2067525, 0.039675496},
      {"hypercube", 3, 8, 2, 1.2431103, 0.10515725},
      {"icosahedron", 3, 12, 0, 1.6463832, 0.27677004},
      {"dodecahedron", 3, 20, SIZE_MAX, NAN, NAN},
      {"roots", 4, 24, SIZE_MAX, NAN, NAN},
      {"roots", 8, 240, SIZE_MAX, 4.542753687, 1.868220288},
  };
  for (size_t c = 0; c < sizeof code / sizeof code[0]; c++)
    for (int k = 0; k < 2; k++) {
      const double due = k ? code[c].five : code[c].one;
      spo_error err = {0};
      place t;
      expect_seed = c;
      place_line(&t, spo_tied_ce(), code[c].name, "--points %zu --dim %zu --alpha %d", code[c].n,
                 code[c].d, k ? 5 : 1);
      if (!isnan(due))
        expect_near(cost_of(&t) / (double)code[c].n / due, 1.0, 6e-8);
      expect_at_most(gradient_of(&t), 1e-13 * (double)code[c].n);
      if (code[c].index != SIZE_MAX && strcmp(code[c].name, "hypercube") != 0) {
        spo_verification v;
        expect_ok(spo_verify(t.problem, t.at->x, NULL, NULL, &v, NULL, &err));
        expect_true(v.verdict == SPO_LOCAL_MINIMIZER);
      }
      place_close(&t);
    }
}

/* The pentagon in R^3: normal eigenvalues 2 alpha (lambda_j(P) - lambda_w), P a circulant. */
static void test_polygon_in_space(void **state) {
  (void)state;
  const double pi = acos(-1.0), alpha = 2.0;
  for (size_t n = 4; n <= 9; n++) {
    spo_error err = {0};
    spo_spectrum *s;
    place t;
    double Z = 0.0, lambda[16] = {0}, most = 0.0;
    size_t negative = 0;
    for (size_t j = 0; j < n; j++)
      Z += exp(alpha * cos(2.0 * pi * (double)j / (double)n));
    for (size_t k = 0; k < n; k++)
      for (size_t j = 0; j < n; j++)
        lambda[k] += exp(alpha * cos(2.0 * pi * (double)j / (double)n)) *
                     cos(2.0 * pi * (double)(j * k) / (double)n) / Z;
    place_line(&t, spo_tied_ce(), "polygon", "--points %zu --dim 3 --alpha %g", n, alpha);
    expect_ok(spo_spectrum_at(t.eval, t.at, NULL, t.rng, &s, &err));
    for (size_t k = 0; k < n; k++) {
      const double due = 2.0 * alpha * (lambda[k] - lambda[1]);
      double nearest = INFINITY;
      for (size_t i = 0; i < s->count; i++)
        nearest = fmin(nearest, fabs(s->eigenvalue[i] - due));
      expect_at_most(nearest, 1e-12);
      negative += due < -1e-9;
      most = fmin(most, due);
    }
    expect_true(s->index == negative);
    expect_near(s->eigenvalue[0], most, 1e-12);
    if (n == 5)
      expect_near(s->eigenvalue[0], -1.289172, 5e-7);
    spo_spectrum_destroy(s);
    place_close(&t);
  }
}

static void test_limits(void **state) {
  (void)state;
  expect_near(spo_tied_ce_limit(2, 1), -0.76408564, 5e-9);
  expect_near(spo_tied_ce_limit(2, 5), -1.69531822, 5e-9);
  expect_near(spo_tied_ce_limit(3, 1), -0.83856064, 5e-9);
  expect_near(spo_tied_ce_limit(3, 5), -2.30263049, 5e-9);
  const double alphas[] = {1e-3, 0.3, 1.0, 7.0, 60.0, 400.0};
  for (size_t d = 2; d <= 20; d += 3)
    for (size_t a = 0; a < 6; a++) {
      const double alpha = alphas[a], nu = 0.5 * (double)d - 1.0;
      /* GSL 2.7.1's Inu_scaled is NaN at order 0 and 400 */
      const double bessel =
          d == 2 ? gsl_sf_bessel_I0_scaled(alpha) : gsl_sf_bessel_Inu_scaled(nu, alpha);
      const double due = log(bessel) + gsl_sf_lngamma(nu + 1.0) - nu * log(0.5 * alpha);
      expect_seed = d;
      expect_near(spo_tied_ce_limit((double)d, alpha), due, 1e-13 * (fabs(due) + alpha + 40.0));
    }
  /* beyond what Bessel's function of that size can be asked for: the sum is rescaled on its way */
  expect_near(spo_tied_ce_limit(3, 2e4), log(0.5 / 2e4), 1e-9);
  expect_true(isnan(spo_tied_ce_limit(3, -1)) && isnan(spo_tied_ce_limit(NAN, 1)));
  const size_t n[] = {12, 24};
  for (int c = 0; c < 2; c++) {
    place t;
    double value[SPO_MODEL_MAX_METRICS];
    spo_error err = {0};
    place_line(&t, spo_tied_ce(), "polygon", "--points %zu --dim 2 --alpha %d", n[c], c ? 5 : 1);
    expect_ok(spo_tied_ce()->metrics(t.problem, t.at->x, value, &err));
    expect_near(value[3], 0.0, 1e-8);
    expect_near(value[1], 0.5 * (double)(n[c] * n[c]), 1e-10);
    place_close(&t);
  }
}

/* Cost, gradient and Hessian product by plain sums over all ordered pairs. */
static void plain_sums(size_t d, size_t n, double alpha, const double *x, const double *v,
                       double *f, double *g, double *hv) {
  double *E = calloc(2 * n * n + 2 * n, sizeof *E), *C = E + n * n, *Z = C + n * n, *Zdot = Z + n;
  *f = 0.0;
  for (size_t i = 0; i < n; i++) {
    Z[i] = 1.0;
    for (size_t j = 0; j < n; j++) {
      double dot = 0.0, cross = 0.0;
      for (size_t k = 0; k < d; k++) {
        dot += x[i * d + k] * x[j * d + k];
        cross += v[i * d + k] * x[j * d + k] + x[i * d + k] * v[j * d + k];
      }
      E[i * n + j] = i == j ? 0.0 : exp(alpha * (dot - 1.0));
      C[i * n + j] = alpha * cross;
      Z[i] += E[i * n + j];
      Zdot[i] += E[i * n + j] * C[i * n + j];
    }
    *f += log(Z[i]);
  }
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j < n; j++) {
      const double e = alpha * E[i * n + j], S = e * (1.0 / Z[i] + 1.0 / Z[j]);
      const double T = S * C[i * n + j] - e * (Zdot[i] / (Z[i] * Z[i]) + Zdot[j] / (Z[j] * Z[j]));
      for (size_t k = 0; k < d; k++) {
        g[i * d + k] += S * x[j * d + k];
        hv[i * d + k] += S * v[j * d + k] + T * x[j * d + k];
      }
    }
  free(E);
}

/* One tile or strip, several, a last one of one point; up to four dimensions and eight, and
 * more. */
static void test_tiles(void **state) {
  (void)state;
  const size_t ns[] = {2, 63, 64, 65, 300, 385, 511, 512, 513, 700, 1025};
  const size_t ds[] = {2, 7, 12, 3, 5, 8, 4, 9, 3, 2, 3};
  for (size_t c = 0; c < 11; c++) {
    const size_t n = ns[c], d = ds[c], len = n * d;
    double f, due;
    place t;
    expect_seed = c;
    place_line(&t, spo_tied_ce(), NULL, "--points %zu --dim %zu --alpha 3", n, d);
    const spo_problem *P = t.problem;
    double *room = calloc(6 * len + P->memo_len + P->work_len, sizeof *room);
    double *x = room, *v = x + len, *g = v + len, *hv = g + len, *g_due = hv + len,
           *hv_due = g_due + len, *memo = hv_due + len, *work = memo + P->memo_len;
    place_random(&t);
    memcpy(x, t.at->x, len * sizeof *x);
    for (size_t i = 0; i < len; i++)
      v[i] = gsl_rng_uniform(t.rng) - 0.5;
    plain_sums(d, n, 3.0, x, v, &due, g_due, hv_due);
    P->ops->cost(P->self, x, &f, memo, work);
    P->ops->egrad(P->self, x, g, memo, work);
    P->ops->ehess(P->self, x, v, hv, memo, work);
    expect_near(f / due, 1.0, 1e-14);
    for (size_t i = 0; i < len; i++) {
      expect_near(g[i], g_due[i], 1e-13);
      expect_near(hv[i], hv_due[i], 1e-12);
    }
    free(room);
    place_close(&t);
  }
}

/* More points than tiles are kept for: the slope of the cost against gradient and product. */
static void test_many_points(void **state) {
  (void)state;
  spo_error err = {0};
  const size_t ns[] = {4096, 4097, 4097}, ds[] = {5, 5, 3};
  for (size_t c = 0; c < 3; c++) {
    place t;
    expect_seed = 7 + c;
    place_line(&t, spo_tied_ce(), NULL, "--points %zu --dim %zu --alpha 4", ns[c], ds[c]);
    expect_true((t.problem->memo_len > 1000000) == (c == 0));
    place_random(&t);
    const size_t len = t.problem->manifold->n;
    spo_point *near;
    double *v = new_vector(t.problem), *hv = new_vector(t.problem);
    expect_ok(spo_point_create(t.problem, &near, &err));
    expect_ok(spo_eval_grad(t.eval, t.at));
    for (size_t i = 0; i < len; i++)
      v[i] = t.at->grad[i] / t.at->grad_norm;
    expect_ok(spo_eval_hess(t.eval, t.at, 1, v, hv));
    double curvature = 0.0, up, down;
    const double h = 1e-2;
    for (size_t i = 0; i < len; i++)
      curvature += v[i] * hv[i];
    expect_ok(spo_eval_retract(t.eval, t.at, h, v, near));
    expect_ok(spo_eval_cost(t.eval, near));
    up = near->f;
    expect_ok(spo_eval_retract(t.eval, t.at, -h, v, near));
    expect_ok(spo_eval_cost(t.eval, near));
    down = near->f;
    /* the next terms are h^2 and noise/h, noise/h^2 with noise = eps f = 5e-12 */
    expect_near((up - down) / (2.0 * h), t.at->grad_norm, 1e-4 * t.at->grad_norm);
    expect_near((up - 2.0 * t.at->f + down) / (h * h), curvature,
                1e-3 * (fabs(curvature) + t.at->grad_norm));
    free(v), free(hv);
    spo_point_destroy(near);
    place_close(&t);
  }
}

/* So cold that E is nothing: no NaN. */
static void test_cold(void **state) {
  (void)state;
  for (size_t d = 3; d <= 6; d += 3) {
    place t;
    place_line(&t, spo_tied_ce(), "orthoplex", "--points 6 --dim %zu --alpha 1e6", d);
    expect_at_most(cost_of(&t), 1e-300);
    expect_at_most(0.0, cost_of(&t));
    expect_at_most(gradient_of(&t), 1e-290);
    place_close(&t);
  }
}

static void test_multistart(void **state) {
  (void)state;
  static const struct {
    size_t n, d;
    double alpha;
  } runs[] = {{3, 2, 10}, {4, 3, 10}, {5, 4, 20}};
  for (int c = 0; c < 3; c++) {
    place t;
    double f_star;
    const char *theorem;
    place_line(&t, spo_tied_ce(), NULL, "--points %zu --dim %zu --alpha %g", runs[c].n, runs[c].d,
               runs[c].alpha);
    assert_int_equal(t.problem->ops->known_minimum(t.problem->self, &f_star, &theorem), 0);
    double *x = new_vector(t.problem);
    for (uint64_t seed = 1; seed <= 30; seed++) {
      expect_seed = seed;
      point_by_name(spo_tied_ce(), t.problem, "random", seed, x);
      const spo_result res = run_solver(spo_trust_region(), t.problem, NULL, NULL, seed, x);
      expect_true(res.converged);
      expect_near(res.last.f / f_star, 1.0, 1e-10);
    }
    free(x);
    place_close(&t);
  }
}

/* The certificate's matrix times a coordinate of the points is half that coordinate of the
 * Riemannian gradient: on one tile and on many, with tiles kept or made anew. And no direction is
 * built from an eigenvalue that is none to leave by. */
static void test_certificate_products(void **state) {
  (void)state;
  const struct { size_t n, d; } at[] = {{7, 3}, {300, 4}, {40, 9}, {300, 9}};
  for (size_t i = 0; i < sizeof at / sizeof at[0]; i++) {
    const size_t n = at[i].n, d = at[i].d;
    place t;
    expect_seed = i;
    place_line(&t, spo_tied_ce(), NULL, "--points %zu --dim %zu --alpha %g", n, d, 2.0);
    place_random(&t);
    expect_true(spo_eval_grad(t.eval, t.at) == SPO_OK);
    const spo_certificate *C = t.problem->ops->certificate;
    void *self = t.problem->self;
    double *store = calloc(C->store_len(self), sizeof *store), *U = calloc(2 * n, sizeof *U);
    double *work = calloc(C->work_len(self), sizeof *work), *ZU = calloc(2 * n, sizeof *ZU);
    double *v = calloc(n * d, sizeof *v);
    expect_true(C->prepare(self, t.at->x, t.at->memo, store, work) == 0);
    for (size_t j = 0; j < 2 * n; j++)
      U[j] = t.at->x[j % n * d + j / n];
    expect_true(C->apply(self, t.at->x, t.at->memo, store, false, 2, U, ZU, work) == 0);
    for (size_t j = 0; j < 2 * n; j++)
      expect_near(ZU[j], 0.5 * t.at->grad[j % n * d + j / n], 1e-14 * (double)n);
    expect_true(C->direction(self, t.at->x, t.at->memo, store, 0, -1.0, U, v, work) == 1);
    free(store), free(U), free(work), free(ZU), free(v);
    place_close(&t);
  }
  place t;
  place_line(&t, spo_tied_ce(), "etf", "--points %zu --dim %zu --alpha %g", (size_t)4, (size_t)6,
             1.0);
  expect_true(spo_eval_grad(t.eval, t.at) == SPO_OK);
  const spo_certificate *C = t.problem->ops->certificate;
  void *self = t.problem->self;
  double *store = calloc(C->store_len(self), sizeof *store), u[4] = {1, 0, 0, 0}, v[24];
  double *work = calloc(C->work_len(self), sizeof *work);
  expect_true(C->prepare(self, t.at->x, t.at->memo, store, work) == 0);
  expect_true(C->direction(self, t.at->x, t.at->memo, store, 0, 1.0, u, v, work) == 1);
  expect_true(C->direction(self, t.at->x, t.at->memo, store, 0, -1.0, u, v, work) == 0);
  free(store), free(work);
  place_close(&t);
}

/* Tight frames of 7 points in R^3 form a family that a small alpha hardly tells apart: f is at its
 * minimum to its last digit long before the gradient is. The run must see that and end. */
static void test_flat_valley(void **state) {
  (void)state;
  const spo_solver_ops *const type[] = {spo_trust_region(), spo_arc()};
  spo_problem *P = sample_problem(spo_tied_ce(), "--points 7 --dim 3 --alpha 0.01");
  double *x = new_vector(P);
  for (expect_seed = 0; expect_seed < 5; expect_seed++)
    for (size_t i = 0; i < 2; i++) {
      point_by_name(spo_tied_ce(), P, "random", expect_seed, x);
      const spo_result res = run_solver(type[i], P, NULL, NULL, expect_seed, x);
      expect_true(res.converged || res.reason == SPO_STOP_STALLED);
      expect_at_most((double)res.last.k, 1000.0);
      expect_near(res.last.f, 13.551487726898, 1e-9); /* curvatures of 1e-10 */
    }
  free(x);
  spo_problem_destroy(P);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_etf),
                                     cmocka_unit_test(test_flat_valley),
                                     cmocka_unit_test(test_certificate_products),
                                     cmocka_unit_test(test_condition),
                                     cmocka_unit_test(test_lines),
                                     cmocka_unit_test(test_sign_patterns),
                                     cmocka_unit_test(test_certificate),
                                     cmocka_unit_test(test_frame),
                                     cmocka_unit_test(test_codes),
                                     cmocka_unit_test(test_polygon_in_space),
                                     cmocka_unit_test(test_limits),
                                     cmocka_unit_test(test_tiles),
                                     cmocka_unit_test(test_many_points),
                                     cmocka_unit_test(test_cold),
                                     cmocka_unit_test(test_multistart)};
  return cmocka_run_group_tests_name("tied cross-entropy", tests, NULL, NULL);
}
