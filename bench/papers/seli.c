/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The geometry of unequal classes with vanishing decay, after Thrampoulidis, Kini, Vakilian, Behnia
 * (arXiv:2208.05512): cosines of the classifiers that interpolate the simplex-encoded labels, and
 * those of the minimisers of
 *
 *   f(W,H) = sum_k n_k CE(W h_k, k) + (decay/2)(|W|^2 + sum_k n_k |h_k|^2)
 *
 * for smaller and smaller decay; samples of a class share their feature, as they do at a minimum.
 *
 *   seli [--json] n_0,n_1,... DECAY... */
#include <math.h>
#include <spheropt/spheropt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 16 }; /* classes */

typedef struct model {
  spo_problem problem; /* first */
  size_t K;
  int64_t count[MOST];
  double decay;
} model;

/* W, then H, class by class in R^K. The loss of class k and its softmax less e_k: p. */
static double class_loss(const model *m, const double *x, size_t k, double *p) {
  const size_t K = m->K;
  const double *h = x + K * K + k * K;
  double top = -INFINITY, sum = 0;
  for (size_t j = 0; j < K; j++) {
    p[j] = 0;
    for (size_t i = 0; i < K; i++)
      p[j] += x[j * K + i] * h[i];
    top = fmax(top, p[j]);
  }
  const double own = p[k] - top;
  for (size_t j = 0; j < K; j++)
    sum += p[j] = exp(p[j] - top);
  double off = 0; /* the softmax of class k less one, without cancellation */
  for (size_t j = 0; j < K; j++) {
    p[j] /= sum;
    off += j == k ? 0 : p[j];
  }
  p[k] = -off;
  return log(sum) - own;
}

static int cost_egrad(void *self, const double *x, double *f, double *g, double *memo,
                      double *work) {
  const model *m = self;
  const size_t K = m->K, half = K * K;
  double p[MOST];
  (void)memo, (void)work;
  *f = 0;
  for (size_t i = 0; i < half; i++) {
    *f += 0.5 * m->decay * x[i] * x[i];
    g[i] = m->decay * x[i];
  }
  for (size_t k = 0; k < K; k++) {
    const double n = (double)m->count[k], *h = x + half + k * K;
    *f += n * class_loss(m, x, k, p);
    for (size_t i = 0; i < K; i++) {
      *f += 0.5 * m->decay * n * h[i] * h[i];
      g[half + k * K + i] = m->decay * n * h[i];
      for (size_t j = 0; j < K; j++) {
        g[j * K + i] += n * p[j] * h[i];
        g[half + k * K + i] += n * p[j] * x[j * K + i];
      }
    }
  }
  return 0;
}

static int cost(void *self, const double *x, double *f, double *memo, double *work) {
  double g[2 * MOST * MOST];
  return cost_egrad(self, x, f, g, memo, work);
}

static int egrad(void *self, const double *x, double *g, double *memo, double *work) {
  double f;
  return cost_egrad(self, x, &f, g, memo, work);
}

static const spo_problem_ops ops = {
    .size = sizeof(spo_problem_ops), .cost = cost, .egrad = egrad, .cost_egrad = cost_egrad};

static double cosine(size_t K, const double *a, const double *b) {
  double ab = 0, aa = 0, bb = 0;
  for (size_t i = 0; i < K; i++)
    ab += a[i] * b[i], aa += a[i] * a[i], bb += b[i] * b[i];
  return ab / sqrt(aa * bb);
}

/* The minimum for one decay, from x on. */
static int minimise(const model *m, double *x, spo_error *err) {
  spo_solver *solver;
  spo_stop stop;
  spo_result result = {.size = sizeof result};
  spo_stop_init(&stop);
  stop.max_iter = 5000;
  stop.grad_rel = 0;
  stop.grad_abs = 1e-5 * m->decay;
  if (spo_solver_create(spo_lbfgs(), &m->problem, NULL, 1, &solver, err))
    return 1;
  const int failed = spo_solver_solve(solver, x, &stop, NULL, NULL, &result, err) != SPO_OK;
  spo_solver_destroy(solver);
  return failed;
}

static int read_counts(const char *text, model *m) {
  for (char *end; *text; text = end + (*end == ',')) {
    if (m->K == MOST)
      return 1;
    m->count[m->K] = strtoll(text, &end, 10);
    if (end == text || (*end && *end != ',') || m->count[m->K++] < 1)
      return 1;
  }
  return m->K < 2;
}

static void print_seli(const model *m, const double *limit) {
  printf("{\n  \"cosine\": [");
  for (size_t i = 0; i < m->K * m->K; i++)
    printf("%s%.12g", i ? ", " : "", limit[i]);
  printf("],\n  \"minima\": [");
}

/* Largest difference of a minimiser's cosines from the limit's. */
static void print_minimum(const model *m, const double *x, const double *limit, int first) {
  double away = 0;
  for (size_t a = 0; a < m->K; a++)
    for (size_t b = 0; b < a; b++)
      away = fmax(away, fabs(cosine(m->K, x + a * m->K, x + b * m->K) - limit[a * m->K + b]));
  printf("%s\n    {\"decay\": %g, \"away\": %.12g}", first ? "" : ",", m->decay, away);
}

int main(int argc, char **argv) {
  model m = {.problem = {.ops = &ops, .name = "decay, unequal classes"}};
  const char *word[64];
  int words = 0, failed = 0;
  for (int i = 1; i < argc && words < 64; i++) /* it always answers in JSON */
    if (strcmp(argv[i], "--json") != 0)
      word[words++] = argv[i];
  if (words < 1 || read_counts(word[0], &m)) {
    fprintf(stderr, "usage: seli n_0,n_1,... DECAY..., counts from 1, at most %d\n", MOST);
    return 2;
  }
  spo_error err = {0};
  spo_manifold *space = NULL;
  double limit[MOST * MOST], x[2 * MOST * MOST];
  spo_blas_threads(1);
  if (spo_seli(m.K, m.count, limit, &err) || spo_euclidean_create(2 * m.K * m.K, &space, &err)) {
    fprintf(stderr, "%s\n", err.text);
    return 1;
  }
  m.problem.self = &m;
  m.problem.manifold = space;
  for (size_t i = 0; i < 2 * m.K * m.K; i++) /* any point that is not all alike */
    x[i] = cos(1.0 + (double)(i * i));
  print_seli(&m, limit);
  for (int i = 1; i < words && !failed; i++) {
    m.decay = strtod(word[i], NULL);
    failed = minimise(&m, x, &err);
    print_minimum(&m, x, limit, i == 1);
  }
  printf("\n  ]\n}\n");
  if (failed)
    fprintf(stderr, "%s\n", err.text);
  spo_manifold_destroy(space);
  return failed;
}
