/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The matrix S = (A - Diag(alpha))/4 of the max-cut relaxation, the gap that its lowest eigenvalue
 * proves, and the direction of negative curvature of a rank-deficient point. */
#include <math.h>

#include "base/vec.h"
#include "models/free_direction.h"
#include "models/maxcut_internal.h"

void maxcut_alpha(const maxcut *m, const double *x, const double *AX, double *alpha) {
  for (size_t i = 0; i < m->graph.n; i++)
    alpha[i] = spo_vec_dot(m->p, x + i * m->p, AX + i * m->p);
}

void maxcut_dual_apply(const maxcut *m, const double *alpha, size_t k, const double *U,
                       double *SU) {
  const size_t n = m->graph.n;
  spo_graph_apply_vectors(&m->graph, 0.25, k, U, SU);
  for (size_t j = 0; j < k; j++)
    for (size_t i = 0; i < n; i++)
      SU[j * n + i] -= 0.25 * alpha[i] * U[j * n + i];
}

static size_t order(const void *self) {
  return ((const maxcut *)self)->graph.n;
}

/* alpha */
static size_t store_len(const void *self) {
  return order(self);
}

/* apply: a vector to scale. direction: the second moment, its eigenvalues, LAPACK's room. */
static size_t work_len(const void *self) {
  const maxcut *m = self;
  const size_t direction = spo_free_direction_work_len(m->p);
  return direction > m->graph.n ? direction : m->graph.n;
}

static int prepare(void *self, const double *x, const double *memo, double *store, double *work) {
  (void)work;
  maxcut_alpha(self, x, memo, store);
  return 0;
}

static int apply(void *self, const double *x, const double *memo, const double *store, bool scaled,
                 size_t k, const double *U, double *SU, double *work) {
  (void)x, (void)memo;
  const maxcut *m = self;
  const size_t n = m->graph.n;
  if (!scaled) {
    maxcut_dual_apply(m, store, k, U, SU);
    return 0;
  }
  for (size_t j = 0; j < k; j++) {
    for (size_t i = 0; i < n; i++)
      work[i] = m->scale[i] * U[j * n + i];
    maxcut_dual_apply(m, store, 1, work, SU + j * n);
    for (size_t i = 0; i < n; i++)
      SU[j * n + i] *= m->scale[i];
  }
  return 0;
}

static int gap_bound(void *self, bool scaled, double lambda_min, double *gap) {
  (void)scaled; /* the trace is N either way */
  const maxcut *m = self;
  *gap = (double)m->graph.n * (lambda_min < 0.0 ? -lambda_min : lambda_min >= 0.0 ? 0.0 : NAN);
  return 0;
}

/* u_i e, with e orthogonal to every x_i. */
static int direction(void *self, const double *x, const double *memo, const double *store, size_t c,
                     double lambda, const double *u, double *v, double *work) {
  (void)memo, (void)store, (void)c;
  const maxcut *m = self;
  return lambda < 0.0 ? spo_free_direction(m->p, m->graph.n, x, u, v, work) : 1;
}

static const char *const case_names[] = {"rank-deficient"};
const spo_certificate maxcut_certificate = {
    .size = sizeof(spo_certificate),
    .name = "S = (A - Diag(alpha))/4",
    .order = order,
    .store_len = store_len,
    .work_len = work_len,
    .prepare = prepare,
    .apply = apply,
    .gap_bound = gap_bound,
    .n_cases = 1,
    .case_name = case_names,
    .direction = direction,
};
