/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Continuation along a parameter. Each step: a warm start from the last point, newton onto the
 * critical point next to it, the lowest part of the Hessian's spectrum there; events between two
 * steps by bisection, every trial value with a problem of its own. */
#include <spheropt/study/sweep.h>

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <spheropt/landscape/spectrum.h>
#include <spheropt/solvers/newton.h>
#include <spheropt/solvers/trust_region.h>

#include "base/decimal.h"
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
enum {
  N_OPTIONS = sizeof table / sizeof table[0],
  MAX_BISECTIONS = 100,
  MAX_TRIALS = 200,
  MAX_NEWTON = 60
};

/* A gradient that stalls at so many times its target is one within rounding. */
static const double slack = 100.0;

/* A value of the parameter, its problem, and a critical point there. */
typedef struct stand {
  double value;
  spo_problem *P; /* NULL: nothing here */
  double *x;
  spo_sweep_row row;
  bool critical;
} stand;

struct spo_sweep {
  const spo_model_ops *model;
  const spo_option *vary;
  void *params;
  spo_sweep_options options;
  gsl_rng *rng;
  stand last, here;
  size_t next_branch;
};

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

/* ---- stands ---------------------------------------------------------------------------------- */

static void leave(stand *t) {
  spo_problem_destroy(t->P);
  spo_block_free(t->x);
  *t = (stand){0};
}

/* *to becomes what *from was */
static void take_over(stand *to, stand *from) {
  leave(to);
  *to = *from;
  *from = (stand){0};
}

/* The problem at a value, with room for a point. */
static spo_status open_stand(spo_sweep *s, double value, stand *out, spo_error *err) {
  char text[40];
  *out = (stand){.value = value};
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
  leave(out);
  return spo_fail(err, SPO_E_NOMEM, "spo_sweep", "no memory for a point");
}

/* ---- solving and measuring ------------------------------------------------------------------- */

