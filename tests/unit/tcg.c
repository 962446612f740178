/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Truncated conjugate gradients as plain linear algebra: the returned decrease is the model's, the
 * region is respected in the preconditioned norm, a rejected step is answered from the store. */

#include <spheropt/solvers/tcg.h>

#include "samples.h"

#include "dense.h"

enum { N = 12 };

/* Random symmetric matrix; shift moves its spectrum (about -4 .. 4 unshifted). */
static void fill(dense *D, double *g, double shift, uint64_t seed) {
  gsl_rng *rng = new_rng(seed);
  for (size_t i = 0; i < N; i++) {
    g[i] = gsl_rng_uniform(rng) - 0.5;
    for (size_t j = 0; j <= i; j++)
      D->A[i * N + j] = D->A[j * N + i] = 2.0 * (gsl_rng_uniform(rng) - 0.5);
    D->A[i * N + i] += shift;
  }
  gsl_rng_free(rng);
}

typedef struct setting {
  dense D;
  double A[N * N], g[N], eta[N], *work;
  spo_space space;
  spo_linop hess, precond;
  spo_trs_options options;
  spo_trs_input in;
  spo_trs_result out;
} setting;

static void set_up(setting *s, double shift, bool preconditioned, double radius, uint64_t seed) {
  s->D = (dense){N, s->A, 0};
  fill(&s->D, s->g, shift, seed);
  s->space = (spo_space){.n = N, .dim = N};
  s->hess = (spo_linop){&s->space, &s->D, dense_apply};
  s->precond = (spo_linop){&s->space, &s->D, dense_precond};
  spo_trs_options_init(&s->options);
  s->options.kappa = 1e-9;
  s->options.theta = 0.0;
  s->work = calloc(spo_tcg()->work_len(&s->space, &s->options), sizeof(double));
  s->in = (spo_trs_input){.hess = &s->hess,
                          .precond = preconditioned ? &s->precond : NULL,
                          .grad = s->g,
                          .radius = radius,
                          .grad_scale = 1.0,
                          .options = &s->options};
}

static void solve(setting *s) {
  spo_error err = {0};
  expect_ok(spo_tcg()->solve(&s->in, s->eta, s->work, &s->out));
}

static void test_decrease_and_region(void **state) {
  (void)state;
  const double shifts[] = {6.0, 0.0, 2.5}, radii[] = {1e-3, 0.3, 1e3};
  for (int c = 0; c < 18; c++)
    for (expect_seed = 1; expect_seed <= 20; expect_seed++) {
      setting s;
      const bool preconditioned = c % 2;
      set_up(&s, shifts[c / 6], preconditioned, radii[c / 2 % 3], expect_seed);
      solve(&s);
      const double norm = dense_region_norm(&s.D, s.eta, preconditioned),
                   fall = -dense_model(&s.D, s.g, s.eta);
      expect_near(s.out.decrease / fall, 1.0, 1e-12);
      expect_near(s.out.step_norm / norm, 1.0, 1e-12);
      expect_at_most(norm, s.in.radius * (1.0 + 1e-12));
      expect_true(s.out.at_boundary == (norm > s.in.radius * (1.0 - 1e-12)));
      expect_true(s.D.products == (int)s.out.inner);
      if (s.out.negative_curvature)
        expect_true(s.out.curvature < 0.0 && s.out.at_boundary);
      free(s.work);
    }
}

/* Well inside the region the step is Newton's. */
static void test_newton_step(void **state) {
  (void)state;
  setting s;
  set_up(&s, 8.0, true, 1e6, 3);
  s.options.kappa = 1e-12;
  solve(&s);
  double h[N];
  dense_apply(&s.D, 1, s.eta, h);
  for (size_t i = 0; i < N; i++)
    expect_near(h[i] + s.g[i], 0.0, 1e-10);
  free(s.work);
}

/* The inner target: kappa, (|g|/scale)^theta or the floor, whichever asks for least work, and no
 * product more than it takes. */
