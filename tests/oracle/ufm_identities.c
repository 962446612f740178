/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The spherical UFM against its definition term by term in long double, and the identities that any
 * implementation has to keep: weights as multiplicities, rotations, sample order, tiles. */
#include <float.h>

#include <gsl/gsl_randist.h>

#include "samples.h"

typedef long double wide;

/* f, Euclidean gradient and D^2 f[v] by the formulas, no tiles, no BLAS. */
typedef struct reference {
  size_t d, K, N;
  double tau;
  const int64_t *label;
  const double *omega;
} reference;

static wide dot(size_t d, const double *a, const double *b) {
  wide sum = 0;
  for (size_t j = 0; j < d; j++)
    sum += (wide)a[j] * b[j];
  return sum;
}

static wide reference_f(const reference *r, const double *x, const double *v, wide *g, wide *hv) {
  const size_t nW = r->d * r->K;
  const double *H = x + nW, *DH = v + nW;
  wide f = 0;
  for (size_t j = 0; j < r->d * (r->K + r->N); j++)
    g[j] = hv[j] = 0;
  for (size_t i = 0; i < r->N; i++) {
    wide p[64], md[64], total = 0, off = 0, mean = 0;
    const size_t y = (size_t)r->label[i];
    const double *h = H + i * r->d, *dh = DH + i * r->d;
    const wide zy = dot(r->d, x + y * r->d, h);
    for (size_t k = 0; k < r->K; k++) {
      p[k] = expl(r->tau * (dot(r->d, x + k * r->d, h) - zy));
      md[k] = dot(r->d, v + k * r->d, h) + dot(r->d, x + k * r->d, dh);
      total += p[k];
      off += k == y ? 0 : p[k];
    }
    f += r->omega[i] * log1pl(off);
    for (size_t k = 0; k < r->K; k++)
      mean += (p[k] /= total) * md[k];
    for (size_t k = 0; k < r->K; k++) {
      const wide G = r->tau * (wide)r->omega[i] * (k == y ? -off / total : p[k]);
      const wide Gd = (wide)r->tau * r->tau * r->omega[i] * p[k] * (md[k] - mean);
      for (size_t j = 0; j < r->d; j++) {
        g[k * r->d + j] += G * h[j];
        g[nW + i * r->d + j] += G * x[k * r->d + j];
        hv[k * r->d + j] += G * dh[j] + Gd * h[j];
        hv[nW + i * r->d + j] += G * v[k * r->d + j] + Gd * x[k * r->d + j];
      }
    }
  }
  return f;
}

/* Problem with these labels and weights (NULL: alike). */
static spo_problem *labelled(size_t K, size_t d, double tau, const int64_t *label, size_t N,
                             const double *weights) {
  spo_error err = {0};
  spo_ufm_params p;
  spo_problem *P;
  spo_ufm_params_init(&p);
  p.classes = K, p.dim = d, p.tau = tau;
  p.labels = (spo_integers){label, N};
  if (weights)
    p.weights = (spo_matrix){weights, N, 1};
  expect_ok(spo_ufm_create(&p, &P, &err));
  return P;
}

static void random_labels(gsl_rng *rng, size_t K, size_t N, int64_t *label, double *weight) {
  for (size_t i = 0; i < N; i++) {
    label[i] = (int64_t)gsl_rng_uniform_int(rng, K);
    weight[i] = i % 7 == 3 ? 0.0 : gsl_rng_uniform(rng);
  }
}

