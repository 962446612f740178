/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The relaxation of max-cut of rank p on the oblique manifold. A place keeps A X. */
#include <float.h>
#include <inttypes.h>
#include <limits.h>
#include <math.h>

#include <gsl/gsl_rng.h>
#include <spheropt/manifolds/oblique.h>

#include "base/take.h"
#include "base/vec.h"
#include "models/maxcut_internal.h"

#define AT(member) offsetof(spo_maxcut_params, member)
static const spo_option table[] = {
    {"graph", "the weighted edges: n m, then i j w for each, vertices from 1", "", AT(graph),
     SPO_OPTION_MATRIX, 0, 0, 0, 0, NULL, SPO_EDGE_LIST},
    {"rank", "p, length of the vectors; not given: the smallest with p(p+1)/2 > vertices", "",
     AT(rank), SPO_OPTION_UINT, 2, INT_MAX, 0, 0, NULL, 0},
    {"vertices", "of a random graph with weights 1; not given: of graph, else 20", "", AT(vertices),
     SPO_OPTION_UINT, 2, INT_MAX, 0, 0, NULL, 0},
    {"density", "of a random graph, the probability of an edge; not given: 0.5", "", AT(density),
     SPO_OPTION_DOUBLE, 1e-6, 1, 0, 0, NULL, 0},
    {"seed", "of a random graph, and of the rounding to cuts; the run's own", "", AT(seed),
     SPO_OPTION_UINT, 0, 0x1p53, 0, 0, NULL, 0},
};
#undef AT
enum { N_PARAMS = sizeof table / sizeof table[0] };
static const double default_density = 0.5;
enum { DEFAULT_VERTICES = 20 };

/* f adds up terms w <x_i, x_j>/2, each rounded by some eps: measured noise stays below this times
 * their number's worth, sum |w|/2. */
static const double relative_noise = 10.0 * DBL_EPSILON;

/* The preconditioner's smallest entry, relative to its mean. */
static const double shortest_length = 0.01;

static int cost(void *self, const double *x, double *f, double *memo, double *work) {
  (void)work;
  const maxcut *m = self;
  spo_graph_apply(&m->graph, 1.0, m->p, x, memo);
  *f = 0.25 * spo_vec_dot(m->graph.n * m->p, x, memo);
  return 0;
}

/* With the gradient the lengths of the rows of A X become known, which the preconditioner needs. */
static int egrad(void *self, const double *x, double *g, double *memo, double *work) {
  (void)x, (void)work;
  const maxcut *m = self;
  const size_t n = m->graph.n, p = m->p;
  double *length = memo + n * p, sum = 0.0;
  spo_vec_combine(n * p, 0.5, memo, 0.0, memo, g);
  for (size_t i = 0; i < n; i++)
    sum += length[i] = spo_vec_norm(p, memo + i * p);
  const double mean = sum / (double)n;
  for (size_t i = 0; i < n; i++)
    length[i] = mean > 0.0 ? fmax(length[i] / mean, shortest_length) : 1.0;
  return 0;
}

/* Hess = A/2 - Diag(alpha)/2 but for projections, alpha_i = -|(A X)_i| at a minimiser, and the
 * diagonal of A is 0: this is the diagonal there, and is positive anywhere else, too. */
static int precond(void *self, const double *x, const double *v, double *pv, const double *memo,
                   double *work) {
  (void)x, (void)work;
  const maxcut *m = self;
  const size_t n = m->graph.n, p = m->p;
  const double *length = memo + n * p;
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j < p; j++)
      pv[i * p + j] = v[i * p + j] / length[i];
  return 0;
}

static int ehess(void *self, const double *x, const double *v, double *hv, const double *memo,
                 double *work) {
  (void)x, (void)memo, (void)work;
  const maxcut *m = self;
  spo_graph_apply(&m->graph, 0.5, m->p, v, hv);
  return 0;
}

/* The gradient of a random point has about the length |A|/2: what falls to one vertex of it. */
static int scale(void *self, const double *x, double f, const double *memo, double *f_noise,
                 double *grad_scale) {
  (void)x, (void)f, (void)memo;
  const maxcut *m = self;
  *f_noise = relative_noise * 0.5 * m->graph.absolute;
  *grad_scale = 0.5 * m->graph.norm / sqrt((double)m->graph.n);
  return 0;
}

