/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Continuation along a parameter: options, steps from value to value, life. */
#include "study/sweep_internal.h"

#include <spheropt/solvers/newton.h>
#include <spheropt/solvers/trust_region.h>

#include "base/memory.h"
#include "base/take.h"
#include "base/vec.h"

static const spo_follow follow_minimum = SPO_FOLLOW_MINIMUM, follow_point = SPO_FOLLOW_POINT;
static const spo_choice follows[] = {
    {"minimum", "where the branch ends or becomes a saddle, down to the next minimum",
     &follow_minimum},
    {"point", "the critical point itself, of whatever index", &follow_point},
    {NULL, NULL, NULL},
};

#define AT(member) offsetof(spo_sweep_options, member)
static const spo_option table[] = {
    {"follow", "what is followed", "", AT(follow), SPO_OPTION_CHOICE, 0, 1, 0, 0, follows, 0},
    {"move-max", "how far a point of one branch may move in a step, in typical distances",
     "smooth branches move by a few hundredths", AT(move_max), SPO_OPTION_DOUBLE, 0, 1, 0.1,
     SPO_OPEN_LO, NULL, 0},
    {"event-tol", "events are located to this, relative to the parameter", "", AT(event_tol),
     SPO_OPTION_DOUBLE, 1e-14, 0.1, 1e-8, 0, NULL, 0},
    {"point-tol", "gradients of the points, relative to the problem's scale",
     "eigenvalues near 0 need sharp points", AT(grad_rel), SPO_OPTION_DOUBLE, 1e-15, 1e-2, 1e-11, 0,
     NULL, 0},
    {"seed", "of the run's random numbers", "", AT(seed), SPO_OPTION_UINT, 0, 0x1p53, 0, 0, NULL,
     0},
};
#undef AT
enum { N_OPTIONS = sizeof table / sizeof table[0] };

const char *spo_sweep_kind_name(spo_sweep_kind kind) {
  static const char *const names[] = {"fold", "exchange", "crossing"};
  return (size_t)kind < sizeof names / sizeof names[0] ? names[kind] : "unknown";
}

void spo_sweep_options_init(spo_sweep_options *options) {
  spo_options_init(table, N_OPTIONS, options, sizeof *options);
}

const spo_option *spo_sweep_options_table(size_t *count) {
  *count = N_OPTIONS;
  return table;
}

/* ---- steps ----------------------------------------------------------------------------------- */

static bool follows_minima(const spo_sweep *s) {
  return *(const spo_follow *)s->options.follow == SPO_FOLLOW_MINIMUM;
}

static spo_status fresh_start(spo_sweep *s, spo_stand *t, spo_error *err) {
  return spo_model_start(s->model, t->P, NULL, s->rng, t->x, err);
}

/* Off the branch to another point, where a branch of its own begins if it is critical. */
static spo_status jump(spo_sweep *s, const spo_solver_ops *type, spo_stand *t, spo_error *err) {
  const spo_status status = spo_stand_solve(s, type, t, err);
  t->row.branch = t->critical ? s->next_branch++ : SPO_SWEEP_NOWHERE;
  return status == SPO_OK ? spo_stand_measure(s, t, err) : status;
}

spo_status spo_sweep_start(spo_sweep *s, double value, const double *x, size_t branch,
                           spo_sweep_row *row, spo_error *err) {
  spo_stand t;
  spo_status status = spo_stand_open(s, value, &t, err);
  if (status == SPO_OK && x)
    spo_vec_copy(t.P->manifold->n, x, t.x);
  else if (status == SPO_OK)
    status = fresh_start(s, &t, err);
  if (status == SPO_OK)
    status = spo_stand_solve(s, follows_minima(s) ? spo_trust_region() : spo_newton(), &t, err);
  if (status == SPO_OK)
    status = spo_stand_measure(s, &t, err);
  if (status != SPO_OK) {
    spo_stand_leave(&t);
    return status;
  }
  t.row.branch = t.critical ? branch : SPO_SWEEP_NOWHERE;
  s->next_branch = branch + (t.critical ? 1 : 0);
  spo_stand_leave(&s->last);
  spo_stand_take_over(&s->here, &t);
  *row = s->here.row;
  return SPO_OK;
}

