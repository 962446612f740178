/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Normalised features and classifiers on one line: each choice of signs is a critical point. How
 * many have which index?
 *
 *   sign_patterns K n d tau [--json]
 *
 * answers {"histogram": [points of index 0, 1, ...]}. */
#include <spheropt/spheropt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 16 }; /* vectors: 2^16 points */

static int count(const spo_problem *P, size_t vectors, size_t d, size_t *histogram) {
  double *x = calloc(P->manifold->n, sizeof *x);
  int failed = !x;
  for (unsigned pattern = 0; pattern < 1u << vectors && !failed; pattern++) {
    spo_error err = {0};
    spo_verification v;
    for (size_t j = 0; j < vectors; j++)
      x[j * d] = pattern >> j & 1 ? 1 : -1;
    failed = spo_verify(P, x, NULL, NULL, &v, NULL, &err) || !v.critical || !v.spectrum_known;
    if (failed)
      fprintf(stderr, "pattern %u: %s\n", pattern, err.text[0] ? err.text : "not critical");
    else
      histogram[v.index]++;
  }
  free(x);
  return failed;
}

static void answer(size_t dim, const size_t *histogram) {
  while (dim > 0 && histogram[dim] == 0)
    dim--;
  printf("{\"histogram\": [");
  for (size_t i = 0; i <= dim; i++)
    printf("%s%zu", i ? ", " : "", histogram[i]);
  printf("]}\n");
}

int main(int argc, char **argv) {
  spo_error err = {0};
  spo_ufm_params params;
  spo_problem *P;
  spo_ufm_params_init(&params);
  params.classes = argc > 4 ? strtoul(argv[1], NULL, 10) : 0;
  params.per_class = argc > 4 ? strtoul(argv[2], NULL, 10) : 0;
  params.dim = argc > 4 ? strtoul(argv[3], NULL, 10) : 0;
  params.tau = argc > 4 ? strtod(argv[4], NULL) : 0;
  const size_t vectors = params.classes * (params.per_class + 1);
  const bool json = argc == 6 && strcmp(argv[5], "--json") == 0; /* it answers in JSON anyway */
  if ((argc != 5 && !json) || vectors > MOST) {
    fprintf(stderr, "usage: sign_patterns K n d tau [--json], K(n+1) <= %d\n", MOST);
    return 2;
  }
  if (spo_ufm_create(&params, &P, &err)) {
    fprintf(stderr, "sign_patterns: %s\n", err.text);
    return 2;
  }
  spo_blas_threads(1);
  size_t *histogram = calloc(P->manifold->dim + 1, sizeof *histogram);
  const int failed = !histogram || count(P, vectors, params.dim, histogram);
  if (!failed)
    answer(P->manifold->dim, histogram);
  free(histogram);
  spo_problem_destroy(P);
  return failed;
}
