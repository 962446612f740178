/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * spheropt bench solvers: who needs least work, from the same starts. Printing and files are in
 * bench_report.c. */
#include "cli/bench.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/commands.h"
#include "cli/interrupt.h"
#include "cli/report.h"
#include "io/files.h"
#include "lists/lists.h"
#include "problem/slots.h"

/* ---- contenders ------------------------------------------------------------------------------ */

static void append(char *text, size_t room, const char *name) {
  const size_t used = strlen(text);
  snprintf(text + used, room - used, "%s%s", used ? ", " : "", name);
}

static int unknown_solver(const char *name) {
  char known[512] = "";
  for (size_t i = 0; spo_list_solvers[i]; i++)
    append(known, sizeof known, spo_list_solvers[i]()->name);
  for (const cli_outside *o = cli_outside_solvers; o->name; o++)
    append(known, sizeof known, o->name);
  return cli_fail(CLI_USAGE, "--solvers: %.60s is unknown; there are: %s",
                  *name ? name : "an empty name", known);
}

/* "option=value", or "option" alone for a flag */
static int set_option(bench_entry *e, char *text) {
  char known[512] = "";
  spo_error err = {0};
  char *equals = strchr(text, '=');
  if (equals)
    *equals = '\0';
  const spo_option *o = e->type ? spo_option_find(e->type->option, e->type->n_options, text) : NULL;
  for (size_t i = 0; e->type && i < e->type->n_options; i++)
    append(known, sizeof known, e->type->option[i].name);
  if (!o)
    return cli_fail(CLI_USAGE, "--solvers: %.60s: there is no option %.60s; %s%s", e->label,
                    *text ? text : "without a name",
                    *known ? "there are: " : "this solver takes none", known);
  if (!equals && o->kind != SPO_OPTION_BOOL)
    return cli_fail(CLI_USAGE, "--solvers: %.60s: %s: a value is due: %s", e->label, o->name,
                    o->help);
  if (spo_option_set(o, e->options.values, equals ? equals + 1 : "true", &err))
    return cli_fail(CLI_USAGE, "--solvers: %.60s: %s", e->label, err.text);
  return CLI_OK;
}

/* The text up to the next colon, which becomes its end; NULL after the last */
static char *next_piece(char **rest) {
  char *piece = *rest, *colon = piece ? strchr(piece, ':') : NULL;
  if (colon)
    *colon = '\0';
  *rest = colon ? colon + 1 : NULL;
  return piece;
}

/* "NAME:option=value:option=value" */
static int add_entry(bench *v, const char *text, size_t length) {
  char copy[BENCH_LABEL], *rest = copy;
  if (v->count == BENCH_MAX)
    return cli_fail(CLI_USAGE, "--solvers: more than %d", BENCH_MAX);
  if (length >= BENCH_LABEL)
    return cli_fail(CLI_USAGE, "--solvers: %.60s...: too long", text);
  bench_entry *e = &v->entry[v->count];
  memcpy(e->label, text, length);
  e->label[length] = '\0';
  memcpy(copy, e->label, length + 1);
  const char *name = next_piece(&rest);
  e->type = spo_list_solver(name);
  e->outside = cli_outside_find(name);
  if (!e->type && !e->outside)
    return unknown_solver(name);
  v->count++;
  int status = e->type ? cli_group_init(&e->options, "Solver", e->type->option, e->type->n_options,
                                        e->type->options_size)
                       : CLI_OK;
  for (char *o = next_piece(&rest); o && !status; o = next_piece(&rest))
    status = set_option(e, o);
  return status;
}

static int take_entries(bench *v, const char *text) {
  int status = CLI_OK;
  for (;; text++) {
    const size_t length = strcspn(text, ",");
    status = add_entry(v, text, length);
    text += length;
    if (status || !*text)
      return status;
  }
}

/* All that minimise, as far as the problem lets them */
static int all_entries(bench *v) {
  int status = CLI_OK;
  for (size_t i = 0; spo_list_solvers[i] && !status; i++) {
    const spo_solver_ops *type = spo_list_solvers[i]();
    if (!(type->needs & SPO_SEEKS_CRITICAL) &&
        (!(type->needs & SPO_NEEDS_HESS) || spo_problem_has_hessian(v->s.problem)))
      status = add_entry(v, type->name, strlen(type->name));
  }
  return status;
}

