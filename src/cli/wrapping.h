/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the solver sees of a problem: the problem itself, its logarithm, its Hessian by differences,
 * its manifold checked. Whatever is measured and reported stays with the problem itself. */
#ifndef SPO_CLI_WRAPPING_H
#define SPO_CLI_WRAPPING_H

#include "cli/arguments.h"

typedef struct cli_wrapping {
  cli_group group; /* --objective, --hessian, --hessian-step, --checked */
  spo_problem moved;
  spo_manifold *checked;                /* NULL: not asked for */
  spo_problem *logarithm, *differences; /* likewise */
  const spo_problem *seen;              /* for the solver */
} cli_wrapping;

/* The options, for --help and for the words that take no value. */
const spo_option *cli_wrapping_options(size_t *count);

int cli_wrapping_init(cli_wrapping *w);
/* Once the options are taken: w->seen, and a cost target in its terms. A status. */
int cli_wrapping_build(cli_wrapping *w, const spo_problem *P, spo_stop *stop);
/* The problem's own numbers from those that the solver saw. */
spo_iter cli_wrapping_iter(const cli_wrapping *w, const spo_iter *seen);
/* After a run: what --checked found, as one line; CLI_OK if nothing. */
int cli_wrapping_verdict(const cli_wrapping *w);
void cli_wrapping_free(cli_wrapping *w);

#endif
