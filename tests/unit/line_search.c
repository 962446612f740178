/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Line searches: the conditions that each promises, from recomputed values and slopes; in the noise
 * of the cost; where the cost cannot be evaluated; and never an endless loop. */
#include <float.h>

#include "lists/lists.h"
#include "samples.h"

/* ---- functions of one variable --------------------------------------------------------------- */

typedef struct curve {
  int number; /* of the function, More, Thuente 1994, section 5; 0: a parabola on a high plateau */
  double shift, scale; /* shift + scale phi */
  double wall;         /* no value beyond */
  bool nan;            /* there: NaN instead of a return code */
  bool lies;           /* the gradient has the wrong sign */
} curve;

static double sided(double b1, double b2, double t, double *slope) {
  const double c1 = sqrt(1.0 + b1 * b1) - b1, c2 = sqrt(1.0 + b2 * b2) - b2;
  const double r1 = hypot(1.0 - t, b2), r2 = hypot(t, b1);
  *slope = -c1 * (1.0 - t) / r1 + c2 * t / r2;
  return c1 * r1 + c2 * r2;
}

static double oscillating(double t, double *slope) {
  const double b = 0.01, l = 39.0, half_pi = 1.57079632679489661923;
  double f;
  if (t <= 1.0 - b)
    f = 1.0 - t, *slope = -1.0;
  else if (t >= 1.0 + b)
    f = t - 1.0, *slope = 1.0;
  else
    f = (t - 1.0) * (t - 1.0) / (2.0 * b) + b / 2.0, *slope = (t - 1.0) / b;
  *slope += (1.0 - b) * cos(l * half_pi * t);
  return f + (1.0 - b) / (l * half_pi) * sin(l * half_pi * t);
}

static double value(const curve *c, double t, double *slope) {
  double f;
  switch (c->number) {
  case 1:
    *slope = (t * t - 2.0) / ((t * t + 2.0) * (t * t + 2.0));
    f = -t / (t * t + 2.0);
    break;
  case 2: {
    const double u = t + 0.004;
    *slope = 5.0 * u * u * u * u - 8.0 * u * u * u;
    f = u * u * u * u * (u - 2.0);
    break;
  }
  case 3:
    f = oscillating(t, slope);
    break;
  case 4:
    f = sided(0.001, 0.001, t, slope);
    break;
  case 5:
    f = sided(0.01, 0.001, t, slope);
    break;
  case 6:
    f = sided(0.001, 0.01, t, slope);
    break;
  case 7: /* its minimiser, 0.32, is near the parabola's with f(1) */
    *slope = -1.0 + t * (3.18 - 0.27 * t);
    f = t * (-1.0 + t * (1.59 - 0.09 * t));
    break;
  case 8: /* a cubic with its minimiser at 5 */
    *slope = t * t / 25.0 - 1.0;
    f = t * (t * t / 75.0 - 1.0);
    break;
  default:
    *slope = t - 1.0;
    f = 0.5 * (t - 1.0) * (t - 1.0);
  }
  *slope *= c->scale;
  return c->shift + c->scale * f;
}

static int cost(void *self, const double *x, double *f, double *memo, double *work) {
  const curve *c = self;
  double slope;
  (void)memo, (void)work;
  *f = value(c, x[0], &slope);
  if (!(x[0] > c->wall))
    return 0;
  *f = NAN;
  return c->nan ? 0 : 1;
}

static int egrad(void *self, const double *x, double *g, double *memo, double *work) {
  const curve *c = self;
  (void)memo, (void)work;
  value(c, x[0], g);
  if (c->lies)
    g[0] = -g[0];
  return 0;
}

static const spo_problem_ops curve_ops = {
    .size = sizeof(spo_problem_ops), .cost = cost, .egrad = egrad};

/* ---- one search ------------------------------------------------------------------------------ */

typedef struct bench {
  spo_problem P;
  spo_eval *E;
  spo_point *place[2];
  spo_run run;
  spo_line_search_options options;
  spo_line_search_state state;
  spo_line_search_input in;
  spo_line_search_result out;
  double *velocity;
  uint64_t patience; /* interrupted after so many questions */
} bench;

static int impatient(void *self) {
  bench *b = self;
  b->patience -= b->patience > 0;
  return b->patience == 0;
}

static void open_bench(bench *b, const spo_problem *P, const double *x) {
  spo_error err = {0};
  *b = (bench){.P = *P, .patience = UINT64_MAX};
  expect_ok(spo_eval_create(&b->P, &b->E, &err));
  expect_ok(spo_point_create(&b->P, &b->place[0], &err));
  expect_ok(spo_point_create(&b->P, &b->place[1], &err));
  spo_point_set(b->place[0], &b->P, x);
  expect_ok(spo_eval_grad(b->E, b->place[0]));
  b->velocity = new_vector(&b->P);
  b->run = (spo_run){.eval = *b->E,
                     .cur = b->place[0],
                     .trial = b->place[1],
                     .interrupted = impatient,
                     .interrupted_self = b};
  b->options = (spo_line_search_options){.sufficient_decrease = 1e-3,
                                         .curvature = 0.1,
                                         .contraction = 0.5,
                                         .growth = 2.0,
                                         .max_backtracks = 60,
                                         .history = 10};
  b->in = (spo_line_search_input){.options = &b->options,
                                  .factor = 1.0,
                                  .first = 1.0,
                                  .longest = INFINITY,
                                  .velocity = b->velocity,
                                  .state = &b->state};
}

