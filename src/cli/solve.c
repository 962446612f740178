/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * spheropt solve: from a start to a minimiser. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/slots.h"
#include "cli/commands.h"
#include "cli/interrupt.h"
#include "cli/report.h"
#include "cli/running.h"
#include "cli/starts.h"
#include "cli/wrapping.h"
#include "io/files.h"
#include "io/json.h"
#include "lists/lists.h"

typedef struct solve {
  cli_subject s;
  cli_group run, stop, solver;
  cli_wrapping wrapping;
  const spo_solver_ops *type;
  const char *out;
  bool json, finish;
  char finished[sizeof((spo_error *)0)->text]; /* the model's note on that */
  cli_running running;
  cli_starts starts;
  double f_star;
  const char *theorem;
  cli_measure before, after;
  spo_result result;
} solve;

/* Options ----------------------------------------------------------------------------------- */

static int find_solver(solve *v, cli_arguments *args) {
  const char *name = "trust-region";
  char known[256] = "";
  int status = cli_take_text(args, "solver", &name);
  if (status)
    return status;
  v->type = spo_list_solver(name);
  for (size_t i = 0; !v->type && spo_list_solvers[i]; i++) {
    size_t used = strlen(known);
    snprintf(known + used, sizeof known - used, "%s%s", i ? ", " : "", spo_list_solvers[i]()->name);
  }
  if (!v->type)
    return cli_fail(CLI_USAGE, "--solver: %.60s is unknown; there are: %s", name, known);
  return cli_group_init(&v->solver, "Solver", v->type->option, v->type->n_options,
                        v->type->options_size);
}

/* Before the command line's own options, which have the last word. */
static int take_preset(solve *v, cli_arguments *args) {
  const char *name = NULL;
  spo_error err = {0};
  char known[256] = "";
  size_t count;
  const spo_preset *all = spo_presets(&count);
  int status = cli_take_text(args, "preset", &name);
  if (status || !name)
    return status;
  for (size_t i = 0; i < count; i++) {
    const size_t used = strlen(known);
    snprintf(known + used, sizeof known - used, "%s%s", i ? ", " : "", all[i].name);
  }
  const spo_preset *preset = spo_preset_find(name);
  if (!preset)
    return cli_fail(CLI_USAGE, "--preset: %.60s is unknown; there are: %s", name, known);
  if (spo_preset_apply(preset, v->type, v->solver.values, v->stop.values, &err))
    return cli_fail(CLI_USAGE, "--%s", err.text);
  return CLI_OK;
}

static int take_options(solve *v, cli_arguments *args) {
  size_t n_stop;
  const spo_option *stop = spo_stop_options(&n_stop);
  int status = find_solver(v, args);
  if (!status)
    status = cli_run_group(&v->run, true);
  if (!status)
    status = cli_group_init(&v->stop, "Stop rules", stop, n_stop, sizeof(spo_stop));
  if (!status)
    status = cli_wrapping_init(&v->wrapping);
  if (!status)
    status = cli_starts_init(&v->starts);
  if (!status)
    status = cli_take_text(args, "o", &v->out);
  if (!status)
    status = cli_take_flag(args, "json", &v->json);
  if (!status)
    status = cli_take_flag(args, "finish", &v->finish);
  if (!status && v->finish && !SPO_HAS(spo_model_ops, v->s.model, finish))
    status = cli_fail(CLI_USAGE, "--finish: %s has nothing to add to a solver's point",
                      v->s.model->name);
  if (!status)
    status = cli_running_take(&v->running, args);
  if (!status && v->running.resume && cli_take(args, "init"))
    status = cli_fail(CLI_USAGE, "--init: the point comes from --resume; give one or the other");
  if (!status)
    status = take_preset(v, args);
  if (!status)
    status = cli_subject_take(&v->s, args);
  cli_group *groups[] = {&v->s.params,       &v->run,         &v->stop, &v->solver,
                         &v->wrapping.group, &v->starts.group};
  const size_t count = sizeof groups / sizeof groups[0];
  for (size_t i = 1; !status && i < count; i++)
    status = cli_group_take(groups[i], args);
  if (!status)
    status = cli_finish(args, CLI_SOLVE, count, groups);
  if (!status)
    status = cli_starts_agree(&v->starts, &v->s, &v->running);
  return status ? status : cli_apply_tol(&v->run, &v->stop, args);
}

/* The run ----------------------------------------------------------------------------------- */

static int measure(const solve *v, cli_measure *m) {
  spo_error err = {0};
  spo_status status = cli_measure_at(&v->s, m, &err);
  err.code = status;
  if (status == SPO_E_NOMEM)
    return cli_subject_fail_memory(&v->s, &err);
  return status ? cli_fail_error(&err) : CLI_OK;
}

/* One run, traced and saved as asked. */
static int run_once(solve *v) {
  const spo_stop *stop = v->stop.values;
  int status = v->running.resume ? CLI_OK : cli_subject_keep_start(&v->s);
  if (!status)
    status = cli_running_open(&v->running, &v->s, v->type, v->solver.values, stop);
  if (!status)
    status = measure(v, &v->before);
  if (!status && !v->json) {
    cli_print_subject(&v->s);
    printf("solver: %s\n", v->type->name);
  }
  return status ? status : cli_running_go(&v->running, &v->s, stop, &v->result);
}

