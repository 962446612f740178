/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The spectrum of the Riemannian Hessian. Dense: its matrix in tangent coordinates, from blocks of
 * products, to LAPACK. Iterated: both ends by block Lanczos on the tangent space, without the
 * symmetry orbit: at a critical point its thousands of zeros are known. */
#include <spheropt/landscape/spectrum.h>

#include <float.h>
#include <math.h>
#include <time.h>

#include <spheropt/tangent.h>

#include "base/memory.h"
#include "base/take.h"
#include "base/vec.h"
#include "landscape/gauge.h"
#include "linear/basis.h"
#include "manifold/slots.h"
#include "problem/slots.h"

enum { BLOCK = 64 }; /* Hessian columns made at a time */
static const double CRITICAL_TOL =
    1e-6; /* of the problem's scale: the orbit is deflated up to there */
static const uint64_t MAX_APPLY = 20000; /* Hessian products spent on one end */

#define AT(member) offsetof(spo_spectrum_options, member)
static const spo_option table[] = {
    {"count", "eigenvalues at each end, where not all are computed", "", AT(count), SPO_OPTION_UINT,
     1, 10000, 8, 0, NULL, 0},
    {"dense-max", "dimension up to which all eigenvalues are computed",
     "two matrices of this order: 0.6 GB, minutes", AT(dense_max), SPO_OPTION_UINT, 0, 46340, 6000,
     0, NULL, 0},
    {"cluster-tol", "eigenvalues nearer than this times the largest are one cluster", "",
     AT(cluster_tol), SPO_OPTION_DOUBLE, 0, 1, 1e-7, 0, NULL, 0},
    {"zero-tol", "counts as zero up to this times the largest; 0: rounding and gradient", "",
     AT(zero_tol), SPO_OPTION_DOUBLE, 0, 1, 0, 0, NULL, 0},
    {"tol", "residual of an iterated eigenpair relative to the largest eigenvalue", "", AT(tol),
     SPO_OPTION_DOUBLE, 0, 1, 1e-9, SPO_OPEN_LO | SPO_OPEN_HI, NULL, 0},
    {"max-time", "seconds for the spectrum, then what has been found is taken; inf: off", "",
     AT(max_time), SPO_OPTION_DOUBLE, 0, INFINITY, INFINITY, 0, NULL, 0},
};
#undef AT
enum { N_OPTIONS = sizeof table / sizeof table[0] };

void spo_spectrum_options_init(spo_spectrum_options *options) {
  spo_options_init(table, N_OPTIONS, options, sizeof *options);
}

const spo_option *spo_spectrum_options_table(size_t *count) {
  *count = N_OPTIONS;
  return table;
}

/* All that the two ways share. */
typedef struct analysis {
  spo_eval *eval;
  spo_point *at;
  const spo_manifold *M;
  spo_spectrum_options options;
  spo_spectrum *out;
  struct timespec began;
  bool low_met, low_is_all; /* iterated: the lower end met its tolerance; and there is no more */
  bool critical;            /* the gradient is small: the orbit is in the kernel */
  spo_error *err;
} analysis;

/* The time or the caller: asked between blocks of products. */
static int ended(void *self) {
  analysis *a = self;
  const spo_spectrum_options *o = &a->options;
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  const double seconds =
      (double)(now.tv_sec - a->began.tv_sec) + 1e-9 * (double)(now.tv_nsec - a->began.tv_nsec);
  if ((o->poll && o->poll(o->poll_self)) || (o->max_time < INFINITY && !(seconds < o->max_time)))
    a->out->interrupted = true;
  return a->out->interrupted;
}

/* ---- the answer's memory --------------------------------------------------------------------- */

static spo_spectrum *layout(spo_carver *c, size_t count, size_t n) {
  spo_spectrum *s = spo_carve(c, 1, sizeof *s);
  double *eigenvalue = spo_carve_doubles(c, count), *vector = spo_carve_doubles(c, n);
  double *residual = spo_carve_doubles(c, count);
  spo_cluster *cluster = spo_carve(c, count, sizeof *cluster);
  if (s)
    *s = (spo_spectrum){.eigenvalue = eigenvalue,
                        .lowest_vector = vector,
                        .residual = residual,
                        .cluster = cluster};
  return s;
}

