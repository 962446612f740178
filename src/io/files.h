/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The files of one result, replaced together: each is written under a temporary name beside its
 * own, all are renamed once all are complete, and a failure before that leaves what was there
 * untouched. */
#ifndef SPO_IO_FILES_H
#define SPO_IO_FILES_H

#include <stdio.h>
#include <spheropt/base.h>

typedef struct spo_output spo_output;

/**
 * spo_output_open - makes sure that a directory exists and can be written to.
 *
 * dir  in   made if missing (its parent must exist); other contents are left alone
 * out  out  NULL on failure; ends with spo_output_commit or spo_output_abandon
 *
 * Fails: SPO_E_IO, one line that names the directory; SPO_E_NOMEM.
 */
spo_status spo_output_open(const char *dir, spo_output **out, spo_error *err);

/** spo_output_add - begins one more file; *file is written by the caller and closed by the output,
 * here at the next call at the latest. `name` is copied. Fails: SPO_E_IO, SPO_E_NOMEM. */
spo_status spo_output_add(spo_output *o, const char *name, FILE **file, spo_error *err);

/**
 * spo_output_commit - flushes every file to the disk, then renames them in the order in which they
 * were added. If a rename fails, those before are undone. Frees o in any case.
 *
 * Fails: SPO_E_IO; the directory then holds what it held before.
 */
spo_status spo_output_commit(spo_output *o, spo_error *err);

/** spo_output_abandon - removes the temporary files, and the directory if opening made it; frees o.
 * NULL is fine. */
void spo_output_abandon(spo_output *o);

#endif
