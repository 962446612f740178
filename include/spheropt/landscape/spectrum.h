/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The spectrum of the Riemannian Hessian at a point: all of it (tangent coordinates, block Hessian
 * products, LAPACK) up to a dimension, beyond that the extreme ends by block Lanczos, orthogonal to
 * the symmetry orbit, whose eigenvalues are known. */
#ifndef SPHEROPT_LANDSCAPE_SPECTRUM_H
#define SPHEROPT_LANDSCAPE_SPECTRUM_H

#include <gsl/gsl_rng.h>
#include <spheropt/options.h>
#include <spheropt/point.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct spo_spectrum_options {
  size_t size;
  uint64_t count;     /* eigenvalues per end when iterating [8] */
  uint64_t dense_max; /* dimension up to which all are computed [6000] */
  double cluster_tol; /* one cluster: nearer than this times the largest |eigenvalue| [1e-7] */
  double zero_tol;    /* zero: at most this times the largest; 0: see below [0] */
  double tol;         /* Lanczos: residual relative to the largest |eigenvalue| [1e-9] */
  double max_time;    /* seconds, after which the best pairs so far are taken [inf] */
  int (*poll)(void *self); /* asked between blocks of products; nonzero: the same; NULL: never */
  void *poll_self;
} spo_spectrum_options;

typedef struct spo_cluster {
  double value; /* mean of its members */
  size_t multiplicity;
  double gap; /* distance to the next higher cluster; inf for the last */
} spo_cluster;

typedef struct spo_spectrum {
  size_t dimension, ambient; /* of the manifold */
  bool complete;             /* all eigenvalues; else `count` ascending: lowest, then highest,
                                without the `deflated` zeros */
  size_t count;              /* eigenvalues held */
  size_t n_lowest;           /* how many of them belong to the lower end (count if complete) */
  double *eigenvalue;        /* count doubles, ascending */
  double *lowest_vector;     /* ambient doubles: the eigenvector of eigenvalue[0], tangent, unit */
  double residual_max;       /* the largest |H v - lambda v| of the pairs held */
  size_t n_clusters;
  spo_cluster *cluster;
  double zero_tol;   /* absolute: what counted as 0 */
  bool counts_known; /* index and nullity below are those of the whole spectrum */
  size_t index, nullity;
  size_t gauge_dimension; /* of the symmetry orbit; 0 without a known symmetry */
  size_t deflated;        /* orbit directions left out of the iteration; they count as zeros */
  double *residual;       /* count doubles, |H v - lambda v| of each pair: some eigenvalue of H lies
                             that near */
  size_t n_converged;     /* pairs that met the residual asked for; count if complete */
  bool low_converged;     /* all of the lower end did */
  bool interrupted;       /* by poll or max_time: fewer pairs, or none, or worse ones */
} spo_spectrum;

/** spo_spectrum_options_init - the defaults in brackets. O(1).
 * spo_spectrum_options_table - their table. O(1). */
SPO_API void spo_spectrum_options_init(spo_spectrum_options *options);
SPO_API const spo_option *spo_spectrum_options_table(size_t *count);

/**
 * spo_spectrum_at - the spectrum of Hess f at p.
 *
 * E        in/out  evaluator;  p  in/out  place; cost and gradient computed first if unknown
 * options  in      NULL: defaults
 * rng      in/out  start of the iteration; not used when the spectrum is complete
 * out      out     NULL on failure; free with spo_spectrum_destroy
 *
 * Units: those of f. Cost: complete: 2 dim Hessian products, O(dim^3) and 4 dim^2 doubles;
 * iterated: products until the residuals are met (at most 20000 an end), about 4 count + 100
 * vectors. Where they are not, eigenvalues lie too near one another for that many products, or a
 * multiplicity is high (a minimiser of low rank has as many equal ones as there are dimensions
 * free); the pairs come with their residuals all the same, no matter how the iteration ended, and
 * index and nullity are then unknown. Orbit directions are deflated only at critical points
 * (gradient at most 1e-6 of the problem's scale).
 * zero_tol by default: max(8 eps dim |H|, residual_max), and near critical points also 10 |grad|
 * and 8 eps times the gradient scale that the problem states.
 * Fails: SPO_E_UNSUPPORTED (no ehess; no coordinates and dim <= dense_max is iterated instead),
 * SPO_E_NOMEM, SPO_E_NUMERIC, SPO_E_OPTION, and as spo_eval_hess. Threads: one per evaluator.
 * tests/oracle/ufm_spectrum.c.
 */
SPO_API spo_status spo_spectrum_at(spo_eval *E, spo_point *p, const spo_spectrum_options *options,
                                   gsl_rng *rng, spo_spectrum **out, spo_error *err);
/** spo_spectrum_destroy - frees what spo_spectrum_at made; NULL is fine. */
SPO_API void spo_spectrum_destroy(spo_spectrum *spectrum);

/**
 * spo_gauge_dimension - the dimension of the symmetry orbit through p (0 without a known symmetry).
 * Cost: O(n d + d^3), one allocation. Fails: SPO_E_NOMEM, SPO_E_USER.
 */
SPO_API spo_status spo_gauge_dimension(spo_eval *E, spo_point *p, size_t *dim, spo_error *err);

#ifdef __cplusplus
}
#endif
#endif
