/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What is known of the deep UFM: its minimum in closed form, named points, and the measures of deep
 * neural collapse. */
#include "models/deep_ufm_internal.h"

#include <gsl/gsl_randist.h>
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/vec.h"

/* ---- the reduced problem --------------------------------------------------------------------- */

/* log of (prod mu_l)^(1/(L+1)) */
static double log_mean_decay(const deep_ufm *u) {
  double sum = log((double)u->n);
  for (size_t l = 0; l <= u->L; l++)
    sum += log(u->lambda[l]);
  return sum / (double)(u->L + 1);
}

/* The largest root of (1-c) c^a = 2 m: beyond its maximum, at (L-1)/(2L), the left side falls. 0
 * where it stays below. */
static double largest_root(double a, double top, double m) {
  double low = top, high = 1.0;
  if (!((1.0 - low) * pow(low, a) > 2.0 * m))
    return 0.0;
  for (;;) {
    const double mid = 0.5 * (low + high);
    if (!(mid > low && mid < high))
      return low;
    if ((1.0 - mid) * pow(mid, a) > 2.0 * m)
      low = mid;
    else
      high = mid;
  }
}

/* c, and the minimum value, where m is the mean of the decays. */
static double reduced(double L, double m, double *c) {
  *c = largest_root((L - 1.0) / (L + 1.0), (L - 1.0) / (2.0 * L), m);
  return 0.5 * (1.0 - *c) * (1.0 - *c) + (L + 1.0) * m * pow(*c, 2.0 / (L + 1.0));
}

void deep_solve_reduced(deep_ufm *u) {
  double c;
  const double f = reduced((double)u->L, exp(log_mean_decay(u)), &c);
  u->c = f < 0.5 ? c : 0.0;
  u->f_star = f < 0.5 ? f : 0.5;
}

/* ---- named points ---------------------------------------------------------------------------- */

/* The samples of a split class go through layer 1 apart, and W_2 merges them: decays of H, W_1 and
 * W_2 count once a sample. The logarithm of what that makes of their mean. */
static double log_split(const deep_ufm *u, bool split) {
  return split ? 2.0 / (double)(u->L + 1) * log((double)u->n) : 0.0;
}

/* In layer 1 the arguments of a split class are s ((1+t) I - t 11^T), which costs H and W_1 what s
 * I does for 0 <= t <= 1/(n-1): in between, no rectifier is at its kink. Entry (i, j) of the root.
 * */
static double root_entry(size_t n, size_t i, size_t j) {
  const double N = (double)n, t = n > 1 ? 0.5 / (N - 1.0) : 0.0;
  const double across = sqrt(1.0 + t), along = sqrt(1.0 + t - N * t);
  return (i == j ? across : 0.0) + (along - across) / N;
}

/* Class k alone, in one coordinate of each layer, or split, in n coordinates of the first two; from
 * `first` on there, in coordinate k beyond. */
static void place_class(const deep_ufm *u, size_t k, size_t first, bool split, double *x) {
  const size_t groups = split ? u->n : 1, n = u->n;
  const double L = (double)u->L, m = exp(log_mean_decay(u) + log_split(u, split));
  double c;
  reduced(L, m, &c);
  const double root = m * pow(c, 2.0 / (L + 1.0)); /* mu_l x_l^2, the same for all l */
  const double x0 = sqrt(root / ((double)n * u->lambda[0]));
  const double x1 = sqrt(root / ((double)groups * u->lambda[1]));
  const double x2 = sqrt(root / ((double)groups * u->lambda[2]));
  for (size_t g = 0; g < groups; g++) {
    for (size_t i = 0; i < n; i++)
      x[(k * n + i) * u->width[0] + first + g] = x0 * (split ? root_entry(n, i, g) : 1.0);
    for (size_t i = 0; i < groups; i++)
      x[u->at[1] + (first + i) * u->width[0] + first + g] =
          x1 * (split ? root_entry(n, i, g) : 1.0);
    x[u->at[2] + k * u->width[1] + first + g] = x2;
  }
  for (size_t l = 3; l <= u->L; l++)
    x[u->at[l] + k * u->width[l - 1] + k] = sqrt(root / u->lambda[l]);
}

