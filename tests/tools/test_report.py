#!/usr/bin/env python3
"""bench/set: is a missed target called missed, and one that holds ok? Are the figures drawn?"""
import contextlib
import io
import json
import pathlib
import sys
import tempfile
import unittest
from unittest import mock

import report
import results
import table
import targets

CONTEXT = {
    "date": "2000-01-02T03:04:05", "num_cpus": 2, "mhz_per_cpu": 3000, "cpu": "An Example",
    "compiler": "cc 1.0", "allocator": "glibc 2.0", "boost": "1_0",
    "caches": [{"type": "Data", "level": 1, "size": 32768},
               {"type": "Instruction", "level": 1, "size": 65536},
               {"type": "Unified", "level": 2, "size": 2097152}],
}


def document(values, context=None):
    """As google-benchmark writes it: `values` maps names to one or more samples."""
    rows = []
    for name, samples in values.items():
        counter = "bytes_area" if name.startswith("bytes_") else "ns_op"
        for sample in samples if isinstance(samples, list) else [samples]:
            rows.append({"name": name, "run_type": "iteration", "real_time": 12345.0,
                         "cpu_time": 12345.0, "time_unit": "ns", counter: sample})
        rows.append({"name": name + "_mean", "run_type": "aggregate", "aggregate_name": "mean",
                     "real_time": 1.0, "cpu_time": 1.0, "time_unit": "ns", counter: 1e9})
    return {"context": {**CONTEXT, **(context or {})}, "benchmarks": rows}


def of(values):
    return results.Results(document(values))


def verdict(values, work, at=10000):
    return table.verdict(of(values), work, at)[0]


def churn(ours, *, std_map=1000.0, absl_btree=500.0, at=10000):
    return {f"churn/mset/{at}": ours, f"churn/std_map/{at}": std_map,
            f"churn/absl_btree/{at}": absl_btree, f"churn/sorted_array/{at}": 1.0,
            f"churn/limit/{at}": 1.0}


class Reading(unittest.TestCase):
    def test_median_of_the_repetitions_without_aggregates(self):
        self.assertEqual(of({"churn/mset/1000": [5.0, 1.0, 3.0]}).median("churn", "mset", 1000), 3)

    def test_spread(self):
        few = of({"churn/mset/1000": [5.0, 1.0, 3.0]})
        many = of({"churn/mset/1000": [1.0, 2.0, 3.0, 4.0, 100.0]})
        self.assertEqual(few.spread("churn", "mset", 1000), (1, 5))
        self.assertEqual(many.spread("churn", "mset", 1000), (2, 4))

    def test_a_benchmark_that_failed_ends_it(self):
        failed = document({"churn/mset/1000": 1.0})
        failed["benchmarks"][0].update(error_occurred=True, error_message="an area got lost")
        with self.assertRaisesRegex(SystemExit, "churn/mset/1000: an area got lost"):
            results.Results(failed)


class Targets(unittest.TestCase):
    def test_every_work_with_a_target_is_known(self):
        self.assertLessEqual({target.work for target in targets.TARGETS}, set(results.WORKS))

    def test_best_peer_is_a_tree(self):
        self.assertEqual(of(churn(1.0)).best_peer("churn", 10000), ("absl_btree", 500))

    def test_at_the_bound_it_holds(self):
        self.assertEqual(verdict(churn(200.0), "churn"), "ok")

    def test_past_the_bound_it_is_missed(self):
        self.assertEqual(verdict(churn(201.0), "churn"), "MISSED peer")

    def test_the_bound_at_a_million(self):
        self.assertEqual(verdict(churn(312.0, at=1000000), "churn", 1000000), "ok")
        self.assertEqual(verdict(churn(313.0, at=1000000), "churn", 1000000), "MISSED peer")

    def test_below_a_thousand_nothing_is_asked(self):
        self.assertEqual(verdict(churn(999.0, at=100), "churn", 100), "-")

    def test_each_of_several_targets(self):
        values = {"find_hit/mset/1000": 10.0, "find_hit/std_map/1000": 39.0,
                  "find_hit/sorted_array/1000": 16.9, "find_hit/limit/1000": 8.0}
        self.assertEqual(verdict(values, "find_hit", 1000), "MISSED peer, array 1.69x, limit")
        values.update({"find_hit/std_map/1000": 40.0, "find_hit/limit/1000": 8.4})
        self.assertEqual(verdict(values, "find_hit", 1000), "MISSED array 1.69x")

    def test_without_an_opponent_it_is_open(self):
        values = {"find_hit/mset/1000": 10.0, "find_hit/std_map/1000": 80.0}
        self.assertEqual(verdict(values, "find_hit", 1000), "ok (no array limit)")

    def test_within_the_limit(self):
        values = {"iterate/mset/10000": 1.5, "iterate/limit/10000": 1.0}
        self.assertEqual(verdict(values, "iterate"), "ok")
        values["iterate/mset/10000"] = 1.51
        self.assertEqual(verdict(values, "iterate"), "MISSED limit")

    def test_bytes_of_the_fields(self):
        values = {"bytes_after_churn/mset/10000": 54.0, "bytes_after_churn/std_map/10000": 80.0}
        self.assertEqual(verdict(values, "bytes_after_churn"), "ok")
        values["bytes_after_churn/mset/10000"] = 54.1
        self.assertEqual(verdict(values, "bytes_after_churn"), "MISSED fields")

    def test_replays_are_against_std_map(self):
        values = {"replay/mset/a-trace": 10.0, "replay/std_map/a-trace": 19.0,
                  "replay/absl_btree/a-trace": 5.0}
        self.assertEqual(verdict(values, "replay", "a-trace"), "MISSED std_map 1.90x")

    def test_unmap_is_judged_without_a_backend(self):
        values = {"unmap_1000/mset/10000": 3.0, "unmap_1000/mset_counted/10000": 5.0,
                  "unmap_1000/maple_tree/10000": 4.0}
        self.assertEqual(verdict(values, "unmap_1000"), "ok")
        values["unmap_1000/mset/10000"] = 4.1
        self.assertEqual(verdict(values, "unmap_1000"), "MISSED peer")


