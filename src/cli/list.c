/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * spheropt list: what this build contains. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/slots.h"
#include "cli/commands.h"
#include "cli/outside/outside.h"
#include "cli/report.h"
#include "cli/subject.h"
#include "io/json.h"
#include "lists/lists.h"

/* Whole numbers as such; null where there is none */
static json_t *number_json(const spo_option *o, double value) {
  const bool whole = o->kind == SPO_OPTION_UINT && fabs(value) <= 0x1p53;
  return whole ? json_integer((json_int_t)value) : spo_json_real(value);
}

static json_t *option_json(const spo_option *o) {
  static const struct {
    spo_option_kind kind;
    const char *name;
  } kinds[] = {{SPO_OPTION_DOUBLE, "real"},     {SPO_OPTION_UINT, "integer"},
               {SPO_OPTION_BOOL, "flag"},       {SPO_OPTION_CHOICE, "choice"},
               {SPO_OPTION_COUNTS, "counts"},   {SPO_OPTION_INTEGERS, "integer-file"},
               {SPO_OPTION_MATRIX, "real-file"}};
  json_t *j = json_object();
  json_object_set_new(j, "name", spo_json_text(o->name));
  for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
    if (kinds[i].kind == o->kind)
      json_object_set_new(j, "kind", spo_json_text(kinds[i].name));
  json_object_set_new(j, "help", spo_json_text(o->help));
  if (o->kind == SPO_OPTION_DOUBLE || o->kind == SPO_OPTION_UINT) {
    json_object_set_new(j, "default", o->dflt >= o->lo ? number_json(o, o->dflt) : json_null());
    json_object_set_new(j, "lo", number_json(o, o->lo));
    json_object_set_new(j, "hi", number_json(o, o->hi));
    json_object_set_new(j, "lo_excluded", json_boolean(o->open & SPO_OPEN_LO));
    json_object_set_new(j, "hi_excluded", json_boolean(o->open & SPO_OPEN_HI));
  } else if (o->kind == SPO_OPTION_BOOL) {
    json_object_set_new(j, "default", json_boolean(o->dflt != 0));
  } else if (o->kind == SPO_OPTION_CHOICE) {
    json_t *names = json_array();
    for (const spo_choice *c = o->choice; c->name; c++)
      json_array_append_new(names, spo_json_text(c->name));
    json_object_set_new(j, "default", spo_json_text(o->choice[(size_t)o->dflt].name));
    json_object_set_new(j, "choices", names);
  }
  json_object_set_new(j, "origin",
                      o->origin && *o->origin ? spo_json_text(o->origin) : json_null());
  return j;
}

static json_t *head_json(const char *name, const char *summary, const char *reference) {
  json_t *o = json_object();
  json_object_set_new(o, "name", spo_json_text(name));
  json_object_set_new(o, "summary", spo_json_text(summary));
  json_object_set_new(o, "reference", spo_json_text(reference));
  return o;
}

static json_t *table_json(const spo_option *table, size_t count) {
  json_t *array = json_array();
  for (size_t i = 0; i < count; i++)
    json_array_append_new(array, option_json(&table[i]));
  return array;
}

static json_t *inits_json(const spo_model_ops *m) {
  json_t *array = json_array();
  for (size_t i = 0; i < m->n_points; i++) {
    json_t *o = json_object();
    json_object_set_new(o, "name", spo_json_text(m->point[i].name));
    json_object_set_new(o, "argument", spo_json_text(m->point[i].argument));
    json_object_set_new(o, "help", spo_json_text(m->point[i].help));
    json_array_append_new(array, o);
  }
  return array;
}

/* What a parameter that is not given becomes when none is: the default problem knows. */
static json_t *parameters_json(const spo_model_ops *m) {
  json_t *array = table_json(m->param, m->n_params);
  spo_problem *P = NULL;
  void *values = calloc(1, m->params_size), *described = calloc(1, m->params_size);
  if (values && described) {
    spo_options_init(m->param, m->n_params, values, m->params_size);
    spo_options_init(m->param, m->n_params, described, m->params_size);
    if (m->create(values, &P, NULL) == SPO_OK)
      m->describe(P, described);
  }
  for (size_t i = 0; P && i < m->n_params; i++) {
    const spo_option *o = &m->param[i];
    json_t *item = json_array_get(array, i);
    const bool number = o->kind == SPO_OPTION_DOUBLE || o->kind == SPO_OPTION_UINT;
    char text[64] = "";
    if (number && json_is_null(json_object_get(item, "default")))
      spo_option_get(o, described, text, sizeof text);
    if (*text)
      json_object_set_new(item, "default", number_json(o, strtod(text, NULL)));
  }
  spo_problem_destroy(P);
  free(values);
  free(described);
  return array;
}

