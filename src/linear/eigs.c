/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Extreme eigenpairs by block Rayleigh-Ritz with thick restart and locking. The basis V is a block
 * Krylov space as long as nothing is locked or replaced; since AV is kept beside it, any direction
 * may be added at any time without loss, and residuals never rest on a recurrence.
 *
 * One cycle: expand (blocks A V_last, orthonormalised, until the basis is full), Rayleigh-Ritz,
 * restart with the leading Ritz vectors, lock those that have converged; the next block are the
 * residuals.
 *
 * A space grown from a block of b vectors shows at most b vectors of any one eigenspace. So when b
 * equal eigenvalues have been locked since the last random start and the wanted ones lie above
 * them, more may hide: the basis is given up for a fresh random block orthogonal to all locked
 * vectors. The iteration ends when the lowest Ritz value outside the locked vectors has settled
 * above the count-th locked one. */
#include <spheropt/linear.h>

#include <float.h>
#include <limits.h>
#include <math.h>

#include "base/blas.h"
#include "base/detail.h"
#include "base/memory.h"
#include "base/vec.h"
#include "linear/basis.h"

typedef struct eigs {
  const spo_linop *A;
  const spo_eigs_options *options;
  spo_error *err;
  spo_basis basis;
  size_t n, dim, count, block, cap, lock_cap, side; /* side: order of T and Y */
  double sign, tol; /* sign -1: the highest end, as the lowest of -A */
  double *AV, *T, *Y, *theta, *work, *panel;
  double *locked_value;               /* of locked vector j */
  size_t *locked_phase;               /* the random start after which it was found */
  size_t work_len, phase, last_block; /* width of the block expanded last */
  double norm;                        /* largest |Ritz value| seen */
  uint64_t applications, budget;
  bool stopped, interrupted, exhausted,
      residuals; /* residuals: next candidates lie behind the basis */
} eigs;

/* ---- small pieces ---------------------------------------------------------------------------- */

static double *basis_vector(const eigs *s, size_t j) {
  return s->basis.vectors + j * s->n;
}

static double *locked_vector(const eigs *s, size_t j) {
  return s->basis.vectors - (j + 1) * s->n;
}

/* What a residual must come down to. Below 256 eps |A| the operator's own rounding is met. */
static double target(const eigs *s) {
  const double relative = fmax(s->tol, 256 * DBL_EPSILON) * s->norm;
  return s->options->abs_tol > relative ? s->options->abs_tol : relative;
}

/* Eigenvalues of Y (order k, leading dimension k, destroyed: vectors in its place) into theta. */
static spo_status small_spectrum(eigs *s, size_t k) {
  const spo_blasint order = (spo_blasint)k, lwork = (spo_blasint)s->work_len;
  spo_blasint info = 0;
  dsyev_("V", "L", &order, s->Y, &order, s->theta, s->work, &lwork, &info);
  if (info == 0) {
    s->norm = fmax(s->norm, fmax(fabs(s->theta[0]), fabs(s->theta[k - 1])));
    return SPO_OK;
  }
  return spo_fail_detail(s->err, SPO_E_NUMERIC, info, "spo_eigs",
                         "LAPACK dsyev of order %zu: info %d", k, info);
}

/* AX = sign A X for p vectors, and C = U^T A X for k others. A NaN anywhere shows in C. */
static spo_status apply(eigs *s, size_t p, const double *X, double *AX, size_t k, const double *U,
                        double *C) {
  const spo_status status = s->A->apply(s->A->self, p, X, AX);
  s->applications += p;
  if (status != SPO_OK)
    return status;
  if (s->sign < 0)
    spo_vec_scale(p * s->n, -1.0, AX);
  spo_space_gram(s->basis.space, k, U, p, AX, C);
  for (size_t i = 0; i < k * p; i++)
    if (!isfinite(C[i]))
      return spo_fail(s->err, SPO_E_NONFINITE, "spo_eigs", "the operator gave NaN or infinity");
  return SPO_OK;
}

/* ---- expanding ------------------------------------------------------------------------------- */

