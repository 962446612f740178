/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Solvers: the contract of an algorithm (a table with `start` and `step`), and the one loop that
 * runs it, or that the caller runs step by step. Nothing is allocated between the first and the
 * last step, and a run always returns the last accepted point. */
#ifndef SPHEROPT_SOLVER_H
#define SPHEROPT_SOLVER_H

#include <gsl/gsl_rng.h>
#include <spheropt/options.h>
#include <spheropt/point.h>
#include <spheropt/stop.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What the monitor is called for. */
typedef enum spo_event {
  SPO_EVENT_START,    /* k = 0 */
  SPO_EVENT_STEP,     /* a step was taken */
  SPO_EVENT_REJECTED, /* a step was tried and not taken */
  SPO_EVENT_ESCAPE    /* a critical point was left along negative curvature */
} spo_event;
/** spo_event_name - the word: "step", "escape"; "unknown" for a number that is no event. */
SPO_API const char *spo_event_name(spo_event event);

/* What is known after iteration k (k = 0: at the start). Quantities that a solver does not have are
 * NaN. */
typedef struct spo_iter {
  spo_event event;
  spo_reason reason; /* SPO_RUNNING until the last */
  uint64_t k;
  double f, grad_norm;
  double grad_scale; /* the problem's natural gradient size here */
  double step_norm;  /* of the step tried, in the manifold's metric */
  double radius;     /* trust region, after this iteration */
  double rho;        /* its ratio of actual to predicted decrease */
  double step_size;  /* line searches: t */
  uint64_t inner;    /* Hessian products of the subproblem */
  bool accepted;
  spo_counters count;
  double seconds;
  spo_seconds spent; /* in the callbacks, all 0 unless stop.timed */
  const double *x;   /* the current point, n doubles; valid until the next step */
} spo_iter;

/* size is the caller's sizeof(spo_result): no more is written. */
typedef struct spo_result {
  size_t size;
  spo_reason reason;
  bool converged;
  spo_iter last; /* last.x is NULL */
} spo_result;

/** spo_monitor - called after the start and after every step (see spo_event), from the thread that
 * solves; it->reason says whether that was the last. Nonzero: stop (reason `user`). */
typedef int spo_monitor(void *self, const spo_iter *it);

/* All that a solver plug-in may touch. cur is where the run stands (cost and gradient known), trial
 * a second place, whose contents do not survive from one step to the next; accepting a step is
 * swapping the two pointers. */
typedef struct spo_run {
  spo_eval eval;
  spo_point *cur, *trial;
  const spo_stop *stop;
  const void *options;
  void *state;  /* state_size plain bytes without pointers */
  double *work; /* the first keep_len doubles persist between steps, the rest is scratch */
  gsl_rng *rng;
  double f_noise;    /* of the cost at cur */
  double grad_scale; /* natural size of a gradient there */
  double grad_tol;   /* the gradient norm that ends the run at cur; 0: no such rule */
  bool at_critical;  /* cur meets the gradient rule: only negative curvature can be looked for */
  int (*interrupted)(void *self); /* nonzero: time, budget or user: return what there is */
  void *interrupted_self;
  spo_error *err;
} spo_run;

enum {
  SPO_NEEDS_HESS = 1,
  SPO_LEAVES_SADDLES = 2,
  SPO_SEEKS_CRITICAL = 4 /* any critical point is its aim, whatever its index */
};

/* The contract. `start` initialises state and work at cur. `step` makes one iteration: it may move
 * (swap cur and trial; the gradient at the new cur must be known on return) or not (it->accepted
 * false), fills in the members of *it that are its own, and may end the run by writing a reason
 * other than SPO_RUNNING. A solver with SPO_LEAVES_SADDLES is stepped even at a point that meets
 * the gradient rule and is not known to be a global minimiser; it then moves on, or says
 * SPO_STOP_GRAD or SPO_STOP_SECOND_ORDER. Steps never allocate, print or loop over steps. */
typedef struct spo_solver_ops {
  size_t size; /* sizeof(spo_solver_ops) */
  const char *name, *summary, *reference;
  unsigned needs; /* SPO_NEEDS_HESS | SPO_LEAVES_SADDLES | SPO_SEEKS_CRITICAL */
  size_t options_size, n_options, state_size;
  const spo_option *option;
  size_t (*keep_len)(const spo_problem *P, const void *options); /* NULL: 0 */
  size_t (*work_len)(const spo_problem *P, const void *options); /* keep_len included */
  spo_status (*start)(spo_run *run);
  spo_status (*step)(spo_run *run, spo_iter *it, spo_reason *reason);
} spo_solver_ops;

typedef struct spo_solver spo_solver;

/**
 * spo_solver_create - a solver bound to a problem, with all the memory it will use.
 *
 * type     in   e.g. spo_trust_region()
 * P        in   borrowed
 * options  in   the struct of that solver, copied; NULL: defaults
 * seed     in   of the run's random numbers: gsl mt19937, seeded with the upper 32 bits of
 *               splitmix64(seed), so that a start drawn from mt19937 with the same seed shares no
 *               numbers with the run
 * out      out  NULL on failure
 *
 * Cost: one allocation of 2 places, the evaluator's scratch and the solver's work.
 * Fails: SPO_E_OPTION (one line naming option, value, bounds), SPO_E_UNSUPPORTED (the solver needs
 * a Hessian and the problem has none), SPO_E_NOMEM, and what spo_problem_check says.
 * Threads: one thread per solver; any number of solvers per problem. Test: tests/unit/solver.c.
 */
