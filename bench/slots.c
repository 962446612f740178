/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Every manifold of the generated list: what its slots cost, over copying one vector of its length.
 * No demands; the last sample of a family is usually its largest. */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_rng.h>

#include "lists/lists.h"

enum { CALLS = 1000, REPEATS = 15 };

typedef struct lab {
  const spo_manifold *M;
  double *x, *v, *y, *g, *memo, *work;
} lab;

typedef void slot(lab *l);

/* through a pointer that the compiler cannot see through, or it would copy once */
static void *(*volatile copy_bytes)(void *, const void *, size_t) = memcpy;

static void copy(lab *l) {
  copy_bytes(l->y, l->x, l->M->n * sizeof *l->x);
}

static void project(lab *l) {
  l->M->ops->project(l->M, l->x, l->g, l->y, l->work);
}

static void retract(lab *l) {
  l->M->ops->retract(l->M, l->x, 0.1, l->v, l->y, l->work);
}

static void gradient(lab *l) {
  copy(l);
  l->M->ops->egrad_to_rgrad(l->M, l->x, l->y, l->memo, l->work);
}

static void hessian(lab *l) {
  copy(l);
  l->M->ops->ehess_to_rhess(l->M, l->x, l->memo, l->v, l->y, l->work);
}

/* seconds a call */
static double measure(lab *l, slot *call) {
  double t[REPEATS];
  for (int i = 0; i < REPEATS; i++) {
    const double begin = bench_now();
    for (int j = 0; j < CALLS; j++)
      call(l);
    t[i] = (bench_now() - begin) / CALLS;
  }
  return bench_median(t, REPEATS);
}

static double *room(size_t count) {
  double *block = calloc(count + 1, sizeof *block);
  if (!block)
    bench_need(SPO_E_NOMEM, &(spo_error){.text = "room for a manifold"});
  return block;
}

static void report(const spo_manifold *M, gsl_rng *rng) {
  lab l = {M, room(M->n), room(M->n), room(M->n), room(M->n), room(M->memo_len), room(M->work_len)};
  M->ops->random_point(M, rng, l.x, l.work);
  spo_manifold_random_tangent(M, l.x, rng, l.v, l.work);
  for (size_t i = 0; i < M->n; i++)
    l.g[i] = gsl_rng_uniform(rng);
  const double floor = measure(&l, copy);
  printf("%-44s %5zu %8.1f %8.1f %8.1f %8.1f\n", M->name, M->n, measure(&l, project) / floor,
         measure(&l, retract) / floor, measure(&l, gradient) / floor, measure(&l, hessian) / floor);
  free(l.x), free(l.v), free(l.y), free(l.g), free(l.memo), free(l.work);
}

int main(void) {
  spo_error err = {0};
  gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
  spo_blas_threads(1);
  printf("%-44s %5s %8s %8s %8s %8s   (over a copy)\n", "", "n", "project", "retract", "gradient",
         "Hessian");
  for (size_t f = 0; spo_list_manifolds[f]; f++) {
    const spo_manifold_family *family = spo_list_manifolds[f]();
    spo_manifold *made[SPO_FAMILY_PARTS];
    size_t count = 0;
    bench_need(family->sample(family->samples - 1, made, &count, &err), &err);
    report(made[count - 1], rng);
    while (count > 0)
      spo_manifold_destroy(made[--count]);
  }
  gsl_rng_free(rng);
  return 0;
}
