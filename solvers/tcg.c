/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Steihaug-Toint truncated conjugate gradients with a store of its directions: a rejected step is
 * answered for the smaller radius from the store, without a product. Sees linear algebra only. */
#include <spheropt/solvers/tcg.h>

#include <float.h>
#include <math.h>

#include "base/vec.h"
#include "subproblem_table.h"
#include "tcg_path.h"

const spo_option spo_trs_option[SPO_TRS_N_OPTIONS] = {SPO_TRS_OPTIONS(0)};

void spo_trs_options_init(spo_trs_options *options) {
  spo_options_init(spo_trs_option, SPO_TRS_N_OPTIONS, options, sizeof *options);
}

/* Curvatures within this times the largest seen are rounding. */
static const double flat = 1e3 * DBL_EPSILON;

enum { NODE_DOUBLES = sizeof(spo_cg_node) / sizeof(double), REPROJECT_EVERY = 8, CHUNK = 1024 };

static double unit_for(const spo_trs_input *in) {
  int e = 0;
  const double g = spo_vec_norm(in->hess->space->n, in->grad);
  frexp(g, &e);
  return g > 0.0 && g < INFINITY ? ldexp(1.0, e < -1000 ? 1000 : -e) : 1.0;
}

spo_cg_path spo_cg_path_lay_out(const spo_trs_input *in, double *work) {
  const spo_trs_options *o = in->options;
  const size_t n = in->hess->space->n;
  spo_cg_path s = {.n = n, .room = (size_t)o->replay, .r = work, .hd = work + n};
  s.unit = unit_for(in);
  s.spare = work + 2 * n;
  s.stored = work + 3 * n;
  s.nodes = (spo_cg_node *)(void *)(s.stored + 1);
  s.dirs = s.stored + 1 + s.room * NODE_DOUBLES;
  return s;
}

size_t spo_cg_path_len(const spo_space *T, const spo_trs_options *o) {
  return 3 * T->n + 1 + (size_t)o->replay * (NODE_DOUBLES + T->n);
}

static size_t work_len(const spo_space *T, const void *options) {
  return spo_cg_path_len(T, options);
}

static double *direction(const spo_cg_path *s, size_t j) {
  return j < s->room ? s->dirs + j * s->n : s->spare;
}

static double dot(const spo_space *S, const double *u, const double *v) {
  double value;
  spo_space_inner(S, 1, u, v, &value);
  return value;
}

/* The positive root of |eta + t d|_P = radius. */
double spo_cg_to_boundary(const spo_cg_node *at, double radius) {
  const double c = radius * radius - at->ePe;
  const double root = sqrt(fmax(0.0, at->ePd * at->ePd + at->dPd * c));
  /* whichever form does not cancel */
  return at->ePd > 0.0 ? c / (at->ePd + root) : (root - at->ePd) / at->dPd;
}

/* m(eta) - m(eta + t d) */
double spo_cg_gain(const spo_cg_node *at, double t) {
  return -t * (at->rd + 0.5 * t * at->dHd);
}

double spo_cg_square_after(const spo_cg_node *at, double t) {
  return at->ePe + t * (2.0 * at->ePd + t * at->dPd);
}

bool spo_cg_leaves(const spo_cg_node *at, double radius) {
  return !(at->alpha < INFINITY) || spo_cg_square_after(at, at->alpha) >= radius * radius;
}

/* eta += sum of the first `count` stored steps, chunk by chunk in cache. */
static void add_stored(const spo_cg_path *s, size_t count, double *eta) {
  for (size_t i = 0; i < s->n; i += CHUNK) {
    const size_t length = s->n - i < CHUNK ? s->n - i : CHUNK;
    for (size_t j = 0; j < count; j++)
      spo_vec_axpy(length, s->nodes[j].alpha, s->dirs + j * s->n + i, eta + i);
  }
}

/* The step when the path ends inside: iterates up to j. */
static void stay(const spo_cg_path *s, const spo_cg_node *at, size_t j, double *eta,
                 spo_trs_result *out) {
  add_stored(s, j < s->room ? j : s->room, eta);
  out->step_norm = sqrt(at->ePe);
  out->decrease = at->decrease / s->unit;
}

