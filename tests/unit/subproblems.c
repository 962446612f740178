/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Every subproblem solver of the generated list as plain linear algebra: the decrease is the
 * model's, the region holds, replays cost what they may, interruptions end them; gltr and exact
 * agree, in the hard case too; randomized-tcg leaves where the gradient sees nothing. */
#include <float.h>
#include <gsl/gsl_randist.h>
#include <gsl/gsl_sort.h>

#include "linear/secular.h"
#include "lists/lists.h"
#include "samples.h"

#include "dense.h"

enum { N = 12 };

typedef enum kind { DEFINITE, INDEFINITE, SINGULAR, NEGATIVE, KINDS } kind;

typedef struct setting {
  double A[N * N], Q[N * N], lambda[N], g[N], eta[N], *work;
  dense D;
  int asked, allowed;
  gsl_rng *rng;
  spo_space space;
  spo_linop hess, precond;
  spo_trs_options options;
  spo_trs_input in;
  spo_trs_result out;
} setting;

static int ask(void *self) {
  setting *s = self;
  return s->asked++ >= s->allowed;
}

/* A = Q diag(lambda) Q^T with a random orthogonal Q, rows of it the eigenvectors. */
static void fill(setting *s, kind of) {
  for (size_t i = 0; i < N; i++) {
    const double u = gsl_rng_uniform(s->rng);
    s->g[i] = gsl_rng_uniform(s->rng) - 0.5;
    s->lambda[i] = of == DEFINITE                 ? 0.5 + 4.0 * u
                   : of == NEGATIVE               ? -0.5 - 4.0 * u
                   : of == SINGULAR && i % 3 == 0 ? 0.0
                   : of == SINGULAR               ? 0.5 + u
                                                  : 4.0 * (u - 0.5);
    double *q = s->Q + i * N, norm;
    for (size_t j = 0; j < N; j++)
      q[j] = gsl_ran_gaussian_ziggurat(s->rng, 1.0);
    for (int pass = 0; pass < 2; pass++) {
      for (size_t j = 0; j < i; j++)
        spo_vec_axpy(N, -spo_vec_dot(N, q, s->Q + j * N), s->Q + j * N, q);
      norm = spo_vec_norm(N, q);
      spo_vec_scale(N, 1.0 / norm, q);
    }
  }
  dense_assemble(&s->D, s->lambda, s->Q);
  for (size_t i = 0; i < N; i++)
    for (size_t j = 0; j < i; j++)
      s->A[i * N + j] = s->A[j * N + i];
}

static void set_up(setting *s, const spo_trs_ops *ops, kind of, bool preconditioned, double radius,
                   uint64_t seed) {
  memset(s, 0, sizeof *s);
  s->rng = new_rng(seed);
  s->allowed = INT32_MAX;
  s->D = (dense){N, s->A, 0};
  fill(s, of);
  s->space = (spo_space){.n = N, .dim = N};
  s->hess = (spo_linop){&s->space, &s->D, dense_apply};
  s->precond = (spo_linop){&s->space, &s->D, dense_precond};
  spo_trs_options_init(&s->options);
  s->options.kappa = 1e-12;
  s->options.theta = 0.0;
  s->options.max_inner = 200;
  s->work = calloc(ops->work_len(&s->space, &s->options), sizeof(double));
  s->in = (spo_trs_input){.hess = &s->hess,
                          .precond = preconditioned ? &s->precond : NULL,
                          .grad = s->g,
                          .radius = radius,
                          .grad_scale = 1.0,
                          .options = &s->options,
                          .rng = s->rng,
                          .interrupted = ask,
                          .interrupted_self = s};
}

static void solve(setting *s, const spo_trs_ops *ops) {
  spo_error err = {0};
  s->D.products = 0;
  expect_ok(ops->solve(&s->in, s->eta, s->work, &s->out));
  expect_true(s->D.products == (int)s->out.inner);
}

