/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Newton's method against the explicit critical points of the spherical UFM and of the classics:
 * perturbed by 1e-3 it comes back to rounding, quadratically, to a point of the same value and
 * index, saddle or minimum, isolated or in a family. */
#include "samples.h"

static const char *const points[] = {"etf",          "collapsed:0",   "collapsed:37",
                                     "collapsed:90", "collapsed:180", "merged:2",
                                     "merged:3",     "signs",         "antipodal"};

/* zero_tol 0: what rounding leaves undecided. */
static size_t index_at(const spo_problem *P, const double *x, double zero_tol, size_t *nullity) {
  spo_error err = {0};
  spo_spectrum_options options;
  spo_spectrum_options_init(&options);
  options.zero_tol = zero_tol;
  spo_eval *E;
  spo_point *p;
  spo_spectrum *s;
  gsl_rng *rng = new_rng(1);
  expect_ok(spo_eval_create(P, &E, &err));
  expect_ok(spo_point_create(P, &p, &err));
  spo_point_set(p, P, x);
  expect_ok(spo_spectrum_at(E, p, &options, rng, &s, &err));
  const size_t index = s->index;
  *nullity = s->nullity;
  spo_spectrum_destroy(s);
  spo_eval_destroy(E);
  spo_point_destroy(p);
  gsl_rng_free(rng);
  return index;
}

/* x moved by a random tangent vector of length `size`. */
static void perturb(const spo_problem *P, double size, double *x) {
  spo_error err = {0};
  spo_eval *E;
  spo_point *from, *to;
  gsl_rng *rng = new_rng(expect_seed + 100);
  double *v = new_vector(P);
  expect_ok(spo_eval_create(P, &E, &err));
  expect_ok(spo_point_create(P, &from, &err));
  expect_ok(spo_point_create(P, &to, &err));
  spo_point_set(from, P, x);
  expect_ok(spo_manifold_random_tangent(P->manifold, x, rng, v, E->work));
  const double norm = sqrt(spo_manifold_inner(P->manifold, x, v, v));
  expect_ok(spo_eval_retract(E, from, size / norm, v, to));
  memcpy(x, to->x, P->manifold->n * sizeof *x);
  spo_point_destroy(from);
  spo_point_destroy(to);
  spo_eval_destroy(E);
  gsl_rng_free(rng);
  free(v);
}

typedef struct history {
  double grad[100], step[100];
  size_t count, products;
} history;

static int remember(void *self, const spo_iter *it) {
  history *h = self;
  h->grad[h->count] = it->grad_norm;
  h->step[h->count++] = it->step_norm;
  h->products = it->count.hess;
  return h->count == 100;
}

static spo_result polish(const spo_problem *P, double *x, history *h) {
  spo_error err = {0};
  spo_solver *s;
  spo_result res = {.size = sizeof res};
  spo_stop stop;
  spo_stop_init(&stop);
  stop.grad_rel = 0.0;
  stop.grad_abs = 1e-13;
  stop.max_iter = 90;
  h->count = 0;
  expect_ok(spo_solver_create(spo_newton(), P, NULL, expect_seed, &s, &err));
  expect_ok(spo_solver_solve(s, x, &stop, remember, h, &res, &err));
  spo_solver_destroy(s);
  return res;
}

static size_t most_iterations;

static void comes_back(const spo_model_ops *model, const spo_problem *P, const char *point,
                       const char *where) {
  double *x = new_vector(P), *start = new_vector(P);
  size_t nullity, nullity_after;
  /* the angle of a collapsed point is free, and K - 1 eigenvalues are of the order of the square of
   * its cosine: the nearest critical point lies a little off 90 degrees, and they are tiny there */
  const bool degenerate = strcmp(point, "collapsed:90") == 0;
  const double zero_tol = degenerate ? 1e-6 : 0.0, farthest = degenerate ? 0.1 : 0.002;
  history h;
  point_by_name(model, P, point, expect_seed, start);
  memcpy(x, start, P->manifold->n * sizeof *x);
  const size_t index = index_at(P, x, zero_tol, &nullity);
  perturb(P, 1e-3, x);
  const spo_result res = polish(P, x, &h);
  const size_t after = index_at(P, x, zero_tol, &nullity_after);
  double walked = 0.0;
  for (size_t k = 1; k < h.count; k++)
    walked += h.step[k];
  if (!res.converged || after != index || !(walked <= farthest))
    print_error("%s %s: %s, gradient %g after %zu steps, index %zu -> %zu, nullity %zu -> %zu, "
                "walked %g\n",
                where, point, spo_reason_text(res.reason), res.last.grad_norm, h.count - 1, index,
                after, nullity, nullity_after, walked);
  expect_true(res.reason == SPO_STOP_GRAD && res.converged);
  expect_at_most(res.last.grad_norm, 1e-13);
  assert_int_equal(after, index);
  /* to the nearest critical point, not along its family */
  expect_at_most(walked, farthest);
  if (!degenerate && h.count - 1 > most_iterations)
    most_iterations = h.count - 1;
  free(x), free(start);
}

