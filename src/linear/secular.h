/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A quadratic in its eigenvectors, m(y) = <c, y> + 1/2 sum lambda_i y_i^2, minimised globally
 *
 *   within |y| <= radius             (More, Sorensen 1983), or
 *   with sigma/3 |y|^3 added to it   (Cartis, Gould, Toint 2011).
 *
 * In both cases (lambda_i + mu) y_i = -c_i with mu >= max(0, -lambda_0), and mu is the root of one
 * scalar equation. The unknown is nu = mu + lambda_0 where lambda_0 < 0: a component of c along the
 * lowest eigenvector that is nearly, or exactly, nil (the hard case) costs no digits. */
#ifndef SPO_LINEAR_SECULAR_H
#define SPO_LINEAR_SECULAR_H

#include <stdbool.h>
#include <stddef.h>

typedef struct spo_secular {
  size_t m;
  const double *lambda, *c; /* lambda ascending */
  double radius;            /* of the region; not read when sigma > 0 */
  double sigma;             /* weight of the cubic; 0: a region */
  /* directions flat to rounding are left out if the slope along them is at most this: then it is
   * noise */
  double flat_slope;
} spo_secular;

typedef struct spo_secular_result {
  double mu;       /* multiplier */
  double norm;     /* |y| */
  double decrease; /* m(0) - m(y) of the quadratic, as a sum of terms >= 0 */
  bool boundary;   /* mu > 0 or the hard case: the region holds the step back */
  bool negative;   /* lambda_0 < 0 beyond rounding */
} spo_secular_result;

/* y: m doubles. c and lambda must be finite. O(m) a Newton step, a few of them. */
void spo_secular_solve(const spo_secular *in, double *y, spo_secular_result *out);

#endif
