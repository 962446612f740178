/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The feature model with weight decay: the closed form against runs from random starts, both sides
 * of its conditions, the saddle at the origin, the certificate's bound, and the race of normalised
 * against decayed features. */
#include <spheropt/models/ce_ufm.h>

#include "samples.h"

static spo_problem *problem(uint64_t K, uint64_t n, uint64_t d, double lW, double lH) {
  spo_error err = {0};
  spo_problem *P;
  spo_ce_ufm_params p;
  spo_ce_ufm_params_init(&p);
  p.classes = K, p.per_class = n, p.dim = d;
  p.decay_w = lW, p.decay_h = lH, p.decay_b = 0.01;
  expect_ok(spo_ce_ufm_create(&p, &P, &err));
  return P;
}

static double known(const spo_problem *P) {
  double f_star = NAN;
  const char *theorem = NULL;
  return P->ops->known_minimum(P->self, &f_star, &theorem) == 0 && theorem ? f_star : NAN;
}

static double square(size_t n, const double *x) {
  double sum = 0.0;
  for (size_t i = 0; i < n; i++)
    sum += x[i] * x[i];
  return sum;
}

static const struct {
  uint64_t K, n, d;
  double lW, lH, f;
} due[] = {
    {3, 2, 4, 5e-3, 5e-3, 0.0840698929}, {3, 2, 2, 5e-3, 5e-3, 0.0840698929},
    {4, 5, 6, 1e-2, 1e-3, 0.1260289434}, {4, 2, 5, 0.2, 0.1, 1.3321790402},
    {10, 3, 9, 1e-3, 1e-4, NAN},         {2, 1, 1, 0.1, 0.2, NAN},
};
enum { CASES = sizeof due / sizeof due[0] };

/* f*, |W|^2, |H|^2 and the logit gap as the closed form says, at the end of runs. */
static void test_minimum(void **state) {
  (void)state;
  for (size_t i = 0; i < CASES; i++) {
    const double K = (double)due[i].K, n = (double)due[i].n;
    const double zeta = sqrt(n * due[i].lW * due[i].lH), rho = log(1.0 / zeta - (K - 1.0));
    const double f_star = -log(1.0 - (K - 1.0) * zeta) + (K - 1.0) * zeta * rho;
    const size_t W = due[i].K * due[i].d, H = W * due[i].n;
    spo_problem *P = problem(due[i].K, due[i].n, due[i].d, due[i].lW, due[i].lH);
    if (isfinite(due[i].f))
      expect_near(known(P), due[i].f, 1e-10);
    expect_near(known(P), f_star, 1e-14);
    double *x = new_vector(P);
    for (expect_seed = 1; expect_seed <= 5; expect_seed++) {
      spo_error err = {0};
      double metric[SPO_MODEL_MAX_METRICS];
      point_by_name(spo_ce_ufm(), P, "random", expect_seed, x);
      const spo_result res = run_solver(spo_trust_region(), P, NULL, NULL, expect_seed, x);
      expect_near(res.last.f, f_star, 1e-9);
      expect_near(square(W, x), (K - 1.0) * rho * sqrt(n * due[i].lH / due[i].lW), 1e-6);
      expect_near(square(H, x + W), (K - 1.0) * rho * sqrt(n * due[i].lW / due[i].lH), 1e-6);
      expect_at_most(sqrt(square(due[i].K, x + W + H)), 1e-7);
      expect_ok(spo_ce_ufm()->metrics(P, x, metric, &err));
      for (size_t m = 0; m < 4; m++)
        expect_at_most(metric[m], 1e-6);
    }
    free(x);
    spo_problem_destroy(P);
  }
}