static void tear_down(setting *s) {
  gsl_rng_free(s->rng);
  free(s->work);
}

/* What every answer owes. */
static void expect_sound(setting *s) {
  const double norm = dense_region_norm(&s->D, s->eta, s->in.precond),
               fall = -dense_model(&s->D, s->g, s->eta);
  expect_true(s->out.decrease >= 0.0);
  /* m itself, summed in floating point, is no better than its terms */
  const double rounding = N * DBL_EPSILON * 4.0 * spo_vec_dot(N, s->eta, s->eta);
  expect_near(s->out.decrease, fall, 1e-12 * fall + rounding);
  expect_near(s->out.step_norm, norm, 1e-12 * norm);
  expect_at_most(norm, s->in.radius * (1.0 + 1e-12));
  if (s->out.negative_curvature)
    expect_true(s->out.curvature < 0.0);
}

/* m(0) - m of the best multiple of -P g within the region */
static double cauchy_decrease(setting *s) {
  double d[N], h[N];
  dense_precond(&s->D, 1, s->g, d);
  if (!s->in.precond)
    spo_vec_copy(N, s->g, d);
  dense_apply(&s->D, 1, d, h);
  const double gd = spo_vec_dot(N, s->g, d), dHd = spo_vec_dot(N, d, h);
  double t = s->in.radius / dense_region_norm(&s->D, d, s->in.precond);
  if (dHd > 0.0)
    t = fmin(t, gd / dHd);
  return t * gd - 0.5 * t * t * dHd;
}

static void test_decrease_and_region(void **state) {
  (void)state;
  const double radii[] = {1e-3, 0.3, 5.0, 1e3};
  for (size_t p = 0; spo_list_subproblems[p]; p++) {
    const spo_trs_ops *ops = spo_list_subproblems[p]();
    for (int c = 0; c < 4 * KINDS * 2; c++)
      for (expect_seed = 1; expect_seed <= 25; expect_seed++) {
        setting s;
        set_up(&s, ops, (kind)(c / 8), c % 2, radii[c / 2 % 4], expect_seed);
        solve(&s, ops);
        expect_sound(&s);
        /* half the radius holds randomized-tcg back, then a Cauchy step follows */
        const double part = ops == spo_randomized_tcg() ? 0.4 : 1.0 - 1e-12;
        expect_true(s.out.decrease >= part * cauchy_decrease(&s));
        tear_down(&s);
      }
  }
}

/* After rejections: sound, no product for those with a store, and the fresh answer. */
static void test_replay(void **state) {
  (void)state;
  const spo_trs_ops *stored[] = {spo_tcg(), spo_gltr(), spo_exact()};
  for (size_t p = 0; p < 3; p++)
    for (int c = 0; c < KINDS * 2; c++)
      for (expect_seed = 1; expect_seed <= 10; expect_seed++) {
        setting s, fresh;
        set_up(&s, stored[p], (kind)(c / 2), c % 2, 50.0, expect_seed);
        solve(&s, stored[p]);
        double radius = s.out.step_norm;
        for (int rejection = 0; rejection < 4; rejection++) {
          radius *= 0.25;
          s.in.radius = radius;
          s.in.replay = true;
          solve(&s, stored[p]);
          expect_true(s.out.inner == 0 && s.out.replayed && s.out.at_boundary);
          expect_sound(&s);
          set_up(&fresh, stored[p], (kind)(c / 2), c % 2, radius, expect_seed);
          solve(&fresh, stored[p]);
          expect_near(s.out.decrease / fresh.out.decrease, 1.0, 1e-10);
          tear_down(&fresh);
        }
        tear_down(&s);
      }
  for (int c = 0; c < KINDS * 2; c++)
    for (expect_seed = 1; expect_seed <= 10; expect_seed++) {
      setting s;
      set_up(&s, spo_randomized_tcg(), (kind)(c / 2), c % 2, 2.0, expect_seed);
      solve(&s, spo_randomized_tcg());
      const bool left = s.out.at_boundary;
      s.in.radius *= 0.25;
      s.in.replay = true;
      solve(&s, spo_randomized_tcg());
      expect_sound(&s);
      if (left)
        expect_true(s.out.inner == 2);
      tear_down(&s);
    }
}

