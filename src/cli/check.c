/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * spheropt check: are the derivatives of a model, or the slots of a manifold, right? */
#include <inttypes.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/report.h"
#include "io/json.h"
#include "lists/lists.h"

typedef struct check {
  gsl_rng *rng;
  json_t *json; /* array of what was checked; NULL: text */
  bool every;   /* print every item, not only those that fail */
  bool pass;
} check;

static json_t *item_json(const spo_check_item *i) {
  json_t *o = json_object();
  json_object_set_new(o, "name", spo_json_text(i->name));
  json_object_set_new(o, "value", spo_json_real(i->value));
  json_object_set_new(o, "lo", spo_json_real(i->lo));
  json_object_set_new(o, "hi", spo_json_real(i->hi));
  json_object_set_new(o, "pass", json_boolean(i->pass));
  return o;
}

static void print_item(const spo_check_item *i) {
  const double none = 1e300; /* limits that are only there to refuse NaN */
  bool above = i->lo > -none && i->lo != 0,
       below = i->hi<none, positive = i->lo> 0 && i->lo < 1 / none;
  char allowed[80];
  if (i->lo == i->hi)
    snprintf(allowed, sizeof allowed, "%s", cli_number(i->lo, 3));
  else if (positive)
    snprintf(allowed, sizeof allowed, "positive%s%s", below ? ", at most " : "",
             below ? cli_number(i->hi, 3) : "");
  else if (above && below)
    snprintf(allowed, sizeof allowed, "%s to %s", cli_number(i->lo, 3), cli_number(i->hi, 3));
  else
    snprintf(allowed, sizeof allowed, "%s %s", above ? "at least" : "at most",
             cli_number(above ? i->lo : i->hi, 3));
  printf("    %-6s %-40s %12s   %s\n", i->pass ? "ok" : "FAILED", i->name, cli_number(i->value, 3),
         allowed);
}

/* One report: a line, and its items where they are wanted or fail */
static void tell(check *c, const char *kind, const char *name, const spo_check_report *r) {
  c->pass = c->pass && r->pass;
  if (c->json) {
    json_t *o = json_object(), *items = json_array();
    json_object_set_new(o, "kind", spo_json_text(kind));
    json_object_set_new(o, "name", spo_json_text(name));
    json_object_set_new(o, "pass", json_boolean(r->pass));
    json_object_set_new(o, "items", items);
    for (size_t i = 0; i < r->count; i++)
      json_array_append_new(items, item_json(&r->item[i]));
    json_array_append_new(c->json, o);
    return;
  }
  printf("%-7s %-9s %s (%s)\n", r->pass ? "ok" : "FAILED", kind, name,
         cli_plural(r->count, "check", "checks"));
  if (c->every && r->count)
    printf("    %-6s %-40s %12s   %s\n", "", "", "measured", "allowed");
  for (size_t i = 0; i < r->count; i++)
    if (c->every || !r->item[i].pass)
      print_item(&r->item[i]);
}

static int check_manifold(check *c, const spo_manifold *M) {
  spo_check_report report;
  spo_error err = {0};
  err.code = spo_check_manifold(M, c->rng, &report, &err);
  if (err.code)
    return cli_fail_error(&err);
  tell(c, "manifold", M->name, &report);
  return CLI_OK;
}

static int check_family(check *c, const spo_manifold_family *family) {
  int status = CLI_OK;
  for (size_t i = 0; !status && i < family->samples; i++) {
    spo_manifold *made[SPO_FAMILY_PARTS];
    size_t count = 0;
    spo_error err = {0};
    err.code = family->sample(i, made, &count, &err);
    if (err.code)
      return cli_fail_error(&err);
    status = check_manifold(c, made[count - 1]);
    while (count-- > 0)
      spo_manifold_destroy(made[count]);
  }
  return status;
}

/* A problem of the model, from its group's parameters; its manifold too unless it is a sample's */
static int check_problem(check *c, const spo_model_ops *model, const cli_group *params,
                         const char *sample) {
  char name[200];
  snprintf(name, sizeof name, "%s%s%s", model->name, sample ? " " : "", sample ? sample : "");
  spo_problem *P = NULL;
  spo_check_report report;
  spo_error err = {0};
  err.code = model->create(params->values, &P, &err);
  if (err.code)
    return cli_group_fail(params, &err);
  err.code = spo_check_problem(P, NULL, c->rng, &report, &err);
  int status = CLI_OK;
  if (err.code)
    status = cli_fail_error(&err);
  else
    tell(c, "model", name, &report);
  if (!status && !sample)
    status = check_manifold(c, P->manifold);
  spo_problem_destroy(P);
  return status;
}

