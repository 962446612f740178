/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * NPY files: every type, version and order read, written and read back; hostile files refused with
 * one line that names the file. */
#define _XOPEN_SOURCE 700 /* mkstemp, mkdtemp, mkfifo */
#include "expect.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/npy.h"

static char path[] = "/tmp/spheropt-npy-XXXXXX";

static int make_path(void **state) {
  (void)state;
  int fd = mkstemp(path);
  return fd < 0 ? -1 : close(fd);
}
static int remove_path(void **state) {
  (void)state;
  unlink(path);
  return 0;
}

/* A file of the given version: header padded as NumPy does unless `claimed` lies about its length
 */
static void put_file(int major, int minor, const char *header, long claimed, const void *data,
                     size_t bytes) {
  FILE *file = fopen(path, "wb");
  assert_non_null(file);
  size_t length = strlen(header);
  unsigned long says = claimed < 0 ? (unsigned long)length : (unsigned long)claimed;
  unsigned char start[12] = {
      0x93, 'N', 'U', 'M', 'P', 'Y', (unsigned char)major, (unsigned char)minor};
  for (int i = 0; i < 4; i++)
    start[8 + i] = (unsigned char)(says >> (8 * i));
  fwrite(start, 1, major == 1 ? 10 : 12, file);
  fwrite(header, 1, length, file);
  if (bytes)
    fwrite(data, 1, bytes, file);
  fclose(file);
}

static void refused(spo_npy_kind kind, const char *why) {
  spo_npy a;
  spo_error err = {0};
  spo_status status = spo_npy_read(path, kind, &a, &err);
  if (status == SPO_OK || !strstr(err.text, why) || strncmp(err.text, path, strlen(path)) != 0 ||
      strchr(err.text, '\n')) {
    print_error("case %d: status %d, \"%s\", due \"%s\"\n", (int)expect_seed, (int)status, err.text,
                why);
    _fail(__FILE__, __LINE__);
  }
  assert_null(a.real);
  assert_null(a.integer);
}

#define D(descr, order, shape)                                                                     \
  "{'descr': " descr ", 'fortran_order': " order ", 'shape': " shape ", }\n"

