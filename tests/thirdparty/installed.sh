#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Installs the build into a folder of its own and builds programs against that with pkg-config alone, as
# a stranger would; then runs them.
#
# usage: installed.sh BUILD SCRATCH PREFIX CC PROGRAM.c...    README.md stands for its first C program
set -eu
build=$1 scratch=$2 prefix=$3 cc=$4
shift 4

rm -rf "$scratch"
mkdir -p "$scratch"
meson install -C "$build" --no-rebuild --quiet --destdir "$scratch/root"
cd "$scratch" # names below are relative: pkg-config's answer is split at blanks

# nothing but the command, its manual, the library and its headers
if (cd "root$prefix" && find . -type f) | grep -vE \
  '^\./(bin/spheropt|include/spheropt/.*\.h|lib/.*libspheropt\.(a|so.*)|.*/spheropt\.pc|share/man/man1/spheropt\.1.*)$'; then
  echo "the files above should not be installed"
  exit 1
fi

# --destdir moved the tree, so the .pc file's prefix moves with it
pc=$(find root -name spheropt.pc)
sed -i "s|^prefix=.*|prefix=root$prefix|" "$pc"
PKG_CONFIG_PATH=$(dirname "$pc")${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}
export PKG_CONFIG_PATH
lib=$(pkg-config --variable=libdir spheropt)
export LD_LIBRARY_PATH="$lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
flags="$(pkg-config --cflags --libs spheropt gsl) -lm"

# a versioned SONAME, and what it leads to
soname=$(readelf -d "$lib/libspheropt.so" | sed -n 's/.*SONAME.*\[\(.*\)\]/\1/p')
case $soname in
libspheropt.so.[0-9]*) [ -e "$lib/$soname" ] ;;
*) echo "SONAME without a version: $soname" && exit 1 ;;
esac

for program in "$@"; do
  case $program in
  *.md)
    sed -n '/^```c$/,/^```$/p' "$program" | sed '1d; /^```$/,$d' >readme.c
    program=readme.c
    ;;
  esac
  name=$(basename "$program" .c)
  echo "== $name, with $soname"
  # shellcheck disable=SC2086
  $cc -std=c11 -Wall -Wextra -Werror -o "./$name" "$program" $flags
  "./$name"
  echo "== $name, with the static library"
  # shellcheck disable=SC2086
  $cc -std=c11 -o "./$name-static" "$program" $(pkg-config --cflags spheropt gsl) \
    "$lib/libspheropt.a" $(pkg-config --static --libs-only-l spheropt gsl |
      sed 's/-lspheropt//; s/-lgslcblas//') $(pkg-config --static --libs-only-other spheropt gsl) -lm
  "./$name-static" >/dev/null
done
