/*
 * works.h - what is measured, for any subject and any format. The time is that of the call alone:
 * what brings the table back to where it was is not in it.
 *
 * Sizes are numbers of entries, so that formats can be compared: "1 GiB of 4K leaves" is 2^18
 * leaves of level 0, "64 GiB of 2M leaves" is 2^15 of level 1, whatever these are in the format.
 * Physical addresses are off by one leaf, so that no larger leaf fits.
 */
#ifndef MSET_BENCH_PAGE_TABLE_WORKS_H
#define MSET_BENCH_PAGE_TABLE_WORKS_H

#include "../random.h"
#include "subjects.h"

#include <benchmark/benchmark.h>

#include <chrono>

namespace bench {

struct Shape {
    unsigned level;
    uint64_t entries;
};

constexpr Shape small_leaves = {0, 1 << 18}, large_leaves = {1, 1 << 15};

/* Sums up what is timed, and says it as ns per operation. */
class Timer {
  public:
    Timer(benchmark::State &of, uint64_t operations) : state(of), per_iteration(operations) {}
    ~Timer() {
        const double count =
            static_cast<double>(state.iterations()) * static_cast<double>(per_iteration);
        state.counters["ns_op"] = total * 1e9 / count;
    }
    Timer(const Timer &) = delete;
    Timer &operator=(const Timer &) = delete;

    template <class Work> void time(Work work) {
        const auto begin = std::chrono::steady_clock::now();
        work();
        const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - begin;
        state.SetIterationTime(spent.count());
        total += spent.count();
    }

