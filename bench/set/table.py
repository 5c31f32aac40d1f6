"""The comparison as rows of text: one for each work, size and allocator."""
import dataclasses
import re

import targets
from results import FEWEST_FOR_QUARTILES, OURS, OURS_TOLD, PEERS_WANTED

SHORT = {"absl_btree": "absl", "boost_icl": "icl", "maple_tree": "maple", "sorted_array": "array"}
BEST = "*"


@dataclasses.dataclass
class Row:
    label: str
    cells: list
    verdict: str
    holds: int = 0
    missed: int = 0
    open: int = 0


def short(who):
    return SHORT.get(who, who)


def number(value):
    """At most five characters."""
    if value is None:
        return "-"
    if value >= 999500:
        return f"{value / 1e6:.1f}M"
    if value >= 9999.5:
        return f"{value / 1e3:.0f}k"
    return f"{value:,.0f}" if value >= 99.95 else f"{value:.1f}"


def times(value):
    if value is None:
        return "-"
    digits = 0 if value >= 99.95 else 1 if value >= 9.995 else 2
    return f"{value:.{digits}f}x"


def ratio(a, b):
    return None if a is None or b is None else a / b


def size(at):
    return f"{at:,}" if isinstance(at, int) else at


def allocator(results):
    return allocator_version(results).split()[0]


def allocator_version(results):
    """jemalloc adds the commit to its version."""
    return re.sub(r"-\d+-g[0-9a-f]+$", "", results.context.get("allocator", "malloc unknown"))


def named(verdict_of):
    """Who was missed; with the value where no column has it."""
    versus = verdict_of.target.versus
    if versus in (targets.PEER, targets.FIELDS, "limit"):
        return versus
    return f"{short(versus)} {times(verdict_of.value)}"


def verdict(results, work, at):
    """The last column, and the counts of what holds, what is missed and what is open."""
    verdicts, open_ones = targets.judge(results, work, at)
    missed = [v for v in verdicts if not v.holds_at(at)]
    if missed:
        text = "MISSED " + ", ".join(named(v) for v in missed)
    elif verdicts:
        text = "ok"
    else:
        text = "-"
    if open_ones:
        text += " (no " + " ".join(short(t.versus) for t in open_ones) + ")"
    return text, len(verdicts) - len(missed), len(missed), len(open_ones)


def row(results, subjects, work, at, label):
    ours = results.median(work, OURS, at)
    best, best_time = results.best_peer(work, at)
    limit = targets.FIELD_BYTES if work.startswith("bytes_") else results.median(work, "limit", at)
    cells = [number(results.median(work, who, at)) + (BEST if who == best else " ")
             for who in subjects]
    cells += [times(ratio(best_time, ours)), times(ratio(ours, limit))]
    return Row(label, cells, *verdict(results, work, at))


def told_row(results, subjects, work, at):
    """Of the mset with a backend, where it was measured beside the other."""
    value = results.median(work, OURS_TOLD, at)
    if value is None:
        return None
    cells = [number(value) + " "] + [""] * (len(subjects) - 1)
    cells += [times(ratio(results.best_peer(work, at)[1], value)), ""]
    return Row("backend", cells, "")


def rows(runs, subjects, work):
    """All sizes, each with a row for every run; the first run's has the size."""
    for at in runs[0].sizes(work):
        for results in runs:
            if results.median(work, OURS, at) is None:
                continue
            label = size(at) if results is runs[0] else allocator(results)
            yield row(results, subjects, work, at, label)
            told = told_row(results, subjects, work, at)
            if told is not None:
                yield told


def unit(work):
    if work.startswith("bytes_"):
        return "bytes per area"
    if work.startswith("build_") or work in ("iterate", "unmap_1000"):
        return "ns per area"
    return "ns per call" if work == "replay" else "ns per operation"


def blocks(runs, only):
    """For each work: its name, its unit, its targets as text, its rows."""
    for work in runs[0].works():
        found = targets.of_work(work)
        if only and work not in only:
            continue
        wanted = ", ".join(str(target) for target in found)
        yield work, unit(work), wanted, list(rows(runs, runs[0].subjects(), work))


# ---- above and below the table ------------------------------------------------------------------

KNOWN_CONTEXT = ("date", "host_name", "executable", "num_cpus", "mhz_per_cpu", "caches", "load_avg",
                 "cpu_scaling_enabled", "library_build_type", "cpu", "compiler", "build_type",
                 "allocator")


def caches(context):
    """The levels that data may lie in, biggest last."""
    levels = {cache["level"]: cache["size"] for cache in context.get("caches", [])
              if cache["type"] != "Instruction"}
    return ", ".join(f"L{level} {bytes_of(levels[level])}" for level in sorted(levels))


def bytes_of(count):
    return f"{count >> 20} MiB" if count >= 1 << 20 else f"{count >> 10} KiB"


def about_in_a_line(results):
    """For a figure."""
    context = results.context
    least, most = results.repetitions()
    return (f"{context.get('cpu', 'cpu unknown')}, {context.get('compiler', 'compiler unknown')}, "
            f"{allocator_version(results)}, {context['date'][:10]}; medians of "
            f"{span(least, most)} repetitions, shaded: "
            + ("quartiles" if least >= FEWEST_FOR_QUARTILES else "least to most"))


def span(least, most):
    return str(most) if least == most else f"{least} to {most}"


