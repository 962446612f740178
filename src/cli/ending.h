/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What ends a run of the command: Ctrl-C, and the stop rules as they are written here. */
#ifndef SPO_CLI_ENDING_H
#define SPO_CLI_ENDING_H

#include "cli/subject.h"

/* From now on Ctrl-C ends the run after the current step; a second one ends the program. */
void cli_catch_signals(void);
/* For spo_stop: nonzero once it was pressed; self is not used. */
int cli_poll_signals(void *self);

/* --tol of the run's group into the stop rules. A status. */
int cli_apply_tol(const cli_group *run, cli_group *stop, cli_arguments *args);

#endif