/* The step when the path leaves along direction j. */
static void leave(const spo_space *S, spo_cg_path *s, const spo_cg_node *at, size_t j,
                  double radius, double *eta, spo_trs_result *out) {
  const double t = spo_cg_to_boundary(at, radius), *d = direction(s, j);
  add_stored(s, j < s->room ? j : s->room, eta);
  spo_vec_axpy(s->n, t, d, eta);
  s->left = t;
  out->step_norm = radius;
  out->decrease = (at->decrease + spo_cg_gain(at, t)) / s->unit;
  out->at_boundary = true;
  out->negative_curvature = !(at->alpha < INFINITY);
  out->curvature = at->dHd / s->unit / dot(S, d, d);
}

bool spo_cg_replay(const spo_trs_input *in, double radius, spo_cg_path *s, double *eta,
                   spo_trs_result *out) {
  const size_t stored = (size_t)s->stored[0];
  for (size_t j = 0; j < stored; j++)
    if (spo_cg_leaves(&s->nodes[j], radius)) {
      leave(in->hess->space, s, &s->nodes[j], j, radius, eta, out);
      return true;
    }
  return false;
}

static void keep(const spo_cg_path *s, const spo_cg_node *at, size_t j) {
  if (j < s->room) {
    s->nodes[j] = *at;
    s->stored[0] = (double)(j + 1);
  }
}

spo_status spo_cg_precondition(const spo_trs_input *in, const double *r, double *z) {
  if (in->precond && in->precond->apply)
    return in->precond->apply(in->precond->self, 1, r, z);
  spo_vec_copy(in->hess->space->n, r, z);
  return SPO_OK;
}

/* d_j = -z + beta d_(j-1). All terms are tangent up to rounding, which would add up over many: now
 * and then back into the space. */
static spo_status next_direction(const spo_space *S, const spo_cg_path *s, size_t j, double beta) {
  double *d = direction(s, j);
  const double *old = j > 0 ? direction(s, j - 1) : s->hd;
  spo_vec_combine(s->n, -1.0, s->hd, beta, old, d);
  return j % REPROJECT_EVERY == 0 ? spo_space_project(S, 1, d) : SPO_OK;
}

/* r += unit alpha H d, and eta += alpha d if d_j is not in the store; returns <r, r>. */
static double advance(const spo_space *S, const spo_cg_path *s, const spo_cg_node *at, size_t j,
                      double *eta) {
  if (j >= s->room)
    spo_vec_axpy(s->n, at->alpha, direction(s, j), eta);
  if (!S->inner)
    return spo_vec_axpy_square(s->n, s->unit * at->alpha, s->hd, s->r);
  spo_vec_axpy(s->n, s->unit * at->alpha, s->hd, s->r);
  return dot(S, s->r, s->r);
}

/* Curvature along direction j, and how far it may be followed. False: it is flat, nothing but
 * rounding, and what there is, is the step. */
static bool look_along(const spo_space *S, const spo_cg_path *s, size_t j, double zr,
                       double *largest, spo_cg_node *at) {
  at->dHd = s->unit * dot(S, direction(s, j), s->hd);
  *largest = fmax(*largest, fabs(at->dHd) / at->dPd);
  const double rounding = flat * *largest * at->dPd;
  if (fabs(at->dHd) <= rounding && at->ePe > 0.0)
    return false;
  at->alpha = at->dHd > rounding ? zr / at->dHd : INFINITY;
  return true;
}

/* |r_0| of the target: the gradient's, or at a critical point that of the start. */
static double first_residual(const spo_trs_input *in, const spo_cg_path *s) {
  const double g = sqrt(dot(in->hess->space, in->grad, in->grad));
  return g == 0.0 ? sqrt(dot(in->hess->space, s->r, s->r)) / s->unit : g;
}

/* From eta_j to the next: the model's numbers there, from the last residual products zr. */
static void next_node(const spo_space *S, const spo_cg_path *s, double zr, double beta,
                      spo_cg_node *at) {
  at->ePd = beta * (at->ePd + at->alpha * at->dPd);
  if (s->start) /* CG keeps r orthogonal to what it added to the start, not to the start */
    at->ePd -= dot(S, s->start, s->r);
  at->dPd = zr + beta * beta * at->dPd;
  at->rd = -zr;
}

