/*
 * works.h - what is measured, for any subject. See set.cpp for the list.
 *
 * Only the work itself is timed. Lookups and steady states are timed from the first to the last,
 * the others each by itself, so that putting back is not in it.
 */
#ifndef MSET_BENCH_SET_WORKS_H
#define MSET_BENCH_SET_WORKS_H

#include "spaces.h"

#include <benchmark/benchmark.h>

#include <array>
#include <chrono>
#include <optional>

namespace bench {

inline uint64_t areas_of(const benchmark::State &state) {
    return static_cast<uint64_t>(state.range(0));
}

/* Sums up what is timed, and says it as nanoseconds per operation. */
class Stopwatch {
  public:
    explicit Stopwatch(benchmark::State &of) : state(of) {}

    void start() { began = Clock::now(); }
    void stop() { total += Clock::now() - began; }
    void report(uint64_t operations) {
        state.counters["ns_op"] = total.count() / static_cast<double>(operations);
    }
    /* Every iteration of the benchmark was `per_iteration` operations. */
    void report_each(uint64_t per_iteration) {
        report(static_cast<uint64_t>(state.iterations()) * per_iteration);
    }

  private:
    using Clock = std::chrono::steady_clock;
    benchmark::State &state;
    Clock::time_point began;
    std::chrono::duration<double, std::nano> total{0};
};

/* ---- lookups ------------------------------------------------------------------------------ */

/* Looks up again and again: `next` says where, given the start of the area found last. */
template <class S, class Next>
void look_up(benchmark::State &state, const S &subject, bool is_there, Next next) {
    constexpr uint64_t batch = 64; /* the library's own counting takes a nanosecond */
    uint64_t found = 0;
    Found<S> area = {};
    Stopwatch watch(state);
    watch.start();
    while (state.KeepRunningBatch(batch)) {
        for (uint64_t i = 0; i < batch; i++) {
            found += subject.find(next(area.start), area);
            benchmark::DoNotOptimize(area);
        }
    }
    watch.stop();
    watch.report_each(1);
    if (found != (is_there ? static_cast<uint64_t>(state.iterations()) : 0)) {
        state.SkipWithError("find does not find what is there, or finds what is not");
    }
}

template <class S> void find_hit(benchmark::State &state) {
    Slots<S> &slots = kept<Slots<S>>(areas_of(state));
    look_up(state, slots.areas(), true, [&](uint64_t) { return slots.hit(slots.number()); });
}

template <class S> void find_miss(benchmark::State &state) {
    Slots<S> &slots = kept<Slots<S>>(areas_of(state));
    look_up(state, slots.areas(), false, [&](uint64_t) { return slots.miss(slots.number()); });
}

/* The next slot cannot be known before the area of the last is there. */
template <class S> void find_dependent(benchmark::State &state) {
    Slots<S> &slots = kept<Slots<S>>(areas_of(state));
    look_up(state, slots.areas(), true,
            [&](uint64_t last) { return slots.hit(slots.number() ^ (last << 20)); });
}

/* All pages that hit, in address order, over and over. */
template <class S> void find_sequential(benchmark::State &state) {
    Slots<S> &slots = kept<Slots<S>>(areas_of(state));
    const uint64_t past = areas_of(state) * slot_size;
    uint64_t at = 0, in_slot = 15;
    look_up(state, slots.areas(), true, [&](uint64_t) {
        if (++in_slot == 32) {
            in_slot = 16;
            at += slot_size;
            at = at == past ? 0 : at;
        }
        return at + in_slot * page;
    });
}

/* Random pages that hit, but the same 64 again and again: the processor has learned by heart which
   way each of them goes. */
template <class S> void find_learned(benchmark::State &state) {
    Slots<S> &slots = kept<Slots<S>>(areas_of(state));
    std::array<uint64_t, 64> places{};
    for (uint64_t &place : places) {
        place = slots.hit(slots.number());
    }
    size_t i = 0;
    look_up(state, slots.areas(), true, [&](uint64_t) { return places[i++ % places.size()]; });
}

template <class S> void iterate(benchmark::State &state) {
    const S &subject = kept<Slots<S>>(areas_of(state)).areas();
    uint64_t sum = 0;
    Stopwatch watch(state);
    watch.start();
    while (state.KeepRunning()) {
        subject.for_each(
            [&](uint64_t start, uint64_t end, uint64_t flags) { sum += start + end + flags; });
        benchmark::DoNotOptimize(sum);
    }
    watch.stop();
    watch.report_each(areas_of(state));
}

/* ---- updates ------------------------------------------------------------------------------ */

template <class S> void churn(benchmark::State &state) {
    Churn<S> &space = kept<Churn<S>>(areas_of(state));
    Stopwatch watch(state);
    watch.start();
    while (state.KeepRunning()) {
        space.protect();
        space.replace();
    }
    watch.stop();
    watch.report_each(2);
    state.counters["areas"] = static_cast<double>(space.areas().count());
}

template <class S> void mmap_churn(benchmark::State &state) {
    MmapChurn<S> &space = kept<MmapChurn<S>>(areas_of(state));
    Stopwatch watch(state);
    watch.start();
    while (state.KeepRunning()) {
        space.step();
    }
    watch.stop();
    watch.report_each(1);
    if (space.areas().count() != areas_of(state)) {
        state.SkipWithError("an area got lost");
    }
}

/* Four areas over 8 n pages, and random pages are unmapped until there are n areas. */
template <class S> void punch(benchmark::State &state) {
    const uint64_t n = areas_of(state), quarter = 2 * n * page;
    uint64_t unmaps = 0;
    Stopwatch watch(state);
    while (state.KeepRunning()) {
        const std::vector<uint64_t> holes = punched_pages(n);
        join_free_memory();
        S subject;
        for (uint64_t i = 0; i < 4; i++) {
            subject.map(i * quarter, (i + 1) * quarter, i + 1);
        }
        watch.start();
        for (const uint64_t at : holes) {
            subject.unmap(at * page, (at + 1) * page);
        }
        watch.stop();
        unmaps += holes.size();
        if (subject.count() != n) {
            state.SkipWithError("not exactly the pages were unmapped");
        }
    }
    watch.report(unmaps);
}

template <class S> void unmap_1000(benchmark::State &state) {
    RunSpace<S> &space = kept<RunSpace<S>>(areas_of(state));
    Stopwatch watch(state);
    while (state.KeepRunning()) {
        const uint64_t first = space.pick();
        watch.start();
        space.unmap(first);
        watch.stop();
        space.put_back(first);
    }
    const uint64_t first = space.pick();
    space.unmap(first);
    if (space.areas().count() != areas_of(state) - RunSpace<S>::run) {
        state.SkipWithError("not exactly the run was unmapped");
    }
    space.put_back(first);
    watch.report_each(RunSpace<S>::run);
}

/* ---- builds ------------------------------------------------------------------------------- */

template <class S, class Fill> void build(benchmark::State &state, Fill fill) {
    Stopwatch watch(state);
    join_free_memory();
    while (state.KeepRunning()) {
        std::optional<S> subject(std::in_place);
        watch.start();
        fill(*subject);
        watch.stop();
        if (subject->count() != areas_of(state)) {
            state.SkipWithError("an area got lost");
        }
    }
    watch.report_each(areas_of(state));
}

template <class S> void build_ascending(benchmark::State &state) {
    const std::vector<Area> &areas = slot_layout(areas_of(state)).ascending;
    build<S>(state, [&](S &subject) { map_each(subject, areas); });
}

template <class S> void build_random(benchmark::State &state) {
    const std::vector<Area> &areas = slot_layout(areas_of(state)).shuffled;
    build<S>(state, [&](S &subject) { map_each(subject, areas); });
}

template <class S> void build_bulk(benchmark::State &state) {
    const Items<S> areas = items<S>(slot_layout(areas_of(state)).ascending);
    build<S>(state, [&](S &subject) { map_bulk(subject, areas); });
}

/* ---- memory ------------------------------------------------------------------------------- */

/* There is nothing to time: the loop is what the library asks for. */
inline void report_bytes(benchmark::State &state, double bytes_per_area) {
    while (state.KeepRunning()) {
    }
    state.counters["bytes_area"] = bytes_per_area;
}

template <class S> double bytes_of_build(const std::vector<Area> &areas) {
    const uint64_t before = bytes_in_use();
    S subject;
    map_each(subject, areas);
    const uint64_t bytes = bytes_in_use() - before;
    return static_cast<double>(bytes) / static_cast<double>(subject.count());
}

template <class S> void bytes_after_ascending(benchmark::State &state) {
    report_bytes(state, bytes_of_build<S>(slot_layout(areas_of(state)).ascending));
}

template <class S> void bytes_after_random(benchmark::State &state) {
    report_bytes(state, bytes_of_build<S>(slot_layout(areas_of(state)).shuffled));
}

template <class S> void bytes_after_churn(benchmark::State &state) {
    report_bytes(state, kept<Churn<S>>(areas_of(state)).bytes_per_area());
}

} // namespace bench

#endif
