/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Many random starts at once, over all processors. Five unequal classes on a circle have 12 orders,
 * and most of them are local minima: which are there, how often is each found, and what is the
 * best? */
#include <math.h>
#include <spheropt/spheropt.h>
#include <stdio.h>
#include <stdlib.h>

enum { STARTS = 200, LEVELS = 32 };

/* The distinct values among the runs that converged, and how many runs have each. */
static size_t find_levels(const spo_batch_run *run, double level[LEVELS], size_t hits[LEVELS]) {
  size_t count = 0;
  for (size_t i = 0; i < STARTS; i++) {
    const double f = run[i].result.last.f;
    size_t j = 0;
    if (run[i].status != SPO_OK || !run[i].result.converged)
      continue;
    while (j < count && !(fabs(level[j] - f) <= 1e-9 * fabs(f)))
      j++;
    if (j == LEVELS)
      continue;
    if (j == count)
      level[count] = f, hits[count++] = 0;
    hits[j]++;
  }
  return count;
}

static void print_levels(size_t count, const double *level, const size_t *hits) {
  for (double above = -INFINITY; count > 0;) { /* from the lowest up */
    size_t next = count;
    for (size_t j = 0; j < count; j++)
      if (level[j] > above && (next == count || level[j] < level[next]))
        next = j;
    if (next == count)
      return;
    printf("  loss %.10f from %3d starts\n", level[next], (int)hits[next]);
    above = level[next];
  }
}

int main(void) {
  static spo_batch_run run[STARTS];
  spo_error err = {0};
  spo_ufm_params params;
  spo_problem *P = NULL;
  spo_batch batch;
  spo_verification v;
  double level[LEVELS];
  size_t hits[LEVELS], best = 0, levels = 0;
  static const int64_t samples[] = {1, 2, 4, 8, 16}; /* of each class */

  spo_blas_threads(1); /* the threads are for the starts */
  spo_ufm_params_init(&params);
  params.counts = (spo_integers){samples, sizeof samples / sizeof *samples};
  params.dim = 2, params.tau = 6;
  if (spo_ufm_create(&params, &P, &err)) {
    fprintf(stderr, "%s\n", err.text);
    return 1;
  }
  const size_t n = P->manifold->n;
  double *X = malloc(STARTS * n * sizeof *X);
  spo_batch_init(&batch);
  batch.count = STARTS;
  spo_status status = X ? spo_minimize_batch(P, &batch, X, run, &best, &err) : SPO_E_NOMEM;
  if (status == SPO_OK)
    status = spo_verify(P, X + best * n, NULL, NULL, &v, NULL, &err);
  if (status == SPO_OK) {
    levels = find_levels(run, level, hits);
    printf("ufm: 5 unequal classes on a circle, tau = 6; %d random starts\n\n", STARTS);
    print_levels(levels, level, hits);
    printf("\nthe best, from seed %d: %s\n", (int)run[best].seed, spo_verdict_name(v.verdict));
  } else {
    fprintf(stderr, "%s\n", err.text[0] ? err.text : spo_status_text(status));
  }
  free(X);
  spo_problem_destroy(P);
  return !(status == SPO_OK && levels > 1);
}
