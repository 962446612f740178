/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Leaving a critical point along negative curvature, for every solver that promises
 * SPO_LEAVES_SADDLES. */
#ifndef SPO_SOLVE_ESCAPE_H
#define SPO_SOLVE_ESCAPE_H

#include <spheropt/solver.h>
#include <spheropt/solvers/escape.h>

extern const spo_choice spo_escape_choices[];

/* The two entries of an option table, at the offsets of a `const void *` and a `uint64_t`. */
/* clang-format off */
#define SPO_ESCAPE_OPTIONS(when, products)                                                         \
  {"escape", "when to look for negative curvature at a critical point", "", (when),                \
   SPO_OPTION_CHOICE, 0, 2, 2, 0, spo_escape_choices, 0},                                          \
  {"escape-products", "Hessian products spent on that at most",                                    \
   "a random start meets negative curvature in a few dozen", (products), SPO_OPTION_UINT, 1,       \
   0x1p53, 200, 0, NULL, 0}
/* clang-format on */

typedef struct spo_escape_rule {
  const void *when; /* the choice */
  uint64_t products;
  double accept;      /* part of the predicted decrease; f must fall by more */
  double contraction; /* of the step until it does */
} spo_escape_rule;

/* doubles of work */
size_t spo_escape_work_len(const spo_problem *P, uint64_t products);

/* One step from cur, which is critical and not known to be a global minimiser: moves, or says why
 * not in *reason. v: n doubles of scratch. it->accepted, inner, rho and step_norm are filled in. */
spo_status spo_escape_step(spo_run *run, const spo_escape_rule *rule, double *v, double *work,
                           spo_iter *it, spo_reason *reason);

#endif
