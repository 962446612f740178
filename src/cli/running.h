/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What accompanies a run of the command: progress, trace, checkpoints. */
#ifndef SPO_CLI_RUNNING_H
#define SPO_CLI_RUNNING_H

#include "cli/subject.h"
#include "cli/wrapping.h"

typedef struct cli_running {
  /* from the command line */
  const char *checkpoint, *resume, *trace;
  uint64_t every_steps; /* a checkpoint every so many steps, */
  double every_seconds; /* or seconds, whichever is not 0 */
  uint64_t trace_every;
  bool progress;
  /* of the run */
  const cli_wrapping *wrapping; /* what the solver sees */
  spo_solver *solver;
  spo_trace *tracing;
  double f_star;   /* NaN: not known */
  double saved_at; /* seconds of the run */
  uint64_t saved_k;
  spo_error save_error; /* of the first checkpoint that could not be written */
} cli_running;

/* --checkpoint, --every, --resume, --trace, --trace-every, --progress. A status. */
int cli_running_take(cli_running *r, cli_arguments *args);

/* Makes solver and trace; with --resume the run stands where the checkpoint left it, and so does
 * s->x. r->wrapping is built. A status. */
int cli_running_open(cli_running *r, cli_subject *s, const spo_solver_ops *type,
                     const void *options, const spo_stop *stop);

/* Runs to the end, s->x the last point. A status. */
int cli_running_go(cli_running *r, cli_subject *s, const spo_stop *stop, spo_result *result);

/* Frees; nothing open is fine. */
void cli_running_close(cli_running *r);

#endif
