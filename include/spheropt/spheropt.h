/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * spheropt: Riemannian optimization on products of spheres. Everything a user needs. */
#ifndef SPHEROPT_SPHEROPT_H
#define SPHEROPT_SPHEROPT_H

#include <spheropt/base.h>
#include <spheropt/options.h>
#include <spheropt/linear.h>
#include <spheropt/rotation.h>
#include <spheropt/manifold.h>
#include <spheropt/checked.h>
#include <spheropt/manifolds/euclidean.h>
#include <spheropt/manifolds/oblique.h>
#include <spheropt/manifolds/product.h>
#include <spheropt/manifolds/sphere.h>
#include <spheropt/manifolds/stiefel.h>
#include <spheropt/problem.h>
#include <spheropt/wrappers.h>
#include <spheropt/point.h>
#include <spheropt/tangent.h>
#include <spheropt/certificate.h>
#include <spheropt/stop.h>
#include <spheropt/solver.h>
#include <spheropt/preset.h>
#include <spheropt/trace.h>
#include <spheropt/solvers/line_search.h>
#include <spheropt/solvers/gradient_descent.h>
#include <spheropt/solvers/conjugate_gradient.h>
#include <spheropt/solvers/lbfgs.h>
#include <spheropt/solvers/arc.h>
#include <spheropt/solvers/newton.h>
#include <spheropt/solvers/trust_region.h>
#include <spheropt/model.h>
#include <spheropt/models/brockett.h>
#include <spheropt/models/maxcut.h>
#include <spheropt/models/generalised_collapse.h>
#include <spheropt/models/nearest_etf.h>
#include <spheropt/models/code.h>
#include <spheropt/models/frame_potential.h>
#include <spheropt/models/ce_ufm.h>
#include <spheropt/models/deep_ufm.h>
#include <spheropt/models/layer_peeled.h>
#include <spheropt/models/mse_ufm.h>
#include <spheropt/models/neural_collapse.h>
#include <spheropt/models/polar.h>
#include <spheropt/models/procrustes.h>
#include <spheropt/models/rayleigh.h>
#include <spheropt/models/riesz.h>
#include <spheropt/models/tied_ce.h>
#include <spheropt/models/ufm.h>
#include <spheropt/landscape/spectrum.h>
#include <spheropt/landscape/verify.h>
#include <spheropt/check.h>
#include <spheropt/study/batch.h>
#include <spheropt/study/compare.h>
#include <spheropt/study/sweep.h>

#endif
