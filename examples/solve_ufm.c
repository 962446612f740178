/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Solve the spherical unconstrained feature model from a random start and watch neural collapse
 * happen: the loss falls to its closed form, and NC1, NC2, NC3 to zero. */
#include <gsl/gsl_rng.h>
#include <math.h>
#include <spheropt/spheropt.h>
#include <stdio.h>
#include <stdlib.h>

static int watch(void *self, const spo_iter *it) {
  const spo_problem *P = self;
  double nc[SPO_MODEL_MAX_METRICS];
  spo_error err;
  if (spo_ufm()->metrics(P, it->x, nc, &err) != SPO_OK)
    return 1;
  printf("%4d  %.12f  %9.2e  %6d  %9.1e %9.1e %9.1e\n", (int)it->k, it->f, it->grad_norm,
         (int)it->count.hess, nc[0], nc[1], nc[2]);
  return 0;
}

/* A random point of any problem's manifold; the caller frees it. */
static double *random_point(const spo_problem *P, unsigned long seed) {
  const spo_manifold *M = P->manifold;
  double *x = malloc(M->n * sizeof *x), *work = malloc((M->work_len + 1) * sizeof *work);
  gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
  if (x && work && rng) {
    gsl_rng_set(rng, seed);
    M->ops->random_point(M, rng, x, work);
  }
  gsl_rng_free(rng);
  free(work);
  return x;
}

int main(void) {
  spo_error err = {0};
  spo_ufm_params params;
  spo_problem *P = NULL;
  spo_solver *solver = NULL;
  spo_result result = {.size = sizeof result};
  int status = 1;

  spo_blas_threads(1);
  spo_ufm_params_init(&params);
  params.classes = 10, params.per_class = 5, params.dim = 16, params.tau = 1;
  if (spo_ufm_create(&params, &P, &err) ||
      spo_solver_create(spo_trust_region(), P, NULL, 1, &solver, &err))
    goto end;
  double *x = random_point(P, 1);
  if (!x)
    goto end;

  printf("ufm: 10 classes, 5 samples each, dimension 16, tau = 1\n\n");
  printf("step  loss            gradient   products  NC1       NC2       NC3\n");
  if (spo_solver_solve(solver, x, NULL, watch, P, &result, &err) == SPO_OK) {
    double f_star = NAN;
    const char *theorem = "";
    P->ops->known_minimum(P->self, &f_star, &theorem);
    printf("\nended: %s\n", spo_reason_text(result.reason));
    printf("loss %.12f, closed form %.12f (%s)\n", result.last.f, f_star, theorem);
    status = !(result.converged && fabs(result.last.f - f_star) <= 1e-11);
  }
  free(x);
end:
  if (status)
    fprintf(stderr, "%s\n", err.text[0] ? err.text : "the minimum was not reached");
  spo_solver_destroy(solver);
  spo_problem_destroy(P);
  return status;
}
