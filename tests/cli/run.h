/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Running the command as a user does, from a scratch directory of its own. */
#ifndef SPO_TESTS_CLI_RUN_H
#define SPO_TESTS_CLI_RUN_H

#define _XOPEN_SOURCE 700 /* before any header: mkdtemp, fork */

#include "expect.h"

#include <dirent.h>
#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "io/npy.h"

enum { RUN_ROOM = 1 << 20 };
static struct {
  int status; /* the exit status; 1000 + the signal that ended it */
  char out[RUN_ROOM], err[RUN_ROOM];
} ran;

static char scratch[] = "/tmp/spheropt-cli-XXXXXX";

static inline void slurp(const char *path, char *text) {
  int fd = open(path, O_RDONLY);
  assert_true(fd >= 0);
  ssize_t got = read(fd, text, RUN_ROOM - 1);
  close(fd);
  assert_true(got >= 0 && got < RUN_ROOM - 1);
  text[got] = '\0';
}

/* Starts `spheropt LINE`, words separated by blanks, '' an empty one; stdout and stderr go to files
 */
static inline pid_t start_command(const char *line) {
  char text[4096], *word[256], *rest = NULL;
  int count = 0;
  snprintf(text, sizeof text, "%s", line);
  word[count++] = (char *)"spheropt";
  for (char *w = strtok_r(text, " ", &rest); w; w = strtok_r(NULL, " ", &rest))
    word[count++] = strcmp(w, "''") == 0 ? w + 2 : w;
  word[count] = NULL;
  pid_t pid = fork();
  assert_true(pid >= 0);
  if (pid == 0) {
    int out = open("stdout", O_WRONLY | O_CREAT | O_TRUNC, 0666);
    int err = open("stderr", O_WRONLY | O_CREAT | O_TRUNC, 0666);
    if (dup2(out, 1) == 1 && dup2(err, 2) == 2)
      execv(getenv("SPHEROPT"), word);
    _exit(127);
  }
  return pid;
}

static inline int end_command(pid_t pid) {
  int status;
  assert_true(waitpid(pid, &status, 0) == pid);
  ran.status = WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
  slurp("stdout", ran.out);
  slurp("stderr", ran.err);
  return ran.status;
}

static inline int run(const char *line) {
  return end_command(start_command(line));
}

#define expect_run(line, due) expect_run_((line), (due), __FILE__, __LINE__)
static inline void expect_run_(const char *line, int due, const char *file, int at) {
  if (run(line) != due) {
    print_error("%s:%d: spheropt %s: exit status %d, due %d\n%s%.2000s\n", file, at, line,
                ran.status, due, ran.err, ran.out);
    _fail(file, at);
  }
}

/* One line on stderr that begins with the command's name and holds `why`; nothing on stdout */
static inline bool refused(const char *line, const char *why) {
  int status = run(line);
  const char *end = strchr(ran.err, '\n');
  bool one_line = strncmp(ran.err, "spheropt: ", 10) == 0 && end && !end[1];
  if (status == 2 && one_line && strstr(ran.err, why) && !ran.out[0])
    return true;
  print_error("spheropt %s: exit status %d, due 2 and one line with \"%s\"\n%s%.300s\n", line,
              status, why, ran.err, ran.out);
  return false;
}
#define expect_refused(line, why) expect_true(refused((line), (why)))

/* stdout as one JSON object; release with json_decref */
static inline json_t *output_json(void) {
  json_error_t why;
  json_t *o = json_loads(ran.out, JSON_REJECT_DUPLICATES, &why);
  if (!json_is_object(o)) {
    print_error("stdout is no JSON object, line %d: %s\n%.500s\n", why.line, why.text, ran.out);
    _fail(__FILE__, __LINE__);
  }
  return o;
}

static inline json_t *run_json(const char *line, int due) {
  expect_run(line, due);
  return output_json();
}

/* The member at "a.b.c"; NULL if there is none */
static inline json_t *member(json_t *o, const char *path) {
  char text[128], *rest = NULL;
  snprintf(text, sizeof text, "%s", path);
  for (char *key = strtok_r(text, ".", &rest); key && o; key = strtok_r(NULL, ".", &rest))
    o = json_object_get(o, key);
  return o;
}

static inline double number(json_t *o, const char *path) {
  json_t *value = member(o, path);
  if (!json_is_number(value)) {
    print_error("%s is no number\n", path);
    _fail(__FILE__, __LINE__);
  }
  return json_number_value(value);
}

static inline const char *text_at(json_t *o, const char *path) {
  const char *value = json_string_value(member(o, path));
  return value ? value : "(no text)";
}

static inline void have_keys(json_t *o, const char *const *key) {
  for (; *key; key++)
    if (!member(o, *key)) {
      print_error("the key %s is missing\n", *key);
      _fail(__FILE__, __LINE__);
    }
}

static inline bool same_file(const char *a, const char *b) {
  static char x[RUN_ROOM], y[RUN_ROOM];
  FILE *p = fopen(a, "rb"), *q = fopen(b, "rb");
  assert_true(p && q);
  size_t m = fread(x, 1, sizeof x, p), n = fread(y, 1, sizeof y, q);
  fclose(p);
  fclose(q);
  return m == n && memcmp(x, y, m) == 0;
}

static inline size_t entries(const char *dir) {
  size_t count = 0;
  DIR *d = opendir(dir);
  assert_non_null(d);
  for (struct dirent *e = readdir(d); e; e = readdir(d))
    count += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
  closedir(d);
  return count;
}

static inline bool exists(const char *path) {
  struct stat info;
  return stat(path, &info) == 0;
}

static inline void write_text(const char *path, const char *text) {
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  fputs(text, file);
  assert_int_equal(fclose(file), 0);
}

static inline void write_npy(const char *path, const spo_npy *a) {
  spo_error err = {0};
  FILE *file = fopen(path, "wb");
  assert_non_null(file);
  expect_ok(spo_npy_write(file, a, &err));
  assert_int_equal(fclose(file), 0);
}
static inline void write_reals(const char *path, size_t rows, size_t cols, double *value) {
  const spo_npy a = {2, rows, cols, value, NULL};
  write_npy(path, &a);
}
static inline void write_integers(const char *path, size_t count, int64_t *value) {
  const spo_npy a = {1, count, 1, NULL, value};
  write_npy(path, &a);
}

static inline int enter_scratch(void **state) {
  (void)state;
  return getenv("SPHEROPT") && mkdtemp(scratch) && chdir(scratch) == 0 ? 0 : -1;
}
static inline int leave_scratch(void **state) {
  char line[100];
  (void)state;
  snprintf(line, sizeof line, "rm -rf %s", scratch);
  return chdir("/") == 0 ? system(line) : -1;
}

#endif
