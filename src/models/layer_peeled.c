/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The layer-peeled model: the cross-entropy that the feature models share, one sample a class, on
 * two spheres. */
#include <spheropt/models/layer_peeled.h>

#include <float.h>
#include <inttypes.h>
#include <limits.h>
#include <math.h>

#include <spheropt/manifolds/product.h>
#include <spheropt/manifolds/sphere.h>
#include <spheropt/models/neural_collapse.h>

#include "base/memory.h"
#include "base/take.h"
#include "base/vec.h"
#include "models/free_direction.h"
#include "models/logits.h"
#include "models/simplex.h"

#define AT(member) offsetof(spo_layer_peeled_params, member)
static const spo_option table[] = {
    {"classes", "K, number of classes; not given: from counts, else 10", "", AT(classes),
     SPO_OPTION_UINT, 2, 30000, 0, 0, NULL, 0},
    {"dim", "d, dimension of features and classifiers; not given: 2K, which is always enough", "",
     AT(dim), SPO_OPTION_UINT, 1, INT_MAX, 0, 0, NULL, 0},
    {"energy-h", "E_H, mean square length of the features", "Fang et al. 2021: 5", AT(energy_h),
     SPO_OPTION_DOUBLE, 0, INFINITY, 5, SPO_OPEN_LO | SPO_OPEN_HI, NULL, 0},
    {"energy-w", "E_W, mean square length of the classifiers", "Fang et al. 2021: 1", AT(energy_w),
     SPO_OPTION_DOUBLE, 0, INFINITY, 1, SPO_OPEN_LO | SPO_OPEN_HI, NULL, 0},
    {"imbalance", "R: the classes after the majority weigh 1/R, the majority 1", "", AT(imbalance),
     SPO_OPTION_DOUBLE, 1, INFINITY, 1, SPO_OPEN_HI, NULL, SPO_NEUTRAL},
    {"majority", "classes of weight 1; not given: half of them, rounded up", "", AT(majority),
     SPO_OPTION_UINT, 1, 30000, 0, 0, NULL, 0},
    {"counts", "samples in each class, n_0,n_1,...: weights n_k / max n instead of imbalance", "",
     AT(counts), SPO_OPTION_COUNTS, 0, 0, 0, 0, NULL, 0},
};
#undef AT
enum { N_PARAMS = sizeof table / sizeof table[0] };

typedef struct layer_peeled {
  spo_problem problem; /* first: a problem made here is its layer_peeled */
  spo_logits L;        /* N = K, sample k of class k */
  spo_layer_peeled_params params;
  int64_t *label, *count; /* K */
  double *omega;          /* K */
  double least, most;     /* of the weights */
  spo_manifold *part[2], *product;
} layer_peeled;

/* f is a sum of log1p terms with relative accuracy, as the spherical feature model's. */
static const double relative_noise = 1e3 * DBL_EPSILON;

/* ---- cost, gradient, products ---------------------------------------------------------------- */

static int cost(void *self, const double *x, double *f, double *memo, double *work) {
  (void)work;
  *f = spo_logits_cost(&((const layer_peeled *)self)->L, x, memo);
  return 0;
}

static int egrad(void *self, const double *x, double *g, double *memo, double *work) {
  (void)work;
  spo_logits_egrad(&((const layer_peeled *)self)->L, x, memo, g);
  return 0;
}

static int cost_egrad(void *self, const double *x, double *f, double *g, double *memo,
                      double *work) {
  (void)work;
  *f = spo_logits_cost_egrad(&((const layer_peeled *)self)->L, x, memo, g);
  return 0;
}

static int ehess_block(void *self, const double *x, size_t k, const double *V, double *HV,
                       const double *memo, double *work) {
  spo_logits_ehess(&((const layer_peeled *)self)->L, x, k, V, HV, memo, work);
  return 0;
}

static int ehess(void *self, const double *x, const double *v, double *hv, const double *memo,
                 double *work) {
  return ehess_block(self, x, 1, v, hv, memo, work);
}

/* Logits move by sqrt(K E_W E_H) along a unit tangent that is shared evenly, f at most so fast. */
static int scale(void *self, const double *x, double f, const double *memo, double *f_noise,
                 double *grad_scale) {
  (void)x, (void)memo;
  const layer_peeled *u = self;
  *f_noise = relative_noise * fabs(f);
  *grad_scale = u->L.tau / sqrt((double)u->L.K) * f;
  return 0;
}

