# SPDX-License-Identifier: GPL-3.0-or-later
"""What measure.py must not let pass, and what its fields mean."""
import tempfile
import unittest

import measure
import page
import points

NAN = float("nan")
DATA = {"f": 2.0, "f_star": 1.5, "verdict": "strict-saddle", "gap": None,
        "starts": [{"f": 3.0}, {"f": 1.0}, {"f": 7.0}], "clusters": [{"value": 0.0}, {"value": 4.0}],
        "events": [{"kind": "fold", "value": 9.0}], "trace": [{"k": 0, "nc2": 0.5}, {"k": 5, "nc2": 1e-5}],
        "point": {"W": [[1.0, 0.0], [0.0, 2.0], [-3.0, -3.0]]}}


class Agreement(unittest.TestCase):
    def test_faults_fail(self):
        for ours, number, tolerance in (
                (NAN, "1", "1e9"), (NAN, "1", "most"), (NAN, "1", "least"), (NAN, "1", "x3"), (NAN, "1", "50%"),
                (None, "0", "1e9"), (None, "0", "most"), (None, "None", "exact"), (float("inf"), "1", "least"), (1.1, "1", "0.05"),
                (1.1, "1", "5%"), (0.3, "1", "x3"), (3.1, "1", "x3"), (1.1, "1", "most"), (0.9, "1", "least"),
                ("saddle", "strict-saddle", "exact"), (3, "4", "exact"), ([1.0, 2.0], "1", "1e9"),
                ([1.0], "1 2", "1e9"), ([1.0, NAN], "1 2", "1e9"), ([1.0, 2.1], "1 2", "0.05"), ([], "0", "1e9")):
            self.assertFalse(measure.agrees(ours, number, tolerance), (ours, number, tolerance))

    def test_agreement(self):
        for ours, number, tolerance in (
                (1.04, "1", "0.05"), (-1.04, "-1", "5%"), (2.9, "1", "x3"), (1, "1", "exact"), (1.0, "1", "most"),
                ("gradient", "gradient", "exact"), ([1.0, 2.0], "1 2", "1e-9")):
            self.assertTrue(measure.agrees(ours, number, tolerance), (ours, number, tolerance))


class Rounding(unittest.TestCase):
    def test_noise_is_nil(self):
        for ours, number, tolerance, due in (
                (3.39e-18, "0", "1e-12", "0"), (-2.2e-16, "1e-9", "most", "0"), (4e-13, "1e-12", "most", "0"),
                (0.36898113540139, "0.368981135401", "1e-11", "0.3689811354"),
                (2.01026829056123e-09, "2.01026829056e-09", "1e-9%", "2.01026829056e-09"),
                (7.71499939186e-22, "7.71499939186e-22", "1e-9%", "7.71499939186e-22"),
                (0.02691063, "0.03", "most", "0.0269"), (0.31234, "0.339", "25%", "0.312"), (5, "5.5", "x2", "5"),
                (3.32e-4, "1e-6", "least", "0.000332"), (0.5, "0.5", "0", "0.5"), ("saddle", "saddle", "exact", "saddle"),
                ([1.00000049, -1e-17], "1 0", "6e-7", "1.0000005 0"), (12.192447080149, "12.192447080", "1e-6", "12.192447")):
            self.assertEqual(measure.rounded(ours, number, tolerance), due, (ours, number, tolerance))


class Commands(unittest.TestCase):
    def test_shown(self):
        for command, due in (
                ("solve ufm --tau 1", ["spheropt solve ufm --tau 1"]),
                ("solve ufm -o a then verify a", ["spheropt solve ufm -o a; spheropt verify a"]),
                ("solve a then verify a over solve b", ["spheropt solve a; spheropt verify a", "spheropt solve b"]),
                ("sweep ufm --vary tau=1:3:3 --against merged:2", ["spheropt sweep ufm --vary tau=1:3:3 --against merged:2"]),
                ("solve maxcut --graph examples/data/gset/G1.txt",
                 ["spheropt solve maxcut --graph examples/data/gset/G1.txt"])):
            self.assertEqual(measure.shown(command.split()), due)


class Page(unittest.TestCase):
    def test_commands(self):
        row = {"field": "median:2 f", "command": ["spheropt solve a -o b; spheropt verify b"]}
        self.assertEqual(page.lines(row),
                         ("for seed in 1 2; do spheropt solve a -o b --seed $seed; spheropt verify b; done",))
        self.assertEqual(page.asked(row), "median of f")
        row = {"field": "median:2 f", "command": ["spheropt solve a"]}
        self.assertEqual(page.lines(row), ("for seed in 1 2; do spheropt solve a --seed $seed; done",))
        row = {"field": "f", "command": ["spheropt solve a", "spheropt solve b"]}
        self.assertEqual(page.lines(row), ("spheropt solve a", "spheropt solve b"))
        self.assertEqual(page.asked(row), "f, the first over the second")

    def test_words(self):
        self.assertEqual(page.anchor("Thomson's problem: K > d+1, a_b"), "thomsons-problem-k--d1-a_b")
        self.assertEqual(page.seeds([3, 3]), 3)
        self.assertEqual(page.seeds([0, 39]), "0..39")
        self.assertEqual(page.picture("/nonexistent/a.jsonl"), "")


class Fields(unittest.TestCase):
    def test_values(self):
        for field, value in (
                ("f", 2.0), ("f - f_star", 0.5), ("f / 4", 0.5), ("max(starts.f)", 7.0), ("median(starts.f)", 3.0),
                ("count(starts)", 3), ("starts[-1].f", 7.0), ("clusters.value", [0.0, 4.0]), ("f, verdict",
                [2.0, "strict-saddle"]), ("events[kind=fold].value", 9.0), ("trace[nc2<1e-4].k", 5),
                ("f + f_star", 3.5), ("near(starts.f 3.000001)", 1), ("near(starts.f 3.00001)", 0),
                ("near(starts.f 1) + near(starts.f 7)", 2), ("cos(W 0 1)", 0.0), ("max_cosine(W)", 0.0)):
            self.assertEqual(measure.evaluate(field, DATA), value, field)
        for field, value in (("min_cosine(W)", -0.5**0.5), ("1 - cos(W 0 2)", 1 + 0.5**0.5), ("sum_norm(W)", 5**0.5)):
            self.assertAlmostEqual(measure.evaluate(field, DATA), value, 14, field)

    def test_missing(self):
        for field in ("g", "max(g)", "starts[5].f", "events[kind=cusp].value", "trace[nc2<1e-9].k", "gap - f",
                      "near(g 1)", "near(starts.f)", "cos(W 0 3)", "cos(W 0)", "cos(V 0 1)", "max_cosine(V)"):
            with self.assertRaises(SystemExit, msg=field):
                measure.evaluate(field, DATA)


class Files(unittest.TestCase):
    def test_round_trip(self):
        rows = [[1.0, -0.1, NAN], [3e300, 0.0, 2.0]]
        with tempfile.TemporaryDirectory() as folder:
            path = folder + "/a.npy"
            points.write(path, rows)
            with open(path, "rb") as data:
                self.assertEqual((len(data.read()) - 48) % 64, 0)  # the head ends at a multiple of 64
            again = points.read(path)
        self.assertEqual(repr(again), repr(rows))

    def test_ragged(self):
        with self.assertRaises(SystemExit):
            points.write("/nonexistent/a.npy", [[1.0, 2.0], [1.0]])

    def test_numbers(self):
        self.assertEqual(points.number("-sqrt(4)/2"), -1.0)


if __name__ == "__main__":
    unittest.main()
