/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * spheropt sweep along each kind of parameter: what the rows and the events say, and that events
 * are where they are known to be. */
#include "run.h"

#include <math.h>

/* Every row: value, cost, gradient, index, lowest eigenvalue; a critical point at each. */
static json_t *rows_of(json_t *o, size_t due) {
  json_t *rows = member(o, "rows"), *row;
  size_t i;
  assert_int_equal(json_array_size(rows), due);
  json_array_foreach(rows, i, row) {
    expect_true(isfinite(number(row, "value")));
    expect_at_most(number(row, "grad_norm"), 1e-9);
    expect_true(number(row, "index") >= 0 && isfinite(number(row, "lambda_min")));
    expect_true(number(row, "index") > 0 ? number(row, "lambda_min") < 0
                                         : number(row, "lambda_min") > -1e-12);
    expect_true(strcmp(text_at(row, "reason"), "(no text)") != 0);
  }
  return rows;
}

/* The row on the way there (first) or back */
static json_t *row_at(json_t *o, size_t i) {
  return json_array_get(member(o, "rows"), i);
}

/* The only event: kind, branch, and the value up to tol */
static void expect_event(json_t *o, const char *kind, int branch, double value, double tol) {
  json_t *events = member(o, "events"), *e = json_array_get(events, 0);
  assert_int_equal(json_array_size(events), 1);
  assert_string_equal(text_at(e, "kind"), kind);
  expect_near(number(e, "value"), value, tol);
  expect_at_most(number(e, "width"), 1e-7 * value);
  assert_int_equal((int)number(e, "branch"), branch);
}

/* ---- imbalance ------------------------------------------------------------------------------- */

/* Upwards the minimum becomes the merged point without a change of index; back down the merged
 * point loses its stability at the threshold, and a minimum is followed from there. */
static void thresholds(void **state) {
  (void)state;
  static const struct {
    const char *line;
    double R0, tol;
  } due[] = {
      {"ufm --classes 4 --majority 2 --imbalance 1 --per-class 1 --dim 5 --tau 0.5 "
       "--vary imbalance=5:12:log:5",
       8.031161, 1e-6},
      {"ufm --classes 4 --majority 2 --imbalance 1 --per-class 1 --dim 5 --tau 1 "
       "--vary imbalance=10:40:log:5",
       22.544857, 1e-6},
      {"ufm --counts 3,1,2,2 --majority 2 --dim 5 --tau 1 --vary imbalance=20:25:2", NAN, NAN},
      {"layer-peeled --vary imbalance=8:20:log:5", 12.193, 1e-3},
  };
  for (size_t i = 0; i < sizeof due / sizeof due[0]; i++) {
    char line[300];
    expect_seed = i;
    snprintf(line, sizeof line, "sweep %s --json", due[i].line);
    json_t *o = run_json(line, 0);
    const size_t steps = (size_t)number(o, "steps");
    rows_of(o, steps);
    if (!isnan(due[i].tol))
      expect_event(o, "exchange", 0, due[i].R0, due[i].tol);
    for (size_t k = 0; k < steps; k++) { /* there and back the same minima */
      json_t *row = row_at(o, k), *mirror = row_at(o, steps - 1 - k);
      assert_int_equal((int)number(row, "index"), 0);
      expect_near(number(row, "f"), number(mirror, "f"), 1e-10);
      if (isnan(due[i].tol))
        continue;
      expect_true((number(row, "branch") == 1) ==
                  (k > steps / 2 && number(row, "value") < due[i].R0));
    }
    json_decref(o);
  }
}

/* A step so long that newton lands on the merged saddle: the branch goes on all the same. */
static void long_step(void **state) {
  (void)state;
  json_t *o = run_json("sweep ufm --classes 4 --majority 2 --per-class 1 --dim 5 --tau 0.5 --vary "
                       "imbalance=7.7459667:6.2233298:2 --json",
                       0);
  json_t *rows = rows_of(o, 3), *row;
  size_t i;
  assert_int_equal(json_array_size(member(o, "events")), 0);
  json_array_foreach(rows, i, row) {
    assert_int_equal((int)number(row, "branch"), 0);
    expect_near(number(row, "f"), i == 1 ? 0.902522537 : 0.897434310, 2e-9);
  }
  json_decref(o);
}

