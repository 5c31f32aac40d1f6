#!/usr/bin/env python3
"""bench/instructions/compare.py: what fails, what is only mentioned, and what --accept writes."""
import contextlib
import io
import pathlib
import sys
import tempfile
import unittest
from unittest import mock

from instructions import compare

TODAY = "x86-64 avx2, gcc 12.2.0, valgrind 3.19.0"


class Compare(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.write("baseline", f"# {TODAY}\nfind\t100.000\nsplit\t1000.000\n")
        self.write("made-by", TODAY + "\n")

    def write(self, name, text):
        (self.folder / name).write_text(text, encoding="utf-8")

    def run_tool(self, how, counts):
        """Exit status and output, for (work, operations, instructions)."""
        self.write("counts", "".join("\t".join(map(str, row)) + "\n" for row in counts))
        paths = [str(self.folder / name) for name in ("baseline", "made-by", "counts")]
        out = io.StringIO()
        with mock.patch.object(sys, "argv", ["compare.py", how, *paths]):
            with contextlib.redirect_stdout(out):
                status = compare.main()
        return status, out.getvalue()

    def test_equal_counts_pass(self):
        status, out = self.run_tool("--check", [("find", 10, 1000), ("split", 10, 10000)])
        self.assertEqual(status, 0)
        self.assertNotIn("FAILED", out)

    def test_three_percent_fail_by_name(self):
        status, out = self.run_tool("--check", [("find", 10, 1000), ("split", 10, 10300)])
        self.assertEqual(status, 1)
        self.assertIn("FAILED, 3% more instructions or worse: split\n", out)

    def test_less_than_three_percent_pass(self):
        self.assertEqual(self.run_tool("--check", [("split", 10, 10299)])[0], 0)

    def test_faster_is_mentioned(self):
        status, out = self.run_tool("--check", [("find", 10, 960)])
        self.assertEqual(status, 0)
        self.assertIn("accept the new baseline (scripts/instructions --accept): find\n", out)

    def test_a_work_without_baseline_fails(self):
        status, out = self.run_tool("--check", [("punch", 10, 1000)])
        self.assertEqual(status, 1)
        self.assertIn("not in the baseline: punch", out)

    def test_nothing_counted_fails(self):
        with self.assertRaisesRegex(SystemExit, "nothing was counted"):
            self.run_tool("--check", [("find", 10, 0)])

    def test_another_compiler_is_said_and_compared(self):
        self.write("made-by", TODAY.replace("gcc 12.2.0", "gcc 14.2.0"))
        status, out = self.run_tool("--check", [("find", 10, 1100)])
        self.assertEqual(status, 1)
        self.assertIn("the baseline is of " + TODAY, out)

    def test_other_vectors_are_not_compared(self):
        self.write("made-by", TODAY.replace("x86-64 avx2", "x86-64"))
        status, out = self.run_tool("--check", [("find", 10, 1100)])
        self.assertEqual(status, 0)
        self.assertIn("NOT COMPARED", out)

    def test_accept_some(self):
        status, _ = self.run_tool("--accept", [("find", 10, 1100)])
        self.assertEqual(status, 0)
        self.assertEqual((self.folder / "baseline").read_text(encoding="utf-8"),
                         f"# {TODAY}\nfind\t110.000\nsplit\t1000.000\n")

    def test_accept_some_of_another_compiler_is_refused(self):
        before = (self.folder / "baseline").read_text(encoding="utf-8")
        self.write("made-by", TODAY.replace("gcc 12.2.0", "gcc 14.2.0"))
        self.assertEqual(self.run_tool("--accept", [("find", 10, 1100)])[0], 1)
        self.assertEqual((self.folder / "baseline").read_text(encoding="utf-8"), before)


if __name__ == "__main__":
    unittest.main()
