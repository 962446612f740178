/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The orthogonal Procrustes problem. A place keeps R = A X - B, so that f keeps its relative
 * accuracy where the fit is good. */
#include <spheropt/models/procrustes.h>

#include <float.h>
#include <inttypes.h>
#include <limits.h>
#include <math.h>

#include "base/blas.h"
#include "base/memory.h"
#include "base/take.h"
#include "base/vec.h"
#include "models/orthonormal.h"

#define AT(member) offsetof(spo_procrustes_params, member)
static const spo_option table[] = {
    {"rows", "m; not given: of a or b, else 12", "", AT(rows), SPO_OPTION_UINT, 1, INT_MAX, 0, 0,
     NULL, 0},
    {"size", "n, columns of A; not given: of a, else 6", "", AT(n), SPO_OPTION_UINT, 2, 46340, 0, 0,
     NULL, 0},
    {"columns", "p, at most n, columns of B; not given: of b, else 3", "", AT(columns),
     SPO_OPTION_UINT, 1, 46340, 0, 0, NULL, 0},
    {"seed", "of random matrices; the run's own", "", AT(seed), SPO_OPTION_UINT, 0, 0x1p53, 0, 0,
     NULL, 0},
    {"isometric", "random A with orthonormal columns: then the closed form holds", "",
     AT(isometric), SPO_OPTION_BOOL, 0, 1, 0, 0, NULL, 0},
    {"a", "A, m x n", "", AT(a), SPO_OPTION_MATRIX, 0, 0, 0, 0, NULL, 0},
    {"b", "B, m x p", "", AT(b), SPO_OPTION_MATRIX, 0, 0, 0, 0, NULL, 0},
    {"retraction", "of the Stiefel manifold", "", AT(retraction), SPO_OPTION_CHOICE, 0, 1, 0, 0,
     spo_stiefel_choices, 0},
};
#undef AT
enum { N_PARAMS = sizeof table / sizeof table[0] };

typedef struct procrustes {
  spo_problem problem; /* first */
  size_t m, n, p;
  uint64_t seed;
  bool isometric, given_a, given_b;
  double *A;      /* m rows of n */
  double *B, *Bt; /* m rows of p, and p columns of m */
  double norm_a, norm_b, f_star;
  const void *retraction;
  spo_polar *polar; /* of A^T B, where the closed form holds */
  spo_manifold *manifold;
} procrustes;

static const double relative_noise = 1e2 * DBL_EPSILON;
/* A^T A = c I to this part of c: what the rounding of an orthonormal basis leaves */
static const double balance_tol = 1e-13;

#define REFUSE(code, ...) spo_fail(err, code, "spo_procrustes", __VA_ARGS__)

/* ---- objective ------------------------------------------------------------------------------- */

static void residual(const procrustes *q, const double *x, double *R) {
  spo_vec_copy(q->m * q->p, q->Bt, R);
  spo_gemm('T', 'N', q->m, q->p, q->n, 1.0, q->A, q->n, x, q->n, -1.0, R, q->m);
}

static int cost(void *self, const double *x, double *f, double *memo, double *work) {
  (void)work;
  const procrustes *q = self;
  residual(q, x, memo);
  *f = spo_vec_dot(q->m * q->p, memo, memo);
  return 0;
}

static int egrad(void *self, const double *x, double *g, double *memo, double *work) {
  (void)x, (void)work;
  const procrustes *q = self;
  spo_gemm('N', 'N', q->n, q->p, q->m, 2.0, q->A, q->n, memo, q->m, 0.0, g, q->n);
  return 0;
}

static int ehess(void *self, const double *x, const double *v, double *hv, const double *memo,
                 double *work) {
  (void)x, (void)memo;
  const procrustes *q = self;
  spo_gemm('T', 'N', q->m, q->p, q->n, 1.0, q->A, q->n, v, q->n, 0.0, work, q->m);
  spo_gemm('N', 'N', q->n, q->p, q->m, 2.0, q->A, q->n, work, q->m, 0.0, hv, q->n);
  return 0;
}

/* |A X| for X that knows nothing of A: as if all singular values were alike */
static double typical_product(const procrustes *q) {
  return q->norm_a * sqrt((double)q->p / (double)q->n);
}

/* R is wrong by rounding of A X, f by twice its product with R */
static int scale(void *self, const double *x, double f, const double *memo, double *f_noise,
                 double *grad_scale) {
  (void)x, (void)memo;
  const procrustes *q = self;
  const double product = typical_product(q);
  *f_noise = relative_noise * (f + sqrt(f) * (product + q->norm_b)) +
             DBL_EPSILON * DBL_EPSILON * product * product;
  *grad_scale = 2.0 * q->norm_a / sqrt((double)q->n) * (product + q->norm_b);
  return 0;
}

