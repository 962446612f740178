/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * spheropt sweep: critical points followed along a parameter, there and back. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/interrupt.h"
#include "cli/report.h"
#include "io/files.h"
#include "io/json.h"
#include "io/npy.h"

enum { TRACKS = 2, MAX_VALUES = 100000, EVENTS = 4 };

/* One point that is followed, and what it is called. */
typedef struct track {
  spo_sweep *sweep;
  const char *init;
  size_t local, branch; /* its branch as the sweep numbers it, and among those of all tracks */
  size_t index;         /* of the last row */
} track;

typedef struct sweep {
  cli_subject s[TRACKS]; /* the second: --against */
  cli_group run, options;
  char name[64]; /* of the parameter */
  double *value;
  size_t count, steps, done; /* steps: there and back */
  track track[TRACKS];
  size_t tracks, branches;
  const char *out;
  bool json, resume;
  json_t *rows, *events;
} sweep;

/* ---- options --------------------------------------------------------------------------------- */

static int bad_range(const char *text) {
  return cli_fail(
      CLI_USAGE,
      "--vary: %.80s is not allowed; it must be NAME=FROM:TO:COUNT, NAME=FROM:TO:log:COUNT, "
      "or NAME=FROM:TO for whole numbers",
      text);
}

/* One number, ended by a colon or the text's end. */
static const char *take_number(const char *at, double *number) {
  char *end;
  *number = strtod(at, &end);
  return end == at || (*end && *end != ':') || !isfinite(*number) ? NULL : end + (*end == ':');
}

static void fill_values(sweep *v, double from, double to, bool log_scale) {
  for (size_t i = 0; i < v->count; i++) {
    const double t = v->count > 1 ? (double)i / (double)(v->count - 1) : 0.0;
    v->value[i] = log_scale ? from * pow(to / from, t) : from + (to - from) * t;
  }
  v->value[v->count - 1] = v->count > 1 ? to : from;
}

static int take_values(sweep *v, const char *text, const char *at, bool whole) {
  double from, to, count = 0;
  bool log_scale = false;
  at = take_number(at, &from);
  at = at ? take_number(at, &to) : NULL;
  if (!at)
    return bad_range(text);
  if (strncmp(at, "log:", 4) == 0 || strncmp(at, "lin:", 4) == 0) {
    log_scale = at[1] == 'o';
    at += 4;
  }
  if (*at)
    at = take_number(at, &count);
  else if (whole)
    count = fabs(to - from) + 1;
  if (!at || *at || !(count >= 1) || count != floor(count) || count > MAX_VALUES ||
      (log_scale && !(from * to > 0)))
    return bad_range(text);
  v->count = (size_t)count;
  v->value = calloc(v->count, sizeof *v->value);
  if (!v->value)
    return cli_fail(CLI_FAILED, "out of memory");
  fill_values(v, from, to, log_scale);
  for (size_t i = 0; whole && i < v->count; i++)
    v->value[i] = floor(v->value[i] + 0.5);
  v->steps = 2 * v->count - 1;
  return CLI_OK;
}

static int take_vary(sweep *v, cli_arguments *args) {
  const char *text = NULL;
  const int status = cli_take_text(args, "vary", &text);
  if (status)
    return status;
  if (!text)
    return cli_fail(CLI_USAGE,
                    "--vary is due: the parameter and its values, like tau=0.1:40:log:60");
  const size_t length = strcspn(text, "=");
  if (!text[length] || length == 0 || length >= sizeof v->name)
    return bad_range(text);
  memcpy(v->name, text, length);
  const spo_model_ops *model = v->s[0].model;
  const spo_option *o = spo_option_find(model->param, model->n_params, v->name);
  if (!o || (o->kind != SPO_OPTION_DOUBLE && o->kind != SPO_OPTION_UINT))
    return cli_fail(CLI_USAGE, "--vary: %.60s is no number among the parameters of %s", v->name,
                    model->name);
  return take_values(v, text, text + length + 1, o->kind == SPO_OPTION_UINT);
}

