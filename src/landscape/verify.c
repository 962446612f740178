/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The verdict on a point, from x alone: everything is evaluated anew, and nothing that a solver
 * found enters. */
#include <spheropt/landscape/verify.h>

#include <float.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/detail.h"
#include "base/memory.h"
#include "base/take.h"
#include "base/vec.h"
#include "landscape/direction.h"
#include "landscape/gauge.h"
#include "problem/slots.h"

/* x that far off the manifold is no point of it: gradient and curvature are those of another one */
static const double FEASIBLE = 1e-8;

#define AT(member) offsetof(spo_verify_options, member)
static const spo_option table[] = {
    {"critical-tol", "a gradient up to this times the problem's scale is zero", "",
     AT(critical_tol), SPO_OPTION_DOUBLE, 0, 1, 1e-6, SPO_OPEN_LO, NULL, 0},
    {"gap-tol", "a gap up to this times min(|f|, scale) is none", "", AT(gap_tol),
     SPO_OPTION_DOUBLE, 0, 1, 1e-6, SPO_OPEN_LO, NULL, 0},
    {"spectrum", "compute the Hessian's spectrum where it can decide or inform", "", AT(spectrum),
     SPO_OPTION_BOOL, 0, 1, 1, 0, NULL, 0},
    {"seed", "of the random starts of iterations", "", AT(seed), SPO_OPTION_UINT, 0, 0x1p53, 1, 0,
     NULL, 0},
};
#undef AT
enum { N_OPTIONS = sizeof table / sizeof table[0] };

void spo_verify_options_init(spo_verify_options *options) {
  spo_options_init(table, N_OPTIONS, options, sizeof *options);
}

const spo_option *spo_verify_options_table(size_t *count) {
  *count = N_OPTIONS;
  return table;
}

#define NAME(id, name, text)                                                                       \
  case id:                                                                                         \
    return name;
const char *spo_verdict_name(spo_verdict verdict) {
  switch (verdict) { SPO_VERDICT_LIST(NAME) }
  return "unknown";
}
#undef NAME
#define TEXT(id, name, text)                                                                       \
  case id:                                                                                         \
    return text;
const char *spo_verdict_text(spo_verdict verdict) {
  switch (verdict) { SPO_VERDICT_LIST(TEXT) }
  return "unknown";
}
#undef TEXT

typedef struct inquiry {
  const spo_problem *P;
  spo_verify_options options;
  spo_spectrum_options spectrum;
  spo_eval *eval;
  spo_point *at;
  gsl_rng rng;      /* its state in our block: gsl_rng_alloc would call GSL's error handler */
  double *u, *room; /* an eigenvector of Z; 2 n doubles */
  spo_direction best;
  double hessian_size, f_noise;
  bool has_hessian, global;
  spo_verification *out;
  spo_error *err;
} inquiry;

/* ---- the parts ------------------------------------------------------------------------------- */

static spo_status at_the_point(inquiry *q, const double *x) {
  const spo_manifold *M = q->P->manifold;
  spo_verification *out = q->out;
  if (!isfinite(spo_vec_norm(M->n, x)))
    return spo_fail(q->err, SPO_E_NONFINITE, "spo_verify", "x has an entry that is not finite");
  spo_point_set(q->at, q->P, x);
  out->feasibility = M->ops->defect(M, q->at->x, q->eval->work);
  spo_status status = spo_eval_grad(q->eval, q->at);
  if (status == SPO_OUTSIDE)
    return spo_fail(q->err, SPO_E_NONFINITE, "spo_verify",
                    "f has no finite value or gradient at x");
  double stated;
  if (status == SPO_OK)
    status = spo_eval_scale(q->eval, q->at, &q->f_noise, &stated);
  if (status == SPO_OK)
    status = spo_critical_scale(q->eval, q->at, &out->grad_scale);
  if (status != SPO_OK)
    return status;
  out->f = q->at->f;
  out->grad_norm = q->at->grad_norm;
  /* smaller numbers have lost their digits: f has underflowed together with all that it could be
   * compared to */
  out->critical_bound = fmax(q->options.critical_tol * out->grad_scale, DBL_MIN);
  out->critical = out->feasibility <= FEASIBLE && out->grad_norm <= out->critical_bound;
  return spo_gauge_dimension(q->eval, q->at, &out->gauge_dimension, q->err);
}

