/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Problems made of problems: log f and difference Hessians, against the wrapped problem's own
 * numbers, by the derivative checks, and in runs. */
#include <float.h>

#include "base/vec.h"
#include "lists/lists.h"
#include "samples.h"

static void print_failures(const char *line, const spo_check_report *report) {
  for (size_t i = 0; i < report->count; i++)
    if (!report->item[i].pass)
      print_error("%s: %s = %.3g, must be in [%.3g, %.3g], seed %llu\n", line, report->item[i].name,
                  report->item[i].value, report->item[i].lo, report->item[i].hi,
                  (unsigned long long)expect_seed);
}

static bool has_item(const spo_check_report *report, const char *name) {
  for (size_t i = 0; i < report->count; i++)
    if (strcmp(report->item[i].name, name) == 0)
      return true;
  return false;
}

static double cost_at(const spo_problem *P, const double *x) {
  spo_error err = {0};
  spo_eval *E;
  spo_point *p;
  expect_ok(spo_eval_create(P, &E, &err));
  expect_ok(spo_point_create(P, &p, &err));
  spo_point_set(p, P, x);
  expect_ok(spo_eval_cost(E, p));
  const double f = p->f;
  spo_point_destroy(p);
  spo_eval_destroy(E);
  return f;
}

/* P with its table cut down to these slots. */
static spo_problem_ops bare_ops;
static spo_problem bare(const spo_problem *P) {
  bare_ops = (spo_problem_ops){.size = sizeof bare_ops, .cost = P->ops->cost};
  bare_ops.egrad = P->ops->egrad;
  spo_problem Q = *P;
  Q.ops = &bare_ops;
  return Q;
}

/* ---- log f ----------------------------------------------------------------------------------- */

/* Every slot through the same checks as a model's own. */
static void log_derivatives(void **state) {
  (void)state;
  spo_error err = {0};
  for (const char *const *line = spo_ufm()->sample; *line; line++) {
    spo_problem *P = sample_problem(spo_ufm(), *line), *L;
    expect_ok(spo_log_problem(P, &L, &err));
    for (expect_seed = 1; expect_seed <= 4; expect_seed++) {
      spo_check_report report;
      gsl_rng *rng = new_rng(expect_seed);
      expect_ok(spo_check_problem(L, NULL, rng, &report, &err));
      print_failures(*line, &report);
      expect_true(report.pass);
      expect_true(has_item(&report, "Hessian: predicts the gradient"));
      expect_true(has_item(&report, "Hessian: block as one by one"));
      expect_true(has_item(&report, "cost_egrad: cost"));
      expect_true(has_item(&report, "precond: positive definite"));
      expect_true(has_item(&report, "symmetry: the cost does not change") == !!P->ops->symmetry);
      expect_true(has_item(&report, "scale: noise covers rounding"));
      gsl_rng_free(rng);
    }
    spo_problem_destroy(L);
    spo_problem_destroy(P);
  }
}

/* Two callbacks alone: what they do not state is not invented, but for the size of a gradient. */
static void log_of_a_bare_problem(void **state) {
  (void)state;
  spo_error err = {0};
  spo_problem *P = ufm_problem(4, 2, 5, 3.0), *L;
  spo_problem Q = bare(P);
  expect_ok(spo_log_problem(&Q, &L, &err));
  expect_true(!L->ops->ehess && !L->ops->ehess_block && !L->ops->cost_egrad && !L->ops->precond &&
              !L->ops->symmetry && !L->ops->certificate && !L->ops->known_minimum);
  spo_check_report report;
  gsl_rng *rng = new_rng(1);
  expect_ok(spo_check_problem(L, NULL, rng, &report, &err));
  print_failures("bare", &report);
  expect_true(report.pass);
  gsl_rng_free(rng);
  spo_problem_destroy(L);
  spo_problem_destroy(P);
}

