/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the models of n points on one sphere S^(d-1) share: sizes, the oblique manifold, rotations,
 * named configurations, what is measured of a configuration, and the codes that are known to be
 * optimal. */
#ifndef SPO_MODELS_CONFIGURATION_H
#define SPO_MODELS_CONFIGURATION_H

#include <limits.h>

#include <spheropt/model.h>

/* A problem made here is its configuration; a model's own members follow. */
typedef struct spo_configuration {
  spo_problem problem; /* first */
  size_t d, n;
  size_t vectors; /* n, or more if each point has company of its own */
  spo_manifold *manifold;
} spo_configuration;

/* The two parameters that all have. */
#define SPO_CONFIGURATION_OPTIONS(type, points_default, dim_default)                               \
  {"points",                                                                                       \
   "n, number of points",                                                                          \
   "",                                                                                             \
   offsetof(type, points),                                                                         \
   SPO_OPTION_UINT,                                                                                \
   2,                                                                                              \
   INT_MAX,                                                                                        \
   points_default,                                                                                 \
   0,                                                                                              \
   NULL,                                                                                           \
   0},                                                                                             \
  {                                                                                                \
    "dim", "d, the points lie on the unit sphere of R^d", "", offsetof(type, dim),                 \
        SPO_OPTION_UINT, 2, INT_MAX, dim_default, 0, NULL, 0                                       \
  }

/* A zeroed struct of `bytes` that begins with a configuration, with its manifold OB(d, copies n);
 * memo_len and work_len are left to the model. */
spo_status spo_configuration_create(size_t bytes, const spo_problem_ops *ops, const char *name,
                                    uint64_t points, uint64_t dim, size_t copies, void *out,
                                    spo_error *err);
/* The destroy slot of all. */
void spo_configuration_destroy(spo_problem *P);

extern const spo_symmetry spo_configuration_symmetry;

/* The parts slot: "X", n x d. */
size_t spo_configuration_parts(const spo_problem *P, spo_part part[SPO_MODEL_MAX_PARTS]);

/* ---- named configurations -------------------------------------------------------------------- */

/* Those before SPO_CONFIGURATION_SPREAD have no two points in one place. Vectors beyond the n
 * points repeat them. All of them, etf to signs, are critical for every cost that knows the points
 * by their inner products alone and all in the same way: what fixes a point fixes only its
 * line. */
enum {
  SPO_CONFIGURATION_ETF,
  SPO_CONFIGURATION_POLYGON,
  SPO_CONFIGURATION_ORTHOPLEX,
  SPO_CONFIGURATION_HYPERCUBE,
  SPO_CONFIGURATION_ICOSAHEDRON,
  SPO_CONFIGURATION_DODECAHEDRON,
  SPO_CONFIGURATION_ROOTS,
  SPO_CONFIGURATION_SIMPLICES,
  SPO_CONFIGURATION_SPREAD,
  SPO_CONFIGURATION_ALL_EQUAL = SPO_CONFIGURATION_SPREAD,
  SPO_CONFIGURATION_SIGNS,
  SPO_CONFIGURATION_POINTS
};
extern const spo_named_point spo_configuration_point[SPO_CONFIGURATION_POINTS];

/* ---- measures -------------------------------------------------------------------------------- */

/* The largest <x_i, x_j>, i < j, from the difference of that pair: exact also for near points. */
double spo_configuration_max_cosine(size_t d, size_t n, const double *X);
/* The angle of the nearest two points, degrees. */
double spo_configuration_min_angle(size_t d, size_t n, const double *X);
/* sum_ij <x_i, x_j>^2. The following allocate: NaN and SPO_E_NOMEM. */
spo_status spo_configuration_frame_potential(size_t d, size_t n, const double *X, double *value,
                                             spo_error *err);
/* | X^T X / |X^T X| - C / sqrt(n-1) |, C = I - 11^T/n: NC2, 0 exactly at the simplex ETF */
spo_status spo_configuration_etf_defect(size_t d, size_t n, const double *X, double *value,
                                        spo_error *err);
/* sup over t and over centres x_i (all, or 256 of them evenly chosen) of | part of the other points
 * with <x_i, x_j> <= t - the same for the uniform distribution |. */
spo_status spo_configuration_discrepancy(size_t d, size_t n, const double *X, double *value,
                                         spo_error *err);
/* p-value of uniformity against departures of degree one (Rayleigh) and two (Bingham): near 0
 * clustered, near 1 more even than chance. Asymptotic in n. */
spo_status spo_configuration_uniformity(size_t d, size_t n, const double *X, double *value,
                                        spo_error *err);

/* ---- universally optimal codes --------------------------------------------------------------- */

/* Cohn, Kumar 2007: a code that minimises sum of h(|x_i - x_j|^2) for every completely monotonic
 * h. `angles` different inner products of a point with the others, and how often each. */
enum { SPO_CODE_ANGLES = 8 };
typedef struct spo_known_code {
  const char *name;
  size_t angles;
  double cosine[SPO_CODE_ANGLES];
  double count[SPO_CODE_ANGLES];
} spo_known_code;

/* The code of n points in R^d, or false. A polygon has too many angles for the list: its cosines
 * are cos(2 pi k/n), k = 1 .. n-1, and angles is 0. */
bool spo_known_code_find(size_t d, size_t n, spo_known_code *code);
/* sum over the others of value(cosine, self): what one point of the code sees */
double spo_known_code_sum(const spo_known_code *code, size_t n,
                          double value(double cosine, const void *self), const void *self);

#endif
