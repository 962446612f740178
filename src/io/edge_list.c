/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Reading edge lists. */
#include "io/edge_list.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "io/memory_limit.h"

#define REFUSE(code, ...) spo_fail(err, code, "spo_edge_list_read", __VA_ARGS__)

static const char npy_magic[] = "\x93NUMPY";
static const char blanks[] = " \t\r\v\f";

/* A file's text, a byte 0 behind it. */
typedef struct text {
  char *data;
  size_t length;
} text;

static spo_status read_open(const char *path, int fd, text *t, spo_error *err) {
  struct stat info;
  if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode))
    return REFUSE(SPO_E_IO, "%s: this is not a regular file", path);
  const size_t size = (size_t)info.st_size;
  /* two bytes of text, a digit and its blank, become a double at most */
  if (spo_size_mul(size, 8) > spo_memory_limit() || !(t->data = malloc(size + 1)))
    return REFUSE(SPO_E_NOMEM, "%s: %zu bytes take more than this machine's memory", path, size);
  while (t->length < size) {
    const ssize_t got = read(fd, t->data + t->length, size - t->length);
    if (got < 0 && errno == EINTR)
      continue;
    if (got <= 0)
      return REFUSE(SPO_E_IO, "%s: cannot be read to its end", path);
    t->length += (size_t)got;
  }
  t->data[size] = '\0';
  return SPO_OK;
}

static spo_status read_text(const char *path, text *t, spo_error *err) {
  /* without O_NONBLOCK a FIFO would wait for its writer */
  const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0)
    return REFUSE(SPO_E_IO, "%s: %s", path, strerror(errno));
  const spo_status status = read_open(path, fd, t, err);
  close(fd);
  return status;
}

/* The numbers of one line, 3 at most; *end is where the line ends. */
static spo_status read_line(const char *path, size_t number, char *line, char *end, double *value,
                            size_t *count, spo_error *err) {
  *count = 0;
  for (char *at = line + strspn(line, blanks); at < end; at += strspn(at, blanks)) {
    const size_t length = strcspn(at, " \t\r\v\f\n");
    char *stop;
    const double v = strtod(at, &stop);
    if (stop != at + length || !isfinite(v))
      return REFUSE(SPO_E_IO, "%s: line %zu: \"%.*s\" is not a number", path, number,
                    (int)(length < 40 ? length : 40), at);
    if (*count == 3)
      return REFUSE(SPO_E_IO, "%s: line %zu has more than 3 numbers; i j w are due", path, number);
    value[(*count)++] = v;
    at += length;
  }
  return SPO_OK;
}

/* One line that is not blank, as row number `row`. */
static spo_status take_line(const char *path, size_t number, const double *value, size_t count,
                            size_t row, double *out, spo_error *err) {
  if (row == 0 && count != 2)
    return REFUSE(SPO_E_IO,
                  "%s: line %zu must hold 2 numbers, of the vertices and of the edges, not %zu",
                  path, number, count);
  if (count < 2)
    return REFUSE(SPO_E_IO, "%s: line %zu has one number; i j w are due", path, number);
  out[0] = value[0];
  out[1] = value[1];
  out[2] = row == 0 ? 0.0 : count == 3 ? value[2] : 1.0;
  return SPO_OK;
}

static size_t count_lines(const text *t) {
  size_t lines = 1;
  for (size_t i = 0; i < t->length; i++)
    lines += t->data[i] == '\n';
  return lines;
}

static spo_status parse(const char *path, text *t, spo_npy *out, spo_error *err) {
  if (strlen(t->data) != t->length)
    return REFUSE(SPO_E_IO, "%s: this is neither text nor an NPY file", path);
  out->ndim = 2;
  out->cols = 3;
  out->real = spo_block_alloc(spo_size_mul(count_lines(t), 3 * sizeof(double)));
  if (!out->real)
    return REFUSE(SPO_E_NOMEM, "%s: out of memory", path);
  size_t number = 1;
  for (char *line = t->data; line < t->data + t->length; number++) {
    char *end = line + strcspn(line, "\n");
    double value[3];
    size_t count;
    spo_status status = read_line(path, number, line, end, value, &count, err);
    if (status == SPO_OK && count > 0) {
      status = take_line(path, number, value, count, out->rows, out->real + 3 * out->rows, err);
      out->rows++;
    }
    if (status != SPO_OK)
      return status;
    line = end + (*end == '\n');
  }
  if (out->rows == 0)
    return REFUSE(SPO_E_IO, "%s: the file is empty", path);
  if (out->real[1] != (double)(out->rows - 1))
    return REFUSE(SPO_E_IO, "%s: %g edges are announced, %zu follow", path, out->real[1],
                  out->rows - 1);
  return SPO_OK;
}

spo_status spo_edge_list_read(const char *path, spo_npy *out, spo_error *err) {
  *out = (spo_npy){0};
  text t = {0};
  spo_status status = read_text(path, &t, err);
  if (status == SPO_OK && t.length >= 6 && memcmp(t.data, npy_magic, 6) == 0)
    status = spo_npy_read(path, SPO_NPY_REALS, out, err);
  else if (status == SPO_OK)
    status = parse(path, &t, out, err);
  free(t.data);
  if (status != SPO_OK)
    spo_npy_free(out);
  return status;
}
