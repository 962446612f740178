/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The experiment of Mixon, Parshall, Pi: gradient descent with a fixed step from small starts, and
 * what is measured at its end. Include after expect.h. */
#ifndef SPO_TESTS_SMALL_STARTS_H
#define SPO_TESTS_SMALL_STARTS_H

#include <spheropt/models/mse_ufm.h>

#include "eigenvalue_list.h"
#include "samples.h"

enum { E1, E2, E3, INVARIANT, DRIFT, METRICS };

static inline spo_problem *small_problem(uint64_t C, uint64_t N, uint64_t p, double eps) {
  spo_error err = {0};
  spo_problem *P;
  spo_mse_ufm_params params;
  spo_mse_ufm_params_init(&params);
  params.classes = C, params.per_class = N, params.dim = p, params.start_size = eps;
  expect_ok(spo_mse_ufm_create(&params, &P, &err));
  return P;
}

/* start NULL: of the point alone */
static inline void small_measure(const spo_problem *P, const double *start, const double *x,
                                 double metric[METRICS]) {
  spo_error err = {0};
  expect_ok(spo_mse_ufm()->metrics(P, x, metric, &err));
  expect_true(isnan(metric[DRIFT]));
  if (start)
    expect_ok(spo_mse_ufm()->metrics_since(P, start, x, metric, &err));
}

/* Gradient descent with the experiment's step; x in and out. */
static inline spo_result small_descend(const spo_problem *P, double step, uint64_t steps,
                                       double *x) {
  const spo_solver_ops *type = spo_gradient_descent();
  spo_error err = {0};
  spo_gradient_descent_options o;
  spo_stop stop;
  spo_stop_init(&stop);
  stop.max_iter = steps;
  spo_gradient_descent_options_init(&o);
  char text[32];
  snprintf(text, sizeof text, "%.17g", step);
  expect_ok(spo_option_set(spo_option_find(type->option, type->n_options, "step"), &o, text, &err));
  expect_ok(spo_option_set(spo_option_find(type->option, type->n_options, "line-search"), &o,
                           "fixed", &err));
  return run_solver(type, P, &o, &stop, 1, x);
}

/* The part q of the way through sorted values. */
static inline double small_quantile(const double *value, size_t count, double q) {
  const double at = q * (double)(count - 1);
  const size_t i = (size_t)at, next = i + 1 < count ? i + 1 : i;
  return value[i] + (at - (double)i) * (value[next] - value[i]);
}

/* The experiment with `seeds` starts of size eps: medians; spread, where wanted, is the 90th over
 * the 10th percentile. */
static inline void small_experiment(double eps, size_t seeds, uint64_t steps, double out[METRICS],
                                    double *spread, double *f) {
  double *value = calloc((METRICS + 1) * seeds, sizeof *value), metric[METRICS];
  spo_problem *P = small_problem(3, 3, 15, eps);
  double *x = new_vector(P), *start = new_vector(P);
  *f = NAN;
  for (size_t s = 0; s < seeds; s++) {
    point_by_name(spo_mse_ufm(), P, "small", s + 1, x);
    memcpy(start, x, P->manifold->n * sizeof *x);
    value[METRICS * seeds + s] = small_descend(P, 0.02, steps, x).last.f;
    small_measure(P, start, x, metric);
    for (size_t m = 0; m < METRICS; m++)
      value[m * seeds + s] = metric[m];
  }
  for (size_t m = 0; m <= METRICS; m++) {
    double *of = value + m * seeds;
    qsort(of, seeds, sizeof *of, list_order);
    const double middle = small_quantile(of, seeds, 0.5);
    if (m < METRICS)
      out[m] = middle;
    else
      *f = middle;
    if (spread && m < METRICS)
      spread[m] = small_quantile(of, seeds, 0.9) / small_quantile(of, seeds, 0.1);
  }
  free(value), free(x), free(start);
  spo_problem_destroy(P);
}

#endif