/* zeta = 1/K parts a minimum at 0, for any d, from simplex ETFs, for d >= K-1. */
static void test_conditions(void **state) {
  (void)state;
  const double K = 5.0, n = 3.0;
  for (int side = -1; side <= 1; side += 2) {
    const double l = (1.0 + 0.02 * side) / (K * sqrt(n)); /* zeta = sqrt(n) l */
    for (size_t d = 2; d <= 6; d++) {
      spo_error err = {0};
      spo_verification v;
      spo_problem *P = problem(5, 3, d, l, l);
      double *x = new_vector(P);
      expect_ok(spo_verify(P, x, NULL, NULL, &v, NULL, &err));
      expect_true(v.verdict == (side > 0 ? SPO_GLOBAL_MINIMIZER : SPO_STRICT_SADDLE));
      expect_true(isnan(known(P)) == (side < 0 && d < 4));
      if (side > 0)
        expect_near(known(P), log(K), 1e-15);
      else if (d >= 4)
        expect_at_most(known(P), log(K) - 1e-6);
      point_by_name(spo_ce_ufm(), P, "random", 1, x);
      const spo_result res = run_solver(spo_trust_region(), P, NULL, NULL, 1, x);
      if (side > 0)
        expect_near(res.last.f, log(K), 1e-9);
      else
        expect_at_most(res.last.f, log(K) - 1e-6);
      free(x);
      spo_problem_destroy(P);
    }
  }
}

/* At W = H = b = 0: ((lW + lH) -+ sqrt((lW - lH)^2 + 4/(K^2 n)))/2, each (K-1) d times, and the
 * certificate's direction where d leaves one. */
static void test_origin(void **state) {
  (void)state;
  const uint64_t K = 4, n = 3, d = 6;
  const double lW = 0.02, lH = 0.005;
  const double root = sqrt((lW - lH) * (lW - lH) + 4.0 / (double)(K * K * n));
  const double low = 0.5 * (lW + lH - root), high = 0.5 * (lW + lH + root);
  spo_error err = {0};
  spo_problem *P = problem(K, n, d, lW, lH);
  double *x = new_vector(P);
  spo_eval *E;
  spo_point *p;
  spo_spectrum *s;
  gsl_rng *rng = new_rng(1);
  expect_ok(spo_eval_create(P, &E, &err));
  expect_ok(spo_point_create(P, &p, &err));
  spo_point_set(p, P, x);
  expect_ok(spo_spectrum_at(E, p, NULL, rng, &s, &err));
  const size_t each = (K - 1) * d;
  assert_int_equal(s->count, P->manifold->dim);
  assert_int_equal(s->index, each);
  size_t found = 0;
  for (size_t i = 0; i < s->count; i++) {
    found += fabs(s->eigenvalue[i] - high) <= 1e-14;
    if (i < each)
      expect_near(s->eigenvalue[i], low, 1e-14);
  }
  assert_int_equal(found, each);
  spo_verification v;
  expect_ok(spo_verify(P, x, NULL, NULL, &v, NULL, &err));
  expect_true(v.direction_case && strcmp(v.direction_case, "free direction") == 0);
  expect_near(v.rayleigh, low, 1e-14);
  expect_true(v.decrease > 0.0);
  spo_spectrum_destroy(s);
  spo_eval_destroy(E);
  spo_point_destroy(p);
  gsl_rng_free(rng);
  free(x);
  spo_problem_destroy(P);
}

/* Decays a little below the threshold: the origin is within the gap's tolerance of the minimum, and
 * a saddle all the same. */
static void test_shallow_saddle(void **state) {
  (void)state;
  const double below[] = {2e-2, 2e-3, 2e-4};
  for (size_t i = 0; i < sizeof below / sizeof below[0]; i++) {
    const double lW = 0.5 - 0.5 * below[i], lH = 0.5;
    const double low = 0.5 * (lW + lH - sqrt((lW - lH) * (lW - lH) + 1.0));
    spo_error err = {0};
    spo_problem *P = problem(2, 1, 2, lW, lH);
    double *x = new_vector(P), *v = new_vector(P);
    spo_verification out;
    expect_ok(spo_verify(P, x, NULL, NULL, &out, v, &err));
    expect_true(out.gap > 0.0 && (i == 0 || out.gap < 1e-6 * out.grad_scale));
    expect_true(out.verdict == SPO_STRICT_SADDLE);
    expect_near(out.rayleigh, low, 1e-14);
    expect_true(out.decrease > 0.5 * out.gap && out.decrease <= out.gap);
    free(v), free(x);
    spo_problem_destroy(P);
  }
}

/* The bounds hold at any point, from far away to 1e-6 beside the minimum, where they are near it.
 * */