/* The parameter's first value, as the problem's own; the last, that it is refused now if ever. */
static int set_first(sweep *v, cli_subject *s) {
  char text[40];
  spo_error err = {0};
  const spo_option *o = spo_option_find(s->params.table, s->params.count, v->name);
  const double end[] = {v->value[v->count - 1], v->value[0]};
  for (int i = 0; i < 2; i++) {
    snprintf(text, sizeof text, o->kind == SPO_OPTION_UINT ? "%.0f" : "%.17g", end[i]);
    if (spo_option_set(o, s->params.values, text, &err))
      return cli_group_fail(&s->params, &err);
  }
  return CLI_OK;
}

/* Problem and start of one track. */
static int build_track(sweep *v, size_t i) {
  track *t = &v->track[i];
  cli_subject *s = &v->s[i];
  spo_error err = {0};
  int status = set_first(v, s);
  if (!status)
    status = cli_subject_build(s, ((cli_run_options *)v->run.values)->seed);
  if (status)
    return status;
  t->init = s->init;
  spo_sweep_options options = *(const spo_sweep_options *)v->options.values;
  options.seed = s->seed;
  options.poll = cli_interrupted;
  err.code = spo_sweep_create(s->model, s->params.values, v->name, &options, &t->sweep, &err);
  return err.code ? cli_fail_error(&err) : CLI_OK;
}

static int take_options(sweep *v, cli_arguments *args) {
  size_t count;
  const spo_option *table = spo_sweep_options_table(&count);
  const char *against = NULL;
  int status = cli_run_group(&v->run, false);
  if (!status)
    status = cli_group_init(&v->options, "Following", table, count, sizeof(spo_sweep_options));
  if (!status)
    status = cli_take_text(args, "o", &v->out);
  if (!status)
    status = cli_take_flag(args, "json", &v->json);
  if (!status)
    status = cli_take_flag(args, "continue", &v->resume);
  if (!status)
    status = cli_take_text(args, "against", &against);
  if (!status)
    status = take_vary(v, args);
  v->tracks = against ? 2 : 1;
  for (size_t i = 0; !status && i < v->tracks; i++) {
    v->s[i].model = v->s[0].model;
    status = cli_subject_take_start(&v->s[i], args, i == 0 ? "init" : "against");
  }
  if (!status)
    status = cli_group_take(&v->run, args);
  if (!status)
    status = cli_group_take(&v->options, args);
  if (!status && v->resume && !v->out)
    return cli_fail(CLI_USAGE,
                    "--continue goes with -o DIR: the directory of the sweep that stopped");
  cli_group *groups[] = {&v->s[0].params, &v->run, &v->options};
  return status ? status : cli_finish(args, CLI_SWEEP, 3, groups);
}

/* ---- rows and events ------------------------------------------------------------------------- */

static double value_of_step(const sweep *v, size_t step) {
  return v->value[step < v->count ? step : 2 * v->count - 2 - step];
}

static void print_head(const sweep *v) {
  if (v->json)
    return;
  cli_print_subject(&v->s[0]);
  printf("\n%14s %18s %10s %6s %12s %7s%s\n", v->name, "f", "|grad|", "index", "lambda_min",
         "branch", v->tracks > 1 ? "  start" : "");
}

/* What the columns mean, for who reads them the first time */
static void print_foot(const sweep *v) {
  if (v->json)
    return;
  printf("\n  index       negative eigenvalues of the Hessian; 0: a minimum\n"
         "  lambda_min  its lowest eigenvalue, those that symmetry makes zero left out\n");
}

/* The model's own numbers at the point of the row; NaN where they could not be computed */
static json_t *row_metrics(const sweep *v, const track *t) {
  const spo_model_ops *m = v->s[0].model;
  double value[SPO_MODEL_MAX_METRICS];
  for (size_t i = 0; i < SPO_MODEL_MAX_METRICS; i++)
    value[i] = NAN;
  if (m->metrics && m->metrics(spo_sweep_problem(t->sweep), spo_sweep_point(t->sweep), value, NULL))
    value[0] = NAN;
  return cli_metrics_json(m, value);
}