static int known_minimum(void *self, double *f_star, const char **theorem) {
  const maxcut *m = self;
  if (!m->graph.balanced)
    return 1;
  *f_star = -0.5 * m->graph.absolute;
  *theorem = "a cut has every positive edge and no negative one (balanced: Harary 1953)";
  return 0;
}

/* ---- rotations of R^p ------------------------------------------------------------------------ */

static void rotated(const void *self, size_t *d, size_t *m) {
  const maxcut *c = self;
  *d = c->p;
  *m = c->graph.n;
}

static const spo_symmetry symmetry = {
    .size = sizeof(spo_symmetry), .name = "rotations of R^p", .rotated = rotated};

static void destroy(spo_problem *P) {
  maxcut *m = P->self;
  spo_manifold_destroy(m->manifold);
  spo_block_free(m);
}

static const spo_problem_ops problem_ops = {
    .size = sizeof(spo_problem_ops),
    .cost = cost,
    .egrad = egrad,
    .ehess = ehess,
    .precond = precond,
    .scale = scale,
    .known_minimum = known_minimum,
    .symmetry = &symmetry,
    .certificate = &maxcut_certificate,
    .destroy = destroy,
};

/* ---- creation -------------------------------------------------------------------------------- */

void spo_maxcut_params_init(spo_maxcut_params *params) {
  spo_options_init(table, N_PARAMS, params, sizeof *params);
}

#define REFUSE(code, ...) spo_fail(err, code, "spo_maxcut_create", __VA_ARGS__)

typedef struct sizes {
  size_t n, p, edges;
} sizes;

/* Of the graph given; what is given twice must agree. */
static spo_status graph_sizes(const spo_maxcut_params *q, sizes *s, spo_error *err) {
  const spo_status status = spo_graph_check(&q->graph, err);
  if (status != SPO_OK)
    return status;
  s->n = (size_t)q->graph.data[0];
  s->edges = q->graph.rows - 1;
  if (q->density > 0.0)
    return REFUSE(SPO_E_ARG, "density: of use only without graph");
  if (q->vertices != 0 && q->vertices != s->n)
    return REFUSE(SPO_E_DIM, "vertices: %" PRIu64 " does not agree with graph, which has %zu",
                  q->vertices, s->n);
  return SPO_OK;
}

static spo_status random_sizes(const spo_maxcut_params *q, sizes *s, spo_error *err) {
  s->n = (size_t)q->vertices;
  const double due = 0.5 * q->density * (double)s->n * (double)(s->n - 1);
  if (due > 0.25 * INT_MAX)
    return REFUSE(SPO_E_DIM, "density: %g of %zu vertices' pairs are %.3g edges; at most %.3g",
                  q->density, s->n, due, 0.25 * INT_MAX);
  void *state = spo_block_alloc(gsl_rng_mt19937->size);
  if (!state)
    return REFUSE(SPO_E_NOMEM, "no memory for a random generator");
  s->edges = spo_graph_draw(s->n, q->density, q->seed, state, NULL);
  spo_block_free(state);
  if (s->edges == 0)
    return REFUSE(SPO_E_ARG, "density: %g gives no edge among %zu vertices with seed %" PRIu64,
                  q->density, s->n, q->seed);
  return SPO_OK;
}

static spo_status resolve_rank(uint64_t rank, sizes *s, spo_error *err) {
  s->p = (size_t)rank;
  if (rank == 0)
    for (s->p = 2; s->p * (s->p + 1) / 2 <= s->n;)
      s->p++;
  if (spo_size_mul(s->n, s->p) > INT_MAX)
    return REFUSE(SPO_E_DIM, "rank: %zu vectors of length %zu are more than BLAS can index (%d)",
                  s->n, s->p, INT_MAX);
  return SPO_OK;
}

static maxcut *layout(spo_carver *c, const sizes *s) {
  maxcut *m = spo_carve(c, 1, sizeof *m);
  spo_graph graph;
  spo_graph_layout(c, s->n, s->edges, &graph);
  double *scale = spo_carve_doubles(c, s->n);
  if (m)
    *m = (maxcut){.graph = graph, .p = s->p, .scale = scale};
  return m;
}