static void test_bound(void **state) {
  (void)state;
  for (size_t i = 0; i < CASES; i++) {
    spo_error err = {0};
    spo_problem *P = problem(due[i].K, due[i].n, due[i].d, due[i].lW, due[i].lH);
    double *x = new_vector(P), *off = new_vector(P);
    spo_eval *E;
    spo_point *p;
    expect_ok(spo_eval_create(P, &E, &err));
    expect_ok(spo_point_create(P, &p, &err));
    for (expect_seed = 1; expect_seed <= 10; expect_seed++)
      for (double size = 1.0; size > 1e-7; size *= 1e-3) {
        gsl_rng *rng = new_rng(expect_seed);
        point_by_name(spo_ce_ufm(), P, "collapse", 1, x);
        point_by_name(spo_ce_ufm(), P, "random", expect_seed, off);
        for (size_t j = 0; j < P->manifold->n; j++)
          x[j] += size * off[j];
        spo_point_set(p, P, x);
        for (int scaled = 0; scaled < 2; scaled++) {
          spo_certified c;
          expect_ok(spo_certify(E, p, scaled, rng, NULL, &c, &err));
          expect_true(c.gap_bound >= p->f - known(P) - 1e-14);
          if (size < 1e-5)
            expect_at_most(c.gap_bound, 1e-3);
        }
        gsl_rng_free(rng);
      }
    spo_eval_destroy(E);
    spo_point_destroy(p);
    free(x), free(off);
    spo_problem_destroy(P);
  }
}

static double run_to_collapse(const spo_model_ops *model, const spo_problem *P, const char *start,
                              uint64_t seed) {
  spo_error err = {0};
  spo_solver *s;
  spo_reason reason = SPO_RUNNING;
  spo_iter it;
  spo_stop stop;
  double *x = new_vector(P), metric[SPO_MODEL_MAX_METRICS];
  spo_stop_init(&stop);
  point_by_name(model, P, start, seed, x);
  expect_ok(spo_solver_create(spo_gradient_descent(), P, NULL, seed, &s, &err));
  expect_ok(spo_solver_start(s, x, &stop, &err));
  do {
    expect_ok(spo_solver_step(s, &it, &reason, &err));
    expect_ok(model->metrics(P, it.x, metric, &err));
  } while (reason == SPO_RUNNING && !(metric[1] < 1e-4) && it.k < 2000);
  expect_at_most(metric[1], 1e-4);
  spo_solver_destroy(s);
  free(x);
  return (double)it.k;
}