static void expect_agreement(setting *a, setting *b, double step_tol) {
  expect_near(a->out.decrease / b->out.decrease, 1.0, 1e-8);
  for (size_t i = 0; i < N; i++)
    expect_near(a->eta[i], b->eta[i],
                step_tol * (1.0 + dense_region_norm(&b->D, b->eta, b->in.precond)));
}

static void test_gltr_is_exact(void **state) {
  (void)state;
  const double radii[] = {1e-3, 0.3, 5.0, 1e3};
  for (int c = 0; c < 4 * KINDS * 2; c++)
    for (expect_seed = 1; expect_seed <= 25; expect_seed++) {
      setting a, b;
      set_up(&a, spo_gltr(), (kind)(c / 8), c % 2, radii[c / 2 % 4], expect_seed);
      set_up(&b, spo_exact(), (kind)(c / 8), c % 2, radii[c / 2 % 4], expect_seed);
      solve(&a, spo_gltr());
      solve(&b, spo_exact());
      expect_agreement(&a, &b, 1e-8);
      expect_true(a.out.at_boundary == b.out.at_boundary);
      tear_down(&a), tear_down(&b);
    }
}

/* The component of g along the lowest eigenvector is `part` of g, exactly nil for 0: the optimality
 * conditions of More and Sorensen, judged from eta alone. */
static void test_hard_case(void **state) {
  (void)state;
  const double parts[] = {0.0, 1e-18, 1e-14, 1e-10, 1e-6};
  const spo_trs_ops *solver[] = {spo_gltr(), spo_exact()};
  for (int c = 0; c < 10; c++)
    for (expect_seed = 1; expect_seed <= 20; expect_seed++) {
      double value[2];
      for (int p = 0; p < 2; p++) {
        setting s;
        set_up(&s, solver[p], INDEFINITE, false, 100.0, expect_seed);
        size_t low = 0;
        for (size_t i = 1; i < N; i++)
          low = s.lambda[i] < s.lambda[low] ? i : low;
        if (c >= 5) { /* twice the lowest eigenvalue */
          const size_t second = low == 0 ? 1 : 0;
          s.lambda[second] = s.lambda[low];
          dense_assemble(&s.D, s.lambda, s.Q);
        }
        for (size_t k = 0; k < N; k++)
          if (s.lambda[k] == s.lambda[low])
            for (int pass = 0; pass < 2; pass++)
              spo_vec_axpy(N, -spo_vec_dot(N, s.g, s.Q + k * N), s.Q + k * N, s.g);
        spo_vec_axpy(N, parts[c % 5] * spo_vec_norm(N, s.g), s.Q + low * N, s.g);
        solve(&s, solver[p]);
        expect_sound(&s);
        expect_true(s.out.at_boundary && s.out.negative_curvature);
        expect_near(s.out.step_norm, 100.0, 1e-10);
        /* (A + mu) eta = -g with A + mu >= 0 */
        double r[N];
        dense_apply(&s.D, 1, s.eta, r);
        spo_vec_axpy(N, 1.0, s.g, r);
        const double mu = -spo_vec_dot(N, r, s.eta) / 1e4;
        spo_vec_axpy(N, mu, s.eta, r);
        expect_at_most(spo_vec_norm(N, r), 1e-9);
        expect_at_most(-s.lambda[low] - mu, 1e-12);
        value[p] = s.out.decrease;
        tear_down(&s);
      }
      expect_near(value[0] / value[1], 1.0, 1e-8);
    }
}

