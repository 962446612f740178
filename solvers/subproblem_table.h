/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The options of the subproblem solvers, written once: for their own tables, and for solvers that
 * embed spo_trs_options at `base` of their options. */
#ifndef SPO_SOLVERS_SUBPROBLEM_TABLE_H
#define SPO_SOLVERS_SUBPROBLEM_TABLE_H

#include <math.h>
#include <spheropt/solvers/subproblem.h>

/* The plug-ins as constants, for choices. */
extern const spo_trs_ops spo_tcg_ops, spo_gltr_ops, spo_exact_ops, spo_randomized_tcg_ops;

/* Their options table. */
enum { SPO_TRS_N_OPTIONS = 7 };
extern const spo_option spo_trs_option[SPO_TRS_N_OPTIONS];

/* Hessian products that one call may take: in rounding CG takes more steps than the dimension, most
 * on small ill-conditioned problems. */
enum { SPO_SPARE_PRODUCTS = 50 };
static inline uint64_t spo_trs_limit(const spo_space *S, const spo_trs_options *o) {
  return o->max_inner > 0 ? o->max_inner : 2 * S->dim + SPO_SPARE_PRODUCTS;
}

/* The residual at which an inner iteration may end: r0 min(kappa, (r0/scale)^theta), or where
 * noise begins. */
static inline double spo_trs_target(const spo_trs_input *in, const spo_trs_options *o, double r0) {
  const double unitless = in->grad_scale > 0.0 ? r0 / in->grad_scale : r0;
  return fmax(r0 * fmin(o->kappa, pow(unitless, o->theta)), in->residual_floor);
}

/* clang-format off */
#define SPO_TRS_AT(base, member) ((base) + offsetof(spo_trs_options, member))
#define SPO_TRS_OPTIONS(base)                                                                      \
  {"kappa", "inner iteration: stop once the residual fell by this factor", "Manopt 0.1",           \
   SPO_TRS_AT(base, kappa), SPO_OPTION_DOUBLE, 0, 1, 0.1, SPO_OPEN_LO | SPO_OPEN_HI, NULL, 0},     \
  {"theta", "inner iteration: or by (|g|/scale)^theta, superlinear of order 1 + theta",            \
   "fewest products on the spherical UFM; Manopt has 1", SPO_TRS_AT(base, theta),                  \
   SPO_OPTION_DOUBLE, 0, 2, 0.5, 0, NULL, 0},                                                      \
  {"max-inner", "Hessian products in one subproblem; 0: twice the dimension and 50", "",           \
   SPO_TRS_AT(base, max_inner), SPO_OPTION_UINT, 0, 0x1p53, 0, 0, NULL, 0},                        \
  {"replay",                                                                                       \
   "tcg, randomized-tcg: inner directions kept, to answer a rejected step without a new "          \
   "product",                                                                                      \
   "longer inner iterations seldom end in a rejection", SPO_TRS_AT(base, replay),                  \
   SPO_OPTION_UINT, 0, 10000, 16, 0, NULL, 0},                                                     \
  {"basis", "gltr: Lanczos vectors kept; a preconditioner needs two a step",                       \
   "64 steps with a preconditioner", SPO_TRS_AT(base, basis), SPO_OPTION_UINT, 4, 2000, 128, 0,    \
   NULL, 0},                                                                                       \
  {"max-dim", "exact: largest dimension", "about a second for each subproblem",                    \
   SPO_TRS_AT(base, max_dim), SPO_OPTION_UINT, 1, 10000, 1000, 0, NULL, 0},                        \
  {"noise", "randomized-tcg: length of the random start over the radius",                          \
   "Manopt 100 sqrt(eps)", SPO_TRS_AT(base, noise), SPO_OPTION_DOUBLE, 0, 0.01, 1.5e-6,            \
   SPO_OPEN_LO, NULL, 0}
/* clang-format on */

#endif