static void add_row(sweep *v, track *t, const spo_sweep_row *row) {
  char branch[24] = "-";
  if (row->critical && (row->branch != t->local || v->done == 0)) {
    t->local = row->branch;
    t->branch = v->branches++;
  } else if (!row->critical) {
    t->local = SPO_SWEEP_NOWHERE;
  }
  if (row->critical)
    snprintf(branch, sizeof branch, "%zu", t->branch);
  t->index = row->index;
  json_t *o = json_object();
  json_object_set_new(o, "value", spo_json_real(row->value));
  json_object_set_new(o, "f", spo_json_real(row->f));
  json_object_set_new(o, "grad_norm", spo_json_real(row->grad_norm));
  json_object_set_new(o, "index", spo_json_uint(row->index));
  json_object_set_new(o, "lambda_min", spo_json_real(row->lambda_min));
  json_object_set_new(o, "critical", json_boolean(row->critical));
  json_object_set_new(o, "branch", row->critical ? spo_json_uint(t->branch) : json_null());
  json_object_set_new(o, "start", spo_json_text(t->init));
  json_object_set_new(o, "direction", spo_json_text(v->done < v->count ? "forward" : "backward"));
  json_object_set_new(o, "reason", spo_json_text(spo_reason_name(row->reason)));
  json_object_set_new(o, "metrics", row_metrics(v, t));
  json_array_append_new(v->rows, o);
  if (!v->json)
    printf("%14s %18s %10s %6zu %12s %7s%s%s%s\n", cli_number(row->value, 8),
           cli_number(row->f, 12), cli_number(row->grad_norm, 2), row->index,
           cli_number(row->lambda_min, 4), branch, v->tracks > 1 ? "  " : "",
           v->tracks > 1 ? t->init : "", row->critical ? "" : "  not critical");
}

/* A fold or an exchange between t's last row and the next one, which may be of another branch */
static void print_event(const sweep *v, const spo_sweep_event *e, const track *t,
                        const spo_sweep_row *next) {
  const bool left = next->branch != t->local;
  printf("  -- %s at %s = %s: branch %zu ", spo_sweep_kind_name(e->kind), v->name,
         cli_number(e->value, 10), t->branch);
  if (e->kind == SPO_SWEEP_FOLD)
    printf("ends");
  else if (left || next->index == t->index)
    printf("changes its index");
  else
    printf("changes its index from %zu to %zu", t->index, next->index);
  if (left && next->critical)
    printf("; from there down to branch %zu", v->branches);
  printf("\n");
}

static void add_event(sweep *v, const spo_sweep_event *e, size_t branch, size_t other) {
  json_t *o = json_object();
  json_object_set_new(o, "kind", spo_json_text(spo_sweep_kind_name(e->kind)));
  json_object_set_new(o, "value", spo_json_real(e->value));
  json_object_set_new(o, "width", spo_json_real(e->width));
  json_object_set_new(o, "branch", spo_json_uint(branch));
  json_object_set_new(o, "other",
                      e->kind == SPO_SWEEP_CROSSING ? spo_json_uint(other) : json_null());
  json_array_append_new(v->events, o);
  if (!v->json && e->kind == SPO_SWEEP_CROSSING)
    printf("  -- crossing at %s = %s: branches %zu and %zu have the same cost\n", v->name,
           cli_number(e->value, 10), branch, other);
}

/* ---- what is kept ---------------------------------------------------------------------------- */

static json_t *sweep_json(const sweep *v) {
  json_t *o = json_object(), *values = json_array(), *tracks = json_array();
  json_object_set_new(o, "spheropt", spo_json_text(spo_version()));
  json_object_set_new(o, "model", spo_json_text(v->s[0].model->name));
  json_object_set_new(o, "parameters", cli_options_json(&v->s[0].params));
  json_object_set_new(o, "vary", spo_json_text(v->name));
  json_object_set_new(o, "values", values);
  json_object_set_new(o, "options", cli_options_json(&v->options));
  json_object_set_new(o, "seed", spo_json_uint(v->s[0].seed));
  json_object_set_new(o, "steps", spo_json_uint(v->steps));
  json_object_set_new(o, "done", spo_json_uint(v->done));
  json_object_set_new(o, "branches", spo_json_uint(v->branches));
  json_object_set_new(o, "tracks", tracks);
  json_object_set(o, "rows", v->rows);
  json_object_set(o, "events", v->events);
  for (size_t i = 0; i < v->count; i++)
    json_array_append_new(values, spo_json_real(v->value[i]));
  for (size_t i = 0; i < v->tracks; i++) {
    json_t *t = json_object();
    json_object_set_new(t, "start", spo_json_text(v->track[i].init));
    json_object_set_new(t, "branch", spo_json_uint(v->track[i].branch));
    json_array_append_new(tracks, t);
  }
  return o;
}

