/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One-versus-rest distance, self-duality, alignment of spans, SELI. */
#include <spheropt/models/generalised_collapse.h>

#include <math.h>

#include <spheropt/linear.h>

#include "base/blas.h"
#include "base/memory.h"
#include "base/vec.h"
#include "models/class_means.h"

/* |x|^2 - min <x, p>, relative to the longest vector's square: where the search ends, and what it
 * may leave when rounding ends it earlier (active points are then affinely dependent, as those of a
 * code with symmetries are). */
static const double hull_tol = 1e-13, hull_rest = 1e-9;
/* Weights of the active set below this have left it. */
static const double weight_tol = 1e-13;
/* Singular values below this part of the largest span nothing. */
static const double rank_tol = 1e-6;

static bool all_finite(size_t n, const double *x) {
  double sum = 0.0;
  for (size_t i = 0; i < n; i++)
    sum += 0.0 * x[i];
  return sum == 0.0;
}

/* ---- distance to a convex hull --------------------------------------------------------------- */

/* Wolfe's method: x is the point of least norm in the affine hull of the active points, all with
 * positive weights; the point with the least <x, p> enters until none lies nearer. */
typedef struct hull {
  size_t d, m, used, room; /* points; in the active set, and at most there */
  double *p, *x, *along;   /* m x d; d; m */
  size_t *active;          /* room */
  double *weight, *next, *gram;
  spo_blasint *pivot;
  double longest; /* |p|^2 */
} hull;

static void cut(spo_carver *c, size_t d, size_t m, hull *h) {
  const size_t room = (m < d + 1 ? m : d + 1) + 1;
  *h = (hull){.d = d, .m = m, .room = room};
  h->p = spo_carve_doubles(c, spo_size_mul(m, d));
  h->x = spo_carve_doubles(c, d);
  h->along = spo_carve_doubles(c, m);
  h->active = spo_carve(c, room, sizeof(size_t));
  h->weight = spo_carve_doubles(c, room);
  h->next = spo_carve_doubles(c, room);
  h->gram = spo_carve_doubles(c, room * room);
  h->pivot = spo_carve(c, room, sizeof(spo_blasint));
}

static void combine(hull *h) {
  spo_vec_zero(h->d, h->x);
  for (size_t a = 0; a < h->used; a++)
    spo_vec_axpy(h->d, h->weight[a], h->p + h->active[a] * h->d, h->x);
}

/* The weights of the least-norm point of the affine hull: (11^T + P^T P) u = 1, u / sum u. */
static int affine_weights(hull *h) {
  const size_t s = h->used;
  const spo_blasint n = (spo_blasint)s, one = 1;
  spo_blasint info;
  double sum = 0.0;
  for (size_t a = 0; a < s; a++) {
    h->next[a] = 1.0;
    for (size_t b = 0; b <= a; b++)
      h->gram[a * s + b] = h->gram[b * s + a] =
          1.0 + spo_vec_dot(h->d, h->p + h->active[a] * h->d, h->p + h->active[b] * h->d);
  }
  dgesv_(&n, &one, h->gram, &n, h->pivot, h->next, &n, &info);
  for (size_t a = 0; a < s; a++)
    sum += h->next[a];
  if (info != 0 || !(fabs(sum) > 0.0 && isfinite(sum)))
    return 1;
  spo_vec_scale(s, 1.0 / sum, h->next);
  return 0;
}

static void drop(hull *h, size_t a) {
  h->used--;
  h->active[a] = h->active[h->used];
  h->weight[a] = h->weight[h->used];
}

/* From the weights towards those of the affine hull, as far as they stay positive; points whose
 * weight is used up leave, until the affine point lies inside. */
static int settle(hull *h) {
  for (;;) {
    if (affine_weights(h))
      return 1;
    double step = 1.0;
    for (size_t a = 0; a < h->used; a++)
      if (!(h->next[a] > weight_tol) && h->weight[a] - h->next[a] > 0.0)
        step = fmin(step, h->weight[a] / (h->weight[a] - h->next[a]));
    bool inside = true;
    for (size_t a = 0; a < h->used; a++) {
      h->weight[a] += step * (h->next[a] - h->weight[a]);
      inside &= h->next[a] > weight_tol;
    }
    if (inside || h->used == 1)
      return 0;
    const size_t before = h->used;
    for (size_t a = h->used; a-- > 0;)
      if (!(h->weight[a] > weight_tol) && h->used > 1)
        drop(h, a);
    if (h->used == before) /* rounding: nothing left, nothing to be gained */
      return 0;
  }
}

