/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the sphere shares with the oblique manifold: all but the name. */
#ifndef SPO_MANIFOLDS_OBLIQUE_INTERNAL_H
#define SPO_MANIFOLDS_OBLIQUE_INTERNAL_H

#include <spheropt/manifold.h>

/* m unit vectors of R^d under the given name (copied; NULL: "oblique(d, m)"). func: whom an error
 * names. */
spo_status spo_oblique_make(size_t d, size_t m, const char *name, const char *func,
                            spo_manifold **out, spo_error *err);

#endif