/* After each step: the rows so far, and the points to go on from. */
static int keep(sweep *v) {
  spo_error err = {0};
  spo_output *to = NULL;
  FILE *file;
  if (!v->out)
    return CLI_OK;
  spo_status status = spo_output_open(v->out, &to, &err);
  for (size_t i = 0; !status && i < v->tracks; i++) {
    char name[32];
    snprintf(name, sizeof name, "point%zu.npy", i);
    const spo_npy a = {1, spo_sweep_problem(v->track[i].sweep)->manifold->n, 1,
                       (double *)spo_sweep_point(v->track[i].sweep), NULL};
    status = spo_output_add(to, name, &file, &err);
    if (!status)
      status = spo_npy_write(file, &a, &err);
  }
  json_t *o = sweep_json(v);
  if (!status)
    status = spo_output_add(to, "sweep.json", &file, &err);
  if (!status)
    status = spo_json_write(file, o, &err);
  json_decref(o);
  if (!status)
    return spo_output_commit(to, &err) ? cli_fail(CLI_FAILED, "-o: %s", err.text) : CLI_OK;
  spo_output_abandon(to);
  return cli_fail(CLI_FAILED, "-o: %s", err.text);
}

/* The same sweep? Then its rows, and where it stopped. */
static int take_up(sweep *v) {
  char path[4096];
  spo_error err = {0};
  json_t *kept = NULL, *own = sweep_json(v);
  int status = CLI_OK;
  snprintf(path, sizeof path, "%s/sweep.json", v->out);
  if (spo_json_read(path, &kept, &err)) {
    json_decref(own);
    return cli_fail(CLI_USAGE, "--continue: %s", err.text);
  }
  static const char *const same[] = {"model", "parameters", "vary", "values", "options", "seed"};
  for (size_t i = 0; !status && i < sizeof same / sizeof same[0]; i++)
    if (!json_equal(json_object_get(kept, same[i]), json_object_get(own, same[i])))
      status =
          cli_fail(CLI_USAGE, "--continue: %s is of another sweep: its %s differ", path, same[i]);
  const json_t *tracks = json_object_get(kept, "tracks");
  if (!status && json_array_size(tracks) != v->tracks)
    status = cli_fail(CLI_USAGE, "--continue: %s is of another sweep: its starts differ", path);
  if (!status) {
    v->done = (size_t)json_integer_value(json_object_get(kept, "done"));
    v->branches = (size_t)json_integer_value(json_object_get(kept, "branches"));
    json_array_extend(v->rows, json_object_get(kept, "rows"));
    json_array_extend(v->events, json_object_get(kept, "events"));
    for (size_t i = 0; i < v->tracks; i++)
      v->track[i].branch =
          (size_t)json_integer_value(json_object_get(json_array_get(tracks, i), "branch"));
  }
  json_decref(kept);
  json_decref(own);
  return status;
}

/* ---- the sweep ------------------------------------------------------------------------------- */

/* A track at the value where the kept sweep stopped. */
static int restart(sweep *v, size_t i) {
  char path[4096];
  spo_error err = {0};
  spo_npy a;
  spo_sweep_row row;
  snprintf(path, sizeof path, "%s/point%zu.npy", v->out, i);
  if (spo_npy_read(path, SPO_NPY_REALS, &a, &err))
    return cli_fail(CLI_USAGE, "--continue: %s", err.text);
  err.code =
      spo_sweep_start(v->track[i].sweep, value_of_step(v, v->done - 1), a.real, 0, &row, &err);
  spo_npy_free(&a);
  v->track[i].local = err.code || row.critical ? 0 : SPO_SWEEP_NOWHERE;
  v->track[i].index = row.index;
  return err.code ? cli_fail_error(&err) : CLI_OK;
}

