/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The model's table of the spherical UFM: description, parts, metrics, samples. */
#include "models/ufm_internal.h"

#include <math.h>

#include <spheropt/models/generalised_collapse.h>
#include <spheropt/models/neural_collapse.h>

#include "base/memory.h"
#include "base/vec.h"

static spo_status create(const void *params, spo_problem **out, spo_error *err) {
  return spo_ufm_create(params, out, err);
}

static void describe(const spo_problem *P, void *params) {
  const ufm *u = P->self;
  spo_ufm_params *p = params;
  spo_ufm_params_init(p);
  p->classes = u->K;
  p->per_class = u->per_class;
  p->dim = u->d;
  p->tau = u->tau;
  p->labels = (spo_integers){u->label, u->N};
  p->counts = (spo_integers){u->count, u->K};
  if (u->weighted)
    p->weights = (spo_matrix){u->omega, u->N, 1};
  else if (u->imbalance != 1.0)
    p->majority = u->majority;
  p->imbalance = u->imbalance;
  if (u->frozen)
    p->fix_classifier = u->fix_classifier;
  if (u->frozen && u->fix_classifier != &ufm_etf_head)
    p->head = (spo_matrix){u->frozen, u->K, u->d};
}

static size_t parts(const spo_problem *P, spo_part part[SPO_MODEL_MAX_PARTS]) {
  const ufm *u = P->self;
  size_t count = 0;
  if (!u->frozen)
    part[count++] = (spo_part){"W", u->K, u->d, 0};
  part[count++] = (spo_part){"H", u->N, u->d, ufm_features_at(u)};
  return count;
}

/* Beyond this many numbers in W the one-versus-rest distance takes longer than a run. */
static const size_t hull_size = 65536;

enum { NC, ALIGNMENT = 3, GNC2, GNC3, N_METRICS };
static const char *const metric_names[] = {"nc1", "nc2", "nc3", "alignment", "gnc2", "gnc3"};

/* NC1 is GNC1: features have length one. */
static spo_status measure(const ufm *u, const double *W, const double *H, size_t N,
                          const int64_t *label, double *value, spo_error *err) {
  const size_t d = u->d, K = u->K;
  spo_status status = spo_neural_collapse(d, K, N, W, H, label, value + NC, err);
  if (status == SPO_OK)
    status = spo_alignment(d, K, N, W, H, label, value + ALIGNMENT, err);
  value[GNC2] = value[GNC3] = NAN;
  if (K <= d + 1)
    return status;
  if (status == SPO_OK && K * d <= hull_size)
    status = spo_one_versus_rest(d, K, W, value + GNC2, err);
  if (status == SPO_OK)
    status = spo_self_duality(d, K, N, W, H, label, value + GNC3, err);
  return status;
}

/* The metrics of the samples that have weight. */
static spo_status metrics(const spo_problem *P, const double *x, double *value, spo_error *err) {
  const ufm *u = P->self;
  const double *W = ufm_W(u, x), *H = ufm_H(u, x);
  size_t active = 0;
  for (size_t i = 0; i < u->N; i++)
    active += u->omega[i] > 0.0;
  if (active == u->N)
    return measure(u, W, H, u->N, u->label, value, err);
  spo_carver c = {0};
  spo_carve_doubles(&c, active * u->d);
  spo_carve(&c, active, sizeof(int64_t));
  if (!spo_carver_alloc(&c))
    return spo_fail(err, SPO_E_NOMEM, "ufm", "no memory for %zu samples", active);
  double *features = spo_carve_doubles(&c, active * u->d);
  int64_t *label = spo_carve(&c, active, sizeof(int64_t));
  for (size_t i = 0, j = 0; i < u->N; i++) {
    if (!(u->omega[i] > 0.0))
      continue;
    spo_vec_copy(u->d, H + i * u->d, features + j * u->d);
    label[j++] = u->label[i];
  }
  const spo_status status = measure(u, W, features, active, label, value, err);
  spo_block_free(c.base);
  return status;
}

static const char *default_start(const spo_problem *P) {
  return ((const ufm *)P->self)->features.data ? "features" : NULL;
}

static const char *const samples[] = {
    "--classes 10 --per-class 5 --dim 16 --tau 1",
    "--classes 4 --per-class 3 --dim 4 --tau 5",
    "--classes 3 --counts 4,0,1 --dim 2 --tau 2",
    "--classes 4 --per-class 2 --dim 5 --majority 2 --imbalance 10",
    "--classes 2 --per-class 1 --dim 3 --tau 0.5",
    "--classes 7 --counts 150,40,1,1,60,33,20 --dim 3 --tau 12",
    "--counts 3,1,0,2 --dim 5 --tau 2 --fix-classifier etf",
    NULL};

const spo_model_ops *spo_ufm(void) {
  static const spo_model_ops model = {
      .size = sizeof(spo_model_ops),
      .name = "ufm",
      .summary = "unconstrained feature model with normalised features and classifiers",
      .reference = "Yaras, Wang, Zhu, Balzano, Qu 2022, arXiv:2209.09211",
      .manifold = "oblique(d, K) x oblique(d, N); frozen classifier: oblique(d, N)",
      .theorem =
          "simplex ETF, classes balanced, d >= K: Yaras et al. 2022, global optimality; d = K-1: "
          "two Jensen steps, doc/ufm.md; frozen simplex ETF, any weights: Jensen per sample, "
          "doc/ufm.md",
      .params_size = sizeof(spo_ufm_params),
      .n_params = UFM_N_PARAMS,
      .param = ufm_params,
      .sample = samples,
      .n_points = UFM_N_POINTS,
      .point = ufm_points,
      .n_metrics = N_METRICS,
      .metric = metric_names,
      .create = create,
      .describe = describe,
      .parts = parts,
      .metrics = metrics,
      .default_start = default_start,
      .products = {1, 2, 6},
  };
  return &model;
}