/* Is there room for a block, and leave to apply the operator to it? 0: no, and s says why. */
static size_t next_width(eigs *s) {
  const size_t held = s->basis.locked + s->basis.count;
  size_t p = s->cap - s->basis.count < s->block ? 0 : s->block;
  if (s->dim - held <= s->cap - s->basis.count && s->dim - held < s->block)
    p = s->dim - held;
  s->exhausted = s->exhausted || held == s->dim;
  if (s->exhausted || p == 0)
    return 0;
  if (s->options->poll && s->options->poll(s->options->poll_self) != 0)
    s->stopped = s->interrupted = true;
  if (s->applications + p > s->budget)
    p = s->budget > s->applications ? (size_t)(s->budget - s->applications) : 0;
  s->stopped = s->stopped || p == 0;
  return s->stopped ? 0 : p;
}

/* The candidates of the next block, behind the basis: residuals left there by the restart, else A
 * times the last block, else random ones. */
static void propose(eigs *s, size_t p) {
  double *X = basis_vector(s, s->basis.count);
  const size_t last = s->last_block;
  if (!s->residuals && last >= p)
    spo_vec_copy(p * s->n, s->AV + (s->basis.count - last) * s->n, X);
  else if (!s->residuals)
    spo_basis_random(&s->basis, p);
  s->residuals = false;
}

/* Adds p orthonormal vectors behind the basis to it, with their rows and columns of T. */
static spo_status adopt(eigs *s, size_t p) {
  const size_t old = s->basis.count, count = old + p, ld = s->side;
  double *C = s->basis.coef;
  const spo_status status =
      apply(s, p, basis_vector(s, old), s->AV + old * s->n, count, s->basis.vectors, C);
  if (status != SPO_OK)
    return status;
  for (size_t j = 0; j < p; j++)
    for (size_t i = 0; i < count; i++)
      s->T[i + (old + j) * ld] = s->T[(old + j) + i * ld] = C[i + j * count];
  s->basis.count = count;
  s->last_block = p;
  return SPO_OK;
}

static spo_status expand(eigs *s) {
  for (size_t p = next_width(s); p > 0; p = next_width(s)) {
    propose(s, p);
    size_t made = 0;
    spo_status status = spo_basis_orthonormalise(&s->basis, p, &made);
    if (status == SPO_OK && made > 0)
      status = adopt(s, made);
    if (status != SPO_OK)
      return status;
    s->exhausted = made < p;
  }
  return SPO_OK;
}

static spo_status rayleigh_ritz(eigs *s) {
  const size_t k = s->basis.count;
  for (size_t j = 0; j < k; j++)
    spo_vec_copy(k, s->T + j * s->side, s->Y + j * k);
  return k > 0 ? small_spectrum(s, k) : SPO_OK;
}

/* ---- locking --------------------------------------------------------------------------------- */

static size_t highest_locked(const eigs *s) {
  size_t highest = 0;
  for (size_t j = 1; j < s->basis.locked; j++)
    if (s->locked_value[j] > s->locked_value[highest])
      highest = j;
  return highest;
}

/* The count-th lowest locked value, infinite while there are fewer */
static double wanted_end(const eigs *s) {
  for (size_t j = 0; j < s->basis.locked; j++) {
    size_t below = 0, level = 0;
    for (size_t i = 0; i < s->basis.locked; i++) {
      below += s->locked_value[i] < s->locked_value[j];
      level += s->locked_value[i] == s->locked_value[j];
    }
    if (below < s->count && s->count <= below + level)
      return s->locked_value[j];
  }
  return INFINITY;
}

/* Where room has run out the highest locked vector is given up: count lower ones are there. */
static void lock(eigs *s, double value, const double *v) {
  const bool full = s->basis.locked == s->lock_cap;
  const size_t j = full ? highest_locked(s) : s->basis.locked++;
  spo_vec_copy(s->n, v, locked_vector(s, j));
  s->locked_value[j] = value;
  s->locked_phase[j] = s->phase;
}

/* Have as many equal eigenvalues as the block can show been found since the last random start, with
 * wanted ones above them? */
static bool more_may_hide(const eigs *s) {
  const double equal = 10 * target(s), end = wanted_end(s);
  /* one or two equal ones are no sign of a multiplicity yet, until all wanted ones seem to be there
   */
  const size_t enough = s->basis.locked < s->count && s->block < 3 ? 3 : s->block;
  for (size_t j = 0; j < s->basis.locked; j++) {
    size_t level = 0;
    for (size_t i = 0; i < s->basis.locked; i++)
      level +=
          s->locked_phase[i] == s->phase && fabs(s->locked_value[i] - s->locked_value[j]) <= equal;
    if (level >= enough && s->locked_phase[j] == s->phase && s->locked_value[j] < end - equal)
      return true;
  }
  return false;
}

