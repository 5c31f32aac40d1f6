/*
 * limit.cpp - what the works cannot do without, whoever does them:
 *
 *     find_...      a static search tree of the start keys, then one load of the area
 *
 *     punch, churn  a memmove within one leaf of 1 KiB, anywhere in the memory of n areas
 *
 *     unmap_1000    one read of 1000 areas, somewhere: how many bytes they were
 *
 *     iterate       one read of the areas, one after the other
 *
 *     build_...     one copy of the areas
 */
#include "../enlist.h"
#include "../limit/tree.h"

#include <cstring>

namespace bench {

namespace {

constexpr uint64_t areas_in_leaf = 1024 / sizeof(Area);

/* One area more or less: all behind it in the leaf move by one. */
void move_in_leaf(benchmark::State &state) {
    const uint64_t leaves = std::max<uint64_t>(1, areas_of(state) / areas_in_leaf);
    std::vector<Area> areas(leaves * areas_in_leaf);
    Random random;
    Stopwatch watch(state);
    watch.start();
    while (state.KeepRunning()) {
        Area *leaf = &areas[random.below(leaves) * areas_in_leaf];
        std::memmove(leaf + 1, leaf, (areas_in_leaf - 1) * sizeof *leaf);
        benchmark::ClobberMemory();
    }
    watch.stop();
    watch.report_each(1);
}

void copy(benchmark::State &state) {
    const std::vector<Area> &from = slot_layout(areas_of(state)).ascending;
    std::vector<Area> to(from.size());
    Stopwatch watch(state);
    watch.start();
    while (state.KeepRunning()) {
        std::copy(from.begin(), from.end(), to.begin());
        benchmark::ClobberMemory();
    }
    watch.stop();
    watch.report_each(areas_of(state));
}

/* Four words an area. */
void read_1000(benchmark::State &state) {
    constexpr uint64_t run = 1000;
    const std::vector<uint64_t> words(areas_of(state) * 4, 1);
    Random random;
    Stopwatch watch(state);
    watch.start();
    while (state.KeepRunning()) {
        const uint64_t first = random.below(areas_of(state) - run + 1);
        benchmark::DoNotOptimize(LimitTree::loops.sum(&words[first * 4], run * 4));
    }
    watch.stop();
    watch.report_each(run);
}

void read(benchmark::State &state) {
    const std::vector<uint64_t> words(areas_of(state) * 4, 1);
    Stopwatch watch(state);
    watch.start();
    while (state.KeepRunning()) {
        benchmark::DoNotOptimize(LimitTree::loops.sum(words.data(), words.size()));
    }
    watch.stop();
    watch.report_each(areas_of(state));
}

void add_works() {
    add_finds<LimitTree>();
    add_work("iterate", LimitTree::name, read);
    add_work("unmap_1000", LimitTree::name, read_1000, 1000);
    for (const char *work : {"punch", "churn"}) {
        add_work(work, LimitTree::name, move_in_leaf);
    }
    for (const char *work : {"build_ascending", "build_random", "build_bulk"}) {
        add_work(work, LimitTree::name, copy);
    }
}

const bool here = enlist({LimitTree::name, add_works, check_subject<LimitTree>});

} // namespace

} // namespace bench