/* Can all of them run on this problem, and is there the target that was asked for? */
static int check_entries(const bench *v) {
  const spo_compare_options *options = v->compare.values;
  const char *theorem;
  if (options->gap_tol > 0 && isnan(cli_known_minimum(v->s.problem, &theorem)))
    return cli_fail(CLI_USAGE, "--gap-tol: the minimum of %s is not known for these parameters",
                    v->s.model->name);
  for (size_t i = 0; i < v->count; i++) {
    spo_error err = {0};
    if (v->entry[i].outside && pullback_check(v->s.problem->manifold, &err))
      return cli_fail(CLI_USAGE, "--solvers: %.60s: %s", v->entry[i].label, err.text);
  }
  return CLI_OK;
}

/* ---- options --------------------------------------------------------------------------------- */

static int take_measure(bench *v, cli_arguments *args) {
  const char *name = "equivalents";
  const int status = cli_take_text(args, "measure", &name);
  v->measure = strcmp(name, "seconds") == 0 ? SPO_MEASURE_SECONDS : SPO_MEASURE_EQUIVALENTS;
  if (!status && v->measure == SPO_MEASURE_EQUIVALENTS && strcmp(name, "equivalents") != 0)
    return cli_fail(CLI_USAGE, "--measure: %.40s is unknown; there are: equivalents, seconds",
                    name);
  return status;
}

static int take_groups(bench *v, cli_arguments *args) {
  size_t n_stop, n_compare;
  const spo_option *stop = spo_stop_options(&n_stop);
  const spo_option *compare = spo_compare_options_table(&n_compare);
  int status = cli_run_group(&v->run, true);
  if (!status)
    status = cli_group_init(&v->stop, "Stop rules", stop, n_stop, sizeof(spo_stop));
  if (!status)
    status =
        cli_group_init(&v->compare, "Comparison", compare, n_compare, sizeof(spo_compare_options));
  if (!status)
    status = cli_subject_take(&v->s, args);
  cli_group *groups[] = {&v->s.params, &v->run, &v->stop, &v->compare};
  for (size_t i = 1; !status && i < 4; i++)
    status = cli_group_take(groups[i], args);
  if (!status)
    status = cli_finish(args, CLI_BENCH, 4, groups);
  return status ? status : cli_apply_tol(&v->run, &v->stop, args);
}

static int take_options(bench *v, cli_arguments *args) {
  int status = cli_take_text(args, "solvers", &v->solvers);
  if (!status)
    status = take_measure(v, args);
  if (!status)
    status = cli_take_text(args, "profile", &v->profile);
  if (!status)
    status = cli_take_text(args, "o", &v->out);
  if (!status)
    status = cli_take_flag(args, "json", &v->json);
  if (!status && cli_take(args, "init"))
    return cli_fail(CLI_USAGE, "--init: not here; a comparison starts at random points, from "
                               "--seed on");
  if (!status)
    status = take_groups(v, args);
  v->s.init = "random";
  return status || !v->solvers ? status : take_entries(v, v->solvers);
}

/* ---- files ----------------------------------------------------------------------------------- */

/* The directory of --profile, opened before anything runs; its own name into v->profile_name */
static int open_profile(bench *v) {
  struct stat info;
  char dir[BENCH_PATH];
  spo_error err = {0};
  const char *slash = strrchr(v->profile, '/');
  v->profile_name = slash ? slash + 1 : v->profile;
  const size_t length = !slash ? 0 : slash == v->profile ? 1 : (size_t)(slash - v->profile);
  if (length >= sizeof dir)
    return cli_fail(CLI_USAGE, "--profile: %.60s...: too long a name", v->profile);
  if (!*v->profile_name || (stat(v->profile, &info) == 0 && !S_ISREG(info.st_mode)))
    return cli_fail(CLI_USAGE, "--profile: %.200s: this is not a regular file", v->profile);
  memcpy(dir, v->profile, length);
  strcpy(dir + length, length ? "" : ".");
  if (spo_output_open(dir, &v->profile_output, &err))
    return cli_fail(CLI_USAGE, "--profile: %s", err.text);
  return CLI_OK;
}

static int open_files(bench *v) {
  spo_error err = {0};
  const int status = v->profile ? open_profile(v) : CLI_OK;
  if (!status && v->out && spo_output_open(v->out, &v->output, &err))
    return cli_fail(CLI_USAGE, "-o: %s", err.text);
  return status;
}

