/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Is there negative curvature? The lowest Ritz pair of a symmetric operator by Lanczos in two
 * passes: the first keeps three vectors and the tridiagonal matrix, the second repeats it to add up
 * the Ritz vector. Without reorthogonalisation Ritz values come back as copies, never as values
 * below the spectrum. All memory is the caller's. */
#ifndef SPO_LINEAR_CURVATURE_H
#define SPO_LINEAR_CURVATURE_H

#include <spheropt/linear.h>

typedef struct spo_curvature_input {
  const spo_linop *A;
  uint64_t max_products; /* both passes together */
  double floor;          /* curvature above -floor is not negative */
  int (*interrupted)(void *self);
  void *interrupted_self;
} spo_curvature_input;

typedef struct spo_curvature_result {
  bool negative;    /* below -floor and below rounding */
  bool interrupted; /* then nothing follows from not having found any */
  double value;     /* the Rayleigh quotient of v, if negative */
  uint64_t products;
} spo_curvature_result;

/* doubles of work for vectors of length n */
size_t spo_curvature_work_len(size_t n, uint64_t max_products);

/* v: n doubles, a random vector of the space in, the unit direction found out. */
spo_status spo_curvature_seek(const spo_curvature_input *in, double *v, double *work,
                              spo_curvature_result *out);

#endif