  private:
    benchmark::State &state;
    uint64_t per_iteration;
    double total = 0;
};

/* ---- many leaves in one call -------------------------------------------------------------- */

/* A subject with a range of leaves that is changed as a whole. */
template <class Subject> class Bulk {
  public:
    using Format = typename Subject::format;

    explicit Bulk(Shape of) : shape(of) {}
    void map() {
        subject.map(0, UINT64_C(1) << shift<Format>(shape.level), shape.entries, shape.level);
    }
    void unmap() {
        subject.unmap(0, shape.entries, shape.level);
        subject.flush();
    }
    void protect(uint64_t flags) {
        subject.protect(0, shape.entries, shape.level, flags);
        subject.flush();
    }
    Subject &table() { return subject; }

  private:
    Subject subject;
    Shape shape;
};

template <class Subject> void map_bulk(benchmark::State &state, Shape shape) {
    Bulk<Subject> bulk(shape);
    Timer timer(state, shape.entries);
    for (auto _ : state) {
        timer.time([&] { bulk.map(); });
        bulk.unmap();
    }
}

template <class Subject> void unmap_bulk(benchmark::State &state, Shape shape) {
    Bulk<Subject> bulk(shape);
    Timer timer(state, shape.entries);
    for (auto _ : state) {
        bulk.map();
        timer.time([&] { bulk.unmap(); });
    }
}

template <class Subject> void protect_bulk(benchmark::State &state, Shape shape) {
    Bulk<Subject> bulk(shape);
    bulk.map();
    uint64_t flags = read_only;
    Timer timer(state, shape.entries);
    for (auto _ : state) {
        timer.time([&] { bulk.protect(flags); });
        flags ^= MSET_WRITE;
    }
}

/* ---- one page, and 256 ---------------------------------------------------------------------- */

/* `runs` runs of n pages, each in a table of its own that has one page more, and so stays. */
template <class Subject> class Few {
  public:
    Few(uint64_t how_many, uint64_t pages) : runs(how_many), n(pages) {
        for (uint64_t i = 0; i < runs; i++) {
            subject.map(i * slot, i * slot + page, 1, 0);
        }
    }
    void map() {
        for (uint64_t i = 0; i < runs; i++) {
            const uint64_t at = i * slot + n * page;
            subject.map(at, at + page, n, 0);
        }
    }
    void unmap() {
        for (uint64_t i = 0; i < runs; i++) {
            subject.unmap(i * slot + n * page, n, 0);
        }
        subject.flush();
    }

  private:
    using Format = typename Subject::format;
    static constexpr uint64_t slot = UINT64_C(1) << shift<Format>(1);
    static constexpr uint64_t page = UINT64_C(1) << shift<Format>(0);
    Subject subject;
    uint64_t runs, n;
};

template <class Subject> void map_few(benchmark::State &state, uint64_t runs, uint64_t n) {
    Few<Subject> few(runs, n);
    Timer timer(state, runs);
    for (auto _ : state) {
        timer.time([&] { few.map(); });
        few.unmap();
    }
}

template <class Subject> void unmap_few(benchmark::State &state, uint64_t runs, uint64_t n) {
    Few<Subject> few(runs, n);
    Timer timer(state, runs);
    for (auto _ : state) {
        few.map();
        timer.time([&] { few.unmap(); });
    }
}

/* One page each, all in one table, in an order without pattern. */
template <class Subject> class Hot {
  public:
    static constexpr uint64_t count = 128;

    Hot() { subject.map(0, page, 1, 0); }
    void map() {
        for (uint64_t i = 0; i < count; i++) {
            subject.map(place(i), place(i) + page, 1, 0);
        }
    }
    void unmap() {
        for (uint64_t i = 0; i < count; i++) {
            subject.unmap(place(i), 1, 0);
        }
        subject.flush();
    }

  private:
    using Format = typename Subject::format;
    static constexpr uint64_t page = UINT64_C(1) << shift<Format>(0);
    static uint64_t place(uint64_t i) { return (1 + i * 37 % count) * page; }
    Subject subject;
};

template <class Subject> void map_hot(benchmark::State &state) {
    Hot<Subject> hot;
    Timer timer(state, Hot<Subject>::count);
    for (auto _ : state) {
        timer.time([&] { hot.map(); });
        hot.unmap();
    }
}

template <class Subject> void unmap_hot(benchmark::State &state) {
    Hot<Subject> hot;
    Timer timer(state, Hot<Subject>::count);
    for (auto _ : state) {
        hot.map();
        timer.time([&] { hot.unmap(); });
    }
}

/* ---- asking ------------------------------------------------------------------------------- */

/* Random pages among the first `among`. */
template <class Subject> void query(benchmark::State &state, uint64_t among) {
    constexpr uint64_t block = 1024;
    Bulk<Subject> bulk({0, among});
    bulk.map();
    Random random;
    uint64_t va[block], found = 0;
    Timer timer(state, block);
    for (auto _ : state) {
        for (uint64_t &at : va) {
            at = random.below(among) << Subject::format::page_bits;
        }
        timer.time([&] {
            for (const uint64_t at : va) {
                typename Subject::Found page;
                found += bulk.table().query(at, &page) == MSET_OK;
                benchmark::DoNotOptimize(page);
            }
        });
    }
    if (found != block * static_cast<uint64_t>(state.iterations())) {
        state.SkipWithError("a page that is mapped was not found");
    }
}

/* ---- split and promote ---------------------------------------------------------------------- */

/* A random page out of a large leaf, and back again, which makes the leaf whole. */
template <class Subject> void split_promote(benchmark::State &state) {
    using Format = typename Subject::format;
    const uint64_t offset = UINT64_C(1) << shift<Format>(1);
    const uint64_t pages = large_leaves.entries << Format::index_bits;
    Subject subject(true);
    subject.map(0, offset, large_leaves.entries, 1);
    Random random;
    Timer timer(state, 1);
    for (auto _ : state) {
        const uint64_t va = random.below(pages) << Format::page_bits;
        timer.time([&] {
            subject.unmap(va, 1, 0);
            subject.flush();
            subject.mend(va, va + offset);
            subject.flush();
        });
    }
}

/* ---- limits ------------------------------------------------------------------------------- */

/* One pass over tables for n entries. */
template <class Format, class Pass>
void limit(benchmark::State &state, uint64_t n, uint64_t per_iteration, Pass pass) {
    Limit<Format> tables(n);
    tables.fill();
    Timer timer(state, per_iteration);
    for (auto _ : state) {
        timer.time([&] { pass(tables); });
    }
}

} // namespace bench

#endif
