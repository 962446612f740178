/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the files of the feature model with squared loss share: mse_ufm.c (objective, symmetry),
 * mse_ufm_create.c (parameters, named points, metrics). */
#ifndef SPO_MODELS_MSE_UFM_INTERNAL_H
#define SPO_MODELS_MSE_UFM_INTERNAL_H

#include <spheropt/models/mse_ufm.h>

typedef struct mse_ufm {
  spo_problem problem; /* first: a problem made here is its mse_ufm */
  size_t C, N, p;      /* N samples in all */
  double n;            /* in each class */
  spo_mse_ufm_params params;
  spo_manifold *manifold;
} mse_ufm;

extern const spo_problem_ops mse_problem_ops;

static inline const double *mse_features(const mse_ufm *u, const double *x) {
  return x + u->C * u->p;
}

static inline const double *mse_bias(const mse_ufm *u, const double *x) {
  return x + (u->C + u->N) * u->p;
}

static inline size_t mse_label(const mse_ufm *u, size_t i) {
  return i / (size_t)u->params.per_class;
}

#endif
