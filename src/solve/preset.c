/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The presets. */
#include <spheropt/preset.h>

#include <string.h>

static const spo_preset_value nothing[] = {{NULL, NULL}};

/* Six digits of the gradient, and no search for negative curvature where the run ends. */
static const spo_preset_value fast_solver[] = {{"escape", "start"}, {NULL, NULL}};
static const spo_preset_value fast_stop[] = {{"grad-rel", "1e-6"}, {NULL, NULL}};

/* Twelve digits. */
static const spo_preset_value accurate_stop[] = {
    {"grad-rel", "1e-12"}, {"max-iter", "100000"}, {NULL, NULL}};

/* Inner iterations that start off the gradient's Krylov space, and long looks for negative
 * curvature. */
static const spo_preset_value escape_solver[] = {{"subproblem", "randomized-tcg"},
                                                 {"escape", "always"},
                                                 {"escape-products", "2000"},
                                                 {NULL, NULL}};

static const spo_preset presets[] = {
    {"fast", "six digits of the gradient, for a first look", 0, fast_solver, fast_stop},
    {"accurate", "twelve digits of the gradient", 0, nothing, accurate_stop},
    {"escape", "leaves saddles at any price in Hessian products", SPO_LEAVES_SADDLES, escape_solver,
     nothing},
};

const spo_preset *spo_presets(size_t *count) {
  *count = sizeof presets / sizeof presets[0];
  return presets;
}

const spo_preset *spo_preset_find(const char *name) {
  for (size_t i = 0; i < sizeof presets / sizeof presets[0]; i++)
    if (strcmp(presets[i].name, name) == 0)
      return &presets[i];
  return NULL;
}

static spo_status set_all(const spo_preset_value *value, const spo_option *table, size_t count,
                          void *options, spo_error *err) {
  spo_status status = SPO_OK;
  for (; value->option && status == SPO_OK; value++) {
    const spo_option *option = spo_option_find(table, count, value->option);
    if (option)
      status = spo_option_set(option, options, value->value, err);
  }
  return status;
}

spo_status spo_preset_apply(const spo_preset *preset, const spo_solver_ops *type, void *options,
                            spo_stop *stop, spo_error *err) {
  if ((type->needs & preset->needs) != preset->needs)
    return spo_fail(err, SPO_E_UNSUPPORTED, __func__,
                    "preset %s: %s cannot leave saddles; trust-region and arc can", preset->name,
                    type->name);
  size_t count;
  const spo_option *rules = spo_stop_options(&count);
  spo_status status = set_all(preset->solver, type->option, type->n_options, options, err);
  if (status == SPO_OK && stop)
    status = set_all(preset->stop, rules, count, stop, err);
  return status;
}
