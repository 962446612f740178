/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the files of the spherical UFM share: ufm.c (objective), ufm_create.c (parameters),
 * ufm_points.c (named points), ufm_certificate.c (arrow matrix, directions). */
#ifndef SPO_MODELS_UFM_INTERNAL_H
#define SPO_MODELS_UFM_INTERNAL_H

#include <spheropt/models/ufm.h>

#include "models/logits.h"

typedef struct ufm {
  spo_problem problem; /* first: a problem made here is its ufm */
  size_t d, K, N;
  double tau;
  size_t tile;                     /* samples in a tile of the K x N memo */
  int64_t *label;                  /* N */
  double *omega;                   /* N, sum 1 */
  int64_t *count;                  /* K, samples in each class */
  bool weighted;                   /* weights were given */
  bool balanced;                   /* all classes carry the same weight */
  uint64_t per_class;              /* n if all classes have as many samples, else 0 */
  spo_matrix features, classifier; /* borrowed; for the start */
  bool normalize, center;
  spo_manifold *part[2], *product;
} ufm;

/* A point's parts. */
static inline const double *ufm_W(const ufm *u, const double *x) {
  (void)u;
  return x;
}
static inline const double *ufm_H(const ufm *u, const double *x) {
  return x + u->d * u->K;
}

/* The memo of a place: G in tiles, one after another, then p_y of each sample. */
static inline double *ufm_tile(const ufm *u, const double *memo, size_t first) {
  return (double *)(memo + u->K * first);
}
static inline double *ufm_py(const ufm *u, const double *memo) {
  return (double *)(memo + u->K * u->N);
}
static inline size_t ufm_tile_len(const ufm *u, size_t first) {
  return u->N - first < u->tile ? u->N - first : u->tile;
}

/* Its cross-entropy, to be worked off in tiles. */
static inline spo_logits ufm_logits(const ufm *u) {
  return (spo_logits){.d = u->d,
                      .K = u->K,
                      .N = u->N,
                      .tile = u->tile,
                      .tau = u->tau,
                      .label = u->label,
                      .omega = u->omega};
}

extern const spo_problem_ops ufm_problem_ops; /* ufm.c */
extern const spo_certificate ufm_certificate; /* ufm_certificate.c */
enum { UFM_N_POINTS = 7 };
extern const spo_named_point ufm_points[UFM_N_POINTS]; /* ufm_points.c */

#endif
