/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Data behind the checks, for a plot: CSV files with a line of names, numbers with 17 digits, "nan"
 * where something is not defined. */
#ifndef SPO_CLI_PLOTS_H
#define SPO_CLI_PLOTS_H

#include "cli/subject.h"

typedef struct cli_plots {
  cli_group group;                        /* --direction, --points, --reach, --geodesic */
  const char *curves, *profile, *surface; /* files; NULL: not asked for */
} cli_plots;

const spo_option *cli_plots_options(size_t *count);

/* The group and the files. A status. */
int cli_plots_take(cli_plots *p, cli_arguments *args);
bool cli_plots_wanted(const cli_plots *p);
/* Writes what is asked for at the subject's point; told: say so on stdout. A status. */
int cli_plots_write(const cli_plots *p, const cli_subject *s, bool told);
void cli_plots_free(cli_plots *p);

#endif
