/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The search for negative curvature on operators whose spectrum is given: found where there is some
 * below the floor, not called positive early, within its products, inside its space. */
#include <gsl/gsl_randist.h>

#include "base/vec.h"
#include "linear/curvature.h"
#include "samples.h"

enum { N = 60 };

typedef struct setting {
  double lambda[N], v[N], *work;
  uint64_t products;
  bool first_dropped; /* the space has no first coordinate */
  spo_space space;
  spo_linop A;
  spo_curvature_input in;
  spo_curvature_result out;
} setting;

static spo_status apply(void *self, size_t k, const double *V, double *AV) {
  setting *s = self;
  for (size_t i = 0; i < k * N; i++)
    AV[i] = s->lambda[i % N] * V[i] + (s->first_dropped && i % N == 0 ? 1.0 : 0.0);
  s->products += k;
  return SPO_OK;
}

static spo_status drop_first(void *self, size_t k, double *V) {
  (void)self;
  for (size_t j = 0; j < k; j++)
    V[j * N] = 0.0;
  return SPO_OK;
}

/* All eigenvalues in 1 .. 2, the vector random. */
static void set_up(setting *s, uint64_t max_products) {
  gsl_rng *rng = new_rng(expect_seed);
  memset(s, 0, sizeof *s);
  for (size_t i = 0; i < N; i++) {
    s->lambda[i] = 1.0 + gsl_rng_uniform(rng);
    s->v[i] = gsl_ran_gaussian_ziggurat(rng, 1.0);
  }
  s->space = (spo_space){.n = N, .dim = N};
  s->A = (spo_linop){&s->space, s, apply};
  s->in = (spo_curvature_input){.A = &s->A, .max_products = max_products};
  s->work = calloc(spo_curvature_work_len(N, max_products), sizeof(double));
  gsl_rng_free(rng);
}

static void seek(setting *s) {
  spo_error err = {0};
  expect_ok(spo_curvature_seek(&s->in, s->v, s->work, &s->out));
  expect_true(s->out.products == s->products && s->products <= s->in.max_products);
  if (!s->out.negative)
    return;
  double value = 0.0;
  for (size_t i = 0; i < N; i++)
    value += s->lambda[i] * s->v[i] * s->v[i];
  expect_near(spo_vec_norm(N, s->v), 1.0, 1e-14);
  expect_near(s->out.value, value, 1e-12);
}

static void test_found(void **state) {
  (void)state;
  for (expect_seed = 1; expect_seed <= 40; expect_seed++)
    for (int c = 0; c < 4; c++) {
      const double low[] = {-1.0, -1e-3, 1e-3, 0.5};
      setting s;
      set_up(&s, 400);
      s.lambda[expect_seed % N] = low[c];
      seek(&s);
      expect_true(s.out.negative == (low[c] < 0.0));
      if (s.out.negative)
        expect_true(s.out.value <= 0.85 * low[c] && s.out.value >= low[c] - 1e-12);
      free(s.work);
    }
}

/* What is above -floor is not negative. */
static void test_floor(void **state) {
  (void)state;
  for (expect_seed = 1; expect_seed <= 20; expect_seed++)
    for (int above = 0; above < 2; above++) {
      setting s;
      set_up(&s, 400);
      s.lambda[7] = -0.1;
      s.in.floor = above ? 0.2 : 0.05;
      seek(&s);
      expect_true(s.out.negative == !above);
      free(s.work);
    }
}

/* One eigenvalue far below a tight bulk, and a start that hardly sees it. */
static void test_outlier(void **state) {
  (void)state;
  for (expect_seed = 1; expect_seed <= 20; expect_seed++) {
    setting s;
    set_up(&s, 200);
    for (size_t i = 0; i < N; i++)
      s.lambda[i] = 1.0 + 1e-2 * (s.lambda[i] - 1.0);
    s.lambda[3] = -1.0, s.v[3] *= 1e-6;
    seek(&s);
    expect_true(s.out.negative);
    free(s.work);
  }
}

/* A budget too short for the answer is kept, and an operator that leaves the space is not
 * followed. */
static void test_budget_and_space(void **state) {
  (void)state;
  for (expect_seed = 1; expect_seed <= 20; expect_seed++)
    for (uint64_t budget = 2; budget <= 30; budget += 7) {
      setting s;
      set_up(&s, budget);
      s.lambda[0] = -5.0, s.lambda[9] = -0.5;
      s.first_dropped = true;
      s.space.project = drop_first;
      s.space.dim = N - 1;
      s.v[0] = 0.0;
      seek(&s);
      expect_true(s.v[0] == 0.0 && (!s.out.negative || s.out.value >= -0.5 - 1e-12));
      expect_true(s.out.negative || budget < 30);
      free(s.work);
    }
}

/* An eigenvector as start: one step exhausts its space. */
static void test_exhausted(void **state) {
  (void)state;
  for (int sign = -1; sign <= 1; sign += 2) {
    setting s;
    set_up(&s, 100);
    spo_vec_zero(N, s.v);
    s.v[4] = 3.0, s.lambda[4] = sign;
    seek(&s);
    expect_true(s.out.negative == (sign < 0) && s.products <= 2);
    spo_vec_zero(N, s.v);
    s.products = 0;
    seek(&s);
    expect_true(!s.out.negative && s.products == 0);
    free(s.work);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_found),     cmocka_unit_test(test_floor),
      cmocka_unit_test(test_outlier),   cmocka_unit_test(test_budget_and_space),
      cmocka_unit_test(test_exhausted),
  };
  return cmocka_run_group_tests_name("curvature", tests, NULL, NULL);
}