static void log_values(void **state) {
  (void)state;
  spo_error err = {0};
  spo_problem *P = ufm_problem(4, 2, 5, 40.0), *L;
  double *x = new_vector(P), f_star, log_star, noise, size, log_noise, log_size;
  const char *theorem, *log_theorem;
  expect_ok(spo_log_problem(P, &L, &err));
  point_by_name(spo_ufm(), P, "etf", 0, x);
  const double f = cost_at(P, x), log_f = cost_at(L, x);
  expect_near(log_f, log(f), 4 * DBL_EPSILON * fabs(log_f));
  expect_true(P->ops->known_minimum(P->self, &f_star, &theorem) == 0);
  expect_true(L->ops->known_minimum(L->self, &log_star, &log_theorem) == 0);
  expect_near(log_star, log(f_star), 4 * DBL_EPSILON * fabs(log_star));
  assert_string_equal(theorem, log_theorem);
  spo_eval *E;
  spo_point *p;
  expect_ok(spo_eval_create(P, &E, &err));
  expect_ok(spo_point_create(P, &p, &err));
  spo_point_set(p, P, x);
  expect_ok(spo_eval_scale(E, p, &noise, &size));
  spo_point_destroy(p);
  spo_eval_destroy(E);
  expect_ok(spo_eval_create(L, &E, &err));
  expect_ok(spo_point_create(L, &p, &err));
  spo_point_set(p, L, x);
  expect_ok(spo_eval_scale(E, p, &log_noise, &log_size));
  const double own = DBL_EPSILON * fabs(log_f); /* the logarithm's rounding */
  expect_near(log_noise - noise / f, own, 1e-3 * own);
  expect_near(log_size, size / f, 1e-12 * log_size);
  expect_true(!L->ops->certificate && spo_certificate_order(L) == 0);
  spo_point_destroy(p);
  spo_eval_destroy(E);
  free(x);
  spo_problem_destroy(L);
  spo_problem_destroy(P);
}

/* A cost that is not positive has no logarithm there, and no known minimum. */
static void log_of_nothing(void **state) {
  (void)state;
  spo_error err = {0};
  static const double matrix[] = {-2, 0, 0, 1};
  spo_rayleigh_params params;
  spo_rayleigh_params_init(&params);
  params.n = 2;
  params.matrix = (spo_matrix){matrix, 2, 2};
  spo_problem *P, *L;
  expect_ok(spo_rayleigh_create(&params, &P, &err));
  expect_ok(spo_log_problem(P, &L, &err));
  const double below[] = {1, 0}, above[] = {0, 1};
  double f_star;
  const char *theorem;
  expect_true(P->ops->known_minimum(P->self, &f_star, &theorem) == 0 && f_star < 0);
  expect_true(L->ops->known_minimum(L->self, &f_star, &theorem) > 0);
  spo_eval *E;
  spo_point *p;
  expect_ok(spo_eval_create(L, &E, &err));
  expect_ok(spo_point_create(L, &p, &err));
  spo_point_set(p, L, below);
  expect_true(spo_eval_cost(E, p) == SPO_OUTSIDE);
  expect_true(spo_eval_grad(E, p) == SPO_OUTSIDE);
  spo_point_set(p, L, above);
  expect_true(spo_eval_grad(E, p) == SPO_OK);
  spo_point_destroy(p);
  spo_eval_destroy(E);
  spo_problem_destroy(L);
  spo_problem_destroy(P);
}

typedef struct arrival {
  double log_star;
  uint64_t k; /* the first iteration within 1e-8 of f*, relatively; UINT64_MAX: none yet */
} arrival;

static int watch(void *self, const spo_iter *it) {
  arrival *a = self;
  if (a->k == UINT64_MAX && it->f - a->log_star < 1e-8)
    a->k = it->k;
  return 0;
}

static int ascending(const void *a, const void *b) {
  const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return (x > y) - (x < y);
}

