"""The comparison as figures, PNG and SVG: medians as lines, quartiles as bands, ours emphasised."""
import math
import pathlib

import matplotlib
matplotlib.use("Agg")
# pylint: disable=wrong-import-position
import matplotlib.pyplot as plt
from matplotlib.patheffects import withStroke
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter, NullLocator

import targets
from results import OURS
from table import about_in_a_line, allocator

# Okabe and Ito's colours, which the colour-blind tell apart; marks for those who print in grey.
STYLES = {
    OURS: ("#d55e00", "o", "-"),
    "std_map": ("#0072b2", "s", "-"),
    "absl_btree": ("#009e73", "^", "-"),
    "boost_icl": ("#cc79a7", "D", "-"),
    "maple_tree": ("#b8860b", "v", "-"),
    "sorted_array": ("#56b4e9", "P", "--"),
    "limit": ("#555555", "", ":"),
}
OTHER_STYLE = ("#999999", "x", "-.")

PANELS = {
    "find_hit": "find, random", "find_miss": "find, nothing there",
    "find_dependent": "find, each depends on the last", "find_sequential": "find, in order",
    "punch": "punch: unmap one random page", "churn": "churn: protect, map over",
    "mmap_churn": "mmap churn: unmap, search, map", "unmap_1000": "unmap 1000 areas, per area",
    "iterate": "iterate, per area", "build_ascending": "build in order, per area",
    "build_random": "build in random order, per area", "build_bulk": "build in one call, per area",
}
GROUPS = {
    "lookups": ["find_hit", "find_miss", "find_dependent", "find_sequential"],
    "updates": ["punch", "churn", "mmap_churn", "unmap_1000"],
    "builds": ["build_ascending", "build_random", "build_bulk", "iterate"],
}
OVERVIEW = ["find_hit", "find_dependent", "churn", "punch", "mmap_churn"]
BYTES = {"bytes_after_ascending": "built in order", "bytes_after_random": "built in random order",
         "bytes_after_churn": "after churn"}

LOOK = {
    "font.size": 9, "axes.titlesize": 10, "axes.titleweight": "bold", "axes.titlelocation": "left",
    "axes.spines.top": False, "axes.spines.right": False, "axes.edgecolor": "#888888",
    "axes.grid": True, "axes.axisbelow": True, "grid.color": "#e6e6e6", "grid.linewidth": 0.8,
    "xtick.color": "#444444", "ytick.color": "#444444", "svg.hashsalt": "mset",
}


def style(who):
    return STYLES.get(who, OTHER_STYLE)


