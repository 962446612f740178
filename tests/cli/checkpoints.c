/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Runs that are interrupted, killed and resumed: the same end as without, and files that tell no
 * more than was saved. */
#include "run.h"

static void interrupt(int number) {
  char line[] =
      "solve ufm --classes 60 --per-class 20 --dim 40 --tau 1 --solver gradient-descent "
      "--tol 1e-300 --max-iter 100000000 --line-search fixed --step 1e-3 -o stopped --progress";
  pid_t pid = start_command(line);
  struct stat info = {0};
  for (int i = 0; i < 1000 && info.st_size == 0; i++) { /* until it runs */
    nanosleep(&(struct timespec){0, 10000000}, NULL);
    stat("stderr", &info);
  }
  assert_int_equal(kill(pid, number), 0);
  assert_int_equal(end_command(pid), 3);
  json_error_t why;
  json_t *o = json_load_file("stopped/result.json", 0, &why);
  assert_string_equal(text_at(o, "reason"), "user");
  json_decref(o);
  assert_int_equal(entries("stopped"), 4);
  expect_run("verify stopped --spectrum=false", 4);
}

/* The members that a resumed run must share with the uninterrupted one. */
static void expect_same_end(json_t *a, json_t *b) {
  static const char *const keys[] = {"reason",     "f",           "grad_norm", "certified_gap",
                                     "iterations", "evaluations", "metrics",   "gap"};
  for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
    assert_non_null(member(a, keys[i]));
    assert_true(json_equal(member(a, keys[i]), member(b, keys[i])));
  }
}

static size_t lines_in(const char *path) {
  size_t lines = 0;
  slurp(path, ran.out);
  for (const char *c = ran.out; *c; c++)
    lines += *c == '\n';
  return lines;
}

/* Cut short and resumed, or killed and resumed: the same end, the same files, and a trace that goes
 * on where it stopped. */
static void checkpoints(void **state) {
  (void)state;
  const char *const whole =
      "solve ufm --classes 10 --per-class 5 --dim 16 --tau 40 --json -o whole "
      "--trace whole.csv";
  json_t *due = run_json(whole, 0);
  expect_run("solve ufm --classes 10 --per-class 5 --dim 16 --tau 40 --max-iter 20 "
             "--checkpoint run.ck --every 1 --trace part.csv",
             3);
  json_t *resumed = run_json("solve ufm --classes 10 --per-class 5 --dim 16 --tau 40 --json "
                             "-o part --resume run.ck --trace part.csv",
                             0);
  expect_same_end(due, resumed);
  assert_string_equal(text_at(resumed, "init"), "run.ck");
  expect_true(same_file("whole/W.npy", "part/W.npy") && same_file("whole/H.npy", "part/H.npy"));
  assert_int_equal(lines_in("part.csv"), (size_t)number(due, "iterations") + 2);
  json_decref(resumed);
  json_decref(due);
  /* Ctrl-C saves as well; a kill leaves the last one saved */
  for (int number_of = 0; number_of < 2; number_of++) {
    const char *const line = "solve ufm --classes 10 --per-class 5 --dim 16 --tau 40 --grad-rel 0 "
                             "--max-iter 4000 --solver gradient-descent --json";
    char text[400];
    due = run_json(line, 3);
    unlink("run.ck");
    snprintf(text, sizeof text, "%s --checkpoint run.ck --every 7", line);
    const pid_t child = start_command(text);
    while (!exists("run.ck"))
      nanosleep(&(struct timespec){0, 1000000}, NULL);
    kill(child, number_of == 0 ? SIGINT : SIGKILL);
    end_command(child);
    snprintf(text, sizeof text, "%s --resume run.ck", line);
    resumed = run_json(text, 3);
    expect_same_end(due, resumed);
    json_decref(resumed);
    json_decref(due);
  }
}

/* A run that was killed may have traced further than it saved, and have left half a row: neither
 * stays. A file that is no trace is left alone. */
static void trace_of_a_killed_run(void **state) {
  (void)state;
  const char *const part[] = {"cut.csv", "cut.jsonl"};
  for (int i = 0; i < 2; i++) {
    char text[400];
    const char *const line = "solve ufm --classes 10 --per-class 5 --dim 16 --json";
    snprintf(text, sizeof text, "%s --max-iter 3 --checkpoint cut.ck", line);
    expect_run(text, 3);
    snprintf(text, sizeof text, "%s --max-iter 6 --trace %s", line, part[i]);
    expect_run(text, 3);
    FILE *f = fopen(part[i], "a");
    assert_non_null(f);
    fputs(i ? "{\"k\":7,\"ev" : "7,step,0.1", f);
    fclose(f);
    snprintf(text, sizeof text, "%s --resume cut.ck --trace %s", line, part[i]);
    json_t *resumed = run_json(text, 0);
    assert_int_equal(lines_in(part[i]), (size_t)number(resumed, "iterations") + 2 - (size_t)i);
    json_decref(resumed);
  }
  write_text("other.csv", "a,b\n1,2\n");
  expect_run("solve ufm --classes 10 --per-class 5 --dim 16 --resume cut.ck --trace other.csv", 2);
  expect_true(strstr(ran.err, "--trace: other.csv: cannot be continued") != NULL);
  slurp("other.csv", ran.out);
  assert_string_equal(ran.out, "a,b\n1,2\n");
}

static void interrupted(void **state) {
  (void)state;
  interrupt(SIGINT);
  interrupt(SIGTERM);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(checkpoints),
      cmocka_unit_test(trace_of_a_killed_run),
      cmocka_unit_test(interrupted),
  };
  return cmocka_run_group_tests(tests, enter_scratch, leave_scratch);
}