static void hostile_headers(void **state) {
  (void)state;
  static const struct {
    int major, minor;
    const char *header;
    long claimed;
    size_t bytes;
    const char *why;
  } file[] = {
      {0, 0, D("'<f8'", "False", "(2,)"), -1, 16, "version 0.0"},
      {4, 0, D("'<f8'", "False", "(2,)"), -1, 16, "version 4.0"},
      {1, 1, D("'<f8'", "False", "(2,)"), -1, 16, "version 1.1"},
      {1, 0, "", -1, 0, "no dictionary"},
      {1, 0, "{", -1, 0, "no key"},
      {1, 0, "{}", -1, 0, "are due"},
      {1, 0, "\n\n\n", -1, 0, "no dictionary"},
      {1, 0, "{'descr': '<f8'}", -1, 0, "are due"},
      {1, 0, "{'descr' '<f8'}", -1, 0, "no key"},
      {1, 0, "{'descr': '<f8', 'descr': '<f4'}", -1, 0, "there twice"},
      {1, 0, "{'descr': '<f8', 'eval': 1}", -1, 0, "not known"},
      {1, 0, "{'descr': '<f8' 'shape': (2,)}", -1, 0, "does not end"},
      {1, 0, "{'descr': '<f8', 'shape': (2,), 'fortran_order': False", -1, 16, "does not end"},
      {1, 0, "{'descr': '<f8', 'shape': (2,), 'fortran_order': 0}", -1, 16, "neither True"},
      {1, 0, "{'a_key_that_is_far_too_long_to_be_one': 1}", -1, 0, "no key"},
      {1, 0, D("'<f8'", "False", "(2,)") "x", -1, 16, "follows the dictionary"},
      {1, 0, D("'>f8'", "False", "(2,)"), -1, 16, "big endian"},
      {1, 0, D("'>i4'", "False", "(2,)"), -1, 8, "big endian"},
      {1, 0, D("'<f2'", "False", "(2,)"), -1, 4, "is not read"},
      {1, 0, D("'<c8'", "False", "(2,)"), -1, 16, "is not read"},
      {1, 0, D("'<f16'", "False", "(2,)"), -1, 32, "is not read"},
      {1, 0, D("'|b1'", "False", "(2,)"), -1, 2, "is not read"},
      {1, 0, D("'|O'", "False", "(2,)"), -1, 16, "is not read"},
      {1, 0, D("'<i3'", "False", "(2,)"), -1, 6, "is not read"},
      {1, 0, D("'<U8'", "False", "(2,)"), -1, 64, "is not read"},
      {1, 0, D("''", "False", "(2,)"), -1, 16, "is not read"},
      {1, 0, D("'<'", "False", "(2,)"), -1, 16, "is not read"},
      {1, 0, D("'<f\\8'", "False", "(2,)"), -1, 16, "not a plain one"},
      {1, 0, D("[('x', '<f8')]", "False", "(2,)"), -1, 16, "not a plain one"},
      {1, 0, D("'<f8'", "False", "()"), -1, 8, "0 dimensions"},
      {1, 0, D("'<f8'", "False", "(1, 1, 2)"), -1, 16, "3 dimensions"},
      {1, 0, D("'<f8'", "False", "(-2,)"), -1, 16, "none of them negative"},
      {1, 0, D("'<f8'", "False", "(2.0,)"), -1, 16, "does not end"},
      {1, 0, D("'<f8'", "False", "(2"), -1, 16, "lengths"},
      {1, 0, D("'<f8'", "False", "(2 3)"), -1, 48, "does not end"},
      {1, 0, D("'<f8'", "False", "2"), -1, 16, "no shape"},
      {1, 0, D("'<f8'", "False", "(0,)"), -1, 0, "empty"},
      {1, 0, D("'<f8'", "False", "(3, 0)"), -1, 0, "empty"},
      {1, 0, D("'<f8'", "False", "(3,)"), -1, 16, "truncated"},
      {1, 0, D("'<f8'", "False", "(3,)"), -1, 0, "truncated"},
      {1, 0, D("'<f8'", "False", "(3,)"), -1, 23, "truncated"},
      {1, 0, D("'<f8'", "False", "(3,)"), -1, 25, "followed by something else"},
      {1, 0, D("'<f8'", "False", "(4294967296, 4294967296)"), -1, 16, "larger than any memory"},
      {1, 0, D("'<f8'", "False", "(2305843009213693952, 1)"), -1, 16, "larger than any memory"},
      {1, 0, D("'<f8'", "False", "(99999999999999999999999999,)"), -1, 16,
       "larger than any memory"},
      {1, 0, D("'<f8'", "False", "(1000000000,)"), -1, 16, "truncated"},
      {1, 0, D("'<f8'", "False", "(2,)"), 60000, 16, "the file ends before"},
      {1, 0, D("'<f8'", "False", "(2,)"), 3, 16, "no key"},
      {2, 0, D("'<f8'", "False", "(2,)"), 0x7fffffff, 16, "no honest one"},
      {3, 0, D("'<f8'", "False", "(2,)"), 0xffffffff, 16, "no honest one"},
  };
  const unsigned char zeros[64] = {0};
  for (size_t i = 0; i < sizeof file / sizeof file[0]; i++) {
    expect_seed = i;
    put_file(file[i].major, file[i].minor, file[i].header, file[i].claimed, zeros, file[i].bytes);
    refused(SPO_NPY_REALS, file[i].why);
  }
}