static spo_status fill(const spo_maxcut_params *q, maxcut *m, spo_error *err) {
  spo_graph *G = &m->graph;
  m->density = q->density;
  m->seed = q->seed;
  m->given = q->graph.data != NULL;
  m->problem = (spo_problem){
      .ops = &problem_ops, .name = "maxcut", .self = m, .memo_len = G->n * (m->p + 1)};
  if (m->given) {
    spo_vec_copy(3 * q->graph.rows, q->graph.data, G->list);
  } else {
    void *state = spo_block_alloc(gsl_rng_mt19937->size);
    if (!state)
      return REFUSE(SPO_E_NOMEM, "no memory for a random generator");
    G->list[0] = (double)G->n, G->list[1] = (double)G->edges, G->list[2] = 0.0;
    spo_graph_draw(G->n, q->density, q->seed, state, G->list);
    spo_block_free(state);
  }
  spo_status status = spo_graph_build(G, err);
  for (size_t i = 0; i < G->n && status == SPO_OK; i++)
    m->scale[i] =
        G->degree[i] > 0.0 ? sqrt(2.0 * G->absolute / ((double)G->n * G->degree[i])) : 0.0;
  if (status == SPO_OK)
    status = spo_oblique_create(m->p, G->n, &m->manifold, err);
  m->problem.manifold = m->manifold;
  return status;
}

spo_status spo_maxcut_create(const spo_maxcut_params *params, spo_problem **out, spo_error *err) {
  *out = NULL;
  if (err)
    err->text[0] = '\0';
  spo_maxcut_params q;
  sizes s = {0};
  spo_status status = spo_options_take(table, N_PARAMS, params, &q, sizeof q, err);
  if (status == SPO_OK && !q.graph.data) {
    q.vertices = q.vertices ? q.vertices : DEFAULT_VERTICES;
    q.density = q.density > 0.0 ? q.density : default_density;
  }
  if (status == SPO_OK)
    status = q.graph.data ? graph_sizes(&q, &s, err) : random_sizes(&q, &s, err);
  if (status == SPO_OK)
    status = resolve_rank(q.rank, &s, err);
  if (status != SPO_OK)
    return status;
  spo_carver c = {0};
  layout(&c, &s);
  if (!spo_carver_alloc(&c))
    return REFUSE(SPO_E_NOMEM, "no memory for a graph of %zu edges", s.edges);
  maxcut *m = layout(&c, &s);
  status = fill(&q, m, err);
  if (status == SPO_OK)
    *out = &m->problem;
  else
    destroy(&m->problem);
  return status;
}

/* ---- the model ------------------------------------------------------------------------------- */

static spo_status create(const void *params, spo_problem **out, spo_error *err) {
  return spo_maxcut_create(params, out, err);
}

static void describe(const spo_problem *P, void *params) {
  const maxcut *m = P->self;
  spo_maxcut_params *q = params;
  spo_maxcut_params_init(q);
  q->rank = m->p;
  q->vertices = m->graph.n;
  q->seed = m->seed;
  if (m->given)
    q->graph = (spo_matrix){m->graph.list, 1 + m->graph.edges, 3};
  else
    q->density = m->density;
}

static size_t parts(const spo_problem *P, spo_part part[SPO_MODEL_MAX_PARTS]) {
  const maxcut *m = P->self;
  part[0] = (spo_part){"X", m->graph.n, m->p, 0};
  return 1;
}

static const char *const samples[] = {
    "--vertices 20 --rank 6 --density 0.5", "--vertices 9 --rank 2 --density 0.4 --seed 3",
    "--vertices 33 --rank 37 --density 0.2 --seed 1", "--vertices 2 --density 1", NULL};

static const spo_model_ops model = {
    .size = sizeof(spo_model_ops),
    .name = "maxcut",
    .summary = "relaxation of max-cut of rank p (Burer-Monteiro) on the oblique manifold",
    .reference = "Goemans, Williamson 1995; Burer, Monteiro 2003; arXiv:1606.04970",
    .manifold = "oblique(rank, vertices)",
    .theorem =
        "a cut has every positive edge and no negative one (balanced: Harary 1953), any rank",
    .params_size = sizeof(spo_maxcut_params),
    .n_params = N_PARAMS,
    .param = table,
    .sample = samples,
    .n_metrics = MAXCUT_N_METRICS,
    .metric = maxcut_metric_names,
    .create = create,
    .describe = describe,
    .parts = parts,
    .metrics = maxcut_metrics,
    .products = {1, 0, 1},
};

const spo_model_ops *spo_maxcut(void) {
  return &model;
}