static int known_minimum(void *self, double *f_star, const char **theorem) {
  const layer_peeled *u = self;
  const double K = (double)u->L.K;
  if (u->least < u->most || u->L.d + 1 < u->L.K)
    return 1;
  /* rho / K = sqrt(E_W E_H) */
  *f_star = K * u->most * log1p((K - 1.0) * exp(-u->L.tau / (K - 1.0)));
  *theorem = "simplex ETF, equal weights, d >= K-1: Fang et al. 2021, theorem 1";
  return 0;
}

/* ---- rotations of R^d ------------------------------------------------------------------------ */

static void rotated(const void *self, size_t *d, size_t *m) {
  const layer_peeled *u = self;
  *d = u->L.d;
  *m = 2 * u->L.K;
}

static const spo_symmetry symmetry = {
    .size = sizeof(spo_symmetry), .name = "rotations of R^d", .rotated = rotated};

/* ---- certificate: Z = [-alpha I, G; G^T, -alpha I] ------------------------------------------- */

static size_t order(const void *self) {
  return 2 * ((const layer_peeled *)self)->L.K;
}

/* alpha */
static size_t store_len(const void *self) {
  (void)self;
  return 1;
}

/* prepare: a gradient. Directions: the second moment, LAPACK's room. */
static size_t cert_work_len(const void *self) {
  const spo_logits *L = &((const layer_peeled *)self)->L;
  const size_t n = 2 * L->K * L->d, moment = spo_free_direction_work_len(L->d);
  return n > moment ? n : moment;
}

static int prepare(void *self, const double *x, const double *memo, double *store, double *work) {
  const spo_logits *L = &((const layer_peeled *)self)->L;
  spo_logits_egrad(L, x, memo, work);
  *store = spo_vec_dot(L->K * L->d, x, work);
  return 0;
}

static int apply(void *self, const double *x, const double *memo, const double *store, bool scaled,
                 size_t k, const double *U, double *ZU, double *work) {
  (void)x, (void)scaled, (void)work; /* both blocks have one multiplier: nothing to scale */
  const size_t n = order(self);
  for (size_t a = 0; a < k * n; a++)
    ZU[a] = -*store * U[a];
  spo_logits_arrow(&((const layer_peeled *)self)->L, memo, k, n, U, ZU);
  return 0;
}

/* half of tr X = 2 */
static int gap_bound(void *self, bool scaled, double lambda_min, double *gap) {
  (void)self, (void)scaled;
  *gap = lambda_min < 0.0 ? -lambda_min : lambda_min >= 0.0 ? 0.0 : NAN;
  return 0;
}

static int direction(void *self, const double *x, const double *memo, const double *store, size_t c,
                     double lambda, const double *vector, double *v, double *work) {
  (void)memo, (void)store, (void)c;
  const spo_logits *L = &((const layer_peeled *)self)->L;
  return lambda < 0.0 ? spo_free_direction(L->d, 2 * L->K, x, vector, v, work) : 1;
}

static const char *const case_names[] = {"free direction"};
static const spo_certificate certificate = {
    .size = sizeof(spo_certificate),
    .name = "arrow matrix Z of two energies",
    .order = order,
    .store_len = store_len,
    .work_len = cert_work_len,
    .prepare = prepare,
    .apply = apply,
    .gap_bound = gap_bound,
    .n_cases = 1,
    .case_name = case_names,
    .direction = direction,
};

/* ---- creation -------------------------------------------------------------------------------- */

static void destroy(spo_problem *P) {
  layer_peeled *u = P->self;
  spo_manifold_destroy(u->product);
  spo_manifold_destroy(u->part[0]);
  spo_manifold_destroy(u->part[1]);
  spo_block_free(u);
}

static const spo_problem_ops problem_ops = {
    .size = sizeof(spo_problem_ops),
    .cost = cost,
    .egrad = egrad,
    .cost_egrad = cost_egrad,
    .ehess = ehess,
    .ehess_block = ehess_block,
    .scale = scale,
    .known_minimum = known_minimum,
    .symmetry = &symmetry,
    .certificate = &certificate,
    .destroy = destroy,
};

void spo_layer_peeled_params_init(spo_layer_peeled_params *params) {
  spo_options_init(table, N_PARAMS, params, sizeof *params);
}

#define REFUSE(code, ...) spo_fail(err, code, "spo_layer_peeled_create", __VA_ARGS__)

