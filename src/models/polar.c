/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Polar factors by the singular value decomposition. */
#include <spheropt/models/polar.h>

#include <float.h>
#include <limits.h>
#include <math.h>

#include "base/blas.h"
#include "base/detail.h"
#include "base/memory.h"
#include "base/vec.h"

static spo_polar *layout(spo_carver *c, size_t d, size_t K) {
  spo_polar *polar = spo_carve(c, 1, sizeof *polar);
  double *P = spo_carve_doubles(c, spo_size_mul(d, K)), *sigma = spo_carve_doubles(c, K),
         *Q = spo_carve_doubles(c, spo_size_mul(K, K));
  if (polar)
    *polar = (spo_polar){d, K, P, sigma, Q};
  return polar;
}

/* B = P diag(sigma) Q^T; copy: d x K, room: len doubles. */
static spo_status decompose(spo_polar *polar, double *copy, double *room, size_t len,
                            spo_error *err) {
  const size_t K = polar->K;
  const spo_blasint id = (spo_blasint)polar->d, ik = (spo_blasint)K, il = (spo_blasint)len;
  spo_blasint info;
  dgesvd_("S", "S", &id, &ik, copy, &id, polar->sigma, polar->P, &id, polar->Q, &ik, room, &il,
          &info);
  if (info != 0)
    return spo_fail_detail(err, SPO_E_NUMERIC, info, "spo_polar_create", "dgesvd failed, info %d",
                           (int)info);
  for (size_t a = 0; a < K; a++) /* LAPACK leaves Q^T */
    for (size_t b = 0; b < a; b++) {
      const double q = polar->Q[a * K + b];
      polar->Q[a * K + b] = polar->Q[b * K + a];
      polar->Q[b * K + a] = q;
    }
  return SPO_OK;
}

spo_status spo_polar_create(size_t d, size_t K, const double *B, spo_polar **out, spo_error *err) {
  *out = NULL;
  const size_t n = spo_size_mul(d, K);
  if (K < 1 || K > d || n > INT_MAX)
    return spo_fail(err, SPO_E_DIM, __func__,
                    "%zu vectors of R^%zu: from 1 to %zu vectors, at most %d numbers", K, d, d,
                    INT_MAX);
  for (size_t i = 0; i < n; i++)
    if (!isfinite(B[i]))
      return spo_fail(err, SPO_E_NONFINITE, __func__, "entry %zu of vector %zu is %g", i % d, i / d,
                      B[i]);
  const size_t len = 8 * (d + K);
  spo_carver c = {0};
  layout(&c, d, K);
  spo_polar *polar = spo_carver_alloc(&c) ? layout(&c, d, K) : NULL;
  double *room = spo_block_alloc((n + len) * sizeof(double));
  spo_status status = SPO_E_NOMEM;
  if (polar && room) {
    spo_vec_copy(n, B, room);
    status = decompose(polar, room, room + n, len, err);
  } else {
    spo_fail(err, status, __func__, "no memory for %zu vectors of R^%zu", K, d);
  }
  spo_block_free(room);
  if (status == SPO_OK)
    *out = polar;
  else
    spo_block_free(polar);
  return status;
}

void spo_polar_destroy(spo_polar *polar) {
  spo_block_free(polar);
}

bool spo_polar_unique(const spo_polar *polar) {
  return polar->sigma[polar->K - 1] > (double)polar->d * DBL_EPSILON * polar->sigma[0];
}

spo_status spo_polar_point(const spo_polar *polar, const double *sign, double *U, spo_error *err) {
  const size_t d = polar->d, K = polar->K;
  double *signed_P = spo_block_alloc(d * K * sizeof(double));
  if (!signed_P)
    return spo_fail(err, SPO_E_NOMEM, __func__, "no memory for %zu vectors of R^%zu", K, d);
  spo_vec_copy(d * K, polar->P, signed_P);
  for (size_t j = 0; sign && j < K; j++)
    spo_vec_scale(d, sign[j], signed_P + j * d);
  spo_gemm('N', 'T', d, K, K, 1.0, signed_P, d, polar->Q, K, 0.0, U, d);
  spo_block_free(signed_P);
  return SPO_OK;
}

/* In the bases P and Q: VQ = V Q, then its part in the span of P and the rest, each divided. */
static void divide(const spo_polar *polar, double *VQ, double *M, double *skew) {
  const size_t d = polar->d, K = polar->K;
  const double *sigma = polar->sigma;
  spo_gemm('T', 'N', K, K, d, 1.0, polar->P, d, VQ, d, 0.0, M, K);
  spo_gemm('N', 'N', d, K, K, -1.0, polar->P, d, M, K, 1.0, VQ, d);
  for (size_t j = 0; j < K; j++) {
    spo_vec_scale(d, 1.0 / sigma[j], VQ + j * d);
    for (size_t i = 0; i < K; i++)
      skew[j * K + i] = (M[j * K + i] - M[i * K + j]) / (sigma[i] + sigma[j]);
  }
  spo_gemm('N', 'N', d, K, K, 1.0, polar->P, d, skew, K, 1.0, VQ, d);
}

spo_status spo_polar_derivative(const spo_polar *polar, const double *V, double *DV,
                                spo_error *err) {
  const size_t d = polar->d, K = polar->K;
  if (!spo_polar_unique(polar))
    return spo_fail(err, SPO_E_UNSUPPORTED, __func__,
                    "the smallest singular value, %.2g, is nil beside the largest, %.2g: the "
                    "solution is not unique and has no derivative",
                    polar->sigma[K - 1], polar->sigma[0]);
  double *VQ = spo_block_alloc((d * K + 2 * K * K) * sizeof(double));
  if (!VQ)
    return spo_fail(err, SPO_E_NOMEM, __func__, "no memory for %zu vectors of R^%zu", K, d);
  spo_gemm('N', 'N', d, K, K, 1.0, V, d, polar->Q, K, 0.0, VQ, d);
  divide(polar, VQ, VQ + d * K, VQ + d * K + K * K);
  spo_gemm('N', 'T', d, K, K, 1.0, VQ, d, polar->Q, K, 0.0, DV, d);
  spo_block_free(VQ);
  return SPO_OK;
}
