/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Blocks and carvers. */
#include "base/memory.h"

#include <stdlib.h>

enum { ALIGN = 64 };

size_t spo_size_mul(size_t a, size_t b) {
  return a != 0 && b > SIZE_MAX / a ? SIZE_MAX : a * b;
}

size_t spo_size_add(size_t a, size_t b) {
  return b > SIZE_MAX - a ? SIZE_MAX : a + b;
}

void *spo_carve(spo_carver *c, size_t count, size_t size) {
  const size_t bytes = spo_size_mul(count, size);
  const size_t padded = bytes > SIZE_MAX - ALIGN ? SIZE_MAX : (bytes + ALIGN - 1) / ALIGN * ALIGN;
  char *piece = c->base ? c->base + c->used : NULL;
  c->used = spo_size_add(c->used, padded);
  return piece;
}

void *spo_block_alloc(size_t bytes) {
  if (bytes > PTRDIFF_MAX - ALIGN)
    return NULL;
  return aligned_alloc(ALIGN, bytes ? (bytes + ALIGN - 1) / ALIGN * ALIGN : ALIGN);
}

void spo_block_free(void *block) {
  free(block);
}