static spo_status no_memory(analysis *a, size_t bytes) {
  return spo_fail(a->err, SPO_E_NOMEM, "spo_spectrum_at",
                  "no memory for a spectrum of dimension %zu: %zu bytes", a->M->dim, bytes);
}

static spo_status make_answer(analysis *a, size_t room) {
  spo_carver carver = {0};
  layout(&carver, room, a->M->n);
  if (!spo_carver_alloc(&carver))
    return no_memory(a, carver.used);
  a->out = layout(&carver, room, a->M->n);
  a->out->dimension = a->M->dim;
  a->out->ambient = a->M->n;
  spo_vec_zero(a->M->n, a->out->lowest_vector);
  return SPO_OK;
}

void spo_spectrum_destroy(spo_spectrum *spectrum) {
  spo_block_free(spectrum);
}

/* ---- all of it ------------------------------------------------------------------------------- */

typedef struct dense {
  double *H, *vectors, *coords, *V, *HV; /* dim^2 twice, BLOCK x dim, BLOCK x n twice */
} dense;

static void *layout_dense(spo_carver *c, const spo_manifold *M, dense *d) {
  const size_t square = spo_size_mul(M->dim, M->dim);
  d->H = spo_carve_doubles(c, square);
  d->vectors = spo_carve_doubles(c, square);
  d->coords = spo_carve_doubles(c, BLOCK * M->dim);
  d->V = spo_carve_doubles(c, BLOCK * M->n);
  d->HV = spo_carve_doubles(c, BLOCK * M->n);
  return c->base;
}

/* HV = Hess V for the k tangent vectors of coordinates C. */
static spo_status hess_of_coords(analysis *a, size_t k, const double *C, dense *d) {
  const spo_status status = a->M->ops->from_coords(a->M, a->at->x, k, C, d->V, a->eval->work);
  return status == SPO_OK ? spo_eval_hess(a->eval, a->at, k, d->V, d->HV) : status;
}

static spo_status assemble(analysis *a, dense *d) {
  const size_t dim = a->M->dim;
  for (size_t first = 0; first < dim && !ended(a); first += BLOCK) {
    const size_t k = dim - first < BLOCK ? dim - first : BLOCK;
    spo_vec_zero(k * dim, d->coords);
    for (size_t j = 0; j < k; j++)
      d->coords[j * dim + first + j] = 1.0;
    spo_status status = hess_of_coords(a, k, d->coords, d);
    if (status == SPO_OK)
      status = a->M->ops->to_coords(a->M, a->at->x, k, d->HV, d->H + first * dim, a->eval->work);
    if (status != SPO_OK)
      return status;
  }
  for (size_t j = 0; j < dim; j++)
    for (size_t i = j + 1; i < dim; i++)
      d->H[i + j * dim] = 0.5 * (d->H[i + j * dim] + d->H[j + i * dim]);
  return SPO_OK;
}

/* The largest |H v - lambda v|, by the operator itself; and the lowest vector. */
static spo_status true_residuals(analysis *a, dense *d) {
  const size_t dim = a->M->dim, n = a->M->n;
  spo_tangent T;
  spo_tangent_at(&T, a->eval, a->at);
  for (size_t first = 0; first < dim; first += BLOCK) {
    const size_t k = dim - first < BLOCK ? dim - first : BLOCK;
    const spo_status status = hess_of_coords(a, k, d->vectors + first * dim, d);
    if (status != SPO_OK)
      return status;
    if (first == 0)
      spo_vec_copy(n, d->V, a->out->lowest_vector);
    for (size_t j = 0; j < k; j++) {
      double *r = d->HV + j * n, *v = d->V + j * n;
      spo_vec_axpy(n, -a->out->eigenvalue[first + j], v, r);
      a->out->residual[first + j] = spo_space_norm(&T.space, r, v);
      a->out->residual_max = fmax(a->out->residual_max, a->out->residual[first + j]);
    }
  }
  return SPO_OK;
}

