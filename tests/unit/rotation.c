/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Rotation orbits against all of so(d): the vectors (e_a e_b^T - e_b e_a^T) X span the orbit's
 * tangent space, and LAPACK's singular vectors of them are an orthonormal basis of it. Full rank,
 * fewer dimensions than d, one line, one point, nothing but zeros; d = 1 and 2; longer vectors of
 * which only a part is rotated. */
#include <float.h>
#include <gsl/gsl_randist.h>

#include <spheropt/rotation.h>

#include "base/blas.h"
#include "base/vec.h"
#include "samples.h"

enum { MAX_D = 6, MAX_M = 9, MAX_N = MAX_D * MAX_M, MAX_SO = MAX_D * (MAX_D - 1) / 2, REST = 3 };
enum { MAX_STORE = 64 * MAX_D * MAX_D, K = 3 };

typedef struct orbit {
  size_t d, m, dim;
  double X[MAX_N], store[MAX_STORE], work[MAX_STORE];
  size_t rank; /* of the basis */
  double basis[MAX_SO * MAX_N];
} orbit;

/* m points of R^d that span r dimensions, in general position, some longer than others. */
static void draw_points(orbit *o, size_t r, gsl_rng *rng) {
  double frame[MAX_D * MAX_D];
  for (size_t i = 0; i < r * o->d; i++)
    frame[i] = gsl_ran_gaussian_ziggurat(rng, 1.0);
  for (size_t i = 0; i < o->m; i++) {
    spo_vec_zero(o->d, o->X + i * o->d);
    for (size_t k = 0; k < r; k++)
      spo_vec_axpy(o->d, gsl_ran_gaussian_ziggurat(rng, 1.0), frame + k * o->d, o->X + i * o->d);
  }
}

/* An orthonormal basis of { Omega X }, from its generators. */
static void make_basis(orbit *o) {
  const size_t n = o->d * o->m;
  double generator[MAX_SO * MAX_N] = {0}, s[MAX_N], work[20 * MAX_N], none;
  size_t count = 0;
  for (size_t a = 0; a < o->d; a++)
    for (size_t b = 0; b < a; b++, count++)
      for (size_t i = 0; i < o->m; i++) {
        generator[count * n + i * o->d + a] = o->X[i * o->d + b];
        generator[count * n + i * o->d + b] = -o->X[i * o->d + a];
      }
  o->rank = 0;
  if (count == 0)
    return;
  const spo_blasint rows = (spo_blasint)n, cols = (spo_blasint)count, lwork = 20 * MAX_N, one = 1;
  spo_blasint info;
  dgesvd_("S", "N", &rows, &cols, generator, &rows, s, o->basis, &rows, &none, &one, work, &lwork,
          &info);
  assert_int_equal(info, 0);
  for (size_t k = 0; k < count && k < n; k++)
    o->rank += s[k] > 1e-9 * s[0];
}

/* V's orthogonal projection by that basis */
static void project_by_basis(const orbit *o, const double *V, double *out) {
  const size_t n = o->d * o->m;
  spo_vec_zero(n, out);
  for (size_t k = 0; k < o->rank; k++)
    spo_vec_axpy(n, spo_vec_dot(n, o->basis + k * n, V), o->basis + k * n, out);
}

static void judge(size_t d, size_t m, size_t r, uint64_t seed) {
  const size_t n = d * m, stride = n + REST;
  orbit o = {.d = d, .m = m};
  spo_error err = {0};
  double V[K * (MAX_N + REST)], before[K * (MAX_N + REST)], due[MAX_N];
  gsl_rng *rng = new_rng(seed);
  expect_seed = seed;
  draw_points(&o, r, rng);
  make_basis(&o);
  expect_true(spo_rotation_store_len(d) <= MAX_STORE && spo_rotation_work_len(d) <= MAX_STORE);
  expect_ok(spo_rotation_prepare(d, m, o.X, o.store, &o.dim, o.work));
  const size_t left = d - r; /* and those that turn only what X does not span */
  assert_int_equal(o.dim, (d * (d - 1) - (left > 0 ? left * (left - 1) : 0)) / 2);
  assert_int_equal(o.dim, o.rank);

  for (size_t i = 0; i < K * stride; i++)
    V[i] = before[i] = gsl_ran_gaussian_ziggurat(rng, 1.0);
  spo_rotation_project(d, m, o.X, o.store, K, stride, V, o.work);
  for (size_t j = 0; j < K; j++) {
    project_by_basis(&o, before + j * stride, due);
    /* Lyapunov's denominators are at least the least nonzero eigenvalue of X X^T */
    double least = INFINITY;
    for (size_t i = 0; i < d; i++)
      if (o.store[d * d + i] > 0.0)
        least = fmin(least, o.store[d * d + i]);
    const double condition = r > 0 ? o.store[d * d + d - 1] / least : 1.0;
    for (size_t i = 0; i < n; i++)
      expect_near(V[j * stride + i], due[i], 64.0 * DBL_EPSILON * condition * sqrt((double)n));
    for (size_t i = n; i < stride; i++)
      expect_true(V[j * stride + i] == before[j * stride + i]);
  }
  gsl_rng_free(rng);
}

