/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Every callback of problem and manifold fails, or returns NaN or infinity, at every call number,
 * under every solver: the run ends in the right status or reason, with the last good point. */
#include "lists/lists.h"
#include "samples.h"

typedef enum blow { IS_NAN, IS_INFINITE, IS_OUTSIDE, IS_FATAL, N_BLOWS } blow;
static const char *const blow_names[] = {"NaN", "infinity", "not here", "give up"};

/* Which callback is struck. */
#define VICTIMS(X)                                                                                 \
  X(COST)                                                                                          \
  X(EGRAD) X(COST_EGRAD) X(EHESS) X(EHESS_BLOCK) X(PRECOND) X(SCALE) X(PROJECT) X(RETRACT)         \
      X(TO_RGRAD) X(TO_RHESS) X(TRANSPORT) X(VELOCITY)
#define ENUM(name) name,
#define NAME(name) #name,
typedef enum victim { VICTIMS(ENUM) N_VICTIMS } victim;
static const char *const victim_names[] = {VICTIMS(NAME)};

/* A sound problem and its manifold, wrapped: one call misbehaves. */
typedef struct saboteur {
  const spo_problem *P;
  const spo_manifold *M;
  spo_manifold manifold; /* handed out; ops below */
  spo_problem_ops problem_ops;
  spo_manifold_ops manifold_ops;
  victim victim;
  blow blow;
  int64_t at, calls;
  bool struck;
} saboteur;

static saboteur *of; /* manifolds have no self of their own kind here */

/* What the struck call answers; its output is spoilt as asked. */
static int strike(saboteur *s, victim which, int code, size_t n, double *out) {
  if (s->victim != which || s->calls++ != s->at)
    return code;
  s->struck = true;
  if (s->blow == IS_OUTSIDE || s->blow == IS_FATAL)
    return s->blow == IS_OUTSIDE ? 1 : -9;
  out[n / 2] = s->blow == IS_NAN ? NAN : INFINITY;
  return code;
}

static int cost(void *self, const double *x, double *f, double *memo, double *work) {
  saboteur *s = self;
  return strike(s, COST, s->P->ops->cost(s->P->self, x, f, memo, work), 1, f);
}
static int egrad(void *self, const double *x, double *g, double *memo, double *work) {
  saboteur *s = self;
  return strike(s, EGRAD, s->P->ops->egrad(s->P->self, x, g, memo, work), s->M->n, g);
}
static int cost_egrad(void *self, const double *x, double *f, double *g, double *memo,
                      double *work) {
  saboteur *s = self;
  return strike(s, COST_EGRAD, s->P->ops->cost_egrad(s->P->self, x, f, g, memo, work), s->M->n, g);
}
static int ehess(void *self, const double *x, const double *v, double *hv, const double *memo,
                 double *work) {
  saboteur *s = self;
  return strike(s, EHESS, s->P->ops->ehess(s->P->self, x, v, hv, memo, work), s->M->n, hv);
}
static int ehess_block(void *self, const double *x, size_t k, const double *V, double *HV,
                       const double *memo, double *work) {
  saboteur *s = self;
  return strike(s, EHESS_BLOCK, s->P->ops->ehess_block(s->P->self, x, k, V, HV, memo, work),
                s->M->n, HV);
}
static int precond(void *self, const double *x, const double *v, double *pv, const double *memo,
                   double *work) {
  saboteur *s = self;
  return strike(s, PRECOND, s->P->ops->precond(s->P->self, x, v, pv, memo, work), s->M->n, pv);
}
static int scale(void *self, const double *x, double f, const double *memo, double *noise,
                 double *grad_scale) {
  saboteur *s = self;
  return strike(s, SCALE, s->P->ops->scale(s->P->self, x, f, memo, noise, grad_scale), 1,
                grad_scale);
}
static int known_minimum(void *self, double *f_star, const char **theorem) {
  saboteur *s = self;
  return s->P->ops->known_minimum(s->P->self, f_star, theorem);
}

static spo_status project(const spo_manifold *M, const double *x, const double *w, double *v,
                          double *work) {
  (void)M;
  return strike(of, PROJECT, of->M->ops->project(of->M, x, w, v, work), of->M->n, v);
}
static spo_status retract(const spo_manifold *M, const double *x, double t, const double *v,
                          double *y, double *work) {
  (void)M;
  return strike(of, RETRACT, of->M->ops->retract(of->M, x, t, v, y, work), of->M->n, y);
}
static spo_status to_rgrad(const spo_manifold *M, const double *x, double *g, double *memo,
                           double *work) {
  (void)M;
  return strike(of, TO_RGRAD, of->M->ops->egrad_to_rgrad(of->M, x, g, memo, work), of->M->n, g);
}
static spo_status to_rhess(const spo_manifold *M, const double *x, const double *memo,
                           const double *v, double *hv, double *work) {
  (void)M;
  return strike(of, TO_RHESS, of->M->ops->ehess_to_rhess(of->M, x, memo, v, hv, work), of->M->n,
                hv);
}
static spo_status transport(const spo_manifold *M, const double *x, const double *y,
                            const double *v, double *w, double *work) {
  (void)M;
  return strike(of, TRANSPORT, spo_manifold_transport(of->M, x, y, v, w, work), of->M->n, w);
}
static spo_status velocity(const spo_manifold *M, const double *x, double t, const double *v,
                           const double *y, double *w, double *work) {
  (void)M;
  return strike(of, VELOCITY, spo_manifold_velocity(of->M, x, t, v, y, w, work), of->M->n, w);
}
static double defect(const spo_manifold *M, const double *x, double *work) {
  (void)M;
  return of->M->ops->defect(of->M, x, work);
}
static double step_limit(const spo_manifold *M, const double *x, const double *v) {
  (void)M;
  return of->M->ops->step_limit(of->M, x, v);
}

