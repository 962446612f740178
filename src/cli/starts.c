/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * solve --starts. */
#include "cli/starts.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/memory.h"
#include "cli/interrupt.h"
#include "cli/report.h"
#include "io/json.h"
#include "io/memory_limit.h"

typedef struct starts_options {
  size_t size;
  uint64_t starts, threads;
} starts_options;

#define AT(member) offsetof(starts_options, member)
static const spo_option table[] = {
    {"starts", "how many starts, from --seed, --seed + 1 and so on; the best is kept", "",
     AT(starts), SPO_OPTION_UINT, 1, 1e6, 1, 0, NULL, 0},
    {"threads", "over at most so many; 0: one for each processor. The numbers are the same", "",
     AT(threads), SPO_OPTION_UINT, 0, 4096, 0, 0, NULL, 0},
};
#undef AT
enum { TABLE = sizeof table / sizeof table[0] };

const spo_option *cli_starts_options(size_t *count) {
  *count = TABLE;
  return table;
}

int cli_starts_init(cli_starts *m) {
  return cli_group_init(&m->group, "Starts", table, TABLE, sizeof(starts_options));
}

int cli_starts_agree(cli_starts *m, const cli_subject *s, const cli_running *running) {
  const starts_options *o = m->group.values;
  m->count = (size_t)o->starts;
  m->progress = running->progress || isatty(STDERR_FILENO);
  if (m->count == 1)
    return CLI_OK;
  if (running->checkpoint || running->resume || running->trace)
    return cli_fail(CLI_USAGE, "--%s is for a single run; leave it out, or --starts",
                    running->checkpoint ? "checkpoint"
                    : running->resume   ? "resume"
                                        : "trace");
  if (s->dir)
    return cli_fail(CLI_USAGE,
                    "--starts: all of them would be the point in %.200s; leave out --init, or "
                    "name one that is drawn",
                    s->dir);
  return CLI_OK;
}

int cli_starts_draw(cli_starts *m, cli_subject *s) {
  const size_t n = s->problem->manifold->n, notes = s->notes.count;
  const size_t bytes = spo_size_mul(spo_size_mul(m->count, n), sizeof *m->X);
  const spo_error err = {.text = "a point for each of --starts is kept"};
  m->X = bytes > spo_memory_limit() ? NULL : spo_block_alloc(bytes);
  m->run = calloc(m->count, sizeof *m->run);
  if (!m->X || !m->run)
    return cli_subject_fail_memory(s, &err);
  int status = CLI_OK;
  for (size_t i = 0; !status && i < m->count; i++)
    status = cli_subject_draw(s, s->seed + i, m->X + i * n);
  s->notes.count = notes; /* of the first start already */
  return status;
}

/* ---- the runs -------------------------------------------------------------------------------- */

static void show(void *self, size_t start, const spo_batch_run *run) {
  const cli_starts *m = self;
  const spo_iter last = cli_wrapping_iter(m->wrapping, &run->result.last);
  (void)start;
  fprintf(stderr, "seed %-10" PRIu64 " f %-18s |grad| %-10s %s\n", run->seed,
          cli_number(last.f, 12), cli_number(last.grad_norm, 3),
          run->status ? run->error.text : spo_reason_name(run->result.reason));
}

int cli_starts_go(cli_starts *m, cli_subject *s, const cli_wrapping *wrapping,
                  const spo_solver_ops *type, const void *options, const spo_stop *stop,
                  spo_result *result) {
  const starts_options *o = m->group.values;
  spo_error err = {0};
  spo_batch batch;
  spo_batch_init(&batch);
  batch.count = m->count;
  batch.solver = type, batch.options = options, batch.stop = stop;
  batch.seed = s->seed;
  batch.starts = m->X;
  batch.threads = wrapping->checked ? 1 : (size_t)o->threads; /* one witness of violations */
  batch.ended = m->progress ? show : NULL, batch.ended_self = m;
  m->wrapping = wrapping;
  spo_blas_threads(1); /* the threads are for the starts */
  fflush(stdout);
  const spo_status status =
      spo_minimize_batch(wrapping->seen, &batch, m->X, m->run, &m->best, &err);
  const int violation = cli_wrapping_verdict(wrapping);
  if (violation)
    return violation;
  if (status) {
    err.code = status;
    return status == SPO_E_NOMEM ? cli_subject_fail_memory(s, &err) : cli_fail_error(&err);
  }
  for (size_t i = 0; i < m->count; i++)
    m->run[i].result.last = cli_wrapping_iter(wrapping, &m->run[i].result.last);
  *result = m->run[m->best].result;
  return CLI_OK;
}

/* ---- finishing ------------------------------------------------------------------------------- */

static bool counts(const spo_batch_run *r) {
  return !r->status && r->result.converged;
}

static int finish_one(cli_starts *m, const cli_subject *s, size_t i, spo_error *note) {
  double *x = m->X + i * s->problem->manifold->n;
  *note = (spo_error){0};
  spo_error err = {0};
  spo_status status = s->model->finish(s->problem, x, note);
  if (status)
    return cli_fail(CLI_FAILED, "--finish: seed %" PRIu64 ": %s", m->run[i].seed, note->text);
  status = s->model->finish_value(s->problem, x, &m->finished[i], &err);
  return status ? cli_fail(CLI_FAILED, "--finish: %s", err.text) : CLI_OK;
}

