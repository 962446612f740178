/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Measuring a point, and what several subcommands print alike. */
#include "cli/report.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/slots.h"
#include "io/json.h"

enum { BUFFERS = 16, BUFFER = 48 };

const char *cli_number(double value, int digits) {
  static char buffer[BUFFERS][BUFFER];
  static unsigned next;
  char *text = buffer[next++ % BUFFERS];
  if (isnan(value))
    snprintf(text, BUFFER, "-");
  else
    snprintf(text, BUFFER, "%.*g", digits, value);
  return text;
}

int cli_metric_digits(double value) {
  return fabs(value) >= 1.0 ? 9 : 3;
}

const char *cli_count(uint64_t n) {
  return cli_plural(n, NULL, NULL);
}

const char *cli_plural(uint64_t n, const char *one, const char *many) {
  static char buffer[BUFFERS][BUFFER];
  static unsigned next;
  char *text = buffer[next++ % BUFFERS];
  snprintf(text, BUFFER, "%" PRIu64 "%s%s", n, one ? " " : "", !one ? "" : n == 1 ? one : many);
  return text;
}

/* The certificate's bound; NaN without one, and where it cannot be computed: it is no condition of
 * a run */
static double certified_gap(const cli_subject *s, spo_eval *E, spo_point *p) {
  double best = NAN;
  gsl_rng *rng = spo_certificate_order(s->problem) ? gsl_rng_alloc(gsl_rng_mt19937) : NULL;
  for (int scaled = 0; rng && scaled < 2; scaled++) {
    spo_certified c;
    if (spo_certify(E, p, scaled, rng, NULL, &c, NULL) == SPO_OK)
      best = fmin(best, c.gap_bound);
  }
  if (rng)
    gsl_rng_free(rng);
  return best;
}

/* NaN where a metric could not be computed */
static void measure_metrics(const cli_subject *s, double *value) {
  const spo_model_ops *m = s->model;
  if (m->metrics && m->metrics(s->problem, s->x, value, NULL))
    value[0] = NAN;
  else if (s->start && SPO_HAS(spo_model_ops, m, metrics_since))
    m->metrics_since(s->problem, s->start, s->x, value, NULL);
}

spo_status cli_measure_at(const cli_subject *s, cli_measure *out, spo_error *err) {
  spo_eval *E = NULL;
  spo_point *p = NULL;
  double noise;
  *out = (cli_measure){NAN, NAN, NAN, NAN, {0}};
  for (size_t i = 0; i < SPO_MODEL_MAX_METRICS; i++)
    out->metric[i] = NAN;
  spo_status status = spo_eval_create(s->problem, &E, err);
  if (!status)
    status = spo_point_create(s->problem, &p, err);
  if (!status) {
    E->err = err;
    spo_point_set(p, s->problem, s->x);
    status = spo_eval_grad(E, p);
  }
  if (!status)
    status = spo_eval_scale(E, p, &noise, &out->grad_scale);
  if (!status) {
    out->f = p->f;
    out->grad_norm = p->grad_norm;
    out->certified_gap = certified_gap(s, E, p);
    measure_metrics(s, out->metric);
  }
  spo_point_destroy(p);
  spo_eval_destroy(E);
  if (status == SPO_OUTSIDE)
    return spo_fail(
        err, SPO_E_NONFINITE, __func__,
        "the cost or its gradient is not a finite number at this point: other parameters, "
        "or another --init");
  return status;
}

double cli_known_minimum(const spo_problem *P, const char **theorem) {
  double f_star;
  *theorem = NULL;
  if (!P->ops->known_minimum || P->ops->known_minimum(P->self, &f_star, theorem) != 0)
    return NAN;
  return f_star;
}

json_t *cli_metrics_json(const spo_model_ops *model, const double *metric) {
  json_t *object = json_object();
  for (size_t i = 0; i < model->n_metrics; i++)
    json_object_set_new(object, model->metric[i], spo_json_real(metric[i]));
  return object;
}

