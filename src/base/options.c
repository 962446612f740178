/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Options by table: defaults, bounds, text in and text out. Conditions on numbers are written so
 * that NaN fails. */
#include "base/decimal.h"
#include "base/take.h"

#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* 2^64 as a double: the first number that does not fit */
static const double UINT_END = 18446744073709551616.0;

/* What one kind takes in the struct */
static size_t member_size(spo_option_kind kind) {
  switch (kind) {
  case SPO_OPTION_DOUBLE:
    return sizeof(double);
  case SPO_OPTION_UINT:
    return sizeof(uint64_t);
  case SPO_OPTION_BOOL:
    return sizeof(bool);
  case SPO_OPTION_CHOICE:
    return sizeof(const void *);
  case SPO_OPTION_COUNTS:
  case SPO_OPTION_INTEGERS:
    return sizeof(spo_integers);
  case SPO_OPTION_MATRIX:
    return sizeof(spo_matrix);
  }
  return 0;
}

/* Members are copied, never pointed at: the struct's type is unknown here */
static void put(const spo_option *o, void *options, const void *value) {
  memcpy((char *)options + o->offset, value, member_size(o->kind));
}
static void fetch(const spo_option *o, const void *options, void *value) {
  memcpy(value, (const char *)options + o->offset, member_size(o->kind));
}

static uint64_t to_uint(double value) {
  return value >= UINT_END ? UINT64_MAX : value > 0 ? (uint64_t)value : 0;
}

void spo_options_init(const spo_option *table, size_t count, void *options, size_t size) {
  memset(options, 0, size);
  memcpy(options, &size, sizeof size);
  for (size_t i = 0; i < count; i++) {
    const spo_option *o = &table[i];
    uint64_t u = to_uint(o->dflt);
    bool b = o->dflt != 0;
    switch (o->kind) {
    case SPO_OPTION_DOUBLE:
      put(o, options, &o->dflt);
      break;
    case SPO_OPTION_UINT:
      put(o, options, &u);
      break;
    case SPO_OPTION_BOOL:
      put(o, options, &b);
      break;
    case SPO_OPTION_CHOICE:
      put(o, options, &o->choice[u].value);
      break;
    default: /* arrays: all zero is "not given" */
      break;
    }
  }
}

/* The shortest of %.15g .. %.17g that reads back to the same bits */
static void print_double(double value, char *text, size_t room) {
  for (int digits = 15; digits <= 17; digits++) {
    const char *end;
    spo_decimal_print(text, room, digits, value);
    if (spo_decimal_read(text, &end) == value || isnan(value))
      return;
  }
}

static void print_uint(const spo_option *o, uint64_t value, char *text, size_t room) {
  if (value == UINT64_MAX && isinf(o->hi))
    snprintf(text, room, "inf");
  else
    snprintf(text, room, "%" PRIu64, value);
}

static bool within(const spo_option *o, double value) {
  bool above = o->open & SPO_OPEN_LO ? value > o->lo : value >= o->lo;
  bool below = o->open & SPO_OPEN_HI ? value < o->hi : value <= o->hi;
  return above && below;
}

/* The sign of value - bound, without rounding: as a double 2^53 + 1 would be 2^53 */
static int against(uint64_t value, double bound) {
  if (!(bound >= 0.0))
    return 1;
  if (!(bound < UINT_END))
    return -1;
  const uint64_t whole = (uint64_t)bound;
  if (value == whole)
    return bound > (double)whole ? -1 : 0;
  return value > whole ? 1 : -1;
}

static bool uint_within(const spo_option *o, uint64_t value) {
  const int lo = against(value, o->lo), hi = against(value, o->hi);
  return (o->open & SPO_OPEN_LO ? lo > 0 : lo >= 0) && (o->open & SPO_OPEN_HI ? hi < 0 : hi <= 0);
}

/* Whether a number is the default that stands for "not given" */
static bool not_given(const spo_option *o, double value) {
  return !within(o, o->dflt) && (value == o->dflt || (isnan(value) && isnan(o->dflt)));
}

