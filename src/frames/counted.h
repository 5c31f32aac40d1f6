/*
 * counted.h - how owners of frames are written down: see counted.c.
 *
 * Invariants (checked by mset_counted_validate)
 *   C1. A chunk's sum is that of its counts, and not 0.
 *   C2. Every chunk is in the bucket of its number, once; `chunks` counts them.
 *   C3. The source's `extra` is the sum over all chunks.
 *   C4. Without chunks there are no buckets; `recent` is a chunk or NULL.
 */
#ifndef MSET_SRC_FRAMES_COUNTED_H
#define MSET_SRC_FRAMES_COUNTED_H

#include <mset/cow.h>

enum { CHUNK_FRAMES = 512 };

struct mset_count_chunk {
    struct mset_count_chunk *next; /* in its bucket */
    uint64_t number;               /* physical address / 2 MiB */
    uint64_t sum;                  /* of extra[] */
    uint32_t extra[CHUNK_FRAMES];  /* owners of each frame beyond the first */
};

#endif