int cli_starts_finish(cli_starts *m, const cli_subject *s, spo_result *result, spo_error *note) {
  const size_t first = m->best;
  const bool any = counts(&m->run[first]);
  int status = CLI_OK;
  m->finished = calloc(m->count, sizeof *m->finished);
  if (!m->finished)
    return cli_fail(CLI_FAILED, "out of memory");
  for (size_t i = 0; i < m->count; i++)
    m->finished[i] = NAN;
  status = finish_one(m, s, first, note);
  for (size_t i = 0; any && !status && i < m->count && !cli_interrupted(NULL); i++) {
    spo_error own;
    if (i == first || !counts(&m->run[i]))
      continue;
    status = finish_one(m, s, i, &own);
    if (!status && m->finished[i] < m->finished[m->best])
      m->best = i, *note = own;
  }
  *result = m->run[m->best].result;
  return status;
}

/* ---- what is said ---------------------------------------------------------------------------- */

json_t *cli_starts_json(const cli_starts *m) {
  json_t *list = json_array();
  for (size_t i = 0; i < m->count; i++) {
    const spo_batch_run *r = &m->run[i];
    json_t *o = json_object();
    json_object_set_new(o, "seed", spo_json_uint(r->seed));
    json_object_set_new(o, "reason",
                        spo_json_text(r->status ? "failed" : spo_reason_name(r->result.reason)));
    json_object_set_new(o, "converged", json_boolean(!r->status && r->result.converged));
    json_object_set_new(o, "f", spo_json_real(r->result.last.f));
    if (m->finished)
      json_object_set_new(o, "finished", spo_json_real(m->finished[i]));
    json_object_set_new(o, "grad_norm", spo_json_real(r->result.last.grad_norm));
    json_object_set_new(o, "iterations", spo_json_uint(r->result.last.k));
    if (r->status)
      json_object_set_new(o, "error", spo_json_text(r->error.text));
    json_array_append_new(list, o);
  }
  return list;
}

/* A start by what the starts are compared by */
typedef struct level {
  double value;
  uint64_t seed;
} level;

static int by_value(const void *a, const void *b) {
  const level *p = a, *q = b;
  return (p->value > q->value) - (p->value < q->value);
}

/* Where one level ends and the next begins: the value agrees to so much of it */
static const double same = 1e-8;

static void print_levels(const char *what, size_t count, level *start) {
  enum { SHOWN = 12 };
  size_t levels = 0;
  if (count == 0)
    return;
  qsort(start, count, sizeof *start, by_value);
  printf("\n  %-18s %8s  %s\n", what, "starts", "first seed");
  for (size_t i = 0, j; i < count; i = j, levels++) {
    const double f = start[i].value;
    uint64_t seed = start[i].seed;
    for (j = i + 1; j < count && start[j].value - f <= same * fabs(f); j++)
      seed = start[j].seed < seed ? start[j].seed : seed;
    if (levels < SHOWN)
      printf("  %-18s %8zu  %" PRIu64 "\n", cli_number(f, 12), j - i, seed);
  }
  if (levels > SHOWN)
    printf("  and %zu more levels\n", levels - SHOWN);
}

/* "100 of 100 starts converged, 86 of them at f*; ..." */
static void print_count(const cli_starts *m, size_t converged, double f_star) {
  size_t reached = 0;
  for (size_t i = 0; i < m->count; i++)
    reached += counts(&m->run[i]) && m->run[i].result.last.f - f_star <= same * fabs(f_star);
  printf("\n%zu of %zu starts converged", converged, m->count);
  if (fabs(f_star) > 0.0) /* at 0 the table tells better */
    printf(", %zu of them at f*", reached);
  printf("; the best%s, from seed %" PRIu64 ", is kept\n", m->finished ? " after --finish" : "",
         m->run[m->best].seed);
}

/* Converged runs from the front, those that ended before from the back */
void cli_starts_print(const cli_starts *m, double f_star) {
  level *start = calloc(m->count, sizeof *start);
  const spo_batch_run *failed = NULL;
  size_t converged = 0, levelled = 0, before = 0, failures = 0;
  for (size_t i = 0; start && i < m->count; i++) {
    const spo_batch_run *r = &m->run[i];
    const double value = m->finished ? m->finished[i] : r->result.last.f;
    converged += counts(r);
    if (counts(r) && !isnan(value)) /* one that was not finished any more has none */
      start[levelled++] = (level){value, r->seed};
    else if (!r->status && !r->result.converged)
      start[m->count - ++before] = (level){r->result.last.f, r->seed};
    failures += r->status != SPO_OK;
    if (!failed && r->status)
      failed = r;
  }
  print_count(m, converged, f_star);
  if (start) {
    print_levels(m->finished ? "finished" : "f", levelled, start);
    print_levels("NOT converged at f", before, start + (m->count - before));
  }
  if (failed)
    printf("\n  %zu failed; seed %" PRIu64 ": %s\n", failures, failed->seed, failed->error.text);
  free(start);
}

void cli_starts_free(cli_starts *m) {
  spo_block_free(m->X);
  free(m->run);
  free(m->finished);
  cli_group_free(&m->group);
}