/* The parameters that others imply, filled in. */
static spo_status resolve(spo_layer_peeled_params *p, spo_error *err) {
  const bool counted = p->counts.data != NULL;
  if (counted && p->classes > 0 && p->classes != p->counts.count)
    return REFUSE(SPO_E_DIM, "counts: %zu class%s, but classes says %" PRIu64, p->counts.count,
                  p->counts.count == 1 ? "" : "es", p->classes);
  if (counted && (p->counts.count < 2 || p->counts.count > 30000))
    return REFUSE(SPO_E_DIM, "counts: %zu class%s; 2 to 30000 are possible", p->counts.count,
                  p->counts.count == 1 ? "" : "es");
  if (counted && (p->majority > 0 || p->imbalance > 1.0))
    return REFUSE(SPO_E_ARG, "%s: not beside counts, which give the weights",
                  p->majority > 0 ? "majority" : "imbalance");
  for (size_t k = 0; k < p->counts.count; k++)
    if (p->counts.data[k] < 1)
      return REFUSE(SPO_E_ARG, "counts: %" PRId64 " samples in class %zu; at least 1 is needed",
                    p->counts.data[k], k);
  p->classes = counted ? p->counts.count : p->classes > 0 ? p->classes : 10;
  if (p->majority > p->classes)
    return REFUSE(SPO_E_ARG,
                  "majority: %" PRIu64 " is not allowed; it must be 1 to %" PRIu64 " (classes)",
                  p->majority, p->classes);
  if (!counted && p->majority == 0)
    p->majority = (p->classes + 1) / 2;
  if (p->dim == 0)
    p->dim = 2 * p->classes;
  if (spo_size_mul(p->dim, p->classes) > INT_MAX / 2)
    return REFUSE(SPO_E_DIM,
                  "classes %" PRIu64 ", dim %" PRIu64 ": more numbers than BLAS can index (%d)",
                  p->classes, p->dim, INT_MAX);
  return SPO_OK;
}

static layer_peeled *layout(spo_carver *c, size_t K) {
  layer_peeled *u = spo_carve(c, 1, sizeof *u);
  int64_t *label = spo_carve(c, K, sizeof(int64_t));
  int64_t *count = spo_carve(c, K, sizeof(int64_t));
  double *omega = spo_carve_doubles(c, K);
  if (u)
    *u = (layer_peeled){.label = label, .count = count, .omega = omega};
  return u;
}

static void fill_weights(const spo_layer_peeled_params *p, layer_peeled *u) {
  int64_t largest = 1;
  for (size_t k = 0; k < p->counts.count; k++)
    largest = p->counts.data[k] > largest ? p->counts.data[k] : largest;
  u->least = INFINITY;
  u->most = 0.0;
  for (size_t k = 0; k < p->classes; k++) {
    u->label[k] = (int64_t)k;
    u->count[k] = p->counts.data ? p->counts.data[k] : 0;
    u->omega[k] = p->counts.data    ? (double)p->counts.data[k] / (double)largest
                  : k < p->majority ? 1.0
                                    : 1.0 / p->imbalance;
    u->least = fmin(u->least, u->omega[k]);
    u->most = fmax(u->most, u->omega[k]);
  }
}

static void fill(const spo_layer_peeled_params *p, layer_peeled *u) {
  const size_t K = p->classes;
  u->params = *p;
  if (p->counts.data)
    u->params.counts.data = u->count;
  fill_weights(p, u);
  u->L = (spo_logits){.d = p->dim,
                      .K = K,
                      .N = K,
                      .tile = spo_logits_tile(K),
                      .tau = (double)K * sqrt(p->energy_w * p->energy_h),
                      .label = u->label,
                      .omega = u->omega};
}

static spo_status make_manifold(layer_peeled *u, spo_error *err) {
  const size_t n = u->L.K * u->L.d;
  spo_status status = spo_sphere_create(n, &u->part[0], err);
  if (status == SPO_OK)
    status = spo_sphere_create(n, &u->part[1], err);
  if (status == SPO_OK)
    status = spo_product_create(2, (const spo_manifold *const *)u->part, &u->product, err);
  return status;
}

spo_status spo_layer_peeled_create(const spo_layer_peeled_params *params, spo_problem **out,
                                   spo_error *err) {
  *out = NULL;
  spo_layer_peeled_params p;
  spo_status status = spo_options_take(table, N_PARAMS, params, &p, sizeof p, err);
  if (status == SPO_OK)
    status = resolve(&p, err);
  if (status != SPO_OK)
    return status;
  spo_carver c = {0};
  layout(&c, p.classes);
  if (!spo_carver_alloc(&c))
    return REFUSE(SPO_E_NOMEM, "no memory for %" PRIu64 " classes", p.classes);
  layer_peeled *u = layout(&c, p.classes);
  fill(&p, u);
  status = make_manifold(u, err);
  u->problem = (spo_problem){.ops = &problem_ops,
                             .name = "layer-peeled",
                             .self = u,
                             .manifold = u->product,
                             .memo_len = spo_logits_memo_len(&u->L),
                             .work_len = spo_logits_work_len(&u->L)};
  if (status == SPO_OK)
    *out = &u->problem;
  else
    destroy(&u->problem);
  return status;
}

