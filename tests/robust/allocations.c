/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Every allocation of the library is failed once. Each scenario is repeated with its first, second,
 * ... allocation refused, until it runs through: each failure must be reported as SPO_E_NOMEM,
 * leave the output handle NULL and leak nothing. A last test counts that a solve allocates nothing
 * between its first and its last step. */
#include <string.h>

#include "expect.h"

#include "allocations.h"
#include "lists/lists.h"

enum { ROOM = 4096 }; /* doubles: the scenarios themselves must not allocate */
static double x[ROOM], y[ROOM];
static gsl_rng *rng;

static const char untouched; /* what a handle points to before a call that should set it */
#define UNSET(type) ((type *)(uintptr_t)&untouched)

/* Evaluates a creating call; on failure its handle must have become NULL. */
#define CREATE(handle, call)                                                                       \
  do {                                                                                             \
    status = (call);                                                                               \
    expect_true(status == SPO_OK ? (const void *)(handle) != &untouched && (handle) != NULL        \
                                 : (handle) == NULL);                                              \
    if (status)                                                                                    \
      goto end;                                                                                    \
  } while (0)

#define TRY(call)                                                                                  \
  do {                                                                                             \
    status = (call);                                                                               \
    if (status)                                                                                    \
      goto end;                                                                                    \
  } while (0)

typedef spo_status scenario(spo_error *err);

/* cautious: the library may also go on without what it could not allocate */
static void fail_each(scenario *run, bool cautious) {
  for (int64_t k = 0;; k++) {
    spo_error err = {0};
    gsl_rng_set(rng, 7);
    allocations_watch(k);
    const spo_status status = run(&err);
    const allocations seen = allocations_seen();
    allocations_watch(ALLOCATIONS_NEVER_FAIL);
    if (seen.blocks != 0)
      print_error("allocation %d refused: %d blocks leaked\n", (int)k, (int)seen.blocks);
    expect_true(seen.blocks == 0);
    if (!seen.failed) {
      expect_status(status, SPO_OK);
      expect_true(k > 0); /* something was allocated, so that something was tested */
      return;
    }
    if (cautious && status == SPO_OK)
      continue;
    if (status != SPO_E_NOMEM)
      print_error("allocation %d refused\n", (int)k);
    expect_status(status, SPO_E_NOMEM);
    expect_true(err.text[0] != 0);
  }
}

/* ufm of these sizes at one of its named points, or at a random one */
static spo_status ufm(size_t K, size_t n, size_t d, spo_problem **P, spo_error *err) {
  spo_ufm_params params;
  spo_ufm_params_init(&params);
  params.classes = K;
  params.per_class = n;
  params.dim = d;
  params.tau = 1;
  *P = UNSET(spo_problem);
  return spo_ufm_create(&params, P, err);
}

static spo_status place(const spo_problem *P, const char *name, const char *argument, double *to,
                        spo_error *err) {
  for (size_t i = 0; i < spo_ufm()->n_points; i++)
    if (strcmp(spo_ufm()->point[i].name, name) == 0)
      return spo_ufm()->point[i].build(P, argument, rng, to, err);
  return P->manifold->ops->random_point(P->manifold, rng, to, y);
}

static const int64_t labels[] = {0, 1, 1, 2, 0, 1};
static double feature[6 * 4], classifier[3 * 4];

static void fill_data(void) {
  for (size_t i = 0; i < 24; i++)
    feature[i] = 1.0 + (double)(i % 5);
  for (size_t i = 0; i < 12; i++)
    classifier[i] = 1.0 + (double)(i % 5);
}

/* ufm of given features, and under a given head */
static spo_status given_data(spo_error *err) {
  static const double weight[] = {1, 2, 3, 1, 1, 1};
  double metric[SPO_MODEL_MAX_METRICS];
  spo_status status;
  spo_problem *P = NULL;
  spo_ufm_params params;
  fill_data();
  spo_ufm_params_init(&params);
  params.classes = 3;
  params.labels = (spo_integers){labels, 6};
  params.weights = (spo_matrix){weight, 6, 1};
  params.normalize = true;
  for (int head = 0; head < 2; head++) {
    const spo_matrix W = {classifier, 3, 4};
    params.features = head ? (spo_matrix){0} : (spo_matrix){feature, 6, 4};
    params.classifier = head ? (spo_matrix){0} : W;
    params.head = head ? W : (spo_matrix){0};
    P = UNSET(spo_problem);
    CREATE(P, spo_ufm_create(&params, &P, err));
    TRY(place(P, head ? "random" : "features", NULL, x, err));
    TRY(spo_ufm()->metrics(P, x, metric, err));
    spo_problem_destroy(P);
    P = NULL;
  }
end:
  spo_problem_destroy(P);
  return status;
}

