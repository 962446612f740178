/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Many starts instead of one: solve --starts N runs them over threads and keeps the best. */
#ifndef SPO_CLI_STARTS_H
#define SPO_CLI_STARTS_H

#include "cli/running.h"

typedef struct cli_starts {
  cli_group group; /* --starts, --threads */
  size_t count;    /* 1: an ordinary run */
  size_t best;
  double *X;        /* the points, n doubles each */
  double *finished; /* what the model's finish lowers, where a start was finished; NULL: none was */
  spo_batch_run *run;
  const cli_wrapping *wrapping;
  bool progress;
} cli_starts;

/* The options, for --help. */
const spo_option *cli_starts_options(size_t *count);

int cli_starts_init(cli_starts *m);
/* Once the group is taken: does the rest of the command line go with many starts? A status. */
int cli_starts_agree(cli_starts *m, const cli_subject *s, const cli_running *running);
/* The points to begin with, start i drawn with s->seed + i; the first is s->x. A status. */
int cli_starts_draw(cli_starts *m, cli_subject *s);
/* Runs them all; m->best and *result tell of the best. A status. */
int cli_starts_go(cli_starts *m, cli_subject *s, const cli_wrapping *wrapping,
                  const spo_solver_ops *type, const void *options, const spo_stop *stop,
                  spo_result *result);
/* Every start that converged, or else the best, improved by the model's finish; m->best and *result
 * then tell of the best by what that lowers, and note is what it said there. A status. */
int cli_starts_finish(cli_starts *m, const cli_subject *s, spo_result *result, spo_error *note);
json_t *cli_starts_json(const cli_starts *m);
/* f_star: the known minimum, NaN if it is not */
void cli_starts_print(const cli_starts *m, double f_star);
void cli_starts_free(cli_starts *m);

#endif
