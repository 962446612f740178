/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The feature model with weight decay from its parameters; named points and metrics. */
#include "models/ce_ufm_internal.h"

#include <inttypes.h>
#include <limits.h>
#include <math.h>

#include <spheropt/manifolds/euclidean.h>
#include <spheropt/manifolds/oblique.h>
#include <spheropt/models/generalised_collapse.h>
#include <spheropt/models/neural_collapse.h>

#include "base/memory.h"
#include "base/take.h"
#include "base/vec.h"
#include "models/simplex.h"

static const char decay_origin[] = "5e-4: weight decay of Zhu et al. 2021";

#define AT(member) offsetof(spo_ce_ufm_params, member)
static const spo_option table[] = {
    {"classes", "K, number of classes; not given: from counts, else 10", "", AT(classes),
     SPO_OPTION_UINT, 2, INT_MAX, 0, 0, NULL, 0},
    {"per-class", "n, samples in each class; not given: from counts, else 5", "", AT(per_class),
     SPO_OPTION_UINT, 1, INT_MAX, 0, 0, NULL, 0},
    {"dim", "d, feature dimension", "", AT(dim), SPO_OPTION_UINT, 1, INT_MAX, 16, 0, NULL, 0},
    {"decay-w", "lW, of the classifiers", decay_origin, AT(decay_w), SPO_OPTION_DOUBLE, 0, INFINITY,
     5e-4, SPO_OPEN_LO | SPO_OPEN_HI, NULL, 0},
    {"decay-h", "lH, of the features", decay_origin, AT(decay_h), SPO_OPTION_DOUBLE, 0, INFINITY,
     5e-4, SPO_OPEN_LO | SPO_OPEN_HI, NULL, 0},
    {"decay-b", "lb, of the bias", decay_origin, AT(decay_b), SPO_OPTION_DOUBLE, 0, INFINITY, 5e-4,
     SPO_OPEN_LO | SPO_OPEN_HI, NULL, 0},
    {"counts", "samples in each class, n_0,n_1,...", "", AT(counts), SPO_OPTION_COUNTS, 0, 0, 0, 0,
     NULL, 0},
};
#undef AT
enum { N_PARAMS = sizeof table / sizeof table[0] };

void spo_ce_ufm_params_init(spo_ce_ufm_params *params) {
  spo_options_init(table, N_PARAMS, params, sizeof *params);
}

#define REFUSE(code, ...) spo_fail(err, code, "spo_ce_ufm_create", __VA_ARGS__)

/* The parameters that others imply, filled in; N out. per_class becomes 0 if it differs. */
static spo_status resolve(spo_ce_ufm_params *p, size_t *N, spo_error *err) {
  const spo_integers n = p->counts;
  if (n.data && p->classes > 0 && p->classes != n.count)
    return REFUSE(SPO_E_DIM, "counts: %zu classes, but classes says %" PRIu64, n.count, p->classes);
  if (n.data && (n.count < 2 || n.count > INT_MAX))
    return REFUSE(SPO_E_DIM, "counts: %zu classes; 2 to %d are possible", n.count, INT_MAX);
  p->classes = n.data ? n.count : p->classes > 0 ? p->classes : 10;
  if (!n.data) {
    p->per_class = p->per_class > 0 ? p->per_class : 5;
    *N = spo_size_mul(p->classes, p->per_class);
    return SPO_OK;
  }
  bool equal = true;
  *N = 0;
  for (size_t k = 0; k < n.count; k++) {
    if (n.data[k] < 0 || n.data[k] > INT_MAX)
      return REFUSE(SPO_E_ARG, "counts: %" PRId64 " samples in class %zu; 0 to %d are possible",
                    n.data[k], k, INT_MAX);
    if (p->per_class > 0 && (uint64_t)n.data[k] != p->per_class)
      return REFUSE(SPO_E_DIM,
                    "counts: %" PRId64 " samples in class %zu, but per-class says %" PRIu64,
                    n.data[k], k, p->per_class);
    equal &= n.data[k] == n.data[0];
    *N = spo_size_add(*N, (size_t)n.data[k]);
  }
  p->per_class = equal ? (uint64_t)n.data[0] : 0;
  return *N > 0 ? SPO_OK : REFUSE(SPO_E_ARG, "counts: all zero; at least one sample is needed");
}

