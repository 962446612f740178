/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Assertions for real numbers: NaN fails, and the message shows both numbers, the tolerance and a
 * seed. CMocka's own float assertions let NaN pass. */
#ifndef SPO_TESTS_EXPECT_H
#define SPO_TESTS_EXPECT_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include <spheropt/base.h>

/* Set by a test before a random case, so that a failure can be repeated. */
static uint64_t expect_seed;

#define expect_near(value, due, tol) expect_near_((value), (due), (tol), #value, __FILE__, __LINE__)
#define expect_at_most(value, bound) expect_at_most_((value), (bound), #value, __FILE__, __LINE__)
#define expect_true(condition) expect_true_((condition), #condition, __FILE__, __LINE__)
#define expect_ok(call) expect_status_((call), SPO_OK, &(err), #call, __FILE__, __LINE__)
#define expect_status(call, due) expect_status_((call), (due), &(err), #call, __FILE__, __LINE__)

static inline void expect_near_(double value, double due, double tol, const char *what,
                                const char *file, int line) {
  if (!(fabs(value - due) <= tol)) {
    print_error("%s:%d: %s = %.17g, due %.17g, off by %.3g, tolerance %.3g, seed %llu\n", file,
                line, what, value, due, fabs(value - due), tol, (unsigned long long)expect_seed);
    _fail(file, line);
  }
}

static inline void expect_at_most_(double value, double bound, const char *what, const char *file,
                                   int line) {
  if (!(value <= bound)) {
    print_error("%s:%d: %s = %.17g exceeds %.17g, seed %llu\n", file, line, what, value, bound,
                (unsigned long long)expect_seed);
    _fail(file, line);
  }
}

static inline void expect_true_(int holds, const char *what, const char *file, int line) {
  if (!holds) {
    print_error("%s:%d: not true: %s, seed %llu\n", file, line, what,
                (unsigned long long)expect_seed);
    _fail(file, line);
  }
}

/* `err`, a spo_error in scope, is shown when the status is not what it should be. */
static inline void expect_status_(spo_status status, spo_status due, const spo_error *err,
                                  const char *what, const char *file, int line) {
  if (status != due) {
    print_error("%s:%d: %s: status %d (%s), due %d; \"%s\"; seed %llu\n", file, line, what,
                (int)status, spo_status_text(status), (int)due, err->text,
                (unsigned long long)expect_seed);
    _fail(file, line);
  }
}

#endif
