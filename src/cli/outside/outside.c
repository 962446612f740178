/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The list of solvers from outside. */
#include "cli/outside/outside.h"

#include <gsl/gsl_multimin.h>
#include <string.h>

const cli_outside cli_outside_solvers[] = {
    {"gsl-bfgs2", "GSL: vector Broyden-Fletcher-Goldfarb-Shanno, version 2", cli_outside_gsl,
     &gsl_multimin_fdfminimizer_vector_bfgs2},
    {"gsl-conjugate-pr", "GSL: conjugate gradients of Polak and Ribiere", cli_outside_gsl,
     &gsl_multimin_fdfminimizer_conjugate_pr},
#ifdef SPO_HAVE_NLOPT
    {"nlopt-lbfgs", "NLopt: limited-memory BFGS of Luksan", cli_outside_nlopt, NULL},
#endif
    {NULL, NULL, NULL, NULL},
};

const cli_outside *cli_outside_find(const char *name) {
  for (const cli_outside *o = cli_outside_solvers; o->name; o++)
    if (strcmp(o->name, name) == 0)
      return o;
  return NULL;
}
