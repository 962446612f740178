/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A result as a directory: one NPY file per part of the point and per array parameter, and
 * result.json. What is read back is trusted no more than any other input. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/memory.h"
#include "cli/subject.h"
#include "io/files.h"
#include "io/json.h"
#include "io/npy.h"
#include "lists/lists.h"

enum { ROOM = 4096 };
/* Rows of unit length in float32 are off by 1e-7; beyond 1e-3 it is another point that is meant. Up
 * to `exact` a point is left as it is, bit for bit. */
static const double nearby = 1e-3, exact = 1e-8;

bool cli_is_directory(const char *path) {
  struct stat info;
  return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

static bool array_kind(const spo_option *o) {
  return o->kind == SPO_OPTION_INTEGERS || o->kind == SPO_OPTION_MATRIX;
}

static bool is_given(const spo_option *o, const void *values) {
  const void *data; /* the first member of both array structs */
  memcpy(&data, (const char *)values + o->offset, sizeof data);
  return data != NULL;
}

/* "per-class" is "per_class" in JSON */
static void key_of(const spo_option *o, char *key, size_t room) {
  snprintf(key, room, "%s", o->name);
  for (char *c = key; *c; c++)
    if (*c == '-')
      *c = '_';
}

/* Reading ----------------------------------------------------------------------------------- */

static int read_counts(cli_group *g, const spo_option *o, const json_t *value, const char *path) {
  size_t count = json_array_size(value);
  int64_t *data = count ? calloc(count, sizeof *data) : NULL;
  int status = data ? CLI_OK
                    : cli_fail(CLI_USAGE, "%s: parameter %s: an array of whole numbers is due",
                               path, o->name);
  for (size_t i = 0; !status && i < count; i++) {
    const json_t *item = json_array_get(value, i);
    data[i] = json_integer_value(item);
    if (!json_is_integer(item))
      status = cli_fail(CLI_USAGE, "%s: parameter %s: whole numbers are due", path, o->name);
  }
  if (!status)
    status = cli_group_set_counts(g, o, count, data);
  free(data);
  return status;
}

static int read_parameter(cli_group *g, const spo_option *o, const json_t *value, const char *dir,
                          const char *path) {
  char text[ROOM];
  spo_error err = {0};
  if (json_is_null(value))
    return CLI_OK;
  if (o->kind == SPO_OPTION_COUNTS)
    return read_counts(g, o, value, path);
  if (array_kind(o)) {
    const char *name = json_string_value(value);
    if (!name || !*name || strchr(name, '/') || snprintf(text, ROOM, "%s/%s", dir, name) >= ROOM)
      return cli_fail(CLI_USAGE, "%s: parameter %s: the name of a file in this directory is due",
                      path, o->name);
    return cli_group_set(g, o, text);
  }
  if (json_is_integer(value))
    snprintf(text, ROOM, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
  else if (json_is_real(value))
    snprintf(text, ROOM, "%.17g", json_real_value(value));
  else if (json_is_boolean(value))
    snprintf(text, ROOM, "%s", json_is_true(value) ? "true" : "false");
  else
    snprintf(text, ROOM, "%s", json_is_string(value) ? json_string_value(value) : "{}");
  if (spo_option_set(o, g->values, text, &err))
    return cli_fail(CLI_USAGE, "%s: parameter %s", path, err.text);
  return CLI_OK;
}

static int read_parameters(cli_group *g, const json_t *parameters, const char *dir,
                           const char *path) {
  size_t known = 0;
  for (size_t i = 0; i < g->count; i++) {
    const spo_option *o = &g->table[i];
    char key[64];
    key_of(o, key, sizeof key);
    const json_t *value = json_object_get(parameters, key);
    if (!value || (o->flags & SPO_START_ONLY))
      continue;
    known++;
    int status = read_parameter(g, o, value, dir, path);
    if (status)
      return status;
  }
  if (known != json_object_size(parameters))
    return cli_fail(CLI_USAGE, "%s: \"parameters\" holds what this model does not have", path);
  return CLI_OK;
}

int cli_result_read(const char *dir, cli_subject *s) {
  char path[ROOM];
  json_t *root;
  spo_error err = {0};
  if (!cli_is_directory(dir))
    return cli_fail(CLI_USAGE, "%.200s: no such directory", dir);
  if (snprintf(path, ROOM, "%s/result.json", dir) >= ROOM)
    return cli_fail(CLI_USAGE, "%.60s...: too long a name", dir);
  if (spo_json_read(path, &root, &err))
    return cli_fail(CLI_USAGE, "%s; a directory written by `spheropt solve -o` is due", err.text);
  const char *name = json_string_value(json_object_get(root, "model"));
  const json_t *parameters = json_object_get(root, "parameters");
  const spo_model_ops *model = name ? spo_list_model(name) : NULL;
  int status = CLI_OK;
  if (!model)
    status = cli_fail(CLI_USAGE, "%s: \"model\" %s%.60s", path,
                      name ? "is unknown: " : "is missing", name ? name : "");
  else if (!json_is_object(parameters))
    status = cli_fail(CLI_USAGE, "%s: \"parameters\" are missing", path);
  else if (s->model && s->model != model)
    status = cli_fail(CLI_USAGE, "--init: %s holds a point of %s, not of %s", dir, model->name,
                      s->model->name);
  s->model = model;
  if (!status && !s->params.values)
    status =
        cli_group_init(&s->params, "Problem", model->param, model->n_params, model->params_size);
  if (!status)
    status = read_parameters(&s->params, parameters, dir, path);
  json_decref(root);
  return status;
}

static int read_part(const cli_subject *s, const spo_part *part) {
  char path[ROOM];
  spo_npy a;
  spo_error err = {0};
  if (snprintf(path, ROOM, "%s/%s.npy", s->dir, part->name) >= ROOM)
    return cli_fail(CLI_USAGE, "%.60s...: too long a name", s->dir);
  if (spo_npy_read(path, SPO_NPY_REALS, &a, &err))
    return cli_fail(CLI_USAGE, "%s", err.text);
  int status = CLI_OK;
  bool row = a.ndim == 1 && part->rows == 1 && a.rows == part->cols; /* NumPy's x.ravel() will do */
  if (!row && (a.rows != part->rows || a.cols != part->cols))
    status = cli_fail(CLI_USAGE, "%s: the shape is (%zu, %zu); the problem needs (%zu, %zu)", path,
                      a.rows, a.cols, part->rows, part->cols);
  else
    memcpy(s->x + part->offset, a.real, a.rows * a.cols * sizeof(double));
  spo_npy_free(&a);
  return status;
}

/* Onto the manifold, where x is near it: the retraction of a zero step */
static int settle(cli_subject *s) {
  const spo_manifold *M = s->problem->manifold;
  spo_error note = {0};
  double *work = spo_block_alloc(spo_size_mul(M->work_len + 2 * M->n + 1, sizeof *work));
  if (!work)
    return cli_fail(CLI_USAGE, "%s: out of memory", s->dir);
  double *zero = work + M->work_len, *y = zero + M->n, off = M->ops->defect(M, s->x, work);
  int status = CLI_OK;
  memset(zero, 0, M->n * sizeof *zero);
  if (!(off <= nearby)) {
    status = cli_fail(CLI_USAGE, "%s: the point is off the %s by %.2g; up to %g is put right",
                      s->dir, M->name, off, nearby);
  } else if (off > exact) {
    if (M->ops->retract(M, s->x, 1.0, zero, y, work) == SPO_OK)
      memcpy(s->x, y, M->n * sizeof *y);
    spo_fail(&note, SPO_OK, __func__,
             "the point was off the manifold by %.2g; it was projected back", off);
    cli_note(&s->notes, &note);
  }
  spo_block_free(work);
  return status;
}

int cli_result_read_point(cli_subject *s) {
  spo_part part[SPO_MODEL_MAX_PARTS];
  size_t count = s->model->parts(s->problem, part);
  for (size_t i = 0; i < count; i++) {
    int status = read_part(s, &part[i]);
    if (status)
      return status;
  }
  return settle(s);
}

/* Writing ----------------------------------------------------------------------------------- */

void *cli_described(const cli_subject *s) {
  void *params = calloc(1, s->model->params_size);
  if (params) {
    spo_options_init(s->model->param, s->model->n_params, params, s->model->params_size);
    s->model->describe(s->problem, params);
  }
  return params;
}

static json_t *counts_json(const spo_option *o, const void *values) {
  spo_integers n;
  memcpy(&n, (const char *)values + o->offset, sizeof n);
  json_t *array = n.data ? json_array() : json_null();
  for (size_t i = 0; n.data && i < n.count; i++)
    json_array_append_new(array, json_integer(n.data[i]));
  return array;
}

/* Arrays apart: they are files */
static json_t *value_json(const spo_option *o, const void *values) {
  char text[128];
  double d;
  uint64_t u;
  bool b;
  const char *at = (const char *)values + o->offset;
  bool number = o->kind == SPO_OPTION_DOUBLE || o->kind == SPO_OPTION_UINT;
  spo_option_get(o, values, text, sizeof text);
  if (number && !*text) /* not given */
    return json_null();
  switch (o->kind) {
  case SPO_OPTION_DOUBLE:
    memcpy(&d, at, sizeof d);
    /* JSON has no word for it; null is read back as the default */
    return isinf(d) && d != o->dflt ? spo_json_text(text) : spo_json_real(d);
  case SPO_OPTION_UINT:
    return memcpy(&u, at, sizeof u), spo_json_uint(u);
  case SPO_OPTION_BOOL:
    return memcpy(&b, at, sizeof b), json_boolean(b);
  case SPO_OPTION_CHOICE:
    return spo_json_text(text);
  case SPO_OPTION_COUNTS:
    return counts_json(o, values);
  default:
    return json_null();
  }
}

json_t *cli_options_json(const cli_group *g) {
  json_t *object = json_object();
  for (size_t i = 0; i < g->count; i++) {
    char key[64];
    key_of(&g->table[i], key, sizeof key);
    json_object_set_new(object, key, value_json(&g->table[i], g->values));
  }
  return object;
}

json_t *cli_parameters_json(const cli_subject *s, bool stored) {
  json_t *object = json_object();
  void *values = cli_described(s);
  for (size_t i = 0; values && i < s->params.count; i++) {
    const spo_option *o = &s->params.table[i];
    char key[64], file[80];
    if (o->flags & SPO_START_ONLY)
      continue;
    key_of(o, key, sizeof key);
    snprintf(file, sizeof file, "%s.npy", o->name);
    json_object_set_new(object, key,
                        !array_kind(o) ? value_json(o, values)
                        : !is_given(o, values)
                            ? json_null()
                            : spo_json_text(stored ? file : cli_group_path(&s->params, o)));
  }
  free(values);
  return object;
}

static spo_status write_array(struct spo_output *to, const char *name, const spo_npy *a,
                              spo_error *err) {
  FILE *file;
  char path[128];
  snprintf(path, sizeof path, "%s.npy", name);
  spo_status status = spo_output_add(to, path, &file, err);
  if (status)
    return status;
  if (spo_npy_write(file, a, err)) {
    char why[200];
    snprintf(why, sizeof why, "%.180s", err->text);
    return spo_fail(err, SPO_E_IO, __func__, "%s: cannot be written: %s", path, why);
  }
  return SPO_OK;
}

/* The borrowed arrays of a description as NPY arrays; the const is cast away for spo_npy, and kept
 */
static spo_npy array_of(const spo_option *o, const void *values) {
  spo_matrix m;
  spo_integers n;
  if (o->kind == SPO_OPTION_INTEGERS) {
    memcpy(&n, (const char *)values + o->offset, sizeof n);
    return (spo_npy){.ndim = 1, .rows = n.count, .cols = 1, .integer = (int64_t *)n.data};
  }
  memcpy(&m, (const char *)values + o->offset, sizeof m);
  return (spo_npy){
      .ndim = m.cols == 1 ? 1 : 2, .rows = m.rows, .cols = m.cols, .real = (double *)m.data};
}

spo_status cli_result_write(const cli_subject *s, const json_t *result, struct spo_output *to,
                            spo_error *err) {
  spo_part part[SPO_MODEL_MAX_PARTS];
  size_t count = s->model->parts(s->problem, part);
  spo_status status = SPO_OK;
  FILE *file;
  for (size_t i = 0; !status && i < count; i++) {
    const spo_npy a = {2, part[i].rows, part[i].cols, s->x + part[i].offset, NULL};
    status = write_array(to, part[i].name, &a, err);
  }
  void *values = cli_described(s);
  if (!values)
    return spo_fail(err, SPO_E_NOMEM, __func__, "out of memory");
  for (size_t i = 0; !status && i < s->params.count; i++) {
    const spo_option *o = &s->params.table[i];
    if (array_kind(o) && !(o->flags & SPO_START_ONLY) && is_given(o, values)) {
      const spo_npy a = array_of(o, values);
      status = write_array(to, o->name, &a, err);
    }
  }
  free(values);
  if (!status)
    status = spo_output_add(to, "result.json", &file, err);
  return status ? status : spo_json_write(file, result, err);
}
