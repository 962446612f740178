/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * MINRES: a Lanczos process, its tridiagonal matrix made triangular by rotations as it grows. */
#include "linear/minres.h"

#include <float.h>
#include <math.h>

#include "base/vec.h"

enum { VECTORS = 6 };
/* Eigenvalues within this times the norm are rounding. */
static const double rounding = 1e2 * DBL_EPSILON;
/* Where |A r| is below the first part of |A| |r|, and the cosine of the next step below the second,
 * r lies in the kernel as far as the recurrence can tell: it resolves its square. */
static const double in_kernel = 1e-7, idle = 1e-5;

/* Letters as in Paige and Saunders: v Lanczos vectors, w directions; (gbar, beta) is rotated by
 * (cs, sn) into (gamma, 0), phibar is the residual. */
typedef struct process {
  size_t n;
  double *v, *y, *v_old, *w, *w_old, *w_older;
  double alpha, beta, beta_old;
  double cs, sn, dbar, gbar, delta, epsilon, epsilon_old, phibar;
} process;

size_t spo_minres_work_len(size_t n) {
  return VECTORS * n;
}

static double dot(const spo_space *S, const double *u, const double *v) {
  double value;
  spo_space_inner(S, 1, u, v, &value);
  return value;
}

static process set_up(const spo_minres_input *in, double *x, double *work) {
  const spo_space *S = in->A->space;
  const size_t n = S->n;
  process p = {.n = n, .v = work, .y = work + n, .v_old = work + 2 * n, .w = work + 3 * n};
  p.w_old = work + 4 * n;
  p.w_older = work + 5 * n;
  p.cs = -1.0;
  spo_vec_zero(n, x);
  spo_vec_zero(4 * n, p.v_old);
  spo_vec_copy(n, in->b, p.y);
  p.phibar = p.beta = sqrt(dot(S, in->b, in->b));
  return p;
}

/* v_old <- v <- y / beta; y = A v - beta v_old - alpha v; alpha, and beta = |y|. */
static spo_status lanczos(const spo_minres_input *in, process *p) {
  const spo_space *S = in->A->space;
  double *next = p->v_old;
  p->v_old = p->v;
  p->v = next;
  for (size_t i = 0; i < p->n; i++)
    p->v[i] = p->y[i] / p->beta;
  spo_status status = in->A->apply(in->A->self, 1, p->v, p->y);
  if (p->beta_old > 0.0)
    spo_vec_axpy(p->n, -p->beta, p->v_old, p->y);
  p->alpha = dot(S, p->v, p->y);
  spo_vec_axpy(p->n, -p->alpha, p->v, p->y);
  if (status == SPO_OK)
    status = spo_space_project(S, 1, p->y);
  p->beta_old = p->beta;
  p->beta = sqrt(fmax(0.0, dot(S, p->y, p->y)));
  return status == SPO_OK && !isfinite(p->alpha + p->beta) ? SPO_OUTSIDE : status;
}

/* The new column under the rotations so far. */
static void rotate_column(process *p) {
  p->epsilon_old = p->epsilon;
  p->delta = p->cs * p->dbar + p->sn * p->alpha;
  p->gbar = p->sn * p->dbar - p->cs * p->alpha;
  p->epsilon = p->sn * p->beta;
  p->dbar = -p->cs * p->beta;
}

/* Is what is left of the residual out of reach? null: eigenvalues that count as 0. */
static bool exhausted(const process *p, double null, double norm) {
  const double reach = hypot(p->gbar, p->dbar); /* |A r| / |r| */
  const bool still = fabs(p->gbar) <= idle * hypot(p->gbar, p->beta) && reach <= in_kernel * norm;
  return !(reach > fmax(null, rounding * norm)) || still;
}

/* The rotation that removes beta, and the step along its direction. */
static void advance(process *p, double *x) {
  const double gamma = hypot(p->gbar, p->beta);
  p->cs = p->gbar / gamma;
  p->sn = p->beta / gamma;
  const double phi = p->cs * p->phibar;
  p->phibar *= p->sn;
  double *next = p->w_older;
  p->w_older = p->w_old;
  p->w_old = p->w;
  p->w = next;
  for (size_t i = 0; i < p->n; i++)
    p->w[i] = (p->v[i] - p->epsilon_old * p->w_older[i] - p->delta * p->w_old[i]) / gamma;
  spo_vec_axpy(p->n, phi, p->w, x);
}

spo_status spo_minres(const spo_minres_input *in, double *x, double *work, spo_minres_result *out) {
  process p = set_up(in, x, work);
  *out = (spo_minres_result){.residual = p.phibar};
  spo_status status = isfinite(p.phibar) ? SPO_OK : SPO_OUTSIDE;
  while (status == SPO_OK && p.phibar > in->target && p.beta > 0.0 &&
         out->products < in->max_products) {
    out->interrupted = in->interrupted && in->interrupted(in->interrupted_self);
    if (out->interrupted)
      break;
    status = lanczos(in, &p);
    out->products++;
    if (status != SPO_OK)
      break;
    out->norm = fmax(out->norm, hypot(p.alpha, p.beta));
    rotate_column(&p);
    out->a_residual = p.phibar * hypot(p.gbar, p.dbar);
    out->only_null = exhausted(&p, out->products > 1 ? in->null : 0.0, out->norm);
    if (out->only_null)
      break;
    advance(&p, x);
    out->residual = p.phibar;
  }
  if (status != SPO_OK)
    return status;
  return spo_space_project(in->A->space, 1, x);
}
