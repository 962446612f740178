/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Traces: the rows say what the run did, in memory and in both kinds of file; and presets, which
 * are options by name. */
#define _DEFAULT_SOURCE /* mkstemp, strsep */

#include <jansson.h>
#include <unistd.h>

#include "samples.h"

enum { ROWS = 200, COLUMNS = 40 };
static double rows[ROWS * COLUMNS];
static char path[] = "/tmp/spheropt-trace-XXXXXX";

static size_t column(const spo_trace *t, const char *name) {
  const char *const *names;
  const size_t count = spo_trace_columns(t, &names);
  for (size_t i = 0; i < count; i++)
    if (strcmp(names[i], name) == 0)
      return i;
  expect_true(!"no such column");
  return 0;
}

static spo_result traced_run(const spo_problem *P, const spo_solver_ops *type, bool timed,
                             const spo_trace_options *options, spo_trace **t) {
  spo_error err = {0};
  spo_solver *s;
  spo_result res = {.size = sizeof res};
  spo_stop stop;
  double *x = new_vector(P);
  spo_stop_init(&stop);
  stop.timed = timed;
  point_by_name(spo_ufm(), P, "random", 1, x);
  expect_ok(spo_trace_create(P, options, t, &err));
  expect_ok(spo_solver_create(type, P, NULL, 1, &s, &err));
  expect_ok(spo_solver_solve(s, x, &stop, spo_trace_monitor, *t, &res, &err));
  expect_ok(spo_trace_status(*t, &err));
  spo_solver_destroy(s);
  free(x);
  return res;
}

static spo_trace_options all_options(void) {
  return (spo_trace_options){.size = sizeof(spo_trace_options),
                             .rows = rows,
                             .capacity = ROWS,
                             .n_metrics = spo_ufm()->n_metrics,
                             .metric = spo_ufm()->metric,
                             .metrics = spo_ufm()->metrics};
}

static void test_rows(void **state) {
  (void)state;
  spo_problem *P = ufm_problem(6, 4, 10, 1.0);
  spo_trace *t;
  const spo_trace_options o = all_options();
  const spo_result res = traced_run(P, spo_trust_region(), true, &o, &t);
  const size_t width = spo_trace_columns(t, NULL), n = spo_trace_rows(t);
  const size_t f = column(t, "f"), gap = column(t, "gap"), g = column(t, "grad_norm");
  const size_t hess = column(t, "hess"), inner = column(t, "inner"), nc1 = column(t, "nc1");
  const size_t order = column(t, "order"), seconds = column(t, "seconds");
  assert_int_equal(n, res.last.k + 1);
  for (size_t k = 0; k < n; k++) {
    const double *r = rows + k * width;
    expect_true(r[0] == (double)k);
    expect_true(k == 0 || r[hess] - r[hess - width] == r[inner]);
    expect_true(k == 0 || r[seconds] >= r[seconds - width]);
    expect_at_most(r[column(t, "seconds_cost")] + r[column(t, "seconds_grad")] +
                       r[column(t, "seconds_hess")] + r[column(t, "seconds_retract")],
                   r[seconds]);
    if (k >= 2 && r[column(t, "event")] == SPO_EVENT_STEP && r[1 - width] == SPO_EVENT_STEP &&
        r[1 - 2 * width] != SPO_EVENT_REJECTED)
      expect_near(r[order], log(r[g] / r[g - width]) / log(r[g - width] / r[g - 2 * width]),
                  1e-12 * fabs(r[order]));
  }
  const double *last = rows + (n - 1) * width;
  expect_true(last[f] == res.last.f && last[g] == res.last.grad_norm);
  expect_at_most(fabs(last[gap]), 1e-12);
  expect_at_most(last[nc1], 1e-8);
  expect_true(last[column(t, "seconds_hess")] > 0);
  spo_trace_destroy(t);
  spo_problem_destroy(P);
}