/* A gradient of nil: tcg stays, the others find negative curvature where there is some. */
static void test_zero_gradient(void **state) {
  (void)state;
  for (size_t p = 0; spo_list_subproblems[p]; p++)
    for (int c = 0; c < KINDS * 2; c++)
      for (expect_seed = 1; expect_seed <= 10; expect_seed++) {
        const spo_trs_ops *ops = spo_list_subproblems[p]();
        setting s;
        set_up(&s, ops, (kind)(c / 2), c % 2, 1.0, expect_seed);
        memset(s.g, 0, sizeof s.g);
        solve(&s, ops);
        expect_sound(&s);
        const bool way = ops != spo_tcg() && (c / 2 == INDEFINITE || c / 2 == NEGATIVE);
        expect_true(way ? s.out.decrease > 0.01 : s.out.step_norm == 0.0 && s.out.decrease == 0.0);
        tear_down(&s);
      }
}

/* After any number of questions: no further product, a sound answer. */
static void test_interruption(void **state) {
  (void)state;
  for (size_t p = 0; spo_list_subproblems[p]; p++)
    for (int allowed = 0; allowed < 9; allowed++)
      for (expect_seed = 1; expect_seed <= 10; expect_seed++) {
        const spo_trs_ops *ops = spo_list_subproblems[p]();
        setting s;
        set_up(&s, ops, expect_seed % 2 ? DEFINITE : INDEFINITE, false, 1e3, expect_seed);
        s.allowed = allowed;
        solve(&s, ops);
        if (s.asked > allowed)
          expect_true(s.out.interrupted && s.asked == allowed + 1);
        expect_sound(&s);
        tear_down(&s);
      }
}

/* An interrupted call leaves nothing behind that belongs to the place before: a replay after it
 * answers for the new gradient. */
static void test_replay_after_interruption(void **state) {
  (void)state;
  for (size_t p = 0; spo_list_subproblems[p]; p++)
    for (int allowed = 0; allowed < 9; allowed++) {
      const spo_trs_ops *ops = spo_list_subproblems[p]();
      setting s;
      if (ops == spo_randomized_tcg() && allowed == 0)
        continue; /* whose replay begins with the start of the call before */
      set_up(&s, ops, DEFINITE, false, 1.0, 5);
      solve(&s, ops);
      for (size_t i = 0; i < N; i++)
        s.g[i] = -3.0 * s.g[(i + 1) % N];
      s.asked = 0, s.allowed = allowed;
      solve(&s, ops);
      s.allowed = INT32_MAX;
      s.in.replay = true;
      s.in.radius = 0.5;
      solve(&s, ops);
      expect_sound(&s);
      tear_down(&s);
    }
}

/* The dense solver takes a product for each dimension, and no more. */
static void test_products_of_exact(void **state) {
  (void)state;
  setting s;
  set_up(&s, spo_exact(), INDEFINITE, true, 1.0, 3);
  solve(&s, spo_exact());
  assert_int_equal(s.out.inner, N);
  tear_down(&s);
}

/* A basis too short for the answer: the best step in it, no less than CG's. */
static void test_short_basis(void **state) {
  (void)state;
  for (int c = 0; c < KINDS * 2; c++)
    for (expect_seed = 1; expect_seed <= 20; expect_seed++) {
      setting a, b;
      set_up(&a, spo_gltr(), (kind)(c / 2), c % 2, 3.0, expect_seed);
      set_up(&b, spo_tcg(), (kind)(c / 2), c % 2, 3.0, expect_seed);
      free(a.work);
      a.options.basis = c % 2 ? 10 : 5;
      a.work = calloc(spo_gltr()->work_len(&a.space, &a.options), sizeof(double));
      b.options.max_inner = 5;
      solve(&a, spo_gltr());
      solve(&b, spo_tcg());
      expect_sound(&a);
      assert_int_equal(a.out.inner, 5);
      expect_true(a.out.decrease >= b.out.decrease * (1.0 - 1e-12));
      tear_down(&a), tear_down(&b);
    }
}

