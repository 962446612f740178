/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Graphs for the relaxation of max-cut, as edge lists. Include after samples.h. */
#ifndef SPO_TESTS_GRAPHS_H
#define SPO_TESTS_GRAPHS_H

#include <gsl/gsl_randist.h>

enum { GRAPH_EDGES = 256 };

typedef struct edge_list {
  size_t vertices, edges;
  double row[1 + GRAPH_EDGES][3];
} edge_list;

/* vertices from 0 here */
static inline void graph_add(edge_list *g, size_t i, size_t j, double w) {
  expect_true(g->edges < GRAPH_EDGES);
  double *row = g->row[++g->edges];
  row[0] = (double)i + 1, row[1] = (double)j + 1, row[2] = w;
}

static inline spo_matrix graph_matrix(edge_list *g) {
  g->row[0][0] = (double)g->vertices;
  g->row[0][1] = (double)g->edges;
  return (spo_matrix){g->row[0], 1 + g->edges, 3};
}

static inline edge_list graph_cycle(size_t n) {
  edge_list g = {.vertices = n};
  for (size_t i = 0; i < n; i++)
    graph_add(&g, i, (i + 1) % n, 1.0);
  return g;
}

static inline edge_list graph_complete(size_t n) {
  edge_list g = {.vertices = n};
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j < i; j++)
      graph_add(&g, i, j, 1.0);
  return g;
}

static inline edge_list graph_petersen(void) {
  edge_list g = {.vertices = 10};
  for (size_t i = 0; i < 5; i++) {
    graph_add(&g, i, (i + 1) % 5, 1.0);
    graph_add(&g, i, i + 5, 1.0);
    graph_add(&g, i + 5, (i + 2) % 5 + 5, 1.0);
  }
  return g;
}

/* half of the pairs, weights of either sign, some of them in two edges */
static inline edge_list graph_random(size_t n, gsl_rng *rng) {
  edge_list g = {.vertices = n};
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j < i; j++)
      for (int times = 0; times < 2; times++)
        if (gsl_rng_uniform(rng) < (times == 0 ? 0.5 : 0.1))
          graph_add(&g, times == 0 ? i : j, times == 0 ? j : i, gsl_ran_gaussian(rng, 1.0));
  return g;
}

static inline spo_problem *graph_problem(edge_list *g, uint64_t rank) {
  spo_error err = {0};
  spo_maxcut_params params;
  spo_problem *P;
  spo_maxcut_params_init(&params);
  params.graph = graph_matrix(g);
  params.rank = rank;
  expect_ok(spo_maxcut_create(&params, &P, &err));
  return P;
}

#endif
