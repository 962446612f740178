/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The deep unconstrained feature model: forward pass, back-propagation, and their derivative along
 * a direction. The rectifier's pattern is read off the features it left. */
#include "models/deep_ufm_internal.h"

#include <float.h>
#include <inttypes.h>
#include <limits.h>
#include <math.h>

#include <spheropt/manifolds/euclidean.h>

#include "base/blas.h"
#include "base/memory.h"
#include "base/simd.h"
#include "base/take.h"
#include "base/vec.h"
#include "models/rotation.h"

/* ---- kernels --------------------------------------------------------------------------------- */

/* a = max(a, 0); NaN stays */
SPO_KERNEL static void rectify(size_t n, double *a) {
#pragma omp simd
  for (size_t i = 0; i < n; i++)
    a[i] = a[i] < 0.0 ? 0.0 : a[i];
}

/* v = v where a rectifier let its argument a through, else 0 */
SPO_KERNEL static void let_through(size_t n, const double *a, double *v) {
#pragma omp simd
  for (size_t i = 0; i < n; i++)
    v[i] = a[i] > 0.0 ? v[i] : 0.0;
}

/* The bent rectifier: delta (u^3 - u^4/2) with u = z/delta in [0, 1], beyond it z - delta/2. Its
 * slope is u^2 (3 - 2u), the slope's derivative 6 u (1 - u)/delta: both continuous. z becomes its
 * value; u out. */
SPO_KERNEL static void bend(size_t n, double delta, double *z, double *u) {
  const double per_delta = 1.0 / delta;
#pragma omp simd
  for (size_t i = 0; i < n; i++) {
    const double t = z[i] * per_delta, low = t < 0.0 ? 0.0 : t, in = low > 1.0 ? 1.0 : low;
    u[i] = in;
    z[i] = delta * (in * in * in * (1.0 - 0.5 * in) + (low - in));
  }
}

/* v *= slope */
SPO_KERNEL static void times_slope(size_t n, const double *u, double *v) {
#pragma omp simd
  for (size_t i = 0; i < n; i++)
    v[i] *= u[i] * u[i] * (3.0 - 2.0 * u[i]);
}

/* out = v times the slope's derivative, then v *= slope */
SPO_KERNEL static void times_both(size_t n, double delta, const double *u, double *v, double *out) {
  const double six = 6.0 / delta;
#pragma omp simd
  for (size_t i = 0; i < n; i++) {
    out[i] = v[i] * six * u[i] * (1.0 - u[i]);
    v[i] *= u[i] * u[i] * (3.0 - 2.0 * u[i]);
  }
}

/* v += a o b */
SPO_KERNEL static void add_product(size_t n, const double *a, const double *b, double *v) {
#pragma omp simd
  for (size_t i = 0; i < n; i++)
    v[i] += a[i] * b[i];
}

/* ---- cost, gradient, products ---------------------------------------------------------------- */

/* f is a sum of terms >= 0; the residual may cancel, but then the decay is what is left. */
static const double relative_noise = 1e3 * DBL_EPSILON;

/* A_l: H in the point, the others in the memo. */
static const double *activation(const deep_ufm *u, const double *x, const double *memo, size_t l) {
  return l == 0 ? x : memo + u->active[l];
}

/* out = beta out + alpha W_l in, for N columns */
static void forward(const deep_ufm *u, size_t l, double alpha, const double *x, const double *in,
                    double beta, double *out) {
  const size_t from = u->width[l - 1], to = u->width[l];
  spo_gemm('T', 'N', to, u->N, from, alpha, x + u->at[l], from, in, from, beta, out, to);
}

/* out = beta out + W_l^T in */
static void backward(const deep_ufm *u, size_t l, const double *x, const double *in, double beta,
                     double *out) {
  const size_t from = u->width[l - 1], to = u->width[l];
  spo_gemm('N', 'N', from, u->N, to, 1.0, x + u->at[l], from, in, to, beta, out, from);
}

/* The weight gradient: g_l = beta g_l + delta A^T */
static void correlate(const deep_ufm *u, size_t l, const double *A, const double *delta,
                      double beta, double *g) {
  const size_t from = u->width[l - 1], to = u->width[l];
  spo_gemm('N', 'T', from, to, u->N, 1.0, A, from, delta, to, beta, g + u->at[l], from);
}

double deep_fit(const deep_ufm *u, const double *memo) {
  const double *R = memo + u->delta[u->L];
  return 0.5 * (double)u->N * spo_vec_dot(2 * u->N, R, R);
}