json_t *cli_notes_json(const cli_notes *notes) {
  json_t *array = json_array();
  for (size_t i = 0; i < notes->count; i++)
    json_array_append_new(array, spo_json_text(notes->text[i]));
  return array;
}

void cli_print_notes(const cli_notes *notes) {
  for (size_t i = 0; i < notes->count; i++)
    printf("note: %s\n", notes->text[i]);
}

/* "30,5,1"; of long lists the beginning, and how many there are. Equal numbers are no news: they are
 * the default, or stand there as per-class */
static void counts_text(const spo_option *o, const void *values, char *text, size_t room) {
  enum { SHOWN = 12 };
  spo_integers n;
  size_t used = 0;
  memcpy(&n, (const char *)values + o->offset, sizeof n);
  bool equal = true;
  for (size_t i = 0; n.data && i < n.count; i++)
    equal = equal && n.data[i] == n.data[0];
  const size_t shown = equal ? 0 : n.count > SHOWN ? SHOWN : n.count;
  for (size_t i = 0; i < shown && used + 24 < room; i++)
    used += (size_t)snprintf(text + used, room - used, "%s%" PRId64, i ? "," : "", n.data[i]);
  if (shown && n.count > shown)
    snprintf(text + used, room - used, ",... (%zu numbers)", n.count);
}

/* What of a problem is worth a word; "" where nothing is */
static void parameter_text(const cli_subject *s, const spo_option *o, const void *values,
                           char *text, size_t room) {
  const char *path;
  text[0] = '\0';
  switch (o->kind) {
  case SPO_OPTION_COUNTS:
    counts_text(o, values, text, room);
    return;
  case SPO_OPTION_MATRIX:
    path = cli_group_path(&s->params, o);
    snprintf(text, room, "%s", path ? path : "");
    return;
  case SPO_OPTION_CHOICE:
    spo_option_get(o, values, text, room);
    if (strcmp(text, o->choice[(size_t)o->dflt].name) == 0)
      text[0] = '\0';
    return;
  case SPO_OPTION_DOUBLE:
  case SPO_OPTION_UINT:
    spo_option_get(o, values, text, room);
    if (strcmp(text, "0") == 0 || ((o->flags & SPO_NEUTRAL) && strtod(text, NULL) == o->dflt))
      text[0] = '\0';
    return;
  case SPO_OPTION_INTEGERS: /* labels: their number is that of the features */
  case SPO_OPTION_BOOL:
    return;
  }
}

/* "ufm: classes 3, counts 30,5,1, dim 4, tau 3, fix-classifier etf": what makes the problem */
static void print_problem(const cli_subject *s) {
  const char *separator = ": ";
  void *values = cli_described(s);
  printf("%s", s->model->name);
  for (size_t i = 0; values && i < s->params.count; i++) {
    const spo_option *o = &s->params.table[i];
    char text[512] = "";
    if (!(o->flags & SPO_START_ONLY))
      parameter_text(s, o, values, text, sizeof text);
    if (!*text)
      continue;
    printf("%s%s %s", separator, o->name, text);
    separator = ", ";
  }
  printf("\n");
  free(values);
}

void cli_print_place(const cli_subject *s) {
  const spo_manifold *M = s->problem->manifold;
  print_problem(s);
  printf("on %s, dimension %zu\n", M->name, M->dim);
}

void cli_print_subject(const cli_subject *s) {
  cli_print_place(s);
  if (strcmp(s->init, "random") == 0)
    printf("point: random, seed %" PRIu64 "\n", s->seed);
  else
    printf("point: %s%s\n", s->dir ? "read from " : "", s->init);
  cli_print_notes(&s->notes);
}

int cli_print_json(json_t *object) {
  spo_error err = {0};
  spo_status status = spo_json_write(stdout, object, &err);
  json_decref(object);
  return status ? cli_fail(CLI_FAILED, "standard output: %s", err.text) : CLI_OK;
}
