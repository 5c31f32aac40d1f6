"""Reads llvm-cov's exports and prints how many branches of src/ are taken, by file.

    coverage.py ROOT PERCENT [--missing] [--rooms=ROOM,...] EXPORT...

With --rooms only files in these folders count; each room gets a line and has to reach the percentage
by itself, and annotations are not judged.

Each operand of && and || is a branch, to be seen true and false. A file that is compiled many times
(the page-table engine, once per format; the whole library, in builds for tests) has a branch taken
if any of its builds takes it. The first export says which branches there are, the others, of builds
with other widths and asserts, only add to what is taken. A condition of nothing but constants is
decided when compiling and no branch.

A branch is annotated as unreachable on its line, or in the comment right above it; annotations that
excuse nothing fail.
"""

import collections
import json
import os
import re
import sys

MARK = "unreachable:"
FOLDED = re.compile(r"(true|false|[A-Z0-9_ <>=!&|+()-]+)\Z")
TRUE, FALSE = 0, 1


class Source:
    """The lines of a file, from 1."""

    def __init__(self, path):
        with open(path, encoding="utf-8") as file:
            self.lines = file.read().split("\n")

    def line(self, number):
        return self.lines[number - 1]

    def text(self, place):
        """What stands in (line, column, last line, column behind it), in one line."""
        line, column, last, end = place
        lines = self.lines[line - 1:last]
        if (line, column) == (last, end):  # a macro, perhaps `true`
            return re.match(r"\w*", lines[0][column - 1:]).group()
        lines[-1] = lines[-1][:end - 1]
        lines[0] = lines[0][column - 1:]
        return " ".join(part.strip() for part in lines)

    def annotation(self, line):
        """The number of the line whose mark says that a branch on `line` is unreachable, or None."""
        if MARK in self.line(line):
            return line
        end = first = line - 1
        if end < 1 or not self.line(end).rstrip().endswith("*/"):
            return None
        while first > 1 and "/*" not in self.line(first):
            first -= 1
        if not self.line(first).lstrip().startswith("/*"):
            return None  # behind code: of that line
        return next((number for number in range(first, end + 1) if MARK in self.line(number)), None)

    def annotations(self):
        return {number for number, line in enumerate(self.lines, 1) if MARK in line}


class File:
    """What one file's branches and conditions did, in all builds."""

    def __init__(self, path):
        self.source = Source(path)
        self.branches = {}  # place: [times true, times false]
        self.decisions = {}  # place: [whether the n-th condition was shown to matter]

    def define(self, branches, decisions):
        for branch in branches:
            self.branches.setdefault(tuple(branch[:4]), [0, 0])
        for decision in decisions:
            self.decisions.setdefault(tuple(decision[:4]), [False] * len(decision[-1]))

    def add(self, branches, decisions):
        for branch in branches:
            counts = self.branches.get(tuple(branch[:4]))
            if counts is not None:
                counts[TRUE] += branch[4]
                counts[FALSE] += branch[5]
        for decision in decisions:
            shown = self.decisions.get(tuple(decision[:4]))
            if shown is not None:
                shown[:] = [a or b for a, b in zip(shown, decision[-1])]

    def folded(self, place):
        return FOLDED.match(self.source.text(place)) is not None


