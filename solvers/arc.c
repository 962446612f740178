/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Adaptive regularization with cubics: propose over a Krylov space, try, judge, move or stay, adapt
 * the regularisation. */
#include <spheropt/solvers/arc.h>

#include <math.h>

#include <spheropt/tangent.h>

#include "linear/lanczos.h"
#include "solve/escape.h"
#include "solve/judge.h"

#define AT(member) offsetof(spo_arc_options, member)
static const spo_option table[] = {
    {"sigma", "first regularisation; 0: from the gradient and the typical distance",
     "the trust region's first radius", AT(sigma), SPO_OPTION_DOUBLE, 0, INFINITY, 0, SPO_OPEN_HI,
     NULL, 0},
    {"sigma-min", "smallest regularisation, over what the gradient alone asks for",
     "Newton steps are not held back", AT(sigma_min), SPO_OPTION_DOUBLE, 0, 1, 1e-10, SPO_OPEN_LO,
     NULL, 0},
    {"accept", "smallest ratio of actual to predicted decrease that is accepted",
     "0.1: Agarwal, Boumal, Bullins, Cartis; Manopt", AT(accept), SPO_OPTION_DOUBLE, 0, 0.25, 0.1,
     SPO_OPEN_HI, NULL, 0},
    {"very-good", "a ratio from this on lowers the regularisation",
     "0.9: Agarwal, Boumal, Bullins, Cartis; Manopt", AT(very_good), SPO_OPTION_DOUBLE, 0, 1, 0.9,
     SPO_OPEN_LO | SPO_OPEN_HI, NULL, 0},
    {"fall", "factor that lowers the regularisation", "Manopt 0.1", AT(fall), SPO_OPTION_DOUBLE, 0,
     1, 0.1, SPO_OPEN_LO | SPO_OPEN_HI, NULL, 0},
    {"rise", "factor that raises it after a rejection", "Manopt 2; a rejection costs no product",
     AT(rise), SPO_OPTION_DOUBLE, 1, 1000, 2, SPO_OPEN_LO, NULL, 0},
    {"theta", "subproblem: gradient of the model at most this times sigma |s|^2", "Manopt 0.5",
     AT(theta), SPO_OPTION_DOUBLE, 0, 100, 0.5, SPO_OPEN_LO, NULL, 0},
    {"basis", "Lanczos vectors kept; a preconditioner needs two a step",
     "64 steps with a preconditioner", AT(basis), SPO_OPTION_UINT, 4, 2000, 128, 0, NULL, 0},
    SPO_ESCAPE_OPTIONS(AT(escape), AT(escape_products)),
};
#undef AT

enum { CHECK_ALWAYS = 12, CHECK_EVERY = 4 };
/* The inner residual need not fall below this part of the gradient target. */
static const double residual_floor = 0.1;
/* A regularisation beyond this times the natural one lets no step be told from none. */
static const double largest_sigma = 1e28;

typedef struct arc_state {
  double sigma;
  double natural; /* what sigma would be if this were the start */
  spo_endgame endgame;
  bool rejected; /* the last step was: same place, same basis */
} arc_state;

/* What the subproblem answers. */
typedef struct proposal {
  spo_secular_result model;
  uint64_t products;
  bool interrupted;
} proposal;

static size_t vectors_of(const spo_problem *P, const spo_arc_options *o) {
  const size_t dim = P->manifold->dim, most = dim < 1 ? 2 : 2 * dim;
  return o->basis < most ? (size_t)o->basis : most;
}

static size_t keep_len(const spo_problem *P, const void *options) {
  return spo_lanczos_len(P->manifold->n, vectors_of(P, options));
}

static size_t scratch_len(const spo_problem *P, const spo_arc_options *o) {
  const size_t basis = keep_len(P, o), escape = spo_escape_work_len(P, o->escape_products);
  return basis > escape ? basis : escape;
}

static size_t work_len(const spo_problem *P, const void *options) {
  return scratch_len(P, options) + P->manifold->n;
}

static double *step_of(const spo_run *run) {
  return run->work + scratch_len(run->eval.problem, run->options);
}

static spo_status start(spo_run *run) {
  const spo_arc_options *o = run->options;
  arc_state *s = run->state;
  if (o->accept > o->very_good)
    return spo_fail(run->err, SPO_E_OPTION, "spo_arc",
                    "accept: %g is not allowed; it must be at most very-good, %g", o->accept,
                    o->very_good);
  s->sigma = o->sigma; /* 0: from the first basis */
  return SPO_OK;
}

/* Grows the basis until the cubic's minimum in it will do. */
static spo_status grow(spo_run *run, spo_lanczos *L, double floor, proposal *p) {
  arc_state *s = run->state;
  const spo_arc_options *o = run->options;
  double residual;
  while (spo_lanczos_steps(L) < L->room && !spo_lanczos_exhausted(L)) {
    p->interrupted = run->interrupted(run->interrupted_self);
    if (p->interrupted)
      break;
    spo_status status = spo_lanczos_step(L);
    p->products++;
    if (status != SPO_OK)
      return status;
    const size_t m = spo_lanczos_steps(L);
    if (m > CHECK_ALWAYS && m % CHECK_EVERY != 0)
      continue;
    status = spo_lanczos_minimise(L, 0.0, s->sigma, floor, &p->model, &residual);
    if (status != SPO_OK ||
        residual <= fmax(floor, o->theta * s->sigma * p->model.norm * p->model.norm))
      return status;
  }
  return spo_lanczos_steps(L) == 0
             ? SPO_OK
             : spo_lanczos_minimise(L, 0.0, s->sigma, floor, &p->model, &residual);
}

