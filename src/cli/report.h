/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Numbers about a point, and how they are printed. */
#ifndef SPO_CLI_REPORT_H
#define SPO_CLI_REPORT_H

#include "cli/subject.h"

/* What is measured at the start and at the end; NaN where it does not apply. */
typedef struct cli_measure {
  double f, grad_norm, grad_scale;
  double certified_gap; /* the better of the plain and the scaled bound */
  double metric[SPO_MODEL_MAX_METRICS];
} cli_measure;

spo_status cli_measure_at(const cli_subject *s, cli_measure *out, spo_error *err);

/* The global minimum where a theorem gives it: NaN and NULL else. */
double cli_known_minimum(const spo_problem *P, const char **theorem);

json_t *cli_metrics_json(const spo_model_ops *model, const double *metric);
json_t *cli_notes_json(const cli_notes *notes);
void cli_print_notes(const cli_notes *notes);
/* The first lines: which problem, on which manifold; and which point of it, with all notes. */
void cli_print_place(const cli_subject *s);
void cli_print_subject(const cli_subject *s);

/* A number in `digits` significant digits, "-" if it is NaN, in one of some buffers used in turn.
 */
const char *cli_number(double value, int digits);
/* digits for a metric: deviations from 0 need few, values such as bounds many */
int cli_metric_digits(double value);
/* n and what it counts: "1 class", "3 classes" */
const char *cli_plural(uint64_t n, const char *one, const char *many);
const char *cli_count(uint64_t n);

/* Prints the object (stealing it) and reports a broken stdout. A status. */
int cli_print_json(json_t *object);

#endif