static double decay(const deep_ufm *u, const double *x) {
  double sum = 0.0;
  for (size_t l = 0; l <= u->L; l++)
    sum += 0.5 * u->lambda[l] * spo_vec_dot(deep_part_len(u, l), x + u->at[l], x + u->at[l]);
  return sum;
}

static void add_decay(const deep_ufm *u, const double *v, double *hv) {
  for (size_t l = 0; l <= u->L; l++)
    spo_vec_axpy(deep_part_len(u, l), u->lambda[l], v + u->at[l], hv + u->at[l]);
}

static int cost(void *self, const double *x, double *f, double *memo, double *work) {
  (void)work;
  const deep_ufm *u = self;
  for (size_t l = 1; l < u->L; l++) {
    forward(u, l, 1.0, x, activation(u, x, memo, l - 1), 0.0, memo + u->active[l]);
    if (u->smoothing > 0.0)
      bend(u->width[l] * u->N, u->smoothing, memo + u->active[l], memo + u->bent[l]);
    else
      rectify(u->width[l] * u->N, memo + u->active[l]);
  }
  double *R = memo + u->delta[u->L];
  for (size_t i = 0; i < u->N; i++) {
    R[2 * i] = i < u->n ? -1.0 : 0.0;
    R[2 * i + 1] = i < u->n ? 0.0 : -1.0;
  }
  forward(u, u->L, 1.0, x, activation(u, x, memo, u->L - 1), 1.0, R);
  spo_vec_scale(2 * u->N, 1.0 / (double)u->N, R);
  *f = deep_fit(u, memo) + decay(u, x);
  return 0;
}

/* v times the rectifier's slope at the argument of A_l */
static void times_rectifier(const deep_ufm *u, size_t l, const double *memo, double *v) {
  const size_t count = u->width[l] * u->N;
  if (u->smoothing > 0.0)
    times_slope(count, memo + u->bent[l], v);
  else
    let_through(count, memo + u->active[l], v);
}

static int egrad(void *self, const double *x, double *g, double *memo, double *work) {
  (void)work;
  const deep_ufm *u = self;
  for (size_t l = u->L; l >= 1; l--) {
    const double *delta = memo + u->delta[l];
    double *below = l > 1 ? memo + u->delta[l - 1] : g;
    correlate(u, l, activation(u, x, memo, l - 1), delta, 0.0, g);
    backward(u, l, x, delta, 0.0, below);
    if (l == 1)
      break;
    if (u->smoothing > 0.0)
      times_both(u->width[l - 1] * u->N, u->smoothing, memo + u->bent[l - 1], below,
                 memo + u->turn[l - 1]);
    else
      let_through(u->width[l - 1] * u->N, memo + u->active[l - 1], below);
  }
  add_decay(u, x, g);
  return 0;
}

/* Adot_l, l = 1 .. L-1, where A_l stands in a memo, the derivatives of the bent rectifiers'
 * arguments where u_l does, and delta_L's derivative at *last. */
static void forward_derivative(const deep_ufm *u, const double *x, const double *v,
                               const double *memo, double *dot, double *last) {
  for (size_t l = 1; l <= u->L; l++) {
    const bool hidden = l < u->L;
    const double *before = l == 1 ? v : dot + u->active[l - 1];
    const double factor = hidden ? 1.0 : 1.0 / (double)u->N;
    double *out = hidden ? dot + u->active[l] : last;
    forward(u, l, factor, v, activation(u, x, memo, l - 1), 0.0, out);
    forward(u, l, factor, x, before, 1.0, out);
    if (hidden && u->smoothing > 0.0)
      spo_vec_copy(u->width[l] * u->N, out, dot + u->bent[l]);
    if (hidden)
      times_rectifier(u, l, memo, out);
  }
}

/* work: the derivatives of features and arguments, as in a memo up to delta_1, then those of two
 * layers' deltas. */
static int ehess(void *self, const double *x, const double *v, double *hv, const double *memo,
                 double *work) {
  const deep_ufm *u = self;
  double *dot = work, *ddelta = work + u->delta[1];
  double *spare = work + (u->problem.work_len + u->delta[1]) / 2;
  forward_derivative(u, x, v, memo, dot, ddelta);
  for (size_t l = u->L; l >= 1; l--) {
    const double *delta = memo + u->delta[l];
    double *below = l > 1 ? spare : hv;
    correlate(u, l, l == 1 ? v : dot + u->active[l - 1], delta, 0.0, hv);
    correlate(u, l, activation(u, x, memo, l - 1), ddelta, 1.0, hv);
    backward(u, l, v, delta, 0.0, below);
    backward(u, l, x, ddelta, 1.0, below);
    if (l == 1)
      break;
    times_rectifier(u, l - 1, memo, below);
    if (u->smoothing > 0.0)
      add_product(u->width[l - 1] * u->N, memo + u->turn[l - 1], dot + u->bent[l - 1], below);
    spare = ddelta;
    ddelta = below;
  }
  add_decay(u, v, hv);
  return 0;
}

