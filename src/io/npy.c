/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Reading and writing NPY files. The header is a Python dictionary in text; its grammar is read by
 * hand and anything unexpected refuses the file. */
#include "io/npy.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "io/memory_limit.h"

#if !defined(__BYTE_ORDER__) || __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the NPY code copies little-endian numbers as they are"
#endif

enum { MAX_HEADER = 1 << 16, MAX_DESCR = 16, CHUNK = 1 << 16 };

typedef struct header {
  char type; /* f, i, u */
  char descr[MAX_DESCR];
  size_t item; /* bytes per entry */
  bool fortran;
  int ndim;
  size_t shape[2];
  size_t start; /* where the entries begin */
} header;

typedef struct cursor {
  const char *at, *end;
} cursor;

static void blanks(cursor *c) {
  while (c->at < c->end && (*c->at == ' ' || *c->at == '\n' || *c->at == '\t' || *c->at == '\r'))
    c->at++;
}

/* Takes one character after blanks, if it is the next */
static bool take(cursor *c, char wanted) {
  blanks(c);
  if (c->at == c->end || *c->at != wanted)
    return false;
  c->at++;
  return true;
}

static bool take_word(cursor *c, const char *word) {
  blanks(c);
  size_t length = strlen(word);
  if ((size_t)(c->end - c->at) < length || memcmp(c->at, word, length) != 0)
    return false;
  c->at += length;
  return true;
}

/* A quoted text without escapes */
static bool take_text(cursor *c, char *text, size_t room) {
  blanks(c);
  if (c->at == c->end || (*c->at != '\'' && *c->at != '"'))
    return false;
  char quote = *c->at++;
  size_t length = 0;
  for (; c->at < c->end && *c->at != quote; c->at++) {
    if (length + 1 >= room || *c->at < ' ' || *c->at > '~' || *c->at == '\\')
      return false;
    text[length++] = *c->at;
  }
  text[length] = '\0';
  return take(c, quote);
}

/* A length; Python 2 wrote 3L */
static bool take_length(cursor *c, size_t *value) {
  blanks(c);
  if (c->at == c->end || *c->at < '0' || *c->at > '9')
    return false;
  for (*value = 0; c->at < c->end && *c->at >= '0' && *c->at <= '9'; c->at++)
    *value = spo_size_add(spo_size_mul(*value, 10), (size_t)(*c->at - '0'));
  if (c->at < c->end && *c->at == 'L')
    c->at++;
  return true;
}

static spo_status bad(const char *path, const char *why, spo_error *err) {
  return spo_fail(err, SPO_E_IO, "spo_npy_read", "%s: %s", path, why);
}

static spo_status read_descr(const char *path, cursor *c, header *h, spo_error *err) {
  if (!take_text(c, h->descr, sizeof h->descr))
    return bad(path, "its dtype is not a plain one; float32, float64 or integers are read", err);
  const char *d = h->descr;
  if (d[0] == '>')
    return spo_fail(err, SPO_E_IO, "spo_npy_read",
                    "%s: the dtype '%s' is big endian; only little endian is read: save "
                    "a.astype('<%s')",
                    path, d, d + 1);
  bool plain =
      (d[0] == '<' || d[0] == '|' || d[0] == '=') && d[1] && d[2] >= '1' && d[2] <= '8' && !d[3];
  h->type = plain ? d[1] : 0;
  h->item = plain ? (size_t)(d[2] - '0') : 0;
  bool real = h->type == 'f' && (h->item == 4 || h->item == 8);
  bool whole = (h->type == 'i' || h->type == 'u') &&
               (h->item == 1 || h->item == 2 || h->item == 4 || h->item == 8);
  if (!real && !whole)
    return spo_fail(err, SPO_E_IO, "spo_npy_read",
                    "%s: the dtype '%s' is not read; float32, float64 or integers are", path, d);
  return SPO_OK;
}

