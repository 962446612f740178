/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The nearest simplex ETF: problem and model. A place keeps U C/sqrt(K-1) - Y. */
#include "models/nearest_etf_internal.h"

#include <float.h>
#include <limits.h>
#include <math.h>

#include "base/memory.h"
#include "base/take.h"
#include "base/vec.h"
#include "models/orthonormal.h"

#define AT(member) offsetof(spo_nearest_etf_params, member)
static const spo_option table[] = {
    {"classes", "K; not given: of means or prox, else 4", "", AT(classes), SPO_OPTION_UINT, 2,
     46340, 0, 0, NULL, 0},
    {"dim", "d, at least K; not given: of means or prox, else 6", "", AT(dim), SPO_OPTION_UINT, 2,
     INT_MAX, 0, 0, NULL, 0},
    {"seed", "of random class means; the run's own", "", AT(seed), SPO_OPTION_UINT, 0, 0x1p53, 0, 0,
     NULL, 0},
    {"means", "class means, one per row; centred and scaled to Frobenius norm 1", "", AT(means),
     SPO_OPTION_MATRIX, 0, 0, 0, 0, NULL, 0},
    {"delta", "weight of the proximal term; with 0 the solution is not unique",
     "Markou et al. 2024", AT(delta), SPO_OPTION_DOUBLE, 0, INFINITY, 1e-3, SPO_OPEN_HI, NULL, 0},
    {"prox", "where the proximal term pulls, one vector per row; not given: unit vectors", "",
     AT(prox), SPO_OPTION_MATRIX, 0, 0, 0, 0, NULL, 0},
    {"retraction", "of the Stiefel manifold", "", AT(retraction), SPO_OPTION_CHOICE, 0, 1, 0, 0,
     spo_stiefel_choices, 0},
};
#undef AT
enum { N_PARAMS = sizeof table / sizeof table[0] };

typedef struct nearest {
  spo_problem problem; /* first */
  size_t d, K;
  double delta, f_star;
  uint64_t seed;
  bool given_means, given_prox;
  double *means, *prox, *Y, *B; /* K x d */
  const void *retraction;
  spo_polar *polar; /* of B */
  spo_manifold *manifold;
} nearest;

static const double relative_noise = 1e2 * DBL_EPSILON; /* of |Y| and the frames' lengths */
/* prox as a starting point: orthonormal to this */
static const double frame_tol = 1e-8;

#define REFUSE(code, ...) spo_fail(err, code, "spo_nearest_etf", __VA_ARGS__)

/* ---- objective ------------------------------------------------------------------------------- */

/* memo: R = U C/sqrt(K-1) - Y, then room for a mean */
static int cost(void *self, const double *x, double *f, double *memo, double *work) {
  (void)work;
  const nearest *e = self;
  const size_t n = e->d * e->K;
  double *R = memo, away = 0.0;
  nearest_centre(e->d, e->K, x, R, memo + n);
  spo_vec_combine(n, 1.0 / sqrt((double)e->K - 1.0), R, -1.0, e->Y, R);
  for (size_t i = 0; i < n && e->delta > 0.0; i++)
    away += (x[i] - e->prox[i]) * (x[i] - e->prox[i]);
  *f = spo_vec_dot(n, R, R) + 0.5 * e->delta * away;
  return 0;
}

static int egrad(void *self, const double *x, double *g, double *memo, double *work) {
  (void)work;
  const nearest *e = self;
  const double scale = 2.0 / sqrt((double)e->K - 1.0);
  for (size_t i = 0; i < e->d * e->K; i++)
    g[i] = scale * memo[i] + e->delta * (x[i] - e->prox[i]);
  return 0;
}

static int ehess(void *self, const double *x, const double *v, double *hv, const double *memo,
                 double *work) {
  (void)x, (void)memo;
  const nearest *e = self;
  nearest_centre(e->d, e->K, v, hv, work);
  spo_vec_combine(e->d * e->K, 2.0 / ((double)e->K - 1.0), hv, e->delta, v, hv);
  return 0;
}

static int scale(void *self, const double *x, double f, const double *memo, double *f_noise,
                 double *grad_scale) {
  (void)x, (void)f, (void)memo;
  const nearest *e = self;
  *f_noise = relative_noise * (2.0 + e->delta * (double)e->K);
  *grad_scale = 2.0 / sqrt((double)e->K - 1.0) + e->delta * sqrt((double)e->K);
  return 0;
}

