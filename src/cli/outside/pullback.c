/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Normalising, with the last two points remembered: line searches come back to them. */
#include "cli/outside/pullback.h"

#include <math.h>
#include <string.h>
#include <time.h>

#include <spheropt/manifolds/euclidean.h>
#include <spheropt/manifolds/oblique.h>
#include <spheropt/manifolds/product.h>

#include "base/memory.h"
#include "base/vec.h"

/* `count` vectors of `dim` numbers from `at` on, to be normalised */
typedef struct block {
  size_t at, dim, count;
} block;

typedef struct visit {
  double *y;
  spo_point p;
  spo_status status; /* of the last evaluation there */
  unsigned charged;  /* SPO_KNOWS_...: what the solver has asked for and paid */
  bool used;
} visit;

struct pullback {
  const spo_problem *P;
  spo_stop stop;
  size_t n_blocks;
  block *blocks;
  spo_eval eval;      /* its counters include what only the judge wanted */
  spo_counters count; /* the solver's */
  visit visit[2];
  int last;
  spo_status failure;
  double first_grad_norm, first_target;
  uint64_t calls;
  struct timespec began;
};

/* ---- geometry -------------------------------------------------------------------------------- */

/* Appends the blocks of M, whose points begin at `at`; blocks NULL: only counts. */
static spo_status find_blocks(const spo_manifold *M, size_t at, block *blocks, size_t *count,
                              spo_error *err) {
  size_t dim = 0, offset;
  const size_t vectors = spo_oblique_count(M, &dim), parts = spo_product_count(M);
  spo_status status = SPO_OK;
  if (vectors > 0 && blocks)
    blocks[*count] = (block){at, dim, vectors};
  *count += vectors > 0;
  for (size_t i = 0; i < parts && status == SPO_OK; i++) {
    const spo_manifold *part = spo_product_part(M, i, &offset);
    status = find_blocks(part, at + offset, blocks, count, err);
  }
  if (vectors > 0 || parts > 0 || spo_euclidean_is(M))
    return status;
  return spo_fail(err, SPO_E_UNSUPPORTED, __func__,
                  "not defined on %s: only where points are unit vectors or free", M->name);
}

spo_status pullback_check(const spo_manifold *M, spo_error *err) {
  size_t count = 0;
  return find_blocks(M, 0, NULL, &count, err);
}

void pullback_point(const pullback *b, const double *y, double *x) {
  memmove(x, y, b->P->manifold->n * sizeof *x);
  for (const block *k = b->blocks; k < b->blocks + b->n_blocks; k++)
    for (size_t i = 0; i < k->count; i++) {
      double *v = x + k->at + i * k->dim;
      spo_vec_scale(k->dim, 1.0 / spo_vec_norm(k->dim, v), v);
    }
}

/* Divides by the lengths of y's unit vectors */
static void pull_gradient(const pullback *b, const double *y, const double *grad, double *out) {
  spo_vec_copy(b->P->manifold->n, grad, out);
  for (const block *k = b->blocks; k < b->blocks + b->n_blocks; k++)
    for (size_t i = 0; i < k->count; i++) {
      const size_t at = k->at + i * k->dim;
      spo_vec_scale(k->dim, 1.0 / spo_vec_norm(k->dim, y + at), out + at);
    }
}

/* ---- evaluation ------------------------------------------------------------------------------ */

/* The place of y, evaluated as far as wanted */
static visit *go_to(pullback *b, const double *y, bool gradient) {
  const size_t bytes = b->P->manifold->n * sizeof *y;
  int i = b->last;
  if (!(b->visit[i].used && memcmp(b->visit[i].y, y, bytes) == 0))
    i = 1 - i;
  visit *v = &b->visit[i];
  if (!(v->used && memcmp(v->y, y, bytes) == 0)) {
    v->used = true;
    v->status = SPO_OK;
    v->charged = 0;
    memcpy(v->y, y, bytes);
    pullback_point(b, y, v->p.x);
    spo_point_forget(&v->p);
    /* a vector of length 0 has no direction */
    if (!isfinite(spo_vec_norm(b->P->manifold->n, v->p.x)))
      v->status = SPO_OUTSIDE;
  }
  b->last = i;
  if (v->status == SPO_OK && b->failure == SPO_OK)
    v->status = gradient ? spo_eval_grad(&b->eval, &v->p) : spo_eval_cost(&b->eval, &v->p);
  if (v->status < 0 && b->failure == SPO_OK)
    b->failure = v->status;
  return v;
}

/* Whatever was known of the place already, because the judge had looked there, is paid when the
 * solver first asks for it. */
static void charge(pullback *b, visit *v, bool gradient) {
  const unsigned due = SPO_KNOWS_COST | (gradient && v->status == SPO_OK ? SPO_KNOWS_GRAD : 0);
  const unsigned fresh = due & ~v->charged;
  b->count.cost += (fresh & SPO_KNOWS_COST) != 0;
  b->count.grad += (fresh & SPO_KNOWS_GRAD) != 0;
  v->charged |= due;
}

