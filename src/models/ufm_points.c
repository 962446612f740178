/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The named points of the spherical UFM: the simplex ETF, the explicit families of critical points
 * that are not global minimisers, and the features that a network gave. */
#include "models/ufm_internal.h"

#include <math.h>
#include <stdlib.h>

#include "base/decimal.h"
#include "base/vec.h"
#include "models/configuration.h"
#include "models/simplex.h"

#define REFUSE(...) spo_fail(err, SPO_E_ARG, "spo_ufm_point", __VA_ARGS__)

/* Rows that are off length one by more than this are not features of a normalised network. */
static const double norm_tol = 1e-3;
/* Rows nearer than this are normalised to the rounding of a double: nothing to tell. */
static const double norm_exact = 1e-14;

static double *features_of(const ufm *u, double *x) {
  return x + ufm_features_at(u);
}

/* h_i = sign * w_{y_i} */
static void follow_classifier(const ufm *u, double sign, double *x) {
  const double *W = ufm_W(u, x);
  double *H = features_of(u, x);
  for (size_t i = 0; i < u->N; i++)
    for (size_t j = 0; j < u->d; j++)
      H[i * u->d + j] = sign * W[(size_t)u->label[i] * u->d + j];
}

/* The simplex ETF as classifier, or the frozen one, if it is one. */
static spo_status etf_classifier(const ufm *u, const char *point, double *x, spo_error *err) {
  if (!u->frozen)
    spo_simplex(u->d, u->K, x);
  return !u->frozen || u->frozen_etf ? SPO_OK
                                     : REFUSE("%s: the frozen classifier is no simplex ETF", point);
}

/* Points whose classifiers are not an ETF. */
static spo_status need_free(const ufm *u, const char *point, spo_error *err) {
  return u->frozen ? REFUSE("%s: moves the classifier, which is frozen", point) : SPO_OK;
}

static spo_status need_balance(const ufm *u, const char *point, spo_error *err) {
  return u->balanced ? SPO_OK
                     : REFUSE("%s: critical only if all classes carry the same weight", point);
}

static spo_status need_dim(const ufm *u, size_t least, const char *point, spo_error *err) {
  return u->d >= least ? SPO_OK
                       : REFUSE("%s: needs dim at least %zu, here it is %zu", point, least, u->d);
}

/* All of `arg` as a number. */
static bool read_number(const char *arg, double *value) {
  if (!arg || !*arg)
    return false;
  const char *end;
  *value = spo_decimal_read(arg, &end);
  return end != arg && *end == '\0' && isfinite(*value);
}

/* ---- the families ---------------------------------------------------------------------------- */

static spo_status build_etf(const spo_problem *P, const char *arg, gsl_rng *rng, double *x,
                            spo_error *err) {
  (void)arg, (void)rng;
  const ufm *u = P->self;
  spo_status status = need_dim(u, u->K - 1, "etf", err);
  if (status == SPO_OK)
    status = etf_classifier(u, "etf", x, err);
  if (status == SPO_OK)
    follow_classifier(u, 1.0, x);
  return status;
}

static spo_status build_antipodal(const spo_problem *P, const char *arg, gsl_rng *rng, double *x,
                                  spo_error *err) {
  (void)arg, (void)rng;
  const ufm *u = P->self;
  spo_status status = need_dim(u, u->K - 1, "antipodal", err);
  if (status == SPO_OK && !u->frozen) /* a frozen classifier has no gradient to balance */
    status = need_balance(u, "antipodal", err);
  if (status == SPO_OK)
    status = etf_classifier(u, "antipodal", x, err);
  if (status == SPO_OK)
    follow_classifier(u, -1.0, x);
  return status;
}

/* cos and sin of degrees, exact at multiples of 90: criticality must not hang on cos(pi/2) =
 * 6e-17 */