static spo_problem sabotage(saboteur *s, const spo_problem *P) {
  const spo_problem_ops *p = P->ops;
  const spo_manifold_ops *m = P->manifold->ops;
  *s = (saboteur){.P = P, .M = P->manifold, .manifold = *P->manifold};
  s->problem_ops = (spo_problem_ops){.size = sizeof s->problem_ops,
                                     .cost = cost,
                                     .egrad = egrad,
                                     .cost_egrad = p->cost_egrad ? cost_egrad : NULL,
                                     .ehess = p->ehess ? ehess : NULL,
                                     .ehess_block = p->ehess_block ? ehess_block : NULL,
                                     .precond = p->precond ? precond : NULL,
                                     .scale = p->scale ? scale : NULL,
                                     .known_minimum = p->known_minimum ? known_minimum : NULL};
  s->manifold_ops = (spo_manifold_ops){.size = sizeof s->manifold_ops,
                                       .project = project,
                                       .retract = retract,
                                       .egrad_to_rgrad = to_rgrad,
                                       .ehess_to_rhess = to_rhess,
                                       .random_point = m->random_point,
                                       .defect = defect,
                                       .destroy = m->destroy,
                                       .transport = transport,
                                       .step_limit = m->step_limit ? step_limit : NULL,
                                       .velocity = velocity};
  s->manifold.ops = &s->manifold_ops;
  of = s;
  return (spo_problem){&s->problem_ops, P->name, s, &s->manifold, P->memo_len, P->work_len};
}

/* ---- the judgement --------------------------------------------------------------------------- */

typedef struct trial {
  const spo_solver_ops *type;
  const spo_problem *sound;
  const double *start;
  double *x, *work;
  double f_start;
  uint64_t struck;
} trial;

static double cost_of(const trial *t, const double *x) {
  double f = NAN, *memo = calloc(t->sound->memo_len + 1, sizeof *memo),
         *work = calloc(t->sound->work_len + 1, sizeof *work);
  t->sound->ops->cost(t->sound->self, x, &f, memo, work);
  free(memo), free(work);
  return f;
}

/* One run with one blow. False once the call number is beyond the run. */
static bool one_run(trial *t, victim which, blow how, int64_t at) {
  saboteur s;
  const spo_problem P = sabotage(&s, t->sound);
  spo_error err = {0};
  spo_solver *solver;
  spo_result res = {.size = sizeof res};
  spo_stop stop;
  spo_stop_init(&stop);
  stop.max_iter = 12;
  stop.max_cost = 200;
  s.victim = which, s.blow = how, s.at = at;
  memcpy(t->x, t->start, P.manifold->n * sizeof(double));
  expect_ok(spo_solver_create(t->type, &P, NULL, 1, &solver, &err));
  const spo_status status = spo_solver_solve(solver, t->x, &stop, NULL, NULL, &res, &err);
  spo_solver_destroy(solver);
  t->struck += s.struck;
  const double f = cost_of(t, t->x);
  const bool minimises = !(t->type->needs & SPO_SEEKS_CRITICAL);
  const bool good_point =
      t->sound->manifold->ops->defect(t->sound->manifold, t->x, t->work) < 1e-12 &&
      (f <= t->f_start || (!minimises && isfinite(f)));
  const bool right = !s.struck || how == IS_FATAL ? (s.struck ? status < 0 : status == SPO_OK)
                                                   : status == SPO_OK || status == SPO_E_NONFINITE;
  const bool told = status == SPO_OK || err.text[0];
  if (!good_point || !right || !told)
    print_error("%s, %s in %s at call %d: status %d (%s), reason %s, f %g from %g, defect %g\n",
                t->type->name, blow_names[how], victim_names[which], (int)at, (int)status,
                err.text, spo_reason_name(res.reason), f, t->f_start,
                t->sound->manifold->ops->defect(t->sound->manifold, t->x, t->work));
  expect_true(good_point && right && told);
  return s.struck;
}

static void strike_everywhere(const spo_problem *P, const char *line) {
  trial t = {.sound = P};
  double *start = new_vector(P);
  t.x = new_vector(P);
  t.work = calloc(P->manifold->work_len + 1, sizeof *t.work);
  gsl_rng *rng = new_rng(1);
  expect_true(P->manifold->ops->random_point(P->manifold, rng, start, t.work) == SPO_OK);
  t.start = start;
  t.f_start = cost_of(&t, start);
  for (size_t i = 0; spo_list_solvers[i]; i++) {
    t.type = spo_list_solvers[i]();
    t.struck = 0;
    for (int which = 0; which < N_VICTIMS; which++)
      for (int how = 0; how < N_BLOWS; how++)
        for (int64_t at = 0; one_run(&t, which, how, at); at++) {
        }
    print_message("%s on %s: %d blows\n", t.type->name, line, (int)t.struck);
    expect_true(t.struck > 100);
  }
  gsl_rng_free(rng);
  free(start), free(t.x), free(t.work);
}

static void test_all(void **state) {
  (void)state;
  static const char *const lines[] = {"ufm", "--classes 3 --per-class 2 --dim 4", "brockett",
                                      "--size 6 --columns 2"};
  for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i += 2) {
    spo_problem *P = sample_problem(spo_list_model(lines[i]), lines[i + 1]);
    strike_everywhere(P, lines[i]);
    spo_problem_destroy(P);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_all)};
  return cmocka_run_group_tests_name("failing callbacks", tests, NULL, NULL);
}
