/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Status texts, errors, version and the BLAS in use. */
#include "base/detail.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/blas.h"

const char *spo_status_text(spo_status code) {
#define TEXT(name, value, text)                                                                    \
  case name:                                                                                       \
    return text;
  switch (code) { SPO_STATUS_LIST(TEXT) }
#undef TEXT
  return "unknown status";
}

#define STRING_(x) #x
#define STRING(x) STRING_(x)

const char *spo_version(void) {
  return STRING(SPO_VERSION_MAJOR) "." STRING(SPO_VERSION_MINOR) "." STRING(SPO_VERSION_PATCH);
}

static void fill(spo_error *err, spo_status code, int64_t detail, const char *func,
                 const char *format, va_list args) {
  if (!err)
    return;
  err->code = code;
  err->detail = detail;
  err->func = func;
  vsnprintf(err->text, sizeof err->text, format, args);
}

spo_status spo_fail(spo_error *err, spo_status code, const char *func, const char *format, ...) {
  va_list args;
  va_start(args, format);
  fill(err, code, 0, func, format, args);
  va_end(args);
  return code;
}

spo_status spo_fail_detail(spo_error *err, spo_status code, int64_t detail, const char *func,
                           const char *format, ...) {
  va_list args;
  va_start(args, format);
  fill(err, code, detail, func, format, args);
  va_end(args);
  return code;
}

int spo_blas_threads(int count) {
  if (count > 0)
    openblas_set_num_threads(count);
  return openblas_get_num_threads();
}

const char *spo_blas_config(void) {
  return openblas_get_config();
}
