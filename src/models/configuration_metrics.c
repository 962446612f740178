/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Measures of a configuration. What looks at all pairs does so tile by tile. */
#include <math.h>

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sort.h>

#include "base/blas.h"
#include "base/memory.h"
#include "base/vec.h"
#include "models/configuration.h"
#include "models/pairs.h"

/* centres of caps: more would cost n log n each */
enum { CENTRES = 256 };

/* |x_i - x_j|^2 */
static double square_distance(size_t d, const double *x, const double *y) {
  double sum = 0.0;
  for (size_t k = 0; k < d; k++)
    sum += (x[k] - y[k]) * (x[k] - y[k]);
  return sum;
}

/* n^2 d/2 flops, scalar: asked once or twice of a run. */
static double least_square_distance(size_t d, size_t n, const double *X) {
  double least = INFINITY;
  for (size_t i = 0; i < n; i++)
    for (size_t j = i + 1; j < n; j++) {
      const double square = square_distance(d, X + i * d, X + j * d);
      if (isnan(square))
        return square;
      least = square < least ? square : least;
    }
  return least;
}

double spo_configuration_max_cosine(size_t d, size_t n, const double *X) {
  return 1.0 - 0.5 * least_square_distance(d, n, X);
}

double spo_configuration_min_angle(size_t d, size_t n, const double *X) {
  const double half = 0.5 * sqrt(least_square_distance(d, n, X));
  return 2.0 * asin(half > 1.0 ? 1.0 : half) * (180.0 / 3.14159265358979323846);
}

static spo_status no_memory(spo_error *err, double *value) {
  *value = NAN;
  return spo_fail(err, SPO_E_NOMEM, "spo_configuration", "no memory for the metrics");
}

/* The second moment X X^T, of order d, and the sum of the points after it. */
static double *moments(size_t d, size_t n, const double *X) {
  double *T = spo_block_alloc(spo_size_mul(spo_size_add(spo_size_mul(d, d), d), sizeof *T));
  if (!T)
    return NULL;
  spo_gemm('N', 'T', d, d, n, 1.0, X, d, X, d, 0.0, T, d);
  spo_vec_zero(d, T + d * d);
  for (size_t i = 0; i < n; i++)
    spo_vec_axpy(d, 1.0, X + i * d, T + d * d);
  return T;
}

spo_status spo_configuration_frame_potential(size_t d, size_t n, const double *X, double *value,
                                             spo_error *err) {
  double *T = moments(d, n, X);
  if (!T)
    return no_memory(err, value);
  *value = spo_vec_dot(d * d, T, T);
  spo_block_free(T);
  return SPO_OK;
}

spo_status spo_configuration_etf_defect(size_t d, size_t n, const double *X, double *value,
                                        spo_error *err) {
  const spo_pairs p = spo_pairs_of(d, n);
  double potential;
  const spo_status status = spo_configuration_frame_potential(d, n, X, &potential, err);
  double *S = status == SPO_OK ? spo_block_alloc(spo_pairs_tile_len(&p) * sizeof *S) : NULL;
  if (!S)
    return no_memory(err, value);
  const double m = (double)n, off = -1.0 / (m * sqrt(m - 1.0)), on = sqrt(m - 1.0) / m;
  double sum = 0.0;
  SPO_EACH_TILE(p, t) {
    const double weight = t.i == t.j ? 1.0 : 2.0;
    spo_pairs_gram(&p, &t, 1.0 / sqrt(potential), 0.0, X, S);
    for (size_t c = 0; c < t.bj; c++)
      for (size_t r = 0; r < t.bi; r++) {
        const double e = S[c * t.bi + r] - (t.i + r == t.j + c ? on : off);
        sum += weight * e * e;
      }
  }
  spo_block_free(S);
  *value = sqrt(sum);
  return SPO_OK;
}

/* Part of the sphere of R^d with <x, y> <= t. */
static double cap(double t, double d) {
  const double at = t < -1.0 ? -1.0 : t > 1.0 ? 1.0 : t;
  return d == 3.0 ? 0.5 * (1.0 + at)
                  : gsl_cdf_beta_P(0.5 * (1.0 + at), 0.5 * (d - 1.0), 0.5 * (d - 1.0));
}

spo_status spo_configuration_discrepancy(size_t d, size_t n, const double *X, double *value,
                                         spo_error *err) {
  double *t = spo_block_alloc(spo_size_mul(n, sizeof *t));
  if (!t)
    return no_memory(err, value);
  const size_t centres = n < CENTRES ? n : CENTRES;
  const double others = (double)n - 1.0;
  *value = 0.0;
  for (size_t c = 0; c < centres; c++) {
    const size_t i = c * n / centres;
    size_t m = 0;
    for (size_t j = 0; j < n; j++)
      if (j != i)
        t[m++] = spo_vec_dot(d, X + i * d, X + j * d);
    gsl_sort(t, 1, m);
    for (size_t j = 0; j < m; j++) {
      const double F = cap(t[j], (double)d);
      const double below = F - (double)j / others, above = (double)(j + 1) / others - F;
      *value = fmax(*value, fmax(below, above));
    }
  }
  spo_block_free(t);
  return SPO_OK;
}

/* d |sum x|^2 / n: chi^2 of d degrees. d(d+2)/2 n (|T/n|^2 - 1/d): chi^2 of (d-1)(d+2)/2; the two
 * are uncorrelated, being sums of harmonics of different degree. Mardia, Jupp 2000, 10.4, 10.7. */
spo_status spo_configuration_uniformity(size_t d, size_t n, const double *X, double *value,
                                        spo_error *err) {
  double *T = moments(d, n, X);
  if (!T)
    return no_memory(err, value);
  const double k = (double)d, m = (double)n;
  const double rayleigh = k * spo_vec_dot(d, T + d * d, T + d * d) / m;
  /* |T/n - I/d|^2 */
  double off = 0.0;
  for (size_t b = 0; b < d; b++)
    for (size_t a = 0; a < d; a++) {
      const double e = T[b * d + a] / m - (a == b ? 1.0 / k : 0.0);
      off += e * e;
    }
  const double bingham = 0.5 * k * (k + 2.0) * m * off;
  spo_block_free(T);
  *value = gsl_cdf_chisq_Q(rayleigh + bingham, k + 0.5 * (k - 1.0) * (k + 2.0));
  return SPO_OK;
}
