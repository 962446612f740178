# SPDX-License-Identifier: GPL-3.0-or-later
#
# Sourced by check, quickstart and .ci/run: installs what is missing, configures and builds, quietly.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=$root/build
export OPENBLAS_NUM_THREADS=1 # results repeat bit for bit, and tests run side by side

say() { printf '%s\n' "$*"; }
die() { # status, text
  printf '%s\n' "$2" >&2
  exit "$1"
}

# What each package is needed for is asked of the system, not of the package manager: a compiler or
# library from elsewhere is as good.
missing_packages() {
  local pair
  { command -v cc || command -v gcc; } >/dev/null || printf 'gcc '
  # the compiler may be there without the C library's headers
  if command -v cc >/dev/null; then
    printf '#include <stdlib.h>\nint main(void) { return 0; }\n' |
      cc -x c -o /dev/null - 2>/dev/null || printf 'libc6-dev '
  else
    printf 'libc6-dev '
  fi
  command -v meson >/dev/null || printf 'meson '
  { command -v ninja || command -v ninja-build || command -v samu; } >/dev/null || printf 'ninja-build '
  command -v pkg-config >/dev/null || printf 'pkg-config '
  for pair in gsl:libgsl-dev openblas:libopenblas-dev jansson:libjansson-dev cmocka:libcmocka-dev \
    arpack:libarpack2-dev nlopt:libnlopt-dev; do
    pkg-config --exists "${pair%%:*}" 2>/dev/null || printf '%s ' "${pair#*:}"
  done
}

install_missing() {
  local packages required line as=()
  packages=$(missing_packages)
  packages=${packages% }
  [ -n "$packages" ] || return 0
  # an oracle of the tests, and a contender in comparisons
  required=$(tr ' ' '\n' <<<"$packages" | grep -vx -e libarpack2-dev -e libnlopt-dev || true)
  line="apt-get install -y --no-install-recommends $packages"
  if ! command -v apt-get >/dev/null; then
    [ -z "$required" ] && return 0
    die 2 "Missing: $packages (Debian's names). Install what your system calls them, then run this again."
  fi
  if [ "$(id -u)" != 0 ]; then
    if command -v sudo >/dev/null && { sudo -n true 2>/dev/null || [ -t 0 ]; }; then
      as=(sudo)
    else
      [ -z "$required" ] && return 0
      die 2 "Missing packages, and no right to install them. Run as root:
  apt-get update && $line"
    fi
  fi
  say "Installing: $packages"
  quietly "The packages could not be installed" "${as[@]}" apt-get update -q
  # shellcheck disable=SC2086
  quietly "The packages could not be installed" \
    "${as[@]}" env DEBIAN_FRONTEND=noninteractive $line
  installed=yes
}

# Runs a command; its output is shown only if it fails.
quietly() { # what to say then, command...
  local text=$1 log
  shift
  log=$(mktemp)
  if ! "$@" >"$log" 2>&1 </dev/null; then
    cat "$log" >&2
    rm -f "$log"
    die 1 "$text: $*"
  fi
  rm -f "$log"
}

# A build folder that was copied along with its tree still points to the original.
of_this_tree() { # folder
  grep -qF "\"source\": \"$root\"" "$1/meson-info/meson-info.json" 2>/dev/null
}

configure_and_build() { # folder, meson options...
  local dir=$1
  shift
  if [ ! -f "$dir/build.ninja" ]; then
    say "Configuring ..."
    quietly "Meson could not configure the build" meson setup "$dir" "$root" "$@"
  elif ! of_this_tree "$dir"; then
    say "Configuring again: the tree has moved ..."
    rm -rf "$dir"
    quietly "Meson could not configure the build" meson setup "$dir" "$root" "$@"
  elif [ "${installed:-no}" = yes ]; then
    quietly "Meson could not configure the build" meson setup --reconfigure "$dir" "$root"
  fi
  say "Building ..."
  quietly "The build failed" meson compile -C "$dir"
}
