/*
 * buddy.h - the books of a buddy. For buddy.c, and for tests that damage them.
 *
 * Invariants
 *   1. No frame lies in two free blocks.
 *   2. No two buddies are both free, except at the highest order.
 *   3. Every free block lies inside the region.
 *   4. count[order] is the number of members of its set; bit `order` of `nonempty` says count != 0;
 *      free_frames is the sum of count << order.
 */
#ifndef MSET_SRC_FRAMES_BUDDY_H
#define MSET_SRC_FRAMES_BUDDY_H

#include <mset/frames.h>

#include "frames/bit_tree.h"

enum { FRAME_SHIFT = 12, ADDRESS_BITS = 57 };

struct order {
    struct bit_tree free; /* of block numbers, less `first` */
    uint64_t first;       /* even, so that every block's buddy has a bit */
    uint64_t count;
};

struct mset_buddy {
    struct mset_frames frames;
    struct mset_allocator allocator;
    size_t bytes;        /* of this structure with all that follows it */
    uint64_t base, size; /* of the region, in bytes */
    unsigned char *memory;
    uint64_t free_frames;
    uint64_t nonempty;
    unsigned orders;
    struct order order[];
};

#endif
