/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the command prints and writes when all is well: keys, exit statuses, round trips, real
 * input. */
#include "run.h"

#include <math.h>

#include <time.h>

#include "lists/lists.h"

static const char *const solve_keys[] = {"spheropt",
                                         "model",
                                         "parameters",
                                         "solver",
                                         "seed",
                                         "reason",
                                         "converged",
                                         "f",
                                         "f_star",
                                         "gap",
                                         "certified_gap",
                                         "grad_norm",
                                         "iterations",
                                         "evaluations.cost",
                                         "evaluations.grad",
                                         "evaluations.hess",
                                         "seconds",
                                         "metrics.nc1",
                                         "metrics.nc2",
                                         "metrics.nc3",
                                         "start.f",
                                         "start.grad_norm",
                                         "start.certified_gap",
                                         "start.metrics.nc1",
                                         "notes",
                                         NULL};
static const char *const verify_keys[] = {"f",
                                          "f_star",
                                          "gap",
                                          "feasibility",
                                          "grad_norm",
                                          "critical",
                                          "verdict",
                                          "certificate.lambda_min_z",
                                          "certificate.gap_bound",
                                          "direction",
                                          "index",
                                          "nullity",
                                          "gauge_dimension",
                                          "lambda_min",
                                          NULL};
static const char *const spectrum_keys[] = {"dimension",    "ambient", "eigenvalues", "clusters",
                                            "residual_max", "index",   "nullity",     NULL};

/* Out of time a spectrum says so, gives what it has, and status 3. */
static void spectrum_in_time(void **state) {
  (void)state;
  expect_run("spectrum ufm --init etf --dense-max 0 --max-time 0", 3);
  expect_true(strstr(ran.out, "stopped early") != NULL);
  expect_true(strstr(ran.out, "index and nullity are not known") != NULL);
  json_t *o = run_json("spectrum ufm --init etf --dense-max 0 --max-time 0 --json", 3);
  expect_true(json_is_true(json_object_get(o, "interrupted")));
  expect_true(json_is_null(json_object_get(o, "index")));
  json_decref(o);
  o = run_json("spectrum ufm --init etf --json", 0);
  expect_true(json_is_false(json_object_get(o, "interrupted")));
  expect_true(json_array_size(json_object_get(o, "residuals")) ==
              json_array_size(json_object_get(o, "eigenvalues")));
  json_decref(o);
}

/* f* at K = 10, tau = 1 (doc/ufm.md); its spectrum at n = 5, d = 16 has a kernel of 99 */
static void solve_verify_spectrum(void **state) {
  (void)state;
  json_t *o = run_json("solve ufm --classes 10 --per-class 5 --dim=16 --tau=1 -o main --json", 0);
  assert_string_equal(ran.err, "");
  have_keys(o, solve_keys);
  expect_near(number(o, "f"), 1.37693492045, 1e-11);
  expect_near(number(o, "f_star"), 1.37693492045, 1e-11);
  expect_at_most(number(o, "certified_gap"), 1e-6);
  assert_true(json_is_true(member(o, "converged")));
  assert_string_equal(text_at(o, "reason"), "gradient");
  assert_string_equal(text_at(o, "solver"), "trust-region");
  json_decref(o);
  assert_int_equal(entries("main"), 4);

  o = run_json("verify main --json", 0);
  have_keys(o, verify_keys);
  assert_string_equal(text_at(o, "verdict"), "global-minimizer");
  assert_true(json_is_null(member(o, "direction")));
  json_decref(o);

  o = run_json("spectrum main --json", 0);
  have_keys(o, spectrum_keys);
  assert_int_equal(json_integer_value(member(o, "dimension")), 900);
  assert_int_equal(json_integer_value(member(o, "nullity")), 99);
  assert_int_equal(json_integer_value(member(o, "index")), 0);
  assert_int_equal(json_array_size(member(o, "eigenvalues")), 900);
  json_t *second = json_array_get(member(o, "clusters"), 1);
  expect_near(number(second, "value"), 0.005846771964, 1e-11);
  json_decref(o);
}

