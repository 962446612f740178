/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Points and their blocks as GSL vectors and matrices: views, no copies. */
#ifndef SPHEROPT_GSL_H
#define SPHEROPT_GSL_H

#include <gsl/gsl_matrix_double.h>
#include <gsl/gsl_vector_double.h>
#include <stddef.h>

/** spo_gsl_vector - n doubles as a gsl_vector; n >= 1. O(1). */
static inline gsl_vector_view spo_gsl_vector(double *x, size_t n) {
  return gsl_vector_view_array(x, n);
}

/** spo_gsl_points - m points of R^d, one after another, as a gsl_matrix with m rows; m, d >= 1.
 * O(1). */
static inline gsl_matrix_view spo_gsl_points(double *x, size_t m, size_t d) {
  return gsl_matrix_view_array(x, m, d);
}

#endif
