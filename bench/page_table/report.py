#!/usr/bin/env python3
"""The table of the page-table benchmarks, and whether their targets hold.

    report.py RESULTS.json     as google-benchmark wrote it, with repetitions

Medians of all repetitions; nanoseconds of one operation. For what is measured see page_table.cpp.
"""
import json
import statistics
import sys

WORKS = ["map_4k", "unmap_4k", "map_2m", "unmap_2m", "protect_4k", "map_256", "unmap_256",
         "map_hot", "unmap_hot", "query_hot", "query_random", "split_promote"]
LIMITS = ["limit", "limit_memset", "limit_zeroed"]
# A table has so many entries where it does not have 512: a split fills one.
ENTRIES = {"aarch64-16k": 2048, "aarch64-s2-16k": 2048, "aarch64-64k": 8192, "aarch64-s2-64k": 8192}


def read(path):
    """(work, who, format) -> median ns, in the order of the file; and about the machine."""
    with open(path, encoding="utf-8") as file:
        results = json.load(file)
    times = {}
    for row in results["benchmarks"]:
        if row["run_type"] == "iteration" and row["name"].startswith("pt_"):
            if row.get("error_occurred"):
                sys.exit(f"{row['name']}: {row['error_message']}")
            work, who, form = row["name"].split("/")[:3]
            times.setdefault((work[3:], who, form), []).append(row["ns_op"])
    return {name: statistics.median(all_of) for name, all_of in times.items()}, results["context"]


def number(value):
    if value is None:
        return "-"
    return f"{value:.3f}" if value < 10 else f"{value:.0f}"


def ratio(a, b):
    return None if a is None or b is None else a / b


def per_entry(ns, work, form):
    return ns / ENTRIES.get(form, 512) if work == "split_promote" and ns is not None else ns


def print_table(rows):
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        cells = [row[0].ljust(widths[0])] + [c.rjust(w) for c, w in zip(row[1:], widths[1:])]
        print("  ".join(cells).rstrip())
    print()


def print_formats(ns, forms):
    """One table per work: a row for each format."""
    for work in WORKS:
        rows = [[work, "mset", "walker", "limit", "memset", "zeroed", "mset/limit", "walker/mset",
                 "mset/x86-64"]]
        base = per_entry(ns.get((work, "mset", "x86-64")), work, "x86-64")
        for form in forms:
            mset, walker = ns.get((work, "mset", form)), ns.get((work, "walker", form))
            if mset is None:
                continue
            limits = [ns.get((work, who, form)) for who in LIMITS]
            cells = [mset, walker, *limits, ratio(mset, limits[0]), ratio(walker, mset),
                     ratio(per_entry(mset, work, form), base)]
            rows.append([form] + [number(cell) for cell in cells])
        if len(rows) > 1:
            print_table(rows)


def targets(ns, forms):
    """(what is asked, values by format, the bound, whether it is a lower bound)"""
    def each(function):
        values = {form: function(form) for form in forms}
        return {form: value for form, value in values.items() if value is not None}

    def versus(work, who):
        return each(lambda f: ratio(ns.get((work, "mset", f)), ns.get((work, who, f))))

    yield "map_4k: mset / limit", versus("map_4k", "limit"), 1.5, False
    yield "unmap_4k: mset / limit", versus("unmap_4k", "limit"), 1.5, False
    yield "unmap_2m: mset / limit", versus("unmap_2m", "limit"), 1.5, False
    for work in ("map_256", "unmap_256"):
        times = each(lambda f, w=work: ratio(ns.get((w, "walker", f)), ns.get((w, "mset", f))))
        yield f"{work}: walker / mset", times, 8.0, True
    for work in ("map_hot", "unmap_hot", "query_hot"):
        yield f"{work}: mset / walker", versus(work, "walker"), 1.0, False
    for work in WORKS:
        base = per_entry(ns.get((work, "mset", "x86-64")), work, "x86-64")
        yield (f"{work}: format / x86-64", each(lambda f, w=work, b=base: ratio(
            per_entry(ns.get((w, "mset", f)), w, f), b)), 1.3, False)


def print_targets(ns, forms):
    rows = [["target", "bound", "median format", "worst format", "holds for"]]
    for what, values, bound, lower in targets(ns, forms):
        if not values:
            continue
        worst = (min if lower else max)(values, key=values.get)
        good = sum(v >= bound if lower else v <= bound for v in values.values())
        rows.append([what, (">= " if lower else "<= ") + str(bound),
                     f"{statistics.median(values.values()):.2f}",
                     f"{values[worst]:.2f} {worst}", f"{good} of {len(values)}"])
    print_table(rows)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    ns, context = read(sys.argv[1])
    forms = list(dict.fromkeys(form for _, _, form in ns))
    print(f"{context['num_cpus']} x {context['mhz_per_cpu']} MHz, {context['date'][:10]}, "
          f"ns per operation, medians\n")
    print_formats(ns, forms)
    print_targets(ns, forms)


if __name__ == "__main__":
    main()
