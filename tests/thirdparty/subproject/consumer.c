/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A stranger's program within a project that has spheropt as a subproject: the smallest eigenvalue
 * of a random matrix, twice. */
#include <math.h>
#include <spheropt/spheropt.h>
#include <stdio.h>

enum { N = 12 };

int main(void) {
  spo_error err = {0};
  spo_rayleigh_params params;
  spo_problem *P;
  spo_result result = {.size = sizeof result};
  double x[N] = {1}, f_star;
  const char *theorem;
  spo_rayleigh_params_init(&params);
  params.n = N;
  params.seed = 3;
  if (spo_rayleigh_create(&params, &P, &err) || spo_minimize(P, x, NULL, &result, &err)) {
    printf("%s\n", err.text);
    return 1;
  }
  P->ops->known_minimum(P->self, &f_star, &theorem);
  printf("%.15f by the trust region, %.15f by LAPACK\n", result.last.f, f_star);
  spo_problem_destroy(P);
  return !(result.converged && fabs(result.last.f - f_star) <= 1e-12 * (1 + fabs(f_star)));
}
