/* area.h - what every subject keeps: areas of an address space, as plain numbers. */
#ifndef MSET_BENCH_SET_AREA_H
#define MSET_BENCH_SET_AREA_H

#include <cstdint>

namespace bench {

constexpr uint64_t page = 4096;

/* The bytes [start, end). */
struct Area {
    uint64_t start;
    uint64_t end;
    uint64_t flags;
    void *backend;
};

/* What top_gap() says when there is no room. */
constexpr uint64_t no_gap = UINT64_MAX;

} // namespace bench

#endif
