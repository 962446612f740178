/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Numbers, texts and files in JSON, on top of Jansson. */
#include "io/json.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_FILE = 64 << 20 };

json_t *spo_json_real(double value) {
  return isfinite(value) ? json_real(value) : json_null();
}

json_t *spo_json_uint(uint64_t value) {
  char digits[24];
  if (value <= INT64_MAX)
    return json_integer((json_int_t)value);
  snprintf(digits, sizeof digits, "%" PRIu64, value);
  return json_string(digits);
}

json_t *spo_json_text(const char *text) {
  if (!text)
    return json_null();
  json_t *whole = json_string(text);
  if (whole)
    return whole;
  char *copy = strdup(text);
  if (!copy)
    return NULL;
  for (char *c = copy; *c; c++)
    if ((unsigned char)*c >= 0x80)
      *c = '?';
  whole = json_string(copy);
  free(copy);
  return whole;
}

spo_status spo_json_write(FILE *file, const json_t *object, spo_error *err) {
  if (!object)
    return spo_fail(err, SPO_E_NOMEM, __func__, "out of memory");
  if (json_dumpf(object, file, JSON_INDENT(2) | JSON_REAL_PRECISION(17)) != 0 ||
      fputc('\n', file) == EOF)
    return spo_fail(err, SPO_E_IO, __func__, "%s", strerror(errno));
  return SPO_OK;
}

spo_status spo_json_read(const char *path, json_t **out, spo_error *err) {
  struct stat info;
  json_error_t why;
  *out = NULL;
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0)
    return spo_fail(err, SPO_E_IO, __func__, "%s: %s", path, strerror(errno));
  if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode) || info.st_size > MAX_FILE) {
    close(fd);
    return spo_fail(err, SPO_E_IO, __func__, "%s: this is not a regular file of at most 64 MB",
                    path);
  }
  *out = json_loadfd(fd, JSON_REJECT_DUPLICATES, &why);
  close(fd);
  if (!*out)
    return spo_fail(err, SPO_E_IO, __func__, "%s: not JSON, line %d: %.80s", path, why.line,
                    why.text);
  if (!json_is_object(*out)) {
    json_decref(*out);
    *out = NULL;
    return spo_fail(err, SPO_E_IO, __func__, "%s: not a JSON object", path);
  }
  return SPO_OK;
}
