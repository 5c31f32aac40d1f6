/*
 * rank_portable.h - how many of the first `count` keys are <= address, without vectors.
 *
 * Halving steps over a power of two less one: width 32 makes the steps 16, 8, 4, 2, 1, and the
 * largest index read is 30. The number of steps is fixed and every step is a conditional move,
 * so nothing depends on a guess of the branch predictor.
 */
#ifndef MSET_AREA_TREE_RANK_PORTABLE_H
#define MSET_AREA_TREE_RANK_PORTABLE_H

#include "node.h"

static inline unsigned rank(const uint64_t *key, unsigned width, unsigned count, uint64_t address) {
    unsigned position = 0;
    for (unsigned step = width / 2; step != 0; step /= 2) {
        const unsigned next = position + step;
        const bool forward = (next <= count) & (key[next - 1] <= address);
        position = forward ? next : position;
    }
    return position;
}

#endif
