/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The simplex ETF nearest to given class means, as an orthonormal frame on the Stiefel manifold
 * St(d, K), d >= K.
 *
 *   f(U) = | Y - U C/sqrt(K-1) |^2 + (delta/2) | U - U_prox |^2,   U^T U = I, C = I - 11^T/K
 *   Y = M C / |M C|, M the class means
 *   egrad = (2/(K-1)) U C - (2/sqrt(K-1)) Y + delta (U - U_prox)
 *   ehess[V] = (2/(K-1)) V C + delta V
 *
 * The classifier that belongs to U: W = sqrt(K/(K-1)) U C, K unit vectors, a simplex ETF.
 *
 * On the manifold f = constant - <U, B> with B = (2/sqrt(K-1)) Y + delta U_prox, so the minimum is
 * known: U* = polar factor of B (polar.h), f* = |Y|^2 + 1 + (delta/2)(K + |U_prox|^2) - sum
 * sigma_i(B). U* is unique iff sigma_K(B) > 0. With delta = 0 it never is: Y 1 = 0, so sigma_K = 0,
 * and f depends on U C alone. Then the minimisers are all U with the same U C, a sphere S^(d-K) of
 * them (2 points for d = K): that is what the proximal term is for. For d = K the manifold has two
 * components, and the one without U* has a local minimum of its own, f* + 2 sigma_K.
 *
 * Symmetry: none; with delta = 0 the fibres of U -> U C, of dimension d-K.
 * Source: Markou, Ajanthan, Gould, arXiv:2411.01248; the closed form is derived in
 * doc/nearest_etf.md. */
#ifndef SPHEROPT_MODELS_NEAREST_ETF_H
#define SPHEROPT_MODELS_NEAREST_ETF_H

#include <spheropt/model.h>
#include <spheropt/models/polar.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct spo_nearest_etf_params {
  size_t size;
  uint64_t classes;       /* K >= 2; 0: of means or prox, else 4 */
  uint64_t dim;           /* d >= K; 0: of means or prox, else 6 */
  uint64_t seed;          /* of random means */
  spo_matrix means;       /* K x d, class means of any length; not given: standard normal */
  double delta;           /* >= 0 [1e-3] */
  spo_matrix prox;        /* K x d, U_prox; not given: the first K unit vectors */
  const void *retraction; /* a choice: polar, qr; set by name with spo_option_set */
} spo_nearest_etf_params;

/** spo_nearest_etf - the model: named points solution, prox, signs:+-+ (critical points); part U,
 * one vector per row; metrics distance (to U*; NaN where it is not unique), sigma_min. Static
 * storage. */
SPO_API const spo_model_ops *spo_nearest_etf(void);

/** spo_nearest_etf_params_init - the defaults. O(1). */
SPO_API void spo_nearest_etf_params_init(spo_nearest_etf_params *params);

/** spo_nearest_etf_create - the problem with its Stiefel manifold; means and prox are copied.
 * Memory: 5 points. An evaluation is O(d K), the manifold's part O(d K^2). Fails: SPO_E_DIM (d < K,
 * sizes that do not agree), SPO_E_ARG (means that are all alike, entries that are not finite),
 * SPO_E_OPTION, SPO_E_NOMEM, SPO_E_NUMERIC. Threads: any. tests/oracle/nearest_etf.c. */
SPO_API spo_status spo_nearest_etf_create(const spo_nearest_etf_params *params, spo_problem **out,
                                          spo_error *err);

/**
 * spo_nearest_etf_solve - the minimiser in closed form.
 *
 * d, K   in   2 <= K <= d
 * means  in   K x d doubles;  prox  in  K x d doubles, NULL: the first K unit vectors
 * delta  in   >= 0
 * U      out  K x d doubles, U*; with delta = 0 one of many
 * polar  out  the decomposition of B, for spo_polar_derivative; destroy it. NULL: not wanted
 *
 * Cost: O(d K^2), four allocations at most. Fails: as spo_nearest_etf_create; *polar is then NULL.
 * Threads: any. tests/oracle/nearest_etf.c.
 */
SPO_API spo_status spo_nearest_etf_solve(size_t d, size_t K, const double *means,
                                         const double *prox, double delta, double *U,
                                         spo_polar **polar, spo_error *err);

/**
 * spo_nearest_etf_pullback - dL/dmeans from dL/dB, through B = (2/sqrt(K-1)) M C/|M C| + ...
 *
 * means  in   K x d doubles, not all alike;  gB  in  K x d doubles, dL/dB (spo_polar_derivative of
 *             dL/dU);  gM  out  K x d doubles; may be gB
 *
 * Cost: O(d K), one allocation. Fails: SPO_E_ARG, SPO_E_NOMEM. Threads: any. By finite differences
 * in tests/oracle/nearest_etf.c.
 */
SPO_API spo_status spo_nearest_etf_pullback(size_t d, size_t K, const double *means,
                                            const double *gB, double *gM, spo_error *err);

/** spo_nearest_etf_classifier - W = sqrt(K/(K-1)) U C, K x d doubles; W may be U. O(d K), any
 * thread. For dL/dU from dL/dW it is its own transpose. */
SPO_API void spo_nearest_etf_classifier(size_t d, size_t K, const double *U, double *W);

#ifdef __cplusplus
}
#endif
#endif