/* Beyond its limit `exact` refuses in one line, before the run begins. */
static void test_refusal(void **state) {
  (void)state;
  spo_error err = {0};
  spo_problem *P = ufm_problem(4, 2, 5, 1.0);
  double *x = new_vector(P);
  spo_trust_region_options o;
  spo_solver *solver;
  spo_trust_region_options_init(&o);
  o.subproblem = spo_exact();
  o.inner.max_dim = 47;
  point_by_name(spo_ufm(), P, "random", 1, x);
  expect_ok(spo_solver_create(spo_trust_region(), P, &o, 1, &solver, &err));
  expect_status(spo_solver_solve(solver, x, NULL, NULL, NULL, NULL, &err), SPO_E_OPTION);
  expect_true(strstr(err.text, "48") && strstr(err.text, "47") && !strchr(err.text, '\n'));
  spo_solver_destroy(solver);
  free(x);
  spo_problem_destroy(P);
}

/* ---- the secular equation -------------------------------------------------------------------- */

enum { M = 6 };

/* |y| - its due length at mu, in long double: falls with mu. */
static long double excess(const spo_secular *in, long double mu) {
  long double sum = 0.0L;
  for (size_t i = 0; i < in->m; i++) {
    const long double e = (long double)in->lambda[i] + mu;
    sum += in->c[i] == 0.0 ? 0.0L : (long double)in->c[i] * in->c[i] / (e * e);
  }
  return sqrtl(sum) - (in->sigma > 0.0 ? mu / in->sigma : (long double)in->radius);
}

/* mu by bisection between max(0, -lambda_0) and where all components are short. */
static double multiplier(const spo_secular *in) {
  long double lo = fmaxl(0.0L, -(long double)in->lambda[0]), hi = lo + 1.0L;
  if (in->lambda[0] > 0.0 && !(excess(in, 0.0L) > 0.0L))
    return 0.0;
  while (excess(in, hi) > 0.0L)
    hi = lo + 2.0L * (hi - lo);
  for (int k = 0; k < 20000 && hi - lo > 1e-19L * hi; k++) {
    const long double mid = 0.5L * (lo + hi);
    if (mid == lo || mid == hi)
      break;
    if (excess(in, mid) > 0.0L)
      lo = mid;
    else
      hi = mid;
  }
  return (double)lo;
}

/* Against bisection in long double, over many orders of magnitude. */
static void test_secular(void **state) {
  (void)state;
  for (expect_seed = 1; expect_seed <= 3000; expect_seed++) {
    gsl_rng *rng = new_rng(expect_seed);
    double lambda[M], c[M], y[M];
    const double spread = (double)(expect_seed % 7);
    for (size_t i = 0; i < M; i++) {
      lambda[i] = gsl_ran_gaussian_ziggurat(rng, 1.0) * pow(10.0, spread * gsl_rng_uniform(rng));
      c[i] = gsl_ran_gaussian_ziggurat(rng, 1.0) * pow(10.0, -2.0 * spread * gsl_rng_uniform(rng));
    }
    gsl_sort(lambda, 1, M);
    spo_secular in = {M, lambda, c, pow(10.0, spread * (gsl_rng_uniform(rng) - 0.5)), 0.0, 0.0};
    if (expect_seed % 2)
      in.sigma = pow(10.0, spread * (gsl_rng_uniform(rng) - 0.5));
    spo_secular_result out;
    spo_secular_solve(&in, y, &out);
    const double mu = multiplier(&in), below = fmax(0.0, -lambda[0]);
    expect_near(out.mu, mu, 1e-13 * (mu + below));
    expect_true(out.boundary == (mu > 0.0) && out.negative == (lambda[0] < 0.0));
    for (size_t i = 0; i < M; i++) /* as far as mu's rounding lets them be known */
      expect_near((lambda[i] + out.mu) * y[i], -c[i],
                  1e-11 * fabs(c[i]) + 8.0 * DBL_EPSILON * (fabs(lambda[i]) + mu) * fabs(y[i]));
    const double length = in.sigma > 0.0 ? out.mu / in.sigma : in.radius;
    if (mu > 0.0)
      expect_near(out.norm / length, 1.0, 1e-12);
    gsl_rng_free(rng);
  }
}