static spo_status solve(spo_sweep *s, const spo_solver_ops *type, stand *t, spo_error *err) {
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

static spo_status measure(spo_sweep *s, stand *t, spo_error *err) {
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

static bool follows_minima(const spo_sweep *s) {
  return *(const spo_follow *)s->options.follow == SPO_FOLLOW_MINIMUM;
}

/* ---- warm starts ----------------------------------------------------------------------------- */

/* The point of `from`, in the sizes of `to`: its vectors padded with zeros where they are longer.
 * False: the sizes do not go together. */
static bool adapt(const spo_sweep *s, const stand *from, stand *to) {
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

static spo_status fresh_start(spo_sweep *s, stand *t, spo_error *err) {
  return spo_model_start(s->model, t->P, NULL, s->rng, t->x, err);
}

static double distance(const stand *t, const double *x) {
  double sum = 0.0;
  for (size_t i = 0; i < t->P->manifold->n; i++)
    sum += (t->x[i] - x[i]) * (t->x[i] - x[i]);
  return sqrt(sum);
}

/* The critical point at `value` next to that of `from`. *near: it is one, and close by. Sizes that
 * do not go together: SPO_OUTSIDE, and *out has a problem without a point. */
static spo_status correct(spo_sweep *s, const stand *from, double value, stand *out, bool *near,
                          spo_error *err) {
  spo_status status = open_stand(s, value, out, err);
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
  status = solve(s, spo_newton(), out, err);
  const double moved = distance(out, before);
  *near = status == SPO_OK && out->critical &&
          moved <= s->options.move_max * out->P->manifold->typical_distance;
  if (status == SPO_OK && !*near) /* a fresh look from the same warm start */
    spo_vec_copy(n, before, out->x);
  spo_block_free(before);
  if (status == SPO_OK)
    status = measure(s, out, err);
  out->row.branch = from->row.branch;
  return status;
}

/* ---- events ---------------------------------------------------------------------------------- */

static bool interrupted(const spo_sweep *s) {
  return s->options.poll && s->options.poll(s->options.poll_self);
}

static bool located(const spo_sweep *s, double left, double right) {
  return !(fabs(right - left) > 2.0 * s->options.event_tol * fmax(fabs(left), fabs(right)));
}

/* Does the branch go on from `left` to `middle`? For a fold, whatever its index. */
static bool goes_on(const stand *left, const stand *middle, bool near, bool ends) {
  return near && (ends || middle->row.index == left->row.index);
}

/* From `left`, which moves along, towards `right`: where the branch ends, or else where its index
 * is no longer what it was. A long step may fail by itself, since newton jumps to a branch beside:
 * so where one failed is tried again from nearer by. *reached: the branch goes on up to `right`. */
static spo_status locate(spo_sweep *s, stand *left, double right, bool ends, bool *reached,
                         spo_sweep_event *event, spo_error *err) {
  double failed = right;
  bool again = false;
  *reached = false;
  *event = (spo_sweep_event){.kind = ends ? SPO_SWEEP_FOLD : SPO_SWEEP_EXCHANGE,
                             .branch = left->row.branch};
  for (int i = 0; i < MAX_TRIALS && (again || !located(s, left->value, failed)) && !interrupted(s);
       i++) {
    stand middle;
    bool near;
    const double value = again ? failed : 0.5 * (left->value + failed);
    const spo_status status = correct(s, left, value, &middle, &near, err);
    if (status != SPO_OK) {
      leave(&middle);
      return status;
    }
    if (goes_on(left, &middle, near, ends)) {
      take_over(left, &middle);
      *reached = value == right;
      if (*reached)
        return SPO_OK;
      failed = value == failed ? right : failed;
      again = true;
      continue;
    }
    event->kind = ends || !near ? SPO_SWEEP_FOLD : SPO_SWEEP_EXCHANGE;
    failed = value;
    again = false;
    leave(&middle);
  }
  event->value = 0.5 * (left->value + failed);
  event->width = 0.5 * fabs(failed - left->value);
  return SPO_OK;
}

static spo_status copy_stand(spo_sweep *s, const stand *from, stand *out, spo_error *err) {
  const spo_status status = open_stand(s, from->value, out, err);
  if (status != SPO_OK)
    return status;
  spo_vec_copy(from->P->manifold->n, from->x, out->x);
  out->row = from->row;
  out->critical = from->critical;
  return SPO_OK;
}

/* The way from s->here to t, which newton took in one step, in steps as short as it needs: one
 * event on it, or none, if the branch goes on to another point than t: then that is t. */
static spo_status walk(spo_sweep *s, stand *t, bool *near, spo_sweep_event *event, size_t *events,
                       spo_error *err) {
  bool reached = true;
  spo_status status = SPO_OK;
  for (int pass = 0; pass < 2 && reached && !goes_on(&s->here, t, *near, false); pass++) {
    stand left;
    status = copy_stand(s, &s->here, &left, err);
    if (status == SPO_OK)
      status = locate(s, &left, t->value, !*near, &reached, event, err);
    if (status == SPO_OK && reached) {
      *near = true;
      take_over(t, &left);
    } else if (status == SPO_OK) {
      *near = event->kind == SPO_SWEEP_EXCHANGE;
      *events = 1;
    }
    leave(&left);
    if (status != SPO_OK)
      return status;
  }
  return status;
}

/* ---- steps ----------------------------------------------------------------------------------- */

/* Off the branch to another point, where a branch of its own begins if it is critical. */
static spo_status jump(spo_sweep *s, const spo_solver_ops *type, stand *t, spo_error *err) {
  const spo_status status = solve(s, type, t, err);
  t->row.branch = t->critical ? s->next_branch++ : SPO_SWEEP_NOWHERE;
  return status == SPO_OK ? measure(s, t, err) : status;
}

spo_status spo_sweep_start(spo_sweep *s, double value, const double *x, size_t branch,
                           spo_sweep_row *row, spo_error *err) {
  stand t;
  spo_status status = open_stand(s, value, &t, err);
  if (status == SPO_OK && x)
    spo_vec_copy(t.P->manifold->n, x, t.x);
  else if (status == SPO_OK)
    status = fresh_start(s, &t, err);
  if (status == SPO_OK)
    status = solve(s, follows_minima(s) ? spo_trust_region() : spo_newton(), &t, err);
  if (status == SPO_OK)
    status = measure(s, &t, err);
  if (status != SPO_OK) {
    leave(&t);
    return status;
  }
  t.row.branch = t.critical ? branch : SPO_SWEEP_NOWHERE;
  s->next_branch = branch + (t.critical ? 1 : 0);
  leave(&s->last);
  take_over(&s->here, &t);
  *row = s->here.row;
  return SPO_OK;
}

spo_status spo_sweep_step(spo_sweep *s, double value, spo_sweep_row *row, spo_sweep_event *event,
                          size_t room, size_t *events, spo_error *err) {
  stand t;
  bool near;
  *events = 0;
  if (!s->here.P)
    return spo_fail(err, SPO_E_ARG, __func__, "the sweep has not been started");
  spo_status status = correct(s, &s->here, value, &t, &near, err);
  const bool resized = status == SPO_OUTSIDE;
  if (resized) {
    status = fresh_start(s, &t, err);
    if (status == SPO_OK)
      status = jump(s, spo_trust_region(), &t, err);
  } else if (status == SPO_OK && !s->here.critical) {
    near = false; /* of no branch: it neither ends nor goes on */
  } else if (status == SPO_OK && s->vary->kind == SPO_OPTION_DOUBLE && room > 0) {
    status = walk(s, &t, &near, event, events, err);
  }
  if (status == SPO_OK && !resized && follows_minima(s) && (!near || t.row.index > 0))
    status = jump(s, spo_trust_region(), &t, err);
  else if (status == SPO_OK && !resized && !near) /* another point, if there is one */
    status = jump(s, spo_newton(), &t, err);
  if (status != SPO_OK) {
    leave(&t);
    return status;
  }
  take_over(&s->last, &s->here);
  take_over(&s->here, &t);
  *row = s->here.row;
  return SPO_OK;
}

/* ---- crossings ------------------------------------------------------------------------------- */

static bool same_branch(const spo_sweep *s) {
  return s->last.P && s->here.critical && s->last.row.branch == s->here.row.branch;
}

/* Both branches at one value between; the lower end moves there if their order is as it was. */
static spo_status halve(spo_sweep *a, spo_sweep *b, stand *x, stand *y, double *right, double sign,
                        spo_error *err) {
  stand p, q = {0};
  bool near_x, near_y = false;
  const double middle = 0.5 * (x->value + *right);
  spo_status status = correct(a, x, middle, &p, &near_x, err);
  if (status == SPO_OK)
    status = correct(b, y, middle, &q, &near_y, err);
  if (status == SPO_OK && !(near_x && near_y))
    status = spo_fail(err, SPO_E_NUMERIC, "spo_sweep_crossing",
                      "a branch is lost between two points of it; take smaller steps");
  if (status == SPO_OK && (p.row.f - q.row.f) * sign > 0.0) {
    take_over(x, &p);
    take_over(y, &q);
  } else if (status == SPO_OK) {
    *right = middle;
  }
  leave(&p);
  leave(&q);
  return status;
}

spo_status spo_sweep_crossing(spo_sweep *a, spo_sweep *b, bool *crosses, spo_sweep_event *event,
                              spo_error *err) {
  *crosses = false;
  if (!same_branch(a) || !same_branch(b) || a->vary->kind != SPO_OPTION_DOUBLE)
    return SPO_OK; /* between two whole numbers there is nothing */
  if (a->last.value != b->last.value || a->here.value != b->here.value)
    return spo_fail(err, SPO_E_ARG, __func__, "the two sweeps stand at different values");
  const double before = a->last.row.f - b->last.row.f, after = a->here.row.f - b->here.row.f;
  if (!(before * after < 0.0))
    return SPO_OK;
  stand x = {0}, y = {0};
  double right = a->here.value;
  spo_status status = copy_stand(a, &a->last, &x, err);
  if (status == SPO_OK)
    status = copy_stand(b, &b->last, &y, err);
  for (int i = 0; status == SPO_OK && i < MAX_BISECTIONS && !located(a, x.value, right); i++)
    status = halve(a, b, &x, &y, &right, before, err);
  if (status == SPO_OK) {
    *crosses = true;
    *event = (spo_sweep_event){SPO_SWEEP_CROSSING, 0.5 * (x.value + right),
                               0.5 * fabs(right - x.value), a->here.row.branch, b->here.row.branch};
  }
  leave(&x);
  leave(&y);
  return status;
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
  spo_carver count = {0};
  layout(&count, model);
  spo_carver c = {.base = spo_block_alloc(count.used)};
  if (!c.base)
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
  leave(&s->last);
  leave(&s->here);
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
