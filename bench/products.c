/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Cost and gradient, and a Hessian product, of the ufm, over the bare matrix products of their
 * shapes. Both are timed in turn, so that what else the machine does hits both. */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>

enum { REPEATS = 41 };

typedef struct subject {
  spo_eval *E;
  spo_point *p;
  double *V, *HV;
  bench_products floor;
} subject;

static void subject_init(subject *s, const spo_problem *P, size_t K, size_t N, size_t d) {
  spo_error err = {0};
  bench_need(spo_eval_create(P, &s->E, &err), &err);
  bench_need(spo_point_create(P, &s->p, &err), &err);
  double *x = bench_random_point(P, 1);
  spo_point_set(s->p, P, x);
  s->V = x; /* any direction will do once projected */
  s->HV = bench_random_point(P, 2);
  for (size_t i = 0; i < P->manifold->n; i++)
    s->V[i] = s->HV[i];
  bench_need(spo_eval_grad(s->E, s->p), &err);
  double *work = calloc(P->manifold->work_len + 1, sizeof *work);
  if (work)
    P->manifold->ops->project(P->manifold, s->p->x, s->V, s->V, work);
  free(work);
  bench_products_init(&s->floor, K, N, d);
}

static void subject_free(subject *s) {
  bench_products_free(&s->floor);
  free(s->V);
  free(s->HV);
  spo_point_destroy(s->p);
  spo_eval_destroy(s->E);
}

static double hessian(subject *s) {
  const double begin = bench_now();
  spo_eval_hess(s->E, s->p, 1, s->V, s->HV);
  return bench_now() - begin;
}

static double gradient(subject *s) {
  spo_point_forget(s->p);
  const double begin = bench_now();
  spo_eval_grad(s->E, s->p);
  return bench_now() - begin;
}

static double bare(subject *s, void products(bench_products *)) {
  const double begin = bench_now();
  products(&s->floor);
  return bench_now() - begin;
}

static void compare(subject *s, const char *what, double ours(subject *),
                    void products(bench_products *), double demanded) {
  double a[REPEATS], b[REPEATS];
  char text[80];
  for (int i = -3; i < REPEATS; i++) { /* the first three warm up */
    const double t = ours(s), floor = bare(s, products);
    if (i >= 0)
      a[i] = t, b[i] = floor;
  }
  const double t = bench_median(a, REPEATS), floor = bench_median(b, REPEATS);
  snprintf(text, sizeof text, "%s: %.2f ms over %.2f ms", what, 1e3 * t, 1e3 * floor);
  bench_ratio(text, t / floor, demanded, true);
}

int main(void) {
  static const size_t size[][3] = {{100, 10, 128}, {200, 50, 256}};
  spo_blas_threads(1);
  printf("BLAS: %s\n", spo_blas_config());
  for (size_t i = 0; i < 2; i++) {
    const size_t K = size[i][0], n = size[i][1], d = size[i][2];
    spo_problem *P = bench_ufm(K, n, d, 1);
    subject s;
    subject_init(&s, P, K, K * n, d);
    printf("(K, n, d) = (%zu, %zu, %zu)\n", K, n, d);
    compare(&s, "  Hessian product over six bare dgemm", hessian, bench_six, 1.15);
    compare(&s, "  cost and gradient over three bare dgemm", gradient, bench_three, 1.6);
    subject_free(&s);
    spo_problem_destroy(P);
  }
  return 0;
}
