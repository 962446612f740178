/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * How much memory there is. */
#ifndef SPO_IO_MEMORY_LIMIT_H
#define SPO_IO_MEMORY_LIMIT_H

#include <stddef.h>

/** spo_memory_limit - bytes of main memory that this process may use: the machine's, or its
 * container's where that is less. SIZE_MAX if unknown. */
size_t spo_memory_limit(void);

#endif
