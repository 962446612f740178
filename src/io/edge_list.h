/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Graphs as lists of edges: text as in the G-set collection ("rudy" format), or NPY. */
#ifndef SPO_IO_EDGE_LIST_H
#define SPO_IO_EDGE_LIST_H

#include "io/npy.h"

/**
 * spo_edge_list_read - a whole file as (1 + m) x 3 reals.
 *
 *   n m          first line: vertices, edges
 *   i j [w]      m lines: an edge and its weight, 1 if it is missing
 *
 * path  in   a regular file; one that begins like an NPY file is read as such
 * out   out  the row n m 0, then the rows i j w; to be freed with spo_npy_free; empty on failure
 *
 * Numbers and lines are judged here, vertices and weights by who takes the graph. Blank lines are
 * passed over. Fails: SPO_E_IO, SPO_E_NOMEM, and as spo_npy_read; always one line that begins with
 * the path. tests/unit/edge_list.c.
 */
spo_status spo_edge_list_read(const char *path, spo_npy *out, spo_error *err);

#endif
