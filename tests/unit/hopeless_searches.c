/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Line searches where things go wrong: walls beyond which the cost cannot be evaluated, nothing to
 * be found, interruptions, histories; and never an endless loop. */
#include "line_search.h"

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
      cmocka_unit_test(test_walls),   cmocka_unit_test(test_hopeless),
      cmocka_unit_test(test_stalled), cmocka_unit_test(test_interrupted),
      cmocka_unit_test(test_history), cmocka_unit_test(test_history_in_the_noise),
      cmocka_unit_test(test_tables),
  };
  return cmocka_run_group_tests_name("hopeless line searches", tests, NULL, NULL);
}