static spo_status read_shape(const char *path, cursor *c, header *h, spo_error *err) {
  if (!take(c, '('))
    return bad(path, "broken NPY header: no shape", err);
  for (h->ndim = 0; !take(c, ')'); h->ndim++) {
    size_t length;
    if (!take_length(c, &length))
      return bad(path, "broken NPY header: a shape holds lengths, none of them negative", err);
    if (h->ndim < 2)
      h->shape[h->ndim] = length;
    if (!take(c, ',')) {
      h->ndim++;
      if (!take(c, ')'))
        return bad(path, "broken NPY header: the shape does not end", err);
      break;
    }
  }
  if (h->ndim < 1 || h->ndim > 2)
    return spo_fail(err, SPO_E_IO, "spo_npy_read",
                    "%s: the array has %d dimensions; one or two are read", path, h->ndim);
  if (h->ndim == 1)
    h->shape[1] = 1;
  if (h->shape[0] == 0 || h->shape[1] == 0)
    return bad(path, "the array is empty", err);
  return SPO_OK;
}

/* {'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), } with the keys in any order, each once
 */
static spo_status read_dictionary(const char *path, cursor c, header *h, spo_error *err) {
  unsigned seen = 0;
  if (!take(&c, '{'))
    return bad(path, "broken NPY header: no dictionary", err);
  while (!take(&c, '}')) {
    char key[MAX_DESCR];
    spo_status s = SPO_OK;
    if (!take_text(&c, key, sizeof key) || !take(&c, ':'))
      return bad(path, "broken NPY header: no key where one is due", err);
    unsigned bit = !strcmp(key, "descr")           ? 1
                   : !strcmp(key, "fortran_order") ? 2
                   : !strcmp(key, "shape")         ? 4
                                                   : 0;
    if (bit == 0 || (seen & bit))
      return spo_fail(err, SPO_E_IO, "spo_npy_read", "%s: broken NPY header: the key '%s' is %s",
                      path, key, bit ? "there twice" : "not known");
    seen |= bit;
    if (bit == 1)
      s = read_descr(path, &c, h, err);
    else if (bit == 4)
      s = read_shape(path, &c, h, err);
    else if (take_word(&c, "True"))
      h->fortran = true;
    else if (!take_word(&c, "False"))
      s = bad(path, "broken NPY header: fortran_order is neither True nor False", err);
    if (s)
      return s;
    if (!take(&c, ',') && (blanks(&c), c.at == c.end || *c.at != '}'))
      return bad(path, "broken NPY header: the dictionary does not end", err);
  }
  blanks(&c);
  if (c.at != c.end)
    return bad(path, "broken NPY header: something follows the dictionary", err);
  if (seen != 7)
    return bad(path, "broken NPY header: descr, fortran_order and shape are due", err);
  return SPO_OK;
}

static bool read_exactly(int fd, void *to, size_t bytes) {
  for (char *at = to; bytes > 0;) {
    ssize_t got = read(fd, at, bytes);
    if (got < 0 && errno == EINTR)
      continue;
    if (got <= 0)
      return false;
    at += got;
    bytes -= (size_t)got;
  }
  return true;
}

