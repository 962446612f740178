/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * How much of a trust-region solve is spent in the objective's own cost, gradient and Hessian
 * products? The problem's table is replaced by one whose callbacks read the clock around the
 * original's. What the manifold does with a gradient or a product afterwards counts as the
 * toolkit's own time. */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>

/* The callbacks' `self` must stay the model's own, so what wraps them stands here. */
static const spo_problem_ops *inner;
static double spent, spent_riemannian;

#define TIMED(call)                                                                                \
  const double begin = bench_now();                                                                \
  const int code = (call);                                                                         \
  spent += bench_now() - begin;                                                                    \
  return code;

static int cost(void *self, const double *x, double *f, double *memo, double *work) {
  TIMED(inner->cost(self, x, f, memo, work))
}

static int egrad(void *self, const double *x, double *g, double *memo, double *work) {
  TIMED(inner->egrad(self, x, g, memo, work))
}

static int cost_egrad(void *self, const double *x, double *f, double *g, double *memo,
                      double *work) {
  TIMED(inner->cost_egrad(self, x, f, g, memo, work))
}

static int ehess(void *self, const double *x, const double *v, double *hv, const double *memo,
                 double *work) {
  TIMED(inner->ehess(self, x, v, hv, memo, work))
}

static int ehess_block(void *self, const double *x, size_t k, const double *V, double *HV,
                       const double *memo, double *work) {
  TIMED(inner->ehess_block(self, x, k, V, HV, memo, work))
}

static spo_problem_ops timed_table(const spo_problem *P) {
  spo_problem_ops table = *P->ops;
  inner = P->ops;
  table.cost = cost;
  table.egrad = egrad;
  table.cost_egrad = inner->cost_egrad ? cost_egrad : NULL;
  table.ehess = inner->ehess ? ehess : NULL;
  table.ehess_block = inner->ehess_block ? ehess_block : NULL;
  return table;
}

#define WRAPPED(call)                                                                              \
  const double begin = bench_now();                                                                \
  const spo_status status = (call);                                                                \
  spent_riemannian += bench_now() - begin;                                                         \
  return status;

spo_status __real_spo_eval_cost(spo_eval *E, spo_point *p);
spo_status __real_spo_eval_grad(spo_eval *E, spo_point *p);
spo_status __real_spo_eval_hess(spo_eval *E, spo_point *p, size_t k, const double *V, double *HV);
spo_status __wrap_spo_eval_cost(spo_eval *E, spo_point *p);
spo_status __wrap_spo_eval_grad(spo_eval *E, spo_point *p);
spo_status __wrap_spo_eval_hess(spo_eval *E, spo_point *p, size_t k, const double *V, double *HV);

spo_status __wrap_spo_eval_cost(spo_eval *E, spo_point *p){WRAPPED(__real_spo_eval_cost(E, p))}

spo_status __wrap_spo_eval_grad(spo_eval *E, spo_point *p){WRAPPED(__real_spo_eval_grad(E, p))}

spo_status __wrap_spo_eval_hess(spo_eval *E, spo_point *p, size_t k, const double *V, double *HV) {
  WRAPPED(__real_spo_eval_hess(E, p, k, V, HV))
}

/* One solve from a random start; returns its seconds. */
static double solve(const spo_problem *P, unsigned long seed, spo_result *result) {
  spo_error err = {0};
  spo_solver *solver;
  spo_stop stop;
  spo_stop_init(&stop);
  stop.grad_rel = 1e-6;
  stop.max_time = 60;
  double *x = bench_random_point(P, seed);
  bench_need(spo_solver_create(spo_trust_region(), P, NULL, seed, &solver, &err), &err);
  spent = spent_riemannian = 0;
  const double begin = bench_now();
  bench_need(spo_solver_solve(solver, x, &stop, NULL, NULL, result, &err), &err);
  const double seconds = bench_now() - begin;
  spo_solver_destroy(solver);
  free(x);
  return seconds;
}

int main(void) {
  static const size_t size[][3] = {{100, 10, 128}, {200, 50, 256}};
  static const int runs[] = {5, 1};
  spo_blas_threads(1);
  for (int i = 0; i < 2; i++) {
    spo_problem *P = bench_ufm(size[i][0], size[i][1], size[i][2], 1);
    const spo_problem_ops table = timed_table(P);
    spo_problem timed = *P;
    timed.ops = &table;
    double callbacks[5], riemannian[5];
    for (int seed = 0; seed < runs[i]; seed++) {
      spo_result result = {.size = sizeof result};
      const double seconds = solve(&timed, (unsigned long)seed + 1, &result);
      callbacks[seed] = spent / seconds;
      riemannian[seed] = spent_riemannian / seconds;
      printf("  seed %d: %.2f s, %d steps, %d Hessian products; %s\n", seed + 1, seconds,
             (int)result.last.k, (int)result.last.count.hess, spo_reason_name(result.reason));
    }
    printf("(K, n, d) = (%zu, %zu, %zu)\n", size[i][0], size[i][1], size[i][2]);
    bench_ratio("  share of cost, gradient and Hessian products",
                bench_median(riemannian, (size_t)runs[i]), 0.8, false);
    printf("  of the whole, the objective's callbacks alone: %.3f\n",
           bench_median(callbacks, (size_t)runs[i]));
    spo_problem_destroy(P);
  }
  return 0;
}
