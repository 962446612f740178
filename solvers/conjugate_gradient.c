/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Riemannian nonlinear conjugate gradients: search along d, then the next d from the two gradients
 * and the old direction, transported. */
#include <spheropt/solvers/conjugate_gradient.h>

#include "base/vec.h"
#include "line_search_internal.h"
#include "problem/slots.h"

/* ---- beta ------------------------------------------------------------------------------------ */

/* Inner products at the new point: g new gradient, h old one, e old direction, both transported, y
 * = g - h; P the preconditioner. */
typedef struct products {
  double g_pg, y_pg, h_pg, y_e, g_e, y_py, e_e;
  double h_ph, h_d; /* at the old point */
  bool preconditioned;
} products;

typedef struct beta_rule {
  double (*value)(const products *p);
  bool needs_py;
} beta_rule;

static double fletcher_reeves(const products *p) {
  return p->g_pg / p->h_ph;
}
static double polak_ribiere(const products *p) {
  return fmax(0.0, p->y_pg / p->h_ph);
}
static double hestenes_stiefel(const products *p) {
  return fmax(0.0, p->y_pg / p->y_e);
}
static double liu_storey(const products *p) {
  return fmax(0.0, p->y_pg / -p->h_d);
}
static double dai_yuan(const products *p) {
  return p->g_pg / p->y_e;
}
static double conjugate_descent(const products *p) {
  return p->g_pg / -p->h_d;
}
/* Gilbert, Nocedal 1992, eq. 3.5 */
static double hybrid(const products *p) {
  const double fr = fletcher_reeves(p);
  return fmin(fmax(p->y_pg / p->h_ph, -fr), fr);
}

/* Truncated below as in CG_DESCENT 6, which is free of units. There |e|^2 is that of the inverse
 * preconditioner, of which the old place knows a lower bound, <h, d>^2/<h, Ph>. */
static double hager_zhang(const products *p) {
  const double eta = 0.4; /* Hager, Zhang 2013, section 2 */
  const double beta = (p->y_pg - 2.0 * p->y_py * (p->g_e / p->y_e)) / p->y_e;
  const double size = p->preconditioned ? p->h_d * (p->h_d / p->h_ph) : p->e_e;
  return fmax(beta, eta * p->g_e / size);
}

/* ---- options --------------------------------------------------------------------------------- */

static const beta_rule rule_fr = {fletcher_reeves, false}, rule_pr = {polak_ribiere, false},
                       rule_hs = {hestenes_stiefel, false}, rule_ls = {liu_storey, false},
                       rule_dy = {dai_yuan, false}, rule_cd = {conjugate_descent, false},
                       rule_hybrid = {hybrid, false}, rule_hz = {hager_zhang, true};

static const spo_choice betas[] = {
    {"fletcher-reeves", "Fletcher, Reeves 1964", &rule_fr},
    {"polak-ribiere", "Polak, Ribiere 1969, at least 0", &rule_pr},
    {"hestenes-stiefel", "Hestenes, Stiefel 1952, at least 0", &rule_hs},
    {"liu-storey", "Liu, Storey 1991, at least 0", &rule_ls},
    {"dai-yuan", "Dai, Yuan 1999", &rule_dy},
    {"conjugate-descent", "Fletcher 1987", &rule_cd},
    {"hager-zhang", "Hager, Zhang 2005, truncated", &rule_hz},
    {"hybrid", "Polak-Ribiere within Fletcher-Reeves: Gilbert, Nocedal 1992", &rule_hybrid},
    {NULL, NULL, NULL},
};

static const spo_choice searches[] = {SPO_LINE_SEARCH_CHOICES, {NULL, NULL, NULL}};

static const spo_option table[] = {
    SPO_LINE_SEARCH_OPTIONS(spo_conjugate_gradient_options, searches, "how the step is chosen",
                            SPO_SEARCH_STRONG_WOLFE, "fewest iterations, whatever beta",
                            "the first step of a run; 0: chosen from the gradient", 1e-4,
                            "1e-4: Nocedal, Wright 2006, section 3.1", 0.1,
                            "0.1: Nocedal, Wright 2006, section 3.1, for conjugate gradients"),
    {"beta", "how much of the old direction is kept", "Manopt",
     offsetof(spo_conjugate_gradient_options, beta), SPO_OPTION_CHOICE, 0, 7, 2, 0, betas, 0},
    {"orthogonality", "restart once |<T(h), Pg>| >= this times <g, Pg>; inf: never",
     "0.2: Powell 1977", offsetof(spo_conjugate_gradient_options, orthogonality), SPO_OPTION_DOUBLE,
     0, INFINITY, 0.2, SPO_OPEN_LO, NULL, 0},
};

