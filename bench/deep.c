/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Cost and gradient, and a Hessian product, of the deep feature model, over the bare matrix
 * products of its layers, three and six of each. Both are timed in turn, as in products.c. */
#include "bench.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/blas.h"
#include "base/vec.h"

enum { REPEATS = 41 };

typedef struct subject {
  size_t layers, width, N;
  spo_problem *P;
  spo_eval *E;
  spo_point *p;
  double *V, *HV;
  double *W, *A, *D, *B, *Z, *G; /* operands of the bare products, and their results */
} subject;

static double *numbers(size_t count) {
  double *x = aligned_alloc(64, (count * sizeof *x + 63) / 64 * 64);
  if (!x)
    bench_need(SPO_E_NOMEM, &(spo_error){.text = "operands"});
  for (size_t i = 0; i < count; i++)
    x[i] = sin((double)i);
  return x;
}

static void subject_init(subject *s, size_t layers, size_t width, size_t per_class,
                         double smoothing) {
  spo_error err = {0};
  spo_deep_ufm_params params;
  int64_t each = (int64_t)width;
  *s = (subject){.layers = layers, .width = width, .N = 2 * per_class};
  spo_deep_ufm_params_init(&params);
  params.layers = layers;
  params.per_class = per_class;
  params.smoothing = smoothing;
  params.width = (spo_integers){&each, 1};
  bench_need(spo_deep_ufm_create(&params, &s->P, &err), &err);
  bench_need(spo_eval_create(s->P, &s->E, &err), &err);
  bench_need(spo_point_create(s->P, &s->p, &err), &err);
  double *x = bench_random_point(s->P, 1); /* scaled, so that no layer overflows */
  spo_vec_scale(s->P->manifold->n, 1.0 / sqrt((double)width), x);
  spo_point_set(s->p, s->P, x);
  s->V = x;
  s->HV = bench_random_point(s->P, 2);
  bench_need(spo_eval_grad(s->E, s->p), &err);
  s->W = numbers(width * width);
  s->A = numbers(width * s->N);
  s->D = numbers(width * s->N);
  s->B = numbers(width * s->N);
  s->Z = numbers(width * s->N);
  s->G = numbers(width * width);
}

static void subject_free(subject *s) {
  free(s->V), free(s->HV), free(s->W), free(s->A), free(s->D), free(s->B), free(s->Z), free(s->G);
  spo_point_destroy(s->p);
  spo_eval_destroy(s->E);
  spo_problem_destroy(s->P);
}

/* Forward, backward and weight gradient of every layer, `times` over. */
static double bare(subject *s, int times) {
  const size_t w = s->width, N = s->N;
  const double begin = bench_now();
  for (size_t l = 1; l <= s->layers; l++)
    for (int i = 0; i < times; i++) {
      const size_t out = l == s->layers ? 2 : w;
      spo_gemm('T', 'N', out, N, w, 1, s->W, w, s->A, w, 0, s->Z, out);
      spo_gemm('N', 'N', w, N, out, 1, s->W, w, s->D, out, 0, s->B, w);
      spo_gemm('N', 'T', w, out, N, 1, s->A, w, s->D, out, 0, s->G, w);
    }
  return bench_now() - begin;
}

static double gradient(subject *s) {
  spo_point_forget(s->p);
  const double begin = bench_now();
  spo_eval_grad(s->E, s->p);
  return bench_now() - begin;
}

static double hessian(subject *s) {
  const double begin = bench_now();
  spo_eval_hess(s->E, s->p, 1, s->V, s->HV);
  return bench_now() - begin;
}

static void compare(subject *s, const char *what, double ours(subject *), int times,
                    double demanded) {
  double a[REPEATS], b[REPEATS];
  char text[80];
  for (int i = -3; i < REPEATS; i++) { /* the first three warm up */
    const double t = ours(s), floor = bare(s, times);
    if (i >= 0)
      a[i] = t, b[i] = floor;
  }
  const double t = bench_median(a, REPEATS), floor = bench_median(b, REPEATS);
  snprintf(text, sizeof text, "%s: %.2f ms over %.2f ms", what, 1e3 * t, 1e3 * floor);
  bench_ratio(text, t / floor, demanded, true);
}

int main(void) {
  static const size_t size[][3] = {{3, 64, 200}, {5, 256, 500}};
  spo_blas_threads(1);
  for (size_t i = 0; i < 4; i++) {
    const size_t *z = size[i / 2];
    subject s;
    subject_init(&s, z[0], z[1], z[2], i % 2 ? 0.1 : 0.0);
    printf("(L, width, n) = (%zu, %zu, %zu)%s\n", z[0], z[1], z[2], i % 2 ? ", smoothed" : "");
    compare(&s, "  cost and gradient over three bare dgemm a layer", gradient, 1, 1.3);
    compare(&s, "  Hessian product over six bare dgemm a layer", hessian, 2, 1.3);
    subject_free(&s);
  }
  return 0;
}
