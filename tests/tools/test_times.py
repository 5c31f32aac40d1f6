#!/usr/bin/env python3
"""bench/times.py: what google-benchmark's compare.py is given."""
import json
import pathlib
import sys
import tempfile
import unittest
from unittest import mock

import times


def row(name, kind="iteration", **more):
    return {"name": name, "run_type": kind, "real_time": 9e9, "cpu_time": 9e9, "time_unit": "ms",
            **more}


class Times(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def convert(self, old, new):
        """The rows of both files, as they come out."""
        paths = [self.folder / "a", self.folder / "b"]
        for path, rows in zip(paths, (old, new)):
            path.write_text(json.dumps({"context": {}, "benchmarks": rows}), encoding="utf-8")
        with mock.patch.object(sys, "argv", ["times.py", *map(str, paths), str(self.folder)]):
            times.main()
        return [json.loads((self.folder / name).read_text(encoding="utf-8"))["benchmarks"]
                for name in ("old.json", "new.json")]

    def test_what_is_measured_is_the_time(self):
        old, new = self.convert([row("x", ns_op=3.0)], [row("x", ns_op=4.0), row("x", ns_op=5.0)])
        told = [(one["real_time"], one["cpu_time"], one["time_unit"]) for one in old + new]
        self.assertEqual(told, [(3000, 3000, "ns"), (4000, 4000, "ns"), (5000, 5000, "ns")])

    def test_bytes_too(self):
        old, _ = self.convert([row("b", bytes_area=50.0)], [row("b", bytes_area=60.0)])
        self.assertEqual(old[0]["real_time"], 50000)

    def test_only_what_both_have_and_of_sums_the_medians(self):
        def sum_row(kind):
            return row("x_" + kind, "aggregate", aggregate_name=kind, ns_op=1.0)
        rows = [row("x", ns_op=3.0), sum_row("mean"), sum_row("median")]
        old, new = self.convert(rows + [row("y", ns_op=1.0)], rows)
        self.assertEqual([one["name"] for one in old], ["x", "x_median"])
        self.assertEqual([one["name"] for one in new], ["x", "x_median"])

    def test_nothing_in_common(self):
        with self.assertRaisesRegex(SystemExit, "nothing that is both in"):
            self.convert([row("x", ns_op=3.0)], [row("y", ns_op=3.0)])


if __name__ == "__main__":
    unittest.main()
