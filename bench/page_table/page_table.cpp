/*
 * page_table.cpp - the benchmarks of page tables. Names are pt_<what>/<who>/<format>.
 *
 *     map_4k, unmap_4k     2^18 leaves of the smallest size in one call (1 GiB of 4K leaves); an
 *                          unmap includes its flush, which frees the tables    per leaf
 *     map_2m, unmap_2m     2^15 leaves of the next size (64 GiB of 2M leaves)  per leaf
 *     protect_4k           other flags for 2^18 leaves, and the flush          per leaf
 *     map_256, unmap_256   256 pages in one call, in a table that stays        per call
 *     map_hot, unmap_hot   one page, in one table that stays                   per call
 *     query_hot            a random page of 128                                per call
 *     query_random         a random page of 2^18                               per call
 *     split_promote        one random page out of 2^15 large leaves, flush, the page back, which
 *                          makes the leaf whole again, flush                   per round
 *
 * Who: mset; walker, which goes from the root for every page (walker.h); limit, the stores alone
 * (limit.h), with limit_memset and limit_zeroed beside it for filling.
 */
#include "page_table.h"

#include "works.h"

#include <string>

namespace bench {

namespace {

template <class Format>
void add(const char *what, const char *who, void (*work)(benchmark::State &)) {
    const std::string name = std::string("pt_") + what + "/" + who + "/" + Format::format().name;
    benchmark::RegisterBenchmark(name.c_str(), work)->UseManualTime();
}

/* What is measured of both. */
template <class Subject> void add_works() {
    using Format = typename Subject::format;
    const auto with = [](const char *what, void (*work)(benchmark::State &)) {
        add<Format>(what, Subject::name, work);
    };
    using State = benchmark::State;
    with("map_4k", [](State &state) { map_bulk<Subject>(state, small_leaves); });
    with("unmap_4k", [](State &state) { unmap_bulk<Subject>(state, small_leaves); });
    with("map_2m", [](State &state) { map_bulk<Subject>(state, large_leaves); });
    with("unmap_2m", [](State &state) { unmap_bulk<Subject>(state, large_leaves); });
    with("protect_4k", [](State &state) { protect_bulk<Subject>(state, small_leaves); });
    with("map_256", [](State &state) { map_few<Subject>(state, 8, 256); });
    with("unmap_256", [](State &state) { unmap_few<Subject>(state, 8, 256); });
    with("map_hot", [](State &state) { map_hot<Subject>(state); });
    with("unmap_hot", [](State &state) { unmap_hot<Subject>(state); });
    with("query_hot", [](State &state) { query<Subject>(state, 128); });
    with("query_random", [](State &state) { query<Subject>(state, small_leaves.entries); });
    with("split_promote", [](State &state) { split_promote<Subject>(state); });
}

/* The stores alone: an unmap has to store as much as a map. */
template <class Format, uint64_t N> void add_fill_limits(const char *what) {
    using State = benchmark::State;
    using Tables = Limit<Format>;
    add<Format>(what, "limit", [](State &state) {
        limit<Format>(state, N, N, [](Tables &tables) { tables.fill(); });
    });
    add<Format>(what, "limit_memset", [](State &state) {
        limit<Format>(state, N, N, [](Tables &tables) { tables.set(); });
    });
    add<Format>(what, "limit_zeroed", [](State &state) {
        limit<Format>(state, N, N, [](Tables &tables) { tables.zero_and_fill(); });
    });
}

template <class Format> void add_limits() {
    using State = benchmark::State;
    add_fill_limits<Format, small_leaves.entries>("map_4k");
    add_fill_limits<Format, small_leaves.entries>("unmap_4k");
    add_fill_limits<Format, large_leaves.entries>("map_2m");
    add_fill_limits<Format, large_leaves.entries>("unmap_2m");
    add<Format>("protect_4k", "limit", [](State &state) {
        limit<Format>(state, small_leaves.entries, small_leaves.entries,
                      [](Limit<Format> &tables) { tables.change(); });
    });
    add<Format>("split_promote", "limit", [](State &state) {
        limit<Format>(state, 1, 1, [](Limit<Format> &tables) {
            tables.fill();
            benchmark::DoNotOptimize(tables.compare());
        });
    });
}

/* ---- do they do the same? ----------------------------------------------------------------- */

struct Answer {
    mset_status status;
    Translation page;
};

template <class Subject> Answer ask(const Subject &subject, uint64_t va) {
    typename Subject::Found found = {};
    const mset_status status = subject.query(va, &found);
    return {status, {found.pa, found.leaf_size, found.flags}};
}

template <class Format> void compare(const Mset<Format> &a, const Plain<Format> &b, uint64_t last) {
    Random random;
    for (int i = 0; i < 1000; i++) {
        const uint64_t va = (random.next() >> 8) % (last + 1);
        const Answer x = ask(a, va), y = ask(b, va);
        /* The walker knows nothing of contiguous groups. */
        const bool same = x.page.pa == y.page.pa && x.page.leaf_size >= y.page.leaf_size &&
                          x.page.flags == y.page.flags;
        require(x.status == y.status && (same || x.status != MSET_OK) ? MSET_OK : MSET_BAD_STATE);
    }
}

template <class Format> void check_bulk(Shape shape) {
    Bulk<Mset<Format>> a(shape);
    Bulk<Plain<Format>> b(shape);
    const uint64_t last = (shape.entries << shift<Format>(shape.level)) * 9 / 8;
    a.map(), b.map();
    require(a.table().leaves(shape.level) == shape.entries ? MSET_OK : MSET_BAD_STATE);
    compare(a.table(), b.table(), last);
    const uint64_t page = UINT64_C(1) << shift<Format>(0), size = page << Format::index_bits;
    for (const uint64_t at : {uint64_t{0}, size - page, 3 * size + page}) {
        a.table().unmap(at, 1, 0), b.table().unmap(at, 1, 0);
        a.table().flush();
    }
    compare(a.table(), b.table(), 4 * size);
}

/* Once a format: translations before and after holes, and all that is one leaf is one again. */
template <class Format> void check() {
    check_bulk<Format>(small_leaves);
    check_bulk<Format>(large_leaves);
    Mset<Format> a(true);
    Plain<Format> b;
    const uint64_t page = UINT64_C(1) << shift<Format>(0), size = page << Format::index_bits;
    a.map(0, size, 1, 1), b.map(0, size, 1, 1);
    a.unmap(3 * page, 1, 0), b.unmap(3 * page, 1, 0);
    a.flush();
    compare(a, b, 2 * size);
    a.mend(3 * page, size + 3 * page), b.mend(3 * page, size + 3 * page);
    a.flush();
    compare(a, b, 2 * size);
    require(a.leaves(0) == 0 && a.leaves(1) == 1 ? MSET_OK : MSET_BAD_STATE);
}

/* ---- all formats -------------------------------------------------------------------------- */

template <class... Formats> struct List {
    static void add_works() { (add_one<Formats>(), ...); }
    static void check_all() { (check<Formats>(), ...); }

  private:
    template <class Format> static void add_one() {
        bench::add_works<Mset<Format>>();
        bench::add_works<Plain<Format>>();
        bench::add_limits<Format>();
    }
};

using All = List<X86_64, X86_64_5, Npt, Ept, Aarch64_4k, Aarch64_16k, Aarch64_64k, Aarch64S2_4k,
                 Aarch64S2_4kIpa40, Aarch64S2_16k, Aarch64S2_64k, Sv39, Sv48, Sv57, Sv39x4, Sv48x4,
                 Loongarch64>;

} // namespace

void add_page_table_works() {
    All::add_works();
}

void check_page_tables() {
    All::check_all();
}

} // namespace bench
