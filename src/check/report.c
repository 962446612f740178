/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Judged items, slopes of remainders, margins of lent memory. */
#include "check/report.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

void spo_report_add(spo_check_report *report, const char *name, double value, double lo,
                    double hi) {
  const bool pass = value >= lo && value <= hi;
  report->pass = report->pass && pass && report->count < SPO_CHECK_MAX;
  if (report->count == SPO_CHECK_MAX)
    return;
  spo_check_item *item = &report->item[report->count++];
  *item = (spo_check_item){.value = value, .lo = lo, .hi = hi, .pass = pass};
  snprintf(item->name, sizeof item->name, "%s", name);
}

double spo_rounding(size_t n) {
  return 64.0 * DBL_EPSILON * sqrt((double)n);
}

enum { SLOPE_STEPS = 25, WINDOW = 5 };

/* 2^-4 .. 2^-28, then 2^-31 .. 2^-36 */
double spo_step(size_t k) {
  return ldexp(1.0, -(int)k - (k < SLOPE_STEPS ? 4 : 6));
}

/* Least squares of log2 r over log2 t on steps first .. first + WINDOW - 1; steps halve. */
static double fit(const double *r) {
  double sum = 0.0, weight = 0.0;
  for (int j = 0; j < WINDOW; j++) {
    const double at = 0.5 * (WINDOW - 1) - j;
    sum += at * log2(r[j]);
    weight += at * at;
  }
  return sum / weight;
}

static bool above(const double *r, double threshold) {
  for (size_t j = 0; j < WINDOW; j++)
    if (!(r[j] > threshold && r[j] < INFINITY))
      return false;
  return true;
}

double spo_slope(const double *r, double floor, double scale) {
  double noise = floor, largest = scale;
  for (size_t k = SLOPE_STEPS - 1; k < SPO_STEPS; k++)
    if (!(r[k] < INFINITY))
      return NAN;
  for (size_t k = SLOPE_STEPS; k < SPO_STEPS; k++)
    noise = fmax(noise, r[k]);
  for (size_t k = 0; k < SPO_STEPS; k++)
    largest = r[k] > largest ? r[k] : largest;
  if (!(noise <= sqrt(DBL_EPSILON) * largest))
    return 0.0;
  /* Noise adds in quadrature to a root mean square: 16 times it shifts the log by 1/300 at most.
   * The shortest such window is the most asymptotic one; its two neighbours forgive an unlucky
   * sample. */
  double best = -INFINITY;
  int tried = 0;
  for (size_t first = SLOPE_STEPS - WINDOW + 1; first-- > 0 && tried < 3;) {
    if (!above(r + first, 16.0 * noise))
      continue;
    best = fmax(best, fit(r + first));
    tried++;
  }
  return tried ? fmin(best, SPO_SLOPE_MAX) : SPO_SLOPE_MAX;
}

void spo_report_slope(spo_check_report *report, const char *name, int order, const double *r,
                      double floor, double scale) {
  spo_report_add(report, name, spo_slope(r, floor, scale), order - SPO_SLOPE_MARGIN, SPO_SLOPE_MAX);
}

void spo_curve_fill(spo_check_curve *curve, int order, const double *r, double floor, double scale,
                    double reach) {
  if (!curve)
    return;
  *curve =
      (spo_check_curve){.count = SPO_STEPS, .order = order, .slope = spo_slope(r, floor, scale)};
  for (size_t k = 0; k < SPO_STEPS; k++) {
    curve->t[k] = spo_step(k) * reach;
    curve->remainder[k] = r[k];
  }
}

static const unsigned char margin_byte = 0xa5;

void spo_margin_set(double *buffer, size_t len) {
  memset(buffer + len, margin_byte, SPO_MARGIN * sizeof *buffer);
}

bool spo_margin_intact(const double *buffer, size_t len) {
  const unsigned char *margin = (const unsigned char *)(buffer + len);
  for (size_t j = 0; j < SPO_MARGIN * sizeof *buffer; j++)
    if (margin[j] != margin_byte)
      return false;
  return true;
}

void spo_poison(double *buffer, size_t len) {
  memset(buffer, 0xff, len * sizeof *buffer);
}
