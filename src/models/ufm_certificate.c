/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The arrow matrix Z = [-diag(alpha) G; G^T -diag(beta)] of the spherical UFM, the gap that its
 * lowest eigenvalue proves, and the constructive directions of negative curvature. Proofs:
 * doc/ufm.md. */
#include "models/ufm_internal.h"

#include <math.h>

#include "base/blas.h"
#include "base/vec.h"
#include "models/free_direction.h"

/* A sample whose residual is below this part of the largest is saturated: it may sit anywhere
 * without being seen in the gradient, so ranks and spans count active samples only. */
static const double active_tol = 1e-8;
/* Singular values below this part of the largest span nothing: squares, so 1e-6 of a length. */
static const double rank_tol = 1e-12;

/* What prepare leaves: alpha, beta, the scaling D^(-1/2), and |g_i|. */
typedef struct store {
  double *alpha, *beta, *scale, *g_norm;
} store;

static store in_store(const ufm *u, const double *mem) {
  double *m = (double *)mem;
  const size_t order = u->K + u->N;
  return (store){m, m + u->K, m + order, m + 2 * order};
}

static size_t order(const void *self) {
  const ufm *u = self;
  return u->K + u->N;
}

static size_t store_len(const void *self) {
  const ufm *u = self;
  return 2 * (u->K + u->N) + u->N;
}

/* Lanczos: a vector to scale. prepare: a tile of M. Directions: the second moment, LAPACK's room,
 * and a vector of R^K. */
static size_t work_len(const void *self) {
  const ufm *u = self;
  const size_t lanczos = u->K + u->N, tile = u->K * u->tile;
  const size_t directions = spo_free_direction_work_len(u->d) + u->K;
  const size_t larger = lanczos > tile ? lanczos : tile;
  return larger > directions ? larger : directions;
}

static int prepare(void *self, const double *x, const double *memo, double *mem, double *work) {
  const ufm *u = self;
  const store s = in_store(u, mem);
  const double *W = ufm_W(u, x), *H = ufm_H(u, x);
  spo_vec_zero(u->K, s.alpha);
  for (size_t i = 0; i < u->N; i += u->tile) {
    const size_t b = ufm_tile_len(u, i);
    const double *G = ufm_tile(u, memo, i);
    double *M = work;
    spo_gemm('T', 'N', b, u->K, u->d, 1.0, H + i * u->d, u->d, W, u->d, 0.0, M, b);
    spo_vec_zero(b, s.beta + i);
    spo_vec_zero(b, s.g_norm + i);
    for (size_t k = 0; k < u->K; k++)
      for (size_t j = 0; j < b; j++) {
        const double g = G[k * b + j], mg = M[k * b + j] * g;
        s.alpha[k] += mg;
        s.beta[i + j] += mg;
        s.g_norm[i + j] = hypot(s.g_norm[i + j], g); /* g may be 1e-200: no squares */
      }
  }
  for (size_t k = 0; k < u->K; k++)
    s.scale[k] = 1.0;
  for (size_t i = 0; i < u->N; i++) /* inactive samples have no row in the scaled matrix */
    s.scale[u->K + i] = u->omega[i] > 0.0 ? 1.0 / sqrt((double)u->K * u->omega[i]) : 0.0;
  return 0;
}

/* k products with the plain Z. */
static void multiply(const ufm *u, const double *memo, const store *s, size_t k, const double *U,
                     double *ZU) {
  const size_t n = u->K + u->N;
  for (size_t j = 0; j < k; j++)
    for (size_t a = 0; a < n; a++)
      ZU[j * n + a] = -s->alpha[a] * U[j * n + a]; /* beta follows alpha */
  const spo_logits L = ufm_logits(u);
  spo_logits_arrow(&L, memo, k, n, U, ZU);
}

static int apply(void *self, const double *x, const double *memo, const double *mem, bool scaled,
                 size_t k, const double *U, double *ZU, double *work) {
  (void)x;
  const ufm *u = self;
  const store s = in_store(u, mem);
  const size_t n = u->K + u->N;
  if (!scaled) {
    multiply(u, memo, &s, k, U, ZU);
    return 0;
  }
  for (size_t j = 0; j < k; j++) {
    for (size_t a = 0; a < n; a++)
      work[a] = s.scale[a] * U[j * n + a];
    multiply(u, memo, &s, 1, work, ZU + j * n);
    for (size_t a = 0; a < n; a++)
      ZU[j * n + a] *= s.scale[a];
  }
  return 0;
}