static spo_status complete(analysis *a) {
  const size_t dim = a->M->dim;
  spo_status status = make_answer(a, dim);
  if (status != SPO_OK)
    return status;
  dense d;
  spo_carver carver = {0};
  layout_dense(&carver, a->M, &d);
  if (!spo_carver_alloc(&carver))
    return no_memory(a, carver.used);
  layout_dense(&carver, a->M, &d);
  spo_spectrum *out = a->out;
  status = assemble(a, &d);
  if (status == SPO_OK && !out->interrupted)
    status = spo_eigh(dim, d.H, out->eigenvalue, d.vectors, a->err);
  if (status == SPO_OK && !out->interrupted)
    status = true_residuals(a, &d);
  spo_block_free(carver.base);
  out->complete = out->low_converged = !out->interrupted; /* part of a matrix has no spectrum */
  out->count = out->n_lowest = out->n_converged = out->complete ? dim : 0;
  return status;
}

/* ---- the ends -------------------------------------------------------------------------------- */

/* `count` eigenvalues of one end into place `at` of the answer; *met: all of them to the
 * tolerance. */
static spo_status one_end(analysis *a, spo_slice *s, spo_end end, size_t at, size_t count,
                          gsl_rng *rng, double *vectors, bool *met, size_t *found) {
  spo_spectrum *out = a->out;
  spo_eigs_options o = SPO_EIGS_OPTIONS_INIT;
  o.count = count;
  o.end = end;
  o.tol = a->options.tol;
  o.max_apply = MAX_APPLY;
  o.poll = ended;
  o.poll_self = a;
  spo_eigs_result r;
  const spo_status status =
      spo_eigs(&s->hess, &o, rng, out->eigenvalue + at, vectors, out->residual + at, &r, a->err);
  if (status != SPO_OK)
    return status;
  for (size_t j = 0; j < r.count; j++)
    out->residual_max = fmax(out->residual_max, out->residual[at + j]);
  *found = r.count;
  *met = r.converged == count;
  out->n_converged += r.converged;
  return SPO_OK;
}

static void reverse(size_t count, double *values) {
  for (size_t i = 0; i < count / 2; i++) {
    const double swap = values[i];
    values[i] = values[count - 1 - i];
    values[count - 1 - i] = swap;
  }
}

/* Lowest, then highest, all ascending. A space with no more than both ends take is all lower end.
 */
static spo_status both_ends(analysis *a, spo_slice *s, gsl_rng *rng, double *vectors) {
  const size_t dim = s->space.dim, wanted = a->options.count;
  spo_spectrum *out = a->out;
  a->low_is_all = dim <= 2 * wanted;
  a->low_met = true;
  const size_t low = a->low_is_all ? dim : wanted;
  bool high_met;
  size_t n_high = 0;
  spo_status status = SPO_OK;
  if (low > 0)
    status = one_end(a, s, SPO_LOWEST, 0, low, rng, vectors, &a->low_met, &out->n_lowest);
  out->low_converged = a->low_met;
  if (status == SPO_OK && out->n_lowest > 0)
    spo_vec_copy(a->M->n, vectors, out->lowest_vector);
  if (status == SPO_OK && !a->low_is_all && !out->interrupted)
    status = one_end(a, s, SPO_HIGHEST, out->n_lowest, wanted, rng, NULL, &high_met, &n_high);
  reverse(n_high, out->eigenvalue + out->n_lowest);
  reverse(n_high, out->residual + out->n_lowest);
  out->count = out->n_lowest + n_high;
  out->complete = a->low_is_all && a->low_met && out->deflated == 0;
  return status;
}

static spo_status ends(analysis *a, gsl_rng *rng) {
  const size_t room = a->options.count > SIZE_MAX / 4 ? SIZE_MAX : 2 * a->options.count;
  spo_status status = make_answer(a, room);
  if (status != SPO_OK)
    return status;
  spo_slice s;
  spo_carver c = {0};
  spo_carve_doubles(&c, spo_orbit_len(a->eval->problem));
  spo_carve_doubles(&c, spo_size_mul(room, a->M->n));
  if (!spo_carver_alloc(&c))
    return no_memory(a, c.used);
  double *mem = spo_carve_doubles(&c, spo_orbit_len(a->eval->problem));
  double *vectors = spo_carve_doubles(&c, room * a->M->n);
  status = spo_slice_at(&s, a->eval, a->at, a->critical, mem, a->err);
  a->out->deflated = s.orbit.dim;
  if (status == SPO_OK)
    status = both_ends(a, &s, rng, vectors);
  spo_block_free(c.base);
  return status;
}