static int known_minimum(void *self, double *f_star, const char **theorem) {
  const nearest *e = self;
  *f_star = e->f_star;
  *theorem = "polar factor of B, sum of its singular values: von Neumann";
  return 0;
}

/* ---- delta = 0: U moves within the frames of the same U C ------------------------------------ */

static size_t no_store(const void *self) {
  (void)self;
  return 0;
}

static size_t symmetry_work_len(const void *self) {
  return ((const nearest *)self)->d;
}

static int symmetry_prepare(void *self, const double *x, double *store, size_t *dim, double *work) {
  (void)x, (void)store, (void)work;
  const nearest *e = self;
  *dim = e->d - e->K;
  return 0;
}

/* V = a 1^T with a orthogonal to all of U: a = (I - U U^T) V 1/K */
static int symmetry_project(void *self, const double *x, const double *store, size_t k, double *V,
                            double *work) {
  (void)store;
  const nearest *e = self;
  const size_t d = e->d, K = e->K;
  double *a = work;
  for (size_t l = 0; l < k; l++) {
    double *v = V + l * d * K;
    spo_vec_zero(d, a);
    for (size_t j = 0; j < K; j++)
      spo_vec_axpy(d, 1.0 / (double)K, v + j * d, a);
    for (size_t j = 0; j < K; j++)
      spo_vec_axpy(d, -spo_vec_dot(d, x + j * d, a), x + j * d, a);
    for (size_t j = 0; j < K; j++)
      spo_vec_copy(d, a, v + j * d);
  }
  return 0;
}

static const spo_symmetry fibres = {
    .size = sizeof(spo_symmetry),
    .name = "fibres of U -> U C",
    .store_len = no_store,
    .work_len = symmetry_work_len,
    .prepare = symmetry_prepare,
    .project = symmetry_project,
};

static void destroy(spo_problem *P) {
  nearest *e = P->self;
  spo_manifold_destroy(e->manifold);
  spo_polar_destroy(e->polar);
  spo_block_free(e);
}

#define NEAREST_OPS(group)                                                                         \
  {                                                                                                \
    .size = sizeof(spo_problem_ops), .cost = cost, .egrad = egrad, .ehess = ehess, .scale = scale, \
    .known_minimum = known_minimum, .symmetry = group, .destroy = destroy,                         \
  }
static const spo_problem_ops problem_ops = NEAREST_OPS(NULL), free_ops = NEAREST_OPS(&fibres);

/* ---- creation -------------------------------------------------------------------------------- */

void spo_nearest_etf_params_init(spo_nearest_etf_params *params) {
  spo_options_init(table, N_PARAMS, params, sizeof *params);
}

/* One size, from the matrices that are given, or `value`, or `otherwise`. */
static spo_status resolve(const char *name, uint64_t value, const spo_matrix *means,
                          const spo_matrix *prox, bool rows, size_t otherwise, size_t *size,
                          spo_error *err) {
  const size_t of_means = rows ? means->rows : means->cols,
               of_prox = rows ? prox->rows : prox->cols;
  const char *what = rows ? "rows" : "columns";
  *size = value ? (size_t)value : means->data ? of_means : prox->data ? of_prox : otherwise;
  if (means->data && of_means != *size)
    return REFUSE(SPO_E_DIM, "means: %zu %s, but %s says %zu", of_means, what, name, *size);
  if (prox->data && of_prox != *size)
    return REFUSE(SPO_E_DIM, "prox: %zu %s, but %s says %zu", of_prox, what, value ? name : "means",
                  *size);
  return SPO_OK;
}

static nearest *layout(spo_carver *c, size_t d, size_t K) {
  const size_t n = d * K;
  nearest *e = spo_carve(c, 1, sizeof *e);
  double *means = spo_carve_doubles(c, n), *prox = spo_carve_doubles(c, n),
         *Y = spo_carve_doubles(c, n), *B = spo_carve_doubles(c, n);
  if (e)
    *e = (nearest){.d = d, .K = K, .means = means, .prox = prox, .Y = Y, .B = B};
  return e;
}