class Report:
    """Counts of one file."""

    def __init__(self, name, file):
        self.name = name
        self.count = self.taken = self.excused = 0
        self.conditions = self.shown = 0
        self.missing, self.idle = [], []
        used = set()
        for place, counts in sorted(file.branches.items()):
            if file.folded(place):
                continue
            line, column = place[:2]
            mark = file.source.annotation(line)
            for outcome, count in zip(("true", "false"), counts):
                if count == 0 and mark is not None:
                    self.excused += 1
                    used.add(mark)
                    continue
                self.count += 1
                self.taken += count != 0
                if count == 0:
                    text = file.source.line(line).strip()
                    self.missing.append(f"{name}:{line}:{column}: never {outcome}: {text}")
        for line in sorted(file.source.annotations() - used):
            self.idle.append(f"{name}:{line}: is marked as unreachable, and is no branch or taken")
        self.count_conditions(file)

    def count_conditions(self, file):
        """Modified condition/decision coverage; constants and what is annotated do not count."""
        for place, shown in sorted(file.decisions.items()):
            inside = [at for at in file.branches if place[:2] <= at[:2] and at[2:] <= place[2:]]
            constant = sum(file.folded(at) for at in inside)
            if not inside:
                continue  # the condition of a macro
            shown_here = sum(shown)
            self.shown += shown_here
            count = max(len(shown) - constant, shown_here)
            if any(file.source.annotation(at[0]) for at in inside):
                count = shown_here
            self.conditions += count
            if count != shown_here:
                self.missing.append(f"{self.name}:{place[0]}:{place[1]}: only {shown_here} of {count} "
                                    f"conditions shown to matter: {file.source.text(place)}")


def percent(part, whole):
    return 100.0 * part / whole if whole else 100.0


def read(root, exports):
    files = {}
    inside = os.path.join(root, "src") + os.sep
    for number, path in enumerate(exports):
        with open(path, encoding="utf-8") as export:
            data = json.load(export)["data"][0]
        for entry in data["files"]:
            path = entry["filename"]
            if not path.startswith(inside):
                continue
            what = entry["branches"], entry.get("mcdc_records", [])
            if number == 0:
                files.setdefault(path, File(path)).define(*what)
            if path in files:
                files[path].add(*what)
    return files


def print_line(name, count, taken, excused):
    print(f"{name:48} {count:9} {taken:7} {percent(taken, count):8.2f} {excused:12}")


def add_up(reports):
    total = collections.Counter()
    for report in reports:
        for name in ("count", "taken", "excused", "shown", "conditions"):
            total[name] += getattr(report, name)
    return total


def judge_all(reports, wanted):
    for report in reports:
        if report.count + report.excused:
            print_line(report.name, report.count, report.taken, report.excused)
    total = add_up(reports)
    print_line("all", total["count"], total["taken"], total["excused"])
    print(f"conditions shown to matter by themselves (MC/DC): {total['shown']} of "
          f"{total['conditions']}, {percent(total['shown'], total['conditions']):.2f} percent")
    return percent(total["taken"], total["count"]) >= wanted


def judge_rooms(reports, rooms, wanted):
    good = True
    for room in rooms:
        total = add_up([report for report in reports if report.name.startswith(room + "/")])
        print_line(room, total["count"], total["taken"], total["excused"])
        good = good and percent(total["taken"], total["count"]) >= wanted
    return good


def main():
    options = [argument for argument in sys.argv[1:] if argument.startswith("--")]
    arguments = [argument for argument in sys.argv[1:] if not argument.startswith("--")]
    rooms = [room for option in options if option.startswith("--rooms=")
             for room in option[len("--rooms="):].split(",")]
    root, wanted, exports = arguments[0], float(arguments[1]), arguments[2:]
    files = read(root, exports)
    reports = [Report(os.path.relpath(path, root), files[path]) for path in sorted(files)]
    print(f"{'file':48} {'branches':>9} {'taken':>7} {'percent':>8} {'unreachable':>12}")
    if rooms:
        reports = [report for report in reports
                   if any(report.name.startswith(room + "/") for room in rooms)]
        good = judge_rooms(reports, rooms, wanted)
    else:
        good = judge_all(reports, wanted)
    if "--missing" in options:
        print("\n".join(line for report in reports for line in report.missing))
    idle = [line for report in reports for line in report.idle]
    if idle and not rooms:
        sys.exit("\n".join(idle))
    if not good:
        sys.exit(f"coverage: below {wanted} percent of branches")


if __name__ == "__main__":
    main()
