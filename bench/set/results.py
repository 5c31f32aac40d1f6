"""What mset-bench has written: samples by work, subject and size."""
import json
import statistics
import sys

OURS = "mset"
# How the mset with a backend that counts is called, where it was measured too (unmap_1000).
OURS_TOLD = "mset_counted"
NO_PEERS = (OURS, OURS_TOLD, "sorted_array", "limit")
# The order of columns and legends; what is not in here comes after.
ORDER = [OURS, "std_map", "absl_btree", "boost_icl", "maple_tree", "sorted_array", "limit"]
# The order of rows and plots.
WORKS = ["find_hit", "find_miss", "find_dependent", "find_sequential", "find_learned",
         "punch", "churn", "mmap_churn", "unmap_1000", "iterate", "build_ascending", "build_random", "build_bulk",
         "bytes_after_ascending", "bytes_after_random", "bytes_after_churn", "replay"]
FEWEST_FOR_QUARTILES = 4
PEERS_WANTED = [who for who in ORDER if who not in NO_PEERS]


class Results:
    """Of one run: one allocator, one machine."""

    def __init__(self, document):
        self.context = document["context"]
        self.samples = {}
        for row in document["benchmarks"]:
            if row["run_type"] == "iteration" and not row["name"].startswith("pt_"):
                self._add(row)

    def _add(self, row):
        if row.get("error_occurred"):
            sys.exit(f"{row['name']}: {row['error_message']}")
        work, who, at = row["name"].split("/")[:3]
        value = row["bytes_area"] if work.startswith("bytes_") else row["ns_op"]
        at = int(at) if at.isdecimal() else at
        self.samples.setdefault((work, who, at), []).append(value)

    def median(self, work, who, at):
        """Nanoseconds per operation, or bytes per area; None where it was not measured."""
        samples = self.samples.get((work, who, at))
        return None if samples is None else statistics.median(samples)

    def spread(self, work, who, at):
        """Quartiles, or of too few samples the extremes."""
        samples = sorted(self.samples[work, who, at])
        if len(samples) < FEWEST_FOR_QUARTILES:
            return samples[0], samples[-1]
        low, _, high = statistics.quantiles(samples, n=4, method="inclusive")
        return low, high

    def works(self):
        """Those that ours was measured in; the order of the file is random."""
        there = {work for work, who, _ in self.samples if who == OURS}
        return [work for work in WORKS if work in there] + sorted(there.difference(WORKS))

    def sizes(self, work, who=OURS):
        """Numbers of areas, ascending, or names of traces."""
        return sorted(at for one, other, at in self.samples if (one, other) == (work, who))

    def subjects(self):
        """All but the mset with a backend, in the order of the columns."""
        there = {who for _, who, _ in self.samples}
        return ([who for who in ORDER if who in there]
                + sorted(there.difference(ORDER, [OURS_TOLD])))

    def best_peer(self, work, at):
        """The fastest tree, and its time; None where there is no other."""
        peers = [who for who in self.subjects() if who not in NO_PEERS]
        times = {who: self.median(work, who, at) for who in peers}
        times = {who: time for who, time in times.items() if time is not None}
        best = min(times, key=times.get, default=None)
        return best, times.get(best)

    def repetitions(self):
        """The least and the most of all benchmarks."""
        counts = [len(samples) for samples in self.samples.values()]
        return min(counts), max(counts)


def read(path):
    """The results in a file of google-benchmark's JSON."""
    with open(path, encoding="utf-8") as file:
        results = Results(json.load(file))
    if not results.works():
        sys.exit(f"{path}: nothing of {OURS} in it")
    return results
