/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The subcommands: each takes its options, prints, and returns the exit status. */
#ifndef SPO_CLI_COMMANDS_H
#define SPO_CLI_COMMANDS_H

#include "cli/arguments.h"

int cli_solve(cli_arguments *args);
int cli_verify(cli_arguments *args);
int cli_spectrum(cli_arguments *args);
int cli_check(cli_arguments *args);
int cli_list(cli_arguments *args);
int cli_bench(cli_arguments *args);
int cli_sweep(cli_arguments *args);

/* Text for `spheropt COMMAND [WHAT] --help`; command NULL: of the whole. */
int cli_help(const char *command, const char *what);
int cli_version(void);

#endif
