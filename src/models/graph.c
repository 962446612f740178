/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Weighted undirected graphs in compressed rows. */
#include "models/graph.h"

#include <float.h>
#include <limits.h>
#include <math.h>

#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>

#include "base/simd.h"
#include "base/vec.h"

#define REFUSE(code, ...) spo_fail(err, code, "spo_graph_check", __VA_ARGS__)

static bool whole(double value, double lo, double hi) {
  return value >= lo && value <= hi && value == floor(value);
}

static spo_status check_edge(const double *row, size_t k, double n, spo_error *err) {
  for (int side = 0; side < 2; side++)
    if (!whole(row[side], 1.0, n))
      return REFUSE(SPO_E_ARG, "graph: edge %zu has the vertex %g; it must be 1 to %.0f", k,
                    row[side], n);
  if (row[0] == row[1])
    return REFUSE(SPO_E_ARG, "graph: edge %zu joins vertex %.0f to itself", k, row[0]);
  if (!isfinite(row[2]))
    return REFUSE(SPO_E_ARG, "graph: edge %zu has the weight %g", k, row[2]);
  return SPO_OK;
}

spo_status spo_graph_check(const spo_matrix *list, spo_error *err) {
  const double *row = list->data;
  if (list->cols != 3 || list->rows == 0)
    return REFUSE(SPO_E_DIM, "graph: %zu x %zu numbers; an edge list has 3 columns", list->rows,
                  list->cols);
  if (!whole(row[0], 2.0, INT_MAX) || !whole(row[1], 0.0, INT_MAX))
    return REFUSE(SPO_E_ARG,
                  "graph: begins with %g %g; 2 vertices at least, and the number of edges, are due",
                  row[0], row[1]);
  if ((size_t)row[1] != list->rows - 1)
    return REFUSE(SPO_E_DIM, "graph: %.0f edges are announced, %zu follow", row[1], list->rows - 1);
  if (list->rows == 1)
    return REFUSE(SPO_E_ARG, "graph: no edges; nothing is to be cut");
  spo_status status = SPO_OK;
  for (size_t k = 1; k < list->rows && status == SPO_OK; k++)
    status = check_edge(row + 3 * k, k, row[0], err);
  return status;
}

size_t spo_graph_draw(size_t n, double density, uint64_t seed, void *state, double *list) {
  gsl_rng rng = {gsl_rng_mt19937, state};
  gsl_rng_set(&rng, (unsigned long)seed);
  size_t count = 0;
  /* pairs (i, j), j < i, in a row: from one edge to the next the distance is geometric */
  size_t i = 0, j = 0;
  for (;;) {
    j += gsl_ran_geometric(&rng, density);
    while (i < n && j > i)
      j -= i++;
    if (i >= n)
      return count;
    count++;
    if (list) {
      list[3 * count] = (double)j;
      list[3 * count + 1] = (double)(i + 1);
      list[3 * count + 2] = 1.0;
    }
  }
}

void spo_graph_layout(spo_carver *c, size_t n, size_t edges, spo_graph *G) {
  *G = (spo_graph){.n = n, .edges = edges};
  G->list = spo_carve_doubles(c, spo_size_mul(3, spo_size_add(1, edges)));
  G->first = spo_carve(c, n + 1, sizeof *G->first);
  G->neighbour = spo_carve(c, spo_size_mul(2, edges), sizeof *G->neighbour);
  G->weight = spo_carve_doubles(c, spo_size_mul(2, edges));
  G->degree = spo_carve_doubles(c, n);
}

/* ---- rows ------------------------------------------------------------------------------------ */

/* first[i] = where row i begins, before equal entries are added up. */
static void begin_rows(spo_graph *G) {
  for (size_t i = 0; i <= G->n; i++)
    G->first[i] = 0;
  for (size_t k = 1; k <= G->edges; k++)
    for (int side = 0; side < 2; side++)
      G->first[(size_t)G->list[3 * k + (size_t)side] - 1]++;
  size_t sum = 0;
  for (size_t i = 0; i < G->n; i++) {
    const size_t here = G->first[i];
    G->first[i] = sum;
    sum += here;
  }
}

