/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * NC1-NC3. The trace with the pseudo-inverse is taken in the eigenbasis of the between-class
 * covariance, found from the Gram matrix of the K class means: no d x d matrix. */
#include <spheropt/models/neural_collapse.h>

#include <float.h>
#include <math.h>

#include "base/blas.h"
#include "base/memory.h"
#include "base/vec.h"
#include "models/class_means.h"

/* dsyev's work per column, with blocks of 32 */
enum { DSYEV_BLOCKS = 34 };

typedef struct scratch {
  double *mean, *global, *spread, *axis, *eigen, *gram, *work;
  size_t *count;
} scratch;

static void layout(spo_carver *c, size_t d, size_t K, scratch *s) {
  s->mean = spo_carve_doubles(c, K * d);
  s->global = spo_carve_doubles(c, d);
  s->spread = spo_carve_doubles(c, K * d);
  s->axis = spo_carve_doubles(c, d);
  s->eigen = spo_carve_doubles(c, K);
  s->gram = spo_carve_doubles(c, spo_size_mul(K, K));
  s->work = spo_carve_doubles(c, DSYEV_BLOCKS * K);
  s->count = spo_carve(c, K, sizeof(size_t));
}

/* q^T Sigma_W q */
static double within(size_t d, size_t N, const double *H, const int64_t *label, const scratch *s,
                     const double *q) {
  double sum = 0.0;
  for (size_t i = 0; i < N; i++) {
    const double *h = H + i * d, *mean = s->mean + (size_t)label[i] * d;
    double along = 0.0;
    for (size_t j = 0; j < d; j++)
      along += (h[j] - mean[j]) * q[j];
    sum += along * along;
  }
  return sum / (double)N;
}

/* (1/K) tr(Sigma_W Sigma_B^+) = (1/K) sum_j q_j^T Sigma_W q_j / lambda_j over Sigma_B's eigenpairs,
 * which are those of the means' Gram matrix: with u_j its vectors, q_j = C u_j / |C u_j|. */
static spo_status nc1(size_t d, size_t K, size_t N, const double *H, const int64_t *label,
                      scratch *s, double *value, spo_error *err) {
  size_t present = 0;
  for (size_t k = 0; k < K; k++)
    if (s->count[k] > 0)
      spo_vec_add(d, s->mean + k * d, -1.0, s->global, s->spread + d * present++);
  spo_gemm('T', 'N', present, present, d, 1.0 / (double)present, s->spread, d, s->spread, d, 0.0,
           s->gram, present);
  const spo_blasint n = (spo_blasint)present, lwork = (spo_blasint)(DSYEV_BLOCKS * present);
  spo_blasint info;
  dsyev_("V", "U", &n, s->gram, &n, s->eigen, s->work, &lwork, &info);
  if (info != 0)
    return spo_fail(err, SPO_E_NUMERIC, "spo_neural_collapse", "dsyev failed, info %d", (int)info);
  const double largest = s->eigen[present - 1];
  const double order =
      (double)(d > present ? d : present); /* what counts as 0, as in NumPy's pinv */
  double trace = 0.0;
  for (size_t j = 0; j < present; j++) {
    if (!(s->eigen[j] > order * DBL_EPSILON * largest))
      continue;
    spo_gemm('N', 'N', d, 1, present, 1.0, s->spread, d, s->gram + j * present, present, 0.0,
             s->axis, d);
    spo_vec_scale(d, 1.0 / spo_vec_norm(d, s->axis), s->axis);
    trace += within(d, N, H, label, s, s->axis) / s->eigen[j];
  }
  *value = largest > 0.0 ? trace / (double)present : NAN;
  return SPO_OK;
}

/* | A^T B / |A^T B| - C / sqrt(K-1) | for A, B of K vectors each; C / sqrt(K-1) has norm 1 */
static double to_etf(size_t d, size_t K, const double *A, const double *B, double *gram) {
  spo_gemm('T', 'N', K, K, d, 1.0, A, d, B, d, 0.0, gram, K);
  const double norm = spo_vec_norm(K * K, gram);
  if (!(norm > 0.0))
    return NAN;
  const double off = -1.0 / ((double)K * sqrt((double)K - 1.0));
  const double on = sqrt((double)K - 1.0) / (double)K;
  for (size_t b = 0; b < K; b++)
    for (size_t a = 0; a < K; a++)
      gram[b * K + a] = gram[b * K + a] / norm - (a == b ? on : off);
  return spo_vec_norm(K * K, gram);
}

spo_status spo_neural_collapse(size_t d, size_t K, size_t N, const double *W, const double *H,
                               const int64_t *label, double nc[3], spo_error *err) {
  scratch s;
  spo_carver c = {0};
  layout(&c, d, K, &s);
  if (!spo_carver_alloc(&c))
    return spo_fail(err, SPO_E_NOMEM, __func__, "no memory for the metrics: %zu bytes", c.used);
  layout(&c, d, K, &s);
  spo_class_means(d, K, N, H, label, s.mean, s.global, s.count);
  nc[1] = to_etf(d, K, W, W, s.gram);
  nc[2] = to_etf(d, K, W, s.mean, s.gram);
  const spo_status status = nc1(d, K, N, H, label, &s, &nc[0], err);
  spo_block_free(c.base);
  return status;
}
