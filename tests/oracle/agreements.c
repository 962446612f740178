/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Models that must agree where their definitions meet: values, gradients and Hessian products of
 * one against those of another, or against plain sums, at points that are no critical ones. */
#include <float.h>

#include <spheropt/spheropt.h>

#include "expect.h"
#include "place.h"
#include "samples.h"

/* The problem of a sample line at x, NULL: at a random point, with its gradient. */
static void open_at(place *t, const spo_model_ops *model, const char *line, const double *x) {
  spo_error err = {0};
  place_open(t, sample_problem(model, line), model, NULL);
  if (x)
    spo_point_set(t->at, t->problem, x);
  else
    place_random(t);
  expect_ok(spo_eval_grad(t->eval, t->at));
}

static double size_of(size_t n, const double *v) {
  double sum = 0;
  for (size_t i = 0; i < n; i++)
    sum = hypot(sum, v[i]);
  return sum;
}

/* |u - factor v| against |u| */
static void expect_same(size_t n, const double *u, double factor, const double *v, double tol) {
  double off = 0;
  for (size_t i = 0; i < n; i++)
    off = hypot(off, u[i] - factor * v[i]);
  expect_at_most(off, tol * (DBL_MIN + size_of(n, u)));
}

/* v made tangent to the unit sphere at x, for m vectors */
static void project(size_t d, size_t m, const double *x, double *v) {
  for (size_t i = 0; i < m; i++) {
    double along = 0, square = 0;
    for (size_t k = 0; k < d; k++) {
      along += x[i * d + k] * v[i * d + k];
      square += x[i * d + k] * x[i * d + k];
    }
    for (size_t k = 0; k < d; k++)
      v[i * d + k] -= along / square * x[i * d + k];
  }
}

/* ---- codes ----------------------------------------------------------------------------------- */

/* tied-ce(X) = n ufm(X, X) for one sample a class and tau = alpha; so along the diagonal do slope
 * and curvature. */
static void test_tied_is_diagonal_of_ufm(void **state) {
  (void)state;
  static const double alpha[] = {0.01, 1, 9, 40};
  static const size_t size[][2] = {{5, 3}, {12, 2}, {7, 9}, {20, 6}};
  for (size_t a = 0; a < 4; a++)
    for (size_t i = 0; i < 4; i++) {
      const size_t n = size[i][0], d = size[i][1], len = n * d;
      spo_error err = {0};
      place tied, ufm;
      char line[120];
      expect_seed = 4 * a + i;
      snprintf(line, sizeof line, "--points %zu --dim %zu --alpha %g", n, d, alpha[a]);
      open_at(&tied, spo_tied_ce(), line, NULL);
      double *x = calloc(6 * len, sizeof *x), *v = x + 2 * len, *hv = x + 4 * len, *sum = v;
      memcpy(x, tied.at->x, len * sizeof *x);
      memcpy(x + len, tied.at->x, len * sizeof *x);
      snprintf(line, sizeof line, "--classes %zu --per-class 1 --dim %zu --tau %g", n, d, alpha[a]);
      open_at(&ufm, spo_ufm(), line, x);
      const double tol = 1e-14 * (double)n * (1 + alpha[a]);
      expect_near(tied.at->f, (double)n * ufm.at->f, tol * tied.at->f);
      for (size_t k = 0; k < len; k++)
        sum[k] = ufm.at->grad[k] + ufm.at->grad[len + k];
      expect_same(len, tied.at->grad, (double)n, sum, tol);
      spo_manifold_random_tangent(tied.problem->manifold, x, tied.rng, v, tied.eval->work);
      memcpy(v + len, v, len * sizeof *v);
      expect_ok(spo_eval_hess(ufm.eval, ufm.at, 1, v, hv));
      for (size_t k = 0; k < len; k++)
        hv[k] += hv[len + k];
      expect_ok(spo_eval_hess(tied.eval, tied.at, 1, v, x));
      expect_same(len, x, (double)n, hv, 10 * tol);
      free(x);
      place_close(&tied);
      place_close(&ufm);
    }
}

/* For points with their opposites all odd moments of the inner products vanish: tied-ce = n log n -
 * alpha n + alpha^2/(2n) frame-potential + O(alpha^4), gradients alike. */
