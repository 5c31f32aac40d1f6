#!/usr/bin/env python3
"""Instruction counts beside the baseline: fails where one has grown by 3 percent or more.

    compare.py --check  BASELINE.tsv MADE-BY COUNTS.tsv
    compare.py --accept BASELINE.tsv MADE-BY COUNTS.tsv    writes the baseline

BASELINE: a line "# VECTORS, COMPILER, VALGRIND", then work and instructions per operation.
MADE-BY: the same line of today. COUNTS: work, operations, instructions.
"""
import pathlib
import sys

MOST = 3.0  # percent


def read_baseline(path):
    """What it was made by, and work -> instructions per operation."""
    if not path.exists():
        return None, {}
    lines = path.read_text(encoding="utf-8").splitlines()
    rows = (line.split("\t") for line in lines if line and not line.startswith("#"))
    return lines[0].removeprefix("# "), {work: float(per_op) for work, per_op in rows}


def read_counts(path):
    """work -> (operations, instructions per operation)"""
    counts = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        work, operations, instructions = line.split("\t")
        if int(operations) == 0 or int(instructions) == 0:
            sys.exit(f"{work}: nothing was counted")
        counts[work] = (int(operations), int(instructions) / int(operations))
    return counts


def change(now, before):
    """In percent; to two places, so that nothing is -0.00."""
    return round(100 * (now / before - 1), 2) + 0.0


def print_table(counts, baseline):
    print(f"{'work':<18}{'operations':>12}{'instr./op':>14}{'baseline':>14}{'change':>10}")
    for work, (operations, per_op) in counts.items():
        old = baseline.get(work)
        beside = "" if old is None else f"{old:>14.3f}{change(per_op, old):>+9.2f}%"
        print(f"{work:<18}{operations:>12}{per_op:>14.3f}{beside}")


def check(made_by, today, counts, baseline):
    """Says what has changed; the exit status."""
    if made_by and made_by.split(",")[0] != today.split(",")[0]:
        print(f"NOT COMPARED: the baseline is of {made_by.split(',')[0]}, "
              f"this is {today.split(',')[0]}")
        return 0
    if made_by != today:
        print(f"the baseline is of {made_by}, this is {today}")
    unknown = [work for work in counts if work not in baseline]
    slower = [work for work in counts if work not in unknown
              and change(counts[work][1], baseline[work]) >= MOST]
    faster = [work for work in counts if work not in unknown
              and change(counts[work][1], baseline[work]) <= -MOST]
    if faster:
        print("faster, accept the new baseline (scripts/instructions --accept): "
              + ", ".join(faster))
    if unknown:
        print("FAILED, not in the baseline: " + ", ".join(unknown))
    if slower:
        print(f"FAILED, {MOST:g}% more instructions or worse: " + ", ".join(slower))
    return 1 if unknown or slower else 0


def accept(path, made_by, today, counts, baseline):
    """What was not counted now stays as it is, unless other tools have counted it."""
    if made_by not in (None, today) and not baseline.keys() <= counts.keys():
        print(f"the baseline is of {made_by}: accept all works, not some")
        return 1
    kept = {**(baseline if made_by == today else {}),
            **{work: per_op for work, (_, per_op) in counts.items()}}
    lines = [f"# {today}"] + [f"{work}\t{per_op:.3f}" for work, per_op in kept.items()]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"accepted: {path}")
    return 0


def main():
    if len(sys.argv) != 5 or sys.argv[1] not in ("--check", "--accept"):
        sys.exit(__doc__)
    path, made_by_path, counts_path = map(pathlib.Path, sys.argv[2:])
    today = made_by_path.read_text(encoding="utf-8").strip()
    counts = read_counts(counts_path)
    made_by, baseline = read_baseline(path)
    print(f"\n{today}")
    print_table(counts, baseline)
    if sys.argv[1] == "--check":
        return check(made_by, today, counts, baseline)
    return accept(path, made_by, today, counts, baseline)


if __name__ == "__main__":
    sys.exit(main())
