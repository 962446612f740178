/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Data behind the checks, for a plot: CSV files with a line of names, numbers with 17 digits, "nan"
 * where something is not defined. */
#ifndef SPO_CLI_PLOTS_H
#define SPO_CLI_PLOTS_H

#include <stdio.h>

#include "cli/subject.h"

enum { CLI_CURVES, CLI_PROFILE, CLI_SURFACE, CLI_PLOTS };

typedef struct cli_plots {
  cli_group group;             /* --direction, --points, --reach, --geodesic */
  const char *path[CLI_PLOTS]; /* NULL: not asked for */
  FILE *file[CLI_PLOTS];
} cli_plots;

const spo_option *cli_plots_options(size_t *count);

/* The group and the files' names. A status. */
int cli_plots_take(cli_plots *p, cli_arguments *args);
bool cli_plots_wanted(const cli_plots *p);
/* Once the problem is known, before anything is printed: opens the files. A status. */
int cli_plots_open(cli_plots *p, const cli_subject *s);
/* Writes what is asked for at the subject's point; told: say so on stdout. A status. */
int cli_plots_write(cli_plots *p, const cli_subject *s, bool told);
void cli_plots_free(cli_plots *p);

#endif
