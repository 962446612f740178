/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * All classifiers at one place and all features at another is a critical point: the gradient is
 * zero and gradient descent cannot leave. What is this point? What does it take to get away? */
#include <spheropt/spheropt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static spo_error err;

static int fail(void) {
  fprintf(stderr, "%s\n", err.text);
  return 1;
}

/* The named starting point of a model, "collapsed" with its angle. */
static spo_status named_point(const spo_problem *P, const char *name, const char *argument,
                              gsl_rng *rng, double *x) {
  for (size_t i = 0; i < spo_ufm()->n_points; i++)
    if (strcmp(spo_ufm()->point[i].name, name) == 0)
      return spo_ufm()->point[i].build(P, argument, rng, x, &err);
  return SPO_E_ARG;
}

static spo_status run(const spo_solver_ops *type, const spo_problem *P, double *x,
                      spo_result *result) {
  spo_solver *solver;
  spo_status status = spo_solver_create(type, P, NULL, 1, &solver, &err);
  if (status)
    return status;
  status = spo_solver_solve(solver, x, NULL, NULL, NULL, result, &err);
  printf("%s: %s; f = %.9f, |grad| = %.1e after %d steps\n", type->name,
         spo_reason_text(result->reason), result->last.f, result->last.grad_norm,
         (int)result->last.k);
  spo_solver_destroy(solver);
  return status;
}

static spo_status judge(const char *where, const spo_problem *P, const double *x,
                        spo_verification *v) {
  spo_status status = spo_verify(P, x, NULL, NULL, v, NULL, &err);
  if (status)
    return status;
  printf("\n%s: %s\n  because %s\n", where, spo_verdict_name(v->verdict), v->why);
  printf("  index %d, nullity %d, of which %d are rotations; lowest eigenvalue %.3g\n",
         (int)v->index, (int)v->nullity, (int)v->gauge_dimension, v->lambda_min);
  printf("  certified: at most %.2e above the global minimum\n", v->gap_bound);
  if (v->direction_case)
    printf("  a way down, case %s: curvature %.6f, the cost falls by %.6f along it\n",
           v->direction_case, v->rayleigh, v->decrease);
  printf("\n");
  return SPO_OK;
}

int main(void) {
  spo_ufm_params params;
  spo_problem *P;
  spo_verification start, end;
  spo_result descent = {.size = sizeof descent}, region = {.size = sizeof region};

  spo_blas_threads(1);
  spo_ufm_params_init(&params);
  params.classes = 4, params.per_class = 2, params.dim = 6, params.tau = 1;
  if (spo_ufm_create(&params, &P, &err))
    return fail();
  double *x = malloc(P->manifold->n * sizeof *x);
  gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);

  spo_status status = x && rng ? named_point(P, "collapsed", "0", rng, x) : SPO_E_NOMEM;
  if (!status)
    status = judge("the start", P, x, &start);
  if (!status)
    status = run(spo_gradient_descent(), P, x, &descent);
  if (!status)
    status = run(spo_trust_region(), P, x, &region);
  if (!status)
    status = judge("the end", P, x, &end);

  gsl_rng_free(rng);
  free(x);
  spo_problem_destroy(P);
  if (status)
    return fail();
  return !(start.verdict == SPO_STRICT_SADDLE && !descent.converged && region.converged &&
           end.verdict == SPO_GLOBAL_MINIMIZER);
}