/* ---- the model ------------------------------------------------------------------------------- */

static spo_status build_etf(const spo_problem *P, const char *arg, gsl_rng *rng, double *x,
                            spo_error *err) {
  (void)arg, (void)rng;
  const spo_logits *L = &((const layer_peeled *)P->self)->L;
  const size_t K = L->K, d = L->d;
  if (d + 1 < K)
    return spo_fail(err, SPO_E_ARG, "spo_layer_peeled_point",
                    "etf: needs dim at least %zu, here it is %zu", K - 1, d);
  spo_simplex(d, K, x);
  spo_vec_scale(K * d, 1.0 / sqrt((double)K), x);
  spo_vec_copy(K * d, x, x + K * d);
  return SPO_OK;
}

static const spo_named_point points[] = {
    {"etf", NULL, "simplex ETF with h_k = w_k: the global minimum for equal weights", build_etf},
};

static spo_status create(const void *params, spo_problem **out, spo_error *err) {
  return spo_layer_peeled_create(params, out, err);
}

static void describe(const spo_problem *P, void *params) {
  const layer_peeled *u = P->self;
  spo_layer_peeled_params *p = params;
  *p = u->params;
}

static size_t parts(const spo_problem *P, spo_part part[SPO_MODEL_MAX_PARTS]) {
  const spo_logits *L = &((const layer_peeled *)P->self)->L;
  part[0] = (spo_part){"W", L->K, L->d, 0};
  part[1] = (spo_part){"H", L->K, L->d, L->K * L->d};
  return 2;
}

/* Vectors below this part of the mean length have no direction worth a cosine. */
static const double vanished = 1e-6;

/* Mean cosine over pairs of the classifiers whose weight is `omega`, and their mean length over
 * that of all. */
static double mean_cosine(const layer_peeled *u, const double *W, double omega, double *length) {
  const size_t K = u->L.K, d = u->L.d;
  double all = 0.0, sum = 0.0, cosines = 0.0;
  size_t members = 0, pairs = 0;
  for (size_t k = 0; k < K; k++) {
    all += spo_vec_norm(d, W + k * d) / (double)K;
    if (u->omega[k] == omega) {
      sum += spo_vec_norm(d, W + k * d);
      members++;
    }
  }
  for (size_t k = 0; k < K; k++)
    for (size_t j = 0; j < k; j++) {
      const double a = spo_vec_norm(d, W + k * d), b = spo_vec_norm(d, W + j * d);
      if (u->omega[k] != omega || u->omega[j] != omega || !(a > vanished * all) ||
          !(b > vanished * all))
        continue;
      cosines += spo_vec_dot(d, W + k * d, W + j * d) / (a * b);
      pairs++;
    }
  *length = sum / (double)members / all;
  return pairs > 0 ? cosines / (double)pairs : NAN;
}

static spo_status metrics(const spo_problem *P, const double *x, double *value, spo_error *err) {
  const layer_peeled *u = P->self;
  const spo_logits *L = &u->L;
  double nc[3], length;
  const spo_status status =
      spo_neural_collapse(L->d, L->K, L->K, x, x + L->K * L->d, u->label, nc, err);
  value[0] = mean_cosine(u, x, u->least, &value[2]);
  value[1] = mean_cosine(u, x, u->most, &length);
  value[3] = nc[1];
  value[4] = nc[2];
  return status;
}

static const char *const samples[] = {"--classes 10",
                                      "--classes 10 --imbalance 10",
                                      "--classes 4 --dim 3 --energy-h 2",
                                      "--counts 5,3,3,1 --dim 6 --energy-h 2 --energy-w 0.5",
                                      "--classes 2 --dim 1 --energy-h 1",
                                      NULL};
static const char *const metric_names[] = {"minority_cosine", "majority_cosine", "minority_norm",
                                           "nc2", "nc3"};

static const spo_model_ops model = {
    .size = sizeof(spo_model_ops),
    .name = "layer-peeled",
    .summary = "layer-peeled model: one feature and classifier a class, budgets of energy, weights",
    .reference = "Fang, He, Long, Su 2021, arXiv:2101.12699",
    .manifold = "sphere(d K) x sphere(d K)",
    .theorem = "simplex ETF, equal weights, d >= K-1: Fang et al. 2021, theorem 1",
    .params_size = sizeof(spo_layer_peeled_params),
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

const spo_model_ops *spo_layer_peeled(void) {
  return &model;
}
