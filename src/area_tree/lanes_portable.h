/*
 * lanes_portable.h - looking at all entries of a node at once, without vectors.
 *
 * rank looks at every eighth key to find the block of eight that matters, and then at all of that.
 * Nothing depends on a guess of the branch predictor, and the compares of a step do not wait for
 * each other, as they would in a binary search.
 */
#ifndef MSET_AREA_TREE_LANES_PORTABLE_H
#define MSET_AREA_TREE_LANES_PORTABLE_H

#include "lanes_plain.h"

/* How many keys of a node are <= address (node.h says what `high` is)? */
static inline unsigned rank(const uint64_t *key, int width, unsigned count, uint64_t address,
                            bool high) {
    const int block = width < 8 ? width : 8;
    unsigned below = 0;
    for (int i = block - 1; i + block < width; i += block) {
        below += key[i] <= address ? (unsigned)block : 0;
    }
    key += below;
    for (int i = 0; i < block - 1; i++) { /* the last one is greater, or is the count */
        below += key[i] <= address;
    }
    return high && below > count ? count : below;
}

#endif
