/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Solvers of other libraries, for comparison only. They know nothing of manifolds: they minimise
 * g(y) = f(y normalised) over R^n, where that is defined (see pullback.h). */
#ifndef SPO_CLI_OUTSIDE_H
#define SPO_CLI_OUTSIDE_H

#include <spheropt/study/compare.h>

typedef struct cli_outside {
  const char *name, *summary;
  spo_outside_solve *solve;
  const void *method; /* handed to solve as self */
} cli_outside;

/* Those of this build, ended by a NULL name. */
extern const cli_outside cli_outside_solvers[];

/* The entry of that name, or NULL. */
const cli_outside *cli_outside_find(const char *name);

/* Two of GSL, self is the gsl_multimin_fdfminimizer_type *; and one of NLopt */
spo_outside_solve cli_outside_gsl, cli_outside_nlopt;

#endif