static void test_tied_at_small_alpha(void **state) {
  (void)state;
  enum { HALF = 6, D = 4, N = 2 * HALF, LEN = N * D };
  place tied, frame;
  double x[LEN];
  open_at(&frame, spo_frame_potential(), "--points 6 --dim 4", NULL);
  for (size_t k = 0; k < LEN; k++)
    x[k] = k < HALF * D ? frame.at->x[k] : -frame.at->x[k - HALF * D];
  place_close(&frame);
  open_at(&frame, spo_frame_potential(), "--points 12 --dim 4", x);
  for (double alpha = 0.1; alpha > 1e-3; alpha /= 4) {
    char line[80];
    snprintf(line, sizeof line, "--points 12 --dim 4 --alpha %.17g", alpha);
    open_at(&tied, spo_tied_ce(), line, x);
    const double second = alpha * alpha / (2 * N);
    /* the fourth cumulant of numbers up to 1 is at most 2 */
    const double rest = N * pow(alpha, 4) / 12, noise = 1e-13;
    expect_near(tied.at->f, N * log(N) - alpha * N + second * frame.at->f, rest + noise);
    expect_same(LEN, tied.at->grad, second, frame.at->grad, 4 * alpha * alpha + noise / second);
    expect_true(rest + noise < 0.1 * second * (frame.at->f - N)); /* so that the test tells */
    place_close(&tied);
  }
  place_close(&frame);
}

/* The Riesz energies against sums in long double, where the sum of squares of differences is made
 * before its power. */
static void test_riesz_is_a_plain_sum(void **state) {
  (void)state;
  static const double power[] = {0, 1, 2, 7.5};
  static const size_t size[][2] = {{9, 2}, {12, 3}, {30, 5}, {300, 4}};
  for (size_t s = 0; s < 4; s++)
    for (size_t i = 0; i < 4; i++) {
      const size_t n = size[i][0], d = size[i][1];
      place t;
      char line[80];
      expect_seed = 4 * s + i;
      snprintf(line, sizeof line, "--points %zu --dim %zu --power %g", n, d, power[s]);
      open_at(&t, spo_riesz(), line, NULL);
      const double *x = t.at->x;
      double *g = calloc(n * d, sizeof *g);
      long double f = 0, total = 0;
      for (size_t a = 0; a < n; a++)
        for (size_t b = 0; b < n; b++) {
          long double square = 0;
          for (size_t k = 0; k < d; k++)
            square += ((long double)x[a * d + k] - x[b * d + k]) *
                      ((long double)x[a * d + k] - x[b * d + k]);
          if (a == b)
            continue;
          const long double p = power[s];
          const long double term = p > 0 ? powl(square, -p / 2) : -logl(square) / 2;
          const long double slope = p > 0 ? -p * term / square : -1 / square;
          f += term / 2, total += fabsl(term) / 2;
          for (size_t k = 0; k < d; k++)
            g[a * d + k] += (double)(slope * ((long double)x[a * d + k] - x[b * d + k]));
        }
      expect_near(t.at->f, (double)f, 1e-14 * (4 + power[s]) * (double)total);
      project(d, n, x, g);
      expect_same(n * d, t.at->grad, 1, g, 1e-13 * (4 + power[s]) * sqrt((double)n));
      free(g);
      place_close(&t);
    }
}

/* The margin of a code's classifiers is GNC2 of the same ones in the ufm, and at solved codes minus
 * the largest term, by which their directions prove it. */
static void test_margin_is_gnc2(void **state) {
  (void)state;
  static const size_t size[][2] = {{6, 2}, {8, 4}, {9, 3}, {12, 3}};
  for (size_t i = 0; i < 4; i++) {
    const size_t n = size[i][0], d = size[i][1];
    spo_error err = {0};
    place soft, ufm;
    char line[120];
    double of_code[SPO_MODEL_MAX_METRICS], of_ufm[SPO_MODEL_MAX_METRICS], value;
    expect_seed = i;
    snprintf(line, sizeof line, "--points %zu --dim %zu --kind softmax --sharpness 20", n, d);
    open_at(&soft, spo_code(), line, NULL);
    snprintf(line, sizeof line, "--classes %zu --per-class 1 --dim %zu", n, d);
    open_at(&ufm, spo_ufm(), line, soft.at->x);
    for (int solved = 0; solved < 2; solved++) {
      expect_ok(spo_code()->metrics(soft.problem, soft.at->x, of_code, &err));
      expect_ok(spo_ufm()->metrics(ufm.problem, soft.at->x, of_ufm, &err));
      expect_near(of_code[2], of_ufm[4], 1e-9);
      expect_ok(spo_code()->finish_value(soft.problem, soft.at->x, &value, &err));
      expect_at_most(-value, of_code[2] + 1e-9); /* what directions prove is no more */
      if (solved)
        expect_near(-value, of_code[2], 1e-7);
      run_solver(spo_trust_region(), soft.problem, NULL, NULL, 1, soft.at->x);
      expect_ok(spo_code_polish(soft.problem, soft.at->x, NULL, &err));
    }
    if (d == 2)
      expect_near(of_code[2], 1 - cos(2 * acos(-1.0) / (double)n), 1e-9);
    place_close(&soft);
    place_close(&ufm);
  }
}