static void test_residual_target(void **state) {
  (void)state;
  const struct {
    double kappa, theta, scale, floor;
  } cases[] = {
      {0.3, 0.0, 1.0, 0.0}, {0.9, 1.0, 50.0, 0.0}, {0.9, 0.5, 400.0, 0.0}, {1e-8, 0.0, 1.0, 0.05}};
  for (size_t c = 0; c < 4; c++)
    for (expect_seed = 1; expect_seed <= 10; expect_seed++) {
      setting s, less;
      set_up(&s, 8.0, false, 1e6, expect_seed);
      s.options.kappa = cases[c].kappa;
      s.options.theta = cases[c].theta;
      s.in.grad_scale = cases[c].scale;
      s.in.residual_floor = cases[c].floor;
      const double r0 = spo_vec_norm(N, s.g);
      const double due =
          fmax(r0 * fmin(cases[c].kappa, pow(r0 / cases[c].scale, cases[c].theta)), cases[c].floor);
      solve(&s);
      double h[N];
      dense_apply(&s.D, 1, s.eta, h);
      spo_vec_axpy(N, 1.0, s.g, h);
      expect_at_most(spo_vec_norm(N, h), due * (1.0 + 1e-10));
      if (s.out.inner > 1) { /* one product less would not have done */
        set_up(&less, 8.0, false, 1e6, expect_seed);
        less.options.max_inner = s.out.inner - 1;
        solve(&less);
        assert_int_equal(less.out.inner, s.out.inner - 1);
        dense_apply(&less.D, 1, less.eta, h);
        spo_vec_axpy(N, 1.0, less.g, h);
        expect_true(spo_vec_norm(N, h) > due);
        free(less.work);
      }
      free(s.work);
    }
}

static void test_negative_curvature(void **state) {
  (void)state;
  setting s;
  set_up(&s, -8.0, false, 2.0, 1); /* negative definite */
  solve(&s);
  expect_true(s.out.negative_curvature && s.out.inner == 1);
  free(s.work);
}

/* After a rejection: the step of a fresh solve with the smaller radius, without a product. */
static void test_replay(void **state) {
  (void)state;
  for (int c = 0; c < 4; c++)
    for (expect_seed = 1; expect_seed <= 20; expect_seed++) {
      setting s, fresh;
      set_up(&s, c < 2 ? 3.5 : 0.5, c % 2, 50.0, expect_seed);
      solve(&s);
      double radius = s.out.step_norm;
      for (int rejection = 0; rejection < 4; rejection++) {
        radius *= 0.25;
        s.D.products = 0;
        s.in.radius = radius;
        s.in.replay = true;
        solve(&s);
        set_up(&fresh, c < 2 ? 3.5 : 0.5, c % 2, radius, expect_seed);
        solve(&fresh);
        expect_true(s.D.products == 0 && s.out.replayed && s.out.inner == 0);
        for (size_t i = 0; i < N; i++)
          expect_near(s.eta[i], fresh.eta[i], 1e-12 * radius);
        expect_near(s.out.decrease / fresh.out.decrease, 1.0, 1e-12);
        free(fresh.work);
      }
      free(s.work);
    }
}

/* A store too small for the path: the answer is the same, with products. */
static void test_short_store(void **state) {
  (void)state;
  setting s;
  set_up(&s, 5.0, false, 100.0, 2);
  free(s.work);
  s.options.replay = 1;
  s.work = calloc(spo_tcg()->work_len(&s.space, &s.options), sizeof(double));
  solve(&s);
  const double norm = s.out.step_norm;
  s.in.radius = 0.999 * norm; /* beyond the first direction */
  s.in.replay = true;
  s.D.products = 0;
  solve(&s);
  expect_true(s.out.inner > 0 && s.D.products == (int)s.out.inner && s.out.at_boundary);
  free(s.work);
}

