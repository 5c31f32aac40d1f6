/*
 * bit_tree.h - a set of numbers below a bound, with the next member in O(log) steps.
 *
 *     level 2                  [1.......]          one word: bit j says that word j
 *     level 1            [1.1.....]  [........]      one level below is not zero
 *     level 0  [..1.] [....] [11..] [....] ...     one bit per number
 *
 * 64 children per word: 2^28 numbers make five levels, and the words above level 0 add 1/63.
 * Setting and clearing stop at the first word that stays, or was already, not zero.
 *
 * Invariants
 *   1. A bit above level 0 is set exactly when the word below it is not zero.
 *   2. Bits at or beyond the bound are zero.
 */
#ifndef MSET_SRC_FRAMES_BIT_TREE_H
#define MSET_SRC_FRAMES_BIT_TREE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/assert.h"
#include "base/memory.h"

enum { BIT_TREE_LEVELS = 8 }; /* 64^8 numbers */

#define BIT_TREE_NONE UINT64_MAX

struct bit_tree {
    uint64_t bound;
    unsigned levels;
    uint64_t *level[BIT_TREE_LEVELS];
};

static inline uint64_t bit_tree_words_(uint64_t bits) {
    return bits / 64 + (bits % 64 != 0);
}

/* Words of memory for numbers below `bound` (at least 1). */
static inline uint64_t bit_tree_words(uint64_t bound) {
    uint64_t words = 0;
    do {
        bound = bit_tree_words_(bound);
        words += bound;
    } while (bound > 1);
    return words;
}

/* An empty set. `memory` is zeroed, holds bit_tree_words(bound) words and belongs to the tree. */
static inline void bit_tree_init(struct bit_tree *tree, uint64_t bound, uint64_t *memory) {
    uint64_t words = bound;
    tree->bound = bound;
    tree->levels = 0;
    do {
        words = bit_tree_words_(words);
        tree->level[tree->levels++] = memory;
        memory += words;
    } while (words > 1);
}

static inline bool bit_tree_has(const struct bit_tree *tree, uint64_t number) {
    MSET_ASSERT_INTERNAL(number < tree->bound);
    return (tree->level[0][number / 64] >> (number % 64) & 1) != 0;
}

static inline void bit_tree_add(struct bit_tree *tree, uint64_t number) {
    MSET_ASSERT_INTERNAL(!bit_tree_has(tree, number));
    for (unsigned l = 0; l < tree->levels; l++) {
        uint64_t *const word = &tree->level[l][number / 64];
        const uint64_t before = *word;
        *word = before | UINT64_C(1) << (number % 64);
        if (before != 0) {
            return;
        }
        number /= 64;
    }
}

static inline void bit_tree_remove(struct bit_tree *tree, uint64_t number) {
    MSET_ASSERT_INTERNAL(bit_tree_has(tree, number));
    for (unsigned l = 0; l < tree->levels; l++) {
        uint64_t *const word = &tree->level[l][number / 64];
        *word &= ~(UINT64_C(1) << (number % 64));
        if (*word != 0) {
            return;
        }
        number /= 64;
    }
}

/* The smallest member that is at least `number`, or BIT_TREE_NONE. */
static inline uint64_t bit_tree_next(const struct bit_tree *tree, uint64_t number) {
    uint64_t bits = tree->bound;
    for (unsigned l = 0; l < tree->levels && number < bits; l++) {
        const uint64_t rest = tree->level[l][number / 64] >> (number % 64);
        if (rest != 0) {
            number += (unsigned)__builtin_ctzll(rest);
            while (l-- > 0) {
                number = number * 64 + (unsigned)__builtin_ctzll(tree->level[l][number]);
            }
            return number;
        }
        number = number / 64 + 1;
        bits = bit_tree_words_(bits);
    }
    return BIT_TREE_NONE;
}

#endif
