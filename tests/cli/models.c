/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Every model from the command line: what the list says of it, its example, and what verify and
 * spectrum make of the result. */
#include "run.h"

#include <math.h>

#include "lists/lists.h"
#include "samples.h"

static bool fault(const char *model, const char *what) {
  print_error("list models --json: %s: %s\n", model, what);
  return false;
}

static bool full_text(json_t *o, const char *model, const char *key) {
  const char *text = json_string_value(json_object_get(o, key));
  return (text && *text) || fault(model, key);
}

static bool within(json_t *p, double x) {
  const double lo = json_number_value(json_object_get(p, "lo"));
  json_t *top = json_object_get(p, "hi"); /* null: none */
  const double hi = json_is_null(top) ? INFINITY : json_number_value(top);
  const bool above = json_is_true(json_object_get(p, "lo_excluded")) ? x > lo : x >= lo;
  return above && (json_is_true(json_object_get(p, "hi_excluded")) ? x < hi : x <= hi);
}

/* A number within the bounds; null where the help says what stands for it, or for an array */
static bool default_fits(json_t *p, const char *model) {
  json_t *value = json_object_get(p, "default");
  const char *name = text_at(p, "name"), *kind = text_at(p, "kind");
  const bool number = strcmp(kind, "real") == 0 || strcmp(kind, "integer") == 0;
  if (!number && strcmp(kind, "flag") != 0 && strcmp(kind, "choice") != 0)
    return true;
  if (json_is_null(value))
    return strstr(text_at(p, "help"), "not given: ") != NULL || fault(model, name);
  if (!number)
    return json_is_boolean(value) || json_is_string(value) || fault(model, name);
  return (json_is_number(value) && json_is_number(json_object_get(p, "lo")) &&
          within(p, json_number_value(value))) ||
         fault(model, name);
}

static bool parameters_full(json_t *o, const char *model) {
  json_t *p;
  size_t i;
  bool all = json_array_size(json_object_get(o, "parameters")) > 0 || fault(model, "parameters");
  json_array_foreach(json_object_get(o, "parameters"), i, p) {
    all = full_text(p, model, "name") && all;
    all = full_text(p, model, "kind") && all;
    all = full_text(p, model, "help") && all;
    all = default_fits(p, model) && all;
  }
  return all;
}

static bool model_full(json_t *o) {
  static const char *const texts[] = {"summary", "manifold", "reference", "theorem", "example"};
  const char *model = text_at(o, "name");
  json_t *item;
  size_t k;
  bool all = true;
  for (k = 0; k < sizeof texts / sizeof texts[0]; k++)
    all = full_text(o, model, texts[k]) && all;
  all = parameters_full(o, model) && all;
  all = (json_array_size(json_object_get(o, "metrics")) > 0 || fault(model, "metrics")) && all;
  json_array_foreach(json_object_get(o, "metrics"), k, item) all =
      (json_string_length(item) > 0 || fault(model, "a metric")) && all;
  all = (json_is_array(json_object_get(o, "inits")) || fault(model, "inits")) && all;
  json_array_foreach(json_object_get(o, "inits"), k, item) all =
      full_text(item, model, "name") && full_text(item, model, "help") && all;
  return all;
}

static void list_is_complete(void **state) {
  (void)state;
  json_t *list = run_json("list models --json", 0), *o;
  size_t i, count = 0;
  bool all = true;
  while (spo_list_models[count])
    count++;
  assert_int_equal(json_array_size(member(list, "models")), count);
  json_array_foreach(member(list, "models"), i, o) {
    assert_string_equal(text_at(o, "name"), spo_list_models[i]()->name);
    all = model_full(o) && all;
  }
  json_decref(list);
  assert_true(all);
}

/* The list says of a default what a run without options takes. */
static void defaults_are_those_of_a_run(void **state) {
  (void)state;
  json_t *list = run_json("list models --json", 0), *o, *p;
  size_t i, k, compared = 0;
  json_array_foreach(member(list, "models"), i, o) {
    char line[100];
    snprintf(line, sizeof line, "solve %s --max-iter 0 --json", text_at(o, "name"));
    expect_true(run(line) == 3 || ran.status == 0);
    json_t *result = output_json();
    json_array_foreach(member(o, "parameters"), k, p) {
      char name[40];
      snprintf(name, sizeof name, "%s", text_at(p, "name"));
      for (char *c = name; *c; c++)
        *c = *c == '-' ? '_' : *c;
      json_t *value = json_object_get(p, "default"),
             *used = json_object_get(member(result, "parameters"), name);
      if (!json_is_number(value) || !json_is_number(used))
        continue;
      expect_near(json_number_value(used), json_number_value(value), 0.0);
      compared++;
    }
    json_decref(result);
  }
  json_decref(list);
  assert_true(compared > 30);
}

/* What a known minimum names at run time, the list names too; the manifold is of one of its
 * families */
