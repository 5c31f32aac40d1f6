/*
 * cow.h - frames that have several owners, and a backend that copies them when they are written.
 *
 *     counted    a frame source over another one, whose frames can be shared
 *     cow        private memory (MAP_PRIVATE): pages come at the first fault or with the map, and
 *                may be shared with other page tables until somebody writes
 *
 * address_space.h puts both to work, fork included. Sources: POSIX mmap() and fork() for what a
 * private page is, Linux for when it is copied (a write to a page with one owner does not copy, a
 * fork copies nothing, mprotect does not either).
 */
#ifndef MSET_COW_H
#define MSET_COW_H

#include "backends.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- frames with several owners ------------------------------------------------------------ */

/*
 * Frames come from another source and have one owner then. mset_counted_share() adds an owner,
 * `free` of the source takes one away, and the last one's frees the frame. So whoever works over a
 * struct mset_frames works over this one, too.
 *
 * Counts are kept per frame of 4 KiB, whatever the leaves that map it, so parts of a large leaf may
 * come to have different owners and nothing has to be cut for it. Only what has more than one owner
 * is written down, in chunks of 512 frames: 2 KiB for each 2 MiB of physical memory in which a
 * frame is shared, from the allocator, and given back when the last one there is not shared any
 * more. Giving up needs no memory. A source in which nothing is shared has no memory of its own, so
 * there is no clean-up.
 *
 * Cost: share, free, is_shared: O(1) for each chunk they touch, and a vector loop over its counts
 * if it has any.
 */
struct mset_count_chunk;
struct mset_counted {
    struct mset_frames frames; /* &counted.frames is the source */
    struct mset_frames *under;
    struct mset_allocator allocator;
    uint64_t extra; /* owners beyond the first, of all frames; read only */
    /* The library's: a hash table of chunks. */
    struct mset_count_chunk **buckets;
    struct mset_count_chunk *recent;
    uint64_t bucket_count;
    uint64_t chunks;
};

/* `under` must outlive it; the allocator is copied, NULL: the default. */
MSET_API void mset_counted_init(struct mset_counted *counted, struct mset_frames *under,
                                const struct mset_allocator *allocator);

/*
 * One more owner for each frame in [pa, pa + size), multiples of 4096, all taken. Whole or not at
 * all: MSET_NO_MEMORY; MSET_OVER_LIMIT if a frame has 2^32 owners; MSET_INVALID_PARAM without an
 * allocator.
 */
MSET_API mset_status mset_counted_share(struct mset_counted *counted, uint64_t pa, uint64_t size);

/* Has one of the frames in the range more than one owner? */
MSET_API bool mset_counted_is_shared(const struct mset_counted *counted, uint64_t pa,
                                     uint64_t size);

/* How many owners the frame at `pa`, which is taken, has. */
MSET_API uint64_t mset_counted_owners(const struct mset_counted *counted, uint64_t pa);

/* Checks the books: O(chunks). Returns NULL, or what is wrong in one sentence. */
MSET_API const char *mset_counted_validate(const struct mset_counted *counted);

/* ---- copy on write ------------------------------------------------------------------------- */

/*
 * Everything that backends.h says about the ready backends holds for this one.
 *
 *   map       nothing is there until a fault asks for it, one page of the smallest size; or, if
 *             `populate` is set when the step is prepared and the area has access, all of it in
 *             leaves as large as can be, as with mset_eager.
 *   fault     A write to a page whose frame has other owners replaces it by a copy, of one page of
 *             the smallest size, also out of a large leaf. The last owner keeps the frame: the
 *             leaf, as a whole if all of it has one owner, is made writable.
 *   protect   never makes a leaf writable that has a frame with other owners: that is left to the
 *             fault. So a page may allow less than its area does.
 *   move      carries the leaves; shared ones stay shared.
 *   unmap     gives up ownership of the frames.
 *
 * Who shares its frames (fork): for each leaf of the areas mset_counted_share(), then
 * mset_pt_copy() with `write_protect` into another table, on which another mset_cow over the same
 * counted source works; mset_space_clone() does so. One mset_cow for each page table, because of
 * `held`.
 */
struct mset_cow {
    struct mset_backend backend;
    struct mset_counted *counted;
    struct mset_eager pages; /* pages.held: bytes owned, shared ones included (RSS); read only */
    uint64_t areas;

    /* Yours to set, at any time; zero at first. */
    bool populate; /* see above */
    /*
     * Makes processors forget what the gather of the table says and calls mset_pt_flushed().
     * Called while an unmapping or copying call runs, before frames are given up that translations
     * may still lead to. NULL: no processor uses the table, or the source below holds frames back.
     * Not with config.promote of the table.
     */
    void (*flush)(void *context, struct mset_page_table *table);
    /*
     * What a new page contains (a file, whose place is the area's offset at `address`): `size`
     * bytes at `page`, zero before. Answers as a backend does: 0, a mset_status, or less than 0.
     * May not use the page table or the set. NULL: it stays zero. Not called for frames without
     * storage.
     */
    int (*fill)(void *context, const struct mset_area *area, uint64_t address, void *page,
                uint64_t size);
    void *context;
};

/* The allocator is for lists of frames that wait to be mapped; copied, NULL: the default. */
MSET_API void mset_cow_init(struct mset_cow *cow, struct mset_counted *counted,
                            const struct mset_allocator *allocator);

#ifdef __cplusplus
}
#endif
#endif
