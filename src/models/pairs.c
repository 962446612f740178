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

/* ---- few dimensions -------------------------------------------------------------------------- */

/* Up to here matrix products spend their time packing: coordinate by coordinate is faster. */
enum { FEW = 8, GROUP = 4 };

/* Coordinates of a tile's rows, each one after another; zeros make up for whole groups of four. */
typedef struct rows {
  double x[FEW][SPO_PAIRS_TILE];
} rows;

static void transpose(size_t d, size_t b, const double *X, rows *R) {
  for (size_t k = 0; k < FEW; k++)
    for (size_t r = 0; r < b; r++)
      R->x[k][r] = k < d ? X[r * d + k] : 0.0;
}

static void pad(size_t d, const double *x, double y[FEW]) {
  for (size_t k = 0; k < FEW; k++)
    y[k] = k < d ? x[k] : 0.0;
}

/* S_r (+)= shift + sum over the group of x_kr y_k */
SPO_KERNEL static void few_products(size_t b, double (*x)[SPO_PAIRS_TILE], const double *y,
                                    bool add, double shift, double *S) {
  if (add)
    for (size_t r = 0; r < b; r++)
      S[r] += shift + ((x[0][r] * y[0] + x[1][r] * y[1]) + (x[2][r] * y[2] + x[3][r] * y[3]));
  else
    for (size_t r = 0; r < b; r++)
      S[r] = shift + ((x[0][r] * y[0] + x[1][r] * y[1]) + (x[2][r] * y[2] + x[3][r] * y[3]));
}

/* S (+)= scale <x_i, v_j> + shift */
static void few_gram(const spo_pairs *p, const spo_pair_tile *t, double scale, double shift,
                     const double *X, const double *V, bool add, double *S) {
  rows R;
  double y[FEW];
  transpose(p->d, t->bi, X + t->i * p->d, &R);
  for (size_t c = 0; c < t->bj; c++) {
    pad(p->d, V + (t->j + c) * p->d, y);
    for (size_t k = 0; k < FEW; k++)
      y[k] *= scale;
    few_products(t->bi, R.x, y, add, shift, S + c * t->bi);
    if (p->d > GROUP)
      few_products(t->bi, R.x + GROUP, y + GROUP, true, 0.0, S + c * t->bi);
  }
}

SPO_KERNEL static void few_differences(size_t b, double (*x)[SPO_PAIRS_TILE], const double *y,
                                       bool add, double *S) {
  for (size_t r = 0; r < b; r++) {
    const double e0 = x[0][r] - y[0], e1 = x[1][r] - y[1], e2 = x[2][r] - y[2], e3 = x[3][r] - y[3];
    const double sum = (e0 * e0 + e1 * e1) + (e2 * e2 + e3 * e3);
    S[r] = add ? S[r] + sum : sum;
  }
}

static void few_squares(const spo_pairs *p, const spo_pair_tile *t, const double *X, double *S) {
  rows R;
  double y[FEW];
  transpose(p->d, t->bi, X + t->i * p->d, &R);
  for (size_t c = 0; c < t->bj; c++) {
    pad(p->d, X + (t->j + c) * p->d, y);
    few_differences(t->bi, R.x, y, false, S + c * t->bi);
    if (p->d > GROUP)
      few_differences(t->bi, R.x + GROUP, y + GROUP, true, S + c * t->bi);
  }
}

/* One group of coordinates of both sides: Y_r += S_rc y_c for two columns at once, and z_c = sum_r
 * S_rc x_r. */
SPO_KERNEL static void few_both(size_t b, double (*x)[SPO_PAIRS_TILE], const double *S0,
                                const double *S1, const double *y0, const double *y1,
                                double (*Y)[SPO_PAIRS_TILE], double *z0, double *z1) {
  double a0 = 0.0, a1 = 0.0, a2 = 0.0, a3 = 0.0, b0 = 0.0, b1 = 0.0, b2 = 0.0, b3 = 0.0;
#pragma omp simd reduction(+ : a0, a1, a2, a3, b0, b1, b2, b3)
  for (size_t r = 0; r < b; r++) {
    const double s0 = S0[r], s1 = S1[r];
    Y[0][r] += s0 * y0[0] + s1 * y1[0];
    Y[1][r] += s0 * y0[1] + s1 * y1[1];
    Y[2][r] += s0 * y0[2] + s1 * y1[2];
    Y[3][r] += s0 * y0[3] + s1 * y1[3];
    a0 += s0 * x[0][r], b0 += s1 * x[0][r];
    a1 += s0 * x[1][r], b1 += s1 * x[1][r];
    a2 += s0 * x[2][r], b2 += s1 * x[2][r];
    a3 += s0 * x[3][r], b3 += s1 * x[3][r];
  }
  z0[0] = a0, z0[1] = a1, z0[2] = a2, z0[3] = a3;
  z1[0] = b0, z1[1] = b1, z1[2] = b2, z1[3] = b3;
}

