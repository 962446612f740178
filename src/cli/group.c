/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Option tables met by the command line, arrays read from files included. */
#include "cli/arguments.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "io/edge_list.h"

typedef struct cli_array {
  struct cli_array *next;
  const spo_option *option;
  char *path; /* NULL: not from a file */
  spo_npy data;
} cli_array;

int cli_group_init(cli_group *g, const char *title, const spo_option *table, size_t count,
                   size_t size) {
  *g = (cli_group){.title = title, .table = table, .count = count, .values = calloc(1, size)};
  if (!g->values)
    return cli_fail(CLI_FAILED, "out of memory");
  spo_options_init(table, count, g->values, size);
  return CLI_OK;
}

void cli_group_free(cli_group *g) {
  while (g->array) {
    cli_array *a = g->array;
    g->array = a->next;
    spo_npy_free(&a->data);
    free(a->path);
    free(a);
  }
  free(g->values);
  *g = (cli_group){0};
}

int cli_group_fail(const cli_group *g, const spo_error *err) {
  size_t length = strcspn(err->text, ":");
  for (size_t i = 0; i < g->count; i++)
    if (strlen(g->table[i].name) == length && strncmp(g->table[i].name, err->text, length) == 0)
      return cli_fail(CLI_USAGE, "--%s", err->text);
  return cli_fail_error(err);
}

/* Takes the array over: the option's member points to it, the group frees it */
static int adopt(cli_group *g, const spo_option *o, const char *path, spo_npy *data) {
  cli_array *a = calloc(1, sizeof *a);
  char *copy = path ? strdup(path) : NULL;
  if (!a || (path && !copy)) {
    free(a);
    free(copy);
    spo_npy_free(data);
    return cli_fail(CLI_FAILED, "out of memory");
  }
  *a = (cli_array){g->array, o, copy, *data};
  g->array = a;
  char *member = (char *)g->values + o->offset;
  if (o->kind == SPO_OPTION_MATRIX) {
    const spo_matrix m = {data->real, data->rows, data->cols};
    memcpy(member, &m, sizeof m);
  } else {
    const spo_integers n = {data->integer, data->rows};
    memcpy(member, &n, sizeof n);
  }
  return CLI_OK;
}

int cli_group_set_counts(cli_group *g, const spo_option *o, size_t count, const int64_t *data) {
  spo_npy copy = {.ndim = 1, .rows = count, .cols = 1};
  copy.integer = spo_block_alloc(spo_size_mul(count, sizeof *data));
  if (!copy.integer)
    return cli_fail(CLI_FAILED, "out of memory");
  memcpy(copy.integer, data, count * sizeof *data);
  return adopt(g, o, NULL, &copy);
}

/* "3,1,4" */
static int set_counts(cli_group *g, const spo_option *o, const char *text) {
  size_t count = 1, i = 0;
  int status = CLI_OK;
  for (const char *c = text; *c; c++)
    count += *c == ',';
  int64_t *value = calloc(count, sizeof *value);
  if (!value)
    return cli_fail(CLI_FAILED, "out of memory");
  for (const char *c = text; !status && i < count; i++) {
    size_t digits = strspn(c, "0123456789");
    if (digits < 1 || digits > 18 || (c[digits] && c[digits] != ','))
      status =
          cli_fail(CLI_USAGE, "--%s: %.40s is not allowed; it must be whole numbers like 3,1,4",
                   o->name, *text ? text : "an empty text");
    else
      value[i] = strtoll(c, NULL, 10);
    c += digits + 1;
  }
  if (!status)
    status = cli_group_set_counts(g, o, count, value);
  free(value);
  return status;
}

static int set_file(cli_group *g, const spo_option *o, const char *path) {
  spo_npy data;
  spo_error err = {0};
  bool integers = o->kind == SPO_OPTION_INTEGERS;
  const spo_status status =
      o->flags & SPO_EDGE_LIST
          ? spo_edge_list_read(path, &data, &err)
          : spo_npy_read(path, integers ? SPO_NPY_INTEGERS : SPO_NPY_REALS, &data, &err);
  if (status != SPO_OK)
    return cli_fail(CLI_USAGE, "--%s: %s", o->name, err.text);
  if (integers && data.cols != 1) {
    spo_npy_free(&data);
    return cli_fail(CLI_USAGE, "--%s: %s: the array has two dimensions; one is due", o->name, path);
  }
  return adopt(g, o, path, &data);
}

int cli_group_set(cli_group *g, const spo_option *o, const char *text) {
  spo_error err = {0};
  switch (o->kind) {
  case SPO_OPTION_COUNTS:
    return set_counts(g, o, text);
  case SPO_OPTION_INTEGERS:
  case SPO_OPTION_MATRIX:
    return set_file(g, o, text);
  default:
    return spo_option_set(o, g->values, text, &err) ? cli_group_fail(g, &err) : CLI_OK;
  }
}

/* An option that was given and would do nothing */
static int check_idle(const cli_group *g, const spo_option *o) {
  const spo_option *by = NULL;
  char value[64];
  if (!spo_option_idle(g->table, g->count, o, g->values, &by))
    return CLI_OK;
  spo_option_get(by, g->values, value, sizeof value);
  return cli_fail(CLI_USAGE, "--%s goes with --%s %.*s, and has no effect with %s", o->name,
                  by->name, (int)strcspn(o->help, ":"), o->help, value);
}

int cli_group_take(cli_group *g, cli_arguments *args) {
  for (size_t i = 0; i < g->count; i++) {
    const spo_option *o = &g->table[i];
    const cli_argument *a = cli_take(args, o->name);
    if (!a)
      continue;
    if (!(a->value && *a->value) && o->kind != SPO_OPTION_BOOL)
      return cli_fail(CLI_USAGE, "--%s: a value is due: %s", o->name, o->help);
    int status = cli_group_set(g, o, a->value ? a->value : "true");
    if (status)
      return status;
  }
  for (size_t i = 0; i < g->count; i++) { /* once all choices are made */
    const int status = cli_take(args, g->table[i].name) ? check_idle(g, &g->table[i]) : CLI_OK;
    if (status)
      return status;
  }
  return CLI_OK;
}

const char *cli_group_path(const cli_group *g, const spo_option *o) {
  for (const cli_array *a = g->array; a; a = a->next)
    if (a->option == o)
      return a->path;
  return NULL;
}
