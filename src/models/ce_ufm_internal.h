/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the files of the feature model with weight decay share: ce_ufm.c (objective, certificate),
 * ce_ufm_create.c (parameters, named points, metrics). */
#ifndef SPO_MODELS_CE_UFM_INTERNAL_H
#define SPO_MODELS_CE_UFM_INTERNAL_H

#include <spheropt/models/ce_ufm.h>

#include "models/logits.h"

typedef struct ce_ufm {
  spo_problem problem; /* first: a problem made here is its ce_ufm */
  spo_logits L;
  spo_ce_ufm_params params;
  double lambda[3]; /* of W, H, b */
  size_t length[3]; /* doubles in each of these parts */
  int64_t *label;   /* N */
  int64_t *count;   /* K */
  double *omega;    /* N, all 1/N */
  spo_manifold *manifold;
} ce_ufm;

extern const spo_problem_ops ce_problem_ops;

static inline size_t ce_length(const ce_ufm *u) {
  return u->length[0] + u->length[1] + u->length[2];
}

/* The gap between a sample's true logit and the others at the minimum of equal classes; 0: all
 * logits are. */
double ce_logit_gap(const ce_ufm *u);

#endif
