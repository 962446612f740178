/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Rows of numbers, one an iteration. Files are written by the row, so that a run that is killed
 * leaves whole rows. */
#include <spheropt/trace.h>

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/decimal.h"
#include "base/memory.h"
#include "problem/slots.h"

static const char *const own_columns[] = {"k",
                                          "event",
                                          "f",
                                          "gap",
                                          "grad_norm",
                                          "grad_scale",
                                          "order",
                                          "step_norm",
                                          "radius",
                                          "rho",
                                          "step_size",
                                          "inner",
                                          "cost",
                                          "grad",
                                          "hess",
                                          "retract",
                                          "seconds",
                                          "seconds_cost",
                                          "seconds_grad",
                                          "seconds_hess",
                                          "seconds_retract"};
enum { OWN = sizeof own_columns / sizeof own_columns[0], EVENT = 1, NAME_ROOM = 40, DIGITS = 40 };

struct spo_trace {
  const spo_problem *problem;
  spo_trace_options options;
  size_t columns, count;
  const char **names;
  double *row;
  char *text; /* one row, or the header */
  size_t room;
  int file; /* -1: none */
  double f_star;
  double reached[3]; /* gradient norms, the last one first; NaN until there are so many */
  spo_error err;
};

static spo_trace *layout(spo_carver *c, const spo_trace_options *o) {
  spo_trace *t = spo_carve(c, 1, sizeof *t);
  const size_t columns = spo_size_add(OWN, o->n_metrics);
  const size_t room = spo_size_mul(columns, NAME_ROOM + DIGITS);
  const char **names = spo_carve(c, columns, sizeof *names);
  double *row = spo_carve_doubles(c, columns);
  char *text = spo_carve(c, room, 1);
  if (!t)
    return NULL;
  *t = (spo_trace){.options = *o, .columns = columns, .names = names, .row = row, .text = text};
  t->room = room;
  t->file = -1;
  return t;
}

/* ---- rows as text ---------------------------------------------------------------------------- */

static void keep_error(spo_trace *t, spo_status status, const char *why) {
  if (t->err.code == SPO_OK)
    spo_fail(&t->err, status, "spo_trace", "%s%s%s", t->options.path ? t->options.path : "trace",
             ": ", why);
}

static void write_text(spo_trace *t, size_t length) {
  for (size_t done = 0; done < length;) {
    const ssize_t part = write(t->file, t->text + done, length - done);
    if (part < 0 && errno == EINTR)
      continue;
    if (part <= 0) {
      keep_error(t, SPO_E_IO, strerror(errno));
      return;
    }
    done += (size_t)part;
  }
}

/* Into t->text; its length */
static size_t make_header(spo_trace *t) {
  size_t used = 0;
  for (size_t i = 0; i < t->columns; i++)
    used += (size_t)snprintf(t->text + used, t->room - used, "%s%.*s", i ? "," : "", NAME_ROOM,
                             t->names[i]);
  t->text[used++] = '\n';
  return used;
}

/* One value; the word for the event */
static size_t put_value(const spo_trace *t, size_t i, char *text, size_t room) {
  const double value = t->row[i];
  const bool json = t->options.format == SPO_TRACE_JSON_LINES;
  if (i == EVENT)
    return (size_t)snprintf(text, room, json ? "\"%s\"" : "%s", spo_event_name((spo_event)value));
  if (isfinite(value))
    return spo_decimal_print(text, room, 17, value);
  return (size_t)snprintf(text, room, "%s",
                          json           ? "null"
                          : isnan(value) ? "nan"
                          : value > 0    ? "inf"
                                         : "-inf");
}

static void write_row(spo_trace *t) {
  const bool json = t->options.format == SPO_TRACE_JSON_LINES;
  size_t used = 0;
  for (size_t i = 0; i < t->columns; i++) {
    if (json)
      used += (size_t)snprintf(t->text + used, t->room - used, "%s\"%.*s\":", i ? "," : "{",
                               NAME_ROOM - 8, t->names[i]);
    else if (i)
      t->text[used++] = ',';
    used += put_value(t, i, t->text + used, t->room - used);
  }
  if (json)
    t->text[used++] = '}';
  t->text[used++] = '\n';
  write_text(t, used);
}

/* ---- rows ------------------------------------------------------------------------------------ */

/* The gradient norm where the run stands joins the last three; the order of convergence they
 * show. */
static double observed_order(spo_trace *t, const spo_iter *it) {
  double *g = t->reached;
  if (it->event != SPO_EVENT_REJECTED) {
    g[2] = g[1];
    g[1] = g[0];
    g[0] = it->grad_norm;
  }
  return it->event == SPO_EVENT_REJECTED ? NAN : log(g[0] / g[1]) / log(g[1] / g[2]);
}

static void fill(spo_trace *t, const spo_iter *it, double order) {
  const double own[OWN] = {(double)it->k,
                           (double)it->event,
                           it->f,
                           it->f - t->f_star,
                           it->grad_norm,
                           it->grad_scale,
                           order,
                           it->step_norm,
                           it->radius,
                           it->rho,
                           it->step_size,
                           (double)it->inner,
                           (double)it->count.cost,
                           (double)it->count.grad,
                           (double)it->count.hess,
                           (double)it->count.retract,
                           it->seconds,
                           it->spent.cost,
                           it->spent.grad,
                           it->spent.hess,
                           it->spent.retract};
  memcpy(t->row, own, sizeof own);
  if (t->options.n_metrics == 0)
    return;
  for (size_t i = OWN; i < t->columns; i++)
    t->row[i] = NAN;
  spo_error err = {.text = "a metric could not be computed"};
  spo_status status = t->options.metrics(t->problem, it->x, t->row + OWN, &err);
  if (status == SPO_OK && t->options.start && t->options.metrics_since)
    status = t->options.metrics_since(t->problem, t->options.start, it->x, t->row + OWN, &err);
  if (status != SPO_OK)
    keep_error(t, status, err.text);
}

