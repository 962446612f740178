/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * doc/solvers.md says of every solver, option, line search, subproblem solver and preset what the
 * tables say; the manual page names every model, and every option that is of no model or solver. */
#include "run.h"

#include <ctype.h>

#include "lists/lists.h"

static char page[RUN_ROOM], manual[RUN_ROOM];

/* The lines under "### title", up to the next heading */
static const char *section(const char *title, size_t *length) {
  char heading[80];
  snprintf(heading, sizeof heading, "\n### %s\n", title);
  const char *begin = strstr(page, heading);
  if (!begin)
    return NULL;
  begin += strlen(heading);
  const char *end = strstr(begin, "\n##");
  *length = end ? (size_t)(end - begin) + 1 : strlen(begin);
  return begin;
}

/* The row "| `name` | ..." there, with the bars of its texts as they were meant; "" for none */
static const char *row_of(const char *title, const char *name) {
  static char row[1024];
  char begin[80];
  size_t length = 0, used = 0;
  const char *text = section(title, &length);
  row[0] = '\0';
  snprintf(begin, sizeof begin, "| `%s` |", name);
  for (const char *line = text; line && line < text + length; line = strchr(line, '\n') + 1) {
    if (strncmp(line, begin, strlen(begin)) != 0)
      continue;
    for (const char *c = line; *c != '\n' && used + 1 < sizeof row; c++)
      if (!(c[0] == '\\' && c[1] == '|'))
        row[used++] = *c;
    row[used] = '\0';
    break;
  }
  return row;
}

static bool says(const char *title, const char *name, const char *what) {
  const bool there = !*what || strstr(row_of(title, name), what);
  if (!there)
    print_error("doc/solvers.md, %s: the row of %s does not say \"%s\"\n", title, name, what);
  return there;
}

/* In the solver's own table, or in the one of all line searches */
static bool option_said(const spo_solver_ops *s, const spo_option *o) {
  const char *title = *row_of(s->name, o->name) ? s->name : "Line searches";
  char value[64];
  if (o->kind == SPO_OPTION_CHOICE)
    snprintf(value, sizeof value, "| `%s` |", o->choice[(size_t)o->dflt].name);
  else
    snprintf(value, sizeof value, " %g", o->dflt);
  return says(title, o->name, value) && says(title, o->name, o->origin ? o->origin : "") &&
         (strcmp(o->name, "step") == 0 || says(title, o->name, o->help));
}

static void solvers(void **state) {
  (void)state;
  bool all = true;
  for (size_t i = 0; spo_list_solvers[i]; i++) {
    const spo_solver_ops *s = spo_list_solvers[i]();
    size_t length;
    const char *text = section(s->name, &length);
    const char *reference = text ? strstr(text, s->reference) : NULL;
    if (!reference || reference > text + length)
      print_error("doc/solvers.md: no section %s with its reference\n", s->name), all = false;
    for (size_t k = 0; k < s->n_options; k++)
      all = option_said(s, &s->option[k]) && all;
  }
  assert_true(all);
}

static void plug_ins(void **state) {
  (void)state;
  bool all = true;
  for (size_t i = 0; spo_list_line_searches[i]; i++) {
    const spo_line_search_ops *s = spo_list_line_searches[i]();
    all = says("Line searches", s->name, s->summary) && all;
    all = says("Line searches", s->name, s->reference) && all;
  }
  for (size_t i = 0; spo_list_subproblems[i]; i++) {
    const spo_trs_ops *s = spo_list_subproblems[i]();
    all = says("trust-region", s->name, s->summary) && all;
    all = says("trust-region", s->name, s->reference) && all;
  }
  assert_true(all);
}

static void presets(void **state) {
  (void)state;
  bool all = true;
  size_t count;
  const spo_preset *preset = spo_presets(&count);
  for (size_t i = 0; i < count; i++)
    for (int k = 0; k < 2; k++)
      for (const spo_preset_value *v = k ? preset[i].stop : preset[i].solver; v->option; v++) {
        char text[80];
        snprintf(text, sizeof text, "`%s` %s", v->option, v->value);
        all = says("Presets", preset[i].name, text) && all;
      }
  assert_true(all);
}

static void finds_what_is_missing(void **state) {
  (void)state;
  assert_string_equal(row_of("lbfgs", "radius"), "");
  assert_string_equal(row_of("trust-region", "beta"), "");
  assert_null(strstr(row_of("newton", "memory"), "pairs"));
  assert_non_null(strstr(row_of("lbfgs", "memory"), "pairs"));
}

/* ---- the manual page ------------------------------------------------------------------------- */

/* The page as it is read: "\\-" is "-" */
static void strip_backslashes(char *text) {
  char *to = text;
  for (const char *from = text; *from; from++)
    if (!(from[0] == '\\' && from[1] == '-'))
      *to++ = *from;
  *to = '\0';
}

/* As a word of its own: "--tol" is not named by "--tolerance" */
static bool named(const char *word) {
  const size_t length = strlen(word);
  for (const char *at = strstr(manual, word); at; at = strstr(at + 1, word)) {
    const char before = at > manual ? at[-1] : ' ', after = at[length];
    if (!isalnum((unsigned char)before) && before != '-' && !isalnum((unsigned char)after) &&
        after != '-')
      return true;
  }
  return false;
}

static bool all_named(const spo_option *table, size_t count) {
  bool all = true;
  for (size_t i = 0; i < count; i++) {
    char word[80];
    snprintf(word, sizeof word, "--%s", table[i].name);
    if (!named(word))
      print_error("the manual page does not name %s\n", word), all = false;
  }
  return all;
}

static void manual_page(void **state) {
  (void)state;
  bool all = true;
  size_t count;
  for (size_t i = 0; spo_list_models[i]; i++)
    if (!named(spo_list_models[i]()->name))
      print_error("the manual page does not name %s\n", spo_list_models[i]()->name), all = false;
  const spo_option *table = spo_stop_options(&count);
  all = all_named(table, count) && all;
  table = spo_verify_options_table(&count);
  all = all_named(table, count) && all;
  table = spo_spectrum_options_table(&count);
  all = all_named(table, count) && all;
  table = spo_sweep_options_table(&count);
  all = all_named(table, count) && all;
  table = spo_compare_options_table(&count);
  all = all_named(table, count) && all;
  assert_true(all);
  assert_false(named("--point") || named("--every-step") || named("ufm2"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(solvers),     cmocka_unit_test(plug_ins),
      cmocka_unit_test(presets),     cmocka_unit_test(finds_what_is_missing),
      cmocka_unit_test(manual_page),
  };
  const char *path = getenv("SPO_SOLVERS_PAGE"), *man = getenv("SPO_MANUAL_PAGE");
  if (!path || !man)
    return 1;
  slurp(path, page);
  slurp(man, manual);
  strip_backslashes(manual);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
