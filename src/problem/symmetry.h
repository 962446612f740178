/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The symmetry that a problem states, whichever way its table states it: four callbacks of its own,
 * or the sizes of what is rotated. Both lengths are 0 where none is stated; the others need one. */
#ifndef SPO_PROBLEM_SYMMETRY_H
#define SPO_PROBLEM_SYMMETRY_H

#include <spheropt/problem.h>

/* NULL: none */
const spo_symmetry *spo_symmetry_of(const spo_problem *P);
size_t spo_symmetry_store_len(const spo_problem *P);
size_t spo_symmetry_work_len(const spo_problem *P);
int spo_symmetry_prepare(const spo_problem *P, const double *x, double *store, size_t *dim,
                         double *work);
int spo_symmetry_project(const spo_problem *P, const double *x, const double *store, size_t k,
                         double *V, double *work);

/* Is the table complete, and is what it says possible on P's manifold? */
spo_status spo_symmetry_check(const spo_problem *P, spo_error *err);

#endif