/* ---- restarting ------------------------------------------------------------------------------ */

/* R = A v - theta v for Ritz vector i, in the space: an operator may leave it, by rounding or
 * because nobody paid for a projection */
static spo_status residual(const eigs *s, size_t i, double *R) {
  spo_vec_add(s->n, s->AV + i * s->n, -s->theta[i], basis_vector(s, i), R);
  return spo_space_project(s->basis.space, 1, R);
}

/* Its norm outside the locked vectors: couplings to those are settled by the last Rayleigh-Ritz
 * step. Uses the room behind the basis. */
static spo_status residual_norm(eigs *s, size_t i, double *norm) {
  double *R = basis_vector(s, s->basis.count);
  const spo_status status = residual(s, i, R);
  spo_space_remove(s->basis.space, s->basis.locked, basis_vector(s, 0) - s->basis.locked * s->n, 1,
                   R, s->basis.coef);
  *norm = spo_space_norm(s->basis.space, R, s->basis.scratch);
  return status;
}

/* Gives up the leading `gone` vectors of the basis. */
static void drop_leading(eigs *s, size_t gone) {
  const size_t left = s->basis.count - gone;
  if (gone == 0)
    return;
  memmove(basis_vector(s, 0), basis_vector(s, gone), left * s->n * sizeof(double));
  memmove(s->AV, s->AV + gone * s->n, left * s->n * sizeof(double));
  memmove(s->theta, s->theta + gone, left * sizeof(double));
  s->basis.count = left;
}

static void fresh_start(eigs *s) {
  s->basis.count = 0;
  s->last_block = 0;
  s->residuals = false;
  s->phase++;
}

/* V and AV become the leading Ritz vectors. Rather more than half of the basis is kept: on a path's
 * Laplacian, the hardest case at hand, that took a third fewer products than two fifths. */
static void keep_ritz_vectors(eigs *s) {
  const size_t m = s->basis.count,
               missing = s->count > s->basis.locked ? s->count - s->basis.locked : 1;
  size_t keep = missing + s->block > 11 * m / 20 ? missing + s->block : 11 * m / 20;
  const size_t most = m > 2 * s->block ? m - 2 * s->block : 1;
  if (s->exhausted)
    keep = m;
  else if (keep > most)
    keep = most;
  spo_rotate(s->n, s->basis.vectors, m, s->Y, keep, s->panel);
  spo_rotate(s->n, s->AV, m, s->Y, keep, s->panel);
  s->basis.count = keep;
}

/* Locks what has converged, from the lowest on; *settled: nothing wanted is left. */
static spo_status lock_converged(eigs *s, bool *settled) {
  size_t done = 0;
  *settled = s->exhausted;
  while (done < s->basis.count) {
    const double end = wanted_end(s), theta = s->theta[done], near = s->exhausted ? 0 : target(s);
    if (!(theta < end - near) && s->exhausted)
      break;
    double r;
    const spo_status status = residual_norm(s, done, &r);
    if (status != SPO_OK)
      return status;
    if (!(theta < end - near)) {
      /* a Ritz value settles with the square of its residual */
      *settled = r <= fmax(near / 3, fmax(0.01 * (theta - end), 0.1 * sqrt(near) * sqrt(s->norm)));
      break;
    }
    if (!(r <= near / 3) && !s->exhausted)
      break;
    lock(s, theta, basis_vector(s, done++));
  }
  drop_leading(s, done);
  if (done > 0 && !s->exhausted && more_may_hide(s)) {
    fresh_start(s);
    *settled = false;
  }
  return SPO_OK;
}

static spo_status restart(eigs *s, bool *settled) {
  keep_ritz_vectors(s);
  spo_status status = lock_converged(s, settled);
  const size_t m = s->basis.count, p = m < s->block ? m : s->block;
  for (size_t j = 0; j < m; j++)
    for (size_t i = 0; i < m; i++)
      s->T[i + j * s->side] = i == j ? s->theta[j] : 0.0;
  for (size_t j = 0; j < p && status == SPO_OK; j++)
    status = residual(s, j, basis_vector(s, m + j));
  if (p < s->block && m > 0) { /* fewer residuals than a block takes: random ones fill it */
    s->basis.count += p;
    spo_basis_random(&s->basis, s->block - p);
    s->basis.count -= p;
  }
  s->residuals = m > 0;
  s->last_block = 0;
  return status;
}

