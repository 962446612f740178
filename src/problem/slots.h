/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Which optional callbacks does a problem offer? */
#ifndef SPO_PROBLEM_SLOTS_H
#define SPO_PROBLEM_SLOTS_H

#include <spheropt/problem.h>

#include "base/slots.h"

#define spo_problem_has(P, slot) SPO_HAS(spo_problem_ops, (P)->ops, slot)

#define spo_problem_has_hessian(P) (spo_problem_has(P, ehess) || spo_problem_has(P, ehess_block))

#endif
