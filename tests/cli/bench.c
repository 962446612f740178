/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * spheropt bench solvers: what it prints and writes. What it refuses is in bad_input.c. */
#include "run.h"

#include <time.h>

#include "lists/lists.h"

#define SMALL "bench solvers ufm --classes 4 --per-class 2 --dim 5 "

static void only_keys(json_t *o, size_t count, const char *const *key) {
  assert_int_equal(json_object_size(o), count);
  have_keys(o, key);
}

static void keys(json_t *o) {
  static const char *const top[] = {"runs", "summary", NULL};
  static const char *const run_keys[] = {"solver",      "seed",      "reason",     "f",
                                         "gap",         "grad_norm", "iterations", "evaluations",
                                         "equivalents", "seconds",   NULL};
  static const char *const evaluation[] = {"cost", "grad", "hess", NULL};
  static const char *const summary[] = {"solver",     "runs",        "solved",  "failed",
                                        "iterations", "equivalents", "seconds", "grad_norm",
                                        "gap",        NULL};
  static const char *const quartile[] = {"q1", "median", "q3", NULL};
  only_keys(o, 2, top);
  size_t i;
  json_t *item;
  json_array_foreach(member(o, "runs"), i, item) {
    only_keys(item, 10, run_keys);
    only_keys(member(item, "evaluations"), 3, evaluation);
  }
  json_array_foreach(member(o, "summary"), i, item) {
    only_keys(item, 9, summary);
    for (size_t k = 4; k < 9; k++)
      only_keys(member(item, summary[k]), 3, quartile);
  }
}

/* Labels as given, starts in order, evaluations weighted as the model says */
static void json_shape(void **state) {
  (void)state;
  static const char *const label[] = {"trust-region", "trust-region:theta=0.5:kappa=0.2",
                                      "gradient-descent:line-search=armijo"};
  json_t *o = run_json(SMALL "--starts 4 --seed 7 --grad-rel 1e-6 --json --solvers trust-region,"
                             "trust-region:theta=0.5:kappa=0.2,gradient-descent:line-search=armijo",
                       0);
  assert_string_equal(ran.err, "");
  keys(o);
  json_t *runs = member(o, "runs"), *summary = member(o, "summary");
  assert_int_equal(json_array_size(runs), 12);
  assert_int_equal(json_array_size(summary), 3);
  for (size_t i = 0; i < 12; i++) {
    json_t *r = json_array_get(runs, i);
    assert_string_equal(text_at(r, "solver"), label[i % 3]);
    assert_int_equal(json_integer_value(member(r, "seed")), 7 + i / 3);
    assert_string_equal(text_at(r, "reason"), "gradient");
    expect_near(number(r, "gap"), 0, 1e-9);
    expect_at_most(number(r, "grad_norm"), 1e-5);
    expect_near(number(r, "equivalents"),
                number(r, "evaluations.cost") + 2 * number(r, "evaluations.grad") +
                    6 * number(r, "evaluations.hess"),
                0);
    expect_true(number(r, "seconds") > 0);
  }
  for (size_t c = 0; c < 3; c++) {
    json_t *s = json_array_get(summary, c);
    assert_string_equal(text_at(s, "solver"), label[c]);
    assert_int_equal(json_integer_value(member(s, "solved")), 4);
    assert_int_equal(json_integer_value(member(s, "failed")), 0);
    expect_true(number(s, "iterations.q1") <= number(s, "iterations.median") &&
                number(s, "iterations.median") <= number(s, "iterations.q3"));
  }
  json_decref(o);
}

