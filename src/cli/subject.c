/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Making a problem and a point from what the command line says. */
#include "cli/subject.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/slots.h"
#include "io/memory_limit.h"
#include "lists/lists.h"

#define AT(member) offsetof(cli_run_options, member)
static const spo_option run_table[] = {
    {"seed", "of all random numbers, a random problem's too: same seed, same build, same bits", "",
     AT(seed), SPO_OPTION_UINT, 0, 0x1p53, 0, 0, NULL, 0},
    {"tol",
     "stop once the gradient norm is at most this, instead of --grad-rel times the problem's "
     "own scale",
     "", AT(tol), SPO_OPTION_DOUBLE, 0, INFINITY, NAN, SPO_OPEN_LO | SPO_OPEN_HI, NULL, 0},
};
#undef AT

int cli_run_group(cli_group *g, bool with_tol) {
  return cli_group_init(g, "Run", run_table, with_tol ? 2 : 1, sizeof(cli_run_options));
}

int cli_apply_tol(const cli_group *run, cli_group *stop, cli_arguments *args) {
  const cli_run_options *values = run->values;
  spo_stop *rules = stop->values;
  if (isnan(values->tol))
    return CLI_OK;
  if (cli_take(args, "grad-abs") || cli_take(args, "grad-rel"))
    return cli_fail(CLI_USAGE, "--tol means --grad-abs with --grad-rel 0; give one or the other");
  rules->grad_abs = values->tol;
  rules->grad_rel = 0;
  return CLI_OK;
}

void cli_note(cli_notes *notes, spo_error *err) {
  if (err->text[0] && notes->count < CLI_MAX_NOTES)
    snprintf(notes->text[notes->count++], sizeof notes->text[0], "%s", err->text);
  *err = (spo_error){0};
}

const char *cli_example(const spo_model_ops *model) {
  return SPO_HAS(spo_model_ops, model, example) ? model->example : model->sample[0];
}

const spo_model_ops *cli_find_model(const char *name) {
  const spo_model_ops *model = name ? spo_list_model(name) : NULL;
  char known[256] = "";
  for (size_t i = 0; !model && spo_list_models[i]; i++) {
    size_t used = strlen(known);
    snprintf(known + used, sizeof known - used, "%s%s", i ? ", " : "", spo_list_models[i]()->name);
  }
  if (!model && name)
    cli_fail(CLI_USAGE, "unknown model %.60s; there are: %s", name, known);
  else if (!model)
    cli_fail(CLI_USAGE, "which model? There are: %s", known);
  return model;
}

static int unknown_init(const spo_model_ops *model, const char *option, const char *init) {
  char known[400] = "random";
  for (size_t i = 0; i < model->n_points; i++) {
    size_t used = strlen(known);
    const spo_named_point *p = &model->point[i];
    snprintf(known + used, sizeof known - used, ", %s%s%s", p->name, p->argument ? ":" : "",
             p->argument ? p->argument : "");
  }
  return cli_fail(CLI_USAGE, "--%s: %.60s is neither a directory nor a start of %s; there are: %s",
                  option, init, model->name, known);
}

/* The command line's parameters. Where a directory brings the problem, --seed is the run's alone:
 * it must not draw another matrix */
static int take_parameters(cli_subject *s, cli_arguments *args) {
  const spo_option *seed = spo_option_find(s->params.table, s->params.count, run_table[0].name);
  char kept[64] = "";
  spo_error err = {0};
  if (seed && s->dir)
    spo_option_get(seed, s->params.values, kept, sizeof kept);
  int status = cli_group_take(&s->params, args);
  if (!status && *kept && spo_option_set(seed, s->params.values, kept, &err))
    status = cli_fail_error(&err);
  return status;
}

int cli_subject_take(cli_subject *s, cli_arguments *args) {
  return cli_subject_take_start(s, args, "init");
}

int cli_subject_take_start(cli_subject *s, cli_arguments *args, const char *start) {
  const spo_model_ops *model = s->model;
  int status = cli_take_text(args, start, &s->init);
  if (!status)
    status =
        cli_group_init(&s->params, "Problem", model->param, model->n_params, model->params_size);
  if (status)
    return status;
  bool known = !s->init || strcmp(s->init, "random") == 0 || spo_model_point(model, s->init);
  if (!known && !cli_is_directory(s->init))
    return unknown_init(model, start, s->init);
  if (!known) {
    s->dir = s->init;
    status = cli_result_read(s->dir, s);
  }
  return status ? status : take_parameters(s, args);
}

int cli_subject_take_point(cli_subject *s, cli_arguments *args, const char *command) {
  const char *what = cli_take_word(args, 1);
  if (!what)
    return cli_fail(
        CLI_USAGE,
        "%s what? A directory written by `spheropt solve -o`, or a model with --init or data",
        command);
  s->model = spo_list_model(what);
  s->point_due = true;
  if (s->model)
    return cli_subject_take(s, args);
  if (!cli_is_directory(what)) {
    return cli_fail(CLI_USAGE,
                    "%.200s is neither a directory nor a model (see `spheropt list models`)", what);
  }
  s->dir = s->init = what;
  return cli_result_read(what, s);
}

