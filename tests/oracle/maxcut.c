/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The relaxation of max-cut against dense matrices, enumerated cuts, its symmetries, and the graphs
 * whose relaxation is known in closed form. */
#include "samples.h"

#include "graphs.h"
#include "gset.h"
#include "place.h"

enum { MOST = 16 };
static const double pi = 3.14159265358979323846;

/* A of the list, n x n. */
static void dense(const edge_list *g, double *A) {
  const size_t n = g->vertices;
  for (size_t i = 0; i < n * n; i++)
    A[i] = 0.0;
  for (size_t k = 1; k <= g->edges; k++) {
    const size_t i = (size_t)g->row[k][0] - 1, j = (size_t)g->row[k][1] - 1;
    A[i * n + j] += g->row[k][2];
    A[j * n + i] += g->row[k][2];
  }
}

static double weight(const edge_list *g) {
  double W = 0.0;
  for (size_t k = 1; k <= g->edges; k++)
    W += g->row[k][2];
  return W;
}

/* The largest of all 2^(n-1) cuts. */
static double enumerate(const edge_list *g) {
  double best = 0.0;
  for (unsigned long side = 0; side < 1UL << (g->vertices - 1); side++) {
    double cut = 0.0;
    for (size_t k = 1; k <= g->edges; k++) {
      const size_t i = (size_t)g->row[k][0] - 1, j = (size_t)g->row[k][1] - 1;
      cut += (side >> i & 1) != (side >> j & 1) ? g->row[k][2] : 0.0;
    }
    best = fmax(best, cut);
  }
  return best;
}

/* The lowest eigenvalue of D^(-1/2) S D^(-1/2), S = (A - Diag(diag(A X X^T)))/4; D = I if plain. */
static double lowest(const double *A, size_t n, size_t p, const double *x, bool scaled, double *f) {
  spo_error err = {0};
  double S[MOST * MOST], value[MOST], degree[MOST], sum = 0.0;
  *f = 0.0;
  for (size_t i = 0; i < n; i++) {
    double alpha = 0.0;
    degree[i] = 0.0;
    for (size_t j = 0; j < n; j++) {
      double gram = 0.0;
      for (size_t c = 0; c < p; c++)
        gram += x[i * p + c] * x[j * p + c];
      alpha += A[i * n + j] * gram;
      degree[i] += fabs(A[i * n + j]);
      S[i * n + j] = A[i * n + j] / 4;
    }
    S[i * n + i] -= alpha / 4;
    *f += alpha / 4;
    sum += degree[i];
  }
  for (size_t i = 0; i < n && scaled; i++)
    for (size_t j = 0; j < n; j++)
      S[i * n + j] *= sum / (double)n / sqrt(degree[i] * degree[j]);
  expect_ok(spo_eigh(n, S, value, NULL, &err));
  return value[0];
}

/* f and both certificates at a random point against dense matrices. */
static void test_dense(void **state) {
  (void)state;
  spo_error err = {0};
  gsl_rng *rng = new_rng(5);
  for (expect_seed = 1; expect_seed <= 20; expect_seed++) {
    const size_t n = 8 + expect_seed % 8, p = 2 + expect_seed % 7;
    edge_list g = graph_random(n, rng);
    double A[MOST * MOST], f;
    dense(&g, A);
    place t;
    place_open(&t, graph_problem(&g, p), spo_maxcut(), NULL);
    place_random(&t);
    for (int scaled = 0; scaled < 2; scaled++) {
      spo_certified c;
      const double due = lowest(A, n, p, t.at->x, scaled, &f);
      expect_ok(spo_certify(t.eval, t.at, scaled, t.rng, NULL, &c, &err));
      expect_near(c.lambda_min, due, 1e-13 * c.norm);
      expect_near(c.gap_bound, -(double)n * due, 1e-12 * (double)n * c.norm);
      expect_true(due < 0.0);
    }
    expect_near(t.at->f, f, 1e-13 * (double)g.edges);
    place_close(&t);
  }
  gsl_rng_free(rng);
}

