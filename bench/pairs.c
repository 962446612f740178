/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Cost and gradient of sums over pairs of points on the sphere, n = 2000, d = 3, over the better of
 * two floors: n^2 evaluations of the kernel, vectorised, on blocks that stay in cache; and the bare
 * dgemm of the n x n matrix of inner products with the one of the gradient. All three take
 * turns. */
#include "bench.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/blas.h"
#include "base/simd.h"
#include "base/vec.h"

enum { N = 2000, D = 3, REPEATS = 21, BLOCK = 2000 };

typedef struct floors {
  double *X, *G, *Y, in[BLOCK], out[BLOCK];
} floors;

static double two_dgemm(floors *f) {
  const double begin = bench_now();
  spo_gemm('T', 'N', N, N, D, 1.0, f->X, D, f->X, D, 0.0, f->G, N);
  spo_gemm('N', 'N', D, N, N, 1.0, f->X, D, f->G, N, 0.0, f->Y, D);
  return bench_now() - begin;
}

SPO_KERNEL static void inverses(size_t n, const double *x, double *y) {
  for (size_t i = 0; i < n; i++)
    y[i] = 1.0 / x[i];
}

SPO_KERNEL static void inverse_roots(size_t n, const double *x, double *y) {
  for (size_t i = 0; i < n; i++)
    y[i] = 1.0 / sqrt(x[i]);
}

/* the energy and its slope */
static void logarithms(size_t n, const double *x, double *y) {
  static double slope[BLOCK];
  spo_vec_log(n, x, y);
  inverses(n, x, slope);
}

static double kernels(floors *f, void kernel(size_t, const double *, double *)) {
  const double begin = bench_now();
  for (size_t i = 0; i < (size_t)N * N / BLOCK; i++) {
    f->in[i % BLOCK] += 1e-3; /* else one evaluation would do for all */
    kernel(BLOCK, f->in, f->out);
  }
  return bench_now() - begin;
}

typedef struct subject {
  const char *what;
  spo_problem *P;
  void (*kernel)(size_t, const double *, double *);
} subject;

static void run(const subject *s, floors *f) {
  spo_error err = {0};
  spo_eval *E;
  spo_point *p;
  double ours[REPEATS], hessian[REPEATS], dgemm[REPEATS], kernel[REPEATS];
  char text[120];
  bench_need(spo_eval_create(s->P, &E, &err), &err);
  bench_need(spo_point_create(s->P, &p, &err), &err);
  double *x = bench_random_point(s->P, 1), *v = bench_random_point(s->P, 2),
         *hv = bench_random_point(s->P, 3);
  spo_point_set(p, s->P, x);
  for (int i = -2; i < REPEATS; i++) { /* the first two warm up */
    spo_point_forget(p);
    const double begin = bench_now();
    bench_need(spo_eval_grad(E, p), &err);
    const double middle = bench_now();
    bench_need(spo_eval_hess(E, p, 1, v, hv), &err);
    const double end = bench_now(), a = two_dgemm(f), b = kernels(f, s->kernel);
    if (i >= 0)
      ours[i] = middle - begin, hessian[i] = end - middle, dgemm[i] = a, kernel[i] = b;
  }
  const double t = bench_median(ours, REPEATS), a = bench_median(dgemm, REPEATS),
               b = bench_median(kernel, REPEATS);
  snprintf(text, sizeof text, "%s: cost and gradient %.2f ms; dgemm %.2f, n^2 kernels %.2f ms",
           s->what, 1e3 * t, 1e3 * a, 1e3 * b);
  bench_ratio(text, t / fmin(a, b), 1.5, true);
  printf("  a Hessian product: %.2f of that\n", bench_median(hessian, REPEATS) / t);
  free(x), free(v), free(hv);
  spo_point_destroy(p);
  spo_eval_destroy(E);
  spo_problem_destroy(s->P);
}

int main(void) {
  spo_error err = {0};
  spo_tied_ce_params tied;
  spo_riesz_params riesz;
  floors f = {malloc(sizeof(double) * N * D),
              malloc(sizeof(double) * N * N),
              malloc(sizeof(double) * N * D),
              {0},
              {0}};
  if (!f.X || !f.G || !f.Y)
    return 1;
  for (size_t i = 0; i < N * D; i++)
    f.X[i] = (double)((i * 2654435761u) % 1000) / 1000.0;
  for (size_t i = 0; i < BLOCK; i++)
    f.in[i] = 0.1 + (double)i / BLOCK;
  spo_blas_threads(1);
  printf("BLAS: %s\n", spo_blas_config());
  subject s = {"tied-ce", NULL, spo_vec_exp};
  spo_tied_ce_params_init(&tied);
  tied.points = N;
  bench_need(spo_tied_ce_create(&tied, &s.P, &err), &err);
  run(&s, &f);
  static const struct {
    double power;
    const char *what;
    void (*kernel)(size_t, const double *, double *);
  } kinds[] = {{1, "riesz, s = 1", inverse_roots}, {0, "riesz, log", logarithms}};
  for (int k = 0; k < 2; k++) {
    s = (subject){kinds[k].what, NULL, kinds[k].kernel};
    spo_riesz_params_init(&riesz);
    riesz.points = N;
    riesz.power = kinds[k].power;
    bench_need(spo_riesz_create(&riesz, &s.P, &err), &err);
    run(&s, &f);
  }
  free(f.X), free(f.G), free(f.Y);
  return 0;
}