static spo_status iterate(eigs *s) {
  bool settled = false;
  while (!settled) {
    spo_status status = expand(s);
    if (status == SPO_OK)
      status = rayleigh_ritz(s);
    if (status == SPO_OK && !s->stopped)
      status = restart(s, &settled);
    if (status != SPO_OK || s->stopped)
      return status;
  }
  return SPO_OK;
}

/* ---- the answer ------------------------------------------------------------------------------ */

/* Exactly the pairs to return, in the place of the locked ones: unconverged Ritz vectors make up
 * the number after an early end. */
static void select_pairs(eigs *s) {
  const size_t missing = s->count > s->basis.locked ? s->count - s->basis.locked : 0;
  const size_t have = missing < s->basis.count ? missing : s->basis.count;
  if (s->stopped && have > 0) {
    spo_rotate(s->n, s->basis.vectors, s->basis.count, s->Y, have, s->panel);
    for (size_t j = 0; j < have; j++)
      lock(s, s->theta[j], basis_vector(s, j));
  }
  while (s->basis.locked > s->count) {
    const size_t j = highest_locked(s), last = --s->basis.locked;
    if (j != last)
      spo_vec_copy(s->n, locked_vector(s, last), locked_vector(s, j));
    s->locked_value[j] = s->locked_value[last];
  }
  s->basis.count = 0;
}

/* Orthonormal to the last digit: every restart since a vector was found has cost it a rounding
 * error. */
static spo_status tidy(eigs *s, size_t k, double *F) {
  for (size_t j = 0; j < k; j++) {
    double *v = F + j * s->n;
    spo_space_remove(s->basis.space, j, F, 1, v, s->basis.coef);
    const spo_status status = spo_space_project(s->basis.space, 1, v);
    if (status != SPO_OK)
      return status;
    spo_vec_scale(s->n, 1.0 / spo_space_norm(s->basis.space, v, s->basis.scratch), v);
  }
  return SPO_OK;
}

/* Rayleigh-Ritz among them, with the operator applied anew; A times them ends up behind them. */
static spo_status refine(eigs *s) {
  const size_t k = s->basis.locked;
  double *F = basis_vector(s, 0) - k * s->n, *AF = basis_vector(s, 0);
  spo_status status = tidy(s, k, F);
  for (size_t j = 0; j < k && status == SPO_OK; j += s->block) {
    const size_t p = k - j < s->block ? k - j : s->block;
    status = apply(s, p, F + j * s->n, AF + j * s->n, k, F, s->Y + j * k);
  }
  if (status != SPO_OK)
    return status;
  for (size_t j = 0; j < k; j++)
    for (size_t i = 0; i < j; i++)
      s->Y[j + i * k] = s->Y[i + j * k] = 0.5 * (s->Y[i + j * k] + s->Y[j + i * k]);
  status = small_spectrum(s, k);
  if (status != SPO_OK)
    return status;
  spo_rotate(s->n, F, k, s->Y, k, s->panel);
  spo_rotate(s->n, AF, k, s->Y, k, s->panel);
  return SPO_OK;
}

static spo_status deliver(eigs *s, double *values, double *vectors, double *residuals,
                          spo_eigs_result *result) {
  select_pairs(s);
  const size_t k = s->basis.locked;
  spo_status status = k > 0 ? refine(s) : SPO_OK;
  double *F = basis_vector(s, 0) - k * s->n, *AF = basis_vector(s, 0);
  spo_eigs_result r = {.count = k, .norm_estimate = s->norm, .interrupted = s->interrupted};
  r.applications = s->applications;
  for (size_t j = 0; j < k && status == SPO_OK; j++) {
    values[j] = s->sign * s->theta[j];
    spo_vec_axpy(s->n, -s->theta[j], F + j * s->n, AF + j * s->n);
    status = spo_space_project(s->basis.space, 1, AF + j * s->n);
    const double norm = spo_space_norm(s->basis.space, AF + j * s->n, s->basis.scratch);
    r.converged += norm <= target(s);
    if (residuals)
      residuals[j] = norm;
  }
  if (vectors)
    spo_vec_copy(k * s->n, F, vectors);
  if (result)
    *result = r;
  return status;
}

/* ---- setting up ------------------------------------------------------------------------------ */

/* Narrow blocks take fewer products, wide ones fewer random starts where multiplicities are high.
 * The basis must hold many blocks beside the pairs that are kept: convergence goes with their
 * number. */
