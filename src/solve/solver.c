/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The one loop: start, then step -> stop? -> monitor. All memory of a run is one block, made when
 * the solver is created. */
#include "solve/solver.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include <spheropt/certificate.h>
#include <spheropt/solvers/lbfgs.h>
#include <spheropt/solvers/trust_region.h>

#include "base/memory.h"
#include "base/take.h"
#include "base/vec.h"
#include "problem/slots.h"

static const double on_manifold = 1e-6; /* defect that a start may have */
static const double gap_is_nil = 1e-6;  /* a gap this small, see nil_gap, is a global minimum's */

/* ---- creation -------------------------------------------------------------------------------- */

typedef struct sizes {
  size_t point, eval, work;
} sizes;

static spo_solver *layout(spo_carver *c, const spo_solver_ops *type, const spo_problem *P,
                          sizes size) {
  spo_solver *s = spo_carve(c, 1, sizeof *s);
  void *options = spo_carve(c, 1, type->options_size);
  void *state = spo_carve(c, 1, type->state_size);
  void *rng_state = spo_carve(c, 1, gsl_rng_mt19937->size);
  double *point[2] = {spo_carve_doubles(c, size.point), spo_carve_doubles(c, size.point)};
  double *eval = spo_carve_doubles(c, size.eval), *work = spo_carve_doubles(c, size.work);
  if (!s)
    return NULL;
  memset(s, 0, sizeof *s);
  s->type = type;
  s->problem = P;
  s->rng = (gsl_rng){gsl_rng_mt19937, rng_state};
  for (int i = 0; i < 2; i++)
    spo_point_bind(&s->place[i], P, point[i]);
  spo_eval_bind(&s->run.eval, P, eval, NULL);
  s->run.stop = &s->stop;
  s->run.options = options;
  s->run.state = state;
  s->run.work = work;
  s->run.rng = &s->rng;
  return s;
}

static spo_status check_type(const spo_solver_ops *type, const spo_problem *P, spo_error *err) {
  const size_t least = offsetof(spo_solver_ops, step) + sizeof type->step;
  if (!type || type->size < least || !type->start || !type->step || !type->work_len)
    return spo_fail(err, SPO_E_UNSUPPORTED, "spo_solver_create",
                    "solver table: size, start, step and work_len are required");
  const spo_status status = spo_problem_check(P, err);
  if (status != SPO_OK)
    return status;
  if ((type->needs & SPO_NEEDS_HESS) && !spo_problem_has_hessian(P))
    return spo_fail(err, SPO_E_UNSUPPORTED, "spo_solver_create",
                    "%s needs a Hessian, problem %s has none (ehess)", type->name, P->name);
  return SPO_OK;
}

spo_status spo_solver_create(const spo_solver_ops *type, const spo_problem *P, const void *options,
                             uint64_t seed, spo_solver **out, spo_error *err) {
  *out = NULL;
  spo_status status = check_type(type, P, err);
  if (status != SPO_OK)
    return status;
  /* options first: the work depends on them */
  void *own = spo_block_alloc(type->options_size);
  if (!own)
    return spo_fail(err, SPO_E_NOMEM, __func__, "no memory for the options of %s", type->name);
  status = spo_options_take(type->option, type->n_options, options, own, type->options_size, err);
  if (status == SPO_OK) {
    const sizes size = {spo_point_len(P), spo_eval_len(P), type->work_len(P, own)};
    spo_carver c = {0};
    layout(&c, type, P, size);
    if (spo_carver_alloc(&c)) {
      *out = layout(&c, type, P, size);
      (*out)->seed = seed;
      memcpy((void *)(uintptr_t)(*out)->run.options, own, type->options_size);
    } else {
      status =
          spo_fail(err, SPO_E_NOMEM, __func__, "no memory for %s: %zu bytes", type->name, c.used);
    }
  }
  spo_block_free(own);
  return status;
}

void spo_solver_destroy(spo_solver *s) {
  spo_block_free(s);
}

void spo_solver_seed(spo_solver *s, uint64_t seed) {
  s->seed = seed;
}

/* The generator's own seed: starts are drawn from mt19937 with the seed as it is, and numbers drawn
 * twice would make a direction parallel to its point. One step of splitmix64, Steele, Lea, Flood
 * 2014; of its 64 bits mt19937 takes 32, here the upper ones. */
