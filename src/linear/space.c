/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Inner-product spaces: the Euclidean default, and no projector. */
#include <spheropt/linear.h>

#include "base/vec.h"

void spo_space_inner(const spo_space *S, size_t k, const double *U, const double *v, double *out) {
  if (S->inner) {
    S->inner(S->self, k, U, v, out);
    return;
  }
  for (size_t j = 0; j < k; j++)
    out[j] = spo_vec_dot(S->n, U + j * S->n, v);
}

spo_status spo_space_project(const spo_space *S, size_t k, double *V) {
  return S->project && k > 0 ? S->project(S->self, k, V) : SPO_OK;
}
