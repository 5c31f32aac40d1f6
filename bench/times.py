#!/usr/bin/env python3
"""Makes two results of mset-bench ready for google-benchmark's compare.py.

    times.py OLD.json NEW.json FOLDER      writes FOLDER/old.json and FOLDER/new.json

compare.py knows only the time of a whole iteration, which with us has what was set up in it. So
what is measured, ns_op or bytes_area, takes the place of that time: in thousandths, because
compare.py prints no fractions. Only what both have is kept, and of what they sum up only the
medians.
"""
import json
import pathlib
import sys


def measured(row):
    return row.get("ns_op", row.get("bytes_area"))


def wanted(row):
    whole = row["run_type"] == "iteration" or row.get("aggregate_name") == "median"
    return whole and not row.get("error_occurred") and measured(row)


def read(path):
    """The document, and its rows by name (those of all repetitions have the same one)."""
    document = json.loads(pathlib.Path(path).read_text(encoding="utf-8"))
    rows = [row for row in document["benchmarks"] if wanted(row)]
    for row in rows:
        row["real_time"] = row["cpu_time"] = 1000 * measured(row)
        row["time_unit"] = "ns"
    return document, rows


def write(path, document, rows, names):
    document["benchmarks"] = [row for row in rows if row["name"] in names]
    path.write_text(json.dumps(document), encoding="utf-8")


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    (old, old_rows), (new, new_rows) = read(sys.argv[1]), read(sys.argv[2])
    names = {row["name"] for row in old_rows} & {row["name"] for row in new_rows}
    if not names:
        sys.exit(f"nothing that is both in {sys.argv[1]} and in {sys.argv[2]}")
    folder = pathlib.Path(sys.argv[3])
    folder.mkdir(parents=True, exist_ok=True)
    write(folder / "old.json", old, old_rows, names)
    write(folder / "new.json", new, new_rows, names)


if __name__ == "__main__":
    main()
