/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * When a second-order solver looks for negative curvature at a critical point. */
#ifndef SPHEROPT_SOLVERS_ESCAPE_H
#define SPHEROPT_SOLVERS_ESCAPE_H

/* The value behind the option `escape`, a choice: never, start, always. It is set by name:
 * spo_option_set(spo_option_find(type->option, type->n_options, "escape"), &options, "never",
 * err) */
typedef enum spo_escape { SPO_ESCAPE_NEVER, SPO_ESCAPE_START, SPO_ESCAPE_ALWAYS } spo_escape;

#endif