/* ---- memory ---------------------------------------------------------------------------------- */

typedef struct cg_state {
  double step;       /* the last one accepted; 0: none yet */
  double grown;      /* what goes by it for a search without slopes */
  double last_slope; /* and the slope at its beginning */
  double g_pg;       /* <grad, P grad> at cur */
  bool steepest;     /* the direction is -P grad */
  spo_line_search_state search;
} cg_state;

typedef struct vectors {
  double *d;  /* kept: the direction at cur */
  double *y;  /* scratch; the line search's velocity */
  double *pg; /* P grad; without a preconditioner the gradient is taken for it */
  double *py; /* P y */
} vectors;

static bool needs_py(const spo_problem *P, const spo_conjugate_gradient_options *o) {
  return spo_problem_has(P, precond) && ((const beta_rule *)o->beta)->needs_py;
}

static size_t keep_len(const spo_problem *P, const void *options) {
  (void)options;
  return P->manifold->n;
}

static size_t work_len(const spo_problem *P, const void *options) {
  const size_t count = 2 + (spo_problem_has(P, precond) ? 1 : 0) + (needs_py(P, options) ? 1 : 0);
  return count * P->manifold->n;
}

static vectors vectors_of(const spo_run *run) {
  const size_t n = run->eval.problem->manifold->n;
  double *w = run->work;
  return (vectors){w, w + n, w + 2 * n, w + 3 * n};
}

/* ---- directions ------------------------------------------------------------------------------ */

/* *pg = P grad at cur: the gradient itself, or the scratch for it. */
static spo_status precondition(spo_run *run, const double **pg) {
  const vectors v = vectors_of(run);
  *pg = run->cur->grad;
  if (!spo_problem_has(run->eval.problem, precond))
    return SPO_OK;
  *pg = v.pg;
  return spo_precondition(run, run->cur->grad, v.pg);
}

static spo_status steepest(spo_run *run) {
  const spo_manifold *M = run->eval.problem->manifold;
  const vectors v = vectors_of(run);
  cg_state *s = run->state;
  const double *pg;
  const spo_status status = precondition(run, &pg);
  if (status != SPO_OK)
    return status;
  s->g_pg = spo_manifold_inner(M, run->cur->x, run->cur->grad, pg);
  spo_vec_combine(M->n, -1.0, pg, 0.0, pg, v.d);
  s->steepest = true;
  return SPO_OK;
}

/* The inner products that the formulas are made of. v.d and v.y are at cur: e, y. */
static spo_status measure(spo_run *run, const double *pg, double h_pg, products *p) {
  const spo_manifold *M = run->eval.problem->manifold;
  const vectors v = vectors_of(run);
  const double *x = run->cur->x, *g = run->cur->grad;
  cg_state *s = run->state;
  *p = (products){.h_pg = h_pg,
                  .h_ph = s->g_pg,
                  .h_d = s->last_slope,
                  .preconditioned = spo_problem_has(run->eval.problem, precond)};
  p->g_pg = spo_manifold_inner(M, x, g, pg);
  p->y_pg = spo_manifold_inner(M, x, v.y, pg);
  p->y_e = spo_manifold_inner(M, x, v.y, v.d);
  p->g_e = spo_manifold_inner(M, x, g, v.d);
  p->e_e = spo_manifold_inner(M, x, v.d, v.d);
  if (!((const beta_rule *)((const spo_conjugate_gradient_options *)run->options)->beta)->needs_py)
    return SPO_OK;
  const double *py = v.y;
  if (p->preconditioned) {
    const spo_status status = spo_precondition(run, v.y, v.py);
    if (status != SPO_OK)
      return status;
    py = v.py;
  }
  p->y_py = spo_manifold_inner(M, x, v.y, py);
  return SPO_OK;
}

/* The next direction at cur, reached from `old` along v.d. A transport that is not defined there
 * means: begin anew. */
