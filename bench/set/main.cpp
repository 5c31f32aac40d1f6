/*
 * main.cpp - mset-bench: nanoseconds per operation of the memory set, from 1,000 to 1,000,000
 * areas, through the public calls and without a backend.
 *
 *     find_hit    find by address, random place in a random area
 *     find_miss   the same between areas
 *     churn       protect of 1..16 random pages, and map-replace of 1..32, in turn (split-heavy)
 *     mmap_churn  unmap a random area, top-down first-fit search for 1..32 pages, map there
 *
 * Names are work/mset/areas; the counter ns_op is the time of one operation.
 */
#include "workloads.h"

#include <benchmark/benchmark.h>

namespace {

void report(benchmark::State &state, const mset *set, double operations) {
    mset_statistics statistics;
    mset_get_statistics(set, &statistics);
    state.counters["ns_op"] = benchmark::Counter(
        operations * 1e-9, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
    state.counters["areas"] = static_cast<double>(statistics.areas);
    state.counters["bytes_per_area"] =
        static_cast<double>(statistics.node_bytes) / static_cast<double>(statistics.areas);
}

void find_hit(benchmark::State &state) {
    bench::Slots slots(static_cast<uint64_t>(state.range(0)));
    uint64_t found = 0;
    mset_area area;
    for (auto _ : state) {
        found += mset_find(slots.set, slots.random_hit(), &area);
        benchmark::DoNotOptimize(area);
    }
    if (found != static_cast<uint64_t>(state.iterations())) {
        state.SkipWithError("a page that is mapped was not found");
    }
    report(state, slots.set, static_cast<double>(state.iterations()));
}

void find_miss(benchmark::State &state) {
    bench::Slots slots(static_cast<uint64_t>(state.range(0)));
    uint64_t found = 0;
    for (auto _ : state) {
        found += mset_find(slots.set, slots.random_miss(), nullptr);
    }
    if (found != 0) {
        state.SkipWithError("a page that is not mapped was found");
    }
    report(state, slots.set, static_cast<double>(state.iterations()));
}

void churn(benchmark::State &state) {
    bench::Churn churn(static_cast<uint64_t>(state.range(0)));
    for (auto _ : state) {
        churn.protect();
        churn.replace();
    }
    report(state, churn.set, 2 * static_cast<double>(state.iterations()));
}

void mmap_churn(benchmark::State &state) {
    bench::MmapChurn churn(static_cast<uint64_t>(state.range(0)));
    for (auto _ : state) {
        churn.step();
    }
    report(state, churn.set, static_cast<double>(state.iterations()));
}

void sizes(benchmark::internal::Benchmark *benchmark) {
    for (const int64_t n : {1000, 10000, 100000, 1000000}) {
        benchmark->Arg(n);
    }
}

} // namespace

int main(int argc, char **argv) {
    const struct {
        const char *name;
        void (*run)(benchmark::State &);
    } works[] = {
        {"find_hit/mset", find_hit},
        {"find_miss/mset", find_miss},
        {"churn/mset", churn},
        {"mmap_churn/mset", mmap_churn},
    };
    for (const auto &work : works) {
        sizes(benchmark::RegisterBenchmark(work.name, work.run));
    }
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) {
        return 2;
    }
    benchmark::RunSpecifiedBenchmarks();
    benchmark::Shutdown();
    return 0;
}