int cli_subject_fail_memory(const cli_subject *s, const spo_error *err) {
  char sizes[400] = "";
  for (size_t i = 0; i < s->params.count; i++) {
    const spo_option *o = &s->params.table[i];
    char value[32];
    size_t used = strlen(sizes);
    if (o->kind != SPO_OPTION_UINT || strcmp(o->name, "seed") == 0)
      continue;
    spo_option_get(o, s->params.values, value, sizeof value);
    if (*value && strcmp(value, "0") != 0)
      snprintf(sizes + used, sizeof sizes - used, "%s--%s %s", used ? " " : "", o->name, value);
  }
  return cli_fail(CLI_USAGE, "too large for this machine's memory%s%s%s%s", *sizes ? ": " : "",
                  sizes, err->text[0] ? "; " : "", err->text);
}

/* A start that nobody asked for by name was brought by a file: that option is to blame, by its own
 * name where the model says so ("features: classifier: row 1 ...") */
static int fail_point(const cli_subject *s, const spo_named_point *point, bool asked,
                      spo_status status, const spo_error *err) {
  const size_t length = strlen(point->name);
  const char *text = err->text[0] ? err->text : spo_status_text(status);
  const bool named = strncmp(text, point->name, length) == 0;
  if (named && text[length] == ':')
    text += length + 1 + (text[length + 1] == ' ');
  const spo_option *own = spo_option_find(s->params.table, s->params.count, point->name);
  for (size_t i = 0; !asked && i < s->params.count; i++) {
    const spo_option *o = &s->params.table[i];
    const size_t end = strlen(o->name);
    if (strncmp(text, o->name, end) == 0 && text[end] == ':')
      return cli_fail(CLI_USAGE, "--%s", text);
  }
  if (!asked && own)
    return cli_fail(CLI_USAGE, "--%s: %s", own->name, text);
  return cli_fail(CLI_USAGE, "--init: %s%s%s", named ? "" : point->name, named ? "" : ": ",
                  err->text[0] ? err->text : text);
}

int cli_subject_draw(cli_subject *s, uint64_t seed, double *x) {
  spo_error error = {0}, *err = &error;
  const bool asked = s->init != NULL;
  gsl_rng_set(s->rng, (unsigned long)seed);
  if (!s->init && s->model->default_start)
    s->init = s->model->default_start(s->problem);
  if (!s->init && s->point_due)
    return cli_fail(CLI_USAGE, "which point? Give --init, or data, or a directory written by "
                               "`spheropt solve -o` instead of the model");
  if (!s->init)
    s->init = "random";
  const spo_named_point *point = spo_model_point(s->model, s->init);
  const spo_status status = spo_model_start(s->model, s->problem, s->init, s->rng, x, err);
  if (status == SPO_E_NOMEM)
    return cli_subject_fail_memory(s, err);
  if (status) {
    err->code = status;
    if (point && status != SPO_E_NUMERIC && status != SPO_E_USER)
      return fail_point(s, point, asked, status, err);
    return cli_fail_error(err);
  }
  cli_note(&s->notes, err);
  return CLI_OK;
}

int cli_subject_build(cli_subject *s, uint64_t seed) {
  spo_error err = {0};
  s->seed = seed;
  spo_status status = s->model->create(s->params.values, &s->problem, &err);
  if (status == SPO_E_NOMEM)
    return cli_subject_fail_memory(s, &err);
  if (status) {
    err.code = status;
    return cli_group_fail(&s->params, &err);
  }
  cli_note(&s->notes, &err);
  /* one place at least is needed: better said now than after drawing a start of a billion numbers
   */
  size_t need = spo_size_add(spo_point_len(s->problem), spo_eval_len(s->problem));
  if (spo_size_mul(need, sizeof *s->x) > spo_memory_limit())
    return cli_subject_fail_memory(s, &err);
  s->x = spo_block_alloc(spo_size_mul(s->problem->manifold->n, sizeof *s->x));
  s->rng = gsl_rng_alloc(gsl_rng_mt19937);
  if (!s->x || !s->rng)
    return cli_subject_fail_memory(s, &err);
  gsl_rng_set(s->rng, (unsigned long)seed);
  return s->dir ? cli_result_read_point(s) : cli_subject_draw(s, seed, s->x);
}

int cli_subject_keep_start(cli_subject *s) {
  const size_t n = s->problem->manifold->n;
  const spo_error err = {0};
  if (!s->start)
    s->start = spo_block_alloc(spo_size_mul(n, sizeof *s->start));
  if (!s->start)
    return cli_subject_fail_memory(s, &err);
  memcpy(s->start, s->x, n * sizeof *s->start);
  return CLI_OK;
}

void cli_subject_free(cli_subject *s) {
  if (s->rng)
    gsl_rng_free(s->rng);
  spo_block_free(s->start);
  spo_block_free(s->x);
  spo_problem_destroy(s->problem);
  cli_group_free(&s->params);
}
