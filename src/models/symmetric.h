/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The symmetric matrix behind rayleigh and brockett: given or random, checked, with its
 * eigenvalues. */
#ifndef SPO_MODELS_SYMMETRIC_H
#define SPO_MODELS_SYMMETRIC_H

#include <spheropt/options.h>

/* Beyond this order eigenvalues are not computed at creation, and no minimum is known. */
enum { SPO_SYMMETRIC_KNOWN = 2000 };

typedef struct spo_symmetric {
  size_t n;
  double *A;      /* n x n */
  double *values; /* n, ascending; valid if known */
  bool known;
  double norm; /* largest |eigenvalue|, or Frobenius norm / sqrt(n) if not known */
} spo_symmetric;

/* The order that the parameters imply: of the matrix if given, else n, else 10. */
spo_status spo_symmetric_order(uint64_t n, const spo_matrix *matrix, size_t *order, spo_error *err);

/* Fills S->A and S->values (room for n*n and n) from the matrix, or at random: (B + B^T)/2 with
 * standard normal B. */
spo_status spo_symmetric_fill(spo_symmetric *S, const spo_matrix *matrix, uint64_t seed,
                              spo_error *err);

/* AX = A X for p vectors. */
void spo_symmetric_apply(const spo_symmetric *S, size_t p, const double *X, double *AX);

/* Eigenvectors number index[0 .. p-1] (0: of the smallest eigenvalue) one after another into X. */
spo_status spo_symmetric_vectors(const spo_symmetric *S, size_t p, const size_t *index, double *X,
                                 spo_error *err);

/* "3,0,1" as p indices below n, all different. */
spo_status spo_symmetric_indices(const char *arg, size_t p, size_t n, size_t *index,
                                 spo_error *err);

#endif