/* Every fifth row and the last, no more than fit; and no seconds unless asked for. */
static void test_every(void **state) {
  (void)state;
  spo_problem *P = ufm_problem(6, 4, 10, 1.0);
  spo_trace *t;
  spo_trace_options o = all_options();
  o.every = 5;
  o.capacity = 3;
  memset(rows, 0, sizeof rows);
  const spo_result res = traced_run(P, spo_gradient_descent(), false, &o, &t);
  const size_t width = spo_trace_columns(t, NULL);
  assert_int_equal(spo_trace_rows(t), res.last.k / 5 + 1 + (res.last.k % 5 > 0));
  expect_true(rows[width] == 5 && rows[2 * width] == 10 && rows[3 * width] == 0);
  expect_true(rows[width + column(t, "seconds_cost")] == 0);
  expect_true(rows[width + column(t, "step_size")] > 0);
  expect_true(isnan(rows[width + column(t, "radius")]));
  spo_trace_destroy(t);
  spo_problem_destroy(P);
}

/* The same numbers, to the bit, read back from the file. */
static void expect_csv(const spo_trace *t) {
  char line[4096];
  const char *const *names;
  const size_t width = spo_trace_columns(t, &names);
  FILE *file = fopen(path, "r");
  assert_non_null(file);
  for (size_t k = 0; fgets(line, sizeof line, file); k++) {
    char *at = line;
    for (size_t i = 0; i < width; i++) {
      char *word = strsep(&at, ",\n");
      const double due = k > 0 ? rows[(k - 1) * width + i] : 0;
      if (k == 0)
        assert_string_equal(word, names[i]);
      else if (i == 1)
        assert_string_equal(word, spo_event_name((spo_event)due));
      else
        expect_true(isnan(due) ? strcmp(word, "nan") == 0 : strtod(word, NULL) == due);
    }
    assert_true(at && *at == '\0');
  }
  fclose(file);
}

static void expect_json(const spo_trace *t) {
  char line[4096];
  const char *const *names;
  const size_t width = spo_trace_columns(t, &names);
  FILE *file = fopen(path, "r");
  assert_non_null(file);
  size_t k = 0;
  for (; fgets(line, sizeof line, file); k++) {
    json_t *o = json_loads(line, 0, NULL);
    assert_non_null(o);
    for (size_t i = 0; i < width; i++) {
      const json_t *value = json_object_get(o, names[i]);
      const double due = rows[k * width + i];
      if (i == 1)
        assert_string_equal(json_string_value(value), spo_event_name((spo_event)due));
      else
        expect_true(isnan(due) ? json_is_null(value) : json_number_value(value) == due);
    }
    json_decref(o);
  }
  assert_int_equal(k, spo_trace_rows(t));
  fclose(file);
}

static void test_files(void **state) {
  (void)state;
  spo_problem *P = ufm_problem(6, 4, 10, 1.0);
  const int made = mkstemp(path);
  assert_true(made >= 0 && close(made) == 0);
  spo_trace_options o = all_options();
  spo_trace *t;
  o.path = path;
  for (int format = 0; format < 2; format++) {
    o.format = (spo_trace_format)format;
    traced_run(P, spo_trust_region(), true, &o, &t);
    (format == SPO_TRACE_CSV ? expect_csv : expect_json)(t);
    spo_trace_destroy(t);
  }
  unlink(path);
  spo_problem_destroy(P);
}

static long size_of(const char *name) {
  FILE *file = fopen(name, "r");
  assert_non_null(file);
  assert_true(fseek(file, 0, SEEK_END) == 0);
  const long size = ftell(file);
  fclose(file);
  return size;
}

/* A file is continued if its header names the same columns, begun anew if it ends within it, and
 * else refused as it stands. */
