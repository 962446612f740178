/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Line searches: the conditions that each promises, from recomputed values and slopes, and in the
 * noise of the cost. */
#include "line_search.h"

static void expect_conditions(const promise *p, const bench *b, double f, double slope) {
  const double f0 = b->run.cur->f, s0 = b->in.slope, t = b->out.t;
  const double delta = b->options.sufficient_decrease, sigma = b->options.curvature;
  const bool armijo = f <= f0 + delta * t * s0 + 4.0 * DBL_EPSILON * fabs(f0);
  const bool approximate =
      f <= f0 + b->run.f_noise && slope <= (2.0 * delta - 1.0) * s0 * (1.0 - 1e-9);
  if (!armijo && !approximate)
    print_error("%s: f0 %.17g f %.17g t %g slopes %g %g\n", p->ls->name, f0, f, t, s0, slope);
  expect_true(armijo || approximate);
  if (p->strong)
    expect_at_most(fabs(slope), -sigma * s0 * (1.0 + 1e-6));
  if (p->wolfe)
    expect_true(slope >= sigma * s0 * (1.0 + 1e-6) && b->out.curvature);
}

/* Each trial is half the last, or within 0.1 and 0.5 of it. */
static void expect_backtracks(const bench *b, bool interpolates) {
  const double back = (double)b->out.trials - 1.0, part = b->out.t / b->in.first;
  expect_at_most(part, pow(0.5, back) * (1.0 + 1e-12));
  expect_true(part >= pow(interpolates ? 0.1 : 0.5, back) * (1.0 - 1e-12));
}

/* The functions and first steps of More and Thuente's tables, with their tolerances. */
static void test_more_thuente(void **state) {
  (void)state;
  spo_error err = {0};
  spo_manifold *line;
  promise list[8];
  const size_t n = promises(list);
  const double first[] = {1e-3, 1e-1, 1e1, 1e3};
  const double delta[] = {0, 1e-3, 0.1, 0.1, 1e-3, 1e-3, 1e-3};
  const double sigma[] = {0, 0.1, 0.1, 0.1, 1e-3, 1e-3, 1e-3};
  expect_ok(spo_euclidean_create(1, &line, &err));
  for (size_t k = 0; k < n; k++)
    for (int number = 1; number <= 6; number++)
      for (int i = 0; i < 4; i++) {
        curve c = {.number = number, .scale = 1.0, .wall = INFINITY};
        bench b;
        open_curve(&b, &c, line);
        b.options.sufficient_decrease = delta[number];
        b.options.curvature = sigma[number];
        b.in.first = first[i];
        search(&b, list[k].ls);
        if (!b.out.accepted)
          print_error("%s, function %d from %g\n", list[k].ls->name, number, first[i]);
        expect_true(b.out.accepted && b.run.trial->known == (SPO_KNOWS_COST | SPO_KNOWS_GRAD));
        double slope;
        const double f = value(&c, b.out.t, &slope);
        expect_near(b.run.trial->x[0], b.out.t, 0.0);
        expect_near(b.run.trial->f, f, 0.0);
        expect_near(b.run.trial->grad[0], slope, 0.0);
        if (list[k].ls->has_slopes)
          expect_near(b.out.slope, slope, 1e-12 * fabs(slope));
        expect_conditions(&list[k], &b, f, slope);
        if (!list[k].ls->has_slopes)
          expect_backtracks(&b, list[k].ls == spo_armijo_interpolation_search());
        expect_at_most((double)b.out.trials, 40.0);
        close_bench(&b);
      }
  spo_manifold_destroy(line);
}

/* Where the next trial lies: secants find the minimiser of a parabola at once, an extension that of
 * a cubic; a backtrack leaves half of the last trial at most, whatever the cubic says. */
static void test_trials(void **state) {
  (void)state;
  spo_error err = {0};
  spo_manifold *line;
  bench b;
  const spo_line_search_ops *secants[] = {spo_hager_zhang_search(), spo_strong_wolfe_search()};
  expect_ok(spo_euclidean_create(1, &line, &err));
  for (int i = 0; i < 2; i++)
    for (double first = 2.5; first < 9.0; first *= 1.5) {
      curve c = {.scale = 1.0, .wall = INFINITY};
      open_curve(&b, &c, line);
      b.in.first = first;
      search(&b, secants[i]);
      expect_true(b.out.accepted && b.out.trials == 2);
      expect_near(b.out.t, 1.0, 1e-12);
      close_bench(&b);
    }
  for (double first = 1.6; first < 2.4; first += 0.1) { /* from a step too short */
    curve c = {.number = 8, .scale = 1.0, .wall = INFINITY};
    open_curve(&b, &c, line);
    b.in.first = first;
    search(&b, spo_strong_wolfe_search());
    expect_true(b.out.accepted && b.out.trials == 2);
    expect_near(b.out.t, 5.0, 1e-12);
    close_bench(&b);
  }
  curve c = {.number = 7, .scale = 1.0, .wall = INFINITY};
  open_curve(&b, &c, line);
  b.options.sufficient_decrease = 0.49;
  search(&b, spo_armijo_interpolation_search());
  expect_true(b.out.accepted && b.out.trials == 3); /* 1, 1/3, and half of it */
  expect_near(b.out.t, 1.0 / 6.0, 1e-12);
  close_bench(&b);
  spo_manifold_destroy(line);
}

