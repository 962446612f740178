# SPDX-License-Identifier: GPL-3.0-or-later
"""One measurement for recipe.sh: runs a command that answers in JSON and takes numbers out of it.

FIELD      f, metrics.nc1, eigenvalues[0], events[kind=fold].value; trace[nc2<1e-4].k: the first entry with that (a field
           that says trace brings the run's rows); clusters.multiplicity: of each entry; max(starts.f), min, median, sum,
           count of a list; near(starts.f 0.46): how many are within 1e-6 of a number, relative; cos(W 0 2),
           max_cosine(W), min_cosine(W), sum_norm(W): of the rows of a part of the point that a run ended at;
           `a + b`, `a - b`, `a / b`; `a, b`: both. Before it, `median:5`: of seeds 1 .. 5
NUMBER     a number, or a word (a verdict, a reason); several for a FIELD that is a list
TOLERANCE  1e-9: absolute; 25%: of NUMBER; x3: within that factor; most, least: NUMBER is a bound; `exact`
COMMAND    A; or A then B: the answer of B, which reads what A wrote with -o; or A over B: the ratio of their values;
           words that end in .npy or .txt are files that the recipe wrote to PAPERS_OUT (matrix), or of this tree
"""
import hashlib
import json
import math
import os
import re
import shlex
import subprocess
import sys
import tempfile

import points


def fail(text):
    print(f"  FAIL  {text}")
    sys.exit(1)


def located(word):
    """A program of this folder, a file that the recipe made, or one of the tree: where a full run has it, seen from the
    tree's root, and its whole path here; other words as they are."""
    name = word.removeprefix("./")
    if word.startswith("./"):
        home, folder = "build/bench/papers", os.environ.get("PAPERS_BIN", ".")
    elif "/" in word:
        home, folder = "", os.path.join(os.path.dirname(__file__), "..", "..")
    else:
        home, folder = "out/papers", os.environ.get("PAPERS_OUT", ".")
    if not word.endswith((".npy", ".txt")) and name == word or not os.path.exists(os.path.join(folder, name)):
        return word, word
    return os.path.join(home, name), os.path.realpath(os.path.join(folder, name))


def program(command):
    words = [located(word)[1] for word in command]
    return words if command[0].startswith("./") else [os.environ["SPHEROPT"]] + words


def parts(command, word):
    """The commands that a word stands between."""
    at = [i for i, part in enumerate(command) if part == word]
    return [command[i:j] for i, j in zip([0] + [i + 1 for i in at], at + [len(command)])]


def shown(command):
    """The command as a reader types it at the tree's root: lines, more than one for A over B. A then B whatever A's
    status: to stop at --max-iter may be meant."""
    if "over" in command:
        return [line for part in parts(command, "over") for line in shown(part)]
    if "then" in command:
        return ["; ".join(line for part in parts(command, "then") for line in shown(part))]
    return [shlex.join(([] if command[0].startswith("./") else ["spheropt"]) + [located(w)[0] for w in command])]


def rows_of(folder):
    """The parts of a point that -o wrote."""
    return {name[:-4]: points.read(os.path.join(folder, name)) for name in os.listdir(folder)
            if name.endswith(".npy")}


def run(command, traced, placed):
    """Statuses 0 to 4 answer; others are errors, whose line is on stderr. Commands that follow each other share a
    folder, which is gone after."""
    with tempfile.TemporaryDirectory() as folder:
        trace, place = os.path.join(folder, "trace.jsonl"), os.path.join(folder, "point")
        extra = ["--trace", trace] * traced + ["-o", place] * placed
        for one in parts(command, "then"):
            try:
                done = subprocess.run(program(one) + extra + ["--json"], capture_output=True, text=True, cwd=folder)
                data = json.loads(done.stdout)
            except OSError as error:
                fail(f"{one[0]}: {error.strerror}")
            except ValueError:
                fail(f"{shown(one)[0]}: {(done.stderr or done.stdout).strip() or done.returncode}")
        if traced:
            with open(trace, encoding="utf-8") as lines:
                data["trace"] = [json.loads(line) for line in lines]
        if placed:
            data["point"] = rows_of(place)
    return data


def answer(command, fields):
    """What the command answers; several rows of a recipe that ask it the same run it once."""
    traced = bool(re.search(r"\btrace\b", fields))
    placed = any(f"{name}(" in fields for name in points.MEASURES)
    key = hashlib.sha256(json.dumps([command, traced, placed]).encode()).hexdigest()
    kept = os.environ.get("PAPERS_KEPT") and os.path.join(os.environ["PAPERS_KEPT"], key)
    if kept and os.path.exists(kept):
        with open(kept, encoding="utf-8") as text_of:
            return json.load(text_of)
    data = run(command, traced, placed)
    if kept:
        with open(kept, "w", encoding="utf-8") as out:
            json.dump(data, out)
    return data


def step(value, key, which):
    """value.key, of each entry where value is a list; then [which] of it"""
    value = [entry[key] for entry in value] if isinstance(value, list) else value[key]
    if which is None:
        return value
    for sign in ("=", "<"):
        if sign in which:
            name, word = which.split(sign, 1)
            return next(entry for entry in value
                        if (str(entry[name]) == word if sign == "=" else entry[name] < float(word)))
    return value[int(which)]


def walk(value, path):
    for part in path.split("."):
        key, which = re.fullmatch(r"(\w+)(?:\[([^]]+)\])?", part).groups()
        value = step(value, key, which)
    return value


def median(values):
    values = sorted(values)
    half = len(values) // 2
    return values[half] if len(values) % 2 else (values[half - 1] + values[half]) / 2


