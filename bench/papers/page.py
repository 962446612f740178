# SPDX-License-Identifier: GPL-3.0-or-later
"""doc/reproductions.md from the rows that the recipes left: page.py FILE.jsonl... > doc/reproductions.md"""
import json
import os
import re
import sys
import textwrap

HEAD = """# Reproductions

What papers of the field claim, beside what this toolkit finds: {rows} rows, {paper} of them of numbers or claims that
a paper states. Written by `scripts/reproduce`, which runs the recipes in `bench/papers` in full, with one BLAS thread,
and fails outside the stated tolerance; do not edit.

**Reading a row.** *By*: `paper` where a paper prints the number or states the claim, `derived` where the number was
worked out for this project, from a closed form or by a program of its own. *Tolerance*: absolute; with % relative;
*x3* within that factor; *most*, *least*: the number is a bound; *exact*: word for word. *Ours* is rounded to the
tolerance: what is 0 but for rounding stands as 0. *Seeds*: of the random starts.

**Running it again.** The commands under each table work from the root of the tree with `spheropt` on the path (what
is in `build/bench/papers` was built with it; files in `out/papers` are left there by `scripts/reproduce`). Add
`--json` for all digits; the names after a row's number are those of that answer. `trace[nc2<1e-4].k` is of the first
line of `--trace FILE.jsonl` with that; `cos(W 0 1)`, `max_cosine(W)` and `sum_norm(W)` are of the rows of the
classifiers that `-o DIR` writes; `near(starts.f x)` counts the starts that end within 1e-6 of x, relative.
"""


def cell(text):
    return str(text).replace("|", "\\|")


def anchor(title):
    """As GitHub makes them of headings."""
    return re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")


def filled(text):
    return textwrap.fill(text, 110, break_long_words=False, break_on_hyphens=False)


def seeds(pair):
    return pair[0] if pair[0] == pair[1] else f"{pair[0]}..{pair[1]}"


def lines(row):
    """The commands of a row; medians take a seed, which is the first's of commands that follow each other."""
    median = re.match(r"median:(\d+) ", row["field"])
    if not median:
        return tuple(row["command"])
    loop = " ".join(str(seed) for seed in range(1, int(median[1]) + 1))
    seeded = (re.sub(r"(; |$)", r" --seed $seed\1", command, count=1) for command in row["command"])
    return tuple(f"for seed in {loop}; do {command}; done" for command in seeded)


def asked(row):
    """What is read from the answer."""
    field = re.sub(r"median:\d+ (.*)", r"median of \1", row["field"])
    return field + (", the first over the second" if len(row["command"]) > 1 else "")


def commands(rows):
    """Each command once, with the rows that are read from it."""
    of = {}
    for number, row in enumerate(rows, 1):
        of.setdefault(lines(row), {}).setdefault(asked(row), []).append(number)
    print("\n<details><summary>Commands</summary>\n\n```sh")
    for command, fields in of.items():
        print("# " + "; ".join(f"{', '.join(map(str, numbers))}: {field}" for field, numbers in fields.items()))
        print("\n".join(command))
    print("```\n\n</details>")


def picture(path):
    """What a recipe's figure shows, from the head of its data, if it has one."""
    data = os.path.splitext(path)[0] + ".dat"
    if not os.path.exists(data):
        return ""
    with open(data, encoding="utf-8") as head:
        title, columns = (next(head)[2:].strip() for _ in range(2))
    name = os.path.basename(os.path.splitext(path)[0])
    return "\n" + filled(f"Picture `out/papers/{name}.png`: {title}. Data `out/papers/{name}.dat`: {columns}.") + "\n"


def section(path, rows, first):
    name = os.path.basename(os.path.splitext(path)[0])
    print(f"\n## {rows[0]['system']}\n\n{rows[0]['reference']} · recipe `bench/papers/{name}.sh`\n")
    print(filled(rows[0]["about"]))
    print(picture(path) if first else "")
    print("| | claim | by | number | ours | tolerance | seeds |\n|--:|---|---|---|---|---|---|")
    for number, r in enumerate(rows, 1):
        print("| " + " | ".join(cell(x) for x in (number, r["claim"], r["by"], r["number"], r["ours"], r["tolerance"],
                                                  seeds(r["seeds"]))) + " |")
    commands(rows)


def systems(paths):
    """(path, its rows of one system, is it the recipe's first), in order"""
    for path in paths:
        with open(path, encoding="utf-8") as text:
            rows = [json.loads(line) for line in text]
        for i, system in enumerate(dict.fromkeys(r["system"] for r in rows)):
            yield path, [r for r in rows if r["system"] == system], i == 0


def main(paths):
    found = list(systems(paths))
    every = [row for _, rows, _ in found for row in rows]
    print(HEAD.format(rows=len(every), paper=sum(row["by"] == "paper" for row in every)))
    print("| result | rows | of papers |\n|---|--:|--:|")
    for _, rows, _ in found:
        title = rows[0]["system"]
        print(f"| [{title}](#{anchor(title)}) | {len(rows)} | {sum(r['by'] == 'paper' for r in rows)} |")
    for one in found:
        section(*one)
    with open(os.path.join(os.path.dirname(__file__), "differences.md"), encoding="utf-8") as text:
        print("\n" + text.read(), end="")


if __name__ == "__main__":
    main(sys.argv[1:])
