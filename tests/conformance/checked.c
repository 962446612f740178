/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The validating manifold: silent over every built-in manifold, model and solver, whose runs it
 * does not change by a bit; and with one slot of a sound manifold broken, the first run or call
 * that meets the fault fails and names the slot. */
#include <pthread.h>

#include "lists/lists.h"
#include "mutant.h"
#include "samples.h"

enum { N_MAX = 64 };

/* ---- no false alarms ------------------------------------------------------------------------- */

static void silent_on_manifolds(void **state) {
  (void)state;
  size_t seen = 0;
  for (size_t f = 0; spo_list_manifolds[f]; f++)
    for (size_t i = 0; i < spo_list_manifolds[f]()->samples; i++) {
      spo_error err = {0};
      spo_manifold *made[SPO_FAMILY_PARTS], *checked;
      spo_check_report report;
      size_t count;
      expect_ok(spo_list_manifolds[f]()->sample(i, made, &count, &err));
      expect_ok(spo_checked_create(made[count - 1], 0.0, &checked, &err));
      gsl_rng *rng = new_rng(i);
      expect_ok(spo_check_manifold(checked, rng, &report, &err));
      expect_true(report.pass && report.count > 0);
      expect_true(spo_checked_violation(checked) == NULL);
      gsl_rng_free(rng);
      spo_manifold_destroy(checked);
      while (count-- > 0)
        spo_manifold_destroy(made[count]);
      seen++;
    }
  expect_true(seen > 8);
}

/* A whole run on a manifold and on its checked one: the same steps. */
static void compare_runs(const spo_problem *P, const spo_problem *Q, const spo_solver_ops *type,
                         const char *line) {
  spo_stop stop;
  spo_stop_init(&stop);
  stop.max_iter = 300;
  double *x = new_vector(P), *y = new_vector(P);
  point_by_name(spo_ufm(), P, "random", 4, x);
  memcpy(y, x, P->manifold->n * sizeof *x);
  const spo_result plain = run_solver(type, P, NULL, &stop, 1, x);
  const spo_result checked = run_solver(type, Q, NULL, &stop, 1, y);
  if (spo_checked_violation(Q->manifold))
    print_error("%s, %s: %s\n", type->name, line, spo_checked_violation(Q->manifold));
  expect_true(spo_checked_violation(Q->manifold) == NULL);
  expect_true(plain.reason == checked.reason && plain.last.k == checked.last.k);
  expect_true(memcmp(x, y, P->manifold->n * sizeof *x) == 0);
  free(x);
  free(y);
}

static void silent_on_runs(void **state) {
  (void)state;
  for (size_t m = 0; spo_list_models[m]; m++)
    for (const char *const *line = spo_list_models[m]()->sample; *line; line++)
      for (size_t s = 0; spo_list_solvers[s]; s++) {
        spo_error err = {0};
        spo_problem *P = sample_problem(spo_list_models[m](), *line), Q = *P;
        spo_manifold *checked;
        expect_ok(spo_checked_create(P->manifold, 0.0, &checked, &err));
        Q.manifold = checked;
        compare_runs(P, &Q, spo_list_solvers[s](), *line);
        spo_manifold_destroy(checked);
        spo_problem_destroy(P);
      }
}

/* Saturated: gradients far below the rounding of what they come from. */
static void silent_at_large_tau(void **state) {
  (void)state;
  spo_error err = {0};
  spo_problem *P = ufm_problem(5, 3, 7, 30.0), Q = *P;
  spo_manifold *checked;
  expect_ok(spo_checked_create(P->manifold, 0.0, &checked, &err));
  Q.manifold = checked;
  for (size_t s = 0; spo_list_solvers[s]; s++)
    compare_runs(P, &Q, spo_list_solvers[s](), "tau 30");
  spo_manifold_destroy(checked);
  spo_problem_destroy(P);
}

/* ---- broken manifolds ------------------------------------------------------------------------ */

static spo_status project_not(const spo_manifold *M, const double *x, const double *w, double *v,
                              double *work) {
  (void)x, (void)work;
  memmove(v, w, M->n * sizeof *v);
  v[0] *= 2;
  return SPO_OK;
}