static void human_text(void **state) {
  (void)state;
  expect_run("solve ufm --classes 4 --per-class 2 --dim 5 -o text", 0);
  assert_non_null(strstr(ran.out, "converged"));
  assert_non_null(strstr(ran.out, "spheropt verify text"));
  assert_string_equal(ran.err, ""); /* progress only on a terminal */
  expect_run("solve ufm --classes 4 --per-class 2 --dim 5 --progress", 0);
  assert_non_null(strstr(ran.err, "iteration"));
  expect_run("verify text", 0);
  assert_non_null(strstr(ran.out, "verdict: global-minimizer"));
  expect_run("spectrum text", 0);
  assert_non_null(strstr(ran.out, "multiplicity"));
  expect_run("solve ufm --classes 4 --max-iter 2", 3);
  assert_non_null(strstr(ran.out, "NOT converged"));
}

/* The smooth cost leaves the code short of its angle; the model's finish does not. */
static void finish(void **state) {
  (void)state;
  const double cosine = 0.210138312731; /* seven points: Cohn's table */
  json_t *o = run_json("solve code --points 7 --json", 0);
  assert_true(number(o, "metrics.max_cosine") > cosine + 1e-3);
  json_decref(o);
  o = run_json("solve code --points 7 --finish -o seven --json", 0);
  expect_near(number(o, "metrics.max_cosine"), cosine, 1e-11);
  assert_int_equal(json_array_size(member(o, "notes")), 1);
  json_decref(o);
  o = run_json("solve code --init seven --max-iter 0 --json", 3);
  expect_near(number(o, "metrics.max_cosine"), cosine, 1e-11);
  json_decref(o);
  expect_run("solve code --points 7 --finish", 0);
  assert_non_null(strstr(ran.out, "finish: "));
}

static void verdicts(void **state) {
  (void)state;
  static const struct {
    const char *line, *verdict;
    int status;
  } point[] = {
      {"verify ufm --classes 4 --per-class 2 --dim 5 --init etf --json", "global-minimizer", 0},
      {"verify ufm --classes 4 --per-class 2 --dim 5 --init merged:2 --json", "strict-saddle", 0},
      {"verify ufm --classes 3 --per-class 2 --dim 5 --init collapsed:45 --json", "strict-saddle",
       0},
      {"verify ufm --classes 3 --dim 2 --init collapsed:90 --json", "second-order-point", 0},
      {"verify ufm --classes 3 --per-class 2 --dim 5 --init random --json", "not-critical", 4},
      {"verify rayleigh --size 8 --init eigenvector:0 --json", "global-minimizer", 0},
      {"verify rayleigh --size 8 --init eigenvector:3 --json", "strict-saddle", 0},
      {"verify tied-ce --points 5 --dim 6 --init etf --json", "global-minimizer", 0},
      {"verify tied-ce --points 5 --dim 6 --init signs:++-+- --json", "strict-saddle", 0},
      {"verify tied-ce --points 8 --init hypercube --json", "strict-saddle", 0},
      {"verify riesz --points 20 --init dodecahedron --json", "strict-saddle", 0},
  };
  for (size_t i = 0; i < sizeof point / sizeof point[0]; i++) {
    json_t *o = run_json(point[i].line, point[i].status);
    if (strcmp(text_at(o, "verdict"), point[i].verdict) != 0)
      print_error("%s: %s\n", point[i].line, text_at(o, "verdict"));
    assert_string_equal(text_at(o, "verdict"), point[i].verdict);
    json_decref(o);
  }
}

static void saddle_starts(void **state) {
  (void)state;
  json_t *o = run_json("solve ufm --classes 4 --per-class 2 --dim 6 --init collapsed:45 --json", 0);
  expect_near(number(o, "gap"), 0, 1e-9);
  json_decref(o);
  o = run_json("solve ufm --classes 4 --per-class 2 --dim 6 --init collapsed:45 --json --solver "
               "gradient-descent",
               3);
  assert_string_equal(text_at(o, "reason"), "critical-start");
  json_decref(o);
}

