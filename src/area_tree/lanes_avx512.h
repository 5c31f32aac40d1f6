/*
 * lanes_avx512.h - looking at all entries of a node at once, eight a comparison.
 *
 * Lanes that are not in use are read and masked away. Masks have bit i for entry i.
 */
#ifndef MSET_AREA_TREE_LANES_AVX512_H
#define MSET_AREA_TREE_LANES_AVX512_H

#include "node.h"

#include <immintrin.h>

/* Eight words of an array that has `left` more of them: what lies behind is not read. */
static inline __m512i load_lanes(const uint64_t *word, int left) {
    const unsigned lanes = left >= 8 ? 0xffu : left <= 0 ? 0 : (1u << left) - 1;
    return _mm512_maskz_loadu_epi64((__mmask8)lanes, word);
}

/* Which of sixteen keys are <= address? */
static inline __mmask16 below16(const uint64_t *key, __m512i sought) {
    const __mmask8 low = _mm512_cmpge_epu64_mask(sought, _mm512_loadu_si512(key));
    const __mmask8 high = _mm512_cmpge_epu64_mask(sought, _mm512_loadu_si512(key + 8));
    return _mm512_kunpackb(high, low);
}

/* Which of the keys of a node are <= address? */
static inline uint64_t mask_below(const uint64_t *key, int width, uint64_t address) {
    const __m512i sought = _mm512_set1_epi64((int64_t)address);
    uint64_t mask = 0;
    if (width < 16) {
        for (int i = 0; i < width; i += 8) {
            const __mmask8 lanes = (__mmask8)(width - i >= 8 ? 0xff : (1 << (width - i)) - 1);
            const __m512i keys = load_lanes(key + i, width - i);
            mask |= (uint64_t)_mm512_mask_cmple_epu64_mask(lanes, keys, sought) << i;
        }
    } else if (width == 16) {
        mask = below16(key, sought);
    } else {
        for (int i = 0; i < width; i += 32) {
            const __mmask16 low = below16(key + i, sought);
            const __mmask16 high = below16(key + i + 16, sought);
            mask |= (uint64_t)_mm512_kunpackw(high, low) << i;
        }
    }
    return mask;
}

/* How many are (node.h says what `high` is)? */
static inline unsigned rank(const uint64_t *key, int width, unsigned count, uint64_t address,
                            bool high) {
    const uint64_t mask = mask_below(key, width, address);
    return (unsigned)_mm_popcnt_u64(high ? _bzhi_u64(mask, count) : mask);
}

/* Which children have a gap of at least `bound` below them? */
static inline uint64_t children_with_gap(const struct at_branch *branch, uint64_t bound) {
    const __m512i least = _mm512_set1_epi64((int64_t)bound);
    uint64_t mask = 0;
    for (int i = 0; i < AT_BRANCH_WIDTH; i += 8) {
        const __m512i gaps = load_lanes(branch->gap + i, AT_BRANCH_CAPACITY - i);
        mask |= (uint64_t)_mm512_cmpge_epu64_mask(gaps, least) << i;
    }
    return _bzhi_u64(mask, branch->count);
}

/* The largest gap below the branch. */
static inline uint64_t widest_below(const struct at_branch *branch) {
    const uint64_t used = _bzhi_u64(UINT64_MAX, branch->count);
    __m512i most = _mm512_setzero_si512();
    for (int i = 0; i < AT_BRANCH_WIDTH; i += 8) {
        const __m512i gaps = load_lanes(branch->gap + i, AT_BRANCH_CAPACITY - i);
        most = _mm512_mask_max_epu64(most, (__mmask8)(used >> i), most, gaps);
    }
    return _mm512_reduce_max_epu64(most);
}

/* The ends of areas [i, i + 8): every fourth word of four vectors. */
static inline __m512i lasts_from(const struct at_leaf *leaf, int i) {
    const uint64_t *const word = &leaf->entry[i].last;
    const int left = (AT_LEAF_CAPACITY - i) * 4;
    const __m512i pick = _mm512_set_epi64(0, 0, 0, 0, 12, 8, 4, 0);
    const __m512i low =
        _mm512_permutex2var_epi64(load_lanes(word, left), pick, load_lanes(word + 8, left - 8));
    const __m512i high = _mm512_permutex2var_epi64(load_lanes(word + 16, left - 16), pick,
                                                   load_lanes(word + 24, left - 24));
    return _mm512_inserti64x4(low, _mm512_castsi512_si256(high), 1);
}

/* The gaps behind areas [i, i + 8); of no meaning where there is no next area in the leaf. */
static inline __m512i gaps_from(const struct at_leaf *leaf, int i) {
    const __m512i next = load_lanes(leaf->start + i + 1, AT_LEAF_CAPACITY - i - 1);
    return _mm512_sub_epi64(_mm512_sub_epi64(next, lasts_from(leaf, i)), _mm512_set1_epi64(1));
}

/* Behind which areas is a gap of at least `bound` before the next one? Not asked of the last. */
static inline uint64_t areas_with_gap(const struct at_leaf *leaf, uint64_t bound) {
    const __m512i least = _mm512_set1_epi64((int64_t)bound);
    uint64_t mask = 0;
    for (int i = 0; i < AT_LEAF_WIDTH; i += 8) {
        mask |= (uint64_t)_mm512_cmpge_epu64_mask(gaps_from(leaf, i), least) << i;
    }
    return _bzhi_u64(mask, leaf->count - 1);
}

/* The largest distance from an area to the next, within the leaf. */
static inline uint64_t widest_within(const struct at_leaf *leaf) {
    const uint64_t used = _bzhi_u64(UINT64_MAX, leaf->count - 1);
    __m512i most = _mm512_setzero_si512();
    for (int i = 0; i < AT_LEAF_WIDTH; i += 8) {
        most = _mm512_mask_max_epu64(most, (__mmask8)(used >> i), most, gaps_from(leaf, i));
    }
    return _mm512_reduce_max_epu64(most);
}

#endif