/* A run that was interrupted is handed over as it stands. */
static bool finishes(const solve *v) {
  return v->finish && v->result.reason != SPO_STOP_USER;
}

static void say_finished(solve *v, spo_error *note) {
  snprintf(v->finished, sizeof v->finished, "%s", note->text);
  cli_note(&v->s.notes, note);
}

static int run_many(solve *v) {
  cli_starts *m = &v->starts;
  spo_error note = {0};
  int status = cli_starts_draw(m, &v->s);
  if (!status && !v->json) {
    cli_print_subject(&v->s);
    printf("and %zu more starts\nsolver: %s\n", m->count - 1, v->type->name);
  }
  if (!status)
    status = cli_starts_go(m, &v->s, &v->wrapping, v->type, v->solver.values, v->stop.values,
                           &v->result);
  if (!status && finishes(v) && SPO_HAS(spo_model_ops, v->s.model, finish_value)) {
    status = cli_starts_finish(m, &v->s, &v->result, &note);
    say_finished(v, &note);
  }
  if (status)
    return status;
  const double *const best = m->X + m->best * v->s.problem->manifold->n;
  status = cli_subject_draw(&v->s, m->run[m->best].seed, v->s.x);
  if (!status)
    status = cli_subject_keep_start(&v->s);
  if (!status)
    status = measure(v, &v->before);
  memcpy(v->s.x, best, v->s.problem->manifold->n * sizeof *best);
  return status;
}

static int finish_point(solve *v) {
  spo_error err = {0};
  if (!finishes(v) || v->starts.finished)
    return CLI_OK;
  if (v->s.model->finish(v->s.problem, v->s.x, &err))
    return cli_fail(CLI_FAILED, "--finish: %s", err.text);
  say_finished(v, &err);
  return CLI_OK;
}

/* What is said ------------------------------------------------------------------------------ */

static json_t *seconds_json(const spo_seconds *spent) {
  json_t *o = json_object();
  json_object_set_new(o, "cost", spo_json_real(spent->cost));
  json_object_set_new(o, "grad", spo_json_real(spent->grad));
  json_object_set_new(o, "hess", spo_json_real(spent->hess));
  json_object_set_new(o, "retract", spo_json_real(spent->retract));
  return o;
}

static json_t *solve_json(const solve *v) {
  const spo_iter *last = &v->result.last;
  const cli_measure *a = &v->after, *b = &v->before;
  json_t *o = json_object(), *evaluations = json_object(), *start = json_object();
  json_object_set_new(o, "spheropt", spo_json_text(spo_version()));
  json_object_set_new(o, "model", spo_json_text(v->s.model->name));
  json_object_set_new(o, "parameters", cli_parameters_json(&v->s, v->out != NULL));
  json_object_set_new(o, "init", spo_json_text(v->s.init));
  json_object_set_new(o, "solver", spo_json_text(v->type->name));
  json_object_set_new(o, "solver_options", cli_options_json(&v->solver));
  json_object_set_new(o, "stop", cli_options_json(&v->stop));
  json_object_set_new(o, "wrappers", cli_options_json(&v->wrapping.group));
  json_object_set_new(o, "seed", spo_json_uint(v->s.seed));
  json_object_set_new(o, "reason", spo_json_text(spo_reason_name(v->result.reason)));
  json_object_set_new(o, "converged", json_boolean(v->result.converged));
  json_object_set_new(o, "f", spo_json_real(a->f));
  json_object_set_new(o, "f_star", spo_json_real(v->f_star));
  json_object_set_new(o, "theorem", spo_json_text(v->theorem));
  json_object_set_new(o, "gap", spo_json_real(a->f - v->f_star));
  json_object_set_new(o, "certified_gap", spo_json_real(a->certified_gap));
  json_object_set_new(o, "grad_norm", spo_json_real(a->grad_norm));
  json_object_set_new(o, "grad_scale", spo_json_real(a->grad_scale));
  json_object_set_new(o, "iterations", spo_json_uint(last->k));
  json_object_set_new(o, "evaluations", evaluations);
  json_object_set_new(evaluations, "cost", spo_json_uint(last->count.cost));
  json_object_set_new(evaluations, "grad", spo_json_uint(last->count.grad));
  json_object_set_new(evaluations, "hess", spo_json_uint(last->count.hess));
  json_object_set_new(o, "seconds", spo_json_real(last->seconds));
  if (last->spent.cost + last->spent.grad > 0)
    json_object_set_new(o, "seconds_in", seconds_json(&last->spent));
  json_object_set_new(o, "metrics", cli_metrics_json(v->s.model, a->metric));
  json_object_set_new(o, "start", start);
  json_object_set_new(start, "f", spo_json_real(b->f));
  json_object_set_new(start, "grad_norm", spo_json_real(b->grad_norm));
  json_object_set_new(start, "certified_gap", spo_json_real(b->certified_gap));
  json_object_set_new(start, "metrics", cli_metrics_json(v->s.model, b->metric));
  if (v->starts.count > 1) {
    json_object_set_new(o, "best_seed", spo_json_uint(v->starts.run[v->starts.best].seed));
    json_object_set_new(o, "starts", cli_starts_json(&v->starts));
  }
  json_object_set_new(o, "notes", cli_notes_json(&v->s.notes));
  return o;
}