static void test_header(void **state) {
  (void)state;
  char name[] = "/tmp/spheropt-header-XXXXXX";
  spo_error err = {0};
  spo_problem *P = ufm_problem(3, 2, 4, 1.0);
  spo_trace *t;
  spo_trace_options full = all_options(), plain = {.size = sizeof plain};
  const int made = mkstemp(name);
  assert_true(made >= 0 && close(made) == 0);
  full.path = plain.path = name;
  full.append = plain.append = true;
  expect_ok(spo_trace_create(P, &plain, &t, &err));
  spo_trace_destroy(t);
  const long header = size_of(name);
  for (int same = 0; same < 2; same++) {
    expect_status(spo_trace_create(P, same ? &plain : &full, &t, &err), same ? SPO_OK : SPO_E_ARG);
    expect_true(same || (t == NULL && strstr(err.text, name)));
    assert_int_equal(size_of(name), header);
    spo_trace_destroy(t);
  }
  assert_true(truncate(name, header / 2) == 0);
  expect_ok(spo_trace_create(P, &full, &t, &err));
  spo_trace_destroy(t);
  const long again = size_of(name);
  expect_true(again > header);
  expect_status(spo_trace_create(P, &plain, &t, &err), SPO_E_ARG);
  full.append = false; /* half a header gave way to a whole one, as in a new file */
  expect_ok(spo_trace_create(P, &full, &t, &err));
  spo_trace_destroy(t);
  assert_int_equal(size_of(name), again);
  unlink(name);
  spo_problem_destroy(P);
}

static void test_bad_input(void **state) {
  (void)state;
  spo_error err = {0};
  spo_problem *P = ufm_problem(3, 2, 4, 1.0);
  spo_trace *t;
  spo_trace_options o = all_options();
  o.path = "/no/such/folder/trace.csv";
  expect_status(spo_trace_create(P, &o, &t, &err), SPO_E_IO);
  expect_true(t == NULL && strstr(err.text, o.path));
  o = all_options();
  o.metrics = NULL;
  expect_status(spo_trace_create(P, &o, &t, &err), SPO_E_ARG);
  o.size = 0;
  expect_status(spo_trace_create(P, &o, &t, &err), SPO_E_ARG);
  o = all_options();
  o.path = "/dev/full"; /* opens, and refuses every write */
  expect_ok(spo_trace_create(P, &o, &t, &err));
  spo_iter it = {.x = rows};
  expect_true(spo_trace_monitor(t, &it) == 0);
  expect_status(spo_trace_status(t, &err), SPO_E_IO);
  spo_trace_destroy(t);
  spo_problem_destroy(P);
}

/* Every preset sets what it says, for every kind of solver that can have it. */
static void test_presets(void **state) {
  (void)state;
  spo_error err = {0};
  size_t count;
  const spo_preset *all = spo_presets(&count);
  expect_true(count >= 3 && spo_preset_find("accurate") && !spo_preset_find("acurate"));
  spo_problem *P = ufm_problem(5, 3, 8, 1.0);
  double *x = new_vector(P);
  for (size_t i = 0; i < count; i++) {
    spo_trust_region_options o;
    spo_stop stop;
    spo_trust_region_options_init(&o);
    spo_stop_init(&stop);
    expect_ok(spo_preset_apply(&all[i], spo_trust_region(), &o, &stop, &err));
    point_by_name(spo_ufm(), P, "random", 1, x);
    const spo_result res = run_solver(spo_trust_region(), P, &o, &stop, 1, x);
    expect_true(res.converged);
    expect_at_most(res.last.grad_norm, stop.grad_rel * res.last.grad_scale);
  }
  spo_stop stop;
  spo_stop_init(&stop);
  spo_gradient_descent_options g;
  spo_gradient_descent_options_init(&g);
  expect_ok(spo_preset_apply(spo_preset_find("accurate"), spo_gradient_descent(), &g, &stop, &err));
  expect_true(stop.grad_rel == 1e-12 && stop.max_iter == 100000);
  expect_ok(spo_preset_apply(spo_preset_find("fast"), spo_gradient_descent(), &g, &stop, &err));
  expect_true(stop.grad_rel == 1e-6);
  expect_status(
      spo_preset_apply(spo_preset_find("escape"), spo_gradient_descent(), &g, &stop, &err),
      SPO_E_UNSUPPORTED);
  free(x);
  spo_problem_destroy(P);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_rows),      cmocka_unit_test(test_every),
      cmocka_unit_test(test_files),     cmocka_unit_test(test_header),
      cmocka_unit_test(test_bad_input), cmocka_unit_test(test_presets)};
  return cmocka_run_group_tests_name("traces and presets", tests, NULL, NULL);
}
