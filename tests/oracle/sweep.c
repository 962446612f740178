/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Continuation against known events of the spherical UFM: the fold of the spurious minimum of
 * K = 3, d = 2; the exchange of stability of the triangular bipyramid, K = 5, d = 3; and the
 * crossing of the two codes of K = 6, d = 4, whose costs are known in closed form. */
#include <gsl/gsl_math.h>

#include "samples.h"

static spo_sweep *new_sweep(uint64_t K, uint64_t d, const char *follow) {
  spo_error err = {0};
  spo_ufm_params p;
  spo_sweep_options o;
  spo_sweep *s;
  size_t count;
  spo_ufm_params_init(&p);
  p.classes = K, p.per_class = 1, p.dim = d;
  spo_sweep_options_init(&o);
  const spo_option *table = spo_sweep_options_table(&count);
  expect_ok(spo_option_set(spo_option_find(table, count, "follow"), &o, follow, &err));
  expect_ok(spo_sweep_create(spo_ufm(), &p, "tau", &o, &s, &err));
  return s;
}

/* W = H = the m vectors of R^d at v, made unit. */
static void tied(size_t m, size_t d, const double *v, double *x) {
  for (size_t i = 0; i < 2 * m; i++) {
    double norm = 0;
    for (size_t j = 0; j < d; j++)
      norm = hypot(norm, v[i % m * d + j]);
    for (size_t j = 0; j < d; j++)
      x[i * d + j] = v[i % m * d + j] / norm;
  }
}

static double closest_cost(double t) { /* bipyramid: doc of codes */
  return 0.6 * log1p(2 * exp(-1.5 * t) + 2 * exp(-t)) + 0.4 * log1p(3 * exp(-t) + exp(-2 * t));
}

static void test_exchange(void **state) {
  (void)state;
  spo_error err = {0};
  const double h = sqrt(0.75), v[15] = {1, 0, 0, -0.5, h, 0, -0.5, -h, 0, 0, 0, 1, 0, 0, -1};
  double x[30];
  tied(5, 3, v, x);
  spo_sweep *s = new_sweep(5, 3, "point");
  spo_sweep_row row;
  spo_sweep_event event;
  size_t events, seen = 0;
  expect_ok(spo_sweep_start(s, 7.0, x, 0, &row, &err));
  expect_true(row.index == 0);
  for (double tau = 7.5; tau <= 11.0; tau += 0.5) {
    expect_ok(spo_sweep_step(s, tau, &row, &event, 1, &events, &err));
    expect_near(row.f, closest_cost(tau), 1e-12 * row.f);
    expect_true((row.index > 0) == (tau > 9.2898) && (row.lambda_min < 0) == (tau > 9.2898));
    expect_true(row.branch == 0);
    if (events) {
      expect_true(event.kind == SPO_SWEEP_EXCHANGE && event.branch == 0);
      expect_near(event.value, 9.2898, 5e-5);
      expect_at_most(event.width, 1e-7 * event.value);
    }
    seen += events;
  }
  assert_int_equal(seen, 1);
  spo_sweep_destroy(s);
}

/* A minimum is followed instead: it leaves the bipyramid for another one, below it. */
static void test_descends(void **state) {
  (void)state;
  spo_error err = {0};
  const double h = sqrt(0.75), v[15] = {1, 0, 0, -0.5, h, 0, -0.5, -h, 0, 0, 0, 1, 0, 0, -1};
  double x[30];
  tied(5, 3, v, x);
  spo_sweep *s = new_sweep(5, 3, "minimum");
  spo_sweep_row row;
  spo_sweep_event event;
  size_t events;
  expect_ok(spo_sweep_start(s, 9.0, x, 0, &row, &err));
  expect_near(row.f, closest_cost(9.0), 1e-12 * row.f);
  expect_ok(spo_sweep_step(s, 10.0, &row, &event, 1, &events, &err));
  expect_true(events == 1 && event.kind == SPO_SWEEP_EXCHANGE);
  expect_true(row.index == 0 && row.branch == 1);
  expect_near(row.f, 1.057305682e-04, 1e-9 * 1.057305682e-04 * 10);
  /* and back: the new branch has a life of its own */
  expect_ok(spo_sweep_step(s, 9.5, &row, &event, 1, &events, &err));
  expect_true(row.index == 0 && row.branch == 1 && row.f < closest_cost(9.5));
  spo_sweep_destroy(s);
}

