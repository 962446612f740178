/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * MINRES against LAPACK's eigendecomposition: indefinite systems solved, singular ones that have a
 * solution solved without a component in the kernel, those that have none in the least-squares
 * sense; the residual told is the true one; null directions, limits and interruptions. */
#include <float.h>
#include <gsl/gsl_randist.h>

#include "linear/minres.h"
#include "samples.h"

#include "dense.h"

enum { N = 40 };

typedef struct setting {
  double A[N * N], lambda[N], Z[N * N], b[N], x[N], work[8 * N];
  dense D;
  int allowed;
  spo_space space;
  spo_linop op;
  spo_minres_input in;
  spo_minres_result out;
} setting;

static int ask(void *self) {
  setting *s = self;
  return s->D.products >= s->allowed;
}

/* Random A with `kernel` eigenvalues set to nil, in LAPACK's eigenvectors; b random. */
static void set_up(setting *s, size_t kernel, uint64_t seed) {
  spo_error err = {0};
  gsl_rng *rng = new_rng(seed);
  double copy[N * N];
  memset(s, 0, sizeof *s);
  s->D = (dense){N, s->A, 0};
  for (size_t i = 0; i < N; i++) {
    s->b[i] = gsl_ran_gaussian_ziggurat(rng, 1.0);
    for (size_t j = 0; j <= i; j++)
      copy[i * N + j] = copy[j * N + i] = gsl_ran_gaussian_ziggurat(rng, 1.0);
  }
  expect_ok(spo_eigh(N, copy, s->lambda, s->Z, &err));
  for (size_t k = 0; k < N; k++)
    s->lambda[k] = k % 5 == 2 && k / 5 < kernel ? 0.0 : s->lambda[k] + copysign(1.0, s->lambda[k]);
  dense_assemble(&s->D, s->lambda, s->Z);
  s->space = (spo_space){.n = N, .dim = N};
  s->op = (spo_linop){&s->space, &s->D, dense_apply};
  s->allowed = INT32_MAX;
  s->in = (spo_minres_input){
      .A = &s->op, .b = s->b, .max_products = 10 * N, .interrupted = ask, .interrupted_self = s};
  gsl_rng_free(rng);
}

/* sum over eigenvalues that are not nil of z z^T b / lambda */
static void pseudo_solution(const setting *s, double *x) {
  spo_vec_zero(N, x);
  for (size_t k = 0; k < N; k++)
    if (s->lambda[k] != 0.0)
      spo_vec_axpy(N, spo_vec_dot(N, s->Z + k * N, s->b) / s->lambda[k], s->Z + k * N, x);
}

static void solve(setting *s) {
  spo_error err = {0};
  double r[N];
  s->D.products = 0;
  expect_ok(spo_minres(&s->in, s->x, s->work, &s->out));
  expect_true(s->D.products == (int)s->out.products);
  dense_times(&s->D, 1, s->x, r);
  spo_vec_axpy(N, -1.0, s->b, r);
  expect_near(s->out.residual, spo_vec_norm(N, r),
              1e-11 * spo_vec_norm(N, s->b) + 1e3 * DBL_EPSILON * 20.0 * spo_vec_norm(N, s->x));
}

static void test_indefinite(void **state) {
  (void)state;
  for (expect_seed = 1; expect_seed <= 30; expect_seed++) {
    setting s;
    double due[N];
    set_up(&s, 0, expect_seed);
    s.in.target = 1e-12 * spo_vec_norm(N, s.b);
    solve(&s);
    expect_true(!s.out.only_null && s.out.residual <= s.in.target);
    pseudo_solution(&s, due);
    for (size_t i = 0; i < N; i++)
      expect_near(s.x[i], due[i], 1e-10 * spo_vec_norm(N, due));
  }
}

/* Singular with b in the range: the solution of least length. */
static void test_compatible(void **state) {
  (void)state;
  for (expect_seed = 1; expect_seed <= 30; expect_seed++) {
    setting s;
    double due[N];
    set_up(&s, 1 + expect_seed % 7, expect_seed);
    for (size_t k = 0; k < N; k++)
      if (s.lambda[k] == 0.0)
        spo_vec_axpy(N, -spo_vec_dot(N, s.Z + k * N, s.b), s.Z + k * N, s.b);
    s.in.target = 1e-12 * spo_vec_norm(N, s.b);
    solve(&s);
    expect_true(s.out.residual <= s.in.target);
    pseudo_solution(&s, due);
    for (size_t i = 0; i < N; i++)
      expect_near(s.x[i], due[i], 1e-10 * spo_vec_norm(N, due));
  }
}

