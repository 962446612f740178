/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the benchmarks share: a clock, medians, a problem with a point on it, and the bare matrix
 * products that everything is compared with. They print; they never fail because a machine is slow.
 */
#ifndef SPO_BENCH_BENCH_H
#define SPO_BENCH_BENCH_H

#include <stddef.h>

#include <spheropt/spheropt.h>

/* Seconds of a clock that only runs forward. */
double bench_now(void);

/* The median of count numbers, which are sorted in place. */
double bench_median(double *value, size_t count);

/* One line: what, the ratio, and what it should be. */
void bench_ratio(const char *what, double ratio, double demanded, bool at_most);

/* Ends the program with the error's text: a benchmark that cannot run has failed. */
void bench_need(spo_status status, const spo_error *err);

/* The ufm of these sizes, and room for a random point of it (free it). */
spo_problem *bench_ufm(size_t classes, size_t per_class, size_t dim, double tau);
double *bench_random_point(const spo_problem *P, unsigned long seed);

/* Operands of the products K x N x d of a ufm, filled with numbers of size 1. */
typedef struct bench_products {
  size_t K, N, d;
  double *W, *H, *DW, *DH, *EW, *EH, *G, *M;
} bench_products;
void bench_products_init(bench_products *b, size_t K, size_t N, size_t d);
void bench_products_free(bench_products *b);
/* The three of cost and gradient, the six of a Hessian product. */
void bench_three(bench_products *b);
void bench_six(bench_products *b);

#endif
