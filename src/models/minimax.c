/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The interior point method for minimax codes. */
#include "models/minimax.h"

#include <float.h>
#include <math.h>

#include "base/blas.h"
#include "base/memory.h"
#include "base/vec.h"

/* t is within m mu of the minimum at the end; below, the rounding of s = t - phi takes over */
static const double mu_end = 1e-13;
/* A subproblem is solved to 10 mu, mu then falls to min(mu/5, mu^1.5): Waechter, Biegler 2006,
 * 3.1 */
static const double solved = 10.0, mu_factor = 0.2, mu_power = 1.5;
/* Multipliers keep this part of themselves in a step, slacks too */
static const double boundary = 0.005;
/* lambda s stays within this factor of mu: Waechter, Biegler 2006, (16), with 1e10 */
static const double off_path = 1e10;
/* No vector turns further than this in one step */
static const double longest = 0.3;
/* The least shift, far below the curvature of terms of size 1, regularises rotations and points
 * that no term holds. It grows until the system is positive definite; the next begins two factors
 * below */
static const double least_shift = 1e-9, most_shift = 1e9, shift_factor = 8.0;
static const double armijo = 1e-4;
enum { MOST_STEPS = 400 };

typedef struct minimax {
  const spo_minimax *p;
  size_t N; /* n d + 1: t comes last */
  double mu, t, ttrial, shift;
  double *x, *trial;  /* n d */
  double *s, *strial; /* m: slacks */
  double *lambda;     /* m: multipliers */
  double *beta;       /* n: <x_i, sum lambda egrad> */
  double *K, *factor; /* N x N, lower triangle */
  double *step;       /* N */
  double *along;      /* m: change of each term by the step, less that of t */
} minimax;

static void layout(spo_carver *c, const spo_minimax *p, minimax *w) {
  const size_t len = spo_size_mul(p->n, p->d);
  w->p = p;
  w->N = len + 1;
  w->x = spo_carve_doubles(c, len);
  w->trial = spo_carve_doubles(c, len);
  w->s = spo_carve_doubles(c, p->m);
  w->strial = spo_carve_doubles(c, p->m);
  w->lambda = spo_carve_doubles(c, p->m);
  w->beta = spo_carve_doubles(c, p->n);
  w->K = spo_carve_doubles(c, spo_size_mul(w->N, w->N));
  w->factor = spo_carve_doubles(c, spo_size_mul(w->N, w->N));
  w->step = spo_carve_doubles(c, w->N);
  w->along = spo_carve_doubles(c, p->m);
}

static double phi(const spo_minimax *p, const double *x, size_t j) {
  const spo_minimax_term *e = &p->term[j];
  const double *b = x + e->b * p->d;
  double value = 0.0;
  for (size_t k = 0; k < p->d; k++)
    value += (x[e->a * p->d + k] - (e->c == SIZE_MAX ? 0.0 : x[e->c * p->d + k])) * b[k];
  return value;
}

double spo_minimax_value(const spo_minimax *p, const double *x) {
  double most = -INFINITY;
  for (size_t j = 0; j < p->m; j++) {
    const double value = phi(p, x, j);
    most = value <= most ? most : value;
  }
  return most;
}

/* The vectors that a term hangs on, and its Riemannian gradient at each: g_a = P_a x_b, g_b = P_b
 * (x_a - x_c), g_c = -P_c x_b. Returns how many. */
enum { PARTS = 3 };
static size_t gradient(const spo_minimax *p, const double *x, size_t j, size_t part[PARTS],
                       double *g[PARTS]) {
  const spo_minimax_term *e = &p->term[j];
  const size_t d = p->d, count = e->c == SIZE_MAX ? 2 : 3;
  const double *a = x + e->a * d, *b = x + e->b * d, *c = count == 3 ? x + e->c * d : NULL;
  part[0] = e->a, part[1] = e->b, part[2] = e->c;
  for (size_t k = 0; k < d; k++) {
    g[0][k] = b[k];
    g[1][k] = a[k] - (c ? c[k] : 0.0);
    if (c)
      g[2][k] = -b[k];
  }
  for (size_t i = 0; i < count; i++) {
    const double *at = x + part[i] * d;
    spo_vec_axpy(d, -spo_vec_dot(d, at, g[i]), at, g[i]);
  }
  return count;
}

/* ---- the Newton system ----------------------------------------------------------------------- */

/* K_ij += weight u v^T for blocks i, j; only what lies on or below the diagonal. */
static void add_outer(minimax *w, size_t i, size_t j, double weight, const double *u,
                      const double *v) {
  const size_t d = w->p->d;
  if (i < j)
    return;
  for (size_t c = 0; c < d; c++)
    for (size_t r = 0; r < d; r++)
      w->K[(j * d + c) * w->N + i * d + r] += weight * u[r] * v[c];
}

