/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * spheropt check: what it prints, one check by itself, at a given point, and the curves it
 * writes. */
#include "run.h"

#include <math.h>

/* The last line of stdout. */
static const char *last_line(void) {
  size_t end = strlen(ran.out);
  if (end && ran.out[end - 1] == '\n')
    ran.out[--end] = '\0';
  const char *line = strrchr(ran.out, '\n');
  return line ? line + 1 : ran.out;
}

static void checks(void **state) {
  (void)state;
  json_t *o = run_json("check --json", 0);
  assert_true(json_is_true(member(o, "pass")));
  assert_true(json_array_size(member(o, "checks")) > 15);
  assert_true(number(o, "count") > 300);
  json_decref(o);
  expect_run("check ufm --classes 3 --per-class 2 --dim 4", 0);
  assert_non_null(strstr(ran.out, "measured   allowed"));
  assert_non_null(strstr(ran.out, "Hessian: symmetric"));
  assert_non_null(strstr(last_line(), " checks, all passed"));
  expect_run("check manifold stiefel", 0);
  assert_null(strstr(ran.out, "measured")); /* nothing failed, a line each */
  expect_run("check oblique --items", 0);
  assert_non_null(strstr(ran.out, "retract: first order"));
}

static void checks_one_by_one(void **state) {
  (void)state;
  expect_run("check ufm --only gradient", 0);
  assert_non_null(strstr(ran.out, "gradient: predicts the cost"));
  assert_null(strstr(ran.out, "Hessian"));
  assert_null(strstr(ran.out, "retract"));
  expect_run("check rayleigh --size 7 --only hessian", 0);
  assert_non_null(strstr(ran.out, "Hessian: predicts the gradient"));
  expect_run("check stiefel --only transport", 0);
  assert_non_null(strstr(ran.out, "transport: tangent"));
  assert_null(strstr(ran.out, "retract"));
  expect_run("check --only symmetry", 0); /* of those that state one */
  assert_non_null(strstr(ran.out, "model     ufm"));
  assert_null(strstr(ran.out, "FAILED"));
}

/* At a point that a run wrote, where the Hessian annihilates the orbit; and at a named one */
static void checks_at_a_point(void **state) {
  (void)state;
  expect_run("solve ufm --classes 4 --per-class 2 --dim 6 --tau 2 -o point", 0);
  json_t *o = run_json("check point --only symmetry --json", 0);
  json_t *items = member(json_array_get(member(o, "checks"), 0), "items");
  bool seen = false;
  for (size_t i = 0; i < json_array_size(items); i++)
    seen = seen || strcmp(text_at(json_array_get(items, i), "name"),
                          "symmetry: the Hessian annihilates it") == 0;
  assert_true(seen);
  json_decref(o);
  expect_run("check point", 0);
  expect_run("check ufm --classes 4 --per-class 2 --dim 6 --tau 2 --init merged:2", 0);
  assert_non_null(strstr(ran.out, "point: merged:2"));
  assert_non_null(strstr(ran.out, "symmetry: the Hessian annihilates it"));
  expect_run("check ufm --classes 4 --per-class 2 --dim 6 --tau 2", 0);
  assert_null(strstr(ran.out, "symmetry: the Hessian annihilates it"));
}

/* The numbers of line `row` (0: the first below the names) of a CSV file; the count of columns. */
static size_t csv_row(const char *path, size_t row, double *value, size_t room) {
  static char text[RUN_ROOM];
  slurp(path, text);
  char *line = text;
  for (size_t i = 0; i <= row; i++) {
    line = strchr(line, '\n');
    assert_non_null(line);
    line++;
  }
  size_t count = 0;
  for (char *end; count < room; line = end + 1) {
    value[count++] = strtod(line, &end);
    assert_true(end > line);
    if (*end != ',')
      break;
  }
  return count;
}

static void plots(void **state) {
  (void)state;
  double v[8], w[8];
  expect_run("check rayleigh --size 9 --curves c.csv --profile p.csv --surface s.csv --points 5",
             0);
  assert_non_null(strstr(ran.out, "written p.csv: t,f,slope,first,second,model_slope"));
  /* remainders of slopes 2 and 3 from one step to the next */
  assert_int_equal(csv_row("c.csv", 1, v, 8), 6);
  assert_int_equal(csv_row("c.csv", 2, w, 8), 6);
  expect_near(log2(v[0] / w[0]), 1, 1e-12);
  expect_near(log2(v[1] / w[1]), 2, 0.3);
  expect_near(log2(v[2] / w[2]), 3, 0.3);
  expect_near(log2(v[3] / w[3]), 2, 0.3);
  expect_near(log2(v[5] / w[5]), 3, 0.3);
  /* in the middle all models are the cost, and both files show the same point */
  assert_int_equal(csv_row("p.csv", 2, v, 8), 6);
  expect_near(v[0], 0, 0);
  expect_near(v[1], v[3], 1e-14);
  expect_near(v[1], v[4], 1e-14);
  expect_near(v[2], v[5], 1e-8);
  assert_int_equal(csv_row("s.csv", 12, w, 8), 3);
  expect_near(w[2], v[1], 1e-14);
  /* the steepest descent goes down */
  expect_run("check rayleigh --size 9 --profile p.csv --direction descent --geodesic --points 3 "
             "--reach 1e-3 --json",
             0);
  csv_row("p.csv", 0, v, 8);
  csv_row("p.csv", 2, w, 8);
  expect_true(v[1] > w[1] && v[2] < 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(checks),
      cmocka_unit_test(checks_one_by_one),
      cmocka_unit_test(checks_at_a_point),
      cmocka_unit_test(plots),
  };
  return cmocka_run_group_tests(tests, enter_scratch, leave_scratch);
}
