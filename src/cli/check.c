/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * spheropt check: are the derivatives of a model, or the slots of a manifold, right? */
#include <string.h>

#include "cli/commands.h"
#include "cli/plots.h"
#include "cli/report.h"
#include "io/json.h"
#include "lists/lists.h"
#include "problem/slots.h"

typedef struct check {
  gsl_rng *rng;
  json_t *json;     /* array of what was checked; NULL: text */
  const char *only; /* one of the kinds below; NULL: all */
  bool every;       /* print every item, not only those that fail */
  size_t count, failed;
  cli_subject subject; /* where one problem is checked */
  cli_plots plots;
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

static void row(const char *verdict, const char *name, const char *value, const char *allowed) {
  printf("    %-6s  %-40s  %12s   %s\n", verdict, name, value, allowed);
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
    snprintf(allowed, sizeof allowed, "%s %s", below ? "at most" : "at least",
             cli_number(below ? i->hi : i->lo, 3));
  row(i->pass ? "ok" : "FAILED", i->name, cli_number(i->value, 3), allowed);
}

/* One report: a line, and its items where they are wanted or fail */
static void tell(check *c, const char *kind, const char *name, const spo_check_report *r) {
  size_t failed = 0;
  for (size_t i = 0; i < r->count; i++)
    failed += !r->item[i].pass;
  c->count += r->count;
  c->failed += failed;
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
  if (c->every || failed)
    row("", "check", "measured", "allowed");
  for (size_t i = 0; i < r->count; i++)
    if (c->every || !r->item[i].pass)
      print_item(&r->item[i]);
}

/* Kinds of checks -------------------------------------------------------------------------- */

static spo_status gradient(const spo_problem *P, const double *x, gsl_rng *rng, spo_check_report *r,
                           spo_error *err) {
  return spo_check_gradient(P, x, rng, r, NULL, err);
}

static spo_status hessian(const spo_problem *P, const double *x, gsl_rng *rng, spo_check_report *r,
                          spo_error *err) {
  return spo_check_hessian(P, x, rng, r, NULL, err);
}

static spo_status retraction(const spo_manifold *M, const double *x, gsl_rng *rng,
                             spo_check_report *r, spo_error *err) {
  return spo_check_retraction(M, x, rng, r, NULL, err);
}

static spo_status manifold(const spo_manifold *M, const double *x, gsl_rng *rng,
                           spo_check_report *r, spo_error *err) {
  (void)x; /* its points are its own */
  return spo_check_manifold(M, rng, r, err);
}

static const struct {
  const char *name; /* for --only; NULL: without it */
  spo_status (*of_problem)(const spo_problem *P, const double *x, gsl_rng *rng, spo_check_report *r,
                           spo_error *err);
  spo_status (*of_manifold)(const spo_manifold *M, const double *x, gsl_rng *rng,
                            spo_check_report *r, spo_error *err);
} kinds[] = {{NULL, spo_check_problem, manifold}, {"gradient", gradient, NULL},
             {"hessian", hessian, NULL},          {"symmetry", spo_check_symmetry, NULL},
             {"retraction", NULL, retraction},    {"transport", NULL, spo_check_transport}};
enum { KINDS = sizeof kinds / sizeof kinds[0] };

static size_t kind_of(const check *c) {
  size_t k = 0;
  for (size_t i = 1; c->only && i < KINDS; i++)
    if (strcmp(kinds[i].name, c->only) == 0)
      k = i;
  return k;
}

static int check_only(const check *c) {
  char known[100] = "";
  if (!c->only || kind_of(c))
    return CLI_OK;
  for (size_t i = 1; i < KINDS; i++)
    snprintf(known + strlen(known), sizeof known - strlen(known), "%s%s", i > 1 ? ", " : "",
             kinds[i].name);
  return cli_fail(CLI_USAGE, "--only: %.40s is not known; it must be one of %s", c->only, known);
}

/* x NULL: a random point */
static int check_manifold(check *c, const spo_manifold *M, const double *x) {
  spo_check_report report;
  spo_error err = {0};
  const size_t k = kind_of(c);
  if (!kinds[k].of_manifold)
    return CLI_OK;
  err.code = kinds[k].of_manifold(M, x, c->rng, &report, &err);
  if (err.code)
    return cli_fail_error(&err);
  tell(c, "manifold", M->name, &report);
  return CLI_OK;
}

/* A problem may lack what --only asks for. */
static int check_problem(check *c, const spo_problem *P, const double *x, const char *name) {
  spo_check_report report;
  spo_error err = {0};
  const size_t k = kind_of(c);
  if (!kinds[k].of_problem)
    return CLI_OK;
  err.code = kinds[k].of_problem(P, x, c->rng, &report, &err);
  if (err.code == SPO_E_UNSUPPORTED)
    return CLI_OK;
  if (err.code)
    return cli_fail_error(&err);
  tell(c, "model", name, &report);
  return CLI_OK;
}

/* What is checked --------------------------------------------------------------------------- */

static int check_family(check *c, const spo_manifold_family *family) {
  int status = CLI_OK;
  for (size_t i = 0; !status && i < family->samples; i++) {
    spo_manifold *made[SPO_FAMILY_PARTS];
    size_t count = 0;
    spo_error err = {0};
    err.code = family->sample(i, made, &count, &err);
    if (err.code)
      return cli_fail_error(&err);
    status = check_manifold(c, made[count - 1], NULL);
    while (count-- > 0)
      spo_manifold_destroy(made[count]);
  }
  return status;
}

/* Said before anything is printed. */
static int can_check(const check *c, const spo_problem *P) {
  const bool hess = spo_problem_has_hessian(P), symmetric = spo_problem_has(P, symmetry);
  if (c->only && ((strcmp(c->only, "hessian") == 0 && !hess) ||
                  (strcmp(c->only, "symmetry") == 0 && !symmetric)))
    return cli_fail(CLI_USAGE, "--only %s: %s states none", c->only, P->name);
  return CLI_OK;
}

/* At the subject's point, with all that was measured there. */
static int check_subject(check *c) {
  const cli_subject *s = &c->subject;
  int status = can_check(c, s->problem);
  if (!status)
    status = cli_plots_open(&c->plots, s);
  if (status)
    return status;
  if (!c->json)
    cli_print_subject(s);
  const bool every = c->every;
  c->rng = s->rng; /* further on in its stream than the point */
  c->every = true;
  status = check_problem(c, s->problem, s->x, s->model->name);
  c->every = every; /* the problem is what was asked about */
  if (!status)
    status = check_manifold(c, s->problem->manifold, s->x);
  return status ? status : cli_plots_write(&c->plots, s, !c->json);
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

static int check_sample(check *c, const spo_model_ops *model, const cli_group *params,
                        const char *sample) {
  char name[200];
  spo_problem *P = NULL;
  spo_error err = {0};
  snprintf(name, sizeof name, "%s %s", model->name, sample);
  err.code = model->create(params->values, &P, &err);
  if (err.code)
    return cli_group_fail(params, &err);
  int status = check_problem(c, P, NULL, name);
  spo_problem_destroy(P);
  return status;
}

static int check_samples(check *c, const spo_model_ops *model) {
  int status = CLI_OK;
  for (size_t i = 0; !status && model->sample[i]; i++) {
    cli_group params = {0};
    status = cli_group_init(&params, "Problem", model->param, model->n_params, model->params_size);
    if (!status)
      status = take_sample(&params, model->sample[i]);
    if (!status)
      status = check_sample(c, model, &params, model->sample[i]);
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
  return cli_fail(CLI_USAGE,
                  "check: %.60s is neither a model nor a manifold nor a directory; there are: %s",
                  name, known);
}

/* Whether the command line means one problem: parameters of this model, a point, data to plot. */
static bool one_problem(const check *c, const cli_arguments *args, const spo_model_ops *model) {
  for (size_t i = 0; i < args->count; i++) {
    const cli_argument *a = &args->item[i];
    if (a->name && (strcmp(a->name, "init") == 0 ||
                    (!a->taken && spo_option_find(model->param, model->n_params, a->name))))
      return true;
  }
  return cli_plots_wanted(&c->plots);
}

/* Name and what it means. */
typedef struct target {
  const char *name;
  const spo_model_ops *model; /* of samples, or of one problem */
  const spo_manifold_family *family;
  bool one; /* c->subject */
} target;

static int find_target(check *c, cli_arguments *args, target *t) {
  t->name = cli_take_word(args, 1);
  bool manifolds = t->name && strcmp(t->name, "manifold") == 0;
  if (manifolds)
    t->name = cli_take_word(args, 2);
  t->model = t->name && !manifolds ? spo_list_model(t->name) : NULL;
  t->family = t->name && !t->model ? spo_list_manifold(t->name) : NULL;
  t->one = t->model ? one_problem(c, args, t->model)
                    : t->name && !t->family && !manifolds && cli_is_directory(t->name);
  if ((t->name || manifolds) && !t->model && !t->family && !t->one)
    return unknown(t->name ? t->name : "nothing");
  if (cli_plots_wanted(&c->plots) && !t->one)
    return cli_fail(CLI_USAGE, "--curves, --profile, --surface: of which problem? Name a model or "
                               "a directory written by `spheropt solve -o`");
  if (t->family && !kinds[kind_of(c)].of_manifold)
    return cli_fail(CLI_USAGE, "--only %s is a check of a problem; %s is a manifold", c->only,
                    t->name);
  if (!t->one)
    return CLI_OK;
  c->subject.model = t->model;
  c->subject.dir = c->subject.init = t->model ? NULL : t->name;
  return t->model ? cli_subject_take(&c->subject, args) : cli_result_read(t->name, &c->subject);
}

static int run(check *c, cli_arguments *args, cli_group *run_group) {
  target t = {0};
  int status = cli_take_text(args, "only", &c->only);
  if (!status)
    status = cli_take_flag(args, "items", &c->every);
  if (!status)
    status = check_only(c);
  c->every = c->every || c->only;
  if (!status)
    status = cli_plots_take(&c->plots, args);
  if (!status)
    status = find_target(c, args, &t);
  if (!status)
    status = cli_group_take(run_group, args);
  /* a directory brings its own parameters: none of theirs is an option here */
  cli_group *groups[] = {run_group, &c->plots.group, &c->subject.params};
  if (!status)
    status = cli_finish(args, CLI_CHECK, t.one && t.model ? 3 : 2, groups);
  const uint64_t seed = ((cli_run_options *)run_group->values)->seed;
  if (status)
    return status;
  gsl_rng_set(c->rng, (unsigned long)seed);
  if (t.one)
    status = cli_subject_build(&c->subject, seed);
  if (status)
    return status;
  return t.one      ? check_subject(c)
         : t.model  ? check_samples(c, t.model)
         : t.family ? check_family(c, t.family)
                    : check_all(c);
}

static int print_total(const check *c) {
  if (!c->json) {
    if (c->failed)
      printf("%s, %zu FAILED\n", cli_plural(c->count, "check", "checks"), c->failed);
    else
      printf("%s, all passed\n", cli_plural(c->count, "check", "checks"));
    return CLI_OK;
  }
  json_t *o = json_object();
  json_object_set_new(o, "spheropt", spo_json_text(spo_version()));
  json_object_set_new(o, "pass", json_boolean(c->failed == 0));
  json_object_set_new(o, "count", spo_json_uint(c->count));
  json_object_set(o, "checks", c->json);
  return cli_print_json(o);
}

int cli_check(cli_arguments *args) {
  gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
  check c = {.rng = rng};
  cli_group run_group = {0};
  bool json = false;
  int status = rng ? cli_take_flag(args, "json", &json) : cli_fail(CLI_FAILED, "out of memory");
  if (!status)
    status = cli_run_group(&run_group, false);
  c.json = json ? json_array() : NULL;
  if (!status)
    status = run(&c, args, &run_group);
  if (!status && c.count == 0)
    status = cli_fail(CLI_USAGE, "--only %s: nothing there states one", c.only);
  if (!status)
    status = print_total(&c);
  json_decref(c.json);
  cli_group_free(&run_group);
  cli_plots_free(&c.plots);
  cli_subject_free(&c.subject);
  if (rng)
    gsl_rng_free(rng);
  return status ? status : c.failed ? CLI_NOT_SO : CLI_OK;
}