static ce_ufm *layout(spo_carver *c, size_t K, size_t N) {
  ce_ufm *u = spo_carve(c, 1, sizeof *u);
  int64_t *label = spo_carve(c, N, sizeof(int64_t));
  int64_t *count = spo_carve(c, K, sizeof(int64_t));
  double *omega = spo_carve_doubles(c, N);
  if (u)
    *u = (ce_ufm){.label = label, .count = count, .omega = omega};
  return u;
}

static void fill(const spo_ce_ufm_params *p, size_t N, ce_ufm *u) {
  const size_t K = p->classes, d = p->dim;
  u->params = *p;
  for (size_t k = 0, i = 0; k < K; k++) {
    u->count[k] = p->counts.data ? p->counts.data[k] : (int64_t)p->per_class;
    for (const size_t end = i + (size_t)u->count[k]; i < end; i++) {
      u->label[i] = (int64_t)k;
      u->omega[i] = 1.0 / (double)N;
    }
  }
  u->params.counts = (spo_integers){u->count, K};
  u->L = (spo_logits){.d = d,
                      .K = K,
                      .N = N,
                      .tile = spo_logits_tile(K),
                      .tau = 1.0,
                      .label = u->label,
                      .omega = u->omega,
                      .bias = true};
  const double lambda[] = {p->decay_w, p->decay_h, p->decay_b};
  const size_t length[] = {K * d, N * d, K};
  for (size_t part = 0; part < 3; part++) {
    u->lambda[part] = lambda[part];
    u->length[part] = length[part];
  }
}

static void note_empty_classes(const ce_ufm *u, spo_error *err) {
  size_t empty = 0, first = 0;
  for (size_t k = 0; k < u->L.K; k++)
    if (u->count[k] == 0 && empty++ == 0)
      first = k;
  if (empty == 1)
    spo_fail(err, SPO_OK, "spo_ce_ufm_create", "class %zu has no samples", first);
  else if (empty > 1)
    spo_fail(err, SPO_OK, "spo_ce_ufm_create",
             "%zu classes have no samples, the first is class %zu", empty, first);
}

spo_status spo_ce_ufm_create(const spo_ce_ufm_params *params, spo_problem **out, spo_error *err) {
  *out = NULL;
  if (err)
    err->text[0] = '\0';
  spo_ce_ufm_params p;
  size_t N = 0;
  spo_status status = spo_options_take(table, N_PARAMS, params, &p, sizeof p, err);
  if (status == SPO_OK)
    status = resolve(&p, &N, err);
  if (status != SPO_OK)
    return status;
  const size_t points = spo_size_mul(p.dim, spo_size_add(p.classes, N));
  if (spo_size_add(points, p.classes) > INT_MAX ||
      spo_size_mul(p.classes, N) > PTRDIFF_MAX / sizeof(double) / 4)
    return REFUSE(SPO_E_DIM,
                  "classes %" PRIu64 ", samples %zu, dim %" PRIu64
                  ": more numbers than BLAS can index (%d)",
                  p.classes, N, p.dim, INT_MAX);
  spo_carver c = {0};
  layout(&c, p.classes, N);
  if (!spo_carver_alloc(&c))
    return REFUSE(SPO_E_NOMEM, "no memory for %zu samples", N);
  ce_ufm *u = layout(&c, p.classes, N);
  fill(&p, N, u);
  status = spo_euclidean_create(ce_length(u), &u->manifold, err);
  u->problem = (spo_problem){.ops = &ce_problem_ops,
                             .name = "ce-ufm",
                             .self = u,
                             .manifold = u->manifold,
                             .memo_len = spo_logits_memo_len(&u->L),
                             .work_len = spo_logits_work_len(&u->L)};
  if (status == SPO_OK)
    note_empty_classes(u, err);
  if (status == SPO_OK)
    *out = &u->problem;
  else
    ce_problem_ops.destroy(&u->problem);
  return status;
}

/* ---- named points ---------------------------------------------------------------------------- */

