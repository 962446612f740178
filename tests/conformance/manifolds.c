/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Every manifold of the list behaves as spo_check_manifold demands, over several seeds; and
 * identities between manifolds that must agree: a product and its parts, the sphere as an oblique
 * and as a Stiefel manifold, square Stiefel matrices, rotated points, nested products. */
#include "expect.h"

#include <float.h>
#include <gsl/gsl_randist.h>
#include <limits.h>
#include <string.h>

#include <spheropt/check.h>

#include "base/vec.h"
#include "lists/lists.h"

enum { SEEDS = 20, ROOM = 256, WORK = 4096 };

typedef struct bench {
  const spo_manifold *M;
  double x[ROOM], y[ROOM], u[ROOM], v[ROOM], g[ROOM], h[ROOM], memo[ROOM], work[WORK];
} bench;

static gsl_rng *seeded(uint64_t seed) {
  gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
  expect_seed = seed;
  gsl_rng_set(rng, seed);
  return rng;
}

static spo_manifold *oblique(size_t d, size_t m) {
  spo_error err = {0};
  spo_manifold *M;
  expect_ok(spo_oblique_create(d, m, &M, &err));
  return M;
}

static spo_manifold *sphere(size_t n) {
  spo_error err = {0};
  spo_manifold *M;
  expect_ok(spo_sphere_create(n, &M, &err));
  return M;
}

static spo_manifold *stiefel(size_t n, size_t p, spo_stiefel_retraction retraction) {
  spo_error err = {0};
  spo_manifold *M;
  expect_ok(spo_stiefel_create(n, p, retraction, &M, &err));
  return M;
}

static spo_manifold *euclidean(size_t n) {
  spo_error err = {0};
  spo_manifold *M;
  expect_ok(spo_euclidean_create(n, &M, &err));
  return M;
}

static spo_manifold *product(size_t count, const spo_manifold *const *part) {
  spo_error err = {0};
  spo_manifold *M;
  expect_ok(spo_product_create(count, part, &M, &err));
  return M;
}

static void destroy_all(size_t count, spo_manifold *const *made) {
  while (count > 0)
    spo_manifold_destroy(made[--count]);
}

static double rounding(size_t n) {
  return 64 * DBL_EPSILON * sqrt((double)n);
}

static void expect_same(size_t n, const double *a, const double *b, double size) {
  for (size_t i = 0; i < n; i++)
    expect_near(a[i], b[i], rounding(n) * size);
}

/* A random point, a tangent vector, and an ambient gradient and Hessian product. */
static void fill(bench *b, const spo_manifold *M, gsl_rng *rng) {
  spo_error err = {0};
  expect_true(M->n <= ROOM && M->memo_len <= ROOM && M->work_len <= WORK);
  b->M = M;
  expect_ok(M->ops->random_point(M, rng, b->x, b->work));
  expect_ok(spo_manifold_random_tangent(M, b->x, rng, b->v, b->work));
  for (size_t i = 0; i < M->n; i++) {
    b->u[i] = gsl_ran_gaussian_ziggurat(rng, 1);
    b->g[i] = gsl_ran_gaussian_ziggurat(rng, 1);
    b->h[i] = gsl_ran_gaussian_ziggurat(rng, 1);
  }
}

/* u projected, y the retracted, g and h converted. */
static void run(bench *b) {
  spo_error err = {0};
  const spo_manifold_ops *ops = b->M->ops;
  expect_ok(ops->project(b->M, b->x, b->u, b->u, b->work));
  expect_ok(ops->retract(b->M, b->x, 0.7, b->v, b->y, b->work));
  expect_ok(ops->egrad_to_rgrad(b->M, b->x, b->g, b->memo, b->work));
  expect_ok(ops->ehess_to_rhess(b->M, b->x, b->memo, b->v, b->h, b->work));
}

/* ---- the suite ------------------------------------------------------------------------------- */

static void expect_pass(const spo_manifold *M, gsl_rng *rng) {
  spo_error err = {0};
  spo_check_report report;
  expect_ok(spo_check_manifold(M, rng, &report, &err));
  for (size_t i = 0; i < report.count; i++)
    if (!report.item[i].pass)
      print_error("%s, seed %llu: %s: %g is not in [%g, %g]\n", M->name,
                  (unsigned long long)expect_seed, report.item[i].name, report.item[i].value,
                  report.item[i].lo, report.item[i].hi);
  expect_true(report.pass);
}

