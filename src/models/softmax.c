/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The cross-entropy kernels. z'_k = z_k - z_y; with c = max(0, max z'_k), e_k = exp(z'_k - c),
 * CE = c + log(e_y + sum_{k != y} e_k), and for c = 0 that is log1p of the off-class sum. */
#include "models/softmax.h"

#include <math.h>

#include "base/simd.h"
#include "base/vec.h"

/* z' - c in place, the true class's row entry replaced by what exp turns into 0; c out. */
SPO_KERNEL static void shift_logits(size_t b, size_t K, const int64_t *label, double *tile,
                                    double *c) {
  double zy[SPO_TILE];
  for (size_t i = 0; i < b; i++) {
    zy[i] = tile[(size_t)label[i] * b + i];
    c[i] = 0.0;
  }
  for (size_t k = 0; k < K; k++) {
    double *row = tile + k * b;
    for (size_t i = 0; i < b; i++) {
      row[i] -= zy[i];
      /* NaN must win: it stays in c and reaches the loss */
      c[i] = row[i] <= c[i] ? c[i] : row[i];
    }
  }
  for (size_t k = 0; k < K; k++) {
    double *row = tile + k * b;
    for (size_t i = 0; i < b; i++)
      row[i] -= c[i];
  }
  for (size_t i = 0; i < b; i++)
    tile[(size_t)label[i] * b + i] = -1e4;
}

SPO_KERNEL static void sum_rows(size_t b, size_t K, const double *tile, double *sum) {
  for (size_t i = 0; i < b; i++)
    sum[i] = 0.0;
  for (size_t k = 0; k < K; k++)
    for (size_t i = 0; i < b; i++)
      sum[i] += tile[k * b + i];
}

SPO_KERNEL static void scale_columns(size_t b, size_t K, const double *factor, double *tile) {
  for (size_t k = 0; k < K; k++)
    for (size_t i = 0; i < b; i++)
      tile[k * b + i] *= factor[i];
}

double spo_softmax_residual(size_t b, size_t K, double tau, const int64_t *label,
                            const double *omega, double *tile, double *py) {
  double c[SPO_TILE], off[SPO_TILE], factor[SPO_TILE];
  shift_logits(b, K, label, tile, c);
  spo_vec_exp(K * b, tile, tile);
  sum_rows(b, K, tile, off);
  double loss = 0.0;
  for (size_t i = 0; i < b; i++) {
    const double ey = c[i] == 0.0 ? 1.0 : exp(-c[i]);
    const double total = ey + off[i];
    const double ce = c[i] == 0.0 ? log1p(off[i]) : c[i] + log(total);
    /* a sample of weight 0 does not enter, whatever its loss */
    loss += omega[i] > 0.0 ? omega[i] * ce : 0.0;
    factor[i] = omega[i] > 0.0 ? tau * omega[i] / total : 0.0;
    py[i] = ey / total;
  }
  scale_columns(b, K, factor, tile);
  for (size_t i = 0; i < b; i++)
    tile[(size_t)label[i] * b + i] = -(off[i] * factor[i]);
  return loss;
}

SPO_KERNEL static void curvature(size_t b, size_t K, double tau, const int64_t *label,
                                 const double *omega, const double *G, const double *py,
                                 double *tile) {
  double my[SPO_TILE], s[SPO_TILE];
  for (size_t i = 0; i < b; i++) {
    my[i] = tile[(size_t)label[i] * b + i];
    s[i] = 0.0;
  }
  /* the true class contributes 0 to the sum: its difference is 0 */
  for (size_t k = 0; k < K; k++) {
    double *row = tile + k * b;
    const double *g = G + k * b;
    for (size_t i = 0; i < b; i++) {
      row[i] -= my[i];
      s[i] += g[i] * row[i];
    }
  }
  for (size_t i = 0; i < b; i++) {
    const double weight = tau * omega[i];
    my[i] = s[i] * py[i]; /* tau omega p_y (p^T Mdot'), Mdot' = Mdot - Mdot_y */
    s[i] = weight > 0.0 ? s[i] / weight : 0.0; /* p^T Mdot' */
  }
  for (size_t k = 0; k < K; k++) {
    double *row = tile + k * b;
    const double *g = G + k * b;
    for (size_t i = 0; i < b; i++)
      row[i] = g[i] * (row[i] - s[i]);
  }
  for (size_t i = 0; i < b; i++)
    tile[(size_t)label[i] * b + i] = -my[i];
}

void spo_softmax_curvature(size_t b, size_t K, double tau, const int64_t *label,
                           const double *omega, const double *G, const double *py, double *tile) {
  curvature(b, K, tau, label, omega, G, py, tile);
}
