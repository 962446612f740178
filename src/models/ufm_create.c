/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The spherical UFM from its parameters: their table, the sizes that they imply together, and the
 * problem with its manifold. */
#include "models/ufm_internal.h"

#include <inttypes.h>
#include <limits.h>
#include <math.h>

#include <spheropt/manifolds/oblique.h>
#include <spheropt/manifolds/product.h>

#include "base/memory.h"
#include "base/take.h"
#include "base/vec.h"

const char ufm_free_head, ufm_etf_head;
static const spo_choice heads[] = {
    {"no", "classifiers are optimised too, unless head is given", &ufm_free_head},
    {"etf", "W is a simplex ETF, only features move", &ufm_etf_head},
    {NULL, NULL, NULL},
};

#define AT(member) offsetof(spo_ufm_params, member)
const spo_option ufm_params[UFM_N_PARAMS] = {
    {"classes", "K, number of classes; not given: from labels, counts or classifier, else 10", "",
     AT(classes), SPO_OPTION_UINT, 2, INT_MAX, 0, 0, NULL, 0},
    {"per-class", "n, samples in each class; not given: from counts, labels or features, else 5",
     "", AT(per_class), SPO_OPTION_UINT, 1, INT_MAX, 0, 0, NULL, 0},
    {"counts", "samples in each class, n_0,n_1,...", "", AT(counts), SPO_OPTION_COUNTS, 0, 0, 0, 0,
     NULL, 0},
    {"labels", "the samples' classes, integers 0 .. K-1", "", AT(labels), SPO_OPTION_INTEGERS, 0, 0,
     0, 0, NULL, 0},
    {"dim", "d, feature dimension; not given: from features or classifier, else 16", "", AT(dim),
     SPO_OPTION_UINT, 1, INT_MAX, 0, 0, NULL, 0},
    {"tau", "inverse temperature, multiplies the logits", "", AT(tau), SPO_OPTION_DOUBLE, 0,
     INFINITY, 1, SPO_OPEN_LO | SPO_OPEN_HI, NULL, 0},
    {"weights", "the samples' weights, made to sum to 1; not given: all alike", "", AT(weights),
     SPO_OPTION_MATRIX, 0, 0, 0, 0, NULL, 0},
    {"features", "start: the features, one per row", "", AT(features), SPO_OPTION_MATRIX, 0, 0, 0,
     0, NULL, SPO_START_ONLY},
    {"classifier", "start: the classifiers, one per row; not given: normalised class means", "",
     AT(classifier), SPO_OPTION_MATRIX, 0, 0, 0, 0, NULL, SPO_START_ONLY},
    {"normalize", "scale features and classifiers of any length to length 1", "", AT(normalize),
     SPO_OPTION_BOOL, 0, 1, 0, 0, NULL, SPO_START_ONLY},
    {"center", "subtract the features' mean first, then normalize them", "", AT(center),
     SPO_OPTION_BOOL, 0, 1, 0, 0, NULL, SPO_START_ONLY},
    {"fix-classifier", "freeze the classifiers and optimise features alone", "", AT(fix_classifier),
     SPO_OPTION_CHOICE, 0, 1, 0, 0, heads, 0},
    {"head", "the frozen classifiers, one per row; only features move", "", AT(head),
     SPO_OPTION_MATRIX, 0, 0, 0, 0, NULL, 0},
    {"majority", "classes, from the first, that imbalance speaks of; not given: half, rounded up",
     "", AT(majority), SPO_OPTION_UINT, 1, INT_MAX, 0, 0, NULL, 0},
    {"imbalance",
     "R, weight of a sample of the majority's classes over that of the others; inf: the others "
     "are absent, 0: the majority is",
     "", AT(imbalance), SPO_OPTION_DOUBLE, 0, INFINITY, 1, 0, NULL, SPO_NEUTRAL},
};
#undef AT

void spo_ufm_params_init(spo_ufm_params *params) {
  spo_options_init(ufm_params, UFM_N_PARAMS, params, sizeof *params);
}

