/* limit_kinds.h - the kinds of processors that limit_loops.cpp is compiled for. */
#ifndef MSET_BENCH_PAGE_TABLE_LIMIT_KINDS_H
#define MSET_BENCH_PAGE_TABLE_LIMIT_KINDS_H

#include <cstddef>
#include <cstdint>

namespace bench {

struct LimitLoops {
    void (*fill)(uint64_t *entries, size_t n, uint64_t first, uint64_t step);
    void (*change)(uint64_t *entries, size_t n, uint64_t bits);
    bool (*compare)(const uint64_t *entries, size_t n, uint64_t first, uint64_t step);
};

extern const LimitLoops limit_any, limit_avx2, limit_avx512;

} // namespace bench

#endif
