/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The command: what an application may decide and a library may not is decided here. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include <gsl/gsl_errno.h>
#include <gsl/gsl_version.h>

#include "cli/commands.h"
#include "io/memory_limit.h"

static const struct {
  const char *name;
  int (*run)(cli_arguments *args);
} commands[] = {{"solve", cli_solve}, {"verify", cli_verify}, {"spectrum", cli_spectrum},
                {"check", cli_check}, {"bench", cli_bench},   {"sweep", cli_sweep},
                {"list", cli_list}};
enum { COMMANDS = sizeof commands / sizeof commands[0] };

int cli_version(void) {
  printf("spheropt %s\nGSL %s\n%s, %s\n", spo_version(), gsl_version, spo_blas_config(),
         spo_blas_threads(0) == 1 ? "one thread" : "several threads");
  return CLI_OK;
}

/* Memory that does not exist is refused by malloc, instead of ending the program once it is
 * touched. Sanitizers reserve far more than they use, so not with them. */
static void limit_memory(void) {
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  struct rlimit limit;
  size_t memory = spo_memory_limit();
  if (memory == SIZE_MAX || getrlimit(RLIMIT_DATA, &limit) != 0)
    return;
  if (limit.rlim_cur == RLIM_INFINITY || limit.rlim_cur > memory) {
    limit.rlim_cur = memory;
    setrlimit(RLIMIT_DATA, &limit);
  }
#endif
}

static int run(cli_arguments *args) {
  bool help = false, version = false;
  int status = cli_take_flag(args, "help", &help);
  if (!status)
    status = cli_take_flag(args, "version", &version);
  if (status)
    return status;
  size_t first = 0;
  const char *command = cli_take_word(args, first);
  if (command && strcmp(command, "help") == 0) {
    help = true;
    command = cli_take_word(args, ++first);
  }
  if (version)
    return cli_version();
  if (!command && help)
    return cli_help(NULL, NULL);
  if (!command)
    return cli_fail(
        CLI_USAGE,
        "which command? There are: solve, verify, spectrum, check, bench, sweep, list; see "
        "spheropt --help");
  for (size_t i = 0; i < COMMANDS; i++)
    if (strcmp(commands[i].name, command) == 0) {
      const size_t what = commands[i].run == cli_bench ? 2 : 1; /* bench solvers MODEL */
      return help ? cli_help(command, cli_take_word(args, first + what)) : commands[i].run(args);
    }
  return cli_fail(
      CLI_USAGE,
      "unknown command %.60s; there are: solve, verify, spectrum, check, bench, sweep, list; see "
      "spheropt --help",
      command);
}

int main(int argc, char **argv) {
  static cli_arguments args; /* large */
  gsl_set_error_handler_off();
  spo_blas_threads(1);
  limit_memory();
  int status = cli_parse(&args, argc - 1, argv + 1);
  if (!status)
    status = run(&args);
  /* a full disk, a closed pipe: what was printed may not have arrived */
  if ((fflush(stdout) != 0 || ferror(stdout)) &&
      (status == CLI_OK || status == CLI_UNFINISHED || status == CLI_NOT_SO))
    return cli_fail(CLI_FAILED, "standard output: %s", strerror(errno));
  return status;
}