static void row(const char *name, double before, double after, int digits, const char *remark) {
  printf("  %-16s %16s %16s%s%s\n", name, cli_number(before, digits), cli_number(after, digits),
         remark ? "   " : "", remark ? remark : "");
}

static void print_summary(const solve *v) {
  const cli_measure *a = &v->after, *b = &v->before;
  const spo_iter *last = &v->result.last;
  printf("\n%s: %s\n\n", v->result.converged ? "converged" : "NOT converged",
         spo_reason_text(v->result.reason));
  printf("  %-16s %16s %16s\n", "", "start", "end");
  row("f", b->f, a->f, 12, NULL);
  if (!isnan(v->f_star))
    row("f - f*", b->f - v->f_star, a->f - v->f_star, 3, "f* is the global minimum, see below");
  if (!isnan(b->certified_gap) || !isnan(a->certified_gap))
    row("certified gap", b->certified_gap, a->certified_gap, 3,
        "proven: f is no further from its minimum");
  row("gradient norm", b->grad_norm, a->grad_norm, 3, NULL);
  for (size_t i = 0; i < v->s.model->n_metrics; i++)
    if (!isnan(b->metric[i]) || !isnan(a->metric[i])) /* --json has those that do not apply */
      row(v->s.model->metric[i], b->metric[i], a->metric[i], cli_metric_digits(a->metric[i]), NULL);
  if (v->finished[0])
    printf("\n  finish: %s\n", v->finished);
  if (v->theorem)
    printf("\n  f* = %s: %s\n", cli_number(v->f_star, 12), v->theorem);
  printf("\n  %s in %s seconds; evaluated: %s, %s, %s\n",
         cli_plural(last->k, "iteration", "iterations"), cli_number(last->seconds, 2),
         cli_plural(last->count.cost, "cost", "costs"),
         cli_plural(last->count.grad, "gradient", "gradients"),
         cli_plural(last->count.hess, "Hessian product", "Hessian products"));
  if (last->spent.cost + last->spent.grad > 0)
    printf("  of these seconds: costs %s, gradients %s, Hessian products %s, retractions %s\n",
           cli_number(last->spent.cost, 2), cli_number(last->spent.grad, 2),
           cli_number(last->spent.hess, 2), cli_number(last->spent.retract, 2));
}

static int finish(solve *v, spo_output *output) {
  json_t *o = solve_json(v);
  spo_error err = {0};
  spo_status status = SPO_OK;
  if (output) {
    status = cli_result_write(&v->s, o, output, &err);
    if (status)
      spo_output_abandon(output);
    else
      status = spo_output_commit(output, &err);
  }
  if (status) {
    json_decref(o);
    return cli_fail(CLI_FAILED, "%s", err.text);
  }
  if (v->json)
    return cli_print_json(o);
  json_decref(o);
  if (v->starts.count > 1)
    cli_starts_print(&v->starts, v->f_star);
  print_summary(v);
  if (v->out)
    printf("\nwritten to %s; next: spheropt verify %s\n", v->out, v->out);
  return CLI_OK;
}

static int run(solve *v, cli_arguments *args) {
  spo_error err = {0};
  spo_output *output = NULL;
  int status = take_options(v, args);
  cli_catch_interrupts(); /* before anything that may take long */
  if (!status)
    status = cli_subject_build(&v->s, ((cli_run_options *)v->run.values)->seed);
  if (!status && v->out && spo_output_open(v->out, &output, &err))
    status = cli_fail(CLI_USAGE, "-o: %s", err.text);
  if (status)
    return status;
  v->running.f_star = v->f_star = cli_known_minimum(v->s.problem, &v->theorem);
  spo_stop *stop = v->stop.values;
  stop->poll = cli_interrupted;
  status = cli_wrapping_build(&v->wrapping, v->s.problem, stop);
  v->running.wrapping = &v->wrapping;
  if (!status)
    status = v->starts.count > 1 ? run_many(v) : run_once(v);
  if (!status)
    status = finish_point(v);
  if (!status)
    status = measure(v, &v->after);
  if (status) {
    spo_output_abandon(output);
    return status;
  }
  status = finish(v, output);
  return status ? status : v->result.converged ? CLI_OK : CLI_UNFINISHED;
}

int cli_solve(cli_arguments *args) {
  solve v = {.result = {.size = sizeof(spo_result)}};
  v.s.model = cli_find_model(cli_take_word(args, 1));
  int status = v.s.model ? run(&v, args) : CLI_USAGE;
  cli_running_close(&v.running);
  cli_starts_free(&v.starts);
  cli_subject_free(&v.s);
  cli_group_free(&v.run);
  cli_group_free(&v.stop);
  cli_group_free(&v.solver);
  cli_wrapping_free(&v.wrapping);
  return status;
}
