/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A place: a point x with everything that is known there (cost, gradient, and the memos of problem
 * and manifold), and the evaluator that fills it in. Nothing is evaluated twice at one place. */
#ifndef SPHEROPT_POINT_H
#define SPHEROPT_POINT_H

#include <spheropt/problem.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct spo_counters {
  uint64_t cost, grad, hess, retract; /* calls; hess counts vectors */
} spo_counters;

/* Wall time in the callbacks, the manifold's conversions included. */
typedef struct spo_seconds {
  double cost, grad, hess, retract;
} spo_seconds;

enum { SPO_KNOWS_COST = 1, SPO_KNOWS_GRAD = 2 };

/* Fields are read-only for users; change x only through spo_point_set. */
typedef struct spo_point {
  double *x;           /* n */
  double *grad;        /* n, the Riemannian gradient once known */
  double *memo;        /* the problem's */
  double *mmemo;       /* the manifold's */
  double f, grad_norm; /* NaN until known */
  unsigned known;      /* SPO_KNOWS_... */
} spo_point;

/* Scratch, counters and error of one thread that evaluates one problem. */
typedef struct spo_eval {
  const spo_problem *problem;
  spo_counters count;
  double *work;   /* spo_eval_len doubles */
  spo_error *err; /* where failures are described; may be NULL */
  bool timed;     /* fill in `spent`; costs two clock readings a call */
  spo_seconds spent;
} spo_eval;

/** spo_point_len, spo_eval_len - doubles that a place, and an evaluator's scratch, take: for those
 * who bring their own memory. O(1). */
SPO_API size_t spo_point_len(const spo_problem *P);
SPO_API size_t spo_eval_len(const spo_problem *P);

/** spo_point_bind - lays a place over `mem`, spo_point_len(P) doubles; nothing is known of it and x
 * is not set. O(1). */
SPO_API void spo_point_bind(spo_point *p, const spo_problem *P, double *mem);

/** spo_eval_bind - an evaluator over `mem`, spo_eval_len(P) doubles, counters at zero. O(1). */
SPO_API void spo_eval_bind(spo_eval *E, const spo_problem *P, double *mem, spo_error *err);

/**
 * spo_eval_create, spo_point_create - the same from the heap, one allocation each.
 *
 * P in: checked by spo_problem_check. *out is NULL on failure. Fails: SPO_E_NOMEM and what the
 * check says. Destroy with the matching call (NULL is fine).
 */
SPO_API spo_status spo_eval_create(const spo_problem *P, spo_eval **out, spo_error *err);
/** spo_eval_destroy - frees what spo_eval_create made; NULL is fine. */
SPO_API void spo_eval_destroy(spo_eval *E);
SPO_API spo_status spo_point_create(const spo_problem *P, spo_point **out, spo_error *err);
/** spo_point_destroy - frees what spo_point_create made; NULL is fine. */
SPO_API void spo_point_destroy(spo_point *p);

/** spo_point_set - copies x (n doubles) into the place and forgets all that was known. O(n). */
SPO_API void spo_point_set(spo_point *p, const spo_problem *P, const double *x);

/** spo_point_forget - x was changed in place: nothing is known any more. O(1). */
SPO_API void spo_point_forget(spo_point *p);

/**
 * spo_eval_cost - the cost at p, into p->f; nothing to do if known.
 *
 * E  in/out  counts one cost evaluation;  p  in/out  x must be set
 *
 * Units: those of f. Cost: one callback; no allocation. Returns SPO_OK; SPO_OUTSIDE (callback > 0,
 * or f not finite: then p->f is what it was given); SPO_E_USER (callback < 0, detail is its value).
 * Threads: one per evaluator.
 */
SPO_API spo_status spo_eval_cost(spo_eval *E, spo_point *p);

/**
 * spo_eval_grad - the Riemannian gradient at p, into p->grad, and its norm; the cost first if
 * unknown (in one fused callback where the problem has one); nothing to do if known.
 *
 * Cost: one or two callbacks, one conversion, one inner product; no allocation. Returns as
 * spo_eval_cost, and what the manifold returns; SPO_OUTSIDE for a norm that is not finite.
 */
SPO_API spo_status spo_eval_grad(spo_eval *E, spo_point *p);

/**
 * spo_eval_hess - Riemannian Hessian of the cost at p, along k directions.
 *
 *   HV_j = Hess f(x)[V_j] = Proj_x(D^2 f(x)[V_j]) + the manifold's curvature term
 *
 * E   in/out  evaluator; its scratch is used, count.hess grows by k
 * p   in/out  place; cost and gradient are computed first if unknown
 * k   in      number of directions, >= 1
 * V   in      k x n doubles, tangent at x (not checked)
 * HV  out     k x n doubles, tangent at x up to rounding; must not alias V
 *
 * Units: those of f; the metric is the manifold's.
 * Cost:  one ehess_block call (k ehess calls without that slot) and O(kn); no allocation.
 * Fails: SPO_E_UNSUPPORTED no ehess; SPO_E_USER callback < 0; SPO_OUTSIDE; HV is then unspecified.
 * Threads: one thread per evaluator.
 * Source: Absil, Mahony, Trumpf 2013; tests/derivative/models.c.
 */
SPO_API spo_status spo_eval_hess(spo_eval *E, spo_point *p, size_t k, const double *V, double *HV);

/** spo_eval_precond - PV_j = the problem's preconditioner applied to V_j (a copy without one);
 * k x n doubles each, no aliasing; gradient computed first if unknown. Returns as spo_eval_hess. */
SPO_API spo_status spo_eval_precond(spo_eval *E, spo_point *p, size_t k, const double *V,
                                    double *PV);

/** spo_eval_retract - to->x = R_from(t v), and `to` forgets what it knew. v: n doubles, tangent at
 * `from`; to may equal from. Returns what the manifold returns; SPO_OUTSIDE if the result is not
 * finite. */
SPO_API spo_status spo_eval_retract(spo_eval *E, const spo_point *from, double t, const double *v,
                                    spo_point *to);

/** spo_eval_exp - the same along the geodesic where the manifold has it, else the retraction. */
SPO_API spo_status spo_eval_exp(spo_eval *E, const spo_point *from, double t, const double *v,
                                spo_point *to);

/** spo_eval_scale - the noise of f and the natural size of a gradient at p (cost known first).
 * Problems that state none get 1e3 eps |f| and *grad_scale = NaN: the caller has a gradient to
 * measure against. Returns as spo_eval_cost; SPO_OUTSIDE for a noise that is negative or NaN. */
SPO_API spo_status spo_eval_scale(spo_eval *E, spo_point *p, double *f_noise, double *grad_scale);

#ifdef __cplusplus
}
#endif
#endif