static void test_ufm(void **state) {
  (void)state;
  const struct {
    uint64_t K, n, d;
    double tau;
  } sizes[] = {{6, 2, 7, 1}, {6, 1, 6, 4}, {6, 2, 6, 0.5}, {6, 1, 8, 10}};
  most_iterations = 0;
  for (size_t c = 0; c < sizeof sizes / sizeof sizes[0]; c++) {
    char where[64];
    spo_problem *P = ufm_problem(sizes[c].K, sizes[c].n, sizes[c].d, sizes[c].tau);
    snprintf(where, sizeof where, "(6,%d,%d,%g)", (int)sizes[c].n, (int)sizes[c].d, sizes[c].tau);
    for (size_t i = 0; i < sizeof points / sizeof points[0]; i++)
      for (expect_seed = 1; expect_seed <= 20; expect_seed++)
        comes_back(spo_ufm(), P, points[i], where);
    spo_problem_destroy(P);
  }
  for (int d = 2; d <= 3; d++) {
    spo_problem *P = ufm_problem(2, 2, (uint64_t)d, 1.0);
    for (expect_seed = 1; expect_seed <= 20; expect_seed++)
      comes_back(spo_ufm(), P, "calibrated:3,1", "(2,2,d,1)");
    spo_problem_destroy(P);
  }
  print_message("newton from 1e-3 away: at most %zu iterations\n", most_iterations);
  expect_at_most((double)most_iterations, 5);
}

/* Every eigenvector of a matrix attracts. */
static void test_classics(void **state) {
  (void)state;
  char name[32];
  spo_problem *P = sample_problem(spo_rayleigh(), "--size 9 --seed 4");
  for (int j = 0; j < 9; j++)
    for (expect_seed = 1; expect_seed <= 3; expect_seed++) {
      snprintf(name, sizeof name, "eigenvector:%d", j);
      comes_back(spo_rayleigh(), P, name, "rayleigh");
    }
  spo_problem_destroy(P);
  P = sample_problem(spo_brockett(), "--size 5 --columns 3");
  for (int j = 0; j < 3; j++)
    for (expect_seed = 1; expect_seed <= 3; expect_seed++) {
      snprintf(name, sizeof name, "eigenvectors:%d,%d,%d", j, (j + 2) % 5, (j + 1) % 5);
      comes_back(spo_brockett(), P, name, "brockett");
    }
  spo_problem_destroy(P);
}

/* Quadratic: each of the last steps squares the gradient, up to one factor. */
static void test_order(void **state) {
  (void)state;
  spo_problem *P = ufm_problem(6, 2, 7, 1.0);
  double *x = new_vector(P);
  history h;
  size_t seen = 0;
  for (expect_seed = 1; expect_seed <= 10; expect_seed++) {
    point_by_name(spo_ufm(), P, "merged:3", 1, x);
    perturb(P, 1e-2, x);
    polish(P, x, &h);
    for (size_t k = 1; k < h.count; k++)
      if (h.grad[k - 1] < 1e-3 && h.grad[k - 1] > 1e-7) {
        expect_at_most(h.grad[k], 30.0 * h.grad[k - 1] * h.grad[k - 1] + 1e-15);
        seen++;
      }
  }
  expect_true(seen >= 10);
  free(x);
  spo_problem_destroy(P);
}

static int at_once(void *self) {
  return ++*(int *)self > 4;
}

/* Budgets end it inside the linear solve; a start far off ends without harm. */
static void test_limits(void **state) {
  (void)state;
  spo_problem *P = ufm_problem(6, 2, 7, 1.0);
  double *x = new_vector(P);
  spo_stop stop;
  int asked = 0;
  spo_stop_init(&stop);
  stop.max_hess = 5;
  point_by_name(spo_ufm(), P, "random", 1, x);
  spo_result res = run_solver(spo_newton(), P, NULL, &stop, 1, x);
  expect_true(res.reason == SPO_STOP_MAX_HESS && res.last.count.hess == 5);
  spo_stop_init(&stop);
  stop.poll = at_once;
  stop.poll_self = &asked;
  res = run_solver(spo_newton(), P, NULL, &stop, 1, x);
  expect_true(!res.converged);
  expect_at_most((double)res.last.count.hess, 5);
  for (expect_seed = 1; expect_seed <= 10; expect_seed++) {
    point_by_name(spo_ufm(), P, "random", expect_seed, x);
    res = run_solver(spo_newton(), P, NULL, NULL, expect_seed, x);
    expect_true(res.converged || res.reason == SPO_STOP_STALLED);
  }
  free(x);
  spo_problem_destroy(P);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_ufm), cmocka_unit_test(test_classics),
                                     cmocka_unit_test(test_order), cmocka_unit_test(test_limits)};
  return cmocka_run_group_tests_name("newton", tests, NULL, NULL);
}
