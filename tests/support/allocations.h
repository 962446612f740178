/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Counts, and on request fails, the allocations of our own objects: a program that links
 * allocations.c with -Wl,--wrap=... for each function there sees every call that the library makes,
 * and none that GSL, BLAS or the C library make among themselves. One thread. */
#ifndef SPO_TESTS_ALLOCATIONS_H
#define SPO_TESTS_ALLOCATIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ALLOCATIONS_NEVER_FAIL = -1 };

typedef struct allocations {
  int64_t calls;     /* that asked for memory */
  int64_t blocks;    /* now held */
  size_t held, peak; /* bytes */
  bool failed;       /* the call that was to fail has come */
} allocations;

/* Starts anew; the call number fail_at (from 0) returns NULL, all others succeed. */
void allocations_watch(int64_t fail_at);
/* What has happened since. */
allocations allocations_seen(void);

#endif
