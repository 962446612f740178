/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Are the derivatives of a problem right, and its optional tables what they promise? Values come
 * from the evaluator, as every solver gets them. */
#include <spheropt/check.h>

#include <float.h>
#include <gsl/gsl_randist.h>
#include <math.h>
#include <string.h>

#include <spheropt/point.h>

#include "base/blas.h"
#include "base/memory.h"
#include "base/vec.h"
#include "check/guarded.h"
#include "check/report.h"
#include "manifold/slots.h"
#include "problem/slots.h"

enum { BLOCK = 3, SUBSPACE = 48 };

typedef struct lab {
  const spo_problem *P;
  const spo_manifold *M;
  size_t n;
  spo_check_report *report;
  spo_guarded g;
  spo_eval E;
  spo_point at, to;      /* where the derivatives are checked; where a step went */
  double *directions;    /* SPO_DIRECTIONS x n, tangent, of typical length */
  double *hess;          /* the Hessian along them */
  double *u, *v, *w;     /* vectors */
  double *V, *HV;        /* subspace x n, BLOCK x n at least */
  double *gram;          /* subspace x subspace, then dsyev's room */
  size_t subspace;       /* dimensions on which the preconditioner is looked at */
  double *store, *swork; /* of the symmetry */
  double size_g;         /* of the Euclidean gradient, or what it is natural to be */
  double f_noise;
  double tol; /* rounding allowed in relative errors */
  bool has_hess, strayed;
} lab;

/* ---- memory ---------------------------------------------------------------------------------- */

static const spo_symmetry *symmetry_of(const spo_problem *P) {
  return spo_problem_has(P, symmetry) ? P->ops->symmetry : NULL;
}

static double *carve_lent(spo_carver *c, size_t len) {
  double *buffer = spo_carve_doubles(c, spo_size_add(len, SPO_MARGIN));
  if (buffer)
    spo_margin_set(buffer, len);
  return buffer;
}

static void carve_point(spo_carver *c, spo_point *p, const lab *l) {
  double *mem = spo_carve_doubles(c, spo_point_len(l->P));
  double *memo = carve_lent(c, l->P->memo_len);
  if (mem) {
    spo_point_bind(p, l->P, mem);
    p->memo = memo; /* in the evaluator's layout the margin would be the next array */
  }
}

static size_t carve(spo_carver *c, lab *l, double **work, double **memo) {
  const size_t n = l->n, block = l->subspace > BLOCK ? l->subspace : BLOCK;
  const spo_symmetry *S = symmetry_of(l->P);
  carve_point(c, &l->at, l);
  carve_point(c, &l->to, l);
  l->directions = spo_carve_doubles(c, spo_size_mul(SPO_DIRECTIONS, n));
  l->hess = spo_carve_doubles(c, spo_size_mul(SPO_DIRECTIONS, n));
  l->u = spo_carve_doubles(c, n);
  l->v = spo_carve_doubles(c, n);
  l->w = spo_carve_doubles(c, n);
  l->V = spo_carve_doubles(c, spo_size_mul(block, n));
  l->HV = spo_carve_doubles(c, spo_size_mul(block, n));
  l->gram = spo_carve_doubles(c, 5 * SUBSPACE + SUBSPACE * SUBSPACE);
  l->E.work = carve_lent(c, spo_eval_len(l->P));
  l->store = carve_lent(c, S ? S->store_len(l->P->self) : 0);
  l->swork = carve_lent(c, S ? S->work_len(l->P->self) : 0);
  *work = spo_carve_doubles(c, spo_size_add(l->M->work_len, SPO_MARGIN));
  *memo = spo_carve_doubles(c, spo_size_add(l->M->memo_len, SPO_MARGIN));
  return c->used;
}

/* ---- calls: scratch poisoned, margins looked at, nothing after a failure --------------------- */