static void every_family(void **state) {
  (void)state;
  size_t families = 0;
  for (; spo_list_manifolds[families]; families++) {
    const spo_manifold_family *family = spo_list_manifolds[families]();
    spo_manifold *made[SPO_FAMILY_PARTS];
    size_t count;
    spo_error err = {0};
    expect_true(family->size == sizeof *family && family->samples > 0);
    for (size_t i = 0; i < family->samples; i++) {
      expect_ok(family->sample(i, made, &count, &err));
      for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        gsl_rng *rng = seeded(seed);
        expect_pass(made[count - 1], rng);
        gsl_rng_free(rng);
      }
      destroy_all(count, made);
    }
    expect_status(family->sample(family->samples, made, &count, &err), SPO_E_ARG);
    expect_true(count == 0);
  }
  expect_true(families >= 5);
}

/* ---- identities ------------------------------------------------------------------------------ */

static void compare_parts(const spo_manifold *M, gsl_rng *rng) {
  bench whole, part;
  spo_error err = {0};
  double C[ROOM], c[ROOM];
  size_t coord_at = 0, memo_at = 0, at;
  fill(&whole, M, rng);
  bench before = whole;
  run(&whole);
  if (M->ops->to_coords)
    expect_ok(M->ops->to_coords(M, whole.x, 1, whole.v, C, whole.work));
  for (size_t i = 0; i < spo_product_count(M); i++) {
    part.M = spo_product_part(M, i, &at);
    const size_t n = part.M->n;
    spo_vec_copy(n, before.x + at, part.x);
    spo_vec_copy(n, before.u + at, part.u);
    spo_vec_copy(n, before.v + at, part.v);
    spo_vec_copy(n, before.g + at, part.g);
    spo_vec_copy(n, before.h + at, part.h);
    run(&part);
    expect_same(n, whole.u + at, part.u, 0);
    expect_same(n, whole.y + at, part.y, 0);
    expect_same(n, whole.g + at, part.g, 0);
    expect_same(n, whole.h + at, part.h, 0);
    expect_same(part.M->memo_len, whole.memo + memo_at, part.memo, 0);
    if (M->ops->to_coords) {
      expect_ok(part.M->ops->to_coords(part.M, part.x, 1, part.v, c, part.work));
      expect_same(part.M->dim, C + coord_at, c, 0);
    }
    memo_at += part.M->memo_len;
    coord_at += part.M->dim;
  }
  expect_true(coord_at == M->dim && memo_at == M->memo_len);
}

static void product_is_its_parts(void **state) {
  (void)state;
  spo_manifold *made[5] = {sphere(3), oblique(4, 5), stiefel(5, 2, SPO_STIEFEL_POLAR),
                           euclidean(3)};
  made[4] = product(4, (const spo_manifold *const *)made);
  const spo_manifold *M = made[4];
  gsl_rng *rng = seeded(3);
  expect_true(spo_product_count(M) == 4);
  expect_true(strcmp(M->name, "product(sphere(3), oblique(4, 5), stiefel(5, 2, polar), "
                              "euclidean(3))") == 0);
  compare_parts(M, rng);
  double sum = 0;
  for (size_t i = 0; i < 4; i++)
    sum += made[i]->typical_distance * made[i]->typical_distance;
  expect_near(M->typical_distance, sqrt(sum), rounding(1) * sqrt(sum));
  expect_true(M->ops->exp == NULL); /* Stiefel offers none */
  expect_true(M->ops->inner == NULL && M->ops->transport == NULL && M->ops->step_limit != NULL);
  expect_true(M->retraction_order == 2);
  expect_true(spo_product_part(M, 4, NULL) == NULL && spo_product_count(made[0]) == 0);
  expect_true(spo_product_part(made[0], 0, NULL) == NULL && spo_product_count(NULL) == 0);
  destroy_all(5, made);
  gsl_rng_free(rng);
}

static void step_limits(void **state) {
  (void)state;
  spo_manifold *made[3] = {sphere(2), euclidean(2)};
  made[2] = product(2, (const spo_manifold *const *)made);
  const spo_manifold *M = made[2];
  const double x[4] = {1, 0, 3, 3}, v[4] = {0, 0.5, 9, 9}, still[4] = {0, 0, 1, 1};
  const double pi = 3.14159265358979323846;
  expect_near(M->ops->step_limit(M, x, v), 2 * pi, rounding(1));
  expect_true(M->ops->step_limit(M, x, still) == INFINITY);
  expect_true(made[1]->ops->step_limit == NULL);
  destroy_all(3, made);
}

