/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The contract of a problem: a smooth cost on a manifold, given by a table of callbacks. Two
 * callbacks are enough; the others make it faster or let the toolkit say more about its points. */
#ifndef SPHEROPT_PROBLEM_H
#define SPHEROPT_PROBLEM_H

#include <spheropt/base.h>
#include <spheropt/manifold.h>

#ifdef __cplusplus
extern "C" {
#endif

/* In every callback: `self` is read-only, x is a point, `memo` is what the problem keeps at this
 * place (memo_len doubles; forgotten when the place moves), `work` is lent scratch (work_len
 * doubles, contents lost between calls). At one place the order is guaranteed: cost, then egrad,
 * then any number of ehess, so that each may keep in memo what the next needs. Return 0: fine;
 * > 0: not evaluable here, reject this point and come nearer; < 0: give up. */

/* The group that leaves the cost unchanged, and the tangent space of its orbit through x. Either
 * the four callbacks, or, where all of the group is a rotation of the first m points of R^d in x
 * together (the rest of x stays), `rotated` alone:
 *
 *   static void rotated(const void *self, size_t *d, size_t *m) { *d = 3, *m = 12; }
 *   static const spo_symmetry symmetry = {
 *       .size = sizeof symmetry, .name = "rotations", .rotated = rotated};
 *
 * The metric is then the Euclidean one. Parts for symmetries that are neither: rotation.h. */
typedef struct spo_symmetry {
  size_t size;      /* sizeof(spo_symmetry) */
  const char *name; /* "rotations O(d)" */
  /* doubles that prepare leaves for the others, and scratch that each may use */
  size_t (*store_len)(const void *self);
  size_t (*work_len)(const void *self);
  /* what depends on x alone; *dim is the dimension of the orbit */
  int (*prepare)(void *self, const double *x, double *store, size_t *dim, double *work);
  /* V_j replaced by its orthogonal projection onto the orbit's tangent space, j < k */
  int (*project)(void *self, const double *x, const double *store, size_t k, double *V,
                 double *work);
  /* the sizes, d, m >= 1 and d m <= n; in place of the four above, which are NULL */
  void (*rotated)(const void *self, size_t *d, size_t *m);
} spo_symmetry;

/* A symmetric matrix Z(x) whose lowest eigenvalue bounds the gap to the global minimum, and the
 * constructive directions of negative curvature that come with it. */
typedef struct spo_certificate {
  size_t size;                           /* sizeof(spo_certificate) */
  const char *name;                      /* "arrow matrix" */
  size_t (*order)(const void *self);     /* of Z */
  size_t (*store_len)(const void *self); /* doubles that prepare leaves for the others */
  size_t (*work_len)(const void *self);
  int (*prepare)(void *self, const double *x, const double *memo, double *store, double *work);
  /* ZU_j = Z U_j, j < k; scaled: D^(-1/2) Z D^(-1/2) with the problem's own diagonal D */
  int (*apply)(void *self, const double *x, const double *memo, const double *store, bool scaled,
               size_t k, const double *U, double *ZU, double *work);
  /* what lambda_min proves: f(x) - min f <= *gap */
  int (*gap_bound)(void *self, bool scaled, double lambda_min, double *gap);
  /* Candidate c < n_cases for a tangent direction of negative curvature at a critical point, from
   * the lowest eigenpair (lambda, u) of the unscaled Z. > 0: this case does not apply here. */
  size_t n_cases;
  const char *const *case_name;
  int (*direction)(void *self, const double *x, const double *memo, const double *store, size_t c,
                   double lambda, const double *u, double *v, double *work);
} spo_certificate;

typedef struct spo_problem spo_problem;

typedef struct spo_problem_ops {
  size_t size; /* sizeof(spo_problem_ops): the table grows at its end only */
  /* required */
  int (*cost)(void *self, const double *x, double *f, double *memo, double *work);
  int (*egrad)(void *self, const double *x, double *g, double *memo, double *work);
  /* optional */
  int (*cost_egrad)(void *self, const double *x, double *f, double *g, double *memo,
                    double *work); /* NULL: the two in turn */
  int (*ehess)(void *self, const double *x, const double *v, double *hv, const double *memo,
               double *work); /* NULL: none; solvers that need it refuse */
  int (*ehess_block)(void *self, const double *x, size_t k, const double *V, double *HV,
                     const double *memo, double *work); /* NULL: k times ehess */
  int (*precond)(
      void *self, const double *x, const double *v, double *pv, const double *memo,
      double *work); /* symmetric positive definite on the tangent space; NULL: identity */
  /* the rounding noise of f at x, and the natural size of a gradient there. NULL: 1e3 eps |f|, and
   * the gradient's norm where the run starts, or where it first is not 0 */
  int (*scale)(void *self, const double *x, double f, const double *memo, double *f_noise,
               double *grad_scale);
  /* the global minimum in closed form and the theorem that gives it. > 0: no theorem covers these
   * parameters. NULL: never */
  int (*known_minimum)(void *self, double *f_star, const char **theorem);
  const spo_symmetry *symmetry;       /* NULL: none known */
  const spo_certificate *certificate; /* NULL: none known */
  void (*destroy)(spo_problem *P);    /* NULL: the caller's own struct, nothing to free */
} spo_problem_ops;

/* An instance. Fill one yourself, or let a model make it. Borrowed by everything built on it. */
struct spo_problem {
  const spo_problem_ops *ops;
  const char *name;
  void *self; /* handed to every callback */
  const spo_manifold *manifold;
  size_t memo_len, work_len; /* doubles kept per place, lent per call */
};

/**
 * spo_problem_check - is the table complete and the instance consistent?
 *
 * Required callbacks present, the manifold passes spo_manifold_check, optional tables complete.
 * Cost: O(1), no allocation. Fails: SPO_E_ARG, SPO_E_UNSUPPORTED or SPO_E_DIM, naming the member.
 * Threads: any. Test: tests/thirdparty/broken_tables.c.
 */
SPO_API spo_status spo_problem_check(const spo_problem *P, spo_error *err);

/** spo_problem_destroy - frees a problem that a model made (its manifold too); NULL, and problems
 * without a destroy slot, are left alone. */
SPO_API void spo_problem_destroy(spo_problem *P);

#ifdef __cplusplus
}
#endif
#endif
