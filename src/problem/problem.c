/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Is a problem's table complete? */
#include <spheropt/problem.h>

#include "problem/slots.h"
#include "problem/symmetry.h"

static spo_status check_certificate(const spo_certificate *C, spo_error *err) {
  if (C->size < offsetof(spo_certificate, direction) + sizeof C->direction || !C->order ||
      !C->store_len || !C->work_len || !C->prepare || !C->apply || !C->gap_bound)
    return spo_fail(err, SPO_E_UNSUPPORTED, __func__,
                    "certificate table: size, order, store_len, work_len, prepare, apply and "
                    "gap_bound are required");
  if (C->n_cases > 0 && (!C->direction || !C->case_name))
    return spo_fail(err, SPO_E_UNSUPPORTED, __func__,
                    "certificate table: %zu cases are promised, direction or case_name is missing",
                    C->n_cases);
  return SPO_OK;
}

spo_status spo_problem_check(const spo_problem *P, spo_error *err) {
  if (!P || !P->ops)
    return spo_fail(err, SPO_E_ARG, __func__, "problem: ops is missing");
  const size_t least = offsetof(spo_problem_ops, egrad) + sizeof P->ops->egrad;
  if (P->ops->size < least)
    return spo_fail(err, SPO_E_ARG, __func__,
                    "problem table: size is %zu, must be sizeof(spo_problem_ops)", P->ops->size);
  if (!P->ops->cost || !P->ops->egrad)
    return spo_fail(err, SPO_E_UNSUPPORTED, __func__, "problem table: %s is required",
                    P->ops->cost ? "egrad" : "cost");
  if (!P->manifold)
    return spo_fail(err, SPO_E_ARG, __func__, "problem: manifold is missing");
  spo_status status = spo_manifold_check(P->manifold, err);
  if (status == SPO_OK)
    status = spo_symmetry_check(P, err);
  if (status == SPO_OK && spo_problem_has(P, certificate))
    status = check_certificate(P->ops->certificate, err);
  return status;
}

void spo_problem_destroy(spo_problem *P) {
  if (P && spo_problem_has(P, destroy))
    P->ops->destroy(P);
}
