# SPDX-License-Identifier: GPL-3.0-or-later
"""What measure.py must not let pass, and what its fields mean."""
import unittest

import measure

NAN = float("nan")
DATA = {"f": 2.0, "f_star": 1.5, "verdict": "strict-saddle", "gap": None,
        "starts": [{"f": 3.0}, {"f": 1.0}, {"f": 7.0}], "clusters": [{"value": 0.0}, {"value": 4.0}],
        "events": [{"kind": "fold", "value": 9.0}], "trace": [{"k": 0, "nc2": 0.5}, {"k": 5, "nc2": 1e-5}]}


class Agreement(unittest.TestCase):
    def test_faults_fail(self):
        for ours, number, tolerance in (
                (NAN, "1", "1e9"), (NAN, "1", "most"), (NAN, "1", "least"), (NAN, "1", "x3"), (NAN, "1", "50%"),
                (None, "0", "1e9"), (None, "0", "most"), (float("inf"), "1", "least"), (1.1, "1", "0.05"),
                (1.1, "1", "5%"), (0.3, "1", "x3"), (3.1, "1", "x3"), (1.1, "1", "most"), (0.9, "1", "least"),
                ("saddle", "strict-saddle", "exact"), (3, "4", "exact"), ([1.0, 2.0], "1", "1e9"),
                ([1.0], "1 2", "1e9"), ([1.0, NAN], "1 2", "1e9"), ([1.0, 2.1], "1 2", "0.05"), ([], "0", "1e9")):
            self.assertFalse(measure.agrees(ours, number, tolerance), (ours, number, tolerance))

    def test_agreement(self):
        for ours, number, tolerance in (
                (1.04, "1", "0.05"), (-1.04, "-1", "5%"), (2.9, "1", "x3"), (1, "1", "exact"), (1.0, "1", "most"),
                ("gradient", "gradient", "exact"), ([1.0, 2.0], "1 2", "1e-9")):
            self.assertTrue(measure.agrees(ours, number, tolerance), (ours, number, tolerance))


class Fields(unittest.TestCase):
    def test_values(self):
        for field, value in (
                ("f", 2.0), ("f - f_star", 0.5), ("f / 4", 0.5), ("max(starts.f)", 7.0), ("median(starts.f)", 3.0),
                ("count(starts)", 3), ("starts[-1].f", 7.0), ("clusters.value", [0.0, 4.0]), ("f, verdict",
                [2.0, "strict-saddle"]), ("events[kind=fold].value", 9.0), ("trace[nc2<1e-4].k", 5)):
            self.assertEqual(measure.evaluate(field, DATA), value, field)

    def test_missing(self):
        for field in ("g", "max(g)", "starts[5].f", "events[kind=cusp].value", "trace[nc2<1e-9].k", "gap - f"):
            with self.assertRaises(SystemExit, msg=field):
                measure.evaluate(field, DATA)


if __name__ == "__main__":
    unittest.main()
