/*
 * limit.h - the least that memory allows: the stores a work cannot do without, over as many
 * entries in tables of the same size, with the widest registers the processor has.
 */
#ifndef MSET_BENCH_PAGE_TABLE_LIMIT_H
#define MSET_BENCH_PAGE_TABLE_LIMIT_H

#include <cstddef>
#include <cstdint>

namespace bench {

/* entries[k] = first + k * step */
void limit_fill(uint64_t *entries, size_t n, uint64_t first, uint64_t step);

/* entries[k] ^= bits */
void limit_change(uint64_t *entries, size_t n, uint64_t bits);

/* Does entries[k] == first + k * step hold for all? */
bool limit_compare(const uint64_t *entries, size_t n, uint64_t first, uint64_t step);

} // namespace bench

#endif