/* By default all that minimise; the same seed gives the same numbers, but for the seconds */
static void defaults(void **state) {
  (void)state;
  json_t *o[2];
  size_t count = 0;
  for (int i = 0; i < 2; i++)
    o[i] = run_json(SMALL "--starts 3 --grad-rel 1e-6 --json", 0);
  for (size_t s = 0; spo_list_solvers[s]; s++)
    if (!(spo_list_solvers[s]()->needs & SPO_SEEKS_CRITICAL)) {
      json_t *entry = json_array_get(member(o[0], "summary"), count++);
      assert_string_equal(text_at(entry, "solver"), spo_list_solvers[s]()->name);
      assert_int_equal(json_integer_value(member(entry, "solved")), 3);
    }
  assert_int_equal(json_array_size(member(o[0], "summary")), count);
  for (size_t i = 0; i < 3 * count; i++) {
    json_t *a = json_array_get(member(o[0], "runs"), i),
           *b = json_array_get(member(o[1], "runs"), i);
    expect_true(number(a, "f") == number(b, "f") &&
                number(a, "grad_norm") == number(b, "grad_norm"));
    assert_true(json_equal(member(a, "evaluations"), member(b, "evaluations")));
  }
  json_decref(o[0]);
  json_decref(o[1]);
  o[0] =
      run_json("bench solvers brockett --size 6 --columns 2 --starts 2 --grad-rel 1e-6 --json", 0);
  keys(o[0]);
  json_decref(o[0]);
}

/* Solvers from outside reach the minimum too, without a Hessian */
static void outside(void **state) {
  (void)state;
  char line[512] = SMALL "--starts 2 --grad-rel 1e-5 --json --solvers ";
  json_t *list = run_json("list outside --json", 0), *entry;
  size_t i, count = json_array_size(member(list, "outside"));
  assert_true(count >= 2);
  json_array_foreach(member(list, "outside"), i, entry) {
    const size_t used = strlen(line);
    snprintf(line + used, sizeof line - used, "%s%s", i ? "," : "", text_at(entry, "name"));
  }
  json_decref(list);
  json_t *o = run_json(line, 0);
  keys(o);
  json_array_foreach(member(o, "runs"), i, entry) {
    expect_near(number(entry, "gap"), 0, 1e-8);
    assert_string_equal(text_at(entry, "reason"), "gradient");
    expect_near(number(entry, "evaluations.hess"), 0, 0);
    expect_true(number(entry, "evaluations.cost") >= number(entry, "evaluations.grad"));
  }
  json_array_foreach(member(o, "summary"), i, entry)
      assert_int_equal(json_integer_value(member(entry, "solved")), 2);
  assert_int_equal(i, count);
  json_decref(o);
}

/* The lines of a table are of one length, and nothing is cut off */
static void text(void **state) {
  (void)state;
  expect_run(SMALL "--starts 3 --solvers trust-region,gradient-descent --max-iter 30", 0);
  assert_string_equal(ran.err, "");
  assert_non_null(
      strstr(ran.out, "equivalents: a cost counts 1, a gradient 2, a Hessian product 6"));
  const char *title = strstr(ran.out, "solved  "), *first = strstr(ran.out, "\n  trust-region"),
             *second = strstr(ran.out, "\n  gradient-descent");
  assert_true(title && first && second && title < first && first < second);
  while (title[-1] != '\n')
    title--;
  assert_int_equal(strcspn(title, "\n"), strcspn(first + 1, "\n"));
  assert_int_equal(strcspn(title, "\n"), strcspn(second + 1, "\n"));
  assert_non_null(strstr(second, " 0/3 ")); /* too few iterations */
  assert_non_null(strstr(first, " 3/3 "));
  assert_non_null(strstr(ran.out, "the least equivalents of all"));
  expect_run(SMALL "--starts 2 --solvers trust-region --measure seconds --gap-tol 0.01", 0);
  assert_non_null(strstr(ran.out, "the least seconds of all"));
  assert_non_null(strstr(ran.out, "target: a gap of 0.01 times the start's"));
}