def round_number(value, _=None):
    """1000 -> 1k, as on an axis."""
    for size, letter in ((1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:g}{letter}"
    return f"{value:g}"


# ---- lines --------------------------------------------------------------------------------------

def draw_line(ax, results, work, who):
    """Returns where the line ends, for its label."""
    sizes = results.sizes(work, who)
    colour, mark, dash = style(who)
    bold = who == OURS
    medians = [results.median(work, who, at) for at in sizes]
    low, high = zip(*(results.spread(work, who, at) for at in sizes))
    ax.fill_between(sizes, low, high, color=colour, alpha=0.2 if bold else 0.14, linewidth=0,
                    zorder=1)
    ax.plot(sizes, medians, color=colour, linestyle=dash, marker=mark,
            markersize=5 if bold else 3.5, linewidth=2.6 if bold else 1.3, zorder=4 if bold else 3)
    return who, sizes[-1], medians[-1]


def scale(ax, sizes, values):
    """Logarithmic, but for values that hardly differ."""
    ax.set_xscale("log")
    ax.xaxis.set_major_locator(LogLocator(10))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter(FuncFormatter(round_number))
    ax.set_xlim(sizes[0] / 1.25, sizes[-1] * 1.1)
    if max(values) > 8 * min(values):
        ax.set_yscale("log")
        far = max(values) > 200 * min(values)
        ax.yaxis.set_major_locator(LogLocator(10, subs=(1,) if far else (1, 2, 5)))
        ax.yaxis.set_minor_formatter(NullFormatter())
        ax.yaxis.set_minor_locator(NullLocator())
    else:
        ax.set_ylim(bottom=0)
    ax.yaxis.set_major_formatter(FuncFormatter(round_number))


def apart(wanted, distance, low, high):
    """Places near the wanted ones (ascending), at least `distance` from each other."""
    blocks = []  # of labels that touch: their wanted places less their place in the block
    for place in wanted:
        blocks.append([place])
        while len(blocks) > 1 and centre(blocks[-2], distance, low, high) + \
                distance * len(blocks[-2]) > centre(blocks[-1], distance, low, high):
            last = blocks.pop()
            shift = distance * len(blocks[-1])
            blocks[-1] += [one - shift for one in last]
    return [centre(block, distance, low, high) + i * distance
            for block in blocks for i in range(len(block))]


def centre(block, distance, low, high):
    """The first place of a block: the mean of what its labels want, within the axes."""
    return max(low, min(sum(block) / len(block), high - distance * (len(block) - 1)))


def label_ends(ax, ends, size):
    """Names beside the ends of the lines, none over another."""
    ax.figure.canvas.draw()
    for last in {at for _, at, _ in ends}:
        label_column(ax, sorted((end for end in ends if end[1] == last), key=lambda end: end[2]),
                     size)


def label_column(ax, ends, size):
    """Of the lines that end at one number of areas, ascending."""
    box, per_point = ax.get_window_extent(), ax.figure.dpi / 72
    pixels = [ax.transData.transform(end[1:]) for end in ends]
    line = size * 1.15 * per_point
    places = apart([y for _, y in pixels], line, box.y0 + line / 2, box.y1)
    for (who, at, value), (_, y), place in zip(ends, pixels, places):
        colour = style(who)[0]
        moved = abs(place - y) > line / 2
        arrow = {"arrowstyle": "-", "color": colour, "linewidth": 0.7, "shrinkA": 0, "shrinkB": 3}
        text = ax.annotate(
            who, xy=(at, value), xytext=(9, (place - y) / per_point), textcoords="offset points",
            va="center", color=colour, fontsize=size, annotation_clip=False, zorder=6,
            fontweight="bold" if who == OURS else "normal", arrowprops=arrow if moved else None)
        # Where it stands in the panel, over other lines, it must be read all the same.
        text.set_path_effects([withStroke(linewidth=2.5, foreground="white")])


def draw_lines(ax, results, work):
    """One panel; returns what label_ends wants."""
    there = [who for who in results.subjects() if results.sizes(work, who)]
    there.sort(key=lambda who: who == OURS)  # ours is on top
    ends = [draw_line(ax, results, work, who) for who in there]
    values = [results.median(work, who, at) for who in there for at in results.sizes(work, who)]
    scale(ax, results.sizes(work), values)
    ax.set_title(PANELS.get(work, work))
    return ends


# ---- bars ---------------------------------------------------------------------------------------

def bars(ax, names, values, colour_of):
    """Horizontal, the first on top, each with its value."""
    places = range(len(names))
    ax.barh(places, values, color=[colour_of(name) for name in names], height=0.7)
    ax.set_yticks(places, names)
    ax.invert_yaxis()
    ax.grid(axis="y", visible=False)
    ax.tick_params(axis="y", length=0)
    for place, value in zip(places, values):
        text = ax.annotate(f"{value:.0f}", (value, place), xytext=(3, 0),
                           textcoords="offset points", va="center", fontsize=8)
        text.set_path_effects([withStroke(linewidth=2.5, foreground="white")])
    for tick in ax.get_yticklabels():
        tick.set_fontweight("bold" if tick.get_text() == OURS else "normal")
        tick.set_color(style(tick.get_text())[0])
    ax.set_xlim(0, max(values) * 1.12)


def bytes_size(results, work):
    """The most areas at which all trees were asked."""
    trees = [who for who in results.subjects() if who not in ("sorted_array", "limit")]
    common = [at for at in results.sizes(work)
              if all(results.median(work, who, at) is not None for who in trees)]
    return max(common, default=None)


def draw_bytes(ax, results, work):
    at = bytes_size(results, work)
    names = [who for who in results.subjects() if results.median(work, who, at) is not None]
    bars(ax, names, [results.median(work, who, at) for who in names], lambda who: style(who)[0])
    ax.axvline(targets.FIELD_BYTES, color="#555555", linestyle=":", linewidth=1.3)
    ax.set_title(f"bytes per area, {BYTES[work]} ({round_number(at)} areas)")
    ax.set_xlabel(f"dotted: {targets.FIELD_BYTES} bytes, the fields of an area")


def draw_replay(ax, results):
    """Traces beside each other, a mark for each subject."""
    traces = results.sizes("replay")
    there = [who for who in results.subjects() if results.sizes("replay", who)]
    for rank, who in enumerate(there):
        measured = results.sizes("replay", who)
        where = [traces.index(trace) + (rank - (len(there) - 1) / 2) * 0.11 for trace in measured]
        colour, mark, _ = style(who)
        low, high = zip(*(results.spread("replay", who, trace) for trace in measured))
        ax.vlines(where, low, high, color=colour, alpha=0.35, linewidth=5)
        ax.plot(where, [results.median("replay", who, trace) for trace in measured], color=colour,
                marker=mark or "_", linestyle="none", label=who,
                markersize=8 if who == OURS else 5.5)
    ax.set_yscale("log")
    ax.yaxis.set_major_locator(LogLocator(10, subs=(1, 2, 5)))
    ax.yaxis.set_minor_locator(NullLocator())
    ax.yaxis.set_major_formatter(FuncFormatter(round_number))
    ax.grid(axis="x", visible=False)
    for border in range(1, len(traces)):
        ax.axvline(border - 0.5, color="#e6e6e6", linewidth=0.8, zorder=0)
    ax.set_xlim(-0.5, len(traces) - 0.5)
    ax.set_xticks(range(len(traces)), traces)
    ax.tick_params(axis="x", length=0)
    ax.set_title("recorded calls of real programs, ns per call")
    ax.legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1))


