/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The comparison: starts, turns, and a judge who sees nothing but the points. */
#include <spheropt/study/compare.h>

#include <float.h>
#include <math.h>
#include <time.h>

#include "base/memory.h"
#include "base/take.h"
#include "base/vec.h"
#include "problem/slots.h"
#include "study/start.h"

static const double on_manifold = 1e-6;          /* as a solver's start */
static const double gradient_slack = 1.001;      /* for a gradient that is evaluated again */
static const double plain_weights[] = {1, 1, 2}; /* of models that state none */

#define AT(member) offsetof(spo_compare_options, member)
static const spo_option table[] = {
    {"starts", "random starts, the same for all solvers", "", AT(starts), SPO_OPTION_UINT, 1, 1e6,
     20, 0, NULL, 0},
    {"gap-tol",
     "the target: a gap to the known minimum of this times the start's; 0: the gradient rule",
     "More, Wild 2009 for other values", AT(gap_tol), SPO_OPTION_DOUBLE, 0, 1, 0, SPO_OPEN_HI, NULL,
     0},
};
#undef AT
enum { N_OPTIONS = sizeof table / sizeof table[0] };

void spo_compare_options_init(spo_compare_options *options) {
  spo_options_init(table, N_OPTIONS, options, sizeof *options);
}

const spo_option *spo_compare_options_table(size_t *count) {
  *count = N_OPTIONS;
  return table;
}

typedef struct comparison {
  const spo_problem *P;
  size_t count;
  const spo_contender *contender;
  spo_compare_options options;
  spo_stop stop;       /* of the present start */
  spo_solver **solver; /* NULL for those from outside */
  gsl_rng rng;
  double *start, *x;
  spo_eval eval; /* the judge's */
  spo_point at;
  double f_star;      /* NaN: not known */
  double start_scale; /* natural size of a gradient where the problem states none */
  spo_status start_status;
  spo_error start_error;
} comparison;

/* ---- the judge ------------------------------------------------------------------------------- */

/* Cost, gradient and the gradient's natural size at x; uncounted. */
static spo_status evaluate(comparison *k, const double *x, double *f_noise, double *scale,
                           spo_error *err) {
  k->eval.err = err;
  spo_point_set(&k->at, k->P, x);
  const double defect = k->P->manifold->ops->defect(k->P->manifold, x, k->eval.work);
  if (!(defect <= on_manifold))
    return spo_fail(err, SPO_E_ARG, "spo_compare", "the point is off the manifold by %.3g", defect);
  spo_status status = spo_eval_grad(&k->eval, &k->at);
  if (status == SPO_OK)
    status = spo_eval_scale(&k->eval, &k->at, f_noise, scale);
  if (status == SPO_OUTSIDE)
    status = spo_fail(err, SPO_E_NONFINITE, "spo_compare",
                      "cost or gradient cannot be evaluated at the point");
  return status;
}

static bool reached(const comparison *k, const spo_compare_run *run, double f_noise, double scale) {
  const double grad_tol = fmax(k->stop.grad_abs, fmax(k->stop.grad_rel * scale, DBL_MIN));
  if (run->status != SPO_OK)
    return false;
  if (run->f - k->stop.f_target <= f_noise)
    return true;
  return k->options.gap_tol == 0.0 && run->converged && run->grad_norm <= gradient_slack * grad_tol;
}

static void judge(comparison *k, spo_compare_run *run) {
  const double *weight = k->options.products;
  double f_noise, scale;
  spo_error err = {0};
  const spo_status status = evaluate(k, k->x, &f_noise, &scale, &err);
  run->equivalents = weight[0] * (double)run->count.cost + weight[1] * (double)run->count.grad +
                     weight[2] * (double)run->count.hess;
  if (status == SPO_OK) {
    run->f = k->at.f;
    run->grad_norm = k->at.grad_norm;
    run->gap = run->f - k->f_star;
    run->solved = reached(k, run, f_noise, isfinite(scale) ? scale : k->start_scale);
  } else if (run->status == SPO_OK) { /* a healthy run cannot end there */
    run->status = status;
    run->err = err;
  }
}

/* ---- one run --------------------------------------------------------------------------------- */

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void run_one(comparison *k, size_t c, uint64_t seed, spo_compare_run *run) {
  const spo_contender *who = &k->contender[c];
  spo_result res = {.size = sizeof res};
  *run = (spo_compare_run){.contender = c,
                           .seed = seed,
                           .status = k->start_status,
                           .err = k->start_error,
                           .f = NAN,
                           .grad_norm = NAN,
                           .gap = NAN};
  if (run->status != SPO_OK)
    return;
  spo_vec_copy(k->P->manifold->n, k->start, k->x);
  const double began = now();
  if (k->solver[c]) {
    spo_solver_seed(k->solver[c], seed);
    run->status = spo_solver_solve(k->solver[c], k->x, &k->stop, NULL, NULL, &res, &run->err);
  } else {
    run->status = who->outside(who->self, k->P, k->x, &k->stop, seed, &res, &run->err);
  }
  run->seconds = now() - began;
  run->reason = res.reason;
  run->converged = run->status == SPO_OK && res.converged;
  run->iterations = res.last.k;
  run->count = res.last.count;
  judge(k, run);
}

/* ---- one start ------------------------------------------------------------------------------- */

