/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * NC1-NC3. The trace with the pseudo-inverse is taken in the eigenbasis of the between-class
 * covariance of the K class means: a Gram matrix of order K or d, whichever is at hand: d. */
#include <spheropt/models/neural_collapse.h>

#include <float.h>
#include <math.h>

#include "base/blas.h"
#include "base/memory.h"
#include "base/vec.h"

typedef struct scratch {
  double *mean, *global, *centred, *within, *between, *eigen, *gram, *work;
  size_t *count;
} scratch;

static void layout(spo_carver *c, size_t d, size_t K, size_t N, scratch *s) {
  s->mean = spo_carve_doubles(c, K * d);
  s->global = spo_carve_doubles(c, d);
  s->centred = spo_carve_doubles(c, spo_size_mul(N, d));
  s->within = spo_carve_doubles(c, spo_size_mul(d, d));
  s->between = spo_carve_doubles(c, spo_size_mul(d, d));
  s->eigen = spo_carve_doubles(c, d);
  s->gram = spo_carve_doubles(c, spo_size_mul(K, K));
  s->work = spo_carve_doubles(c, spo_size_mul(d, d) + 3 * d);
  s->count = spo_carve(c, K, sizeof(size_t));
}

static void means(size_t d, size_t K, size_t N, const double *H, const int64_t *label, scratch *s) {
  spo_vec_zero(K * d, s->mean);
  spo_vec_zero(d, s->global);
  for (size_t k = 0; k < K; k++)
    s->count[k] = 0;
  for (size_t i = 0; i < N; i++) {
    const size_t y = (size_t)label[i];
    s->count[y]++;
    spo_vec_axpy(d, 1.0, H + i * d, s->mean + y * d);
    spo_vec_axpy(d, 1.0 / (double)N, H + i * d, s->global);
  }
  for (size_t k = 0; k < K; k++)
    if (s->count[k] > 0)
      spo_vec_scale(d, 1.0 / (double)s->count[k], s->mean + k * d);
}

/* (1/K) tr(Sigma_W Sigma_B^+) */
static spo_status nc1(size_t d, size_t K, size_t N, const double *H, const int64_t *label,
                      scratch *s, double *value, spo_error *err) {
  for (size_t i = 0; i < N; i++)
    spo_vec_add(d, H + i * d, -1.0, s->mean + (size_t)label[i] * d, s->centred + i * d);
  spo_gemm('N', 'T', d, d, N, 1.0 / (double)N, s->centred, d, s->centred, d, 0.0, s->within, d);
  size_t present = 0;
  for (size_t k = 0; k < K; k++)
    if (s->count[k] > 0)
      spo_vec_add(d, s->mean + k * d, -1.0, s->global, s->centred + d * present++);
  spo_gemm('N', 'T', d, d, present, 1.0 / (double)present, s->centred, d, s->centred, d, 0.0,
           s->between, d);
  const spo_blasint n = (spo_blasint)d, lwork = (spo_blasint)(d * d + 3 * d);
  spo_blasint info;
  dsyev_("V", "U", &n, s->between, &n, s->eigen, s->work, &lwork, &info);
  if (info != 0)
    return spo_fail(err, SPO_E_NUMERIC, "spo_neural_collapse", "dsyev failed, info %d", (int)info);
  /* NumPy's pinv: singular values below 1e-15 max(n) of the largest are 0 */
  const double cut = (double)d * DBL_EPSILON * s->eigen[d - 1];
  double trace = 0.0;
  for (size_t j = 0; j < d; j++) {
    if (!(s->eigen[j] > cut))
      continue;
    const double *q = s->between + j * d;
    double sum = 0.0;
    for (size_t b = 0; b < d; b++)
      sum += q[b] * spo_vec_dot(d, q, s->within + b * d);
    trace += sum / s->eigen[j];
  }
  *value = s->eigen[d - 1] > 0.0 ? trace / (double)present : NAN;
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
  spo_carver count = {0};
  layout(&count, d, K, N > K ? N : K, &s);
  spo_carver c = {.base = spo_block_alloc(count.used)};
  if (!c.base)
    return spo_fail(err, SPO_E_NOMEM, __func__, "no memory for the metrics: %zu bytes", count.used);
  layout(&c, d, K, N > K ? N : K, &s);
  means(d, K, N, H, label, &s);
  nc[1] = to_etf(d, K, W, W, s.gram);
  nc[2] = to_etf(d, K, W, s.mean, s.gram);
  const spo_status status = nc1(d, K, N, H, label, &s, &nc[0], err);
  spo_block_free(c.base);
  return status;
}
