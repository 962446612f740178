/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Distance from a convex hull by Wolfe's algorithm: the point of least norm in the hull of p_j = w_k -
 * w_j. A corral, affinely independent p's whose affine hull has its point of least norm inside, grows
 * by the p_j furthest below and loses those whose weights would turn negative. Wolfe 1976. */
#include "models/hull.h"

#include <float.h>
#include <math.h>

#include "base/blas.h"
#include "base/memory.h"
#include "base/vec.h"

typedef struct corral {
  size_t d, size, most;
  double *P;      /* members, d each */
  double *weight; /* positive, sum 1 */
  double *x;      /* their combination */
  double *system, *solution;
  spo_blasint *pivot;
  size_t *member;
} corral;

static void layout(spo_carver *m, size_t d, size_t n, corral *c) {
  c->d = d;
  c->size = 0;
  c->most = (n - 1 < d + 1 ? n - 1 : d + 1) + 1; /* one more while it shrinks */
  c->P = spo_carve_doubles(m, spo_size_mul(d, c->most));
  c->weight = spo_carve_doubles(m, c->most);
  c->x = spo_carve_doubles(m, d);
  c->system = spo_carve_doubles(m, spo_size_mul(c->most + 1, c->most + 1));
  c->solution = spo_carve_doubles(m, c->most + 1);
  c->pivot = spo_carve(m, c->most + 1, sizeof(spo_blasint));
  c->member = spo_carve(m, c->most, sizeof(size_t));
}

static void add_member(corral *c, const double *W, size_t k, size_t j, double weight) {
  spo_vec_add(c->d, W + k * c->d, -1.0, W + j * c->d, c->P + c->size * c->d);
  c->member[c->size] = j;
  c->weight[c->size++] = weight;
}

static void drop_member(corral *c, size_t i) {
  for (c->size--; i < c->size; i++) {
    spo_vec_copy(c->d, c->P + (i + 1) * c->d, c->P + i * c->d);
    c->weight[i] = c->weight[i + 1];
    c->member[i] = c->member[i + 1];
  }
}

static void combine(corral *c) {
  spo_vec_zero(c->d, c->x);
  for (size_t i = 0; i < c->size; i++)
    spo_vec_axpy(c->d, c->weight[i], c->P + i * c->d, c->x);
}

/* Affine weights of least norm: [P^T P, 1; 1^T, 0] (a, mu) = (0, 1). False: dependent. */
static bool affine_weights(corral *c) {
  const size_t m = c->size, n = m + 1;
  spo_gemm('T', 'N', m, m, c->d, 1.0, c->P, c->d, c->P, c->d, 0.0, c->system, n);
  for (size_t i = 0; i < m; i++) {
    c->system[i * n + m] = c->system[m * n + i] = 1.0;
    c->solution[i] = 0.0;
  }
  c->system[m * n + m] = 0.0;
  c->solution[m] = 1.0;
  const spo_blasint order = (spo_blasint)n, one = 1;
  spo_blasint info;
  dgesv_(&order, &one, c->system, &order, c->pivot, c->solution, &order, &info);
  return info == 0;
}

/* Towards the affine weights until one reaches zero and leaves; false once all are inside. */
static bool shrink(corral *c) {
  double step = 1.0;
  size_t leaves = c->size;
  for (size_t i = 0; i < c->size; i++)
    if (!(c->solution[i] > 0.0)) {
      const double until = c->weight[i] / (c->weight[i] - c->solution[i]);
      if (leaves == c->size || until < step) {
        step = until;
        leaves = i;
      }
    }
  for (size_t i = 0; i < c->size; i++)
    c->weight[i] += step * (c->solution[i] - c->weight[i]);
  if (leaves == c->size)
    return false;
  drop_member(c, leaves);
  return true;
}

/* The p_j lowest along x; *product its <x, p_j> */
static size_t lowest(const corral *c, size_t n, const double *W, size_t k, double *product) {
  const double along = spo_vec_dot(c->d, W + k * c->d, c->x);
  size_t best = k;
  *product = INFINITY;
  for (size_t j = 0; j < n; j++) {
    const double value = along - spo_vec_dot(c->d, W + j * c->d, c->x);
    if (j != k && value < *product) {
      best = j;
      *product = value;
    }
  }
  return best;
}

/* The p's have lengths up to 2: their squares and products are rounded at 4 eps. */
static const double rounding = 16.0 * DBL_EPSILON;

/* One major step: p_j joins, the corral shrinks to where its weights are positive. False where p_j
 * depends on the others within rounding. */
static bool exchange(corral *c, const double *W, size_t k, size_t j) {
  for (size_t i = 0; i < c->size; i++)
    if (c->member[i] == j)
      return false;
  if (c->size == c->most)
    return false;
  add_member(c, W, k, j, 0.0);
  do
    if (!affine_weights(c))
      return false;
  while (shrink(c));
  combine(c);
  return true;
}

/* Distance of w_k from the hull of the others. Each step must shorten x by more than rounding, so
 * there is an end. */
static double distance(corral *c, size_t n, const double *W, size_t k) {
  c->size = 0;
  add_member(c, W, k, k == 0 ? 1 : 0, 1.0);
  combine(c);
  double square = spo_vec_dot(c->d, c->x, c->x), before = INFINITY, product;
  while (square < before - rounding) {
    before = square;
    const size_t j = lowest(c, n, W, k, &product);
    if (!(product < square - rounding) || !exchange(c, W, k, j))
      break;
    square = spo_vec_dot(c->d, c->x, c->x);
  }
  return isnan(square) ? square : sqrt(fmin(square, before));
}

spo_status spo_hull_margin(size_t d, size_t n, const double *W, double *margin, spo_error *err) {
  corral c;
  spo_carver count = {0};
  layout(&count, d, n, &c);
  spo_carver memory = {.base = spo_block_alloc(count.used)};
  *margin = NAN;
  if (!memory.base)
    return spo_fail(err, SPO_E_NOMEM, __func__, "no memory for the margin");
  layout(&memory, d, n, &c);
  double least = INFINITY;
  for (size_t k = 0; k < n && !isnan(least); k++) {
    const double at = distance(&c, n, W, k);
    least = at <= least ? at : isnan(at) ? at : least;
  }
  spo_block_free(memory.base);
  *margin = least;
  return SPO_OK;
}