static void against_a_basis(void **state) {
  (void)state;
  uint64_t seed = 1;
  for (size_t d = 1; d <= MAX_D; d++)
    for (size_t m = 1; m <= MAX_M; m += m < 3 ? 1 : 3)
      for (size_t r = 0; r <= d && r <= m; r++)
        judge(d, m, r, seed++);
}

/* The Lyapunov equation needs no orthonormal points, but it does need to know rank from rounding:
 * a third dimension of relative size 1e-5 counts, one of 1e-7 does not. */
static void rank_from_rounding(void **state) {
  (void)state;
  spo_error err = {0};
  double store[MAX_STORE], work[MAX_STORE];
  size_t dim;
  for (int thin = 0; thin < 2; thin++) {
    const double X[4 * 4] = {1, 0, 0, 0, 0, 1, 0, 0, 0, 0, thin ? 1e-7 : 1e-5, 0, 1, 1, 0, 0};
    expect_ok(spo_rotation_prepare(4, 4, X, store, &dim, work));
    assert_int_equal(dim, thin ? 5 : 6);
  }
}

static int rest_cost(void *self, const double *x, double *f, double *memo, double *work) {
  const size_t d = 3, m = 4;
  (void)self, (void)memo, (void)work;
  *f = spo_vec_dot(d, x, x + d) * x[d * m] + x[d * m + 1] * x[d * m + 1];
  for (size_t i = 0; i < m; i++)
    *f += 0.25 * pow(spo_vec_dot(d, x + i * d, x + i * d), 2.0);
  return 0;
}

static int rest_egrad(void *self, const double *x, double *g, double *memo, double *work) {
  const size_t d = 3, m = 4;
  (void)self, (void)memo, (void)work;
  for (size_t i = 0; i < m; i++)
    for (size_t a = 0; a < d; a++)
      g[i * d + a] = spo_vec_dot(d, x + i * d, x + i * d) * x[i * d + a];
  spo_vec_axpy(d, x[d * m], x + d, g);
  spo_vec_axpy(d, x[d * m], x, g + d);
  g[d * m] = spo_vec_dot(d, x, x + d);
  g[d * m + 1] = 2.0 * x[d * m + 1];
  return 0;
}

static size_t rest_points;

static void rest_rotated(const void *self, size_t *d, size_t *m) {
  (void)self;
  *d = 3;
  *m = rest_points;
}

/* The slot on a problem of which only the first points turn: the checks of the library accept it,
 * straight and through a wrapper, and refuse it where it claims one point too few. */
static void slot(void **state) {
  (void)state;
  const spo_symmetry symmetry = {
      .size = sizeof symmetry, .name = "rotations of the first points", .rotated = rest_rotated};
  const spo_problem_ops ops = {
      .size = sizeof ops, .cost = rest_cost, .egrad = rest_egrad, .symmetry = &symmetry};
  spo_error err = {0};
  spo_manifold *M;
  spo_problem *wrapped;
  spo_check_report report;
  gsl_rng *rng = new_rng(7);
  expect_ok(spo_euclidean_create(3 * 4 + 2, &M, &err));
  const spo_problem P = {.ops = &ops, .name = "partly turned", .manifold = M};
  rest_points = 4;
  expect_ok(spo_check_symmetry(&P, NULL, rng, &report, &err));
  expect_true(report.pass);
  expect_ok(spo_fd_hessian_problem(&P, 0.0, &wrapped, &err));
  expect_ok(spo_check_symmetry(wrapped, NULL, rng, &report, &err));
  expect_true(report.pass);
  spo_problem_destroy(wrapped);
  rest_points = 1;
  expect_ok(spo_check_symmetry(&P, NULL, rng, &report, &err));
  expect_true(!report.pass);
  gsl_rng_free(rng);
  spo_manifold_destroy(M);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(against_a_basis),
      cmocka_unit_test(rank_from_rounding),
      cmocka_unit_test(slot),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
