/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One line search at a time: functions of one variable, what a search is given, and what each of
 * them promises. */
#ifndef SPO_TESTS_LINE_SEARCH_H
#define SPO_TESTS_LINE_SEARCH_H

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

static inline double sided(double b1, double b2, double t, double *slope) {
  const double c1 = sqrt(1.0 + b1 * b1) - b1, c2 = sqrt(1.0 + b2 * b2) - b2;
  const double r1 = hypot(1.0 - t, b2), r2 = hypot(t, b1);
  *slope = -c1 * (1.0 - t) / r1 + c2 * t / r2;
  return c1 * r1 + c2 * r2;
}

static inline double oscillating(double t, double *slope) {
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

static inline double value(const curve *c, double t, double *slope) {
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

static inline int cost(void *self, const double *x, double *f, double *memo, double *work) {
  const curve *c = self;
  double slope;
  (void)memo, (void)work;
  *f = value(c, x[0], &slope);
  if (!(x[0] > c->wall))
    return 0;
  *f = NAN;
  return c->nan ? 0 : 1;
}

static inline int egrad(void *self, const double *x, double *g, double *memo, double *work) {
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

static inline int impatient(void *self) {
  bench *b = self;
  b->patience -= b->patience > 0;
  return b->patience == 0;
}

static inline void open_bench(bench *b, const spo_problem *P, const double *x) {
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

static inline void close_bench(bench *b) {
  spo_eval_destroy(b->E);
  spo_point_destroy(b->place[0]);
  spo_point_destroy(b->place[1]);
  free(b->velocity);
}

static const double one = 1.0;

static inline void open_curve(bench *b, curve *c, const spo_manifold *line) {
  const spo_problem P = {&curve_ops, "curve", c, line, 0, 0};
  open_bench(b, &P, &(double){0.0});
  b->in.d = &one;
  b->in.slope = b->run.cur->grad[0];
  b->in.norm = 1.0;
}

static inline void search(bench *b, const spo_line_search_ops *ls) {
  spo_error err = {0};
  b->run.eval.err = b->run.err = &err;
  expect_ok(spo_line_search_run(ls, &b->run, &b->in, &b->out));
}

/* ---- conditions ------------------------------------------------------------------------------ */

typedef struct promise {
  const spo_line_search_ops *ls;
  bool wolfe, strong;
} promise;

static inline size_t promises(promise *list) {
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

#endif