/* Every cut is below the bound, at random points as at minimisers; a rounded cut is a cut. */
static void test_cuts(void **state) {
  (void)state;
  spo_error err = {0};
  gsl_rng *rng = new_rng(6);
  for (expect_seed = 1; expect_seed <= 12; expect_seed++) {
    edge_list g = graph_random(5 + expect_seed % 9, rng);
    const double best = enumerate(&g), tol = 1e-12 * (double)g.edges;
    spo_problem *P = graph_problem(&g, 0);
    double *x = new_vector(P), start[3], end[3];
    point_by_name(spo_maxcut(), P, "random", expect_seed, x);
    expect_ok(spo_maxcut()->metrics(P, x, start, &err));
    const spo_result res = run_solver(spo_trust_region(), P, NULL, NULL, expect_seed, x);
    expect_true(res.converged);
    expect_ok(spo_maxcut()->metrics(P, x, end, &err));
    expect_at_most(best, start[1] + tol);
    expect_at_most(best, end[1] + tol);
    expect_near(end[0], weight(&g) / 2 - res.last.f, tol);
    expect_at_most(end[1] - end[0], 1e-7 * (fabs(res.last.f) + 1.0)); /* the bound is tight */
    expect_at_most(end[0], end[1] + tol);
    expect_near(end[2], best, tol); /* graphs this small are rounded to their best cut */
    free(x);
    spo_problem_destroy(P);
  }
  gsl_rng_free(rng);
}

/* Vertices renamed and moved with their vectors; the sides of some vertices switched with the signs
 * of their edges and vectors: the same f, the same certificate, the same minimum. */
static void test_symmetries(void **state) {
  (void)state;
  enum { N = 13, P = 5 };
  spo_error err = {0};
  gsl_rng *rng = new_rng(7);
  for (expect_seed = 1; expect_seed <= 5; expect_seed++) {
    edge_list g = graph_random(N, rng), h = g;
    size_t to[N];
    double sign[N];
    for (size_t i = 0; i < N; i++) {
      to[i] = i;
      sign[i] = gsl_rng_uniform(rng) < 0.5 ? -1.0 : 1.0;
    }
    gsl_ran_shuffle(rng, to, N, sizeof *to);
    for (size_t k = 1; k <= g.edges; k++) {
      const size_t i = (size_t)g.row[k][0] - 1, j = (size_t)g.row[k][1] - 1;
      double *row = h.row[g.edges + 1 - k]; /* in another order, too */
      row[0] = (double)to[j] + 1, row[1] = (double)to[i] + 1;
      row[2] = sign[i] * sign[j] * g.row[k][2];
    }
    place s, t;
    place_open(&s, graph_problem(&g, P), spo_maxcut(), NULL);
    place_open(&t, graph_problem(&h, P), spo_maxcut(), NULL);
    place_random(&s);
    for (size_t i = 0; i < N; i++)
      for (size_t c = 0; c < P; c++)
        t.at->x[to[i] * P + c] = sign[i] * s.at->x[i * P + c];
    spo_point_forget(t.at);
    spo_certified a, b;
    expect_ok(spo_certify(s.eval, s.at, false, s.rng, NULL, &a, &err));
    expect_ok(spo_certify(t.eval, t.at, false, t.rng, NULL, &b, &err));
    expect_near(t.at->f, s.at->f, 1e-13 * (double)g.edges);
    expect_near(t.at->grad_norm, s.at->grad_norm, 1e-13 * (double)g.edges);
    expect_near(b.lambda_min, a.lambda_min, 1e-13 * a.norm);
    const double one =
        run_solver(spo_trust_region(), s.problem, NULL, NULL, expect_seed, s.at->x).last.f;
    const double other =
        run_solver(spo_trust_region(), t.problem, NULL, NULL, expect_seed, t.at->x).last.f;
    expect_near(other, one, 1e-9 * fabs(one));
    place_close(&s);
    place_close(&t);
  }
  gsl_rng_free(rng);
}

/* The value of the relaxation, with the verdict. */
static void expect_relaxation(edge_list g, uint64_t rank, double due) {
  spo_error err = {0};
  spo_problem *P = graph_problem(&g, rank);
  double *x = new_vector(P), metric[SPO_MODEL_MAX_METRICS];
  for (expect_seed = 1; expect_seed <= 3; expect_seed++) {
    spo_verification v;
    point_by_name(spo_maxcut(), P, "random", expect_seed, x);
    expect_true(run_solver(spo_trust_region(), P, NULL, NULL, expect_seed, x).converged);
    expect_ok(spo_maxcut()->metrics(P, x, metric, &err));
    expect_near(metric[0], due, 1e-10 * due);
    expect_near(metric[1], due, 1e-7 * due);
    expect_ok(spo_verify(P, x, NULL, NULL, &v, NULL, &err));
    expect_true(v.verdict == SPO_GLOBAL_MINIMIZER);
  }
  free(x);
  spo_problem_destroy(P);
}

/* Odd cycles: vectors turning by pi (n-1)/n. Complete graphs: vectors that sum to zero. Petersen's
 * graph: -2, the lowest eigenvalue of A, in all vertices alike. */
