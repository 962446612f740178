/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Conjugate gradients step by step: conjugate directions, beta by each formula, when they begin
 * anew. */
#include "first_order.h"

/* With exact steps every beta gives the conjugate gradients of linear algebra: N steps, conjugate
 * directions. */
static void test_conjugacy(void **state) {
  (void)state;
  spo_manifold *M = flat();
  for (expect_seed = 1; expect_seed <= 10; expect_seed++)
    for (const spo_choice *beta = choices(spo_conjugate_gradient(), "beta"); beta->name; beta++)
      for (int scaled = 0; scaled < 2; scaled++) {
        static history h;
        quadratic q;
        fill(&q, expect_seed);
        const spo_problem P = {scaled ? &scaled_ops : &plain_ops, "quadratic", &q, M, 0, 0};
        spo_conjugate_gradient_options o;
        spo_conjugate_gradient_options_init(&o);
        o.line_search = &own;
        o.beta = beta->value;
        watch(spo_conjugate_gradient(), &P, &o, &h);
        if (!(h.count >= N + 1 && h.norm[N] <= finite * h.norm[0]))
          print_error("%s: after %zu steps %g\n", beta->name, h.count - 1, h.norm[N]);
        expect_true(h.count >= N + 1 && h.norm[N] <= finite * h.norm[0]);
        for (size_t k = 1; k < N - 2; k++) {
          double d[N], e[N], Ad[N];
          direction(&h, 0, e);
          direction(&h, k, d);
          apply(&q, d, Ad);
          expect_near(spo_vec_dot(N, e, Ad), 0.0, 1e-8 * spo_vec_norm(N, e) * spo_vec_norm(N, Ad));
        }
      }
  spo_manifold_destroy(M);
}

/* beta by name, from gradients and directions: the textbook's formulas. hh, dh: <h, Ph> and <d, h>
 * where the step began. */
static double beta_due(const char *name, const quadratic *q, bool scaled, const double *g,
                       const double *h, const double *d, double hh, double dh) {
  double y[N];
  spo_vec_add(N, g, -1.0, h, y);
  const double gg = product(q, scaled, g, g), yg = product(q, scaled, y, g),
               yy = product(q, scaled, y, y), dy = spo_vec_dot(N, d, y), dg = spo_vec_dot(N, d, g);
  const double pr = yg / hh, fr = gg / hh;
  if (strcmp(name, "fletcher-reeves") == 0)
    return fr;
  if (strcmp(name, "polak-ribiere") == 0)
    return fmax(0.0, pr);
  if (strcmp(name, "hestenes-stiefel") == 0)
    return fmax(0.0, yg / dy);
  if (strcmp(name, "liu-storey") == 0)
    return fmax(0.0, -yg / dh);
  if (strcmp(name, "dai-yuan") == 0)
    return gg / dy;
  if (strcmp(name, "conjugate-descent") == 0)
    return -gg / dh;
  if (strcmp(name, "hybrid") == 0)
    return pr < -fr ? -fr : pr > fr ? fr : pr;
  assert_string_equal(name, "hager-zhang");
  const double size = scaled ? dh * dh / hh : spo_vec_dot(N, d, d);
  return fmax((yg - 2.0 * yy * dg / dy) / dy, 0.4 * dg / size);
}

static void test_beta(void **state) {
  (void)state;
  spo_manifold *M = flat();
  for (expect_seed = 1; expect_seed <= 20; expect_seed++)
    for (const spo_choice *beta = choices(spo_conjugate_gradient(), "beta"); beta->name; beta++)
      for (int scaled = 0; scaled < 2; scaled++) {
        static history h;
        quadratic q;
        double d[N], next[N], pg[N];
        fill(&q, expect_seed);
        const spo_problem P = {scaled ? &scaled_ops : &plain_ops, "quadratic", &q, M, 0, 0};
        spo_conjugate_gradient_options o;
        spo_conjugate_gradient_options_init(&o);
        o.line_search = &own;
        o.search.step = 0.02 + 0.004 * (double)expect_seed; /* short of and beyond the minimiser */
        o.beta = beta->value;
        o.orthogonality = INFINITY;
        watch(spo_conjugate_gradient(), &P, &o, &h);
        for (size_t k = 0; k < 2; k++) {
          direction(&h, k, d);
          direction(&h, k + 1, next);
          precond(&q, NULL, h.g[k + 1], pg, NULL, NULL);
          const double *p = scaled ? pg : h.g[k + 1];
          double due = beta_due(beta->name, &q, scaled, h.g[k + 1], h.g[k], d,
                                product(&q, scaled, h.g[k], h.g[k]), spo_vec_dot(N, d, h.g[k]));
          if (!(due * spo_vec_dot(N, d, h.g[k + 1]) < spo_vec_dot(N, p, h.g[k + 1])))
            due = 0.0; /* no descent: begun anew */
          spo_vec_combine(N, -1.0, p, due, d, pg);
          spo_vec_axpy(N, -1.0, pg, next);
          expect_at_most(spo_vec_norm(N, next), 1e-11 * (spo_vec_norm(N, pg) + 1.0));
        }
      }
  spo_manifold_destroy(M);
}

