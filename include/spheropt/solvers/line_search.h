/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The contract of a line search: along a direction d of descent, with phi(t) = f(R_x(t d)),
 *
 *   find t > 0 such that   phi(t) <= phi(0) + delta t phi'(0)      sufficient decrease (Armijo)
 *   and, for some,         phi'(t) >= sigma phi'(0)                curvature (Wolfe)
 *   or                     |phi'(t)| <= sigma |phi'(0)|            (strong Wolfe).
 *
 * The slope at a trial point is <grad f(y), d/dt R_x(t d)>: the retraction's own velocity, so that
 * the conditions are those of a function of one variable on every manifold. Where t |phi'(0)| is
 * below the cost's noise, f cannot resolve its own decrease; there sufficient decrease is judged by
 * the slopes, as for the parabola through them (approximate Wolfe condition, Hager, Zhang 2005,
 * eq. 4.1):
 *
 *   phi'(t) <= (2 delta - 1) phi'(0)   and   phi(t) <= phi(0) + noise. */
#ifndef SPHEROPT_SOLVERS_LINE_SEARCH_H
#define SPHEROPT_SOLVERS_LINE_SEARCH_H

#include <spheropt/solver.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Shared by all solvers that search along lines; each embeds it in its own options. */
typedef struct spo_line_search_options {
  double step;                /* the first step of a run; 0: chosen from the gradient */
  double sufficient_decrease; /* delta */
  double curvature;           /* sigma; not used by searches without slopes */
  double contraction;         /* factor of a backtrack */
  double growth;              /* factor to the next iteration's first step */
  uint64_t max_backtracks;    /* trials after the first */
  uint64_t history;           /* costs that nonmonotone compares with */
} spo_line_search_options;

enum { SPO_LINE_SEARCH_MEMORY = 64 };

/* What a line search keeps from step to step: plain numbers, part of a checkpoint. All zero when a
 * run starts. */
typedef struct spo_line_search_state {
  uint64_t count;
  double memory[SPO_LINE_SEARCH_MEMORY];
} spo_line_search_state;

typedef struct spo_line_search_input {
  const spo_line_search_options *options;
  const double *d;  /* n doubles, tangent at run->cur */
  double factor;    /* the direction is factor * d: -1 with the gradient itself saves a vector */
  double slope;     /* phi'(0) = <grad, factor d>, < 0 */
  double norm;      /* |factor d| > 0 */
  double first;     /* the first step to try, > 0, at most `longest` */
  double longest;   /* no step beyond: the manifold's step_limit, or infinity */
  double *velocity; /* n doubles of scratch; NULL: only for a search that has_slopes = false, where
                       the transport is the projection and the metric Euclidean */
  spo_line_search_state *state;
} spo_line_search_input;

typedef struct spo_line_search_result {
  double t;          /* of the last trial */
  double slope;      /* phi'(t), NaN if it was not needed */
  bool accepted;     /* run->trial is R_x(t factor d), its cost and gradient known */
  bool curvature;    /* the search's condition on the slope holds as well */
  uint64_t trials;   /* points tried, those that could not be evaluated included */
  spo_reason reason; /* not accepted: SPO_STOP_LINE_SEARCH, SPO_STOP_STALLED (within rounding), or
                        SPO_RUNNING (interrupted: the rule that interrupts ends the run) */
  double next;       /* accepted: where the next search should begin; 0: growth times t */
} spo_line_search_result;

typedef struct spo_line_search_ops {
  size_t size; /* sizeof(spo_line_search_ops) */
  const char *name, *summary, *reference;
  bool has_slopes; /* asks for the slope at most trials: in->velocity is then never NULL */
  /* Uses run->cur (read), run->trial (written), run->eval; asks run->interrupted between trials.
   * Returns SPO_OK with out->accepted true or false, or a fatal status. A trial that cannot be
   * evaluated (SPO_OUTSIDE) is one to come nearer from, no failure. */
  spo_status (*search)(spo_run *run, const spo_line_search_input *in, spo_line_search_result *out);
} spo_line_search_ops;

/**
 * spo_line_search_run - one line search: what a solver calls.
 *
 * ls   in      the search
 * run  in/out  cur with its gradient; trial is overwritten
 * in   in      `first` is cut to `longest`; a slope that is not negative, a norm, first or longest
 *              step that is not positive, NaN: not accepted, without a trial
 * out  out     see spo_line_search_result
 *
 * Cost: out->trials retractions and cost evaluations, as many gradients at most; no allocation.
 * Fails: SPO_E_ARG (a table without size or search, or one with slopes and no scratch for them),
 * and what the callbacks and the manifold return. Threads: as the run.
 * Test: tests/unit/line_search.c.
 */
SPO_API spo_status spo_line_search_run(const spo_line_search_ops *ls, spo_run *run,
                                       const spo_line_search_input *in,
                                       spo_line_search_result *out);

/** spo_armijo_search - backtracking by the contraction factor until sufficient decrease. Source:
 * Nocedal, Wright 2006, algorithm 3.1. */
SPO_API const spo_line_search_ops *spo_armijo_search(void);

/** spo_armijo_interpolation_search - backtracking to the minimiser of the parabola, then of the
 * cubic, through what is known, kept within 0.1 and 0.5 of the last trial. Source: Nocedal, Wright
 * 2006, eq. 3.58 and 3.59; Dennis, Schnabel 1983, A6.3.1. */
SPO_API const spo_line_search_ops *spo_armijo_interpolation_search(void);

/** spo_nonmonotone_search - sufficient decrease below the largest of the last `history` costs. In
 * the cost's noise: below the largest of their gradient norms, or by the slopes. It lets steps
 * through that are far too long, so the next one is not growth times the last: it is the minimiser
 * of the parabola through the two costs and the slope, within contraction and growth times t, which
 * on a quadratic is the direct step of Barzilai and Borwein. Source: Grippo, Lampariello, Lucidi
 * 1986; Raydan 1997; Dai, Yuan, Yuan 2002 (steps from costs). */
SPO_API const spo_line_search_ops *spo_nonmonotone_search(void);

/** spo_strong_wolfe_search - bracketing, then zoom by cubic interpolation with bisection as its
 * safeguard, until the strong Wolfe conditions hold. Source: Nocedal, Wright 2006, algorithms 3.5
 * and 3.6; More, Thuente 1994 (safeguards). */
SPO_API const spo_line_search_ops *spo_strong_wolfe_search(void);

/** spo_hager_zhang_search - bracketing, then the double secant step with bisection as its
 * safeguard, until the Wolfe or the approximate Wolfe conditions hold. Source: Hager, Zhang 2005,
 * 2006 (CG_DESCENT). */
SPO_API const spo_line_search_ops *spo_hager_zhang_search(void);

#ifdef __cplusplus
}
#endif
#endif