static spo_status closed_form(inquiry *q) {
  spo_verification *out = q->out;
  if (!spo_problem_has(q->P, known_minimum))
    return SPO_OK;
  const int code = q->P->ops->known_minimum(q->P->self, &out->f_star, &out->theorem);
  if (code < 0)
    return spo_fail_detail(q->err, SPO_E_USER, code, "spo_verify", "known_minimum returned %d",
                           code);
  if (code > 0) {
    out->f_star = NAN;
    out->theorem = NULL;
  }
  out->gap = out->f - out->f_star;
  return SPO_OK;
}

/* Relative to |f|, or to the problem's own scale where that is smaller: a constant added to f, or
 * tau -> 0, makes |f| large beside all that f can vary. A gap below the noise of f is none either:
 * at f* = 0 no part of |f| could be reached. */
static double gap_limit(const inquiry *q) {
  return fmax(q->options.gap_tol * fmin(fabs(q->out->f), q->out->grad_scale), q->f_noise);
}

/* The scaled matrix is another one with a trace of its own: worth its eigenvalue only where the
 * plain one has not proven the minimum. */
static spo_status certificate(inquiry *q) {
  spo_verification *out = q->out;
  if (!spo_problem_has(q->P, certificate))
    return SPO_OK;
  spo_status status = spo_certify(q->eval, q->at, false, &q->rng, q->u, &out->plain, q->err);
  out->gap_bound = out->plain.gap_bound;
  if (status != SPO_OK || (out->critical && out->gap_bound <= gap_limit(q)))
    return status;
  status = spo_certify(q->eval, q->at, true, &q->rng, NULL, &out->scaled, q->err);
  out->gap_bound = fmin(out->gap_bound, out->scaled.gap_bound);
  return status;
}

static void judge_global(inquiry *q) {
  const spo_verification *out = q->out;
  q->global = out->critical && (out->gap_bound <= gap_limit(q) || out->gap <= gap_limit(q));
}

/* What a Rayleigh quotient may be wrong by. Products are sums of terms of size |H| (kappa terms and
 * curvature terms cancel in it): 1e3 eps covers sums of a million. And where x misses a critical
 * point by |grad| / |H|, the Hessian there differs by about as much as the gradient: 10 |grad| says
 * that a curvature is believed only if it is well above the slope. */
static double rayleigh_error(const inquiry *q) {
  return fmax(1e3 * DBL_EPSILON * q->hessian_size, 10 * q->out->grad_norm);
}

static bool leads_down(const inquiry *q) {
  return q->best.name && q->best.rayleigh < -rayleigh_error(q);
}

/* A gap that is small beside the tolerance may still be that of a saddle. Only one below the noise
 * of f leaves nothing to look for. */
static spo_status constructive(inquiry *q) {
  const double gap = fmin(q->out->gap_bound, q->out->gap);
  if (!q->has_hessian || !q->out->critical || (q->global && gap <= q->f_noise))
    return SPO_OK;
  const bool cases = spo_problem_has(q->P, certificate) && isfinite(q->out->plain.lambda_min);
  spo_status status = spo_hessian_size(q->eval, q->at, &q->rng, q->room, &q->hessian_size);
  if (status == SPO_OK && cases)
    status = spo_direction_cases(q->eval, q->at, q->out->plain.lambda_min, q->u, q->room, &q->best,
                                 q->err);
  return status;
}

/* The spectrum, where it informs and is affordable: always in small dimensions, in large ones only
 * where nothing is proven yet. Its lowest vector is the direction when no construction gave one. */