/* |g| t - sigma/3 t^3 is largest at t = sqrt(|g|/sigma): an eighth of the typical distance. Lengths
 * are those of the region's norm, in which |g| is |g|_P. */
static double natural_sigma(const spo_run *run, const spo_lanczos *L) {
  const double g = spo_lanczos_start_norm(L), plain = run->cur->grad_norm;
  const double t = run->eval.problem->manifold->typical_distance / 8.0 * plain / g;
  return g / (t * t);
}

static spo_status propose(spo_run *run, proposal *p) {
  arc_state *s = run->state;
  spo_lanczos L;
  spo_tangent T;
  spo_tangent_at(&T, &run->eval, run->cur);
  spo_lanczos_lay_out(&L, &T.hess, T.precond.apply ? &T.precond : NULL,
                      vectors_of(run->eval.problem, run->options), run->work);
  const double floor = residual_floor * run->grad_tol;
  const bool again = s->rejected && spo_lanczos_steps(&L) > 0;
  double residual;
  spo_status status = again ? spo_lanczos_minimise(&L, 0.0, s->sigma, floor, &p->model, &residual)
                            : spo_lanczos_begin(&L, run->cur->grad);
  if (status == SPO_OK && !again)
    s->natural = natural_sigma(run, &L);
  if (status == SPO_OK && !(s->sigma > 0.0))
    s->sigma = s->natural;
  if (status == SPO_OK && !again)
    status = grow(run, &L, floor, p);
  if (status == SPO_OK && spo_lanczos_steps(&L) > 0)
    spo_lanczos_combine(&L, step_of(run));
  return status;
}

static void adapt(spo_run *run, const spo_trial *t) {
  const spo_arc_options *o = run->options;
  arc_state *s = run->state;
  if (!t->accepted)
    s->sigma *= o->rise;
  else if (t->rho >= o->very_good)
    s->sigma = fmax(o->fall * s->sigma, o->sigma_min * s->natural);
  s->rejected = !t->accepted;
}

static spo_status leave_critical(spo_run *run, spo_iter *it, spo_reason *reason) {
  const spo_arc_options *o = run->options;
  const spo_escape_rule rule = {
      .when = o->escape, .products = o->escape_products, .accept = o->accept, .contraction = 0.25};
  ((arc_state *)run->state)->rejected = false;
  return spo_escape_step(run, &rule, step_of(run), run->work, it, reason);
}

static spo_status step(spo_run *run, spo_iter *it, spo_reason *reason) {
  const spo_arc_options *o = run->options;
  arc_state *s = run->state;
  if (run->at_critical)
    return leave_critical(run, it, reason);
  proposal p = {0};
  spo_status status = propose(run, &p);
  if (status == SPO_E_NUMERIC)
    return spo_fail(run->err, status, "spo_arc", "the tridiagonal eigenproblem failed");
  if (status != SPO_OK && status != SPO_OUTSIDE)
    return status;
  it->inner = p.products;
  it->step_norm = p.model.norm;
  if (!(status == SPO_OK && p.model.norm > 0.0 && p.model.decrease > 0.0)) {
    if (!p.interrupted)
      *reason = SPO_STOP_STALLED;
    return SPO_OK;
  }
  spo_trial trial = {.decrease = p.model.decrease};
  status = spo_judge_step(run, step_of(run), o->accept, &trial);
  if (status == SPO_OK)
    adapt(run, &trial);
  it->accepted = trial.accepted;
  it->rho = trial.rho;
  if (status == SPO_OK &&
      (spo_endgame_over(&s->endgame, run, &trial) || !(s->sigma < largest_sigma * s->natural)))
    *reason = SPO_STOP_STALLED;
  return status;
}

static const spo_solver_ops ops = {
    .size = sizeof(spo_solver_ops),
    .name = "arc",
    .summary = "adaptive regularization with cubics over Krylov spaces; leaves saddles",
    .reference = "Agarwal, Boumal, Bullins, Cartis 2021, arXiv:1806.00065",
    .needs = SPO_NEEDS_HESS | SPO_LEAVES_SADDLES,
    .options_size = sizeof(spo_arc_options),
    .n_options = sizeof table / sizeof table[0],
    .state_size = sizeof(arc_state),
    .option = table,
    .keep_len = keep_len,
    .work_len = work_len,
    .start = start,
    .step = step,
};

const spo_solver_ops *spo_arc(void) {
  return &ops;
}

void spo_arc_options_init(spo_arc_options *options) {
  spo_options_init(table, sizeof table / sizeof table[0], options, sizeof *options);
}