/* ---- sizes ----------------------------------------------------------------------------------- */

#define REFUSE(code, ...) spo_fail(err, code, "spo_ufm_create", __VA_ARGS__)

/* One size from several parameters: what is given twice must agree. */
typedef struct ufm_size {
  uint64_t value;    /* 0: not given */
  const char *where; /* who gave it */
} ufm_size;

static spo_status agree(ufm_size *size, const char *what, const char *where, bool given,
                        uint64_t value, spo_error *err) {
  if (!given)
    return SPO_OK;
  if (size->where && size->value != value)
    return REFUSE(SPO_E_DIM, "%s: %" PRIu64 " %s, but %s says %" PRIu64, where, value, what,
                  size->where, size->value);
  *size = (ufm_size){value, size->where ? size->where : where};
  return SPO_OK;
}

typedef struct ufm_sizes {
  uint64_t K, N, d;
  bool frozen; /* the classifier */
} ufm_sizes;

static spo_status resolve_classes(const spo_ufm_params *p, uint64_t *K, spo_error *err) {
  ufm_size size = {0};
  spo_status status = agree(&size, "classes", "classes", p->classes > 0, p->classes, err);
  if (status == SPO_OK)
    status = agree(&size, "classes", "counts", p->counts.data, p->counts.count, err);
  if (status == SPO_OK)
    status =
        agree(&size, "classes (rows)", "classifier", p->classifier.data, p->classifier.rows, err);
  if (status == SPO_OK)
    status = agree(&size, "classes (rows)", "head", p->head.data, p->head.rows, err);
  int64_t top = -1;
  for (size_t i = 0; i < p->labels.count; i++) {
    if (p->labels.data[i] < 0 || p->labels.data[i] >= INT_MAX)
      return REFUSE(SPO_E_ARG, "labels: entry %zu is %" PRId64 ", must be at least 0 and below %d",
                    i, p->labels.data[i], INT_MAX);
    top = p->labels.data[i] > top ? p->labels.data[i] : top;
  }
  if (status == SPO_OK && !size.where)
    status = p->labels.data ? agree(&size, "classes", "labels", true, (uint64_t)(top + 1), err)
                            : agree(&size, "classes", "classes", true, 10, err);
  if (status == SPO_OK && size.value < 2)
    return REFUSE(SPO_E_DIM, "%s: %" PRIu64 " class, at least 2 are needed", size.where,
                  size.value);
  *K = size.value;
  return status;
}

static spo_status resolve_samples(const spo_ufm_params *p, uint64_t K, uint64_t *N,
                                  spo_error *err) {
  ufm_size size = {0};
  uint64_t sum = 0;
  for (size_t k = 0; k < p->counts.count; k++) {
    if (p->counts.data[k] < 0 || p->counts.data[k] > INT_MAX)
      return REFUSE(SPO_E_ARG, "counts: %" PRId64 " samples in class %zu; 0 to %d are possible",
                    p->counts.data[k], k, INT_MAX);
    sum += (uint64_t)p->counts.data[k];
  }
  if (p->counts.data && sum == 0)
    return REFUSE(SPO_E_ARG, "counts: all zero; at least one sample is needed");
  spo_status status = agree(&size, "samples", "labels", p->labels.data, p->labels.count, err);
  if (status == SPO_OK)
    status = agree(&size, "samples", "counts", p->counts.data, sum, err);
  if (status == SPO_OK)
    status = agree(&size, "samples in all", "per-class", p->per_class > 0,
                   spo_size_mul(p->per_class, K), err);
  if (status == SPO_OK)
    status = agree(&size, "rows", "features", p->features.data, p->features.rows, err);
  if (status == SPO_OK)
    status = agree(&size, "entries", "weights", p->weights.data,
                   spo_size_mul(p->weights.rows, p->weights.cols), err);
  *N = size.where ? size.value : spo_size_mul(5, K);
  return status;
}