static spo_status hessian_spectrum(inquiry *q) {
  spo_verification *out = q->out;
  const bool large = q->P->manifold->dim > q->spectrum.dense_max;
  if (!q->options.spectrum || !q->has_hessian || !out->critical ||
      (large && (q->global || leads_down(q))))
    return SPO_OK;
  spo_spectrum *s;
  spo_status status = spo_spectrum_at(q->eval, q->at, &q->spectrum, &q->rng, &s, q->err);
  if (status == SPO_E_NUMERIC) /* LAPACK gave up: what else is known still makes a verdict */
    return SPO_OK;
  if (status != SPO_OK)
    return status;
  out->spectrum_known = s->counts_known;
  out->index = s->index;
  out->nullity = s->nullity;
  out->zero_tol = s->zero_tol;
  if (s->count > 0) {
    out->lambda_min = s->eigenvalue[0];
    out->lambda_max = s->eigenvalue[s->count - 1];
    q->hessian_size = fmax(q->hessian_size, fmax(fabs(out->lambda_min), fabs(out->lambda_max)));
  }
  if (!leads_down(q) && s->index > 0) {
    spo_vec_copy(q->P->manifold->n, s->lowest_vector, q->room);
    status = spo_direction_try(q->eval, q->at, "hessian", q->room, q->room + q->P->manifold->n,
                               &q->best);
  }
  spo_spectrum_destroy(s);
  return status;
}

/* What is seen to fall by more than noise is no minimum, however small the gap. A gap that is nil
 * otherwise outweighs the direction. */
static spo_status report_direction(inquiry *q, double *direction) {
  spo_verification *out = q->out;
  out->rayleigh_error = rayleigh_error(q);
  if (!leads_down(q))
    return SPO_OK;
  double decrease, step;
  const spo_status status =
      spo_direction_decrease(q->eval, q->at, q->best.v, &decrease, &step, q->err);
  if (status != SPO_OK || (q->global && !(decrease > q->f_noise)))
    return status;
  q->global = false;
  out->direction_case = q->best.name;
  out->rayleigh = q->best.rayleigh;
  out->decrease = decrease;
  out->decrease_step = step;
  if (direction)
    spo_vec_copy(q->P->manifold->n, q->best.v, direction);
  return SPO_OK;
}

/* ---- the verdict ----------------------------------------------------------------------------- */

