/*
 * frames.h - where page tables and backends get physical frames from.
 *
 * A frame is 4 KiB of physical memory, named by its physical address `pa`. Frames come in blocks
 * of 2^order frames, naturally aligned: pa is a multiple of 4096 << order.
 *
 * `struct mset_frames` is the interface: embed it as the first member of your own source and
 * point `ops` at a constant table. The buddy below is a ready source over a given region.
 *
 * Threads: a source is used by one thread at a time; `virt` and the const calls by any number
 * while nobody allocates or frees.
 */
#ifndef MSET_FRAMES_H
#define MSET_FRAMES_H

#include "base.h"

#ifdef __cplusplus
extern "C" {
#endif

struct mset_frames;

struct mset_frames_ops {
    /*
     * Takes a block of 2^order frames and stores its address in *pa. The contents are unspecified.
     * MSET_NO_MEMORY when there is no such block; *pa is then untouched. Asking for an order the
     * source never has is MSET_NO_MEMORY as well: callers try a smaller one.
     */
    mset_status (*alloc)(struct mset_frames *frames, unsigned order, uint64_t *pa);
    /*
     * Gives back 2^order frames. The block need not be one that alloc returned: any naturally
     * aligned block whose frames are all taken may be freed, pieces of an allocated block as well
     * as neighbours that were allocated one by one. Cannot fail. (A source that cannot cut its
     * blocks refuses orders above 0 in alloc and frees frame by frame here.)
     */
    void (*free)(struct mset_frames *frames, uint64_t pa, unsigned order);
    /*
     * Where the frame at `pa` can be read and written, or NULL when it has no storage here
     * (frames of another machine, addresses only). `pa` need not be the start of a block; the
     * bytes of one allocated block follow each other.
     */
    void *(*virt)(struct mset_frames *frames, uint64_t pa);
};

struct mset_frames {
    const struct mset_frames_ops *ops;
};

static inline mset_status mset_frames_alloc(struct mset_frames *frames, unsigned order,
                                            uint64_t *pa) {
    return frames->ops->alloc(frames, order, pa);
}

static inline void mset_frames_free(struct mset_frames *frames, uint64_t pa, unsigned order) {
    frames->ops->free(frames, pa, order);
}

static inline void *mset_frames_virt(struct mset_frames *frames, uint64_t pa) {
    return frames->ops->virt(frames, pa);
}

/*
 * Gives back `size` bytes of frames at `pa` (multiples of 4096) in the largest naturally aligned
 * blocks. Cost: O(log size) calls of free.
 */
MSET_API void mset_frames_free_range(struct mset_frames *frames, uint64_t pa, uint64_t size);

/* ---- buddy -------------------------------------------------------------------------------- */

/*
 * A buddy allocator over one region of physical memory: alloc cuts the smallest free block that
 * is large enough, of equals the lowest; halves join as soon as both are free. It never touches the
 * frames themselves, so the region may be addresses only. Its books are one block of the
 * allocator's memory, a little over 2 bits per frame (8.2 MiB for 128 GiB, 65.1 MiB for 1 TiB).
 *
 * Wrong frees (twice, or outside of the region) are caught by asserts where those are on; without
 * them they are undefined behaviour.
 */
struct mset_buddy;

/* Orders a buddy can ever hand out are 0..MSET_BUDDY_ORDERS - 1 (the last one is 64 PiB). */
#define MSET_BUDDY_ORDERS 45

struct mset_buddy_config {
    uint64_t base;                          /* first physical address, multiple of 4096 */
    uint64_t size;                          /* bytes, multiple of 4096, not 0 */
    void *memory;                           /* where `base` can be accessed; NULL: addresses only */
    const struct mset_allocator *allocator; /* for the books; NULL: mset_allocator_default() */
};

/*
 * Everything is free at first. The memory stays the caller's. The allocator structure is copied.
 * MSET_INVALID_PARAM: NULL, misaligned, empty, or beyond 2^57. MSET_NO_MEMORY. Cost: O(size).
 */
MSET_API mset_status mset_buddy_create(const struct mset_buddy_config *config,
                                       struct mset_buddy **buddy);

/* Frees the books, whatever is still allocated. NULL is fine. */
MSET_API void mset_buddy_destroy(struct mset_buddy *buddy);

/* The buddy as a frame source; lives as long as the buddy. alloc and free cost O(log size). */
MSET_API struct mset_frames *mset_buddy_frames(struct mset_buddy *buddy);

struct mset_buddy_statistics {
    uint64_t frames;        /* in the region */
    uint64_t free_frames;   /* not handed out */
    uint64_t used_frames;   /* handed out */
    int largest_free_order; /* of the largest block that alloc could return; -1: none */
    uint64_t free_blocks[MSET_BUDDY_ORDERS]; /* by order */
};
/* O(1): the numbers are kept. */
MSET_API void mset_buddy_get_statistics(const struct mset_buddy *buddy,
                                        struct mset_buddy_statistics *out);

/* Is the frame that holds `pa` free? False outside of the region. O(log size). */
MSET_API bool mset_buddy_is_free(const struct mset_buddy *buddy, uint64_t pa);

/* Checks the books: O(size). Returns NULL, or what is wrong in one sentence. */
MSET_API const char *mset_buddy_validate(const struct mset_buddy *buddy);

#ifdef __cplusplus
}
#endif
#endif