static bool before(lab *l) {
  spo_poison(l->E.work, spo_eval_len(l->P));
  return l->g.status == SPO_OK;
}

static bool after(lab *l, spo_status status) {
  l->strayed = l->strayed || !spo_margin_intact(l->E.work, spo_eval_len(l->P)) ||
               !spo_margin_intact(l->at.memo, l->P->memo_len) ||
               !spo_margin_intact(l->to.memo, l->P->memo_len);
  if (status < SPO_OK)
    l->g.status = status;
  return status == SPO_OK;
}

static bool eval_cost(lab *l, spo_point *p) {
  return before(l) && after(l, spo_eval_cost(&l->E, p));
}

static bool eval_grad(lab *l, spo_point *p) {
  return before(l) && after(l, spo_eval_grad(&l->E, p));
}

static const char *name_of(const spo_problem *P) {
  return P->name ? P->name : "the problem";
}

/* Where the derivatives are checked, a place that cannot be evaluated is a failure. */
static void require(lab *l, bool fine, const char *what) {
  if (!fine && l->g.status == SPO_OK)
    l->g.status =
        spo_fail(l->E.err, SPO_OUTSIDE, "spo_check_problem",
                 "%s: the %s is not defined at the point of the check", name_of(l->P), what);
}

static void eval_hess(lab *l, spo_point *p, size_t k, const double *V, double *HV) {
  require(l, before(l) && after(l, spo_eval_hess(&l->E, p, k, V, HV)), "Hessian");
}

static void eval_precond(lab *l, size_t k, const double *V, double *PV) {
  require(l, before(l) && after(l, spo_eval_precond(&l->E, &l->at, k, V, PV)), "preconditioner");
}

static void callback(lab *l, int code, const char *which) {
  if (code < 0 && l->g.status == SPO_OK)
    l->g.status = spo_fail(l->E.err, SPO_E_USER, "spo_check_problem", "the %s callback returned %d",
                           which, code);
  require(l, after(l, code == 0 ? SPO_OK : SPO_OUTSIDE), which);
}

static double distance(lab *l, const double *a, const double *b) {
  double sum = 0.0;
  for (size_t i = 0; i < l->n; i++)
    sum += (a[i] - b[i]) * (a[i] - b[i]);
  return sqrt(sum);
}

static void judge(lab *l, const char *name, double error, double size) {
  spo_report_add(l->report, name, error == 0.0 ? 0.0 : error / size, 0.0, l->tol);
}

/* ---- cost and gradient ----------------------------------------------------------------------- */

/* How large a gradient is here: it may vanish where large terms cancel, and what is left then is
 * rounding of those. So as the problem states it, or as it changes over a long step, or as f does.
 */
static double natural_gradient(const lab *l, double stated) {
  if (isfinite(stated))
    return stated;
  double largest = 0.0;
  for (size_t j = 0; j < SPO_DIRECTIONS && l->has_hess; j++)
    largest = fmax(largest, spo_vec_norm(l->n, l->hess + j * l->n));
  return l->has_hess ? largest : fabs(l->at.f) / l->M->typical_distance;
}

/* At `at` through cost_egrad where there is one, at `to` by cost and egrad in turn. */
static void evaluate(lab *l) {
  double grad_scale = NAN;
  require(l, eval_grad(l, &l->at), "gradient");
  if (before(l))
    require(l, after(l, spo_eval_scale(&l->E, &l->at, &l->f_noise, &grad_scale)), "scale");
  if (l->has_hess)
    eval_hess(l, &l->at, SPO_DIRECTIONS, l->directions, l->hess);
  spo_point_set(&l->to, l->P, l->at.x);
  require(l, eval_cost(l, &l->to), "cost");
  if (before(l))
    callback(l, l->P->ops->egrad(l->P->self, l->to.x, l->u, l->to.memo, l->E.work), "egrad");
  l->size_g = fmax(spo_vec_norm(l->n, l->u), natural_gradient(l, grad_scale));
  spo_point_set(&l->to, l->P, l->at.x);
  require(l, eval_cost(l, &l->to) && eval_grad(l, &l->to), "gradient");
  if (spo_problem_has(l->P, scale)) {
    spo_report_add(l->report, "scale: noise", l->f_noise, 0.0, DBL_MAX);
    spo_report_add(l->report, "scale: gradient", grad_scale, DBL_MIN, DBL_MAX);
  }
}

