/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Both kinds of symmetry tables behind one door. */
#include "problem/symmetry.h"

#include <spheropt/rotation.h>

#include "base/memory.h"
#include "base/vec.h"
#include "problem/slots.h"

const spo_symmetry *spo_symmetry_of(const spo_problem *P) {
  return spo_problem_has(P, symmetry) ? P->ops->symmetry : NULL;
}

static bool is_rotation(const spo_symmetry *S) {
  return SPO_HAS(spo_symmetry, S, rotated);
}

size_t spo_symmetry_store_len(const spo_problem *P) {
  const spo_symmetry *S = spo_symmetry_of(P);
  size_t d, m;
  if (!S || !is_rotation(S))
    return S ? S->store_len(P->self) : 0;
  S->rotated(P->self, &d, &m);
  return spo_rotation_store_len(d);
}

size_t spo_symmetry_work_len(const spo_problem *P) {
  const spo_symmetry *S = spo_symmetry_of(P);
  size_t d, m;
  if (!S || !is_rotation(S))
    return S ? S->work_len(P->self) : 0;
  S->rotated(P->self, &d, &m);
  return spo_rotation_work_len(d);
}

int spo_symmetry_prepare(const spo_problem *P, const double *x, double *store, size_t *dim,
                         double *work) {
  const spo_symmetry *S = P->ops->symmetry;
  size_t d, m;
  if (!is_rotation(S))
    return S->prepare(P->self, x, store, dim, work);
  S->rotated(P->self, &d, &m);
  return spo_rotation_prepare(d, m, x, store, dim, work);
}

int spo_symmetry_project(const spo_problem *P, const double *x, const double *store, size_t k,
                         double *V, double *work) {
  const spo_symmetry *S = P->ops->symmetry;
  const size_t n = P->manifold->n;
  size_t d, m;
  if (!is_rotation(S))
    return S->project(P->self, x, store, k, V, work);
  S->rotated(P->self, &d, &m);
  spo_rotation_project(d, m, x, store, k, n, V, work);
  for (size_t j = 0; j < k; j++)
    spo_vec_zero(n - d * m, V + j * n + d * m);
  return 0;
}

static spo_status check_rotation(const spo_problem *P, spo_error *err) {
  const spo_symmetry *S = P->ops->symmetry;
  size_t d = 0, m = 0;
  if (S->store_len || S->work_len || S->prepare || S->project)
    return spo_fail(err, SPO_E_ARG, "spo_problem_check",
                    "symmetry table: rotated stands for store_len, work_len, prepare and project; "
                    "leave these NULL");
  S->rotated(P->self, &d, &m);
  if (d < 1 || m < 1 || !(spo_size_mul(d, m) <= P->manifold->n))
    return spo_fail(err, SPO_E_DIM, "spo_problem_check",
                    "symmetry table: rotated says %zu points of R^%zu; at least 1 of at least 1, "
                    "and at most the %zu numbers of a point",
                    m, d, P->manifold->n);
  return SPO_OK;
}

spo_status spo_symmetry_check(const spo_problem *P, spo_error *err) {
  const spo_symmetry *S = spo_symmetry_of(P);
  if (!S)
    return SPO_OK;
  if (is_rotation(S))
    return check_rotation(P, err);
  if (S->size < offsetof(spo_symmetry, project) + sizeof S->project || !S->store_len ||
      !S->work_len || !S->prepare || !S->project)
    return spo_fail(err, SPO_E_UNSUPPORTED, "spo_problem_check",
                    "symmetry table: size, and store_len, work_len, prepare and project, or "
                    "rotated in their place, are required");
  return SPO_OK;
}
