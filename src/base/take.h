/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Options taken over from a caller, whose struct may be older and shorter than ours. */
#ifndef SPO_BASE_TAKE_H
#define SPO_BASE_TAKE_H

#include <spheropt/options.h>

/* Defaults, then what is given (NULL: nothing), checked first. own: `size` bytes. */
spo_status spo_options_take(const spo_option *table, size_t count, const void *given, void *own,
                            size_t size, spo_error *err);

#endif
