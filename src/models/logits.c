/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Cross-entropy of bilinear logits: three products for cost and gradient, six for a Hessian
 * product, each followed by the softmax kernels while its tile is in cache. */
#include "models/logits.h"

#include "base/blas.h"
#include "base/vec.h"
#include "models/softmax.h"

size_t spo_logits_tile(size_t K) {
  const size_t cached = 65536 / K / 8 * 8;
  return cached < 32 ? 32 : cached > SPO_TILE ? SPO_TILE : cached;
}

size_t spo_logits_memo_len(const spo_logits *L) {
  return L->K * L->N + L->N;
}

size_t spo_logits_work_len(const spo_logits *L) {
  return L->K * (L->tile < L->N ? L->tile : L->N);
}

static double *tile_at(const spo_logits *L, double *memo, size_t first) {
  return memo + L->K * first;
}

static const double *features(const spo_logits *L, const double *x, size_t first) {
  return x + L->d * (L->K + first);
}

static const double *bias(const spo_logits *L, const double *x) {
  return x + L->d * (L->K + L->N);
}

static const double *py_at(const spo_logits *L, const double *memo, size_t first) {
  return memo + L->K * L->N + first;
}

/* Row k of the tile becomes tau b_k: what the product is added to. Returns its factor. */
static double begin_tile(const spo_logits *L, const double *x, size_t b, double *tile) {
  if (!L->bias)
    return 0.0;
  for (size_t k = 0; k < L->K; k++)
    for (size_t i = 0; i < b; i++)
      tile[k * b + i] = L->tau * bias(L, x)[k];
  return 1.0;
}

/* row_k += sum_i tile_ki */
static void add_row_sums(const spo_logits *L, size_t b, const double *tile, double *row) {
  for (size_t k = 0; k < L->K; k++) {
    double sum = 0.0;
#pragma omp simd reduction(+ : sum)
    for (size_t i = 0; i < b; i++)
      sum += tile[k * b + i];
    row[k] += sum;
  }
}

/* One tile's part of the cost; leaves G and p_y of its samples in the memo. */
static double add_cost(const spo_logits *L, const double *x, size_t i, double *memo) {
  const size_t b = spo_logits_tile_len(L, i), d = L->d;
  double *G = tile_at(L, memo, i);
  const double beta = begin_tile(L, x, b, G);
  spo_gemm('T', 'N', b, L->K, d, L->tau, features(L, x, i), d, x, d, beta, G, b);
  return spo_softmax_residual(b, L->K, L->tau, L->label + i, L->omega + i, G,
                              tile_at(L, memo, L->N) + i);
}

/* One tile's part of the gradient. */
static void add_gradient(const spo_logits *L, const double *x, size_t i, const double *memo,
                         double *g) {
  const size_t b = spo_logits_tile_len(L, i), d = L->d, K = L->K;
  const double *G = spo_logits_residual(L, memo, i);
  double *gb = g + d * (K + L->N);
  spo_gemm('N', 'N', d, K, b, 1.0, features(L, x, i), d, G, b, i > 0 ? 1.0 : 0.0, g, d);
  spo_gemm('N', 'T', d, b, K, 1.0, x, d, G, b, 0.0, g + d * (K + i), d);
  if (L->bias && i == 0)
    spo_vec_zero(K, gb);
  if (L->bias)
    add_row_sums(L, b, G, gb);
}

double spo_logits_cost(const spo_logits *L, const double *x, double *memo) {
  double f = 0.0;
  for (size_t i = 0; i < L->N; i += L->tile)
    f += add_cost(L, x, i, memo);
  return f;
}

void spo_logits_egrad(const spo_logits *L, const double *x, const double *memo, double *egrad) {
  for (size_t i = 0; i < L->N; i += L->tile)
    add_gradient(L, x, i, memo, egrad);
}

double spo_logits_cost_egrad(const spo_logits *L, const double *x, double *memo, double *egrad) {
  double f = 0.0;
  for (size_t i = 0; i < L->N; i += L->tile) {
    f += add_cost(L, x, i, memo);
    add_gradient(L, x, i, memo, egrad);
  }
  return f;
}

/* One tile of one direction: six products and the softmax curvature between them. */
static void add_hessian(const spo_logits *L, const double *x, size_t i, const double *memo,
                        const double *v, double *hv, double *Gdot) {
  const size_t b = spo_logits_tile_len(L, i), d = L->d, K = L->K;
  const double *G = spo_logits_residual(L, memo, i);
  const double *H = features(L, x, i), *DH = features(L, v, i);
  double *hH = hv + d * (K + i), *hb = hv + d * (K + L->N);
  const double beta = begin_tile(L, v, b, Gdot);
  spo_gemm('T', 'N', b, K, d, L->tau, H, d, v, d, beta, Gdot, b);
  spo_gemm('T', 'N', b, K, d, L->tau, DH, d, x, d, 1.0, Gdot, b);
  spo_softmax_curvature(b, K, L->tau, L->label + i, L->omega + i, G, py_at(L, memo, i), Gdot);
  spo_gemm('N', 'N', d, K, b, 1.0, DH, d, G, b, i > 0 ? 1.0 : 0.0, hv, d);
  spo_gemm('N', 'N', d, K, b, 1.0, H, d, Gdot, b, 1.0, hv, d);
  spo_gemm('N', 'T', d, b, K, 1.0, v, d, G, b, 0.0, hH, d);
  spo_gemm('N', 'T', d, b, K, 1.0, x, d, Gdot, b, 1.0, hH, d);
  if (L->bias && i == 0)
    spo_vec_zero(K, hb);
  if (L->bias)
    add_row_sums(L, b, Gdot, hb);
}

void spo_logits_ehess(const spo_logits *L, const double *x, size_t k, const double *V, double *HV,
                      const double *memo, double *work) {
  const size_t n = L->d * (L->K + L->N) + (L->bias ? L->K : 0);
  for (size_t i = 0; i < L->N; i += L->tile)
    for (size_t j = 0; j < k; j++)
      add_hessian(L, x, i, memo, V + j * n, HV + j * n, work);
}

void spo_logits_arrow(const spo_logits *L, const double *memo, size_t k, size_t stride,
                      const double *U, double *ZU) {
  for (size_t i = 0; i < L->N; i += L->tile) {
    const size_t b = spo_logits_tile_len(L, i);
    const double *G = spo_logits_residual(L, memo, i);
    spo_gemm('T', 'N', L->K, k, b, 1.0, G, b, U + L->K + i, stride, 1.0, ZU, stride);
    spo_gemm('N', 'N', b, k, L->K, 1.0, G, b, U, stride, 1.0, ZU + L->K + i, stride);
  }
}
