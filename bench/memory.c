/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Peak memory of a solve, problem and start included, in points (W and H together) and K x N
 * matrices: once from our own allocations, counted by the linker's wrappers, and once from what the
 * system saw of a process that does nothing else, less one that solves a tiny problem (code, BLAS
 * buffers). */
#define _POSIX_C_SOURCE 200809L
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "allocations.h"

typedef struct sizes {
  size_t K, n, d, steps; /* at most: 0 for all */
} sizes;

/* *library: bytes that problem and solver took at most, the caller's start left out */
static void solve(bool region, sizes s, double *library) {
  spo_error err = {0};
  spo_solver *solver;
  spo_result result = {.size = sizeof result};
  spo_stop stop;
  spo_trust_region_options options;
  spo_problem *P = bench_ufm(s.K, s.n, s.d, 1);
  double *x = bench_random_point(P, 1);
  spo_problem_destroy(P);
  spo_stop_init(&stop);
  if (s.steps)
    stop.max_iter = s.steps;
  spo_trust_region_options_init(&options);
  options.inner.replay = 0; /* a store of its own, bounded by this option */

  allocations_watch(ALLOCATIONS_NEVER_FAIL);
  P = bench_ufm(s.K, s.n, s.d, 1);
  bench_need(region ? spo_solver_create(spo_trust_region(), P, &options, 1, &solver, &err)
                    : spo_solver_create(spo_gradient_descent(), P, NULL, 1, &solver, &err),
             &err);
  bench_need(spo_solver_solve(solver, x, &stop, NULL, NULL, &result, &err), &err);
  *library = (double)allocations_seen().peak;
  spo_solver_destroy(solver);
  spo_problem_destroy(P);
  free(x);
}

static double peak_of_process(void) { /* bytes, from the system's own account */
  FILE *f = fopen("/proc/self/status", "r");
  char line[256];
  double kilobytes = 0;
  while (f && fgets(line, sizeof line, f))
    sscanf(line, "VmHWM: %lf", &kilobytes);
  if (f)
    fclose(f);
  return 1024 * kilobytes;
}

/* The peak of a new process that runs one solve; 0 where the system does not tell. */
static double child(const char *program, bool region, sizes s) {
  char command[600], line[64] = "0";
  snprintf(command, sizeof command, "'%s' %d %zu %zu %zu %zu", program, region, s.K, s.n, s.d,
           s.steps);
  FILE *pipe = popen(command, "r");
  if (!pipe || !fgets(line, sizeof line, pipe))
    line[0] = '0', line[1] = 0;
  if (pipe)
    pclose(pipe);
  return strtod(line, NULL);
}

static void report(const char *program, bool region, sizes s) {
  const double point = 8.0 * (double)(s.d * (s.K + s.K * s.n)),
               matrix = 8.0 * (double)(s.K * s.K * s.n), points = region ? 12 : 6,
               bound = points * point + 2 * matrix;
  const double process = child(program, region, s) - child(program, region, (sizes){2, 1, 3, 0});
  double peak;
  solve(region, s, &peak);
  char text[100];
  printf("%s, (%zu, %zu, %zu)%s: a point is %.2f MB, a K x N matrix %.2f MB\n",
         region ? "trust region without replay" : "gradient descent", s.K, s.n, s.d,
         s.steps ? ", its first steps" : "", point / 1e6, matrix / 1e6);
  snprintf(text, sizeof text, "  allocated: %.2f points beside 2 K x N; over the bound",
           (peak - 2 * matrix) / point);
  bench_ratio(text, peak / bound, 1, true);
  snprintf(text, sizeof text,
           "  resident, with the start: %.2f points beside 2 K x N; over the bound",
           (process - 2 * matrix) / point);
  bench_ratio(text, process / bound, 1, true);
}

int main(int argc, char **argv) {
  spo_blas_threads(1);
  if (argc == 6) {
    size_t number[5];
    double library;
    for (int i = 0; i < 5; i++)
      number[i] = strtoul(argv[i + 1], NULL, 10);
    solve(number[0] != 0, (sizes){number[1], number[2], number[3], number[4]}, &library);
    printf("%.0f\n", peak_of_process());
    return 0;
  }
  static const sizes size[] = {{100, 10, 128, 0}, {200, 50, 256, 5}};
  for (int i = 0; i < 2; i++) {
    report(argv[0], false, size[i]);
    report(argv[0], true, size[i]);
  }
  return 0;
}