static spo_status retract_off(const spo_manifold *M, const double *x, double t, const double *v,
                              double *y, double *work) {
  (void)work;
  for (size_t i = 0; i < M->n; i++)
    y[i] = x[i] + t * v[i];
  return SPO_OK;
}

static spo_status retract_nan(const spo_manifold *M, const double *x, double t, const double *v,
                              double *y, double *work) {
  const spo_status status = retract(M, x, t, v, y, work);
  y[M->n - 1] = NAN;
  return status;
}

/* not converted: the Euclidean gradient as it is */
static spo_status gradient_not(const spo_manifold *M, const double *x, double *g, double *memo,
                               double *work) {
  double keep[N_MAX];
  memcpy(keep, g, M->n * sizeof *g);
  const spo_status status = egrad_to_rgrad(M, x, g, memo, work);
  memcpy(g, keep, M->n * sizeof *g);
  return status;
}

static spo_status hessian_not(const spo_manifold *M, const double *x, const double *memo,
                              const double *v, double *hv, double *work) {
  (void)M, (void)x, (void)memo, (void)v, (void)hv, (void)work;
  return SPO_OK;
}

/* the curvature term without the projection: not tangent by a little of it */
static spo_status hessian_slanted(const spo_manifold *M, const double *x, const double *memo,
                                  const double *v, double *hv, double *work) {
  const spo_status status = ehess_to_rhess(M, x, memo, v, hv, work);
  for (size_t i = 0; i < M->n; i++)
    hv[i] *= 1 + 1e-3 * (double)(i % 3);
  return status;
}

static spo_status point_off(const spo_manifold *M, gsl_rng *rng, double *x, double *work) {
  const spo_status status = random_point(M, rng, x, work);
  x[0] += 1e-3;
  return status;
}

static double defect_negative(const spo_manifold *M, const double *x, double *work) {
  return defect(M, x, work) - 1;
}

static double defect_lost(const spo_manifold *M, const double *x, double *work) {
  (void)M, (void)x, (void)work;
  return NAN;
}

static spo_status transport_not(const spo_manifold *M, const double *x, const double *y,
                                const double *v, double *w, double *work) {
  (void)x, (void)y, (void)work;
  memmove(w, v, M->n * sizeof *w);
  return SPO_OK;
}

static spo_status velocity_not(const spo_manifold *M, const double *x, double t, const double *v,
                               const double *y, double *w, double *work) {
  (void)t;
  return transport_not(M, x, y, v, w, work);
}

static spo_status from_coords_not(const spo_manifold *M, const double *x, size_t k, const double *C,
                                  double *V, double *work) {
  const spo_status status = from_coords(M, x, k, C, V, work);
  V[k * M->n - 1] += 0.01; /* the last of the block */
  return status;
}

static spo_status to_coords_lost(const spo_manifold *M, const double *x, size_t k, const double *V,
                                 double *C, double *work) {
  const spo_status status = to_coords(M, x, k, V, C, work);
  C[0] = INFINITY;
  return status;
}

static double inner_lost(const spo_manifold *M, const double *x, const double *u, const double *v) {
  (void)M, (void)x, (void)u, (void)v;
  return NAN;
}

static double limit_nil(const spo_manifold *M, const double *x, const double *v) {
  (void)M, (void)x, (void)v;
  return 0;
}

typedef struct bench {
  spo_problem *P;
  mutant m;
  spo_manifold *checked;
  double *x, *y, *v, *w, *work;
  gsl_rng *rng;
} bench;

static void open_bench(bench *b) {
  b->P = ufm_problem(3, 2, 4, 2.0);
  const spo_manifold *M = b->P->manifold;
  wrap(&b->m, M);
  b->m.ops.inner = inner;
  b->rng = new_rng(8);
  b->x = new_vector(b->P), b->y = new_vector(b->P);
  b->v = new_vector(b->P), b->w = new_vector(b->P);
  b->work = calloc(M->work_len + 2 * M->n + 1, sizeof(double));
  expect_true(M->n <= N_MAX && M->ops->random_point(M, b->rng, b->x, b->work) == SPO_OK &&
              spo_manifold_random_tangent(M, b->x, b->rng, b->v, b->work) == SPO_OK &&
              M->ops->retract(M, b->x, 0.3, b->v, b->y, b->work) == SPO_OK);
}

