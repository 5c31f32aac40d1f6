"""What the memory set is to reach, and whether it does.

FASTER: theirs / ours is at least the bound. WITHIN: ours / theirs is at most the bound. They hold
for 1,000 areas and more, and for every replayed trace.
"""
import dataclasses

from results import OURS

FASTER, WITHIN = ">=", "<="
PEER = "peer"  # the fastest of the trees: all subjects but sorted_array and limit
FIELDS = "fields"  # the bytes that an area's own fields take
FIELD_BYTES = 40  # start, size, flags, backend, offset
LEAST_AREAS, MANY_AREAS = 1000, 1000000


@dataclasses.dataclass(frozen=True)
class Target:
    """`many`: the bound at a million areas, where it is another."""
    work: str
    versus: str
    how: str
    bound: float
    many: float = None

    def bound_at(self, at):
        return self.many if at == MANY_AREAS and self.many is not None else self.bound

    def __str__(self):
        text = f"{self.versus} {self.how} {self.bound:g}x"
        return text if self.many is None else f"{text} ({self.many:g}x at 1M)"


TARGETS = [
    Target("find_hit", PEER, FASTER, 4.0, many=3.0),
    Target("find_hit", "sorted_array", FASTER, 1.7),
    Target("find_hit", "limit", WITHIN, 1.2),
    Target("find_miss", PEER, FASTER, 4.0, many=3.0),
    Target("find_miss", "sorted_array", FASTER, 1.7),
    Target("find_miss", "limit", WITHIN, 1.2),
    Target("find_dependent", PEER, FASTER, 1.8, many=1.4),
    Target("find_sequential", PEER, FASTER, 1.5),
    Target("punch", PEER, FASTER, 1.6),
    Target("churn", PEER, FASTER, 2.5, many=1.6),
    Target("mmap_churn", PEER, FASTER, 4.0, many=2.5),
    Target("unmap_1000", PEER, FASTER, 1.0),
    Target("iterate", "limit", WITHIN, 1.5),
    Target("build_ascending", PEER, FASTER, 1.5),
    Target("build_random", PEER, FASTER, 1.3),
    Target("build_bulk", "limit", WITHIN, 2.0),
    Target("bytes_after_churn", FIELDS, WITHIN, 1.35),
    Target("replay", "std_map", FASTER, 2.0),
]


@dataclasses.dataclass(frozen=True)
class Verdict:
    target: Target
    value: float  # how many times faster, or how many times the other's

    def holds_at(self, at):
        bound = self.target.bound_at(at)
        return self.value >= bound if self.target.how == FASTER else self.value <= bound


def of_work(work):
    return [target for target in TARGETS if target.work == work]


def opponent(results, target, at):
    """What ours is measured against; None where that was not measured."""
    if target.versus == PEER:
        return results.best_peer(target.work, at)[1]
    if target.versus == FIELDS:
        return FIELD_BYTES
    return results.median(target.work, target.versus, at)


def judge(results, work, at):
    """The verdicts for a row, and the targets that cannot be judged for want of an opponent."""
    ours = results.median(work, OURS, at)
    if ours is None or (isinstance(at, int) and at < LEAST_AREAS):
        return [], []
    verdicts, open_ones = [], []
    for target in of_work(work):
        theirs = opponent(results, target, at)
        if theirs is None:
            open_ones.append(target)
        else:
            value = theirs / ours if target.how == FASTER else ours / theirs
            verdicts.append(Verdict(target, value))
    return verdicts, open_ones
