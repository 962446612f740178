/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the files of the deep UFM share: deep_ufm.c (objective), deep_ufm_create.c (parameters),
 * deep_ufm_points.c (the closed-form minimum, named points, metrics). */
#ifndef SPO_MODELS_DEEP_UFM_INTERNAL_H
#define SPO_MODELS_DEEP_UFM_INTERNAL_H

#include <spheropt/models/deep_ufm.h>

typedef struct deep_ufm {
  spo_problem problem; /* first: a problem made here is its deep_ufm */
  size_t L, n, N;      /* layers, samples in each class, in all */
  /* L+1 each: widths, w_L = 2; decays lH, l_1 .. l_L; where H, W_1 .. W_L begin in a point; where
   * A_l and delta_l begin in the memo (A_0 is in the point, A_L is not kept); with smoothing also
   * where rectifiers are in their bend, and its curvature times what comes back to it */
  size_t *width, *at, *active, *bent, *turn, *delta;
  double *lambda;
  int64_t *given_width; /* w_0 .. w_(L-1) */
  bool own_decays;
  double decay, decay_h, smoothing;
  double f_star, c; /* of the closed form; c = 0: the minimum is at 0 */
  spo_manifold *manifold;
} deep_ufm;

/* |W_l| as an array, and H for l = 0. */
static inline size_t deep_part_len(const deep_ufm *u, size_t l) {
  return l == 0 ? u->N * u->width[0] : u->width[l] * u->width[l - 1];
}

extern const spo_problem_ops deep_problem_ops;

/* f without the decay, after a cost. */
double deep_fit(const deep_ufm *u, const double *memo);

/* The closed form from widths and decays. */
void deep_solve_reduced(deep_ufm *u);

enum { DEEP_N_POINTS = 5, DEEP_N_METRICS = 14 };
extern const spo_named_point deep_points[DEEP_N_POINTS];
extern const char *const deep_metric_names[DEEP_N_METRICS];
spo_status deep_metrics(const spo_problem *P, const double *x, double *value, spo_error *err);

#endif