static void test_definition(void **state) {
  (void)state;
  const struct {
    size_t K, N, d;
    double tau;
  } sizes[] = {
      {3, 5, 2, 1.0}, {2, 1, 2, 8.0}, {5, 700, 4, 3.0}, {40, 300, 6, 10.0}, {4, 9, 7, 40.0}};
  for (size_t c = 0; c < sizeof sizes / sizeof sizes[0]; c++) {
    const size_t K = sizes[c].K, N = sizes[c].N, d = sizes[c].d, n = d * (K + N);
    gsl_rng *rng = new_rng(c + 1);
    spo_error err = {0};
    int64_t *label = calloc(N, sizeof *label);
    double *weight = calloc(N, sizeof *weight), sum = 0.0, *v = calloc(2 * n, sizeof *v);
    wide *g = calloc(2 * n, sizeof *g), *hv = g + n;
    random_labels(rng, K, N, label, weight);
    spo_problem *P = labelled(K, d, sizes[c].tau, label, N, weight);
    for (size_t i = 0; i < N; i++)
      sum += weight[i];
    for (size_t i = 0; i < N; i++)
      weight[i] /= sum;
    spo_eval *E;
    spo_point *p;
    expect_ok(spo_eval_create(P, &E, &err));
    expect_ok(spo_point_create(P, &p, &err));
    point_by_name(spo_ufm(), P, "random", c, p->x);
    for (size_t j = 0; j < n; j++)
      v[j] = gsl_ran_gaussian(rng, 1.0);
    const reference r = {d, K, N, sizes[c].tau, label, weight};
    const wide f = reference_f(&r, p->x, v, g, hv);
    /* a sum of N terms of relative accuracy (20 + 4 tau) eps each, see tests/unit/softmax.c */
    const double tol = (100.0 + 10.0 * r.tau) * DBL_EPSILON;
    double f2, *g2 = calloc(2 * n, sizeof *g2), *h2 = g2 + n, gmax = 0.0, hmax = 0.0;
    P->ops->cost_egrad(P->self, p->x, &f2, g2, p->memo, E->work);
    P->ops->ehess(P->self, p->x, v, h2, p->memo, E->work);
    expect_near(f2, (double)f, tol * (double)f);
    for (size_t j = 0; j < n; j++) {
      gmax = fmax(gmax, (double)fabsl(g[j]));
      hmax = fmax(hmax, (double)fabsl(hv[j]));
    }
    for (size_t j = 0; j < n; j++) {
      expect_near(g2[j], (double)g[j], tol * gmax);
      expect_near(h2[j], (double)hv[j], tol * hmax);
    }
    free(label), free(weight), free(v), free(g), free(g2);
    gsl_rng_free(rng);
    spo_eval_destroy(E);
    spo_point_destroy(p);
    spo_problem_destroy(P);
  }
}

/* The cost of a problem at x. */
static double cost_at(const spo_problem *P, const double *x) {
  spo_error err = {0};
  spo_eval *E;
  spo_point *p;
  expect_ok(spo_eval_create(P, &E, &err));
  expect_ok(spo_point_create(P, &p, &err));
  spo_point_set(p, P, x);
  expect_ok(spo_eval_cost(E, p));
  const double f = p->f;
  spo_eval_destroy(E);
  spo_point_destroy(p);
  return f;
}

/* Weight 2 is the same as the sample twice; weight 0 is the same as no sample, wherever it sits. */
static void test_weights(void **state) {
  (void)state;
  enum { K = 3, D = 4 };
  const int64_t twice[] = {0, 1, 1, 2}, once[] = {0, 1, 2, 0};
  const double weights[] = {1.0, 2.0, 1.0, 0.0};
  spo_problem *A = labelled(K, D, 2.0, twice, 4, NULL), *B = labelled(K, D, 2.0, once, 4, weights);
  double *a = new_vector(A), *b = new_vector(B);
  point_by_name(spo_ufm(), A, "random", 4, a);
  memcpy(a + D * (K + 2), a + D * (K + 1), D * sizeof(double));
  memcpy(b, a, D * (K + 2) * sizeof(double));
  memcpy(b + D * (K + 2), a + D * (K + 3), D * sizeof(double));
  memcpy(b + D * (K + 3), a, D * sizeof(double));
  const double f = cost_at(A, a);
  expect_near(cost_at(B, b), f, 4.0 * DBL_EPSILON * f);
  memcpy(b + D * (K + 3), a + D, D * sizeof(double));
  expect_near(cost_at(B, b), f, 4.0 * DBL_EPSILON * f);
  free(a), free(b);
  spo_problem_destroy(A);
  spo_problem_destroy(B);
}

