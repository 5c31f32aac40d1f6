/*
 * lanes_avx2.h - looking at all keys of a node at once, four a comparison.
 *
 * AVX2 compares signed numbers only, so both sides have their top bit flipped. Results are packed
 * down to a byte a key, which mixes them up but does not change how many there are.
 */
#ifndef MSET_AREA_TREE_LANES_AVX2_H
#define MSET_AREA_TREE_LANES_AVX2_H

#include "lanes_plain.h"

#include <immintrin.h>

/* Lanes are all ones where the key is greater than what is sought. */
static inline __m256i above4(const uint64_t *key, __m256i sought) {
    const __m256i flip = _mm256_set1_epi64x(INT64_MIN);
    const __m256i keys = _mm256_load_si256((const __m256i *)(const void *)key);
    return _mm256_cmpgt_epi64(_mm256_xor_si256(keys, flip), sought);
}

/* The same of eight keys in 32 bits each, in some order. */
static inline __m256i above8(const uint64_t *key, __m256i sought) {
    return _mm256_castps_si256(_mm256_shuffle_ps(_mm256_castsi256_ps(above4(key, sought)),
                                                 _mm256_castsi256_ps(above4(key + 4, sought)),
                                                 0x88));
}

/* How many of 32 keys? */
static inline unsigned count_above(const uint64_t *key, __m256i sought) {
    const __m256i low = _mm256_packs_epi32(above8(key, sought), above8(key + 8, sought));
    const __m256i high = _mm256_packs_epi32(above8(key + 16, sought), above8(key + 24, sought));
    return (unsigned)_mm_popcnt_u32((unsigned)_mm256_movemask_epi8(_mm256_packs_epi16(low, high)));
}

/* Which keys of a node are <= address? Bit i for key i. */
static inline uint64_t mask_below(const uint64_t *key, int width, __m256i sought) {
    uint64_t above = 0;
    for (int i = 0; i < width; i += 4) {
        const __m256d lanes = _mm256_castsi256_pd(above4(key + i, sought));
        above |= (uint64_t)(unsigned)_mm256_movemask_pd(lanes) << i;
    }
    return ~above & (UINT64_MAX >> (64 - width));
}

/* How many are (node.h says what `high` is)? */
static inline unsigned rank(const uint64_t *key, int width, unsigned count, uint64_t address,
                            bool high) {
    const __m256i flip = _mm256_set1_epi64x(INT64_MIN);
    const __m256i sought = _mm256_xor_si256(_mm256_set1_epi64x((int64_t)address), flip);
    if (width == 32 && !high) {
        return 32 - count_above(key, sought);
    }
    const uint64_t below = mask_below(key, width, sought);
    return (unsigned)_mm_popcnt_u64(high ? _bzhi_u64(below, count) : below);
}

#endif
