/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What running a comparison and telling about it share. */
#ifndef SPO_CLI_BENCH_H
#define SPO_CLI_BENCH_H

#include <stdio.h>

#include "cli/outside/outside.h"
#include "cli/outside/pullback.h"
#include "cli/subject.h"
#include "io/json.h"

enum { BENCH_MAX = 32, BENCH_LABEL = 128, BENCH_PATH = 4096 };

typedef struct bench_entry {
  char label[BENCH_LABEL]; /* as given */
  const spo_solver_ops *type;
  const cli_outside *outside; /* where type is NULL */
  cli_group options;
} bench_entry;

typedef struct bench {
  cli_subject s;
  cli_group run, stop, compare;
  const char *solvers, *profile, *profile_name, *out;
  bool json;
  spo_measure measure;
  size_t count;
  bench_entry entry[BENCH_MAX];
  struct spo_output *output, *profile_output;
  spo_compare_run *runs; /* starts x count, `done` of the starts */
  size_t done;
  spo_compare_summary summary[BENCH_MAX];
  double *numbers; /* the block of those below */
  size_t steps;
  double *tau, *rho; /* the performance profile */
} bench;

void bench_print_head(const bench *v);
/* Summaries and profile from the runs. A status. */
int bench_summarize(bench *v);
void bench_free(bench *v);
void bench_print(const bench *v);
json_t *bench_json(const bench *v);
/* Tables with a header line; a failed write shows when the file is closed. */
void bench_write_profile(const bench *v, FILE *file);
void bench_write_runs(const bench *v, FILE *file);

#endif