def near(field, data):
    """LIST VALUE: how many of the list are within 1e-6 of the value, relative"""
    entries, value = field.split()
    return sum(abs(entry - float(value)) <= 1e-6 * abs(float(value)) for entry in walk(data, entries))


def of_rows(name, field, data):
    part, *arguments = field.split()
    return points.MEASURES[name](data["point"][part], *arguments)


FOLDS = {"max": max, "min": min, "median": median, "count": len, "sum": sum}


def value_in(field, data):
    for sign, op in ((" + ", lambda a, b: a + b), (" - ", lambda a, b: a - b), (" / ", lambda a, b: a / b)):
        if sign in field:
            left, right = field.split(sign, 1)
            return op(value_in(left, data), value_in(right, data))
    fold = re.fullmatch(r"(\w+)\((.*)\)", field)
    if fold and fold[1] == "near":
        return near(fold[2], data)
    if fold and fold[1] in points.MEASURES:
        return of_rows(fold[1], fold[2], data)
    if fold:
        return FOLDS[fold[1]](walk(data, fold[2]))
    return float(field) if re.fullmatch(r"[-+.\deE]+", field) else walk(data, field)


def evaluate(field, data):
    """Field, `a op b` or `a, b`; a missing one is an error that names it."""
    if ", " in field:
        return [evaluate(part, data) for part in field.split(", ")]
    try:
        return value_in(field, data)
    except (KeyError, IndexError, StopIteration, TypeError, AttributeError, ValueError, ZeroDivisionError):
        fail(f"the answer has no {field}")


def at_seed(field, command, seed):
    """The value; a seed is an option of the first of the commands that follow each other."""
    if "over" in command:
        above, below = (at_seed(field, part, seed) for part in parts(command, "over"))
        return above / below
    if seed is not None:
        first = len(parts(command, "then")[0])
        command = command[:first] + ["--seed", str(seed)] + command[first:]
    return evaluate(field, answer(command, field))


def value_of(field, command):
    """The number, and the seeds that it comes from."""
    over = re.match(r"median:(\d+) ", field)
    if not over:
        seed = int(command[command.index("--seed") + 1]) if "--seed" in command else 0
        starts = int(command[command.index("--starts") + 1]) if "--starts" in command else 1
        return at_seed(field, command, None), [seed, seed + starts - 1]
    count = int(over[1])
    return median([at_seed(field[over.end():], command, s) for s in range(1, count + 1)]), [1, count]


def agrees(ours, number, tolerance):
    if ours is None:
        return False
    if isinstance(ours, list):
        due = number.split()
        return len(ours) == len(due) and all(agrees(o, d, tolerance) for o, d in zip(ours, due))
    if isinstance(ours, str) or tolerance == "exact":
        return str(ours) == number or (not isinstance(ours, str) and float(ours) == float(number))
    if not math.isfinite(ours):
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
    if isinstance(number, list):
        return " ".join(map(text, number))
    return f"{number:.12g}" if isinstance(number, float) else str(number)


def last_place(number, tolerance):
    """The last decimal place that a tolerance lets mean something, as its exponent; None: all do."""
    size = abs(number)
    if tolerance in ("most", "least"):  # of a bound its own place, two more where it does not stand for rounding
        size = size if size < 1e-3 else size / 100
    elif tolerance.endswith("%"):
        part = float(tolerance[:-1]) / 100
        size *= part / 10 if part >= 0.01 else part
    elif tolerance.startswith("x"):
        size /= 100
    else:
        size = 0 if tolerance == "exact" else float(tolerance)
    return math.floor(math.log10(size) + 1e-9) if size else None


def rounded(ours, number, tolerance):
    """Ours without the digits that only rounding makes, which differ between builds."""
    if isinstance(ours, list):
        return " ".join(rounded(o, n, tolerance) for o, n in zip(ours, number.split()))
    place = last_place(float(number), tolerance) if isinstance(ours, float) else None
    return text(ours if place is None else round(ours, -place) + 0.0)  # 0.0: no -0


def row(system, reference, about, rows, claim, by, number, tolerance, field, *command):
    try:
        ours, seeds = value_of(field, list(command))
    except SystemExit:  # said already; the row counts all the same
        ours, seeds = None, None
    ok = agrees(ours, number, tolerance)
    print(f"  {'ok  ' if ok else 'FAIL'}  {claim}: {number} ({by}), ours {text(ours)}, "
          f"tolerance {tolerance}")
    with open(rows, "a", encoding="utf-8") as out:
        out.write(json.dumps({"system": system, "reference": reference, "about": about, "claim": claim, "by": by,
                              "number": number, "tolerance": tolerance, "ours": rounded(ours, number, tolerance) if ok else text(ours),
                              "field": field, "seeds": seeds, "command": shown(list(command)), "ok": ok}) + "\n")
    sys.exit(not ok)


def write(path, values):
    with open(path, "a", encoding="utf-8") as out:
        out.write(" ".join("nan" if v is None else text(v) for v in values) + "\n")


def point(path, values, fields, *command):
    write(path, values.split() + [value_of(field, list(command))[0] for field in fields.split(",")])


def series(path, values, fields, *command):
    for value in values.split():
        point(path, value, fields, *(word.replace("{}", value) for word in command))


def curve(path, entries, fields, *command):
    for entry in walk(answer(list(command), entries), entries):
        write(path, [evaluate(field, entry) for field in fields.split(",")])


if __name__ == "__main__":
    {"row": row, "point": point, "series": series, "curve": curve}[sys.argv[1]](*sys.argv[2:])