/* The decay's own gradient is at most sqrt(2 lambda f): that for the decays' geometric mean. */
static int scale(void *self, const double *x, double f, const double *memo, double *f_noise,
                 double *grad_scale) {
  (void)x, (void)memo;
  const deep_ufm *u = self;
  double log_mean = 0.0;
  for (size_t l = 0; l <= u->L; l++)
    log_mean += log(u->lambda[l]) / (double)(u->L + 1);
  *f_noise = relative_noise * fabs(f);
  *grad_scale = sqrt(2.0 * f * exp(log_mean));
  return 0;
}

static int known_minimum(void *self, double *f_star, const char **theorem) {
  const deep_ufm *u = self;
  size_t narrowest = SIZE_MAX;
  if (u->smoothing > 0.0)
    return 1;
  for (size_t l = 1; l < u->L; l++)
    narrowest = u->width[l] < narrowest ? u->width[l] : narrowest;
  if (u->c > 0.0 && narrowest < 2)
    return 1;
  *f_star = u->f_star;
  *theorem = u->c > 0.0 ? "deep neural collapse, hidden widths >= 2: Sukenik et al. 2023"
                        : "all zero, decay beyond the threshold: Sukenik et al. 2023";
  return 0;
}

/* ---- rotations of R^(w_0) -------------------------------------------------------------------- */

static size_t symmetry_store_len(const void *self) {
  return spo_rotation_store_len(((const deep_ufm *)self)->width[0]);
}

static size_t symmetry_work_len(const void *self) {
  return spo_rotation_work_len(((const deep_ufm *)self)->width[0]);
}

static int symmetry_prepare(void *self, const double *x, double *store, size_t *dim, double *work) {
  const deep_ufm *u = self;
  return spo_rotation_prepare(u->width[0], u->N + u->width[1], x, store, dim, work);
}

static int symmetry_project(void *self, const double *x, const double *store, size_t k, double *V,
                            double *work) {
  const deep_ufm *u = self;
  return spo_rotation_project_part(u->width[0], u->N + u->width[1], u->problem.manifold->n, x,
                                   store, k, V, work);
}

static const spo_symmetry symmetry = {
    .size = sizeof(spo_symmetry),
    .name = "rotations of the features",
    .store_len = symmetry_store_len,
    .work_len = symmetry_work_len,
    .prepare = symmetry_prepare,
    .project = symmetry_project,
};

/* ---- creation -------------------------------------------------------------------------------- */

#define AT(member) offsetof(spo_deep_ufm_params, member)
static const spo_option table[] = {
    {"layers", "L, weight matrices", "", AT(layers), SPO_OPTION_UINT, 2, 1000, 3, 0, NULL, 0},
    {"per-class", "n, samples in each of the two classes", "", AT(per_class), SPO_OPTION_UINT, 1,
     INT_MAX / 2, 4, 0, NULL, 0},
    {"width",
     "w_0,...,w_(L-1), lengths of the features layer by layer, or one for all; not given: "
     "16",
     "", AT(width), SPO_OPTION_COUNTS, 0, 0, 0, 0, NULL, 0},
    {"decay", "of the features and of every layer's weights", "", AT(decay), SPO_OPTION_DOUBLE, 0,
     INFINITY, 5e-4, SPO_OPEN_LO | SPO_OPEN_HI, NULL, 0},
    {"decay-h", "of the features; not given: as decay", "", AT(decay_h), SPO_OPTION_DOUBLE, 0,
     INFINITY, NAN, SPO_OPEN_LO | SPO_OPEN_HI, NULL, 0},
    {"smoothing", "rectifiers bend over arguments 0 to this; 0: they have a kink", "",
     AT(smoothing), SPO_OPTION_DOUBLE, 0, INFINITY, 0, SPO_OPEN_HI, NULL, 0},
    {"decays", "of the features and of the weights of each layer, L+1 numbers", "", AT(decays),
     SPO_OPTION_MATRIX, 0, 0, 0, 0, NULL, 0},
};
#undef AT
enum { N_PARAMS = sizeof table / sizeof table[0], DEFAULT_WIDTH = 16 };

static void destroy(spo_problem *P) {
  deep_ufm *u = P->self;
  spo_manifold_destroy(u->manifold);
  spo_block_free(u);
}

