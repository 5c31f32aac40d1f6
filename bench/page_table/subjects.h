/*
 * subjects.h - who does the work: the library, the plain walker and the limit, under one set of
 * names, so that a work is written once.
 *
 * Ranges are n leaves of one level. flush() says that the processors have forgotten what was
 * changed; the walker does not know such a thing.
 */
#ifndef MSET_BENCH_PAGE_TABLE_SUBJECTS_H
#define MSET_BENCH_PAGE_TABLE_SUBJECTS_H

#include "arena.h"
#include "layouts.h"
#include "limit.h"
#include "walker.h"

#include <mset/page_table.h>

#include <cstring>
#include <vector>

namespace bench {

constexpr uint64_t read_only = MSET_READ, read_write = MSET_READ | MSET_WRITE;

template <class Format> class Mset {
  public:
    using format = Format;
    using Found = mset_pt_run;
    static constexpr const char *name = "mset";

    explicit Mset(bool promote = false) {
        mset_pt_config config = {};
        config.format = &Format::format();
        config.frames = arena.frames();
        config.promote = promote;
        require(mset_pt_create(&config, &table));
    }
    ~Mset() { mset_pt_destroy(table); }
    Mset(const Mset &) = delete;
    Mset &operator=(const Mset &) = delete;

    void map(uint64_t va, uint64_t pa, uint64_t n, unsigned level) {
        require(mset_pt_map(table, va, pa, n << shift<Format>(level), read_write));
    }
    void unmap(uint64_t va, uint64_t n, unsigned level) {
        require(mset_pt_unmap(table, va, n << shift<Format>(level), nullptr, nullptr));
    }
    void protect(uint64_t va, uint64_t n, unsigned level, uint64_t flags) {
        require(mset_pt_protect(table, va, n << shift<Format>(level), flags));
    }
    mset_status query(uint64_t va, mset_pt_run *run) const {
        return mset_pt_query(table, va, 0, run);
    }
    void flush() {
        mset_pt_gather gather;
        mset_pt_get_gather(table, &gather);
        mset_pt_flushed(table);
    }
    /* Maps a page whose neighbours make up a large leaf but for it: config.promote does the rest.
     */
    void mend(uint64_t va, uint64_t pa) { map(va, pa, 1, 0); }

    uint64_t leaves(unsigned level) const {
        mset_pt_statistics statistics;
        mset_pt_get_statistics(table, &statistics);
        return statistics.leaves[level];
    }

  private:
    Arena arena;
    mset_page_table *table = nullptr;
};

template <class Format> class Plain {
  public:
    using format = Format;
    using Found = Translation;
    static constexpr const char *name = "walker";

    explicit Plain(bool = false) {}

    void map(uint64_t va, uint64_t pa, uint64_t n, unsigned level) {
        for (uint64_t i = 0; i < n; i++) {
            const uint64_t at = i << shift<Format>(level);
            require(walker.map(va + at, pa + at, level, read_write));
        }
    }
    void unmap(uint64_t va, uint64_t n, unsigned level) {
        for (uint64_t i = 0; i < n; i++) {
            require(walker.unmap(va + (i << shift<Format>(level)), level));
        }
    }
    void protect(uint64_t va, uint64_t n, unsigned level, uint64_t flags) {
        for (uint64_t i = 0; i < n; i++) {
            require(walker.protect(va + (i << shift<Format>(level)), level, flags));
        }
    }
    mset_status query(uint64_t va, Translation *found) const { return walker.query(va, found); }
    void flush() {}
    void mend(uint64_t va, uint64_t pa) {
        require(walker.map(va, pa, 0, read_write));
        if (!walker.promote(va)) {
            require(MSET_BAD_STATE);
        }
    }

  private:
    Walker<Format> walker;
};

/* Tables for n entries, from the same kind of arena. */
template <class Format> class Limit {
  public:
    using format = Format;
    static constexpr const char *name = "limit";

    explicit Limit(uint64_t n) : tables((n + per_table - 1) / per_table) {
        const unsigned order = Format::index_bits > 9 ? Format::index_bits - 9 : 0;
        for (uint64_t *&table : tables) {
            table = arena.at(arena.take(order));
            std::memset(table, 0, per_table * sizeof *table);
        }
    }
    void fill() {
        for (uint64_t *const table : tables) {
            limit_fill(table, per_table, 1, bit(Format::page_bits));
        }
    }
    /* As if every table came as a frame with other contents. */
    void zero_and_fill() {
        for (uint64_t *const table : tables) {
            std::memset(table, 0, per_table * sizeof *table);
            limit_fill(table, per_table, 1, bit(Format::page_bits));
        }
    }
    void set() {
        for (uint64_t *const table : tables) {
            std::memset(table, 1, per_table * sizeof *table);
        }
    }
    void change() {
        for (uint64_t *const table : tables) {
            limit_change(table, per_table, 2);
        }
    }
    bool compare() const {
        bool same = true;
        for (const uint64_t *const table : tables) {
            same &= limit_compare(table, per_table, 1, bit(Format::page_bits));
        }
        return same;
    }

  private:
    static constexpr uint64_t per_table = table_entries<Format>();
    Arena arena;
    std::vector<uint64_t *> tables;
};

} // namespace bench

#endif
