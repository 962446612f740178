/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One block per object. A layout function asks a carver for its pieces; run once without memory it
 * counts, run again over a block of that size it hands out. */
#ifndef SPO_BASE_MEMORY_H
#define SPO_BASE_MEMORY_H

#include <spheropt/base.h>

typedef struct spo_carver {
  char *base;  /* NULL: only count */
  size_t used; /* bytes; SIZE_MAX once the count overflowed */
} spo_carver;

/* count pieces of `size` bytes, aligned to 64; NULL while counting. */
void *spo_carve(spo_carver *c, size_t count, size_t size);

static inline double *spo_carve_doubles(spo_carver *c, size_t count) {
  return spo_carve(c, count, sizeof(double));
}

/* From counting to handing out: a block of the size counted. False: no memory, and `used` still
 * tells how much; else the pieces begin at `base`, which is to be freed. */
bool spo_carver_alloc(spo_carver *c);

/* The block itself: 64-byte aligned, contents undefined, NULL when memory or the count is
 * exhausted. */
void *spo_block_alloc(size_t bytes);
void spo_block_free(void *block);

/* a*b, or SIZE_MAX when it overflows; a+b likewise. */
size_t spo_size_mul(size_t a, size_t b);
size_t spo_size_add(size_t a, size_t b);

#endif
