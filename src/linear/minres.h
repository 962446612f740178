/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * MINRES (Paige, Saunders 1975): |b - A x| minimised over growing Krylov spaces of a symmetric
 * operator of any signature, singular or not. From x = 0 the iterates stay in the span of b and its
 * images: no component in the kernel but what b itself brings. Three terms, no reorthogonalisation;
 * all memory is the caller's. */
#ifndef SPO_LINEAR_MINRES_H
#define SPO_LINEAR_MINRES_H

#include <spheropt/linear.h>

typedef struct spo_minres_input {
  const spo_linop *A;
  const double *b; /* n doubles, in the space */
  double target;   /* |b - A x| that is good enough */
  /* eigenvalues of at most this size count as 0: once |A r| <= null |r| nothing but such directions
   * is left in the residual, and x does not walk along them. Rounding is added to it */
  double null;
  uint64_t max_products;
  int (*interrupted)(void *self);
  void *interrupted_self;
} spo_minres_input;

typedef struct spo_minres_result {
  double residual;   /* |b - A x|, from the recurrence */
  double a_residual; /* |A (b - A x)|, of the residual before the last product */
  double norm;       /* estimate of |A| from below */
  uint64_t products;
  bool interrupted, only_null; /* ended by `null`: a least-squares solution */
} spo_minres_result;

size_t spo_minres_work_len(size_t n);

/* x: n doubles. At least one step is made unless b is 0. Returns what the operator returns;
 * SPO_OUTSIDE where a product is not finite. */
spo_status spo_minres(const spo_minres_input *in, double *x, double *work, spo_minres_result *out);

#endif
