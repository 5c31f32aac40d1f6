#!/usr/bin/env python3
"""The comparison of the memory set with its peers: one table, its targets, and plots.

    report.py [--markdown] [--only WORK,...] [--plots FOLDER] RESULTS.json [OTHER-ALLOCATOR.json]
    report.py --at AREAS RESULTS.json        a line for each work, at this many areas
    report.py --targets RESULTS.json [OTHER-ALLOCATOR.json]    a line for each target

RESULTS: as mset-bench wrote it, with repetitions. A second file adds a row to every row. --plots
wants matplotlib, and says so where there is none. For what is measured see set.cpp, for what is to
be reached targets.py.
"""
import argparse
import sys
import textwrap

import results
import table


def draw(runs, folder):
    try:
        import plots
    except ModuleNotFoundError as error:
        print(f"no plots: {error}", file=sys.stderr)
        return
    names = [name for run in runs for name in plots.draw_all(run, folder)]
    print(textwrap.fill(f"plots in {folder}, as .png and .svg: " + ", ".join(names), 100,
                        break_on_hyphens=False))


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--markdown", action="store_true")
    parser.add_argument("--at", type=int, metavar="AREAS")
    parser.add_argument("--targets", action="store_true")
    parser.add_argument("--only", type=lambda text: text.split(","), default=[])
    parser.add_argument("--plots", metavar="FOLDER")
    parser.add_argument("files", nargs="+", metavar="RESULTS.json")
    wish = parser.parse_args()
    alone = wish.only or wish.markdown or wish.plots
    if (wish.at is not None or wish.targets) and (alone or (wish.at is not None and wish.targets)):
        parser.error("--at and --targets go with nothing else")
    if wish.at is not None and len(wish.files) != 1:
        parser.error("--at takes one file")
    runs = [results.read(path) for path in wish.files]
    if wish.at is not None:
        table.print_at(runs[0], wish.at)
        return
    if wish.targets:
        table.print_targets(runs)
        return
    (table.print_markdown if wish.markdown else table.print_text)(runs, wish.only)
    if wish.plots:
        draw(runs, wish.plots)


if __name__ == "__main__":
    main()