static void same_seed_same_numbers(void **state) {
  (void)state;
  static char first[RUN_ROOM];
  expect_run("solve ufm --classes 5 --dim 7 --tau 3 --seed 9 --json", 0);
  char *seconds = strstr(ran.out, "\"seconds\"");
  assert_non_null(seconds);
  snprintf(first, sizeof first, "%.*s", (int)(seconds - ran.out), ran.out);
  expect_run("solve ufm --classes 5 --dim 7 --tau 3 --seed 9 --json", 0);
  assert_int_equal(strncmp(first, ran.out, strlen(first)), 0);
  expect_run("solve ufm --classes 5 --dim 7 --tau 3 --seed 8 --json", 0);
  assert_int_not_equal(strncmp(first, ran.out, strlen(first)), 0);
}

/* The start comes back bit for bit */
static void no_iterations(void **state) {
  (void)state;
  expect_run("solve ufm --classes 3 --dim 4 --seed 5 --max-iter 0 -o begin", 3);
  expect_run("solve ufm --init begin --max-iter 0 -o again", 3);
  assert_true(same_file("begin/W.npy", "again/W.npy"));
  assert_true(same_file("begin/H.npy", "again/H.npy"));
  expect_run("solve ufm --init begin -o end", 0);
  expect_run("solve ufm --init end --max-iter 0 -o end2", 0);
  assert_true(same_file("end/W.npy", "end2/W.npy"));
  json_t *o =
      run_json("solve ufm --init begin --tau 2.5 --json", 0); /* parameters may be changed */
  expect_near(number(o, "parameters.tau"), 2.5, 0);
  assert_int_equal(json_integer_value(member(o, "parameters.classes")), 3);
  json_decref(o);
}

static void real_input(void **state) {
  (void)state;
  char line[1024];
  const char *d = getenv("SPO_DIGITS");
  const char *const data = "--features %s/features.npy --labels %s/labels.npy --classifier "
                           "%s/classifier.npy --tau 8 --json";
  int used = snprintf(line, sizeof line, "solve ufm -o digits ");
  snprintf(line + used, sizeof line - (size_t)used, data, d, d, d);
  json_t *o = run_json(line, 0);
  assert_string_equal(text_at(o, "init"), "features");
  expect_near(number(o, "start.metrics.nc1"), 0.0839, 5e-5); /* the data's own README */
  expect_at_most(number(o, "metrics.nc1"), 1e-12);
  expect_true(number(o, "start.certified_gap") > number(o, "certified_gap"));
  assert_int_equal(json_array_size(member(o, "notes")), 1); /* float32 rows, put right */
  json_decref(o);
  assert_true(exists("digits/W.npy") && exists("digits/H.npy") && exists("digits/labels.npy"));
  o = run_json("verify digits --json", 0);
  assert_string_equal(text_at(o, "verdict"), "global-minimizer");
  json_decref(o);
  used = snprintf(line, sizeof line, "verify ufm ");
  snprintf(line + used, sizeof line - (size_t)used, data, d, d, d);
  o = run_json(line, 4);
  assert_string_equal(text_at(o, "verdict"), "not-critical");
  json_decref(o);
}

