/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Self-duality, alignment of spans, SELI. */
#include <spheropt/models/generalised_collapse.h>

#include <math.h>

#include <spheropt/linear.h>

#include "base/blas.h"
#include "base/memory.h"
#include "base/vec.h"
#include "models/class_means.h"

/* Singular values below this part of the largest span nothing. */
static const double rank_tol = 1e-6;

/* ---- class means against classifiers --------------------------------------------------------- */

static double mean_distance(size_t d, size_t K, const double *W, double *mean,
                            const size_t *count) {
  double sum = 0.0;
  size_t present = 0;
  for (size_t k = 0; k < K; k++) {
    if (count[k] == 0)
      continue;
    const double *w = W + k * d;
    double *h = mean + k * d;
    const double w_norm = spo_vec_norm(d, w), h_norm = spo_vec_norm(d, h);
    if (!(w_norm > 0.0 && h_norm > 0.0))
      return NAN;
    spo_vec_combine(d, 1.0 / h_norm, h, -1.0 / w_norm, w, h);
    sum += spo_vec_norm(d, h);
    present++;
  }
  return present > 0 ? sum / (double)present : NAN;
}

spo_status spo_self_duality(size_t d, size_t K, size_t N, const double *W, const double *H,
                            const int64_t *label, double *value, spo_error *err) {
  spo_carver c = {0};
  spo_carve_doubles(&c, spo_size_mul(spo_size_add(K, 1), d));
  spo_carve(&c, K, sizeof(size_t));
  *value = NAN;
  if (!spo_carver_alloc(&c))
    return spo_fail(err, SPO_E_NOMEM, __func__, "no memory for %zu class means", K);
  double *mean = spo_carve_doubles(&c, (K + 1) * d);
  size_t *count = spo_carve(&c, K, sizeof(size_t));
  spo_class_means(d, K, N, H, label, mean, mean + K * d, count);
  *value = mean_distance(d, K, W, mean, count);
  spo_block_free(c.base);
  return SPO_OK;
}

/* ---- alignment ------------------------------------------------------------------------------- */

typedef struct spans {
  double *mean, *global; /* K x d, d */
  double *A, *B;         /* d x K: what spans, then orthonormal bases */
  double *U;             /* d x min(d, K) */
  double *values, *T, *room;
  size_t *count, lwork;
} spans;

static void cut_spans(spo_carver *c, size_t d, size_t K, spans *s) {
  const size_t r = d < K ? d : K;
  s->mean = spo_carve_doubles(c, spo_size_mul(K, d));
  s->global = spo_carve_doubles(c, d);
  s->A = spo_carve_doubles(c, spo_size_mul(K, d));
  s->B = spo_carve_doubles(c, spo_size_mul(K, d));
  s->U = spo_carve_doubles(c, spo_size_mul(r, d));
  s->values = spo_carve_doubles(c, r);
  s->T = spo_carve_doubles(c, r * r);
  s->lwork = 8 * (d + K);
  s->room = spo_carve_doubles(c, s->lwork);
  s->count = spo_carve(c, K, sizeof(size_t));
}

/* Singular values of A (m x n, destroyed); left vectors into U (m x min) unless NULL. */
static spo_blasint singular(size_t m, size_t n, double *A, double *values, double *U, spans *s) {
  const spo_blasint im = (spo_blasint)m, in = (spo_blasint)n, len = (spo_blasint)s->lwork, one = 1;
  spo_blasint info;
  double none;
  dgesvd_(U ? "S" : "N", "N", &im, &in, A, &im, values, U ? U : &none, U ? &im : &one, &none, &one,
          s->room, &len, &info);
  return info;
}

/* m vectors of R^d, their mean subtracted, replaced by an orthonormal basis of their span. */
static spo_blasint span_basis(size_t d, size_t m, double *X, size_t *rank, spans *s) {
  spo_vec_zero(d, s->global);
  for (size_t k = 0; k < m; k++)
    spo_vec_axpy(d, 1.0 / (double)m, X + k * d, s->global);
  for (size_t k = 0; k < m; k++)
    spo_vec_axpy(d, -1.0, s->global, X + k * d);
  const size_t most = d < m ? d : m;
  const spo_blasint info = singular(d, m, X, s->values, s->U, s);
  *rank = 0;
  while (*rank < most && s->values[*rank] > rank_tol * s->values[0])
    (*rank)++;
  spo_vec_copy(d * *rank, s->U, X);
  return info;
}

