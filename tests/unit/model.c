/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The table of a model: all of the list are complete, and each missing or impossible member is
 * refused by its name. Points of a model by name: each named point is the one that its own build
 * makes, "random" the manifold's, nothing the model's own start; names and arguments that do not
 * fit are refused with one line. */
#include "lists/lists.h"
#include "samples.h"

/* ---- the table ------------------------------------------------------------------------------- */

static spo_model_ops broken;
static spo_option parameters[3];
static spo_named_point points[2];

static void restore(void) {
  broken = *spo_riesz();
  memcpy(parameters, broken.param, sizeof parameters);
  memcpy(points, broken.point, sizeof points);
  broken.n_params = 3, broken.param = parameters;
  broken.n_points = 2, broken.point = points;
}

static void expect_table_refused(spo_status due, const char *member) {
  spo_error err = {0};
  expect_status(spo_model_check(&broken, &err), due);
  if (!strstr(err.text, member))
    fail_msg("\"%s\" does not name %s", err.text, member);
  spo_riesz_params params;
  spo_sweep *sweep;
  spo_riesz_params_init(&params);
  expect_status(spo_sweep_create(&broken, &params, "power", NULL, &sweep, &err), due);
  assert_null(sweep);
  restore();
}

static void tables(void **state) {
  (void)state;
  spo_error err = {0};
  for (size_t m = 0; spo_list_models[m]; m++)
    expect_ok(spo_model_check(spo_list_models[m](), &err));
  expect_status(spo_model_check(NULL, &err), SPO_E_ARG);
  restore();
  expect_ok(spo_model_check(&broken, &err));
  broken.size = offsetof(spo_model_ops, metrics);
  expect_table_refused(SPO_E_ARG, "size");
  broken.name = NULL;
  expect_table_refused(SPO_E_UNSUPPORTED, "name");
  broken.create = NULL;
  expect_table_refused(SPO_E_UNSUPPORTED, "create");
  broken.describe = NULL;
  expect_table_refused(SPO_E_UNSUPPORTED, "describe");
  broken.parts = NULL;
  expect_table_refused(SPO_E_UNSUPPORTED, "parts");
  broken.metric = NULL;
  expect_table_refused(SPO_E_UNSUPPORTED, "metric ");
  broken.metrics = NULL;
  expect_table_refused(SPO_E_UNSUPPORTED, "metrics");
  broken.n_metrics = SPO_MODEL_MAX_METRICS + 1;
  expect_table_refused(SPO_E_ARG, "n_metrics");
  broken.params_size = 0;
  expect_table_refused(SPO_E_ARG, "params_size");
  broken.param = NULL;
  expect_table_refused(SPO_E_UNSUPPORTED, "param");
  broken.point = NULL;
  expect_table_refused(SPO_E_UNSUPPORTED, "point");
  broken.summary = broken.reference = NULL, broken.sample = NULL, broken.default_start = NULL;
  broken.n_metrics = 0, broken.metric = NULL, broken.metrics = NULL;
  expect_ok(spo_model_check(&broken, &err)); /* a stranger may do without */
  restore();
}

static void entries(void **state) {
  (void)state;
  restore();
  parameters[1].name = NULL;
  expect_table_refused(SPO_E_ARG, "param[1]");
  parameters[2].offset = 0; /* where the size is */
  expect_table_refused(SPO_E_ARG, "power");
  parameters[2].offset = broken.params_size;
  expect_table_refused(SPO_E_ARG, "power");
  parameters[0].kind = SPO_OPTION_CHOICE;
  expect_table_refused(SPO_E_ARG, "points: choice");
  points[1].build = NULL;
  expect_table_refused(SPO_E_UNSUPPORTED, "point[1]");
  points[0].name = NULL;
  expect_table_refused(SPO_E_UNSUPPORTED, "point[0]");
}

/* ---- points ---------------------------------------------------------------------------------- */

typedef struct setting {
  spo_problem *P;
  double *x, *y;
} setting;

static setting open_setting(const spo_model_ops *model, const char *line) {
  setting s = {.P = sample_problem(model, line)};
  s.x = new_vector(s.P), s.y = new_vector(s.P);
  return s;
}