int spo_trace_monitor(void *trace, const spo_iter *it) {
  spo_trace *t = trace;
  const double order = observed_order(t, it);
  if (it->k % t->options.every != 0 && it->reason == SPO_RUNNING)
    return 0;
  fill(t, it, order);
  if (t->count < t->options.capacity && t->options.rows)
    memcpy(t->options.rows + t->count * t->columns, t->row, t->columns * sizeof(double));
  if (t->file >= 0 && t->err.code == SPO_OK)
    write_row(t);
  t->count++;
  return 0;
}

/* ---- life ------------------------------------------------------------------------------------ */

static spo_status check(const spo_trace_options *o, spo_error *err) {
  if (!o || o->size < offsetof(spo_trace_options, start))
    return spo_fail(err, SPO_E_ARG, "spo_trace_create",
                    "options: size must be sizeof(spo_trace_options)");
  if (o->n_metrics > 0 && (!o->metric || !o->metrics))
    return spo_fail(err, SPO_E_ARG, "spo_trace_create",
                    "n_metrics: %zu are promised, their names or their function are missing",
                    o->n_metrics);
  return SPO_OK;
}

/* Rows below a header of other columns would be read as what they are not. A file that ends within
 * its header was killed there: it begins anew. */
static spo_status begin_csv(spo_trace *t, spo_error *err) {
  const size_t length = make_header(t);
  size_t same = 0;
  char part[256];
  for (ssize_t got; same < length; same += (size_t)got) {
    const size_t most = length - same < sizeof part ? length - same : sizeof part;
    got = t->options.append ? pread(t->file, part, most, (off_t)same) : 0;
    if (got < 0 || memcmp(part, t->text + same, (size_t)got) != 0)
      return spo_fail(err, SPO_E_ARG, "spo_trace_create",
                      "%s: cannot be continued: its first line does not name the columns of this "
                      "trace",
                      t->options.path);
    if (got == 0)
      break;
  }
  if (same > 0 && same < length && ftruncate(t->file, 0) != 0)
    return spo_fail(err, SPO_E_IO, "spo_trace_create", "%s: cannot be written: %s", t->options.path,
                    strerror(errno));
  if (same < length)
    write_text(t, length);
  return SPO_OK;
}

static spo_status open_file(spo_trace *t, spo_error *err) {
  const spo_trace_options *o = &t->options;
  if (!o->path)
    return SPO_OK;
  t->file = open(o->path,
                 O_CREAT | O_CLOEXEC | (o->append ? O_RDWR | O_APPEND : O_WRONLY | O_TRUNC), 0666);
  if (t->file < 0)
    return spo_fail(err, SPO_E_IO, "spo_trace_create", "%s: cannot be written: %s", o->path,
                    strerror(errno));
  return o->format == SPO_TRACE_CSV ? begin_csv(t, err) : SPO_OK;
}

spo_status spo_trace_create(const spo_problem *P, const spo_trace_options *given, spo_trace **out,
                            spo_error *err) {
  *out = NULL;
  spo_status status = spo_problem_check(P, err);
  if (status == SPO_OK)
    status = check(given, err);
  if (status != SPO_OK)
    return status;
  spo_trace_options own = {0}, *const options = &own; /* given may be an older, shorter struct */
  memcpy(options, given, given->size < sizeof own ? given->size : sizeof own);
  spo_carver c = {0};
  layout(&c, options);
  if (!spo_carver_alloc(&c))
    return spo_fail(err, SPO_E_NOMEM, __func__, "no memory for a trace: %zu bytes", c.used);
  spo_trace *t = layout(&c, options);
  const char *theorem;
  t->problem = P;
  t->options.every = options->every ? options->every : 1;
  t->f_star = NAN;
  if (spo_problem_has(P, known_minimum) && P->ops->known_minimum(P->self, &t->f_star, &theorem))
    t->f_star = NAN;
  for (int i = 0; i < 3; i++)
    t->reached[i] = NAN;
  for (size_t i = 0; i < t->columns; i++)
    t->names[i] = i < OWN ? own_columns[i] : options->metric[i - OWN];
  status = open_file(t, err);
  if (status == SPO_OK)
    *out = t;
  else
    spo_trace_destroy(t);
  return status;
}

void spo_trace_destroy(spo_trace *t) {
  if (t && t->file >= 0)
    close(t->file);
  spo_block_free(t);
}

size_t spo_trace_columns(const spo_trace *t, const char *const **names) {
  if (names)
    *names = t->names;
  return t->columns;
}

size_t spo_trace_rows(const spo_trace *t) {
  return t->count;
}

spo_status spo_trace_status(const spo_trace *t, spo_error *err) {
  if (err && t->err.code != SPO_OK)
    *err = t->err;
  return t->err.code;
}