static void test_closed_forms(void **state) {
  (void)state;
  for (size_t n = 3; n <= 15; n += 2)
    expect_relaxation(graph_cycle(n), 0, (double)n / 2 * (1 + cos(pi / (double)n)));
  for (size_t n = 3; n <= 12; n += 3)
    expect_relaxation(graph_complete(n), n - 1, (double)(n * n) / 4);
  expect_relaxation(graph_petersen(), 0, 12.5);
}

/* A known minimum where a cut meets every wish, bipartite or of either sign, and nowhere else. */
static void test_balanced(void **state) {
  (void)state;
  double f_star;
  const char *theorem;
  gsl_rng *rng = new_rng(8);
  for (int graph = 0; graph < 5; graph++) {
    edge_list g = {.vertices = 14};
    double sum = 0.0;
    for (size_t i = 0; i < 12; i++) /* two vertices are left alone */
      for (size_t j = 0; j < i; j++)
        if (gsl_rng_uniform(rng) < 0.4) {
          const double w = gsl_rng_uniform_pos(rng);
          graph_add(&g, i, j, (i % 3 == 0) != (j % 3 == 0) ? w : -w);
          sum += w;
        }
    spo_problem *P = graph_problem(&g, 0);
    expect_true(P->ops->known_minimum(P->self, &f_star, &theorem) == 0);
    expect_near(f_star, -sum / 2, 1e-13 * sum);
    spo_problem_destroy(P);
    expect_relaxation(g, 0, weight(&g) / 2 + sum / 2);
    graph_add(&g, 0, 1, 3.0); /* 0 and 1 differ, 1 and 2 agree: now 0 and 2 are to agree */
    graph_add(&g, 1, 2, -3.0);
    graph_add(&g, 0, 2, -3.0);
    P = graph_problem(&g, 0);
    expect_true(P->ops->known_minimum(P->self, &f_star, &theorem) > 0);
    spo_problem_destroy(P);
  }
  gsl_rng_free(rng);
}

/* A cut as a point of rank 1 is critical; where it is not the minimum, S shows the way down. */
static void test_rank_deficient(void **state) {
  (void)state;
  enum { N = 11, P = 4 };
  spo_error err = {0};
  gsl_rng *rng = new_rng(9);
  for (expect_seed = 1; expect_seed <= 5; expect_seed++) {
    edge_list g = graph_random(N, rng);
    double A[MOST * MOST], f;
    dense(&g, A);
    spo_problem *problem = graph_problem(&g, P);
    double *x = new_vector(problem);
    for (size_t i = 0; i < N; i++)
      x[i * P + 1] = gsl_rng_uniform(rng) < 0.5 ? -1.0 : 1.0;
    spo_verification v;
    expect_ok(spo_verify(problem, x, NULL, NULL, &v, NULL, &err));
    expect_true(v.critical && v.verdict == SPO_STRICT_SADDLE);
    assert_string_equal(v.direction_case, "rank-deficient");
    const double lambda = lowest(A, N, P, x, false, &f);
    expect_near(v.rayleigh, 2 * lambda, 1e-12 * fabs(lambda));
    expect_true(v.decrease > 0.0);
    free(x);
    spo_problem_destroy(problem);
  }
  gsl_rng_free(rng);
}