class Report(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def run_report(self, *arguments, files):
        paths = []
        for name, content in files.items():
            paths.append(str(self.folder / name))
            (self.folder / name).write_text(json.dumps(content), encoding="utf-8")
        out = io.StringIO()
        with mock.patch.object(sys, "argv", ["report.py", *arguments, *paths]):
            with contextlib.redirect_stdout(out):
                report.main()
        return out.getvalue()

    def test_table(self):
        values = {**churn(201.0), "unmap_1000/mset/10000": 5.0,
                  "unmap_1000/mset_counted/10000": 1.0, "unmap_1000/absl_btree/10000": 5.0}
        out = self.run_report(files={"one": document(values)})
        self.assertIn("An Example, 2 x 3000 MHz, L1 32 KiB, L2 2 MiB; 2000-01-02\n"
                      "cc 1.0, glibc 2.0, boost 1_0\n", out)
        self.assertIn("NOT MEASURED: boost_icl, maple_tree;", out)
        self.assertRegex(out, r"10,000 +201 +1,000 +500\* +1.0 +1.0 +2.49x +201x  MISSED peer\n")
        self.assertRegex(out, r"backend +1.0 +5.00x\n")
        self.assertIn("\n1 targets hold, 1 MISSED\n", out)

    def test_one_size_goes_with_nothing_else(self):
        one = {"one": document(churn(1.0))}
        for more in (["--markdown"], ["--only", "churn"], ["--targets"]):
            with self.assertRaises(SystemExit), contextlib.redirect_stderr(io.StringIO()):
                self.run_report("--at", "10000", *more, files=one)
        with self.assertRaises(SystemExit), contextlib.redirect_stderr(io.StringIO()):
            self.run_report("--at", "10000", files={**one, "two": one["one"]})

    def test_targets(self):
        out = self.run_report("--targets", files={"one": document(
            {**churn(201.0), **churn(7.0, at=1000), "replay/mset/a-trace": 4.0,
             "replay/std_map/a-trace": 9.0})})
        self.assertRegex(out, r"\nchurn, peer >= 2.5x \(1.6x at 1M\) +71.4x +2.49x !\n")
        self.assertRegex(out, r"\nreplay, std_map >= 2x +2.25x\n")
        self.assertRegex(out, r"\npunch, peer >= 1.6x +- +-\n")

    def test_waits(self):
        out = self.run_report(files={"one": document({
            **churn(1.0), "wrong_guess/limit/branch": 6.25, "chase/limit/1000": 2.0,
            "chase/limit/100000": 8.0})})
        self.assertIn("\nwaits: a wrong guess 6.2 ns; a load in 64 bytes an area, 1,000 to 100,000 "
                      "areas: 2.0, 8.0\n", out)

    def test_two_allocators(self):
        other = document(churn(100.0), {"allocator": "jemalloc 5.0-0-g12ab"})
        out = self.run_report("--markdown", files={"one": document(churn(201.0)), "two": other})
        self.assertIn("cc 1.0, glibc 2.0, jemalloc 5.0, boost 1_0", out)
        self.assertIn("| churn | 10,000 | 201 |", out)
        self.assertIn("|  | jemalloc | 100 |", out)
        self.assertIn("\n1 targets hold, 1 MISSED\n", out)

    def test_one_size(self):
        values = {**churn(201.0), **churn(7.0, at=1000), "replay/mset/a-trace": 4.0,
                  "replay/std_map/a-trace": 2.0}
        out = self.run_report("--at", "10000", files={"one": document(values)})
        self.assertRegex(out, r"\n10,000 areas +mset +std_map +absl +array +limit +x peer +x limit\n")
        self.assertRegex(out, r"\nchurn +201 +1,000 +500\* +1.0 +1.0 +2.49x +201x\n")
        self.assertRegex(out, r"\nreplay a-trace +4.0 +2.0\* +- +- +- +0.50x +-\n")
        self.assertNotIn("7.0", out)

    def test_fits_a_terminal(self):
        values = {f"find_hit/{who}/1000000": 1e4 for who in results.ORDER}
        out = self.run_report(files={"one": document(values)})
        self.assertLessEqual(max(map(len, out.splitlines())), 112)

    def test_plots(self):
        try:
            import matplotlib # pylint: disable=unused-import
        except ModuleNotFoundError:
            self.skipTest("no matplotlib")
        values = {}
        for work in results.WORKS:
            for who in results.ORDER:
                for at in ("java", "perl") if work == "replay" else (1000, 10000):
                    values[f"{work}/{who}/{at}"] = [10.0, 20.0, 30.0]
        self.run_report("--plots", str(self.folder), files={"one": document(values)})
        names = {path.name for path in self.folder.glob("*.*")}
        groups = ("lookups", "updates", "builds", "bytes", "replay", "overview")
        self.assertEqual(names, {f"{group}-glibc.{ending}" for group in groups
                                 for ending in ("png", "svg")})


if __name__ == "__main__":
    unittest.main()
