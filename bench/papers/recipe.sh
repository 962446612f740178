# SPDX-License-Identifier: GPL-3.0-or-later
#
# Sourced by the recipes of this folder. A recipe names its system and states rows:
#
#   row CLAIM BY NUMBER TOLERANCE FIELD COMMAND...
#
# runs `spheropt COMMAND... --json` (or a program of this folder: COMMAND = ./NAME ...), takes FIELD of its
# answer, prints NUMBER beside it and fails where they differ by more than TOLERANCE. NUMBER, TOLERANCE and
# FIELD: see measure.py. BY: `paper`, or `derived` where the number was worked out for this project.
# Environment: SPHEROPT the command, PAPERS_BIN where this folder's programs were built, PAPERS_OUT where data
# go, PAPERS_SIZE small or full. Ends with the number of rows, and status 1 when one failed.
set -euo pipefail
export LC_ALL=C OPENBLAS_NUM_THREADS=${OPENBLAS_NUM_THREADS:-1}
papers=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
recipe=$(basename "$0" .sh)
SPHEROPT=${SPHEROPT:-spheropt}
PAPERS_OUT=${PAPERS_OUT:-papers}
export SPHEROPT PAPERS_BIN="${PAPERS_BIN:-.}" PAPERS_OUT
refuse() {
  printf '%s: %s\n' "$recipe" "$1" >&2
  exit 2
}
found=$(command -v "$SPHEROPT") || refuse "the command '$SPHEROPT' was not found; SPHEROPT names another"
SPHEROPT=$(realpath "$found") # it is run from other folders
PAPERS_BIN=$(realpath -e "$PAPERS_BIN" 2>/dev/null) ||
  refuse 'PAPERS_BIN: no such folder; it is bench/papers of the build'
command -v python3 >/dev/null || refuse 'python3 was not found'
mkdir -p "$PAPERS_OUT" || refuse 'PAPERS_OUT: this folder cannot be made'
python=$(python3 -c 'import sys; print(sys.executable)') # once: a version manager's python3 is slow to start
PAPERS_KEPT=$(mktemp -d) # answers that several rows are read from
export PAPERS_KEPT PYTHONDONTWRITEBYTECODE=1
rows=$PAPERS_OUT/$recipe.jsonl
: >"$rows"
failed=0

# The paper, where to find it, and in a sentence or two what it claims and what is found.
system() { # text, reference, about
  system=$1 reference=$2 about=${3//$'\n'/ }
  printf '%s (%s)\n' "$1" "$2"
}

# Is this the full size?
full() { [ "${PAPERS_SIZE:-full}" = full ]; }

row() {
  "$python" "$papers/measure.py" row "$system" "$reference" "$about" "$rows" "$@" || failed=$((failed + 1))
}

# A line of a figure's data: VALUES... and then the FIELDs, commas between, of what COMMAND answers.
#   point NAME "VALUES" "FIELDS" COMMAND...
point() { "$python" "$papers/measure.py" point "$PAPERS_OUT/$1.dat" "${@:2}" || failed=$((failed + 1)); }

# A line for each of VALUES, which stands in COMMAND at {}.
#   series NAME "VALUES" "FIELDS" COMMAND...
series() { "$python" "$papers/measure.py" series "$PAPERS_OUT/$1.dat" "${@:2}" || failed=$((failed + 1)); }

# The lines of a list in the answer: each entry's FIELDs.
#   curve NAME LIST "FIELDS" COMMAND...
curve() { "$python" "$papers/measure.py" curve "$PAPERS_OUT/$1.dat" "${@:2}" || failed=$((failed + 1)); }

# Begins another block of a figure's data: gnuplot's `index`.
block() { printf '\n\n' >>"$PAPERS_OUT/$1.dat"; } # name

# Writes NAME.npy from the rows of numbers on standard input, for commands of rows to read.
matrix() { "$python" "$papers/points.py" "$PAPERS_OUT/$1.npy"; } # name

# Begins a figure's data, NAME.dat, and writes NAME.gp beside it: gnuplot's commands are read from standard
# input, `DATA` stands for the file.
figure() { # name, title, columns
  printf '# %s\n# %s\n' "$2" "$3" >"$PAPERS_OUT/$1.dat"
  {
    printf 'set terminal pngcairo size 900,600\nset output "%s.png"\nset title "%s"\nset grid\n' "$1" "$2"
    sed "s/DATA/\"$1.dat\"/g"
  } >"$PAPERS_OUT/$1.gp"
}

finish() {
  printf '%d rows, %d failed\n' "$(wc -l <"$rows")" "$failed"
  [ "$failed" = 0 ]
}
trap 'status=$?; rm -rf "$PAPERS_KEPT"; [ $status = 0 ] && finish || exit 1' EXIT