static int first_step(sweep *v) {
  spo_error err = {0};
  for (size_t i = 0; i < v->tracks; i++) {
    spo_sweep_row row;
    err.code = spo_sweep_start(v->track[i].sweep, v->value[0], v->s[i].x, 0, &row, &err);
    if (err.code)
      return cli_fail_error(&err);
    add_row(v, &v->track[i], &row);
  }
  return CLI_OK;
}

static void add_step(sweep *v, track *t, const spo_sweep_row *row, const spo_sweep_event *event,
                     size_t events) {
  for (size_t k = 0; k < events; k++) {
    add_event(v, &event[k], t->branch, 0);
    if (!v->json)
      print_event(v, &event[k], t, row);
  }
  add_row(v, t, row);
}

/* An interrupt stops the solver within the step: its point is none of the branch, and the step is
 * left out */
static int one_step(sweep *v, bool *cut) {
  spo_error err = {0};
  spo_sweep_row row[TRACKS];
  spo_sweep_event event[TRACKS][EVENTS];
  size_t events[TRACKS];
  for (size_t i = 0; i < v->tracks; i++) {
    err.code = spo_sweep_step(v->track[i].sweep, value_of_step(v, v->done), &row[i], event[i],
                              EVENTS, &events[i], &err);
    *cut = cli_interrupted(NULL);
    if (err.code || *cut)
      return err.code ? cli_fail_error(&err) : CLI_OK;
  }
  for (size_t i = 0; i < v->tracks; i++)
    add_step(v, &v->track[i], &row[i], event[i], events[i]);
  bool crosses = false;
  spo_sweep_event crossing;
  if (v->tracks > 1)
    err.code = spo_sweep_crossing(v->track[0].sweep, v->track[1].sweep, &crosses, &crossing, &err);
  if (!err.code && crosses)
    add_event(v, &crossing, v->track[0].branch, v->track[1].branch);
  return err.code ? cli_fail_error(&err) : CLI_OK;
}

static int go(sweep *v) {
  int status = CLI_OK;
  bool cut = false;
  if (v->resume)
    status = take_up(v);
  for (size_t i = 0; !status && v->done > 0 && i < v->tracks; i++)
    status = restart(v, i);
  print_head(v);
  for (; !status && v->done < v->steps && !cli_interrupted(NULL); v->done++) {
    if (!v->json && v->done == v->count)
      printf("  -- and back\n");
    status = v->done == 0 ? first_step(v) : one_step(v, &cut);
    if (cut)
      break;
    if (!status) {
      v->done++;
      status = keep(v);
      v->done--;
    }
    if (!v->json)
      fflush(stdout);
  }
  return status;
}

static int run(sweep *v, cli_arguments *args) {
  int status = take_options(v, args);
  cli_catch_interrupts();
  v->rows = json_array();
  v->events = json_array();
  for (size_t i = 0; !status && i < v->tracks; i++)
    status = build_track(v, i);
  if (!status)
    status = go(v);
  if (status)
    return status;
  if (v->json)
    status = cli_print_json(sweep_json(v));
  print_foot(v);
  if (!v->json && v->done < v->steps)
    printf("stopped after %zu of %zu steps%s\n", v->done, v->steps,
           v->out ? "; --continue goes on" : "");
  return status ? status : v->done < v->steps ? CLI_UNFINISHED : CLI_OK;
}

int cli_sweep(cli_arguments *args) {
  sweep v = {.json = false};
  v.s[0].model = cli_find_model(cli_take_word(args, 1));
  const int status = v.s[0].model ? run(&v, args) : CLI_USAGE;
  for (size_t i = 0; i < TRACKS; i++) {
    spo_sweep_destroy(v.track[i].sweep);
    cli_subject_free(&v.s[i]);
  }
  json_decref(v.rows);
  json_decref(v.events);
  free(v.value);
  cli_group_free(&v.run);
  cli_group_free(&v.options);
  return status;
}