/* K_ij += weight P_i P_j */
static void add_projected(minimax *w, size_t i, size_t j, double weight) {
  const size_t d = w->p->d;
  const double *xi = w->x + i * d, *xj = w->x + j * d;
  if (i < j) {
    const double *swap = xi;
    const size_t row = i;
    i = j, j = row;
    xi = xj, xj = swap;
  }
  add_outer(w, i, j, -weight, xi, xi);
  add_outer(w, i, j, -weight, xj, xj);
  add_outer(w, i, j, weight * spo_vec_dot(d, xi, xj), xi, xj);
  for (size_t k = 0; k < d; k++)
    w->K[(j * d + k) * w->N + i * d + k] += weight;
}

/* One term's part of K = H_lambda + sum (lambda/s) gh gh^T, gh = (g, -1), and of the right side
 * -e_t - sum (mu/s) gh. */
static void add_term(minimax *w, size_t j, double *room) {
  const spo_minimax *p = w->p;
  const size_t d = p->d, last = w->N - 1;
  const spo_minimax_term *e = &p->term[j];
  double *g[PARTS] = {room, room + d, room + 2 * d};
  size_t part[PARTS];
  const double D = w->lambda[j] / w->s[j], pull = w->mu / w->s[j];
  const size_t count = gradient(p, w->x, j, part, g);
  add_projected(w, e->a, e->b, w->lambda[j]);
  if (count == 3)
    add_projected(w, e->c, e->b, -w->lambda[j]);
  const double value = w->t - w->s[j]; /* phi: <x_b, egrad_b>; the other two share it */
  const double first = spo_vec_dot(d, w->x + e->a * d, w->x + e->b * d);
  w->beta[e->b] += w->lambda[j] * value;
  w->beta[e->a] += w->lambda[j] * first;
  if (count == 3)
    w->beta[e->c] += w->lambda[j] * (value - first);
  for (size_t i = 0; i < count; i++) {
    for (size_t k = 0; k < count; k++)
      add_outer(w, part[i], part[k], D, g[i], g[k]);
    for (size_t k = 0; k < d; k++) {
      w->K[(part[i] * d + k) * w->N + last] -= D * g[i][k];
      w->step[part[i] * d + k] -= pull * g[i][k];
    }
  }
  w->K[last * w->N + last] += D;
  w->step[last] += pull;
}

/* K, and the right side in step. Normal directions get x_i x_i^T, so that they take no part. */
static void assemble(minimax *w, double *room) {
  const size_t d = w->p->d, n = w->p->n;
  spo_vec_zero(w->N * w->N, w->K);
  spo_vec_zero(w->N, w->step);
  spo_vec_zero(n, w->beta);
  w->step[w->N - 1] = -1.0;
  for (size_t j = 0; j < w->p->m; j++)
    add_term(w, j, room);
  for (size_t i = 0; i < n; i++) {
    const double *x = w->x + i * d;
    add_outer(w, i, i, 1.0 + w->beta[i], x, x); /* -beta P + x x^T */
    for (size_t k = 0; k < d; k++)
      w->K[(i * d + k) * w->N + i * d + k] -= w->beta[i];
  }
}

/* The step from K + shift, the shift raised until it is positive definite. */
static bool solve(minimax *w) {
  const spo_blasint N = (spo_blasint)w->N, one = 1;
  spo_blasint info = 1;
  w->shift = fmax(least_shift, w->shift / (shift_factor * shift_factor));
  for (; w->shift <= most_shift; w->shift *= shift_factor) {
    spo_vec_copy(w->N * w->N, w->K, w->factor);
    for (size_t i = 0; i + 1 < w->N; i++)
      w->factor[i * w->N + i] += w->shift;
    dpotrf_("L", &N, w->factor, &N, &info);
    if (info == 0)
      break;
  }
  if (info == 0)
    dpotrs_("L", &N, &one, w->factor, &N, w->step, &N, &info);
  return info == 0 && isfinite(spo_vec_norm(w->N, w->step));
}

/* ---- one step -------------------------------------------------------------------------------- */

/* trial = retraction of a step; its slacks. False where one is not positive enough. */
static bool try_step(minimax *w, double a) {
  const spo_minimax *p = w->p;
  for (size_t i = 0; i < p->n; i++) {
    double *y = w->trial + i * p->d;
    spo_vec_add(p->d, w->x + i * p->d, a, w->step + i * p->d, y);
    spo_vec_scale(p->d, 1.0 / spo_vec_norm(p->d, y), y);
  }
  w->ttrial = w->t + a * w->step[w->N - 1];
  for (size_t j = 0; j < p->m; j++) {
    w->strial[j] = w->ttrial - phi(p, w->trial, j);
    if (!(w->strial[j] > boundary * w->s[j]))
      return false;
  }
  return true;
}

/* Change of t - mu sum log s, summed from ratios: the logarithms themselves would drown it. */
static double change(const minimax *w) {
  double sum = 0.0;
  for (size_t j = 0; j < w->p->m; j++)
    sum += log1p((w->strial[j] - w->s[j]) / w->s[j]);
  return (w->ttrial - w->t) - w->mu * sum;
}

