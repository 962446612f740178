/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Tables grow at their end: an older plug-in's table is shorter and lacks the later slots. */
#ifndef SPO_BASE_SLOTS_H
#define SPO_BASE_SLOTS_H

#include <stddef.h>

/* Does the table at `ops`, a `type` of ops->size bytes, offer `slot`? */
#define SPO_HAS(type, ops, slot)                                                                   \
  ((ops)->size >= offsetof(type, slot) + sizeof(ops)->slot && (ops)->slot != NULL)

#endif