static spo_status turn(spo_run *run, const spo_point *old) {
  const spo_conjugate_gradient_options *o = run->options;
  const spo_manifold *M = run->eval.problem->manifold;
  const vectors v = vectors_of(run);
  const double *x = run->cur->x, *g = run->cur->grad, *pg;
  cg_state *s = run->state;
  products p;
  spo_status status = precondition(run, &pg);
  if (status == SPO_OK)
    status = spo_manifold_transport(M, old->x, x, old->grad, v.y, run->eval.work);
  if (status == SPO_OK)
    status = spo_manifold_transport(M, old->x, x, v.d, v.d, run->eval.work);
  if (status != SPO_OK)
    return status == SPO_OUTSIDE ? steepest(run) : status;
  const double h_pg = spo_manifold_inner(M, x, v.y, pg);
  spo_vec_add(M->n, g, -1.0, v.y, v.y);
  status = measure(run, pg, h_pg, &p);
  if (status != SPO_OK)
    return status;
  const double beta = ((const beta_rule *)o->beta)->value(&p);
  const bool restart = !(fabs(p.h_pg) < o->orthogonality * p.g_pg) || !isfinite(beta);
  spo_vec_combine(M->n, -1.0, pg, restart ? 0.0 : beta, restart ? pg : v.d, v.d);
  s->g_pg = p.g_pg;
  s->steepest = restart || beta == 0.0;
  return SPO_OK;
}

/* ---- steps ----------------------------------------------------------------------------------- */

static spo_status start(spo_run *run) {
  const spo_conjugate_gradient_options *o = run->options;
  const spo_status status = spo_line_search_check(o->line_search, run->err);
  return status == SPO_OK ? steepest(run) : status;
}

/* So that the first-order decrease is that of the last step: Nocedal, Wright 2006, section 3.5. A
 * search that never extends a step is given a longer one. */
static double first_step(const spo_run *run, double slope, double norm) {
  const spo_conjugate_gradient_options *o = run->options;
  const cg_state *s = run->state;
  if (s->step > 0.0) {
    if (!((const spo_line_search_ops *)o->line_search)->has_slopes)
      return s->grown;
    const double t = s->step * s->last_slope / slope;
    return fmin(fmax(t, s->step / o->search.growth), s->step * o->search.growth);
  }
  return o->search.step > 0.0 ? o->search.step : spo_line_search_first_step(run, norm);
}

/* Along the direction, which must be one of descent. */
static spo_status search(spo_run *run, spo_line_search_input *in, spo_line_search_result *out) {
  const spo_conjugate_gradient_options *o = run->options;
  const spo_manifold *M = run->eval.problem->manifold;
  const vectors v = vectors_of(run);
  cg_state *s = run->state;
  spo_status status = SPO_OK;
  double slope = spo_manifold_inner(M, run->cur->x, run->cur->grad, v.d);
  double norm = sqrt(fabs(spo_manifold_inner(M, run->cur->x, v.d, v.d)));
  if (!s->steepest && !spo_descends(run, slope, norm)) {
    status = steepest(run);
    slope = -s->g_pg;
    norm = sqrt(fabs(spo_manifold_inner(M, run->cur->x, v.d, v.d)));
  }
  if (status != SPO_OK)
    return status;
  *in = (spo_line_search_input){.options = &o->search,
                                .d = v.d,
                                .factor = 1.0,
                                .slope = slope,
                                .norm = norm,
                                .first = first_step(run, slope, norm),
                                .longest = spo_line_search_longest(run, v.d),
                                .velocity = v.y,
                                .state = &s->search};
  return spo_line_search_run(o->line_search, run, in, out);
}

static spo_status step(spo_run *run, spo_iter *it, spo_reason *reason) {
  cg_state *s = run->state;
  spo_line_search_input in;
  spo_line_search_result out = {.reason = SPO_RUNNING};
  spo_status status = search(run, &in, &out);
  if (status == SPO_OK && !out.accepted && out.reason != SPO_RUNNING && !s->steepest) {
    status = steepest(run);
    if (status == SPO_OK)
      status = search(run, &in, &out);
  }
  if (status != SPO_OK || !out.accepted) {
    *reason = out.reason;
    return status;
  }
  s->step = out.t;
  s->last_slope = in.slope;
  spo_line_search_move(run, &in, &out, it);
  s->grown = spo_line_search_next(&in, &out);
  return turn(run, run->trial);
}

static const spo_solver_ops ops = {
    .size = sizeof(spo_solver_ops),
    .name = "conjugate-gradient",
    .summary = "Riemannian nonlinear conjugate gradients, with restarts and a preconditioner",
    .reference = "Hager, Zhang 2006; Sakai, Sato, Iiduka 2023",
    .options_size = sizeof(spo_conjugate_gradient_options),
    .n_options = sizeof table / sizeof table[0],
    .state_size = sizeof(cg_state),
    .option = table,
    .keep_len = keep_len,
    .work_len = work_len,
    .start = start,
    .step = step,
};

const spo_solver_ops *spo_conjugate_gradient(void) {
  return &ops;
}

void spo_conjugate_gradient_options_init(spo_conjugate_gradient_options *options) {
  spo_options_init(table, sizeof table / sizeof table[0], options, sizeof *options);
}