static void check_repeated(lab *l) {
  const bool fused = spo_problem_has(l->P, cost_egrad);
  spo_report_add(l->report, fused ? "cost_egrad: cost" : "cost: repeatable",
                 fabs(l->at.f - l->to.f), 0.0, l->f_noise + l->tol * fabs(l->at.f));
  judge(l, fused ? "cost_egrad: gradient" : "egrad: repeatable",
        distance(l, l->at.grad, l->to.grad), l->size_g);
  spo_guarded_project(&l->g, l->at.x, l->at.grad, l->u);
  judge(l, "gradient: tangent", distance(l, l->u, l->at.grad), l->size_g);
}

static void check_minimum(lab *l) {
  double f_star;
  const char *theorem = "";
  if (!spo_problem_has(l->P, known_minimum))
    return;
  const int code = l->P->ops->known_minimum(l->P->self, &f_star, &theorem);
  if (code < 0)
    callback(l, code, "known_minimum");
  if (code == 0)
    spo_report_add(l->report, "known_minimum: not above the cost", l->at.f - f_star,
                   -10.0 * l->f_noise - l->tol * fabs(f_star), DBL_MAX);
}

/* Adds to the squares at one step: cost after one and two terms, gradient after one. */
static void taylor(lab *l, size_t j, double t, double *remainder) {
  const double *v = l->directions + j * l->n, *hv = l->hess + j * l->n;
  remainder[0] = remainder[1] = remainder[2] = NAN;
  if (!before(l) || !after(l, spo_eval_exp(&l->E, &l->at, t, v, &l->to)) || !eval_cost(l, &l->to))
    return;
  const double once = (l->to.f - l->at.f) - t * spo_manifold_inner(l->M, l->at.x, l->at.grad, v);
  remainder[0] = fabs(once);
  if (!l->has_hess)
    return;
  remainder[1] = fabs(once - 0.5 * t * t * spo_manifold_inner(l->M, l->at.x, hv, v));
  if (spo_manifold_has(l->M, inner) || !eval_grad(l, &l->to))
    return;
  spo_vec_add(l->n, l->to.grad, -1.0, l->at.grad, l->u);
  spo_guarded_project(&l->g, l->at.x, l->u, l->u);
  spo_vec_axpy(l->n, -t, hv, l->u);
  remainder[2] = spo_vec_norm(l->n, l->u);
}

static void check_slopes(lab *l) {
  double r[3][SPO_STEPS], remainder[3];
  for (size_t k = 0; k < SPO_STEPS; k++) {
    r[0][k] = r[1][k] = r[2][k] = 0.0;
    for (size_t j = 0; j < 2 * SPO_DIRECTIONS; j++) {
      taylor(l, j / 2, j % 2 ? -spo_step(k) : spo_step(k), remainder);
      for (size_t i = 0; i < 3; i++)
        r[i][k] = hypot(r[i][k], remainder[i] / sqrt(2.0 * SPO_DIRECTIONS));
    }
  }
  const double size = fabs(l->at.f) + l->at.grad_norm * l->M->typical_distance;
  /* Where f is stationary the shortest steps may all round to one value and show no noise: then
   * what the problem states is the better measure. spo_slope keeps 16 times its floor away */
  const double stated = spo_problem_has(l->P, scale) ? l->f_noise / 16.0 : 0.0;
  const double floor = fmax(DBL_EPSILON * fabs(l->at.f), stated);
  spo_report_slope(l->report, "gradient: predicts the cost", 2, r[0], floor, size);
  if (spo_problem_has(l->P, scale))
    spo_report_add(l->report, "scale: noise covers rounding",
                   r[0][SPO_STEPS - 1] == 0.0 ? 0.0 : r[0][SPO_STEPS - 1] / l->f_noise, 0.0, 10.0);
  if (!l->has_hess)
    return;
  if (l->M->retraction_order == 2 || spo_manifold_has(l->M, exp))
    spo_report_slope(l->report, "Hessian: predicts the cost", 3, r[1], floor, size);
  if (!spo_manifold_has(l->M, inner))
    spo_report_slope(l->report, "Hessian: predicts the gradient", 2, r[2], DBL_EPSILON * l->size_g,
                     l->size_g);
}