/* After the faults are in place. */
static void check_bench(bench *b) {
  spo_error err = {0};
  expect_ok(spo_checked_create(&b->m.base, 0.0, &b->checked, &err));
}

static void close_bench(bench *b) {
  spo_manifold_destroy(b->checked);
  spo_problem_destroy(b->P);
  gsl_rng_free(b->rng);
  free(b->x), free(b->y), free(b->v), free(b->w), free(b->work);
}

/* The violation names the slot, and nothing passes any more. */
static void expect_violation(const bench *b, const char *slot) {
  const char *text = spo_checked_violation(b->checked);
  if (!text || !strstr(text, slot) || !strstr(text, b->m.good->name))
    print_error("due: %s; found: %s\n", slot, text ? text : "nothing");
  expect_true(text && strstr(text, slot) && strstr(text, b->m.good->name));
  expect_true(b->checked->ops->project(b->checked, b->x, b->v, b->w, b->work) < 0);
  expect_true(isnan(b->checked->ops->defect(b->checked, b->x, b->work)));
}

/* A run on the broken manifold ends with a failure. */
static void run_fails(bench *b, const char *slot, spo_status due) {
  spo_error err = {0};
  spo_solver *s;
  spo_problem Q = *b->P;
  check_bench(b);
  Q.manifold = b->checked;
  expect_ok(spo_solver_create(spo_trust_region(), &Q, NULL, 1, &s, &err));
  expect_status(spo_solver_solve(s, b->x, NULL, NULL, NULL, NULL, &err), due);
  spo_solver_destroy(s);
  expect_violation(b, slot);
}

