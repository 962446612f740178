/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The path of truncated conjugate gradients and its store: one for tcg, which begins at 0, and for
 * randomized-tcg, which begins elsewhere. */
#ifndef SPO_SOLVERS_TCG_PATH_H
#define SPO_SOLVERS_TCG_PATH_H

#include <spheropt/solvers/subproblem.h>

/* What is kept of one CG iteration; |.|_P and <.,.>_P are of the inverse preconditioner. */
typedef struct spo_cg_node {
  double alpha;         /* eta_{j+1} = eta_j + alpha d_j; infinite: the path leaves along d_j */
  double ePe, ePd, dPd; /* of eta_j and d_j */
  double rd, dHd;       /* slope and curvature of the model along d_j at eta_j */
  double decrease;      /* m(0) - m(eta_j) */
} spo_cg_node;

/* The layout of work. Directions are written into their places in the store as they arise, and the
 * step is added up from there once, at the end: a third of the memory traffic of updating it. */
typedef struct spo_cg_path {
  size_t n, room;
  double *r, *hd; /* residual; the product with the last direction */
  double *spare;  /* directions beyond the store take turns here */
  double *stored; /* [0]: nodes stored */
  spo_cg_node *nodes;
  double *dirs;
  const double *start;                 /* where the path begins; NULL: at 0 */
  double start_square, start_decrease; /* |start|_P^2, m(0) - m(start) */
  /* the model is followed in this multiple, a power of two that brings the gradient near 1: else
   * its squares leave the range of numbers long before f does. Of nodes, r and directions, not of
   * what goes in and out */
  double unit;
  double left; /* how far along the last direction it went to leave the region */
} spo_cg_path;

size_t spo_cg_path_len(const spo_space *T, const spo_trs_options *o);
spo_cg_path spo_cg_path_lay_out(const spo_trs_input *in, double *work);

/* Follows CG within `radius` until it ends or leaves. path->r: the model's gradient at the start,
 * times unit, in; eta: the start in, the step out. */
spo_status spo_cg_follow(const spo_trs_input *in, double radius, spo_cg_path *path, double *eta,
                         spo_trs_result *out);
/* Follows the stored path for a smaller radius, eta as above. False: it ends before the boundary is
 * reached, and eta is untouched. */
bool spo_cg_replay(const spo_trs_input *in, double radius, spo_cg_path *path, double *eta,
                   spo_trs_result *out);

/* z = P r, or a copy of r */
spo_status spo_cg_precondition(const spo_trs_input *in, const double *r, double *z);
/* whether the path leaves at this node, how far the boundary is, and m(eta) - m(eta + t d) */
bool spo_cg_leaves(const spo_cg_node *at, double radius);
double spo_cg_to_boundary(const spo_cg_node *at, double radius);
double spo_cg_gain(const spo_cg_node *at, double t);
/* |eta + t d|_P^2 */
double spo_cg_square_after(const spo_cg_node *at, double t);

#endif
