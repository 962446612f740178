/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Tiles of the matrix of pairs. */
#include "models/pairs.h"

#include "base/blas.h"
#include "base/simd.h"

spo_pairs spo_pairs_of(size_t d, size_t n) {
  return (spo_pairs){.d = d, .n = n, .keep = n <= SPO_PAIRS_KEPT};
}

size_t spo_pairs_tile_len(const spo_pairs *p) {
  const size_t b = p->n < SPO_PAIRS_TILE ? p->n : SPO_PAIRS_TILE;
  return b * b;
}

static size_t block_len(const spo_pairs *p, size_t first) {
  const size_t left = p->n - first;
  return left < SPO_PAIRS_TILE ? left : SPO_PAIRS_TILE;
}

size_t spo_pairs_kept_len(const spo_pairs *p) {
  size_t len = 0;
  for (size_t i = 0; i < p->n && p->keep; i += SPO_PAIRS_TILE)
    len += block_len(p, i) * (p->n - i);
  return len;
}

spo_pair_tile spo_pairs_first(const spo_pairs *p) {
  const size_t b = block_len(p, 0);
  return (spo_pair_tile){.bi = b, .bj = b};
}

void spo_pairs_next(const spo_pairs *p, spo_pair_tile *t) {
  t->offset += t->bi * t->bj;
  t->j += t->bj;
  if (t->j >= p->n) {
    t->i += t->bi;
    t->j = t->i;
  }
  t->bi = t->i < p->n ? block_len(p, t->i) : 0;
  t->bj = t->j < p->n ? block_len(p, t->j) : 0;
}

void spo_pairs_gram(const spo_pairs *p, const spo_pair_tile *t, double scale, const double *X,
                    double *S) {
  const size_t d = p->d;
  spo_gemm('T', 'N', t->bi, t->bj, d, scale, X + t->i * d, d, X + t->j * d, d, 0.0, S, t->bi);
}

void spo_pairs_cross(const spo_pairs *p, const spo_pair_tile *t, double scale, const double *X,
                     const double *V, double *S) {
  const size_t d = p->d;
  spo_gemm('T', 'N', t->bi, t->bj, d, scale, X + t->i * d, d, V + t->j * d, d, 0.0, S, t->bi);
  spo_gemm('T', 'N', t->bi, t->bj, d, scale, V + t->i * d, d, X + t->j * d, d, 1.0, S, t->bi);
}

void spo_pairs_set_self(const spo_pair_tile *t, double value, double *S) {
  if (t->i == t->j)
    for (size_t r = 0; r < t->bi; r++)
      S[r * t->bi + r] = value;
}

SPO_KERNEL static void sum_sides(size_t bi, size_t bj, const double *S, double *zi, double *zj) {
  for (size_t c = 0; c < bj; c++) {
    double column = 0.0;
#pragma omp simd reduction(+ : column)
    for (size_t r = 0; r < bi; r++) {
      const double s = S[c * bi + r];
      zi[r] += s;
      column += s;
    }
    if (zj)
      zj[c] += column;
  }
}

void spo_pairs_sum(const spo_pair_tile *t, const double *S, double *z) {
  sum_sides(t->bi, t->bj, S, z + t->i, t->i == t->j ? NULL : z + t->j);
}

void spo_pairs_apply(const spo_pairs *p, const spo_pair_tile *t, double scale, const double *S,
                     const double *X, double *Y) {
  const size_t d = p->d;
  spo_gemm('N', 'T', d, t->bi, t->bj, scale, X + t->j * d, d, S, t->bi, 1.0, Y + t->i * d, d);
  if (t->i != t->j)
    spo_gemm('N', 'N', d, t->bj, t->bi, scale, X + t->i * d, d, S, t->bi, 1.0, Y + t->j * d, d);
}

void spo_pairs_apply_columns(const spo_pairs *p, const spo_pair_tile *t, double scale,
                             const double *S, size_t k, const double *U, double *Y) {
  const size_t n = p->n;
  spo_gemm('N', 'N', t->bi, k, t->bj, scale, S, t->bi, U + t->j, n, 1.0, Y + t->i, n);
  if (t->i != t->j)
    spo_gemm('T', 'N', t->bj, k, t->bi, scale, S, t->bi, U + t->i, n, 1.0, Y + t->j, n);
}
