/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The Hessian spectrum at neural collapse, beside its closed form (doc/ufm.md, section 2): nine
 * numbers, whatever the size. The zeros are the rotations of R^d, nothing else. */
#include <math.h>
#include <spheropt/spheropt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { K = 10, N_PER_CLASS = 5, D = 16 };
static const double TAU = 1;

typedef struct line {
  const char *what;
  double value;
  size_t multiplicity;
} line;

/* both eigenvalues of [[p, q], [q, r]] */
static void pair(double p, double q, double r, double *lower, double *upper) {
  const double mid = (p + r) / 2, half = hypot((p - r) / 2, q);
  *lower = mid - half, *upper = mid + half;
}

static void closed_form(line t[11]) {
  const double n = N_PER_CLASS, N = n * K, root = sqrt(n);
  const double q = 1 / (K - 1 + exp(TAU * K / (K - 1.0))), s = TAU * q, a = TAU * TAU * q / (K - 1);
  double sym[2], std[2];
  pair(a + s, (a - s) / root, (a + s) / n, &sym[0], &sym[1]);
  pair(a * (1 - q * K * (K - 2) / (K - 1.0)) + s, (a - s) / (root * (K - 1)), (a + s) / n, &std[0],
       &std[1]);
  const size_t normal = D - K + 1, skew = (K - 1) * (K - 2) / 2, pairs = K * (K - 3) / 2;
  const line all[11] = {{"rotations", 0, (K - 1) * normal + skew},
                        {"out of the span", s * (1 + 1 / n), (K - 1) * normal},
                        {"out of the span", s, normal},
                        {"out of the span, features", s / n, normal * ((size_t)N - K + 1)},
                        {"antisymmetric", (a + s) * (1 + 1 / n), skew},
                        {"symmetric, lower", sym[0], pairs},
                        {"symmetric, upper", sym[1], pairs},
                        {"standard, lower", std[0], K - 1},
                        {"standard, upper", std[1], K - 1},
                        {"within classes", (a + s) / n, ((size_t)N - K) * (K - 2)},
                        {NULL, 0, 0}};
  memcpy(t, all, sizeof all);
}

/* Prints each line of the closed form with the cluster that should be there; false if it is not. */
static bool compare(const spo_spectrum *S) {
  line t[11];
  bool agree = true;
  closed_form(t);
  printf("%-28s %14s %5s   %14s %5s\n", "directions", "closed form", "times", "computed", "times");
  for (const line *l = t; l->what; l++) {
    const spo_cluster *nearest = S->cluster;
    for (size_t i = 0; i < S->n_clusters; i++)
      if (fabs(S->cluster[i].value - l->value) < fabs(nearest->value - l->value))
        nearest = &S->cluster[i];
    printf("%-28s %14.10f %5zu   %14.10f %5zu\n", l->what, l->value, l->multiplicity,
           fabs(nearest->value), nearest->multiplicity);
    agree = agree && fabs(nearest->value - l->value) <= 1e-11;
    agree = agree && nearest->multiplicity == l->multiplicity;
  }
  printf("\ndimension %zu; index %zu, nullity %zu, of which %zu are rotations\n", S->dimension,
         S->index, S->nullity, S->gauge_dimension);
  return agree && S->index == 0 && S->nullity == S->gauge_dimension;
}

int main(void) {
  spo_error err = {0};
  spo_ufm_params params;
  spo_problem *P = NULL;
  spo_eval *E = NULL;
  spo_point *p = NULL;
  spo_spectrum *S = NULL;

  spo_blas_threads(1);
  spo_ufm_params_init(&params);
  params.classes = K, params.per_class = N_PER_CLASS, params.dim = D, params.tau = TAU;
  bool good = !spo_ufm_create(&params, &P, &err) && !spo_eval_create(P, &E, &err) &&
              !spo_point_create(P, &p, &err);
  gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
  for (size_t i = 0; good && i < spo_ufm()->n_points; i++)
    if (strcmp(spo_ufm()->point[i].name, "etf") == 0)
      good = !spo_ufm()->point[i].build(P, NULL, rng, p->x, &err);
  if (good)
    spo_point_forget(p);
  good = good && !spo_spectrum_at(E, p, NULL, rng, &S, &err) && compare(S);

  if (!good)
    fprintf(stderr, "%s\n", err.text[0] ? err.text : "the spectra differ");
  spo_spectrum_destroy(S);
  gsl_rng_free(rng);
  spo_point_destroy(p);
  spo_eval_destroy(E);
  spo_problem_destroy(P);
  return !good;
}