static unsigned long stream(uint64_t seed) {
  uint64_t z = seed + UINT64_C(0x9e3779b97f4a7c15);
  z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
  return (unsigned long)((z ^ (z >> 31)) >> 32);
}

/* ---- stop rules ------------------------------------------------------------------------------ */

static double seconds_since(const struct timespec *began) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)(now.tv_sec - began->tv_sec) + 1e-9 * (double)(now.tv_nsec - began->tv_nsec);
}

/* The budget and the user: asked between steps and inside long subproblems. */
static spo_reason budget(const spo_solver *s) {
  const spo_stop *stop = &s->stop;
  const spo_counters *count = &s->run.eval.count;
  if (stop->poll && stop->poll(stop->poll_self))
    return SPO_STOP_USER;
  if (count->cost >= stop->max_cost)
    return SPO_STOP_MAX_COST;
  if (count->hess >= stop->max_hess)
    return SPO_STOP_MAX_HESS;
  if (stop->max_time < INFINITY && !(s->earlier + seconds_since(&s->began) < stop->max_time))
    return SPO_STOP_MAX_TIME;
  return SPO_RUNNING;
}

static int interrupted(void *self) {
  return budget(self) != SPO_RUNNING;
}

/* Relative to |f|, or to the problem's scale where that is smaller, as in spo_verify. */
static double nil_gap(const spo_solver *s) {
  return fmax(s->run.f_noise, gap_is_nil * fmin(fabs(s->run.cur->f), s->run.grad_scale));
}

/* Is the point where the run stands known to be a global minimiser? */
static bool known_global(const spo_solver *s) {
  const spo_problem *P = s->problem;
  double f_star;
  const char *theorem;
  return spo_problem_has(P, known_minimum) &&
         P->ops->known_minimum(P->self, &f_star, &theorem) == 0 &&
         s->run.cur->f - f_star <= nil_gap(s);
}

/* A solver that cannot leave a critical start is told whether the certificate finds it global. */
static spo_status certify_start(spo_solver *s, spo_error *err) {
  spo_certified found;
  if ((s->type->needs & (SPO_LEAVES_SADDLES | SPO_SEEKS_CRITICAL)) ||
      !spo_problem_has(s->problem, certificate) || !(s->run.cur->grad_norm <= s->run.grad_tol) ||
      known_global(s))
    return SPO_OK;
  const spo_status status = spo_certify(&s->run.eval, s->run.cur, true, &s->rng, NULL, &found, err);
  s->certified = status == SPO_OK && found.gap_bound <= nil_gap(s);
  return status;
}

/* What the gradient rule says at cur; SPO_RUNNING with run.at_critical if the solver may look for
 * negative curvature there. */
static spo_reason judge_gradient(spo_solver *s) {
  spo_run *run = &s->run;
  run->at_critical = false;
  if (!(run->cur->grad_norm <= run->grad_tol))
    return SPO_RUNNING;
  if ((s->type->needs & SPO_SEEKS_CRITICAL) || known_global(s))
    return SPO_STOP_GRAD;
  if (s->type->needs & SPO_LEAVES_SADDLES) {
    run->at_critical = true;
    return s->it.k < s->stop.max_iter ? SPO_RUNNING : SPO_STOP_GRAD;
  }
  return s->it.k > 0 || s->certified ? SPO_STOP_GRAD : SPO_STOP_CRITICAL_START;
}

static spo_reason judge(spo_solver *s) {
  const spo_stop *stop = &s->stop;
  const spo_reason gradient = judge_gradient(s);
  if (gradient != SPO_RUNNING)
    return gradient;
  if (s->run.cur->f <= stop->f_target)
    return SPO_STOP_FTARGET;
  if (s->it.k > 0 && s->it.accepted &&
      s->it.step_norm <= stop->step_min * s->problem->manifold->typical_distance &&
      stop->step_min > 0.0)
    return SPO_STOP_STEP;
  if (s->it.k >= stop->max_iter)
    return SPO_STOP_MAX_ITER;
  return budget(s);
}

/* ---- the loop, step by step ------------------------------------------------------------------ */

