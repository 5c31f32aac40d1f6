/*
 * rank_avx512.h - how many of the first `count` keys are <= address, eight keys a comparison.
 *
 * The word behind the last key (the node's count) is compared too and masked away with the
 * unused keys.
 */
#ifndef MSET_AREA_TREE_RANK_AVX512_H
#define MSET_AREA_TREE_RANK_AVX512_H

#include "node.h"

#include <immintrin.h>

static inline unsigned rank(const uint64_t *key, unsigned width, unsigned count, uint64_t address) {
    const __m512i sought = _mm512_set1_epi64((int64_t)address);
    uint64_t below = 0;
    for (unsigned i = 0; i < width; i += 8) {
        /* A node narrower than eight keys ends inside the vector: do not read past it. */
        const unsigned left = width - i;
        const __mmask8 lanes = (__mmask8)(left >= 8 ? 0xffu : (1u << left) - 1);
        const __m512i keys = _mm512_maskz_loadu_epi64(lanes, key + i);
        below |= (uint64_t)_mm512_cmple_epu64_mask(keys, sought) << i;
    }
    return (unsigned)_mm_popcnt_u64(_bzhi_u64(below, count));
}

#endif