/* ((A x B) x C) = A x B x C, to the bit */
static void nested_products(void **state) {
  (void)state;
  spo_manifold *made[6] = {sphere(4), stiefel(5, 2, SPO_STIEFEL_QR), euclidean(3)};
  made[3] = product(3, (const spo_manifold *const *)made);
  made[4] = product(2, (const spo_manifold *const *)made);
  made[5] = product(2, (const spo_manifold *const[]){made[4], made[2]});
  gsl_rng *rng = seeded(4);
  bench flat, nested;
  fill(&flat, made[3], rng);
  nested = flat;
  nested.M = made[5];
  run(&flat);
  run(&nested);
  const size_t n = made[3]->n;
  expect_true(n == made[5]->n && made[3]->dim == made[5]->dim);
  expect_same(n, flat.u, nested.u, 0);
  expect_same(n, flat.y, nested.y, 0);
  expect_same(n, flat.g, nested.g, 0);
  expect_same(n, flat.h, nested.h, 0);
  expect_near(made[3]->typical_distance, made[5]->typical_distance, rounding(1) * 4);
  expect_true(made[3]->retraction_order == 1 && made[5]->retraction_order == 1);
  destroy_all(6, made);
  gsl_rng_free(rng);
}

static void sphere_three_ways(void **state) {
  (void)state;
  enum { N = 7 };
  spo_manifold *made[4] = {sphere(N), oblique(N, 1), stiefel(N, 1, SPO_STIEFEL_POLAR),
                           stiefel(N, 1, SPO_STIEFEL_QR)};
  for (uint64_t seed = 1; seed <= SEEDS; seed++) {
    gsl_rng *rng = seeded(seed);
    bench due, other;
    fill(&due, made[0], rng);
    const bench start = due;
    run(&due);
    for (int i = 1; i < 4; i++) {
      other = start;
      other.M = made[i];
      run(&other);
      const double size = 10; /* of the longest vector here */
      expect_same(N, due.u, other.u, size);
      expect_same(N, due.y, other.y, size);
      expect_same(N, due.g, other.g, size);
      expect_same(N, due.h, other.h, 10 * size);
      expect_near(due.memo[0], other.memo[0], rounding(N) * size);
    }
    gsl_rng_free(rng);
  }
  expect_true(made[0]->dim == made[2]->dim && made[0]->memo_len == made[2]->memo_len);
  expect_true(strcmp(made[0]->name, "sphere(7)") == 0);
  destroy_all(4, made);
}

/* On O(n): V = X A with A skew, so the projection is X skew(X^T W); and no step leaves det X. */
static void square_stiefel(void **state) {
  (void)state;
  enum { N = 3 };
  spo_manifold *made[2] = {stiefel(N, N, SPO_STIEFEL_POLAR), stiefel(N, N, SPO_STIEFEL_QR)};
  for (uint64_t seed = 1; seed <= SEEDS; seed++) {
    gsl_rng *rng = seeded(seed);
    for (int r = 0; r < 2; r++) {
      bench b;
      fill(&b, made[r], rng);
      double due[N * N];
      const double *x = b.x, *w = b.u;
      for (int j = 0; j < N; j++)
        for (int i = 0; i < N; i++) {
          due[i + j * N] = 0;
          for (int k = 0; k < N; k++)
            due[i + j * N] +=
                0.5 * x[i + k * N] *
                (spo_vec_dot(N, x + k * N, w + j * N) - spo_vec_dot(N, x + j * N, w + k * N));
        }
      run(&b);
      expect_same(N * N, b.u, due, 10);
      double det[2];
      for (int k = 0; k < 2; k++) {
        const double *a = k ? b.y : b.x;
        det[k] = a[0] * (a[4] * a[8] - a[5] * a[7]) - a[3] * (a[1] * a[8] - a[2] * a[7]) +
                 a[6] * (a[1] * a[5] - a[2] * a[4]);
      }
      expect_near(det[1], det[0], rounding(N * N));
    }
    gsl_rng_free(rng);
  }
  destroy_all(2, made);
}

/* b with Q applied to each of the `count` vectors of R^d in x, u, v, g, h */
static void rotate(bench *b, const double *Q, size_t d, size_t count) {
  double *arrays[] = {b->x, b->y, b->u, b->v, b->g, b->h};
  double turned[ROOM];
  for (size_t a = 0; a < sizeof arrays / sizeof arrays[0]; a++) {
    for (size_t i = 0; i < count; i++)
      for (size_t k = 0; k < d; k++) {
        turned[i * d + k] = 0;
        for (size_t j = 0; j < d; j++)
          turned[i * d + k] += Q[k + j * d] * arrays[a][i * d + j];
      }
    spo_vec_copy(count * d, turned, arrays[a]);
  }
}

