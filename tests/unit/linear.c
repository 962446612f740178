/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Spectra in closed form: dense, and by the block Lanczos iteration. */
#include "expect.h"

#include <float.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_math.h>
#include <gsl/gsl_randist.h>
#include <spheropt/linear.h>

/* ---- operators ------------------------------------------------------------------------------- */

typedef struct diagonal {
  spo_space space;
  spo_linop op;
  const double *d;
  uint64_t calls, bad_call; /* the call that gives NaN, or fails; 0: never */
  bool fails;
} diagonal;

static spo_status apply_diagonal(void *self, size_t k, const double *V, double *AV) {
  diagonal *D = self;
  const size_t n = D->space.n;
  for (size_t i = 0; i < k * n; i++)
    AV[i] = D->d[i % n] * V[i];
  if (++D->calls == D->bad_call)
    AV[n / 2] = NAN;
  return D->calls == D->bad_call && D->fails ? SPO_E_USER : SPO_OK;
}

static void diagonal_init(diagonal *D, size_t n, const double *d) {
  *D = (diagonal){.space = {.n = n, .dim = n}, .d = d};
  D->op = (spo_linop){.space = &D->space, .self = D, .apply = apply_diagonal};
}

/* Laplacian of a path with fixed ends: eigenvalues 2 - 2 cos(pi j / (n+1)) */
static spo_status apply_path(void *self, size_t k, const double *V, double *AV) {
  const size_t n = ((const spo_space *)self)->n;
  for (size_t j = 0; j < k; j++, V += n, AV += n)
    for (size_t i = 0; i < n; i++)
      AV[i] = 2 * V[i] - (i > 0 ? V[i - 1] : 0) - (i + 1 < n ? V[i + 1] : 0);
  return SPO_OK;
}

static double path_value(size_t n, size_t j) {
  const double s = sin(M_PI * (double)(j + 1) / (2.0 * (double)(n + 1)));
  return 4 * s * s;
}

/* ---- what every answer must satisfy ---------------------------------------------------------- */

enum { MOST = 64 };
typedef struct answer {
  double values[MOST], residual[MOST];
  double *vectors;
  spo_eigs_result result;
} answer;

static void solve(answer *a, const spo_linop *A, const spo_eigs_options *o) {
  spo_error err = {0};
  gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
  gsl_rng_set(rng, (unsigned long)expect_seed);
  const size_t n = A->space->n;
  a->vectors = malloc((o->count * n + 1) * sizeof(double));
  expect_ok(spo_eigs(A, o, rng, a->values, a->vectors, a->residual, &a->result, &err));
  gsl_rng_free(rng);
}

/* Orthonormal, residuals as stated and small. */
static void judge(const answer *a, const spo_linop *A, double tol) {
  const size_t n = A->space->n, k = a->result.count;
  const double size = a->result.norm_estimate;
  double *Av = malloc((n + 1) * sizeof(double)), gram[MOST];
  for (size_t j = 0; j < k; j++) {
    const double *v = a->vectors + j * n;
    spo_space_inner(A->space, k, a->vectors, v, gram);
    for (size_t i = 0; i < k; i++)
      expect_near(gram[i], i == j, 1e-13);
    A->apply(A->self, 1, v, Av);
    for (size_t i = 0; i < n; i++)
      Av[i] -= a->values[j] * v[i];
    spo_space_inner(A->space, 1, Av, Av, gram);
    expect_near(sqrt(gram[0]), a->residual[j], 64 * DBL_EPSILON * size);
    expect_at_most(a->residual[j], tol * size);
  }
  expect_true(a->result.converged == k);
  free(Av);
}

static void expect_values(const answer *a, const double *due, size_t count, double tol) {
  expect_true(a->result.count == count);
  for (size_t j = 0; j < count; j++)
    expect_near(a->values[j], due[j], tol);
}

