/* limit.cpp - which loops to use. */
#include "limit.h"

#include "limit_kinds.h"

namespace bench {

namespace {

const LimitLoops &choose() {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f")) {
        return limit_avx512;
    }
    if (__builtin_cpu_supports("avx2")) {
        return limit_avx2;
    }
#endif
    return limit_any;
}

const LimitLoops &loops = choose();

} // namespace

void limit_fill(uint64_t *entries, size_t n, uint64_t first, uint64_t step) {
    loops.fill(entries, n, first, step);
}

void limit_change(uint64_t *entries, size_t n, uint64_t bits) {
    loops.change(entries, n, bits);
}

bool limit_compare(const uint64_t *entries, size_t n, uint64_t first, uint64_t step) {
    return loops.compare(entries, n, first, step);
}

} // namespace bench
