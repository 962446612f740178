/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Configurations by name: simplex, polygon, regular polytopes, root systems, and the saddles in
 * which points coincide. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/vec.h"
#include "models/configuration.h"
#include "models/simplex.h"

#define REFUSE(...) spo_fail(err, SPO_E_ARG, "spo_configuration_point", __VA_ARGS__)

static const double golden = 1.61803398874989484820458683436563812;

static spo_status need(const spo_configuration *c, const char *name, size_t points, size_t dim,
                       spo_error *err) {
  if (points != c->n)
    return REFUSE("%s: has %zu points, here there are %zu", name, points, c->n);
  return dim <= c->d ? SPO_OK
                     : REFUSE("%s: needs dim at least %zu, here it is %zu", name, dim, c->d);
}

/* Rows to length one, then the vectors beyond the points repeat them. */
static spo_status finish(const spo_configuration *c, double *X) {
  const size_t len = c->n * c->d;
  for (size_t i = 0; i < c->n; i++)
    spo_vec_scale(c->d, 1.0 / spo_vec_norm(c->d, X + i * c->d), X + i * c->d);
  for (size_t copy = 1; copy < c->vectors / c->n; copy++)
    spo_vec_copy(len, X, X + copy * len);
  return SPO_OK;
}

#define BUILD(name)                                                                                \
  static spo_status name(const spo_problem *P, const char *arg, gsl_rng *rng, double *X,           \
                         spo_error *err)
#define BEGIN                                                                                      \
  (void)arg, (void)rng;                                                                            \
  const spo_configuration *c = P->self;                                                            \
  const size_t d = c->d, n = c->n;                                                                 \
  (void)d, (void)n

BUILD(build_etf) {
  BEGIN;
  const spo_status status = need(c, "etf", n, n - 1, err);
  if (status != SPO_OK)
    return status;
  spo_simplex(d, n, X);
  return finish(c, X);
}

BUILD(build_polygon) {
  BEGIN;
  const double pi = 3.14159265358979323846;
  const spo_status status = need(c, "polygon", n, 2, err);
  if (status != SPO_OK)
    return status;
  spo_vec_zero(n * d, X);
  for (size_t i = 0; i < n; i++) {
    X[i * d] = cos(2.0 * pi * (double)i / (double)n);
    X[i * d + 1] = sin(2.0 * pi * (double)i / (double)n);
  }
  return finish(c, X);
}

BUILD(build_orthoplex) {
  BEGIN;
  if (n % 2 != 0)
    return REFUSE("orthoplex: has an even number of points, here there are %zu", n);
  const spo_status status = need(c, "orthoplex", n, n / 2, err);
  if (status != SPO_OK)
    return status;
  spo_vec_zero(n * d, X);
  for (size_t i = 0; i < n; i++)
    X[i * d + i / 2] = i % 2 ? -1.0 : 1.0;
  return finish(c, X);
}

BUILD(build_hypercube) {
  BEGIN;
  size_t m = 0;
  while (m < 31 && (size_t)1 << m < n)
    m++;
  const spo_status status = need(c, "hypercube", (size_t)1 << m, m, err);
  if (status != SPO_OK)
    return status;
  spo_vec_zero(n * d, X);
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j < m; j++)
      X[i * d + j] = i >> j & 1 ? -1.0 : 1.0;
  return finish(c, X);
}

/* (0, +-a, +-b) and its cyclic shifts from row `at` on: 12 rows */
static void rectangles(size_t d, double a, double b, double *X) {
  for (size_t i = 0; i < 12; i++) {
    const size_t axis = i / 4;
    X[i * d + (axis + 1) % 3] = i & 1 ? -a : a;
    X[i * d + (axis + 2) % 3] = i & 2 ? -b : b;
  }
}

BUILD(build_icosahedron) {
  BEGIN;
  const spo_status status = need(c, "icosahedron", 12, 3, err);
  if (status != SPO_OK)
    return status;
  spo_vec_zero(n * d, X);
  rectangles(d, 1.0, golden, X);
  return finish(c, X);
}

BUILD(build_dodecahedron) {
  BEGIN;
  const spo_status status = need(c, "dodecahedron", 20, 3, err);
  if (status != SPO_OK)
    return status;
  spo_vec_zero(n * d, X);
  rectangles(d, 1.0 / golden, golden, X);
  for (size_t i = 0; i < 8; i++)
    for (size_t j = 0; j < 3; j++)
      X[(12 + i) * d + j] = i >> j & 1 ? -1.0 : 1.0;
  return finish(c, X);
}

/* +-e_i +-e_j for i < j < m; returns the number of rows */
static size_t d_roots(size_t d, size_t m, double *X) {
  size_t row = 0;
  for (size_t i = 0; i < m; i++)
    for (size_t j = i + 1; j < m; j++)
      for (size_t sign = 0; sign < 4; sign++, row++) {
        X[row * d + i] = sign & 1 ? -1.0 : 1.0;
        X[row * d + j] = sign & 2 ? -1.0 : 1.0;
      }
  return row;
}