static void test_fold(void **state) {
  (void)state;
  spo_error err = {0};
  const double degrees[6] = {0, 308.19153988, 1.61632698, 129.8819942, 244.45473334, 90.49340331};
  double x[12];
  for (int i = 0; i < 6; i++) {
    x[2 * i] = cos(degrees[i] * M_PI / 180);
    x[2 * i + 1] = sin(degrees[i] * M_PI / 180);
  }
  spo_sweep *s = new_sweep(3, 2, "minimum");
  spo_sweep_row row;
  spo_sweep_event event = {0};
  size_t events = 0;
  expect_ok(spo_sweep_start(s, 10.0, x, 0, &row, &err));
  expect_near(row.f, 0.461133541335, 1e-11);
  expect_near(row.lambda_min, 1.00684147e-3, 1e-10);
  double tau = 10.0;
  while (events == 0 && tau > 8.5) {
    tau -= 0.1;
    expect_ok(spo_sweep_step(s, tau, &row, &event, 1, &events, &err));
  }
  expect_true(events == 1 && event.kind == SPO_SWEEP_FOLD && event.branch == 0);
  print_message("fold at tau = %.8f\n", event.value);
  expect_near(event.value, 9.072, 1e-3);
  expect_true(row.branch == 1);
  expect_near(row.f / log1p(2 * exp(-1.5 * tau)), 1.0, 1e-9); /* nothing but the simplex is left */
  spo_sweep_destroy(s);
}

/* Costs of the two codes: A, two orthogonal triangles; B, a tetrahedron and an antipodal pair. */
static double code_a(double t) {
  return log1p(2 * exp(-1.5 * t) + 3 * exp(-t));
}
static double code_b(double t) {
  return 2.0 / 3 * log1p(3 * exp(-4 * t / 3) + 2 * exp(-t)) +
         1.0 / 3 * log1p(exp(-2 * t) + 4 * exp(-t));
}

static void test_crossing(void **state) {
  (void)state;
  spo_error err = {0};
  const double h = sqrt(0.75), a[24] = {1, 0, 0, 0, -0.5, h, 0,    0, -0.5, -h, 0,    0,
                                        0, 0, 1, 0, 0,    0, -0.5, h, 0,    0,  -0.5, -h};
  const double b[24] = {1,  1,  1, 0, 1, -1, -1, 0, -1, 1, -1, 0,
                        -1, -1, 1, 0, 0, 0,  0,  1, 0,  0, 0,  -1};
  double x[48], y[48];
  tied(6, 4, a, x);
  tied(6, 4, b, y);
  spo_sweep *s = new_sweep(6, 4, "point"), *t = new_sweep(6, 4, "point");
  spo_sweep_row p, q;
  spo_sweep_event event;
  size_t events, seen = 0;
  expect_ok(spo_sweep_start(s, 1.0, x, 0, &p, &err));
  expect_ok(spo_sweep_start(t, 1.0, y, 0, &q, &err));
  for (double tau = 1.25; tau <= 3.0; tau += 0.25) {
    bool crosses;
    expect_ok(spo_sweep_step(s, tau, &p, &event, 1, &events, &err));
    expect_ok(spo_sweep_step(t, tau, &q, &event, 1, &events, &err));
    expect_near(p.f, code_a(tau), 1e-12);
    expect_near(q.f, code_b(tau), 1e-12);
    expect_ok(spo_sweep_crossing(s, t, &crosses, &event, &err));
    if (crosses) {
      expect_true(event.kind == SPO_SWEEP_CROSSING);
      expect_near(event.value, 1.970064, 1e-6);
      expect_near(code_a(event.value), code_b(event.value), 1e-9);
    }
    seen += crosses;
  }
  assert_int_equal(seen, 1);
  spo_sweep_destroy(s), spo_sweep_destroy(t);
}

