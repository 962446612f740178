/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A run of the command: every step passes through one monitor, which shows, traces and saves. */
#include "cli/running.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/slots.h"
#include "cli/report.h"

/* ---- options --------------------------------------------------------------------------------- */

/* "30s": seconds; "10": steps */
static int take_every(cli_running *r, cli_arguments *args) {
  const char *text = "30s";
  const bool given = cli_take(args, "every") != NULL;
  int status = cli_take_text(args, "every", &text);
  if (status)
    return status;
  if (given && !r->checkpoint)
    return cli_fail(CLI_USAGE, "--every goes with --checkpoint FILE");
  const size_t digits = strspn(text, "0123456789.");
  char *end;
  const double value = strtod(text, &end);
  const bool seconds = strcmp(text + digits, "s") == 0;
  const bool whole = text[digits] == '\0' && value == floor(value) && value < 0x1p53;
  if (digits == 0 || end != text + digits || !(value > 0) || !(seconds || whole))
    return cli_fail(CLI_USAGE,
                    "--every: %.40s is not allowed; it must be seconds like 30s, or steps like 10",
                    text);
  r->every_seconds = seconds ? value : 0;
  r->every_steps = seconds ? 0 : (uint64_t)value;
  return CLI_OK;
}

static int take_trace_every(cli_running *r, cli_arguments *args) {
  const char *text = NULL;
  const int status = cli_take_text(args, "trace-every", &text);
  r->trace_every = 1;
  if (status || !text)
    return status;
  if (!r->trace)
    return cli_fail(CLI_USAGE, "--trace-every goes with --trace FILE");
  const size_t digits = strspn(text, "0123456789");
  r->trace_every = strtoull(text, NULL, 10);
  if (digits == 0 || text[digits] || digits > 15 || r->trace_every == 0)
    return cli_fail(CLI_USAGE,
                    "--trace-every: %.40s is not allowed; it must be a whole number, at least 1",
                    text);
  return CLI_OK;
}

static bool ends_in(const char *text, const char *end) {
  const size_t a = strlen(text), b = strlen(end);
  return a > b && strcmp(text + a - b, end) == 0;
}

int cli_running_take(cli_running *r, cli_arguments *args) {
  int status = cli_take_flag(args, "progress", &r->progress);
  if (!status)
    status = cli_take_text(args, "checkpoint", &r->checkpoint);
  if (!status)
    status = cli_take_text(args, "resume", &r->resume);
  if (!status)
    status = take_every(r, args);
  if (!status)
    status = cli_take_text(args, "trace", &r->trace);
  if (!status)
    status = take_trace_every(r, args);
  if (!status && r->trace && !ends_in(r->trace, ".csv") && !ends_in(r->trace, ".jsonl"))
    return cli_fail(CLI_USAGE, "--trace: %.200s: the name must end in .csv or .jsonl", r->trace);
  return status;
}

/* ---- the monitor ----------------------------------------------------------------------------- */

/* Every step at first, then ever fewer: a long run stays readable */
static bool worth_a_line(uint64_t k) {
  uint64_t every = 1;
  while (k > 20 * every)
    every *= 10;
  return k % every == 0;
}

/* A step that was not taken; or none to take: a search for negative curvature that found
 * nothing. */
static const char *remark(const spo_iter *it) {
  if (it->event == SPO_EVENT_ESCAPE)
    return "  left a saddle";
  if (it->event != SPO_EVENT_REJECTED)
    return "";
  return isnan(it->step_norm) ? "  no negative curvature" : "  rejected";
}

static void show(const cli_running *r, const spo_iter *it, bool first) {
  if (first)
    fprintf(stderr, "%9s %18s %10s %12s %10s %10s\n", "iteration", "f",
            isnan(r->f_star) ? "" : "f - f*", "|grad|/scale", "step", "Hessian");
  if (first || worth_a_line(it->k) || it->reason != SPO_RUNNING)
    fprintf(stderr, "%9" PRIu64 " %18.12g %10s %12s %10s %10" PRIu64 "%s\n", it->k, it->f,
            isnan(r->f_star) ? "" : cli_number(it->f - r->f_star, 3),
            cli_number(it->grad_norm / it->grad_scale, 3), cli_number(it->step_norm, 3),
            it->count.hess, remark(it));
}

/* Once a run is on its way, a checkpoint that cannot be written ends nothing; the first reason is
 * told in the end. */
static void save(cli_running *r, const spo_iter *it) {
  const bool due = it->reason != SPO_RUNNING ||
                   (r->every_steps > 0 && it->k >= r->saved_k + r->every_steps) ||
                   (r->every_seconds > 0 && it->seconds >= r->saved_at + r->every_seconds);
  spo_error err = {0};
  if (!due)
    return;
  r->saved_k = it->k;
  r->saved_at = it->seconds;
  if (spo_solver_save(r->solver, r->checkpoint, &err) && !r->save_error.text[0])
    r->save_error = err;
}

typedef struct step {
  cli_running *r;
  bool first;
} step;

static int monitor(void *self, const spo_iter *it) {
  step *s = self;
  cli_running *r = s->r;
  const spo_iter own = cli_wrapping_iter(r->wrapping, it);
  if (r->progress)
    show(r, &own, s->first);
  if (r->tracing && !(s->first && r->resume)) /* that row is there already */
    spo_trace_monitor(r->tracing, &own);
  if (r->checkpoint)
    save(r, it);
  s->first = false;
  return 0;
}

/* ---- the run --------------------------------------------------------------------------------- */

