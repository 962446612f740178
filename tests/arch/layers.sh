#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Reads every #include of ours and fails on an arrow that runs up.
#
# usage: layers.sh TREE       prints each fault, exit 1 if there is one
#        layers.sh --self-test TREE   plants faults in a copy and checks that each is found
set -eu

# Path prefix, its group. The longest prefix wins; a file of ours without a group is a fault.
groups='
src/base/                       base
include/spheropt/base.h         base
include/spheropt/options.h      base
include/spheropt/gsl.h          base
src/linear/                     linear
include/spheropt/linear.h       linear
include/spheropt/rotation.h     linear
src/manifold/                   manifold
include/spheropt/manifold.h     manifold
include/spheropt/checked.h      manifold
manifolds/                      manifolds
include/spheropt/manifolds/     manifolds
include/spheropt/problem.h      problem
src/problem/                    place
include/spheropt/point.h        place
include/spheropt/tangent.h      place
include/spheropt/certificate.h  place
include/spheropt/wrappers.h     place
src/models/                     models
include/spheropt/model.h        model
include/spheropt/models/        models
include/spheropt/solvers/subproblem.h  inner
include/spheropt/solvers/tcg.h  inner
include/spheropt/solvers/gltr.h  inner
include/spheropt/solvers/exact.h  inner
include/spheropt/solvers/randomized_tcg.h  inner
solvers/tcg.c                   inner
solvers/tcg_path.h              inner
solvers/gltr.c                  inner
solvers/exact.c                 inner
solvers/randomized_tcg.c        inner
solvers/subproblem_table.h      inner
src/solve/                      solve
include/spheropt/stop.h         solve
include/spheropt/solver.h       solve
include/spheropt/trace.h         solve
include/spheropt/preset.h        solve
include/spheropt/solvers/       solve
solvers/                        solve
src/landscape/                  landscape
include/spheropt/landscape/     landscape
src/check/                      landscape
include/spheropt/check.h        landscape
src/study/                      study
include/spheropt/study/         study
include/spheropt/spheropt.h     top
src/lists/                      top
src/io/                         top
src/cli/                        top
'

# Group, what it may see. Inner solvers are plain linear algebra; the loop and the landscape know no
# manifold and no model by name; models know neither places nor solvers.
sees='
base       base
linear     base linear
manifold   base linear manifold
manifolds  base linear manifold manifolds
problem    base manifold problem
place      base linear manifold problem place
model      base problem model
models     base linear manifold manifolds problem model models
inner      base linear inner
solve      base linear manifold problem place inner solve
landscape  base linear manifold problem place solve landscape
study      base linear manifold problem place inner solve landscape model study
top        base linear manifold manifolds problem place model models inner solve landscape study top
'

judge() { # tree
  (cd "$1" && find src manifolds solvers include -name '*.[ch]' | sort) |
    awk -v tree="$1" -v groups="$groups" -v sees="$sees" '
      function group(path,   i, best, name) {
        best = 0; name = ""
        for (i = 1; i < n_groups; i += 2)
          if (index(path, g[i]) == 1 && length(g[i]) > best) { best = length(g[i]); name = g[i + 1] }
        return name
      }
      function fault(text) { print text; faults++ }
      BEGIN {
        n_groups = split(groups, g, /[ \n]+/)
        # split leaves an empty first field before the leading newline
        if (g[1] == "") { for (i = 1; i < n_groups; i++) g[i] = g[i + 1]; n_groups-- }
        n = split(sees, line, "\n")
        for (i = 1; i <= n; i++) {
          m = split(line[i], word, / +/)
          for (j = 2; j <= m; j++) may[word[1], word[j]] = 1
        }
      }
      {
        file = $0; from = group(file); files++
        if (from == "") { fault(file ": no layer is known for it: add it to tests/arch/layers.sh"); next }
        row = 0
        while ((getline text < (tree "/" file)) > 0) {
          row++
          if (text !~ /^[ \t]*#[ \t]*include/) continue
          if (text ~ /<spheropt\//) { sub(/.*</, "", text); sub(/>.*/, "", text); to = "include/" text }
          else if (text ~ /"/) {
            sub(/^[^"]*"/, "", text); sub(/".*/, "", text); to = "src/" text
            if (file ~ /^include\//) { fault(file ":" row ": a public header includes a private one: " text); continue }
            if (system("test -f \"" tree "/" to "\"") != 0) to = ""
            if (to == "" && text !~ /\//) { to = file; sub(/[^\/]*$/, "", to); to = to text }
            if (to == "") { fault(file ":" row ": include \"" text "\" by its path below src/"); continue }
          } else continue
          arrows++
          target = group(to)
          if (target == "") fault(file ":" row ": no layer is known for " to)
          else if (!((from, target) in may))
            fault(file ":" row ": " from " may not see " target " (" to ")")
        }
        close(tree "/" file)
      }
      END {
        if (files < 5 || arrows < 5) fault("only " files + 0 " files and " arrows + 0 " includes were found")
        else if (!faults) print files " files, " arrows " includes, no arrow runs up"
        exit faults > 0
      }'
}

self_test() { # tree
  copy=$(mktemp -d)
  trap 'rm -rf "$copy"' EXIT
  for case in \
    'src/base/memory.c|#include <spheropt/linear.h>' \
    'manifolds/sphere.c|#include <spheropt/problem.h>' \
    'src/problem/problem.c|#include <spheropt/solver.h>' \
    'src/models/ufm.c|#include <spheropt/point.h>' \
    'solvers/tcg.c|#include <spheropt/manifold.h>' \
    'solvers/trust_region.c|#include <spheropt/models/ufm.h>' \
    'src/landscape/verify.c|#include <spheropt/models/ufm.h>' \
    'src/landscape/verify.c|#include <spheropt/study/batch.h>' \
    'src/study/batch.c|#include <spheropt/models/ufm.h>' \
    'include/spheropt/linear.h|#include "base/memory.h"' \
    'src/elsewhere/new.c|#include <spheropt/base.h>'; do
    rm -rf "${copy:?}"/*
    (cd "$1" && tar cf - src manifolds solvers include) | tar xf - -C "$copy"
    mkdir -p "$copy/$(dirname "${case%%|*}")"
    printf '%s\n' "${case#*|}" >>"$copy/${case%%|*}"
    if judge "$copy" | grep -q "^${case%%|*}:"; then :; else
      echo "not caught: ${case#*|} in ${case%%|*}"
      exit 1
    fi
  done
  echo "every planted fault was caught"
}

if [ "$1" = --self-test ]; then self_test "$2"; else judge "$1"; fi