static int known_minimum(void *self, double *f_star, const char **theorem) {
  const procrustes *q = self;
  if (!q->polar)
    return 1;
  *f_star = q->f_star;
  *theorem = q->p == q->n ? "square: polar factor of A^T B, Schonemann 1966"
                          : "A^T A a multiple of I: polar factor of A^T B, von Neumann";
  return 0;
}

static void destroy(spo_problem *P) {
  procrustes *q = P->self;
  spo_manifold_destroy(q->manifold);
  spo_polar_destroy(q->polar);
  spo_block_free(q);
}

static const spo_problem_ops problem_ops = {
    .size = sizeof(spo_problem_ops),
    .cost = cost,
    .egrad = egrad,
    .ehess = ehess,
    .scale = scale,
    .known_minimum = known_minimum,
    .destroy = destroy,
};

/* ---- creation -------------------------------------------------------------------------------- */

void spo_procrustes_params_init(spo_procrustes_params *params) {
  spo_options_init(table, N_PARAMS, params, sizeof *params);
}

typedef struct sizes {
  size_t m, n, p;
} sizes;

static spo_status agree(const char *option, uint64_t value, const char *matrix, bool given,
                        size_t has, const char *what, size_t *size, spo_error *err) {
  if (given && value && has != value)
    return REFUSE(SPO_E_DIM, "%s: %zu %s, but %s says %" PRIu64, matrix, has, what, option, value);
  if (given)
    *size = has;
  else if (value)
    *size = (size_t)value;
  return SPO_OK;
}

static spo_status resolve_sizes(const spo_procrustes_params *p, sizes *s, spo_error *err) {
  *s = (sizes){12, 6, 3};
  if (p->a.data && p->b.data && p->a.rows != p->b.rows)
    return REFUSE(SPO_E_DIM, "b: %zu rows, but a has %zu", p->b.rows, p->a.rows);
  spo_status status = agree("size", p->n, "a", p->a.data != NULL, p->a.cols, "columns", &s->n, err);
  if (status == SPO_OK)
    status = agree("columns", p->columns, "b", p->b.data != NULL, p->b.cols, "columns", &s->p, err);
  if (status == SPO_OK)
    status = agree("rows", p->rows, "b", p->b.data != NULL, p->b.rows, "rows", &s->m, err);
  if (status == SPO_OK)
    status = agree("rows", p->rows, "a", p->a.data != NULL, p->a.rows, "rows", &s->m, err);
  if (status != SPO_OK)
    return status;
  if (s->n < 2)
    return REFUSE(SPO_E_DIM, "a: %zu column, at least 2 are needed", s->n);
  if (s->p > s->n)
    return REFUSE(SPO_E_DIM, "columns: %zu given, at most the size, %zu", s->p, s->n);
  if (p->isometric && p->a.data)
    return REFUSE(SPO_E_ARG, "isometric: of use only without a");
  if (p->isometric && s->m < s->n)
    return REFUSE(SPO_E_DIM, "isometric: %zu rows given, at least the size, %zu, are needed", s->m,
                  s->n);
  if (spo_size_mul(s->m, s->n) > INT_MAX || spo_size_mul(s->n, s->p) > INT_MAX)
    return REFUSE(SPO_E_DIM, "rows: %zu times size %zu is more than BLAS can index (%d)", s->m,
                  s->n, INT_MAX);
  return SPO_OK;
}

static procrustes *layout(spo_carver *c, const sizes *s) {
  procrustes *q = spo_carve(c, 1, sizeof *q);
  double *A = spo_carve_doubles(c, s->m * s->n), *B = spo_carve_doubles(c, s->m * s->p),
         *Bt = spo_carve_doubles(c, s->m * s->p);
  if (q)
    *q = (procrustes){.m = s->m, .n = s->n, .p = s->p, .A = A, .B = B, .Bt = Bt};
  return q;
}

static spo_status take_matrix(const char *name, const spo_matrix *given, size_t count,
                              uint64_t seed, double *X, spo_error *err) {
  if (!given->data)
    return spo_gaussian_fill(count, seed, X, err);
  for (size_t i = 0; i < count; i++)
    if (!isfinite(given->data[i]))
      return REFUSE(SPO_E_ARG, "%s: entry (%zu, %zu) is %g", name, i / given->cols, i % given->cols,
                    given->data[i]);
  spo_vec_copy(count, given->data, X);
  return SPO_OK;
}

