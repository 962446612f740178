/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Every option of every table, from the command line: the values next to its bounds, on the wrong
 * side, are refused by one line that names the option and the bounds. */
#include "run.h"

#include <math.h>

#include "lists/lists.h"

static int prepare(void **state) {
  return enter_scratch(state) || run("solve ufm --classes 3 --dim 4 -o kept") != 0 ? -1 : 0;
}

/* `command --name=value` is refused: by name, and with what would be accepted */
static bool names_bounds(const char *command, const char *name, const char *value,
                         const char *accepted) {
  char line[256], begin[80];
  snprintf(line, sizeof line, "%s --%s=%s", command, name, value);
  snprintf(begin, sizeof begin, "spheropt: --%s: ", name);
  if (!refused(line, accepted))
    return false;
  if (strncmp(ran.err, begin, strlen(begin)) != 0)
    print_error("%s: the line begins with another name: %s", line, ran.err);
  return strncmp(ran.err, begin, strlen(begin)) == 0;
}

/* The last number below the lower bound, or above the upper one, as text; false: there is none */
static bool beyond(const spo_option *o, bool above, char *value, size_t room) {
  const double bound = above ? o->hi : o->lo;
  const bool whole = o->kind == SPO_OPTION_UINT,
             open = o->open & (above ? SPO_OPEN_HI : SPO_OPEN_LO);
  if (isinf(bound) && whole)
    snprintf(value, room, "18446744073709551616");
  else if (whole)
    snprintf(value, room, "%lld", (long long)bound + (open ? 0 : above ? 1 : -1));
  else if (isinf(bound))
    snprintf(value, room, "%g", bound);
  else
    snprintf(value, room, "%.17g", open ? bound : nextafter(bound, above ? INFINITY : -INFINITY));
  return whole || open || isfinite(bound);
}

/* "at least 2" */
static void bound_text(const spo_option *o, bool above, char *text, size_t room) {
  const double bound = above ? o->hi : o->lo;
  const bool open = o->open & (above ? SPO_OPEN_HI : SPO_OPEN_LO);
  if (isinf(bound) || (o->kind == SPO_OPTION_UINT && bound <= 0))
    snprintf(text, room, "%s",
             o->kind == SPO_OPTION_UINT ? "a whole number"
             : open                     ? "a finite number"
                                        : "it must be");
  else
    snprintf(text, room, o->kind == SPO_OPTION_UINT ? "%s %.17g" : "%s %.15g",
             above  ? open ? "less than" : "at most"
             : open ? "greater than"
                    : "at least",
             bound);
}

static bool bounds_hold(const char *command, const spo_option *o) {
  char value[64], text[80];
  bool all = true;
  switch (o->kind) {
  case SPO_OPTION_DOUBLE:
  case SPO_OPTION_UINT:
    for (int above = 0; above < 2; above++) {
      bound_text(o, above, text, sizeof text);
      if (beyond(o, above, value, sizeof value))
        all = names_bounds(command, o->name, value, text) && all;
      all = names_bounds(command, o->name, above ? "nan" : "3x", text) && all;
    }
    return all;
  case SPO_OPTION_BOOL:
    return names_bounds(command, o->name, "maybe", "true or false");
  case SPO_OPTION_CHOICE:
    return names_bounds(command, o->name, "no-such-name", o->choice[0].name);
  case SPO_OPTION_COUNTS:
    return names_bounds(command, o->name, "3,-1", "whole numbers like 3,1,4");
  default:
    return names_bounds(command, o->name, "none.npy", "none.npy: No such file");
  }
}

static bool table_holds(const char *command, const spo_option *table, size_t count) {
  bool all = true;
  for (size_t i = 0; i < count; i++)
    all = bounds_hold(command, &table[i]) && all;
  return all;
}

static void every_bound_of_models(void **state) {
  (void)state;
  bool all = true;
  for (size_t i = 0; spo_list_models[i]; i++) {
    const spo_model_ops *m = spo_list_models[i]();
    char command[80];
    snprintf(command, sizeof command, "solve %s", m->name);
    all = table_holds(command, m->param, m->n_params) && all;
  }
  assert_true(all);
}

static void every_bound_of_runs(void **state) {
  (void)state;
  size_t count;
  bool all = true;
  for (size_t i = 0; spo_list_solvers[i]; i++) {
    const spo_solver_ops *s = spo_list_solvers[i]();
    char command[80];
    snprintf(command, sizeof command, "solve ufm --solver %s", s->name);
    all = table_holds(command, s->option, s->n_options) && all;
  }
  const spo_option *table = spo_stop_options(&count);
  all = table_holds("solve ufm", table, count) && all;
  table = spo_verify_options_table(&count);
  all = table_holds("verify kept", table, count) && all;
  table = spo_spectrum_options_table(&count);
  all = table_holds("spectrum kept", table, count) && all;
  table = spo_compare_options_table(&count);
  all = table_holds("bench solvers ufm", table, count) && all;
  table = spo_sweep_options_table(&count);
  all = table_holds("sweep ufm --vary tau=1:2:3", table, count) && all;
  assert_true(all);
}

/* The bounds themselves are values, unless they are excluded or infinite */
static void bounds_are_allowed(void **state) {
  (void)state;
  for (size_t i = 0; spo_list_models[i]; i++) {
    const spo_model_ops *m = spo_list_models[i]();
    void *params = calloc(1, m->params_size);
    assert_non_null(params);
    spo_options_init(m->param, m->n_params, params, m->params_size);
    for (size_t k = 0; k < m->n_params; k++)
      for (int above = 0; above < 2; above++) {
        const spo_option *o = &m->param[k];
        const double bound = above ? o->hi : o->lo;
        char value[64];
        if ((o->kind != SPO_OPTION_DOUBLE && o->kind != SPO_OPTION_UINT) || isinf(bound) ||
            (o->open & (above ? SPO_OPEN_HI : SPO_OPEN_LO)))
          continue;
        snprintf(value, sizeof value, "%.17g", bound);
        spo_error err = {0};
        expect_ok(spo_option_set(o, params, value, &err));
      }
    free(params);
  }
}

/* What stands for "not given" in a table cannot be given */
static void refuses_what_means_not_given(void **state) {
  (void)state;
  char line[128], why[80];
  for (size_t i = 0; spo_list_models[i]; i++) {
    const spo_model_ops *m = spo_list_models[i]();
    for (size_t k = 0; k < m->n_params; k++) {
      const spo_option *o = &m->param[k];
      if (o->kind != SPO_OPTION_UINT || o->dflt >= o->lo)
        continue;
      snprintf(line, sizeof line, "solve %s --%s %g", m->name, o->name, o->dflt);
      snprintf(why, sizeof why, "--%s: %g is not allowed", o->name, o->dflt);
      expect_refused(line, why);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_bound_of_models),
      cmocka_unit_test(every_bound_of_runs),
      cmocka_unit_test(bounds_are_allowed),
      cmocka_unit_test(refuses_what_means_not_given),
  };
  return cmocka_run_group_tests(tests, prepare, leave_scratch);
}