/* On the sphere, where the slope is that of the retraction's curve: by differences along it. */
static int height(void *self, const double *x, double *f, double *memo, double *work) {
  (void)self, (void)memo, (void)work;
  *f = 1.0 + x[0] + 0.3 * x[1] * x[1] - 0.5 * x[2] * x[3];
  return 0;
}
static int height_gradient(void *self, const double *x, double *g, double *memo, double *work) {
  (void)self, (void)memo, (void)work;
  g[0] = 1.0, g[1] = 0.6 * x[1], g[2] = -0.5 * x[3], g[3] = -0.5 * x[2];
  return 0;
}

static double along(bench *b, double t) {
  double y[4], f;
  const spo_manifold *M = b->P.manifold;
  M->ops->retract(M, b->run.cur->x, b->in.factor * t, b->in.d, y, NULL);
  height(NULL, y, &f, NULL, NULL);
  return f;
}

static void test_on_the_sphere(void **state) {
  (void)state;
  spo_error err = {0};
  spo_manifold *M;
  promise list[8];
  const size_t n = promises(list);
  const spo_problem_ops ops = {sizeof ops, .cost = height, .egrad = height_gradient};
  expect_ok(spo_sphere_create(4, &M, &err));
  for (size_t k = 0; k < n; k++)
    for (expect_seed = 1; expect_seed <= 20; expect_seed++) {
      const spo_problem P = {&ops, "height", NULL, M, 0, 0};
      double x[4], d[4];
      gsl_rng *rng = new_rng(expect_seed);
      bench b;
      M->ops->random_point(M, rng, x, NULL);
      open_bench(&b, &P, x);
      memcpy(d, b.run.cur->grad, sizeof d);
      b.in.d = d;
      b.in.factor = -1.0;
      b.in.norm = b.run.cur->grad_norm;
      b.in.slope = -b.in.norm * b.in.norm;
      b.in.longest = M->ops->step_limit(M, x, d);
      b.in.first = pow(10.0, (double)(expect_seed % 5) - 3.0);
      b.run.f_noise = 1e3 * DBL_EPSILON;
      search(&b, list[k].ls);
      expect_true(b.out.accepted);
      const double h = 1e-4 * fmin(1.0, b.out.t), f = along(&b, b.out.t);
      const double slope = (8.0 * (along(&b, b.out.t + h) - along(&b, b.out.t - h)) -
                            (along(&b, b.out.t + 2 * h) - along(&b, b.out.t - 2 * h))) /
                           (12.0 * h);
      expect_near(b.run.trial->f, f, 1e-14);
      if (list[k].ls->has_slopes)
        expect_near(b.out.slope, slope, 1e-8 * fmax(fabs(b.in.slope), b.in.norm));
      if (b.out.curvature || !list[k].wolfe)
        expect_conditions(&list[k], &b, f, slope);
      else /* only where no longer step was allowed */
        expect_near(b.out.t, b.in.longest, 1e-14 * b.out.t);
      close_bench(&b);
      gsl_rng_free(rng);
    }
  spo_manifold_destroy(M);
}

/* ---- in the noise ---------------------------------------------------------------------------- */

/* A parabola whose depth is far below the rounding of the plateau it lies on: slopes alone tell. */
static void test_in_the_noise(void **state) {
  (void)state;
  spo_error err = {0};
  spo_manifold *line;
  promise list[8];
  const size_t n = promises(list);
  const double first[] = {1e-3, 0.3, 1.0, 1.9, 5.0, 300.0};
  expect_ok(spo_euclidean_create(1, &line, &err));
  for (size_t k = 0; k < n; k++)
    for (int i = 0; i < 6; i++) {
      curve c = {.shift = 1e4, .scale = 1e-18, .wall = INFINITY};
      bench b;
      open_curve(&b, &c, line);
      b.run.f_noise = 1e3 * DBL_EPSILON * c.shift;
      b.in.first = first[i];
      search(&b, list[k].ls);
      double slope;
      value(&c, b.out.t, &slope);
      expect_true(b.out.accepted);
      expect_at_most(slope, (1.0 - 2.0 * 1e-3) * c.scale * (1.0 + 1e-12));
      if (list[k].wolfe)
        expect_true(slope >= -0.1 * c.scale * (1.0 + 1e-12));
      if (list[k].strong)
        expect_at_most(slope, 0.1 * c.scale * (1.0 + 1e-12));
      close_bench(&b);
    }
  spo_manifold_destroy(line);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_more_thuente),
      cmocka_unit_test(test_trials),
      cmocka_unit_test(test_on_the_sphere),
      cmocka_unit_test(test_in_the_noise),
  };
  return cmocka_run_group_tests_name("line searches", tests, NULL, NULL);
}