double pullback_value(pullback *b, const double *y, double *gradient) {
  b->calls++;
  visit *v = go_to(b, y, gradient != NULL);
  const bool good = v->status == SPO_OK && b->failure == SPO_OK;
  charge(b, v, gradient != NULL);
  if (good && gradient)
    pull_gradient(b, y, v->p.grad, gradient);
  else if (gradient)
    spo_vec_zero(b->P->manifold->n, gradient);
  return good ? v->p.f : INFINITY;
}

spo_status pullback_failure(const pullback *b) {
  return b->failure;
}

double pullback_target(const pullback *b) {
  return b->first_target;
}

uint64_t pullback_calls(const pullback *b) {
  return b->calls;
}

/* ---- creation -------------------------------------------------------------------------------- */

static pullback *layout(spo_carver *c, const spo_problem *P, size_t n_blocks) {
  pullback *b = spo_carve(c, 1, sizeof *b);
  block *blocks = spo_carve(c, n_blocks, sizeof *blocks);
  double *work = spo_carve_doubles(c, spo_eval_len(P));
  double *y[2], *p[2];
  for (int i = 0; i < 2; i++) {
    y[i] = spo_carve_doubles(c, P->manifold->n);
    p[i] = spo_carve_doubles(c, spo_point_len(P));
  }
  if (!b)
    return NULL;
  *b = (pullback){.P = P, .n_blocks = n_blocks, .blocks = blocks};
  spo_eval_bind(&b->eval, P, work, NULL);
  for (int i = 0; i < 2; i++) {
    b->visit[i].y = y[i];
    spo_point_bind(&b->visit[i].p, P, p[i]);
  }
  return b;
}

spo_status pullback_create(const spo_problem *P, const double *x, const spo_stop *stop,
                           pullback **out, spo_error *err) {
  size_t n_blocks = 0, filled = 0;
  double noise, scale = NAN;
  *out = NULL;
  const spo_status status = find_blocks(P->manifold, 0, NULL, &n_blocks, err);
  if (status != SPO_OK)
    return status;
  spo_carver c = {0};
  layout(&c, P, n_blocks);
  if (!spo_carver_alloc(&c))
    return spo_fail(err, SPO_E_NOMEM, __func__, "out of memory");
  pullback *b = layout(&c, P, n_blocks);
  find_blocks(P->manifold, 0, b->blocks, &filled, NULL);
  b->stop = *stop;
  b->eval.err = err;
  clock_gettime(CLOCK_MONOTONIC, &b->began);
  visit *v = go_to(b, x, true); /* a start that cannot be evaluated shows at the first step */
  if (v->status == SPO_OK && spo_eval_scale(&b->eval, &v->p, &noise, &scale) != SPO_OK)
    scale = NAN;
  b->first_grad_norm = v->p.grad_norm;
  b->first_target =
      fmax(stop->grad_abs, stop->grad_rel * (isfinite(scale) ? scale : b->first_grad_norm));
  *out = b;
  return SPO_OK;
}

void pullback_destroy(pullback *b) {
  spo_block_free(b);
}

/* ---- stop rules ------------------------------------------------------------------------------ */

static double seconds(const pullback *b) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)(now.tv_sec - b->began.tv_sec) + 1e-9 * (double)(now.tv_nsec - b->began.tv_nsec);
}

static spo_reason budget(const pullback *b, uint64_t k) {
  const spo_stop *stop = &b->stop;
  if (k >= stop->max_iter)
    return SPO_STOP_MAX_ITER;
  if (stop->poll && stop->poll(stop->poll_self))
    return SPO_STOP_USER;
  if (b->count.cost >= stop->max_cost)
    return SPO_STOP_MAX_COST;
  return stop->max_time < INFINITY && !(seconds(b) < stop->max_time) ? SPO_STOP_MAX_TIME
                                                                     : SPO_RUNNING;
}

spo_reason pullback_judge(pullback *b, const double *y, uint64_t k) {
  double noise, scale = NAN;
  visit *v = go_to(b, y, true);
  const spo_status status =
      v->status == SPO_OK ? spo_eval_scale(&b->eval, &v->p, &noise, &scale) : v->status;
  if (status < 0)
    b->failure = status;
  if (status != SPO_OK)
    return SPO_STOP_STALLED;
  if (!isfinite(scale))
    scale = b->first_grad_norm;
  if (v->p.grad_norm <= fmax(b->stop.grad_abs, b->stop.grad_rel * scale))
    return SPO_STOP_GRAD;
  return v->p.f <= b->stop.f_target ? SPO_STOP_FTARGET : budget(b, k);
}

spo_result pullback_result(const pullback *b, spo_reason reason, uint64_t k) {
  spo_result res = {
      .size = sizeof res, .reason = reason, .converged = spo_reason_converged(reason)};
  res.last.k = k;
  res.last.count = b->count;
  res.last.reason = reason;
  return res;
}