/* How many directions are kept changes nothing but what a rejection costs: the step is the same,
 * and nothing is written beyond the work. */
static void test_any_store(void **state) {
  (void)state;
  enum { BEYOND = 64 };
  for (expect_seed = 1; expect_seed <= 5; expect_seed++) {
    setting whole;
    set_up(&whole, 5.0, true, 100.0, expect_seed);
    solve(&whole);
    for (uint64_t room = 0; room <= 2 * N; room++) {
      setting s;
      set_up(&s, 5.0, true, 100.0, expect_seed);
      free(s.work);
      s.options.replay = room;
      const size_t len = spo_tcg()->work_len(&s.space, &s.options);
      s.work = malloc((len + BEYOND) * sizeof(double));
      for (size_t i = 0; i < len + BEYOND; i++)
        s.work[i] = 1e300;
      solve(&s);
      for (size_t i = 0; i < N; i++)
        expect_near(s.eta[i], whole.eta[i], 1e-13 * whole.out.step_norm);
      expect_near(s.out.decrease, whole.out.decrease, 1e-13 * whole.out.decrease);
      for (size_t i = 0; i < BEYOND; i++)
        expect_true(s.work[len + i] == 1e300);
      free(s.work);
    }
    free(whole.work);
  }
}

/* The space of vectors whose last entry is 0. */
static spo_status drop_last(void *self, size_t k, double *V) {
  (void)self;
  for (size_t j = 0; j < k; j++)
    V[j * N + N - 1] = 0.0;
  return SPO_OK;
}

/* What rounding leaves of a gradient outside the space is not followed, however small the
 * gradient. */
static void test_inside_the_space(void **state) {
  (void)state;
  setting s;
  set_up(&s, 5.0, false, 100.0, 3);
  s.space.project = drop_last;
  s.space.dim = N - 1;
  for (size_t i = 0; i < N - 1; i++) {
    s.g[i] *= 1e-8;
    s.D.A[i * N + N - 1] = s.D.A[(N - 1) * N + i] = 0.0;
  }
  s.g[N - 1] = 1e-16;
  solve(&s);
  expect_true(s.out.inner > 3);
  expect_near(s.eta[N - 1], 0.0, 1e-15 * s.out.step_norm);
  free(s.work);
}

static int soon(void *self) {
  return ++*(int *)self > 3;
}

static void test_interruption(void **state) {
  (void)state;
  setting s;
  int asked = 0;
  set_up(&s, 6.0, false, 100.0, 4);
  s.in.interrupted = soon;
  s.in.interrupted_self = &asked;
  solve(&s);
  expect_true(s.out.interrupted && s.out.inner == 3);
  expect_near(s.out.decrease / -dense_model(&s.D, s.g, s.eta), 1.0, 1e-12);
  free(s.work);
}

/* A singular operator whose kernel holds part of the gradient: no endless walk, no false
 * curvature. */
static void test_flat_direction(void **state) {
  (void)state;
  setting s;
  set_up(&s, 0.0, false, 1e8, 4);
  for (size_t i = 0; i < N; i++)
    for (size_t j = 0; j < N; j++)
      s.D.A[i * N + j] = i == j && i < N / 2 ? 1.0 : 0.0;
  solve(&s);
  expect_true(!s.out.negative_curvature && !s.out.at_boundary);
  expect_at_most(s.out.step_norm, 10.0 * N);
  free(s.work);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_decrease_and_region),
      cmocka_unit_test(test_newton_step),
      cmocka_unit_test(test_residual_target),
      cmocka_unit_test(test_negative_curvature),
      cmocka_unit_test(test_replay),
      cmocka_unit_test(test_short_store),
      cmocka_unit_test(test_any_store),
      cmocka_unit_test(test_inside_the_space),
      cmocka_unit_test(test_interruption),
      cmocka_unit_test(test_flat_direction),
  };
  return cmocka_run_group_tests_name("tcg", tests, NULL, NULL);
}