/* Other models, one of their points each, and the metrics there. */
static spo_status models(spo_error *err) {
  static const struct {
    const spo_model_ops *(*model)(void);
    const char *start;
    size_t words;
    char *word[3];
  } list[] = {
      {spo_rayleigh, "eigenvector:2", 1, {"--size=6"}},
      {spo_brockett, "eigenvectors:1,3", 2, {"--size=6", "--columns=2"}},
      {spo_maxcut, "random", 1, {"--vertices=7"}},
      {spo_nearest_etf, "signs:+-+", 2, {"--classes=3", "--dim=4"}},
      {spo_procrustes, "solution", 3, {"--size=4", "--columns=2", "--isometric=true"}},
  };
  double params[64], metric[SPO_MODEL_MAX_METRICS];
  spo_status status;
  spo_problem *P = NULL;
  for (size_t m = 0; m < sizeof list / sizeof list[0]; m++) {
    const spo_model_ops *model = list[m].model();
    spo_options_init(model->param, model->n_params, params, model->params_size);
    TRY(spo_options_parse(model->param, model->n_params, params, list[m].words, list[m].word, err));
    P = UNSET(spo_problem);
    CREATE(P, model->create(params, &P, err));
    TRY(spo_model_start(model, P, list[m].start, rng, x, err));
    TRY(model->metrics(P, x, metric, err));
    spo_problem_destroy(P);
    P = NULL;
  }
end:
  spo_problem_destroy(P);
  return status;
}

static spo_status closed_forms(spo_error *err) {
  static const int64_t count[] = {3, 1, 1};
  spo_status status;
  spo_polar *polar = UNSET(spo_polar);
  double value;
  fill_data();
  CREATE(polar, spo_nearest_etf_solve(4, 3, feature, NULL, 1e-3, x, &polar, err));
  TRY(spo_polar_derivative(polar, feature, x, err));
  TRY(spo_nearest_etf_pullback(4, 3, feature, feature, x, err));
  TRY(spo_one_versus_rest(4, 6, feature, &value, err));
  TRY(spo_self_duality(4, 3, 6, classifier, feature, labels, &value, err));
  TRY(spo_seli(3, count, x, err));
end:
  spo_polar_destroy(polar);
  return status;
}

/* The feature models of default size, every point that takes no argument, and the metrics there. */
static spo_status feature_models(spo_error *err) {
  static const spo_model_ops *(*const list[])(void) = {spo_ce_ufm, spo_layer_peeled, spo_mse_ufm,
                                                       spo_deep_ufm};
  spo_status status;
  spo_problem *P = NULL;
  double params[64], metric[SPO_MODEL_MAX_METRICS];
  for (size_t m = 0; m < sizeof list / sizeof list[0]; m++) {
    const spo_model_ops *model = list[m]();
    spo_options_init(model->param, model->n_params, params, model->params_size);
    P = UNSET(spo_problem);
    CREATE(P, model->create(params, &P, err));
    for (size_t i = 0; i < model->n_points; i++) {
      if (model->point[i].argument)
        continue;
      TRY(model->point[i].build(P, NULL, rng, x, err));
      TRY(model->metrics(P, x, metric, err));
    }
    spo_problem_destroy(P);
    P = NULL;
  }
end:
  spo_problem_destroy(P);
  return status;
}

static spo_status named_points(spo_error *err) {
  static const char *const point[][2] = {{"etf", NULL},   {"collapsed", "45"}, {"merged", "2"},
                                         {"signs", NULL}, {"antipodal", NULL}, {"random", NULL}};
  spo_status status;
  spo_problem *P = NULL;
  CREATE(P, ufm(4, 2, 5, &P, err));
  for (size_t i = 0; i < sizeof point / sizeof *point; i++)
    TRY(place(P, point[i][0], point[i][1], x, err));
  spo_problem_destroy(P);
  CREATE(P, ufm(2, 2, 3, &P, err));
  TRY(place(P, "calibrated", "3,1", x, err));
end:
  spo_problem_destroy(P);
  return status;
}