/* ---- feature models -------------------------------------------------------------------------- */

/* With |w_k| = r, |h_i| = s, b = 0 the ce-ufm is the ufm at tau = r s plus the decays, whatever
 * these are; its gradient along the spheres likewise, in units of r and s. */
static void test_ce_ufm_of_fixed_norms(void **state) {
  (void)state;
  enum { K = 5, D = 3, N = 15, W = K * D, LEN = W + N * D };
  static const double r = 1.7, s = 0.6, decay[][2] = {{1e-12, 1e-12}, {0.3, 0.02}, {1e-3, 50}};
  for (size_t i = 0; i < 3; i++) {
    place ufm, ce;
    char line[160];
    double x[LEN + K] = {0};
    expect_seed = i;
    snprintf(line, sizeof line, "--classes 5 --per-class 3 --dim 3 --tau %.17g", r * s);
    open_at(&ufm, spo_ufm(), line, NULL);
    for (size_t k = 0; k < LEN; k++)
      x[k] = (k < W ? r : s) * ufm.at->x[k];
    snprintf(line, sizeof line, "--classes 5 --per-class 3 --dim 3 --decay-w %g --decay-h %g",
             decay[i][0], decay[i][1]);
    open_at(&ce, spo_ce_ufm(), line, x);
    const double decays = (decay[i][0] * K * r * r + decay[i][1] * N * s * s) / 2;
    expect_near(ce.at->f, ufm.at->f + decays, 1e-14 * ce.at->f);
    const double size = size_of(LEN, ce.at->grad) / size_of(LEN, ufm.at->grad);
    project(D, K + N, x, ce.at->grad);
    expect_same(W, ufm.at->grad, r, ce.at->grad, 1e-14 * (1 + size));
    expect_same(LEN - W, ufm.at->grad + W, s, ce.at->grad + W, 1e-14 * (1 + size));
    place_close(&ufm);
    place_close(&ce);
  }
}

static double known(const spo_model_ops *model, const char *line) {
  spo_problem *P = sample_problem(model, line);
  const char *theorem;
  double f = NAN;
  assert_int_equal(P->ops->known_minimum(P->self, &f, &theorem), 0);
  spo_problem_destroy(P);
  return f;
}

/* min over the norms: at |w|^2 = t sqrt(lH n/lW) and so on the decays cost t K sqrt(n lW lH) */
static double ufm_with_decay(double t, double zeta) {
  char line[120];
  snprintf(line, sizeof line, "--classes 5 --per-class 3 --dim 4 --tau %.17g", t);
  return known(spo_ufm(), line) + 5 * t * zeta;
}

/* f* of the ce-ufm is the least of f* of the ufm plus that, for fixed decays and as they vanish. */
static void test_ce_ufm_minimum_from_ufm(void **state) {
  (void)state;
  for (double decay = 0.05; decay > 1e-9; decay /= 30) {
    char line[120];
    const double lW = 3 * decay, lH = decay / 7, zeta = sqrt(3 * lW * lH);
    double lo = 1e-9, hi = 60;
    snprintf(line, sizeof line, "--classes 5 --per-class 3 --dim 4 --decay-w %.17g --decay-h %.17g",
             lW, lH);
    for (int i = 0; i < 80; i++) {
      const double a = lo + (hi - lo) / 3, b = hi - (hi - lo) / 3;
      if (ufm_with_decay(a, zeta) < ufm_with_decay(b, zeta))
        hi = b;
      else
        lo = a;
    }
    const double due = ufm_with_decay(lo, zeta);
    expect_near(known(spo_ce_ufm(), line), due, 1e-12 * due);
  }
}

/* A minimum of the layer-peeled model is critical for the ce-ufm, one sample a class, with the
 * multipliers of its budgets over K as decays; where d >= K-1 it is that one's minimum. */
