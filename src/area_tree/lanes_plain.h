/*
 * lanes_plain.h - gaps of a node, looked at one by one: for processors whose vectors would not
 * help.
 *
 * Masks have bit i for entry i.
 */
#ifndef MSET_AREA_TREE_LANES_PLAIN_H
#define MSET_AREA_TREE_LANES_PLAIN_H

#include "node.h"

/* Which children have a gap of at least `bound` below them? */
static inline uint64_t children_with_gap(const struct at_branch *branch, uint64_t bound) {
    uint64_t mask = 0;
    for (unsigned i = 0; i < branch->count; i++) {
        mask |= (uint64_t)(branch->gap[i] >= bound) << i;
    }
    return mask;
}

/* The largest gap below the branch. */
static inline uint64_t widest_below(const struct at_branch *branch) {
    uint64_t most = 0;
    for (unsigned i = 0; i < branch->count; i++) {
        most = branch->gap[i] > most ? branch->gap[i] : most;
    }
    return most;
}

/* Behind which areas is a gap of at least `bound` before the next one? Not asked of the last. */
static inline uint64_t areas_with_gap(const struct at_leaf *leaf, uint64_t bound) {
    uint64_t mask = 0;
    for (unsigned i = 1; i < leaf->count; i++) {
        const uint64_t gap = leaf->start[i] - leaf->entry[i - 1].last - 1;
        mask |= (uint64_t)(gap >= bound) << (i - 1);
    }
    return mask;
}

/* The largest distance from an area to the next, within the leaf. */
static inline uint64_t widest_within(const struct at_leaf *leaf) {
    uint64_t most = 0;
    for (unsigned i = 1; i < leaf->count; i++) {
        const uint64_t gap = leaf->start[i] - leaf->entry[i - 1].last - 1;
        most = gap > most ? gap : most;
    }
    return most;
}

#endif