static spo_status resolve_dim(const spo_ufm_params *p, uint64_t *d, spo_error *err) {
  ufm_size size = {0};
  spo_status status = agree(&size, "dimensions", "dim", p->dim > 0, p->dim, err);
  if (status == SPO_OK)
    status = agree(&size, "columns", "features", p->features.data, p->features.cols, err);
  if (status == SPO_OK)
    status = agree(&size, "columns", "classifier", p->classifier.data, p->classifier.cols, err);
  if (status == SPO_OK)
    status = agree(&size, "columns", "head", p->head.data, p->head.cols, err);
  *d = size.where ? size.value : 16;
  return status;
}

/* Parameters that are of no use beside the others. */
static spo_status check_company(const spo_ufm_params *p, spo_error *err) {
  const bool etf = p->fix_classifier == &ufm_etf_head;
  const bool normalize = p->normalize && !p->head.data;
  if (!p->features.data && (p->classifier.data || normalize || p->center))
    return REFUSE(SPO_E_ARG, "%s: of use only with features",
                  p->classifier.data ? "classifier"
                  : normalize        ? "normalize"
                                     : "center");
  if (p->weights.data && (p->majority > 0 || p->imbalance != 1.0))
    return REFUSE(SPO_E_ARG, "%s: not beside weights, which say it all",
                  p->majority > 0 ? "majority" : "imbalance");
  if (etf && p->head.data)
    return REFUSE(SPO_E_ARG, "head: with fix-classifier etf the classifier is frozen already");
  if (p->classifier.data && (etf || p->head.data))
    return REFUSE(SPO_E_ARG, "classifier: starts nothing, the classifier is frozen by %s",
                  etf ? "fix-classifier" : "head");
  return SPO_OK;
}

static spo_status resolve_sizes(const spo_ufm_params *p, ufm_sizes *s, spo_error *err) {
  s->frozen = p->head.data || p->fix_classifier == &ufm_etf_head;
  spo_status status = check_company(p, err);
  if (status != SPO_OK)
    return status;
  status = resolve_classes(p, &s->K, err);
  if (status == SPO_OK && p->majority > s->K)
    status = REFUSE(SPO_E_ARG,
                    "majority: %" PRIu64 " is not allowed; it must be 1 to %" PRIu64 " (classes)",
                    p->majority, s->K);
  if (status == SPO_OK)
    status = resolve_samples(p, s->K, &s->N, err);
  return status == SPO_OK ? resolve_dim(p, &s->d, err) : status;
}

/* Does everything fit BLAS's int, and size_t? */
static spo_status check_sizes(const ufm_sizes *s, spo_error *err) {
  const size_t points = spo_size_mul(s->d, spo_size_add(s->K, s->N));
  if (points > INT_MAX)
    return REFUSE(SPO_E_DIM,
                  "dim x (classes + samples): %" PRIu64 " x (%" PRIu64 " + %" PRIu64
                  ") numbers are more than BLAS can index (%d)",
                  s->d, s->K, s->N, INT_MAX);
  if (spo_size_mul(s->K, s->N) > PTRDIFF_MAX / sizeof(double) / 4)
    return REFUSE(SPO_E_DIM, "classes x samples: %" PRIu64 " x %" PRIu64 " is more than memory",
                  s->K, s->N);
  return SPO_OK;
}

/* ---- labels and weights ---------------------------------------------------------------------- */

static spo_status fill_labels(const spo_ufm_params *p, ufm *u, spo_error *err) {
  if (p->labels.data) {
    for (size_t i = 0; i < u->N; i++) {
      if (p->labels.data[i] < 0 || (uint64_t)p->labels.data[i] >= u->K)
        return REFUSE(SPO_E_ARG,
                      "labels: entry %zu is %" PRId64 ", must lie in 0 .. %zu (classes - 1)", i,
                      p->labels.data[i], u->K - 1);
      u->label[i] = p->labels.data[i];
    }
    return SPO_OK;
  }
  if (p->features.data && !p->counts.data && p->per_class == 0)
    return REFUSE(SPO_E_ARG, "labels: needed beside features (or counts, or per-class)");
  if (!p->counts.data && u->N % u->K != 0)
    return REFUSE(SPO_E_DIM, "labels: needed, since %zu samples are no multiple of %zu classes",
                  u->N, u->K);
  size_t i = 0;
  for (size_t k = 0; k < u->K; k++)
    for (size_t end = i + (p->counts.data ? (size_t)p->counts.data[k] : u->N / u->K); i < end; i++)
      u->label[i] = (int64_t)k;
  return SPO_OK;
}