static int fail(const cli_subject *s, spo_status status, spo_error *err) {
  err->code = status;
  return status == SPO_E_NOMEM ? cli_subject_fail_memory(s, err) : cli_fail_error(err);
}

/* The iteration of a row of a trace; false: it is no such row. */
static bool row_number(const char *row, bool csv, uint64_t *k) {
  const char *const begin = csv ? "" : "{\"k\":", *digits = row + strlen(begin);
  char *end;
  if (strncmp(row, begin, strlen(begin)) != 0 || *digits < '0' || *digits > '9')
    return false;
  *k = strtoull(digits, &end, 10);
  return *end == ',';
}

/* Where the rows of iterations after `last` begin, which a run that was killed wrote after its last
 * checkpoint and that will be written again, or half a row at the end; -1: this is no trace. */
static off_t end_of_trace(FILE *f, bool csv, uint64_t last) {
  char *row = NULL;
  size_t room = 0;
  off_t keep = 0;
  for (ssize_t length; (length = getline(&row, &room, f)) > 0 && row[length - 1] == '\n';) {
    uint64_t k = 0;
    const bool header = csv && keep == 0;
    if (header ? strncmp(row, "k,event,", 8) != 0 : !row_number(row, csv, &k)) {
      keep = -1;
      break;
    }
    if (k > last)
      break;
    keep += length;
  }
  free(row);
  return keep;
}

static int cut_trace(const char *path, bool csv, uint64_t last) {
  FILE *f = fopen(path, "r+");
  if (!f && errno == ENOENT)
    return CLI_OK;
  const off_t keep = f ? end_of_trace(f, csv, last) : 0;
  const bool failed = !f || ferror(f) || (keep >= 0 && ftruncate(fileno(f), keep) != 0);
  const int why = errno;
  if (f)
    fclose(f);
  if (failed)
    return cli_fail(CLI_USAGE, "--trace: %.200s: cannot be written: %s", path, strerror(why));
  return keep >= 0
             ? CLI_OK
             : cli_fail(CLI_USAGE, "--trace: %.200s: is no trace that could be continued", path);
}

static spo_status open_trace(cli_running *r, const cli_subject *s, spo_error *err) {
  const spo_trace_options options = {
      .size = sizeof options,
      .every = r->trace_every,
      .path = r->trace,
      .format = ends_in(r->trace, ".csv") ? SPO_TRACE_CSV : SPO_TRACE_JSON_LINES,
      .append = r->resume != NULL,
      .n_metrics = s->model->metrics ? s->model->n_metrics : 0,
      .metric = s->model->metric,
      .metrics = s->model->metrics,
      .start = s->start,
      .metrics_since =
          SPO_HAS(spo_model_ops, s->model, metrics_since) ? s->model->metrics_since : NULL};
  return spo_trace_create(s->problem, &options, &r->tracing, err);
}

int cli_running_open(cli_running *r, cli_subject *s, const spo_solver_ops *type,
                     const void *options, const spo_stop *stop) {
  spo_error err = {0};
  uint64_t last = 0; /* iteration of the checkpoint */
  r->progress = r->progress || isatty(STDERR_FILENO);
  spo_status status =
      spo_solver_create(type, r->wrapping->seen, options, s->seed, &r->solver, &err);
  if (!status && r->resume) {
    status = spo_solver_load(r->solver, r->resume, stop, &err);
    if (status == SPO_E_IO || status == SPO_E_ARG)
      return cli_fail(CLI_USAGE, "--resume: %s", err.text);
    spo_result at = {.size = sizeof at};
    if (!status)
      spo_solver_finish(r->solver, s->x, &at);
    s->init = s->dir = r->resume;
    last = at.last.k;
  }
  if (!status && r->trace) {
    status = open_trace(r, s, &err);
    if (status == SPO_E_IO || status == SPO_E_ARG)
      return cli_fail(CLI_USAGE, "--trace: %s", err.text);
    if (!status && r->resume && cut_trace(r->trace, ends_in(r->trace, ".csv"), last))
      return CLI_USAGE;
  }
  /* a path that cannot be written is told now, not after hours; cli_running_go starts anew */
  if (!status && r->checkpoint && (r->resume || !spo_solver_start(r->solver, s->x, stop, NULL)) &&
      spo_solver_save(r->solver, r->checkpoint, &err))
    return cli_fail(CLI_USAGE, "--checkpoint: %s", err.text);
  return status ? fail(s, status, &err) : CLI_OK;
}

/* What went wrong beside the run: it is told, the run counts. */
static void tell_troubles(cli_running *r) {
  spo_error err = {0};
  if (r->save_error.text[0])
    cli_fail(CLI_OK, "--checkpoint: %s; the run went on", r->save_error.text);
  if (r->tracing && spo_trace_status(r->tracing, &err))
    cli_fail(CLI_OK, "--trace: %s; the run went on", err.text);
}

int cli_running_go(cli_running *r, cli_subject *s, const spo_stop *stop, spo_result *result) {
  spo_error err = {0};
  step first = {r, true};
  spo_status status = r->resume ? SPO_OK : spo_solver_start(r->solver, s->x, stop, &err);
  fflush(stdout);
  if (!status) {
    status = spo_solver_continue(r->solver, monitor, &first, &err);
    spo_solver_finish(r->solver, s->x, result);
  }
  tell_troubles(r);
  const int violation = cli_wrapping_verdict(r->wrapping);
  return violation ? violation : status ? fail(s, status, &err) : CLI_OK;
}

void cli_running_close(cli_running *r) {
  spo_trace_destroy(r->tracing);
  spo_solver_destroy(r->solver);
}