static const spo_problem_ops problem_ops = {
    .size = sizeof(spo_problem_ops),
    .cost = cost,
    .egrad = egrad,
    .ehess = ehess,
    .scale = scale,
    .known_minimum = known_minimum,
    .symmetry = &symmetry,
    .destroy = destroy,
};

void spo_deep_ufm_params_init(spo_deep_ufm_params *params) {
  spo_options_init(table, N_PARAMS, params, sizeof *params);
}

#define REFUSE(code, ...) spo_fail(err, code, "spo_deep_ufm_create", __VA_ARGS__)

static spo_status check_lists(const spo_deep_ufm_params *p, spo_error *err) {
  const size_t decays = spo_size_mul(p->decays.rows, p->decays.cols);
  if (p->width.data && p->width.count != 1 && p->width.count != p->layers)
    return REFUSE(SPO_E_DIM, "width: %zu numbers; 1 or %" PRIu64 " (layers) are possible",
                  p->width.count, p->layers);
  for (size_t l = 0; l < p->width.count; l++)
    if (p->width.data[l] < 1 || p->width.data[l] > INT_MAX)
      return REFUSE(SPO_E_ARG, "width: %" PRId64 " is not allowed; it must be 1 to %d",
                    p->width.data[l], INT_MAX);
  if (p->decays.data && decays != p->layers + 1)
    return REFUSE(SPO_E_DIM, "decays: %zu numbers; %" PRIu64 " (layers + 1) are needed", decays,
                  p->layers + 1);
  for (size_t l = 0; p->decays.data && l < decays; l++)
    if (!(p->decays.data[l] > 0.0 && p->decays.data[l] < INFINITY))
      return REFUSE(SPO_E_OPTION, "decays: entry %zu is %g, must be greater than 0 and finite", l,
                    p->decays.data[l]);
  if (p->decays.data && !isnan(p->decay_h))
    return REFUSE(SPO_E_ARG, "decay-h: not beside decays, which give it");
  return SPO_OK;
}

static deep_ufm *layout(spo_carver *c, size_t L) {
  deep_ufm *u = spo_carve(c, 1, sizeof *u);
  size_t *lengths = spo_carve(c, 6 * (L + 1), sizeof *lengths);
  double *lambda = spo_carve_doubles(c, L + 1);
  int64_t *given = spo_carve(c, L, sizeof *given);
  if (u)
    *u = (deep_ufm){.L = L,
                    .width = lengths,
                    .at = lengths + L + 1,
                    .active = lengths + 2 * (L + 1),
                    .bent = lengths + 3 * (L + 1),
                    .turn = lengths + 4 * (L + 1),
                    .delta = lengths + 5 * (L + 1),
                    .lambda = lambda,
                    .given_width = given};
  return u;
}

static void fill(const spo_deep_ufm_params *p, deep_ufm *u) {
  const size_t L = u->L;
  u->n = p->per_class;
  u->N = 2 * u->n;
  u->own_decays = p->decays.data != NULL;
  u->decay = p->decay;
  u->decay_h = p->decay_h;
  u->smoothing = p->smoothing;
  for (size_t l = 0; l <= L; l++) {
    if (l < L)
      u->given_width[l] = p->width.data ? p->width.data[p->width.count > 1 ? l : 0] : DEFAULT_WIDTH;
    u->width[l] = l < L ? (size_t)u->given_width[l] : 2;
    u->lambda[l] = u->own_decays                  ? p->decays.data[l]
                   : l == 0 && !isnan(p->decay_h) ? p->decay_h
                                                  : p->decay;
  }
}

/* Places for an array of each hidden layer, from `from` on; where the next thing begins out. */
static size_t place_hidden(const deep_ufm *u, size_t from, size_t *at) {
  for (size_t l = 0; l <= u->L; l++) {
    at[l] = from;
    if (l > 0 && l < u->L)
      from = spo_size_add(from, spo_size_mul(u->width[l], u->N));
  }
  return from;
}

/* Where everything stands; the sizes saturate instead of overflowing. */
static void place(deep_ufm *u, size_t *point, size_t *memo, size_t *work) {
  size_t widest = 0;
  *point = 0;
  for (size_t l = 0; l <= u->L; l++) {
    u->at[l] = *point;
    *point = spo_size_add(*point, l == 0 ? spo_size_mul(u->N, u->width[0])
                                         : spo_size_mul(u->width[l], u->width[l - 1]));
    widest = u->width[l] > widest ? u->width[l] : widest;
  }
  *memo = place_hidden(u, 0, u->active);
  if (u->smoothing > 0.0)
    *memo = place_hidden(u, *memo, u->bent);
  *work = spo_size_add(*memo, spo_size_mul(2 * widest, u->N));
  *memo = place_hidden(u, *memo, u->delta);
  *memo = spo_size_add(*memo, 2 * u->N); /* delta_L */
  if (u->smoothing > 0.0)
    *memo = place_hidden(u, *memo, u->turn);
}

