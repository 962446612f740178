/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * An independent verdict on a point, from x alone: what kind of critical point is it, and what
 * proves it? */
#ifndef SPHEROPT_LANDSCAPE_VERIFY_H
#define SPHEROPT_LANDSCAPE_VERIFY_H

#include <spheropt/certificate.h>
#include <spheropt/landscape/spectrum.h>

#ifdef __cplusplus
extern "C" {
#endif

/* X(constant, name, sentence). The first rule that holds gives the verdict. */
#define SPO_VERDICT_LIST(X)                                                                        \
  X(SPO_NOT_CRITICAL, "not-critical", "the gradient is not small")                                 \
  X(SPO_GLOBAL_MINIMIZER, "global-minimizer", "the gap to the global minimum is nil")              \
  X(SPO_STRICT_SADDLE, "strict-saddle", "a direction of negative curvature leads down")            \
  X(SPO_LOCAL_MINIMIZER, "local-minimizer",                                                        \
    "the Hessian is positive definite across the symmetry orbit")                                  \
  X(SPO_SECOND_ORDER_POINT, "second-order-point",                                                  \
    "no negative curvature, but no proof of a minimum either")

#define SPO_VERDICT_ENUM_(id, name, text) id,
typedef enum spo_verdict { SPO_VERDICT_LIST(SPO_VERDICT_ENUM_) } spo_verdict;

/** spo_verdict_name, spo_verdict_text - the word and the sentence. Static storage; "unknown" for a
 * number that is no verdict. */
SPO_API const char *spo_verdict_name(spo_verdict verdict);
SPO_API const char *spo_verdict_text(spo_verdict verdict);

typedef struct spo_verify_options {
  size_t size;
  double critical_tol; /* |grad| at most this times the problem's gradient scale [1e-6] */
  double gap_tol; /* certified, or closed-form, gap at most this times min(|f|, scale) [1e-6] */
  bool spectrum;  /* compute the Hessian spectrum where needed and possible [true] */
  uint64_t seed;  /* of the iterations' starts [1] */
} spo_verify_options;

typedef struct spo_verification {
  double f, f_star, gap; /* f_star NaN and gap NaN where no theorem applies */
  const char *theorem;   /* or NULL */
  double feasibility;    /* the manifold's defect at x */
  double grad_norm, grad_scale, critical_bound;
  bool critical;
  spo_certified plain, scaled; /* lambda_min NaN without a certificate; scaled: also where the
                                  plain one proves a global minimum */
  double gap_bound;            /* the better one; NaN without */
  const char *direction_case;  /* the certificate's case or "hessian"; NULL: none sought or found */
  double rayleigh;             /* its Rayleigh quotient, of a unit direction */
  double rayleigh_error;       /* what that may be wrong by */
  double decrease;             /* the largest f(x) - f(exp(t v)) found along it */
  double decrease_step;        /* at this t > 0 */
  bool spectrum_known;         /* index, nullity, lambda_min below are of the Hessian */
  size_t index, nullity, gauge_dimension;
  double lambda_min, lambda_max, zero_tol;
  spo_verdict verdict;
  char why[240]; /* the rule that decided, with its numbers */
} spo_verification;

/** spo_verify_options_init - the defaults in brackets. O(1).
 * spo_verify_options_table - their table. O(1). */
SPO_API void spo_verify_options_init(spo_verify_options *options);
SPO_API const spo_option *spo_verify_options_table(size_t *count);

/**
 * spo_verify - the verdict.
 *
 * P         in   the problem
 * x         in   n doubles; nothing else is known of it
 * options   in   NULL: defaults;  spectrum  in  options of the Hessian spectrum, NULL: defaults
 * out       out  all numbers
 * direction out  n doubles, the unit direction reported (zero if none); or NULL
 *
 * Rules, of which the first that holds decides:
 *   not-critical      x off the manifold by more than 1e-8, or |grad| > critical_tol grad_scale
 *                     (the problem's; where it states none |f|, or 1 where f = 0)
 *   global-minimizer  the certified gap, or f - f_star, is at most
 *                     max(gap_tol min(|f|, scale), noise of f), and no direction as below is
 *                     seen along which f falls by more than its noise; scale is the problem's
 *                     own, tau f for the cross-entropies
 *   strict-saddle     the lowest Rayleigh quotient of the certificate's cases, or of the lowest
 *                     Hessian eigenvector, is below -max(1e3 eps |H|, 10 |grad|)
 *   local-minimizer   index 0, and nullity 0 or the dimension of the symmetry orbit
 *   second-order-point  otherwise
 *
 * Units: those of f. Cost: one gradient, the lowest eigenpair of the certificate matrix, that of
 * the scaled one unless the first proves a global minimum, and, at critical points, the spectrum:
 * complete up to dimension dense_max, beyond that its ends, and only where neither a certificate
 * nor a direction has decided. Allocates and frees what it needs.
 * Fails: SPO_E_NOMEM, SPO_E_NONFINITE (x or f), SPO_E_OPTION, and as the parts. Threads: any.
 * tests/oracle/verdicts.c.
 */
SPO_API spo_status spo_verify(const spo_problem *P, const double *x,
                              const spo_verify_options *options,
                              const spo_spectrum_options *spectrum, spo_verification *out,
                              double *direction, spo_error *err);

#ifdef __cplusplus
}
#endif
#endif