/* ---- Hessian --------------------------------------------------------------------------------- */

/* Products one by one, as the problem gives them, against its own block of them. */
static void check_block(lab *l) {
  const spo_problem_ops *ops = l->P->ops;
  void *self = l->P->self;
  if (!spo_problem_has(l->P, ehess) || !spo_problem_has(l->P, ehess_block))
    return;
  double error = 0.0, size = 0.0;
  if (before(l))
    callback(l, ops->ehess_block(self, l->at.x, BLOCK, l->directions, l->HV, l->at.memo, l->E.work),
             "ehess_block");
  for (size_t j = 0; j < BLOCK; j++) {
    if (before(l))
      callback(l, ops->ehess(self, l->at.x, l->directions + j * l->n, l->u, l->at.memo, l->E.work),
               "ehess");
    error = hypot(error, distance(l, l->u, l->HV + j * l->n));
    size = hypot(size, spo_vec_norm(l->n, l->u));
  }
  judge(l, "Hessian: block as one by one", error, size);
}

static void check_hessian(lab *l) {
  const size_t n = l->n;
  const double *v = l->directions, *hv = l->hess, reach = l->M->typical_distance;
  if (!l->has_hess)
    return;
  double largest = 0.0;
  for (size_t j = 0; j < SPO_DIRECTIONS; j++)
    largest = fmax(largest, spo_vec_norm(n, hv + j * n));
  /* the manifold's part is of the size of the gradient's normal component, and may cancel */
  const double size = largest + l->size_g * reach;
  double outside = 0.0, skew = 0.0;
  for (size_t j = 0; j < SPO_DIRECTIONS; j++) {
    spo_guarded_project(&l->g, l->at.x, hv + j * n, l->u);
    outside = fmax(outside, distance(l, l->u, hv + j * n));
    for (size_t i = 0; i < j; i++)
      skew = hypot(skew, spo_manifold_inner(l->M, l->at.x, hv + j * n, v + i * n) -
                             spo_manifold_inner(l->M, l->at.x, hv + i * n, v + j * n));
  }
  judge(l, "Hessian: tangent", outside, size);
  judge(l, "Hessian: symmetric", skew, size * reach);
  spo_vec_add(n, v, -3.0, v + n, l->v);
  eval_hess(l, &l->at, 1, l->v, l->w);
  spo_vec_add(n, hv, -3.0, hv + n, l->u);
  judge(l, "Hessian: linear", distance(l, l->u, l->w), 4.0 * size);
  spo_point_set(&l->to, l->P, l->at.x); /* by cost and egrad: see evaluate */
  require(l, eval_cost(l, &l->to) && eval_grad(l, &l->to), "gradient");
  eval_hess(l, &l->to, 1, v, l->w);
  judge(l, "Hessian: the same after cost and egrad", distance(l, l->w, hv), size);
  check_block(l);
}

/* ---- preconditioner -------------------------------------------------------------------------- */

