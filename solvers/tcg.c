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
    {"max-inner", "Hessian products in one subproblem; 0: the dimension", "", AT(max_inner),
     SPO_OPTION_UINT, 0, 0x1p53, 0, 0, NULL, 0},
    {"replay", "directions kept to answer a rejected step without a new product",
     "longer inner iterations seldom end in a rejection", AT(replay), SPO_OPTION_UINT, 0, 10000, 16,
     0, NULL, 0},
};
#undef AT

/* Curvatures within this times the largest seen are rounding. */
static const double flat = 1e3 * DBL_EPSILON;

/* What is kept of one CG iteration; |.|_P and <.,.>_P are of the inverse preconditioner. */
typedef struct node {
  double alpha;          /* eta_{j+1} = eta_j + alpha d_j */
  double ePe, ePd, dPd;  /* of eta_j and d_j */
  double rd, dHd;        /* slope and curvature of the model along d_j at eta_j */
  double decrease;       /* m(0) - m(eta_j) */
} node;

enum { NODE_DOUBLES = sizeof(node) / sizeof(double) };

/* The layout of work: three vectors, a header, the store of nodes and of directions. */
typedef struct store {
  double *r, *d, *hd;
  double *header; /* [0]: nodes stored, [1]: direction count of the whole path */
  node *nodes;
  double *dirs;
  size_t room;
} store;

static store lay_out(size_t n, const spo_tcg_options *o, double *work) {
  store s = {.r = work, .d = work + n, .hd = work + 2 * n, .header = work + 3 * n};
  s.room = (size_t)o->replay;
  s.nodes = (node *)(void *)(s.header + 2);
  s.dirs = s.header + 2 + s.room * NODE_DOUBLES;
  return s;
}

static size_t work_len(const spo_space *T, const void *options) {
  const spo_tcg_options *o = options;
  return 3 * T->n + 2 + (size_t)o->replay * (NODE_DOUBLES + T->n);
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

/* Leaves at the boundary along d from eta (in place). */
static void leave(const spo_space *S, const node *at, const double *d, double radius, double *eta,
                  spo_trs_result *out) {
  const double t = to_boundary(at, radius);
  spo_vec_axpy(S->n, t, d, eta);
  out->step_norm = radius;
  out->decrease = at->decrease + gain(at, t);
  out->at_boundary = true;
}

/* Follows the stored path for the smaller radius. False: it ends before the boundary is reached. */
static bool replay(const spo_trs_input *in, const store *s, double *eta, spo_trs_result *out) {
  const spo_space *S = in->hess->space;
  const size_t stored = (size_t)s->header[0];
  spo_vec_zero(S->n, eta);
  for (size_t j = 0; j < stored; j++) {
    const node *at = &s->nodes[j];
    const double *d = s->dirs + j * S->n;
    const bool curved_down = !(at->alpha < INFINITY);
    if (curved_down || ePe_after(at, at->alpha) >= in->radius * in->radius) {
      leave(S, at, d, in->radius, eta, out);
      out->negative_curvature = curved_down;
      out->curvature = at->dHd / dot(S, d, d);
      out->replayed = true;
      return true;
    }
    spo_vec_axpy(S->n, at->alpha, d, eta);
  }
  return false;
}

static void keep(const spo_space *S, const store *s, const node *at, const double *d) {
  const size_t stored = (size_t)s->header[0];
  if (stored == (size_t)s->header[1] && stored < s->room) {
    s->nodes[stored] = *at;
    spo_vec_copy(S->n, d, s->dirs + stored * S->n);
    s->header[0] = (double)(stored + 1);
  }
  s->header[1] += 1.0;
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

/* d = -z + beta d, back in the space: rounding would let it drift off. */
static spo_status next_direction(const spo_space *S, const double *z, double beta, double *d) {
  spo_vec_scale(S->n, beta, d);
  spo_vec_axpy(S->n, -1.0, z, d);
  return spo_space_project(S, 1, d);
}

static spo_status iterate(const spo_trs_input *in, const store *s, double *eta,
                          spo_trs_result *out) {
  const spo_space *S = in->hess->space;
  const spo_tcg_options *o = in->options;
  double rr = dot(S, s->r, s->r);
  const double target = residual_target(in, o, sqrt(rr));
  spo_status status = precondition(in, s->r, s->hd);
  double zr = dot(S, s->hd, s->r), largest = 0.0;
  spo_vec_zero(S->n, s->d);
  if (status == SPO_OK)
    status = next_direction(S, s->hd, 0.0, s->d);
  node at = {.dPd = zr, .rd = -zr};
  for (const uint64_t limit = o->max_inner > 0 ? o->max_inner : S->dim;
       status == SPO_OK && out->inner < limit;) {
    if (in->interrupted && in->interrupted(in->interrupted_self)) {
      out->interrupted = true;
      break;
    }
    status = in->hess->apply(in->hess->self, 1, s->d, s->hd);
    out->inner++;
    if (status != SPO_OK)
      break;
    at.dHd = dot(S, s->d, s->hd);
    if (!isfinite(at.dHd))
      return SPO_OUTSIDE;
    largest = fmax(largest, fabs(at.dHd) / at.dPd);
    const double rounding = flat * largest * at.dPd;
    const bool down = at.dHd < -rounding;
    if (!down && !(at.dHd > rounding) && at.ePe > 0.0)
      break; /* a flat direction: what there is, is the step */
    at.alpha = down || !(at.dHd > 0.0) ? INFINITY : zr / at.dHd;
    keep(S, s, &at, s->d);
    if (!(at.alpha < INFINITY) || ePe_after(&at, at.alpha) >= in->radius * in->radius) {
      leave(S, &at, s->d, in->radius, eta, out);
      out->negative_curvature = down;
      out->curvature = at.dHd / dot(S, s->d, s->d);
      return SPO_OK;
    }
    spo_vec_axpy(S->n, at.alpha, s->d, eta);
    spo_vec_axpy(S->n, at.alpha, s->hd, s->r);
    at.decrease += gain(&at, at.alpha);
    at.ePe = ePe_after(&at, at.alpha);
    rr = dot(S, s->r, s->r);
    if (sqrt(rr) <= target)
      break;
    status = precondition(in, s->r, s->hd);
    const double zr_next = dot(S, s->hd, s->r), beta = zr_next / zr;
    at.ePd = beta * (at.ePd + at.alpha * at.dPd);
    zr = zr_next;
    at.dPd = zr + beta * beta * at.dPd;
    at.rd = -zr;
    if (status == SPO_OK)
      status = next_direction(S, s->hd, beta, s->d);
  }
  out->step_norm = sqrt(at.ePe);
  out->decrease = at.decrease;
  return status;
}

static spo_status solve(const spo_trs_input *in, double *eta, double *work, spo_trs_result *out) {
  const spo_space *S = in->hess->space;
  const store s = lay_out(S->n, in->options, work);
  *out = (spo_trs_result){0};
  if (in->replay && replay(in, &s, eta, out))
    return SPO_OK;
  s.header[0] = s.header[1] = 0.0;
  spo_vec_zero(S->n, eta);
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
