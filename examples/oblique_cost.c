/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A cost of one's own on an oblique manifold: the vector relaxation of the largest cut of a graph
 * (Goemans, Williamson 1995; Burer, Monteiro 2003),
 *
 *   minimise f(X) = 1/2 sum_{edges ij} (<x_i, x_j> - 1) over unit vectors x_i of R^d,
 *
 * so that -f is at least the size of every cut. Two callbacks would do; the Hessian product makes
 * the trust region possible. The signs of <x_i, r> for a random r then cut the graph. */
#include <gsl/gsl_randist.h>
#include <spheropt/spheropt.h>
#include <stdio.h>
#include <string.h>

enum { NODES = 10, D = 5, EDGES = 15 };

/* the Petersen graph: largest cut 12, relaxation 12.5 */
static const int edge[EDGES][2] = {{0, 1}, {1, 2}, {2, 3}, {3, 4}, {4, 0}, {0, 5}, {1, 6}, {2, 7},
                                   {3, 8}, {4, 9}, {5, 7}, {7, 9}, {9, 6}, {6, 8}, {8, 5}};

static int cost(void *self, const double *x, double *f, double *memo, double *work) {
  (void)self, (void)memo, (void)work;
  *f = 0;
  for (int e = 0; e < EDGES; e++) {
    const double *u = x + edge[e][0] * D, *v = x + edge[e][1] * D;
    double dot = 0;
    for (int j = 0; j < D; j++)
      dot += u[j] * v[j];
    *f += (dot - 1) / 2;
  }
  return 0;
}

/* f is quadratic: its gradient at x and its Hessian times v are the same map A, A_ij = 1/2 on edges
 */
static void adjacent(const double *x, double *y) {
  memset(y, 0, NODES * D * sizeof *y);
  for (int e = 0; e < EDGES; e++)
    for (int j = 0, a = edge[e][0] * D, b = edge[e][1] * D; j < D; j++) {
      y[a + j] += x[b + j] / 2;
      y[b + j] += x[a + j] / 2;
    }
}

static int egrad(void *self, const double *x, double *g, double *memo, double *work) {
  (void)self, (void)memo, (void)work;
  adjacent(x, g);
  return 0;
}

static int ehess(void *self, const double *x, const double *v, double *hv, const double *memo,
                 double *work) {
  (void)self, (void)x, (void)memo, (void)work;
  adjacent(v, hv);
  return 0;
}

static const spo_problem_ops ops = {
    .size = sizeof ops, .cost = cost, .egrad = egrad, .ehess = ehess};

static int cut(const double *x, gsl_rng *rng) {
  double r[D], side[NODES] = {0};
  int size = 0;
  gsl_ran_dir_nd(rng, D, r);
  for (int i = 0; i < NODES; i++)
    for (int j = 0; j < D; j++)
      side[i] += x[i * D + j] * r[j];
  for (int e = 0; e < EDGES; e++)
    size += side[edge[e][0]] * side[edge[e][1]] < 0;
  return size;
}

int main(void) {
  spo_error err = {0};
  spo_manifold *M;
  spo_check_report report;
  spo_result result = {.size = sizeof result};
  double x[NODES * D];
  int best = 0;
  spo_blas_threads(1);
  if (spo_oblique_create(D, NODES, &M, &err))
    return 1;
  gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
  const spo_problem P = {.ops = &ops, .name = "largest cut", .manifold = M};

  M->ops->random_point(M, rng, x, NULL); /* spheres need no scratch */
  bool good = !spo_check_problem(&P, NULL, rng, &report, &err) && report.pass &&
              !spo_minimize(&P, x, NULL, &result, &err) && result.converged;
  for (int i = 0; i < 100; i++) {
    const int size = cut(x, rng);
    best = size > best ? size : best;
  }
  printf("%zu checks of the derivatives: %s\n", report.count, report.pass ? "passed" : "failed");
  printf("relaxation: no cut is larger than %.6f; found by rounding: %d\n", -result.last.f, best);
  gsl_rng_free(rng);
  spo_manifold_destroy(M);
  return !(good && best == 12);
}
