/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Curves, profiles and surfaces as CSV. */
#include "cli/plots.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/vec.h"

typedef struct plot_options {
  size_t size;
  const void *direction;
  uint64_t points;
  double reach;
  bool geodesic;
} plot_options;

static const char random_direction, descent;
static const spo_choice directions[] = {
    {"random", "a tangent vector from --seed", &random_direction},
    {"descent", "minus the gradient", &descent},
    {NULL, NULL, NULL}};

static const char *const option[CLI_PLOTS] = {"curves", "profile", "surface"};

#define AT(member) offsetof(plot_options, member)
static const spo_option table[] = {
    {"direction", "of --profile, and the first of --surface, whose second is random", "",
     AT(direction), SPO_OPTION_CHOICE, 0, 1, 0, 0, directions, 0},
    {"points", "along each axis; an odd number has one at the point itself", "", AT(points),
     SPO_OPTION_UINT, 2, 10001, 41, 0, NULL, 0},
    {"reach", "how far to either side, in units of the manifold's typical distance", "", AT(reach),
     SPO_OPTION_DOUBLE, 0, 1e6, 0.1, SPO_OPEN_LO, NULL, 0},
    {"geodesic", "profile along the exponential instead of the retraction", "", AT(geodesic),
     SPO_OPTION_BOOL, 0, 1, 0, 0, NULL, 0},
};
#undef AT

const spo_option *cli_plots_options(size_t *count) {
  *count = sizeof table / sizeof table[0];
  return table;
}

int cli_plots_take(cli_plots *p, cli_arguments *args) {
  int status = cli_group_init(&p->group, "Plots", table, sizeof table / sizeof table[0],
                              sizeof(plot_options));
  if (!status)
    status = cli_group_take(&p->group, args);
  for (int i = 0; !status && i < CLI_PLOTS; i++)
    status = cli_take_text(args, option[i], &p->path[i]);
  return status;
}

bool cli_plots_wanted(const cli_plots *p) {
  return p->path[CLI_CURVES] || p->path[CLI_PROFILE] || p->path[CLI_SURFACE];
}

void cli_plots_free(cli_plots *p) {
  for (int i = 0; i < CLI_PLOTS; i++)
    if (p->file[i])
      fclose(p->file[i]);
  cli_group_free(&p->group);
}

/* ---- files ----------------------------------------------------------------------------------- */

static int cannot_write(const cli_plots *p, int which) {
  return cli_fail(CLI_USAGE, "--%s: %.200s: %s", option[which], p->path[which], strerror(errno));
}

int cli_plots_open(cli_plots *p, const cli_subject *s) {
  const spo_manifold *M = s->problem->manifold;
  if (cli_plots_wanted(p) && M->dim == 0)
    return cli_fail(CLI_USAGE, "%s: there is no direction to plot along", M->name);
  if (p->path[CLI_SURFACE] && M->dim < 2)
    return cli_fail(CLI_USAGE, "--surface: %s has one dimension", M->name);
  for (int i = 0; i < CLI_PLOTS; i++) {
    p->file[i] = p->path[i] ? fopen(p->path[i], "w") : NULL;
    if (p->path[i] && !p->file[i])
      return cannot_write(p, i);
  }
  return CLI_OK;
}

static int close_csv(cli_plots *p, int which, bool told, const char *columns) {
  FILE *file = p->file[which];
  const bool broken = ferror(file) != 0;
  p->file[which] = NULL;
  if (fclose(file) != 0 || broken)
    return cannot_write(p, which);
  if (told)
    printf("written %s: %s\n", p->path[which], columns);
  return CLI_OK;
}

/* ---- directions ------------------------------------------------------------------------------ */

/* A tangent vector of length one, orthogonal to `other` (NULL: to nothing). */
static spo_status unit_tangent(const cli_subject *s, spo_eval *E, const double *other, double *v) {
  const spo_manifold *M = s->problem->manifold;
  spo_status status = spo_manifold_random_tangent(M, s->x, s->rng, v, E->work);
  if (status == SPO_OK && other)
    spo_vec_axpy(M->n, -spo_manifold_inner(M, s->x, other, v), other, v);
  spo_vec_scale(M->n, 1.0 / sqrt(spo_manifold_inner(M, s->x, v, v)), v);
  return status;
}

static spo_status steepest(const cli_subject *s, spo_eval *E, double *v, spo_error *err) {
  spo_point *p;
  spo_status status = spo_point_create(s->problem, &p, err);
  if (status != SPO_OK)
    return status;
  spo_point_set(p, s->problem, s->x);
  status = spo_eval_grad(E, p);
  if (status == SPO_OK && !(p->grad_norm > 0))
    status = spo_fail(err, SPO_E_ARG, __func__,
                      "--direction descent: the gradient is zero at this point");
  else if (status == SPO_OUTSIDE)
    status = spo_fail(err, SPO_E_NONFINITE, __func__, "cost or gradient is not defined there");
  if (status == SPO_OK) {
    spo_vec_copy(s->problem->manifold->n, p->grad, v);
    spo_vec_scale(s->problem->manifold->n, -1.0 / p->grad_norm, v);
  }
  spo_point_destroy(p);
  return status;
}

/* One direction, or two: u, v. */
static spo_status choose(const cli_plots *p, const cli_subject *s, double *u, double *v,
                         spo_error *err) {
  const plot_options *o = p->group.values;
  spo_eval *E;
  spo_status status = spo_eval_create(s->problem, &E, err);
  if (status != SPO_OK)
    return status;
  E->err = err;
  status = o->direction == &descent ? steepest(s, E, u, err) : unit_tangent(s, E, NULL, u);
  if (status == SPO_OK && v)
    status = unit_tangent(s, E, u, v);
  spo_eval_destroy(E);
  return status;
}

