/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What line searches share (trials, the conditions, backtracking), and what the solvers that use
 * them share (the options, written once; the accepted step). */
#ifndef SPO_SOLVERS_LINE_SEARCH_INTERNAL_H
#define SPO_SOLVERS_LINE_SEARCH_INTERNAL_H

#include <math.h>

#include <spheropt/solvers/line_search.h>

/* ---- for line searches ----------------------------------------------------------------------- */

/* One call of a search: its three arguments. */
typedef struct spo_search {
  spo_run *run;
  const spo_line_search_input *in;
  spo_line_search_result *out;
} spo_search;

/* A step and what is known there; f is infinite where it cannot be evaluated, slope NaN until
 * known. */
typedef struct spo_trial {
  double t, f, slope;
} spo_trial;

/* t = 0: where the run stands */
spo_trial spo_trial_zero(const spo_search *s);
/* The trial point at t and its cost. */
spo_status spo_trial_cost(const spo_search *s, double t, spo_trial *at);
/* Its gradient and the slope there; a gradient that cannot be evaluated makes f infinite. */
spo_status spo_trial_slope(const spo_search *s, spo_trial *at);

/* May another trial be made? */
bool spo_search_goes_on(const spo_search *s);
/* Is t |phi'(0)| too small for f to resolve? */
bool spo_in_noise(const spo_search *s, double t);
/* Is the cost at t low enough, as far as f can tell? `reference` stands for phi(0). */
bool spo_cost_sufficient(const spo_search *s, const spo_trial *at, double reference);
/* Of a slope in the noise: sufficient decrease of the parabola through the slopes. */
bool spo_slope_sufficient(const spo_search *s, const spo_trial *at);

/* The end of a search: at the trial just made, or without one. */
spo_status spo_search_accept(const spo_search *s, const spo_trial *at, bool curvature);
spo_status spo_search_fail(const spo_search *s);
/* The trials are used up: takes `best`, the best of them, if its decrease is sufficient. */
spo_status spo_search_settle(const spo_search *s, const spo_trial *best);

/* The minimiser of the cubic through values and slopes at a and b; of the parabola where b's slope
 * is not known, or through the slopes where the values differ by noise; NaN if there is none. */
double spo_interpolate(const spo_search *s, const spo_trial *a, const spo_trial *b);

/* The next step to try after `at`; `before` is the one before that (t = 0: none). */
typedef double spo_shrink(const spo_search *s, const spo_trial *at, const spo_trial *before);
spo_shrink spo_contract;
/* Backtracks until the cost is sufficiently below `reference`; in the noise, until the slope or the
 * gradient norm (`grad_reference`, 0: none) tells. */
spo_status spo_backtrack(const spo_search *s, double reference, double grad_reference,
                         spo_shrink *next);

/* ---- for solvers ----------------------------------------------------------------------------- */

extern const spo_line_search_ops spo_armijo_ops, spo_armijo_interpolation_ops, spo_nonmonotone_ops,
    spo_strong_wolfe_ops, spo_hager_zhang_ops;

/* The names of the line searches, for a choice. */
#define SPO_LINE_SEARCH_CHOICES                                                                    \
  {"armijo", "backtracking", &spo_armijo_ops},                                                     \
      {"armijo-interpolation", "backtracking by interpolation", &spo_armijo_interpolation_ops},    \
      {"nonmonotone", "below the largest of the last costs", &spo_nonmonotone_ops},                \
      {"strong-wolfe", "bracketing and zoom to the strong Wolfe conditions",                       \
       &spo_strong_wolfe_ops},                                                                     \
  {                                                                                                \
    "hager-zhang", "secants to the (approximate) Wolfe conditions", &spo_hager_zhang_ops           \
  }
enum { /* their places in it */
       SPO_SEARCH_ARMIJO,
       SPO_SEARCH_ARMIJO_INTERPOLATION,
       SPO_SEARCH_NONMONOTONE,
       SPO_SEARCH_STRONG_WOLFE,
       SPO_SEARCH_HAGER_ZHANG
};

/* Entries of a solver's option table. type: its options struct, with the members `line_search` and
 * `search`; choices: its spo_choice list; then the defaults that differ from solver to solver. */
#define SPO_LINE_SEARCH_AT_(type, member)                                                          \
  (offsetof(type, search) + offsetof(spo_line_search_options, member))
