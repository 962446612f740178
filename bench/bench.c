/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * See bench.h. */
#define _POSIX_C_SOURCE 200809L
#include "bench.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <gsl/gsl_rng.h>

#include "base/blas.h"

double bench_now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int ascending(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

double bench_median(double *value, size_t count) {
  qsort(value, count, sizeof *value, ascending);
  return (value[(count - 1) / 2] + value[count / 2]) / 2;
}

void bench_ratio(const char *what, double ratio, double demanded, bool at_most) {
  const bool met = at_most ? ratio <= demanded : ratio >= demanded;
  printf("%-66s %7.3f   (%s %g)%s\n", what, ratio, at_most ? "at most" : "at least", demanded,
         met ? "" : "   MISSED");
  fflush(stdout);
}

void bench_need(spo_status status, const spo_error *err) {
  if (status == SPO_OK)
    return;
  fprintf(stderr, "%s: %s\n", spo_status_text(status), err->text);
  exit(1);
}

static double *numbers(size_t count) {
  double *x = aligned_alloc(64, (count * sizeof *x + 63) / 64 * 64);
  if (!x)
    bench_need(SPO_E_NOMEM, &(spo_error){.text = "operands"});
  for (size_t i = 0; i < count; i++)
    x[i] = sin((double)i);
  return x;
}

spo_problem *bench_ufm(size_t classes, size_t per_class, size_t dim, double tau) {
  spo_ufm_params params;
  spo_problem *P;
  spo_error err = {0};
  spo_ufm_params_init(&params);
  params.classes = classes;
  params.per_class = per_class;
  params.dim = dim;
  params.tau = tau;
  bench_need(spo_ufm_create(&params, &P, &err), &err);
  return P;
}

double *bench_random_point(const spo_problem *P, unsigned long seed) {
  const spo_manifold *M = P->manifold;
  double *x = numbers(M->n), *work = numbers(M->work_len + 1);
  gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
  gsl_rng_set(rng, seed);
  bench_need(M->ops->random_point(M, rng, x, work), &(spo_error){.text = "random point"});
  gsl_rng_free(rng);
  free(work);
  return x;
}

void bench_products_init(bench_products *b, size_t K, size_t N, size_t d) {
  *b = (bench_products){.K = K,
                        .N = N,
                        .d = d,
                        .W = numbers(d * K),
                        .H = numbers(d * N),
                        .DW = numbers(d * K),
                        .DH = numbers(d * N),
                        .EW = numbers(d * K),
                        .EH = numbers(d * N),
                        .G = numbers(K * N),
                        .M = numbers(K * N)};
}

void bench_products_free(bench_products *b) {
  free(b->W);
  free(b->H);
  free(b->DW);
  free(b->DH);
  free(b->EW);
  free(b->EH);
  free(b->G);
  free(b->M);
}

/* W^T H, H G^T, W G */
void bench_three(bench_products *b) {
  const size_t K = b->K, N = b->N, d = b->d;
  spo_gemm('T', 'N', K, N, d, 1, b->W, d, b->H, d, 0, b->M, K);
  spo_gemm('N', 'T', d, K, N, 1, b->H, d, b->G, K, 0, b->EW, d);
  spo_gemm('N', 'N', d, N, K, 1, b->W, d, b->G, K, 0, b->EH, d);
}

/* Mdot = DW^T H + W^T DH, eh_W = DH G^T + H Mdot^T, eh_H = DW G + W Mdot */
void bench_six(bench_products *b) {
  const size_t K = b->K, N = b->N, d = b->d;
  spo_gemm('T', 'N', K, N, d, 1, b->DW, d, b->H, d, 0, b->M, K);
  spo_gemm('T', 'N', K, N, d, 1, b->W, d, b->DH, d, 1, b->M, K);
  spo_gemm('N', 'T', d, K, N, 1, b->DH, d, b->G, K, 0, b->EW, d);
  spo_gemm('N', 'T', d, K, N, 1, b->H, d, b->M, K, 1, b->EW, d);
  spo_gemm('N', 'N', d, N, K, 1, b->DW, d, b->G, K, 0, b->EH, d);
  spo_gemm('N', 'N', d, N, K, 1, b->W, d, b->M, K, 1, b->EH, d);
}