/* Both classes, the first `split` of them split: do they fit, and is there such a point? */
static spo_status place_both(const deep_ufm *u, const char *name, size_t split, double *x,
                             spo_error *err) {
  const size_t most = split * u->n + 2 - split;
  double c;
  reduced((double)u->L, exp(log_mean_decay(u) + log_split(u, split > 0)), &c);
  if (!(c > 0.0))
    return spo_fail(err, SPO_E_ARG, "spo_deep_ufm_point",
                    "%s: the decay is too large for such a critical point", name);
  for (size_t l = 0; l < u->L; l++) {
    const size_t need = l < 2 ? most : 2;
    if (u->width[l] < need)
      return spo_fail(err, SPO_E_ARG, "spo_deep_ufm_point",
                      "%s: needs a width of at least %zu before layer %zu, here it is %zu", name,
                      need, l + 1, u->width[l]);
  }
  spo_vec_zero(u->problem.manifold->n, x);
  place_class(u, 0, 0, split > 0, x);
  place_class(u, 1, split > 0 ? u->n : 1, split > 1, x);
  return SPO_OK;
}

static spo_status sharp(const deep_ufm *u, const char *name, spo_error *err) {
  return u->smoothing > 0.0 ? spo_fail(err, SPO_E_ARG, "spo_deep_ufm_point",
                                       "%s: known without smoothing only", name)
                            : SPO_OK;
}

static spo_status build_collapse(const spo_problem *P, const char *arg, gsl_rng *rng, double *x,
                                 spo_error *err) {
  (void)arg, (void)rng;
  const deep_ufm *u = P->self;
  const spo_status status = sharp(u, "collapse", err);
  spo_vec_zero(P->manifold->n, x);
  return status == SPO_OK && u->c > 0.0 ? place_both(u, "collapse", 0, x, err) : status;
}

static spo_status build_split(const spo_problem *P, const char *arg, gsl_rng *rng, double *x,
                              spo_error *err) {
  (void)rng;
  const bool one = arg && strcmp(arg, "1") == 0, two = arg && strcmp(arg, "2") == 0;
  const spo_status status = sharp(P->self, "split", err);
  if (!one && !two)
    return spo_fail(err, SPO_E_ARG, "spo_deep_ufm_point",
                    "split:C: \"%s\" is not a number of classes, 1 or 2", arg ? arg : "");
  return status == SPO_OK ? place_both(P->self, "split", two ? 2 : 1, x, err) : status;
}

static spo_status build_one_class(const spo_problem *P, const char *arg, gsl_rng *rng, double *x,
                                  spo_error *err) {
  (void)arg, (void)rng;
  const deep_ufm *u = P->self;
  spo_status status = sharp(u, "one-class", err);
  if (status == SPO_OK)
    status = place_both(u, "one-class", 0, x, err);
  spo_vec_zero(P->manifold->n, x);
  if (status == SPO_OK)
    place_class(u, 0, 0, false, x);
  return status;
}

static spo_status build_zero(const spo_problem *P, const char *arg, gsl_rng *rng, double *x,
                             spo_error *err) {
  (void)arg, (void)rng, (void)err;
  spo_vec_zero(P->manifold->n, x);
  return SPO_OK;
}

static spo_status build_he(const spo_problem *P, const char *arg, gsl_rng *rng, double *x,
                           spo_error *err) {
  (void)arg, (void)err;
  const deep_ufm *u = P->self;
  for (size_t l = 0; l <= u->L; l++) {
    const double sigma = l == 0 ? 1.0 : sqrt(2.0 / (double)u->width[l - 1]);
    for (size_t i = 0; i < deep_part_len(u, l); i++)
      x[u->at[l] + i] = gsl_ran_gaussian_ziggurat(rng, sigma);
  }
  return SPO_OK;
}

const spo_named_point deep_points[DEEP_N_POINTS] = {
    {"he", NULL, "random weights of variance 2/w_(l-1), features of variance 1", build_he},
    {"collapse", NULL, "deep neural collapse of the closed form: the global minimum",
     build_collapse},
    {"split", "C",
     "the samples of C classes, 1 or 2, go apart through layer 1 until layer 2 merges them: a "
     "local "
     "minimum",
     build_split},
    {"one-class", NULL, "the first class collapsed, the second at zero: a local minimum",
     build_one_class},
    {"zero", NULL, "all zero: a strict local minimum", build_zero},
};

/* ---- metrics --------------------------------------------------------------------------------- */

/* Layers that have metrics of their own. */
enum { SHOWN = 4 };

const char *const deep_metric_names[DEEP_N_METRICS] = {
    "dnc1",   "dnc2",   "dnc3",   "fit",    "dnc1_1", "dnc1_2", "dnc1_3",
    "dnc1_4", "dnc2_2", "dnc2_3", "dnc2_4", "dnc3_2", "dnc3_3", "dnc3_4"};

