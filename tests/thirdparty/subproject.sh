#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# spheropt as a Meson subproject of a stranger's project: configured, built, run. The system's own
# spheropt, should there be one, must not be found first.
#
# usage: subproject.sh TREE SCRATCH
set -eu
tree=$1 scratch=$2
# what an earlier run has built is taken up again
if [ ! -f "$scratch/build/build.ninja" ]; then
  rm -rf "$scratch"
  mkdir -p "$scratch/project/subprojects"
  ln -s "$tree" "$scratch/project/subprojects/spheropt"
fi
cp -p "$tree/tests/thirdparty/subproject/"* "$scratch/project"
[ -f "$scratch/build/build.ninja" ] ||
  meson setup "$scratch/build" "$scratch/project" --wrap-mode=forcefallback >"$scratch/log" 2>&1 ||
  { cat "$scratch/log" && exit 1; }
ninja=$(command -v ninja || command -v ninja-build || command -v samu)
"$ninja" -C "$scratch/build" consumer >"$scratch/log" 2>&1 || { cat "$scratch/log" && exit 1; }
"$scratch/build/consumer"
if [ -e "$scratch/build/subprojects/spheropt/tests" ]; then
  echo "a subproject has built the tests too"
  exit 1
fi
