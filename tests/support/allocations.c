/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The wrappers that the linker puts between our objects and the heap. */
#include "allocations.h"

#include <malloc.h>

static allocations seen;
static int64_t fail_at = ALLOCATIONS_NEVER_FAIL;

void allocations_watch(int64_t fail) {
  seen = (allocations){0};
  fail_at = fail;
}

allocations allocations_seen(void) {
  return seen;
}

static bool refuse(void) {
  if (seen.calls++ != fail_at)
    return false;
  seen.failed = true;
  return true;
}

static void *enter(void *block) {
  if (block) {
    seen.blocks++;
    seen.held += malloc_usable_size(block);
    if (seen.held > seen.peak)
      seen.peak = seen.held;
  }
  return block;
}

static void leave(void *block) {
  if (block) {
    seen.blocks--;
    seen.held -= malloc_usable_size(block);
  }
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *block, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
void __real_free(void *block);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *block, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
void __wrap_free(void *block);

void *__wrap_malloc(size_t size) {
  return refuse() ? NULL : enter(__real_malloc(size));
}

void *__wrap_calloc(size_t count, size_t size) {
  return refuse() ? NULL : enter(__real_calloc(count, size));
}

void *__wrap_realloc(void *block, size_t size) {
  if (refuse())
    return NULL;
  leave(block);
  return enter(__real_realloc(block, size));
}

void *__wrap_aligned_alloc(size_t alignment, size_t size) {
  return refuse() ? NULL : enter(__real_aligned_alloc(alignment, size));
}

void __wrap_free(void *block) {
  leave(block);
  __real_free(block);
}