static size_t nearest(hull *h) {
  size_t best = 0;
  spo_gemm('T', 'N', h->m, 1, h->d, 1.0, h->p, h->d, h->x, h->d, 0.0, h->along, h->m);
  for (size_t j = 1; j < h->m; j++)
    if (h->along[j] < h->along[best])
      best = j;
  return best;
}

static bool is_active(const hull *h, size_t j) {
  for (size_t a = 0; a < h->used; a++)
    if (h->active[a] == j)
      return true;
  return false;
}

static void begin(hull *h) {
  double least = INFINITY;
  h->longest = 0.0;
  h->used = 1;
  h->weight[0] = 1.0;
  for (size_t j = 0; j < h->m; j++) {
    const double square = spo_vec_dot(h->d, h->p + j * h->d, h->p + j * h->d);
    h->longest = fmax(h->longest, square);
    if (square < least) {
      least = square;
      h->active[0] = j;
    }
  }
}

/* The distance of 0 from the hull, or a lower bound of it above `enough`. */
static spo_status least_norm(hull *h, double enough, double *distance, spo_error *err) {
  double previous = INFINITY, rest = INFINITY;
  begin(h);
  for (size_t round = 0; round < 50 * (h->m + h->d); round++) {
    combine(h);
    const size_t j = nearest(h);
    const double square = spo_vec_dot(h->d, h->x, h->x), norm = sqrt(square);
    if (!(square < previous))
      break;
    previous = square;
    rest = square - h->along[j];
    *distance = norm;
    if (!(rest > hull_tol * h->longest))
      return SPO_OK;
    if (h->along[j] > enough * norm) {
      *distance = h->along[j] / norm;
      return SPO_OK;
    }
    if (is_active(h, j) || h->used == h->room)
      break;
    h->active[h->used] = j;
    h->weight[h->used++] = 0.0;
    if (settle(h))
      break;
  }
  return rest <= hull_rest * h->longest
             ? SPO_OK
             : spo_fail(err, SPO_E_NUMERIC, "spo_one_versus_rest",
                        "the search for the nearest point of a hull ended %.2g above its aim",
                        rest);
}

spo_status spo_one_versus_rest(size_t d, size_t K, const double *W, double *distance,
                               spo_error *err) {
  *distance = NAN;
  if (K < 2 || d < 1)
    return spo_fail(err, SPO_E_ARG, __func__, "%zu vectors of R^%zu: at least 2 are needed", K, d);
  if (!all_finite(K * d, W))
    return spo_fail(err, SPO_E_NONFINITE, __func__, "a vector is not finite");
  hull h;
  spo_carver c = {0};
  cut(&c, d, K - 1, &h);
  c = (spo_carver){.base = spo_block_alloc(c.used)};
  if (!c.base)
    return spo_fail(err, SPO_E_NOMEM, __func__, "no memory for %zu vectors", K);
  cut(&c, d, K - 1, &h);
  spo_status status = SPO_OK;
  double best = INFINITY;
  for (size_t k = 0; k < K && status == SPO_OK; k++) {
    double here = NAN;
    for (size_t j = 0, row = 0; j < K; j++)
      if (j != k)
        spo_vec_add(d, W + j * d, -1.0, W + k * d, h.p + row++ * d);
    status = least_norm(&h, best, &here, err);
    best = fmin(best, here);
  }
  spo_block_free(c.base);
  if (status == SPO_OK)
    *distance = best;
  return status;
}

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
  c = (spo_carver){.base = spo_block_alloc(c.used)};
  if (!c.base)
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
  c = (spo_carver){.base = spo_block_alloc(c.used)};
  if (!c.base)
    return spo_fail(err, SPO_E_NOMEM, __func__, "no memory for %zu class means", K);
  cut_spans(&c, d, K, &s);
  spo_class_means(d, K, N, H, label, s.mean, s.global, s.count);
  size_t present = 0, p = 0, q = 0;
  for (size_t k = 0; k < K; k++)
    if (s.count[k] > 0)
      spo_vec_copy(d, s.mean + k * d, s.A + d * present++);
  spo_vec_copy(K * d, W, s.B);
  spo_status status = SPO_OK;
  if (!all_finite(K * d, W) || !all_finite(K * d, s.mean))
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
