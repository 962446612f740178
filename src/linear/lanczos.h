/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Lanczos with full reorthogonalisation from a given vector g, and the minimum of a quadratic over
 * the space it spans: what the region of a trust region and the cubic of ARC have in common.
 *
 * With a preconditioner P the basis q_0, q_1, .. is orthonormal in <., P^-1 .>, and w_j = P^-1 q_j
 * is kept beside it. The tridiagonal matrix T = Q^T A Q holds alpha and beta. When the space that g
 * spans is exhausted, a fresh random direction may follow: T falls into blocks, and what g does not
 * see (the hard case) is seen. All memory is the caller's and stays valid between calls. */
#ifndef SPO_LINEAR_LANCZOS_H
#define SPO_LINEAR_LANCZOS_H

#include <spheropt/linear.h>

#include "linear/secular.h"

typedef struct spo_lanczos {
  const spo_linop *A, *precond; /* precond NULL: none */
  size_t n, room;               /* steps at most */
  double *head;                 /* steps made, |g|_P, |w| of the vector that comes next */
  double *alpha, *beta;         /* beta[j] couples j and j + 1; 0: nothing was left */
  double *lambda, *Z, *c, *y, *t, *lapack;
  double *Q, *W; /* vector j at Q + j n; W is Q without a preconditioner */
} spo_lanczos;

/* doubles for a basis of `vectors` vectors of length n; with a preconditioner a step takes two */
size_t spo_lanczos_len(size_t n, size_t vectors);
void spo_lanczos_lay_out(spo_lanczos *L, const spo_linop *A, const spo_linop *precond,
                         size_t vectors, double *work);

size_t spo_lanczos_steps(const spo_lanczos *L);
/* |g|_P */
double spo_lanczos_start_norm(const spo_lanczos *L);
/* nothing is left of the space that the last start vector spans */
bool spo_lanczos_exhausted(const spo_lanczos *L);

/* the last beta over the operator's norm, as far as that has shown */
double spo_lanczos_coupling(const spo_lanczos *L);

/* Starts at g. */
spo_status spo_lanczos_begin(spo_lanczos *L, const double *g);
/* One step, one product. Needs a vector to come next and room for the step. */
spo_status spo_lanczos_step(spo_lanczos *L);
/* After exhaustion (or a zero g): a random direction comes next. *found false: there is none. */
spo_status spo_lanczos_fresh(spo_lanczos *L, gsl_rng *rng, bool *found);

/* The quadratic <g, eta> + 1/2 <eta, A eta> over the span of all steps, >= 1, in the region or with
 * the cubic. *residual is |A eta + g + mu P^-1 eta| in the space's norm. SPO_E_NUMERIC: LAPACK. */
spo_status spo_lanczos_minimise(spo_lanczos *L, double radius, double sigma, double flat_slope,
                                spo_secular_result *out, double *residual);
/* eta of the last minimum. */
void spo_lanczos_combine(const spo_lanczos *L, double *eta);

#endif