/* Down to R = 0, where two classes are absent; the same from the other side at inf. */
static void absent_classes(void **state) {
  (void)state;
  const double due = log1p(3 * exp(-8 / (3 * sqrt(3))));
  json_t *o = run_json("sweep ufm --classes 4 --majority 2 --per-class 1 --dim 5 --vary "
                       "imbalance=0.02:0:3 --json",
                       0);
  rows_of(o, 5);
  expect_near(number(row_at(o, 2), "f"), due, 1e-12);
  expect_true(number(row_at(o, 1), "f") > due);
  json_decref(o);
  o = run_json("solve ufm --classes 4 --majority 2 --imbalance inf --per-class 1 --dim 5 -o absent "
               "--json",
               0);
  expect_near(number(o, "f"), due, 1e-10);
  assert_string_equal(text_at(o, "parameters.imbalance"), "inf");
  json_t *v = run_json("verify absent --json", 0);
  expect_near(number(v, "f"), number(o, "f"), 1e-15);
  assert_string_equal(text_at(v, "verdict"), "global-minimizer");
  json_decref(v);
  json_decref(o);
}

/* Beyond the fold newton finds nothing for three values: those rows are of no branch, and no event
 * is told of them; then another branch begins. */
static void nowhere(void **state) {
  (void)state;
  const char *line = "sweep deep-ufm --layers 3 --per-class 1 --width 3 --vary decay=0.08:0.24:5 "
                     "--follow point";
  char text[200];
  snprintf(text, sizeof text, "%s --json", line);
  json_t *o = run_json(text, 0), *rows = member(o, "rows"), *row;
  size_t i, lost = 0;
  expect_event(o, "fold", 0, 0.19245009, 1e-7);
  json_array_foreach(rows, i, row) {
    const bool critical = json_is_true(member(row, "critical"));
    expect_true(critical == (number(row, "grad_norm") < 1e-9));
    if (critical)
      assert_int_equal((int)number(row, "branch"), lost > 0);
    else
      assert_true(json_is_null(member(row, "branch")));
    lost += !critical;
  }
  assert_int_equal(lost, 3);
  assert_int_equal((int)number(o, "branches"), 2);
  json_decref(o);
  expect_run(line, 0);
  assert_non_null(strstr(ran.out, "-  not critical\n"));
}

/* Longer vectors are the old ones and zeros: the ETF stays where it is, and critical. */
static void longer_vectors(void **state) {
  (void)state;
  setenv("MALLOC_PERTURB_", "191", 1); /* fresh memory is full of 32.5 */
  json_t *o = run_json("sweep ufm --classes 4 --per-class 1 --tau 2 --vary dim=3:7 --follow point "
                       "--init etf --json",
                       0);
  const double due = log1p(3 * exp(-8.0 / 3.0));
  for (size_t i = 0; i < 5; i++) {
    expect_near(number(row_at(o, i), "f"), due, 1e-14);
    assert_int_equal((int)number(row_at(o, i), "branch"), 0);
  }
  assert_int_equal(json_array_size(member(o, "events")), 0);
  json_decref(o);
}

/* ---- sizes, temperature, decay --------------------------------------------------------------- */

/* Vectors padded with zeros: the square becomes a saddle, the simplex stays what it is. */
static void along_dimension(void **state) {
  (void)state;
  json_t *o =
      run_json("sweep ufm --classes 4 --per-class 2 --dim 2 --tau 1 --vary dim=2:5 --json", 0);
  rows_of(o, 7);
  expect_near(number(row_at(o, 0), "f"), 0.62652338, 5e-9);
  for (size_t i = 1; i <= 3; i++) {
    expect_near(number(row_at(o, i), "value"), 2.0 + (double)i, 0);
    expect_near(number(row_at(o, i), "f"), 0.582657653062, 1e-11);
  }
  assert_int_equal(json_array_size(member(o, "events")), 0);
  json_decref(o);
  o = run_json("sweep ufm --classes 4 --per-class 1 --init polygon --follow point --vary "
               "dim=2:4 --json",
               0);
  rows_of(o, 5);
  for (size_t i = 0; i <= 2; i++) { /* (tau/4)(2e^{-tau} - 2)/(e^tau + e^{-tau} + 2) in R^3 */
    const double lowest = 0.25 * (2 * exp(-1) - 2) / (exp(1) + exp(-1) + 2);
    expect_near(number(row_at(o, i), "f"), 0.62652338, 5e-9);
    assert_int_equal((int)number(row_at(o, i), "index"), (int)i);
    if (i > 0)
      expect_near(number(row_at(o, i), "lambda_min"), lowest, 1e-12);
  }
  json_decref(o);
}

/* Another number of points: a fresh start, a branch of its own. */
static void along_classes(void **state) {
  (void)state;
  json_t *o = run_json("sweep ufm --per-class 2 --dim 6 --tau 1 --vary classes=2:5 --json", 0);
  const double due[] = {0.126928011043, 0.368981135401, 0.582657653062, 0.763614585194};
  rows_of(o, 7);
  for (size_t i = 0; i < 4; i++) {
    expect_near(number(row_at(o, i), "f"), due[i], 1e-11);
    assert_int_equal((int)number(row_at(o, i), "branch"), (int)i);
    assert_int_equal((int)number(row_at(o, i), "index"), 0);
  }
  json_decref(o);
}

