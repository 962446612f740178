/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Comparisons: numbers computed by hand, contenders that cheat, fail or are late. */
#include "lists/lists.h"
#include "samples.h"

/* ---- statistics ------------------------------------------------------------------------------ */

static void expect_quartiles(spo_quartiles q, double lo, double median, double hi) {
  expect_near(q.lo, lo, 1e-15);
  expect_near(q.median, median, 1e-15);
  expect_near(q.hi, hi, 1e-15);
}

static void test_quartiles(void **state) {
  (void)state;
  double one[] = {3}, four[] = {7, 1, 5, 3}, five[] = {9, NAN, 1, 5, 3, NAN, 7},
         none[] = {NAN, NAN};
  expect_quartiles(spo_quartiles_of(1, one), 3, 3, 3);
  expect_quartiles(spo_quartiles_of(4, four), 2.5, 4, 5.5); /* at 0.75, 1.5, 2.25 of 1 3 5 7 */
  expect_quartiles(spo_quartiles_of(7, five), 3, 5, 7);
  const spo_quartiles q = spo_quartiles_of(2, none);
  expect_true(isnan(q.lo) && isnan(q.median) && isnan(q.hi));
  expect_true(isnan(spo_quartiles_of(0, none).median));
}

/* Two contenders, three starts: b fails once and does not finish once */
static void test_summary(void **state) {
  (void)state;
  spo_error err = {0};
  const spo_compare_run run[6] = {
      {.contender = 0,
       .solved = true,
       .iterations = 4,
       .equivalents = 10,
       .seconds = 1,
       .gap = 2,
       .grad_norm = 1},
      {.contender = 1, .status = SPO_E_USER, .gap = NAN, .grad_norm = NAN},
      {.contender = 0,
       .solved = true,
       .iterations = 8,
       .equivalents = 30,
       .seconds = 3,
       .gap = 4,
       .grad_norm = 3},
      {.contender = 1,
       .solved = true,
       .iterations = 5,
       .equivalents = 7,
       .seconds = 9,
       .gap = 6,
       .grad_norm = 5},
      {.contender = 0,
       .solved = true,
       .iterations = 6,
       .equivalents = 20,
       .seconds = 2,
       .gap = 0,
       .grad_norm = 2},
      {.contender = 1,
       .iterations = 100,
       .equivalents = 1000,
       .seconds = 99,
       .gap = 8,
       .grad_norm = 9},
  };
  spo_compare_summary s;
  expect_ok(spo_compare_summarize(3, 2, run, 0, &s, &err));
  expect_true(s.runs == 3 && s.solved == 3 && s.failed == 0);
  expect_quartiles(s.iterations, 5, 6, 7);
  expect_quartiles(s.equivalents, 15, 20, 25);
  expect_quartiles(s.seconds, 1.5, 2, 2.5);
  expect_quartiles(s.gap, 1, 2, 3);
  expect_quartiles(s.grad_norm, 1.5, 2, 2.5);
  expect_ok(spo_compare_summarize(3, 2, run, 1, &s, &err));
  expect_true(s.runs == 3 && s.solved == 1 && s.failed == 1);
  expect_quartiles(s.equivalents, 7, 7, 7);
  expect_quartiles(s.gap, 6.5, 7, 7.5);
  expect_quartiles(s.grad_norm, 6, 7, 8);
  expect_status(spo_compare_summarize(3, 2, run, 2, &s, &err), SPO_E_ARG);
  expect_status(spo_compare_summarize(0, 2, run, 0, &s, &err), SPO_E_ARG);
  double cost[6];
  spo_compare_costs(3, 2, run, SPO_MEASURE_EQUIVALENTS, cost);
  expect_true(cost[0] == 10 && isinf(cost[1]) && cost[3] == 7 && isinf(cost[5]));
  spo_compare_costs(3, 2, run, SPO_MEASURE_SECONDS, cost);
  expect_true(cost[0] == 1 && cost[3] == 9 && isinf(cost[5]));
}

/* ---- profiles -------------------------------------------------------------------------------- */