static spo_status read_header(const char *path, int fd, size_t file_size, header *h,
                              spo_error *err) {
  unsigned char magic[12] = {0};
  size_t there = file_size < 10 ? file_size : 10;
  if (!read_exactly(fd, magic, there))
    return bad(path, "cannot be read", err);
  if (there < 6 || memcmp(magic, "\x93NUMPY", 6) != 0)
    return bad(path, "this is not an NPY file", err);
  if (there < 10)
    return bad(path, "the NPY header is truncated", err);
  if (magic[6] < 1 || magic[6] > 3 || magic[7] != 0)
    return spo_fail(err, SPO_E_IO, "spo_npy_read",
                    "%s: NPY version %d.%d; 1.0, 2.0 and 3.0 are read", path, magic[6], magic[7]);
  size_t length = magic[8] | (size_t)magic[9] << 8;
  h->start = 10;
  if (magic[6] > 1) {
    if (file_size < 12 || !read_exactly(fd, magic + 10, 2))
      return bad(path, "the NPY header is truncated", err);
    length |= (size_t)magic[10] << 16 | (size_t)magic[11] << 24;
    h->start = 12;
  }
  if (length > MAX_HEADER || length > file_size - h->start)
    return spo_fail(err, SPO_E_IO, "spo_npy_read", "%s: the NPY header claims %zu bytes; %s", path,
                    length,
                    length > MAX_HEADER ? "no honest one is that long" : "the file ends before");
  h->start += length;
  char *text = malloc(length + 1);
  if (!text)
    return spo_fail(err, SPO_E_NOMEM, "spo_npy_read", "%s: out of memory", path);
  spo_status s = read_exactly(fd, text, length)
                     ? read_dictionary(path, (cursor){text, text + length}, h, err)
                     : bad(path, "cannot be read", err);
  free(text);
  return s;
}

/* The entries must fill the file exactly, and what they become must fit into memory */
static spo_status check_size(const char *path, const header *h, size_t file_size, spo_error *err) {
  size_t count = spo_size_mul(h->shape[0], h->shape[1]), due = spo_size_mul(count, h->item);
  size_t there = file_size - h->start;
  if (due == SIZE_MAX)
    return bad(path, "the shape is larger than any memory", err);
  if (due != there)
    return spo_fail(err, SPO_E_IO, "spo_npy_read",
                    "%s: the shape (%zu, %zu) of '%s' takes %zu bytes, the file has %zu: it is %s",
                    path, h->shape[0], h->shape[1], h->descr, due, there,
                    due > there ? "truncated" : "followed by something else");
  if (spo_size_mul(count, 8) > spo_memory_limit())
    return spo_fail(err, SPO_E_NOMEM, "spo_npy_read",
                    "%s: the shape (%zu, %zu) takes more than this machine's memory", path,
                    h->shape[0], h->shape[1]);
  return SPO_OK;
}

static double real_entry(const header *h, const unsigned char *p) {
  float f;
  double d;
  if (h->item == 4)
    return memcpy(&f, p, 4), (double)f;
  return memcpy(&d, p, 8), d;
}

static int64_t integer_entry(const header *h, const unsigned char *p) {
  uint64_t u = 0;
  memcpy(&u, p, h->item);
  unsigned spare = 64 - 8 * (unsigned)h->item;
  if (h->type == 'i') /* sign extension without shifting a negative number */
    return (int64_t)(u << spare) / ((int64_t)1 << spare);
  return (int64_t)u;
}

/* One entry, number i in the file's order; false when it cannot be used */
static bool convert(const header *h, const unsigned char *p, size_t i, spo_npy *out) {
  size_t rows = out->rows, cols = out->cols;
  size_t to = h->fortran ? (i % rows) * cols + i / rows : i;
  if (h->type == 'f') {
    out->real[to] = real_entry(h, p);
    return isfinite(out->real[to]);
  }
  int64_t value = integer_entry(h, p);
  bool beyond = h->type == 'u' && value < 0;
  if (out->real)
    out->real[to] = beyond ? (double)(uint64_t)value : (double)value;
  else
    out->integer[to] = value;
  return out->real || !beyond;
}

static spo_status refuse_entry(const char *path, const header *h, size_t i, const spo_npy *a,
                               spo_error *err) {
  size_t row = h->fortran ? i % a->rows : i / a->cols, col = h->fortran ? i / a->rows : i % a->cols;
  double value = a->real ? a->real[row * a->cols + col] : 0;
  return spo_fail(err, a->real ? SPO_E_NONFINITE : SPO_E_IO, "spo_npy_read",
                  "%s: row %zu, column %zu (counted from 0) is %s", path, row, col,
                  !a->real       ? "beyond the 64-bit integers"
                  : isnan(value) ? "NaN; finite numbers are due"
                                 : "infinite; finite numbers are due");
}