spo_status spo_deep_ufm_create(const spo_deep_ufm_params *params, spo_problem **out,
                               spo_error *err) {
  *out = NULL;
  spo_deep_ufm_params p;
  spo_status status = spo_options_take(table, N_PARAMS, params, &p, sizeof p, err);
  if (status == SPO_OK)
    status = check_lists(&p, err);
  if (status != SPO_OK)
    return status;
  spo_carver needed = {0};
  layout(&needed, p.layers);
  spo_carver c = {.base = spo_block_alloc(needed.used)};
  if (!c.base)
    return REFUSE(SPO_E_NOMEM, "no memory for %" PRIu64 " layers", p.layers);
  deep_ufm *u = layout(&c, p.layers);
  size_t point, memo, work;
  fill(&p, u);
  place(u, &point, &memo, &work);
  if (point > INT_MAX || memo > INT_MAX)
    status = REFUSE(SPO_E_DIM,
                    "layers %" PRIu64 ", per-class %" PRIu64 " and the widths: more numbers than "
                    "BLAS can index (%d)",
                    p.layers, p.per_class, INT_MAX);
  else
    status = spo_euclidean_create(point, &u->manifold, err);
  deep_solve_reduced(u);
  u->problem = (spo_problem){.ops = &problem_ops,
                             .name = "deep-ufm",
                             .self = u,
                             .manifold = u->manifold,
                             .memo_len = memo,
                             .work_len = work};
  if (status == SPO_OK)
    *out = &u->problem;
  else
    destroy(&u->problem);
  return status;
}

/* ---- the model ------------------------------------------------------------------------------- */

static spo_status create(const void *params, spo_problem **out, spo_error *err) {
  return spo_deep_ufm_create(params, out, err);
}

static void describe(const spo_problem *P, void *params) {
  const deep_ufm *u = P->self;
  spo_deep_ufm_params *p = params;
  spo_deep_ufm_params_init(p);
  p->layers = u->L;
  p->per_class = u->n;
  p->width = (spo_integers){u->given_width, u->L};
  p->decay = u->decay;
  p->decay_h = u->decay_h;
  p->smoothing = u->smoothing;
  if (u->own_decays)
    p->decays = (spo_matrix){u->lambda, u->L + 1, 1};
}

static size_t parts(const spo_problem *P, spo_part part[SPO_MODEL_MAX_PARTS]) {
  static const char *const names[] = {"H",  "W1", "W2",  "W3",  "W4",  "W5",  "W6",  "W7",
                                      "W8", "W9", "W10", "W11", "W12", "W13", "W14", "W15"};
  const deep_ufm *u = P->self;
  part[0] = (spo_part){names[0], u->N, u->width[0], 0};
  if (u->L >= SPO_MODEL_MAX_PARTS) {
    part[1] = (spo_part){"W", 1, P->manifold->n - u->at[1], u->at[1]};
    return 2;
  }
  for (size_t l = 1; l <= u->L; l++)
    part[l] = (spo_part){names[l], u->width[l], u->width[l - 1], u->at[l]};
  return u->L + 1;
}

static const char *default_start(const spo_problem *P) {
  (void)P;
  return "he";
}

static const char *const samples[] = {
    "--layers 3 --per-class 2 --width 10 --decay 0.02 --smoothing 0.1",
    "--layers 4 --per-class 1 --width 6 --decay 0.01 --decay-h 0.02 --smoothing 0.3",
    "--layers 3 --per-class 2 --width 10,8,9 --decay 0.3", "--layers 2 --width 1 --decay 0.5",
    NULL};

static const spo_model_ops model = {
    .size = sizeof(spo_model_ops),
    .name = "deep-ufm",
    .summary = "deep unconstrained feature model: two classes, rectified layers, squared loss",
    .reference = "Sukenik, Mondelli, Lampert 2023, arXiv:2305.13165",
    .params_size = sizeof(spo_deep_ufm_params),
    .n_params = N_PARAMS,
    .param = table,
    .sample = samples,
    .n_points = DEEP_N_POINTS,
    .point = deep_points,
    .n_metrics = DEEP_N_METRICS,
    .metric = deep_metric_names,
    .create = create,
    .describe = describe,
    .parts = parts,
    .metrics = deep_metrics,
    .default_start = default_start,
    .products = {1, 2, 6},
};

const spo_model_ops *spo_deep_ufm(void) {
  return &model;
}