static void add_column(const spo_pairs *p, const spo_pair_tile *t, size_t c, double scale,
                       const double z[FEW], double *Y) {
  if (t->i != t->j)
    for (size_t k = 0; k < p->d; k++)
      Y[(t->j + c) * p->d + k] += scale * z[k];
}

static void few_apply(const spo_pairs *p, const spo_pair_tile *t, double scale, const double *S,
                      const double *X, double *Y) {
  rows R, sum;
  const double none[SPO_PAIRS_TILE] = {0.0};
  const size_t d = p->d, groups = d > GROUP ? 2 : 1;
  transpose(d, t->bi, X + t->i * d, &R);
  for (size_t k = 0; k < groups * GROUP; k++)
    for (size_t r = 0; r < t->bi; r++)
      sum.x[k][r] = 0.0;
  for (size_t c = 0; c < t->bj; c += 2) {
    const bool two = c + 1 < t->bj;
    double y[2][FEW] = {{0.0}}, z[2][FEW] = {{0.0}};
    pad(d, X + (t->j + c) * d, y[0]);
    if (two)
      pad(d, X + (t->j + c + 1) * d, y[1]);
    for (size_t g = 0; g < groups * GROUP; g += GROUP)
      few_both(t->bi, R.x + g, S + c * t->bi, two ? S + (c + 1) * t->bi : none, y[0] + g, y[1] + g,
               sum.x + g, z[0] + g, z[1] + g);
    add_column(p, t, c, scale, z[0], Y);
    if (two)
      add_column(p, t, c + 1, scale, z[1], Y);
  }
  for (size_t r = 0; r < t->bi; r++)
    for (size_t k = 0; k < d; k++)
      Y[(t->i + r) * d + k] += scale * sum.x[k][r];
}

/* ---- any number of dimensions ---------------------------------------------------------------- */

void spo_pairs_gram(const spo_pairs *p, const spo_pair_tile *t, double scale, double shift,
                    const double *X, double *S) {
  const size_t d = p->d;
  if (d <= FEW) {
    few_gram(p, t, scale, shift, X, X, false, S);
    return;
  }
  spo_gemm('T', 'N', t->bi, t->bj, d, scale, X + t->i * d, d, X + t->j * d, d, 0.0, S, t->bi);
  for (size_t i = 0; i < t->bi * t->bj; i++)
    S[i] += shift;
}

void spo_pairs_cross(const spo_pairs *p, const spo_pair_tile *t, double scale, const double *X,
                     const double *V, double *S) {
  const size_t d = p->d;
  if (d <= FEW) {
    few_gram(p, t, scale, 0.0, X, V, false, S);
    few_gram(p, t, scale, 0.0, V, X, true, S);
    return;
  }
  spo_gemm('T', 'N', t->bi, t->bj, d, scale, X + t->i * d, d, V + t->j * d, d, 0.0, S, t->bi);
  spo_gemm('T', 'N', t->bi, t->bj, d, scale, V + t->i * d, d, X + t->j * d, d, 1.0, S, t->bi);
}

/* Below this |x_i - x_j|^2 comes from the difference: 2 - 2 <x_i, x_j> has lost 9 bits there. */
static const double near = 1.0 / 256.0;

/* a column's inner products become squares; how many are near */
SPO_KERNEL static size_t squares(size_t b, double *G) {
  size_t close = 0;
#pragma omp simd reduction(+ : close)
  for (size_t r = 0; r < b; r++) {
    G[r] = 2.0 - 2.0 * G[r];
    close += !(G[r] >= near);
  }
  return close;
}

static void correct_column(size_t d, size_t b, const double *X, const double *y, double *S) {
  for (size_t r = 0; r < b; r++) {
    if (S[r] >= near)
      continue;
    S[r] = 0.0;
    for (size_t k = 0; k < d; k++)
      S[r] += (X[r * d + k] - y[k]) * (X[r * d + k] - y[k]);
  }
}

void spo_pairs_squares(const spo_pairs *p, const spo_pair_tile *t, const double *X, double *S) {
  const size_t d = p->d, b = t->bi;
  if (d <= FEW) {
    few_squares(p, t, X, S);
    return;
  }
  spo_pairs_gram(p, t, 1.0, 0.0, X, S);
  for (size_t c = 0; c < t->bj; c++)
    if (squares(b, S + c * b) > 0)
      correct_column(d, b, X + t->i * d, X + (t->j + c) * d, S + c * b);
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
  if (d <= FEW) {
    few_apply(p, t, scale, S, X, Y);
    return;
  }
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
