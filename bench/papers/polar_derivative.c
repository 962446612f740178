/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The nearest simplex ETF as a layer, after Markou, Ajanthan, Gould (arXiv:2411.01248): the
 * derivative of the polar factor U*(B) in closed form against differences of it, at random B.
 *
 *   polar_derivative [--json] K d
 *
 * Answers in JSON: difference, the largest distance of an entry from central differences with
 * Richardson's correction, times sigma_K; transpose, |<G, DU V> - <DU^T G, V>| sigma_K. */
#include <gsl/gsl_randist.h>
#include <math.h>
#include <spheropt/spheropt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int polar_of(size_t d, size_t K, const double *B, double *U, spo_error *err) {
  spo_polar *polar;
  if (spo_polar_create(d, K, B, &polar, err))
    return 1;
  const int failed = spo_polar_point(polar, NULL, U, err) != SPO_OK;
  spo_polar_destroy(polar);
  return failed;
}

/* U at B + step V for four steps, in U[0 .. 4n). */
static int moved(size_t d, size_t K, const double *B, const double *V, double h, double *room,
                 double *U, spo_error *err) {
  const double step[] = {h, -h, 0.5 * h, -0.5 * h};
  for (int j = 0; j < 4; j++) {
    for (size_t i = 0; i < d * K; i++)
      room[i] = B[i] + step[j] * V[i];
    if (polar_of(d, K, room, U + (size_t)j * d * K, err))
      return 1;
  }
  return 0;
}

static int compare(size_t d, size_t K, double *room, gsl_rng *rng, spo_error *err) {
  const size_t n = d * K;
  double *B = room, *V = B + n, *G = V + n, *DV = G + n, *DG = DV + n, *U = DG + n;
  spo_polar *polar;
  for (size_t i = 0; i < 3 * n; i++) /* B, V, G */
    room[i] = gsl_ran_gaussian(rng, 1.0);
  if (spo_polar_create(d, K, B, &polar, err))
    return 1;
  const double sigma = polar->sigma[K - 1], h = 1e-3 * sigma;
  int failed = spo_polar_derivative(polar, V, DV, err) || spo_polar_derivative(polar, G, DG, err);
  spo_polar_destroy(polar);
  if (failed || moved(d, K, B, V, h, U + 4 * n, U, err))
    return 1;
  double away = 0, left = 0, right = 0;
  for (size_t i = 0; i < n; i++) {
    const double coarse = (U[i] - U[n + i]) / (2 * h), fine = (U[2 * n + i] - U[3 * n + i]) / h;
    away = fmax(away, fabs(DV[i] - (4 * fine - coarse) / 3));
    left += G[i] * DV[i];
    right += DG[i] * V[i];
  }
  printf("{\"sigma_min\": %.12g, \"difference\": %.6g, \"transpose\": %.6g}\n", sigma, away * sigma,
         fabs(left - right) * sigma);
  return 0;
}

int main(int argc, char **argv) {
  size_t size[2] = {0, 0};
  for (int i = 1, k = 0; i < argc; i++)
    if (strcmp(argv[i], "--json") != 0 && k < 2)
      size[k++] = strtoul(argv[i], NULL, 10);
  const size_t K = size[0], d = size[1];
  if (K < 2 || d < K || d > 10000) {
    fprintf(stderr, "usage: polar_derivative [--json] K d, 2 <= K <= d\n");
    return 2;
  }
  spo_error err = {0};
  double *room = malloc(10 * d * K * sizeof *room);
  gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
  spo_blas_threads(1);
  const int failed = !room || compare(d, K, room, rng, &err);
  if (failed)
    fprintf(stderr, "%s\n", err.text[0] ? err.text : "out of memory");
  gsl_rng_free(rng);
  free(room);
  return failed;
}