/* The polar factor of a random A, back in rows. */
static spo_status orthonormalise(procrustes *q, spo_error *err) {
  const size_t m = q->m, n = q->n;
  double *columns = spo_block_alloc(spo_size_mul(m * n, sizeof(double)));
  if (!columns)
    return REFUSE(SPO_E_NOMEM, "no memory for %zu x %zu", m, n);
  for (size_t i = 0; i < m; i++)
    for (size_t j = 0; j < n; j++)
      columns[j * m + i] = q->A[i * n + j];
  spo_polar *polar;
  spo_status status = spo_polar_create(m, n, columns, &polar, err);
  if (status == SPO_OK)
    status = spo_polar_point(polar, NULL, columns, err);
  for (size_t i = 0; i < m && status == SPO_OK; i++)
    for (size_t j = 0; j < n; j++)
      q->A[i * n + j] = columns[j * m + i];
  spo_polar_destroy(polar);
  spo_block_free(columns);
  return status;
}

/* Is |A X| the same for all X? room: n x n */
static bool balanced(const procrustes *q, double *room) {
  const size_t n = q->n;
  double off = 0.0;
  if (q->p == n)
    return true;
  spo_gemm('N', 'T', n, n, q->m, 1.0, q->A, n, q->A, n, 0.0, room, n);
  const double c = q->norm_a * q->norm_a / (double)n;
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j < n; j++)
      off = fmax(off, fabs(room[i * n + j] - (i == j ? c : 0.0)));
  return off <= balance_tol * c;
}

/* The closed form; f* as the residual there, for relative accuracy. */
static spo_status solve(procrustes *q, spo_error *err) {
  const size_t n = q->n, p = q->p, mp = q->m * p;
  const size_t len = n * n > n * p + mp ? n * n : n * p + mp;
  double *room = spo_block_alloc(spo_size_mul(len, sizeof(double)));
  if (!room)
    return REFUSE(SPO_E_NOMEM, "no memory for a matrix of order %zu", n);
  spo_status status = SPO_OK;
  if (balanced(q, room)) {
    double *X = room, *R = X + n * p;
    spo_gemm('N', 'N', n, p, q->m, 1.0, q->A, n, q->Bt, q->m, 0.0, X, n);
    status = spo_polar_create(n, p, X, &q->polar, err);
    if (status == SPO_OK)
      status = spo_polar_point(q->polar, NULL, X, err);
    if (status == SPO_OK) {
      residual(q, X, R);
      q->f_star = spo_vec_dot(mp, R, R);
    }
  }
  spo_block_free(room);
  return status;
}

static spo_status fill(procrustes *q, const spo_procrustes_params *p, spo_error *err) {
  q->seed = p->seed;
  q->isometric = p->isometric;
  q->retraction = p->retraction;
  q->given_a = p->a.data != NULL;
  q->given_b = p->b.data != NULL;
  q->problem = (spo_problem){.ops = &problem_ops,
                             .name = "procrustes",
                             .self = q,
                             .memo_len = q->m * q->p,
                             .work_len = q->m * q->p};
  spo_status status = take_matrix("a", &p->a, q->m * q->n, p->seed, q->A, err);
  if (status == SPO_OK && q->isometric)
    status = orthonormalise(q, err);
  if (status == SPO_OK) /* another seed: the two must not be alike */
    status = take_matrix("b", &p->b, q->m * q->p, p->seed ^ 0x5deece66du, q->B, err);
  if (status != SPO_OK)
    return status;
  for (size_t i = 0; i < q->m; i++)
    for (size_t j = 0; j < q->p; j++)
      q->Bt[j * q->m + i] = q->B[i * q->p + j];
  q->norm_a = spo_vec_norm(q->m * q->n, q->A);
  q->norm_b = spo_vec_norm(q->m * q->p, q->B);
  if (!(q->norm_a > 0.0 && q->norm_a < 1e150 && q->norm_b < 1e150))
    return REFUSE(SPO_E_ARG, "a: |A| = %.3g and |B| = %.3g, must be at most 1e150, A not zero",
                  q->norm_a, q->norm_b);
  status = solve(q, err);
  if (status == SPO_OK)
    status = spo_stiefel_create(q->n, q->p, *(const spo_stiefel_retraction *)p->retraction,
                                &q->manifold, err);
  q->problem.manifold = q->manifold;
  return status;
}

spo_status spo_procrustes_create(const spo_procrustes_params *params, spo_problem **out,
                                 spo_error *err) {
  *out = NULL;
  if (err)
    err->text[0] = '\0';
  spo_procrustes_params p;
  sizes s = {0};
  spo_status status = spo_options_take(table, N_PARAMS, params, &p, sizeof p, err);
  if (status == SPO_OK)
    status = resolve_sizes(&p, &s, err);
  if (status != SPO_OK)
    return status;
  spo_carver c = {0};
  layout(&c, &s);
  if (!spo_carver_alloc(&c))
    return REFUSE(SPO_E_NOMEM, "no memory for %zu x %zu and %zu x %zu", s.m, s.n, s.m, s.p);
  procrustes *q = layout(&c, &s);
  status = fill(q, &p, err);
  if (status == SPO_OK)
    *out = &q->problem;
  else
    destroy(&q->problem);
  return status;
}

