/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Does spo_check_problem see what is wrong? A small cost with every optional table,
 *
 *   f(X) = sum_ij s_ij (p_ij/2 + p_ij^3/6) + 4,   p_ij = <x_i, x_j>,   X in OB(3, 4),
 *
 * invariant under rotations of R^3; then one callback at a time is broken, and the item that is
 * there for this fault has to fail, for every seed. */
#include "expect.h"

#include <gsl/gsl_rng.h>
#include <string.h>

#include <spheropt/check.h>
#include <spheropt/manifolds/oblique.h>
#include <spheropt/manifolds/stiefel.h>
#include <spheropt/models/ufm.h>
#include <spheropt/rotation.h>

enum { SEEDS = 10, D = 3, M = 4, N = D * M };

static const double s[M][M] = {{0, 1, -2, 0.5}, {1, 0, 0.7, -1}, {-2, 0.7, 0, 3}, {0.5, -1, 3, 0}};

static double dot(const double *a, const double *b) {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

/* ---- the sound problem ----------------------------------------------------------------------- */

/* memo: the products p_ij; work: one double, so that there is a margin to overrun */
static int cost(void *self, const double *x, double *f, double *memo, double *work) {
  (void)self, (void)work;
  *f = 4;
  for (int i = 0; i < M; i++)
    for (int j = 0; j < M; j++) {
      const double p = memo[i * M + j] = dot(x + i * D, x + j * D);
      *f += s[i][j] * (p / 2 + p * p * p / 6);
    }
  return 0;
}

static int egrad(void *self, const double *x, double *g, double *memo, double *work) {
  (void)self, (void)work;
  memset(g, 0, N * sizeof *g);
  for (int i = 0; i < M; i++)
    for (int j = 0; j < M; j++)
      for (int k = 0; k < D; k++)
        g[i * D + k] += s[i][j] * (1 + memo[i * M + j] * memo[i * M + j]) * x[j * D + k];
  return 0;
}

static int cost_egrad(void *self, const double *x, double *f, double *g, double *memo,
                      double *work) {
  const int code = cost(self, x, f, memo, work);
  return code ? code : egrad(self, x, g, memo, work);
}

static int hessian(const double *x, const double *v, double *hv, const double *memo, double first,
                   double second) {
  memset(hv, 0, N * sizeof *hv);
  for (int i = 0; i < M; i++)
    for (int j = 0; j < M; j++) {
      const double p = memo[i * M + j];
      const double dp = dot(v + i * D, x + j * D) + dot(x + i * D, v + j * D);
      for (int k = 0; k < D; k++)
        hv[i * D + k] +=
            s[i][j] * (first * (1 + p * p) * v[j * D + k] + second * 2 * p * dp * x[j * D + k]);
    }
  return 0;
}

static int ehess(void *self, const double *x, const double *v, double *hv, const double *memo,
                 double *work) {
  (void)self, (void)work;
  return hessian(x, v, hv, memo, 1, 1);
}

static int ehess_block(void *self, const double *x, size_t k, const double *V, double *HV,
                       const double *memo, double *work) {
  for (size_t j = 0; j < k; j++)
    ehess(self, x, V + j * N, HV + j * N, memo, work);
  return 0;
}

static int precond(void *self, const double *x, const double *v, double *pv, const double *memo,
                   double *work) {
  (void)self, (void)x, (void)memo, (void)work;
  for (int i = 0; i < N; i++)
    pv[i] = v[i] * (1 + i / D);
  return 0;
}

static int scale(void *self, const double *x, double f, const double *memo, double *f_noise,
                 double *grad_scale) {
  (void)self, (void)x, (void)memo;
  *f_noise = 1e-14 * (fabs(f) + 10);
  *grad_scale = 5;
  return 0;
}

static int known_minimum(void *self, double *f_star, const char **theorem) {
  (void)self;
  *f_star = -100;
  *theorem = "a bound will do here";
  return 0;
}

static size_t store_len(const void *self) {
  (void)self;
  return D * N;
}

static size_t symmetry_work_len(const void *self) {
  (void)self;
  return D;
}

/* An orthonormal basis of { X -> Omega X } by Gram and Schmidt, into store. */
static int prepare(void *self, const double *x, double *store, size_t *dim, double *work) {
  (void)self, (void)work;
  *dim = D;
  for (int a = 0; a < D; a++) {
    double *v = store + a * N, length = 0;
    for (int i = 0; i < M; i++) {
      v[i * D + a] = 0;
      v[i * D + (a + 1) % D] = x[i * D + (a + 2) % D];
      v[i * D + (a + 2) % D] = -x[i * D + (a + 1) % D];
    }
    for (int pass = 0; pass < 2; pass++)
      for (int b = 0; b < a; b++) {
        double along = 0;
        for (int i = 0; i < N; i++)
          along += store[b * N + i] * v[i];
        for (int i = 0; i < N; i++)
          v[i] -= along * store[b * N + i];
      }
    for (int i = 0; i < N; i++)
      length += v[i] * v[i];
    for (int i = 0; i < N; i++)
      v[i] /= sqrt(length);
  }
  return 0;
}

static int orbit(const double *store, size_t k, double *V, int generators) {
  for (size_t j = 0; j < k; j++) {
    double *v = V + j * N, p[N] = {0};
    for (int a = 0; a < generators; a++) {
      double along = 0;
      for (int i = 0; i < N; i++)
        along += store[a * N + i] * v[i];
      for (int i = 0; i < N; i++)
        p[i] += along * store[a * N + i];
    }
    memcpy(v, p, sizeof p);
  }
  return 0;
}

static int orbit_project(void *self, const double *x, const double *store, size_t k, double *V,
                         double *work) {
  (void)self, (void)x, (void)work;
  return orbit(store, k, V, D);
}

static const spo_symmetry sound_symmetry = {.size = sizeof sound_symmetry,
                                            .name = "rotations O(3)",
                                            .store_len = store_len,
                                            .work_len = symmetry_work_len,
                                            .prepare = prepare,
                                            .project = orbit_project};

static const spo_problem_ops sound_ops = {.size = sizeof sound_ops,
                                          .cost = cost,
                                          .egrad = egrad,
                                          .cost_egrad = cost_egrad,
                                          .ehess = ehess,
                                          .ehess_block = ehess_block,
                                          .precond = precond,
                                          .scale = scale,
                                          .known_minimum = known_minimum,
                                          .symmetry = &sound_symmetry};

/* ---- faults ---------------------------------------------------------------------------------- */

static int egrad_short(void *self, const double *x, double *g, double *memo, double *work) {
  const int code = egrad(self, x, g, memo, work);
  for (int i = 0; i < N; i++)
    g[i] *= 1 - 1e-5;
  return code;
}

static int egrad_linear(void *self, const double *x, double *g, double *memo, double *work) {
  double none[M * M] = {0}; /* without the cubic term */
  (void)memo;
  return egrad(self, x, g, none, work);
}

static int egrad_past_the_end(void *self, const double *x, double *g, double *memo, double *work) {
  memo[M * M] = 1;
  return egrad(self, x, g, memo, work);
}

static int cost_past_the_end(void *self, const double *x, double *f, double *memo, double *work) {
  work[1] = 1;
  return cost(self, x, f, memo, work);
}

static int cost_egrad_other(void *self, const double *x, double *f, double *g, double *memo,
                            double *work) {
  const int code = cost_egrad(self, x, f, g, memo, work);
  *f += 1e-9;
  return code;
}

static int cost_egrad_tilted(void *self, const double *x, double *f, double *g, double *memo,
                             double *work) {
  const int code = cost_egrad(self, x, f, g, memo, work);
  g[0] += 1e-6;
  g[1] -= 1e-6;
  return code;
}

/* right, but leaves nothing for ehess */
static int cost_egrad_forgetful(void *self, const double *x, double *f, double *g, double *memo,
                                double *work) {
  const int code = cost_egrad(self, x, f, g, memo, work);
  memset(memo, 0, M * M * sizeof *memo);
  return code;
}

static int ehess_reversed(void *self, const double *x, const double *v, double *hv,
                          const double *memo, double *work) {
  (void)self, (void)work;
  return hessian(x, v, hv, memo, -1, -1);
}

static int ehess_half(void *self, const double *x, const double *v, double *hv, const double *memo,
                      double *work) {
  (void)self, (void)work;
  return hessian(x, v, hv, memo, 1, 0);
}

static int ehess_inexact(void *self, const double *x, const double *v, double *hv,
                         const double *memo, double *work) {
  (void)self, (void)work;
  return hessian(x, v, hv, memo, 1, 1.001);
}

static int ehess_skew(void *self, const double *x, const double *v, double *hv, const double *memo,
                      double *work) {
  const int code = ehess(self, x, v, hv, memo, work);
  hv[0] += 1e-6 * v[5];
  hv[5] -= 1e-6 * v[0];
  return code;
}

static int ehess_bent(void *self, const double *x, const double *v, double *hv, const double *memo,
                      double *work) {
  const int code = ehess(self, x, v, hv, memo, work);
  for (int i = 0; i < N; i++)
    hv[i] *= 1 + 1e-7 * v[0] * v[0];
  return code;
}

static int ehess_from_old_work(void *self, const double *x, const double *v, double *hv,
                               const double *memo, double *work) {
  const int code = ehess(self, x, v, hv, memo, work);
  hv[0] += 0 * work[0];
  return code;
}

static int block_repeated(void *self, const double *x, size_t k, const double *V, double *HV,
                          const double *memo, double *work) {
  for (size_t j = 0; j < k; j++)
    ehess(self, x, V, HV + j * N, memo, work);
  return 0;
}

static int precond_indefinite(void *self, const double *x, const double *v, double *pv,
                              const double *memo, double *work) {
  const int code = precond(self, x, v, pv, memo, work);
  for (int i = 0; i < D; i++)
    pv[i] = -0.01 * v[i];
  return code;
}

static int precond_skew(void *self, const double *x, const double *v, double *pv,
                        const double *memo, double *work) {
  const int code = precond(self, x, v, pv, memo, work);
  pv[0] += 1e-6 * v[5];
  return code;
}

static int precond_bent(void *self, const double *x, const double *v, double *pv,
                        const double *memo, double *work) {
  const int code = precond(self, x, v, pv, memo, work);
  for (int i = 0; i < N; i++)
    pv[i] *= 1 + 1e-6 * v[0] * v[0];
  return code;
}

static int scale_optimistic(void *self, const double *x, double f, const double *memo,
                            double *f_noise, double *grad_scale) {
  const int code = scale(self, x, f, memo, f_noise, grad_scale);
  *f_noise = 1e-20;
  return code;
}

static int scale_lost(void *self, const double *x, double f, const double *memo, double *f_noise,
                      double *grad_scale) {
  const int code = scale(self, x, f, memo, f_noise, grad_scale);
  *grad_scale = NAN;
  return code;
}

static int minimum_too_high(void *self, double *f_star, const char **theorem) {
  const int code = known_minimum(self, f_star, theorem);
  *f_star = 100;
  return code;
}

static int orbit_too_small(void *self, const double *x, const double *store, size_t k, double *V,
                           double *work) {
  (void)self, (void)x, (void)work;
  return orbit(store, k, V, D - 1);
}

static int orbit_elsewhere(void *self, const double *x, const double *store, size_t k, double *V,
                           double *work) {
  double tilted[D * N];
  memcpy(tilted, store, sizeof tilted);
  for (int a = 0; a < N; a++) /* two entries exchanged: another space, as orthonormal as before */
    if (a % N == 0) {
      tilted[a] = store[a + 1];
      tilted[a + 1] = store[a];
    }
  (void)self, (void)x, (void)work;
  return orbit(tilted, k, V, 1);
}

static int orbit_doubled(void *self, const double *x, const double *store, size_t k, double *V,
                         double *work) {
  const int code = orbit_project(self, x, store, k, V, work);
  for (size_t i = 0; i < k * N; i++)
    V[i] *= 2;
  return code;
}

static int prepare_past_the_end(void *self, const double *x, double *store, size_t *dim,
                                double *work) {
  store[D * N] = 0;
  return prepare(self, x, store, dim, work);
}

static int gives_up(void *self, const double *x, const double *v, double *hv, const double *memo,
                    double *work) {
  (void)self, (void)x, (void)v, (void)hv, (void)memo, (void)work;
  return -7;
}

static int not_here(void *self, const double *x, double *f, double *memo, double *work) {
  (void)self, (void)x, (void)f, (void)memo, (void)work;
  return 1;
}

/* ---- judgement ------------------------------------------------------------------------------- */

static spo_problem_ops ops;
static spo_symmetry symmetry;
static spo_problem problem;

static void reset(void) {
  ops = sound_ops;
  symmetry = sound_symmetry;
  ops.symmetry = &symmetry;
}

/* The check of one thing alone, which has to see its faults as well as the check of all. */
typedef spo_status single(gsl_rng *rng, spo_check_report *report, spo_error *err);

static spo_status everything(gsl_rng *rng, spo_check_report *report, spo_error *err) {
  return spo_check_problem(&problem, NULL, rng, report, err);
}

static spo_status gradient(gsl_rng *rng, spo_check_report *report, spo_error *err) {
  return spo_check_gradient(&problem, NULL, rng, report, NULL, err);
}

static spo_status hessian_alone(gsl_rng *rng, spo_check_report *report, spo_error *err) {
  return spo_check_hessian(&problem, NULL, rng, report, NULL, err);
}

static spo_status symmetry_alone(gsl_rng *rng, spo_check_report *report, spo_error *err) {
  return spo_check_symmetry(&problem, NULL, rng, report, err);
}

static double etf[64]; /* a critical point of the problem in at_a_critical_point */
static spo_status symmetry_there(gsl_rng *rng, spo_check_report *report, spo_error *err) {
  return spo_check_symmetry(&problem, etf, rng, report, err);
}

static void judge_by(single *check, const char *item) {
  gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
  for (expect_seed = 1; expect_seed <= SEEDS; expect_seed++) {
    spo_error err = {0};
    spo_check_report report;
    bool found = !item;
    gsl_rng_set(rng, expect_seed);
    expect_ok(check(rng, &report, &err));
    for (size_t i = 0; i < report.count; i++) {
      const spo_check_item *it = &report.item[i];
      if (!item && !it->pass)
        print_error("false alarm: %s: %g is not in [%g, %g]\n", it->name, it->value, it->lo,
                    it->hi);
      if (item && strcmp(it->name, item) == 0)
        found = !it->pass;
    }
    if (!found)
      print_error("not caught by: %s\n", item);
    expect_true(found && report.pass == !item && report.count > 1);
  }
  gsl_rng_free(rng);
}

static void judge(const char *item) {
  judge_by(everything, item);
  reset();
}

/* By the check of all, and by one alone. */
static void judge_both(single *check, const char *item) {
  judge_by(everything, item);
  judge_by(check, item);
  reset();
}

#define MUTANT(slot, fault, item) ops.slot = (fault), judge(item)
#define CAUGHT_BY(check, slot, fault, item) ops.slot = (fault), judge_both(check, item)

static int set_up(void **state) {
  spo_error err = {0};
  spo_manifold *OB;
  expect_ok(spo_oblique_create(D, M, &OB, &err));
  problem = (spo_problem){
      .ops = &ops, .name = "mutant", .manifold = OB, .memo_len = M * M, .work_len = 1};
  reset();
  *state = OB;
  return 0;
}

static int tear_down(void **state) {
  spo_manifold_destroy(*state);
  return 0;
}

static void sound(void **state) {
  (void)state;
  judge_by(gradient, NULL);
  judge_by(hessian_alone, NULL);
  judge_by(symmetry_alone, NULL);
  judge(NULL);
  ops = (spo_problem_ops){.size = sizeof ops, .cost = cost, .egrad = egrad};
  judge_by(gradient, NULL);
  judge(NULL);
  ops.size = offsetof(spo_problem_ops, ehess); /* an older table */
  judge(NULL);
  ops.ehess = NULL; /* blocks only */
  judge(NULL);
}

static void gradients(void **state) {
  (void)state;
  ops.cost_egrad = NULL;
  CAUGHT_BY(gradient, egrad, egrad_short, "gradient: predicts the cost");
  ops.cost_egrad = NULL;
  CAUGHT_BY(gradient, egrad, egrad_linear, "gradient: predicts the cost");
  CAUGHT_BY(gradient, egrad, egrad_linear, "cost_egrad: gradient");
  CAUGHT_BY(gradient, cost_egrad, cost_egrad_other, "cost_egrad: cost");
  CAUGHT_BY(gradient, cost_egrad, cost_egrad_tilted, "cost_egrad: gradient");
  CAUGHT_BY(hessian_alone, cost_egrad, cost_egrad_forgetful,
            "Hessian: the same after cost and egrad");
  CAUGHT_BY(gradient, egrad, egrad_past_the_end, "work and memo: nothing past the end");
  CAUGHT_BY(gradient, cost, cost_past_the_end, "work and memo: nothing past the end");
}

static void hessians(void **state) {
  (void)state;
  ops.ehess_block = NULL;
  CAUGHT_BY(hessian_alone, ehess, ehess_reversed, "Hessian: predicts the cost");
  ops.ehess_block = NULL;
  CAUGHT_BY(hessian_alone, ehess, ehess_half, "Hessian: predicts the cost");
  ops.ehess_block = NULL;
  CAUGHT_BY(hessian_alone, ehess, ehess_half, "Hessian: predicts the gradient");
  ops.ehess_block = NULL;
  CAUGHT_BY(hessian_alone, ehess, ehess_inexact, "Hessian: predicts the gradient");
  ops.ehess_block = NULL;
  CAUGHT_BY(hessian_alone, ehess, ehess_skew, "Hessian: symmetric");
  ops.ehess_block = NULL;
  CAUGHT_BY(hessian_alone, ehess, ehess_bent, "Hessian: linear");
  ops.ehess_block = NULL;
  CAUGHT_BY(hessian_alone, ehess, ehess_from_old_work, "Hessian: linear");
  CAUGHT_BY(hessian_alone, ehess, ehess_half, "Hessian: block as one by one");
  CAUGHT_BY(hessian_alone, ehess_block, block_repeated, "Hessian: block as one by one");
}

static void tables(void **state) {
  (void)state;
  MUTANT(precond, precond_indefinite, "precond: positive definite");
  MUTANT(precond, precond_skew, "precond: symmetric");
  MUTANT(precond, precond_bent, "precond: linear");
  MUTANT(scale, scale_optimistic, "scale: noise covers rounding");
  MUTANT(scale, scale_lost, "scale: gradient");
  MUTANT(known_minimum, minimum_too_high, "known_minimum: not above the cost");
  symmetry.project = orbit_too_small;
  judge_both(symmetry_alone, "symmetry: rank is dim");
  symmetry.project = orbit_elsewhere;
  judge_both(symmetry_alone, "symmetry: the cost does not change");
  symmetry.project = orbit_elsewhere;
  judge_both(symmetry_alone, "symmetry: tangent");
  symmetry.project = orbit_doubled;
  judge_both(symmetry_alone, "symmetry: idempotent");
  symmetry.prepare = prepare_past_the_end;
  judge_both(symmetry_alone, "work and memo: nothing past the end");
}

/* rotations of R^4 by hand, for the vectors of a model of 3 classes with 2 samples each */
enum { UFM_D = 4, UFM_VECTORS = 3 + 6 };

static size_t rotations_store_len(const void *self) {
  (void)self;
  return spo_rotation_store_len(UFM_D);
}

static size_t rotations_work_len(const void *self) {
  (void)self;
  return spo_rotation_work_len(UFM_D);
}

static int rotations_prepare(void *self, const double *x, double *store, size_t *dim,
                             double *work) {
  (void)self;
  return spo_rotation_prepare(UFM_D, UFM_VECTORS, x, store, dim, work);
}

static int rotations_project(void *self, const double *x, const double *store, size_t k, double *V,
                             double *work) {
  (void)self;
  spo_rotation_project(UFM_D, UFM_VECTORS, x, store, k, problem.manifold->n, V, work);
  return 0;
}

/* the rotations' orbit with two entries exchanged: another space of the same kind */
static int orbit_exchanged(void *self, const double *x, const double *store, size_t k, double *V,
                           double *work) {
  const size_t n = problem.manifold->n;
  int code = 0;
  for (int pass = 0; pass < 2; pass++) {
    for (size_t j = 0; j < k; j++) {
      const double first = V[j * n];
      V[j * n] = V[j * n + 1];
      V[j * n + 1] = first;
    }
    if (pass == 0)
      code = rotations_project(self, x, store, k, V, work);
  }
  return code;
}

/* Where the gradient vanishes it is the Hessian that tells a symmetry from what is none. */
static void at_a_critical_point(void **state) {
  (void)state;
  const spo_problem own = problem;
  gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
  spo_error err = {0};
  spo_check_report report;
  spo_ufm_params params;
  spo_problem *ufm;
  spo_ufm_params_init(&params);
  params.classes = 3, params.per_class = 2, params.dim = UFM_D, params.tau = 2;
  expect_ok(spo_ufm_create(&params, &ufm, &err));
  expect_true(ufm->manifold->n <= sizeof etf / sizeof *etf);
  expect_ok(spo_ufm()->point[0].build(ufm, NULL, rng, etf, &err));
  problem = *ufm;
  ops = *ufm->ops;
  symmetry = (spo_symmetry){.size = sizeof symmetry,
                            .name = "rotations",
                            .store_len = rotations_store_len,
                            .work_len = rotations_work_len,
                            .prepare = rotations_prepare,
                            .project = rotations_project};
  problem.ops = &ops;
  ops.symmetry = &symmetry;
  expect_ok(spo_check_symmetry(&problem, etf, rng, &report, &err));
  bool seen = false;
  for (size_t i = 0; i < report.count; i++)
    seen = seen || strcmp(report.item[i].name, "symmetry: the Hessian annihilates it") == 0;
  expect_true(seen);
  judge_by(symmetry_there, NULL);
  symmetry.project = orbit_exchanged;
  judge_by(symmetry_there, "symmetry: the Hessian annihilates it");
  spo_problem_destroy(ufm);
  gsl_rng_free(rng);
  problem = own;
  reset();
}

static void failures(void **state) {
  (void)state;
  gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
  spo_error err = {0};
  spo_check_report report;
  ops.ehess = gives_up;
  ops.ehess_block = NULL;
  expect_status(spo_check_problem(&problem, NULL, rng, &report, &err), SPO_E_USER);
  expect_true(!report.pass);
  reset();
  ops.cost = not_here;
  ops.cost_egrad = NULL;
  expect_status(spo_check_problem(&problem, NULL, rng, &report, &err), SPO_OUTSIDE);
  reset();
  expect_status(spo_check_problem(&problem, NULL, NULL, &report, &err), SPO_E_ARG);
  expect_status(spo_check_gradient(&problem, NULL, NULL, &report, NULL, &err), SPO_E_ARG);
  expect_status(spo_check_symmetry(&problem, NULL, rng, NULL, &err), SPO_E_ARG);
  ops.ehess = gives_up;
  ops.ehess_block = NULL;
  expect_status(spo_check_hessian(&problem, NULL, rng, &report, NULL, &err), SPO_E_USER);
  expect_true(!report.pass);
  expect_ok(spo_check_gradient(&problem, NULL, rng, &report, NULL, &err)); /* does not ask for it */
  expect_true(report.pass);
  ops.ehess = NULL;
  expect_status(spo_check_hessian(&problem, NULL, rng, &report, NULL, &err), SPO_E_UNSUPPORTED);
  reset();
  expect_status(spo_check_problem(NULL, NULL, rng, &report, &err), SPO_E_ARG);
  gsl_rng_free(rng);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sound),  cmocka_unit_test(gradients),           cmocka_unit_test(hessians),
      cmocka_unit_test(tables), cmocka_unit_test(at_a_critical_point), cmocka_unit_test(failures),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