static int ascending(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* The lowest, or highest, count of d by Lanczos, against sorting */
static void against_sorting(size_t n, const double *d, spo_eigs_options o) {
  diagonal D;
  diagonal_init(&D, n, d);
  answer a;
  solve(&a, &D.op, &o);
  double *due = malloc(n * sizeof(double)), first[MOST];
  memcpy(due, d, n * sizeof(double));
  qsort(due, n, sizeof(double), ascending);
  const size_t count = o.count < n ? o.count : n;
  for (size_t j = 0; j < count; j++)
    first[j] = due[o.end == SPO_LOWEST ? j : n - 1 - j];
  const double tol = fmax(o.tol > 0 ? o.tol : 1e-10, 256 * DBL_EPSILON);
  expect_values(&a, first, count, tol * a.result.norm_estimate);
  judge(&a, &D.op, tol);
  free(due);
  free(a.vectors);
}

static const spo_eigs_options usual = SPO_EIGS_OPTIONS_INIT;

/* ---- spo_eigs -------------------------------------------------------------------------------- */

static void diagonals(void **state) {
  (void)state;
  enum { N = 700 };
  double d[N];
  for (expect_seed = 1; expect_seed <= 6; expect_seed++) {
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
    gsl_rng_set(rng, (unsigned long)expect_seed);
    for (size_t i = 0; i < N; i++)
      d[i] = gsl_ran_gaussian(rng, 3.0);
    gsl_rng_free(rng);
    for (size_t count = 1; count <= 25; count += 8) {
      spo_eigs_options o = usual;
      o.count = count;
      o.end = expect_seed % 2 ? SPO_LOWEST : SPO_HIGHEST;
      o.block = expect_seed % 3; /* chosen, 1, 2 */
      o.tol = expect_seed > 4 ? 1e-15 : 0;
      against_sorting(N, d, o);
    }
  }
}

static void path(void **state) {
  (void)state;
  enum { N = 1000, COUNT = 8 };
  spo_space space = {.n = N, .dim = N};
  const spo_linop A = {.space = &space, .self = &space, .apply = apply_path};
  spo_eigs_options o = usual;
  o.count = COUNT;
  expect_seed = 3;
  for (int end = 0; end < 2; end++) {
    o.end = end ? SPO_HIGHEST : SPO_LOWEST;
    answer a;
    double due[COUNT];
    for (size_t j = 0; j < COUNT; j++)
      due[j] = path_value(N, end ? N - 1 - j : j);
    solve(&a, &A, &o);
    expect_values(&a, due, COUNT, 4e-10);
    judge(&a, &A, 1e-10);
    free(a.vectors);
  }
}

/* The lowest eigenvalue 300 times, as for a certificate or a symmetry orbit; others close above. */
static void multiplicity(void **state) {
  (void)state;
  enum { N = 1500, SAME = 300 };
  double *d = malloc(N * sizeof(double));
  for (size_t i = 0; i < N; i++)
    d[(i * 7) % N] = i < SAME ? -0.25 : i < 2 * SAME ? -0.2 : (double)i / N;
  spo_eigs_options o = usual;
  for (expect_seed = 1; expect_seed <= 3; expect_seed++)
    for (size_t count = 1; count <= 41; count += 10) {
      o.count = count;
      against_sorting(N, d, o);
    }
  free(d);
}

/* More copies than a block shows, and then others that are wanted as well: none may be skipped. */
static void multiplicities_within_the_wanted(void **state) {
  (void)state;
  enum { N = 1000 };
  double *d = malloc(N * sizeof(double));
  for (size_t i = 0; i < N; i++)
    d[i] = i < 11 ? -1 : i < 16 ? -0.9 : i < 37 ? -0.5 : (double)i / N;
  for (expect_seed = 1; expect_seed <= 4; expect_seed++)
    for (size_t block = 0; block <= 5; block++) {
      spo_eigs_options o = usual;
      o.count = 40;
      o.block = block;
      against_sorting(N, d, o);
    }
  free(d);
}

static void clusters(void **state) {
  (void)state;
  enum { N = 900 };
  double *d = malloc(N * sizeof(double));
  for (size_t i = 0; i < N; i++)
    d[i] = i < 12 ? -1 + 1e-7 * (double)i : i < 30 ? -0.99 : cos((double)i);
  d[40] = 0.0;
  for (expect_seed = 1; expect_seed <= 3; expect_seed++) {
    spo_eigs_options o = usual;
    o.count = 20;
    against_sorting(N, d, o);
  }
  free(d);
}

/* Zero is the lowest eigenvalue of many a positive semidefinite matrix: residuals are relative to
 * the norm. And scale does not matter, down to what saturated losses give and beyond. */
static void semidefinite_at_any_scale(void **state) {
  (void)state;
  enum { N = 900 };
  double *d = malloc(N * sizeof(double));
  const double scale[] = {1, 1e-45, 1e-150, 1e-250, 1e120};
  for (size_t s = 0; s < sizeof scale / sizeof scale[0]; s++) {
    expect_seed = s + 1;
    for (size_t i = 0; i < N; i++)
      d[i] = i < 20 ? 0 : scale[s] * (1 + cos((double)i));
    spo_eigs_options o = usual;
    o.count = 3;
    o.tol = 1e-12;
    diagonal D;
    diagonal_init(&D, N, d);
    answer a;
    solve(&a, &D.op, &o);
    expect_true(a.result.count == 3 && a.result.converged == 3);
    for (size_t j = 0; j < 3; j++)
      expect_near(a.values[j], 0, 1e-12 * 2 * scale[s]);
    expect_near(a.result.norm_estimate, 2 * scale[s], 0.1 * scale[s]);
    free(a.vectors);
  }
  free(d);
}

static void degenerate_spaces(void **state) {
  (void)state;
  double zero[50] = {0}, one[1] = {-3}, few[9] = {4, 4, 4, -1, -1, 0, 2, 9, 4};
  expect_seed = 5;
  for (size_t count = 1; count <= 60; count += 7) {
    spo_eigs_options o = usual;
    o.count = count;
    against_sorting(50, zero, o);
    against_sorting(1, one, o);
    for (size_t n = 1; n <= 9; n++)
      for (size_t block = 0; block < 4; block++) {
        o.block = block;
        o.end = n % 2 ? SPO_HIGHEST : SPO_LOWEST;
        against_sorting(n, few, o);
      }
  }
  /* all pairs of a space that does not fit the basis */
  double d[60];
  for (size_t i = 0; i < 60; i++)
    d[i] = (double)(i % 13) - 4;
  spo_eigs_options o = usual;
  o.count = 60;
  o.block = 2;
  o.basis = 8;
  against_sorting(60, d, o);
}

/* ---- a subspace with its own inner product: x^T M y, M diagonal, orthogonal to one vector ---- */

enum { SUB = 400 };
typedef struct subspace {
  spo_space space;
  spo_linop op;
  double weight[SUB], normal[SUB], d[SUB];
} subspace;

static void sub_inner(void *self, size_t k, const double *U, const double *v, double *out) {
  const subspace *s = self;
  for (size_t j = 0; j < k; j++) {
    double sum = 0;
    for (size_t i = 0; i < SUB; i++)
      sum += s->weight[i] * U[j * SUB + i] * v[i];
    out[j] = sum;
  }
}

static spo_status sub_project(void *self, size_t k, double *V) {
  const subspace *s = self;
  for (size_t j = 0; j < k; j++) {
    double along = 0;
    sub_inner(self, 1, s->normal, V + j * SUB, &along);
    for (size_t i = 0; i < SUB; i++)
      V[j * SUB + i] -= along * s->normal[i];
  }
  return SPO_OK;
}

/* Projector times diagonal: self-adjoint in the subspace, not in R^n. Outside the subspace it has a
 * far lower eigenvalue, the ghost that must not come up. */
static spo_status sub_apply(void *self, size_t k, const double *V, double *AV) {
  const subspace *s = self;
  for (size_t j = 0; j < k; j++) {
    double along = 0;
    sub_inner(self, 1, s->normal, V + j * SUB, &along);
    for (size_t i = 0; i < SUB; i++)
      AV[j * SUB + i] = s->d[i] * V[j * SUB + i] - 1e3 * along * s->normal[i];
  }
  return sub_project(self, k, AV);
}

/* In y = sqrt(M) x everything is symmetric in the usual sense: LAPACK's answer there */
static void sub_due(const subspace *s, double *values) {
  static double A[SUB * SUB];
  spo_error err = {0};
  double u[SUB], du[SUB], udu = 0;
  for (size_t i = 0; i < SUB; i++) {
    u[i] = sqrt(s->weight[i]) * s->normal[i];
    du[i] = s->d[i] * u[i];
    udu += u[i] * du[i];
  }
  for (size_t j = 0; j < SUB; j++)
    for (size_t i = 0; i < SUB; i++)
      A[i + j * SUB] =
          (i == j ? s->d[i] : 0) - u[i] * du[j] - du[i] * u[j] + (udu + 100) * u[i] * u[j];
  expect_ok(spo_eigh(SUB, A, values, NULL, &err));
}

static void subspaces(void **state) {
  (void)state;
  static subspace s;
  gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
  for (size_t i = 0; i < SUB; i++) {
    s.weight[i] = 0.1 + gsl_rng_uniform(rng);
    s.normal[i] = gsl_ran_gaussian(rng, 1.0);
    s.d[i] = gsl_ran_gaussian(rng, 1.0);
  }
  gsl_rng_free(rng);
  s.space = (spo_space){SUB, SUB - 1, &s, sub_inner, sub_project};
  s.op = (spo_linop){&s.space, &s, sub_apply};
  double square = 0, due[SUB];
  sub_inner(&s, 1, s.normal, s.normal, &square);
  for (size_t i = 0; i < SUB; i++)
    s.normal[i] /= sqrt(square);
  sub_due(&s, due);
  for (expect_seed = 1; expect_seed <= 4; expect_seed++) {
    spo_eigs_options o = usual;
    o.count = 10;
    answer a;
    solve(&a, &s.op, &o);
    expect_values(&a, due, 10, 1e-10 * a.result.norm_estimate);
    judge(&a, &s.op, 1e-10);
    for (size_t j = 0; j < 10; j++) {
      double along = 0;
      sub_inner(&s, 1, s.normal, a.vectors + j * SUB, &along);
      expect_near(along, 0, 1e-13);
    }
    free(a.vectors);
  }
}

/* A space that claims more dimensions than it has still ends. */
static void overstated_dimension(void **state) {
  (void)state;
  static subspace s;
  for (size_t i = 0; i < SUB; i++) {
    s.weight[i] = 1;
    s.normal[i] = 1 / sqrt((double)SUB);
    s.d[i] = 1;
  }
  s.space = (spo_space){SUB, SUB, &s, sub_inner, sub_project};
  s.op = (spo_linop){&s.space, &s, sub_apply};
  spo_eigs_options o = usual;
  o.count = 5;
  o.basis = SUB;
  answer a;
  solve(&a, &s.op, &o);
  for (size_t j = 0; j < 5; j++)
    expect_near(a.values[j], 1, 1e-12);
  free(a.vectors);
}

/* ---- ends and failures ----------------------------------------------------------------------- */

static int third_poll(void *self) {
  return ++*(int *)self >= 3;
}

static void early_ends(void **state) {
  (void)state;
  enum { N = 2000 };
  spo_space space = {.n = N, .dim = N};
  const spo_linop A = {.space = &space, .self = &space, .apply = apply_path};
  spo_eigs_options o = usual;
  o.count = 4;
  answer a;
  for (uint64_t budget = 1; budget < 300; budget = budget * 5 / 4 + 1) {
    expect_seed = budget;
    o.max_apply = budget;
    solve(&a, &A, &o);
    expect_true(a.result.applications <= budget && a.result.count <= 4);
    expect_true(a.result.count == 4 || budget < 8);
    expect_true(!a.result.interrupted && a.result.converged < 4);
    for (size_t j = 0; j < a.result.count; j++) /* honest Ritz pairs all the same */
      expect_true(a.values[j] >= path_value(N, j) && a.residual[j] <= 4);
    free(a.vectors);
  }
  int polls = 0;
  o.max_apply = 0;
  o.poll = third_poll;
  o.poll_self = &polls;
  solve(&a, &A, &o);
  expect_true(a.result.interrupted && polls == 3 && a.result.count == 4);
  free(a.vectors);
}

static void same_bits(void **state) {
  (void)state;
  enum { N = 500 };
  double d[N];
  for (size_t i = 0; i < N; i++)
    d[i] = i < 20 ? -1 : sin((double)i);
  spo_eigs_options o = usual;
  o.count = 9;
  expect_seed = 11;
  diagonal D;
  diagonal_init(&D, N, d);
  answer a, b;
  solve(&a, &D.op, &o);
  solve(&b, &D.op, &o);
  expect_true(memcmp(a.values, b.values, 9 * sizeof(double)) == 0);
  expect_true(memcmp(a.vectors, b.vectors, 9 * N * sizeof(double)) == 0);
  free(a.vectors);
  free(b.vectors);
}

static void refusals(void **state) {
  (void)state;
  enum { N = 200 };
  double d[N], value[4];
  for (size_t i = 0; i < N; i++)
    d[i] = cos((double)i);
  spo_error err = {0};
  gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
  spo_eigs_options o = usual;
  diagonal D;
  for (uint64_t bad = 1; bad < 8; bad++) {
    diagonal_init(&D, N, d);
    D.bad_call = bad;
    expect_status(spo_eigs(&D.op, &o, rng, value, NULL, NULL, NULL, &err), SPO_E_NONFINITE);
    D.calls = 0;
    D.fails = true;
    expect_status(spo_eigs(&D.op, &o, rng, value, NULL, NULL, NULL, &err), SPO_E_USER);
  }
  diagonal_init(&D, N, d);
  expect_ok(spo_eigs(&D.op, NULL, rng, value, NULL, NULL, NULL, NULL));
  o.count = 0;
  expect_status(spo_eigs(&D.op, &o, rng, value, NULL, NULL, NULL, &err), SPO_E_ARG);
  o.count = 1;
  o.tol = NAN;
  expect_status(spo_eigs(&D.op, &o, rng, value, NULL, NULL, NULL, &err), SPO_E_ARG);
  o.tol = 0;
  expect_status(spo_eigs(&D.op, &o, NULL, value, NULL, NULL, NULL, &err), SPO_E_ARG);
  D.space.dim = 0;
  spo_eigs_result result;
  expect_ok(spo_eigs(&D.op, &o, rng, value, NULL, NULL, &result, &err));
  expect_true(result.count == 0);
  D.space.dim = N + 1;
  expect_status(spo_eigs(&D.op, &o, rng, value, NULL, NULL, NULL, &err), SPO_E_DIM);
  gsl_rng_free(rng);
}

/* ---- spo_eigh -------------------------------------------------------------------------------- */

static void dense(void **state) {
  (void)state;
  enum { N = 60 };
  static double A[N * N], vectors[N * N];
  double values[N];
  const double scale[] = {1, 1e-45, 1e-200, 1e-320, 1e150, 1e307};
  for (size_t s = 0; s < sizeof scale / sizeof scale[0]; s++) {
    spo_error err = {0};
    for (size_t j = 0; j < N; j++)
      for (size_t i = 0; i < N; i++) /* the upper triangle is not read */
        A[i + j * N] = i < j ? NAN : i == j ? 2 * scale[s] : i == j + 1 ? -scale[s] : 0;
    expect_ok(spo_eigh(N, A, values, vectors, &err));
    for (size_t j = 0; j < N; j++) {
      expect_near(values[j], path_value(N, j) * scale[s], 64 * DBL_EPSILON * scale[s] + 5e-324);
      double norm = 0, first = vectors[j * N];
      for (size_t i = 0; i < N; i++)
        norm += vectors[j * N + i] * vectors[j * N + i];
      expect_near(norm, 1, 1e-13);
      const double angle = M_PI * (double)(j + 1) / (N + 1);
      for (size_t i = 0; i < N && scale[s] > 1e-300; i++)
        expect_near(vectors[j * N + i] * sin(angle), first * sin(angle * (double)(i + 1)), 1e-12);
    }
  }
}

static void dense_refusals(void **state) {
  (void)state;
  spo_error err = {0};
  double A[4] = {1, NAN, 0, 1}, values[2], vectors[4];
  expect_status(spo_eigh(2, A, values, NULL, &err), SPO_E_NONFINITE);
  double B[4] = {INFINITY, 0, 0, 1};
  expect_status(spo_eigh(2, B, values, NULL, &err), SPO_E_NONFINITE);
  expect_status(spo_eigh((size_t)1 << 40, NULL, NULL, NULL, &err), SPO_E_DIM);
  expect_ok(spo_eigh(0, NULL, NULL, NULL, &err));
  double one[1] = {-7};
  expect_ok(spo_eigh(1, one, values, vectors, &err));
  expect_true(values[0] == -7 && fabs(vectors[0]) == 1);
  double zero[4] = {0};
  expect_ok(spo_eigh(2, zero, values, vectors, &err));
  expect_true(values[0] == 0 && values[1] == 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(diagonals),
      cmocka_unit_test(path),
      cmocka_unit_test(multiplicity),
      cmocka_unit_test(multiplicities_within_the_wanted),
      cmocka_unit_test(clusters),
      cmocka_unit_test(semidefinite_at_any_scale),
      cmocka_unit_test(degenerate_spaces),
      cmocka_unit_test(subspaces),
      cmocka_unit_test(overstated_dimension),
      cmocka_unit_test(early_ends),
      cmocka_unit_test(same_bits),
      cmocka_unit_test(refusals),
      cmocka_unit_test(dense),
      cmocka_unit_test(dense_refusals),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