static bool agrees(const spo_model_ops *m, const spo_problem *P) {
  double f_star;
  const char *theorem = NULL;
  char family[40];
  snprintf(family, sizeof family, "%.*s", (int)strcspn(m->manifold, "("), m->manifold);
  if (!strstr(P->manifold->name, family))
    return fault(m->name, P->manifold->name);
  if (!P->ops->known_minimum || P->ops->known_minimum(P->self, &f_star, &theorem) != 0)
    return true;
  const char *source = theorem;
  for (const char *c = strstr(source, ": "); c; c = strstr(source, ": "))
    source = c + 2;
  return strstr(m->theorem, source) != NULL || fault(m->name, theorem);
}

static void theorems_agree(void **state) {
  (void)state;
  bool all = true;
  for (size_t i = 0; spo_list_models[i]; i++) {
    const spo_model_ops *m = spo_list_models[i]();
    for (size_t k = 0; m->sample[k]; k++) {
      spo_problem *P = sample_problem(m, m->sample[k]);
      all = agrees(m, P) && all;
      spo_problem_destroy(P);
    }
  }
  assert_true(all);
}

/* Index and nullity are the same to both, and the text has no number that is none. */
static void expect_judged(void) {
  json_t *verdict = run_json("verify out --json", 0),
         *spectrum = run_json("spectrum out --json", 0);
  assert_int_equal(number(verdict, "index"), 0);
  assert_int_equal(number(spectrum, "index"), 0);
  assert_int_equal(number(spectrum, "nullity"), number(verdict, "nullity"));
  assert_true(json_is_true(member(spectrum, "complete")));
  json_decref(verdict);
  json_decref(spectrum);
  expect_run("verify out", 0);
  assert_non_null(strstr(ran.out, "\nverdict: "));
  assert_null(strstr(ran.out, "nan"));
  expect_run("spectrum out", 0);
  assert_non_null(strstr(ran.out, "multiplicity"));
  assert_null(strstr(ran.out, "nan"));
}

/* The first line of --help, as it stands there */
static void examples_run(void **state) {
  (void)state;
  for (size_t i = 0; spo_list_models[i]; i++) {
    const spo_model_ops *m = spo_list_models[i]();
    char line[512], due[512];
    snprintf(line, sizeof line, "solve %s --help", m->name);
    expect_run(line, 0);
    snprintf(line, sizeof line, "%.*s", (int)strcspn(ran.out, "\n"), ran.out);
    snprintf(due, sizeof due, "  spheropt solve %s %s -o out", m->name,
             m->example ? m->example : m->sample[0]);
    assert_string_equal(line, due);
    expect_run(line + strlen("  spheropt "), 0);
    assert_non_null(strstr(ran.out, "\nconverged: "));
    expect_judged();
    assert_int_equal(system("rm -rf out"), 0);
  }
}

/* At 0 the decay alone bends f: the orbit of what rounding left there is none of the point. */
static void fixed_by_the_symmetry(void **state) {
  (void)state;
  expect_run("solve deep-ufm --layers 3 --per-class 1 --width 6 --decay 0.02 --smoothing 1 -o nil",
             0);
  json_t *o = run_json("verify nil --json", 0);
  assert_string_equal(text_at(o, "verdict"), "local-minimizer");
  expect_near(number(o, "lambda_min"), 0.02, 1e-10);
  json_decref(o);
  expect_run("verify nil", 0);
  assert_non_null(strstr(ran.out, "zero eigenvalues, 0 of them from symmetry"));
}

/* 0 where it begins, the same at the end and in the last row of the trace; a point that was read
 * has none, nor has a run that another one began */
static void drift(void **state) {
  (void)state;
  const char *const run_line = "solve mse-ufm --start-size 1 --solver gradient-descent "
                               "--line-search fixed --step 0.02 --json ";
  char line[400];
  snprintf(line, sizeof line,
           "%s --max-iter 300 --trace drift.csv --checkpoint drift.ck --every 100 -o drift",
           run_line);
  json_t *o = run_json(line, 3);
  const double end = number(o, "metrics.flow_drift");
  expect_near(number(o, "start.metrics.flow_drift"), 0.0, 0.0);
  expect_true(end > 1e-3 && end < 0.1);
  json_decref(o);
  slurp("drift.csv", ran.out);
  expect_near(strtod(strrchr(ran.out, ',') + 1, NULL), end, 0.0);
  expect_run("verify drift", 4);
  assert_null(strstr(ran.out, "flow_drift"));
  snprintf(line, sizeof line, "%s --max-iter 310 --resume drift.ck", run_line);
  o = run_json(line, 3);
  assert_true(json_is_null(member(o, "metrics.flow_drift")));
  json_decref(o);
  o = run_json("solve mse-ufm --starts 3 --json", 0); /* since the start of the best */
  expect_near(number(o, "start.metrics.flow_drift"), 0.0, 0.0);
  expect_true(number(o, "metrics.flow_drift") > 1e-3);
  json_decref(o);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(list_is_complete),
      cmocka_unit_test(defaults_are_those_of_a_run),
      cmocka_unit_test(theorems_agree),
      cmocka_unit_test(examples_run),
      cmocka_unit_test(drift),
      cmocka_unit_test(fixed_by_the_symmetry),
  };
  return cmocka_run_group_tests(tests, enter_scratch, leave_scratch);
}
