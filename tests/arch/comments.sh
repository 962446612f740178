#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Every function that a public header declares has a comment that begins "name - what it does", alone
# or in a list "a, b, c - ". A destroy may share the paragraph of its create.
#
# usage: comments.sh INCLUDE      comments.sh --self-test
set -eu
export LC_ALL=C

judge() { # include folder
  (cd "$1" && find . -name '*.h' | sort | xargs awk '
    function close_paragraph() { made = "" }
    FNR == 1 { comment = 0; text = ""; declaration = ""; documented = " "; close_paragraph() }
    # comments: collect what they name
    /\/\*/ { comment = 1; text = "" }
    comment {
      text = text " " $0
      if (/\*\//) {
        comment = 0
        gsub(/[ \t]+\*?[ \t]*/, " ", text)
        while (match(text, /spo_[a-z0-9_]+(, (and )?spo_[a-z0-9_]+)* - /)) {
          names = substr(text, RSTART, RLENGTH - 3)
          gsub(/, (and )?/, " ", names)
          documented = documented names " "
          text = substr(text, RSTART + RLENGTH)
        }
      }
      next
    }
    /^[ \t]*$/ { close_paragraph(); next }
    /^SPO_API/ { declaration = ""; open = 1 }
    open {
      declaration = declaration " " $0
      if (declaration ~ /\(/) {
        open = 0
        name = declaration; sub(/ *\(.*/, "", name); sub(/.*[ *]/, "", name)
        functions++
        base = name; sub(/_destroy$/, "", base)
        if (index(documented, " " name " ")) { made = made " " name " " }
        else if (base != name && index(made, " " base "_create ") || index(made, " " base "_at ")) { }
        else { print FILENAME ":" FNR ": no comment says \"" name " - ...\""; faults++ }
      }
    }
    END {
      if (functions < 1) { print "no declaration was found"; faults++ }
      if (!faults) print functions " functions, each with its comment"
      exit faults > 0
    }')
}

self_test() {
  dir=$(mktemp -d)
  trap 'rm -rf "$dir"' EXIT
  good='/** spo_a_create, spo_b - two. */
SPO_API int spo_a_create(void);
SPO_API void spo_a_destroy(void);
SPO_API const char *spo_b(
  int x);
'
  printf '%s' "$good" >"$dir/a.h"
  judge "$dir" >/dev/null || { echo "a sound header was refused"; exit 1; }
  for fault in 'SPO_API int spo_c(void);' '/** does something */
SPO_API int spo_c(void);' '/* spo_cc - other. */
SPO_API int spo_c(void);' 'SPO_API void spo_b_destroy(void);'; do
    printf '%s\n%s\n' "$good" "$fault" >"$dir/a.h"
    if judge "$dir" >/dev/null; then echo "not caught: $fault"; exit 1; fi
  done
  echo "every planted fault was caught"
}

if [ "$1" = --self-test ]; then self_test; else judge "$1"; fi