static int gap_bound(void *self, bool scaled, double lambda_min, double *gap) {
  const ufm *u = self;
  const double half_trace = scaled ? (double)u->K : 0.5 * (double)(u->K + u->N);
  *gap = half_trace * (lambda_min < 0.0 ? -lambda_min : lambda_min >= 0.0 ? 0.0 : NAN);
  return 0;
}

/* ---- directions of negative curvature -------------------------------------------------------- */

static size_t most_active(const ufm *u, const store *s) {
  size_t best = 0;
  for (size_t i = 1; i < u->N; i++)
    if (s->g_norm[i] > s->g_norm[best])
      best = i;
  return best;
}

/* Column i of G, out of its tile. */
static void residual_column(const ufm *u, const double *memo, size_t i, double *g) {
  const size_t first = i / u->tile * u->tile, b = ufm_tile_len(u, first);
  const double *G = ufm_tile(u, memo, first);
  for (size_t k = 0; k < u->K; k++)
    g[k] = G[k * b + (i - first)];
}

/* tau^2 sum_i omega_i (v.h_i)^2 Var_{p_i}(q), with p from G: p_k = G_k / (tau omega) off class. */
static double logit_curvature(const ufm *u, const double *x, const double *memo, const double *v,
                              const double *q) {
  const double *H = ufm_H(u, x), *py = ufm_py(u, memo);
  double sum = 0.0;
  for (size_t i = 0; i < u->N; i++) {
    const double weight = u->tau * u->omega[i];
    if (!(weight > 0.0))
      continue;
    const size_t first = i / u->tile * u->tile, b = ufm_tile_len(u, first);
    const double *G = ufm_tile(u, memo, first) + (i - first);
    const size_t y = (size_t)u->label[i];
    double mean = 0.0, square = 0.0; /* of q - q_y under p: no cancellation at saturation */
    for (size_t k = 0; k < u->K; k++) {
      const double p = k == y ? py[i] : G[k * b] / weight, dq = q[k] - q[y];
      mean += p * dq;
      square += p * dq * dq;
    }
    const double vh = spo_vec_dot(u->d, v, H + i * u->d);
    sum += weight * u->tau * vh * vh * (square - mean * mean);
  }
  return sum;
}

/* A unit vector orthogonal to a and b (unit, any angle): the coordinate axis that keeps most. False
 * in the plane, unless a and b are parallel. */
static bool orthogonal_to(size_t d, const double *a, const double *b, double *v) {
  const double ab = spo_vec_dot(d, a, b), rest = 1.0 - ab * ab;
  const bool parallel = rest < rank_tol;
  double best = 0.0;
  for (size_t axis = 0; axis < d; axis++) {
    /* squared length of the axis's part outside span(a, b) */
    const double c = b[axis] - ab * a[axis];
    const double left = 1.0 - a[axis] * a[axis] - (parallel ? 0.0 : c * c / rest);
    if (!(left > best + 1e-3))
      continue;
    best = left;
    for (size_t j = 0; j < d; j++)
      v[j] = (j == axis ? 1.0 : 0.0) - a[axis] * a[j] -
             (parallel ? 0.0 : c / rest * (b[j] - ab * a[j]));
  }
  if (!(best > 0.0))
    return false;
  spo_vec_scale(d, 1.0 / spo_vec_norm(d, v), v);
  return true;
}

/* Case A, all classifiers alike: tilt them by v g_i^T, and let feature i follow as far as it
 * takes. */