static void turn(double degrees, double *c, double *s) {
  const double pi = 3.14159265358979323846, rest = fmod(degrees, 360.0);
  const double quarter = nearbyint(rest / 90.0), angle = (rest - 90.0 * quarter) * pi / 180.0;
  const double ca = cos(angle), sa = sin(angle);
  switch (((int)quarter % 4 + 4) % 4) {
  case 0:
    *c = ca, *s = sa;
    break;
  case 1:
    *c = -sa, *s = ca;
    break;
  case 2:
    *c = -ca, *s = -sa;
    break;
  default:
    *c = sa, *s = -ca;
  }
}

static spo_status build_collapsed(const spo_problem *P, const char *arg, gsl_rng *rng, double *x,
                                  spo_error *err) {
  (void)rng;
  const ufm *u = P->self;
  double degrees, c, s;
  if (!read_number(arg, &degrees))
    return REFUSE("collapsed:DEG: \"%s\" is not an angle in degrees", arg ? arg : "");
  spo_status status = need_free(u, "collapsed", err);
  if (status == SPO_OK)
    status = need_dim(u, 2, "collapsed", err);
  turn(degrees, &c, &s);
  if (status == SPO_OK && s != 0.0)
    status = need_balance(u, "collapsed (but at 0 and 180 degrees)", err);
  if (status != SPO_OK)
    return status;
  double *H = features_of(u, x);
  spo_vec_zero(u->d * (u->K + u->N), x);
  for (size_t k = 0; k < u->K; k++)
    x[k * u->d] = 1.0;
  for (size_t i = 0; i < u->N; i++) {
    H[i * u->d] = c;
    H[i * u->d + 1] = s;
  }
  return SPO_OK;
}

static spo_status build_merged(const spo_problem *P, const char *arg, gsl_rng *rng, double *x,
                               spo_error *err) {
  (void)rng;
  const ufm *u = P->self;
  double groups;
  if (!read_number(arg, &groups) || groups != floor(groups) || !(groups >= 2.0) ||
      !(groups <= (double)u->K) || u->K % (size_t)groups != 0)
    return REFUSE(
        "merged:M: \"%s\" is not a number of groups, at least 2, that divides %zu classes",
        arg ? arg : "", u->K);
  const size_t m = (size_t)groups, size = u->K / m;
  spo_status status = need_free(u, "merged", err);
  if (status == SPO_OK)
    status = need_dim(u, m - 1, "merged", err);
  if (status == SPO_OK)
    status = need_balance(u, "merged", err);
  if (status != SPO_OK)
    return status;
  spo_simplex(u->d, m, x);
  for (size_t k = u->K;
       k-- > 0;) /* from the last: a group's vector is read before it is overwritten */
    if (k / size != k)
      spo_vec_copy(u->d, x + k / size * u->d, x + k * u->d);
  follow_classifier(u, 1.0, x);
  return SPO_OK;
}

static spo_status build_signs(const spo_problem *P, const char *arg, gsl_rng *rng, double *x,
                              spo_error *err) {
  (void)arg;
  const ufm *u = P->self;
  spo_status status = need_free(u, "signs", err);
  if (status == SPO_OK)
    status = need_dim(u, 2, "signs", err);
  if (status != SPO_OK)
    return status;
  spo_vec_zero(u->d * (u->K + u->N), x);
  for (size_t j = 0; j < u->K + u->N; j++)
    x[j * u->d] = gsl_rng_uniform_int(rng, 2) ? 1.0 : -1.0;
  return SPO_OK;
}

