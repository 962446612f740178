/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a subcommand works on: a problem of some model and a point, from the command line or from a
 * directory that an earlier run wrote. */
#ifndef SPO_CLI_SUBJECT_H
#define SPO_CLI_SUBJECT_H

#include <jansson.h>

#include "cli/arguments.h"

enum { CLI_MAX_NOTES = 8 };
typedef struct cli_notes {
  size_t count;
  char text[CLI_MAX_NOTES][240];
} cli_notes;

/* The command's own numbers */
typedef struct cli_run_options {
  size_t size;
  uint64_t seed;
  double tol; /* NaN: not given */
} cli_run_options;
int cli_run_group(cli_group *g, bool with_tol);
/* --tol of the run's group into the stop rules. A status. */
int cli_apply_tol(const cli_group *run, cli_group *stop, cli_arguments *args);

typedef struct cli_subject {
  const spo_model_ops *model;
  cli_group params;
  spo_problem *problem;
  double *x;        /* the point, n doubles */
  double *start;    /* where the run began; NULL: not known */
  const char *init; /* "random", "etf", "features", a directory */
  bool point_due;   /* a random point will not do */
  const char *dir;  /* where parameters and perhaps the point came from; NULL: the command line */
  uint64_t seed;
  gsl_rng *rng;
  cli_notes notes;
} cli_subject;

/* Notes that the library left in an error after SPO_OK; clears it. */
void cli_note(cli_notes *notes, spo_error *err);

/* Parameters that show what the model does. */
const char *cli_example(const spo_model_ops *model);
/* The model called name; NULL after one line on stderr that lists them. */
const spo_model_ops *cli_find_model(const char *name);

/* Phase one, while options are taken: s->model is known; fills params from the directory of --init,
 * if that is one, and from the command line. */
int cli_subject_take(cli_subject *s, cli_arguments *args);
/* The same, with the point's name from another option than --init. */
int cli_subject_take_start(cli_subject *s, cli_arguments *args, const char *start);
/* For `verify DIR` and `verify MODEL ...`: the same, from the command line's second word. */
int cli_subject_take_point(cli_subject *s, cli_arguments *args, const char *command);
/* Phase two, once the command line is known to be good: makes problem and point. */
int cli_subject_build(cli_subject *s, uint64_t seed);
/* The start that --init means, drawn with this seed into x, n doubles. A status. */
int cli_subject_draw(cli_subject *s, uint64_t seed, double *x);
/* Keeps the point as the one where the run begins. A status. */
int cli_subject_keep_start(cli_subject *s);
void cli_subject_free(cli_subject *s);
/* One line for sizes that need too much memory, with those sizes. A status. */
int cli_subject_fail_memory(const cli_subject *s, const spo_error *err);

/* result.c: directories -------------------------------------------------------------------- */
bool cli_is_directory(const char *path);
/* Model and parameters from DIR/result.json. */
int cli_result_read(const char *dir, cli_subject *s);
/* The parts of the point, DIR/NAME.npy, checked and put onto the manifold. */
int cli_result_read_point(cli_subject *s);
/* The params struct that describes the problem, arrays borrowed from it; free() it. NULL without
 * memory. */
void *cli_described(const cli_subject *s);
/* The same as an object; arrays as "NAME.npy" if `stored`, else as given. */
json_t *cli_parameters_json(const cli_subject *s, bool stored);
/* All values of a table as one object. */
json_t *cli_options_json(const cli_group *g);
/* The files of one result, result.json last. */
struct spo_output;
spo_status cli_result_write(const cli_subject *s, const json_t *result, struct spo_output *to,
                            spo_error *err);

#endif