static spo_status solving(spo_error *err) {
  spo_status status;
  spo_problem *P = NULL;
  spo_solver *solver = NULL;
  spo_result result = {.size = sizeof result};
  CREATE(P, ufm(4, 2, 5, &P, err));
  for (size_t i = 0; spo_list_solvers[i]; i++) {
    solver = UNSET(spo_solver);
    CREATE(solver, spo_solver_create(spo_list_solvers[i](), P, NULL, 1, &solver, err));
    TRY(place(P, "random", NULL, x, err));
    TRY(spo_solver_solve(solver, x, NULL, NULL, NULL, &result, err));
    spo_solver_destroy(solver);
    solver = NULL;
  }
  TRY(place(P, "random", NULL, x, err));
  TRY(spo_minimize(P, x, NULL, &result, err));
end:
  spo_solver_destroy(solver);
  spo_problem_destroy(P);
  return status;
}

static spo_status studies(spo_error *err) {
  spo_status status;
  spo_problem *P = NULL;
  spo_batch batch;
  spo_batch_run each[5];
  spo_compare_options options;
  spo_compare_run run[4];
  spo_compare_summary summary;
  size_t best, done;
  const spo_contender contender[2] = {{.name = "a", .solver = spo_trust_region()},
                                      {.name = "b", .solver = spo_gradient_descent()}};
  spo_batch_init(&batch);
  batch.count = 5;
  batch.threads = 2;
  spo_compare_options_init(&options);
  options.starts = 2;
  CREATE(P, ufm(3, 2, 4, &P, err));
  TRY(spo_minimize_batch(P, &batch, x, each, &best, err));
  TRY(spo_minimize_batch(P, &batch, x, NULL, NULL, err));
  TRY(spo_compare(P, 2, contender, &options, run, &done, err));
  TRY(spo_compare_summarize(done, 2, run, 1, &summary, err));
end:
  spo_problem_destroy(P);
  return status;
}

/* Gradient descent asks the certificate whether the saddle where it starts is a minimum; not to
 * know is to answer no. The trust region leaves. */
static spo_status saddle_start(spo_error *err) {
  spo_status status;
  spo_problem *P = NULL;
  spo_solver *solver = NULL;
  spo_result result = {.size = sizeof result};
  CREATE(P, ufm(4, 2, 5, &P, err));
  for (size_t i = 0; spo_list_solvers[i]; i++) {
    const spo_solver_ops *type = spo_list_solvers[i]();
    CREATE(solver, spo_solver_create(type, P, NULL, 1, &solver, err));
    TRY(place(P, "collapsed", "45", x, err));
    TRY(spo_solver_solve(solver, x, NULL, NULL, NULL, &result, err));
    const bool ends_well = type->needs & (SPO_LEAVES_SADDLES | SPO_SEEKS_CRITICAL);
    expect_true(result.reason == (ends_well ? SPO_STOP_GRAD : SPO_STOP_CRITICAL_START));
    spo_solver_destroy(solver);
    solver = NULL;
  }
end:
  spo_solver_destroy(solver);
  spo_problem_destroy(P);
  return status;
}

/* at a saddle, at the minimum, and where the gradient is not small */
static spo_status verdicts(spo_error *err) {
  static const char *const point[][2] = {{"collapsed", "45"}, {"etf", NULL}, {"random", NULL}};
  spo_status status;
  spo_problem *P = NULL;
  spo_verification v;
  CREATE(P, ufm(3, 2, 4, &P, err));
  for (size_t i = 0; i < 3; i++) {
    TRY(place(P, point[i][0], point[i][1], x, err));
    TRY(spo_verify(P, x, NULL, NULL, &v, y, err));
  }
end:
  spo_problem_destroy(P);
  return status;
}

/* dense and iterated: spectrum, certificate, gauge */
static spo_status spectra(spo_error *err) {
  spo_status status;
  spo_problem *P = NULL;
  spo_eval *E = NULL;
  spo_point *p = NULL;
  spo_spectrum *S = NULL;
  spo_spectrum_options options;
  spo_certified proof;
  size_t gauge;
  spo_spectrum_options_init(&options);
  CREATE(P, ufm(3, 2, 4, &P, err));
  E = UNSET(spo_eval);
  CREATE(E, spo_eval_create(P, &E, err));
  p = UNSET(spo_point);
  CREATE(p, spo_point_create(P, &p, err));
  TRY(place(P, "etf", NULL, p->x, err));
  spo_point_forget(p);
  for (int iterated = 0; iterated < 2; iterated++) {
    options.dense_max = iterated ? 1 : 6000;
    options.count = 2;
    S = UNSET(spo_spectrum);
    CREATE(S, spo_spectrum_at(E, p, &options, rng, &S, err));
    spo_spectrum_destroy(S);
    S = NULL;
    TRY(spo_certify(E, p, iterated, rng, NULL, &proof, err));
  }
  TRY(spo_gauge_dimension(E, p, &gauge, err));
end:
  spo_spectrum_destroy(S);
  spo_point_destroy(p);
  spo_eval_destroy(E);
  spo_problem_destroy(P);
  return status;
}

