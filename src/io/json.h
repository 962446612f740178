/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * JSON as the command writes it: 17 significant digits, null for what is not finite. */
#ifndef SPO_IO_JSON_H
#define SPO_IO_JSON_H

#include <jansson.h>
#include <stdio.h>
#include <spheropt/base.h>

/** spo_json_real - a new number, or null if it is not finite. */
json_t *spo_json_real(double value);

/** spo_json_uint - a new integer, or its digits as text beyond 2^63-1, where JSON readers differ.
 */
json_t *spo_json_uint(uint64_t value);

/** spo_json_text - a new string, or null without one; bytes that are no UTF-8 become '?'. */
json_t *spo_json_text(const char *text);

/** spo_json_write - one object, indented, and a newline. Not flushed. Fails: SPO_E_IO. */
spo_status spo_json_write(FILE *file, const json_t *object, spo_error *err);

/** spo_json_read - one object from a regular file of at most 64 MB; *out is NULL on failure, else
 * to be released with json_decref. Fails: SPO_E_IO, one line that begins with the path. */
spo_status spo_json_read(const char *path, json_t **out, spo_error *err);

#endif
