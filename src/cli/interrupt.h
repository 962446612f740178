/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Ctrl-C: the first ends the work in hand, a second one the program. */
#ifndef SPO_CLI_INTERRUPT_H
#define SPO_CLI_INTERRUPT_H

void cli_catch_interrupts(void);

/* A poll function: nonzero once Ctrl-C, or a request to terminate, has come. */
int cli_interrupted(void *unused);

#endif
