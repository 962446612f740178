/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Signals, and --tol. */
#include "cli/ending.h"

#include <math.h>
#include <signal.h>

static volatile sig_atomic_t interrupted;
static void interrupt(int number) {
  (void)number;
  interrupted = 1;
}

int cli_poll_signals(void *self) {
  (void)self;
  return interrupted;
}

void cli_catch_signals(void) {
  struct sigaction action = {.sa_handler = interrupt, .sa_flags = SA_RESETHAND | SA_RESTART};
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, NULL);
  sigaction(SIGTERM, &action, NULL);
}

int cli_apply_tol(const cli_group *run, cli_group *stop, cli_arguments *args) {
  const cli_run_options *values = run->values;
  spo_stop *rules = stop->values;
  if (isnan(values->tol))
    return CLI_OK;
  if (cli_take(args, "grad-abs") || cli_take(args, "grad-rel"))
    return cli_fail(CLI_USAGE, "--tol means --grad-abs with --grad-rel 0; give one or the other");
  rules->grad_abs = values->tol;
  rules->grad_rel = 0;
  return CLI_OK;
}