/* Header, steps from 1 on, shares that only grow and end at what was solved */
static void profile(void **state) {
  (void)state;
  double tau, a, b, last[3] = {0, 0, 0};
  write_text("old.csv", "old\n");
  json_t *o =
      run_json(SMALL "--starts 5 --solvers trust-region,gradient-descent:step=0.1 --profile "
                     "old.csv --json --max-iter 40 --grad-rel 1e-4",
               0);
  static char table[RUN_ROOM];
  slurp("old.csv", table);
  char *rest = NULL, *row = strtok_r(table, "\n", &rest);
  assert_string_equal(row, "tau,trust-region,gradient-descent:step=0.1");
  size_t rows = 0;
  while ((row = strtok_r(NULL, "\n", &rest))) {
    assert_int_equal(sscanf(row, "%lf,%lf,%lf", &tau, &a, &b), 3);
    expect_true(rows++ > 0 ? tau > last[0] : tau == 1);
    expect_true(a >= last[1] && b >= last[2] && a <= 1 && b <= 1);
    expect_true(a > last[1] || b > last[2]);
    last[0] = tau, last[1] = a, last[2] = b;
  }
  expect_true(rows >= 1);
  for (size_t c = 0; c < 2; c++)
    expect_near(last[1 + c], number(json_array_get(member(o, "summary"), c), "solved") / 5, 1e-15);
  json_decref(o);
  expect_refused(SMALL "--starts -1 --profile old.csv", "--starts");
  slurp("old.csv", table);
  assert_int_equal(strncmp(table, "tau,", 4), 0); /* kept */
  expect_run(SMALL "--starts 2 --profile made/new.csv", 0);
  assert_int_equal(entries("made"), 1);
}

static void directory(void **state) {
  (void)state;
  json_error_t why;
  expect_run(SMALL "--starts 2 --solvers trust-region,gsl-bfgs2 --grad-rel 1e-5 -o results", 0);
  assert_non_null(strstr(ran.out, "written to results"));
  assert_int_equal(entries("results"), 3);
  json_t *o = json_load_file("results/comparison.json", 0, &why);
  keys(o);
  assert_int_equal(json_array_size(member(o, "runs")), 4);
  static char table[RUN_ROOM];
  slurp("results/runs.csv", table);
  char *rest = NULL, *row = strtok_r(table, "\n", &rest);
  size_t commas = 0, rows = 0;
  for (const char *c = row; *c; c++)
    commas += *c == ',';
  while ((row = strtok_r(NULL, "\n", &rest))) {
    size_t here = 0;
    for (const char *c = row; *c; c++)
      here += *c == ',';
    assert_int_equal(here, commas);
    json_t *r = json_array_get(member(o, "runs"), rows++);
    assert_int_equal(strncmp(row, text_at(r, "solver"), strlen(text_at(r, "solver"))), 0);
  }
  assert_int_equal(rows, 4);
  json_decref(o);
}

/* Ctrl-C: the starts that all have run count, the rest is left out */
static void interrupted(void **state) {
  (void)state;
  char line[] = "bench solvers ufm --classes 20 --per-class 20 --dim 25 --starts 100000 --solvers "
                "trust-region -o stopped";
  json_error_t why;
  struct stat info = {0};
  pid_t pid = start_command(line);
  for (int i = 0; i < 1000 && info.st_size == 0; i++) { /* until it runs */
    nanosleep(&(struct timespec){0, 10000000}, NULL);
    stat("stdout", &info);
  }
  assert_int_equal(kill(pid, SIGINT), 0);
  assert_int_equal(end_command(pid), 3);
  assert_non_null(strstr(ran.out, "\ninterrupted: "));
  json_t *o = json_load_file("stopped/comparison.json", 0, &why);
  keys(o);
  expect_true(json_array_size(member(o, "runs")) < 100000);
  json_decref(o);
}

static void help(void **state) {
  (void)state;
  static const char *const due[] = {
      "--starts N",         "--gap-tol X",  "--solvers NAME,...", "--measure",
      "--profile FILE.csv", "--grad-rel X", "gsl-bfgs2",          "--seed N"};
  expect_run("bench --help", 0);
  for (size_t i = 0; i < sizeof due / sizeof due[0]; i++)
    assert_non_null(strstr(ran.out, due[i]));
  expect_run("bench solvers ufm --help", 0);
  assert_int_equal(strncmp(ran.out, "  spheropt bench solvers ufm", 28), 0);
  assert_non_null(strstr(ran.out, "--per-class N"));
  expect_refused("bench solvers ufn --help", "unknown model ufn");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(json_shape),  cmocka_unit_test(defaults), cmocka_unit_test(outside),
      cmocka_unit_test(text),        cmocka_unit_test(profile),  cmocka_unit_test(directory),
      cmocka_unit_test(interrupted), cmocka_unit_test(help),
  };
  return cmocka_run_group_tests(tests, enter_scratch, leave_scratch);
}