static int direction_a(const ufm *u, const double *x, const double *memo, const store *s, double *v,
                       double *work) {
  const size_t d = u->d, i = most_active(u, s);
  double *q = work, *a = work + u->K;
  residual_column(u, memo, i, q);
  const double gg = s->g_norm[i] * s->g_norm[i];
  if (!(gg > 0.0) || !orthogonal_to(d, ufm_W(u, x), ufm_H(u, x) + i * d, a))
    return 1;
  double curvature = logit_curvature(u, x, memo, a, q);
  for (size_t k = 0; k < u->K; k++)
    curvature -= s->alpha[k] * q[k] * q[k];
  const double t = fmax(curvature, 0.0) / gg + 1.0;
  spo_vec_zero(d * (u->K + u->N), v);
  for (size_t k = 0; k < u->K; k++)
    spo_vec_axpy(d, -q[k], a, v + k * d);
  spo_vec_axpy(d, t, a, v + (u->K + i) * d);
  return 0;
}

/* The second moment of classifiers and active features, in `moment` (d x d). */
static void second_moment(const ufm *u, const double *x, const store *s, double *moment) {
  const size_t d = u->d;
  const double *H = ufm_H(u, x), least = active_tol * s->g_norm[most_active(u, s)];
  spo_gemm('N', 'T', d, d, u->K, 1.0, x, d, x, d, 0.0, moment, d);
  for (size_t i = 0; i < u->N; i++) {
    if (!(s->g_norm[i] > least))
      continue;
    const double *h = H + i * d;
    for (size_t b = 0; b < d; b++)
      spo_vec_axpy(d, h[b], h, moment + b * d);
  }
}

/* Case B, the points leave a direction a free: (a u^T, a v^T) along Z's lowest eigenvector. */
static int direction_b(const ufm *u, const double *x, const store *s, double lambda,
                       const double *vector, double *v, double *work) {
  const size_t d = u->d;
  double *moment = work;
  if (!(lambda < 0.0))
    return 1;
  second_moment(u, x, s, moment);
  const int code = spo_free_axis(d, moment);
  if (code != 0)
    return code;
  const double least = active_tol * s->g_norm[most_active(u, s)];
  for (size_t j = 0; j < u->K + u->N; j++) {
    const bool moves = j < u->K || s->g_norm[j - u->K] > least;
    for (size_t b = 0; b < d; b++)
      v[j * d + b] = moves ? vector[j] * moment[b] : 0.0;
  }
  return 0;
}

/* Case C, d = K and W invertible: W^(-T) 1 is orthogonal to every feature, and turning one with
 * beta_i > 0 towards it lowers f. */
static int direction_c(const ufm *u, const double *x, const store *s, double *v, double *work) {
  const size_t d = u->d;
  size_t best = 0;
  for (size_t i = 1; i < u->N; i++)
    if (s->beta[i] > s->beta[best])
      best = i;
  if (d != u->K || !(s->beta[best] > 0.0))
    return 1;
  double *A = work, *b = work + d * d;
  spo_blasint *pivot = (spo_blasint *)(void *)(b + d);
  for (size_t k = 0; k < d; k++) {
    b[k] = 1.0;
    for (size_t j = 0; j < d; j++)
      A[j * d + k] = x[k * d + j]; /* row k of W^T is w_k */
  }
  const spo_blasint n = (spo_blasint)d, one = 1;
  spo_blasint info;
  dgesv_(&n, &one, A, &n, pivot, b, &n, &info);
  const double norm = spo_vec_norm(d, b);
  if (info != 0 || !(norm * norm * rank_tol < 1.0))
    return 1;
  spo_vec_zero(d * (u->K + u->N), v);
  spo_vec_axpy(d, 1.0 / norm, b, v + (u->K + best) * d);
  return 0;
}

static const char *const case_names[] = {"A", "B", "C"};

static int direction(void *self, const double *x, const double *memo, const double *mem, size_t c,
                     double lambda, const double *vector, double *v, double *work) {
  const ufm *u = self;
  const store s = in_store(u, mem);
  if (c == 0)
    return direction_a(u, x, memo, &s, v, work);
  return c == 1 ? direction_b(u, x, &s, lambda, vector, v, work) : direction_c(u, x, &s, v, work);
}

const spo_certificate ufm_certificate = {
    .size = sizeof(spo_certificate),
    .name = "arrow matrix Z",
    .order = order,
    .store_len = store_len,
    .work_len = work_len,
    .prepare = prepare,
    .apply = apply,
    .gap_bound = gap_bound,
    .n_cases = 3,
    .case_name = case_names,
    .direction = direction,
};
