# SPDX-License-Identifier: GPL-3.0-or-later
"""One measurement for recipe.sh: runs a command that answers in JSON and takes numbers out of it.

FIELD      f, metrics.nc1, eigenvalues[0], events[kind=fold].value; several: `a - b`, `a / b`;
           max(eigenvalues), min(...), count(...) of a list; before it, `median:5` or `best:5`: of seeds 1 .. 5
NUMBER     a number, or a word (a verdict, a reason)
TOLERANCE  1e-9: absolute; 25%: of NUMBER; x3: within that factor; most, least: NUMBER is a bound; `exact`
"""
import json
import math
import os
import re
import shlex
import subprocess
import sys


def fail(text):
    print(f"  FAIL  {text}")
    sys.exit(1)


def program(command):
    if command[0].startswith("./"):
        return [os.path.join(os.environ["PAPERS_BIN"], command[0][2:])] + command[1:]
    return [os.environ["SPHEROPT"]] + command


def shown(command):
    """The command as a reader types it."""
    return shlex.join(command if command[0].startswith("./") else ["spheropt"] + command)


def answer(command):
    """Statuses 0 to 4 answer; others are errors, whose line is on stderr."""
    run = subprocess.run(program(command) + ["--json"], capture_output=True, text=True)
    try:
        return json.loads(run.stdout)
    except ValueError:
        fail(f"{shown(command)}: {(run.stderr or run.stdout).strip() or run.returncode}")


def step(value, key, which):
    value = value[key]
    if which is None:
        return value
    if "=" in which:
        name, word = which.split("=", 1)
        return next(entry for entry in value if str(entry[name]) == word)
    return value[int(which)]


def walk(value, path):
    for part in path.split("."):
        key, which = re.fullmatch(r"(\w+)(?:\[([^]]+)\])?", part).groups()
        value = step(value, key, which)
    return value


FOLDS = {"max": max, "min": min, "count": len, "sum": sum}


def evaluate(field, data):
    """Field or `a op b`; a missing one is an error that names it."""
    for sign, op in ((" - ", lambda a, b: a - b), (" / ", lambda a, b: a / b)):
        if sign in field:
            left, right = field.split(sign, 1)
            return op(evaluate(left, data), evaluate(right, data))
    fold = re.fullmatch(r"(\w+)\((.*)\)", field)
    try:
        if fold:
            return FOLDS[fold[1]](walk(data, fold[2]))
        return float(field) if re.fullmatch(r"[-+.\deE]+", field) else walk(data, field)
    except (KeyError, IndexError, StopIteration, TypeError, AttributeError):
        fail(f"the answer has no {field}")


def median(values):
    values = sorted(values)
    half = len(values) // 2
    return values[half] if len(values) % 2 else (values[half - 1] + values[half]) / 2


def value_of(field, command):
    """The number, and the seeds that it comes from."""
    over = re.match(r"(median|best):(\d+) ", field)
    if not over:
        seed = command[command.index("--seed") + 1] if "--seed" in command else "0"
        return evaluate(field, answer(command)), seed
    count = int(over[2])
    values = [evaluate(field[over.end():], answer(command + ["--seed", str(s)]))
              for s in range(1, count + 1)]
    return (median if over[1] == "median" else min)(values), f"1..{count}, {over[1]}"


def agrees(ours, number, tolerance):
    if isinstance(ours, str) or tolerance == "exact":
        return str(ours) == number or (not isinstance(ours, str) and float(ours) == float(number))
    if ours is None or not math.isfinite(ours):
        return False
    due = float(number)
    if tolerance == "most":
        return ours <= due
    if tolerance == "least":
        return ours >= due
    if tolerance.startswith("x"):
        factor = float(tolerance[1:])
        return due / factor <= ours <= due * factor
    if tolerance.endswith("%"):
        return abs(ours - due) <= float(tolerance[:-1]) / 100 * abs(due)
    return abs(ours - due) <= float(tolerance)


def text(number):
    return f"{number:.12g}" if isinstance(number, float) else str(number)


def row(system, reference, rows, claim, by, number, tolerance, field, *command):
    ours, seed = value_of(field, list(command))
    ok = agrees(ours, number, tolerance)
    print(f"  {'ok  ' if ok else 'FAIL'}  {claim}: {number} ({by}), ours {text(ours)}, "
          f"tolerance {tolerance}")
    with open(rows, "a", encoding="utf-8") as out:
        out.write(json.dumps({"system": system, "reference": reference, "claim": claim, "by": by,
                              "number": number, "tolerance": tolerance, "ours": text(ours),
                              "field": field, "seed": seed, "command": shown(list(command)),
                              "ok": ok}) + "\n")
    sys.exit(not ok)


def write(path, values):
    with open(path, "a", encoding="utf-8") as out:
        out.write(" ".join("nan" if v is None else text(v) for v in values) + "\n")


def point(path, values, fields, *command):
    data = answer(list(command))
    write(path, values.split() + [evaluate(field, data) for field in fields.split(",")])


def curve(path, entries, fields, *command):
    for entry in walk(answer(list(command)), entries):
        write(path, [evaluate(field, entry) for field in fields.split(",")])


if __name__ == "__main__":
    {"row": row, "point": point, "curve": curve}[sys.argv[1]](*sys.argv[2:])