static void report(spo_solver *s) {
  s->it.f = s->run.cur->f;
  s->it.grad_norm = s->run.cur->grad_norm;
  s->it.grad_scale = s->run.grad_scale;
  s->it.count = s->run.eval.count;
  s->it.spent = s->run.eval.spent;
  s->it.seconds = s->earlier + seconds_since(&s->began);
  s->it.reason = s->reason;
  s->it.x = s->run.cur->x;
}

void spo_solver_retarget(spo_solver *s) {
  const double relative = s->stop.grad_rel * s->run.grad_scale;
  s->run.grad_tol = fmax(s->stop.grad_abs, s->stop.grad_rel > 0.0 ? fmax(relative, DBL_MIN) : 0.0);
}

/* Noise, gradient scale and gradient target where the run stands. */
static spo_status rescale(spo_solver *s) {
  spo_run *run = &s->run;
  const spo_status status = spo_eval_scale(&run->eval, run->cur, &run->f_noise, &run->grad_scale);
  if (!(s->first_grad_norm > 0.0)) /* at a critical start: the first one that tells anything */
    s->first_grad_norm = run->cur->grad_norm;
  if (!isfinite(run->grad_scale))
    run->grad_scale = s->first_grad_norm;
  spo_solver_retarget(s);
  return status;
}

static void clear_step(spo_iter *it) {
  it->step_norm = it->radius = it->rho = it->step_size = NAN;
  it->inner = 0;
  it->accepted = false;
}

/* What a plug-in's failure becomes for the caller: "not here" where the run stands is one, and a
 * failure has a text. */
static spo_status described(spo_solver *s, spo_status status, const char *where) {
  spo_error *err = s->run.err;
  if (status > 0)
    return spo_fail(err, SPO_E_NONFINITE, "spo_solver",
                    "a callback of %s refuses, or makes no number of, the point %s",
                    s->problem->name, where);
  if (status < 0 && err && !err->text[0])
    return spo_fail(err, status, "spo_solver", "%s or %s returned status %d: %s",
                    s->problem->manifold->name, s->type->name, (int)status,
                    spo_status_text(status));
  return status;
}

static spo_status begin_at(spo_solver *s, const double *x, spo_error *err) {
  const spo_manifold *M = s->problem->manifold;
  spo_run *run = &s->run;
  spo_point_set(run->cur, s->problem, x);
  const double defect = M->ops->defect(M, x, run->eval.work);
  if (!(defect <= on_manifold))
    return spo_fail(err, SPO_E_ARG, "spo_solver_start",
                    "the start is off the manifold %s: defect %.3g, at most %g is allowed", M->name,
                    defect, on_manifold);
  spo_status status = spo_eval_grad(&run->eval, run->cur);
  if (status == SPO_OUTSIDE)
    return spo_fail(err, SPO_E_NONFINITE, "spo_solver_start",
                    "cost or gradient cannot be evaluated at the start (f = %g)", run->cur->f);
  if (status != SPO_OK)
    return status;
  s->first_grad_norm = run->cur->grad_norm;
  status = rescale(s);
  if (status == SPO_OK)
    status = certify_start(s, err);
  return status == SPO_OK ? s->type->start(run) : status;
}

spo_status spo_solver_reset(spo_solver *s, const spo_stop *stop, spo_error *err) {
  size_t n_rules;
  const spo_option *rules = spo_stop_options(&n_rules);
  s->phase = SPO_IDLE;
  const spo_status status = spo_options_take(rules, n_rules, stop, &s->stop, sizeof s->stop, err);
  if (status != SPO_OK)
    return status;
  gsl_rng_set(&s->rng, stream(s->seed));
  clock_gettime(CLOCK_MONOTONIC, &s->began);
  s->earlier = 0.0;
  s->run.cur = &s->place[0];
  s->run.trial = &s->place[1];
  s->run.interrupted = interrupted;
  s->run.interrupted_self = s;
  s->run.eval.count = (spo_counters){0};
  s->run.eval.spent = (spo_seconds){0};
  s->run.eval.timed = s->stop.timed;
  s->run.eval.err = s->run.err = err;
  if (err)
    *err = (spo_error){0};
  memset(s->run.state, 0, s->type->state_size);
  memset(&s->it, 0, sizeof s->it);
  clear_step(&s->it);
  s->reason = SPO_RUNNING;
  s->certified = false;
  s->failure = SPO_OK;
  return SPO_OK;
}