/* D_m has 2m(m-1) roots; 240 points are E8: D_8 and the half spinors of even sign. */
BUILD(build_roots) {
  BEGIN;
  size_t m = 2;
  while (m < 30000 && 2 * m * (m - 1) < n)
    m++;
  const bool e8 = n == 240;
  const spo_status status =
      need(c, "roots (D_m: 2m(m-1), E8: 240)", e8 ? n : 2 * m * (m - 1), e8 ? 8 : m, err);
  if (status != SPO_OK)
    return status;
  spo_vec_zero(n * d, X);
  size_t row = d_roots(d, e8 ? 8 : m, X);
  for (size_t signs = 0; e8 && signs < 256; signs++) {
    size_t minus = 0;
    for (size_t j = 0; j < 8; j++)
      minus += signs >> j & 1;
    for (size_t j = 0; minus % 2 == 0 && j < 8; j++)
      X[row * d + j] = signs >> j & 1 ? -0.5 : 0.5;
    row += minus % 2 == 0;
  }
  return finish(c, X);
}

BUILD(build_all_equal) {
  BEGIN;
  (void)err;
  spo_vec_zero(n * d, X);
  for (size_t i = 0; i < n; i++)
    X[i * d] = 1.0;
  return finish(c, X);
}

/* Sizes like 3+2, at least 2 each, that sum to n; *dim their dimensions together. Their number, or
 * 0. size: room for n/2 */
static size_t read_sizes(const char *text, size_t n, size_t *size, size_t *dim) {
  size_t count = 0, sum = 0;
  for (const char *at = text; *at >= '0' && *at <= '9'; at++) {
    char *end;
    const unsigned long m = strtoul(at, &end, 10);
    if (m < 2 || m > n - sum || (*end && *end != '+'))
      return 0;
    size[count++] = (size_t)m;
    sum += (size_t)m;
    *dim += (size_t)m - 1;
    at = end;
    if (!*at)
      return sum == n ? count : 0;
  }
  return 0;
}

BUILD(build_simplices) {
  BEGIN;
  size_t *size = spo_block_alloc(spo_size_mul(n / 2, sizeof *size)), dim = 0;
  if (!size)
    return spo_fail(err, SPO_E_NOMEM, "spo_configuration_point", "no memory for %zu points", n);
  const char *text = arg ? arg : "";
  const size_t count = read_sizes(text, n, size, &dim);
  spo_status status =
      count > 0 ? need(c, "simplices", n, dim, err)
                : REFUSE("simplices:SIZES: \"%.60s\" is no sum of sizes like 3+2, each at "
                         "least 2, that makes %zu points",
                         text, n);
  if (status == SPO_OK)
    spo_vec_zero(n * d, X);
  for (size_t i = 0, row = 0, axis = 0; status == SPO_OK && i < count; i++) {
    spo_simplex_block(d, size[i], X + row * d + axis);
    row += size[i];
    axis += size[i] - 1;
  }
  spo_block_free(size);
  return status == SPO_OK ? finish(c, X) : status;
}

/* A pattern of n characters + and -, or how many are minus. */
BUILD(build_signs) {
  BEGIN;
  char *end = NULL;
  const char *text = arg ? arg : "";
  const bool pattern = strlen(text) == n && strspn(text, "+-") == n;
  const bool digits = *text >= '0' && *text <= '9';
  const unsigned long minus = digits ? strtoul(text, &end, 10) : 0;
  if (!pattern && !(digits && *end == '\0' && minus <= n))
    return REFUSE("signs:PATTERN: \"%.60s\" is neither %zu signs like +-+ nor how many are minus, "
                  "0 to %zu",
                  text, n, n);
  spo_vec_zero(n * d, X);
  for (size_t i = 0; i < n; i++)
    X[i * d] = (pattern ? text[i] == '-' : i < minus) ? -1.0 : 1.0;
  return finish(c, X);
}

const spo_named_point spo_configuration_point[SPO_CONFIGURATION_POINTS] = {
    {"etf", NULL, "simplex ETF, dim at least points - 1", build_etf},
    {"polygon", NULL, "regular polygon in the first two coordinates", build_polygon},
    {"orthoplex", NULL, "plus and minus of points/2 axes", build_orthoplex},
    {"hypercube", NULL, "corners of a cube of any dimension, 2^m points", build_hypercube},
    {"icosahedron", NULL, "12 points", build_icosahedron},
    {"dodecahedron", NULL, "20 points", build_dodecahedron},
    {"roots", NULL, "root system D_m, 2m(m-1) points; 240 points: E8", build_roots},
    {"simplices", "SIZES",
     "simplices in orthogonal spaces, like 3+2: a bipyramid; 2+2+2: an octahedron",
     build_simplices},
    {"all-equal", NULL, "all points in one place: a saddle", build_all_equal},
    {"signs", "PATTERN", "all points on one line: signs like ++-, or how many are minus: a saddle",
     build_signs},
};
