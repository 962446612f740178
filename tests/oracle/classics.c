/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Rayleigh quotient and Brockett cost: at every tuple of eigenvectors the Hessian's eigenvalues in
 * closed form, index and verdict, and both solvers down to LAPACK's minimum. */
#include <gsl/gsl_sort.h>

#include "models/symmetric.h"
#include "samples.h"

enum { MOST = 64 };

/* Eigenvalues of the matrix behind a problem, through the named points: f at single
 * eigenvectors. */
static void eigenvalues(size_t n, uint64_t seed, double *lambda) {
  spo_error err = {0};
  spo_rayleigh_params p;
  spo_problem *P;
  spo_rayleigh_params_init(&p);
  p.n = n, p.seed = seed;
  expect_ok(spo_rayleigh_create(&p, &P, &err));
  double *x = new_vector(P), memo[MOST];
  char name[32];
  for (size_t j = 0; j < n; j++) {
    snprintf(name, sizeof name, "eigenvector:%zu", j);
    point_by_name(spo_rayleigh(), P, name, 0, x);
    P->ops->cost(P->self, x, &lambda[j], memo, NULL);
  }
  free(x);
  spo_problem_destroy(P);
}

/* All of the spectrum at x against what is due, unsorted. */
static void expect_spectrum(const spo_problem *P, const double *x, double *due, size_t count,
                            double norm) {
  spo_error err = {0};
  spo_eval *E;
  spo_point *p;
  spo_spectrum *s;
  size_t index = 0;
  gsl_rng *rng = new_rng(1);
  expect_ok(spo_eval_create(P, &E, &err));
  expect_ok(spo_point_create(P, &p, &err));
  spo_point_set(p, P, x);
  expect_ok(spo_spectrum_at(E, p, NULL, rng, &s, &err));
  assert_int_equal(s->count, count);
  gsl_sort(due, 1, count);
  for (size_t i = 0; i < count; i++) {
    expect_near(s->eigenvalue[i], due[i], 1e-13 * norm * (double)count);
    index += due[i] < 0.0;
  }
  assert_int_equal(s->index, index);
  spo_verification v;
  expect_ok(spo_verify(P, x, NULL, NULL, &v, NULL, &err));
  expect_true(v.verdict == (index > 0 ? SPO_STRICT_SADDLE : SPO_GLOBAL_MINIMIZER));
  spo_spectrum_destroy(s);
  spo_eval_destroy(E);
  spo_point_destroy(p);
  gsl_rng_free(rng);
}

static void test_rayleigh(void **state) {
  (void)state;
  const size_t n = 9;
  double lambda[MOST], due[MOST];
  eigenvalues(n, 4, lambda);
  spo_problem *P = sample_problem(spo_rayleigh(), "--size 9 --seed 4");
  double *x = new_vector(P);
  char name[32];
  for (size_t j = 0; j < n; j++) {
    size_t count = 0;
    snprintf(name, sizeof name, "eigenvector:%zu", j);
    point_by_name(spo_rayleigh(), P, name, 0, x);
    for (size_t i = 0; i < n; i++)
      if (i != j)
        due[count++] = 2.0 * (lambda[i] - lambda[j]);
    expect_spectrum(P, x, due, count, 20.0);
  }
  free(x);
  spo_problem_destroy(P);
}

/* (mu_i - mu_j)(lambda_s(j) - lambda_s(i)), and 2 mu_j (lambda_k - lambda_s(j)) for k outside s. */
static size_t brockett_spectrum(const double *lambda, size_t n, const size_t *s, size_t p,
                                double *due) {
  size_t count = 0;
  for (size_t i = 0; i < p; i++)
    for (size_t j = i + 1; j < p; j++)
      due[count++] = (double)(j - i) * (lambda[s[j]] - lambda[s[i]]);
  for (size_t k = 0; k < n; k++) {
    bool inside = false;
    for (size_t j = 0; j < p; j++)
      inside |= s[j] == k;
    for (size_t j = 0; j < p && !inside; j++)
      due[count++] = 2.0 * (double)(p - j) * (lambda[k] - lambda[s[j]]);
  }
  return count;
}

static void test_brockett(void **state) {
  (void)state;
  const size_t n = 5, p = 3;
  double lambda[MOST], due[MOST];
  eigenvalues(n, 0, lambda);
  spo_problem *P = sample_problem(spo_brockett(), "--size 5 --columns 3");
  double *x = new_vector(P);
  char name[32];
  int points = 0;
  for (size_t a = 0; a < n; a++)
    for (size_t b = 0; b < n; b++)
      for (size_t c = 0; c < n; c++) {
        if (a == b || b == c || a == c)
          continue;
        const size_t s[] = {a, b, c};
        snprintf(name, sizeof name, "eigenvectors:%zu,%zu,%zu", a, b, c);
        point_by_name(spo_brockett(), P, name, 0, x);
        expect_spectrum(P, x, due, brockett_spectrum(lambda, n, s, p, due), 20.0);
        points++;
      }
  assert_int_equal(points, 60);
  free(x);
  spo_problem_destroy(P);
}

