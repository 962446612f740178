/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The deep unconstrained feature model: forward pass, back-propagation, and their derivative along
 * a direction. The rectifier's pattern is read off the features it left. */
#include "models/deep_ufm_internal.h"

#include <float.h>
#include <math.h>

#include "base/blas.h"
#include "base/memory.h"
#include "base/simd.h"
#include "base/vec.h"

/* ---- kernels --------------------------------------------------------------------------------- */

/* a = max(a, 0); NaN stays */
SPO_KERNEL static void rectify(size_t n, double *a) {
#pragma omp simd
  for (size_t i = 0; i < n; i++)
    a[i] = a[i] < 0.0 ? 0.0 : a[i];
}

/* v = v where a rectifier let its argument a through, else 0 */
SPO_KERNEL static void let_through(size_t n, const double *a, double *v) {
#pragma omp simd
  for (size_t i = 0; i < n; i++)
    v[i] = a[i] > 0.0 ? v[i] : 0.0;
}

/* The bent rectifier: delta (u^3 - u^4/2) with u = z/delta in [0, 1], beyond it z - delta/2. Its
 * slope is u^2 (3 - 2u), the slope's derivative 6 u (1 - u)/delta: both continuous. z becomes its
 * value; u out. */
SPO_KERNEL static void bend(size_t n, double delta, double *z, double *u) {
  const double per_delta = 1.0 / delta;
#pragma omp simd
  for (size_t i = 0; i < n; i++) {
    const double t = z[i] * per_delta, low = t < 0.0 ? 0.0 : t, in = low > 1.0 ? 1.0 : low;
    u[i] = in;
    z[i] = delta * (in * in * in * (1.0 - 0.5 * in) + (low - in));
  }
}

/* v *= slope */
SPO_KERNEL static void times_slope(size_t n, const double *u, double *v) {
#pragma omp simd
  for (size_t i = 0; i < n; i++)
    v[i] *= u[i] * u[i] * (3.0 - 2.0 * u[i]);
}

/* out = v times the slope's derivative, then v *= slope */
SPO_KERNEL static void times_both(size_t n, double delta, const double *u, double *v, double *out) {
  const double six = 6.0 / delta;
#pragma omp simd
  for (size_t i = 0; i < n; i++) {
    out[i] = v[i] * six * u[i] * (1.0 - u[i]);
    v[i] *= u[i] * u[i] * (3.0 - 2.0 * u[i]);
  }
}

/* v += a o b */
SPO_KERNEL static void add_product(size_t n, const double *a, const double *b, double *v) {
#pragma omp simd
  for (size_t i = 0; i < n; i++)
    v[i] += a[i] * b[i];
}

/* ---- cost, gradient, products ---------------------------------------------------------------- */

/* f is a sum of terms >= 0; the residual may cancel, but then the decay is what is left. */
static const double relative_noise = 1e3 * DBL_EPSILON;

/* A_l: H in the point, the others in the memo. */
static const double *activation(const deep_ufm *u, const double *x, const double *memo, size_t l) {
  return l == 0 ? x : memo + u->active[l];
}

/* out = beta out + alpha W_l in, for N columns */
static void forward(const deep_ufm *u, size_t l, double alpha, const double *x, const double *in,
                    double beta, double *out) {
  const size_t from = u->width[l - 1], to = u->width[l];
  spo_gemm('T', 'N', to, u->N, from, alpha, x + u->at[l], from, in, from, beta, out, to);
}

/* out = beta out + W_l^T in */
static void backward(const deep_ufm *u, size_t l, const double *x, const double *in, double beta,
                     double *out) {
  const size_t from = u->width[l - 1], to = u->width[l];
  spo_gemm('N', 'N', from, u->N, to, 1.0, x + u->at[l], from, in, to, beta, out, from);
}

/* The weight gradient: g_l = beta g_l + delta A^T */
static void correlate(const deep_ufm *u, size_t l, const double *A, const double *delta,
                      double beta, double *g) {
  const size_t from = u->width[l - 1], to = u->width[l];
  spo_gemm('N', 'T', from, to, u->N, 1.0, A, from, delta, to, beta, g + u->at[l], from);
}

double deep_fit(const deep_ufm *u, const double *memo) {
  const double *R = memo + u->delta[u->L];
  return 0.5 * (double)u->N * spo_vec_dot(2 * u->N, R, R);
}

static double decay(const deep_ufm *u, const double *x) {
  double sum = 0.0;
  for (size_t l = 0; l <= u->L; l++)
    sum += 0.5 * u->lambda[l] * spo_vec_dot(deep_part_len(u, l), x + u->at[l], x + u->at[l]);
  return sum;
}

static void add_decay(const deep_ufm *u, const double *v, double *hv) {
  for (size_t l = 0; l <= u->L; l++)
    spo_vec_axpy(deep_part_len(u, l), u->lambda[l], v + u->at[l], hv + u->at[l]);
}

static int cost(void *self, const double *x, double *f, double *memo, double *work) {
  (void)work;
  const deep_ufm *u = self;
  for (size_t l = 1; l < u->L; l++) {
    forward(u, l, 1.0, x, activation(u, x, memo, l - 1), 0.0, memo + u->active[l]);
    if (u->smoothing > 0.0)
      bend(u->width[l] * u->N, u->smoothing, memo + u->active[l], memo + u->bent[l]);
    else
      rectify(u->width[l] * u->N, memo + u->active[l]);
  }
  double *R = memo + u->delta[u->L];
  for (size_t i = 0; i < u->N; i++) {
    R[2 * i] = i < u->n ? -1.0 : 0.0;
    R[2 * i + 1] = i < u->n ? 0.0 : -1.0;
  }
  forward(u, u->L, 1.0, x, activation(u, x, memo, u->L - 1), 1.0, R);
  spo_vec_scale(2 * u->N, 1.0 / (double)u->N, R);
  *f = deep_fit(u, memo) + decay(u, x);
  return 0;
}