static const char *choice_name(const spo_option *o, const void *value) {
  for (const spo_choice *c = o->choice; c->name; c++)
    if (c->value == value)
      return c->name;
  return NULL;
}

void spo_option_get(const spo_option *o, const void *options, char *text, size_t room) {
  double d;
  uint64_t u;
  bool b;
  const void *v;
  if (room == 0)
    return;
  text[0] = '\0';
  switch (o->kind) {
  case SPO_OPTION_DOUBLE:
    fetch(o, options, &d);
    if (!not_given(o, d))
      print_double(d, text, room);
    break;
  case SPO_OPTION_UINT:
    fetch(o, options, &u);
    if (!not_given(o, (double)u))
      print_uint(o, u, text, room);
    break;
  case SPO_OPTION_BOOL:
    fetch(o, options, &b);
    snprintf(text, room, "%s", b ? "true" : "false");
    break;
  case SPO_OPTION_CHOICE:
    fetch(o, options, &v);
    snprintf(text, room, "%s", choice_name(o, v) ? choice_name(o, v) : "");
    break;
  default:
    break;
  }
}

/* Appends to text, cut at its end */
static void append(char *text, size_t room, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static void append(char *text, size_t room, const char *format, ...) {
  size_t used = strlen(text);
  va_list args;
  va_start(args, format);
  vsnprintf(text + used, room - used, format, args);
  va_end(args);
}

/* "greater than 0 and at most 1 (default 0.5)" */
static void describe_number(const spo_option *o, char *text, size_t room) {
  bool below = isfinite(o->hi),
       above = isfinite(o->lo) && !(o->kind == SPO_OPTION_UINT && o->lo <= 0);
  bool real = o->kind == SPO_OPTION_DOUBLE;
  char number[40];
  text[0] = '\0';
  append(text, room, "%s", real ? "" : "a whole number");
  if (real && !below && (o->open & SPO_OPEN_HI))
    append(text, room, "a finite number%s", above ? " " : "");
  else if (real && !below && !above)
    append(text, room, "a number");
  else if (!real && above)
    append(text, room, ", ");
  if (above) {
    print_double(o->lo, number, sizeof number);
    append(text, room, "%s %s", o->open & SPO_OPEN_LO ? "greater than" : "at least", number);
  }
  if (below) {
    print_double(o->hi, number, sizeof number);
    append(text, room, "%s%s %s",
           above  ? " and "
           : real ? ""
                  : ", ",
           o->open & SPO_OPEN_HI ? "less than" : "at most", number);
  }
  if (!within(o, o->dflt)) /* it stands for "not given" */
    return;
  if (o->kind == SPO_OPTION_UINT)
    print_uint(o, to_uint(o->dflt), number, sizeof number);
  else
    print_double(o->dflt, number, sizeof number);
  append(text, room, " (default %s)", number);
}

static void describe(const spo_option *o, char *text, size_t room) {
  text[0] = '\0';
  switch (o->kind) {
  case SPO_OPTION_DOUBLE:
  case SPO_OPTION_UINT:
    describe_number(o, text, room);
    break;
  case SPO_OPTION_BOOL:
    append(text, room, "true or false (default %s)", o->dflt != 0 ? "true" : "false");
    break;
  case SPO_OPTION_CHOICE:
    append(text, room, "one of ");
    for (const spo_choice *c = o->choice; c->name; c++)
      append(text, room, "%s%s", c == o->choice ? "" : ", ", c->name);
    append(text, room, " (default %s)", o->choice[to_uint(o->dflt)].name);
    break;
  default:
    break;
  }
}

static spo_status refuse(const spo_option *o, const char *value, const char *is, const char *func,
                         spo_error *err) {
  char accepted[160];
  describe(o, accepted, sizeof accepted);
  return spo_fail(err, SPO_E_OPTION, func, "%s: %.40s is not %s; it must be %s", o->name,
                  *value ? value : "an empty text", is, accepted);
}

static bool acceptable(const spo_option *o, const void *options) {
  double d;
  uint64_t u;
  const void *v;
  switch (o->kind) {
  case SPO_OPTION_DOUBLE:
    fetch(o, options, &d);
    return within(o, d) || not_given(o, d);
  case SPO_OPTION_UINT:
    fetch(o, options, &u);
    return uint_within(o, u) || not_given(o, (double)u);
  case SPO_OPTION_CHOICE:
    fetch(o, options, &v);
    return choice_name(o, v) != NULL || (v != NULL && (o->flags & SPO_OPEN_CHOICE));
  default:
    return true;
  }
}

spo_status spo_options_check(const spo_option *table, size_t count, const void *options,
                             size_t size, spo_error *err) {
  size_t own;
  memcpy(&own, options, sizeof own);
  if (own < sizeof own || own > size)
    return spo_fail(
        err, SPO_E_ARG, __func__,
        "the options struct says its size is %zu, this library knows up to %zu; fill it "
        "with its init function first",
        own, size);
  for (size_t i = 0; i < count; i++) {
    const spo_option *o = &table[i];
    if (o->offset + member_size(o->kind) > own || acceptable(o, options))
      continue;
    char value[40];
    spo_option_get(o, options, value, sizeof value);
    if (o->kind == SPO_OPTION_CHOICE)
      snprintf(value, sizeof value, "the value given");
    return refuse(o, value, "allowed", __func__, err);
  }
  return SPO_OK;
}

const spo_option *spo_option_find(const spo_option *table, size_t count, const char *name) {
  for (size_t i = 0; i < count; i++)
    if (strcmp(table[i].name, name) == 0)
      return &table[i];
  return NULL;
}

/* Decimal numbers and inf only: reading alone would take "infinity" and "nan" */
static bool read_double(const char *text, double *value) {
  bool word = strcmp(text, "inf") == 0 || strcmp(text, "-inf") == 0;
  if (!word && strspn(text, "+-.0123456789eE") != strlen(text))
    return false;
  const char *end;
  *value = spo_decimal_read(text, &end);
  return end != text && *end == '\0' && (word || isfinite(*value));
}

static bool read_uint(const spo_option *o, const char *text, uint64_t *value) {
  *value = UINT64_MAX;
  if (strcmp(text, "inf") == 0)
    return isinf(o->hi) && !(o->open & SPO_OPEN_HI);
  if (!*text)
    return false;
  uint64_t sum = 0;
  for (; *text; text++) {
    if (!isdigit((unsigned char)*text))
      return false;
    unsigned digit = (unsigned)(*text - '0');
    if (sum > (UINT64_MAX - digit) / 10)
      return false;
    sum = 10 * sum + digit;
  }
  *value = sum;
  return true;
}

static spo_status set_choice(const spo_option *o, void *options, const char *text, const char *func,
                             spo_error *err) {
  for (const spo_choice *c = o->choice; c->name; c++)
    if (strcmp(c->name, text) == 0) {
      put(o, options, &c->value);
      return SPO_OK;
    }
  return refuse(o, text, "known", func, err);
}

spo_status spo_option_set(const spo_option *o, void *options, const char *text, spo_error *err) {
  double d;
  uint64_t u;
  bool b = strcmp(text, "true") == 0;
  switch (o->kind) {
  case SPO_OPTION_DOUBLE:
    if (!read_double(text, &d))
      return refuse(o, text, "a number", __func__, err);
    if (!within(o, d))
      return refuse(o, text, "allowed", __func__, err);
    put(o, options, &d);
    return SPO_OK;
  case SPO_OPTION_UINT:
    if (!read_uint(o, text, &u) || !uint_within(o, u))
      return refuse(o, text, "allowed", __func__, err);
    put(o, options, &u);
    return SPO_OK;
  case SPO_OPTION_BOOL:
    if (!b && strcmp(text, "false") != 0)
      return refuse(o, text, "known", __func__, err);
    put(o, options, &b);
    return SPO_OK;
  case SPO_OPTION_CHOICE:
    return set_choice(o, options, text, __func__, err);
  default:
    return spo_fail(
        err, SPO_E_OPTION, __func__,
        "%s: %.40s cannot be read as a number; this option is an array, set by its owner", o->name,
        text);
  }
}

/* "tau, fraction, limit" */
static void list_names(const spo_option *table, size_t count, char *text, size_t room) {
  text[0] = '\0';
  for (size_t i = 0; i < count; i++)
    append(text, room, "%s--%s", i > 0 ? ", " : "", table[i].name);
}

/* The option that a word names, with what follows its "=", or NULL. */
static const spo_option *read_name(const spo_option *table, size_t count, const char *word,
                                   const char **value) {
  char name[64];
  const size_t length = strcspn(word, "=");
  *value = word[length] == '=' ? word + length + 1 : NULL;
  if (strncmp(word, "--", 2) != 0 || length - 2 >= sizeof name)
    return NULL;
  memcpy(name, word + 2, length - 2);
  name[length - 2] = '\0';
  return spo_option_find(table, count, name);
}

spo_status spo_options_parse(const spo_option *table, size_t count, void *options, size_t words,
                             char *const *word, spo_error *err) {
  for (size_t i = 0; i < words; i++) {
    const char *value;
    const spo_option *o = read_name(table, count, word[i], &value);
    if (!o) {
      char names[160];
      list_names(table, count, names, sizeof names);
      return spo_fail(err, SPO_E_OPTION, __func__, "%.40s: no such option; there are %s", word[i],
                      names);
    }
    const bool more = i + 1 < words && strncmp(word[i + 1], "--", 2) != 0;
    if (!value && more)
      value = word[++i];
    else if (!value && o->kind == SPO_OPTION_BOOL)
      value = "true";
    if (!value)
      return spo_fail(err, SPO_E_OPTION, __func__, "%s: a value is due: %.120s", o->name, o->help);
    const spo_status status = spo_option_set(o, options, value, err);
    if (status != SPO_OK)
      return status;
  }
  return SPO_OK;
}

spo_status spo_options_take(const spo_option *table, size_t count, const void *given, void *own,
                            size_t size, spo_error *err) {
  spo_options_init(table, count, own, size);
  if (!given)
    return SPO_OK;
  const spo_status status = spo_options_check(table, count, given, size, err);
  if (status != SPO_OK)
    return status;
  size_t length;
  memcpy(&length, given, sizeof length);
  memcpy(own, given, length);
  memcpy(own, &size, sizeof size);
  return SPO_OK;
}

spo_status spo_options_set(const spo_option *table, size_t count, void *options, const char *name,
                           const char *value, spo_error *err) {
  const spo_option *o = spo_option_find(table, count, name);
  if (!o)
    return spo_fail(err, SPO_E_OPTION, __func__, "%.60s: there is no such option", name);
  return spo_option_set(o, options, value, err);
}

/* ---- options of one choice ------------------------------------------------------------------- */

/* Is `name` one of the `length` characters "a, b, c"? */
static bool in_list(const char *list, size_t length, const char *name) {
  const size_t own = strlen(name);
  for (const char *word = list; word < list + length;) {
    const size_t part = strcspn(word, ",:");
    if (part == own && strncmp(word, name, own) == 0)
      return true;
    word += part + 2;
  }
  return false;
}

bool spo_option_idle(const spo_option *table, size_t count, const spo_option *option,
                     const void *options, const spo_option **choice) {
  const size_t length = strcspn(option->help, ":");
  if (option->help[length] != ':')
    return false;
  for (size_t i = 0; i < count; i++) {
    const spo_option *o = &table[i];
    bool belongs = false, chosen = false;
    const void *value;
    if (o->kind != SPO_OPTION_CHOICE || o == option)
      continue;
    fetch(o, options, &value);
    for (const spo_choice *c = o->choice; c->name; c++)
      if (in_list(option->help, length, c->name)) {
        belongs = true;
        chosen = chosen || c->value == value;
      }
    if (belongs && choice && !chosen)
      *choice = o;
    if (belongs)
      return !chosen && choice_name(o, value); /* a caller's own plug-in may read what it likes */
  }
  return false;
}