/* At tau = 40, where f* is 1e-19 and f itself falls by a factor e a step. */
static void log_at_large_tau(void **state) {
  (void)state;
  enum { STARTS = 20 };
  spo_error err = {0};
  spo_problem *P = ufm_problem(10, 5, 16, 40.0), *L;
  double *x = new_vector(P), f_star;
  const char *theorem;
  uint64_t arrived[STARTS];
  expect_true(P->ops->known_minimum(P->self, &f_star, &theorem) == 0);
  expect_ok(spo_log_problem(P, &L, &err));
  for (expect_seed = 0; expect_seed < STARTS; expect_seed++) {
    arrival a = {log(f_star), UINT64_MAX};
    spo_solver *s;
    spo_result res = {.size = sizeof res};
    spo_stop stop;
    spo_stop_init(&stop);
    stop.max_iter = 200;
    point_by_name(spo_ufm(), P, "random", expect_seed, x);
    expect_ok(spo_solver_create(spo_trust_region(), L, NULL, expect_seed, &s, &err));
    expect_ok(spo_solver_solve(s, x, &stop, watch, &a, &res, &err));
    spo_solver_destroy(s);
    expect_true(res.converged);
    expect_near(cost_at(P, x) / f_star, 1.0, 1e-8);
    arrived[expect_seed] = a.k;
  }
  qsort(arrived, STARTS, sizeof *arrived, ascending);
  print_message("log f at tau = 40: iterations to 1e-8: median %d, at most %d\n",
                (int)arrived[STARTS / 2], (int)arrived[STARTS - 1]);
  expect_true(arrived[STARTS / 2] <= 40);
  free(x);
  spo_problem_destroy(L);
  spo_problem_destroy(P);
}

/* ---- Hessian by differences ------------------------------------------------------------------ */

/* |differences - Hessian| / |Hessian| along a random direction of Q and its sample's P. */
static double product_error(const spo_problem *P, const spo_problem *Q, const double *x) {
  spo_error err = {0};
  const size_t n = P->manifold->n;
  const spo_problem *both[] = {P, Q};
  double *v = new_vector(P), *hv[2], error = 0.0, size = 0.0;
  for (int i = 0; i < 2; i++) {
    spo_eval *E;
    spo_point *p;
    gsl_rng *rng = new_rng(expect_seed + 1000); /* not the point's own numbers */
    hv[i] = new_vector(P);
    expect_ok(spo_eval_create(both[i], &E, &err));
    expect_ok(spo_point_create(both[i], &p, &err));
    spo_point_set(p, both[i], x);
    expect_ok(spo_manifold_random_tangent(P->manifold, x, rng, v, E->work));
    expect_ok(spo_eval_hess(E, p, 1, v, hv[i]));
    gsl_rng_free(rng);
    spo_point_destroy(p);
    spo_eval_destroy(E);
  }
  for (size_t j = 0; j < n; j++) {
    error = hypot(error, hv[1][j] - hv[0][j]);
    size = hypot(size, hv[0][j]);
  }
  free(v), free(hv[0]), free(hv[1]);
  return error / size;
}

/* On every model: close at the default step, and four times as close at half a long one. */
static void differences(void **state) {
  (void)state;
  spo_error err = {0};
  size_t fell = 0, seen = 0;
  for (size_t m = 0; spo_list_models[m]; m++)
    for (const char *const *line = spo_list_models[m]()->sample; *line; line++) {
      spo_problem *P = sample_problem(spo_list_models[m](), *line), *Q;
      double *x = new_vector(P), error[3];
      const double step[] = {0.0, 0x1p-9, 0x1p-10};
      if (P->manifold->dim == 0) {
        free(x);
        spo_problem_destroy(P);
        continue;
      }
      expect_seed = 5;
      point_by_name(spo_list_models[m](), P, "random", 3, x);
      for (int i = 0; i < 3; i++) {
        expect_ok(spo_fd_hessian_problem(P, step[i], &Q, &err));
        expect_true(Q->ops->ehess != P->ops->ehess && !Q->ops->ehess_block);
        error[i] = product_error(P, Q, x);
        spo_problem_destroy(Q);
      }
      /* eps^(2/3) = 4e-11, times third derivatives that a long step of pi sqrt(m) carries far */
      expect_at_most(error[0], 1e5 * pow(DBL_EPSILON, 2.0 / 3.0));
      if (error[1] > 1e-9) { /* a cost of second degree may leave rounding alone */
        expect_near(error[1] / error[2], 4.0, 1.2);
        fell++;
      }
      seen++;
      free(x);
      spo_problem_destroy(P);
    }
  expect_true(seen > 3 && fell > 2);
}