/* Singular with b outside the range: what is left is b's part in the kernel. */
static void test_incompatible(void **state) {
  (void)state;
  for (expect_seed = 1; expect_seed <= 30; expect_seed++) {
    setting s;
    double r[N], kernel = 0.0;
    set_up(&s, 1 + expect_seed % 7, expect_seed);
    s.in.null = 1e-9;
    for (size_t k = 0; k < N; k++)
      if (s.lambda[k] == 0.0)
        kernel = hypot(kernel, spo_vec_dot(N, s.Z + k * N, s.b));
    solve(&s);
    expect_true(s.out.only_null);
    expect_near(s.out.residual / kernel, 1.0, 1e-12);
    dense_times(&s.D, 1, s.x, r); /* and A x is b's part in the range */
    for (size_t k = 0; k < N; k++)
      expect_near(spo_vec_dot(N, s.Z + k * N, r),
                  s.lambda[k] == 0.0 ? 0.0 : spo_vec_dot(N, s.Z + k * N, s.b),
                  1e-7 * 20.0 * s.out.residual); /* the square root of rounding, |A| 20 */
  }
}

/* Eigenvalues of 1e-7 below a cluster count as nil when told so, and x does not follow them; when
 * not told, it does. */
static void test_null_directions(void **state) {
  (void)state;
  for (expect_seed = 1; expect_seed <= 30; expect_seed++)
    for (int told = 0; told < 2; told++) {
      setting s;
      double along = 0.0, part = 0.0;
      set_up(&s, 4, expect_seed);
      for (size_t k = 0; k < N; k++) {
        const bool tiny = s.lambda[k] == 0.0;
        s.lambda[k] = tiny ? 1e-7 * (1.0 + (double)k) : (double)(k % 3 + 1) * (k % 2 ? 1.0 : -1.0);
        if (tiny)
          spo_vec_axpy(N, -0.999 * spo_vec_dot(N, s.Z + k * N, s.b), s.Z + k * N, s.b);
        if (tiny)
          part = hypot(part, spo_vec_dot(N, s.Z + k * N, s.b));
      }
      dense_assemble(&s.D, s.lambda, s.Z);
      s.in.null = told ? 1e-4 : 0.0;
      s.in.target = 0.01 * part;
      solve(&s);
      for (size_t k = 0; k < N; k++)
        if (fabs(s.lambda[k]) < 1e-4)
          along = hypot(along, spo_vec_dot(N, s.Z + k * N, s.x));
      expect_true(s.out.only_null == (told == 1));
      if (told) {
        expect_at_most(along, 1.0);
        expect_near(s.out.residual / part, 1.0, 1e-3);
      } else {
        expect_true(along > 10.0);
      }
    }
}

static void test_limits(void **state) {
  (void)state;
  setting s;
  set_up(&s, 0, 5);
  s.in.max_products = 7;
  solve(&s);
  expect_true(s.out.products == 7 && !s.out.interrupted);
  double last = spo_vec_norm(N, s.b);
  for (int allowed = 0; allowed < 20; allowed++) { /* the residual only falls */
    set_up(&s, 0, 5);
    s.allowed = allowed;
    solve(&s);
    expect_true(s.out.interrupted && s.D.products == allowed);
    expect_at_most(s.out.residual, last * (1.0 + 1e-14));
    last = s.out.residual;
  }
  memset(s.b, 0, sizeof s.b);
  solve(&s);
  expect_true(s.out.products == 0 && spo_vec_norm(N, s.x) == 0.0);
}

/* |A r| of the residual before the last product */
static void test_a_residual(void **state) {
  (void)state;
  for (uint64_t k = 1; k <= 20; k++) {
    setting s;
    double r[N], Ar[N];
    set_up(&s, 0, k);
    spo_vec_copy(N, s.b, r);
    if (k > 1) {
      s.in.max_products = k - 1;
      solve(&s);
      dense_times(&s.D, 1, s.x, r);
      spo_vec_combine(N, 1.0, s.b, -1.0, r, r);
    }
    s.in.max_products = k;
    solve(&s);
    dense_times(&s.D, 1, r, Ar);
    expect_near(s.out.a_residual / spo_vec_norm(N, Ar), 1.0, 1e-9);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_indefinite),   cmocka_unit_test(test_compatible),
      cmocka_unit_test(test_incompatible), cmocka_unit_test(test_null_directions),
      cmocka_unit_test(test_limits),       cmocka_unit_test(test_a_residual),
  };
  return cmocka_run_group_tests_name("minres", tests, NULL, NULL);
}