static void begin(comparison *k, size_t i, uint64_t seed) {
  const spo_manifold *M = k->P->manifold;
  double f_noise, scale;
  k->start_error = (spo_error){0};
  k->start_status = SPO_OK;
  if (k->options.points)
    spo_vec_copy(M->n, k->options.points + i * M->n, k->start);
  else
    k->start_status = spo_start_random(M, &k->rng, seed, k->start, k->eval.work, &k->start_error);
  if (k->start_status == SPO_OK)
    k->start_status = evaluate(k, k->start, &f_noise, &scale, &k->start_error);
  if (k->start_status != SPO_OK)
    return;
  k->start_scale = k->at.grad_norm;
  if (k->options.gap_tol > 0.0)
    k->stop.f_target = k->f_star + k->options.gap_tol * (k->at.f - k->f_star);
}

static bool user_wants_out(const comparison *k) {
  return k->stop.poll && k->stop.poll(k->stop.poll_self);
}

static size_t run_all(comparison *k, spo_compare_run *run) {
  for (size_t i = 0; i < k->options.starts; i++) {
    const uint64_t seed = k->options.seed + i;
    begin(k, i, seed);
    for (size_t j = 0; j < k->count; j++) {
      const size_t c = (i + j) % k->count;
      run_one(k, c, seed, &run[i * k->count + c]);
      if (run[i * k->count + c].reason == SPO_STOP_USER)
        return i;
    }
    if (user_wants_out(k))
      return i + 1;
  }
  return (size_t)k->options.starts;
}

/* ---- the comparison -------------------------------------------------------------------------- */

static comparison *layout(spo_carver *c, const spo_problem *P, size_t count) {
  comparison *k = spo_carve(c, 1, sizeof *k);
  spo_solver **solver = spo_carve(c, count, sizeof *solver);
  void *state = spo_carve(c, 1, gsl_rng_mt19937->size);
  double *start = spo_carve_doubles(c, P->manifold->n), *x = spo_carve_doubles(c, P->manifold->n);
  double *at = spo_carve_doubles(c, spo_point_len(P)),
         *work = spo_carve_doubles(c, spo_eval_len(P));
  if (!k)
    return NULL;
  *k = (comparison){.P = P, .count = count, .solver = solver, .start = start, .x = x};
  k->rng = (gsl_rng){gsl_rng_mt19937, state};
  spo_point_bind(&k->at, P, at);
  spo_eval_bind(&k->eval, P, work, NULL);
  for (size_t c_ = 0; c_ < count; c_++)
    solver[c_] = NULL;
  return k;
}

static spo_status take_options(comparison *k, const spo_compare_options *options, spo_error *err) {
  size_t n_rules;
  const spo_option *rules = spo_stop_options(&n_rules);
  const char *theorem;
  spo_compare_options *own = &k->options;
  spo_status status = spo_options_take(table, N_OPTIONS, options, own, sizeof *own, err);
  if (status == SPO_OK)
    status = spo_options_take(rules, n_rules, own->stop, &k->stop, sizeof k->stop, err);
  if (status != SPO_OK)
    return status;
  const bool stated = own->products[0] != 0 || own->products[1] != 0 || own->products[2] != 0;
  for (int i = 0; i < 3; i++) {
    own->products[i] = stated ? own->products[i] : plain_weights[i];
    if (!(own->products[i] >= 0.0 && own->products[i] < INFINITY))
      return spo_fail(err, SPO_E_OPTION, "spo_compare", "products: %g is no weight",
                      own->products[i]);
  }
  k->f_star = NAN;
  if (!spo_problem_has(k->P, known_minimum) ||
      k->P->ops->known_minimum(k->P->self, &k->f_star, &theorem) != 0)
    k->f_star = NAN;
  if (own->gap_tol > 0.0 && isnan(k->f_star))
    return spo_fail(err, SPO_E_UNSUPPORTED, "spo_compare",
                    "gap-tol: the minimum of %s is not known for these parameters", k->P->name);
  return SPO_OK;
}

static spo_status create_solvers(comparison *k, spo_error *err) {
  for (size_t c = 0; c < k->count; c++) {
    const spo_contender *who = &k->contender[c];
    spo_error why = {0};
    if (!who->solver && !who->outside)
      return spo_fail(err, SPO_E_ARG, "spo_compare", "contender %zu is no solver", c);
    if (!who->solver)
      continue;
    const spo_status status =
        spo_solver_create(who->solver, k->P, who->options, 0, &k->solver[c], &why);
    if (status != SPO_OK)
      return spo_fail(err, status, "spo_compare", "%.60s: %.170s",
                      who->name ? who->name : who->solver->name, why.text);
  }
  return SPO_OK;
}

spo_status spo_compare(const spo_problem *P, size_t count, const spo_contender *contender,
                       const spo_compare_options *options, spo_compare_run *run, size_t *done,
                       spo_error *err) {
  *done = 0;
  if (count < 1 || !contender || !run)
    return spo_fail(err, SPO_E_ARG, __func__, "contenders and room for their runs are needed");
  spo_status status = spo_problem_check(P, err);
  if (status != SPO_OK)
    return status;
  spo_carver c = {0};
  layout(&c, P, count);
  if (!spo_carver_alloc(&c))
    return spo_fail(err, SPO_E_NOMEM, __func__, "no memory for a comparison: %zu bytes", c.used);
  comparison *k = layout(&c, P, count);
  k->contender = contender;
  status = take_options(k, options, err);
  if (status == SPO_OK)
    status = create_solvers(k, err);
  if (status == SPO_OK)
    *done = run_all(k, run);
  for (size_t i = 0; i < count; i++)
    spo_solver_destroy(k->solver[i]);
  spo_block_free(c.base);
  return status;
}
