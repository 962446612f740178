/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a point of the relaxation says about cuts: the value of the relaxation, the proven bound on
 * every cut, and a cut by rounding. */
#include <math.h>

#include <gsl/gsl_randist.h>
#include <spheropt/linear.h>

#include "base/blas.h"
#include "base/vec.h"
#include "models/maxcut_internal.h"

const char *const maxcut_metric_names[MAXCUT_N_METRICS] = {"sdp_value", "upper_bound", "cut"};

enum { HYPERPLANES = 64, MAX_APPLY = 20000 };
/* What the eigenvalue's error may add to the bound, relative to |f|. */
static const double bound_tol = 1e-8;

typedef struct metrics_work {
  const maxcut *m;
  gsl_rng rng;
  double *AX, *alpha;
  double *plane, *side, *field; /* p x 64, N x 64, N */
} metrics_work;

static void layout(spo_carver *c, const maxcut *m, metrics_work *w) {
  const size_t n = m->graph.n, p = m->p;
  *w = (metrics_work){.m = m, .rng = {gsl_rng_mt19937, spo_carve(c, 1, gsl_rng_mt19937->size)}};
  w->AX = spo_carve_doubles(c, n * p);
  w->alpha = spo_carve_doubles(c, n);
  w->plane = spo_carve_doubles(c, p * HYPERPLANES);
  w->side = spo_carve_doubles(c, n * HYPERPLANES);
  w->field = spo_carve_doubles(c, n);
}

static spo_status apply(void *self, size_t k, const double *U, double *SU) {
  const metrics_work *w = self;
  maxcut_dual_apply(w->m, w->alpha, k, U, SU);
  return SPO_OK;
}

/* W/2 - f - N lambda_min(S), the eigenvalue lowered by its residual. NaN if it did not converge. */
static spo_status upper_bound(metrics_work *w, double f, double *bound, spo_error *err) {
  const size_t n = w->m->graph.n;
  const spo_space space = {.n = n, .dim = n};
  const spo_linop S = {.space = &space, .self = w, .apply = apply};
  spo_eigs_options o = SPO_EIGS_OPTIONS_INIT;
  o.abs_tol = bound_tol * fabs(f) / (double)n;
  o.max_apply = MAX_APPLY;
  double lambda, residual;
  spo_eigs_result result;
  const spo_status status = spo_eigs(&S, &o, &w->rng, &lambda, NULL, &residual, &result, err);
  *bound = result.converged == 1
               ? 0.5 * w->m->graph.total - f - (double)n * fmin(lambda - residual, 0.0)
               : NAN;
  return status;
}

/* Goemans and Williamson's rounding, then single vertices. */
static double best_cut(metrics_work *w, const double *x) {
  const spo_graph *G = &w->m->graph;
  const size_t n = G->n, p = w->m->p;
  for (size_t j = 0; j < p * HYPERPLANES; j++)
    w->plane[j] = gsl_ran_gaussian_ziggurat(&w->rng, 1.0);
  spo_gemm('T', 'N', n, HYPERPLANES, p, 1.0, x, p, w->plane, p, 0.0, w->side, n);
  double best = 0.0; /* all on one side */
  for (size_t t = 0; t < HYPERPLANES; t++) {
    double *s = w->side + t * n;
    for (size_t i = 0; i < n; i++)
      s[i] = s[i] < 0.0 ? -1.0 : 1.0;
    spo_graph_improve(G, s, w->field);
    best = fmax(best, spo_graph_cut(G, s));
  }
  return best;
}

spo_status maxcut_metrics(const spo_problem *P, const double *x, double *value, spo_error *err) {
  const maxcut *m = P->self;
  metrics_work w;
  spo_carver carver = {0};
  layout(&carver, m, &w);
  if (!spo_carver_alloc(&carver))
    return spo_fail(err, SPO_E_NOMEM, "maxcut", "no memory for the metrics");
  layout(&carver, m, &w);
  gsl_rng_set(&w.rng, (unsigned long)m->seed);
  spo_graph_apply(&m->graph, 1.0, m->p, x, w.AX);
  maxcut_alpha(m, x, w.AX, w.alpha);
  const double f = 0.25 * spo_vec_dot(m->graph.n * m->p, x, w.AX);
  value[0] = 0.5 * m->graph.total - f;
  value[2] = best_cut(&w, x);
  const spo_status status = upper_bound(&w, f, &value[1], err);
  spo_block_free(carver.base);
  return status;
}
