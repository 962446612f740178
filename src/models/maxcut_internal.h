/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the files of the max-cut relaxation share: maxcut.c (objective, parameters),
 * maxcut_certificate.c (the matrix S), maxcut_metrics.c (bounds and cuts). */
#ifndef SPO_MODELS_MAXCUT_INTERNAL_H
#define SPO_MODELS_MAXCUT_INTERNAL_H

#include <spheropt/models/maxcut.h>

#include "models/graph.h"

typedef struct maxcut {
  spo_problem problem; /* first: a problem made here is its maxcut */
  spo_graph graph;
  size_t p;
  double density;
  uint64_t seed;
  bool given;    /* the graph, by the caller */
  double *scale; /* N: D^(-1/2); 0 for a vertex without edges, whose row of S is 0 */
  spo_manifold *manifold;
} maxcut;

extern const spo_certificate maxcut_certificate; /* maxcut_certificate.c */

/* alpha_i = <x_i, (A X)_i>, N doubles; AX as a place keeps it. */
void maxcut_alpha(const maxcut *m, const double *x, const double *AX, double *alpha);
/* k products with S. */
void maxcut_dual_apply(const maxcut *m, const double *alpha, size_t k, const double *U, double *SU);

enum { MAXCUT_N_METRICS = 3 };
extern const char *const maxcut_metric_names[MAXCUT_N_METRICS]; /* maxcut_metrics.c */
spo_status maxcut_metrics(const spo_problem *P, const double *x, double *value, spo_error *err);

#endif
