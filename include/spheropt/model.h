/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A model: a family of problems that can be made from parameters by name, with named starting
 * points, parts and metrics. The command line, result files, sweeps and the test suites come from
 * this table. Whoever has one cost function needs none of it: spo_problem is enough. */
#ifndef SPHEROPT_MODEL_H
#define SPHEROPT_MODEL_H

#include <gsl/gsl_rng.h>
#include <spheropt/options.h>
#include <spheropt/problem.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A named block of a point: rows vectors of cols doubles, at x + offset; saved as NAME.npy. */
typedef struct spo_part {
  const char *name;
  size_t rows, cols, offset;
} spo_part;

/* A starting point by name, "etf" or "collapsed:45"; arg is what follows the colon, NULL
 * without. */
typedef struct spo_named_point {
  const char *name;
  const char *argument; /* "DEG", "C,M"; NULL: takes none */
  const char *help;
  /* x out. Fails with one line that says why the point does not exist for this problem or argument;
   * after SPO_OK err->text may hold a note. Does not keep P, arg or rng */
  spo_status (*build)(const spo_problem *P, const char *arg, gsl_rng *rng, double *x,
                      spo_error *err);
} spo_named_point;

enum { SPO_MODEL_MAX_PARTS = 16, SPO_MODEL_MAX_METRICS = 16 };

/* Required: size, name, create, describe, parts; param, point, metric and metrics where there are
 * some. The other slots may be NULL. */
typedef struct spo_model_ops {
  size_t size; /* sizeof(spo_model_ops) */
  const char *name, *summary, *reference;
  size_t params_size, n_params;
  const spo_option *param;
  /* command lines' worth of parameters, "--classes 3 --per-class 2 --dim 4": the first is the
   * example in --help, all are what the test suites sweep. NULL-terminated */
  const char *const *sample;
  size_t n_points;
  const spo_named_point *point; /* besides "random", which every manifold has */
  size_t n_metrics;
  const char *const *metric;
  /* the problem, its manifold with it; after SPO_OK err->text may hold a note. Arrays in params are
   * borrowed until destroy */
  spo_status (*create)(const void *params, spo_problem **out, spo_error *err);
  /* the parameters that describe P, arrays borrowed from P: create makes the same problem of
   * them */
  void (*describe)(const spo_problem *P, void *params);
  size_t (*parts)(const spo_problem *P, spo_part part[SPO_MODEL_MAX_PARTS]);
  /* value[0 .. n_metrics-1], NaN where a metric does not apply; allocates what it needs */
  spo_status (*metrics)(const spo_problem *P, const double *x, double *value, spo_error *err);
  /* the named point where runs begin when none is asked for; NULL slot, or NULL returned: random */
  const char *(*default_start)(const spo_problem *P);
  /* what a cost, then its gradient, and a Hessian product take, in products with the problem's
   * matrix; all 0: 1, 1, 2 */
  double products[3];
  /* the last point of a run improved by what the model knows beyond its cost: x in/out; after
   * SPO_OK err->text may hold a note. NULL: nothing to add */
  spo_status (*finish)(const spo_problem *P, double *x, spo_error *err);
  /* those metrics that compare x with the point where its run began: value, as metrics left it, is
   * changed there, and NaN without this. NULL: none do */
  spo_status (*metrics_since)(const spo_problem *P, const double *start, const double *x,
                              double *value, spo_error *err);
  /* for lists, one line each: "oblique(d, K) x oblique(d, N)", and the named theorem behind the
   * known minimum, with its conditions. NULL: nothing is said */
  const char *manifold, *theorem;
  const char *example; /* parameters as in sample, for --help, where sample[0] shows too little */
  /* what finish lowers, at x: by it, not by the cost, finished points of several starts compare.
   * NULL: those compare by the cost, and only the best of them is finished */
  spo_status (*finish_value)(const spo_problem *P, const double *x, double *value, spo_error *err);
} spo_model_ops;

/**
 * spo_model_check - is the table complete and consistent?
 *
 * Required members present; parameters with a name and a place within params_size, choices with a
 * list; no more metrics than SPO_MODEL_MAX_METRICS. The problems are another matter: see check.h.
 * Cost: O(parameters + points), no allocation. Fails: SPO_E_ARG or SPO_E_UNSUPPORTED, naming the
 * member. Threads: any. Test: tests/unit/model.c.
 */
SPO_API spo_status spo_model_check(const spo_model_ops *model, spo_error *err);

/** spo_model_point - the named point that `start` means, "collapsed:45" by its first part; NULL if
 * there is none. O(number of points), any thread. */
SPO_API const spo_named_point *spo_model_point(const spo_model_ops *model, const char *start);

/**
 * spo_model_start - a point by name.
 *
 * model, P  in      P made by this model
 * start     in      "etf", "collapsed:45", "random"; NULL: where runs of this model begin
 * rng       in/out  for random points, and for named ones that draw
 * x         out     n doubles; unspecified on failure
 *
 * Units: none. Cost: the named point's; a random one allocates its scratch. After SPO_OK err->text
 * may hold a note. Fails: SPO_E_OPTION (no such point, an argument too few or too many), what the
 * point's build or the manifold's random_point says, SPO_E_NOMEM. Threads: one per rng. Test:
 * tests/unit/model.c.
 */
SPO_API spo_status spo_model_start(const spo_model_ops *model, const spo_problem *P,
                                   const char *start, gsl_rng *rng, double *x, spo_error *err);

#ifdef __cplusplus
}
#endif
#endif
