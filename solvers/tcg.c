/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Steihaug-Toint truncated conjugate gradients with a store of its directions: a rejected step is
 * answered for the smaller radius from the store, without a product. Sees linear algebra only. */
#include <spheropt/solvers/tcg.h>

#include <float.h>
#include <math.h>

#include "base/vec.h"

#define AT(member) offsetof(spo_tcg_options, member)
static const spo_option table[] = {
    {"kappa", "stop the inner iteration once the residual fell by this factor", "Manopt 0.1",
     AT(kappa), SPO_OPTION_DOUBLE, 0, 1, 0.1, SPO_OPEN_LO | SPO_OPEN_HI, NULL, 0},
    {"theta", "or by (|g|/scale)^theta: superlinear of order 1 + theta",
     "fewest products on the spherical UFM; Manopt has 1", AT(theta), SPO_OPTION_DOUBLE, 0, 2, 0.5,
     0, NULL, 0},
    {"max-inner", "Hessian products in one subproblem; 0: twice the dimension and 50", "",
     AT(max_inner), SPO_OPTION_UINT, 0, 0x1p53, 0, 0, NULL, 0},
    {"replay", "directions kept to answer a rejected step without a new product",
     "longer inner iterations seldom end in a rejection", AT(replay), SPO_OPTION_UINT, 0, 10000, 16,
     0, NULL, 0},
};
#undef AT

/* Curvatures within this times the largest seen are rounding. */
static const double flat = 1e3 * DBL_EPSILON;

/* What is kept of one CG iteration; |.|_P and <.,.>_P are of the inverse preconditioner. */
typedef struct node {
  double alpha;         /* eta_{j+1} = eta_j + alpha d_j; infinite: the path leaves along d_j */
  double ePe, ePd, dPd; /* of eta_j and d_j */
  double rd, dHd;       /* slope and curvature of the model along d_j at eta_j */
  double decrease;      /* m(0) - m(eta_j) */
} node;

/* In rounding CG takes more steps than the dimension, most on small ill-conditioned problems. */
enum { SPARE_PRODUCTS = 50 };
enum { NODE_DOUBLES = sizeof(node) / sizeof(double), REPROJECT_EVERY = 8, CHUNK = 1024 };

/* The layout of work. Directions are written into their places in the store as they arise, and the
 * step is added up from there once, at the end: a third of the memory traffic of updating it. */
typedef struct store {
  size_t n, room;
  double *r, *hd;
  double *spare;  /* directions beyond the store take turns here */
  double *stored; /* [0]: nodes stored */
  node *nodes;
  double *dirs;
} store;

static store lay_out(size_t n, const spo_tcg_options *o, double *work) {
  store s = {.n = n, .room = (size_t)o->replay, .r = work, .hd = work + n, .spare = work + 2 * n};
  s.stored = work + 3 * n;
  s.nodes = (node *)(void *)(s.stored + 1);
  s.dirs = s.stored + 1 + s.room * NODE_DOUBLES;
  return s;
}

static size_t work_len(const spo_space *T, const void *options) {
  const spo_tcg_options *o = options;
  return 3 * T->n + 1 + (size_t)o->replay * (NODE_DOUBLES + T->n);
}

static double *direction(const store *s, size_t j) {
  return j < s->room ? s->dirs + j * s->n : s->spare;
}

static double dot(const spo_space *S, const double *u, const double *v) {
  double value;
  spo_space_inner(S, 1, u, v, &value);
  return value;
}

/* The positive root of |eta + t d|_P = radius. */
static double to_boundary(const node *at, double radius) {
  const double c = radius * radius - at->ePe;
  const double root = sqrt(fmax(0.0, at->ePd * at->ePd + at->dPd * c));
  /* whichever form does not cancel */
  return at->ePd > 0.0 ? c / (at->ePd + root) : (root - at->ePd) / at->dPd;
}

/* m(eta) - m(eta + t d) */
static double gain(const node *at, double t) {
  return -t * (at->rd + 0.5 * t * at->dHd);
}

static double ePe_after(const node *at, double t) {
  return at->ePe + t * (2.0 * at->ePd + t * at->dPd);
}

static bool leaves(const node *at, double radius) {
  return !(at->alpha < INFINITY) || ePe_after(at, at->alpha) >= radius * radius;
}

/* eta += sum of the first `count` stored steps, chunk by chunk in cache. */
static void add_stored(const store *s, size_t count, double *eta) {
  for (size_t i = 0; i < s->n; i += CHUNK) {
    const size_t length = s->n - i < CHUNK ? s->n - i : CHUNK;
    for (size_t j = 0; j < count; j++)
      spo_vec_axpy(length, s->nodes[j].alpha, s->dirs + j * s->n + i, eta + i);
  }
}

/* The step when the path ends inside: iterates up to j. */
static void stay(const store *s, const node *at, size_t j, double *eta, spo_trs_result *out) {
  add_stored(s, j < s->room ? j : s->room, eta);
  out->step_norm = sqrt(at->ePe);
  out->decrease = at->decrease;
}

/* The step when the path leaves along direction j. */
static void leave(const spo_space *S, const store *s, const node *at, size_t j, double radius,
                  double *eta, spo_trs_result *out) {
  const double t = to_boundary(at, radius), *d = direction(s, j);
  add_stored(s, j < s->room ? j : s->room, eta);
  spo_vec_axpy(s->n, t, d, eta);
  out->step_norm = radius;
  out->decrease = at->decrease + gain(at, t);
  out->at_boundary = true;
  out->negative_curvature = !(at->alpha < INFINITY);
  out->curvature = at->dHd / dot(S, d, d);
}

