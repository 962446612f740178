/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Blocks and carvers. */
#define _DEFAULT_SOURCE /* madvise */
#include "base/memory.h"

#include <stdlib.h>
#ifdef __linux__
#include <sys/mman.h>
#endif

enum { ALIGN = 64, PAGE = 4096, WORTH_ADVICE = 4 << 20 };

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

/* Vectors of megabytes are streamed through again and again: on huge pages they cost a
 * five-hundredth of the page faults and hardly any misses of the translation buffer. Advice only,
 * and only on the whole pages inside the block. */
static void advise_huge_pages(char *block, size_t bytes) {
#ifdef MADV_HUGEPAGE
  const uintptr_t first = ((uintptr_t)block + PAGE - 1) / PAGE * PAGE;
  const uintptr_t end = ((uintptr_t)block + bytes) / PAGE * PAGE;
  madvise((void *)first, end - first, MADV_HUGEPAGE);
#else
  (void)block, (void)bytes;
#endif
}

void *spo_block_alloc(size_t bytes) {
  if (bytes > PTRDIFF_MAX - ALIGN)
    return NULL;
  void *block = aligned_alloc(ALIGN, bytes ? (bytes + ALIGN - 1) / ALIGN * ALIGN : ALIGN);
  if (block && bytes >= WORTH_ADVICE)
    advise_huge_pages(block, bytes);
  return block;
}

bool spo_carver_alloc(spo_carver *c) {
  c->base = spo_block_alloc(c->used);
  if (!c->base)
    return false;
  c->used = 0;
  return true;
}

void spo_block_free(void *block) {
  free(block);
}
