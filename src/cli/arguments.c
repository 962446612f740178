/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Taking a command line apart, and saying what is wrong with it. */
#include "cli/arguments.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli/plots.h"
#include "cli/wrapping.h"
#include "lists/lists.h"

const cli_word cli_words[] = {
    {"solver", "NAME", "the algorithm (default trust-region; see `spheropt list solvers`)",
     CLI_SOLVE},
    {"solvers", "NAME,...",
     "the contenders, each NAME or NAME:option=value:...; default: all that minimise", CLI_BENCH},
    {"measure", "NAME", "of the performance profile: equivalents (default) or seconds", CLI_BENCH},
    {"profile", "FILE.csv", "write the performance profile to this file", CLI_BENCH},
    {"o", "DIR", "write comparison.json, runs.csv and profile.csv to this directory", CLI_BENCH},
    {"init", "START", "where to start: a name below, or a directory that an earlier -o wrote",
     CLI_SOLVE},
    {"init", "START",
     "which point of MODEL: a name (see `spheropt list inits`) or such a directory",
     CLI_VERIFY | CLI_SPECTRUM},
    {"init", "START", "at which point of MODEL (default random): a name, or such a directory",
     CLI_CHECK},
    {"only", "KIND",
     "these checks alone: gradient, hessian or symmetry of a problem, retraction or transport of a "
     "manifold",
     CLI_CHECK},
    {"items", NULL, "print every check, not only those that fail", CLI_CHECK},
    {"curves", "FILE", "write the remainders behind the slopes, for a plot (CSV)", CLI_CHECK},
    {"profile", "FILE",
     "write cost, slope and the models of first and second order along a curve (CSV)", CLI_CHECK},
    {"surface", "FILE", "write the cost on a two-dimensional section (CSV)", CLI_CHECK},
    {"o", "DIR", "write the point, its labels and result.json to this directory", CLI_SOLVE},
    {"preset", "NAME",
     "a set of options (see `spheropt list presets`); those given by themselves win", CLI_SOLVE},
    {"finish", NULL, "improve the last point by what the model knows (code: the exact minimax)",
     CLI_SOLVE},
    {"progress", NULL, "show progress even where stderr is no terminal", CLI_SOLVE | CLI_SPECTRUM},
    {"trace", "FILE", "write a row of numbers for each iteration to FILE.csv or FILE.jsonl",
     CLI_SOLVE},
    {"trace-every", "N", "only for each N-th iteration", CLI_SOLVE},
    {"checkpoint", "FILE", "save the run to this file now and then, and at its end", CLI_SOLVE},
    {"every", "30s|N", "how often: seconds, or a number of steps (default 30s)", CLI_SOLVE},
    {"resume", "FILE",
     "go on from such a file, with the same options otherwise: the same steps, to the bit",
     CLI_SOLVE},
    {"vary", "NAME=FROM:TO[:log]:COUNT",
     "the parameter and its values; for a whole number FROM:TO are all between", CLI_SWEEP},
    {"init", "START", "the point to follow, at the first value: a name, or a directory", CLI_SWEEP},
    {"against", "START", "a second point to follow: where do the two have the same cost?",
     CLI_SWEEP},
    {"o", "DIR", "write sweep.json, and the points to go on from, after each step", CLI_SWEEP},
    {"continue", NULL, "go on with the sweep in -o DIR, with the same options otherwise",
     CLI_SWEEP},
    {"json", NULL, "print one JSON object instead of text", CLI_ALL},
    {"help", NULL, "show this text", CLI_ALL},
    {NULL, NULL, NULL, 0},
};

int cli_fail(int status, const char *format, ...) {
  char text[1024];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  for (char *c = text; *c; c++)
    if ((unsigned char)*c < ' ' || *c == 0x7f)
      *c = '?';
  fprintf(stderr, "spheropt: %s\n", text);
  return status;
}

int cli_fail_error(const spo_error *err) {
  const char *text = err->text[0] ? err->text : spo_status_text(err->code);
  switch (err->code) {
  case SPO_OUTSIDE: /* f is not defined there */
  case SPO_E_ARG:
  case SPO_E_DIM:
  case SPO_E_OPTION:
  case SPO_E_UNSUPPORTED:
  case SPO_E_NONFINITE:
  case SPO_E_NOMEM:
  case SPO_E_IO:
    return cli_fail(CLI_USAGE, "%s", text);
  default:
    return cli_fail(CLI_FAILED, "%s", text);
  }
}