static void test_layer_peeled_multipliers(void **state) {
  (void)state;
  static const struct {
    size_t K, d;
    double h, w;
  } size[] = {{4, 3, 2, 2}, {5, 8, 3, 0.7}, {5, 2, 5, 2}};
  for (size_t i = 0; i < 3; i++) {
    const size_t K = size[i].K, d = size[i].d, len = K * d;
    const double W = sqrt((double)K * size[i].w), H = sqrt((double)K * size[i].h);
    spo_error err = {0};
    spo_verification v;
    spo_stop stop;
    place peeled, ce;
    char line[200];
    expect_seed = i;
    snprintf(line, sizeof line, "--classes %zu --dim %zu --energy-w %g --energy-h %g --imbalance 1",
             K, d, size[i].w, size[i].h);
    open_at(&peeled, spo_layer_peeled(), line, NULL);
    spo_stop_init(&stop);
    stop.grad_rel = 1e-12;
    double *x = calloc(3 * len + K, sizeof *x), *g = x + 2 * len + K;
    memcpy(x, peeled.at->x, 2 * len * sizeof *x);
    run_solver(spo_trust_region(), peeled.problem, NULL, &stop, 1, x);
    for (size_t k = 0; k < 2 * len; k++)
      x[k] *= k < len ? W : H;
    /* without decays the gradient is the multipliers' */
    snprintf(line, sizeof line,
             "--classes %zu --per-class 1 --dim %zu --decay-w 1e-300 --decay-h 1e-300", K, d);
    open_at(&ce, spo_ce_ufm(), line, x);
    double along = 0;
    for (size_t k = 0; k < len; k++)
      along -= ce.at->grad[k] * x[k];
    memcpy(g, ce.at->grad, len * sizeof *g);
    const double slope = size_of(2 * len, ce.at->grad);
    expect_same(len, g, -along / (W * W), x, 1e-9);
    place_close(&ce);
    snprintf(line, sizeof line,
             "--classes %zu --per-class 1 --dim %zu --decay-w %.17g --decay-h %.17g", K, d,
             along / (W * W), along / (H * H));
    open_at(&ce, spo_ce_ufm(), line, x);
    expect_at_most(size_of(2 * len, ce.at->grad), 1e-9 * slope);
    if (d + 1 >= K) {
      expect_ok(spo_verify(ce.problem, x, NULL, NULL, &v, NULL, &err));
      expect_true(v.verdict == SPO_GLOBAL_MINIMIZER);
    }
    free(x);
    place_close(&ce);
    place_close(&peeled);
  }
}

/* Two layers on data that stay positive are the squared loss of the product: the deep model's f
 * less its decays is that of mse-ufm at (W2, W1 H, 0) over the number of samples. */
static void test_deep_ufm_without_kinks(void **state) {
  (void)state;
  enum { N = 6, P = 4, H = N * P, W1 = P * P, W2 = 2 * P, LEN = H + W1 + W2 };
  static const double decay = 0.03;
  gsl_rng *rng = new_rng(5);
  double x[LEN], y[W2 + H + 2] = {0}, due[LEN] = {0}, square = 0;
  for (size_t k = 0; k < LEN; k++) {
    x[k] = gsl_rng_uniform_pos(rng) - (k < H + W1 ? 0 : 0.5); /* W1 H positive; W2 of any sign */
    square += x[k] * x[k];
  }
  gsl_rng_free(rng);
  memcpy(y, x + H + W1, W2 * sizeof *y);
  for (size_t i = 0; i < N; i++)
    for (size_t r = 0; r < P; r++)
      for (size_t k = 0; k < P; k++)
        y[W2 + i * P + r] += x[H + r * P + k] * x[i * P + k];
  place deep, mse;
  open_at(&deep, spo_deep_ufm(), "--layers 2 --per-class 3 --width 4 --decay 0.03", x);
  open_at(&mse, spo_mse_ufm(), "--classes 2 --per-class 3 --dim 4", y);
  expect_near(deep.at->f, mse.at->f / N + decay / 2 * square, 1e-14 * deep.at->f);
  const double *g = mse.at->grad + W2; /* with respect to W1 H */
  for (size_t i = 0; i < N; i++)
    for (size_t r = 0; r < P; r++)
      for (size_t k = 0; k < P; k++) {
        due[i * P + k] += x[H + r * P + k] * g[i * P + r] / N;
        due[H + r * P + k] += g[i * P + r] * x[i * P + k] / N;
      }
  for (size_t k = 0; k < W2; k++)
    due[H + W1 + k] = mse.at->grad[k] / N;
  for (size_t k = 0; k < LEN; k++)
    due[k] += decay * x[k];
  expect_same(LEN, deep.at->grad, 1, due, 1e-13);
  place_close(&deep);
  place_close(&mse);
}

/* ---- others ---------------------------------------------------------------------------------- */

/* Both are a constant less <U, B>, the one of B itself: half the Procrustes cost |U - B|^2 with A =
 * I lies as far above its minimum, and has the same slope. */