/* Two classes, C features right and M < C wrong, the classifiers as far apart as that calls for. */
static spo_status build_calibrated(const spo_problem *P, const char *arg, gsl_rng *rng, double *x,
                                   spo_error *err) {
  (void)rng;
  const ufm *u = P->self;
  unsigned long right, wrong;
  char *end = NULL;
  right = arg ? strtoul(arg, &end, 10) : 0;
  wrong = end && *end == ',' ? strtoul(end + 1, &end, 10) : 0;
  if (!end || *end != '\0' || wrong < 1 || right <= wrong || right > u->N || wrong != u->N - right)
    return REFUSE("calibrated:C,M: \"%s\" is not two counts C > M >= 1 that sum to %zu samples",
                  arg ? arg : "", u->N);
  if (u->K != 2 || u->weighted || u->imbalance != 1.0)
    return REFUSE("calibrated: needs 2 classes and samples of the same weight");
  const double apart = log((double)right / (double)wrong) / u->tau;
  if (!(apart <= 2.0))
    return REFUSE("calibrated: needs log(C/M) <= 2 tau, here %.4g > %.4g", apart * u->tau,
                  2.0 * u->tau);
  spo_status status = need_free(u, "calibrated", err);
  if (status == SPO_OK)
    status = need_dim(u, 2, "calibrated", err);
  if (status != SPO_OK)
    return status;
  double *H = features_of(u, x);
  spo_vec_zero(u->d * (u->K + u->N), x);
  for (size_t k = 0; k < 2; k++) {
    x[k * u->d] = (k == 0 ? 0.5 : -0.5) * apart;
    x[k * u->d + 1] = sqrt(1.0 - 0.25 * apart * apart);
  }
  for (size_t i = 0; i < u->N; i++)
    H[i * u->d] = ((u->label[i] == 0) == (i < right)) ? 1.0 : -1.0;
  return SPO_OK;
}

/* ---- codes ----------------------------------------------------------------------------------- */

/* W a configuration by name, h_i = w_{y_i}. What fixes a code's w_k fixes only its line, so that
 * the gradients of equally heavy classes point along it. */
static spo_status build_code(const spo_problem *P, size_t code, const char *arg, gsl_rng *rng,
                             double *x, spo_error *err) {
  const ufm *u = P->self;
  const spo_named_point *point = &spo_configuration_point[code];
  spo_configuration c = {.d = u->d, .n = u->K, .vectors = u->K};
  c.problem.self = &c;
  spo_status status = need_free(u, point->name, err);
  if (status == SPO_OK)
    status = need_balance(u, point->name, err);
  if (status == SPO_OK)
    status = point->build(&c.problem, arg, rng, x, err);
  if (status == SPO_OK)
    follow_classifier(u, 1.0, x);
  return status;
}

#define CODE(name, code)                                                                           \
  static spo_status name(const spo_problem *P, const char *arg, gsl_rng *rng, double *x,           \
                         spo_error *err) {                                                         \
    return build_code(P, code, arg, rng, x, err);                                                  \
  }
CODE(build_polygon, SPO_CONFIGURATION_POLYGON)
CODE(build_orthoplex, SPO_CONFIGURATION_ORTHOPLEX)
CODE(build_hypercube, SPO_CONFIGURATION_HYPERCUBE)
CODE(build_icosahedron, SPO_CONFIGURATION_ICOSAHEDRON)
CODE(build_dodecahedron, SPO_CONFIGURATION_DODECAHEDRON)
CODE(build_roots, SPO_CONFIGURATION_ROOTS)
CODE(build_simplices, SPO_CONFIGURATION_SIMPLICES)
#undef CODE

/* ---- features of a network ------------------------------------------------------------------- */

spo_status ufm_unit_rows(const char *what, size_t rows, size_t d, bool any, double *X,
                         double *worst, spo_error *err) {
  for (size_t i = 0; i < rows; i++) {
    const double norm = spo_vec_norm(d, X + i * d), off = fabs(norm - 1.0);
    if (!(norm > 0.0 && norm < INFINITY))
      return REFUSE("%s: row %zu has length %g, cannot be normalised", what, i, norm);
    if (!any && !(off <= norm_tol))
      return REFUSE("%s: row %zu has length %.6g, must be 1 within %g (or pass --normalize)", what,
                    i, norm, norm_tol);
    *worst = fmax(*worst, off);
    spo_vec_scale(d, 1.0 / norm, X + i * d);
  }
  return SPO_OK;
}

