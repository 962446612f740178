/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Which optional slots does a manifold offer? */
#ifndef SPO_MANIFOLD_SLOTS_H
#define SPO_MANIFOLD_SLOTS_H

#include <spheropt/manifold.h>

#include "base/slots.h"

#define spo_manifold_has(M, slot) SPO_HAS(spo_manifold_ops, (M)->ops, slot)

#endif