/* Each row's entries in the order of the list; leaves first[i] at the end of row i. */
static void fill_rows(spo_graph *G) {
  for (size_t k = 1; k <= G->edges; k++) {
    const double *row = G->list + 3 * k;
    const size_t end[] = {(size_t)row[0] - 1, (size_t)row[1] - 1};
    for (int side = 0; side < 2; side++) {
      const size_t at = G->first[end[side]]++;
      G->neighbour[at] = (uint32_t)end[1 - side];
      G->weight[at] = row[2];
    }
  }
}

static void sift(uint32_t *key, double *value, size_t root, size_t count) {
  for (size_t child; (child = 2 * root + 1) < count; root = child) {
    child += child + 1 < count && key[child] < key[child + 1];
    if (key[root] >= key[child])
      return;
    const uint32_t k = key[root];
    const double v = value[root];
    key[root] = key[child], value[root] = value[child];
    key[child] = k, value[child] = v;
  }
}

/* Heapsort: whatever the order of a list, in O(count log count) and without memory. */
static void sort_row(uint32_t *key, double *value, size_t count) {
  for (size_t i = count / 2; i-- > 0;)
    sift(key, value, i, count);
  for (size_t last = count; last-- > 1;) {
    const uint32_t k = key[0];
    const double v = value[0];
    key[0] = key[last], value[0] = value[last];
    key[last] = k, value[last] = v;
    sift(key, value, 0, last);
  }
}

/* Rows sorted, entries of the same column added up, first set to where rows begin. */
static void merge_rows(spo_graph *G) {
  size_t from = 0, to = 0;
  for (size_t i = 0; i < G->n; i++) {
    const size_t end = G->first[i], begin = to;
    sort_row(G->neighbour + from, G->weight + from, end - from);
    for (; from < end; from++)
      if (to > begin && G->neighbour[to - 1] == G->neighbour[from]) {
        G->weight[to - 1] += G->weight[from];
      } else {
        G->neighbour[to] = G->neighbour[from];
        G->weight[to++] = G->weight[from];
      }
    G->first[i] = begin;
  }
  G->first[G->n] = to;
}

static void sums(spo_graph *G) {
  G->total = G->absolute = 0.0;
  for (size_t i = 0; i < G->n; i++) {
    G->degree[i] = 0.0;
    for (size_t e = G->first[i]; e < G->first[i + 1]; e++) {
      G->degree[i] += fabs(G->weight[e]);
      G->total += G->neighbour[e] < i ? G->weight[e] : 0.0;
    }
    G->absolute += 0.5 * G->degree[i];
  }
  G->norm = spo_vec_norm(G->first[G->n], G->weight);
}

/* Two colours such that positive edges change colour and negative ones keep it, vertex by vertex
 * over each component. queue: n; colour: n, in the room of the sums. */
static bool colour(const spo_graph *G, uint32_t *queue, double *colour) {
  spo_vec_zero(G->n, colour);
  for (size_t root = 0; root < G->n; root++) {
    size_t head = 0, tail = 0;
    if (colour[root] != 0.0)
      continue;
    colour[root] = 1.0;
    queue[tail++] = (uint32_t)root;
    while (head < tail) {
      const size_t i = queue[head++];
      for (size_t e = G->first[i]; e < G->first[i + 1]; e++) {
        const size_t j = G->neighbour[e];
        const double due = G->weight[e] > 0.0 ? -colour[i] : colour[i];
        if (G->weight[e] == 0.0 || colour[j] == due)
          continue;
        if (colour[j] != 0.0)
          return false;
        colour[j] = due;
        queue[tail++] = (uint32_t)j;
      }
    }
  }
  return true;
}

spo_status spo_graph_build(spo_graph *G, spo_error *err) {
  begin_rows(G);
  fill_rows(G);
  merge_rows(G);
  uint32_t *queue = spo_block_alloc(G->n * sizeof *queue);
  if (!queue)
    return REFUSE(SPO_E_NOMEM, "graph: no memory for %zu vertices", G->n);
  G->balanced = colour(G, queue, G->degree);
  spo_block_free(queue);
  sums(G);
  if (!(G->absolute > 0.0))
    return REFUSE(SPO_E_ARG, "graph: all weights are zero, or cancel; nothing is to be cut");
  if (!(G->absolute < DBL_MAX && G->norm < DBL_MAX))
    return REFUSE(SPO_E_ARG, "graph: the sum of its weights is beyond the range of double");
  return SPO_OK;
}