static spo_status take_prox(nearest *e, const spo_matrix *prox, spo_error *err) {
  const size_t n = e->d * e->K;
  e->given_prox = prox->data != NULL;
  if (!e->given_prox) {
    nearest_unit_vectors(e->d, e->K, e->prox);
    return SPO_OK;
  }
  for (size_t i = 0; i < n; i++)
    if (!isfinite(prox->data[i]))
      return REFUSE(SPO_E_ARG, "prox: entry (%zu, %zu) is %g", i / e->d, i % e->d, prox->data[i]);
  spo_vec_copy(n, prox->data, e->prox);
  return SPO_OK;
}

/* Y, B and its decomposition, f*. */
static spo_status aim(nearest *e, spo_error *err) {
  const size_t n = e->d * e->K;
  double length, sum = 0.0;
  spo_status status = nearest_means(e->d, e->K, e->means, e->Y, &length, e->B, err);
  if (status != SPO_OK)
    return status;
  nearest_target(e->d, e->K, e->Y, e->prox, e->delta, e->B);
  status = spo_polar_create(e->d, e->K, e->B, &e->polar, err);
  if (status != SPO_OK)
    return status;
  for (size_t k = 0; k < e->K; k++)
    sum += e->polar->sigma[k];
  e->f_star = spo_vec_dot(n, e->Y, e->Y) + 1.0 +
              0.5 * e->delta * ((double)e->K + spo_vec_dot(n, e->prox, e->prox)) - sum;
  return SPO_OK;
}

static spo_status fill(nearest *e, const spo_nearest_etf_params *p, spo_error *err) {
  const size_t n = e->d * e->K;
  e->delta = p->delta;
  e->seed = p->seed;
  e->retraction = p->retraction;
  e->given_means = p->means.data != NULL;
  e->problem = (spo_problem){.ops = e->delta > 0.0 ? &problem_ops : &free_ops,
                             .name = "nearest-etf",
                             .self = e,
                             .memo_len = n + e->d,
                             .work_len = e->d};
  spo_status status = take_prox(e, &p->prox, err);
  if (status == SPO_OK && e->given_means)
    spo_vec_copy(n, p->means.data, e->means);
  else if (status == SPO_OK)
    status = spo_gaussian_fill(n, p->seed, e->means, err);
  if (status == SPO_OK)
    status = aim(e, err);
  if (status == SPO_OK)
    status = spo_stiefel_create(e->d, e->K, *(const spo_stiefel_retraction *)p->retraction,
                                &e->manifold, err);
  e->problem.manifold = e->manifold;
  return status;
}

/* A shape that a file gave is the file's fault, not that of an option nobody named. */
static spo_status check_files(const spo_nearest_etf_params *p, size_t d, size_t K, spo_error *err) {
  const bool means = p->means.data != NULL;
  if ((!means && !p->prox.data) || (K >= 2 && d >= K))
    return SPO_OK;
  return REFUSE(
      SPO_E_DIM,
      "%s: %zu x %zu given; at least 2 rows, one a class, and no fewer columns are needed",
      means ? "means" : "prox", K, d);
}

spo_status spo_nearest_etf_create(const spo_nearest_etf_params *params, spo_problem **out,
                                  spo_error *err) {
  *out = NULL;
  if (err)
    err->text[0] = '\0';
  spo_nearest_etf_params p;
  size_t d = 0, K = 0;
  spo_status status = spo_options_take(table, N_PARAMS, params, &p, sizeof p, err);
  if (status == SPO_OK)
    status = resolve("classes", p.classes, &p.means, &p.prox, true, 4, &K, err);
  if (status == SPO_OK)
    status = resolve("dim", p.dim, &p.means, &p.prox, false, 6, &d, err);
  if (status == SPO_OK)
    status = check_files(&p, d, K, err);
  if (status == SPO_OK)
    status = nearest_check_shape(d, K, p.delta, err);
  if (status != SPO_OK)
    return status;
  spo_carver c = {0};
  layout(&c, d, K);
  if (!spo_carver_alloc(&c))
    return REFUSE(SPO_E_NOMEM, "no memory for %zu classes in dimension %zu", K, d);
  nearest *e = layout(&c, d, K);
  status = fill(e, &p, err);
  if (status == SPO_OK)
    *out = &e->problem;
  else
    destroy(&e->problem);
  return status;
}

/* ---- the model ------------------------------------------------------------------------------- */

