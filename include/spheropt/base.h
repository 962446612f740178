/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Status, errors and what every other header needs.
 *
 * Conventions of the whole library. A point or a tangent vector is an array of n doubles; m points
 * of R^d lie one after another, coordinate j of point i at x[i*d + j] (NumPy's C-order m x d,
 * BLAS's column-major d x m). Outputs follow inputs, `spo_error *` comes last and may be NULL. What
 * you create you destroy; what you pass in must outlive what is built on it. The library prints
 * nothing, never aborts, and keeps no global state. */
#ifndef SPHEROPT_BASE_H
#define SPHEROPT_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifndef SPO_API
#define SPO_API __attribute__((visibility("default")))
#endif

#define SPO_VERSION_MAJOR 0
#define SPO_VERSION_MINOR 1
#define SPO_VERSION_PATCH 0

/* What a library call can report: 0 fine, > 0 recoverable, < 0 fatal for this call. */
#define SPO_STATUS_LIST(X)                                                                         \
  X(SPO_OK, 0, "success")                                                                          \
  X(SPO_OUTSIDE, 1, "not defined at this point; try a nearer one")                                 \
  X(SPO_E_ARG, -1, "invalid argument")                                                             \
  X(SPO_E_DIM, -2, "sizes do not agree")                                                           \
  X(SPO_E_OPTION, -3, "option out of range")                                                       \
  X(SPO_E_UNSUPPORTED, -4, "the plug-in lacks this operation")                                     \
  X(SPO_E_NOMEM, -5, "out of memory")                                                              \
  X(SPO_E_USER, -6, "a user callback failed")                                                      \
  X(SPO_E_NONFINITE, -7, "NaN or infinity where a number is due")                                  \
  X(SPO_E_NUMERIC, -8, "a factorisation failed")                                                   \
  X(SPO_E_IO, -9, "a file could not be read or written")

#define SPO_STATUS_ENUM_(name, value, text) name = value,
typedef enum spo_status { SPO_STATUS_LIST(SPO_STATUS_ENUM_) } spo_status;

/* What went wrong, for people. detail: LAPACK's info or the user's return value. After SPO_OK
 * from the create of a model or the build of a named point a non-empty text is a note: something
 * was allowed that the caller may want to know. Elsewhere the struct is written on failure only. */
typedef struct spo_error {
  spo_status code;
  int64_t detail;
  const char *func;
  char text[240];
} spo_error;

/** spo_status_text - the sentence that belongs to a code ("unknown status" for others). Static
 * storage, thread-safe, O(1). */
SPO_API const char *spo_status_text(spo_status code);

/** spo_version - "major.minor.patch" of the library in use. Static storage, thread-safe. */
SPO_API const char *spo_version(void);

/**
 * spo_fail - fills an error and returns its code, so that plug-ins can write
 * `return spo_fail(err, SPO_E_ARG, __func__, "radius must be positive, got %g", r);`
 *
 * err     out  may be NULL: then only the code is returned
 * code    in   also returned; SPO_OK leaves a note
 * func    in   static string, kept by pointer
 * format  in   printf-style; longer texts are cut
 *
 * Units: none. Cost: one formatting; no allocation. Fails: never. Threads: any.
 */
SPO_API spo_status spo_fail(spo_error *err, spo_status code, const char *func, const char *format,
                            ...) __attribute__((format(printf, 4, 5)));

/**
 * spo_blas_threads - reports, and on request sets, the number of threads that BLAS uses.
 *
 * count  in  > 0: set it first; 0: only report. Returns the number in use afterwards.
 *
 * The library never calls this by itself. One thread makes results repeat bit for bit and is the
 * fastest choice for most sizes here. Units: threads. Cost: O(1). Threads: as OpenBLAS documents.
 */
SPO_API int spo_blas_threads(int count);

/** spo_blas_config - the BLAS in use, its kernel and threading, as it describes itself. Static
 * storage of the BLAS; thread-safe. */
SPO_API const char *spo_blas_config(void);

#ifdef __cplusplus
}
#endif
#endif
