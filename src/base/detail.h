/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Failures with a number behind them. */
#ifndef SPO_BASE_DETAIL_H
#define SPO_BASE_DETAIL_H

#include <spheropt/base.h>

/* spo_fail, and err->detail: LAPACK's info, or what a callback returned. */
spo_status spo_fail_detail(spo_error *err, spo_status code, int64_t detail, const char *func,
                           const char *format, ...) __attribute__((format(printf, 5, 6)));

#endif