static spo_status build_origin(const spo_problem *P, const char *arg, gsl_rng *rng, double *x,
                               spo_error *err) {
  (void)arg, (void)rng, (void)err;
  spo_vec_zero(P->manifold->n, x);
  return SPO_OK;
}

static spo_status build_collapse(const spo_problem *P, const char *arg, gsl_rng *rng, double *x,
                                 spo_error *err) {
  (void)arg, (void)rng;
  const ce_ufm *u = P->self;
  const size_t d = u->L.d, K = u->L.K;
  if (u->params.per_class == 0)
    return spo_fail(err, SPO_E_ARG, "spo_ce_ufm_point",
                    "collapse: a closed form only if all classes have the same number of samples");
  const double rho = ce_logit_gap(u), n = (double)u->params.per_class;
  if (d + 1 < K && rho > 0.0)
    return spo_fail(err, SPO_E_ARG, "spo_ce_ufm_point",
                    "collapse: needs dim at least %zu, here it is %zu", K - 1, d);
  spo_vec_zero(P->manifold->n, x);
  if (!(rho > 0.0))
    return SPO_OK;
  /* |w_k|^2 = |W|^2/K, |h_i|^2 = |H|^2/N */
  const double each = ((double)K - 1.0) * rho / (double)K;
  const double w = sqrt(each * sqrt(n * u->lambda[1] / u->lambda[0]));
  const double h = sqrt(each * sqrt(u->lambda[0] / (u->lambda[1] * n)));
  spo_simplex(d, K, x);
  for (size_t i = 0; i < u->L.N; i++)
    spo_vec_axpy(d, h, x + (size_t)u->label[i] * d, x + (K + i) * d);
  spo_vec_scale(K * d, w, x);
  return SPO_OK;
}

static spo_status build_unit(const spo_problem *P, const char *arg, gsl_rng *rng, double *x,
                             spo_error *err) {
  (void)arg;
  const ce_ufm *u = P->self;
  spo_manifold *spheres;
  spo_status status = spo_oblique_create(u->L.d, u->L.K + u->L.N, &spheres, err);
  if (status != SPO_OK)
    return status;
  spo_vec_zero(P->manifold->n, x);
  status = spheres->ops->random_point(spheres, rng, x, NULL);
  spo_manifold_destroy(spheres);
  return status;
}

static const spo_named_point points[] = {
    {"collapse", NULL, "simplex ETF of the closed form, b = 0: the global minimum", build_collapse},
    {"origin", NULL, "all zero; of equal classes a saddle if sqrt(n lW lH) < 1/K, else the minimum",
     build_origin},
    {"unit", NULL, "random vectors of length one, b = 0: ufm's random start of the same seed",
     build_unit},
};

/* ---- the model ------------------------------------------------------------------------------- */

static spo_status create(const void *params, spo_problem **out, spo_error *err) {
  return spo_ce_ufm_create(params, out, err);
}

static void describe(const spo_problem *P, void *params) {
  *(spo_ce_ufm_params *)params = ((const ce_ufm *)P->self)->params;
}

static size_t parts(const spo_problem *P, spo_part part[SPO_MODEL_MAX_PARTS]) {
  const ce_ufm *u = P->self;
  part[0] = (spo_part){"W", u->L.K, u->L.d, 0};
  part[1] = (spo_part){"H", u->L.N, u->L.d, u->length[0]};
  part[2] = (spo_part){"b", 1, u->L.K, u->length[0] + u->length[1]};
  return 3;
}

/* |W^T h_G + b|, and the features without their mean h_G */
static double center(const ce_ufm *u, const double *x, double *centred, double *mean) {
  const size_t d = u->L.d, K = u->L.K, N = u->L.N;
  const double *H = x + K * d, *b = x + (K + N) * d;
  double square = 0.0;
  spo_vec_zero(d, mean);
  for (size_t i = 0; i < N; i++)
    spo_vec_axpy(d, 1.0 / (double)N, H + i * d, mean);
  for (size_t i = 0; i < N; i++)
    spo_vec_add(d, H + i * d, -1.0, mean, centred + i * d);
  for (size_t k = 0; k < K; k++) {
    const double off = spo_vec_dot(d, x + k * d, mean) + b[k];
    square += off * off;
  }
  return sqrt(square);
}

