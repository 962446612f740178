/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Sets of options by name: "fast", "accurate", "escape". */
#ifndef SPHEROPT_PRESET_H
#define SPHEROPT_PRESET_H

#include <spheropt/solver.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct spo_preset_value {
  const char *option, *value; /* as text; the list ends with a NULL option */
} spo_preset_value;

typedef struct spo_preset {
  const char *name, *summary;
  unsigned needs; /* what a solver must be able to: SPO_LEAVES_SADDLES or 0 */
  const spo_preset_value *solver, *stop; /* solver: each where the solver has such an option */
} spo_preset;

/** spo_presets - all of them, *count entries. Static storage, O(1), any thread. */
SPO_API const spo_preset *spo_presets(size_t *count);

/** spo_preset_find - the one called `name`, or NULL. */
SPO_API const spo_preset *spo_preset_find(const char *name);

/**
 * spo_preset_apply - sets its values; whatever it does not name stays.
 *
 * type     in      the solver
 * options  in/out  that solver's options struct, initialised
 * stop     in/out  initialised; may be NULL
 *
 * Cost: O(1). Fails: SPO_E_UNSUPPORTED (the solver cannot do what the preset is for). Threads: any.
 * Test: tests/unit/trace.c.
 */
SPO_API spo_status spo_preset_apply(const spo_preset *preset, const spo_solver_ops *type,
                                    void *options, spo_stop *stop, spo_error *err);

#ifdef __cplusplus
}
#endif
#endif
