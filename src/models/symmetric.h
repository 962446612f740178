/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The symmetric matrix behind rayleigh and brockett: given or random, checked, with its
 * eigenvalues. */
#ifndef SPO_MODELS_SYMMETRIC_H
#define SPO_MODELS_SYMMETRIC_H

#include <spheropt/model.h>

/* Beyond this order eigenvalues are not computed at creation, and no minimum is known. */
enum { SPO_SYMMETRIC_KNOWN = 2000 };

typedef struct spo_symmetric {
  size_t n;
  double *A;      /* n x n */
  double *values; /* n, ascending; valid if known */
  bool known;
  double norm; /* largest |eigenvalue|, or Frobenius norm / sqrt(n) if not known */
  /* what f can vary by: largest minus smallest eigenvalue (a shift of A does not count), at least
   * 1e-4 norm; norm if not known */
  double spread;
} spo_symmetric;

/* What both problems are: p vectors against the matrix, on a manifold of their own. */
typedef struct spo_symmetric_problem {
  spo_problem problem; /* first */
  spo_symmetric S;
  size_t p;
  uint64_t seed;
  bool given;             /* the matrix, by the caller */
  const void *retraction; /* Stiefel only */
  spo_manifold *manifold;
} spo_symmetric_problem;

/* What the parameters ask for. */
typedef struct spo_symmetric_request {
  uint64_t n, seed; /* n: 0 means that of the matrix, else 10 */
  spo_matrix matrix;
  size_t p;
} spo_symmetric_request;

/* The problem without its manifold: order resolved, matrix copied and checked, or drawn (B + B^T)/2
 * with standard normal B, eigenvalues found, the memo sized for A X. */
spo_status spo_symmetric_create(const spo_problem_ops *ops, const char *name,
                                const spo_symmetric_request *request, spo_symmetric_problem **out,
                                spo_error *err);

/* The destroy slot of both. */
void spo_symmetric_destroy(spo_problem *P);

/* AX = A X for p vectors. */
void spo_symmetric_apply(const spo_symmetric *S, size_t p, const double *X, double *AX);

/* The parts slot: "X", p x n. */
size_t spo_symmetric_parts(const spo_problem *P, spo_part part[SPO_MODEL_MAX_PARTS]);

/* The named point of eigenvectors: arg is "3,0,1", p different numbers, 0 of the smallest
 * eigenvalue. */
spo_status spo_symmetric_eigenvectors(const spo_problem *P, const char *arg, gsl_rng *rng,
                                      double *x, spo_error *err);

/* The metrics slot, of one: the largest |A x_j - (x_j^T A x_j) x_j|. */
spo_status spo_symmetric_residual(const spo_problem *P, const double *x, double *value,
                                  spo_error *err);

#endif