/* atan2 of the largest sine and the smallest cosine: accurate at both ends. P is destroyed. */
static spo_blasint largest_angle(size_t d, size_t p, double *P, size_t q, const double *Q,
                                 double *degrees, spans *s) {
  spo_gemm('T', 'N', q, p, d, 1.0, Q, d, P, d, 0.0, s->T, q);
  spo_gemm('N', 'N', d, p, q, -1.0, Q, d, s->T, q, 1.0, P, d);
  spo_blasint info = singular(q, p, s->T, s->values, NULL, s);
  const double cosine = s->values[p - 1];
  if (info == 0)
    info = singular(d, p, P, s->values, NULL, s);
  *degrees = atan2(s->values[0], cosine) * 180.0 / 3.14159265358979323846;
  return info;
}

spo_status spo_alignment(size_t d, size_t K, size_t N, const double *W, const double *H,
                         const int64_t *label, double *degrees, spo_error *err) {
  spans s;
  spo_carver c = {0};
  *degrees = NAN;
  cut_spans(&c, d, K, &s);
  if (!spo_carver_alloc(&c))
    return spo_fail(err, SPO_E_NOMEM, __func__, "no memory for %zu class means", K);
  cut_spans(&c, d, K, &s);
  spo_class_means(d, K, N, H, label, s.mean, s.global, s.count);
  size_t present = 0, p = 0, q = 0;
  for (size_t k = 0; k < K; k++)
    if (s.count[k] > 0)
      spo_vec_copy(d, s.mean + k * d, s.A + d * present++);
  spo_vec_copy(K * d, W, s.B);
  spo_status status = SPO_OK;
  if (!isfinite(spo_vec_norm(K * d, W)) || !isfinite(spo_vec_norm(K * d, s.mean)))
    status = spo_fail(err, SPO_E_NONFINITE, __func__, "a classifier or class mean is not finite");
  spo_blasint info = 0;
  if (status == SPO_OK && present > 0) {
    info = span_basis(d, present, s.A, &p, &s);
    if (info == 0)
      info = span_basis(d, K, s.B, &q, &s);
    if (info == 0 && p > 0 && q > 0)
      info = p <= q ? largest_angle(d, p, s.A, q, s.B, degrees, &s)
                    : largest_angle(d, q, s.B, p, s.A, degrees, &s);
  }
  spo_block_free(c.base);
  if (info != 0)
    return spo_fail(err, SPO_E_NUMERIC, __func__, "dgesvd failed, info %d", (int)info);
  return status;
}

/* ---- SELI ------------------------------------------------------------------------------------ */

/* Zhat Zhat^T = V Lambda^2 V^T, so V Lambda V^T is its square root. */
spo_status spo_seli(size_t K, const int64_t *count, double *cosine, spo_error *err) {
  if (K < 2)
    return spo_fail(err, SPO_E_ARG, __func__, "%zu classes, at least 2 are needed", K);
  double total = 0.0;
  for (size_t k = 0; k < K; k++) {
    if (count[k] < 1)
      return spo_fail(err, SPO_E_ARG, __func__, "class %zu has no samples", k);
    total += (double)count[k];
  }
  const size_t square = spo_size_mul(K, K);
  double *block = spo_block_alloc(spo_size_mul(spo_size_add(spo_size_mul(2, square), K), 8));
  if (!block)
    return spo_fail(err, SPO_E_NOMEM, __func__, "no memory for %zu classes", K);
  double *A = block, *V = A + square, *values = V + square;
  const double k = (double)K;
  for (size_t a = 0; a < K; a++)
    for (size_t b = 0; b < K; b++) /* C diag(n) C */
      A[a * K + b] = (a == b ? (double)count[a] : 0.0) - ((double)count[a] + (double)count[b]) / k +
                     total / (k * k);
  const spo_status status = spo_eigh(K, A, values, V, err);
  if (status == SPO_OK) {
    for (size_t j = 0; j < K; j++) { /* the lowest is 0, of the constant vector */
      const double root = j > 0 ? sqrt(sqrt(values[j])) : 0.0;
      spo_vec_scale(K, root, V + j * K);
    }
    spo_gemm('N', 'T', K, K, K, 1.0, V, K, V, K, 0.0, A, K);
    for (size_t a = 0; a < K; a++)
      for (size_t b = 0; b < K; b++)
        cosine[a * K + b] = A[a * K + b] / sqrt(A[a * K + a] * A[b * K + b]);
  }
  spo_block_free(block);
  return status;
}