# ---- figures ------------------------------------------------------------------------------------

def figure(count, columns, panel):
    lines = math.ceil(count / columns)
    made, axes = plt.subplots(lines, columns, figsize=(panel[0] * columns, panel[1] * lines),
                              squeeze=False)
    flat = list(axes.flat)
    for ax in flat[count:]:
        ax.set_visible(False)
    return made, flat[:count]


def save(made, folder, name):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for ending in ("png", "svg"):
        made.savefig(folder / f"{name}.{ending}", dpi=150,
                     metadata={"Date": None} if ending == "svg" else None)
    plt.close(made)
    return name


def titled(made, results, text, right):
    """Room above for the title and what was measured on, between panels for the labels."""
    height = made.get_figheight()
    made.subplots_adjust(left=0.06, right=right, top=1 - 0.85 / height, bottom=0.5 / height,
                         wspace=0.48, hspace=0.38)
    made.text(0.012, 1 - 0.14 / height, text, fontsize=12, fontweight="bold", va="top")
    made.text(0.012, 1 - 0.4 / height, about_in_a_line(results), fontsize=8, color="#555555",
              va="top")


def lines_figure(results, works, text):
    made, axes = figure(len(works), 2, (5.0, 3.1))
    titled(made, results, text, 0.875)
    for ax, work in zip(axes, works):
        ends = draw_lines(ax, results, work)
        ax.set_xlabel("areas")
        label_ends(ax, ends, 8)
    return made


def overview(results):
    works = [work for work in OVERVIEW if results.sizes(work)]
    with_bytes = bool(bytes_size(results, "bytes_after_churn"))
    made, axes = figure(len(works) + with_bytes, 3, (4.4, 3.0))
    titled(made, results, "Nanoseconds per operation as the set grows; lower is better", 0.93)
    made.subplots_adjust(left=0.035, wspace=0.5)
    for ax, work in zip(axes, works):
        ends = draw_lines(ax, results, work)
        ax.set_xlabel("areas")
        label_ends(ax, ends, 8)
    if with_bytes:
        draw_bytes(axes[-1], results, "bytes_after_churn")
    return made


def bytes_figure(results):
    works = [work for work in BYTES if bytes_size(results, work)]
    made, axes = figure(len(works), 3, (4.4, 3.0))
    titled(made, results, "Memory, as the allocator counts it", 0.98)
    made.subplots_adjust(wspace=0.35, left=0.075)
    for ax, work in zip(axes, works):
        draw_bytes(ax, results, work)
    return made


def replay_figure(results):
    made, axes = figure(1, 1, (10, 4))
    titled(made, results, "Replays: nanoseconds, lower is better", 0.86)
    draw_replay(axes[0], results)
    return made


def draw_all(results, folder):
    """Every figure there are results for; the names of the files."""
    ending = "-" + allocator(results)
    with plt.rc_context(LOOK):
        for name, works in GROUPS.items():
            there = [work for work in works if results.sizes(work)]
            if there:
                text = f"{name.capitalize()}: nanoseconds, lower is better"
                yield save(lines_figure(results, there, text), folder, name + ending)
        if any(bytes_size(results, work) for work in BYTES):
            yield save(bytes_figure(results), folder, "bytes" + ending)
        if results.sizes("replay"):
            yield save(replay_figure(results), folder, "replay" + ending)
        if any(results.sizes(work) for work in OVERVIEW):
            yield save(overview(results), folder, "overview" + ending)
