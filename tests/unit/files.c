/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A set of files is replaced as a whole or not at all, and leaves no other file behind; JSON
 * numbers keep their bits. */
#define _XOPEN_SOURCE 700 /* mkstemp, mkdtemp, mkfifo */
#include "expect.h"

#include <dirent.h>
#include <float.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/files.h"
#include "io/json.h"

static char base[] = "/tmp/spheropt-files-XXXXXX";

static int make_base(void **state) {
  (void)state;
  return mkdtemp(base) ? 0 : -1;
}

static const char *in_base(const char *name) {
  static char path[2][256];
  static int next;
  next = !next;
  snprintf(path[next], sizeof path[next], "%s/%s", base, name);
  return path[next];
}

static int remove_base(void **state) {
  char line[300];
  (void)state;
  snprintf(line, sizeof line, "rm -rf %s", base);
  return system(line);
}

static size_t entries(const char *dir) {
  size_t count = 0;
  DIR *d = opendir(dir);
  assert_non_null(d);
  for (struct dirent *e = readdir(d); e; e = readdir(d))
    count += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
  closedir(d);
  return count;
}

static void holds(const char *path, const char *due) {
  char text[64] = "";
  FILE *file = fopen(path, "r");
  assert_non_null(file);
  assert_non_null(fgets(text, sizeof text, file));
  fclose(file);
  assert_string_equal(text, due);
}

/* Two files, each with the text; nothing is committed */
static spo_output *begin(const char *dir, const char *a, const char *b, const char *text) {
  spo_output *o;
  FILE *file;
  spo_error err = {0};
  expect_ok(spo_output_open(dir, &o, &err));
  expect_ok(spo_output_add(o, a, &file, &err));
  fputs(text, file);
  expect_ok(spo_output_add(o, b, &file, &err));
  fputs(text, file);
  return o;
}

static void replaces(void **state) {
  (void)state;
  spo_error err = {0};
  expect_ok(spo_output_commit(begin(in_base("made"), "a", "b", "old"), &err));
  holds(in_base("made/a"), "old");
  spo_output *o = begin(in_base("made"), "a", "b", "new");
  holds(in_base("made/a"), "old");
  expect_ok(spo_output_commit(o, &err));
  holds(in_base("made/a"), "new");
  holds(in_base("made/b"), "new");
  assert_int_equal(entries(in_base("made")), 2);
}

static void abandons(void **state) {
  (void)state;
  struct stat info;
  spo_error err = {0};
  expect_ok(spo_output_commit(begin(in_base("kept"), "a", "b", "old"), &err));
  spo_output_abandon(begin(in_base("kept"), "a", "c", "new"));
  holds(in_base("kept/a"), "old");
  assert_int_equal(entries(in_base("kept")), 2);
  spo_output_abandon(begin(in_base("fresh"), "a", "b", "new"));
  assert_int_equal(stat(in_base("fresh"), &info), -1);
  spo_output_abandon(NULL);
}

/* The second rename fails, for its target is a directory: the first must be undone */
static void rolls_back(void **state) {
  (void)state;
  spo_error err = {0};
  expect_ok(spo_output_commit(begin(in_base("back"), "a", "b", "old"), &err));
  assert_int_equal(mkdir(in_base("back/d"), 0777), 0);
  spo_output *o = begin(in_base("back"), "a", "d", "new");
  expect_status(spo_output_commit(o, &err), SPO_E_IO);
  holds(in_base("back/a"), "old");
  assert_int_equal(entries(in_base("back")), 3);
  o = begin(in_base("back"), "n", "d", "new"); /* n is not there yet */
  expect_status(spo_output_commit(o, &err), SPO_E_IO);
  assert_int_equal(entries(in_base("back")), 3);
}

static void unwritable(void **state) {
  (void)state;
  spo_output *o = NULL;
  spo_error err = {0};
  const char *const bad[] = {"/dev/null", "/no/such/parent", "/proc/self/net", ""};
  for (size_t i = 0; i < 4; i++) {
    expect_status(spo_output_open(bad[i], &o, &err), SPO_E_IO);
    assert_null(o);
  }
}

static void numbers(void **state) {
  (void)state;
  const double values[] = {0.1, 1.0 / 3, DBL_MIN, DBL_MAX, 1.37693492045, 5e-324, -0.0};
  spo_error err = {0};
  json_t *back, *o = json_object(), *array = json_array();
  json_object_set_new(o, "x", array);
  for (size_t i = 0; i < 7; i++)
    json_array_append_new(array, spo_json_real(values[i]));
  json_object_set_new(o, "nan", spo_json_real(NAN));
  json_object_set_new(o, "inf", spo_json_real(INFINITY));
  json_object_set_new(o, "large", spo_json_uint(UINT64_MAX));
  json_object_set_new(o, "text", spo_json_text("\xff not UTF-8"));
  json_object_set_new(o, "none", spo_json_text(NULL));
  FILE *file = fopen(in_base("o.json"), "w");
  expect_ok(spo_json_write(file, o, &err));
  fclose(file);
  json_decref(o);
  expect_ok(spo_json_read(in_base("o.json"), &back, &err));
  array = json_object_get(back, "x");
  for (size_t i = 0; i < 7; i++)
    expect_true(json_real_value(json_array_get(array, i)) == values[i]);
  assert_true(json_is_null(json_object_get(back, "nan")) &&
              json_is_null(json_object_get(back, "inf")));
  assert_true(json_is_null(json_object_get(back, "none")));
  assert_string_equal(json_string_value(json_object_get(back, "large")), "18446744073709551615");
  assert_string_equal(json_string_value(json_object_get(back, "text")), "? not UTF-8");
  json_decref(back);
}

static void hostile_json(void **state) {
  (void)state;
  static const char *const text[] = {"",    "{", "[1]", "3", "{\"a\":1,\"a\":2}", "{\"a\":NaN}",
                                     "{} x"};
  json_t *o;
  spo_error err = {0};
  for (size_t i = 0; i < sizeof text / sizeof text[0]; i++) {
    FILE *file = fopen(in_base("bad.json"), "w");
    fputs(text[i], file);
    fclose(file);
    expect_seed = i;
    expect_status(spo_json_read(in_base("bad.json"), &o, &err), SPO_E_IO);
    assert_null(o);
  }
  expect_status(spo_json_read(base, &o, &err), SPO_E_IO);
  expect_status(spo_json_read("/dev/zero", &o, &err), SPO_E_IO);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(replaces),   cmocka_unit_test(abandons), cmocka_unit_test(rolls_back),
      cmocka_unit_test(unwritable), cmocka_unit_test(numbers),  cmocka_unit_test(hostile_json),
  };
  return cmocka_run_group_tests(tests, make_base, remove_base);
}
