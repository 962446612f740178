/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One table describes the options of a solver, a subproblem, a stop rule, a manifold or a model:
 * name, help, default, bounds and the place in a struct. Defaults, validation, setting by name, the
 * command's --help and the parameters in result files all come from it. */
#ifndef SPHEROPT_OPTIONS_H
#define SPHEROPT_OPTIONS_H

#include <spheropt/base.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum spo_option_kind {
  SPO_OPTION_DOUBLE = 'd',   /* double */
  SPO_OPTION_UINT = 'u',     /* uint64_t */
  SPO_OPTION_BOOL = 'b',     /* bool */
  SPO_OPTION_CHOICE = 'c',   /* const void *: the value of one spo_choice */
  SPO_OPTION_COUNTS = 'n',   /* spo_integers, written "3,1,4" */
  SPO_OPTION_INTEGERS = 'i', /* spo_integers, read from a file */
  SPO_OPTION_MATRIX = 'm'    /* spo_matrix, read from a file */
} spo_option_kind;

/* Arrays in an options struct are borrowed. */
typedef struct spo_integers {
  const int64_t *data; /* NULL: not given */
  size_t count;
} spo_integers;
typedef struct spo_matrix {
  const double *data; /* rows x cols, C order; NULL: not given. A vector has cols = 1 */
  size_t rows, cols;
} spo_matrix;

/* A plug-in or a setting chosen by name. */
typedef struct spo_choice {
  const char *name, *help;
  const void *value;
} spo_choice;

enum { SPO_OPEN_LO = 1, SPO_OPEN_HI = 2 }; /* which bounds are excluded */
enum {
  SPO_START_ONLY = 1,  /* the option shapes a start, not the problem: not stored with results */
  SPO_OPEN_CHOICE = 2, /* a choice of plug-ins: a caller's own table is accepted as well */
  SPO_EDGE_LIST = 4,   /* a matrix of edges i j w behind the row n m 0: read from text as well */
  SPO_NEUTRAL = 8      /* the default does nothing: a problem is described without it */
};

typedef struct spo_option {
  const char *name;   /* as on the command line, without dashes: "max-inner" */
  const char *help;   /* one line. "NAME: ..." or "NAME, NAME: ...", names of choices of the same
                         table: without effect unless one of these is chosen */
  const char *origin; /* where the default comes from; "" if it needs none */
  size_t offset;      /* into the options struct, whose first member is `size_t size` */
  spo_option_kind kind;
  /* numbers: bounds and default; bool: default; choice: index of the default. A default outside the
   * bounds (0 below lo = 1, NaN) means "not given": it passes the check and cannot be given as
   * text */
  double lo, hi, dflt;
  unsigned open;            /* SPO_OPEN_LO | SPO_OPEN_HI */
  const spo_choice *choice; /* kind 'c': list ended by a NULL name */
  unsigned flags;           /* SPO_START_ONLY | SPO_OPEN_CHOICE | SPO_EDGE_LIST | SPO_NEUTRAL */
} spo_option;

/**
 * spo_options_init - fills an options struct with the defaults of its table.
 *
 * table    in   `count` entries
 * options  out  a struct of `size` bytes; its first member, a size_t, becomes `size`
 *
 * Arrays become "not given". Units: those of each option. Cost: O(size). Fails: never. Threads:
 * any.
 */
SPO_API void spo_options_init(const spo_option *table, size_t count, void *options, size_t size);

/**
 * spo_options_check - every value within its bounds, NaN refused.
 *
 * table    in  `count` entries
 * options  in  the struct to judge; an older, shorter struct (smaller `size`) is judged as
 *              far as it goes
 * size     in  the size that the table was written for
 *
 * Cost: O(count). Fails: SPO_E_OPTION, one line naming option, value and bounds; SPO_E_ARG when the
 * struct's own size is 0 or larger than `size`. Threads: any. Test: tests/unit/options.c.
 */
SPO_API spo_status spo_options_check(const spo_option *table, size_t count, const void *options,
                                     size_t size, spo_error *err);

/** spo_option_find - the entry called `name`, or NULL. O(count); any thread. */
SPO_API const spo_option *spo_option_find(const spo_option *table, size_t count, const char *name);

/**
 * spo_option_set - reads one value from text into the struct.
 *
 * option   in      its entry
 * options  in/out  the struct; unchanged on failure
 * text     in      a number, true/false, or a choice's name. Kinds 'n', 'i', 'm' are refused here:
 *                  their data must be owned by the caller, who sets the member himself
 *
 * Cost: O(length). Fails: SPO_E_OPTION, one line naming option, value and what is accepted.
 */
SPO_API spo_status spo_option_set(const spo_option *option, void *options, const char *text,
                                  spo_error *err);

/**
 * spo_options_parse - sets values from the words of a command line: "--name value", "--name=value",
 * and "--name" alone for true.
 *
 * table    in      `count` entries
 * options  in/out  initialised; after a failure the words before the bad one have been set
 * words    in      how many;  word  in  them: argc - 1, argv + 1
 *
 * The later of two values of one option stays. Cost: O(words count). Fails: SPO_E_OPTION, one line
 * that names the word: not an option, an option that is not in the table, a value missing, or what
 * spo_option_set says. Threads: any. Test: tests/unit/options.c.
 */
SPO_API spo_status spo_options_parse(const spo_option *table, size_t count, void *options,
                                     size_t words, char *const *word, spo_error *err);

/**
 * spo_options_set - spo_option_set by name: one line for one option.
 *
 *   spo_options_set(type->option, type->n_options, &options, "line-search", "armijo", &err);
 *
 * table    in      `count` entries;  name, value  in  as on the command line, without dashes
 * options  in/out  the struct; unchanged on failure
 *
 * Units: the option's. Cost: O(count + length). Fails: SPO_E_OPTION (no such name, or as
 * spo_option_set). Threads: any. Test: tests/unit/options.c.
 */
SPO_API spo_status spo_options_set(const spo_option *table, size_t count, void *options,
                                   const char *name, const char *value, spo_error *err);

/**
 * spo_option_idle - has the option no effect, because another choice is made than those it belongs
 * to (see spo_option.help)?
 *
 * table    in   `count` entries, `option` one of them
 * options  in   the struct
 * choice   out  the option by which the choice is made; may be NULL; set only if idle
 *
 * Units: none. Cost: O(count times choices), no allocation. Fails: never. Threads: any. Test:
 * tests/unit/options.c.
 */
SPO_API bool spo_option_idle(const spo_option *table, size_t count, const spo_option *option,
                             const void *options, const spo_option **choice);

/**
 * spo_option_get - writes the value as text that spo_option_set reads back to the same bits.
 *
 * text  out  `room` bytes, always terminated; "" for arrays and for what is "not given"
 */
SPO_API void spo_option_get(const spo_option *option, const void *options, char *text, size_t room);

#ifdef __cplusplus
}
#endif
#endif
