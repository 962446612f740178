/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The words of a command line. They are taken apart once; whoever knows an option by name takes it,
 * from a table or by itself, and what nobody took is unknown. */
#ifndef SPO_CLI_ARGUMENTS_H
#define SPO_CLI_ARGUMENTS_H

#include <spheropt/spheropt.h>

enum {
  CLI_OK = 0,
  CLI_FAILED = 1,     /* anything that is not below */
  CLI_USAGE = 2,      /* a bad option, or input that cannot be used */
  CLI_UNFINISHED = 3, /* stopped before convergence */
  CLI_NOT_SO = 4      /* not a critical point, or a check failed */
};

/* One line on stderr, "spheropt: ...", control characters made visible; returns status. */
int cli_fail(int status, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The same for an error of the library: bad input is CLI_USAGE, the rest CLI_FAILED. */
int cli_fail_error(const spo_error *err);

enum { CLI_MAX_ARGUMENTS = 256, CLI_NAME_ROOM = 4096 };

typedef struct cli_argument {
  const char *name;  /* without dashes; NULL: a plain word */
  const char *value; /* of the option, or the plain word; NULL: an option alone */
  bool taken;
} cli_argument;

typedef struct cli_arguments {
  size_t count, used;
  cli_argument item[CLI_MAX_ARGUMENTS];
  char names[CLI_NAME_ROOM]; /* copies of the names in --name=value, which need an end */
} cli_arguments;

/* Options of the command itself, beside those of tables; ended by a NULL name. */
typedef struct cli_word {
  const char *name, *argument; /* argument NULL: a flag */
  const char *help;
  unsigned where; /* subcommands that have it */
} cli_word;
enum {
  CLI_SOLVE = 1,
  CLI_VERIFY = 2,
  CLI_SPECTRUM = 4,
  CLI_CHECK = 8,
  CLI_LIST = 16,
  CLI_BENCH = 32,
  CLI_SWEEP = 64,
  CLI_ALL = 127
};
extern const cli_word cli_words[];

int cli_parse(cli_arguments *args, int argc, char *const *argv);
/* Plain word number i, taken, or NULL. */
const char *cli_take_word(cli_arguments *args, size_t i);
/* The last argument called name, all of that name taken; NULL if there is none. */
const cli_argument *cli_take(cli_arguments *args, const char *name);
/* *value is the text after --name, or what it was without one. A status. */
int cli_take_text(cli_arguments *args, const char *name, const char **value);
/* *flag becomes true by --name or --name=true, false by --name=false. A status. */
int cli_take_flag(cli_arguments *args, const char *name, bool *flag);

/* A table with the struct it fills. Arrays that were read live as long as the group. */
typedef struct cli_group {
  const char *title;
  const spo_option *table;
  size_t count;
  void *values;
  struct cli_array *array; /* list */
} cli_group;

int cli_group_init(cli_group *g, const char *title, const spo_option *table, size_t count,
                   size_t size);
void cli_group_free(cli_group *g);
/* Every option of the table that the command line has. */
int cli_group_take(cli_group *g, cli_arguments *args);
/* One value from text: numbers and names as spo_option_set, counts as "3,1,4", arrays from a file.
 */
int cli_group_set(cli_group *g, const spo_option *o, const char *text);
/* Counts and matrices that need no file; data is copied. */
int cli_group_set_counts(cli_group *g, const spo_option *o, size_t count, const int64_t *data);
/* An error of the library: with the dashes of the command line where it begins with an option's
 * name. A status. */
int cli_group_fail(const cli_group *g, const spo_error *err);
/* The file an array came from, or NULL. */
const char *cli_group_path(const cli_group *g, const spo_option *o);

/* Once all was taken: what is left is an error, with the nearest name that would have been known.
 */
int cli_finish(const cli_arguments *args, unsigned where, size_t count, cli_group *const *group);

#endif
