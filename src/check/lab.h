/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A problem under observation: the place where it is checked, tangent directions there, and its
 * callbacks with scratch poisoned before and margins looked at after each. The first failure turns
 * all later calls into nothing. */
#ifndef SPO_CHECK_LAB_H
#define SPO_CHECK_LAB_H

#include <spheropt/check.h>
#include <spheropt/point.h>

#include "check/guarded.h"
#include "check/report.h"

enum { SPO_LAB_BLOCK = 3, SPO_LAB_SUBSPACE = 48 };

typedef struct spo_lab {
  const spo_problem *P;
  const spo_manifold *M;
  size_t n;
  const char *caller; /* for messages */
  spo_check_report *report;
  spo_guarded g;
  spo_eval E;
  spo_point at, to;      /* where the derivatives are checked; where a step went */
  double *directions;    /* SPO_DIRECTIONS x n, tangent, of typical length */
  double *hess;          /* the Hessian along them */
  double *u, *v, *w;     /* vectors */
  double *V, *HV;        /* subspace x n, SPO_LAB_BLOCK x n at least */
  double *gram;          /* subspace x subspace, then dsyev's room */
  size_t subspace;       /* dimensions on which the preconditioner is looked at; 0: it is not */
  double *store, *swork; /* of the symmetry */
  double size_g;         /* of the Euclidean gradient, or what it is natural to be */
  double f_noise, grad_scale;    /* as the problem states them */
  double cost_again, grad_again; /* how far a second evaluation was from the first */
  double tol;                    /* rounding allowed in relative errors */
  bool has_hess, strayed;
} spo_lab;

/* What is looked at, of what there is. */
typedef struct spo_lab_wants {
  bool hess, precond;
} spo_lab_wants;

/* The lab at x, or at a random point where that is NULL, cost and gradient known, and the Hessian
 * along the directions if it is wanted and there is one. *block is its memory: spo_lab_close, also
 * after a failure. Not for manifolds of dimension 0. */
spo_status spo_lab_open(spo_lab *l, const spo_problem *P, const double *x, gsl_rng *rng,
                        spo_lab_wants wants, spo_check_report *report, void **block,
                        spo_error *err);
/* The last item and the verdict. */
spo_status spo_lab_close(spo_lab *l, void *block);

/* The arguments that all checks of a problem share; *isolated: dimension 0, and the report says
 * so. */
spo_status spo_lab_arguments(const spo_problem *P, const gsl_rng *rng, spo_check_report *report,
                             bool *isolated, const char *caller, spo_error *err);

bool spo_lab_before(spo_lab *l);
bool spo_lab_after(spo_lab *l, spo_status status);
bool spo_lab_cost(spo_lab *l, spo_point *p);
bool spo_lab_grad(spo_lab *l, spo_point *p);
/* Where the derivatives are checked, a place that cannot be evaluated is a failure. */
void spo_lab_require(spo_lab *l, bool fine, const char *what);
void spo_lab_hess(spo_lab *l, spo_point *p, size_t k, const double *V, double *HV);
void spo_lab_callback(spo_lab *l, int code, const char *which);

double spo_lab_distance(const spo_lab *l, const double *a, const double *b);
/* An item: error relative to size, up to rounding. */
void spo_lab_judge(spo_lab *l, const char *name, double error, double size);

/* ---- groups of checks, on an open lab -------------------------------------------------------- */

/* Remainders of cost after one and two terms, of the gradient after one. */
typedef struct spo_lab_slopes {
  bool with_hess;
  double r[3][SPO_STEPS];
  double floor, size; /* of the cost */
} spo_lab_slopes;

void spo_lab_measure_slopes(spo_lab *l, bool with_hess, spo_lab_slopes *s);
/* curve: one, or two; NULL: not wanted */
void spo_lab_check_gradient(spo_lab *l, const spo_lab_slopes *s, spo_check_curve *curve);
void spo_lab_check_hessian(spo_lab *l, const spo_lab_slopes *s, spo_check_curve *curve);
void spo_lab_check_symmetry(spo_lab *l);

#endif
