/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Replacing a set of files together. POSIX renames one file atomically; for a set, the old files
 * are kept under a second name until the last rename has succeeded. */
#include "io/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_FILES = 64, MAX_NAME = 200 };

typedef struct entry {
  char name[MAX_NAME], temporary[MAX_NAME], backup[MAX_NAME + 40];
  bool kept;  /* the old file has the backup name too */
  bool fresh; /* there is no old file */
} entry;

struct spo_output {
  char *dir;
  int at; /* descriptor of the directory */
  bool made;
  FILE *open; /* the file being written */
  size_t count;
  entry file[MAX_FILES];
};

static spo_status fail(const spo_output *o, const char *name, const char *why, spo_error *err) {
  return spo_fail(err, SPO_E_IO, "spo_output", "%s%s%s: cannot be written: %s", o->dir,
                  *name ? "/" : "", name, why);
}

/* A name of our own in the directory, and the file that has it now */
static int create(const spo_output *o, char temporary[MAX_NAME], const char *name) {
  for (unsigned i = 0; i < 1000; i++) {
    int length = snprintf(temporary, MAX_NAME, ".%s.%ld-%u", name, (long)getpid(), i);
    if (length >= MAX_NAME)
      return errno = ENAMETOOLONG, -1;
    int fd = openat(o->at, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (fd >= 0 || errno != EEXIST)
      return fd;
  }
  return -1;
}

spo_status spo_output_open(const char *dir, spo_output **out, spo_error *err) {
  *out = NULL;
  spo_output *o = calloc(1, sizeof *o);
  if (!o || !(o->dir = strdup(dir))) {
    free(o);
    return spo_fail(err, SPO_E_NOMEM, __func__, "%s: out of memory", dir);
  }
  spo_status s = SPO_OK;
  char probe[MAX_NAME];
  o->made = mkdir(dir, 0777) == 0;
  int why = errno;
  o->at = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (o->at < 0) {
    s = fail(o, "", strerror(errno == ENOENT ? why : errno), err);
  } else {
    int fd = create(o, probe, "spheropt");
    if (fd < 0) {
      s = fail(o, "", strerror(errno), err);
    } else {
      close(fd);
      unlinkat(o->at, probe, 0);
    }
  }
  if (s)
    spo_output_abandon(o);
  else
    *out = o;
  return s;
}

/* Ends the file being written: complete and on the disk, or an error */
static spo_status close_open(spo_output *o, spo_error *err) {
  FILE *file = o->open;
  o->open = NULL;
  if (!file)
    return SPO_OK;
  bool good = fflush(file) == 0 && !ferror(file) && fsync(fileno(file)) == 0;
  int why = errno;
  if (fclose(file) != 0 && good) {
    good = false;
    why = errno;
  }
  return good ? SPO_OK : fail(o, o->file[o->count - 1].name, strerror(why), err);
}

spo_status spo_output_add(spo_output *o, const char *name, FILE **file, spo_error *err) {
  spo_status s = close_open(o, err);
  *file = NULL;
  if (s)
    return s;
  if (o->count == MAX_FILES || strlen(name) + 40 > MAX_NAME)
    return fail(o, name, "too many files, or too long a name", err);
  entry *e = &o->file[o->count];
  strcpy(e->name, name);
  int fd = create(o, e->temporary, name);
  if (fd < 0)
    return fail(o, name, strerror(errno), err);
  o->count++;
  o->open = fdopen(fd, "wb");
  if (!o->open) {
    close(fd);
    return fail(o, name, strerror(errno), err);
  }
  *file = o->open;
  return SPO_OK;
}

/* Gives the old file, if there is one, a second name. Where the file system has no links, nothing
 * can be undone later, and a failed rename is all the less likely */
static void keep_old(spo_output *o, entry *e) {
  for (unsigned i = 0; i < 1000 && !e->kept; i++) {
    snprintf(e->backup, sizeof e->backup, ".%s.%ld-%u.old", e->name, (long)getpid(), i);
    e->kept = linkat(o->at, e->name, o->at, e->backup, 0) == 0;
    e->fresh = !e->kept && errno == ENOENT;
    if (!e->kept && errno != EEXIST)
      return;
  }
}

static void undo(spo_output *o, size_t renamed) {
  for (size_t i = renamed; i-- > 0;) {
    entry *e = &o->file[i];
    if (e->kept && renameat(o->at, e->backup, o->at, e->name) == 0)
      e->kept = false;
    else if (e->fresh)
      unlinkat(o->at, e->name, 0);
  }
}

static void destroy(spo_output *o) {
  if (o->open)
    fclose(o->open);
  for (size_t i = 0; i < o->count; i++) {
    if (o->file[i].temporary[0])
      unlinkat(o->at, o->file[i].temporary, 0);
    if (o->file[i].kept)
      unlinkat(o->at, o->file[i].backup, 0);
  }
  if (o->at >= 0)
    close(o->at);
  free(o->dir);
  free(o);
}

spo_status spo_output_commit(spo_output *o, spo_error *err) {
  spo_status s = close_open(o, err);
  if (s) {
    spo_output_abandon(o);
    return s;
  }
  for (size_t i = 0; !s && i < o->count; i++)
    keep_old(o, &o->file[i]);
  for (size_t i = 0; !s && i < o->count; i++) {
    entry *e = &o->file[i];
    if (renameat(o->at, e->temporary, o->at, e->name) == 0) {
      e->temporary[0] = '\0';
    } else {
      s = fail(o, e->name, strerror(errno), err);
      undo(o, i);
    }
  }
  if (s) {
    spo_output_abandon(o);
    return s;
  }
  fsync(o->at);
  destroy(o);
  return SPO_OK;
}

void spo_output_abandon(spo_output *o) {
  if (!o)
    return;
  char *dir = o->made ? strdup(o->dir) : NULL;
  destroy(o);
  if (dir)
    rmdir(dir);
  free(dir);
}