static json_t *example_json(const spo_model_ops *m) {
  char text[400];
  snprintf(text, sizeof text, "spheropt solve %s %s", m->name, cli_example(m));
  return spo_json_text(text);
}

static json_t *models_json(void) {
  json_t *array = json_array();
  for (size_t i = 0; spo_list_models[i]; i++) {
    const spo_model_ops *m = spo_list_models[i]();
    json_t *o = head_json(m->name, m->summary, m->reference), *metrics = json_array();
    const char *manifold = SPO_HAS(spo_model_ops, m, manifold) ? m->manifold : NULL;
    const char *theorem = SPO_HAS(spo_model_ops, m, theorem) ? m->theorem : NULL;
    json_object_set_new(o, "manifold", spo_json_text(manifold));
    json_object_set_new(o, "theorem", spo_json_text(theorem));
    json_object_set_new(o, "parameters", parameters_json(m));
    json_object_set_new(o, "inits", inits_json(m));
    for (size_t k = 0; k < m->n_metrics; k++)
      json_array_append_new(metrics, spo_json_text(m->metric[k]));
    json_object_set_new(o, "metrics", metrics);
    json_object_set_new(o, "example", example_json(m));
    json_array_append_new(array, o);
  }
  return array;
}

static json_t *solvers_json(void) {
  json_t *array = json_array();
  for (size_t i = 0; spo_list_solvers[i]; i++) {
    const spo_solver_ops *s = spo_list_solvers[i]();
    json_t *o = head_json(s->name, s->summary, s->reference);
    json_object_set_new(o, "needs_hessian", json_boolean(s->needs & SPO_NEEDS_HESS));
    json_object_set_new(o, "options", table_json(s->option, s->n_options));
    json_array_append_new(array, o);
  }
  return array;
}

static json_t *outside_json(void) {
  json_t *array = json_array();
  for (const cli_outside *s = cli_outside_solvers; s->name; s++)
    json_array_append_new(array, head_json(s->name, s->summary, NULL));
  return array;
}

static json_t *manifolds_json(void) {
  json_t *array = json_array();
  for (size_t i = 0; spo_list_manifolds[i]; i++) {
    const spo_manifold_family *f = spo_list_manifolds[i]();
    json_array_append_new(array, head_json(f->name, f->summary, f->reference));
  }
  return array;
}

static json_t *all_inits_json(void) {
  json_t *object = json_object();
  for (size_t i = 0; spo_list_models[i]; i++)
    json_object_set_new(object, spo_list_models[i]()->name, inits_json(spo_list_models[i]()));
  return object;
}

static json_t *subproblems_json(void) {
  json_t *array = json_array();
  for (size_t i = 0; spo_list_subproblems[i]; i++) {
    const spo_trs_ops *s = spo_list_subproblems[i]();
    json_t *o = head_json(s->name, s->summary, s->reference);
    json_object_set_new(o, "options", table_json(s->option, s->n_options));
    json_array_append_new(array, o);
  }
  return array;
}

static json_t *line_searches_json(void) {
  json_t *array = json_array();
  for (size_t i = 0; spo_list_line_searches[i]; i++) {
    const spo_line_search_ops *s = spo_list_line_searches[i]();
    json_array_append_new(array, head_json(s->name, s->summary, s->reference));
  }
  return array;
}

static json_t *values_json(const spo_preset_value *value) {
  json_t *o = json_object();
  for (; value->option; value++)
    json_object_set_new(o, value->option, spo_json_text(value->value));
  return o;
}

static json_t *presets_json(void) {
  size_t count;
  const spo_preset *all = spo_presets(&count);
  json_t *array = json_array();
  for (size_t i = 0; i < count; i++) {
    json_t *o = json_object();
    json_object_set_new(o, "name", spo_json_text(all[i].name));
    json_object_set_new(o, "summary", spo_json_text(all[i].summary));
    json_object_set_new(o, "needs_escape", json_boolean(all[i].needs & SPO_LEAVES_SADDLES));
    json_object_set_new(o, "solver", values_json(all[i].solver));
    json_object_set_new(o, "stop", values_json(all[i].stop));
    json_array_append_new(array, o);
  }
  return array;
}

static void entry(const char *name, const char *text) {
  printf("  %-22s %s\n", name, text);
}

