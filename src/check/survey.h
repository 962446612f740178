/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A manifold under observation: a place, vectors there, and room for what the groups of checks
 * measure: manifold.c (points, projection, coordinates), moves.c (retraction, exponential,
 * transport, velocity), conversions.c (gradient, Hessian). */
#ifndef SPO_CHECK_SURVEY_H
#define SPO_CHECK_SURVEY_H

#include <spheropt/check.h>

#include "check/guarded.h"
#include "check/report.h"

/* A cost on R^n with every kind of derivative: linear, diagonal and coupled quadratic, cubic. */
typedef struct spo_survey_cost {
  size_t n;
  double *linear, *square, *cube, *couple;
} spo_survey_cost;

typedef struct spo_survey {
  spo_guarded g;
  size_t n, dim;
  spo_check_report *report;
  spo_survey_cost f;
  double *x, *y, *z;      /* points; x stays */
  double *u, *v, *w, *p;  /* vectors */
  double *q, *r;          /* more of them; V of the coordinates is q and r in turn */
  double *directions;     /* SPO_DIRECTIONS x n, tangent at x, of typical length */
  double *C, *D;          /* 2 x dim */
  double tol;             /* rounding allowed in relative errors */
  double tol_defect;      /* and in the defect of a point */
  spo_check_curve *curve; /* of the retraction; or NULL */
} spo_survey;

void spo_survey_gaussian(spo_survey *s, size_t n, double *w);
/* |a - b|; uses p */
double spo_survey_distance(spo_survey *s, const double *a, const double *b);
/* An item: a relative error, up to rounding. */
void spo_survey_judge(spo_survey *s, const char *name, double value);

/* What is left over at a step t along v: up to SPO_SURVEY_REMAINDERS numbers. */
enum { SPO_SURVEY_REMAINDERS = 4 };
typedef void (*spo_survey_measure)(spo_survey *s, const double *v, double t, double *remainder);
/* r[i][k]: the i-th, at step k, their squares added up over directions and signs: see
 * SPO_DIRECTIONS. */
void spo_survey_remainders(spo_survey *s, spo_survey_measure at, size_t count,
                           double (*r)[SPO_STEPS]);
/* NaN all of them: until measured. */
void spo_survey_undefined(double *remainder);

/* ---- groups of checks ------------------------------------------------------------------------ */

void spo_survey_check_retraction(spo_survey *s);
void spo_survey_check_exp(spo_survey *s);
void spo_survey_check_transport(spo_survey *s);
void spo_survey_check_velocity(spo_survey *s);
void spo_survey_check_derivatives(spo_survey *s);
void spo_survey_check_hessian(spo_survey *s);

#endif
