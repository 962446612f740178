/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Is a model's table complete? And its points by name. */
#include <spheropt/model.h>

#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/slots.h"

/* ---- the table ------------------------------------------------------------------------------- */

static spo_status check_parameters(const spo_model_ops *model, spo_error *err) {
  if (model->n_params > 0 && !model->param)
    return spo_fail(err, SPO_E_UNSUPPORTED, "spo_model_check", "model table: param is required");
  for (size_t i = 0; i < model->n_params; i++) {
    const spo_option *o = &model->param[i];
    if (!o->name || !o->help)
      return spo_fail(err, SPO_E_ARG, "spo_model_check",
                      "model table: param[%zu] needs a name and a help", i);
    if (o->offset < sizeof(size_t) || o->offset >= model->params_size)
      return spo_fail(err, SPO_E_ARG, "spo_model_check",
                      "model table: param %.40s: offset %zu is not behind the size of a struct of "
                      "params_size %zu",
                      o->name, o->offset, model->params_size);
    if (o->kind == SPO_OPTION_CHOICE && !o->choice)
      return spo_fail(err, SPO_E_ARG, "spo_model_check",
                      "model table: param %.40s: choice, the list, is missing", o->name);
  }
  return SPO_OK;
}

static spo_status check_points(const spo_model_ops *model, spo_error *err) {
  if (model->n_points > 0 && !model->point)
    return spo_fail(err, SPO_E_UNSUPPORTED, "spo_model_check", "model table: point is required");
  for (size_t i = 0; i < model->n_points; i++)
    if (!model->point[i].name || !model->point[i].build)
      return spo_fail(err, SPO_E_UNSUPPORTED, "spo_model_check",
                      "model table: point[%zu] needs a name and a build", i);
  return SPO_OK;
}

spo_status spo_model_check(const spo_model_ops *model, spo_error *err) {
  if (!model || model->size < offsetof(spo_model_ops, metrics) + sizeof model->metrics)
    return spo_fail(err, SPO_E_ARG, __func__,
                    "model table: size is %zu, must be sizeof(spo_model_ops)",
                    model ? model->size : 0);
  const char *missing = !model->name       ? "name"
                        : !model->create   ? "create"
                        : !model->describe ? "describe"
                        : !model->parts    ? "parts"
                                           : NULL;
  if (missing)
    return spo_fail(err, SPO_E_UNSUPPORTED, __func__, "model table: %s is required", missing);
  if (model->params_size < sizeof(size_t))
    return spo_fail(err, SPO_E_ARG, __func__,
                    "model table: params_size is %zu, a struct that begins with its size is due",
                    model->params_size);
  if (model->n_metrics > SPO_MODEL_MAX_METRICS)
    return spo_fail(err, SPO_E_ARG, __func__, "model table: n_metrics is %zu, at most %d",
                    model->n_metrics, SPO_MODEL_MAX_METRICS);
  if (model->n_metrics > 0 && (!model->metric || !model->metrics))
    return spo_fail(err, SPO_E_UNSUPPORTED, __func__, "model table: %s is required",
                    model->metric ? "metrics" : "metric");
  const spo_status status = check_parameters(model, err);
  return status == SPO_OK ? check_points(model, err) : status;
}

/* ---- points ---------------------------------------------------------------------------------- */

static spo_status random_point(const spo_manifold *M, gsl_rng *rng, double *x, spo_error *err) {
  double *work = spo_block_alloc(spo_size_mul(M->work_len + 1, sizeof *work));
  if (!work)
    return spo_fail(err, SPO_E_NOMEM, "spo_model_start", "no memory for a random point");
  const spo_status status = M->ops->random_point(M, rng, x, work);
  spo_block_free(work);
  return status == SPO_OK
             ? status
             : spo_fail(err, status, "spo_model_start", "no random point of %.60s", M->name);
}

const spo_named_point *spo_model_point(const spo_model_ops *model, const char *start) {
  const size_t length = strcspn(start, ":");
  for (size_t i = 0; i < model->n_points; i++)
    if (strlen(model->point[i].name) == length && memcmp(model->point[i].name, start, length) == 0)
      return &model->point[i];
  return NULL;
}

static spo_status unknown(const spo_model_ops *model, const char *start, spo_error *err) {
  char known[160] = "random";
  for (size_t i = 0; i < model->n_points; i++) {
    const size_t used = strlen(known);
    snprintf(known + used, sizeof known - used, ", %s", model->point[i].name);
  }
  return spo_fail(err, SPO_E_OPTION, "spo_model_start", "%.40s is no start of %.20s; there are: %s",
                  start, model->name, known);
}

spo_status spo_model_start(const spo_model_ops *model, const spo_problem *P, const char *start,
                           gsl_rng *rng, double *x, spo_error *err) {
  if (!start && SPO_HAS(spo_model_ops, model, default_start))
    start = model->default_start(P);
  if (!start || strcmp(start, "random") == 0)
    return random_point(P->manifold, rng, x, err);
  const spo_named_point *point = spo_model_point(model, start);
  if (!point)
    return unknown(model, start, err);
  const char *colon = strchr(start, ':');
  if (!!colon != !!point->argument)
    return spo_fail(err, SPO_E_OPTION, __func__, "%.60s is not allowed; it must be %s%s%s", start,
                    point->name, point->argument ? ":" : "",
                    point->argument ? point->argument : "");
  return point->build(P, colon ? colon + 1 : NULL, rng, x, err);
}
