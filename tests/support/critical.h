/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Critical points of any index: Levenberg-Marquardt on |grad f|^2, with the dense Hessian in
 * tangent coordinates as Jacobian. Include after expect.h. */
#ifndef SPO_TESTS_CRITICAL_H
#define SPO_TESTS_CRITICAL_H

#include <math.h>

#include <spheropt/linear.h>

#include "place.h"

typedef struct critical_search {
  size_t dim, n;
  double *H, *Q, *lambda, *g, *s, *V, *HV, *C;
} critical_search;

/* g = grad, H = Q diag(lambda) Q^T in coordinates at x */
static inline void critical_model(const place *t, critical_search *c) {
  const spo_manifold *M = t->problem->manifold;
  const double *x = t->at->x;
  spo_error err = {0};
  expect_true(spo_eval_grad(t->eval, t->at) == SPO_OK);
  expect_true(M->ops->to_coords(M, x, 1, t->at->grad, c->g, t->eval->work) == SPO_OK);
  for (size_t i = 0; i < c->dim * c->dim; i++)
    c->C[i] = i % (c->dim + 1) == 0;
  expect_true(M->ops->from_coords(M, x, c->dim, c->C, c->V, t->eval->work) == SPO_OK);
  expect_true(spo_eval_hess(t->eval, t->at, c->dim, c->V, c->HV) == SPO_OK);
  expect_true(M->ops->to_coords(M, x, c->dim, c->HV, c->H, t->eval->work) == SPO_OK);
  expect_ok(spo_eigh(c->dim, c->H, c->lambda, c->Q, &err));
}

/* V = the tangent vector of s = -Q (lambda / (lambda^2 + mu)) Q^T g */
static inline void critical_step(const place *t, critical_search *c, double mu) {
  const spo_manifold *M = t->problem->manifold;
  for (size_t i = 0; i < c->dim; i++)
    c->s[i] = 0;
  for (size_t j = 0; j < c->dim; j++) {
    double along = 0;
    for (size_t i = 0; i < c->dim; i++)
      along += c->Q[j * c->dim + i] * c->g[i];
    along *= -c->lambda[j] / (c->lambda[j] * c->lambda[j] + mu);
    for (size_t i = 0; i < c->dim; i++)
      c->s[i] += along * c->Q[j * c->dim + i];
  }
  expect_true(M->ops->from_coords(M, t->at->x, 1, c->s, c->V, t->eval->work) == SPO_OK);
}

/* From where t stands to a critical point: true once |grad| <= tol times the problem's scale there.
 */
static inline bool critical_find(place *t, double tol, int max_steps) {
  const size_t dim = t->problem->manifold->dim, n = t->problem->manifold->n;
  critical_search c = {.dim = dim, .n = n};
  double *block = malloc((3 * dim * dim + 3 * dim + 2 * dim * n) * sizeof *block);
  c.H = block;
  c.Q = c.H + dim * dim;
  c.C = c.Q + dim * dim;
  c.lambda = c.C + dim * dim;
  c.g = c.lambda + dim;
  c.s = c.g + dim;
  c.V = c.s + dim;
  c.HV = c.V + dim * n;
  spo_point *trial;
  expect_true(spo_point_create(t->problem, &trial, NULL) == SPO_OK);
  double factor = 1e-2; /* mu relative to |g|^2: quadratic convergence, regular on orbits */
  bool found = false, moved = true;
  for (int step = 0; step < max_steps && !found && factor < 1e12; step++) {
    if (moved)
      critical_model(t, &c);
    double noise, scale;
    expect_true(spo_eval_scale(t->eval, t->at, &noise, &scale) == SPO_OK);
    found = t->at->grad_norm <= tol * scale;
    const double top = fmax(fabs(c.lambda[0]), fabs(c.lambda[dim - 1]));
    critical_step(t, &c, factor * t->at->grad_norm * top + 1e-28 * top * top);
    moved = spo_eval_retract(t->eval, t->at, 1.0, c.V, trial) == SPO_OK &&
            spo_eval_grad(t->eval, trial) == SPO_OK && trial->grad_norm < t->at->grad_norm;
    factor = moved ? fmax(factor / 4, 1e-8) : factor * 8;
    if (moved && !found)
      spo_point_set(t->at, t->problem, trial->x);
  }
  spo_point_destroy(trial);
  free(block);
  return found;
}

#endif
