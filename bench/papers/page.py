# SPDX-License-Identifier: GPL-3.0-or-later
"""doc/reproductions.md from the rows that the recipes left: page.py FILE.jsonl... > doc/reproductions.md"""
import json
import sys

HEAD = """# Reproductions

What the papers of the field claim, beside what this toolkit finds. Written by `scripts/reproduce`, which
runs the recipes in `bench/papers` in full and fails outside the stated tolerance; do not edit.

*By*: `paper` where the paper prints the number or states the claim, `derived` where it was worked out for this
project. *Tolerance*: absolute; with % relative; *x3* within that factor; *most*, *least*: the number is a bound;
*exact*: word for word. *Ours* is the column *field* of what the command answers with `--json`.
"""


def cell(text):
    return str(text).replace("|", "\\|")


def section(name, rows):
    print(f"\n## {rows[0]['system']}\n\n{rows[0]['reference']} · recipe `bench/papers/{name}.sh`\n")
    print("| claim | by | number | ours | tolerance | seed | field | command |")
    print("|---|---|---|---|---|---|---|---|")
    for r in rows:
        print("| " + " | ".join(cell(x) for x in (
            r["claim"], r["by"], r["number"], r["ours"], r["tolerance"], r["seed"],
            f"`{r['field']}`", f"`{r['command']}`")) + " |")


def main(paths):
    print(HEAD, end="")
    for path in paths:
        with open(path, encoding="utf-8") as lines:
            rows = [json.loads(line) for line in lines]
        systems = dict.fromkeys((r["system"], r["reference"]) for r in rows)
        for key in systems:
            section(path.split("/")[-1].removesuffix(".jsonl"),
                    [r for r in rows if (r["system"], r["reference"]) == key])


if __name__ == "__main__":
    main(sys.argv[1:])
