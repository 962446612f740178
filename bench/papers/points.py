# SPDX-License-Identifier: GPL-3.0-or-later
"""Points as files: `points.py FILE.npy < ROWS` writes the rows of numbers that it reads, expressions like sqrt(3)/2
among them; and what measure.py asks of the rows of a point, each a vector."""
import ast
import math
import struct
import sys


def write(path, rows):
    width = len(rows[0]) if rows else 0
    if not width or any(len(row) != width for row in rows):
        sys.exit(f"{path}: no rows, or rows of unequal length")
    head = f"{{'descr': '<f8', 'fortran_order': False, 'shape': ({len(rows)}, {width}), }}"
    head += " " * (-(len(head) + 11) % 64) + "\n"
    with open(path, "wb") as out:
        out.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head.encode())
        out.write(struct.pack(f"<{len(rows) * width}d", *(x for row in rows for x in row)))


def read(path):
    """Of reals, two-dimensional; None for others."""
    with open(path, "rb") as data:
        data.seek(8)
        head = ast.literal_eval(data.read(struct.unpack("<H", data.read(2))[0]).decode())
        if head["descr"] != "<f8" or len(head["shape"]) != 2:
            return None
        m, n = head["shape"]
        flat = struct.unpack(f"<{m * n}d", data.read(8 * m * n))
    return [list(flat[i * n:(i + 1) * n]) for i in range(m)]


def dot(a, b):
    return math.fsum(x * y for x, y in zip(a, b))


def cosine(a, b):
    return dot(a, b) / math.sqrt(dot(a, a) * dot(b, b))


def cos(rows, i, j):
    return cosine(rows[int(i)], rows[int(j)])


def cosines(rows):
    return [cosine(a, b) for i, a in enumerate(rows) for b in rows[:i]]


def max_cosine(rows):
    return max(cosines(rows))


def min_cosine(rows):
    return min(cosines(rows))


def sum_norm(rows):
    return math.hypot(*map(math.fsum, zip(*rows)))


MEASURES = {f.__name__: f for f in (cos, max_cosine, min_cosine, sum_norm)}


def number(text):
    return float(eval(text, {"__builtins__": {}}, vars(math)))  # a recipe's own text


if __name__ == "__main__":
    write(sys.argv[1], [[number(word) for word in line.split()] for line in sys.stdin if line.strip()])
