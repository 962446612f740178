/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Points of a model by name. */
#include <spheropt/model.h>

#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/slots.h"

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