/* The two class means of N columns, and within-class over between-class variance. */
static double within_over_between(const deep_ufm *u, size_t width, const double *A, double *mean) {
  double within = 0.0, between = 0.0;
  spo_vec_zero(2 * width, mean);
  for (size_t i = 0; i < u->N; i++)
    spo_vec_axpy(width, 1.0 / (double)u->n, A + i * width, mean + i / u->n * width);
  for (size_t i = 0; i < u->N; i++)
    for (size_t j = 0; j < width; j++) {
      const double off = A[i * width + j] - mean[i / u->n * width + j];
      within += off * off / (double)u->N;
    }
  for (size_t j = 0; j < width; j++) /* each mean is half their difference from the middle */
    between += 0.25 * (mean[j] - mean[width + j]) * (mean[j] - mean[width + j]);
  return between > 0.0 ? within / between : NAN;
}

/* sqrt of the ratio of the eigenvalues of the means' Gram matrix; the smaller one from |m_1|^2
 * |rest of m_2|^2, which does not cancel. */
static double condition(size_t width, const double *mean) {
  const double *a = mean, *b = mean + width;
  const double aa = spo_vec_dot(width, a, a), bb = spo_vec_dot(width, b, b);
  const double ab = spo_vec_dot(width, a, b);
  const double large = 0.5 * (aa + bb) + hypot(0.5 * (aa - bb), ab);
  double rest = 0.0;
  for (size_t j = 0; j < width; j++) {
    const double off = aa > 0.0 ? b[j] - ab / aa * a[j] : b[j];
    rest += off * off;
  }
  return large > 0.0 ? large / sqrt(aa * rest) : NAN;
}

/* Mean sine of the angle between rows of W_l and the nearer mean, weighted by length. */
static double misalignment(size_t rows, size_t width, const double *W, const double *mean) {
  double sum = 0.0, weight = 0.0;
  for (size_t r = 0; r < rows; r++) {
    const double *w = W + r * width;
    double nearest = INFINITY;
    for (const double *m = mean; m < mean + 2 * width; m += width) {
      const double wm = spo_vec_dot(width, w, m), mm = spo_vec_dot(width, m, m);
      double off = 0.0; /* the part of w across m */
      for (size_t j = 0; j < width; j++)
        off += (w[j] - wm / mm * m[j]) * (w[j] - wm / mm * m[j]);
      nearest = off < nearest ? off : nearest;
    }
    sum += sqrt(nearest);
    weight += spo_vec_norm(width, w);
  }
  return isfinite(sum) && weight > 0.0 ? sum / weight : NAN;
}

/* NaN wins: a layer without means has no worst. */
static double worse(double a, double b) {
  return isnan(a) || b <= a ? a : b;
}

static void measure(const deep_ufm *u, const double *x, const double *memo, double *mean,
                    double *value) {
  for (size_t i = 4; i < DEEP_N_METRICS; i++)
    value[i] = NAN;
  value[0] = 0.0;
  value[1] = 1.0;
  value[2] = 0.0;
  value[3] = deep_fit(u, memo);
  for (size_t l = 1; l <= u->L; l++) {
    const size_t width = u->width[l - 1];
    const double *A = l == 1 ? x : memo + u->active[l - 1];
    const double dnc1 = within_over_between(u, width, A, mean);
    value[0] = worse(value[0], dnc1);
    if (l <= SHOWN)
      value[3 + l] = dnc1;
    if (l == 1)
      continue;
    const double dnc2 = condition(width, mean);
    const double dnc3 = misalignment(u->width[l], width, x + u->at[l], mean);
    value[1] = worse(value[1], dnc2);
    value[2] = worse(value[2], dnc3);
    if (l <= SHOWN) {
      value[6 + l] = dnc2;
      value[9 + l] = dnc3;
    }
  }
}

spo_status deep_metrics(const spo_problem *P, const double *x, double *value, spo_error *err) {
  const deep_ufm *u = P->self;
  size_t widest = 0;
  for (size_t l = 0; l <= u->L; l++)
    widest = u->width[l] > widest ? u->width[l] : widest;
  spo_carver c = {0};
  spo_carve_doubles(&c, P->memo_len);
  spo_carve_doubles(&c, 2 * widest);
  if (!spo_carver_alloc(&c))
    return spo_fail(err, SPO_E_NOMEM, "deep-ufm", "no memory for the features: %zu bytes", c.used);
  double *memo = spo_carve_doubles(&c, P->memo_len), f;
  double *mean = spo_carve_doubles(&c, 2 * widest);
  P->ops->cost(P->self, x, &f, memo, NULL);
  measure(u, x, memo, mean, value);
  spo_block_free(c.base);
  return SPO_OK;
}
