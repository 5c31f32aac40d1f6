#!/usr/bin/env python3
"""A profile in nanoseconds per operation.

    profile.py RESULT.json REPORT    as google-benchmark and `perf report --stdio` wrote them
"""
import json
import re
import sys


def time_of(path):
    """Name and nanoseconds per operation of the only benchmark in the file."""
    with open(path, encoding="utf-8") as file:
        rows = json.load(file)["benchmarks"]
    if len(rows) != 1 or rows[0].get("error_occurred"):
        sys.exit(f"{path}: not one benchmark")
    return rows[0]["name"], rows[0]["ns_op"]


def shares_of(path):
    """Function and percent, most first."""
    line = re.compile(r"\s*([\d.]+)%\s+\[(.)\]\s+(.+?)(?:\s+-)*\s*$")
    with open(path, encoding="utf-8") as file:
        found = [line.match(text) for text in file]
    return [(one[3] if one[2] == "." else f"kernel: {one[3]}", float(one[1]))
            for one in found if one]


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    name, per_op = time_of(sys.argv[1])
    shares = shares_of(sys.argv[2])
    if not shares:
        sys.exit(f"{sys.argv[2]}: no samples")
    print(f"\n{name}: {per_op:.1f} ns per operation")
    for function, percent in shares:
        print(f"{per_op * percent / 100:7.1f} ns {percent:5.1f}%  {function}")


if __name__ == "__main__":
    main()
