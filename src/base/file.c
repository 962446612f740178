/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Whole files, by system calls: no stream is involved, nothing is buffered. */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"

enum { MAX_PATH = 4096, MAX_NAMES = 1000 };

static spo_status fail(spo_error *err, const char *path, const char *what, int why) {
  return spo_fail(err, SPO_E_IO, "spo_file", "%s: cannot be %s: %s", path, what, strerror(why));
}

/* A new file beside `path`; its name and descriptor. */
static int open_beside(const char *path, char name[MAX_PATH]) {
  const char *slash = strrchr(path, '/');
  const int dir = slash ? (int)(slash - path) + 1 : 0;
  for (unsigned i = 0; i < MAX_NAMES; i++) {
    const int length =
        snprintf(name, MAX_PATH, "%.*s.%s.%ld-%u", dir, path, path + dir, (long)getpid(), i);
    if (length < 0 || length >= MAX_PATH)
      return errno = ENAMETOOLONG, -1;
    const int file = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (file >= 0 || errno != EEXIST)
      return file;
  }
  return -1;
}

static bool write_all(int file, const char *data, size_t size) {
  while (size > 0) {
    const ssize_t done = write(file, data, size);
    if (done < 0 && errno == EINTR)
      continue;
    if (done <= 0)
      return false;
    data += done;
    size -= (size_t)done;
  }
  return fsync(file) == 0;
}

/* The rename itself reaches the disk with its directory. */
static void sync_directory(const char *path) {
  char dir[MAX_PATH];
  const char *slash = strrchr(path, '/');
  const size_t length = slash ? (size_t)(slash - path) + 1 : 0;
  memcpy(dir, path, length);
  strcpy(dir + length, ".");
  const int at = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (at < 0)
    return;
  fsync(at);
  close(at);
}

spo_status spo_file_replace(const char *path, const void *data, size_t size, spo_error *err) {
  char name[MAX_PATH];
  const int file = open_beside(path, name);
  if (file < 0)
    return fail(err, path, "written", errno);
  bool good = write_all(file, data, size);
  int why = errno;
  if (close(file) != 0 && good) {
    good = false;
    why = errno;
  }
  if (good && rename(name, path) != 0) {
    good = false;
    why = errno;
  }
  if (!good) {
    unlink(name);
    return fail(err, path, "written", why);
  }
  sync_directory(path);
  return SPO_OK;
}

static spo_status read_all(int file, const char *path, char *data, size_t size, spo_error *err) {
  size_t got = 0;
  while (got < size) {
    const ssize_t part = read(file, data + got, size - got);
    if (part < 0 && errno == EINTR)
      continue;
    if (part < 0)
      return fail(err, path, "read", errno);
    if (part == 0)
      return spo_fail(err, SPO_E_IO, "spo_file", "%s: became shorter while it was read", path);
    got += (size_t)part;
  }
  return SPO_OK;
}

spo_status spo_file_read(const char *path, void **data, size_t *size, spo_error *err) {
  struct stat about;
  *data = NULL;
  *size = 0;
  const int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0)
    return fail(err, path, "read", errno);
  spo_status status = SPO_OK;
  if (fstat(file, &about) != 0)
    status = fail(err, path, "read", errno);
  else if (!S_ISREG(about.st_mode))
    status = spo_fail(err, SPO_E_IO, "spo_file", "%s: is not a file", path);
  else
    *size = (size_t)about.st_size;
  if (status == SPO_OK && !(*data = spo_block_alloc(*size)))
    status = spo_fail(err, SPO_E_NOMEM, "spo_file", "%s: no memory for %zu bytes", path, *size);
  if (status == SPO_OK)
    status = read_all(file, path, *data, *size, err);
  if (status != SPO_OK) {
    spo_block_free(*data);
    *data = NULL;
  }
  close(file);
  return status;
}