/* Rotating every vector and then computing is computing and then rotating. */
static void rotations(void **state) {
  (void)state;
  enum { D = 5, M = 3 };
  spo_manifold *made[3] = {oblique(D, M), stiefel(D, M, SPO_STIEFEL_POLAR),
                           stiefel(D, M, SPO_STIEFEL_QR)};
  spo_manifold *group = stiefel(D, D, SPO_STIEFEL_QR);
  for (uint64_t seed = 1; seed <= SEEDS; seed++) {
    gsl_rng *rng = seeded(seed);
    bench first, then;
    double Q[D * D], work[WORK];
    spo_error err = {0};
    expect_ok(group->ops->random_point(group, rng, Q, work));
    for (int i = 0; i < 3; i++) {
      fill(&first, made[i], rng);
      spo_vec_zero(D * M, first.y);
      then = first;
      rotate(&first, Q, D, M);
      run(&first);
      run(&then);
      rotate(&then, Q, D, M);
      expect_same(D * M, first.u, then.u, 20);
      expect_same(D * M, first.y, then.y, 20);
      expect_same(D * M, first.g, then.g, 20);
      expect_same(D * M, first.h, then.h, 100);
      expect_same(made[i]->memo_len, first.memo, then.memo, 20);
    }
    gsl_rng_free(rng);
  }
  spo_manifold_destroy(group);
  destroy_all(3, made);
}

/* ---- extremes -------------------------------------------------------------------------------- */

/* exp goes as far as it says: 2 asin(chord/2) = t |v| up to the antipode; tiny and still vectors
 * too */
static void exp_distance(void **state) {
  (void)state;
  spo_manifold *M = sphere(5);
  gsl_rng *rng = seeded(5);
  spo_error err = {0};
  bench b;
  fill(&b, M, rng);
  spo_vec_scale(5, 1 / spo_vec_norm(5, b.v), b.v);
  for (double t = 1e-300; t < 3; t = t < 1e-3 ? t * 1e10 : t * 1.3) {
    double far = 0;
    expect_ok(M->ops->exp(M, b.x, t, b.v, b.y, b.work));
    for (int i = 0; i < 5; i++)
      far += (b.y[i] - b.x[i]) * (b.y[i] - b.x[i]);
    expect_near(2 * asin(sqrt(far) / 2), t, 8 * DBL_EPSILON / cos(t / 2));
    expect_ok(M->ops->exp(M, b.x, -t, b.v, b.u, b.work));
    expect_near(spo_vec_dot(5, b.y, b.u), cos(2 * t), rounding(5));
  }
  spo_vec_scale(5, 1e-200, b.v); /* its square underflows */
  expect_ok(M->ops->exp(M, b.x, 1e200, b.v, b.y, b.work));
  expect_near(spo_vec_dot(5, b.y, b.x), cos(1), rounding(5));
  spo_vec_zero(5, b.v);
  expect_ok(M->ops->exp(M, b.x, 1, b.v, b.y, b.work));
  expect_same(5, b.x, b.y, 1);
  spo_manifold_destroy(M);
  gsl_rng_free(rng);
}

static void long_steps(void **state) {
  (void)state;
  spo_manifold *made[4] = {oblique(3, 4), stiefel(8, 4, SPO_STIEFEL_POLAR),
                           stiefel(8, 4, SPO_STIEFEL_QR), stiefel(4, 4, SPO_STIEFEL_POLAR)};
  gsl_rng *rng = seeded(6);
  for (int i = 0; i < 4; i++) {
    const spo_manifold *M = made[i];
    bench b;
    fill(&b, M, rng);
    for (double t = 1; t < 1e13; t *= 10) {
      const spo_status status = M->ops->retract(M, b.x, t, b.v, b.y, b.work);
      expect_true(status == SPO_OK);
      /* 1e-15 sqrt(p) for each of the columns' products */
      expect_at_most(M->ops->defect(M, b.y, b.work), 4e-15 * 4);
    }
    const spo_status far = M->ops->retract(M, b.x, 1e160, b.v, b.y, b.work);
    expect_true(far == SPO_OUTSIDE || (far == SPO_OK && M->ops->defect(M, b.y, b.work) <= 1e-13));
  }
  destroy_all(4, made);
  gsl_rng_free(rng);
}

