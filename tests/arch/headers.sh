#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Each public header compiles alone, as C11 and as C++17, pedantically and without a warning.
#
# usage: headers.sh INCLUDE C_FLAGS CC CXX       CXX may be empty
#        headers.sh --self-test INCLUDE C_FLAGS CC CXX
set -eu

compile() { # include folder, header, flags, compiler and its language
  printf '#include <%s>\n#include <%s>\n' "$2" "$2" >"$scratch/alone.c"
  # shellcheck disable=SC2086
  $4 -pedantic -Wall -Wextra -Wshadow -Werror -fsyntax-only -I"$1" $3 "$scratch/alone.c"
}

judge() { # include folder, flags, cc, cxx, name pattern of the headers
  faults=0 count=0
  for header in $(cd "$1" && find spheropt -name "$5" | sort); do
    count=$((count + 1))
    compile "$1" "$header" "$2" "$3 -x c -std=c11" || { echo "$header: not as C11"; faults=1; }
    [ -z "$4" ] || compile "$1" "$header" "$2" "$4 -x c++ -std=c++17" ||
      { echo "$header: not as C++17"; faults=1; }
  done
  [ $count -ge 1 ] || { echo "no header found in $1"; faults=1; }
  [ $faults = 0 ] && echo "$count headers compile alone"
  [ -n "$4" ] || echo "skipped: the headers as C++17, there is no C++ compiler"
  return $faults
}

self_test() {
  mkdir -p "$scratch/include"
  cp -R "$1/." "$scratch/include"
  needy=$scratch/include/spheropt/needy.h
  sound='#ifndef NEEDY
#define NEEDY
#include <spheropt/base.h>
static inline spo_status needy(void) { return SPO_OK; }
#endif'
  printf '%s\n' "$sound" >"$needy"
  judge "$scratch/include" "$2 -Wvla" "$3" "$4" needy.h >/dev/null ||
    { echo "a sound header was refused"; exit 1; }
  # a type that an earlier header would have brought; a word that only C has; an extension
  for text in 'spo_status needy(void);' 'static inline int needy(int class) { return class; }' \
    'static inline int needy(int n) { int a[n]; return (int)sizeof a; }'; do
    [ -n "$4" ] || [ "${text#*class}" = "$text" ] || continue
    printf '#ifndef NEEDY\n#define NEEDY\n%s\n#endif\n' "$text" >"$needy"
    if judge "$scratch/include" "$2 -Wvla" "$3" "$4" needy.h >/dev/null 2>&1; then
      echo "not caught: $text"
      exit 1
    fi
  done
  echo "every planted fault was caught"
}

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
if [ "$1" = --self-test ]; then
  shift
  self_test "$@"
else
  judge "$@" '*.h'
fi