/* Follows the stored path for the smaller radius. False: it ends before the boundary is reached. */
static bool replay(const spo_trs_input *in, const store *s, double *eta, spo_trs_result *out) {
  const size_t stored = (size_t)s->stored[0];
  for (size_t j = 0; j < stored; j++)
    if (leaves(&s->nodes[j], in->radius)) {
      leave(in->hess->space, s, &s->nodes[j], j, in->radius, eta, out);
      out->replayed = true;
      return true;
    }
  return false;
}

static void keep(const store *s, const node *at, size_t j) {
  if (j < s->room) {
    s->nodes[j] = *at;
    s->stored[0] = (double)(j + 1);
  }
}

static spo_status precondition(const spo_trs_input *in, const double *r, double *z) {
  if (in->precond && in->precond->apply)
    return in->precond->apply(in->precond->self, 1, r, z);
  spo_vec_copy(in->hess->space->n, r, z);
  return SPO_OK;
}

/* |r| at which the iteration may end. */
static double residual_target(const spo_trs_input *in, const spo_tcg_options *o, double r0) {
  const double unitless = in->grad_scale > 0.0 ? r0 / in->grad_scale : r0;
  return fmax(r0 * fmin(o->kappa, pow(unitless, o->theta)), in->residual_floor);
}

/* d_j = -z + beta d_(j-1). All terms are tangent up to rounding, which would add up over many: now
 * and then back into the space. */
static spo_status next_direction(const spo_space *S, const store *s, size_t j, double beta) {
  double *d = direction(s, j);
  const double *old = j > 0 ? direction(s, j - 1) : s->hd;
  spo_vec_combine(s->n, -1.0, s->hd, beta, old, d);
  return j % REPROJECT_EVERY == 0 ? spo_space_project(S, 1, d) : SPO_OK;
}

/* r += alpha H d, and eta += alpha d if d_j is not in the store; returns <r, r>. */
static double advance(const spo_space *S, const store *s, const node *at, size_t j, double *eta) {
  if (j >= s->room)
    spo_vec_axpy(s->n, at->alpha, direction(s, j), eta);
  if (!S->inner)
    return spo_vec_axpy_square(s->n, at->alpha, s->hd, s->r);
  spo_vec_axpy(s->n, at->alpha, s->hd, s->r);
  return dot(S, s->r, s->r);
}

/* Curvature along direction j, and how far it may be followed. False: it is flat, nothing but
 * rounding, and what there is, is the step. */
static bool look_along(const spo_space *S, const store *s, size_t j, double zr, double *largest,
                       node *at) {
  at->dHd = dot(S, direction(s, j), s->hd);
  *largest = fmax(*largest, fabs(at->dHd) / at->dPd);
  const double rounding = flat * *largest * at->dPd;
  if (fabs(at->dHd) <= rounding && at->ePe > 0.0)
    return false;
  at->alpha = at->dHd > rounding ? zr / at->dHd : INFINITY;
  return true;
}

static spo_status iterate(const spo_trs_input *in, const store *s, double *eta,
                          spo_trs_result *out) {
  const spo_space *S = in->hess->space;
  const spo_tcg_options *o = in->options;
  const double target = residual_target(in, o, sqrt(dot(S, s->r, s->r)));
  const uint64_t limit = o->max_inner > 0 ? o->max_inner : 2 * S->dim + SPARE_PRODUCTS;
  spo_status status = precondition(in, s->r, s->hd);
  double zr = dot(S, s->hd, s->r), largest = 0.0;
  node at = {.dPd = zr, .rd = -zr};
  size_t j = 0;
  if (status == SPO_OK)
    status = next_direction(S, s, 0, 0.0);
  while (status == SPO_OK && out->inner < limit) {
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
    if (leaves(&at, in->radius)) {
      leave(S, s, &at, j, in->radius, eta, out);
      return SPO_OK;
    }
    const double rr = advance(S, s, &at, j++, eta);
    at.decrease += gain(&at, at.alpha);
    at.ePe = ePe_after(&at, at.alpha);
    /* of a strange metric even the square of rounding may come out negative */
    if (rr <= target * target)
      break;
    status = precondition(in, s->r, s->hd);
    const double zr_next = dot(S, s->hd, s->r), beta = zr_next / zr;
    if (!(zr_next > 0.0))
      break;
    at.ePd = beta * (at.ePd + at.alpha * at.dPd);
    zr = zr_next;
    at.dPd = zr + beta * beta * at.dPd;
    at.rd = -zr;
    if (status == SPO_OK)
      status = next_direction(S, s, j, beta);
  }
  stay(s, &at, j, eta, out);
  return status;
}

static spo_status solve(const spo_trs_input *in, double *eta, double *work, spo_trs_result *out) {
  const spo_space *S = in->hess->space;
  const store s = lay_out(S->n, in->options, work);
  *out = (spo_trs_result){0};
  spo_vec_zero(S->n, eta);
  if (in->replay && replay(in, &s, eta, out))
    return SPO_OK;
  s.stored[0] = 0.0;
  spo_vec_copy(S->n, in->grad, s.r);
  return iterate(in, &s, eta, out);
}

static const spo_trs_ops ops = {
    .size = sizeof(spo_trs_ops),
    .name = "tcg",
    .summary = "Steihaug-Toint truncated conjugate gradients",
    .reference = "Steihaug 1983; Conn, Gould, Toint 2000, section 7.5",
    .options_size = sizeof(spo_tcg_options),
    .n_options = sizeof table / sizeof table[0],
    .option = table,
    .work_len = work_len,
    .solve = solve,
};

const spo_trs_ops *spo_tcg(void) {
  return &ops;
}