/* ---- the model ------------------------------------------------------------------------------- */

static spo_status create(const void *params, spo_problem **out, spo_error *err) {
  return spo_procrustes_create(params, out, err);
}

static void describe(const spo_problem *P, void *params) {
  const procrustes *q = P->self;
  spo_procrustes_params *p = params;
  spo_procrustes_params_init(p);
  p->rows = q->m;
  p->n = q->n;
  p->columns = q->p;
  p->seed = q->seed;
  p->isometric = q->isometric;
  p->retraction = q->retraction;
  if (q->given_a)
    p->a = (spo_matrix){q->A, q->m, q->n};
  if (q->given_b)
    p->b = (spo_matrix){q->B, q->m, q->p};
}

static size_t parts(const spo_problem *P, spo_part part[SPO_MODEL_MAX_PARTS]) {
  const procrustes *q = P->self;
  part[0] = (spo_part){"X", q->p, q->n, 0};
  return 1;
}

static spo_status metrics(const spo_problem *P, const double *x, double *value, spo_error *err) {
  const procrustes *q = P->self;
  const size_t np = q->n * q->p, mp = q->m * q->p;
  double *X = spo_block_alloc((np + mp) * sizeof(double));
  if (!X)
    return REFUSE(SPO_E_NOMEM, "no memory for the metrics");
  double *R = X + np;
  residual(q, x, R);
  value[0] = q->norm_b > 0.0 ? spo_vec_norm(mp, R) / q->norm_b : NAN;
  value[1] = NAN;
  spo_status status = SPO_OK;
  if (q->polar && spo_polar_unique(q->polar)) {
    status = spo_polar_point(q->polar, NULL, X, err);
    spo_vec_axpy(np, -1.0, x, X);
    value[1] = spo_vec_norm(np, X);
  }
  spo_block_free(X);
  return status;
}

static spo_status need_closed_form(const procrustes *q, const char *point, spo_error *err) {
  return q->polar ? SPO_OK
                  : REFUSE(SPO_E_ARG,
                           "%s: no closed form unless columns = size or A^T A is a multiple of I",
                           point);
}

static spo_status build_solution(const spo_problem *P, const char *arg, gsl_rng *rng, double *x,
                                 spo_error *err) {
  (void)arg, (void)rng;
  const procrustes *q = P->self;
  const spo_status status = need_closed_form(q, "solution", err);
  return status == SPO_OK ? spo_polar_point(q->polar, NULL, x, err) : status;
}

static spo_status build_signs(const spo_problem *P, const char *arg, gsl_rng *rng, double *x,
                              spo_error *err) {
  (void)rng;
  const procrustes *q = P->self;
  const spo_status status = need_closed_form(q, "signs", err);
  return status == SPO_OK ? spo_polar_signs(q->polar, arg, x, err) : status;
}

static const spo_named_point points[] = {
    {"solution", NULL, "the closed form: the polar factor of A^T B", build_solution},
    {"signs", "+-+",
     "P diag(signs) Q^T of the singular vectors of A^T B, one sign each: a critical point",
     build_signs},
};
static const char *const samples[] = {"--rows 12 --size 6 --columns 3 --isometric true",
                                      "--rows 3 --size 5 --columns 1 --retraction qr",
                                      "--rows 20 --size 7 --columns 5 --seed 2", NULL};
static const char *const metric_names[] = {"residual", "distance"};

static const spo_model_ops model = {
    .size = sizeof(spo_model_ops),
    .name = "procrustes",
    .summary = "orthogonal Procrustes problem on the Stiefel manifold",
    .reference = "Schonemann 1966",
    .manifold = "stiefel(size, columns)",
    .theorem = "square, p = n: polar factor of A^T B, Schonemann 1966; A^T A a multiple of I: "
               "polar factor of A^T B, von Neumann",
    .params_size = sizeof(spo_procrustes_params),
    .n_params = N_PARAMS,
    .param = table,
    .sample = samples,
    .n_points = 2,
    .point = points,
    .n_metrics = 2,
    .metric = metric_names,
    .create = create,
    .describe = describe,
    .parts = parts,
    .metrics = metrics,
    .products = {1, 1, 2},
};

const spo_model_ops *spo_procrustes(void) {
  return &model;
}