/* ---- products -------------------------------------------------------------------------------- */

enum { WIDEST = 32 };

/* `width` columns from the first of X and Y on. Inlined with a constant width, the sums stay in
 * registers. */
static inline void rows(const spo_graph *G, double a, size_t p, size_t width, const double *X,
                        double *Y) {
  for (size_t i = 0; i < G->n; i++) {
    double lane[WIDEST] = {0.0};
    for (size_t e = G->first[i]; e < G->first[i + 1]; e++) {
      const double w = G->weight[e], *x = X + p * G->neighbour[e];
      for (size_t j = 0; j < width; j++)
        lane[j] += w * x[j];
    }
    for (size_t j = 0; j < width; j++)
      Y[i * p + j] = a * lane[j];
  }
}

/* Bands of columns; the last one may repeat columns of the one before, which costs less than odd
 * widths. A column's sum is the same in any band. */
static inline void bands(const spo_graph *G, double a, size_t p, size_t width, const double *X,
                         double *Y) {
  for (size_t c = 0; c < p; c += width) {
    const size_t from = c + width <= p ? c : p - width;
    rows(G, a, p, width, X + from, Y + from);
  }
}

SPO_KERNEL static void apply(const spo_graph *G, double a, size_t p, const double *X, double *Y) {
  if (p >= 32)
    bands(G, a, p, 32, X, Y);
  else if (p >= 16)
    bands(G, a, p, 16, X, Y);
  else if (p >= 8)
    bands(G, a, p, 8, X, Y);
  else if (p >= 4)
    bands(G, a, p, 4, X, Y);
  else
    bands(G, a, p, 1, X, Y);
}

void spo_graph_apply(const spo_graph *G, double a, size_t p, const double *X, double *Y) {
  apply(G, a, p, X, Y);
}

enum { TOGETHER = 4 };

static inline void vectors(const spo_graph *G, double a, size_t k, const double *U, double *AU) {
  for (size_t i = 0; i < G->n; i++) {
    double sum[TOGETHER] = {0.0};
    for (size_t e = G->first[i]; e < G->first[i + 1]; e++)
      for (size_t j = 0; j < k; j++)
        sum[j] += G->weight[e] * U[j * G->n + G->neighbour[e]];
    for (size_t j = 0; j < k; j++)
      AU[j * G->n + i] = a * sum[j];
  }
}

void spo_graph_apply_vectors(const spo_graph *G, double a, size_t k, const double *U, double *AU) {
  size_t j = 0;
  for (; j + TOGETHER <= k; j += TOGETHER)
    vectors(G, a, TOGETHER, U + j * G->n, AU + j * G->n);
  for (; j < k; j++)
    vectors(G, a, 1, U + j * G->n, AU + j * G->n);
}

/* ---- cuts ------------------------------------------------------------------------------------ */

enum { MAX_SWEEPS = 1000 };

double spo_graph_cut(const spo_graph *G, const double *s) {
  double cut = 0.0;
  for (size_t i = 0; i < G->n; i++)
    for (size_t e = G->first[i]; e < G->first[i + 1] && G->neighbour[e] < i; e++)
      cut += s[i] != s[G->neighbour[e]] ? G->weight[e] : 0.0;
  return cut;
}

void spo_graph_improve(const spo_graph *G, double *s, double *field) {
  spo_graph_apply_vectors(G, 1.0, 1, s, field);
  /* above the rounding of a field, so that no vertex turns for ever; and with weights of many
   * magnitudes the way to a local optimum may be exponentially long */
  const double least = 1e-12 * G->absolute;
  bool moved = true;
  for (int sweep = 0; moved && sweep < MAX_SWEEPS; sweep++) {
    moved = false;
    for (size_t i = 0; i < G->n; i++) {
      if (!(s[i] * field[i] > least))
        continue;
      s[i] = -s[i];
      moved = true;
      for (size_t e = G->first[i]; e < G->first[i + 1]; e++)
        field[G->neighbour[e]] += 2.0 * G->weight[e] * s[i];
    }
  }
}
