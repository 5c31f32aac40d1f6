"""Reads llvm-cov's export and prints how many branches of src/ are taken, by file.

A file that is compiled many times (the page-table engine, once per format; the whole library, in
builds for tests) has a branch taken if any of its builds takes it.
"""

import collections
import json
import os
import sys

MARK = "unreachable:"


def read_branches(path):
    """{file: {(line, column): [times true, times false]}}"""
    files = collections.defaultdict(dict)
    with open(path, encoding="utf-8") as export:
        data = json.load(export)["data"][0]
    for file in data["files"]:
        for line, column, _, _, true, false, *_ in file["branches"]:
            counts = files[file["filename"]].setdefault((line, column), [0, 0])
            counts[0] += true
            counts[1] += false
    return files


def read_conditions(path):
    """Conditions whose effect was shown by itself (MC/DC), and all."""
    with open(path, encoding="utf-8") as export:
        totals = json.load(export)["data"][0]["totals"].get("mcdc", {})
    return totals.get("covered", 0), totals.get("count", 0)


def annotated(lines, line):
    """Is the branch, or what stands right before it, marked as unreachable?"""
    return MARK in lines[line - 1] or (line > 1 and MARK in lines[line - 2])


class File:
    def __init__(self, root, name, branches):
        self.name = os.path.relpath(name, root)
        with open(name, encoding="utf-8") as source:
            lines = source.read().split("\n")
        self.count = self.taken = self.excused = 0
        self.missing = []
        for (line, column), counts in sorted(branches.items()):
            for outcome, count in zip(("true", "false"), counts):
                if count == 0 and annotated(lines, line):
                    self.excused += 1
                    continue
                self.count += 1
                self.taken += count != 0
                if count == 0:
                    text = lines[line - 1].strip()
                    self.missing.append(f"{self.name}:{line}:{column}: never {outcome}: {text}")


def percent(part, whole):
    return 100.0 * part / whole if whole else 100.0


def main():
    root, path, wanted = sys.argv[1], sys.argv[2], float(sys.argv[3])
    branches = read_branches(path)
    source = os.path.join(root, "src") + os.sep
    files = [File(root, name, branches[name]) for name in sorted(branches) if name.startswith(source)]
    print(f"{'file':48} {'branches':>9} {'taken':>7} {'percent':>8} {'unreachable':>12}")
    for file in files:
        if file.count + file.excused:
            print(f"{file.name:48} {file.count:9} {file.taken:7} "
                  f"{percent(file.taken, file.count):8.2f} {file.excused:12}")
    count = sum(file.count for file in files)
    taken = sum(file.taken for file in files)
    excused = sum(file.excused for file in files)
    print(f"{'all':48} {count:9} {taken:7} {percent(taken, count):8.2f} {excused:12}")
    covered, conditions = read_conditions(path)
    print(f"conditions shown to matter by themselves (MC/DC): {covered} of {conditions}")
    if "--missing" in sys.argv:
        print("\n".join(line for file in files for line in file.missing))
    if percent(taken, count) < wanted:
        sys.exit(f"coverage: below {wanted} percent of branches")


if __name__ == "__main__":
    main()