static spo_status create(const void *params, spo_problem **out, spo_error *err) {
  return spo_nearest_etf_create(params, out, err);
}

static void describe(const spo_problem *P, void *params) {
  const nearest *e = P->self;
  spo_nearest_etf_params *p = params;
  spo_nearest_etf_params_init(p);
  p->classes = e->K;
  p->dim = e->d;
  p->seed = e->seed;
  p->delta = e->delta;
  p->retraction = e->retraction;
  if (e->given_means)
    p->means = (spo_matrix){e->means, e->K, e->d};
  if (e->given_prox)
    p->prox = (spo_matrix){e->prox, e->K, e->d};
}

static size_t parts(const spo_problem *P, spo_part part[SPO_MODEL_MAX_PARTS]) {
  const nearest *e = P->self;
  part[0] = (spo_part){"U", e->K, e->d, 0};
  return 1;
}

static spo_status metrics(const spo_problem *P, const double *x, double *value, spo_error *err) {
  const nearest *e = P->self;
  const size_t n = e->d * e->K;
  value[0] = NAN;
  value[1] = e->polar->sigma[e->K - 1];
  if (!spo_polar_unique(e->polar))
    return SPO_OK;
  double *U = spo_block_alloc(n * sizeof(double));
  if (!U)
    return REFUSE(SPO_E_NOMEM, "no memory for the metrics");
  const spo_status status = spo_polar_point(e->polar, NULL, U, err);
  if (status == SPO_OK) {
    spo_vec_axpy(n, -1.0, x, U);
    value[0] = spo_vec_norm(n, U);
  }
  spo_block_free(U);
  return status;
}

static spo_status build_solution(const spo_problem *P, const char *arg, gsl_rng *rng, double *x,
                                 spo_error *err) {
  (void)arg, (void)rng;
  return spo_polar_point(((const nearest *)P->self)->polar, NULL, x, err);
}

static spo_status build_signs(const spo_problem *P, const char *arg, gsl_rng *rng, double *x,
                              spo_error *err) {
  (void)rng;
  return spo_polar_signs(((const nearest *)P->self)->polar, arg, x, err);
}

static spo_status build_prox(const spo_problem *P, const char *arg, gsl_rng *rng, double *x,
                             spo_error *err) {
  (void)arg, (void)rng;
  const nearest *e = P->self;
  for (size_t a = 0; a < e->K; a++)
    for (size_t b = 0; b <= a; b++) {
      const double dot = spo_vec_dot(e->d, e->prox + a * e->d, e->prox + b * e->d);
      if (!(fabs(dot - (a == b ? 1.0 : 0.0)) <= frame_tol))
        return REFUSE(SPO_E_ARG, "prox: rows %zu and %zu have inner product %.6g, not orthonormal",
                      b, a, dot);
    }
  spo_vec_copy(e->d * e->K, e->prox, x);
  return SPO_OK;
}

static const spo_named_point points[] = {
    {"solution", NULL, "the closed form: the polar factor of B", build_solution},
    {"prox", NULL, "the frame that the proximal term pulls to: a warm start", build_prox},
    {"signs", "+-+", "P diag(signs) Q^T of B's singular vectors, one sign each: a critical point",
     build_signs},
};
static const char *const samples[] = {"--classes 4 --dim 6", "--classes 3 --dim 5 --delta 0.1",
                                      "--classes 5 --dim 8 --delta 0 --retraction qr", NULL};
static const char *const metric_names[] = {"distance", "sigma_min"};

static const spo_model_ops model = {
    .size = sizeof(spo_model_ops),
    .name = "nearest-etf",
    .summary = "the simplex ETF nearest to class means, on the Stiefel manifold",
    .reference = "Markou, Ajanthan, Gould 2024, arXiv:2411.01248",
    .manifold = "stiefel(dim, classes)",
    .theorem = "polar factor of B, sum of its singular values, any means and delta: von Neumann",
    .params_size = sizeof(spo_nearest_etf_params),
    .n_params = N_PARAMS,
    .param = table,
    .sample = samples,
    .n_points = 3,
    .point = points,
    .n_metrics = 2,
    .metric = metric_names,
    .create = create,
    .describe = describe,
    .parts = parts,
    .metrics = metrics,
};

const spo_model_ops *spo_nearest_etf(void) {
  return &model;
}