/* Samples per class; what counts and per-class say must agree. Notes classes without samples, or
 * with samples that all have weight 0. */
static spo_status count_classes(const spo_ufm_params *p, ufm *u, const double *weight,
                                spo_error *err) {
  for (size_t k = 0; k < u->K; k++)
    u->count[k] = 0;
  for (size_t i = 0; i < u->N; i++)
    u->count[u->label[i]]++;
  size_t empty = 0, first_empty = 0, idle = 0, first_idle = 0;
  bool equal = true;
  for (size_t k = 0; k < u->K; k++) {
    if (p->counts.data && u->count[k] != p->counts.data[k])
      return REFUSE(SPO_E_DIM,
                    "counts: class %zu is said to have %" PRId64 ", in labels it has %" PRId64, k,
                    p->counts.data[k], u->count[k]);
    if (p->per_class > 0 && (uint64_t)u->count[k] != p->per_class)
      return REFUSE(SPO_E_DIM,
                    "per-class: %" PRIu64 " does not agree with class %zu, which has %" PRId64,
                    p->per_class, k, u->count[k]);
    equal &= u->count[k] == u->count[0];
    if (u->count[k] == 0 && empty++ == 0)
      first_empty = k;
    if (u->count[k] > 0 && !(weight[k] > 0.0) && idle++ == 0)
      first_idle = k;
  }
  u->per_class = equal ? (uint64_t)u->count[0] : 0;
  if (empty == 1)
    spo_fail(err, SPO_OK, "spo_ufm_create", "class %zu has no samples", first_empty);
  else if (empty > 1)
    spo_fail(err, SPO_OK, "spo_ufm_create", "%zu classes have no samples, the first is class %zu",
             empty, first_empty);
  else if (idle == 1)
    spo_fail(err, SPO_OK, "spo_ufm_create", "the samples of class %zu have no weight", first_idle);
  else if (idle > 1)
    spo_fail(err, SPO_OK, "spo_ufm_create",
             "the samples of %zu classes have no weight, the first is class %zu", idle, first_idle);
  return SPO_OK;
}

/* A sample's weight before they sum to 1. The larger of two levels is 1: so the other may be 0. */
static double raw_weight(const spo_ufm_params *p, const ufm *u, size_t i) {
  if (p->weights.data)
    return p->weights.data[i];
  const bool heavy = (uint64_t)u->label[i] < u->majority;
  return heavy ? fmin(u->imbalance, 1.0) : fmin(1.0 / u->imbalance, 1.0);
}

static spo_status fill_weights(const spo_ufm_params *p, ufm *u, spo_error *err) {
  u->weighted = p->weights.data != NULL;
  u->imbalance = p->imbalance;
  u->majority = p->majority > 0 ? p->majority : (u->K + 1) / 2;
  double sum = 0.0;
  for (size_t i = 0; i < u->N; i++) {
    const double w = raw_weight(p, u, i);
    if (!(w >= 0.0 && w < INFINITY))
      return REFUSE(SPO_E_ARG, "weights: entry %zu is %g, must be at least 0 and finite", i, w);
    u->omega[i] = w;
    sum += w;
  }
  if (!u->weighted && !(sum > 0.0))
    return REFUSE(SPO_E_ARG, "imbalance: %g leaves no sample a weight", u->imbalance);
  if (!(sum > 0.0 && sum < INFINITY))
    return REFUSE(SPO_E_ARG, "weights: their sum is %g, must be greater than 0 and finite", sum);
  for (size_t i = 0; i < u->N; i++)
    u->omega[i] = u->weighted || u->imbalance != 1.0 ? u->omega[i] / sum : 1.0 / (double)u->N;
  return SPO_OK;
}