/* Two coordinates turned by an angle: the cost stays. Samples in another order: the cost stays. */
static void test_invariance(void **state) {
  (void)state;
  spo_problem *P = sample_problem(spo_ufm(), "--classes 5 --per-class 120 --dim 6 --tau 4");
  double *x = new_vector(P), *y = new_vector(P);
  const size_t d = 6, m = 5 + 600;
  point_by_name(spo_ufm(), P, "random", 4, x);
  const double f = cost_at(P, x), c = cos(0.7), s = sin(0.7);
  for (size_t i = 0; i < m * d; i++)
    y[i] = x[i];
  for (size_t i = 0; i < m; i++) {
    y[i * d + 1] = c * x[i * d + 1] - s * x[i * d + 4];
    y[i * d + 4] = s * x[i * d + 1] + c * x[i * d + 4];
  }
  expect_near(cost_at(P, y), f, 100.0 * DBL_EPSILON * f);
  int64_t label[600];
  for (size_t i = 0; i < 600;
       i++) { /* sample i of the second problem is sample 599 - i of the first */
    label[i] = (int64_t)((599 - i) / 120);
    memcpy(y + d * (5 + i), x + d * (5 + 599 - i), d * sizeof(double));
  }
  memcpy(y, x, 5 * d * sizeof(double));
  spo_problem *Q = labelled(5, 6, 4.0, label, 600, NULL);
  expect_near(cost_at(Q, y), f, 100.0 * DBL_EPSILON * f);
  free(x), free(y);
  spo_problem_destroy(P);
  spo_problem_destroy(Q);
}

/* Where the theorem applies, and where not. */
static void test_known_minimum(void **state) {
  (void)state;
  const struct {
    const char *line;
    bool known;
  } cases[] = {
      {"--classes 4 --per-class 2 --dim 4", true},  {"--classes 4 --per-class 2 --dim 3", true},
      {"--classes 4 --per-class 2 --dim 2", false}, {"--counts 2,2,2,1 --dim 5", false},
      {"--counts 2,2,0,2 --dim 5", false},          {"--counts 3,3 --dim 2", true}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    spo_problem *P = sample_problem(spo_ufm(), cases[i].line);
    double f;
    const char *theorem = NULL;
    expect_true((P->ops->known_minimum(P->self, &f, &theorem) == 0) == cases[i].known);
    expect_true((theorem != NULL) == cases[i].known);
    spo_problem_destroy(P);
  }
  /* unequal counts, but equal class weights: the theorem's proof goes through */
  const int64_t label[] = {0, 1, 1, 1};
  const double weights[] = {3.0, 1.0, 1.0, 1.0};
  spo_problem *P = labelled(2, 3, 1.0, label, 4, weights);
  double f, *x = new_vector(P);
  const char *theorem;
  assert_int_equal(P->ops->known_minimum(P->self, &f, &theorem), 0);
  point_by_name(spo_ufm(), P, "random", 1, x);
  const spo_result res = run_solver(spo_trust_region(), P, NULL, NULL, 0, x);
  expect_near(res.last.f, f, 1e-12);
  free(x);
  spo_problem_destroy(P);
}

/* 1 for classifiers, 1/(K omega_i) for features; a sample of weight 0 counts like an average
 * one. */
static void test_preconditioner(void **state) {
  (void)state;
  const int64_t label[] = {0, 1, 1, 0};
  const double weights[] = {1.0, 2.0, 5.0, 0.0};
  spo_problem *P = labelled(2, 3, 1.0, label, 4, weights);
  double *x = new_vector(P), *v = new_vector(P), *pv = new_vector(P);
  for (size_t i = 0; i < P->manifold->n; i++)
    v[i] = 1.0 + (double)i;
  assert_int_equal(P->ops->precond(P->self, x, v, pv, NULL, NULL), 0);
  const double due[] = {1.0, 1.0, 8.0 / 2.0, 8.0 / 4.0, 8.0 / 10.0, 4.0 / 2.0};
  for (size_t i = 0; i < P->manifold->n; i++)
    expect_near(pv[i] / v[i], due[i / 3], 1e-14);
  free(x), free(v), free(pv);
  spo_problem_destroy(P);
}

