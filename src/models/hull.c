/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One-versus-rest distance: the point of least norm in a convex hull, by Wolfe's algorithm. */
#include <spheropt/models/generalised_collapse.h>

#include <math.h>

#include "base/blas.h"
#include "base/memory.h"
#include "base/vec.h"

/* |x|^2 - min <x, p>, relative to the longest vector's square: where the search ends, and what it
 * may leave when rounding ends it earlier (active points are then affinely dependent, as those of a
 * code with symmetries are). */
static const double hull_tol = 1e-13, hull_rest = 1e-9;
/* Weights of the active set below this have left it. */
static const double weight_tol = 1e-13;

/* Wolfe's method: x is the point of least norm in the affine hull of the active points, all with
 * positive weights; the point with the least <x, p> enters until none lies nearer. */
typedef struct hull {
  size_t d, m, used, room; /* points; in the active set, and at most there */
  double *p, *x, *along;   /* m x d; d; m */
  size_t *active;          /* room */
  double *weight, *next;
  double *gram, *system; /* 1 + <p, p> of the active points, rows `room` apart; a copy to solve */
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
  h->system = spo_carve_doubles(c, room * room);
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
    spo_vec_copy(s, h->gram + a * h->room, h->system + a * s);
  }
  dgesv_(&n, &one, h->system, &n, h->pivot, h->next, &n, &info);
  for (size_t a = 0; a < s; a++)
    sum += h->next[a];
  if (info != 0 || !(fabs(sum) > 0.0 && isfinite(sum)))
    return 1;
  spo_vec_scale(s, 1.0 / sum, h->next);
  return 0;
}

static void enter(hull *h, size_t j, double weight) {
  const size_t a = h->used++;
  h->active[a] = j;
  h->weight[a] = weight;
  for (size_t b = 0; b <= a; b++)
    h->gram[a * h->room + b] = h->gram[b * h->room + a] =
        1.0 + spo_vec_dot(h->d, h->p + j * h->d, h->p + h->active[b] * h->d);
}

/* The last one takes its place. */
static void drop(hull *h, size_t a) {
  const size_t last = --h->used, room = h->room;
  h->active[a] = h->active[last];
  h->weight[a] = h->weight[last];
  for (size_t b = 0; b < last; b++)
    h->gram[a * room + b] = h->gram[b * room + a] = h->gram[last * room + b];
  h->gram[a * room + a] = h->gram[last * room + last];
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
  size_t nearest_to_0 = 0;
  h->longest = 0.0;
  h->used = 0;
  for (size_t j = 0; j < h->m; j++) {
    const double square = spo_vec_dot(h->d, h->p + j * h->d, h->p + j * h->d);
    h->longest = fmax(h->longest, square);
    if (square < least) {
      least = square;
      nearest_to_0 = j;
    }
  }
  enter(h, nearest_to_0, 1.0);
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
    enter(h, j, 0.0);
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
  if (!isfinite(spo_vec_norm(K * d, W)))
    return spo_fail(err, SPO_E_NONFINITE, __func__, "a vector is not finite");
  hull h;
  spo_carver c = {0};
  cut(&c, d, K - 1, &h);
  if (!spo_carver_alloc(&c))
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