static void hostile_bytes(void **state) {
  (void)state;
  static const struct {
    const char *bytes;
    size_t count;
    const char *why;
  } file[] = {
      {"", 0, "not an NPY file"},
      {"\x93", 1, "not an NPY file"},
      {"\x93NUMPZ\1\0\0\0", 10, "not an NPY file"},
      {"PK\3\4 a zip file", 15, "not an NPY file"},
      {"1.0, 2.0, 3.0\n", 14, "not an NPY file"},
      {"\x93NUMPY", 6, "truncated"},
      {"\x93NUMPY\1\0\20", 9, "truncated"},
      {"\x93NUMPY\1\0\20\0", 10, "the file ends before"},
      {"\x93NUMPY\2\0\20\0\0", 11, "truncated"},
      {"\x93NUMPY\2\0\20\0\0\0", 12, "the file ends before"},
      {"\x93NUMPY\1\0\2\0{\0", 12, "no key"},
  };
  for (size_t i = 0; i < sizeof file / sizeof file[0]; i++) {
    expect_seed = i;
    FILE *out = fopen(path, "wb");
    fwrite(file[i].bytes, 1, file[i].count, out);
    fclose(out);
    refused(SPO_NPY_REALS, file[i].why);
  }
}

static void no_regular_file(void **state) {
  (void)state;
  static const char *const special[] = {"/dev/zero", "/dev/null", "/tmp", "/"};
  spo_npy a;
  spo_error err = {0};
  for (size_t i = 0; i < 4; i++) {
    expect_status(spo_npy_read(special[i], SPO_NPY_REALS, &a, &err), SPO_E_IO);
    assert_non_null(strstr(err.text, "regular"));
  }
  expect_status(spo_npy_read("/no/such/file", SPO_NPY_REALS, &a, &err), SPO_E_IO);
  unlink(path);
  assert_int_equal(mkfifo(path, 0600), 0);
  expect_status(spo_npy_read(path, SPO_NPY_REALS, &a, &err), SPO_E_IO); /* does not hang */
  unlink(path);
}

/* Values that every type of number holds, unsigned ones by their sizes */
#define READS(descr, type, ...)                                                                    \
  do {                                                                                             \
    const type value[6] = {__VA_ARGS__};                                                           \
    reads(descr, value, sizeof(type));                                                             \
  } while (0)

static void reads(const char *descr, const void *value, size_t item) {
  const double due[6] = {0, 1, 2, 3, 100, 5};
  const bool whole = descr[1] != 'f';
  char header[128];
  spo_npy a;
  spo_error err = {0};
  for (int fortran = 0; fortran < 2; fortran++)
    for (int major = 1; major <= 3; major++) {
      snprintf(header, sizeof header, "{'shape': (2, 3), \"fortran_order\": %s,'descr':'%s'}",
               fortran ? "True" : "False", descr);
      put_file(major, 0, header, -1, value, 6 * item);
      for (int kind = 0; kind < (whole ? 2 : 1); kind++) {
        expect_ok(spo_npy_read(path, kind ? SPO_NPY_INTEGERS : SPO_NPY_REALS, &a, &err));
        assert_true(a.ndim == 2 && a.rows == 2 && a.cols == 3);
        for (size_t i = 0; i < 6; i++) {
          size_t at = fortran ? (i % 2) * 3 + i / 2 : i;
          expect_near(kind ? (double)a.integer[at] : a.real[at], due[i], 0);
        }
        spo_npy_free(&a);
      }
      if (!whole)
        refused(SPO_NPY_INTEGERS, "not integers");
    }
}

static void types(void **state) {
  (void)state;
  READS("<f4", float, 0, 1, 2, 3, 100, 5);
  READS("<f8", double, 0, 1, 2, 3, 100, 5);
  READS("|i1", int8_t, 0, 1, 2, 3, 100, 5);
  READS("|u1", uint8_t, 0, 1, 2, 3, 100, 5);
  READS("<i2", int16_t, 0, 1, 2, 3, 100, 5);
  READS("<u2", uint16_t, 0, 1, 2, 3, 100, 5);
  READS("<i4", int32_t, 0, 1, 2, 3, 100, 5);
  READS("<u4", uint32_t, 0, 1, 2, 3, 100, 5);
  READS("<i8", int64_t, 0, 1, 2, 3, 100, 5);
  READS("<u8", uint64_t, 0, 1, 2, 3, 100, 5);
}