static void print_models(void) {
  for (size_t i = 0; spo_list_models[i]; i++)
    entry(spo_list_models[i]()->name, spo_list_models[i]()->summary);
}
static void print_solvers(void) {
  for (size_t i = 0; spo_list_solvers[i]; i++)
    entry(spo_list_solvers[i]()->name, spo_list_solvers[i]()->summary);
}
static void print_outside(void) {
  for (const cli_outside *s = cli_outside_solvers; s->name; s++)
    entry(s->name, s->summary);
}
static void print_manifolds(void) {
  for (size_t i = 0; spo_list_manifolds[i]; i++)
    entry(spo_list_manifolds[i]()->name, spo_list_manifolds[i]()->summary);
}
static void print_subproblems(void) {
  for (size_t i = 0; spo_list_subproblems[i]; i++)
    entry(spo_list_subproblems[i]()->name, spo_list_subproblems[i]()->summary);
}
static void print_line_searches(void) {
  for (size_t i = 0; spo_list_line_searches[i]; i++)
    entry(spo_list_line_searches[i]()->name, spo_list_line_searches[i]()->summary);
}
static void print_presets(void) {
  size_t count;
  const spo_preset *all = spo_presets(&count);
  for (size_t i = 0; i < count; i++) {
    entry(all[i].name, all[i].summary);
    printf("  %-22s", "");
    for (const spo_preset_value *v = all[i].stop; v->option; v++)
      printf(" --%s %s", v->option, v->value);
    for (const spo_preset_value *v = all[i].solver; v->option; v++)
      printf(" --%s %s", v->option, v->value);
    printf("\n");
  }
}
static bool same_init(const spo_named_point *a, const spo_named_point *b) {
  const char *x = a->argument ? a->argument : "", *y = b->argument ? b->argument : "";
  return strcmp(a->name, b->name) == 0 && strcmp(x, y) == 0 && strcmp(a->help, b->help) == 0;
}

/* Does the i-th model have that start? */
static bool has_init(size_t i, const spo_named_point *p) {
  const spo_model_ops *m = spo_list_models[i]();
  for (size_t k = 0; k < m->n_points; k++)
    if (same_init(&m->point[k], p))
      return true;
  return false;
}

/* The k-th start of the i-th model, with all models that share it; once */
static void print_init(size_t i, size_t k) {
  const spo_named_point *p = &spo_list_models[i]()->point[k];
  char name[64], help[512];
  for (size_t j = 0; j < i; j++)
    if (has_init(j, p))
      return;
  snprintf(name, sizeof name, "%s%s%s", p->name, p->argument ? ":" : "",
           p->argument ? p->argument : "");
  snprintf(help, sizeof help, "%s (%s", p->help, spo_list_models[i]()->name);
  for (size_t j = i + 1; spo_list_models[j]; j++) {
    const size_t used = strlen(help);
    if (has_init(j, p))
      snprintf(help + used, sizeof help - used, ", %s", spo_list_models[j]()->name);
  }
  const size_t used = strlen(help);
  snprintf(help + used, sizeof help - used, ")");
  entry(name, help);
}

static void print_inits(void) {
  entry("random", "a random point, from --seed (every model)");
  entry("DIR", "the point that an earlier `spheropt solve -o DIR` wrote (every model)");
  for (size_t i = 0; spo_list_models[i]; i++)
    for (size_t k = 0; k < spo_list_models[i]()->n_points; k++)
      print_init(i, k);
}

static const struct {
  const char *name, *title;
  void (*print)(void);
  json_t *(*json)(void);
} kinds[] = {
    {"models", "models: spheropt solve MODEL --help shows their parameters", print_models,
     models_json},
    {"solvers", "solvers: --solver NAME", print_solvers, solvers_json},
    {"outside", "solvers of other libraries, for comparison: bench solvers --solvers NAME,...",
     print_outside, outside_json},
    {"inits", "starting points: --init START", print_inits, all_inits_json},
    {"manifolds", "manifolds", print_manifolds, manifolds_json},
    {"subproblems", "solvers of the trust region's subproblem", print_subproblems,
     subproblems_json},
    {"line-searches", "line searches: --line-search NAME", print_line_searches, line_searches_json},
    {"presets", "presets: --preset NAME sets what the solver has of these", print_presets,
     presets_json},
};
enum { KINDS = sizeof kinds / sizeof kinds[0] };

int cli_list(cli_arguments *args) {
  const char *name = cli_take_word(args, 1);
  bool json = false, known = !name;
  int status = cli_take_flag(args, "json", &json);
  if (!status)
    status = cli_finish(args, CLI_LIST, 0, NULL);
  if (status)
    return status;
  for (size_t i = 0; name && i < KINDS; i++)
    known = known || strcmp(kinds[i].name, name) == 0;
  if (!known)
    return cli_fail(CLI_USAGE,
                    "list: %.60s is unknown; there are: models, solvers, outside, inits, "
                    "manifolds, subproblems, "
                    "line-searches, presets",
                    name);
  json_t *o = json ? json_object() : NULL;
  const char *gap = "";
  for (size_t i = 0; i < KINDS; i++) {
    if (name && strcmp(kinds[i].name, name) != 0)
      continue;
    if (json) {
      json_object_set_new(o, kinds[i].name, kinds[i].json());
      continue;
    }
    printf("%s%s\n", gap, kinds[i].title);
    kinds[i].print();
    gap = "\n";
  }
  return json ? cli_print_json(o) : CLI_OK;
}