SPO_API spo_status spo_solver_create(const spo_solver_ops *type, const spo_problem *P,
                                     const void *options, uint64_t seed, spo_solver **out,
                                     spo_error *err);
/** spo_solver_destroy - frees it, whatever its state; NULL is fine. The problem stays. */
SPO_API void spo_solver_destroy(spo_solver *s);

/** spo_solver_seed - another seed than that of spo_solver_create, from the next start on: one
 * solver then serves many runs. O(1). */
SPO_API void spo_solver_seed(spo_solver *s, uint64_t seed);

/**
 * spo_solver_solve - the loop: start, then step until a stop rule fires.
 *
 * s        in/out  may be used again for another start: same seed, same steps
 * x        in/out  n doubles: the start in, the last accepted point out, whatever happens
 * stop     in      NULL: defaults
 * monitor  in      NULL: none;  self  in  handed to it
 * res      in/out  size in; why it ended, and the last iteration, out; may be NULL
 *
 * Units: those of f. Cost: no allocation, unless a solver that cannot leave saddles is started at a
 * critical point: then its certificate is computed, once, before the first step.
 * Fails: SPO_E_ARG (x is off the manifold by more than 1e-6: project it first; res->size has no
 * room for the reason), SPO_E_OPTION (stop
 * rules), SPO_E_NONFINITE (cost or gradient at the start), SPO_E_USER; x is then the last good
 * point. That the budget ended is no failure: see res->reason.
 */
SPO_API spo_status spo_solver_solve(spo_solver *s, double *x, const spo_stop *stop,
                                    spo_monitor *monitor, void *self, spo_result *res,
                                    spo_error *err);

/**
 * spo_solver_start, spo_solver_step, spo_solver_finish - the same loop in the caller's hands.
 *
 * start   x in, n doubles. stop is copied; what it points to must stay.
 * step    one iteration into *it (may be NULL); *reason is SPO_RUNNING while the run should go on.
 *         The first call reports the start itself (k = 0). A step after the end changes nothing.
 * finish  x out, n doubles: the last accepted point; x and res may be NULL, res as above. SPO_E_ARG
 * before a start, and for that size.
 *
 * `while (!spo_solver_step(s, &it, &reason, &err) && reason == SPO_RUNNING) ...` makes exactly the
 * steps of spo_solver_solve. Fails: as there.
 */
SPO_API spo_status spo_solver_start(spo_solver *s, const double *x, const spo_stop *stop,
                                    spo_error *err);
SPO_API spo_status spo_solver_step(spo_solver *s, spo_iter *it, spo_reason *reason, spo_error *err);
SPO_API spo_status spo_solver_finish(spo_solver *s, double *x, spo_result *res);

/** spo_solver_continue - steps a run that was started until a stop rule fires, with a monitor; what
 * spo_solver_solve does between start and finish. Failures as there. */
SPO_API spo_status spo_solver_continue(spo_solver *s, spo_monitor *monitor, void *self,
                                       spo_error *err);

/**
 * spo_solver_save - writes a checkpoint: place, counters, random numbers, the solver's own memory.
 *
 * s     in  started; between two steps, from a monitor too
 * path  in  replaced as a whole: whoever is killed meanwhile leaves the old file or the new one
 *
 * Units: bytes of this machine. Cost: one place and the solver's kept memory, copied once and
 * flushed to the disk. Fails: SPO_E_ARG (nothing to save), SPO_E_NOMEM, SPO_E_IO; the run is
 * unharmed. Threads: the solver's own. Test: tests/robust/checkpoint.c.
 */
SPO_API spo_status spo_solver_save(spo_solver *s, const char *path, spo_error *err);

/**
 * spo_solver_load - in place of spo_solver_start: the run goes on from a checkpoint, and makes the
 * same steps, to the bit, as the run that wrote it.
 *
 * s     in/out  of the same solver, options, seed and problem; idle after a failure
 * path  in      what spo_solver_save wrote
 * stop  in      rules of now, which may differ from those of then; NULL: defaults
 *
 * The next spo_solver_step reports the iteration of the checkpoint, judged by these rules; seconds
 * and counters go on counting. Cost: reading, and one cost that is not counted. Fails: SPO_E_IO
 * (missing, cut off, damaged, no checkpoint, newer), SPO_E_ARG (of another run or problem, naming
 * the first difference), SPO_E_OPTION (stop rules), SPO_E_NOMEM, SPO_E_USER.
 */
SPO_API spo_status spo_solver_load(spo_solver *s, const char *path, const spo_stop *stop,
                                   spo_error *err);

/** spo_minimize - create, solve, destroy in one call: the trust region if the problem has a
 * Hessian, else L-BFGS, with default options; seed 0. Arguments and failures as
 * spo_solver_solve. */
SPO_API spo_status spo_minimize(const spo_problem *P, double *x, const spo_stop *stop,
                                spo_result *res, spo_error *err);

#ifdef __cplusplus
}
#endif
#endif