/* Steps are in typical distances, whatever the direction's length. */
static void difference_step(void **state) {
  (void)state;
  spo_error err = {0};
  spo_problem *P = ufm_problem(3, 2, 4, 2.0), *Q;
  const size_t n = P->manifold->n;
  const double step = 0x1p-6;
  double *x = new_vector(P), *v = new_vector(P), *y = new_vector(P), *hv = new_vector(P);
  double *g[2] = {new_vector(P), new_vector(P)}, f;
  expect_ok(spo_fd_hessian_problem(P, step, &Q, &err));
  double *memo = calloc(Q->memo_len, sizeof *memo), *work = calloc(Q->work_len, sizeof *work);
  gsl_rng *rng = new_rng(2);
  point_by_name(spo_ufm(), P, "random", 1, x);
  expect_ok(spo_manifold_random_tangent(P->manifold, x, rng, v, work));
  for (double length = 1e-3; length < 1e4; length *= 1e3) {
    spo_vec_scale(n, length / spo_vec_norm(n, v), v);
    const double t = step * P->manifold->typical_distance / length;
    for (int side = 0; side < 2; side++) {
      expect_ok(P->manifold->ops->retract(P->manifold, x, side ? -t : t, v, y, work));
      expect_true(P->ops->cost(P->self, y, &f, memo, work) == 0);
      expect_true(P->ops->egrad(P->self, y, g[side], memo, work) == 0);
    }
    expect_true(Q->ops->ehess(Q->self, x, v, hv, memo, work) == 0);
    for (size_t i = 0; i < n; i++)
      expect_near(hv[i], (g[0][i] - g[1][i]) / (2.0 * t), 1e-11 * length);
  }
  gsl_rng_free(rng);
  free(memo), free(work), free(x), free(v), free(y), free(hv), free(g[0]), free(g[1]);
  spo_problem_destroy(Q);
  spo_problem_destroy(P);
}

/* The trust region on two callbacks alone; every point that is visited lies on the manifold. */
static void trust_region_by_differences(void **state) {
  (void)state;
  spo_error err = {0};
  spo_problem *P = ufm_problem(6, 3, 8, 3.0), *D;
  spo_manifold *checked;
  double *x = new_vector(P), f_star;
  const char *theorem;
  spo_solver *s;
  expect_true(P->ops->known_minimum(P->self, &f_star, &theorem) == 0);
  expect_ok(spo_checked_create(P->manifold, 1e-10, &checked, &err));
  spo_problem Q = bare(P);
  Q.manifold = checked;
  expect_status(spo_solver_create(spo_trust_region(), &Q, NULL, 0, &s, &err), SPO_E_UNSUPPORTED);
  expect_ok(spo_fd_hessian_problem(&Q, 0.0, &D, &err));
  for (expect_seed = 1; expect_seed <= 5; expect_seed++) {
    point_by_name(spo_ufm(), P, "random", expect_seed, x);
    const spo_result res = run_solver(spo_trust_region(), D, NULL, NULL, expect_seed, x);
    expect_true(res.converged);
    expect_true(res.last.k < 60);
    expect_near(cost_at(P, x), f_star, 1e-9 * f_star);
  }
  expect_true(spo_checked_violation(checked) == NULL);
  spo_problem_destroy(D);
  spo_manifold_destroy(checked);
  free(x);
  spo_problem_destroy(P);
}

