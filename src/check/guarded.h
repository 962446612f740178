/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A manifold's slots under observation: scratch is poisoned before each call and its margin looked
 * at after it, and the first failure turns all later calls into nothing, so that a check need not
 * ask after each. */
#ifndef SPO_CHECK_GUARDED_H
#define SPO_CHECK_GUARDED_H

#include <spheropt/manifold.h>

typedef struct spo_guarded {
  const spo_manifold *M;
  gsl_rng *rng;
  double *work, *memo; /* M->work_len and M->memo_len doubles, each with SPO_MARGIN behind */
  spo_status status;   /* the first failure */
  spo_error *err;
  bool strayed; /* a margin was written to */
} spo_guarded;

void spo_guarded_init(spo_guarded *g, const spo_manifold *M, gsl_rng *rng, double *work,
                      double *memo, spo_error *err);

void spo_guarded_project(spo_guarded *g, const double *x, const double *w, double *v);
void spo_guarded_gradient(spo_guarded *g, const double *x, double *grad);
void spo_guarded_hessian(spo_guarded *g, const double *x, const double *v, double *hv);
void spo_guarded_point(spo_guarded *g, double *x);
double spo_guarded_defect(spo_guarded *g, const double *x);
void spo_guarded_transport(spo_guarded *g, const double *x, const double *y, const double *v,
                           double *w);
void spo_guarded_velocity(spo_guarded *g, const double *x, double t, const double *v,
                          const double *y, double *w);
void spo_guarded_from_coords(spo_guarded *g, const double *x, size_t k, const double *C, double *V);
void spo_guarded_to_coords(spo_guarded *g, const double *x, size_t k, const double *V, double *C);

/* A random tangent vector of the manifold's typical distance. */
void spo_guarded_tangent(spo_guarded *g, const double *x, double *v);

/* y = R_x(t v), or Exp. False where that is not defined, which is no failure, and after one. */
typedef bool (*spo_guarded_move)(spo_guarded *g, const double *x, double t, const double *v,
                                 double *y);
bool spo_guarded_retract(spo_guarded *g, const double *x, double t, const double *v, double *y);
bool spo_guarded_exp(spo_guarded *g, const double *x, double t, const double *v, double *y);

/* <u, v>_x and its norm */
double spo_guarded_inner(const spo_guarded *g, const double *x, const double *u, const double *v);
double spo_guarded_norm(const spo_guarded *g, const double *x, const double *v);

#endif