static spo_status write_all(bench *v, const json_t *result, spo_error *err) {
  FILE *file;
  spo_status status = SPO_OK;
  if (v->profile_output)
    status = spo_output_add(v->profile_output, v->profile_name, &file, err);
  if (v->profile_output && !status)
    bench_write_profile(v, file);
  if (v->output && !status)
    status = spo_output_add(v->output, "profile.csv", &file, err);
  if (v->output && !status)
    bench_write_profile(v, file);
  if (v->output && !status)
    status = spo_output_add(v->output, "runs.csv", &file, err);
  if (v->output && !status)
    bench_write_runs(v, file);
  if (v->output && !status)
    status = spo_output_add(v->output, "comparison.json", &file, err);
  return v->output && !status ? spo_json_write(file, result, err) : status;
}

static spo_status commit(spo_output **output, spo_error *err) {
  spo_output *o = *output;
  *output = NULL; /* committing frees it in any case */
  return o ? spo_output_commit(o, err) : SPO_OK;
}

static int write_files(bench *v, const json_t *result) {
  spo_error err = {0};
  spo_status status = write_all(v, result, &err);
  if (!status)
    status = commit(&v->profile_output, &err);
  if (!status)
    status = commit(&v->output, &err);
  return status ? cli_fail(CLI_FAILED, "%s", err.text) : CLI_OK;
}

/* ---- the runs -------------------------------------------------------------------------------- */

static int compare(bench *v) {
  spo_contender contender[BENCH_MAX];
  spo_compare_options *options = v->compare.values;
  spo_stop *stop = v->stop.values;
  spo_error err = {0};
  for (size_t i = 0; i < v->count; i++) {
    const bench_entry *e = &v->entry[i];
    contender[i] =
        (spo_contender){.name = e->label,
                        .solver = e->type,
                        .options = e->options.values,
                        .outside = e->outside ? e->outside->solve : NULL,
                        .self = e->outside ? (void *)(uintptr_t)e->outside->method : NULL};
  }
  stop->poll = cli_interrupted;
  options->stop = stop;
  options->seed = v->s.seed;
  memcpy(options->products, v->s.model->products, sizeof options->products);
  v->runs = calloc(options->starts * v->count, sizeof *v->runs);
  if (!v->runs)
    return cli_fail(CLI_FAILED, "out of memory");
  fflush(stdout);
  const spo_status status =
      spo_compare(v->s.problem, v->count, contender, options, v->runs, &v->done, &err);
  err.code = status;
  if (status == SPO_E_NOMEM)
    return cli_subject_fail_memory(&v->s, &err);
  return status ? cli_group_fail(&v->compare, &err) : CLI_OK;
}

/* From no start could any solver so much as begin: that is no comparison. */
static int some_ran(const bench *v) {
  const size_t count = v->done * v->count;
  for (size_t i = 0; i < count; i++)
    if (!v->runs[i].status || isfinite(v->runs[i].f))
      return CLI_OK;
  return count == 0 ? CLI_OK
                    : cli_fail_error(&(spo_error){.code = v->runs[0].status,
                                                  .text = "no solver ran from any of the starts: "
                                                          "cost or gradient is not defined there"});
}

static int run(bench *v, cli_arguments *args) {
  int status = take_options(v, args);
  cli_catch_interrupts();
  if (!status)
    status = cli_subject_build(&v->s, ((cli_run_options *)v->run.values)->seed);
  if (!status && !v->solvers)
    status = all_entries(v);
  if (!status)
    status = check_entries(v);
  if (!status)
    status = open_files(v);
  if (!status && !v->json)
    bench_print_head(v);
  if (!status)
    status = compare(v);
  if (!status)
    status = some_ran(v);
  if (!status)
    status = bench_summarize(v);
  if (status)
    return status;
  json_t *result = bench_json(v);
  status = write_files(v, result);
  if (!status && v->json)
    status = cli_print_json(json_incref(result));
  else if (!status)
    bench_print(v);
  json_decref(result);
  const spo_compare_options *options = v->compare.values;
  return status ? status : v->done < options->starts ? CLI_UNFINISHED : CLI_OK;
}

int cli_bench(cli_arguments *args) {
  static bench v; /* large */
  const char *what = cli_take_word(args, 1);
  if (!what || strcmp(what, "solvers") != 0)
    return cli_fail(CLI_USAGE, "bench what? There is: solvers (spheropt bench solvers MODEL)");
  v.s.model = cli_find_model(cli_take_word(args, 2));
  const int status = v.s.model ? run(&v, args) : CLI_USAGE;
  spo_output_abandon(v.profile_output);
  spo_output_abandon(v.output);
  bench_free(&v);
  free(v.runs);
  cli_subject_free(&v.s);
  cli_group_free(&v.run);
  cli_group_free(&v.stop);
  cli_group_free(&v.compare);
  for (size_t i = 0; i < v.count; i++)
    cli_group_free(&v.entry[i].options);
  return status;
}