spo_status spo_solver_start(spo_solver *s, const double *x, const spo_stop *stop, spo_error *err) {
  spo_status status = spo_solver_reset(s, stop, err);
  if (status == SPO_OK)
    status = described(s, begin_at(s, x, err), "where the run starts");
  if (status == SPO_OK)
    s->phase = SPO_AT_START;
  return status;
}

/* One iteration of the algorithm, then the state that depends on where it led. */
static spo_status advance(spo_solver *s) {
  clear_step(&s->it);
  s->it.k++;
  const bool at_critical = s->run.at_critical;
  spo_status status = s->type->step(&s->run, &s->it, &s->reason);
  s->it.event = !s->it.accepted ? SPO_EVENT_REJECTED
                : at_critical   ? SPO_EVENT_ESCAPE
                                : SPO_EVENT_STEP;
  if (status == SPO_OK)
    status = rescale(s);
  status = described(s, status, "where the run stands");
  if (status != SPO_OK)
    s->phase = SPO_ENDED;
  s->failure = status;
  return status;
}

spo_status spo_solver_step(spo_solver *s, spo_iter *it, spo_reason *reason, spo_error *err) {
  if (s->phase == SPO_IDLE)
    return spo_fail(err, SPO_E_ARG, __func__, "the solver has not been started");
  s->run.eval.err = s->run.err = err;
  if (err && s->phase == SPO_GOING)
    *err = (spo_error){0};
  spo_status status = s->failure;
  if (s->phase == SPO_GOING)
    status = advance(s);
  if (s->phase != SPO_ENDED) {
    if (s->reason == SPO_RUNNING)
      s->reason = judge(s);
    s->phase = s->reason == SPO_RUNNING ? SPO_GOING : SPO_ENDED;
    report(s);
  }
  if (it)
    *it = s->it;
  if (reason)
    *reason = s->reason;
  return status;
}

/* An older caller's struct is shorter; one whose size was not set is nobody's. */
static bool has_room(const spo_result *res) {
  return !res || res->size >= offsetof(spo_result, last);
}

spo_status spo_solver_finish(spo_solver *s, double *x, spo_result *res) {
  if (s->phase == SPO_IDLE || !has_room(res))
    return SPO_E_ARG;
  if (x)
    spo_vec_copy(s->problem->manifold->n, s->run.cur->x, x);
  if (res) {
    const size_t size = res->size < sizeof *res ? res->size : sizeof *res;
    spo_result own = {.size = size,
                      .reason = s->reason,
                      .converged = spo_reason_converged(s->reason),
                      .last = s->it};
    own.last.x = NULL;
    memcpy(res, &own, size);
  }
  return SPO_OK;
}

spo_status spo_solver_continue(spo_solver *s, spo_monitor *monitor, void *self, spo_error *err) {
  spo_status status;
  do {
    status = spo_solver_step(s, NULL, NULL, err);
    if (status == SPO_OK && monitor && monitor(self, &s->it) && s->reason == SPO_RUNNING) {
      s->it.reason = s->reason = SPO_STOP_USER;
      s->phase = SPO_ENDED;
    }
  } while (status == SPO_OK && s->reason == SPO_RUNNING);
  return status;
}

spo_status spo_solver_solve(spo_solver *s, double *x, const spo_stop *stop, spo_monitor *monitor,
                            void *self, spo_result *res, spo_error *err) {
  if (!has_room(res))
    return spo_fail(err, SPO_E_ARG, __func__, "res: its size, %zu, is not set", res->size);
  spo_status status = spo_solver_start(s, x, stop, err);
  if (status != SPO_OK)
    return status;
  status = spo_solver_continue(s, monitor, self, err);
  spo_solver_finish(s, x, res);
  return status;
}

spo_status spo_minimize(const spo_problem *P, double *x, const spo_stop *stop, spo_result *res,
                        spo_error *err) {
  spo_status status = spo_problem_check(P, err);
  if (status != SPO_OK)
    return status;
  spo_solver *s;
  status = spo_solver_create(spo_problem_has_hessian(P) ? spo_trust_region() : spo_lbfgs(), P, NULL,
                             0, &s, err);
  if (status == SPO_OK)
    status = spo_solver_solve(s, x, stop, NULL, NULL, res, err);
  spo_solver_destroy(s);
  return status;
}
