/*
 * limit_loops.cpp - the loops of limit.h, compiled once per kind of processor: the compiler makes
 * vector code of them, CMakeLists.txt says for which registers and under which name.
 */
#include "limit_kinds.h"

namespace bench {

namespace {

void fill(uint64_t *entries, size_t n, uint64_t first, uint64_t step) {
    for (size_t k = 0; k < n; k++) {
        entries[k] = first + k * step;
    }
}

void change(uint64_t *entries, size_t n, uint64_t bits) {
    for (size_t k = 0; k < n; k++) {
        entries[k] ^= bits;
    }
}

bool compare(const uint64_t *entries, size_t n, uint64_t first, uint64_t step) {
    uint64_t differ = 0;
    for (size_t k = 0; k < n; k++) {
        differ |= entries[k] ^ (first + k * step);
    }
    return differ == 0;
}

} // namespace

extern const LimitLoops LIMIT_LOOPS = {fill, change, compare};

} // namespace bench