/* The bipyramid loses its stability; of two triangles and a tetrahedron with a pair the other
 * becomes the lower one. From names alone, there and back. */
static void along_temperature(void **state) {
  (void)state;
  static const char *const line[] = {
      "sweep ufm --classes 5 --per-class 1 --dim 3 --init simplices:3+2 --follow point "
      "--vary tau=8:11:3 --json",
      "sweep ufm --classes 6 --per-class 1 --dim 4 --init simplices:3+3 --against simplices:4+2 "
      "--follow point --vary tau=1:3:3 --json"};
  static const char *const kind[] = {"exchange", "crossing"};
  const double due[] = {9.2898, 1.970064}, tol[] = {5e-5, 1e-6};
  for (size_t i = 0; i < 2; i++) {
    json_t *o = run_json(line[i], 0), *events = member(o, "events"), *e;
    size_t k;
    json_t *row, *rows = rows_of(o, i ? 10 : 5);
    assert_int_equal(json_array_size(events), 2);
    json_array_foreach(events, k, e) {
      assert_string_equal(text_at(e, "kind"), kind[i]);
      expect_near(number(e, "value"), due[i], tol[i]);
      expect_at_most(number(e, "width"), 1e-7 * due[i]);
      assert_int_equal((int)number(e, "branch"), 0);
      expect_true(i == 0 ? json_is_null(member(e, "other")) : number(e, "other") == 1);
    }
    json_array_foreach(rows, k, row) if (i == 0) {
      const double t = number(row, "value");
      const double f =
          0.6 * log1p(2 * exp(-1.5 * t) + 2 * exp(-t)) + 0.4 * log1p(3 * exp(-t) + exp(-2 * t));
      expect_near(number(row, "f"), f, 1e-12 * f);
      assert_int_equal((int)number(row, "index"), t > 9.2898 ? 2 : 0);
    }
    json_decref(o);
  }
}

/* The fold of the spurious minimum for K = 3, d = 2: below it nothing is left but the simplex. */
static void along_temperature_to_a_fold(void **state) {
  (void)state;
  json_t *o =
      run_json("solve ufm --classes 3 --per-class 1 --dim 2 --tau 10 --starts 40 --json", 0);
  json_t *starts = member(o, "starts"), *entry;
  size_t i;
  int seed = -1;
  json_array_foreach(starts, i, entry) if (fabs(number(entry, "f") - 0.461133541335) < 1e-9) seed =
      (int)number(entry, "seed");
  json_decref(o);
  assert_true(seed >= 0);
  char line[200];
  snprintf(line, sizeof line,
           "sweep ufm --classes 3 --per-class 1 --dim 2 --seed %d --vary tau=10:8.6:8 --json",
           seed);
  o = run_json(line, 0);
  rows_of(o, 15);
  expect_event(o, "fold", 0, 9.072, 1e-3);
  for (i = 0; i < 15; i++) {
    json_t *row = row_at(o, i);
    const double t = number(row, "value"), simplex = log1p(2 * exp(-1.5 * t));
    const bool before = i < 8 && t > 9.0724;
    assert_int_equal((int)number(row, "branch"), before ? 0 : 1);
    expect_true(before ? number(row, "f") > 0.4 : fabs(number(row, "f") / simplex - 1) < 1e-8);
  }
  json_decref(o);
}

/* Simplices until lW = 1/(K^2 n lH), where the decay wins and nothing is left but 0; back down 0
 * is a saddle from there on. */
static void along_decay(void **state) {
  (void)state;
  json_t *o = run_json("sweep ce-ufm --classes 4 --per-class 2 --dim 5 --decay-h 0.1 --decay-b 0.1 "
                       "--vary decay-w=0.2:0.4:3 --json",
                       0);
  rows_of(o, 5);
  expect_event(o, "exchange", 0, 0.3125, 1e-7);
  for (size_t i = 0; i < 5; i++) {
    const double l = number(row_at(o, i), "value"), zeta = sqrt(2 * l * 0.1);
    const double f = zeta < 0.25 ? -log1p(-3 * zeta) + 3 * zeta * log(1 / zeta - 3) : log(4);
    expect_near(number(row_at(o, i), "f"), f, 1e-10);
    assert_int_equal((int)number(row_at(o, i), "index"), 0);
    assert_int_equal((int)number(row_at(o, i), "branch"), i > 2);
  }
  json_decref(o);
  o = run_json("sweep ce-ufm --classes 4 --per-class 2 --dim 5 --decay-h 0.1 --decay-b 0.1 "
               "--init origin --follow point --vary decay-w=0.4:0.2:2 --json",
               0);
  assert_int_equal(json_array_size(member(o, "events")), 2);
  assert_int_equal((int)number(row_at(o, 0), "index"), 0);
  assert_int_equal((int)number(row_at(o, 1), "index"), 15); /* (K-1) d */
  expect_near(number(row_at(o, 1), "lambda_min"), 0.5 * (0.3 - sqrt(0.01 + 4.0 / 32)), 1e-12);
  json_decref(o);
}