/* Every kind of parameter comes back from a directory */
static void parameters_return(void **state) {
  (void)state;
  double weight[6] = {1, 2, 3, 4, 5, 6}, matrix[9] = {2, 1, 0, 1, 3, 1, 0, 1, 5};
  int64_t label[6] = {0, 2, 1, 1, 2, 0};
  const spo_npy weights = {1, 6, 1, weight, NULL};
  write_npy("w.npy", &weights);
  write_integers("l.npy", 6, label);
  write_reals("a.npy", 3, 3, matrix);
  json_t *a = run_json("solve ufm --labels l.npy --weights w.npy --dim 4 -o kinds --json", 0);
  assert_string_equal(text_at(a, "parameters.labels"), "labels.npy");
  assert_string_equal(text_at(a, "parameters.weights"), "weights.npy");
  json_t *b = run_json("verify kinds --json", 0);
  expect_near(number(b, "f"), number(a, "f"), 1e-14);
  json_decref(a);
  json_decref(b);
  a = run_json("solve ufm --counts 3,1,4 --dim 5 -o counts --json", 0);
  b = run_json("verify counts --json", 0);
  expect_near(number(b, "f"), number(a, "f"), 1e-14);
  json_decref(a);
  json_decref(b);
  a = run_json("solve rayleigh --matrix a.npy -o matrix --json", 0);
  assert_true(exists("matrix/X.npy") && exists("matrix/matrix.npy"));
  b = run_json("verify matrix --json", 0);
  expect_near(number(b, "f"), number(a, "f"), 1e-14);
  json_decref(a);
  json_decref(b);
  write_text("graph.txt", "5 5\n1 2\n2 3 1\n3 4 1\n\n4 5 1\n5 1 1\n");
  a = run_json("solve maxcut --graph graph.txt -o cut --json", 0);
  assert_true(exists("cut/X.npy") && exists("cut/graph.npy"));
  assert_string_equal(text_at(a, "parameters.graph"), "graph.npy");
  assert_int_equal(json_integer_value(member(a, "parameters.rank")), 3);
  expect_near(number(a, "metrics.cut"), 4.0, 0.0); /* an odd cycle, all edges but one */
  b = run_json("verify cut --json", 0);
  expect_near(number(b, "f"), number(a, "f"), 1e-14);
  assert_string_equal(text_at(b, "verdict"), "global-minimizer");
  json_decref(a);
  json_decref(b);
  a = run_json("solve ufm --classes 4 --per-class 1 --dim 5 -o head --json", 0);
  json_decref(a);
  a = run_json("solve ufm --head head/W.npy --per-class 3 --tau 4 -o frozen --json", 0);
  assert_true(exists("frozen/H.npy") && exists("frozen/head.npy") && !exists("frozen/W.npy"));
  b = run_json("verify frozen --json", 0);
  assert_string_equal(text_at(b, "verdict"), "global-minimizer");
  expect_near(number(b, "f"), number(a, "f"), 1e-14);
  json_decref(a);
  json_decref(b);
  a = run_json("solve ufm --counts 3,1,2 --dim 4 --fix-classifier etf -o etf --json", 0);
  assert_string_equal(text_at(a, "parameters.fix_classifier"), "etf");
  b = run_json("verify etf --json", 0);
  expect_near(number(b, "f"), number(a, "f"), 1e-14);
  json_decref(a);
  json_decref(b);
  a = run_json("solve nearest-etf --means head/W.npy --delta 0.1 -o nearest --json", 0);
  b = run_json("verify nearest --json", 0);
  assert_string_equal(text_at(b, "verdict"), "global-minimizer");
  expect_near(number(b, "f"), number(a, "f"), 1e-14);
  json_decref(a);
  json_decref(b);
  expect_run("solve brockett --size 9 --columns 2 --retraction qr --seed 4 -o columns", 0);
  expect_run("verify columns", 0);
  a = run_json("solve brockett --init columns --seed 77 --max-iter 0 --json", 0);
  assert_int_equal(json_integer_value(member(a, "parameters.seed")),
                   4); /* another run, the same matrix */
  json_decref(a);
}

static void notes(void **state) {
  (void)state;
  json_t *o = run_json("solve ufm --counts 3,0,4 --dim 5 --json", 0);
  assert_int_equal(json_array_size(member(o, "notes")), 1);
  assert_true(json_is_null(member(o, "f_star"))); /* no theorem for unbalanced classes */
  json_decref(o);
  expect_run("solve ufm --counts 3,0,4 --dim 5", 0);
  assert_non_null(strstr(ran.out, "note: "));
}

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
  slurp("part.csv", ran.out);
  size_t lines = 0;
  for (const char *c = ran.out; *c; c++)
    lines += *c == '\n';
  assert_int_equal(lines, (size_t)number(due, "iterations") + 2);
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