static double abscissa(const cli_plots *p, const cli_subject *s, size_t i) {
  const plot_options *o = p->group.values;
  const double last = (double)(o->points - 1),
               reach = o->reach * s->problem->manifold->typical_distance;
  return reach * ((2 * (double)i - last) / last);
}

/* ---- the three kinds ------------------------------------------------------------------------- */

typedef struct named_curve {
  const char *name;
  spo_check_curve curve;
} named_curve;

enum { CURVES = 5 };

static spo_status measure_curves(const cli_subject *s, named_curve *c, spo_error *err) {
  spo_check_report report;
  spo_check_curve pair[2];
  const spo_problem *P = s->problem;
  spo_status status = spo_check_gradient(P, s->x, s->rng, &report, &c[0].curve, err);
  if (status == SPO_OK) {
    status = spo_check_hessian(P, s->x, s->rng, &report, pair, err);
    status = status == SPO_E_UNSUPPORTED ? SPO_OK : status;
    c[1].curve = pair[0];
    c[2].curve = pair[1];
  }
  if (status == SPO_OK) {
    status = spo_check_retraction(P->manifold, s->x, s->rng, &report, pair, err);
    c[3].curve = pair[0];
    c[4].curve = pair[1];
  }
  return status;
}

static int write_curves(cli_plots *p, const cli_subject *s, bool told) {
  named_curve c[CURVES] = {{.name = "gradient"},
                           {.name = "hessian"},
                           {.name = "hessian_of_gradient"},
                           {.name = "retraction"},
                           {.name = "retraction_second"}};
  char columns[200] = "t";
  FILE *file = p->file[CLI_CURVES];
  spo_error err = {0};
  err.code = measure_curves(s, c, &err);
  if (err.code)
    return cli_fail_error(&err);
  for (size_t i = 0; i < CURVES; i++)
    if (c[i].curve.count)
      snprintf(columns + strlen(columns), sizeof columns - strlen(columns), ",%s", c[i].name);
  fprintf(file, "%s\n", columns);
  for (size_t k = 0; k < c[0].curve.count; k++) {
    fprintf(file, "%.17g", c[0].curve.t[k]);
    for (size_t i = 0; i < CURVES; i++)
      if (c[i].curve.count)
        fprintf(file, ",%.17g", c[i].curve.remainder[k]);
    fprintf(file, "\n");
  }
  return close_csv(p, CLI_CURVES, told, columns);
}

static int write_profile(cli_plots *p, const cli_subject *s, bool told) {
  static const char *const columns = "t,f,slope,first,second,model_slope";
  const plot_options *o = p->group.values;
  const size_t count = o->points;
  double *v = calloc(s->problem->manifold->n, sizeof *v), *t = calloc(count, sizeof *t);
  spo_profile_row *row = calloc(count, sizeof *row);
  spo_error err = {0};
  FILE *file = p->file[CLI_PROFILE];
  err.code = v && t && row ? choose(p, s, v, NULL, &err) : SPO_E_NOMEM;
  for (size_t i = 0; t && i < count; i++)
    t[i] = abscissa(p, s, i);
  if (!err.code)
    err.code =
        spo_profile(s->problem, s->x, v, o->geodesic ? SPO_ALONG_GEODESIC : SPO_ALONG_RETRACTION,
                    count, t, row, &err);
  int status = err.code ? cli_fail_error(&err) : CLI_OK;
  if (!status) {
    fprintf(file, "%s\n", columns);
    for (const spo_profile_row *r = row; r < row + count; r++)
      fprintf(file, "%.17g,%.17g,%.17g,%.17g,%.17g,%.17g\n", r->t, r->f, r->slope, r->first,
              r->second, r->model_slope);
    status = close_csv(p, CLI_PROFILE, told, columns);
  }
  free(v);
  free(t);
  free(row);
  return status;
}

static int write_surface(cli_plots *p, const cli_subject *s, bool told) {
  static const char *const columns = "a,b,f";
  const size_t count = ((const plot_options *)p->group.values)->points;
  const size_t n = s->problem->manifold->n;
  double *u = calloc(spo_size_mul(2, n), sizeof *u), *a = calloc(count, sizeof *a);
  double *f = calloc(count * count, sizeof *f);
  spo_error err = {0};
  FILE *file = p->file[CLI_SURFACE];
  err.code = u && a && f ? choose(p, s, u, u + n, &err) : SPO_E_NOMEM;
  for (size_t i = 0; a && i < count; i++)
    a[i] = abscissa(p, s, i);
  if (!err.code)
    err.code = spo_surface(s->problem, s->x, u, u + n, count, a, count, a, f, &err);
  int status = err.code ? cli_fail_error(&err) : CLI_OK;
  if (!status) {
    fprintf(file, "%s\n", columns);
    for (size_t k = 0; k < count * count; k++)
      fprintf(file, "%.17g,%.17g,%.17g\n", a[k / count], a[k % count], f[k]);
    status = close_csv(p, CLI_SURFACE, told, columns);
  }
  free(u);
  free(a);
  free(f);
  return status;
}

int cli_plots_write(cli_plots *p, const cli_subject *s, bool told) {
  int status = CLI_OK;
  if (p->path[CLI_CURVES])
    status = write_curves(p, s, told);
  if (!status && p->path[CLI_PROFILE])
    status = write_profile(p, s, told);
  if (!status && p->path[CLI_SURFACE])
    status = write_surface(p, s, told);
  return status;
}