spo_status spo_sweep_step(spo_sweep *s, double value, spo_sweep_row *row, spo_sweep_event *event,
                          size_t room, size_t *events, spo_error *err) {
  spo_stand t;
  bool near;
  *events = 0;
  if (!s->here.P)
    return spo_fail(err, SPO_E_ARG, __func__, "the sweep has not been started");
  spo_status status = spo_stand_correct(s, &s->here, value, &t, &near, err);
  const bool resized = status == SPO_OUTSIDE;
  if (resized) {
    status = fresh_start(s, &t, err);
    if (status == SPO_OK)
      status = jump(s, spo_trust_region(), &t, err);
  } else if (status == SPO_OK && !s->here.critical) {
    near = false; /* of no branch: it neither ends nor goes on */
  } else if (status == SPO_OK && s->vary->kind == SPO_OPTION_DOUBLE && room > 0) {
    status = spo_sweep_walk(s, &t, &near, event, events, err);
  }
  if (status == SPO_OK && !resized && follows_minima(s) && (!near || t.row.index > 0))
    status = jump(s, spo_trust_region(), &t, err);
  else if (status == SPO_OK && !resized && !near) /* another point, if there is one */
    status = jump(s, spo_newton(), &t, err);
  if (status != SPO_OK) {
    spo_stand_leave(&t);
    return status;
  }
  spo_stand_take_over(&s->last, &s->here);
  spo_stand_take_over(&s->here, &t);
  *row = s->here.row;
  return SPO_OK;
}

/* ---- life ------------------------------------------------------------------------------------ */

static spo_sweep *layout(spo_carver *c, const spo_model_ops *model) {
  spo_sweep *s = spo_carve(c, 1, sizeof *s);
  void *params = spo_carve(c, 1, model->params_size);
  if (!s)
    return NULL;
  *s = (spo_sweep){.model = model, .params = params};
  return s;
}

spo_status spo_sweep_create(const spo_model_ops *model, const void *params, const char *vary,
                            const spo_sweep_options *options, spo_sweep **out, spo_error *err) {
  *out = NULL;
  spo_status status = spo_model_check(model, err);
  if (status != SPO_OK)
    return status;
  const spo_option *o = spo_option_find(model->param, model->n_params, vary);
  if (!o || (o->kind != SPO_OPTION_DOUBLE && o->kind != SPO_OPTION_UINT))
    return spo_fail(err, SPO_E_OPTION, __func__, "%.60s: %s of %s", vary,
                    o ? "is not a number among the parameters" : "is not among the parameters",
                    model->name);
  spo_carver c = {0};
  layout(&c, model);
  if (!spo_carver_alloc(&c))
    return spo_fail(err, SPO_E_NOMEM, __func__, "no memory for a sweep");
  spo_sweep *s = layout(&c, model);
  s->vary = o;
  status = spo_options_take(table, N_OPTIONS, options, &s->options, sizeof s->options, err);
  if (status == SPO_OK)
    status =
        spo_options_take(model->param, model->n_params, params, s->params, model->params_size, err);
  if (status == SPO_OK && !(s->rng = gsl_rng_alloc(gsl_rng_mt19937)))
    status = spo_fail(err, SPO_E_NOMEM, __func__, "no memory for random numbers");
  if (status != SPO_OK) {
    spo_sweep_destroy(s);
    return status;
  }
  gsl_rng_set(s->rng, (unsigned long)s->options.seed);
  *out = s;
  return SPO_OK;
}

void spo_sweep_destroy(spo_sweep *s) {
  if (!s)
    return;
  spo_stand_leave(&s->last);
  spo_stand_leave(&s->here);
  if (s->rng)
    gsl_rng_free(s->rng);
  spo_block_free(s);
}

const spo_problem *spo_sweep_problem(const spo_sweep *s) {
  return s->here.P;
}

const double *spo_sweep_point(const spo_sweep *s) {
  return s->here.x;
}
