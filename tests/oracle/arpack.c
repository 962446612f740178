/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The block iteration against ARPACK-NG on operators without a closed form. ARPACK is
 * single-vector: its operators here have simple spectra. */
#include "expect.h"

#include <stdlib.h>

#include <gsl/gsl_randist.h>
#include <spheropt/linear.h>

extern void dsaupd_(int *ido, const char *bmat, const int *n, const char *which, const int *nev,
                    const double *tol, double *resid, const int *ncv, double *v, const int *ldv,
                    int *iparam, int *ipntr, double *workd, double *workl, const int *lworkl,
                    int *info);
extern void dseupd_(const int *rvec, const char *howmny, const int *select, double *d, double *z,
                    const int *ldz, const double *sigma, const char *bmat, const int *n,
                    const char *which, const int *nev, const double *tol, double *resid,
                    const int *ncv, double *v, const int *ldv, int *iparam, int *ipntr,
                    double *workd, double *workl, const int *lworkl, int *info);

enum { N = 600, BAND = 12, MOST = 20 };

/* A random symmetric band matrix, row i: entries (i, i) .. (i, i + BAND - 1), plus `slope` times
 * the row's number on the diagonal: slope 0 crowds the ends, a slope spreads them. */
typedef struct band {
  spo_space space;
  double entry[N][BAND];
} band;

static spo_status apply_band(void *self, size_t k, const double *V, double *AV) {
  const band *B = self;
  for (size_t j = 0; j < k; j++, V += N, AV += N) {
    for (size_t i = 0; i < N; i++)
      AV[i] = B->entry[i][0] * V[i];
    for (size_t i = 0; i < N; i++)
      for (size_t b = 1; b < BAND && i + b < N; b++) {
        AV[i] += B->entry[i][b] * V[i + b];
        AV[i + b] += B->entry[i][b] * V[i];
      }
  }
  return SPO_OK;
}

static void fill(band *B, gsl_rng *rng, double slope) {
  B->space = (spo_space){.n = N, .dim = N};
  for (size_t i = 0; i < N; i++)
    for (size_t b = 0; b < BAND; b++)
      B->entry[i][b] = gsl_ran_gaussian(rng, 1.0) + (b == 0 ? slope * (double)i : 0.0);
}

static int ascending(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* count eigenvalues of one end by ARPACK, ascending: its own order depends on the end */
static void arpack(band *B, const char *which, int count, double *values) {
  const int n = N, ncv = 3 * count + 20, lworkl = ncv * (ncv + 8), no = 0;
  const double tol = 0.0, sigma = 0.0; /* tol 0: machine precision */
  double *v = malloc((size_t)(n * ncv) * sizeof *v), *resid = malloc(n * sizeof *resid),
         *workd = malloc(3 * n * sizeof *workd), *workl = malloc((size_t)lworkl * sizeof *workl);
  int *select = calloc((size_t)ncv, sizeof *select);
  int ido = 0, info = 1, iparam[11] = {1, 0, 10000, 1, 0, 0, 1}, ipntr[14] = {0};
  for (int i = 0; i < n; i++) /* ARPACK's own start depends on the calls before: give one */
    resid[i] = 1.0 + 0.5 * sin(1.0 + i);
  for (;;) {
    dsaupd_(&ido, "I", &n, which, &count, &tol, resid, &ncv, v, &n, iparam, ipntr, workd, workl,
            &lworkl, &info);
    if (ido != 1 && ido != -1)
      break;
    apply_band(B, 1, workd + ipntr[0] - 1, workd + ipntr[1] - 1);
  }
  expect_true(info == 0 && iparam[4] == count);
  dseupd_(&no, "A", select, values, v, &n, &sigma, "I", &n, which, &count, &tol, resid, &ncv, v, &n,
          iparam, ipntr, workd, workl, &lworkl, &info);
  expect_true(info == 0);
  qsort(values, (size_t)count, sizeof *values, ascending);
  free(v);
  free(resid);
  free(workd);
  free(workl);
  free(select);
}

static void bands(void **state) {
  (void)state;
  static band B;
  spo_error err = {0};
  const double slopes[] = {0, 0.05, 10};
  for (expect_seed = 1; expect_seed <= 3; expect_seed++) {
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
    gsl_rng_set(rng, (unsigned long)expect_seed);
    fill(&B, rng, slopes[expect_seed - 1]);
    const spo_linop A = {.space = &B.space, .self = &B, .apply = apply_band};
    for (int count = 1; count <= MOST; count += 6)
      for (int high = 0; high < 2; high++) {
        double due[MOST], values[MOST], residual[MOST];
        arpack(&B, high ? "LA" : "SA", count, due);
        spo_eigs_options o = SPO_EIGS_OPTIONS_INIT;
        o.count = (size_t)count;
        o.end = high ? SPO_HIGHEST : SPO_LOWEST;
        spo_eigs_result r;
        expect_ok(spo_eigs(&A, &o, rng, values, NULL, residual, &r, &err));
        expect_true(r.count == o.count && r.converged == o.count);
        for (int j = 0; j < count; j++) /* |error| <= residual, and ARPACK's own rounding */
          expect_near(values[j], due[high ? count - 1 - j : j],
                      residual[j] + 1e-13 * r.norm_estimate);
      }
    gsl_rng_free(rng);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(bands)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
