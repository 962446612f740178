/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A spectrum in closed form: eigenvalues with multiplicities, to be sorted and compared. Include
 * after expect.h. */
#ifndef SPO_TESTS_EIGENVALUE_LIST_H
#define SPO_TESTS_EIGENVALUE_LIST_H

#include <math.h>
#include <stdlib.h>

typedef struct eigenvalue_list {
  double *value;
  size_t count, room;
} eigenvalue_list;

static inline void list_add(eigenvalue_list *l, double value, size_t multiplicity) {
  while (l->count + multiplicity > l->room) {
    l->room = 2 * l->room + 64;
    l->value = realloc(l->value, l->room * sizeof *l->value);
  }
  while (multiplicity-- > 0)
    l->value[l->count++] = value;
}

/* both eigenvalues of [[a, b], [b, c]] */
static inline void list_add_pair(eigenvalue_list *l, double a, double b, double c,
                                 size_t multiplicity) {
  const double mean = 0.5 * (a + c), radius = hypot(0.5 * (a - c), b);
  list_add(l, mean - radius, multiplicity);
  list_add(l, mean + radius, multiplicity);
}

static inline int list_order(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static inline void list_sort(eigenvalue_list *l) {
  qsort(l->value, l->count, sizeof *l->value, list_order);
}

static inline size_t list_count(const eigenvalue_list *l, double from, double to) {
  size_t count = 0;
  for (size_t i = 0; i < l->count; i++)
    count += l->value[i] >= from && l->value[i] <= to;
  return count;
}

/* The spectrum of the UFM's Hessian at the simplex ETF with h_i = sign w_{y_i}: doc/ufm.md. With
 * sign -1 (antipodal features) the softmax is that of -tau, and s changes its sign with it. */
static inline void list_ufm_etf(eigenvalue_list *l, size_t K, size_t n, size_t d, double tau,
                                double sign) {
  const double k = (double)K, m = (double)n, r = sqrt(m);
  const double q = 1 / (k - 1 + exp(sign * tau * k / (k - 1)));
  const double s = sign * tau * q, a = tau * tau * q / (k - 1);
  const size_t extra = d - (K - 1), N = n * K;
  l->count = 0;
  list_add(l, 0, (K - 1) * extra);
  list_add(l, s * (1 + 1 / m), (K - 1) * extra);
  list_add(l, s, extra);
  list_add(l, s / m, extra * (N - K + 1));
  list_add(l, 0, (K - 1) * (K - 2) / 2);
  list_add(l, (a + s) * (1 + 1 / m), (K - 1) * (K - 2) / 2);
  if (K >= 4)
    list_add_pair(l, a + s, (a - s) / r, (a + s) / m, K * (K - 3) / 2);
  if (K >= 3)
    list_add_pair(l, a * (1 - q * k * (k - 2) / (k - 1)) + s, (a - s) / (r * (k - 1)), (a + s) / m,
                  K - 1);
  list_add(l, (a + s) / m, (N - K) * (K - 2));
  list_sort(l);
}

#endif