/* A random orthonormal basis of the subspace into V: Gram and Schmidt, twice. */
static void choose_basis(lab *l) {
  const size_t n = l->n;
  for (size_t j = 0; j < l->subspace; j++) {
    double *v = l->V + j * n;
    spo_guarded_tangent(&l->g, l->at.x, v);
    for (int pass = 0; pass < 2; pass++) {
      for (size_t i = 0; i < j; i++)
        spo_vec_axpy(n, -spo_manifold_inner(l->M, l->at.x, l->V + i * n, v), l->V + i * n, v);
      spo_vec_scale(n, 1.0 / spo_guarded_norm(&l->g, l->at.x, v), v);
    }
  }
}

/* The lowest eigenvalue of the preconditioner on a random subspace: all of it where dim is small.
 */
static void check_precond(lab *l) {
  const size_t n = l->n, k = l->subspace;
  if (!spo_problem_has(l->P, precond))
    return;
  choose_basis(l);
  eval_precond(l, k, l->V, l->HV);
  double skew = 0.0, size = 0.0;
  for (size_t j = 0; j < k; j++)
    for (size_t i = 0; i < k; i++) {
      l->gram[i + j * k] = spo_manifold_inner(l->M, l->at.x, l->V + i * n, l->HV + j * n);
      size = hypot(size, l->gram[i + j * k]);
      if (i > j)
        continue;
      skew = hypot(skew, l->gram[i + j * k] -
                             spo_manifold_inner(l->M, l->at.x, l->V + j * n, l->HV + i * n));
    }
  judge(l, "precond: symmetric", skew, size);
  const spo_blasint order = (spo_blasint)k, len = 3 * SUBSPACE;
  double *values = l->gram + k * k, *work = values + SUBSPACE;
  spo_blasint info = 1;
  if (size < INFINITY)
    dsyev_("N", "L", &order, l->gram, &order, values, work, &len, &info);
  spo_report_add(l->report, "precond: positive definite",
                 info == 0 ? values[0] / values[k - 1] : NAN, DBL_MIN, 1.0);
  spo_vec_add(n, l->V, -3.0, l->V + (k - 1) * n, l->v);
  eval_precond(l, 1, l->v, l->w);
  spo_vec_add(n, l->HV, -3.0, l->HV + (k - 1) * n, l->u);
  judge(l, "precond: linear", distance(l, l->u, l->w), size);
}

/* ---- symmetry -------------------------------------------------------------------------------- */

static void orbit_project(lab *l, size_t k, double *V) {
  const spo_symmetry *S = l->P->ops->symmetry;
  spo_poison(l->swork, S->work_len(l->P->self));
  if (l->g.status == SPO_OK)
    callback(l, S->project(l->P->self, l->at.x, l->store, k, V, l->swork), "symmetry project");
}

/* Trace of the orbit's projection: see check_rank of the manifold's check. */
static void check_orbit_rank(lab *l, size_t dim) {
  const double fair = 512.0;
  if ((double)l->n > fair)
    return;
  double trace = 0.0;
  for (size_t i = 0; i < l->n; i++) {
    spo_vec_zero(l->n, l->u);
    l->u[i] = 1.0;
    spo_guarded_project(&l->g, l->at.x, l->u, l->u);
    orbit_project(l, 1, l->u);
    trace += l->u[i];
  }
  judge(l, "symmetry: rank is dim", fabs(trace - (double)dim), fmax(1.0, (double)dim));
}

