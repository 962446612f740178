/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * From runs to numbers: quartiles, and the profiles of Dolan and More. */
#include <spheropt/study/compare.h>

#include <gsl/gsl_sort_double.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>

#include "base/memory.h"

/* ---- quartiles ------------------------------------------------------------------------------- */

spo_quartiles spo_quartiles_of(size_t count, double *value) {
  size_t n = 0;
  for (size_t i = 0; i < count; i++) /* NaN to the end: gsl_sort would mix them in */
    if (!isnan(value[i])) {
      const double number = value[i];
      value[i] = value[n];
      value[n++] = number;
    }
  if (n == 0)
    return (spo_quartiles){NAN, NAN, NAN};
  gsl_sort(value, 1, n);
  return (spo_quartiles){gsl_stats_quantile_from_sorted_data(value, 1, n, 0.25),
                         gsl_stats_quantile_from_sorted_data(value, 1, n, 0.5),
                         gsl_stats_quantile_from_sorted_data(value, 1, n, 0.75)};
}

/* ---- summary --------------------------------------------------------------------------------- */

static double iterations(const spo_compare_run *run) {
  return run->solved ? (double)run->iterations : NAN;
}
static double equivalents(const spo_compare_run *run) {
  return run->solved ? run->equivalents : NAN;
}
static double seconds(const spo_compare_run *run) {
  return run->solved ? run->seconds : NAN;
}
static double grad_norm(const spo_compare_run *run) {
  return run->grad_norm;
}
static double gap(const spo_compare_run *run) {
  return run->gap;
}

spo_status spo_compare_summarize(size_t starts, size_t count, const spo_compare_run *run, size_t c,
                                 spo_compare_summary *out, spo_error *err) {
  double (*const number[])(const spo_compare_run *) = {iterations, equivalents, seconds, grad_norm,
                                                       gap};
  spo_quartiles *const to[] = {&out->iterations, &out->equivalents, &out->seconds, &out->grad_norm,
                               &out->gap};
  if (starts < 1 || c >= count)
    return spo_fail(err, SPO_E_ARG, __func__, "contender %zu of %zu, %zu starts", c, count, starts);
  double *value = spo_block_alloc(spo_size_mul(starts, sizeof *value));
  if (!value)
    return spo_fail(err, SPO_E_NOMEM, __func__, "no memory for %zu numbers", starts);
  *out = (spo_compare_summary){.runs = starts};
  for (size_t i = 0; i < starts; i++) {
    out->solved += run[i * count + c].solved;
    out->failed += run[i * count + c].status != SPO_OK;
  }
  for (size_t k = 0; k < sizeof number / sizeof number[0]; k++) {
    for (size_t i = 0; i < starts; i++)
      value[i] = number[k](&run[i * count + c]);
    *to[k] = spo_quartiles_of(starts, value);
  }
  spo_block_free(value);
  return SPO_OK;
}

/* ---- performance profiles -------------------------------------------------------------------- */

void spo_compare_costs(size_t starts, size_t count, const spo_compare_run *run, spo_measure measure,
                       double *cost) {
  for (size_t i = 0; i < starts * count; i++) {
    const double value = measure == SPO_MEASURE_SECONDS ? run[i].seconds : run[i].equivalents;
    cost[i] = run[i].solved ? value : INFINITY;
  }
}

/* r of one contender at one start; cost holds the start's row */
static double ratio_to_best(size_t count, const double *cost, size_t c) {
  double least = INFINITY;
  for (size_t k = 0; k < count; k++)
    least = fmin(least, cost[k]); /* fmin leaves NaN out */
  if (!(cost[c] < INFINITY))
    return INFINITY;
  return cost[c] == least ? 1.0 : cost[c] / least;
}

/* How many of the sorted numbers are at most `bound`, known to be at least `from`. */
static size_t count_up_to(size_t n, const double *sorted, double bound, size_t from) {
  while (from < n && sorted[from] <= bound)
    from++;
  return from;
}

/* The distinct finite ratios, ascending, into tau. */
static size_t find_steps(size_t total, const double *ratio, double *tau) {
  size_t n = 0, steps = 0;
  for (size_t i = 0; i < total; i++)
    if (ratio[i] < INFINITY)
      tau[n++] = ratio[i];
  gsl_sort(tau, 1, n);
  for (size_t i = 0; i < n; i++)
    if (steps == 0 || tau[i] > tau[steps - 1])
      tau[steps++] = tau[i];
  if (steps == 0)
    tau[steps++] = 1.0;
  return steps;
}

size_t spo_performance_profile(size_t starts, size_t count, const double *cost, double *ratio,
                               double *tau, double *rho) {
  if (starts < 1 || count < 1)
    return 0;
  for (size_t c = 0; c < count; c++) {
    for (size_t i = 0; i < starts; i++)
      ratio[c * starts + i] = ratio_to_best(count, cost + i * count, c);
    gsl_sort(ratio + c * starts, 1, starts);
  }
  const size_t steps = find_steps(starts * count, ratio, tau);
  for (size_t c = 0; c < count; c++) {
    size_t solved = 0;
    for (size_t k = 0; k < steps; k++) {
      solved = count_up_to(starts, ratio + c * starts, tau[k], solved);
      rho[k * count + c] = (double)solved / (double)starts;
    }
  }
  return steps;
}
