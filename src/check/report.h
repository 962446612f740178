/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What both checks share: judged items, slopes of remainders, and lent memory that shows who wrote
 * past its end or read what was not there. */
#ifndef SPO_CHECK_REPORT_H
#define SPO_CHECK_REPORT_H

#include <spheropt/check.h>

/* Adds an item that passes when lo <= value <= hi. */
void spo_report_add(spo_check_report *report, const char *name, double value, double lo, double hi);

/* Rounding allowed in a relative error between vectors of n entries: each entry carries some eps,
 * and their norms add up like independent errors. */
double spo_rounding(size_t n);

/* Remainders are measured at steps SPO_STEPS times shorter and shorter: the first ones carry the
 * slope, the last are so short that they show rounding alone. Along several directions and both
 * ways, as root mean square: so neither an accidental zero of one coefficient nor the cancellation
 * of an odd by an even term bends the line. */
enum { SPO_STEPS = SPO_CURVE_STEPS, SPO_DIRECTIONS = 4, SPO_SLOPE_MAX = 9 };
double spo_step(size_t k);

/**
 * spo_slope - the order at which a remainder vanishes, by a fit on the shortest steps above its
 * noise.
 *
 * r      in  SPO_STEPS remainders >= 0, NaN where one could not be measured
 * floor  in  the rounding of the terms that were subtracted, at least
 * scale  in  the size of those terms: noise beyond its half digits is no noise, and gives slope 0
 *
 * Returns SPO_SLOPE_MAX at most, and when there is nothing but rounding; NaN if r is at short
 * steps.
 */
double spo_slope(const double *r, double floor, double scale);

/* What noise and the next order leave uncertain of a slope. */
#define SPO_SLOPE_MARGIN 0.2

/* Judges a slope: at least `order`, less that. */
void spo_report_slope(spo_check_report *report, const char *name, int order, const double *r,
                      double floor, double scale);

/* The same as data: remainders over the lengths of their steps, with the slope that was fitted.
 * curve NULL: nothing to do. */
void spo_curve_fill(spo_check_curve *curve, int order, const double *r, double floor, double scale,
                    double reach);

/* Memory lent to plug-ins: a margin behind it must stay untouched. */
enum { SPO_MARGIN = 8 };
void spo_margin_set(double *buffer, size_t len);
bool spo_margin_intact(const double *buffer, size_t len);
/* NaN throughout, so that whoever relies on earlier contents is found out. */
void spo_poison(double *buffer, size_t len);

#endif