static void close_setting(setting *s) {
  free(s->x);
  free(s->y);
  spo_problem_destroy(s->P);
}

static void expect_same(const setting *s) {
  expect_true(memcmp(s->x, s->y, s->P->manifold->n * sizeof *s->x) == 0);
}

static void named(void **state) {
  (void)state;
  spo_error err = {0};
  setting s = open_setting(spo_ufm(), "--classes 3 --per-class 2 --dim 4");
  const struct {
    const char *start, *name, *arg;
  } starts[] = {{"etf", "etf", NULL}, {"collapsed:45", "collapsed", "45"}};
  for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
    const spo_named_point *point = spo_model_point(spo_ufm(), starts[i].start);
    expect_true(point && strcmp(point->name, starts[i].name) == 0);
    gsl_rng *a = new_rng(3), *b = new_rng(3);
    expect_ok(spo_model_start(spo_ufm(), s.P, starts[i].start, a, s.x, &err));
    expect_ok(point->build(s.P, starts[i].arg, b, s.y, &err));
    expect_same(&s);
    gsl_rng_free(a);
    gsl_rng_free(b);
  }
  assert_null(spo_model_point(spo_ufm(), "et"));
  assert_null(spo_model_point(spo_ufm(), "etfs"));
  assert_null(spo_model_point(spo_ufm(), ""));
  close_setting(&s);
}

/* With and without a start of the model's own; and of a table older than that slot. */
static void random_and_default(void **state) {
  (void)state;
  spo_error err = {0};
  const char *const names[] = {"random", NULL};
  setting s = open_setting(spo_riesz(), "--points 5 --dim 3");
  for (size_t i = 0; i < 2; i++) {
    gsl_rng *a = new_rng(8), *b = new_rng(8);
    expect_ok(spo_model_start(spo_riesz(), s.P, names[i], a, s.x, &err));
    expect_ok(s.P->manifold->ops->random_point(s.P->manifold, b, s.y, NULL));
    expect_same(&s);
    gsl_rng_free(a);
    gsl_rng_free(b);
  }
  close_setting(&s);

  s = open_setting(spo_mse_ufm(), spo_mse_ufm()->sample[0]);
  const char *own = spo_mse_ufm()->default_start(s.P);
  gsl_rng *a = new_rng(8), *b = new_rng(8);
  assert_non_null(own);
  expect_ok(spo_model_start(spo_mse_ufm(), s.P, NULL, a, s.x, &err));
  expect_ok(spo_model_start(spo_mse_ufm(), s.P, own, b, s.y, &err));
  expect_same(&s);
  spo_model_ops older = *spo_mse_ufm();
  older.size = offsetof(spo_model_ops, default_start);
  gsl_rng_set(a, 8), gsl_rng_set(b, 8);
  expect_ok(spo_model_start(&older, s.P, NULL, a, s.x, &err));
  expect_ok(spo_model_start(&older, s.P, "random", b, s.y, &err));
  expect_same(&s);
  gsl_rng_free(a);
  gsl_rng_free(b);
  close_setting(&s);
}

static void refused(void **state) {
  (void)state;
  setting s = open_setting(spo_ufm(), "--classes 3 --per-class 2 --dim 4");
  const struct {
    const char *start, *says;
  } bad[] = {{"nothing", "nothing is no start of ufm; there are: random, "},
             {"", " is no start of ufm; there are: random, "},
             {"etf:3", "etf:3 is not allowed; it must be etf"},
             {"etf:", "etf: is not allowed; it must be etf"},
             {"collapsed", "collapsed is not allowed; it must be collapsed:"},
             {"random:3", "random:3 is no start of ufm; there are: random, "}};
  gsl_rng *rng = new_rng(1);
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    spo_error err = {0};
    expect_status(spo_model_start(spo_ufm(), s.P, bad[i].start, rng, s.x, &err), SPO_E_OPTION);
    if (strncmp(err.text, bad[i].says, strlen(bad[i].says)) != 0)
      fail_msg("\"%s\" does not begin \"%s\"", err.text, bad[i].says);
  }
  gsl_rng_free(rng);
  close_setting(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(tables),  cmocka_unit_test(entries),
      cmocka_unit_test(named),   cmocka_unit_test(random_and_default),
      cmocka_unit_test(refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
