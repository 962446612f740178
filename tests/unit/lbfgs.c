/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Limited-memory BFGS step by step: the secant equation, the matrices themselves, finite
 * termination, which pairs are stored. */
#include "first_order.h"

/* H is symmetric and H y = s for the newest pair, so <y, d> = -<s, grad>. */
static void test_secant_equation(void **state) {
  (void)state;
  spo_manifold *M = flat();
  for (expect_seed = 1; expect_seed <= 10; expect_seed++)
    for (int scaled = 0; scaled < 2; scaled++)
      for (uint64_t memory = 1; memory <= 4; memory++) {
        static history h;
        quadratic q;
        double s[N], y[N], d[N];
        fill(&q, expect_seed);
        const spo_problem P = {scaled ? &scaled_ops : &plain_ops, "quadratic", &q, M, 0, 0};
        spo_lbfgs_options o;
        spo_lbfgs_options_init(&o);
        o.memory = memory;
        watch(spo_lbfgs(), &P, &o, &h);
        expect_true(h.count > 6);
        for (size_t k = 0; k < 5; k++) {
          pair(&h, k, s, y);
          direction(&h, k + 1, d);
          expect_near(spo_vec_dot(N, y, d), -spo_vec_dot(N, s, h.g[k + 1]),
                      1e-9 * spo_vec_norm(N, y) * spo_vec_norm(N, d));
        }
      }
  spo_manifold_destroy(M);
}

/* The whole recursion against BFGS with full matrices, for as many pairs as are kept. */
static void bfgs_update(double *H, const double *s, const double *y) {
  double Hy[N];
  const double rho = 1.0 / spo_vec_dot(N, s, y);
  for (size_t i = 0; i < N; i++)
    Hy[i] = spo_vec_dot(N, H + i * N, y);
  const double yHy = spo_vec_dot(N, y, Hy);
  for (size_t i = 0; i < N; i++)
    for (size_t j = 0; j < N; j++)
      H[i * N + j] += (1.0 + rho * yHy) * rho * s[i] * s[j] - rho * (s[i] * Hy[j] + Hy[i] * s[j]);
}

static void test_against_matrices(void **state) {
  (void)state;
  spo_manifold *M = flat();
  for (expect_seed = 1; expect_seed <= 10; expect_seed++)
    for (int scaled = 0; scaled < 2; scaled++)
      for (uint64_t memory = 0; memory <= 5; memory++) {
        static history h;
        quadratic q;
        double s[N], y[N], d[N], H[N * N];
        fill(&q, expect_seed);
        const spo_problem P = {scaled ? &scaled_ops : &plain_ops, "quadratic", &q, M, 0, 0};
        spo_lbfgs_options o;
        spo_lbfgs_options_init(&o);
        o.memory = memory;
        o.cautious = 0.0;
        watch(spo_lbfgs(), &P, &o, &h);
        for (size_t k = 1; k < 7 && k + 1 < h.count; k++) {
          pair(&h, k - 1, s, y);
          const double gamma = spo_vec_dot(N, s, y) / product(&q, scaled, y, y);
          for (size_t i = 0; i < N * N; i++)
            H[i] = i % (N + 1) ? 0.0 : gamma * (scaled ? q.D[i / N] : 1.0);
          for (size_t j = k > memory ? k - memory : 0; j < k; j++) {
            pair(&h, j, s, y);
            bfgs_update(H, s, y);
          }
          direction(&h, k, d);
          double off = 0.0;
          for (size_t i = 0; i < N; i++)
            off = hypot(off, d[i] + spo_vec_dot(N, H + i * N, h.g[k]));
          expect_at_most(off, 1e-8 * spo_vec_norm(N, d));
        }
      }
  spo_manifold_destroy(M);
}

/* With exact steps BFGS ends on a quadratic after as many steps as conjugate gradients, given room
 * for the pairs. */
static void test_bfgs_termination(void **state) {
  (void)state;
  spo_manifold *M = flat();
  for (expect_seed = 1; expect_seed <= 10; expect_seed++)
    for (int scaled = 0; scaled < 2; scaled++) {
      static history h;
      quadratic q;
      fill(&q, expect_seed);
      const spo_problem P = {scaled ? &scaled_ops : &plain_ops, "quadratic", &q, M, 0, 0};
      spo_lbfgs_options o;
      spo_lbfgs_options_init(&o);
      o.line_search = &own;
      o.memory = N;
      watch(spo_lbfgs(), &P, &o, &h);
      expect_true(h.count >= N + 1 && h.norm[N] <= finite * h.norm[0]);
    }
  spo_manifold_destroy(M);
}