/* Ratios by hand: a: 1, 2, 1, -; b: 3, 1, -, -: a step at 1, 2 and 3, of four starts */
static void test_profile(void **state) {
  (void)state;
  const double cost[8] = {2, 6, 8, 4, 5, INFINITY, NAN, INFINITY};
  double ratio[8], tau[8], rho[16];
  const double due[3][3] = {{1, 0.5, 0.25}, {2, 0.75, 0.25}, {3, 0.75, 0.5}};
  assert_int_equal(spo_performance_profile(4, 2, cost, ratio, tau, rho), 3);
  for (size_t k = 0; k < 3; k++) {
    expect_near(tau[k], due[k][0], 1e-15);
    expect_near(rho[2 * k], due[k][1], 1e-15);
    expect_near(rho[2 * k + 1], due[k][2], 1e-15);
  }
  expect_true(ratio[0] == 1 && ratio[1] == 1 && ratio[2] == 2 && isinf(ratio[3]));
  expect_true(ratio[4] == 1 && ratio[5] == 3 && isinf(ratio[6]) && isinf(ratio[7]));
  const double zero[4] = {0, 1, 0, 0}; /* no cost at all: best, and the other infinitely worse */
  assert_int_equal(spo_performance_profile(2, 2, zero, ratio, tau, rho), 1);
  expect_true(tau[0] == 1 && rho[0] == 1 && rho[1] == 0.5);
  const double never[2] = {INFINITY, INFINITY};
  assert_int_equal(spo_performance_profile(1, 2, never, ratio, tau, rho), 1);
  expect_true(tau[0] == 1 && rho[0] == 0 && rho[1] == 0);
  const double alone[3] = {5, INFINITY, 7};
  assert_int_equal(spo_performance_profile(3, 1, alone, ratio, tau, rho), 1);
  expect_near(rho[0], 2.0 / 3.0, 1e-15);
}

/* ---- comparisons ----------------------------------------------------------------------------- */

enum { STARTS = 4, MOST = 16 };

static size_t all_solvers(spo_contender *contender) {
  size_t count = 0;
  for (size_t s = 0; spo_list_solvers[s]; s++)
    if (!(spo_list_solvers[s]()->needs & SPO_SEEKS_CRITICAL))
      contender[count++] =
          (spo_contender){.name = spo_list_solvers[s]()->name, .solver = spo_list_solvers[s]()};
  return count;
}

/* Every minimising solver on a small ufm: all solve, and a run is that of the solver alone */
static void test_all_solvers(void **state) {
  (void)state;
  spo_error err = {0};
  spo_problem *P = ufm_problem(4, 2, 5, 1.0);
  double *x = new_vector(P);
  spo_contender contender[MOST];
  const size_t count = all_solvers(contender);
  spo_compare_run *run = calloc(STARTS * count, sizeof *run);
  spo_compare_options options;
  spo_stop stop;
  size_t done;
  spo_stop_init(&stop);
  stop.grad_rel = 1e-6;
  spo_compare_options_init(&options);
  options.starts = STARTS, options.seed = 11, options.stop = &stop;
  options.products[0] = 1, options.products[1] = 2, options.products[2] = 6;
  expect_ok(spo_compare(P, count, contender, &options, run, &done, &err));
  assert_int_equal(done, STARTS);
  for (size_t i = 0; i < STARTS; i++)
    for (size_t c = 0; c < count; c++) {
      const spo_compare_run *r = &run[i * count + c];
      expect_seed = 11 + i;
      expect_true(r->contender == c && r->seed == 11 + i && r->status == SPO_OK);
      expect_true(r->solved && r->converged && r->reason == SPO_STOP_GRAD);
      expect_near(r->gap, 0.0, 1e-9);
      point_by_name(spo_ufm(), P, "random", r->seed, x);
      const spo_result res = run_solver(contender[c].solver, P, NULL, &stop, r->seed, x);
      expect_true(res.last.k == r->iterations && res.last.count.hess == r->count.hess);
      expect_near(r->f, res.last.f, 1e-14);
      expect_near(r->equivalents,
                  (double)(res.last.count.cost + 2 * res.last.count.grad + 6 * res.last.count.hess),
                  0);
      expect_true(r->seconds > 0.0 && r->seconds < 60.0);
    }
  free(run);
  free(x);
  spo_problem_destroy(P);
}

/* Contenders from outside. Each notes when it was called. */
static int calls;
typedef struct outsider {
  int order[STARTS], times;
  char kind; /* 'c': says it converged, where it started. 'o': leaves the manifold. 'f': fails.
                'n': NaN. 'g': good. 'd': good, and doubts it */
} outsider;

static spo_status outside(void *self, const spo_problem *P, double *x, const spo_stop *stop,
                          uint64_t seed, spo_result *res, spo_error *err) {
  outsider *o = self;
  (void)seed;
  o->order[o->times++ % STARTS] = calls++;
  *res = (spo_result){.size = sizeof *res, .reason = SPO_STOP_GRAD, .converged = true};
  res->last.count.cost = 3;
  if (o->kind == 'o')
    x[0] += 0.5;
  if (o->kind == 'n')
    x[0] = NAN;
  if (o->kind == 'f')
    return spo_fail(err, SPO_E_NUMERIC, "outside", "no luck");
  const bool good = o->kind == 'g' || o->kind == 'd';
  const spo_status status = good ? spo_minimize(P, x, stop, res, err) : SPO_OK;
  res->converged = o->kind != 'd';
  return status;
}

