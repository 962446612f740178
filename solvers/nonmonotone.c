/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Sufficient decrease below the largest of the last costs: steps that raise the cost for a while,
 * as Barzilai and Borwein's must, are let through. Where f cannot resolve the decrease, the
 * gradient norms of the same iterations take the place of the costs. */
#include "line_search_internal.h"

enum { ROOM = SPO_LINE_SEARCH_MEMORY / 2 };

/* The largest of the last `history` entries of a ring of ROOM. */
static double largest(const double *ring, uint64_t count, uint64_t history) {
  double most = -INFINITY;
  for (uint64_t i = 0; i < history && i < count; i++)
    most = fmax(most, ring[(count - 1 - i) % ROOM]);
  return most;
}

/* Growing from step to step while every cost is below one of ten would end in divergence, and each
 * contraction would come ten iterations late. */
static double next_step(const spo_search *s) {
  const spo_trial zero = spo_trial_zero(s), at = {s->out->t, s->run->trial->f, s->out->slope};
  const double t = spo_interpolate(s, &zero, &at), longest = s->in->options->growth * at.t;
  return t > 0.0 && t < longest ? fmax(t, s->in->options->contraction * at.t) : longest;
}

static spo_status search(spo_run *run, const spo_line_search_input *in,
                         spo_line_search_result *out) {
  const spo_search s = {run, in, out};
  spo_line_search_state *state = in->state;
  double *cost = state->memory, *norm = state->memory + ROOM;
  cost[state->count % ROOM] = run->cur->f;
  norm[state->count % ROOM] = run->cur->grad_norm;
  state->count++;
  const spo_status status =
      spo_backtrack(&s, largest(cost, state->count, in->options->history),
                    largest(norm, state->count, in->options->history), spo_contract);
  if (status == SPO_OK && out->accepted)
    out->next = next_step(&s);
  return status;
}

const spo_line_search_ops spo_nonmonotone_ops = {
    .size = sizeof(spo_line_search_ops),
    .name = "nonmonotone",
    .summary = "backtracking until sufficient decrease below the largest of the last costs",
    .reference = "Grippo, Lampariello, Lucidi 1986; Raydan 1997",
    .search = search,
};

const spo_line_search_ops *spo_nonmonotone_search(void) {
  return &spo_nonmonotone_ops;
}
