/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The unit of the cost is nobody's business: f times a power of two gives every solver, with every
 * choice it has, the same iterates to the bit, at the ends of the range of doubles too. */
#include "lists/lists.h"
#include "samples.h"

enum { ROOM = 4096 };

/* f in another unit, with nothing but cost, gradient, Hessian and, if it has one, the
 * preconditioner: noise and gradient scale are the solvers' own. */
typedef struct other_unit {
  const spo_problem *P;
  double unit;
} other_unit;

static int cost(void *self, const double *x, double *f, double *memo, double *work) {
  const other_unit *u = self;
  const int code = u->P->ops->cost(u->P->self, x, f, memo, work);
  *f *= u->unit;
  return code;
}

static void change(const other_unit *u, double *v) {
  for (size_t i = 0; i < u->P->manifold->n; i++)
    v[i] *= u->unit;
}

static int egrad(void *self, const double *x, double *g, double *memo, double *work) {
  const other_unit *u = self;
  const int code = u->P->ops->egrad(u->P->self, x, g, memo, work);
  change(u, g);
  return code;
}

static int ehess(void *self, const double *x, const double *v, double *hv, const double *memo,
                 double *work) {
  const other_unit *u = self;
  const spo_problem_ops *ops = u->P->ops;
  const int code = ops->ehess ? ops->ehess(u->P->self, x, v, hv, memo, work)
                              : ops->ehess_block(u->P->self, x, 1, v, hv, memo, work);
  change(u, hv);
  return code;
}

/* Entry i by 1 + i mod 3, then back into the tangent space: positive definite on it for manifolds
 * whose projection is orthogonal. */
static int precond(void *self, const double *x, const double *v, double *pv, const double *memo,
                   double *work) {
  const other_unit *u = self;
  const spo_manifold *M = u->P->manifold;
  (void)memo;
  for (size_t i = 0; i < M->n; i++)
    pv[i] = (1.0 + (double)(i % 3)) * v[i];
  return M->ops->project(M, x, pv, pv, work);
}

static const spo_problem_ops tables[] = {
    {.size = sizeof(spo_problem_ops), .cost = cost, .egrad = egrad, .ehess = ehess},
    {.size = sizeof(spo_problem_ops),
     .cost = cost,
     .egrad = egrad,
     .ehess = ehess,
     .precond = precond}};

static spo_result solve(const spo_solver_ops *type, const void *options, const spo_problem *P,
                        const spo_problem_ops *table, double unit, const double *start, double *x) {
  const size_t lent = P->work_len > P->manifold->work_len ? P->work_len : P->manifold->work_len;
  other_unit u = {P, unit};
  const spo_problem Q = {table, "another unit", &u, P->manifold, P->memo_len, lent};
  spo_stop stop;
  spo_stop_init(&stop);
  stop.max_iter = 60;
  memcpy(x, start, P->manifold->n * sizeof *x);
  return run_solver(type, &Q, options, &stop, 1, x);
}

/* What the run looks like in any unit, from what it looks like in one. */
static void in_any_unit(const spo_solver_ops *type, const void *options, const char *choice,
                        const spo_problem *P) {
  static const double units[] = {0x1p-100, 0x1p-332, 0x1p100, 0x1p332};
  double *start = new_vector(P), *x = new_vector(P), *y = new_vector(P);
  point_by_name(spo_rayleigh(), P, "random", 1, start);
  for (size_t t = 0; t < 2; t++) {
    const spo_result one = solve(type, options, P, &tables[t], 1.0, start, x);
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
      const spo_result other = solve(type, options, P, &tables[t], units[i], start, y);
      const bool same = memcmp(x, y, P->manifold->n * sizeof *x) == 0 &&
                        other.reason == one.reason && other.last.k == one.last.k &&
                        memcmp(&other.last.count, &one.last.count, sizeof one.last.count) == 0;
      if (!same)
        print_error("%s %s, f times %g: %s after %llu, not %s after %llu\n", type->name, choice,
                    units[i], spo_reason_name(other.reason), (unsigned long long)other.last.k,
                    spo_reason_name(one.reason), (unsigned long long)one.last.k);
      expect_true(same);
    }
  }
  free(start), free(x), free(y);
}

static void every_choice(const spo_solver_ops *type, const spo_problem *P) {
  _Alignas(double) char options[ROOM];
  spo_error err = {0};
  expect_true(type->options_size <= sizeof options);
  in_any_unit(type, NULL, "", P);
  for (size_t k = 0; k < type->n_options; k++)
    for (const spo_choice *c = type->option[k].choice; c && c->name; c++)
      if (strcmp(c->name, "fixed") != 0) { /* whose step has a unit */
        spo_options_init(type->option, type->n_options, options, type->options_size);
        expect_ok(spo_option_set(&type->option[k], options, c->name, &err));
        in_any_unit(type, options, c->name, P);
      }
}

static void test_units(void **state) {
  (void)state;
  spo_problem *const problems[] = {ufm_problem(4, 3, 5, 2.0),
                                   sample_problem(spo_rayleigh(), spo_rayleigh()->sample[0])};
  for (size_t p = 0; p < 2; p++) {
    for (size_t s = 0; spo_list_solvers[s]; s++)
      every_choice(spo_list_solvers[s](), problems[p]);
    spo_problem_destroy(problems[p]);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_units)};
  return cmocka_run_group_tests_name("units", tests, NULL, NULL);
}
