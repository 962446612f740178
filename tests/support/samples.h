/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Problems from the sample command lines of a model's table, and points by name. */
#ifndef SPO_TESTS_SAMPLES_H
#define SPO_TESTS_SAMPLES_H

#include <stdlib.h>
#include <string.h>

#include <spheropt/spheropt.h>

#include "expect.h"

enum { SAMPLE_MAX_COUNTS = 64 };

/* "3,1,4" into room for SAMPLE_MAX_COUNTS numbers. */
static inline spo_integers sample_counts(const char *text, int64_t *room) {
  spo_integers list = {room, 0};
  for (const char *at = text; *at && list.count < SAMPLE_MAX_COUNTS; at += *at == ',') {
    char *end;
    room[list.count++] = strtoll(at, &end, 10);
    at = end;
  }
  return list;
}

/* The problem that "--name value --name value" describes; params is kept alive by the problem
 * itself. */
static inline spo_problem *sample_problem(const spo_model_ops *model, const char *line) {
  spo_error err = {0};
  char *params = calloc(1, model->params_size), *copy = strdup(line), *rest = copy;
  int64_t counts[SAMPLE_MAX_COUNTS];
  spo_options_init(model->param, model->n_params, params, model->params_size);
  for (char *word; (word = strtok_r(rest, " ", &rest)) != NULL;) {
    const spo_option *option = spo_option_find(model->param, model->n_params, word + 2);
    const char *value = strtok_r(NULL, " ", &rest);
    expect_true(option != NULL && value != NULL);
    if (option->kind == SPO_OPTION_COUNTS) {
      const spo_integers list = sample_counts(value, counts);
      memcpy(params + option->offset, &list, sizeof list);
    } else {
      expect_ok(spo_option_set(option, params, value, &err));
    }
  }
  spo_problem *P;
  expect_ok(model->create(params, &P, &err));
  free(params);
  free(copy);
  return P;
}

static inline spo_problem *ufm_problem(uint64_t K, uint64_t n, uint64_t d, double tau) {
  spo_error err = {0};
  spo_ufm_params p;
  spo_ufm_params_init(&p);
  p.classes = K, p.per_class = n, p.dim = d, p.tau = tau;
  spo_problem *P;
  expect_ok(spo_ufm_create(&p, &P, &err));
  return P;
}

static inline double *new_vector(const spo_problem *P) {
  return calloc(P->manifold->n, sizeof(double));
}

static inline gsl_rng *new_rng(uint64_t seed) {
  gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
  gsl_rng_set(rng, (unsigned long)seed);
  return rng;
}

/* "random", or a named point with its argument behind a colon. */
static inline void point_by_name(const spo_model_ops *model, const spo_problem *P, const char *name,
                                 uint64_t seed, double *x) {
  spo_error err = {0};
  gsl_rng *rng = new_rng(seed);
  expect_ok(spo_model_start(model, P, name, rng, x, &err));
  gsl_rng_free(rng);
}

/* One run from x to its end. */
static inline spo_result run_solver(const spo_solver_ops *type, const spo_problem *P,
                                    const void *options, const spo_stop *stop, uint64_t seed,
                                    double *x) {
  spo_error err = {0};
  spo_solver *s;
  spo_result res = {.size = sizeof res};
  expect_ok(spo_solver_create(type, P, options, seed, &s, &err));
  expect_ok(spo_solver_solve(s, x, stop, NULL, NULL, &res, &err));
  spo_solver_destroy(s);
  return res;
}

#endif
