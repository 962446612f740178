/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the command prints and writes when all is well: keys, exit statuses, round trips, real
 * input. */
#include "run.h"

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
      cmocka_unit_test(head_lines),
      cmocka_unit_test(shared_starts),
      cmocka_unit_test(presets_and_times),
      cmocka_unit_test(help),
      cmocka_unit_test(lists),
      cmocka_unit_test(wrappers),
  };
  return cmocka_run_group_tests(tests, enter_scratch, leave_scratch);
}
