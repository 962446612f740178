/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Events of a sweep between two steps, by bisection, every trial value with a problem of its own:
 * where a branch ends, where its index changes, where two branches cross. */
#include "study/sweep_internal.h"

#include <math.h>

enum { MAX_BISECTIONS = 100, MAX_TRIALS = 200 };

static bool interrupted(const spo_sweep *s) {
  return s->options.poll && s->options.poll(s->options.poll_self);
}

static bool located(const spo_sweep *s, double left, double right) {
  return !(fabs(right - left) > 2.0 * s->options.event_tol * fmax(fabs(left), fabs(right)));
}

/* Does the branch go on from `left` to `middle`? For a fold, whatever its index. */
static bool goes_on(const spo_stand *left, const spo_stand *middle, bool near, bool ends) {
  return near && (ends || middle->row.index == left->row.index);
}

/* From `left`, which moves along, towards `right`: where the branch ends, or else where its index
 * is no longer what it was. A long step may fail by itself, since newton jumps to a branch beside:
 * so where one failed is tried again from nearer by. *reached: the branch goes on up to `right`. */
static spo_status locate(spo_sweep *s, spo_stand *left, double right, bool ends, bool *reached,
                         spo_sweep_event *event, spo_error *err) {
  double failed = right;
  bool again = false;
  *reached = false;
  *event = (spo_sweep_event){.kind = ends ? SPO_SWEEP_FOLD : SPO_SWEEP_EXCHANGE,
                             .branch = left->row.branch};
  for (int i = 0; i < MAX_TRIALS && (again || !located(s, left->value, failed)) && !interrupted(s);
       i++) {
    spo_stand middle;
    bool near;
    const double value = again ? failed : 0.5 * (left->value + failed);
    const spo_status status = spo_stand_correct(s, left, value, &middle, &near, err);
    if (status != SPO_OK) {
      spo_stand_leave(&middle);
      return status;
    }
    if (goes_on(left, &middle, near, ends)) {
      spo_stand_take_over(left, &middle);
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
    spo_stand_leave(&middle);
  }
  event->value = 0.5 * (left->value + failed);
  event->width = 0.5 * fabs(failed - left->value);
  return SPO_OK;
}

spo_status spo_sweep_walk(spo_sweep *s, spo_stand *t, bool *near, spo_sweep_event *event,
                          size_t *events, spo_error *err) {
  bool reached = true;
  spo_status status = SPO_OK;
  for (int pass = 0; pass < 2 && reached && !goes_on(&s->here, t, *near, false); pass++) {
    spo_stand left;
    status = spo_stand_copy(s, &s->here, &left, err);
    if (status == SPO_OK)
      status = locate(s, &left, t->value, !*near, &reached, event, err);
    if (status == SPO_OK && reached) {
      *near = true;
      spo_stand_take_over(t, &left);
    } else if (status == SPO_OK) {
      *near = event->kind == SPO_SWEEP_EXCHANGE;
      *events = 1;
    }
    spo_stand_leave(&left);
    if (status != SPO_OK)
      return status;
  }
  return status;
}

/* ---- crossings ------------------------------------------------------------------------------- */

static bool same_branch(const spo_sweep *s) {
  return s->last.P && s->here.critical && s->last.row.branch == s->here.row.branch;
}

/* Both branches at one value between; the lower end moves there if their order is as it was. */
static spo_status halve(spo_sweep *a, spo_sweep *b, spo_stand *x, spo_stand *y, double *right,
                        double sign, spo_error *err) {
  spo_stand p, q = {0};
  bool near_x, near_y = false;
  const double middle = 0.5 * (x->value + *right);
  spo_status status = spo_stand_correct(a, x, middle, &p, &near_x, err);
  if (status == SPO_OK)
    status = spo_stand_correct(b, y, middle, &q, &near_y, err);
  if (status == SPO_OK && !(near_x && near_y))
    status = spo_fail(err, SPO_E_NUMERIC, "spo_sweep_crossing",
                      "a branch is lost between two points of it; take smaller steps");
  if (status == SPO_OK && (p.row.f - q.row.f) * sign > 0.0) {
    spo_stand_take_over(x, &p);
    spo_stand_take_over(y, &q);
  } else if (status == SPO_OK) {
    *right = middle;
  }
  spo_stand_leave(&p);
  spo_stand_leave(&q);
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
  spo_stand x = {0}, y = {0};
  double right = a->here.value;
  spo_status status = spo_stand_copy(a, &a->last, &x, err);
  if (status == SPO_OK)
    status = spo_stand_copy(b, &b->last, &y, err);
  for (int i = 0; status == SPO_OK && i < MAX_BISECTIONS && !located(a, x.value, right); i++)
    status = halve(a, b, &x, &y, &right, before, err);
  if (status == SPO_OK) {
    *crosses = true;
    *event = (spo_sweep_event){SPO_SWEEP_CROSSING, 0.5 * (x.value + right),
                               0.5 * fabs(right - x.value), a->here.row.branch, b->here.row.branch};
  }
  spo_stand_leave(&x);
  spo_stand_leave(&y);
  return status;
}
