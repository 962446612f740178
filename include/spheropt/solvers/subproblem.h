/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The contract of a trust-region subproblem solver:
 *
 *   minimise m(eta) = <g, eta> + 1/2 <eta, H eta>  over the space, |eta|_P <= radius,
 *
 * where |.|_P is the norm of the inverse preconditioner (the space's own without one). It sees
 * linear algebra only. What each of them owes its caller:
 *
 *   decrease     m(0) - m(eta) of the step returned, to rounding, never below 0
 *   replay       same place and gradient, smaller radius: tcg, gltr and exact answer without a
 *                product where their store suffices; randomized-tcg repeats the path with two
 *   interruption asked before every product (exact: before every eight); the best step so far is
 *                returned, zero if there is none, and `interrupted` is set
 *   g = 0        tcg: the zero step; gltr, exact and randomized-tcg: a step along negative
 *                curvature if they find any, else zero
 *   noise        residuals below residual_floor are not worth a product, and a slope of that size
 *                along a direction without curvature is none */
#ifndef SPHEROPT_SOLVERS_SUBPROBLEM_H
#define SPHEROPT_SOLVERS_SUBPROBLEM_H

#include <gsl/gsl_rng.h>
#include <spheropt/linear.h>
#include <spheropt/options.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct spo_trs_input {
  const spo_linop *hess;
  const spo_linop *precond; /* NULL: none */
  const double *grad;       /* n doubles, in the space */
  double radius;
  /* never ask |H eta + g| for less than this: there a flat direction's noise begins */
  double residual_floor;
  double grad_scale; /* natural size of a gradient: makes |g|^theta free of units */
  /* same place and gradient as the last call with this work, smaller radius: answer from what is
   * stored if possible */
  bool replay;
  const void *options;
  gsl_rng *rng;                   /* its state may advance; a replay draws nothing */
  int (*interrupted)(void *self); /* nonzero: return the best step so far */
  void *interrupted_self;
} spo_trs_input;

typedef struct spo_trs_result {
  double step_norm; /* |eta|_P */
  double decrease;  /* m(0) - m(eta), >= 0, from quantities at hand: no extra product */
  /* if negative_curvature: <d, H d>/<d, d> of the direction that left; of gltr and exact the lowest
   * curvature of the model, over lengths in |.|_P */
  double curvature;
  uint64_t inner; /* Hessian products made by this call */
  bool at_boundary, negative_curvature, interrupted, replayed;
} spo_trs_result;

typedef struct spo_trs_ops {
  size_t size; /* sizeof(spo_trs_ops) */
  const char *name, *summary, *reference;
  size_t options_size, n_options;
  const spo_option *option;
  size_t (*work_len)(const spo_space *T, const void *options);
  /* eta out: n doubles in the space. work: work_len doubles, kept between calls for `replay` */
  spo_status (*solve)(const spo_trs_input *in, double *eta, double *work, spo_trs_result *out);
  /* refuses spaces that it cannot serve, in one line; NULL: serves all. Asked once, at the start */
  spo_status (*check)(const spo_space *T, const void *options, spo_error *err);
  /* it may follow curvature that the gradient does not see. Away from a critical point a symmetry
   * orbit shows curvatures of the size of the gradient, which mean nothing: such a solver is given
   * the space without the orbit, where the problem states one */
  bool explores;
} spo_trs_ops;

/* The options of the subproblem solvers that come with the library; each reads its own. */
typedef struct spo_trs_options {
  size_t size;
  double kappa, theta; /* linear and superlinear target of the residual (not exact) */
  uint64_t max_inner;  /* products a call at most; 0: twice the dimension and 50 (not exact) */
  uint64_t replay;     /* tcg, randomized-tcg: directions kept for replay, n doubles each */
  uint64_t basis;      /* gltr: vectors kept, n doubles each; a preconditioner needs two a step */
  uint64_t max_dim;    /* exact: largest dimension */
  double noise;        /* randomized-tcg: length of the random start over the radius */
} spo_trs_options;

/** spo_trs_options_init - the defaults, the same for every subproblem solver. O(1). */
SPO_API void spo_trs_options_init(spo_trs_options *options);

#ifdef __cplusplus
}
#endif
#endif