static spo_status sizes(eigs *s, const spo_linop *A, const spo_eigs_options *o) {
  if (!A || !A->space || !A->apply || o->count == 0 || !(o->tol >= 0) || !(o->abs_tol >= 0))
    return spo_fail(s->err, SPO_E_ARG, "spo_eigs",
                    "needs an operator with a space, count >= 1 and tolerances >= 0");
  s->A = A;
  s->options = o;
  s->n = A->space->n;
  s->dim = A->space->dim;
  s->count = o->count < s->dim ? o->count : s->dim;
  s->sign = o->end == SPO_HIGHEST ? -1.0 : 1.0;
  s->tol = o->tol > 0 ? o->tol : 1e-10;
  if (s->n > INT_MAX || s->dim > s->n)
    return spo_fail(s->err, SPO_E_DIM, "spo_eigs", "dimension %zu in length %zu", s->dim, s->n);
  s->block = o->block ? o->block : s->count < 16 ? 4 : 8;
  if (s->block > s->dim)
    s->block = s->dim;
  const size_t kept = s->count < 32 ? s->count : 32;
  s->cap = o->basis ? o->basis : kept + (s->block < 6 ? 48 : 8 * s->block);
  if (s->cap < 4 * s->block)
    s->cap = 4 * s->block;
  if (s->cap < (s->count + 1) / 2) /* V and AV together take A times the answer */
    s->cap = (s->count + 1) / 2;
  if (s->cap > s->dim)
    s->cap = s->dim;
  s->lock_cap = s->count + s->block;
  s->side = s->cap > s->lock_cap ? s->cap : s->lock_cap;
  s->work_len = 36 * s->side;
  const uint64_t all = o->max_apply ? o->max_apply : 100 * (uint64_t)s->dim;
  s->budget = all > s->count ? all - s->count : 0;
  return SPO_OK;
}

static void layout(spo_carver *c, eigs *s) {
  /* one block of room behind the basis: for residuals */
  const size_t vectors = spo_size_add(s->lock_cap, spo_size_mul(2, s->cap) + s->block);
  double *all = spo_carve_doubles(c, spo_size_mul(vectors, s->n));
  s->basis.scratch = spo_carve_doubles(c, s->n);
  s->basis.coef = spo_carve_doubles(c, (s->lock_cap + s->cap + s->block) * s->block);
  s->T = spo_carve_doubles(c, spo_size_mul(s->side, s->side));
  s->Y = spo_carve_doubles(c, spo_size_mul(s->side, s->side));
  s->theta = spo_carve_doubles(c, s->side);
  s->work = spo_carve_doubles(c, s->work_len);
  s->panel = spo_carve_doubles(c, SPO_PANEL * s->side);
  s->locked_value = spo_carve_doubles(c, s->lock_cap);
  s->locked_phase = spo_carve(c, s->lock_cap, sizeof *s->locked_phase);
  if (!c->base)
    return;
  s->basis.vectors = all + s->lock_cap * s->n;
  s->AV = s->basis.vectors + (s->cap + s->block) * s->n;
}

spo_status spo_eigs(const spo_linop *A, const spo_eigs_options *options, gsl_rng *rng,
                    double *values, double *vectors, double *residual, spo_eigs_result *result,
                    spo_error *err) {
  static const spo_eigs_options usual = SPO_EIGS_OPTIONS_INIT;
  eigs s = {.err = err};
  spo_status status = sizes(&s, A, options ? options : &usual);
  if (status == SPO_OK && (!rng || !values))
    status = spo_fail(err, SPO_E_ARG, "spo_eigs", "needs a random generator and room for values");
  if (status != SPO_OK)
    return status;
  if (result)
    *result = (spo_eigs_result){0};
  if (s.dim == 0)
    return SPO_OK;
  s.basis = (spo_basis){.space = A->space, .rng = rng, .n = s.n};
  spo_carver carver = {0};
  layout(&carver, &s);
  if (!spo_carver_alloc(&carver))
    return spo_fail(err, SPO_E_NOMEM, "spo_eigs", "no memory for %zu vectors of %zu doubles",
                    s.lock_cap + 2 * s.cap + s.block, s.n);
  layout(&carver, &s);
  status = iterate(&s);
  if (status == SPO_OK)
    status = deliver(&s, values, vectors, residual, result);
  spo_block_free(carver.base);
  return status;
}