/* v times the rectifier's slope at the argument of A_l */
static void times_rectifier(const deep_ufm *u, size_t l, const double *memo, double *v) {
  const size_t count = u->width[l] * u->N;
  if (u->smoothing > 0.0)
    times_slope(count, memo + u->bent[l], v);
  else
    let_through(count, memo + u->active[l], v);
}

static int egrad(void *self, const double *x, double *g, double *memo, double *work) {
  (void)work;
  const deep_ufm *u = self;
  for (size_t l = u->L; l >= 1; l--) {
    const double *delta = memo + u->delta[l];
    double *below = l > 1 ? memo + u->delta[l - 1] : g;
    correlate(u, l, activation(u, x, memo, l - 1), delta, 0.0, g);
    backward(u, l, x, delta, 0.0, below);
    if (l == 1)
      break;
    if (u->smoothing > 0.0)
      times_both(u->width[l - 1] * u->N, u->smoothing, memo + u->bent[l - 1], below,
                 memo + u->turn[l - 1]);
    else
      let_through(u->width[l - 1] * u->N, memo + u->active[l - 1], below);
  }
  add_decay(u, x, g);
  return 0;
}

/* Adot_l, l = 1 .. L-1, where A_l stands in a memo, the derivatives of the bent rectifiers'
 * arguments where u_l does, and delta_L's derivative at *last. */
static void forward_derivative(const deep_ufm *u, const double *x, const double *v,
                               const double *memo, double *dot, double *last) {
  for (size_t l = 1; l <= u->L; l++) {
    const bool hidden = l < u->L;
    const double *before = l == 1 ? v : dot + u->active[l - 1];
    const double factor = hidden ? 1.0 : 1.0 / (double)u->N;
    double *out = hidden ? dot + u->active[l] : last;
    forward(u, l, factor, v, activation(u, x, memo, l - 1), 0.0, out);
    forward(u, l, factor, x, before, 1.0, out);
    if (hidden && u->smoothing > 0.0)
      spo_vec_copy(u->width[l] * u->N, out, dot + u->bent[l]);
    if (hidden)
      times_rectifier(u, l, memo, out);
  }
}

/* work: the derivatives of features and arguments, as in a memo up to delta_1, then those of two
 * layers' deltas. */
static int ehess(void *self, const double *x, const double *v, double *hv, const double *memo,
                 double *work) {
  const deep_ufm *u = self;
  double *dot = work, *ddelta = work + u->delta[1];
  double *spare = work + (u->problem.work_len + u->delta[1]) / 2;
  forward_derivative(u, x, v, memo, dot, ddelta);
  for (size_t l = u->L; l >= 1; l--) {
    const double *delta = memo + u->delta[l];
    double *below = l > 1 ? spare : hv;
    correlate(u, l, l == 1 ? v : dot + u->active[l - 1], delta, 0.0, hv);
    correlate(u, l, activation(u, x, memo, l - 1), ddelta, 1.0, hv);
    backward(u, l, v, delta, 0.0, below);
    backward(u, l, x, ddelta, 1.0, below);
    if (l == 1)
      break;
    times_rectifier(u, l - 1, memo, below);
    if (u->smoothing > 0.0)
      add_product(u->width[l - 1] * u->N, memo + u->turn[l - 1], dot + u->bent[l - 1], below);
    spare = ddelta;
    ddelta = below;
  }
  add_decay(u, v, hv);
  return 0;
}

/* The decay's own gradient is at most sqrt(2 lambda f): that for the decays' geometric mean. */
static int scale(void *self, const double *x, double f, const double *memo, double *f_noise,
                 double *grad_scale) {
  (void)x, (void)memo;
  const deep_ufm *u = self;
  double log_mean = 0.0;
  for (size_t l = 0; l <= u->L; l++)
    log_mean += log(u->lambda[l]) / (double)(u->L + 1);
  *f_noise = relative_noise * fabs(f);
  *grad_scale = sqrt(2.0 * f * exp(log_mean));
  return 0;
}

static int known_minimum(void *self, double *f_star, const char **theorem) {
  const deep_ufm *u = self;
  size_t narrowest = SIZE_MAX;
  if (u->smoothing > 0.0)
    return 1;
  for (size_t l = 1; l < u->L; l++)
    narrowest = u->width[l] < narrowest ? u->width[l] : narrowest;
  if (u->c > 0.0 && narrowest < 2)
    return 1;
  *f_star = u->f_star;
  *theorem = u->c > 0.0 ? "deep neural collapse, hidden widths >= 2: Sukenik et al. 2023"
                        : "all zero, decay beyond the threshold: Sukenik et al. 2023";
  return 0;
}

/* ---- rotations of R^(w_0) -------------------------------------------------------------------- */

static void rotated(const void *self, size_t *d, size_t *m) {
  const deep_ufm *u = self;
  *d = u->width[0];
  *m = u->N + u->width[1];
}

static const spo_symmetry symmetry = {
    .size = sizeof(spo_symmetry), .name = "rotations of the features", .rotated = rotated};

static void destroy(spo_problem *P) {
  deep_ufm *u = P->self;
  spo_manifold_destroy(u->manifold);
  spo_block_free(u);
}

const spo_problem_ops deep_problem_ops = {
    .size = sizeof(spo_problem_ops),
    .cost = cost,
    .egrad = egrad,
    .ehess = ehess,
    .scale = scale,
    .known_minimum = known_minimum,
    .symmetry = &symmetry,
    .destroy = destroy,
};