/* A whole number: vectors padded with zeros as d grows, a fresh start for each K. */
static void test_sizes(void **state) {
  (void)state;
  spo_error err = {0};
  spo_ufm_params p;
  spo_sweep *s;
  spo_sweep_row row;
  spo_sweep_event event;
  size_t events;
  spo_ufm_params_init(&p);
  p.classes = 4, p.per_class = 2, p.dim = 2, p.tau = 1;
  expect_ok(spo_sweep_create(spo_ufm(), &p, "dim", NULL, &s, &err));
  expect_ok(spo_sweep_start(s, 2, NULL, 0, &row, &err));
  expect_near(row.f, 0.626523375, 1e-9); /* the square */
  for (int d = 3; d <= 5; d++) {
    expect_ok(spo_sweep_step(s, d, &row, &event, 1, &events, &err));
    expect_near(row.f, 0.582657653062, 1e-11); /* the simplex */
    expect_true(row.index == 0 && events == 0);
    expect_true(spo_sweep_problem(s)->manifold->n == (size_t)(12 * d));
    expect_true(row.branch == 1); /* the square was left at once, the simplex stays the same one */
  }
  spo_sweep_destroy(s);
  expect_ok(spo_sweep_create(spo_ufm(), &p, "classes", NULL, &s, &err));
  expect_ok(spo_sweep_start(s, 2, NULL, 0, &row, &err));
  expect_ok(spo_sweep_step(s, 3, &row, &event, 1, &events, &err));
  expect_near(row.f, 0.368981135401, 1e-11);
  expect_true(row.branch == 1);
  spo_sweep_destroy(s);
  expect_status(spo_sweep_create(spo_ufm(), &p, "labels", NULL, &s, &err), SPO_E_OPTION);
  expect_status(spo_sweep_create(spo_ufm(), &p, "taw", NULL, &s, &err), SPO_E_OPTION);
}

/* A point may move so far in a step and no further, or its branch ends. */
static void test_move_max(void **state) {
  (void)state;
  const char *const limit[] = {"0.1", "1e-6"};
  const double degrees[6] = {0, 308.19153988, 1.61632698, 129.8819942, 244.45473334, 90.49340331};
  for (int i = 0; i < 2; i++) {
    spo_error err = {0};
    spo_ufm_params p;
    spo_sweep_options o;
    spo_sweep *s;
    spo_sweep_row row;
    spo_sweep_event event;
    size_t count, events;
    double x[12];
    for (int k = 0; k < 6; k++) {
      x[2 * k] = cos(degrees[k] * M_PI / 180);
      x[2 * k + 1] = sin(degrees[k] * M_PI / 180);
    }
    spo_ufm_params_init(&p);
    p.classes = 3, p.per_class = 1, p.dim = 2;
    spo_sweep_options_init(&o);
    const spo_option *table = spo_sweep_options_table(&count);
    expect_ok(spo_option_set(spo_option_find(table, count, "follow"), &o, "point", &err));
    expect_ok(spo_option_set(spo_option_find(table, count, "move-max"), &o, limit[i], &err));
    expect_ok(spo_option_set(spo_option_find(table, count, "event-tol"), &o, "1e-3", &err));
    expect_ok(spo_sweep_create(spo_ufm(), &p, "tau", &o, &s, &err));
    expect_ok(spo_sweep_start(s, 10.0, x, 0, &row, &err));
    expect_ok(spo_sweep_step(s, 10.1, &row, &event, 1, &events, &err));
    expect_true(events == (size_t)i && row.branch == (size_t)i);
    expect_true(i == 0 || event.kind == SPO_SWEEP_FOLD);
    spo_sweep_destroy(s);
  }
}

/* Two wells on a line, (x^2 - 1)^2 + (level - 5/2) x/100: of the same cost between levels 2 and 3,
 * which are whole numbers. */
