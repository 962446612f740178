/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * How much memory there is: POSIX for the machine, cgroup files for a container. */
#include "io/memory_limit.h"

#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include "base/memory.h"

/* A number in a file; SIZE_MAX where there is none ("max") */
static size_t number_in(const char *path) {
  unsigned long long value = 0;
  FILE *file = fopen(path, "r");
  if (!file)
    return SIZE_MAX;
  int got = fscanf(file, "%llu", &value);
  fclose(file);
  return got == 1 && value > 0 && value < SIZE_MAX ? (size_t)value : SIZE_MAX;
}

size_t spo_memory_limit(void) {
  long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
  size_t limit = pages > 0 && page > 0 ? spo_size_mul((size_t)pages, (size_t)page) : SIZE_MAX;
  const char *const container[] = {"/sys/fs/cgroup/memory.max",
                                   "/sys/fs/cgroup/memory/memory.limit_in_bytes"};
  for (size_t i = 0; i < 2; i++) {
    size_t value = number_in(container[i]);
    limit = value < limit ? value : limit;
  }
  return limit;
}
