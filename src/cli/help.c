/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * --help, made from the option tables: an example first, then every option with its bounds and
 * default. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/slots.h"
#include "cli/commands.h"
#include "cli/outside/outside.h"
#include "cli/plots.h"
#include "cli/starts.h"
#include "cli/subject.h"
#include "cli/wrapping.h"
#include "lists/lists.h"

enum { COLUMN = 26, WIDTH = 90 };

/* "  left      text", the text wrapped beside it */
static void entry(const char *left, const char *text) {
  int at = printf("  %-*s", COLUMN - 3, left);
  if (at > COLUMN - 1) {
    printf("\n");
    at = 0;
  }
  at += printf("%*s", COLUMN - at, "");
  while (*text) {
    int length = (int)strcspn(text, " ");
    if (at > COLUMN && at + 1 + length > WIDTH) {
      printf("\n%*s", COLUMN, "");
      at = COLUMN;
    }
    at += printf("%s%.*s", at > COLUMN ? " " : "", length, text);
    text += length;
    text += strspn(text, " ");
  }
  printf("\n");
}

static void append(char *text, size_t room, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static void append(char *text, size_t room, const char *format, ...) {
  size_t used = strlen(text);
  va_list args;
  va_start(args, format);
  vsnprintf(text + used, room - used, format, args);
  va_end(args);
}

/* "> 0, default 1" */
static void limits(const spo_option *o, char *text, size_t room) {
  const double never = 0x1p31 - 1; /* larger bounds of whole numbers are none that anybody meets */
  text[0] = '\0';
  if (o->kind == SPO_OPTION_BOOL || o->kind == SPO_OPTION_CHOICE) {
    if (o->kind == SPO_OPTION_CHOICE)
      append(text, room, "default %s", o->choice[(size_t)o->dflt].name);
    else if (o->dflt != 0)
      append(text, room, "default true");
    return;
  }
  if (o->kind != SPO_OPTION_DOUBLE && o->kind != SPO_OPTION_UINT)
    return;
  bool whole = o->kind == SPO_OPTION_UINT;
  if (isfinite(o->lo) && !(whole && o->lo <= 0))
    append(text, room, "%s %g", o->open & SPO_OPEN_LO ? ">" : "at least", o->lo);
  if (isfinite(o->hi) && !(whole && o->hi >= never))
    append(text, room, "%s%s %g", *text ? ", " : "", o->open & SPO_OPEN_HI ? "<" : "at most",
           o->hi);
  if (whole && o->dflt >= never)
    append(text, room, "%sdefault: no limit", *text ? ", " : "");
  else if (o->dflt >= o->lo)
    append(text, room, "%sdefault %g", *text ? ", " : "", o->dflt);
}

static void option(const spo_option *o) {
  char left[160], text[600], range[120];
  snprintf(left, sizeof left, "--%s", o->name);
  switch (o->kind) {
  case SPO_OPTION_DOUBLE:
    append(left, sizeof left, " X");
    break;
  case SPO_OPTION_UINT:
    append(left, sizeof left, " N");
    break;
  case SPO_OPTION_COUNTS:
    append(left, sizeof left, " N,N,...");
    break;
  case SPO_OPTION_INTEGERS:
  case SPO_OPTION_MATRIX:
    append(left, sizeof left, o->flags & SPO_EDGE_LIST ? " FILE" : " FILE.npy");
    break;
  case SPO_OPTION_CHOICE:
    append(left, sizeof left, " NAME");
    break;
  case SPO_OPTION_BOOL:
    append(left, sizeof left, "%s", o->dflt != 0 ? "=false" : "");
    break;
  }
  limits(o, range, sizeof range);
  snprintf(text, sizeof text, "%s%s%s%s", o->help, *range ? " (" : "", range, *range ? ")" : "");
  for (const spo_choice *c = o->kind == SPO_OPTION_CHOICE ? o->choice : NULL; c && c->name; c++)
    append(text, sizeof text, "; %s: %s", c->name, c->help);
  entry(left, text);
}

static void section(const char *title, const spo_option *table, size_t count) {
  if (count)
    printf("\n%s\n", title);
  for (size_t i = 0; i < count; i++)
    if (strcmp(table[i].name, "seed") != 0) /* the run's is the table's, and shown with the run */
      option(&table[i]);
}

static void words(unsigned where) {
  for (const cli_word *w = cli_words; w->name; w++) {
    char left[80];
    if (!(w->where & where))
      continue;
    snprintf(left, sizeof left, "%s%s%s%s", w->name[1] ? "--" : "-", w->name,
             w->argument ? " " : "", w->argument ? w->argument : "");
    entry(left, w->help);
  }
}

static void run_options(bool with_tol) {
  cli_group g = {0};
  if (cli_run_group(&g, with_tol) == CLI_OK)
    for (size_t i = 0; i < g.count; i++)
      option(&g.table[i]);
  cli_group_free(&g);
}

/* Where the problem lives, what is known and what is measured */
static void known(const spo_model_ops *m) {
  char metrics[400] = "";
  for (size_t i = 0; i < m->n_metrics; i++)
    append(metrics, sizeof metrics, "%s%s", i ? ", " : "", m->metric[i]);
  printf("\nAbout it\n");
  if (SPO_HAS(spo_model_ops, m, manifold))
    entry("manifold", m->manifold);
  if (SPO_HAS(spo_model_ops, m, theorem))
    entry("known minimum", m->theorem);
  entry("metrics", metrics);
  entry("reference", m->reference);
}

static void model_sections(const spo_model_ops *m, bool with_random) {
  char title[120], left[80];
  snprintf(title, sizeof title, "The problem: %s", m->summary);
  section(title, m->param, m->n_params);
  known(m);
  printf("\nStarting points (--init)\n");
  if (with_random)
    entry("random", "from --seed");
  entry("DIR",
        "the point in a directory that an earlier -o wrote; its problem too, where the options "
        "above say nothing else");
  for (size_t i = 0; i < m->n_points; i++) {
    snprintf(left, sizeof left, "%s%s%s", m->point[i].name, m->point[i].argument ? ":" : "",
             m->point[i].argument ? m->point[i].argument : "");
    entry(left, m->point[i].help);
  }
}

static void models(void) {
  printf("\nModels (name one before --help for its parameters and starting points)\n");
  for (size_t i = 0; spo_list_models[i]; i++)
    entry(spo_list_models[i]()->name, spo_list_models[i]()->summary);
}

static void help_solve(const spo_model_ops *m) {
  size_t count, n_starts;
  const spo_option *stop = spo_stop_options(&count);
  const spo_model_ops *shown = m ? m : spo_list_models[0]();
  printf("  spheropt solve %s %s -o out\n\n", shown->name, cli_example(shown));
  printf("Finds a minimiser: prints how the run went, and writes the point with -o.\n");
  printf("Usage: spheropt solve %s [option ...]\n", m ? m->name : "MODEL");
  printf("\nOptions\n");
  words(CLI_SOLVE);
  run_options(true);
  if (m)
    model_sections(m, true);
  else
    models();
  const spo_option *starts = cli_starts_options(&n_starts);
  section("Many starts", starts, n_starts);
  section("When to stop", stop, count);
  const spo_option *wrapping = cli_wrapping_options(&count);
  section("What the solver sees of the problem; all that is reported is of the problem itself",
          wrapping, count);
  for (size_t i = 0; spo_list_solvers[i]; i++) {
    char title[120];
    const spo_solver_ops *s = spo_list_solvers[i]();
    snprintf(title, sizeof title, "With --solver %s: %s", s->name, s->summary);
    section(title, s->option, s->n_options);
  }
  printf("\nExit status: 0 converged, 3 stopped before, 2 bad input, 1 anything else. Ctrl-C stops "
         "after\n"
         "the current step and keeps the point.\n");
}

static void help_point(const char *command, unsigned where, const spo_model_ops *m) {
  size_t n_verify, n_spectrum;
  const spo_option *verify = spo_verify_options_table(&n_verify);
  const spo_option *spectrum = spo_spectrum_options_table(&n_spectrum);
  bool verdict = where == CLI_VERIFY;
  printf("  spheropt %s out\n\n", command);
  printf("%s\n", verdict
                     ? "Says what kind of critical point a point is, and what proves it, from the "
                       "point alone."
                     : "Shows the eigenvalues of the Riemannian Hessian at a point.");
  printf("Usage: spheropt %s DIR [option ...]       DIR as written by spheropt solve -o\n"
         "       spheropt %s MODEL --init START [model's options] [option ...]\n",
         command, command);
  printf("\nOptions\n");
  words(where);
  run_options(false);
  if (verdict)
    section("The verdict", verify, n_verify);
  section("The Hessian's spectrum", spectrum, n_spectrum);
  if (m)
    model_sections(m, false);
  else
    models();
  printf("\nExit status: 0 %s, 2 bad input, 1 anything else.\n",
         verdict ? "a critical point, 4 not critical"
                 : "done, 3 stopped before, or not all to --tol");
}

static void help_check(const spo_model_ops *m) {
  size_t count;
  const spo_option *plots = cli_plots_options(&count);
  printf("  spheropt check ufm --classes 4 --per-class 3 --dim 6\n\n"
         "Checks derivatives (Taylor remainders, symmetry, tangency) and manifolds, at a random "
         "point or\nat one that is given.\n"
         "Usage: spheropt check                          everything built in, at small sizes\n"
         "       spheropt check MODEL                    one model at small sizes\n"
         "       spheropt check MODEL [model's options] [--init START]\n"
         "                                               one problem, and its manifold\n"
         "       spheropt check DIR                      the same at a point that solve -o wrote\n"
         "       spheropt check manifold NAME            one manifold\n"
         "\nOptions\n");
  words(CLI_CHECK);
  run_options(false);
  section("Data to plot (--profile, --surface)", plots, count);
  if (m)
    model_sections(m, true);
  else
    models();
  printf("\nManifolds\n");
  for (size_t i = 0; spo_list_manifolds[i]; i++)
    entry(spo_list_manifolds[i]()->name, spo_list_manifolds[i]()->summary);
  printf("\nExit status: 0 all passed, 4 a check failed, 2 bad input, 1 anything else.\n");
}

static void help_bench(const spo_model_ops *m) {
  size_t n_compare, n_stop;
  const spo_option *compare = spo_compare_options_table(&n_compare);
  const spo_option *stop = spo_stop_options(&n_stop);
  const spo_model_ops *shown = m ? m : spo_list_models[0]();
  printf("  spheropt bench solvers %s %s --starts 20\n\n", shown->name, cli_example(shown));
  printf("Compares solvers: the same random starts and stop rules for all, taking turns.\n"
         "Usage: spheropt bench solvers %s [option ...]\n",
         m ? m->name : "MODEL");
  printf("\nOptions\n");
  words(CLI_BENCH);
  run_options(true);
  section("The comparison", compare, n_compare);
  printf("\nContenders (--solvers)\n");
  for (size_t i = 0; spo_list_solvers[i]; i++)
    entry(spo_list_solvers[i]()->name, spo_list_solvers[i]()->summary);
  for (const cli_outside *s = cli_outside_solvers; s->name; s++)
    entry(s->name, s->summary);
  if (m)
    section("The problem", m->param, m->n_params);
  else
    models();
  section("When to stop", stop, n_stop);
  printf("\nSolver options are those of spheropt solve --help, set by "
         "NAME:option=value:option=value.\n"
         "Exit status: 0 done, whoever won; 3 interrupted, 2 bad input, 1 anything else.\n");
}

static void help_sweep(const spo_model_ops *m) {
  size_t count;
  const spo_option *table = spo_sweep_options_table(&count);
  printf(
      "  spheropt sweep ufm --classes 5 --dim 8 --vary tau=0.1:40:log:30\n\n"
      "Follows a critical point along a parameter, there and back, each step from the last; finds "
      "where\nit folds, where its index changes, and where two have the same cost. The numbers of "
      "each "
      "row, with the\nmodel's metrics, are in --json and in -o DIR.\n"
      "Usage: spheropt sweep %s --vary NAME=FROM:TO:COUNT [option ...]\n",
      m ? m->name : "MODEL");
  printf("\nOptions\n");
  words(CLI_SWEEP);
  section("Following", table, count);
  if (m)
    model_sections(m, true);
  else
    models();
  printf("\nExit status: 0 done, 3 stopped before, 2 bad input, 1 anything else.\n");
}

static void help_list(void) {
  printf("  spheropt list solvers\n\n"
         "Lists what this build contains; with --json every option with bounds and default.\n"
         "Usage: spheropt list [models|solvers|outside|inits|manifolds|subproblems|line-searches|\n"
         "                      presets] [--json]\n"
         "\nOptions\n");
  words(CLI_LIST);
}

static void help_all(void) {
  const spo_model_ops *m = spo_list_models[0]();
  printf("  spheropt solve %s %s -o out\n"
         "  spheropt verify out\n"
         "  spheropt spectrum out\n\n",
         m->name, cli_example(m));
  printf("Riemannian optimization on products of spheres.\n"
         "Usage: spheropt COMMAND [WHAT] [option ...]\n"
         "\nCommands\n");
  entry("solve MODEL", "find a minimiser");
  entry("verify DIR", "what kind of critical point a result is, and what proves it");
  entry("spectrum DIR", "the eigenvalues of the Riemannian Hessian there");
  entry("check [NAME|DIR]", "are the derivatives of a model, or the parts of a manifold, right?");
  entry("bench solvers MODEL", "which solver needs least work, from many starts");
  entry("sweep MODEL", "follow a critical point along a parameter");
  entry("list [KIND]", "models, solvers, starting points, presets, and more");
  models();
  printf("\nspheropt COMMAND --help, spheropt solve MODEL --help, spheropt --version\n");
}

int cli_help(const char *command, const char *what) {
  const spo_model_ops *m = what ? spo_list_model(what) : NULL;
  if (!command)
    help_all();
  else if ((strcmp(command, "solve") == 0 || strcmp(command, "bench") == 0 ||
            strcmp(command, "sweep") == 0) &&
           what && !m)
    return cli_find_model(what) ? CLI_OK : CLI_USAGE;
  else if (strcmp(command, "solve") == 0)
    help_solve(m);
  else if (strcmp(command, "verify") == 0)
    help_point(command, CLI_VERIFY, m);
  else if (strcmp(command, "spectrum") == 0)
    help_point(command, CLI_SPECTRUM, m);
  else if (strcmp(command, "check") == 0)
    help_check(m);
  else if (strcmp(command, "bench") == 0)
    help_bench(m);
  else if (strcmp(command, "sweep") == 0)
    help_sweep(m);
  else
    help_list();
  return CLI_OK;
}