/* The parameters in one of the model's own sample command lines */
static int take_sample(cli_group *params, const char *sample) {
  enum { WORDS = 64 };
  char text[1024], *word[WORDS], *rest = NULL;
  int count = 0;
  static cli_arguments args; /* large */
  if (strlen(sample) >= sizeof text)
    return cli_fail(CLI_FAILED, "a sample of parameters is too long");
  strcpy(text, sample);
  for (char *w = strtok_r(text, " ", &rest); w && count < WORDS; w = strtok_r(NULL, " ", &rest))
    word[count++] = w;
  int status = cli_parse(&args, count, word);
  return status ? status : cli_group_take(params, &args);
}

static int check_samples(check *c, const spo_model_ops *model) {
  int status = CLI_OK;
  for (size_t i = 0; !status && model->sample[i]; i++) {
    cli_group params = {0};
    status = cli_group_init(&params, "Problem", model->param, model->n_params, model->params_size);
    if (!status)
      status = take_sample(&params, model->sample[i]);
    if (!status)
      status = check_problem(c, model, &params, model->sample[i]);
    cli_group_free(&params);
  }
  return status;
}

static int check_all(check *c) {
  int status = CLI_OK;
  for (size_t i = 0; !status && spo_list_manifolds[i]; i++)
    status = check_family(c, spo_list_manifolds[i]());
  for (size_t i = 0; !status && spo_list_models[i]; i++)
    status = check_samples(c, spo_list_models[i]());
  return status;
}

static int unknown(const char *name) {
  char known[400] = "";
  for (size_t i = 0; spo_list_models[i]; i++)
    snprintf(known + strlen(known), sizeof known - strlen(known), "%s%s", *known ? ", " : "",
             spo_list_models[i]()->name);
  for (size_t i = 0; spo_list_manifolds[i]; i++)
    snprintf(known + strlen(known), sizeof known - strlen(known), ", %s",
             spo_list_manifolds[i]()->name);
  return cli_fail(CLI_USAGE, "check: %.60s is neither a model nor a manifold; there are: %s", name,
                  known);
}

/* Whether the command line holds parameters of this model */
static bool has_parameters(const cli_arguments *args, const spo_model_ops *model) {
  for (size_t i = 0; i < args->count; i++) {
    const cli_argument *a = &args->item[i];
    if (!a->taken && a->name && spo_option_find(model->param, model->n_params, a->name))
      return true;
  }
  return false;
}

static int run(check *c, cli_arguments *args, cli_group *run_group, cli_group *params) {
  cli_group *groups[] = {run_group, params};
  const char *name = cli_take_word(args, 1);
  bool manifolds = name && strcmp(name, "manifold") == 0;
  if (manifolds)
    name = cli_take_word(args, 2);
  const spo_model_ops *model = name && !manifolds ? spo_list_model(name) : NULL;
  const spo_manifold_family *family = name && !model ? spo_list_manifold(name) : NULL;
  if ((name || manifolds) && !model && !family)
    return unknown(name ? name : "nothing");
  bool own = model && has_parameters(args, model);
  int status = cli_group_take(run_group, args);
  if (!status && own)
    status = cli_group_init(params, "Problem", model->param, model->n_params, model->params_size);
  if (!status && own)
    status = cli_group_take(params, args);
  if (!status)
    status = cli_finish(args, CLI_CHECK, own ? 2 : 1, groups);
  if (status)
    return status;
  gsl_rng_set(c->rng, (unsigned long)((cli_run_options *)run_group->values)->seed);
  c->every = name != NULL;
  if (own)
    return check_problem(c, model, params, NULL);
  if (model)
    return check_samples(c, model);
  return family ? check_family(c, family) : check_all(c);
}

int cli_check(cli_arguments *args) {
  check c = {.rng = gsl_rng_alloc(gsl_rng_mt19937), .pass = true};
  cli_group run_group = {0}, params = {0};
  bool json = false;
  int status = c.rng ? cli_take_flag(args, "json", &json) : cli_fail(CLI_FAILED, "out of memory");
  if (!status)
    status = cli_run_group(&run_group, false);
  c.json = json ? json_array() : NULL;
  if (!status)
    status = run(&c, args, &run_group, &params);
  if (c.json && !status) {
    json_t *o = json_object();
    json_object_set_new(o, "spheropt", spo_json_text(spo_version()));
    json_object_set_new(o, "pass", json_boolean(c.pass));
    json_object_set(o, "checks", c.json);
    status = cli_print_json(o);
  } else if (!status) {
    printf("%s\n", c.pass ? "all passed" : "some FAILED");
  }
  json_decref(c.json);
  cli_group_free(&run_group);
  cli_group_free(&params);
  if (c.rng)
    gsl_rng_free(c.rng);
  return status ? status : c.pass ? CLI_OK : CLI_NOT_SO;
}
