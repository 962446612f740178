/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Decimal numbers. printf and strtod know the locale's decimal point alone, which may be several
 * bytes long; what they call it is seen from what they print. */
#include "base/decimal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 500, POINT = 16 };

/* The locale's decimal point, what is between the digits of 0.5 */
static size_t find_point(char point[POINT]) {
  char half[POINT];
  const int length = snprintf(half, sizeof half, "%.1f", 0.5);
  if (length < 3 || length >= POINT)
    return 0;
  memcpy(point, half + 1, (size_t)length - 2);
  return (size_t)length - 2;
}

size_t spo_decimal_print(char *text, size_t room, int digits, double value) {
  char point[POINT];
  const size_t length = find_point(point);
  size_t used = (size_t)snprintf(text, room, "%.*g", digits, value);
  if (used >= room || length == 0)
    return used;
  for (char *at = text; *at; at++)
    if ((size_t)(text + used - at) >= length && memcmp(at, point, length) == 0) {
      *at = '.';
      memmove(at + 1, at + length, (size_t)(text + used - at) - length + 1);
      return used - length + 1;
    }
  return used;
}

double spo_decimal_read(const char *text, const char **end) {
  char own[MOST + POINT], point[POINT], *stop;
  const size_t length = find_point(point), before = strcspn(text, ".");
  /* no other character of a number is any locale's decimal point */
  const size_t number = strspn(text, "+-.0123456789eEinfatyINFATY");
  const size_t whole = before < number ? before : number;
  *end = text;
  if (number == 0 || number > MOST)
    return 0.0;
  memcpy(own, text, whole);
  memcpy(own + whole, point, length);
  if (whole < number)
    memcpy(own + whole + length, text + whole + 1, number - whole - 1);
  own[whole < number ? number - 1 + length : number] = '\0';
  const double value = strtod(own, &stop);
  const size_t used = (size_t)(stop - own);
  *end = text + (used > whole ? used - length + 1 : used);
  return value;
}
