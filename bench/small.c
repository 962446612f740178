/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A problem so small that everything but arithmetic shows: (K, n, d, tau) = (10, 10, 16, 1), trust
 * region to a gradient of 1e-6, over 100 bare Hessian products. Median over 20 seeds, each the
 * median of repetitions in turn with the floor. */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SEEDS = 20, REPEATS = 15, PRODUCTS = 100 };

static double six_dgemm(bench_products *b) {
  const double begin = bench_now();
  for (int i = 0; i < PRODUCTS; i++)
    bench_six(b);
  return bench_now() - begin;
}

static double hessian(spo_eval *E, spo_point *p, const double *V, double *HV) {
  const double begin = bench_now();
  for (int i = 0; i < PRODUCTS; i++)
    spo_eval_hess(E, p, 1, V, HV);
  return bench_now() - begin;
}

/* with everything that a program does for one solve but making the problem and the start */
static double solve(const spo_problem *P, const double *start, double *x, spo_result *result) {
  spo_error err = {0};
  spo_solver *solver;
  spo_stop stop;
  spo_stop_init(&stop);
  stop.grad_rel = 0;
  stop.grad_abs = 1e-6;
  memcpy(x, start, P->manifold->n * sizeof *x);
  const double begin = bench_now();
  bench_need(spo_solver_create(spo_trust_region(), P, NULL, 1, &solver, &err), &err);
  bench_need(spo_solver_solve(solver, x, &stop, NULL, NULL, result, &err), &err);
  spo_solver_destroy(solver);
  return bench_now() - begin;
}

int main(void) {
  enum { K = 10, PER_CLASS = 10, D = 16 };
  spo_error err = {0};
  spo_eval *E;
  spo_point *p;
  bench_products floor;
  double over_dgemm[SEEDS], over_hessian[SEEDS], milliseconds[SEEDS], products[SEEDS];

  spo_blas_threads(1);
  spo_problem *P = bench_ufm(K, PER_CLASS, D, 1);
  double *x = bench_random_point(P, 1), *HV = bench_random_point(P, 2);
  bench_need(spo_eval_create(P, &E, &err), &err);
  bench_need(spo_point_create(P, &p, &err), &err);
  bench_products_init(&floor, K, K * PER_CLASS, D);

  for (int seed = 0; seed < SEEDS; seed++) {
    double *start = bench_random_point(P, (unsigned long)seed + 1), t[3][REPEATS];
    spo_result result = {.size = sizeof result};
    spo_point_set(p, P, start);
    bench_need(spo_eval_grad(E, p), &err);
    for (int i = 0; i < REPEATS; i++) {
      t[0][i] = solve(P, start, x, &result);
      t[1][i] = six_dgemm(&floor);
      t[2][i] = hessian(E, p, p->grad, HV);
    }
    const double ours = bench_median(t[0], REPEATS);
    milliseconds[seed] = 1e3 * ours;
    over_dgemm[seed] = ours / bench_median(t[1], REPEATS);
    over_hessian[seed] = ours / bench_median(t[2], REPEATS);
    products[seed] = (double)result.last.count.hess;
    if (!result.converged)
      printf("  seed %d: %s\n", seed + 1, spo_reason_text(result.reason));
    free(start);
  }
  printf("a solve: %.3f ms, %.0f Hessian products (medians)\n", bench_median(milliseconds, SEEDS),
         bench_median(products, SEEDS));
  bench_ratio("  over 100 times six bare dgemm", bench_median(over_dgemm, SEEDS), 1.9, true);
  bench_ratio("  over 100 Hessian products of the library", bench_median(over_hessian, SEEDS), 1.9,
              true);

  bench_products_free(&floor);
  spo_point_destroy(p);
  spo_eval_destroy(E);
  free(HV);
  free(x);
  spo_problem_destroy(P);
  return 0;
}
