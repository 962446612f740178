/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Weighted undirected graphs as symmetric sparse matrices, and products with them. An edge list is
 * (1 + m) x 3 doubles: the row N m 0, then a row i j w for each edge, vertices from 1. */
#ifndef SPO_MODELS_GRAPH_H
#define SPO_MODELS_GRAPH_H

#include <spheropt/options.h>

#include "base/memory.h"

typedef struct spo_graph {
  size_t n, edges;
  double *list;        /* (1 + edges) x 3, as given */
  size_t *first;       /* n + 1: where the neighbours of a vertex begin */
  uint32_t *neighbour; /* ascending in each row; 2 edges in all, fewer where some are given twice */
  double *weight;
  double *degree;  /* n: sum of |w| */
  double total;    /* sum of w */
  double absolute; /* sum of |w|, edges given twice added up first */
  double norm;     /* of the matrix, Frobenius */
  bool balanced;   /* some cut has all positive edges in it and no negative one (Harary 1953) */
} spo_graph;

/* Is it an edge list? Fails with one line that begins "graph: ". */
spo_status spo_graph_check(const spo_matrix *list, spo_error *err);

/* The edges of a random graph on n vertices, every pair with probability density, into list from
 * its second row on (NULL: only counted). The same seed draws the same edges. state:
 * gsl_rng_mt19937->size bytes. */
size_t spo_graph_draw(size_t n, double density, uint64_t seed, void *state, double *list);

/* Room for a graph; its pointers are NULL while counting. */
void spo_graph_layout(spo_carver *c, size_t n, size_t edges, spo_graph *G);

/* Everything else from the list. Fails: SPO_E_ARG, no weights are left, or their sum overflows. */
spo_status spo_graph_build(spo_graph *G, spo_error *err);

/* Y = a A X, X and Y n x p with p contiguous. */
void spo_graph_apply(const spo_graph *G, double a, size_t p, const double *X, double *Y);
/* The same for k vectors of n doubles, one after another. */
void spo_graph_apply_vectors(const spo_graph *G, double a, size_t k, const double *U, double *AU);

/* The value of the cut s in {-1, 1}^n. */
double spo_graph_cut(const spo_graph *G, const double *s);
/* Moves single vertices to the other side while that gains. field: n doubles. */
void spo_graph_improve(const spo_graph *G, double *s, double *field);

#endif
