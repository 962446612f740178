/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Points of one sphere by a model, a line of parameters and a name; the whole spectrum there
 * against a list. Include after expect.h. */
#ifndef SPO_TESTS_CONFIGURATIONS_H
#define SPO_TESTS_CONFIGURATIONS_H

#include "samples.h"

#include "eigenvalue_list.h"
#include "place.h"

static inline void place_line(place *t, const spo_model_ops *model, const char *name,
                              const char *format, ...) {
  char line[160];
  va_list args;
  va_start(args, format);
  vsnprintf(line, sizeof line, format, args);
  va_end(args);
  place_open(t, sample_problem(model, line), model, name);
}

static inline double cost_of(place *t) {
  expect_true(spo_eval_cost(t->eval, t->at) == SPO_OK);
  return t->at->f;
}

static inline double gradient_of(place *t) {
  expect_true(spo_eval_grad(t->eval, t->at) == SPO_OK);
  return t->at->grad_norm;
}

/* All of the spectrum, relative to its largest member. */
static inline void expect_list(place *t, eigenvalue_list *due) {
  spo_error err = {0};
  spo_spectrum *s;
  expect_ok(spo_spectrum_at(t->eval, t->at, NULL, t->rng, &s, &err));
  expect_true(s->complete && s->count == due->count);
  list_sort(due);
  const double top = fmax(fabs(due->value[0]), fabs(due->value[due->count - 1]));
  for (size_t i = 0; i < due->count; i++)
    expect_near(s->eigenvalue[i], due->value[i], 1e-13 * top * (double)due->count);
  spo_spectrum_destroy(s);
}

/* The best of some runs of the trust region from random starts; x its point, NULL: not wanted. */
static inline double best_of(const spo_model_ops *model, const spo_problem *P, uint64_t starts,
                             double *x) {
  double best = INFINITY, *y = new_vector(P);
  for (uint64_t seed = 1; seed <= starts; seed++) {
    expect_seed = seed;
    point_by_name(model, P, "random", seed, y);
    const spo_result res = run_solver(spo_trust_region(), P, NULL, NULL, seed, y);
    if (res.converged && res.last.f < best) {
      best = res.last.f;
      if (x)
        memcpy(x, y, P->manifold->n * sizeof *x);
    }
  }
  free(y);
  return best;
}

#endif