def waits(results):
    """What the processor waits for, where it was measured (costs.cpp): a line."""
    parts = []
    guess = results.median("wrong_guess", "limit", "branch")
    if guess is not None:
        parts.append(f"a wrong guess {guess:.1f} ns")
    sizes = results.sizes("chase", "limit")
    if sizes:
        loads = ", ".join(number(results.median("chase", "limit", at)) for at in sizes)
        parts.append(f"a load in 64 bytes an area, {size(sizes[0])} to {size(sizes[-1])} areas: {loads}")
    return ["waits: " + "; ".join(parts)] if parts else []


def about(runs):
    """Machine, compiler, allocators, versions: lines."""
    context = runs[0].context
    repeated = span(*runs[0].repetitions())
    others = [f"{name} {value}" for name, value in context.items() if name not in KNOWN_CONTEXT]
    compiled = [context.get("compiler", "compiler unknown"), context.get("build_type", "")]
    lines = [
        f"{context.get('cpu', 'cpu unknown')}, {context['num_cpus']} x "
        f"{context['mhz_per_cpu']} MHz, {caches(context)}; {context['date'][:10]}",
        ", ".join([part for part in compiled if part]
                  + [allocator_version(results) for results in runs]
                  + others),
        f"medians of {repeated} repetitions; {BEST} fastest tree (peer); x peer: how many times "
        "faster than it",
        f"x limit: how many times what the limit takes (of memory: the {targets.FIELD_BYTES} bytes "
        "of an area's fields)",
    ]
    lines += waits(runs[0])
    missing = [who for who in PEERS_WANTED if who not in runs[0].subjects()]
    if missing:
        lines.append("NOT MEASURED: " + ", ".join(missing) + "; the best peer is one of the others")
    return lines


def summary(all_blocks):
    """The last line: counts over all rows."""
    every = [one for *_, work_rows in all_blocks for one in work_rows]
    text = (f"{sum(one.holds for one in every)} targets hold, "
            f"{sum(one.missed for one in every)} MISSED")
    undecided = sum(one.open for one in every)
    return text + (f", {undecided} not to be judged" if undecided else "")


# ---- as text, as markdown -----------------------------------------------------------------------

LABEL, CELL, RATIO = 13, 7, 8


def headline(subjects):
    heads = "".join(f"{short(who) + ' ':>{CELL}}" for who in subjects)
    return heads + f"{'x peer':>{RATIO}}{'x limit':>{RATIO}}"


def beside(one):
    """What stands behind the label."""
    cells = "".join(f"{cell:>{CELL}}" for cell in one.cells[:-2])
    return cells + "".join(f"{cell:>{RATIO}}" for cell in one.cells[-2:])


def print_at(results, at):
    """A line for each work that was measured at this size, and for each replayed trace."""
    subjects = results.subjects()
    lines = [(work, at) for work in results.works() if results.median(work, OURS, at) is not None]
    lines += [("replay", trace) for trace in results.sizes("replay")]
    labels = [work if place == at else f"replay {place}" for work, place in lines]
    width = max(map(len, labels), default=0)
    print("\n".join(about([results])))
    print(f"\n{size(at) + ' areas':<{width}}" + headline(subjects))
    for label, (work, place) in zip(labels, lines):
        print(f"{label:<{width}}" + beside(row(results, subjects, work, place, label)))


def reached(results, target, at):
    """The ratio that the target is about; with a mark where it is missed."""
    verdicts, _ = targets.judge(results, target.work, at)
    found = [one for one in verdicts if one.target == target]
    if not found:
        return "-"
    return times(found[0].value) + ("" if found[0].holds_at(at) else " !")


def print_targets(runs):
    """Every target, and what was reached at every size, or in every trace."""
    print("\n".join(about(runs)[:2]) + "\n! missed")
    for by_size in (True, False):
        wanted = [one for one in targets.TARGETS if (one.work != "replay") == by_size]
        places = sorted({at for one in wanted for at in runs[0].sizes(one.work)
                         if not by_size or at >= targets.LEAST_AREAS})
        heads = [size(at)[:11] for at in places]
        print("\n" + f"{'':<44}" + "".join(f"{head:>12}" for head in heads))
        for target in wanted:
            for results in runs:
                label = f"{target.work}, {target}" if results is runs[0] else allocator(results)
                cells = [reached(results, target, at) for at in places]
                print((f"{label:<44}" if results is runs[0] else f"{label:>43} ")
                      + "".join(f"{cell:>12}" for cell in cells))


def print_text(runs, only):
    subjects = runs[0].subjects()
    found = list(blocks(runs, only))
    print("\n".join(about(runs)))
    heads = headline(subjects)
    for work, what, wanted, work_rows in found:
        print(f"\n{work}, {what}" + (f"; to reach: {wanted}" if wanted else ""))
        print(" " * LABEL + heads)
        for one in work_rows:
            print(f"{one.label:>{LABEL}}{beside(one)}  {one.verdict}".rstrip())
    print("\n" + summary(found))


def print_markdown(runs, only):
    subjects = runs[0].subjects()
    found = list(blocks(runs, only))
    print("\n".join(f"{line}  " for line in about(runs)).replace(BEST, "\\" + BEST))
    print()
    heads = ["work", "areas"] + [short(who) for who in subjects] + ["x peer", "x limit", "target"]
    print("| " + " | ".join(heads) + " |")
    print("|---|" + "---:|" * (len(heads) - 2) + "---|")
    for work, _, _, work_rows in found:
        for one in work_rows:
            cells = [cell.strip().replace(BEST, "\\" + BEST) for cell in one.cells]
            print("| " + " | ".join([work, one.label.strip(), *cells, one.verdict]) + " |")
            work = ""
    print("\n" + summary(found))