/* Flat directions are noise where nothing lies below them, and count where something does. */
static void test_secular_flat(void **state) {
  (void)state;
  const double c[] = {0.5, 1e-3, 0.25};
  double lambda[] = {0.0, 0.0, 1.0}, y[3];
  spo_secular_result out;
  const double flat[] = {1e-3, 0.0, 0.25};
  spo_secular in = {3, lambda, flat, 10.0, 0.0, 1e-2};
  spo_secular_solve(&in, y, &out);
  expect_true(y[0] == 0.0 && y[1] == 0.0 && !out.boundary);
  expect_near(y[2], -0.25, 1e-15);
  in.c = c, lambda[0] = -1.0;
  spo_secular_solve(&in, y, &out);
  expect_true(out.boundary && out.negative);
  expect_near(y[1] * out.mu, -c[1], 1e-15);
}

/* Memory that served an operator of another size of numbers: no sooner exhausted for that. */
static void test_another_scale(void **state) {
  (void)state;
  const spo_trs_ops *solver[] = {spo_gltr(), spo_exact()};
  for (int p = 0; p < 2; p++)
    for (expect_seed = 1; expect_seed <= 10; expect_seed++) {
      setting s;
      double eta[N];
      set_up(&s, solver[p], DEFINITE, false, 1e3, expect_seed);
      solve(&s, solver[p]);
      spo_vec_copy(N, s.eta, eta);
      for (size_t i = 0; i < N * N; i++)
        s.A[i] *= 1e-14;
      for (size_t i = 0; i < N; i++)
        s.g[i] *= 1e-14;
      solve(&s, solver[p]);
      for (size_t i = 0; i < N; i++)
        expect_near(s.eta[i], eta[i], 1e-9 * spo_vec_norm(N, eta));
      tear_down(&s);
    }
}

static spo_status drop_first(void *self, size_t k, double *V) {
  (void)self;
  for (size_t j = 0; j < k; j++)
    V[j * N] = 0.0;
  return SPO_OK;
}

/* What rounding leaves of the gradient outside the space is not followed. */
static void test_off_the_space(void **state) {
  (void)state;
  const spo_trs_ops *solver[] = {spo_gltr(), spo_exact()};
  for (int p = 0; p < 2; p++)
    for (expect_seed = 1; expect_seed <= 10; expect_seed++) {
      setting s;
      double eta[N];
      set_up(&s, solver[p], DEFINITE, false, 1e3, expect_seed);
      s.space.dim = N - 1;
      s.space.project = drop_first;
      for (size_t i = 0; i < N; i++)
        s.A[i] = s.A[i * N] = 0.0;
      s.g[0] = 0.0;
      solve(&s, solver[p]);
      spo_vec_copy(N, s.eta, eta);
      s.g[0] = spo_vec_norm(N, s.g);
      solve(&s, solver[p]);
      for (size_t i = 0; i < N; i++)
        expect_near(s.eta[i], eta[i], 1e-12 * spo_vec_norm(N, eta));
      tear_down(&s);
    }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_decrease_and_region),
      cmocka_unit_test(test_replay),
      cmocka_unit_test(test_gltr_is_exact),
      cmocka_unit_test(test_hard_case),
      cmocka_unit_test(test_zero_gradient),
      cmocka_unit_test(test_interruption),
      cmocka_unit_test(test_short_basis),
      cmocka_unit_test(test_refusal),
      cmocka_unit_test(test_replay_after_interruption),
      cmocka_unit_test(test_products_of_exact),
      cmocka_unit_test(test_secular),
      cmocka_unit_test(test_secular_flat),
      cmocka_unit_test(test_another_scale),
      cmocka_unit_test(test_off_the_space),
  };
  return cmocka_run_group_tests_name("subproblems", tests, NULL, NULL);
}
