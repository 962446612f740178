/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Ctrl-C. */
#include "cli/interrupt.h"

#include <signal.h>
#include <stddef.h>

static volatile sig_atomic_t interrupted;

static void interrupt(int number) {
  (void)number;
  interrupted = 1;
}

int cli_interrupted(void *unused) {
  (void)unused;
  return interrupted;
}

void cli_catch_interrupts(void) {
  struct sigaction action = {.sa_handler = interrupt, .sa_flags = SA_RESETHAND | SA_RESTART};
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, NULL);
  sigaction(SIGTERM, &action, NULL);
}
