/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The weighted cross-entropy of bilinear logits,
 *
 *   g(W, H, b) = sum_i omega_i CE(tau (W^T h_i + b), y_i),
 *
 * which the feature models share: they differ in manifold, weights and what they add. Samples are
 * worked off in tiles, so that each product's K x tile result is still in cache when the softmax
 * kernels meet it, and scratch stays at one tile whatever N is.
 *
 * A point is W (K vectors of R^d), H (N vectors), then b (K numbers) where there is a bias. The
 * memo of a place: G = tau omega_i (p_i - e_{y_i}) in tiles, one after another, then p_y of each
 * sample. */
#ifndef SPO_MODELS_LOGITS_H
#define SPO_MODELS_LOGITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct spo_logits {
  size_t d, K, N, tile;
  double tau;
  const int64_t *label; /* N, in 0 .. K-1 */
  const double *omega;  /* N, >= 0 */
  bool bias;
} spo_logits;

/* Tiles of a size that keeps K x tile in the second-level cache, a multiple of the vector width. */
size_t spo_logits_tile(size_t K);

/* Doubles of a place's memo, and scratch of a Hessian product. */
size_t spo_logits_memo_len(const spo_logits *L);
size_t spo_logits_work_len(const spo_logits *L);

static inline size_t spo_logits_tile_len(const spo_logits *L, size_t first) {
  return L->N - first < L->tile ? L->N - first : L->tile;
}
/* The tile of G that begins at sample `first`, entry (k, i) at [k * tile_len + i - first]. */
static inline const double *spo_logits_residual(const spo_logits *L, const double *memo,
                                                size_t first) {
  return memo + L->K * first;
}

/* g; G into the memo. */
double spo_logits_cost(const spo_logits *L, const double *x, double *memo);
/* (H G^T, W G, G 1) after a cost. */
void spo_logits_egrad(const spo_logits *L, const double *x, const double *memo, double *egrad);
double spo_logits_cost_egrad(const spo_logits *L, const double *x, double *memo, double *egrad);
/* k products of length n each: (D_H G^T + H Gdot^T, D_W G + W Gdot, Gdot 1). */
void spo_logits_ehess(const spo_logits *L, const double *x, size_t k, const double *V, double *HV,
                      const double *memo, double *work);
/* Z u for the plain off-diagonal part of the arrow matrix, [0 G; G^T 0], added to ZU: k vectors of
 * K + N doubles, `stride` apart. */
void spo_logits_arrow(const spo_logits *L, const double *memo, size_t k, size_t stride,
                      const double *U, double *ZU);

#endif
