/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The relaxation of max-cut of rank p (Burer-Monteiro) on the oblique manifold.
 *
 *   f(X) = <A, X^T X>/4 = (1/2) sum_{edges ij} w_ij <x_i, x_j>,   X in OB(p, N)
 *
 * A is the symmetric matrix of the weights, N vertices; a point is N unit vectors of R^p one after
 * another. W = sum of w over the edges; a cut s in {-1, 1}^N has the value sum w_ij (1 - s_i s_j)/2
 * = W/2 - f(s e^T), so minimising f over points of rank 1 is max-cut, and over any rank it is the
 * semidefinite relaxation, max <L, Y>/4 over Y >= 0 with unit diagonal: its value is W/2 - min f.
 *
 *   egrad = A X/2, ehess[V] = A V/2 (as N x p matrices)
 *
 * Certificate: S = (A - Diag(alpha))/4, alpha_i = <x_i, (A X)_i>. For every Y as above <A, Y>/4 =
 * <S, Y> + sum alpha/4 = <S, Y> + f(X), and <S, Y> >= lambda_min(S) tr Y, so that at any point,
 * critical or not, for any p:
 *
 *   f(X) - min f <= -N lambda_min(S),   every cut <= W/2 - f(X) - N lambda_min(S)
 *
 * (lambda_min(S) <= 0, since <S, X^T X> = 0). Scaled by D = Diag(degrees), the weighted ones
 * divided by their mean, so that tr D = N: f - min f <= -N lambda_min(D^(-1/2) S D^(-1/2)).
 * Direction: where a unit vector e is orthogonal to all x_i, the Hessian along (u_i e)_i is 2 u^T S
 * u, so a rank-deficient second-order critical point is a global minimiser; with p(p+1)/2 > N the
 * same holds without rank deficiency for almost all weights.
 * Minimum: -(sum |w|)/2 where a cut has all positive edges in it and no negative one (bipartite
 * graphs with positive weights), for any p. Symmetry: rotations of R^p.
 *
 * Source: Goemans, Williamson 1995; Burer, Monteiro 2003; Boumal, Voroninski, Bandeira 2016,
 * arXiv:1606.04970. */
#ifndef SPHEROPT_MODELS_MAXCUT_H
#define SPHEROPT_MODELS_MAXCUT_H

#include <spheropt/model.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct spo_maxcut_params {
  size_t size;
  spo_matrix graph;  /* (1 + m) x 3: the row N m 0, then a row i j w for each edge, vertices from 1;
                        edges given twice add up; copied */
  uint64_t rank;     /* p >= 2; 0: the smallest with p(p+1)/2 > N */
  uint64_t vertices; /* N of a random graph; 0: of graph, else 20 */
  double density;    /* each pair is an edge with this probability; 0: 0.5 */
  uint64_t seed;     /* of that graph */
} spo_maxcut_params;

/** spo_maxcut - the model: part X, one vector per row; metrics sdp_value (W/2 - f), upper_bound (of
 * every cut, from lambda_min(S) less the residual of that eigenvalue) and cut (the best of 64
 * random hyperplanes, each improved vertex by vertex; seeded by the parameters). Static storage. */
SPO_API const spo_model_ops *spo_maxcut(void);

/** spo_maxcut_params_init - the defaults. O(1). */
SPO_API void spo_maxcut_params_init(spo_maxcut_params *params);

/**
 * spo_maxcut_create - the problem with its manifold.
 *
 * params  in   graph, or vertices, density and seed of a random one with weights 1
 * out     out  NULL on failure; destroy with spo_problem_destroy
 *
 * Memory: 48 bytes for an edge; a place keeps A X, N p doubles. Cost of f, and of a Hessian
 * product: 4 m p flops; the gradient comes with f.
 * Fails: SPO_E_DIM, SPO_E_ARG (a row that is no edge, named; no weights), SPO_E_OPTION, each with
 * one line that names the parameter; SPO_E_NOMEM. Threads: any number may use the problem. Tests:
 * tests/oracle/maxcut.c, tests/derivative/models.c.
 */
SPO_API spo_status spo_maxcut_create(const spo_maxcut_params *params, spo_problem **out,
                                     spo_error *err);

#ifdef __cplusplus
}
#endif
#endif