/* Where a named point exists, and where a line says why not. */
static void test_named_points_exist(void **state) {
  (void)state;
  const struct {
    const char *line, *point;
    bool exists;
  } cases[] = {{"--classes 6 --per-class 1 --dim 2", "merged:3", true},
               {"--classes 6 --per-class 1 --dim 1", "merged:3", false},
               {"--classes 6 --per-class 1 --dim 9", "merged:4", false},
               {"--classes 4 --per-class 1 --dim 3", "etf", true},
               {"--classes 4 --per-class 1 --dim 2", "etf", false},
               {"--counts 3,1 --dim 3", "collapsed:0", true},
               {"--counts 3,1 --dim 3", "collapsed:180", true},
               {"--counts 3,1 --dim 3", "collapsed:30", false},
               {"--classes 2 --per-class 2 --dim 3", "collapsed:270", true},
               {"--classes 2 --per-class 2 --dim 3", "calibrated:3,1", true},
               {"--classes 2 --per-class 2 --dim 3", "calibrated:2,2", false},
               {"--classes 2 --per-class 2 --dim 3", "calibrated:3,2", false},
               {"--classes 2 --per-class 2 --dim 3 --tau 0.1", "calibrated:3,1", false}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    spo_error err = {0};
    spo_problem *P = sample_problem(spo_ufm(), cases[i].line);
    double *x = new_vector(P);
    const char *colon = strchr(cases[i].point, ':');
    const size_t length = colon ? (size_t)(colon - cases[i].point) : strlen(cases[i].point);
    spo_status status = SPO_E_IO;
    for (size_t j = 0; j < spo_ufm()->n_points; j++)
      if (strncmp(spo_ufm()->point[j].name, cases[i].point, length) == 0)
        status = spo_ufm()->point[j].build(P, colon ? colon + 1 : NULL, NULL, x, &err);
    expect_seed = i;
    expect_true((status == SPO_OK) == cases[i].exists);
    expect_true(cases[i].exists || strlen(err.text) > 10);
    if (cases[i].exists) { /* critical, by its definition */
      spo_verification v;
      expect_ok(spo_verify(P, x, NULL, NULL, &v, NULL, &err));
      expect_true(v.critical);
    }
    free(x);
    spo_problem_destroy(P);
  }
}

/* Each bad parameter: refused by name. */
static void test_refusals(void **state) {
  (void)state;
  const int64_t labels[] = {0, 1, 5}, negative[] = {0, -1, 1};
  const double weights[] = {1.0, -1.0, 1.0}, zero[] = {0.0, 0.0, 0.0};
  const double features[] = {1.0, 0.0, 0.0, 1.0, 1.0, 0.0};
  struct {
    const char *names;
    spo_ufm_params p;
  } cases[14];
  for (size_t i = 0; i < 14; i++)
    spo_ufm_params_init(&cases[i].p);
  size_t c = 0;
#define CASE(word, assignment)                                                                     \
  do {                                                                                             \
    spo_ufm_params *p = &cases[c].p;                                                               \
    cases[c++].names = word;                                                                       \
    assignment;                                                                                    \
  } while (0)
  CASE("classes", p->classes = 1);
  CASE("tau", p->tau = 0.0);
  CASE("tau", p->tau = NAN);
  CASE("tau", p->tau = INFINITY);
  CASE("labels", (p->classes = 3, p->labels = (spo_integers){labels, 3}));
  CASE("labels", (p->classes = 3, p->labels = (spo_integers){negative, 3}));
  CASE("weights", (p->classes = 3, p->per_class = 1, p->weights = (spo_matrix){weights, 3, 1}));
  CASE("weights", (p->classes = 3, p->per_class = 1, p->weights = (spo_matrix){zero, 3, 1}));
  CASE("weights", (p->classes = 2, p->per_class = 2, p->weights = (spo_matrix){zero, 3, 1}));
  CASE("dim", (p->classes = 3, p->dim = 3, p->features = (spo_matrix){features, 3, 2}));
  CASE("labels", (p->classes = 2, p->features = (spo_matrix){features, 3, 2}));
  CASE("counts", (p->classes = 2, p->counts = (spo_integers){labels, 3}));
  CASE("counts", (p->labels = (spo_integers){labels, 3}, p->counts = (spo_integers){labels, 3}));
  CASE("dim", (p->classes = 40000, p->per_class = 40000, p->dim = 100000));
#undef CASE
  for (size_t i = 0; i < c; i++) {
    spo_error err = {0};
    spo_problem *P;
    const spo_status status = spo_ufm_create(&cases[i].p, &P, &err);
    expect_seed = i;
    expect_true(status < 0 && P == NULL);
    if (!strstr(err.text, cases[i].names))
      fail_msg("case %zu: \"%s\" does not name %s", i, err.text, cases[i].names);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_definition),     cmocka_unit_test(test_weights),
      cmocka_unit_test(test_invariance),     cmocka_unit_test(test_known_minimum),
      cmocka_unit_test(test_preconditioner), cmocka_unit_test(test_named_points_exist),
      cmocka_unit_test(test_refusals),
  };
  return cmocka_run_group_tests_name("ufm identities", tests, NULL, NULL);
}
