/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The contract of a trust-region subproblem solver:
 *
 *   minimise m(eta) = <g, eta> + 1/2 <eta, H eta>  over the space, |eta|_P <= radius,
 *
 * where |.|_P is the norm of the inverse preconditioner (the space's own without one). It sees
 * linear algebra only. */
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
  gsl_rng *rng;
  int (*interrupted)(void *self); /* nonzero: return the best step so far */
  void *interrupted_self;
} spo_trs_input;

typedef struct spo_trs_result {
  double step_norm; /* |eta|_P */
  double decrease;  /* m(0) - m(eta), >= 0, from quantities at hand: no extra product */
  double curvature; /* <d, H d>/<d, d> of the direction that left, if negative_curvature */
  uint64_t inner;   /* Hessian products made by this call */
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
} spo_trs_ops;

#ifdef __cplusplus
}
#endif
#endif
