/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a problem's certificate proves at a point: the lowest eigenvalue of its matrix Z and the
 * bound on the gap to the global minimum that follows. Holds at any point, critical or not. */
#ifndef SPHEROPT_CERTIFICATE_H
#define SPHEROPT_CERTIFICATE_H

#include <gsl/gsl_rng.h>
#include <spheropt/point.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One lowest eigenpair of Z, or of the scaled Z, with what it proves. */
typedef struct spo_certified {
  double lambda_min;     /* NaN if not computed */
  double residual;       /* |Z u - lambda_min u| */
  double norm;           /* estimate of |Z| */
  double gap_bound;      /* f - min f is at most this: from lambda_min - residual */
  bool dense;            /* by LAPACK, else by Lanczos */
  bool converged;        /* false: the budget of products ended first, no bound is claimed:
                            gap_bound is infinite */
  uint64_t applications; /* products with Z */
} spo_certified;

/**
 * spo_certify - the lowest eigenvalue of Z at p, and the certified gap.
 *
 * E       in/out  evaluator;  p  in/out  place; cost and gradient are computed first if unknown
 * scaled  in      with the problem's own diagonal scaling
 * rng     in/out  start of the Lanczos iteration (orders above 512; below: LAPACK)
 * u       out     `order` doubles, the eigenvector of the matrix asked for; or NULL
 * out     out     see above
 *
 * Units: lambda_min those of Z, gap_bound those of f. Cost: dense O(order^3) and order^2 doubles;
 * else some hundred products, 20000 at most, and about 100 vectors. The iteration stops at a
 * residual of 1e-12 |Z|, or where it moves the bound by 1e-10 |f|. Fails: SPO_E_UNSUPPORTED (the
 * problem has no certificate), SPO_E_NOMEM, SPO_E_NUMERIC, and as spo_eval_grad. Threads: one per
 * evaluator. Source: convex relaxation, doc/ufm.md; tests/oracle/certificate.c.
 */
SPO_API spo_status spo_certify(spo_eval *E, spo_point *p, bool scaled, gsl_rng *rng, double *u,
                               spo_certified *out, spo_error *err);

/** spo_certificate_order - the order of Z, 0 for a problem without certificate. O(1). */
SPO_API size_t spo_certificate_order(const spo_problem *P);

#ifdef __cplusplus
}
#endif
#endif
