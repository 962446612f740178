/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Backtracking by a constant factor. */
#include "line_search_internal.h"

static spo_status search(spo_run *run, const spo_line_search_input *in,
                         spo_line_search_result *out) {
  const spo_search s = {run, in, out};
  return spo_backtrack(&s, run->cur->f, 0.0, spo_contract);
}

const spo_line_search_ops spo_armijo_ops = {
    .size = sizeof(spo_line_search_ops),
    .name = "armijo",
    .summary = "backtracking by a constant factor until sufficient decrease",
    .reference = "Nocedal, Wright 2006, algorithm 3.1",
    .search = search,
};

const spo_line_search_ops *spo_armijo_search(void) {
  return &spo_armijo_ops;
}