static void test_cautious(void **state) {
  (void)state;
  spo_error err = {0};
  spo_manifold *M;
  const spo_problem_ops ops = {sizeof ops, .cost = double_well, .egrad = double_well_gradient};
  expect_ok(spo_euclidean_create(2, &M, &err));
  const spo_problem P = {&ops, "double well", NULL, M, 0, 0};
  for (const spo_choice *ls = choices(spo_lbfgs(), "line-search"); ls->name; ls++) {
    double x[2] = {1e-3, 1e-4};
    spo_lbfgs_options o;
    spo_lbfgs_options_init(&o);
    o.line_search = ls->value;
    o.search.step = 1e-3; /* stays on the hill at first */
    const spo_result res = run_solver(spo_lbfgs(), &P, &o, NULL, 0, x);
    if (!res.converged)
      print_error("%s: %s at %g\n", ls->name, spo_reason_text(res.reason), res.last.grad_norm);
    expect_true(res.converged);
    expect_near(fabs(x[0]), 1.0, 1e-9);
    expect_near(x[1], 0.0, 1e-9);
  }
  spo_manifold_destroy(M);
}

/* ---- on the sphere --------------------------------------------------------------------------- */

/* The sphere's transport given as a slot: what is no projection for all that the solver knows. */
static spo_status moved(const spo_manifold *M, const double *x, const double *y, const double *v,
                        double *w, double *work) {
  (void)M, (void)x, (void)work;
  memcpy(w, v, N * sizeof *w);
  onto(y, w);
  return SPO_OK;
}

/* The newest MEMORY pairs of h at its point k; false if the last one was not stored. */
enum { MEMORY = 4 };
typedef struct pairs {
  double s[STEPS][N], y[STEPS][N];
} pairs;

static bool next_pair(pairs *p, const history *h, size_t k, bool carried) {
  double *s = p->s[k - 1], *y = p->y[k - 1];
  const double *x = h->x[k];
  tangent_direction(h, k - 1, s);
  spo_vec_scale(N, h->t[k], s);
  memcpy(y, h->g[k - 1], N * sizeof *y);
  for (size_t j = carried ? 0 : k - 1; j < k; j++) {
    onto(x, p->s[j]);
    onto(x, p->y[j]);
  }
  spo_vec_add(N, h->g[k], -1.0, y, y);
  return spo_vec_dot(N, s, y) > 0.0;
}

/* Matrices from pairs that were carried along, or left where they were made: the direction is their
 * product with the gradient, projected. */
static void against_pairs(const history *h, bool carried) {
  static pairs p;
  for (size_t k = 1; k < 9 && k + 1 < h->count && next_pair(&p, h, k, carried); k++) {
    double d[N], due[N], H[N * N];
    const double *x = h->x[k], *s = p.s[k - 1], *y = p.y[k - 1];
    const double gamma = spo_vec_dot(N, s, y) / spo_vec_dot(N, y, y);
    for (size_t i = 0; i < N; i++)
      for (size_t j = 0; j < N; j++)
        H[i * N + j] = gamma * ((i == j) - x[i] * x[j]);
    for (size_t j = k > MEMORY ? k - MEMORY : 0; j < k; j++)
      bfgs_update(H, p.s[j], p.y[j]);
    for (size_t i = 0; i < N; i++)
      due[i] = -spo_vec_dot(N, H + i * N, h->g[k]);
    onto(x, due);
    tangent_direction(h, k, d);
    spo_vec_add(N, d, -1.0, due, due);
    expect_at_most(spo_vec_norm(N, due), 1e-7 * spo_vec_norm(N, d));
  }
}

static void test_pairs_on_sphere(void **state) {
  (void)state;
  for (expect_seed = 1; expect_seed <= 10; expect_seed++)
    for (int carried = 0; carried < 2; carried++) {
      static history h;
      quadratic q;
      spo_manifold *M = ball(expect_seed, &q);
      spo_manifold_ops ops = *M->ops;
      spo_lbfgs_options o;
      ops.transport = moved;
      if (carried)
        M->ops = &ops;
      const spo_problem P = {&plain_ops, "quadratic", &q, M, 0, 0};
      spo_lbfgs_options_init(&o);
      o.memory = MEMORY;
      o.cautious = 0.0;
      watch_on_sphere(spo_lbfgs(), &P, &o, &h);
      against_pairs(&h, carried);
      expect_true(h.count > 9);
      spo_manifold_destroy(M);
    }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_secant_equation),  cmocka_unit_test(test_against_matrices),
      cmocka_unit_test(test_bfgs_termination), cmocka_unit_test(test_cautious),
      cmocka_unit_test(test_pairs_on_sphere),
  };
  return cmocka_run_group_tests_name("limited-memory BFGS", tests, NULL, NULL);
}