/* ---- what it says ---------------------------------------------------------------------------- */

static double largest(const spo_spectrum *s) {
  return s->count ? fmax(fabs(s->eigenvalue[0]), fabs(s->eigenvalue[s->count - 1])) : 0.0;
}

/* Zero is what rounding (of products, and of LAPACK or the iteration) and, near a critical point,
 * the gradient, which turns orbit directions into small curvatures, leave undecided: the gradient
 * found, or the rounding of one of the size that the problem states, since where the cost's own
 * terms cancel, as at a bifurcation, the Hessian may be far smaller than they. Elsewhere signs are
 * counted as they are. */
static void count_signs(analysis *a, double stated) {
  spo_spectrum *s = a->out;
  const double size = largest(s);
  const double rounding = fmax(8 * DBL_EPSILON * (double)s->dimension * size, s->residual_max);
  const double slope = fmax(10 * a->at->grad_norm, 8 * DBL_EPSILON * stated); /* NaN: not stated */
  const double gradient = a->critical ? slope : 0.0;
  s->zero_tol = a->options.zero_tol > 0.0 ? a->options.zero_tol * size : fmax(rounding, gradient);
  s->nullity = s->deflated;
  for (size_t i = 0; i < s->n_lowest; i++) {
    s->index += s->eigenvalue[i] < -s->zero_tol;
    s->nullity += fabs(s->eigenvalue[i]) <= s->zero_tol;
  }
  /* beyond a positive eigenvalue there are only positive ones */
  const bool passed = s->n_lowest > 0 && s->eigenvalue[s->n_lowest - 1] > s->zero_tol;
  s->counts_known = s->complete || (a->low_met && (a->low_is_all || passed));
}

static void cluster(analysis *a) {
  spo_spectrum *s = a->out;
  const double near = a->options.cluster_tol * largest(s);
  for (size_t i = 0; i < s->count;) {
    size_t end = i + 1;
    double sum = s->eigenvalue[i];
    for (; end < s->count && s->eigenvalue[end] - s->eigenvalue[end - 1] <= near; end++)
      sum += s->eigenvalue[end];
    spo_cluster *c = &s->cluster[s->n_clusters++];
    *c = (spo_cluster){.value = sum / (double)(end - i), .multiplicity = end - i, .gap = INFINITY};
    if (s->n_clusters > 1)
      c[-1].gap = c->value - c[-1].value;
    i = end;
  }
}

spo_status spo_spectrum_at(spo_eval *E, spo_point *p, const spo_spectrum_options *options,
                           gsl_rng *rng, spo_spectrum **out, spo_error *err) {
  *out = NULL;
  const spo_problem *P = E->problem;
  analysis a = {.eval = E, .at = p, .M = P->manifold, .err = err};
  spo_status status =
      spo_options_take(table, N_OPTIONS, options, &a.options, sizeof a.options, err);
  if (status != SPO_OK)
    return status;
  if (!spo_problem_has_hessian(P))
    return spo_fail(err, SPO_E_UNSUPPORTED, "spo_spectrum_at",
                    "the problem has no Hessian (ehess)");
  double scale, stated, noise;
  status = spo_eval_grad(E, p);
  if (status == SPO_OK)
    status = spo_critical_scale(E, p, &scale);
  if (status == SPO_OK)
    status = spo_eval_scale(E, p, &noise, &stated);
  if (status != SPO_OK)
    return status;
  a.critical = p->grad_norm <= CRITICAL_TOL * scale;
  clock_gettime(CLOCK_MONOTONIC, &a.began);
  const bool coords = spo_manifold_has(a.M, from_coords) && spo_manifold_has(a.M, to_coords);
  status = coords && a.M->dim <= a.options.dense_max ? complete(&a) : ends(&a, rng);
  if (status == SPO_OK)
    status = spo_gauge_dimension(E, p, &a.out->gauge_dimension, err);
  if (status != SPO_OK) {
    spo_spectrum_destroy(a.out);
    return status;
  }
  count_signs(&a, stated);
  cluster(&a);
  *out = a.out;
  return SPO_OK;
}