static void outside(void **state) {
  (void)state;
  spo_manifold *made[5] = {sphere(4), oblique(4, 3), stiefel(4, 3, SPO_STIEFEL_POLAR),
                           stiefel(4, 3, SPO_STIEFEL_QR)};
  made[4] = product(2, (const spo_manifold *const[]){made[0], made[2]});
  gsl_rng *rng = seeded(7);
  spo_error err = {0};
  for (int i = 0; i < 5; i++) {
    const spo_manifold *M = made[i];
    bench b;
    fill(&b, M, rng);
    expect_status(M->ops->retract(M, b.x, -1, b.x, b.y, b.work), SPO_OUTSIDE); /* to the origin */
    b.v[M->n - 1] = NAN;
    expect_status(M->ops->retract(M, b.x, 1, b.v, b.y, b.work), SPO_OUTSIDE);
    b.v[M->n - 1] = INFINITY;
    expect_status(M->ops->retract(M, b.x, 1, b.v, b.y, b.work), SPO_OUTSIDE);
    if (M->ops->exp)
      expect_status(M->ops->exp(M, b.x, 1, b.v, b.y, b.work), SPO_OUTSIDE);
    b.x[0] = NAN;
    expect_true(isnan(M->ops->defect(M, b.x, b.work)));
  }
  destroy_all(5, made);
  gsl_rng_free(rng);
}

static void refusals(void **state) {
  (void)state;
  spo_error err = {0};
  spo_manifold *M;
  expect_status(spo_oblique_create(0, 3, &M, &err), SPO_E_DIM);
  expect_true(M == NULL);
  expect_status(spo_oblique_create(3, 0, &M, &err), SPO_E_DIM);
  expect_status(spo_oblique_create((size_t)INT_MAX, 2, &M, &err), SPO_E_DIM);
  expect_status(spo_oblique_create(SIZE_MAX / 2, 3, &M, &err), SPO_E_DIM);
  expect_status(spo_sphere_create(0, &M, &err), SPO_E_DIM);
  expect_status(spo_euclidean_create(0, &M, &err), SPO_E_DIM);
  expect_status(spo_euclidean_create((size_t)INT_MAX + 1, &M, &err), SPO_E_DIM);
  expect_status(spo_stiefel_create(3, 4, SPO_STIEFEL_QR, &M, &err), SPO_E_DIM);
  expect_status(spo_stiefel_create(3, 0, SPO_STIEFEL_QR, &M, &err), SPO_E_DIM);
  expect_status(spo_stiefel_create(1, 1, SPO_STIEFEL_QR, &M, &err), SPO_E_DIM);
  expect_status(spo_stiefel_create(3, 2, (spo_stiefel_retraction)7, &M, &err), SPO_E_ARG);
  expect_status(spo_product_create(0, NULL, &M, &err), SPO_E_ARG);
  expect_true(M == NULL);
  expect_status(spo_product_create(1, (const spo_manifold *const[]){NULL}, &M, &err), SPO_E_ARG);
  spo_manifold *big = euclidean(INT_MAX);
  expect_status(spo_product_create(2, (const spo_manifold *const[]){big, big}, &M, &err),
                SPO_E_DIM);
  expect_true(M == NULL);
  spo_manifold_destroy(big);
  spo_manifold_destroy(NULL);
}

/* An older table, which ends where the optional slots begin: its manifold still works. */
static void short_table(void **state) {
  (void)state;
  spo_manifold *made[2] = {oblique(3, 2)};
  spo_manifold_ops ops = *made[0]->ops;
  const spo_manifold_ops *full = made[0]->ops;
  ops.size = offsetof(spo_manifold_ops, exp);
  made[0]->ops = &ops;
  made[1] = product(1, (const spo_manifold *const *)made);
  gsl_rng *rng = seeded(8);
  expect_pass(made[0], rng);
  expect_pass(made[1], rng);
  expect_true(!made[1]->ops->exp && !made[1]->ops->from_coords && !made[1]->ops->step_limit);
  made[0]->ops = full;
  destroy_all(2, made);
  gsl_rng_free(rng);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_family),      cmocka_unit_test(product_is_its_parts),
      cmocka_unit_test(step_limits),       cmocka_unit_test(nested_products),
      cmocka_unit_test(sphere_three_ways), cmocka_unit_test(square_stiefel),
      cmocka_unit_test(rotations),         cmocka_unit_test(exp_distance),
      cmocka_unit_test(long_steps),        cmocka_unit_test(outside),
      cmocka_unit_test(refusals),          cmocka_unit_test(short_table),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
