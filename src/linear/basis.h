/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A growing orthonormal basis of a space, with locked vectors that everything stays orthogonal to.
 */
#ifndef SPO_LINEAR_BASIS_H
#define SPO_LINEAR_BASIS_H

#include <spheropt/linear.h>

/* Locked vectors and basis are neighbours in memory, so that both are removed by one product: the
 * locked ones grow downwards from `vectors`, the basis upwards. */
typedef struct spo_basis {
  const spo_space *space;
  gsl_rng *rng;
  size_t n, locked, count; /* vectors locked, and in the basis */
  double *vectors; /* basis vector j at vectors + j n, locked vector j at vectors - (j+1) n */
  double *coef;    /* (locked + count + block) x block doubles of scratch */
  double *scratch; /* n doubles */
} spo_basis;

/* sqrt(<v, v>), safe from under- and overflow; scratch: n doubles */
double spo_space_norm(const spo_space *S, const double *v, double *scratch);

/* C = U^T X, k x p, column-major: entry (i, j) = <U_i, X_j> */
void spo_space_gram(const spo_space *S, size_t k, const double *U, size_t p, const double *X,
                    double *C);

/* X -= U (U^T X); C: k x p doubles of scratch, the coefficients afterwards */
void spo_space_remove(const spo_space *S, size_t k, const double *U, size_t p, double *X,
                      double *C);

/* M (m vectors) replaced by its k <= m combinations M Y, Y m x k; panel: SPO_PANEL x k doubles */
enum { SPO_PANEL = 256 };
void spo_rotate(size_t n, double *M, size_t m, const double *Y, size_t k, double *panel);

/* p random directions behind the basis. */
void spo_basis_random(spo_basis *B, size_t p);

/**
 * spo_basis_orthonormalise - the p candidates behind the basis made orthonormal to it, to the
 * locked vectors and among themselves. Two passes, the projector after each: before, it would leave
 * what rounding puts outside the space, and that grows into ghost eigenvalues. Candidates that
 * depend on the others are replaced by random directions. *made < p: the space has no further
 * directions. */
spo_status spo_basis_orthonormalise(spo_basis *B, size_t p, size_t *made);

#endif
