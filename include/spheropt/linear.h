/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Inner-product spaces, symmetric operators on them, and their spectra. Plain linear algebra: a
 * tangent space with its Hessian is one instance, the arrow matrix of a certificate another. */
#ifndef SPHEROPT_LINEAR_H
#define SPHEROPT_LINEAR_H

#include <gsl/gsl_rng.h>
#include <spheropt/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A subspace of R^n of dimension dim, given by its orthogonal projector. Blocks of vectors lie one
 * after another. All members are read-only for its users. */
typedef struct spo_space {
  size_t n, dim;
  void *self;
  /* out[j] = <U_j, v>, j < k. NULL: the Euclidean inner product */
  void (*inner)(void *self, size_t k, const double *U, const double *v, double *out);
  /* projects k vectors in place, orthogonally in this inner product. NULL: all of R^n */
  spo_status (*project)(void *self, size_t k, double *V);
} spo_space;

/* A symmetric operator on a space: AV_j = A V_j for V in the space. AV does not alias V. Components
 * of AV outside the space are rounding, or to be ignored. A failing operator describes the failure
 * itself. */
typedef struct spo_linop {
  const spo_space *space;
  void *self;
  spo_status (*apply)(void *self, size_t k, const double *V, double *AV);
} spo_linop;

/**
 * spo_space_inner - k inner products with one vector, out[j] = <U_j, v>.
 *
 * U  in   k x n doubles;  v in n doubles;  out out k doubles
 *
 * Cost: 2kn flops, no allocation. The order of summation is fixed: the same bits for any number of
 * threads. Fails: never (NaN goes through). Threads: any.
 */
SPO_API void spo_space_inner(const spo_space *S, size_t k, const double *U, const double *v,
                             double *out);

/** spo_space_project - k vectors in place onto the space (nothing to do without a projector).
 * Returns what the space's own projector returns. */
SPO_API spo_status spo_space_project(const spo_space *S, size_t k, double *V);

typedef enum spo_end { SPO_LOWEST, SPO_HIGHEST } spo_end;

typedef struct spo_eigs_options {
  size_t size;             /* sizeof(spo_eigs_options) */
  size_t count;            /* eigenpairs wanted, >= 1 */
  spo_end end;             /* from which end of the spectrum */
  size_t block;            /* vectors per operator call; 0: 4, from 16 pairs on 8. Multiplicities
                              are found block by block */
  size_t basis;            /* vectors in the basis at most, 4 blocks at least; 0: 48 to 64, and as
                              many as are wanted (32 at most) */
  double tol;              /* residual target relative to the largest |Ritz value| seen; 0: 1e-10.
                              Below 256 eps it counts as 256 eps: the operator's own rounding */
  double abs_tol;          /* or this absolute residual, whichever is met first; 0: none */
  uint64_t max_apply;      /* operator applications (single vectors) at most, the last `count` of
                              them for the true residuals; 0: 100 times dim */
  int (*poll)(void *self); /* nonzero: stop; NULL: never */
  void *poll_self;
} spo_eigs_options;

typedef struct spo_eigs_result {
  size_t count;          /* pairs returned; fewer when the space is smaller or the budget ended */
  size_t converged;      /* how many of them met the target */
  uint64_t applications; /* single-vector operator applications */
  double norm_estimate;  /* largest |Ritz value| seen */
  bool interrupted;      /* by poll */
} spo_eigs_result;

#define SPO_EIGS_OPTIONS_INIT                                                                      \
  { sizeof(spo_eigs_options), 1, SPO_LOWEST, 0, 0, 0.0, 0.0, 0, NULL, NULL }

/**
 * spo_eigs - extreme eigenpairs by a block thick-restart Lanczos with locking (block Rayleigh-Ritz
 * that keeps A times its basis).
 *
 * A        in   symmetric operator; applied to blocks
 * options  in   see above; NULL: one lowest pair
 * rng      in   random start block (its state advances)
 * values   out  count doubles, ascending for SPO_LOWEST, descending for SPO_HIGHEST
 * vectors  out  count x n doubles, orthonormal in the space's inner product; or NULL
 * residual out  count doubles, the true |A v - value v|, recomputed from the vectors; or NULL
 * result   out  how it went; or NULL
 *
 * Vectors are re-orthogonalised in full (two passes, projected after each), so no ghost
 * eigenvalues. Converged pairs are locked from the wanted end on. A space grown from b vectors
 * shows at most b of an eigenspace: after b equal ones that do not complete the wanted ones, a
 * fresh random block orthogonal to all locked vectors follows, until nothing lower is left. A
 * space that fits the basis is solved exactly.
 *
 * Units: those of A. Cost: (count + 2 basis) n doubles allocated once; the applications.
 * Fails: SPO_E_ARG, SPO_E_DIM, SPO_E_NOMEM, SPO_E_NUMERIC (LAPACK; detail is its info),
 * SPO_E_NONFINITE (from A), or what A or the projector returns, described by them.
 * An exhausted budget is no failure: see result->converged. Threads: one call per rng and operator.
 * Source: Wu, Simon 2000 (thick restart); tests/unit/linear.c, tests/oracle/arpack.c.
 */
SPO_API spo_status spo_eigs(const spo_linop *A, const spo_eigs_options *options, gsl_rng *rng,
                            double *values, double *vectors, double *residual,
                            spo_eigs_result *result, spo_error *err);

/**
 * spo_eigh - all eigenvalues, and vectors if wanted, of a dense symmetric matrix (LAPACK dsyevd,
 * whose vectors stay accurate in tight clusters).
 *
 * n       in      order, must fit BLAS's int
 * A       in/out  n x n doubles, of which the lower triangle (column-major) is read; destroyed
 * values  out     n doubles, ascending
 * vectors out     n x n doubles, vector j at vectors + j*n; NULL: values only
 *
 * Cost: 4/3 n^3 flops, values only; about 4 n^3 with vectors, and one allocation of 2 n^2 doubles.
 * Fails: SPO_E_DIM (n beyond int), SPO_E_NOMEM, SPO_E_NONFINITE, SPO_E_NUMERIC (detail: info).
 * Threads: any. Source: LAPACK Users' Guide; tests/unit/linear.c.
 */
SPO_API spo_status spo_eigh(size_t n, double *A, double *values, double *vectors, spo_error *err);

#ifdef __cplusplus
}
#endif
#endif