static size_t lines_in(const char *path) {
  size_t lines = 0;
  slurp(path, ran.out);
  for (const char *c = ran.out; *c; c++)
    lines += *c == '\n';
  return lines;
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

/* There and back, the same rows; a sweep that stopped goes on to the same end. */
static void sweeps(void **state) {
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

/* The first line of a run names what makes its problem, and nothing that does nothing */
static void head_lines(void **state) {
  (void)state;
  static const struct {
    const char *line, *head;
  } due[] = {
      {"ufm --counts 5,2,1 --dim 4 --tau 3 --fix-classifier etf",
       "ufm: classes 3, counts 5,2,1, dim 4, tau 3, fix-classifier etf\n"},
      {"ufm --classes 4 --per-class 2 --dim 5", "ufm: classes 4, per-class 2, dim 5, tau 1\n"},
      {"ufm --classes 4 --per-class 1 --dim 5 --majority 1 --imbalance 3",
       "ufm: classes 4, per-class 1, dim 5, tau 1, majority 1, imbalance 3\n"},
      {"layer-peeled --counts 3,2,1 --dim 4",
       "layer-peeled: classes 3, dim 4, energy-h 5, energy-w 1, counts 3,2,1\n"},
  };
  for (size_t i = 0; i < sizeof due / sizeof due[0]; i++) {
    char line[200];
    snprintf(line, sizeof line, "solve %s", due[i].line);
    expect_run(line, 0);
    assert_int_equal(strncmp(ran.out, due[i].head, strlen(due[i].head)), 0);
  }
}

/* A start that several models share is listed once, with all of them */
static void shared_starts(void **state) {
  (void)state;
  expect_run("list inits", 0);
  const char *first = strstr(ran.out, "\n  icosahedron            12 points (");
  assert_non_null(first);
  assert_null(strstr(first + 1, "\n  icosahedron "));
  const char *end = strchr(first + 1, '\n'), *last = strstr(first, "riesz, code)");
  assert_true(last && last < end);
}

static void presets_and_times(void **state) {
  (void)state;
  json_t *listed = run_json("list presets --json", 0), *entry = NULL;
  size_t index = 0;
  bool found = false;
  json_array_foreach(member(listed, "presets"), index, entry) {
    found = found || (strcmp(text_at(entry, "name"), "fast") == 0 &&
                      strcmp(text_at(entry, "stop.grad-rel"), "1e-6") == 0 &&
                      strcmp(text_at(entry, "solver.escape"), "start") == 0);
  }
  expect_true(found);
  json_decref(listed);
  json_t *fast = run_json("solve ufm --classes 5 --per-class 4 --dim 8 --preset fast --json", 0);
  json_t *accurate =
      run_json("solve ufm --classes 5 --per-class 4 --dim 8 --preset accurate --json "
               "--timed",
               0);
  json_t *both = run_json(
      "solve ufm --classes 5 --per-class 4 --dim 8 --preset fast --grad-rel 1e-9 --json", 0);
  expect_true(number(fast, "stop.grad_rel") == 1e-6 && number(accurate, "stop.grad_rel") == 1e-12);
  expect_true(number(both, "stop.grad_rel") == 1e-9); /* the command line has the last word */
  expect_at_most(number(accurate, "grad_norm"), 1e-12 * number(accurate, "grad_scale"));
  expect_true(number(fast, "evaluations.hess") < number(accurate, "evaluations.hess"));
  expect_true(number(accurate, "seconds_in.hess") > 0 && !member(fast, "seconds_in"));
  json_decref(fast), json_decref(accurate), json_decref(both);
}

static void interrupted(void **state) {
  (void)state;
  interrupt(SIGINT);
  interrupt(SIGTERM);
}

/* Every option of every table is shown, and an example comes first */
static void help(void **state) {
  (void)state;
  char line[128], option[80];
  for (size_t i = 0; spo_list_models[i]; i++) {
    const spo_model_ops *m = spo_list_models[i]();
    snprintf(line, sizeof line, "solve %s --help", m->name);
    expect_run(line, 0);
    assert_int_equal(strncmp(ran.out, "  spheropt solve ", 17), 0);
    for (size_t k = 0; k < m->n_params; k++) {
      snprintf(option, sizeof option, "  --%s", m->param[k].name);
      assert_non_null(strstr(ran.out, option));
    }
    for (size_t k = 0; spo_list_solvers[k]; k++)
      for (size_t j = 0; j < spo_list_solvers[k]()->n_options; j++) {
        snprintf(option, sizeof option, "  --%s", spo_list_solvers[k]()->option[j].name);
        assert_non_null(strstr(ran.out, option));
      }
  }
  static const char *const lines[] = {"--help",
                                      "-h",
                                      "help",
                                      "help solve",
                                      "help bench solvers maxcut",
                                      "solve --help",
                                      "verify --help",
                                      "spectrum --help",
                                      "check --help",
                                      "list --help",
                                      "--version"};
  for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
    expect_run(lines[i], 0);
    assert_string_equal(ran.err, "");
    assert_true(strlen(ran.out) > 40);
  }
  assert_non_null(strstr(ran.out, "GSL"));
  assert_non_null(strstr(ran.out, spo_version()));
}

static void lists(void **state) {
  (void)state;
  expect_run("list", 0);
  assert_non_null(strstr(ran.out, "ufm"));
  expect_run("list inits", 0);
  assert_non_null(strstr(ran.out, "collapsed:DEG"));
  json_t *o = run_json("list --json", 0);
  have_keys(o, (const char *const[]){"models", "solvers", "manifolds", "inits", "subproblems",
                                     "line-searches", NULL});
  json_t *ufm = json_array_get(member(o, "models"), 0);
  assert_string_equal(text_at(ufm, "name"), "ufm");
  assert_true(json_array_size(member(ufm, "parameters")) > 5);
  json_decref(o);
}

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

/* The same minimum whatever the solver sees; what is reported is the problem's own */
static void wrappers(void **state) {
  (void)state;
  static const char *const line[] = {
      "solve ufm --classes 5 --per-class 2 --dim 8 --tau 30 --objective log --json",
      "solve ufm --classes 5 --per-class 2 --dim 8 --tau 30 --objective log --hessian differences "
      "--checked --json"};
  for (size_t i = 0; i < 2; i++) {
    json_t *o = run_json(line[i], 0);
    expect_near(number(o, "f") / number(o, "f_star"), 1, 1e-8);
    expect_at_most(number(o, "f"), 1e-14);
    assert_string_equal(text_at(o, "wrappers.objective"), "log");
    json_decref(o);
  }
  /* a target is one of f, and so is what is shown */
  expect_run("solve ufm --tau 10 --objective log --f-target 1e-3 --progress --json", 0);
  json_t *o = output_json();
  assert_string_equal(text_at(o, "reason"), "cost-target");
  expect_at_most(number(o, "f"), 1e-3);
  expect_true(number(o, "f") > 1e-6);
  json_decref(o);
  size_t shown = 0;
  for (const char *at = strchr(ran.err, '\n'); at && at[1]; at = strchr(at + 1, '\n')) {
    double k, f;
    assert_int_equal(sscanf(at, "%lf %lf", &k, &f), 2);
    expect_true(f > 0);
    shown++;
  }
  expect_true(shown > 2);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(solve_verify_spectrum),
      cmocka_unit_test(spectrum_in_time),
      cmocka_unit_test(human_text),
      cmocka_unit_test(finish),
      cmocka_unit_test(verdicts),
      cmocka_unit_test(saddle_starts),
      cmocka_unit_test(same_seed_same_numbers),
      cmocka_unit_test(no_iterations),
      cmocka_unit_test(real_input),
      cmocka_unit_test(parameters_return),
      cmocka_unit_test(notes),
      cmocka_unit_test(checkpoints),
      cmocka_unit_test(sweeps),
      cmocka_unit_test(head_lines),
      cmocka_unit_test(shared_starts),
      cmocka_unit_test(trace_of_a_killed_run),
      cmocka_unit_test(presets_and_times),
      cmocka_unit_test(interrupted),
      cmocka_unit_test(help),
      cmocka_unit_test(lists),
      cmocka_unit_test(checks),
      cmocka_unit_test(checks_one_by_one),
      cmocka_unit_test(checks_at_a_point),
      cmocka_unit_test(plots),
      cmocka_unit_test(wrappers),
  };
  return cmocka_run_group_tests(tests, enter_scratch, leave_scratch);
}