typedef struct wells_params {
  size_t size;
  uint64_t level;
} wells_params;
typedef struct wells {
  spo_problem problem;
  double tilt;
  spo_manifold *M;
} wells;

static int wells_cost(void *self, const double *x, double *f, double *memo, double *work) {
  (void)memo, (void)work;
  *f = gsl_pow_2(x[0] * x[0] - 1.0) + ((const wells *)self)->tilt * x[0];
  return 0;
}
static int wells_egrad(void *self, const double *x, double *g, double *memo, double *work) {
  (void)memo, (void)work;
  g[0] = 4.0 * x[0] * (x[0] * x[0] - 1.0) + ((const wells *)self)->tilt;
  return 0;
}
static int wells_ehess(void *self, const double *x, const double *v, double *hv, const double *memo,
                       double *work) {
  (void)self, (void)memo, (void)work;
  hv[0] = (12.0 * x[0] * x[0] - 4.0) * v[0];
  return 0;
}
static void wells_destroy(spo_problem *P) {
  spo_manifold_destroy(((wells *)P->self)->M);
  free(P->self);
}
static spo_status wells_create(const void *params, spo_problem **out, spo_error *err) {
  static const spo_problem_ops ops = {.size = sizeof(spo_problem_ops),
                                      .cost = wells_cost,
                                      .egrad = wells_egrad,
                                      .ehess = wells_ehess,
                                      .destroy = wells_destroy};
  wells *w = calloc(1, sizeof *w);
  w->tilt = 0.01 * ((double)((const wells_params *)params)->level - 2.5);
  expect_true(spo_euclidean_create(1, &w->M, err) == SPO_OK);
  w->problem = (spo_problem){&ops, "wells", w, w->M, 0, 0};
  *out = &w->problem;
  return SPO_OK;
}
static void wells_describe(const spo_problem *P, void *params) {
  const wells *w = P->self;
  *(wells_params *)params =
      (wells_params){sizeof(wells_params), (uint64_t)lround(w->tilt * 100.0 + 2.5)};
}
static size_t wells_parts(const spo_problem *P, spo_part part[SPO_MODEL_MAX_PARTS]) {
  (void)P;
  part[0] = (spo_part){"x", 1, 1, 0};
  return 1;
}

static void test_whole_numbers(void **state) {
  (void)state;
  static const spo_option param[] = {
      {"level", "", "", offsetof(wells_params, level), SPO_OPTION_UINT, 1, 9, 1, 0, NULL, 0}};
  const spo_model_ops model = {.size = sizeof model,
                               .name = "wells",
                               .params_size = sizeof(wells_params),
                               .n_params = 1,
                               .param = param,
                               .create = wells_create,
                               .describe = wells_describe,
                               .parts = wells_parts};
  const double from[] = {1.0, -1.0};
  spo_error err = {0};
  spo_sweep *s[2];
  spo_sweep_row row[2];
  spo_sweep_event event;
  size_t events;
  bool crosses;
  for (int i = 0; i < 2; i++) {
    expect_ok(spo_sweep_create(&model, NULL, "level", NULL, &s[i], &err));
    expect_ok(spo_sweep_start(s[i], 2.0, &from[i], 0, &row[i], &err));
    expect_ok(spo_sweep_step(s[i], 3.0, &row[i], &event, 1, &events, &err));
    expect_true(row[i].branch == 0 && events == 0);
  }
  expect_true(row[0].f > row[1].f);
  expect_ok(spo_sweep_crossing(s[0], s[1], &crosses, &event, &err));
  expect_true(!crosses);
  spo_sweep_destroy(s[0]), spo_sweep_destroy(s[1]);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_exchange),      cmocka_unit_test(test_move_max),
      cmocka_unit_test(test_whole_numbers), cmocka_unit_test(test_descends),
      cmocka_unit_test(test_fold),          cmocka_unit_test(test_crossing),
      cmocka_unit_test(test_sizes)};
  return cmocka_run_group_tests_name("continuation", tests, NULL, NULL);
}
