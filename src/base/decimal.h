/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Numbers as text with a decimal point, whatever locale the application has chosen: files and
 * options are no matter of taste. */
#ifndef SPO_BASE_DECIMAL_H
#define SPO_BASE_DECIMAL_H

#include <stddef.h>

/* "%.*g" of `digits`; returns its length. room: at least 40 */
size_t spo_decimal_print(char *text, size_t room, int digits, double value);

/* As strtod in the C locale, but for hexadecimal numbers, and up to 500 characters: *end is text
 * where there is no number, or a longer one. */
double spo_decimal_read(const char *text, const char **end);

#endif