/* a certificate matrix of order beyond 512: by Lanczos */
static spo_status large_certificate(spo_error *err) {
  spo_status status;
  spo_problem *P = NULL;
  spo_eval *E = NULL;
  spo_point *p = NULL;
  spo_certified proof;
  CREATE(P, ufm(4, 130, 4, &P, err));
  CREATE(E, spo_eval_create(P, &E, err));
  CREATE(p, spo_point_create(P, &p, err));
  TRY(place(P, "etf", NULL, p->x, err));
  spo_point_forget(p);
  TRY(spo_certify(E, p, true, rng, NULL, &proof, err));
end:
  spo_point_destroy(p);
  spo_eval_destroy(E);
  spo_problem_destroy(P);
  return status;
}

static spo_status families(spo_error *err) {
  spo_status status = SPO_OK;
  spo_manifold *made[SPO_FAMILY_PARTS];
  spo_check_report report;
  size_t count = 0;
  for (size_t f = 0; spo_list_manifolds[f]; f++)
    for (size_t i = 0; i < spo_list_manifolds[f]()->samples; i++) {
      status = spo_list_manifolds[f]()->sample(i, made, &count, err);
      expect_true(status == SPO_OK ? count > 0 : count == 0);
      if (status)
        return status;
      if (i == 0)
        status = spo_check_manifold(made[count - 1], rng, &report, err);
      while (count > 0)
        spo_manifold_destroy(made[--count]);
      if (status)
        return status;
    }
  return status;
}

static spo_status checks(spo_error *err) {
  spo_status status;
  spo_problem *P = NULL;
  spo_check_report report;
  spo_check_curve curve[2];
  spo_profile_row row;
  static double v[ROOM];
  const double t = 0.1;
  double f;
  CREATE(P, ufm(3, 2, 4, &P, err));
  TRY(spo_check_problem(P, NULL, rng, &report, err));
  TRY(place(P, "etf", NULL, x, err));
  TRY(spo_check_gradient(P, x, rng, &report, curve, err));
  TRY(spo_check_hessian(P, x, rng, &report, curve, err));
  TRY(spo_check_symmetry(P, x, rng, &report, err));
  TRY(spo_check_retraction(P->manifold, x, rng, &report, curve, err));
  TRY(spo_check_transport(P->manifold, x, rng, &report, err));
  TRY(spo_manifold_random_tangent(P->manifold, x, rng, v, y));
  TRY(spo_profile(P, x, v, SPO_ALONG_RETRACTION, 1, &t, &row, err));
  TRY(spo_surface(P, x, v, v, 1, &t, 1, &t, &f, err));
end:
  spo_problem_destroy(P);
  return status;
}

static spo_status wrappers(spo_error *err) {
  spo_status status;
  spo_problem *P = NULL, *L = NULL, *D = NULL, Q;
  spo_manifold *checked = NULL;
  CREATE(P, ufm(3, 2, 4, &P, err));
  checked = UNSET(spo_manifold);
  CREATE(checked, spo_checked_create(P->manifold, 0.0, &checked, err));
  Q = *P;
  Q.manifold = checked;
  L = UNSET(spo_problem);
  CREATE(L, spo_log_problem(&Q, &L, err));
  D = UNSET(spo_problem);
  CREATE(D, spo_fd_hessian_problem(L, 0.0, &D, err));
end:
  spo_problem_destroy(D);
  spo_problem_destroy(L);
  spo_manifold_destroy(checked);
  spo_problem_destroy(P);
  return status;
}

static spo_status diagonal(void *self, size_t k, const double *V, double *AV) {
  const size_t n = *(const size_t *)self;
  for (size_t i = 0; i < k * n; i++)
    AV[i] = (double)(i % n) * V[i];
  return SPO_OK;
}

static spo_status linear_algebra(spo_error *err) {
  static size_t n = 40;
  static double A[16], value[4], vector[4 * 40], residual[4], nc[3];
  static const int64_t label[] = {0, 1, 0, 1};
  const spo_space space = {.n = n, .dim = n};
  const spo_linop op = {&space, &n, diagonal};
  spo_eigs_options options = SPO_EIGS_OPTIONS_INIT;
  spo_status status;
  options.count = 2;
  for (size_t i = 0; i < 16; i++)
    A[i] = i % 5 == 0 ? (double)i : 0.5;
  TRY(spo_eigh(4, A, value, vector, err));
  TRY(spo_eigs(&op, &options, rng, value, vector, residual, NULL, err));
  TRY(spo_neural_collapse(4, 2, 4, vector, vector + 8, label, nc, err));
end:
  return status;
}

