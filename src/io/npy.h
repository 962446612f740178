/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * NPY files, one- and two-dimensional: versions 1 to 3, little endian, float32 and float64 and all
 * integers, C or Fortran order. What comes from a file is not trusted: header, sizes and every
 * entry are checked before they are used. */
#ifndef SPO_IO_NPY_H
#define SPO_IO_NPY_H

#include <stdio.h>
#include <spheropt/base.h>

typedef enum spo_npy_kind { SPO_NPY_REALS, SPO_NPY_INTEGERS } spo_npy_kind;

/* An array in C order. A vector has ndim 1 and cols 1. */
typedef struct spo_npy {
  int ndim;
  size_t rows, cols;
  double *real;     /* SPO_NPY_REALS: rows x cols */
  int64_t *integer; /* SPO_NPY_INTEGERS: rows x cols */
} spo_npy;

/**
 * spo_npy_read - a whole file as reals (integers are converted) or as integers.
 *
 * path  in   a regular file
 * kind  in   SPO_NPY_INTEGERS refuses files of floating-point numbers
 * out   out  one allocation, to be freed with spo_npy_free; empty on failure
 *
 * Fails: SPO_E_IO (cannot be opened, is no regular file, no NPY file, truncated, ...),
 * SPO_E_NONFINITE (NaN or infinity, with row and column, counted from 0), SPO_E_NOMEM; always one
 * line that begins with the path. tests/unit/npy.c.
 */
spo_status spo_npy_read(const char *path, spo_npy_kind kind, spo_npy *out, spo_error *err);
void spo_npy_free(spo_npy *array);

/** spo_npy_write - version 1, C order, '<f8' or '<i8' by whichever pointer is set. Not flushed.
 * Fails: SPO_E_IO. */
spo_status spo_npy_write(FILE *file, const spo_npy *array, spo_error *err);

#endif
