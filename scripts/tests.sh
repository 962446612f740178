# SPDX-License-Identifier: GPL-3.0-or-later
#
# Sourced by check and .ci/run: runs Meson's tests, shows what failed and why something was skipped.

# Sets passed, failed, skipped; returns 1 if anything failed or nothing ran.
run_tests() { # folder, suites...
  local dir=$1 suite log arguments=()
  shift
  for suite in "$@"; do
    arguments+=(--suite "$suite")
  done
  log=$(mktemp)
  say "Testing ..."
  meson test -C "$dir" --no-rebuild "${arguments[@]}" 2>&1 </dev/null | tee "$log" | progress || true
  sed -n '/^Ok: /,$p' "$log"
  if ! grep -q '^Ok: ' "$log"; then # Meson itself failed
    cat "$log" >&2
    passed=0 failed=1 skipped=0
  else
    passed=$(($(count Ok "$log") + $(count 'Expected Fail' "$log")))
    failed=$(($(count Fail "$log") + $(count 'Unexpected Pass' "$log") + $(count Timeout "$log")))
    skipped=$(count Skipped "$log")
    explain "$dir/meson-logs/testlog.json"
  fi
  rm -f "$log"
  [ "$failed" = 0 ] && [ "$passed" -gt 0 ]
}

count() { # label, file
  sed -n "s/^$1: *\([0-9][0-9]*\).*/\1/p" "$2" | tail -n 1
}

# On a terminal one line shows which test ended last; elsewhere nothing.
progress() {
  if [ -t 1 ]; then
    local line
    while IFS= read -r line; do
      [[ $line =~ ^\ *[0-9]+/[0-9]+ ]] && printf '\r%.*s\033[K' "$((${COLUMNS:-80} - 1))" "$line"
    done
    printf '\r\033[K'
  else
    cat >/dev/null
  fi
}

# The output of failing tests, and every reason that a test gave for leaving something out: Meson needs
# Python anyway, so its log is read with it.
explain() { # testlog.json
  [ -f "$1" ] || return 0
  python3 - "$1" <<'PYTHON'
import json, re, sys
reasons = []
for line in open(sys.argv[1], encoding="utf-8", errors="replace"):
    test = json.loads(line)
    name = test["name"].split(" / ")[-1]
    out = "\n".join(test[k].strip() for k in ("stdout", "stderr") if test.get(k))
    told = [m.strip() for m in re.findall(r"^skipped: (.*)$", out, re.M)]
    told += [m.strip() for m in re.findall(r"^\[  SKIPPED \] ([^0-9].*)$", out, re.M)]
    for reason in dict.fromkeys(told):
        reasons.append(f"skipped in {name}: {reason}")
    if test["result"] == "SKIP" and not told:
        reasons.append(f"skipped: {name} (gave no reason)")
    if test["result"] in ("FAIL", "TIMEOUT", "ERROR", "UNEXPECTEDPASS"):
        lines = out.splitlines()
        print(f"\n---- {name}: {test['result'].lower()}, exit status {test['returncode']}"
              f"; {' '.join(test['command'])}")
        if len(lines) > 120:
            lines = lines[:20] + [f"... {len(lines) - 120} lines left out ..."] + lines[-100:]
        print("\n".join(lines))
print("\n".join(reasons), end="\n" if reasons else "")
PYTHON
}
