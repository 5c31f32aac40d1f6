/*
 * lanes_avx2.h - looking at all keys of a node at once, four a comparison.
 *
 * AVX2 compares signed numbers only, so both sides have their top bit flipped.
 */
#ifndef MSET_AREA_TREE_LANES_AVX2_H
#define MSET_AREA_TREE_LANES_AVX2_H

#include "lanes_plain.h"

#include <immintrin.h>

/* How many keys of a node are <= address (node.h says what `high` is)? */
static inline unsigned rank(const uint64_t *key, int width, unsigned count, uint64_t address,
                            bool high) {
    const __m256i flip = _mm256_set1_epi64x(INT64_MIN);
    const __m256i sought = _mm256_xor_si256(_mm256_set1_epi64x((int64_t)address), flip);
    uint64_t above = 0;
    for (int i = 0; i < width; i += 4) {
        const __m256i keys = _mm256_load_si256((const __m256i *)(const void *)(key + i));
        const __m256i greater = _mm256_cmpgt_epi64(_mm256_xor_si256(keys, flip), sought);
        above |= (uint64_t)(unsigned)_mm256_movemask_pd(_mm256_castsi256_pd(greater)) << i;
    }
    const uint64_t below = ~above & (UINT64_MAX >> (64 - width));
    return (unsigned)_mm_popcnt_u64(high ? _bzhi_u64(below, count) : below);
}

#endif
