/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Edge lists: text in all its variants and NPY read to the same rows; hostile files refused with
 * one line that names the file. */
#define _XOPEN_SOURCE 700 /* mkstemp */
#include "expect.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/edge_list.h"

static char path[] = "/tmp/spheropt-edges-XXXXXX";

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

static void put(const char *text, size_t length) {
  FILE *file = fopen(path, "wb");
  assert_non_null(file);
  assert_int_equal(fwrite(text, 1, length, file), length);
  fclose(file);
}

static const double due[9] = {4, 2, 0, 1, 2, 1, 4, 3, -2.5};

static void expect_rows(void) {
  spo_error err = {0};
  spo_npy a;
  expect_ok(spo_edge_list_read(path, &a, &err));
  assert_true(a.ndim == 2 && a.rows == 3 && a.cols == 3 && a.real && !a.integer);
  for (size_t i = 0; i < 9; i++)
    expect_near(a.real[i], due[i], 0.0);
  spo_npy_free(&a);
}

static void reads(void **state) {
  (void)state;
  static const char *const text[] = {
      "4 2\n1 2 1\n4 3 -2.5\n",       "4 2\n1 2\n4 3 -2.5",
      "4 2\r\n1 2 1\r\n4 3 -2.5\r\n", "\n  4\t2 \n1 2\n\n4 3 -25e-1\n\n \n",
      "4.0 2 \n 1 2 1.\n4 3 -2.50",
  };
  for (expect_seed = 0; expect_seed < sizeof text / sizeof text[0]; expect_seed++) {
    put(text[expect_seed], strlen(text[expect_seed]));
    expect_rows();
  }
  spo_error err = {0};
  const spo_npy array = {.ndim = 2, .rows = 3, .cols = 3, .real = (double *)due};
  FILE *file = fopen(path, "wb");
  expect_ok(spo_npy_write(file, &array, &err));
  fclose(file);
  expect_rows();
}

static void refuses(void **state) {
  (void)state;
  static const struct {
    const char *text, *why;
  } bad[] = {
      {"", "the file is empty"},
      {"\n \n", "the file is empty"},
      {"4\n", "line 1 must hold 2 numbers"},
      {"4 1 1\n1 2\n", "line 1 must hold 2 numbers"},
      {"4 1\n1\n", "line 2 has one number"},
      {"4 1\n1 2 3 4\n", "line 2 has more than 3 numbers"},
      {"4 1\n\n1 two 3\n", "line 3: \"two\" is not a number"},
      {"4 1\n1 2 3x\n", "\"3x\" is not a number"},
      {"4 1\n1 2 nan\n", "\"nan\" is not a number"},
      {"4 1\n1 2 1e999\n", "\"1e999\" is not a number"},
      {"4 2\n1 2\n", "2 edges are announced, 1 follow"},
      {"4 1\n1 2\n2 3\n", "1 edges are announced, 2 follow"},
      {"4 1e300\n1 2\n", "1e+300 edges are announced, 1 follow"},
      {"\x93NUMPY", "the NPY header is truncated"},
  };
  for (expect_seed = 0; expect_seed < sizeof bad / sizeof bad[0]; expect_seed++) {
    spo_error err = {0};
    spo_npy a;
    put(bad[expect_seed].text, strlen(bad[expect_seed].text));
    expect_true(spo_edge_list_read(path, &a, &err) != SPO_OK);
    expect_true(strncmp(err.text, path, strlen(path)) == 0 && !strchr(err.text, '\n'));
    if (!strstr(err.text, bad[expect_seed].why))
      fail_msg("\"%s\", due \"%s\"", err.text, bad[expect_seed].why);
    assert_null(a.real);
  }
  spo_error err = {0};
  spo_npy a;
  put("4 1\n1 2\0 1\n", 11);
  expect_status(spo_edge_list_read(path, &a, &err), SPO_E_IO);
  assert_non_null(strstr(err.text, "neither text nor an NPY file"));
  expect_status(spo_edge_list_read("/dev/null", &a, &err), SPO_E_IO);
  assert_non_null(strstr(err.text, "not a regular file"));
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(reads), cmocka_unit_test(refuses)};
  return cmocka_run_group_tests_name("edge list", tests, make_path, remove_path);
}