static void check_symmetry(lab *l) {
  const spo_symmetry *S = symmetry_of(l->P);
  const size_t n = l->n;
  size_t dim = 0;
  if (!S || l->g.status != SPO_OK)
    return;
  spo_poison(l->swork, S->work_len(l->P->self));
  callback(l, S->prepare(l->P->self, l->at.x, l->store, &dim, l->swork), "symmetry prepare");
  const double *u = l->directions, *v = l->directions + n, reach = l->M->typical_distance;
  spo_vec_copy(2 * n, u, l->HV);
  orbit_project(l, 2, l->HV);
  double *pu = l->HV, *pv = l->HV + n;
  spo_guarded_project(&l->g, l->at.x, pu, l->u);
  judge(l, "symmetry: tangent", distance(l, l->u, pu), reach);
  spo_vec_copy(n, pu, l->u);
  orbit_project(l, 1, l->u);
  judge(l, "symmetry: idempotent", distance(l, l->u, pu), reach);
  judge(l, "symmetry: self-adjoint",
        fabs(spo_manifold_inner(l->M, l->at.x, pu, v) - spo_manifold_inner(l->M, l->at.x, u, pv)),
        reach * reach);
  spo_vec_copy(n, l->at.grad, l->u);
  orbit_project(l, 1, l->u);
  judge(l, "symmetry: the cost does not change", spo_vec_norm(n, l->u), l->size_g);
  check_orbit_rank(l, dim);
  l->strayed = l->strayed || !spo_margin_intact(l->store, S->store_len(l->P->self)) ||
               !spo_margin_intact(l->swork, S->work_len(l->P->self));
}

/* ---- all of it ------------------------------------------------------------------------------- */

static void check_all(lab *l, const double *x) {
  if (x)
    spo_vec_copy(l->n, x, l->v);
  else
    spo_guarded_point(&l->g, l->v);
  spo_point_set(&l->at, l->P, l->v);
  for (size_t j = 0; j < SPO_DIRECTIONS; j++)
    spo_guarded_tangent(&l->g, l->at.x, l->directions + j * l->n);
  evaluate(l);
  check_repeated(l);
  check_minimum(l);
  check_slopes(l);
  check_hessian(l);
  check_precond(l);
  check_symmetry(l);
  spo_report_add(l->report, "work and memo: nothing past the end",
                 l->strayed || l->g.strayed ? 1.0 : 0.0, 0.0, 0.0);
}

/* Two blocks of it within 64 MiB, unless a few vectors are more. */
static size_t choose_subspace(const spo_manifold *M) {
  const size_t room = ((size_t)1 << 22) / M->n;
  const size_t fair = room < BLOCK ? BLOCK : room < SUBSPACE ? room : SUBSPACE;
  return M->dim < fair ? M->dim : fair;
}

spo_status spo_check_problem(const spo_problem *P, const double *x, gsl_rng *rng,
                             spo_check_report *report, spo_error *err) {
  if (!rng || !report)
    return spo_fail(err, SPO_E_ARG, __func__, "%s is NULL", rng ? "report" : "rng");
  *report = (spo_check_report){.pass = true};
  const spo_status status = spo_problem_check(P, err);
  if (status != SPO_OK)
    return status;
  if (P->manifold->dim == 0) { /* isolated points */
    spo_report_add(report, "dimension 0: no direction to check", 0.0, 0.0, 0.0);
    return SPO_OK;
  }
  /* a cost's inner sums are longer than n and may cancel: two digits for that */
  lab l = {.P = P,
           .M = P->manifold,
           .n = P->manifold->n,
           .report = report,
           .subspace = choose_subspace(P->manifold),
           .tol = 100.0 * spo_rounding(P->manifold->n),
           .has_hess = spo_problem_has_hessian(P)};
  double *work, *memo;
  spo_carver c = {0};
  const size_t bytes = carve(&c, &l, &work, &memo);
  c = (spo_carver){.base = spo_block_alloc(bytes)};
  if (!c.base)
    return spo_fail(err, SPO_E_NOMEM, __func__, "%zu bytes for %s", bytes, name_of(P));
  memset(c.base, 0, bytes); /* after a failure the items judge what was never computed */
  carve(&c, &l, &work, &memo);
  spo_eval_bind(&l.E, P, l.E.work, err);
  spo_guarded_init(&l.g, P->manifold, rng, work, memo, err);
  check_all(&l, x);
  report->pass = report->pass && l.g.status == SPO_OK;
  spo_block_free(c.base);
  return l.g.status;
}