static spo_status read_entries(const char *path, int fd, const header *h, spo_npy *out,
                               spo_error *err) {
  unsigned char *chunk = malloc(CHUNK);
  spo_status s =
      chunk ? SPO_OK : spo_fail(err, SPO_E_NOMEM, "spo_npy_read", "%s: out of memory", path);
  size_t count = out->rows * out->cols, per_chunk = CHUNK / h->item;
  for (size_t i = 0; !s && i < count; i += per_chunk) {
    size_t here = count - i < per_chunk ? count - i : per_chunk;
    if (!read_exactly(fd, chunk, here * h->item)) {
      s = bad(path, "the file became shorter while it was read", err);
      break;
    }
    for (size_t j = 0; !s && j < here; j++)
      if (!convert(h, chunk + j * h->item, i + j, out))
        s = refuse_entry(path, h, i + j, out, err);
  }
  free(chunk);
  return s;
}

static spo_status read_open(const char *path, int fd, spo_npy_kind kind, spo_npy *out,
                            spo_error *err) {
  struct stat info;
  header h = {0};
  if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode))
    return bad(path, "this is not a regular file", err);
  size_t size = (size_t)info.st_size;
  spo_status s = read_header(path, fd, size, &h, err);
  if (!s && kind == SPO_NPY_INTEGERS && h.type == 'f')
    s = spo_fail(err, SPO_E_IO, "spo_npy_read",
                 "%s: the entries ('%s') are not integers; save a.astype('int64')", path, h.descr);
  if (!s)
    s = check_size(path, &h, size, err);
  if (s)
    return s;
  out->ndim = h.ndim;
  out->rows = h.shape[0];
  out->cols = h.shape[1];
  void *data = spo_block_alloc(8 * out->rows * out->cols);
  if (!data)
    return spo_fail(err, SPO_E_NOMEM, "spo_npy_read", "%s: out of memory for %zu x %zu numbers",
                    path, out->rows, out->cols);
  if (kind == SPO_NPY_REALS)
    out->real = data;
  else
    out->integer = data;
  return read_entries(path, fd, &h, out, err);
}

spo_status spo_npy_read(const char *path, spo_npy_kind kind, spo_npy *out, spo_error *err) {
  *out = (spo_npy){0};
  /* without O_NONBLOCK a FIFO would wait for its writer */
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0)
    return bad(path, strerror(errno), err);
  spo_status s = read_open(path, fd, kind, out, err);
  close(fd);
  if (s)
    spo_npy_free(out);
  return s;
}

void spo_npy_free(spo_npy *array) {
  spo_block_free(array->real);
  spo_block_free(array->integer);
  *array = (spo_npy){0};
}

spo_status spo_npy_write(FILE *file, const spo_npy *a, spo_error *err) {
  char text[128], shape[64];
  if (a->ndim == 1)
    snprintf(shape, sizeof shape, "(%zu,)", a->rows);
  else
    snprintf(shape, sizeof shape, "(%zu, %zu)", a->rows, a->cols);
  int length = snprintf(text, sizeof text, "{'descr': '%s', 'fortran_order': False, 'shape': %s, }",
                        a->real ? "<f8" : "<i8", shape);
  /* NumPy pads so that the entries begin at a multiple of 64 */
  int padded = (10 + length + 1 + 63) / 64 * 64 - 10;
  unsigned char magic[10] = {0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0};
  magic[8] = (unsigned char)(padded & 255);
  magic[9] = (unsigned char)(padded >> 8);
  size_t count = a->rows * a->cols;
  const void *data = a->real ? (const void *)a->real : a->integer;
  bool good = fwrite(magic, 1, sizeof magic, file) == sizeof magic &&
              fprintf(file, "%-*s\n", padded - 1, text) == padded &&
              fwrite(data, 8, count, file) == count;
  return good ? SPO_OK : spo_fail(err, SPO_E_IO, __func__, "%s", strerror(errno));
}
