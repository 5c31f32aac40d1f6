/* mset.cpp - the library as a subject, and its unmap_1000 with and without a counting backend. */
#include "mset.h"

#include "../enlist.h"

#include <cstdio>
#include <cstdlib>

namespace bench {

void mset_failed(mset_status status) {
    std::fprintf(stderr, "mset-bench: unexpected status: %s\n", mset_status_text(status));
    std::abort();
}

const mset_backend_ops MsetCounted::ops = [] {
    mset_backend_ops table = {};
    table.name = "counting";
    table.map = map_one;
    table.unmap = unmap_one;
    table.protect = protect_one;
    return table;
}();

MsetCounted::MsetCounted() : behind{{&ops}, 0, 0, 0}, set(0, &behind.backend) {}

int MsetCounted::map_one(mset_backend *backend, const mset_area *, void *) {
    of(backend).mapped++;
    return 0;
}

int MsetCounted::unmap_one(mset_backend *backend, const mset_area *, void *) {
    of(backend).unmapped++;
    return 0;
}

int MsetCounted::protect_one(mset_backend *backend, const mset_area *, uint64_t, void *) {
    of(backend).protected_++;
    return 0;
}

namespace {

void unmap_counted(benchmark::State &state) {
    unmap_1000<MsetCounted>(state);
    const MsetCounted &set = kept<RunSpace<MsetCounted>>(areas_of(state)).areas();
    if (set.counted() != set.count()) {
        state.SkipWithError("the backend was not told of every area");
    }
}

void add_works() {
    add_lookups<Mset>();
    add_updates<Mset>();
    add_builds<Mset>();
    add_bytes<Mset>();
    add_replays<Mset>();
    add_work("unmap_1000", Mset::name, unmap_1000<Mset>, 1000);
    add_work("unmap_1000", "mset_counted", unmap_counted, 1000);
}

const bool here = enlist({Mset::name, add_works, check_subject<Mset>});

} // namespace

} // namespace bench
