/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Graphs of the G-set collection, and one run on them. SPO_GSET is the folder. Include after
 * samples.h. */
#ifndef SPO_TESTS_GSET_H
#define SPO_TESTS_GSET_H

#include "io/edge_list.h"

enum { GSET_RANK = 64 };

static inline spo_problem *gset_problem(const char *name) {
  spo_error err = {0};
  spo_npy list;
  spo_maxcut_params params;
  spo_problem *P;
  char path[1024];
  snprintf(path, sizeof path, "%s/%s.txt", SPO_GSET, name);
  expect_ok(spo_edge_list_read(path, &list, &err));
  spo_maxcut_params_init(&params);
  params.graph = (spo_matrix){list.real, list.rows, list.cols};
  params.rank = GSET_RANK;
  expect_ok(spo_maxcut_create(&params, &P, &err));
  spo_npy_free(&list);
  return P;
}

/* From a random start to |grad| <= 1e-9, proven optimal, with the published value; returns
 * gradients and Hessian products. */
static inline uint64_t gset_run(const spo_problem *P, uint64_t seed, double value) {
  spo_error err = {0};
  double *x = new_vector(P), metric[3];
  spo_stop stop;
  spo_verification v;
  spo_stop_init(&stop);
  stop.grad_rel = 0.0;
  stop.grad_abs = 1e-9;
  point_by_name(spo_maxcut(), P, "random", seed, x);
  const spo_result res = run_solver(spo_trust_region(), P, NULL, &stop, seed, x);
  expect_true(res.reason == SPO_STOP_GRAD);
  expect_at_most(res.last.grad_norm, 1e-9);
  expect_ok(spo_maxcut()->metrics(P, x, metric, &err));
  expect_near(metric[0], value, 1e-4);           /* to the digits published */
  expect_at_most(metric[1], value * (1 + 1e-6)); /* proven */
  expect_at_most(value * (1 - 1e-8), metric[1]);
  expect_at_most(metric[2], metric[1]);
  expect_at_most(0.9 * metric[1], metric[2]);
  expect_ok(spo_verify(P, x, NULL, NULL, &v, NULL, &err));
  expect_true(v.verdict == SPO_GLOBAL_MINIMIZER && v.f_star != v.f_star);
  free(x);
  return res.last.count.grad + res.last.count.hess;
}

#endif