/* There and back, the same rows; a sweep that stopped goes on to the same end. */
static void there_and_back(void **state) {
  (void)state;
  const char *const line =
      "sweep ufm --classes 4 --per-class 1 --dim 6 --init merged:2 --follow point "
      "--vary tau=1:8:log:5 --json";
  char text[400];
  json_t *o = run_json(line, 0);
  static const char *const keys[] = {"rows", "events", "values", "vary", "parameters", NULL};
  have_keys(o, keys);
  json_t *rows = member(o, "rows");
  assert_int_equal(json_array_size(rows), 9);
  for (size_t i = 0; i < 9; i++) {
    json_t *row = json_array_get(rows, i), *mirror = json_array_get(rows, 8 - i);
    expect_near(number(row, "value"), pow(8.0, (double)(i < 5 ? i : 8 - i) / 4), 1e-12);
    expect_near(number(row, "f"), number(mirror, "f"), 1e-13);
    assert_int_equal(number(row, "index"), number(mirror, "index"));
    expect_true(number(row, "lambda_min") < 0 && number(row, "branch") == 0);
  }
  /* cut short by hand: the file says that it stopped after three steps */
  snprintf(text, sizeof text, "%s -o swept", line);
  json_decref(run_json(text, 0));
  json_t *kept = json_load_file("swept/sweep.json", 0, NULL), *kept_rows = member(kept, "rows");
  expect_true(json_equal(kept_rows, rows));
  while (json_array_size(kept_rows) > 3)
    json_array_remove(kept_rows, 3);
  json_object_set_new(kept, "done", json_integer(3));
  assert_int_equal(json_dump_file(kept, "swept/sweep.json", 0), 0);
  json_decref(kept);
  snprintf(text, sizeof text, "%s -o swept --continue", line);
  json_t *again = run_json(text, 0);
  assert_int_equal(json_array_size(member(again, "rows")), 9);
  for (size_t i = 0; i < 9; i++)
    expect_near(number(json_array_get(member(again, "rows"), i), "f"),
                number(json_array_get(rows, i), "f"), 1e-12);
  json_decref(again);
  json_decref(o);
  expect_run("sweep ufm --classes 3 --dim 4 --vary tau=1:2:3", 0);
  expect_true(strstr(ran.out, "lambda_min") != NULL);
}

/* What is printed: an index from and to, a branch that ends and the next, the turn, no trailing
 * blanks; and each row's metrics for programs. */
static void text_and_metrics(void **state) {
  (void)state;
  expect_run("sweep ufm --classes 5 --per-class 1 --dim 3 --init simplices:3+2 --follow point "
             "--vary tau=9:10:2",
             0);
  assert_non_null(strstr(ran.out, ": branch 0 changes its index from 0 to 2\n"));
  assert_non_null(strstr(ran.out, ": branch 0 changes its index from 2 to 0\n"));
  assert_non_null(strstr(ran.out, "\n  -- and back\n"));
  assert_null(strstr(ran.out, " \n"));
  expect_run("sweep ufm --classes 3 --per-class 1 --dim 2 --vary tau=10:9:2", 0);
  assert_non_null(strstr(ran.out, "-- fold at tau = 9.0724"));
  assert_non_null(strstr(ran.out, ": branch 0 ends; from there down to branch 1\n"));

  json_t *o = run_json("sweep layer-peeled --classes 4 --vary imbalance=10:100:log:2 --json", 0);
  const double merged[] = {0, 1, 0};
  for (size_t i = 0; i < 3; i++) {
    const double cosine = number(member(row_at(o, i), "metrics"), "minority_cosine");
    expect_true(merged[i] ? cosine > 1 - 1e-9 : cosine < 0.99);
  }
  json_decref(o);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(there_and_back),    cmocka_unit_test(thresholds),
      cmocka_unit_test(long_step),         cmocka_unit_test(absent_classes),
      cmocka_unit_test(along_dimension),   cmocka_unit_test(along_classes),
      cmocka_unit_test(along_temperature), cmocka_unit_test(along_temperature_to_a_fold),
      cmocka_unit_test(along_decay),       cmocka_unit_test(text_and_metrics),
      cmocka_unit_test(nowhere),           cmocka_unit_test(longer_vectors),
  };
  return cmocka_run_group_tests(tests, enter_scratch, leave_scratch);
}