static void test_outside(void **state) {
  (void)state;
  spo_error err = {0};
  spo_problem *P = ufm_problem(3, 2, 4, 1.0);
  outsider who[] = {{.kind = 'c'}, {.kind = 'o'}, {.kind = 'f'},
                    {.kind = 'n'}, {.kind = 'g'}, {.kind = 'd'}};
  enum { COUNT = sizeof who / sizeof *who };
  spo_contender contender[COUNT];
  spo_compare_run run[STARTS * COUNT];
  spo_compare_options options;
  size_t done;
  for (size_t c = 0; c < COUNT; c++)
    contender[c] = (spo_contender){.name = "outside", .outside = outside, .self = &who[c]};
  spo_compare_options_init(&options);
  options.starts = STARTS;
  calls = 0;
  expect_ok(spo_compare(P, COUNT, contender, &options, run, &done, &err));
  assert_int_equal(done, STARTS);
  for (size_t i = 0; i < STARTS; i++) {
    const spo_compare_run *r = run + i * COUNT;
    expect_true(r[0].status == SPO_OK && r[0].converged && !r[0].solved && r[0].gap > 1e-3);
    expect_true(r[1].status == SPO_E_ARG && !r[1].solved && isnan(r[1].f));
    expect_true(r[2].status == SPO_E_NUMERIC && !r[2].solved && strstr(r[2].err.text, "no luck"));
    expect_true(r[3].status == SPO_E_ARG && !r[3].solved && isnan(r[3].grad_norm));
    expect_true(r[4].status == SPO_OK && r[4].solved);
    expect_true(r[5].status == SPO_OK && !r[5].solved && r[5].f == r[4].f);
    expect_near(r[0].equivalents, 3, 0); /* weights 1, 1, 2 */
    for (int c = 0; c < COUNT; c++)      /* who is first moves on */
      assert_int_equal(who[c].order[i], (int)i * COUNT + (c + COUNT - (int)i % COUNT) % COUNT);
  }
  spo_problem_destroy(P);
}

static double start_cost(const spo_problem *P, uint64_t seed, double *x) {
  spo_stop stop;
  spo_stop_init(&stop);
  stop.max_iter = 0;
  point_by_name(spo_ufm(), P, "random", seed, x);
  return run_solver(spo_gradient_descent(), P, NULL, &stop, seed, x).last.f;
}

/* The gap as target: runs end there, whatever their gradient, and the start's gap is the unit */
static void test_gap_target(void **state) {
  (void)state;
  spo_error err = {0};
  spo_problem *P = ufm_problem(4, 2, 5, 1.0);
  spo_contender contender[MOST];
  const size_t count = all_solvers(contender);
  spo_compare_run *run = calloc(STARTS * count, sizeof *run);
  spo_compare_options options;
  size_t done;
  double *x = new_vector(P), f_star, f;
  const char *theorem;
  P->ops->known_minimum(P->self, &f_star, &theorem);
  spo_compare_options_init(&options);
  options.starts = STARTS, options.gap_tol = 0.1;
  expect_ok(spo_compare(P, count, contender, &options, run, &done, &err));
  for (size_t i = 0; i < STARTS; i++)
    for (size_t c = 0; c < count; c++) {
      const spo_compare_run *r = &run[i * count + c];
      f = start_cost(P, i, x);
      expect_true(r->solved && r->reason == SPO_STOP_FTARGET);
      expect_at_most(r->gap, 0.1 * (f - f_star) * (1 + 1e-12));
      expect_true(r->grad_norm > 1e-6);
    }
  free(x);
  free(run);
  spo_problem_destroy(P);
  P = ufm_problem(4, 2, 2, 1.0); /* no theorem for d < K - 1 */
  run = calloc(STARTS * count, sizeof *run);
  expect_status(spo_compare(P, count, contender, &options, run, &done, &err), SPO_E_UNSUPPORTED);
  assert_non_null(strstr(err.text, "gap-tol"));
  options.gap_tol = NAN;
  expect_status(spo_compare(P, count, contender, &options, run, &done, &err), SPO_E_OPTION);
  options.gap_tol = 0;
  options.products[1] = -1;
  expect_status(spo_compare(P, count, contender, &options, run, &done, &err), SPO_E_OPTION);
  free(run);
  spo_problem_destroy(P);
}

/* While the outsider runs from the second start */
static int soon(void *self) {
  (void)self;
  return calls == 2;
}

