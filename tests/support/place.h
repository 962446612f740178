/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A problem, a named point of it, and the means to evaluate there: what the oracles of the
 * landscape begin with. Include after expect.h. */
#ifndef SPO_TESTS_PLACE_H
#define SPO_TESTS_PLACE_H

#include <stdlib.h>

#include <spheropt/models/ufm.h>
#include <spheropt/point.h>

typedef struct place {
  spo_problem *problem; /* destroyed with the place */
  spo_eval *eval;
  spo_point *at;
  gsl_rng *rng;
} place;

/* name: "etf", "merged:2"; NULL: all zero until x is set */
static inline void place_open(place *t, spo_problem *P, const spo_model_ops *model,
                              const char *name) {
  spo_error err = {0};
  t->problem = P;
  expect_ok(spo_eval_create(P, &t->eval, NULL));
  expect_ok(spo_point_create(P, &t->at, &err));
  t->rng = gsl_rng_alloc(gsl_rng_mt19937);
  gsl_rng_set(t->rng, (unsigned long)expect_seed);
  double *x = calloc(P->manifold->n, sizeof *x);
  if (name)
    expect_ok(spo_model_start(model, P, name, t->rng, x, &err));
  spo_point_set(t->at, P, x);
  free(x);
}

static inline void place_ufm(place *t, size_t K, size_t n, size_t d, double tau, const char *name) {
  spo_ufm_params params;
  spo_error err = {0};
  spo_problem *P;
  spo_ufm_params_init(&params);
  params.classes = K;
  params.per_class = n;
  params.dim = d;
  params.tau = tau;
  expect_ok(spo_ufm_create(&params, &P, &err));
  place_open(t, P, spo_ufm(), name);
}

/* A random point instead. */
static inline void place_random(place *t) {
  const spo_manifold *M = t->problem->manifold;
  expect_true(M->ops->random_point(M, t->rng, t->at->x, t->eval->work) == SPO_OK);
  spo_point_forget(t->at);
}

static inline void place_close(place *t) {
  gsl_rng_free(t->rng);
  spo_point_destroy(t->at);
  spo_eval_destroy(t->eval);
  spo_problem_destroy(t->problem);
}

#endif
