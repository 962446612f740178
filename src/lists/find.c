/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Finding an entry of a list by name. */
#include "lists/lists.h"

/* '-' and '_' are the same letter here */
static bool same(const char *a, const char *b) {
  for (; *a && *b; a++, b++)
    if (*a != *b && !((*a == '-' || *a == '_') && (*b == '-' || *b == '_')))
      return false;
  return *a == *b;
}

const spo_model_ops *spo_list_model(const char *name) {
  for (size_t i = 0; spo_list_models[i]; i++)
    if (same(spo_list_models[i]()->name, name))
      return spo_list_models[i]();
  return NULL;
}

const spo_manifold_family *spo_list_manifold(const char *name) {
  for (size_t i = 0; spo_list_manifolds[i]; i++)
    if (same(spo_list_manifolds[i]()->name, name))
      return spo_list_manifolds[i]();
  return NULL;
}

const spo_solver_ops *spo_list_solver(const char *name) {
  for (size_t i = 0; spo_list_solvers[i]; i++)
    if (same(spo_list_solvers[i]()->name, name))
      return spo_list_solvers[i]();
  return NULL;
}