static void extreme_integers(void **state) {
  (void)state;
  spo_npy a;
  spo_error err = {0};
  const int8_t bytes[3] = {-128, -1, 127};
  put_file(1, 0, D("'|i1'", "False", "(3L,)"), -1, bytes, sizeof bytes);
  expect_ok(spo_npy_read(path, SPO_NPY_INTEGERS, &a, &err));
  assert_true(a.ndim == 1 && a.rows == 3 && a.cols == 1);
  assert_true(a.integer[0] == -128 && a.integer[1] == -1 && a.integer[2] == 127);
  spo_npy_free(&a);
  const int64_t words[2] = {INT64_MIN, INT64_MAX};
  put_file(1, 0, D("'<i8'", "False", "(2,)"), -1, words, sizeof words);
  expect_ok(spo_npy_read(path, SPO_NPY_INTEGERS, &a, &err));
  assert_true(a.integer[0] == INT64_MIN && a.integer[1] == INT64_MAX);
  spo_npy_free(&a);
  const uint64_t large[2] = {3, UINT64_MAX};
  put_file(1, 0, D("'<u8'", "False", "(2,)"), -1, large, sizeof large);
  refused(SPO_NPY_INTEGERS, "row 1, column 0");
  expect_ok(spo_npy_read(path, SPO_NPY_REALS, &a, &err));
  expect_near(a.real[1], 0x1p64, 0);
  spo_npy_free(&a);
}

static void not_finite(void **state) {
  (void)state;
  const double c[6] = {1, 2, 3, 4, 5, NAN};
  put_file(1, 0, D("'<f8'", "False", "(2, 3)"), -1, c, sizeof c);
  refused(SPO_NPY_REALS, "row 1, column 2 (counted from 0) is NaN");
  const double fortran[6] = {1, 2, 3, -INFINITY, 5, 6};
  put_file(1, 0, D("'<f8'", "True", "(2, 3)"), -1, fortran, sizeof fortran);
  refused(SPO_NPY_REALS, "row 1, column 1 (counted from 0) is infinite");
  const float single[2] = {0, NAN};
  put_file(1, 0, D("'<f4'", "False", "(2,)"), -1, single, sizeof single);
  refused(SPO_NPY_REALS, "row 1, column 0");
}

static void round_trip(void **state) {
  (void)state;
  enum { ROWS = 1000, COLS = 33 }; /* more than one chunk */
  static double real[ROWS * COLS];
  static int64_t integer[ROWS];
  spo_npy back;
  spo_error err = {0};
  for (size_t i = 0; i < ROWS * COLS; i++)
    real[i] = ldexp((double)(i * 2654435761u % 1000003u), (int)(i % 60) - 30) * (i % 2 ? 1 : -1);
  for (size_t i = 0; i < ROWS; i++)
    integer[i] = (int64_t)(i * 0x9e3779b97f4a7c15u);
  const spo_npy out[2] = {{2, ROWS, COLS, real, NULL}, {1, ROWS, 1, NULL, integer}};
  for (int k = 0; k < 2; k++) {
    FILE *file = fopen(path, "wb");
    expect_ok(spo_npy_write(file, &out[k], &err));
    assert_int_equal(fclose(file), 0);
    struct stat info;
    stat(path, &info);
    assert_int_equal(((size_t)info.st_size - 8 * out[k].rows * out[k].cols) % 64, 0);
    expect_ok(spo_npy_read(path, k ? SPO_NPY_INTEGERS : SPO_NPY_REALS, &back, &err));
    assert_true(back.ndim == out[k].ndim && back.rows == ROWS && back.cols == out[k].cols);
    assert_memory_equal(k ? (void *)back.integer : (void *)back.real,
                        k ? (void *)integer : (void *)real, 8 * back.rows * back.cols);
    spo_npy_free(&back);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(hostile_headers), cmocka_unit_test(hostile_bytes),
      cmocka_unit_test(types),           cmocka_unit_test(extreme_integers),
      cmocka_unit_test(not_finite),      cmocka_unit_test(round_trip),
      cmocka_unit_test(no_regular_file),
  };
  return cmocka_run_group_tests(tests, make_path, remove_path);
}