/* The step's length, 0 if none is good enough within rounding. */
static double search(minimax *w, double slope) {
  double a = 1.0;
  for (size_t i = 0; i < w->p->n; i++) {
    const double turn = spo_vec_norm(w->p->d, w->step + i * w->p->d);
    a = a * turn > longest ? longest / turn : a;
  }
  for (int halvings = 0; halvings < 60; halvings++, a *= 0.5)
    if (try_step(w, a) && change(w) <= armijo * a * slope + DBL_EPSILON)
      return a;
  return 0.0;
}

/* Multipliers after the step: Newton's, kept positive, near mu/s. */
static void update_multipliers(minimax *w) {
  double a = 1.0;
  for (size_t j = 0; j < w->p->m; j++) {
    const double lambda = w->lambda[j];
    w->along[j] = w->mu / w->s[j] - lambda + lambda / w->s[j] * w->along[j];
    if (w->along[j] < 0.0)
      a = fmin(a, -(1.0 - boundary) * lambda / w->along[j]);
  }
  for (size_t j = 0; j < w->p->m; j++) {
    const double path = w->mu / w->strial[j], lambda = w->lambda[j] + a * w->along[j];
    w->lambda[j] = fmin(fmax(lambda, path / off_path), path * off_path);
  }
}

/* along = gh . step; returns the slope of the barrier function, -right side . step */
static double project_step(minimax *w, double *room) {
  const size_t d = w->p->d, last = w->N - 1;
  double *g[PARTS] = {room, room + d, room + 2 * d}, slope = w->step[last];
  size_t part[PARTS];
  for (size_t j = 0; j < w->p->m; j++) {
    const size_t count = gradient(w->p, w->x, j, part, g);
    w->along[j] = -w->step[last];
    for (size_t i = 0; i < count; i++)
      w->along[j] += spo_vec_dot(d, g[i], w->step + part[i] * d);
    slope += w->mu / w->s[j] * w->along[j];
  }
  return slope;
}

/* Largest of |sum lambda grad phi|, |1 - sum lambda|, |lambda s - mu|. */
static double residual(minimax *w, double *room) {
  const size_t d = w->p->d;
  double *g[PARTS] = {room, room + d, room + 2 * d}, sum = -1.0, worst = 0.0;
  size_t part[PARTS];
  spo_vec_zero(w->N, w->step);
  for (size_t j = 0; j < w->p->m; j++) {
    const size_t count = gradient(w->p, w->x, j, part, g);
    for (size_t i = 0; i < count; i++)
      spo_vec_axpy(d, w->lambda[j], g[i], w->step + part[i] * d);
    sum += w->lambda[j];
    worst = fmax(worst, fabs(w->lambda[j] * w->s[j] - w->mu));
  }
  return fmax(fmax(worst, fabs(sum)), spo_vec_norm(w->N - 1, w->step));
}

/* ---- the method ------------------------------------------------------------------------------ */

/* t at `gap` above the largest term, mu so that lambda = mu/s sums to one. */
static void begin(minimax *w, double gap) {
  const spo_minimax *p = w->p;
  double sum = 0.0;
  w->t = spo_minimax_value(p, w->x) + gap;
  for (size_t j = 0; j < p->m; j++) {
    w->s[j] = w->t - phi(p, w->x, j);
    sum += 1.0 / w->s[j];
  }
  w->mu = 1.0 / sum;
  for (size_t j = 0; j < p->m; j++)
    w->lambda[j] = w->mu / w->s[j];
}

static bool step(minimax *w, double *room) {
  assemble(w, room);
  if (!solve(w) || !(search(w, project_step(w, room)) > 0.0))
    return false;
  update_multipliers(w);
  spo_vec_copy(w->N - 1, w->trial, w->x);
  spo_vec_copy(w->p->m, w->strial, w->s);
  w->t = w->ttrial;
  return true;
}

static void minimise(minimax *w, double gap, double *room) {
  begin(w, gap);
  for (int k = 0; k < MOST_STEPS; k++) {
    if (residual(w, room) <= solved * w->mu) {
      if (w->mu <= mu_end)
        return;
      /* fast only where the system was definite by itself: elsewhere the path still bends */
      const bool near = w->shift == least_shift;
      w->mu = fmax(mu_end, fmin(mu_factor * w->mu, near ? pow(w->mu, mu_power) : w->mu));
    }
    if (!step(w, room))
      return;
  }
}

spo_status spo_minimax_polish(const spo_minimax *p, double gap, double *x, spo_error *err) {
  minimax w = {0};
  spo_carver memory = {0};
  layout(&memory, p, &w);
  spo_carve_doubles(&memory, PARTS * p->d);
  if (!spo_carver_alloc(&memory))
    return spo_fail(err, SPO_E_NOMEM, __func__, "no memory to polish %zu terms of %zu vectors",
                    p->m, p->n);
  layout(&memory, p, &w);
  double *room = spo_carve_doubles(&memory, PARTS * p->d);
  spo_vec_copy(w.N - 1, x, w.x);
  minimise(&w, gap, room);
  if (spo_minimax_value(p, w.x) < spo_minimax_value(p, x))
    spo_vec_copy(w.N - 1, w.x, x);
  spo_block_free(memory.base);
  return SPO_OK;
}
