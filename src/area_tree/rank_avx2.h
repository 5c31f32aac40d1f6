/*
 * rank_avx2.h - how many of the first `count` keys are <= address, four keys a comparison.
 *
 * AVX2 compares signed numbers only, so both sides have their top bit flipped. The word behind
 * the last key (the node's count) is compared too and masked away with the unused keys.
 */
#ifndef MSET_AREA_TREE_RANK_AVX2_H
#define MSET_AREA_TREE_RANK_AVX2_H

#include "node.h"

#include <immintrin.h>

static inline unsigned rank(const uint64_t *key, unsigned width, unsigned count, uint64_t address) {
    const __m256i flip = _mm256_set1_epi64x(INT64_MIN);
    const __m256i sought = _mm256_xor_si256(_mm256_set1_epi64x((int64_t)address), flip);
    uint64_t above = 0;
    for (unsigned i = 0; i < width; i += 4) {
        const __m256i keys = _mm256_load_si256((const __m256i *)(const void *)(key + i));
        const __m256i greater = _mm256_cmpgt_epi64(_mm256_xor_si256(keys, flip), sought);
        above |= (uint64_t)(unsigned)_mm256_movemask_pd(_mm256_castsi256_pd(greater)) << i;
    }
    return (unsigned)_mm_popcnt_u64(_bzhi_u64(~above, count));
}

#endif