static void close_bench(bench *b) {
  spo_eval_destroy(b->E);
  spo_point_destroy(b->place[0]);
  spo_point_destroy(b->place[1]);
  free(b->velocity);
}

static const double one = 1.0;

static void open_curve(bench *b, curve *c, const spo_manifold *line) {
  const spo_problem P = {&curve_ops, "curve", c, line, 0, 0};
  open_bench(b, &P, &(double){0.0});
  b->in.d = &one;
  b->in.slope = b->run.cur->grad[0];
  b->in.norm = 1.0;
}

static void search(bench *b, const spo_line_search_ops *ls) {
  spo_error err = {0};
  b->run.eval.err = b->run.err = &err;
  expect_ok(spo_line_search_run(ls, &b->run, &b->in, &b->out));
}

/* ---- conditions ------------------------------------------------------------------------------ */

typedef struct promise {
  const spo_line_search_ops *ls;
  bool wolfe, strong;
} promise;

static size_t promises(promise *list) {
  size_t n = 0;
  list[n++] = (promise){spo_armijo_search(), false, false};
  list[n++] = (promise){spo_armijo_interpolation_search(), false, false};
  list[n++] = (promise){spo_nonmonotone_search(), false, false};
  list[n++] = (promise){spo_strong_wolfe_search(), true, true};
  list[n++] = (promise){spo_hager_zhang_search(), true, false};
  size_t listed = 0;
  while (spo_list_line_searches[listed])
    listed++;
  assert_int_equal(n, listed); /* a new search makes a promise here */
  return n;
}

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

/* ---- what can go wrong ----------------------------------------------------------------------- */

static void test_walls(void **state) {
  (void)state;
  spo_error err = {0};
  spo_manifold *line;
  promise list[8];
  const size_t n = promises(list);
  expect_ok(spo_euclidean_create(1, &line, &err));
  for (size_t k = 0; k < n; k++)
    for (int number = 0; number <= 6; number++)
      for (int i = 0; i < 12; i++) {
        const double walls[] = {0.9, 1e-3, 1e-9};
        curve c = {.number = number, .scale = 1.0, .wall = walls[i % 3], .nan = i % 2};
        bench b;
        open_curve(&b, &c, line);
        b.in.first = i < 6 ? 1e-4 : 50.0;
        search(&b, list[k].ls);
        double slope;
        if (!b.out.accepted)
          print_error("%s, function %d, wall %g\n", list[k].ls->name, number, c.wall);
        expect_true(b.out.accepted);
        expect_at_most(b.out.t, c.wall);
        expect_at_most(value(&c, b.out.t, &slope), b.run.cur->f + 1e-3 * b.out.t * b.in.slope);
        close_bench(&b);
      }
  spo_manifold_destroy(line);
}

/* Nothing to be found: a named reason within the trials allowed. */
static void test_hopeless(void **state) {
  (void)state;
  spo_error err = {0};
  spo_manifold *line;
  promise list[8];
  const size_t n = promises(list);
  expect_ok(spo_euclidean_create(1, &line, &err));
  for (size_t k = 0; k < n; k++)
    for (int i = 0; i < 13; i++) {
      curve c = {.scale = 1.0, .shift = 1.0, .wall = INFINITY};
      bench b;
      if (i == 8)
        c.wall = 0.0; /* nothing beyond the start can be evaluated */
      open_curve(&b, &c, line);
      const double bad[] = {0.0, NAN, -1.0, INFINITY};
      b.run.f_noise = 1e3 * DBL_EPSILON;
      if (i < 4)
        b.in.first = bad[i];
      else if (i < 7)
        b.in.slope = bad[i - 4] == -1.0 ? 1.0 : bad[i - 4];
      else if (i == 7)
        b.in.norm = NAN;
      else if (i == 9)
        b.in.factor = -1.0; /* uphill, whatever the slope says */
      else if (i == 10)
        b.in.longest = NAN;
      else if (i == 11)
        b.in.slope = -INFINITY;
      else if (i == 12)
        b.in.first = NAN, b.in.longest = 1.0; /* the limit does not stand in for it */
      search(&b, list[k].ls);
      expect_true(!b.out.accepted);
      expect_true(b.out.reason == (i == 4 ? SPO_STOP_STALLED : SPO_STOP_LINE_SEARCH));
      expect_at_most((double)b.out.trials, i == 8 || i == 9 ? 61.0 : 0.0);
      if (b.out.trials > 0) /* the step of the last one */
        expect_near(b.out.t, fabs(b.run.trial->x[0]), 0.0);
      close_bench(&b);
    }
  spo_manifold_destroy(line);
}

