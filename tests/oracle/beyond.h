/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The best of many starts of the spherical UFM with one sample a class. Include after samples.h. */
#ifndef SPO_TESTS_BEYOND_H
#define SPO_TESTS_BEYOND_H

/* The least f of `starts` trust-region runs; x: the point that has it, 2 K d doubles. How many runs
 * came within 1e-7 of `other` (NaN: none looked for). */
static inline double best_of(size_t K, size_t d, double tau, int starts, double *x, double other,
                             int *met) {
  spo_problem *P = ufm_problem(K, 1, d, tau);
  double *y = new_vector(P), best = INFINITY;
  spo_stop stop;
  spo_stop_init(&stop);
  stop.grad_rel = 1e-11;
  if (met)
    *met = 0;
  for (expect_seed = 1; expect_seed <= (uint64_t)starts; expect_seed++) {
    point_by_name(spo_ufm(), P, "random", expect_seed, y);
    const double f = run_solver(spo_trust_region(), P, NULL, &stop, 1, y).last.f;
    if (met)
      *met += fabs(f / other - 1.0) < 1e-7;
    if (f < best) {
      best = f;
      memcpy(x, y, P->manifold->n * sizeof *x);
    }
  }
  const double k = (double)K;
  expect_true(best >= log1p((k - 1) * exp(-tau * k / (k - 1))) * (1 - 1e-11)); /* holds for all d */
  free(y);
  spo_problem_destroy(P);
  return best;
}

#endif