/* Gradient down to 1e-12 of the matrix, also where a narrow gap makes it hard. */
static void test_accuracy(void **state) {
  (void)state;
  enum { N = 300 };
  spo_error err = {0};
  double *A = calloc((size_t)N * N, sizeof *A);
  for (size_t i = 0; i < N; i++)
    A[i * N + i] = i == 0 ? 0.0 : i == 1 ? 1e-3 : (double)i / N;
  spo_rayleigh_params params;
  spo_problem *P;
  spo_stop stop;
  spo_rayleigh_params_init(&params);
  params.matrix = (spo_matrix){A, N, N};
  expect_ok(spo_rayleigh_create(&params, &P, &err));
  double *x = new_vector(P);
  spo_stop_init(&stop);
  stop.grad_rel = 0.0;
  stop.grad_abs = 1e-12;
  for (expect_seed = 1; expect_seed <= 3; expect_seed++) {
    point_by_name(spo_rayleigh(), P, "random", expect_seed, x);
    const spo_result res = run_solver(spo_trust_region(), P, NULL, &stop, expect_seed, x);
    expect_true(res.reason == SPO_STOP_GRAD);
    expect_near(res.last.f, 0.0, 1e-14);
    expect_near(fabs(x[0]), 1.0, 1e-12);
  }
  free(A);
  free(x);
  spo_problem_destroy(P);
}

/* The last three steps converge faster than linearly: g' <= 3 g^1.2, g over |A|, down to 1e-12. */
static void expect_superlinear(const double *grad, size_t count) {
  expect_true(count > 4);
  for (size_t k = count - 3; k < count; k++)
    expect_at_most(grad[k], fmax(3.0 * pow(grad[k - 1], 1.2), 1e-12));
}

typedef struct gradients {
  double norm[1000];
  size_t count;
} gradients;

static int remember(void *self, const spo_iter *it) {
  gradients *g = self;
  if (it->k == 0 || it->accepted)
    g->norm[g->count++] = it->grad_norm;
  return g->count == 1000;
}

/* One solver down to 1e-12 |A|: the trust region with `sub`, or ARC. */
static void reaches_rounding(const spo_model_ops *model, const spo_problem *P, double norm,
                             const spo_trs_ops *sub) {
  spo_error err = {0};
  spo_solver *s;
  spo_result res = {.size = sizeof res};
  spo_stop stop;
  spo_trust_region_options o;
  gradients seen = {.count = 0};
  double *x = new_vector(P);
  spo_trust_region_options_init(&o);
  o.subproblem = sub ? sub : spo_tcg();
  o.inner.basis = 500; /* of the dimension's order: what an eigenvalue gap of 1e-3 asks for */
  spo_stop_init(&stop);
  stop.grad_rel = 0.0;
  stop.grad_abs = 1e-12 * norm;
  point_by_name(model, P, "random", expect_seed, x);
  expect_ok(spo_solver_create(sub ? spo_trust_region() : spo_arc(), P, sub ? &o : NULL, expect_seed,
                              &s, &err));
  expect_ok(spo_solver_solve(s, x, &stop, remember, &seen, &res, &err));
  spo_solver_destroy(s);
  print_message("%s, %s: %d iterations, %d products, last gradients", P->name,
                sub ? sub->name : "arc", (int)res.last.k, (int)res.last.count.hess);
  for (size_t k = 0; k < seen.count; k++) {
    if (k + 5 > seen.count)
      print_message(" %.1e", seen.norm[k]);
    seen.norm[k] /= norm;
  }
  print_message("\n");
  expect_true(res.reason == SPO_STOP_GRAD);
  if (sub)
    expect_superlinear(seen.norm, seen.count);
  free(x);
}

static void test_second_order_accuracy(void **state) {
  (void)state;
  enum { N = 1000 };
  spo_error err = {0};
  const spo_trs_ops *sub[] = {spo_tcg(), spo_gltr(), spo_randomized_tcg(), NULL, spo_exact()};
  double *A = calloc((size_t)N * N, sizeof *A);
  for (size_t i = 0; i < N; i++)
    A[i * N + i] = i == 0 ? 0.0 : i == 1 ? 1e-3 : (double)i / N;
  spo_rayleigh_params params;
  spo_problem *P;
  spo_rayleigh_params_init(&params);
  params.matrix = (spo_matrix){A, N, N};
  expect_ok(spo_rayleigh_create(&params, &P, &err));
  expect_seed = 1;
  for (int c = 0; c < 4; c++) /* not `exact`: a second for each step */
    reaches_rounding(spo_rayleigh(), P, 1.0, sub[c]);
  spo_problem_destroy(P);
  free(A);
  P = sample_problem(spo_brockett(), "--size 30 --columns 3");
  for (int c = 0; c < 5; c++)
    reaches_rounding(spo_brockett(), P, 3.0 * 2.0 * sqrt(30.0), sub[c]);
  spo_problem_destroy(P);
}

/* What is wrong with a matrix is said of the matrix. */
static void test_refusals(void **state) {
  (void)state;
  static const double entry[6] = {1, 2, 3, 4, 5, 6};
  static const struct {
    size_t rows, cols;
    uint64_t n;
    const char *text;
  } bad[] = {{1, 1, 0, "matrix: 1 x 1 given, at least 2 x 2"},
             {2, 3, 0, "matrix: 2 x 3 given, must be square"},
             {2, 2, 3, "size: 3 does not agree with matrix, 2 x 2"}};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    spo_error err = {0};
    spo_problem *P;
    spo_rayleigh_params p;
    expect_seed = i;
    spo_rayleigh_params_init(&p);
    p.n = bad[i].n;
    p.matrix = (spo_matrix){entry, bad[i].rows, bad[i].cols};
    expect_status(spo_rayleigh_create(&p, &P, &err), SPO_E_DIM);
    expect_true(P == NULL && strstr(err.text, bad[i].text) == err.text);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_rayleigh), cmocka_unit_test(test_brockett),
      cmocka_unit_test(test_accuracy), cmocka_unit_test(test_second_order_accuracy),
      cmocka_unit_test(test_refusals)};
  return cmocka_run_group_tests_name("classics", tests, NULL, NULL);
}