/* One in the other: the Hessian of log f by differences is that of log f. */
static void nested(void **state) {
  (void)state;
  spo_error err = {0};
  spo_problem *P = ufm_problem(4, 2, 5, 10.0), *L, *D;
  double *x = new_vector(P);
  expect_ok(spo_log_problem(P, &L, &err));
  expect_ok(spo_fd_hessian_problem(L, 0.0, &D, &err));
  expect_seed = 2;
  point_by_name(spo_ufm(), P, "random", 2, x);
  expect_at_most(product_error(L, D, x), 1e-6);
  assert_string_equal(D->name, "differences of log of ufm");
  const spo_result res = run_solver(spo_trust_region(), D, NULL, NULL, 0, x);
  expect_true(res.converged);
  free(x);
  spo_problem_destroy(D);
  spo_problem_destroy(L);
  spo_problem_destroy(P);
}

static int outside(void *self, const double *x, double *f, double *memo, double *work) {
  (void)self, (void)x, (void)f, (void)memo, (void)work;
  return 1;
}

static void refusals(void **state) {
  (void)state;
  spo_error err = {0};
  spo_problem *P = ufm_problem(3, 1, 4, 1.0), *Q;
  expect_status(spo_log_problem(NULL, &Q, &err), SPO_E_ARG);
  expect_true(Q == NULL);
  expect_status(spo_fd_hessian_problem(P, -1e-3, &Q, &err), SPO_E_ARG);
  expect_true(Q == NULL && strstr(err.text, "step"));
  expect_status(spo_fd_hessian_problem(P, NAN, &Q, &err), SPO_E_ARG);
  expect_status(spo_fd_hessian_problem(P, 0.2, &Q, &err), SPO_E_ARG);
  expect_status(spo_fd_hessian_problem(NULL, 0.0, &Q, &err), SPO_E_ARG);
  /* a product whose places cannot be evaluated cannot be either */
  expect_ok(spo_fd_hessian_problem(P, 0.0, &Q, &err));
  spo_eval *E;
  spo_point *p;
  double *v = new_vector(P), *hv = new_vector(P);
  expect_ok(spo_eval_create(Q, &E, &err));
  expect_ok(spo_point_create(Q, &p, &err));
  point_by_name(spo_ufm(), P, "random", 1, p->x);
  expect_ok(spo_eval_hess(E, p, 1, v, hv)); /* of the zero vector: zero */
  for (size_t i = 0; i < P->manifold->n; i++)
    expect_true(hv[i] == 0.0);
  expect_ok(spo_eval_grad(E, p));
  gsl_rng *rng = new_rng(2);
  expect_ok(spo_manifold_random_tangent(P->manifold, p->x, rng, v, E->work));
  gsl_rng_free(rng);
  const spo_problem_ops sound = *P->ops;
  spo_problem_ops ops = sound;
  ops.cost = outside;
  ops.cost_egrad = NULL;
  P->ops = &ops;
  expect_true(spo_eval_hess(E, p, 1, v, hv) == SPO_OUTSIDE);
  ops = sound;
  free(v), free(hv);
  spo_point_destroy(p);
  spo_eval_destroy(E);
  spo_problem_destroy(Q);
  spo_problem_destroy(P);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(log_derivatives),  cmocka_unit_test(log_of_a_bare_problem),
      cmocka_unit_test(log_values),       cmocka_unit_test(log_of_nothing),
      cmocka_unit_test(log_at_large_tau), cmocka_unit_test(differences),
      cmocka_unit_test(difference_step),  cmocka_unit_test(trust_region_by_differences),
      cmocka_unit_test(nested),           cmocka_unit_test(refusals),
  };
  return cmocka_run_group_tests_name("wrappers of problems", tests, NULL, NULL);
}