static bool flag_in(const spo_option *table, size_t count, const char *name) {
  const spo_option *o = spo_option_find(table, count, name);
  return o && o->kind == SPO_OPTION_BOOL;
}

/* Whether a name takes no value in any table of this build, so that `--normalize DIR` leaves DIR
 * alone */
static bool is_flag(const char *name) {
  size_t count;
  for (const cli_word *w = cli_words; w->name; w++)
    if (!w->argument && strcmp(w->name, name) == 0)
      return true;
  for (size_t i = 0; spo_list_models[i]; i++)
    if (flag_in(spo_list_models[i]()->param, spo_list_models[i]()->n_params, name))
      return true;
  for (size_t i = 0; spo_list_solvers[i]; i++)
    if (flag_in(spo_list_solvers[i]()->option, spo_list_solvers[i]()->n_options, name))
      return true;
  const spo_option *table = spo_verify_options_table(&count);
  if (flag_in(table, count, name))
    return true;
  table = cli_plots_options(&count);
  if (flag_in(table, count, name))
    return true;
  table = cli_wrapping_options(&count);
  if (flag_in(table, count, name))
    return true;
  table = spo_spectrum_options_table(&count);
  return flag_in(table, count, name) || strcmp(name, "version") == 0;
}

/* The option's name without dashes, or NULL for a plain word: a lone "-" and negative numbers are
 * words */
static const char *option_name(const char *word) {
  if (word[0] == '-' && word[1] == '-' && word[2])
    return word + 2;
  if (strcmp(word, "-o") == 0 || strncmp(word, "-o=", 3) == 0)
    return word + 1;
  if (strcmp(word, "-h") == 0)
    return "help";
  return NULL;
}

/* A flag is followed by true or false, or by a word that is not its own */
static bool takes_next(const char *name, const char *word) {
  if (is_flag(name))
    return strcmp(word, "true") == 0 || strcmp(word, "false") == 0;
  return !option_name(word);
}

int cli_parse(cli_arguments *args, int argc, char *const *argv) {
  size_t room = 0;
  args->count = 0;
  for (int i = 0; i < argc; i++) {
    const char *name = option_name(argv[i]), *equals = name ? strchr(name, '=') : NULL;
    if (args->count == CLI_MAX_ARGUMENTS)
      return cli_fail(CLI_USAGE, "more than %d arguments", CLI_MAX_ARGUMENTS);
    cli_argument *a = &args->item[args->count++];
    *a = (cli_argument){.name = name};
    if (!name) {
      a->value = argv[i];
      if (argv[i][0] == '-' && argv[i][1])
        return cli_fail(CLI_USAGE, "unknown option %.60s; long names begin with --", argv[i]);
    } else if (equals) {
      size_t length = (size_t)(equals - name);
      if (room + length + 1 > CLI_NAME_ROOM)
        return cli_fail(CLI_USAGE, "unknown option --%.60s", name);
      a->name = memcpy(args->names + room, name, length);
      args->names[room + length] = '\0';
      room += length + 1;
      a->value = equals + 1;
    } else if (i + 1 < argc && takes_next(name, argv[i + 1])) {
      a->value = argv[++i];
    }
  }
  return CLI_OK;
}

const char *cli_take_word(cli_arguments *args, size_t i) {
  for (size_t k = 0; k < args->count; k++)
    if (!args->item[k].name && i-- == 0) {
      args->item[k].taken = true;
      return args->item[k].value;
    }
  return NULL;
}

const cli_argument *cli_take(cli_arguments *args, const char *name) {
  const cli_argument *last = NULL;
  for (size_t k = 0; k < args->count; k++)
    if (args->item[k].name && strcmp(args->item[k].name, name) == 0) {
      args->item[k].taken = true;
      last = &args->item[k];
    }
  return last;
}

int cli_take_text(cli_arguments *args, const char *name, const char **value) {
  const cli_argument *a = cli_take(args, name);
  if (!a)
    return CLI_OK;
  if (!a->value || !*a->value) {
    const cli_word *w = cli_words;
    while (w->name && strcmp(w->name, name) != 0)
      w++;
    return cli_fail(CLI_USAGE, "%s%s: a value is due: %s", name[1] ? "--" : "-", name,
                    w->name && w->argument ? w->argument : "text");
  }
  *value = a->value;
  return CLI_OK;
}