typedef struct steady {
  int64_t calls; /* at the first report */
  bool seen, grown;
} steady;

static int watch(void *self, const spo_iter *it) {
  steady *s = self;
  const int64_t calls = allocations_seen().calls;
  (void)it;
  if (s->seen && calls != s->calls)
    s->grown = true;
  s->seen = true;
  s->calls = calls;
  return 0;
}

/* from a random start, and out of a saddle, where solvers do more than usual */
static void no_allocation_in_the_loop(void **state) {
  spo_error err = {0};
  spo_problem *P;
  (void)state;
  expect_ok(ufm(4, 2, 5, &P, &err));
  for (size_t i = 0; spo_list_solvers[i]; i++)
    for (int saddle = 0; saddle < 2; saddle++) {
      spo_solver *solver;
      spo_result result = {.size = sizeof result};
      steady s = {0};
      expect_ok(spo_solver_create(spo_list_solvers[i](), P, NULL, 1, &solver, &err));
      expect_ok(place(P, saddle ? "collapsed" : "random", saddle ? "45" : NULL, x, &err));
      allocations_watch(ALLOCATIONS_NEVER_FAIL);
      expect_ok(spo_solver_solve(solver, x, NULL, watch, &s, &result, &err));
      expect_true(s.seen && !s.grown && allocations_seen().calls == s.calls);
      expect_true(saddle || s.calls == 0); /* at a critical start the certificate may be asked */
      spo_solver_destroy(solver);
    }
  spo_problem_destroy(P);
}

/* The wrappers see the library, and the test can fail: a leak and a refusal are noticed. */
static void the_count_counts(void **state) {
  spo_error err = {0};
  spo_problem *P;
  (void)state;
  allocations_watch(ALLOCATIONS_NEVER_FAIL);
  expect_ok(ufm(3, 2, 4, &P, &err));
  expect_true(allocations_seen().calls > 0 && allocations_seen().blocks > 0);
  spo_problem_destroy(P);
  expect_true(allocations_seen().blocks == 0 && allocations_seen().held == 0);
  allocations_watch(0);
  expect_status(ufm(3, 2, 4, &P, &err), SPO_E_NOMEM);
  expect_true(P == NULL && allocations_seen().failed);
  allocations_watch(ALLOCATIONS_NEVER_FAIL);
}

#define SCENARIO(name, cautious)                                                                   \
  static void test_##name(void **state) {                                                          \
    (void)state;                                                                                   \
    fail_each(name, cautious);                                                                     \
  }
SCENARIO(given_data, false)
SCENARIO(models, false)
SCENARIO(closed_forms, false)
SCENARIO(feature_models, false)
SCENARIO(named_points, false)
SCENARIO(solving, false)
SCENARIO(studies, false)
SCENARIO(saddle_start, true)
SCENARIO(verdicts, false)
SCENARIO(spectra, false)
SCENARIO(large_certificate, false)
SCENARIO(families, false)
SCENARIO(checks, false)
SCENARIO(wrappers, false)
SCENARIO(linear_algebra, false)

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(the_count_counts),
                                     cmocka_unit_test(test_given_data),
                                     cmocka_unit_test(test_models),
                                     cmocka_unit_test(test_closed_forms),
                                     cmocka_unit_test(test_feature_models),
                                     cmocka_unit_test(test_named_points),
                                     cmocka_unit_test(test_solving),
                                     cmocka_unit_test(test_saddle_start),
                                     cmocka_unit_test(test_studies),
                                     cmocka_unit_test(test_verdicts),
                                     cmocka_unit_test(test_spectra),
                                     cmocka_unit_test(test_large_certificate),
                                     cmocka_unit_test(test_families),
                                     cmocka_unit_test(test_checks),
                                     cmocka_unit_test(test_wrappers),
                                     cmocka_unit_test(test_linear_algebra),
                                     cmocka_unit_test(no_allocation_in_the_loop)};
  rng = gsl_rng_alloc(gsl_rng_mt19937);
  const int failures = cmocka_run_group_tests_name("allocations", tests, NULL, NULL);
  gsl_rng_free(rng);
  return failures;
}
