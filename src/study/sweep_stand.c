/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A stand of a sweep: a value of the parameter, its problem and a critical point there. A warm
 * start from another stand, newton onto the critical point next to it, the lowest part of the
 * Hessian's spectrum. */
#include "study/sweep_internal.h"

#include <math.h>
#include <stdio.h>

#include <spheropt/landscape/spectrum.h>
#include <spheropt/solvers/newton.h>

#include "base/decimal.h"
#include "base/memory.h"
#include "base/vec.h"

enum { MAX_NEWTON = 60 };

/* A gradient that stalls at so many times its target is one within rounding. */
static const double slack = 100.0;

void spo_stand_leave(spo_stand *t) {
  spo_problem_destroy(t->P);
  spo_block_free(t->x);
  *t = (spo_stand){0};
}

void spo_stand_take_over(spo_stand *to, spo_stand *from) {
  spo_stand_leave(to);
  *to = *from;
  *from = (spo_stand){0};
}

spo_status spo_stand_open(spo_sweep *s, double value, spo_stand *out, spo_error *err) {
  char text[40];
  *out = (spo_stand){.value = value};
  if (s->vary->kind == SPO_OPTION_UINT)
    snprintf(text, sizeof text, "%.0f", value);
  else
    spo_decimal_print(text, sizeof text, 17, value);
  spo_status status = spo_option_set(s->vary, s->params, text, err);
  if (status == SPO_OK)
    status = s->model->create(s->params, &out->P, err);
  if (status != SPO_OK)
    return status;
  out->x = spo_block_alloc(spo_size_mul(out->P->manifold->n, sizeof *out->x));
  if (out->x)
    return SPO_OK;
  spo_stand_leave(out);
  return spo_fail(err, SPO_E_NOMEM, "spo_sweep", "no memory for a point");
}

spo_status spo_stand_copy(spo_sweep *s, const spo_stand *from, spo_stand *out, spo_error *err) {
  const spo_status status = spo_stand_open(s, from->value, out, err);
  if (status != SPO_OK)
    return status;
  spo_vec_copy(from->P->manifold->n, from->x, out->x);
  out->row = from->row;
  out->critical = from->critical;
  return SPO_OK;
}

/* ---- solving and measuring ------------------------------------------------------------------- */

spo_status spo_stand_solve(spo_sweep *s, const spo_solver_ops *type, spo_stand *t, spo_error *err) {
  spo_solver *solver;
  spo_result result = {.size = sizeof result};
  spo_stop stop;
  spo_stop_init(&stop);
  stop.grad_rel = s->options.grad_rel;
  stop.poll = s->options.poll;
  stop.poll_self = s->options.poll_self;
  if (type == spo_newton())
    stop.max_iter = MAX_NEWTON;
  spo_status status = spo_solver_create(type, t->P, NULL, s->options.seed, &solver, err);
  if (status == SPO_OK)
    status = spo_solver_solve(solver, t->x, &stop, NULL, NULL, &result, err);
  spo_solver_destroy(solver);
  t->row.reason = result.reason;
  /* within rounding of the target is as good */
  t->critical = result.converged ||
                result.last.grad_norm <= slack * s->options.grad_rel * result.last.grad_scale;
  return status;
}

/* The lowest eigenvalue that is not one of the symmetry's own zeros. */
static double lowest_proper(const spo_spectrum *spectrum) {
  const size_t own_zeros = spectrum->gauge_dimension - spectrum->deflated;
  const size_t i = spectrum->eigenvalue[0] < -spectrum->zero_tol ? 0 : own_zeros;
  return i < spectrum->count ? spectrum->eigenvalue[i] : NAN;
}

spo_status spo_stand_measure(spo_sweep *s, spo_stand *t, spo_error *err) {
  spo_eval *E = NULL;
  spo_point *p = NULL;
  spo_spectrum *spectrum = NULL;
  spo_status status = spo_eval_create(t->P, &E, err);
  if (status == SPO_OK)
    status = spo_point_create(t->P, &p, err);
  if (status == SPO_OK) {
    E->err = err;
    spo_point_set(p, t->P, t->x);
    status = spo_eval_grad(E, p);
  }
  if (status == SPO_OK)
    status = spo_spectrum_at(E, p, NULL, s->rng, &spectrum, err);
  t->row.value = t->value;
  if (status == SPO_OK) {
    t->row.f = p->f;
    t->row.grad_norm = p->grad_norm;
    t->row.index = spectrum->index;
    t->row.lambda_min = lowest_proper(spectrum);
    t->row.critical = t->critical;
  }
  spo_spectrum_destroy(spectrum);
  spo_point_destroy(p);
  spo_eval_destroy(E);
  return status;
}

/* ---- warm starts ----------------------------------------------------------------------------- */

/* The point of `from`, in the sizes of `to`: its vectors padded with zeros where they are longer.
 * False: the sizes do not go together. */
static bool adapt(const spo_sweep *s, const spo_stand *from, spo_stand *to) {
  spo_part a[SPO_MODEL_MAX_PARTS], b[SPO_MODEL_MAX_PARTS];
  const size_t count = s->model->parts(from->P, a);
  if (count != s->model->parts(to->P, b))
    return false;
  for (size_t i = 0; i < count; i++)
    if (a[i].rows != b[i].rows || a[i].cols > b[i].cols)
      return false;
  for (size_t i = 0; i < count; i++)
    for (size_t row = 0; row < b[i].rows; row++) {
      double *vector = to->x + b[i].offset + row * b[i].cols;
      spo_vec_zero(b[i].cols, vector);
      spo_vec_copy(a[i].cols, from->x + a[i].offset + row * a[i].cols, vector);
    }
  return true;
}

static double distance(const spo_stand *t, const double *x) {
  double sum = 0.0;
  for (size_t i = 0; i < t->P->manifold->n; i++)
    sum += (t->x[i] - x[i]) * (t->x[i] - x[i]);
  return sqrt(sum);
}

spo_status spo_stand_correct(spo_sweep *s, const spo_stand *from, double value, spo_stand *out,
                             bool *near, spo_error *err) {
  spo_status status = spo_stand_open(s, value, out, err);
  *near = false;
  if (status != SPO_OK)
    return status;
  if (!adapt(s, from, out))
    return SPO_OUTSIDE;
  const size_t n = out->P->manifold->n;
  double *before = spo_block_alloc(spo_size_mul(n, sizeof *before));
  if (!before)
    return spo_fail(err, SPO_E_NOMEM, "spo_sweep", "no memory for a point");
  spo_vec_copy(n, out->x, before);
  status = spo_stand_solve(s, spo_newton(), out, err);
  const double moved = distance(out, before);
  *near = status == SPO_OK && out->critical &&
          moved <= s->options.move_max * out->P->manifold->typical_distance;
  if (status == SPO_OK && !*near) /* a fresh look from the same warm start */
    spo_vec_copy(n, before, out->x);
  spo_block_free(before);
  if (status == SPO_OK)
    status = spo_stand_measure(s, out, err);
  out->row.branch = from->row.branch;
  return status;
}