/* A target missed by less than the noise of f is reached, by more it is not. */
static void test_target_within_noise(void **state) {
  (void)state;
  spo_error err = {0};
  spo_problem *P = ufm_problem(3, 2, 4, 1.0);
  outsider doubts = {.kind = 'd'};
  const spo_contender contender = {.name = "doubts", .outside = outside, .self = &doubts};
  spo_compare_options options;
  spo_compare_run run;
  spo_stop stop;
  size_t done;
  spo_eval *E;
  spo_point *p;
  double *x = new_vector(P), noise, size;
  spo_compare_options_init(&options);
  spo_stop_init(&stop);
  options.starts = 1, options.stop = &stop;
  expect_ok(spo_compare(P, 1, &contender, &options, &run, &done, &err));
  expect_true(run.converged == false && !run.solved);
  point_by_name(spo_ufm(), P, "random", 0, x);
  expect_ok(spo_minimize(P, x, NULL, NULL, &err));
  expect_ok(spo_eval_create(P, &E, &err));
  expect_ok(spo_point_create(P, &p, &err));
  spo_point_set(p, P, x);
  expect_ok(spo_eval_scale(E, p, &noise, &size));
  expect_true(p->f == run.f && noise > 0);
  for (int missed = 0; missed < 2; missed++) {
    stop.f_target = run.f - (missed ? 2.0 : 0.5) * noise;
    spo_compare_run again;
    expect_ok(spo_compare(P, 1, &contender, &options, &again, &done, &err));
    expect_true(again.f == run.f && again.solved == !missed);
  }
  spo_point_destroy(p);
  spo_eval_destroy(E);
  free(x);
  spo_problem_destroy(P);
}

static int once_done(void *self) {
  (void)self;
  return calls > 0;
}

/* A start whose runs are complete counts, though the user ends the comparison after it. */
static void test_user_between_starts(void **state) {
  (void)state;
  spo_error err = {0};
  spo_problem *P = ufm_problem(3, 2, 4, 1.0);
  outsider quick = {.kind = 'c'};
  const spo_contender contender = {.name = "quick", .outside = outside, .self = &quick};
  spo_compare_options options;
  spo_compare_run run[STARTS];
  spo_stop stop;
  size_t done;
  spo_compare_options_init(&options);
  spo_stop_init(&stop);
  stop.poll = once_done;
  options.starts = STARTS, options.stop = &stop;
  calls = 0;
  expect_ok(spo_compare(P, 1, &contender, &options, run, &done, &err));
  assert_int_equal(done, 1);
  assert_int_equal(calls, 1);
  spo_problem_destroy(P);
}

static void test_refusals_and_user(void **state) {
  (void)state;
  spo_error err = {0};
  spo_problem *P = ufm_problem(3, 2, 4, 1.0);
  spo_trust_region_options bad;
  spo_compare_run run[2 * STARTS];
  spo_compare_options options;
  spo_stop stop;
  size_t done;
  outsider good = {.kind = 'g'};
  spo_contender contender[2] = {{.name = "one", .solver = spo_trust_region()},
                                {.name = "two", .solver = spo_trust_region(), .options = &bad}};
  spo_compare_options_init(&options);
  options.starts = STARTS;
  spo_trust_region_options_init(&bad);
  bad.accept = 7;
  expect_status(spo_compare(P, 2, contender, &options, run, &done, &err), SPO_E_OPTION);
  assert_non_null(strstr(err.text, "two: accept"));
  contender[1] = (spo_contender){.name = "nobody"};
  expect_status(spo_compare(P, 2, contender, &options, run, &done, &err), SPO_E_ARG);
  expect_status(spo_compare(P, 0, contender, &options, run, &done, &err), SPO_E_ARG);
  contender[1] = (spo_contender){.name = "outside", .outside = outside, .self = &good};
  spo_stop_init(&stop);
  stop.poll = soon;
  calls = 0;
  options.stop = &stop;
  expect_ok(spo_compare(P, 2, contender, &options, run, &done, &err));
  assert_int_equal(done, 1);
  expect_true(run[0].solved && run[1].solved);
  spo_problem_destroy(P);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_quartiles),
      cmocka_unit_test(test_summary),
      cmocka_unit_test(test_profile),
      cmocka_unit_test(test_all_solvers),
      cmocka_unit_test(test_outside),
      cmocka_unit_test(test_gap_target),
      cmocka_unit_test(test_target_within_noise),
      cmocka_unit_test(test_user_between_starts),
      cmocka_unit_test(test_refusals_and_user),
  };
  return cmocka_run_group_tests_name("compare", tests, NULL, NULL);
}