static int ascending(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* Iterations of gradient descent until NC2 < 1e-4, from the same start with the same Armijo rule:
 * medians of five seeds. Which is faster hangs on tau. */
static void test_race(void **state) {
  (void)state;
  static const struct {
    double tau, decay, iterations;
  } race[] = {{5, 0, 50}, {1, 0, 180}, {0, 5e-3, 75}, {0, 5e-4, 105}, {0, 1e-4, 110}};
  double median[5], count[5];
  for (size_t r = 0; r < 5; r++) {
    spo_error err = {0};
    spo_ce_ufm_params p;
    spo_problem *P;
    spo_ce_ufm_params_init(&p);
    p.classes = 20, p.per_class = 5, p.dim = 32;
    p.decay_w = p.decay_h = p.decay_b = race[r].decay;
    if (race[r].tau > 0)
      P = ufm_problem(20, 5, 32, race[r].tau);
    else
      expect_ok(spo_ce_ufm_create(&p, &P, &err));
    for (uint64_t seed = 1; seed <= 5; seed++)
      count[seed - 1] = race[r].tau > 0 ? run_to_collapse(spo_ufm(), P, "random", seed)
                                        : run_to_collapse(spo_ce_ufm(), P, "unit", seed);
    qsort(count, 5, sizeof *count, ascending);
    median[r] = count[2];
    print_message("tau %g, decay %g: %g iterations, %g expected\n", race[r].tau, race[r].decay,
                  median[r], race[r].iterations);
    expect_near(median[r], race[r].iterations, 0.35 * race[r].iterations);
    spo_problem_destroy(P);
  }
  expect_true(median[0] < median[2] && median[4] < median[1]);
}

/* ufm's random start and the start "unit" are the same vectors. */
static void test_same_start(void **state) {
  (void)state;
  spo_problem *P = problem(4, 3, 5, 1e-3, 1e-3), *Q = ufm_problem(4, 3, 5, 1.0);
  double *x = new_vector(P), *y = new_vector(Q);
  point_by_name(spo_ce_ufm(), P, "unit", 7, x);
  point_by_name(spo_ufm(), Q, "random", 7, y);
  assert_memory_equal(x, y, Q->manifold->n * sizeof *y);
  free(x), free(y);
  spo_problem_destroy(P);
  spo_problem_destroy(Q);
}

/* ---- unequal classes ------------------------------------------------------------------------- */

static spo_problem *unequal(const int64_t *count, size_t K, double decay) {
  spo_error err = {0};
  spo_problem *P;
  spo_ce_ufm_params p;
  spo_ce_ufm_params_init(&p);
  p.counts = (spo_integers){count, K};
  p.dim = 6, p.decay_w = p.decay_h = decay, p.decay_b = 1e3;
  expect_ok(spo_ce_ufm_create(&p, &P, &err));
  return P;
}

/* Counts are labels: the same problem by per-class, samples of no class, refusals. */
static void test_counts(void **state) {
  (void)state;
  static const int64_t even[] = {3, 3, 3, 3}, odd[] = {4, 0, 1, 2}, none[] = {0, 0},
                       negative[] = {1, -1};
  spo_error err = {0};
  spo_problem *P = unequal(even, 4, 0.01), *Q, *R = NULL;
  spo_ce_ufm_params p;
  spo_ce_ufm_params_init(&p);
  p.classes = 4, p.per_class = 3, p.dim = 6, p.decay_w = p.decay_h = 0.01, p.decay_b = 1e3;
  expect_ok(spo_ce_ufm_create(&p, &Q, &err));
  expect_near(known(P), known(Q), 0.0);
  spo_problem_destroy(P);
  spo_problem_destroy(Q);
  P = unequal(odd, 4, 0.01);
  assert_int_equal(P->manifold->n, (4 + 7) * 6 + 4);
  expect_true(isnan(known(P)));
  double *x = new_vector(P);
  for (size_t i = 0; i < spo_ce_ufm()->n_points; i++)
    if (strcmp(spo_ce_ufm()->point[i].name, "collapse") == 0)
      expect_status(spo_ce_ufm()->point[i].build(P, NULL, NULL, x, &err), SPO_E_ARG);
  spo_verification v;
  point_by_name(spo_ce_ufm(), P, "random", 3, x);
  expect_true(run_solver(spo_trust_region(), P, NULL, NULL, 3, x).converged);
  expect_ok(spo_verify(P, x, NULL, NULL, &v, NULL, &err));
  expect_true(v.verdict == SPO_GLOBAL_MINIMIZER); /* the certificate asks for no balance */
  free(x);
  spo_problem_destroy(P);
  p.counts = (spo_integers){even, 4}, p.per_class = 2;
  expect_status(spo_ce_ufm_create(&p, &R, &err), SPO_E_DIM);
  p.per_class = 0, p.classes = 3;
  expect_status(spo_ce_ufm_create(&p, &R, &err), SPO_E_DIM);
  p.classes = 0, p.counts = (spo_integers){none, 2};
  expect_status(spo_ce_ufm_create(&p, &R, &err), SPO_E_ARG);
  p.counts = (spo_integers){negative, 2};
  expect_status(spo_ce_ufm_create(&p, &R, &err), SPO_E_ARG);
  p.counts = (spo_integers){even, 1};
  expect_status(spo_ce_ufm_create(&p, &R, &err), SPO_E_DIM);
  expect_true(R == NULL);
  p.counts = (spo_integers){odd, 4};
  expect_ok(spo_ce_ufm_create(&p, &R, &err));
  assert_string_equal(err.text, "class 1 has no samples");
  spo_problem_destroy(R);
}

/* |W^T h_G + b|, by hand. */
static void test_bias_metric(void **state) {
  (void)state;
  spo_error err = {0};
  spo_problem *P = problem(2, 1, 2, 0.1, 0.1);
  const double x[] = {1, 0, 0, 2, 3, 1, 1, 1, 0.5, -1}; /* h_G = (2, 1): (2.5, 1) */
  double value[SPO_MODEL_MAX_METRICS];
  expect_ok(spo_ce_ufm()->metrics(P, x, value, &err));
  expect_near(value[3], hypot(2.5, 1.0), 1e-15);
  spo_problem_destroy(P);
}

/* Sound where one part of the bound alone has to hold: a bias off its place beside W = H = 0, the
 * minimum for such decays, and decays as unlike as 1e-4 and 0.45 at the origin. */
static void test_bound_parts(void **state) {
  (void)state;
  for (int c = 0; c < 2; c++) {
    spo_error err = {0};
    spo_problem *P = c ? problem(2, 1, 2, 1e-4, 0.45) : problem(2, 1, 2, 1.0, 1.0);
    double *x = new_vector(P), f_star = NAN;
    const char *theorem;
    spo_eval *E;
    spo_point *p;
    spo_certified out;
    gsl_rng *rng = new_rng(1);
    expect_true(P->ops->known_minimum(P->self, &f_star, &theorem) == 0);
    if (c == 0)
      x[8] = 0.3, x[9] = -0.3;
    expect_ok(spo_eval_create(P, &E, &err));
    expect_ok(spo_point_create(P, &p, &err));
    spo_point_set(p, P, x);
    for (int scaled = 0; scaled < 2; scaled++) {
      expect_ok(spo_certify(E, p, scaled, rng, NULL, &out, &err));
      expect_true(p->f - f_star > 0.01 && out.gap_bound >= p->f - f_star);
    }
    spo_eval_destroy(E);
    spo_point_destroy(p);
    gsl_rng_free(rng);
    free(x);
    spo_problem_destroy(P);
  }
}

/* A direction is offered only where Z itself, without the row that carries the gradient's deficit,
 * has an eigenvalue below 0: the one of the whole matrix may be lower. */
static void test_direction_asks_for_z(void **state) {
  (void)state;
  spo_error err = {0};
  spo_problem *P = sample_problem(spo_ce_ufm(), "--classes 3 --per-class 1 --dim 9");
  const spo_certificate *Z = P->ops->certificate;
  const size_t order = Z->order(P->self);
  double *x = new_vector(P), *v = new_vector(P), *u = calloc(order, sizeof *u),
         *store = calloc(Z->store_len(P->self), sizeof *store),
         *work = calloc(Z->work_len(P->self), sizeof *work);
  spo_eval *E;
  spo_point *p;
  point_by_name(spo_ce_ufm(), P, "random", 1, x);
  expect_ok(spo_eval_create(P, &E, &err));
  expect_ok(spo_point_create(P, &p, &err));
  spo_point_set(p, P, x);
  expect_ok(spo_eval_grad(E, p));
  expect_true(Z->prepare(P->self, x, p->memo, store, work) == 0 && *store > 0);
  for (size_t i = 0; i < order; i++)
    u[i] = 1 / sqrt((double)order);
  const double shift = *store / (log(3) / 5e-4); /* both decays are 5e-4 */
  static const double factor[] = {1, 0, -0.5, -2};
  for (size_t i = 0; i < 4; i++)
    assert_int_equal(Z->direction(P->self, x, p->memo, store, 0, factor[i] * shift, u, v, work),
                     factor[i] > -1);
  spo_point_destroy(p);
  spo_eval_destroy(E);
  free(x), free(v), free(u), free(store), free(work);
  spo_problem_destroy(P);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_direction_asks_for_z),
                                     cmocka_unit_test(test_minimum),
                                     cmocka_unit_test(test_conditions),
                                     cmocka_unit_test(test_origin),
                                     cmocka_unit_test(test_shallow_saddle),
                                     cmocka_unit_test(test_bound),
                                     cmocka_unit_test(test_race),
                                     cmocka_unit_test(test_same_start),
                                     cmocka_unit_test(test_bias_metric),
                                     cmocka_unit_test(test_bound_parts),
                                     cmocka_unit_test(test_counts)};
  return cmocka_run_group_tests_name("feature model with decay", tests, NULL, NULL);
}