static void subtract_mean(size_t rows, size_t d, double *X) {
  for (size_t j = 0; j < d; j++) {
    double mean = 0.0;
    for (size_t i = 0; i < rows; i++)
      mean += X[i * d + j] / (double)rows;
    for (size_t i = 0; i < rows; i++)
      X[i * d + j] -= mean;
  }
}

static spo_status class_means(const ufm *u, const double *H, double *W, spo_error *err) {
  spo_vec_zero(u->K * u->d, W);
  for (size_t i = 0; i < u->N; i++)
    spo_vec_axpy(u->d, 1.0, H + i * u->d, W + (size_t)u->label[i] * u->d);
  for (size_t k = 0; k < u->K; k++) {
    const double norm = spo_vec_norm(u->d, W + k * u->d);
    if (!(norm > 0.0))
      return REFUSE(
          "features: class %zu has no mean to start its classifier from; pass --classifier", k);
    spo_vec_scale(u->d, 1.0 / norm, W + k * u->d);
  }
  return SPO_OK;
}

static spo_status build_features(const spo_problem *P, const char *arg, gsl_rng *rng, double *x,
                                 spo_error *err) {
  (void)arg, (void)rng;
  const ufm *u = P->self;
  if (!u->features.data)
    return REFUSE("features: none were given (--features FILE)");
  double *H = features_of(u, x), worst = 0.0;
  if (err)
    err->text[0] = '\0';
  spo_vec_copy(u->N * u->d, u->features.data, H);
  if (u->center)
    subtract_mean(u->N, u->d, H);
  spo_status status =
      ufm_unit_rows("features", u->N, u->d, u->normalize || u->center, H, &worst, err);
  if (status == SPO_OK && u->classifier.data) {
    spo_vec_copy(u->K * u->d, u->classifier.data, x);
    status = ufm_unit_rows("classifier", u->K, u->d, u->normalize, x, &worst, err);
  } else if (status == SPO_OK && !u->frozen) {
    status = class_means(u, H, x, err);
  }
  if (status == SPO_OK && worst > norm_exact)
    spo_fail(err, SPO_OK, "spo_ufm_point",
             "rows of the features or the classifier were scaled to length 1; they were off by up "
             "to %.2g",
             worst);
  return status;
}

const spo_named_point ufm_points[UFM_N_POINTS] = {
    {"etf", NULL, "simplex ETF with h_i = w_{y_i}: the global minimum of balanced classes",
     build_etf},
    {"collapsed", "DEG", "all classifiers equal, all features equal, DEG degrees apart: a saddle",
     build_collapsed},
    {"merged", "M", "classes merged in M groups, a simplex of M vectors: a saddle", build_merged},
    {"signs", NULL, "all vectors on one line, signs drawn from the seed: a saddle", build_signs},
    {"antipodal", NULL, "simplex ETF with h_i = -w_{y_i}: a saddle", build_antipodal},
    {"calibrated", "C,M", "two classes, C features right and M wrong in total: a saddle",
     build_calibrated},
    {"polygon", NULL, "critical code, h_i = w_{y_i}: regular polygon", build_polygon},
    {"orthoplex", NULL, "critical code: plus and minus of K/2 axes", build_orthoplex},
    {"hypercube", NULL, "critical code: corners of a cube of any dimension, K = 2^m",
     build_hypercube},
    {"icosahedron", NULL, "critical code, K = 12", build_icosahedron},
    {"dodecahedron", NULL, "critical code, K = 20", build_dodecahedron},
    {"roots", NULL, "critical code: root system D_m, K = 2m(m-1), or E8, K = 240", build_roots},
    {"simplices", "SIZES",
     "critical code: simplices in orthogonal spaces, like 3+2, a bipyramid; 2+2+2, an octahedron",
     build_simplices},
    {"features", NULL, "the features given with --features, and --classifier or class means",
     build_features},
};
