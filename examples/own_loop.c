/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The loop in the caller's hands, as with GSL's iterate functions: step, look, decide. Here the run
 * is ended by a rule that the library does not have (the certified gap is small enough), although
 * the gradient is still far from its own target. */
#include <spheropt/spheropt.h>
#include <stdio.h>
#include <stdlib.h>

/* How far above the global minimum is x at most? Asked of the point alone. */
static spo_status certified_gap(spo_eval *E, spo_point *p, const double *x, gsl_rng *rng,
                                double *gap, spo_error *err) {
  spo_certified proof;
  spo_point_set(p, E->problem, x);
  spo_status status = spo_certify(E, p, true, rng, NULL, &proof, err);
  *gap = proof.gap_bound;
  return status;
}

int main(void) {
  spo_error err = {0};
  spo_ufm_params params;
  spo_problem *P = NULL;
  spo_solver *solver = NULL;
  spo_eval *E = NULL;
  spo_point *p = NULL;

  spo_blas_threads(1);
  spo_ufm_params_init(&params);
  params.classes = 10, params.per_class = 5, params.dim = 16, params.tau = 5;
  spo_status status = spo_ufm_create(&params, &P, &err);
  if (!status)
    status = spo_solver_create(spo_gradient_descent(), P, NULL, 1, &solver, &err);
  if (!status)
    status = spo_eval_create(P, &E, &err);
  if (!status)
    status = spo_point_create(P, &p, &err);
  double *x = status ? NULL : malloc(P->manifold->n * sizeof *x);
  gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
  if (!status && x)
    status = P->manifold->ops->random_point(P->manifold, rng, x, E->work);

  spo_iter it = {0};
  spo_reason reason = SPO_RUNNING;
  double gap = 1, enough = 1e-3;
  if (!status && x)
    status = spo_solver_start(solver, x, NULL, &err);
  printf("step  loss          gradient   certified gap\n");
  while (!status && gap > enough) {
    status = spo_solver_step(solver, &it, &reason, &err);
    if (status || reason != SPO_RUNNING)
      break;
    if (it.k % 10 == 0) { /* a proof costs more than a step: ask now and then */
      status = certified_gap(E, p, it.x, rng, &gap, &err);
      printf("%4d  %.10f  %9.2e  %9.2e\n", (int)it.k, it.f, it.grad_norm, gap);
    }
  }

  spo_result result = {.size = sizeof result};
  if (!status)
    status = spo_solver_finish(solver, x, &result);
  if (!status) {
    double f_star = 0;
    const char *theorem;
    P->ops->known_minimum(P->self, &f_star, &theorem);
    printf("stopped by our own rule after %d steps; the true gap was %.2e\n", (int)it.k,
           result.last.f - f_star);
    status = gap <= enough && result.last.f - f_star <= gap + 1e-12 ? SPO_OK : SPO_E_NUMERIC;
  }
  if (status)
    fprintf(stderr, "%s\n", err.text[0] ? err.text : spo_status_text(status));

  gsl_rng_free(rng);
  free(x);
  spo_point_destroy(p);
  spo_eval_destroy(E);
  spo_solver_destroy(solver);
  spo_problem_destroy(P);
  return status != SPO_OK;
}