static void say(spo_verification *out, spo_verdict verdict, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static void say(spo_verification *out, spo_verdict verdict, const char *format, ...) {
  va_list args;
  va_start(args, format);
  out->verdict = verdict;
  vsnprintf(out->why, sizeof out->why, format, args);
  va_end(args);
}

static void judge_open(const inquiry *q, spo_verification *out) {
  if (!q->has_hessian)
    say(out, SPO_SECOND_ORDER_POINT,
        "|grad| = %.3g <= %.3g; not certified, and the problem has no Hessian to look further",
        out->grad_norm, out->critical_bound);
  else if (!out->spectrum_known)
    say(out, SPO_SECOND_ORDER_POINT,
        "no certificate, no direction below -%.2g found, and the Hessian's signs %s",
        out->rayleigh_error,
        q->options.spectrum ? "could not be counted" : "were not to be counted");
  else if (out->index > 0)
    say(out, SPO_SECOND_ORDER_POINT,
        "lowest Hessian eigenvalue %.3g is within its error %.2g of zero; not certified",
        out->lambda_min, out->rayleigh_error);
  else
    say(out, SPO_SECOND_ORDER_POINT,
        "Hessian >= %.3g with nullity %zu, of which a known symmetry explains %zu; %s",
        out->lambda_min, out->nullity, out->gauge_dimension,
        isnan(out->gap_bound) ? "no certificate" : "not certified");
}

static void judge(const inquiry *q, spo_verification *out) {
  if (!(out->feasibility <= FEASIBLE))
    say(out, SPO_NOT_CRITICAL, "x is off the manifold by %.3g > %.1g", out->feasibility, FEASIBLE);
  else if (!out->critical)
    say(out, SPO_NOT_CRITICAL, "|grad| = %.3g > %.3g = %.1g x scale %.3g", out->grad_norm,
        out->critical_bound, q->options.critical_tol, out->grad_scale);
  else if (q->global && out->gap_bound <= gap_limit(q))
    say(out, SPO_GLOBAL_MINIMIZER, "certified gap %.3g <= %.3g, lowest eigenvalue of Z %.3g",
        out->gap_bound, gap_limit(q), out->plain.lambda_min);
  else if (q->global)
    say(out, SPO_GLOBAL_MINIMIZER, "f - f* = %.3g <= %.3g, f* = %.12g (%s)", out->gap, gap_limit(q),
        out->f_star, out->theorem ? out->theorem : "closed form");
  else if (leads_down(q))
    say(out, SPO_STRICT_SADDLE,
        "case %s: curvature %.6g < -%.2g (its error); f falls by %.3g after %.3g along it",
        out->direction_case, out->rayleigh, out->rayleigh_error, out->decrease, out->decrease_step);
  else if (out->spectrum_known && out->index == 0 && out->nullity == 0)
    say(out, SPO_LOCAL_MINIMIZER, "Hessian >= %.3g, zero is up to %.2g", out->lambda_min,
        out->zero_tol); /* whatever orbit rounding makes of a point that the symmetry fixes */
  else if (out->spectrum_known && out->index == 0 && out->nullity == out->gauge_dimension)
    say(out, SPO_LOCAL_MINIMIZER,
        "index 0, nullity %zu = dimension of the symmetry orbit; zero is up to %.2g", out->nullity,
        out->zero_tol);
  else
    judge_open(q, out);
}

/* ---- the inquiry ----------------------------------------------------------------------------- */

static spo_status take_options(inquiry *q, const spo_verify_options *options,
                               const spo_spectrum_options *spectrum) {
  size_t count;
  const spo_option *theirs = spo_spectrum_options_table(&count);
  spo_status status =
      spo_options_take(table, N_OPTIONS, options, &q->options, sizeof q->options, q->err);
  if (status == SPO_OK)
    status = spo_options_take(theirs, count, spectrum, &q->spectrum, sizeof q->spectrum, q->err);
  return status;
}

static double *layout(spo_carver *c, inquiry *q) {
  const size_t n = q->P->manifold->n;
  double *first = spo_carve_doubles(c, n);
  q->best.v = first;
  q->room = spo_carve_doubles(c, 2 * n);
  q->u = spo_carve_doubles(c, spo_certificate_order(q->P));
  q->rng = (gsl_rng){gsl_rng_mt19937, spo_carve(c, 1, gsl_rng_mt19937->size)};
  return first;
}

static spo_status provide(inquiry *q, double **block) {
  spo_status status = spo_eval_create(q->P, &q->eval, q->err);
  if (status == SPO_OK)
    status = spo_point_create(q->P, &q->at, q->err);
  if (status != SPO_OK)
    return status;
  spo_carver carver = {0};
  layout(&carver, q);
  *block = spo_carver_alloc(&carver) ? layout(&carver, q) : NULL;
  if (!*block)
    return spo_fail(q->err, SPO_E_NOMEM, "spo_verify", "no memory for %zu doubles",
                    3 * q->P->manifold->n);
  gsl_rng_set(&q->rng, (unsigned long)q->options.seed);
  q->has_hessian = spo_problem_has_hessian(q->P);
  return SPO_OK;
}

static spo_status inquire(inquiry *q, const double *x, double *direction) {
  spo_status status = at_the_point(q, x);
  if (status == SPO_OK)
    status = closed_form(q);
  if (status == SPO_OK)
    status = certificate(q);
  if (status != SPO_OK)
    return status;
  judge_global(q);
  status = constructive(q);
  if (status == SPO_OK)
    status = hessian_spectrum(q);
  if (status == SPO_OK)
    status = report_direction(q, direction);
  if (status == SPO_OK)
    judge(q, q->out);
  return status;
}

spo_status spo_verify(const spo_problem *P, const double *x, const spo_verify_options *options,
                      const spo_spectrum_options *spectrum, spo_verification *out,
                      double *direction, spo_error *err) {
  const spo_certified none = {NAN, NAN, NAN, NAN, false, false, 0};
  inquiry q = {.P = P, .out = out, .err = err};
  double *block = NULL;
  *out = (spo_verification){.f_star = NAN, .gap = NAN, .plain = none, .scaled = none};
  out->gap_bound = out->rayleigh = out->lambda_min = out->lambda_max = NAN;
  spo_status status = take_options(&q, options, spectrum);
  if (status == SPO_OK)
    status = provide(&q, &block);
  if (status == SPO_OK && direction)
    spo_vec_zero(P->manifold->n, direction);
  if (status == SPO_OK)
    status = inquire(&q, x, direction);
  spo_block_free(block);
  spo_point_destroy(q.at);
  spo_eval_destroy(q.eval);
  return status;
}
