#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# What the library exports is what its headers declare, with one prefix; its objects hold no writable
# data (a library keeps no global state) and call nothing that prints, ends the process, or binds to a
# second BLAS.
#
# usage: symbols.sh INCLUDE LIBRARY.so LIBRARY.a
#        symbols.sh --self-test CC
set -eu
export LC_ALL=C

forbidden='printf vprintf puts putchar fprintf vfprintf fputs fputc putc fwrite perror dprintf
stdout stderr abort exit _exit _Exit quick_exit atexit assert_fail rand srand random srandom drand48
signal sigaction raise setenv putenv setlocale gsl_set_error_handler gsl_set_error_handler_off'

declared() { # include folder: names that follow SPO_API up to the parenthesis, comments left out
  find "$1" -name '*.h' -exec cat {} + | tr '\n' ' ' | sed 's|/\*|\n/*|g; s|\*/|*/\n|g' |
    grep -v '^/\*' | tr '\n' ' ' | grep -oE 'SPO_API[^(;]*\(' |
    sed -nE 's/.*[ *](spo_[a-z0-9_]+) *\($/\1/p' | sort -u
}

exported() { # shared library
  nm -D --defined-only "$1" | awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' | sort -u
}

# A constant table with pointers lies in .data.rel.ro, which nm also calls "d": the section decides.
writable() { # objects
  readelf -S -W "$1" | sed 's/\[ */[/' | awk '
    /^File: / { object = $2 }
    $2 ~ /^\.(data|bss|tdata|tbss)(\.|$)/ && $2 !~ /^\.data\.rel\.ro/ && $6 !~ /^0+$/ {
      print "writable data in " object ": section " $2 ", " $6 " bytes (hexadecimal)" }'
  nm -o "$1" 2>/dev/null | awk '$(NF - 1) == "C" { print "writable data, common symbol: " $0 }'
}

calls() { # objects
  nm -u -o "$1" 2>/dev/null | awk -v words="$forbidden" '
    BEGIN { n = split(words, w, /[ \n]+/); for (i = 1; i <= n; i++) bad[w[i]] = 1 }
    { name = $NF; sub(/^__/, "", name); sub(/_chk$/, "", name)
      if (name in bad || name ~ /^cblas_/) print "forbidden: " $0 }'
}

judge() { # include folder, shared library, static library
  scratch=$(mktemp -d)
  declared "$1" >"$scratch/declared"
  exported "$2" >"$scratch/exported"
  {
    comm -13 "$scratch/declared" "$scratch/exported" | sed 's/$/: exported, in no header/'
    comm -23 "$scratch/declared" "$scratch/exported" | sed 's/$/: declared SPO_API, not exported/'
    grep -v '^spo_' "$scratch/exported" | sed 's/$/: exported without the prefix spo_/'
    writable "$3"
    calls "$3"
    [ -s "$scratch/declared" ] || echo "no declaration was found in $1"
    nm "$3" 2>/dev/null | grep -q ' T ' || echo "no object was found in $3"
  } >"$scratch/faults"
  cat "$scratch/faults"
  [ -s "$scratch/faults" ] || echo "$(wc -l <"$scratch/exported") symbols, as declared; no writable data"
  status=0
  [ ! -s "$scratch/faults" ] || status=1
  rm -rf "$scratch"
  return $status
}

# A tiny library, sound at first, then with one fault after the other.
try() { # name of the fault, text added to its header, text added to its source; the verdict due
  dir=$(mktemp -d)
  mkdir "$dir/include"
  cat >"$dir/include/tiny.h" <<END
#define SPO_API __attribute__((visibility("default")))
/* SPO_API int spo_in_a_comment(void); */
SPO_API const char *
spo_name(int i);
$2
END
  cat >"$dir/tiny.c" <<END
#include <stdio.h>
#include <stdlib.h>
#include "include/tiny.h"
static const char *const names[] = {"a", "b"};
const char *spo_name(int i) { static char unused[4]; (void)unused; return names[i & 1]; }
int spo_private(char *text) { return snprintf(text, 4, "%s", names[0]); }
$3
END
  sed -i 's/static char unused\[4\]; (void)unused; //' "$dir/tiny.c"
  (cd "$dir" && $cc -fPIC -fvisibility=hidden -O2 -c tiny.c && ar rc tiny.a tiny.o &&
    $cc -shared -o tiny.so tiny.o)
  verdict=sound
  judge "$dir/include" "$dir/tiny.so" "$dir/tiny.a" >"$dir/out" || verdict=faulty
  if [ $verdict != "$4" ]; then
    echo "$1: judged $verdict"
    cat "$dir/out"
    rm -rf "$dir"
    exit 1
  fi
  rm -rf "$dir"
}

self_test() {
  try 'no fault' '' '' sound
  try 'exported, not declared' '' 'SPO_API int spo_extra(void) { return 1; }' faulty
  try 'declared, not exported' 'SPO_API int spo_absent(void);' '' faulty
  try 'other prefix' 'SPO_API int tiny_other(void);' 'int tiny_other(void) { return 1; }' faulty
  try 'variable' '' 'int spo_count(void) { static int n; return ++n; }' faulty
  try 'initialised variable' '' 'int spo_count(void) { static int n = 7; return ++n; }' faulty
  try 'table without const' '' 'const char *spo_table[] = {"a"};' faulty
  try 'thread variable' '' 'int spo_count(void) { static _Thread_local int n; return ++n; }' faulty
  try 'common symbol' '' '__attribute__((common)) int spo_common;' faulty
  try 'prints' '' 'void spo_print(int i) { printf("%d\n", i); }' faulty
  try 'prints a constant' '' 'void spo_print(void) { printf("x\n"); }' faulty
  try 'ends the process' '' 'void spo_end(void) { abort(); }' faulty
  try 'random numbers' '' 'int spo_dice(void) { return rand(); }' faulty
  try 'second BLAS' '' 'double cblas_ddot(int); double spo_dot(int n) { return cblas_ddot(n); }' faulty
  echo "every planted fault was caught"
}

if [ "$1" = --self-test ]; then
  cc=$2
  self_test
else
  judge "$@"
fi
