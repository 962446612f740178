/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Points of one sphere: sizes, manifold, rotations; and the universally optimal codes. */
#include "models/configuration.h"

#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <string.h>

#include <spheropt/manifolds/oblique.h>

#include "base/memory.h"

spo_status spo_configuration_create(size_t bytes, const spo_problem_ops *ops, const char *name,
                                    uint64_t points, uint64_t dim, size_t copies, void *out,
                                    spo_error *err) {
  spo_configuration **made = out;
  *made = NULL;
  if (spo_size_mul(spo_size_mul(copies, points), dim) > INT_MAX)
    return spo_fail(err, SPO_E_DIM, name,
                    "points x dim: %" PRIu64 " x %" PRIu64
                    " numbers are more than BLAS can index (%d)",
                    points, dim, INT_MAX);
  spo_configuration *c = spo_block_alloc(bytes);
  if (!c)
    return spo_fail(err, SPO_E_NOMEM, name, "no memory for the problem");
  memset(c, 0, bytes);
  c->d = (size_t)dim;
  c->n = (size_t)points;
  c->vectors = copies * c->n;
  const spo_status status = spo_oblique_create(c->d, c->vectors, &c->manifold, err);
  c->problem = (spo_problem){.ops = ops, .name = name, .self = c, .manifold = c->manifold};
  if (status == SPO_OK)
    *made = c;
  else
    spo_block_free(c);
  return status;
}

void spo_configuration_destroy(spo_problem *P) {
  spo_configuration *c = P->self;
  spo_manifold_destroy(c->manifold);
  spo_block_free(c);
}

size_t spo_configuration_parts(const spo_problem *P, spo_part part[SPO_MODEL_MAX_PARTS]) {
  const spo_configuration *c = P->self;
  part[0] = (spo_part){"X", c->n, c->d, 0};
  return 1;
}

/* ---- rotations of R^d ------------------------------------------------------------------------ */

static void rotated(const void *self, size_t *d, size_t *m) {
  const spo_configuration *c = self;
  *d = c->d;
  *m = c->vectors;
}

const spo_symmetry spo_configuration_symmetry = {
    .size = sizeof(spo_symmetry), .name = "rotations of R^d", .rotated = rotated};

/* ---- universally optimal codes --------------------------------------------------------------- */

typedef struct listed_code {
  size_t d, n;
  spo_known_code code;
} listed_code;

static const double root5 = 2.23606797749978969640917366873127623;

/* Cohn, Kumar 2007, table 1, up to dimension 24; each is a spherical design of strength 3 at least,
 * which tests/oracle/configurations.c holds the numbers to. */
static bool find_listed(size_t d, size_t n, spo_known_code *code) {
  const double a = 1.0 / root5, b = 0.25 * (root5 - 1.0), c = 0.25 * (root5 + 1.0);
  const listed_code list[] = {
      {3, 12, {"icosahedron", 3, {-1.0, -a, a}, {1, 5, 5}}},
      {4,
       120,
       {"600-cell", 8, {-1.0, -c, -0.5, -b, 0.0, b, 0.5, c}, {1, 12, 20, 12, 30, 12, 20, 12}}},
      {5, 16, {"hemicube", 2, {-0.6, 0.2}, {5, 10}}},
      {6, 27, {"Schlaefli", 2, {-0.5, 0.25}, {10, 16}}},
      {7, 56, {"equiangular 28 lines", 3, {-1.0, -1.0 / 3.0, 1.0 / 3.0}, {1, 27, 27}}},
      {8, 240, {"E8 roots", 4, {-1.0, -0.5, 0.0, 0.5}, {1, 56, 126, 56}}},
      {21, 162, {"isotropic subspaces", 2, {-2.0 / 7.0, 1.0 / 7.0}, {56, 105}}},
      {22, 100, {"Higman-Sims", 2, {-4.0 / 11.0, 1.0 / 11.0}, {22, 77}}},
      {22, 275, {"McLaughlin", 2, {-0.25, 1.0 / 6.0}, {112, 162}}},
      {23, 552, {"equiangular 276 lines", 3, {-1.0, -0.2, 0.2}, {1, 275, 275}}},
      {24,
       196560,
       {"Leech lattice",
        6,
        {-1.0, -0.5, -0.25, 0.0, 0.25, 0.5},
        {1, 4600, 47104, 93150, 47104, 4600}}},
  };
  for (size_t i = 0; i < sizeof list / sizeof list[0]; i++)
    if (list[i].d == d && list[i].n == n) {
      *code = list[i].code;
      return true;
    }
  return false;
}

bool spo_known_code_find(size_t d, size_t n, spo_known_code *code) {
  const double others = (double)n - 1.0;
  if (d + 1 >= n)
    *code = (spo_known_code){"simplex", 1, {-1.0 / others}, {others}};
  else if (d == 2)
    *code = (spo_known_code){"polygon", 0, {0}, {0}};
  else if (n == 2 * d)
    *code = (spo_known_code){"cross polytope", 2, {-1.0, 0.0}, {1.0, others - 1.0}};
  else
    return find_listed(d, n, code);
  return true;
}

double spo_known_code_sum(const spo_known_code *code, size_t n,
                          double value(double cosine, const void *self), const void *self) {
  const double pi = 3.14159265358979323846;
  double sum = 0.0;
  for (size_t a = 0; a < code->angles; a++)
    sum += code->count[a] * value(code->cosine[a], self);
  if (code->angles == 0)
    for (size_t k = 1; k < n; k++) /* by the half angle: near points keep their distance */
      sum += value(1.0 - 2.0 * pow(sin(pi * (double)k / (double)n), 2.0), self);
  return sum;
}
