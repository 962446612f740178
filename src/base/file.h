/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One file, read or replaced as a whole. */
#ifndef SPO_BASE_FILE_H
#define SPO_BASE_FILE_H

#include <spheropt/base.h>

/* Replaces the file at path, or makes it: written under a name of its own beside it, flushed to the
 * disk, renamed. Whoever looks, at whatever moment, finds the old file or the new one. Fails:
 * SPO_E_IO, one line with the path; the old file is untouched. */
spo_status spo_file_replace(const char *path, const void *data, size_t size, spo_error *err);

/* *data is a block of *size bytes, to be freed with spo_block_free. Fails: SPO_E_IO,
 * SPO_E_NOMEM. */
spo_status spo_file_read(const char *path, void **data, size_t *size, spo_error *err);

#endif