#define SPO_LINE_SEARCH_OPTIONS(type, choices, search_help, search_dflt, search_origin, step_help, \
                                delta, delta_origin, sigma, sigma_origin)                          \
  {"line-search",                                                                                  \
   search_help,                                                                                    \
   search_origin,                                                                                  \
   offsetof(type, line_search),                                                                    \
   SPO_OPTION_CHOICE,                                                                              \
   0,                                                                                              \
   0,                                                                                              \
   search_dflt,                                                                                    \
   0,                                                                                              \
   choices,                                                                                        \
   SPO_OPEN_CHOICE},                                                                               \
      {"step",                                                                                     \
       step_help,                                                                                  \
       "",                                                                                         \
       SPO_LINE_SEARCH_AT_(type, step),                                                            \
       SPO_OPTION_DOUBLE,                                                                          \
       0,                                                                                          \
       INFINITY,                                                                                   \
       0,                                                                                          \
       SPO_OPEN_HI,                                                                                \
       NULL,                                                                                       \
       0},                                                                                         \
      {"sufficient-decrease",                                                                      \
       "part of the linear decrease that a step must bring",                                       \
       delta_origin,                                                                               \
       SPO_LINE_SEARCH_AT_(type, sufficient_decrease),                                             \
       SPO_OPTION_DOUBLE,                                                                          \
       0,                                                                                          \
       0.5,                                                                                        \
       delta,                                                                                      \
       SPO_OPEN_LO | SPO_OPEN_HI,                                                                  \
       NULL,                                                                                       \
       0},                                                                                         \
      {"curvature",                                                                                \
       "strong-wolfe, hager-zhang: part of the slope that may be left at the end of a "            \
       "step",                                                                                     \
       sigma_origin,                                                                               \
       SPO_LINE_SEARCH_AT_(type, curvature),                                                       \
       SPO_OPTION_DOUBLE,                                                                          \
       0,                                                                                          \
       1,                                                                                          \
       sigma,                                                                                      \
       SPO_OPEN_LO | SPO_OPEN_HI,                                                                  \
       NULL,                                                                                       \
       0},                                                                                         \
      {"contraction",                                                                              \
       "factor of a backtrack",                                                                    \
       "Manopt 0.5",                                                                               \
       SPO_LINE_SEARCH_AT_(type, contraction),                                                     \
       SPO_OPTION_DOUBLE,                                                                          \
       0,                                                                                          \
       1,                                                                                          \
       0.5,                                                                                        \
       SPO_OPEN_LO | SPO_OPEN_HI,                                                                  \
       NULL,                                                                                       \
       0},                                                                                         \
      {"growth",                                                                                   \
       "factor from one iteration's step to the next one's first, at most",                        \
       "Manopt 2",                                                                                 \
       SPO_LINE_SEARCH_AT_(type, growth),                                                          \
       SPO_OPTION_DOUBLE,                                                                          \
       1,                                                                                          \
       100,                                                                                        \
       2,                                                                                          \
       0,                                                                                          \
       NULL,                                                                                       \
       0},                                                                                         \
      {"max-backtracks",                                                                           \
       "trials in one line search after the first",                                                \
       "2^-60 of the first step",                                                                  \
       SPO_LINE_SEARCH_AT_(type, max_backtracks),                                                  \
       SPO_OPTION_UINT,                                                                            \
       1,                                                                                          \
       1000,                                                                                       \
       60,                                                                                         \
       0,                                                                                          \
       NULL,                                                                                       \
       0},                                                                                         \
  {                                                                                                \
    "history", "nonmonotone: the number of costs a step is compared with",                         \
        "10: Grippo, Lampariello, Lucidi 1986", SPO_LINE_SEARCH_AT_(type, history),                \
        SPO_OPTION_UINT, 1, SPO_LINE_SEARCH_MEMORY / 2, 10, 0, NULL, 0                             \
  }

/* Is the table one that can be used? */
spo_status spo_line_search_check(const spo_line_search_ops *ls, spo_error *err);

/* Projection is the transport and the metric the ambient one: then the inner product at the trial
 * point sees only the part of a vector that transport would keep. */
bool spo_transport_is_implied(const spo_manifold *M);

/* Scratch for in->velocity, in doubles. */
size_t spo_line_search_velocity_len(const spo_line_search_ops *ls, const spo_manifold *M);

/* The longest step along d: the manifold's limit, or infinity. */
double spo_line_search_longest(const spo_run *run, const double *d);

/* Is `slope`, a number with the rounding of an inner product of g and d, that of descent? */
bool spo_descends(const spo_run *run, double slope, double norm);

/* pg = the problem's preconditioner applied to v at cur; a copy where it is not defined. */
spo_status spo_precondition(spo_run *run, const double *v, double *pv);

/* The first step of a run when none is given: an eighth of the typical distance. */
double spo_line_search_first_step(const spo_run *run, double norm);

/* Where the next search begins if it goes by this one. */
double spo_line_search_next(const spo_line_search_input *in, const spo_line_search_result *out);

/* The step accepted: swaps the places, tells the iteration. */
void spo_line_search_move(spo_run *run, const spo_line_search_input *in,
                          const spo_line_search_result *out, spo_iter *it);

#endif