static void broken_runs(void **state) {
  (void)state;
  bench b;
#define RUN_FAILS(slot, fault, due)                                                                \
  open_bench(&b), b.m.ops.slot = (fault), run_fails(&b, #slot, due), close_bench(&b)
  RUN_FAILS(project, project_not, SPO_E_USER);
  RUN_FAILS(retract, retract_off, SPO_E_USER);
  RUN_FAILS(retract, retract_nan, SPO_E_NONFINITE);
  RUN_FAILS(egrad_to_rgrad, gradient_not, SPO_E_USER);
  RUN_FAILS(ehess_to_rhess, hessian_not, SPO_E_USER);
  RUN_FAILS(ehess_to_rhess, hessian_slanted, SPO_E_USER);
#undef RUN_FAILS
}

/* Slots that a run need not call, directly. */
static void broken_calls(void **state) {
  (void)state;
  bench b;
#define CALL(slot, fault, ...)                                                                     \
  do {                                                                                             \
    open_bench(&b);                                                                                \
    b.m.ops.slot = (fault);                                                                        \
    check_bench(&b);                                                                               \
    const double result_ = (double)b.checked->ops->slot(b.checked, __VA_ARGS__);                   \
    expect_true(result_ < 0 || isnan(result_));                                                    \
    expect_violation(&b, #slot);                                                                   \
    close_bench(&b);                                                                               \
  } while (0)
  CALL(random_point, point_off, b.rng, b.w, b.work);
  CALL(defect, defect_negative, b.x, b.work);
  CALL(defect, defect_lost, b.x, b.work);
  CALL(exp, retract_off, b.x, 0.5, b.v, b.w, b.work);
  CALL(transport, transport_not, b.x, b.y, b.v, b.w, b.work);
  CALL(velocity, velocity_not, b.x, 0.3, b.v, b.y, b.w, b.work);
  static const double C[2 * N_MAX] = {1, 2, 3};
  static double V[2 * N_MAX];
  CALL(from_coords, from_coords_not, b.x, 2, C, V, b.work);
  CALL(to_coords, to_coords_lost, b.x, 1, b.v, V, b.work);
  CALL(inner, inner_lost, b.x, b.v, b.v);
  CALL(step_limit, limit_nil, b.x, b.v);
#undef CALL
}

/* A caller's faults, on a sound manifold. */
static void broken_arguments(void **state) {
  (void)state;
  bench b;
#define REFUSED(code, slot, ...)                                                                   \
  do {                                                                                             \
    check_bench(&b);                                                                               \
    expect_true(b.checked->ops->slot(b.checked, __VA_ARGS__) == (code));                           \
    expect_violation(&b, #slot);                                                                   \
    close_bench(&b);                                                                               \
  } while (0)
  open_bench(&b), b.x[0] += 1e-3;
  REFUSED(SPO_E_ARG, retract, b.x, 1.0, b.v, b.w, b.work);
  open_bench(&b), b.v[0] += 1e-3;
  REFUSED(SPO_E_ARG, retract, b.x, 1.0, b.v, b.w, b.work);
  open_bench(&b);
  REFUSED(SPO_E_NONFINITE, retract, b.x, NAN, b.v, b.w, b.work);
  open_bench(&b); /* tangent elsewhere */
  REFUSED(SPO_E_ARG, to_coords, b.y, 1, b.v, b.w, b.work);
  open_bench(&b), b.w[2] = INFINITY;
  REFUSED(SPO_E_NONFINITE, egrad_to_rgrad, b.x, b.w, b.work, b.work);
#undef REFUSED
}

/* Two threads on one checked manifold: each refuses, and there is one violation, whole. */
static void *violate(void *self) {
  const bench *b = self;
  double w[N_MAX], work[3 * N_MAX];
  for (int i = 0; i < 1000; i++) {
    b->checked->ops->project(b->checked, b->x, b->v, w, work);
    if (b->checked->ops->retract(b->checked, b->x, 1.0, b->v, w, work) == SPO_OK)
      return NULL;
  }
  return self;
}

static void violated_by_two(void **state) {
  (void)state;
  bench b;
  pthread_t thread[2];
  void *refused[2];
  open_bench(&b);
  b.m.ops.retract = retract_off;
  expect_true(b.P->manifold->work_len <= N_MAX);
  check_bench(&b);
  for (int i = 0; i < 2; i++)
    expect_true(pthread_create(&thread[i], NULL, violate, &b) == 0);
  for (int i = 0; i < 2; i++)
    expect_true(pthread_join(thread[i], &refused[i]) == 0 && refused[i] != NULL);
  expect_violation(&b, "retract");
  close_bench(&b);
}

static void passes(void **state) {
  (void)state;
  bench b;
  spo_error err = {0};
  open_bench(&b);
  check_bench(&b);
  const spo_manifold *C = b.checked;
  expect_true(C->ops->retract(C, b.x, 0.3, b.v, b.w, b.work) == SPO_OK);
  expect_true(memcmp(b.w, b.y, C->n * sizeof *b.w) == 0);
  const double there = b.x[0];
  b.x[0] = NAN; /* goes through defect, and is no violation of the manifold's */
  expect_true(isnan(C->ops->defect(C, b.x, b.work)));
  b.x[0] = there + 2;
  expect_true(C->ops->defect(C, b.x, b.work) > 0.01);
  expect_true(spo_checked_violation(C) == NULL);
  expect_true(spo_checked_violation(&b.m.base) == NULL && spo_checked_violation(NULL) == NULL);
  spo_manifold *none;
  expect_status(spo_checked_create(NULL, 0.0, &none, &err), SPO_E_ARG);
  expect_status(spo_checked_create(&b.m.base, NAN, &none, &err), SPO_E_ARG);
  expect_status(spo_checked_create(&b.m.base, 1.0, &none, &err), SPO_E_ARG);
  expect_true(none == NULL);
  close_bench(&b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(silent_on_manifolds), cmocka_unit_test(silent_on_runs),
      cmocka_unit_test(silent_at_large_tau), cmocka_unit_test(broken_runs),
      cmocka_unit_test(broken_calls),        cmocka_unit_test(broken_arguments),
      cmocka_unit_test(violated_by_two),     cmocka_unit_test(passes),
  };
  return cmocka_run_group_tests_name("checked manifolds", tests, NULL, NULL);
}