/* Powell's restart: begins anew exactly when the two gradients are far from orthogonal. */
static void test_restart(void **state) {
  (void)state;
  spo_manifold *M = flat();
  size_t anew = 0, kept = 0;
  for (expect_seed = 1; expect_seed <= 20; expect_seed++) {
    static history h;
    quadratic q;
    double d[N];
    fill(&q, expect_seed);
    const spo_problem P = {&plain_ops, "quadratic", &q, M, 0, 0};
    spo_conjugate_gradient_options o;
    spo_conjugate_gradient_options_init(&o);
    o.line_search = &own;
    o.search.step = 0.05;
    o.beta = choices(spo_conjugate_gradient(), "beta")[0].value; /* never 0 by itself */
    watch(spo_conjugate_gradient(), &P, &o, &h);
    for (size_t k = 0; k + 2 < h.count && k < 10; k++) {
      const double *g = h.g[k + 1];
      const double part = fabs(spo_vec_dot(N, g, h.g[k])) / spo_vec_dot(N, g, g);
      direction(&h, k + 1, d);
      spo_vec_axpy(N, 1.0, g, d);
      const bool steepest = spo_vec_norm(N, d) <= 1e-9 * spo_vec_norm(N, g);
      if (part > 0.2)
        expect_true(steepest);
      anew += steepest;
      kept += !steepest;
    }
  }
  expect_true(anew > 0 && kept > 0);
  spo_manifold_destroy(M);
}

/* ---- on the sphere --------------------------------------------------------------------------- */

/* beta's formulas with gradient and direction transported, as long as nothing begins anew. */
static void test_beta_on_sphere(void **state) {
  (void)state;
  size_t met = 0;
  for (expect_seed = 1; expect_seed <= 10; expect_seed++)
    for (const spo_choice *beta = choices(spo_conjugate_gradient(), "beta"); beta->name; beta++) {
      static history h;
      quadratic q;
      spo_manifold *M = ball(expect_seed, &q);
      const spo_problem P = {&plain_ops, "quadratic", &q, M, 0, 0};
      spo_conjugate_gradient_options o;
      spo_conjugate_gradient_options_init(&o);
      o.beta = beta->value;
      o.orthogonality = INFINITY;
      watch_on_sphere(spo_conjugate_gradient(), &P, &o, &h);
      for (size_t k = 0; k < 4 && k + 2 < h.count; k++) {
        double d[N], next[N], old[N];
        const double *g = h.g[k + 1];
        tangent_direction(&h, k, d);
        tangent_direction(&h, k + 1, next);
        memcpy(old, h.g[k], sizeof old);
        const double dh = spo_vec_dot(N, d, old), hh = spo_vec_dot(N, old, old);
        onto(h.x[k + 1], d);
        onto(h.x[k + 1], old);
        const double due = beta_due(beta->name, &q, false, g, old, d, hh, dh);
        spo_vec_axpy(N, 1.0, g, next);
        spo_vec_axpy(N, -due, d, next);
        expect_at_most(spo_vec_norm(N, next), 1e-9 * (1.0 + fabs(due) * spo_vec_norm(N, d)));
        met++;
      }
      spo_manifold_destroy(M);
    }
  expect_true(met > 60);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_conjugacy),
      cmocka_unit_test(test_beta),
      cmocka_unit_test(test_restart),
      cmocka_unit_test(test_beta_on_sphere),
  };
  return cmocka_run_group_tests_name("conjugate gradients", tests, NULL, NULL);
}
