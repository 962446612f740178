/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * solve --starts: each start is the run that its seed makes alone, the best is kept, and nothing
 * hangs on the number of threads. */
#include "run.h"

static const char *const codes = "solve ufm --classes 6 --per-class 1 --dim 4 --tau 1";

static void test_best_of_all(void **state) {
  (void)state;
  char line[300];
  snprintf(line, sizeof line, "%s --starts 12 --seed 3 --json -o best", codes);
  json_t *o = run_json(line, 0), *list = member(o, "starts"), *entry;
  size_t i, wins = 0;
  double least = INFINITY;
  assert_int_equal(json_array_size(list), 12);
  json_array_foreach(list, i, entry) {
    assert_int_equal((int)number(entry, "seed"), 3 + (int)i);
    assert_string_equal(text_at(entry, "reason"), "gradient");
    least = fmin(least, number(entry, "f"));
    wins += number(entry, "f") > 0.937;
  }
  /* both local minima of that problem are among them, and the lower one is kept */
  assert_in_range(wins, 1, 11);
  expect_near(number(o, "f"), 0.9360536108546, 1e-12);
  expect_near(least, number(o, "f"), 1e-14);
  /* what was written is that point */
  json_t *v = run_json("verify best --json", 0);
  expect_near(number(v, "f"), number(o, "f"), 1e-14);
  /* and the run of its seed alone */
  const int seed = (int)number(o, "best_seed");
  snprintf(line, sizeof line, "%s --seed %d --json", codes, seed);
  json_t *alone = run_json(line, 0);
  assert_true(number(alone, "f") == number(o, "f"));
  assert_true(number(alone, "iterations") == number(o, "iterations"));
  assert_true(number(alone, "start.f") == number(o, "start.f"));
  json_decref(alone);
  json_decref(v);
  json_decref(o);
}

static void test_threads(void **state) {
  (void)state;
  static const char *const way[] = {"--threads 1", "--threads 2", "--threads 3"};
  char line[300], *first = NULL;
  for (size_t t = 0; t < 3; t++) {
    snprintf(line, sizeof line, "%s --starts 7 %s --json", codes, way[t]);
    json_t *o = run_json(line, 0);
    char *text = json_dumps(member(o, "starts"), JSON_REAL_PRECISION(17));
    if (first)
      assert_string_equal(text, first);
    else
      first = strdup(text);
    free(text);
    json_decref(o);
  }
  free(first);
}

/* Starts that the model draws, numbers of the problem itself where its logarithm is minimised, and
 * a point improved afterwards */
static void test_with_other_options(void **state) {
  (void)state;
  json_t *o = run_json("solve deep-ufm --starts 3 --max-iter 3 --json", 3), *list;
  list = member(o, "starts");
  assert_int_equal(json_array_size(list), 3);
  assert_true(number(json_array_get(list, 0), "f") != number(json_array_get(list, 1), "f"));
  json_decref(o);
  o = run_json("solve ufm --classes 3 --dim 4 --tau 30 --objective log --starts 3 --json", 0);
  expect_near(number(json_array_get(member(o, "starts"), 1), "f"), number(o, "f_star"), 1e-20);
  json_decref(o);
  o = run_json("solve code --points 7 --dim 3 --finish --starts 4 --json", 0);
  expect_near(number(o, "metrics.max_cosine"), 0.210138312731, 1e-11);
  json_decref(o);
  expect_run("solve ufm --starts 4 --progress --tau 2", 0);
  assert_non_null(strstr(ran.out, "4 of 4 starts converged, 4 of them at f*; the best"));
  assert_non_null(strstr(ran.err, "seed 3 "));
  expect_run("solve ufm --starts 4 --tau 2 --max-iter 1", 3);
  assert_non_null(strstr(ran.out, "0 of 4 starts converged"));
  assert_non_null(strstr(ran.out, "\n\n  NOT converged at f   starts  first seed\n"));
}

/* The lowest smooth cost belongs to a code of 57.7 degrees, the second one to the 24-cell: all are
 * finished, and compared by what the finish lowers. */
static void test_finish_of_each(void **state) {
  (void)state;
  json_t *o = run_json("solve code --points 24 --dim 4 --sharpness 5 --starts 6 --seed 1 --finish "
                       "-o cell --json",
                       0),
         *list = member(o, "starts"), *entry;
  size_t i, best = 0;
  int lower = 0;
  expect_near(number(o, "metrics.max_cosine"), 0.5, 1e-12);
  json_array_foreach(list, i, entry) {
    expect_true(number(entry, "finished") >= 0.5 - 1e-12);
    best = number(entry, "finished") < number(json_array_get(list, best), "finished") ? i : best;
  }
  assert_int_equal((int)number(o, "best_seed"), 1 + (int)best);
  json_array_foreach(list, i, entry) lower +=
      number(entry, "f") < number(json_array_get(list, best), "f") - 1e-7;
  assert_true(lower > 0); /* by the cost another one would have been kept */
  json_t *v = run_json("verify cell --json", 0);
  expect_near(number(v, "metrics.max_cosine"), 0.5, 1e-12);
  json_decref(v);
  json_decref(o);
}

static void test_what_does_not_go_with_it(void **state) {
  (void)state;
  expect_refused("solve ufm --starts 0", "--starts: 0 is not allowed");
  expect_refused("solve ufm --starts 2 --trace t.csv", "--trace is for a single run");
  expect_refused("solve ufm --starts 2 --checkpoint c", "--checkpoint is for a single run");
  expect_run("solve ufm --starts 1 --trace t.csv -o one", 0);
  expect_refused("solve ufm --starts 2 --init one", "all of them would be the point in one");
  expect_run("solve ufm --starts 2 --init signs --tau 2", 0);
  expect_refused("solve ufm --classes 30000 --dim 400 --per-class 1 --starts 1000000",
                 "a point for each of --starts is kept");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_best_of_all),
      cmocka_unit_test(test_threads),
      cmocka_unit_test(test_with_other_options),
      cmocka_unit_test(test_finish_of_each),
      cmocka_unit_test(test_what_does_not_go_with_it),
  };
  return cmocka_run_group_tests(tests, enter_scratch, leave_scratch);
}