int cli_take_flag(cli_arguments *args, const char *name, bool *flag) {
  const cli_argument *a = cli_take(args, name);
  if (!a)
    return CLI_OK;
  *flag = !a->value || strcmp(a->value, "true") == 0;
  if (!*flag && strcmp(a->value, "false") != 0)
    return cli_fail(CLI_USAGE, "--%s: %.40s is not known; it must be true or false", name,
                    a->value);
  return CLI_OK;
}

/* Letters to change, add or drop to make one name of the other (Levenshtein) */
static size_t distance(const char *a, const char *b) {
  size_t row[64], n = strlen(b);
  if (n >= 64)
    return 64;
  for (size_t j = 0; j <= n; j++)
    row[j] = j;
  for (size_t i = 1; a[i - 1]; i++) {
    size_t corner = row[0];
    row[0] = i;
    for (size_t j = 1; j <= n; j++) {
      size_t above = row[j], best = corner + (a[i - 1] != b[j - 1]);
      best = above + 1 < best ? above + 1 : best;
      best = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
      corner = above;
      row[j] = best;
    }
  }
  return row[n];
}

static void nearer(const char *name, const char *candidate, const char **best, size_t *least) {
  size_t d = distance(name, candidate);
  /* a beginning is near as well: --class for --classes-per-... */
  if (strlen(name) >= 3 && strncmp(candidate, name, strlen(name)) == 0)
    d = 1;
  if (d < *least) {
    *least = d;
    *best = candidate;
  }
}

static void list_owner(char *text, size_t room, const char *owner) {
  const size_t used = strlen(text);
  snprintf(text + used, room - used, "%s%s", used ? ", " : "", owner);
}

/* Names an option that exists, though not for the model or the solver at hand; false: it does not
 * exist. */
static bool elsewhere(const char *name, unsigned where) {
  char solvers[200] = "", models[200] = "";
  for (size_t i = 0; spo_list_solvers[i] && (where & (CLI_SOLVE | CLI_BENCH)); i++) {
    const spo_solver_ops *s = spo_list_solvers[i]();
    if (spo_option_find(s->option, s->n_options, name))
      list_owner(solvers, sizeof solvers, s->name);
  }
  for (size_t i = 0; spo_list_models[i] && (where & (CLI_SOLVE | CLI_BENCH)); i++) {
    const spo_model_ops *m = spo_list_models[i]();
    if (spo_option_find(m->param, m->n_params, name))
      list_owner(models, sizeof models, m->name);
  }
  if (*solvers && where == CLI_BENCH)
    cli_fail(CLI_USAGE,
             "--%.60s is an option of the solvers %s; it goes with a name, "
             "--solvers NAME:%.60s=value",
             name, solvers, name);
  else if (*solvers)
    cli_fail(CLI_USAGE, "--%.60s goes with --solver %s", name, solvers);
  else if (*models)
    cli_fail(CLI_USAGE, "--%.60s is a parameter of the model %s", name, models);
  return *solvers || *models;
}

static int unknown(const char *name, unsigned where, size_t count, cli_group *const *group) {
  if (elsewhere(name, where))
    return CLI_USAGE;
  const char *best = NULL;
  size_t least = strlen(name) <= 3 ? 2 : 3; /* so many mistakes are none of typing any more */
  for (const cli_word *w = cli_words; w->name; w++)
    if ((w->where & where) && w->name[1])
      nearer(name, w->name, &best, &least);
  for (size_t i = 0; i < count; i++)
    for (size_t j = 0; j < group[i]->count; j++)
      nearer(name, group[i]->table[j].name, &best, &least);
  if (best)
    return cli_fail(CLI_USAGE, "unknown option --%.60s; did you mean --%s?", name, best);
  return cli_fail(CLI_USAGE, "unknown option --%.60s; the same command with --help lists them",
                  name);
}

int cli_finish(const cli_arguments *args, unsigned where, size_t count, cli_group *const *group) {
  for (size_t k = 0; k < args->count; k++) {
    const cli_argument *a = &args->item[k];
    if (a->taken)
      continue;
    if (a->name)
      return unknown(a->name, where, count, group);
    return cli_fail(CLI_USAGE, "%.60s: one word too many; options begin with --", a->value);
  }
  return CLI_OK;
}