/* Balanced: every class carries the weight 1/K, up to the rounding of its sum. weight: K
 * doubles. */
static void weigh_classes(ufm *u, double *weight) {
  spo_vec_zero(u->K, weight);
  for (size_t i = 0; i < u->N; i++)
    weight[u->label[i]] += u->omega[i];
  const double K = (double)u->K, slack = 1e-15 * (double)u->N;
  u->balanced = true;
  for (size_t k = 0; k < u->K; k++)
    u->balanced &= fabs(K * weight[k] - 1.0) <= slack;
}

/* ---- the problem ----------------------------------------------------------------------------- */

/* weight: K doubles that only creation needs */
static ufm *layout(spo_carver *c, const ufm_sizes *s, double **weight) {
  ufm *u = spo_carve(c, 1, sizeof *u);
  int64_t *label = spo_carve(c, s->N, sizeof(int64_t));
  int64_t *count = spo_carve(c, s->K, sizeof(int64_t));
  double *omega = spo_carve_doubles(c, s->N);
  double *frozen = s->frozen ? spo_carve_doubles(c, s->K * s->d) : NULL;
  *weight = spo_carve_doubles(c, s->K);
  if (u)
    *u = (ufm){.d = s->d,
               .K = s->K,
               .N = s->N,
               .label = label,
               .omega = omega,
               .count = count,
               .frozen = frozen};
  return u;
}

static spo_status make_manifold(ufm *u, spo_error *err) {
  spo_status status = spo_oblique_create(u->d, u->N, &u->part[1], err);
  if (status != SPO_OK || u->frozen)
    return status;
  status = spo_oblique_create(u->d, u->K, &u->part[0], err);
  if (status == SPO_OK)
    status = spo_product_create(2, (const spo_manifold *const *)u->part, &u->product, err);
  return status;
}

static spo_status fill(const spo_ufm_params *p, ufm *u, double *weight, spo_error *err) {
  u->tau = p->tau;
  u->tile = spo_logits_tile(u->K);
  u->features = p->features;
  u->classifier = p->classifier;
  u->normalize = p->normalize;
  u->center = p->center;
  spo_status status = fill_labels(p, u, err);
  if (status == SPO_OK)
    status = fill_weights(p, u, err);
  if (status == SPO_OK)
    status = make_manifold(u, err);
  if (status == SPO_OK)
    weigh_classes(u, weight);
  if (status == SPO_OK)
    status = count_classes(p, u, weight, err);
  if (status == SPO_OK && u->frozen)
    status = ufm_freeze(p, u, err);
  const size_t tile = u->tile < u->N ? u->tile : u->N;
  u->problem = (spo_problem){.ops = u->frozen ? &ufm_frozen_problem_ops : &ufm_problem_ops,
                             .name = "ufm",
                             .self = u,
                             .manifold = u->frozen ? u->part[1] : u->product,
                             .memo_len = u->K * u->N + u->N,
                             .work_len = u->K * tile};
  return status;
}

spo_status spo_ufm_create(const spo_ufm_params *params, spo_problem **out, spo_error *err) {
  *out = NULL;
  if (err)
    err->text[0] = '\0';
  spo_ufm_params p;
  spo_status status = spo_options_take(ufm_params, UFM_N_PARAMS, params, &p, sizeof p, err);
  ufm_sizes size = {0};
  if (status == SPO_OK)
    status = resolve_sizes(&p, &size, err);
  if (status == SPO_OK)
    status = check_sizes(&size, err);
  if (status != SPO_OK)
    return status;
  double *class_weight;
  spo_carver c = {0};
  layout(&c, &size, &class_weight);
  if (!spo_carver_alloc(&c))
    return REFUSE(SPO_E_NOMEM, "no memory for %" PRIu64 " samples", size.N);
  ufm *u = layout(&c, &size, &class_weight);
  status = fill(&p, u, class_weight, err);
  if (status == SPO_OK)
    *out = &u->problem;
  else
    ufm_destroy(&u->problem);
  return status;
}