/* What create refuses of a matrix that no file reader has seen. */
static void test_refusals(void **state) {
  (void)state;
  static const struct {
    size_t rows, cols;
    double data[9];
    spo_status due;
    const char *why;
  } bad[] = {
      {2, 2, {2, 1, 1, 2}, SPO_E_DIM, "graph: 2 x 2 numbers"},
      {2, 3, {2, 2, 0, 1, 2, 1}, SPO_E_DIM, "graph: 2 edges are announced, 1 follow"},
      {2, 3, {2.5, 1, 0, 1, 2, 1}, SPO_E_ARG, "graph: begins with 2.5"},
      {2, 3, {NAN, 1, 0, 1, 2, 1}, SPO_E_ARG, "graph: begins with nan"},
      {2, 3, {2, 1, 0, 0, 2, 1}, SPO_E_ARG, "graph: edge 1 has the vertex 0"},
      {2, 3, {2, 1, 0, 1, 1.5, 1}, SPO_E_ARG, "graph: edge 1 has the vertex 1.5"},
      {2, 3, {2, 1, 0, 1, NAN, 1}, SPO_E_ARG, "graph: edge 1 has the vertex nan"},
      {2, 3, {2, 1, 0, 2, 2, 1}, SPO_E_ARG, "graph: edge 1 joins vertex 2 to itself"},
      {2, 3, {2, 1, 0, 1, 2, NAN}, SPO_E_ARG, "graph: edge 1 has the weight nan"},
      {2, 3, {2, 1, 0, 1, 2, 0}, SPO_E_ARG, "graph: all weights are zero"},
      {3, 3, {2, 2, 0, 1, 2, 1, 2, 1, -1}, SPO_E_ARG, "graph: all weights are zero, or cancel"},
      {3, 3, {3, 2, 0, 1, 2, 1e308, 2, 3, 1e308}, SPO_E_ARG, "graph: the sum of its weights"},
      {1, 3, {2, 0, 0}, SPO_E_ARG, "graph: no edges"},
  };
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    spo_error err = {0};
    spo_maxcut_params params;
    spo_problem *P;
    spo_maxcut_params_init(&params);
    params.graph = (spo_matrix){bad[i].data, bad[i].rows, bad[i].cols};
    expect_seed = i;
    expect_status(spo_maxcut_create(&params, &P, &err), bad[i].due);
    expect_true(P == NULL);
    if (strncmp(err.text, bad[i].why, strlen(bad[i].why)) != 0)
      fail_msg("\"%s\", due \"%s\"", err.text, bad[i].why);
  }
}

/* What describe says makes the same problem; edges given twice count twice. */
static void test_describe(void **state) {
  (void)state;
  spo_error err = {0};
  gsl_rng *rng = new_rng(10);
  edge_list g = graph_random(9, rng);
  spo_problem *first[] = {graph_problem(&g, 3), sample_problem(spo_maxcut(), "--vertices 9")};
  for (int i = 0; i < 2; i++) {
    spo_maxcut_params params;
    spo_problem *second;
    double *x = new_vector(first[i]), *memo = calloc(first[i]->memo_len, sizeof *memo), f[2];
    point_by_name(spo_maxcut(), first[i], "random", 1, x);
    spo_maxcut()->describe(first[i], &params);
    expect_ok(spo_maxcut_create(&params, &second, &err));
    expect_true(second->manifold->n == first[i]->manifold->n);
    first[i]->ops->cost(first[i]->self, x, &f[0], memo, NULL);
    second->ops->cost(second->self, x, &f[1], memo, NULL);
    expect_near(f[1], f[0], 0.0);
    free(x);
    free(memo);
    spo_problem_destroy(second);
    spo_problem_destroy(first[i]);
  }
  gsl_rng_free(rng);
}

/* G22 in 126,000 dimensions; more seeds and G1 in gset.c. */
static void test_g22(void **state) {
  (void)state;
  spo_problem *P = gset_problem("G22");
  expect_seed = 1;
  expect_at_most((double)gset_run(P, 1, 14135.9457), 850);
  spo_problem_destroy(P);
}

/* The default rank is beyond p(p+1)/2 = vertices. A cut that is metered cannot be bettered by one
 * vertex, so it has half of the weight at least, even from a point that says nothing. */
static void test_small_print(void **state) {
  (void)state;
  spo_error err = {0};
  spo_problem *P;
  spo_maxcut_params p;
  spo_part part[SPO_MODEL_MAX_PARTS];
  double metric[3];
  spo_maxcut_params_init(&p);
  for (uint64_t n = 2; n <= 30; n++) {
    p.vertices = n, p.density = 1;
    expect_ok(spo_maxcut_create(&p, &P, &err));
    expect_true(spo_maxcut()->parts(P, part) == 1);
    const size_t r = part[0].cols;
    expect_true(r * (r + 1) / 2 > n && (r == 2 || r * (r - 1) / 2 <= n));
    double *x = new_vector(P);
    for (size_t i = 0; i < n; i++)
      x[i * r] = 1.0;
    expect_ok(spo_maxcut()->metrics(P, x, metric, &err));
    expect_true(metric[2] >= 0.25 * (double)(n * (n - 1)));
    free(x);
    spo_problem_destroy(P);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_dense),      cmocka_unit_test(test_cuts),
      cmocka_unit_test(test_symmetries), cmocka_unit_test(test_closed_forms),
      cmocka_unit_test(test_balanced),   cmocka_unit_test(test_rank_deficient),
      cmocka_unit_test(test_refusals),   cmocka_unit_test(test_small_print),
      cmocka_unit_test(test_describe),   cmocka_unit_test(test_g22),
  };
  return cmocka_run_group_tests_name("maxcut", tests, NULL, NULL);
}