/* The first direction, -P r, and its numbers. Of a small gradient the rounding outside the space is
 * no small part: it must not be followed. */
static spo_status begin(const spo_trs_input *in, spo_cg_path *s, double *zr, spo_cg_node *at) {
  const spo_space *S = in->hess->space;
  s->stored[0] = 0.0;
  spo_status status = spo_space_project(S, 1, s->r);
  if (status == SPO_OK)
    status = spo_cg_precondition(in, s->r, s->hd);
  if (status != SPO_OK)
    return status;
  *zr = dot(S, s->hd, s->r);
  *at = (spo_cg_node){.dPd = *zr, .rd = -*zr};
  if (s->start) {
    at->ePe = s->start_square;
    at->ePd = -dot(S, s->start, s->r);
    at->decrease = s->unit * s->start_decrease;
  }
  return next_direction(S, s, 0, 0.0);
}

spo_status spo_cg_follow(const spo_trs_input *in, double radius, spo_cg_path *s, double *eta,
                         spo_trs_result *out) {
  const spo_space *S = in->hess->space;
  const double target = s->unit * spo_trs_target(in, in->options, first_residual(in, s));
  const uint64_t limit = out->inner + spo_trs_limit(S, in->options);
  double zr = 0.0, largest = 0.0;
  spo_cg_node at = {0};
  size_t j = 0;
  spo_status status = begin(in, s, &zr, &at);
  while (status == SPO_OK && zr != 0.0 && out->inner < limit) {
    out->interrupted = in->interrupted && in->interrupted(in->interrupted_self);
    if (out->interrupted)
      break;
    status = in->hess->apply(in->hess->self, 1, direction(s, j), s->hd);
    out->inner++;
    if (status != SPO_OK || !look_along(S, s, j, zr, &largest, &at))
      break;
    if (!isfinite(at.dHd))
      return SPO_OUTSIDE;
    keep(s, &at, j);
    if (spo_cg_leaves(&at, radius)) {
      leave(S, s, &at, j, radius, eta, out);
      return SPO_OK;
    }
    const double rr = advance(S, s, &at, j++, eta);
    at.decrease += spo_cg_gain(&at, at.alpha);
    at.ePe = spo_cg_square_after(&at, at.alpha);
    /* of a strange metric even the square of rounding may come out negative */
    if (rr <= target * target)
      break;
    status = spo_cg_precondition(in, s->r, s->hd);
    const double zr_next = dot(S, s->hd, s->r), beta = zr_next / zr;
    if (!(zr_next > 0.0))
      break;
    zr = zr_next;
    next_node(S, s, zr, beta, &at);
    if (status == SPO_OK)
      status = next_direction(S, s, j, beta);
  }
  stay(s, &at, j, eta, out);
  return status;
}

static spo_status solve(const spo_trs_input *in, double *eta, double *work, spo_trs_result *out) {
  const spo_space *S = in->hess->space;
  spo_cg_path s = spo_cg_path_lay_out(in, work);
  *out = (spo_trs_result){0};
  spo_vec_zero(S->n, eta);
  out->replayed = in->replay && spo_cg_replay(in, in->radius, &s, eta, out);
  if (out->replayed)
    return SPO_OK;
  spo_vec_combine(S->n, s.unit, in->grad, 0.0, in->grad, s.r);
  return spo_cg_follow(in, in->radius, &s, eta, out);
}

const spo_trs_ops spo_tcg_ops = {
    .size = sizeof(spo_trs_ops),
    .name = "tcg",
    .summary = "Steihaug-Toint truncated conjugate gradients",
    .reference = "Steihaug 1983; Conn, Gould, Toint 2000, section 7.5",
    .options_size = sizeof(spo_trs_options),
    .n_options = SPO_TRS_N_OPTIONS,
    .option = spo_trs_option,
    .work_len = work_len,
    .solve = solve,
};

const spo_trs_ops *spo_tcg(void) {
  return &spo_tcg_ops;
}
