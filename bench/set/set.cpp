/*
 * set.cpp - nanoseconds per operation of the memory set, from 1,000 to 1,000,000
 * areas, through the public calls and without a backend.
 *
 *     find_hit    find by address, random place in a random area
 *     find_miss   the same between areas
 *     split       protect of 1..16 random pages in a merging set: cuts and merges
 *     churn       protect of 1..16 random pages, and map-replace of 1..32, in turn (split-heavy)
 *     mmap_churn  unmap a random area, top-down first-fit search for 1..32 pages, map there
 *
 * Names are work/mset/areas; the counter ns_op is the time of one operation.
 */
#include "set.h"

#include "workloads.h"

#include <benchmark/benchmark.h>

#include <chrono>

namespace {

using Clock = std::chrono::steady_clock;

/* As a plain number: the library's own rates are seconds, which its table prints with a prefix. */
void report(benchmark::State &state, const mset *set, Clock::time_point begin, int per_iteration) {
    const std::chrono::duration<double, std::nano> spent = Clock::now() - begin;
    mset_statistics statistics;
    mset_get_statistics(set, &statistics);
    state.counters["ns_op"] =
        spent.count() / (static_cast<double>(state.iterations()) * per_iteration);
    state.counters["areas"] = static_cast<double>(statistics.areas);
    state.counters["bytes_per_area"] =
        static_cast<double>(statistics.node_bytes) / static_cast<double>(statistics.areas);
}

void find_hit(benchmark::State &state) {
    bench::Slots slots(static_cast<uint64_t>(state.range(0)));
    uint64_t found = 0;
    mset_area area;
    const Clock::time_point begin = Clock::now();
    while (state.KeepRunning()) {
        found += mset_find(slots.areas(), slots.random_hit(), &area);
        benchmark::DoNotOptimize(area);
    }
    report(state, slots.areas(), begin, 1);
    if (found != static_cast<uint64_t>(state.iterations())) {
        state.SkipWithError("a page that is mapped was not found");
    }
}

void find_miss(benchmark::State &state) {
    bench::Slots slots(static_cast<uint64_t>(state.range(0)));
    uint64_t found = 0;
    const Clock::time_point begin = Clock::now();
    while (state.KeepRunning()) {
        found += mset_find(slots.areas(), slots.random_miss(), nullptr);
    }
    report(state, slots.areas(), begin, 1);
    if (found != 0) {
        state.SkipWithError("a page that is not mapped was found");
    }
}

void churn(benchmark::State &state) {
    bench::Churn churn(static_cast<uint64_t>(state.range(0)));
    const Clock::time_point begin = Clock::now();
    while (state.KeepRunning()) {
        churn.protect();
        churn.replace();
    }
    report(state, churn.areas(), begin, 2);
}

void split(benchmark::State &state) {
    bench::Split split(static_cast<uint64_t>(state.range(0)));
    const Clock::time_point begin = Clock::now();
    while (state.KeepRunning()) {
        split.protect();
    }
    report(state, split.areas(), begin, 1);
}

void mmap_churn(benchmark::State &state) {
    bench::MmapChurn churn(static_cast<uint64_t>(state.range(0)));
    const Clock::time_point begin = Clock::now();
    while (state.KeepRunning()) {
        churn.step();
    }
    report(state, churn.areas(), begin, 1);
}

void sizes(benchmark::internal::Benchmark *benchmark) {
    for (const int64_t n : {1000, 10000, 100000, 1000000}) {
        benchmark->Arg(n);
    }
}

} // namespace

namespace bench {

void add_set_works() {
    const struct {
        const char *name;
        void (*run)(benchmark::State &);
    } works[] = {
        {"find_hit/mset", find_hit}, {"find_miss/mset", find_miss},   {"split/mset", split},
        {"churn/mset", churn},       {"mmap_churn/mset", mmap_churn},
    };
    for (const auto &work : works) {
        sizes(benchmark::RegisterBenchmark(work.name, work.run));
    }
}

} // namespace bench