/* In the noise without a slope that falls: within rounding. */
static void test_stalled(void **state) {
  (void)state;
  spo_error err = {0};
  spo_manifold *line;
  promise list[8];
  const size_t n = promises(list);
  expect_ok(spo_euclidean_create(1, &line, &err));
  for (size_t k = 0; k < n; k++) {
    curve c = {.scale = 1e-18, .shift = 1.0, .wall = INFINITY};
    bench b;
    open_curve(&b, &c, line);
    b.run.f_noise = 1e3 * DBL_EPSILON;
    b.in.factor = -1.0; /* the slope at any trial is larger than the one we claim allows */
    b.in.slope = -1e-19;
    b.run.cur->grad_norm = 1e-19; /* the last norm that nonmonotone compares with */
    search(&b, list[k].ls);
    expect_true(!b.out.accepted && b.out.reason == SPO_STOP_STALLED);
    close_bench(&b);
  }
  spo_manifold_destroy(line);
}

static void test_interrupted(void **state) {
  (void)state;
  spo_error err = {0};
  spo_manifold *line;
  promise list[8];
  const size_t n = promises(list);
  expect_ok(spo_euclidean_create(1, &line, &err));
  for (size_t k = 0; k < n; k++)
    for (uint64_t patience = 1; patience < 5; patience++) {
      curve c = {.scale = 1.0, .wall = 1e-12}; /* it takes about forty trials */
      bench b;
      open_curve(&b, &c, line);
      b.patience = patience;
      search(&b, list[k].ls);
      expect_true(!b.out.accepted && b.out.reason == SPO_RUNNING);
      expect_at_most((double)b.out.trials, (double)patience);
      close_bench(&b);
    }
  spo_manifold_destroy(line);
}

/* The nonmonotone search lets a step through below the largest of its costs, and no other. */
static void test_history(void **state) {
  (void)state;
  spo_error err = {0};
  spo_manifold *line;
  curve c = {.scale = 1.0, .wall = INFINITY};
  bench b;
  expect_ok(spo_euclidean_create(1, &line, &err));
  for (uint64_t history = 1; history <= 3; history++) {
    open_curve(&b, &c, line);
    b.options.history = history;
    b.state.count = 2;
    b.state.memory[0] = 2.0;
    b.state.memory[1] = 1.0;
    b.in.first = 1.0 + sqrt(3.9); /* f = 1.95 there, 0.5 at the start */
    search(&b, spo_nonmonotone_search());
    expect_true(b.out.accepted && (b.out.trials == 1) == (history == 3));
    close_bench(&b);
  }
  spo_manifold_destroy(line);
}

/* In the noise it is the gradient norms of the same iterates that count. */
static void test_history_in_the_noise(void **state) {
  (void)state;
  spo_error err = {0};
  spo_manifold *line;
  curve c = {.shift = 1e4, .scale = 1e-18, .wall = INFINITY};
  expect_ok(spo_euclidean_create(1, &line, &err));
  for (int high = 0; high < 2; high++) {
    bench b;
    open_curve(&b, &c, line);
    b.run.f_noise = 1e3 * DBL_EPSILON * c.shift;
    b.state.count = 1;
    b.state.memory[0] = c.shift;
    b.state.memory[SPO_LINE_SEARCH_MEMORY / 2] = (high ? 2.0 : 1.4) * c.scale;
    b.in.first = 2.5; /* the slope is 1.5 there, -1 at the start */
    search(&b, spo_nonmonotone_search());
    expect_true(b.out.accepted);
    assert_int_equal(b.out.trials, high ? 1 : 2);
    close_bench(&b);
  }
  spo_manifold_destroy(line);
}

static void test_tables(void **state) {
  (void)state;
  spo_error err = {0};
  spo_manifold *line;
  curve c = {.scale = 1.0, .wall = INFINITY};
  bench b;
  expect_ok(spo_euclidean_create(1, &line, &err));
  open_curve(&b, &c, line);
  spo_line_search_ops broken = *spo_armijo_search();
  broken.search = NULL;
  expect_status(spo_line_search_run(&broken, &b.run, &b.in, &b.out), SPO_E_ARG);
  broken = *spo_armijo_search();
  broken.size = 8;
  expect_status(spo_line_search_run(&broken, &b.run, &b.in, &b.out), SPO_E_ARG);
  b.in.velocity = NULL;
  expect_status(spo_line_search_run(spo_strong_wolfe_search(), &b.run, &b.in, &b.out), SPO_E_ARG);
  close_bench(&b);
  spo_manifold_destroy(line);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_more_thuente),  cmocka_unit_test(test_trials),
      cmocka_unit_test(test_on_the_sphere), cmocka_unit_test(test_in_the_noise),
      cmocka_unit_test(test_walls),         cmocka_unit_test(test_hopeless),
      cmocka_unit_test(test_stalled),       cmocka_unit_test(test_interrupted),
      cmocka_unit_test(test_history),       cmocka_unit_test(test_history_in_the_noise),
      cmocka_unit_test(test_tables),
  };
  return cmocka_run_group_tests_name("line searches", tests, NULL, NULL);
}
