/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A problem seen through another: what is not the wrapper's own business goes on to the wrapped
 * problem, whose memo comes first in the wrapper's and whose scratch first in the wrapper's. */
#ifndef SPO_PROBLEM_WRAP_H
#define SPO_PROBLEM_WRAP_H

#include <spheropt/problem.h>

enum { SPO_WRAP_NAME = 120 };

/* First member of a wrapper; problem.self is the wrapper. The tables are the instance's own, since
 * which slots there are depends on what is wrapped. */
typedef struct spo_wrapped {
  spo_problem problem; /* first: a problem made here is its wrapper */
  spo_problem_ops ops;
  spo_symmetry symmetry;
  spo_certificate certificate;
  const spo_problem *inner; /* borrowed */
  char name[SPO_WRAP_NAME];
} spo_wrapped;

/**
 * spo_wrap - a block of `size` bytes, zero but for its first member, a spo_wrapped all of whose
 * slots go on to P.
 *
 * size       in   of the wrapper
 * what       in   its name begins with this: "log of "
 * more_memo  in   doubles that the wrapper keeps at a place, behind P's own P->memo_len
 * more_work  in   scratch of the wrapper behind the spo_wrap_work_len(P) doubles that P is lent
 *
 * P must have passed spo_problem_check. *out is NULL on failure: SPO_E_NOMEM. Freed by the destroy
 * slot.
 */
spo_status spo_wrap(const spo_problem *P, size_t size, const char *what, size_t more_memo,
                    size_t more_work, void **out, spo_error *err);

/* What spo_wrap lends to the wrapped problem and to the manifold: the larger need of the two. */
size_t spo_wrap_work_len(const spo_problem *P);

#endif