static void test_nearest_etf_is_procrustes(void **state) {
  (void)state;
  enum { K = 4, D = 6, LEN = K * D };
  static const double delta = 0.4;
  spo_error err = {0};
  spo_nearest_etf_params e;
  spo_procrustes_params p;
  spo_problem *nearest, *procrustes;
  double means[LEN], prox[LEN], B[LEN], A[D * D] = {0}, transposed[LEN], square = 0, f_star[2];
  const char *theorem;
  gsl_rng *rng = new_rng(3);
  for (size_t k = 0; k < LEN; k++)
    means[k] = gsl_rng_uniform(rng) - 0.5, prox[k] = gsl_rng_uniform(rng) - 0.5;
  for (size_t k = 0; k < D; k++) {
    double mean = 0;
    for (size_t i = 0; i < K; i++)
      mean += means[i * D + k] / K;
    for (size_t i = 0; i < K; i++) {
      B[i * D + k] = means[i * D + k] - mean;
      square += B[i * D + k] * B[i * D + k];
    }
    A[k * D + k] = 1;
  }
  for (size_t k = 0; k < LEN; k++)
    B[k] = 2 / sqrt((K - 1) * square) * B[k] + delta * prox[k];
  for (size_t k = 0; k < LEN; k++)
    transposed[k % D * K + k / D] = B[k]; /* b is D x K, row by row */
  spo_nearest_etf_params_init(&e);
  e.means = (spo_matrix){means, K, D}, e.prox = (spo_matrix){prox, K, D}, e.delta = delta;
  spo_procrustes_params_init(&p);
  p.a = (spo_matrix){A, D, D}, p.b = (spo_matrix){transposed, D, K};
  expect_ok(spo_nearest_etf_create(&e, &nearest, &err));
  expect_ok(spo_procrustes_create(&p, &procrustes, &err));
  assert_int_equal(nearest->ops->known_minimum(nearest->self, &f_star[0], &theorem), 0);
  assert_int_equal(procrustes->ops->known_minimum(procrustes->self, &f_star[1], &theorem), 0);
  place a, b;
  place_open(&a, nearest, spo_nearest_etf(), NULL);
  place_open(&b, procrustes, spo_procrustes(), NULL);
  for (int i = 0; i < 5; i++) {
    place_random(&a);
    spo_point_set(b.at, procrustes, a.at->x);
    expect_ok(spo_eval_grad(a.eval, a.at));
    expect_ok(spo_eval_grad(b.eval, b.at));
    expect_near(a.at->f - f_star[0], (b.at->f - f_star[1]) / 2, 1e-13 * (1 + b.at->f));
    expect_same(LEN, a.at->grad, 0.5, b.at->grad, 1e-13);
  }
  gsl_rng_free(rng);
  place_close(&a);
  place_close(&b);
}

/* Of full rank nothing but the global minimum is a second-order point: there bound and value meet,
 * and the smaller ranks have no lower one. */
static void test_maxcut_bound_is_met(void **state) {
  (void)state;
  double full = NAN;
  for (size_t rank = 18; rank >= 3; rank = rank == 18 ? 6 : rank - 3) {
    spo_error err = {0};
    double metric[SPO_MODEL_MAX_METRICS];
    char line[80];
    place t;
    snprintf(line, sizeof line, "--vertices 18 --density 0.4 --rank %zu", rank);
    open_at(&t, spo_maxcut(), line, NULL);
    const spo_result res = run_solver(spo_trust_region(), t.problem, NULL, NULL, 1, t.at->x);
    expect_true(res.converged);
    expect_ok(spo_maxcut()->metrics(t.problem, t.at->x, metric, &err));
    full = rank == 18 ? res.last.f : full;
    if (rank >= 6) { /* rank (rank + 1)/2 > 18 */
      expect_near(metric[1], metric[0], 1e-6 * metric[0]);
      expect_near(res.last.f, full, 1e-7 * fabs(full));
    }
    expect_at_most(full, res.last.f + 1e-7 * fabs(full));
    expect_at_most(metric[2], metric[1] + 1e-9);
    place_close(&t);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_tied_is_diagonal_of_ufm),
      cmocka_unit_test(test_tied_at_small_alpha),
      cmocka_unit_test(test_riesz_is_a_plain_sum),
      cmocka_unit_test(test_margin_is_gnc2),
      cmocka_unit_test(test_ce_ufm_of_fixed_norms),
      cmocka_unit_test(test_ce_ufm_minimum_from_ufm),
      cmocka_unit_test(test_layer_peeled_multipliers),
      cmocka_unit_test(test_deep_ufm_without_kinks),
      cmocka_unit_test(test_nearest_etf_is_procrustes),
      cmocka_unit_test(test_maxcut_bound_is_met),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
