/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the files of the spherical UFM share: ufm.c (objective), ufm_create.c (parameters),
 * ufm_model.c (parts, metrics, the model's table), ufm_points.c (named points), ufm_certificate.c
 * (arrow matrix, directions), ufm_frozen.c (objective and certificate with a frozen classifier). */
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
  uint64_t majority;               /* classes whose samples weigh imbalance times the others' */
  double imbalance;                /* 1 where weights were given */
  bool balanced;                   /* all classes carry the same weight */
  uint64_t per_class;              /* n if all classes have as many samples, else 0 */
  double *frozen;                  /* K x d: the classifier that does not move; NULL: it does */
  const void *fix_classifier;      /* the choice */
  bool frozen_etf;                 /* frozen is a simplex ETF, to rounding */
  spo_matrix features, classifier; /* borrowed; for the start */
  bool normalize, center;
  spo_manifold *part[2], *product;
} ufm;

/* A point's parts: W, unless it is frozen, then H. */
static inline size_t ufm_features_at(const ufm *u) {
  return u->frozen ? 0 : u->d * u->K;
}
static inline const double *ufm_W(const ufm *u, const double *x) {
  return u->frozen ? u->frozen : x;
}
static inline const double *ufm_H(const ufm *u, const double *x) {
  return x + ufm_features_at(u);
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

/* pv = v scaled by 1/(K omega_i), N features: the condition number grows like 1/omega. */
void ufm_scale_features(const ufm *u, const double *v, double *pv);
/* The scale and destroy slots. */
int ufm_scale(void *self, const double *x, double f, const double *memo, double *f_noise,
              double *grad_scale);
void ufm_destroy(spo_problem *P);
/* log(1 + (K-1) exp(-tau K/(K-1))) */
double ufm_etf_value(const ufm *u);
/* Rows that are off length one by at most 1e-3 (any, if so wished) are scaled to it; *worst keeps
 * the largest deviation met. */
spo_status ufm_unit_rows(const char *what, size_t rows, size_t d, bool any, double *X,
                         double *worst, spo_error *err);
/* The frozen classifier from the parameters: the simplex ETF, or `head`. */
spo_status ufm_freeze(const spo_ufm_params *p, ufm *u, spo_error *err);

extern const spo_problem_ops ufm_problem_ops;        /* ufm.c */
extern const spo_problem_ops ufm_frozen_problem_ops; /* ufm_frozen.c */
extern const spo_certificate ufm_certificate;        /* ufm_certificate.c */
extern const char ufm_free_head, ufm_etf_head;       /* ufm_create.c: values of fix-classifier */
enum { UFM_N_PARAMS = 15 };
extern const spo_option ufm_params[UFM_N_PARAMS]; /* ufm_create.c */

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

enum { UFM_N_POINTS = 14 };
extern const spo_named_point ufm_points[UFM_N_POINTS]; /* ufm_points.c */

#endif