/* Beyond this many classes the geometry takes longer than a row of a trace may. */
enum { MAX_SELI = 256 };

/* The largest difference between a cosine of two classifiers and that of the SELI geometry. */
static spo_status seli_distance(const ce_ufm *u, const double *W, double *value, spo_error *err) {
  const size_t d = u->L.d, K = u->L.K;
  bool known = K <= MAX_SELI;
  for (size_t k = 0; k < K; k++)
    known = known && u->count[k] > 0;
  *value = NAN;
  if (!known)
    return SPO_OK;
  double *cosine = spo_block_alloc(spo_size_mul(K * K, sizeof *cosine));
  if (!cosine)
    return spo_fail(err, SPO_E_NOMEM, "ce-ufm", "no memory for %zu classes", K);
  const spo_status status = spo_seli(K, u->count, cosine, err);
  double worst = status == SPO_OK ? 0.0 : NAN;
  for (size_t a = 0; status == SPO_OK && a < K; a++)
    for (size_t b = 0; b < a; b++) {
      const double *v = W + a * d, *w = W + b * d;
      const double own = spo_vec_dot(d, v, w) / (spo_vec_norm(d, v) * spo_vec_norm(d, w));
      const double off = fabs(own - cosine[a * K + b]);
      worst = off <= worst || isnan(worst) ? worst : off; /* NaN, of a vector 0, stays */
    }
  spo_block_free(cosine);
  *value = worst;
  return status;
}

static spo_status metrics(const spo_problem *P, const double *x, double *value, spo_error *err) {
  const ce_ufm *u = P->self;
  const size_t d = u->L.d, N = u->L.N;
  double *block = spo_block_alloc(spo_size_mul(d * (N + 1), sizeof *block));
  if (!block)
    return spo_fail(err, SPO_E_NOMEM, "ce-ufm", "no memory for %zu samples", N);
  value[3] = center(u, x, block, block + d * N);
  const spo_status status = spo_neural_collapse(d, u->L.K, N, x, block, u->label, value, err);
  spo_block_free(block);
  return status == SPO_OK ? seli_distance(u, x, &value[4], err) : status;
}

static const char *const samples[] = {
    "--classes 4 --per-class 5 --dim 6 --decay-w 0.01 --decay-h 0.001",
    "--classes 3 --per-class 2 --dim 3 --decay-w 0.005 --decay-h 0.005 --decay-b 0.01",
    "--classes 4 --per-class 2 --dim 5 --decay-w 0.2 --decay-h 0.1 --decay-b 0.1",
    "--classes 2 --per-class 150 --dim 1 --decay-w 0.01 --decay-h 0.0001 --decay-b 1",
    "--counts 7,1,0,2 --dim 4 --decay-w 0.01 --decay-h 0.02",
    NULL};
static const char *const metric_names[] = {"nc1", "nc2", "nc3", "bias", "seli"};

static const spo_model_ops model = {
    .size = sizeof(spo_model_ops),
    .name = "ce-ufm",
    .summary = "unconstrained feature model with cross-entropy and weight decay",
    .reference = "Zhu, Ding, Zhou, Li, You, Sulam, Qu 2021, arXiv:2105.02375",
    .manifold = "euclidean(d (K + N) + K)",
    .theorem = "simplex ETF, classes balanced, d >= K-1: Zhu et al. 2021, global optimality; W = H "
               "= 0, b = 0: sqrt(n lW lH) >= 1/K, nuclear-norm bound",
    .params_size = sizeof(spo_ce_ufm_params),
    .n_params = N_PARAMS,
    .param = table,
    .sample = samples,
    .n_points = sizeof points / sizeof points[0],
    .point = points,
    .n_metrics = sizeof metric_names / sizeof metric_names[0],
    .metric = metric_names,
    .create = create,
    .describe = describe,
    .parts = parts,
    .metrics = metrics,
    .products = {1, 2, 6},
};

const spo_model_ops *spo_ce_ufm(void) {
  return &model;
}
