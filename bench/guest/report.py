#!/usr/bin/env python3
"""The tables of the benchmarks of guest memory, and whether their targets hold.

    report.py RESULTS.json     as google-benchmark wrote it, with repetitions

Medians of all repetitions; nanoseconds of one operation. For what is measured see guest.cpp.
"""
import json
import statistics
import sys

LOOKUPS = ["random", "repeated", "sequential"]
WHO = ["mset", "sorted_vector", "sorted_values", "std_map", "list"]
CHANGES = ["split", "merge", "bar_move"]


def read(path):
    """(work, who, regions) -> median ns and calls of KVM; and about the machine."""
    with open(path, encoding="utf-8") as file:
        results = json.load(file)
    times, calls = {}, {}
    for row in results["benchmarks"]:
        if row["run_type"] == "iteration" and row["name"].startswith("guest/"):
            if row.get("error_occurred"):
                sys.exit(f"{row['name']}: {row['error_message']}")
            _, work, who, regions = row["name"].split("/")[:4]
            key = (work, who, int(regions))
            times.setdefault(key, []).append(row["ns_op"])
            if "calls" in row:
                calls[key] = row["calls"]
    return ({key: statistics.median(all_of) for key, all_of in times.items()}, calls,
            results["context"])


def number(value):
    return "-" if value is None else f"{value:.2f}" if value < 100 else f"{value:.0f}"


def print_table(rows):
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        cells = [row[0].ljust(widths[0])] + [c.rjust(w) for c, w in zip(row[1:], widths[1:])]
        print("  ".join(cells).rstrip())
    print()


def print_lookups(ns):
    for work in LOOKUPS:
        sizes = sorted({n for w, _, n in ns if w == work})
        if not sizes:
            continue
        rows = [[f"{work}, regions"] + [str(n) for n in sizes]]
        for who in WHO:
            rows.append([who] + [number(ns.get((work, who, n))) for n in sizes])
        print_table(rows)


def print_changes(ns, calls):
    rows = [["change, slots", "calls", "naive: calls", "us", "naive: us"]]
    for work, who, n in sorted(ns):
        if work in CHANGES and who == "mset":
            naive = (work, "naive", n)
            rows.append([f"{work} {n}", f"{calls[work, who, n]:.0f}", f"{calls[naive]:.0f}",
                         number(ns[work, who, n] / 1000), number(ns[naive] / 1000)])
    if len(rows) > 1:
        print_table(rows)


def print_targets(ns):
    rows = [["target: sorted_vector / mset", "bound", "holds"]]
    for work, who, n in sorted(ns):
        if work in LOOKUPS and who == "mset" and (work, "sorted_vector", n) in ns:
            ratio = ns[work, "sorted_vector", n] / ns[work, who, n]
            bound = 2.0 if n >= 256 else 1.0
            rows.append([f"{work} {n}: {ratio:.2f}", f">= {bound}",
                         "yes" if ratio >= bound else "NO"])
    if len(rows) > 1:
        print_table(rows)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    ns, calls, context = read(sys.argv[1])
    print(f"{context['num_cpus']} x {context['mhz_per_cpu']} MHz, {context['date'][:10]}, "
          f"ns per operation, medians\n")
    print_lookups(ns)
    print_changes(ns, calls)
    print_targets(ns)


if __name__ == "__main__":
    main()
