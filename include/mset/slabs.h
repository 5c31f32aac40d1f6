/*
 * slabs.h - an allocator over an allocator: objects of equal size side by side.
 *
 *     struct mset_slabs *slabs;
 *     mset_slabs_create(&(struct mset_slabs_config){.under = mine}, &slabs);
 *     mset_create(&(struct mset_options){.allocator = mset_slabs_allocator(slabs)}, &set);
 *     ...
 *     mset_destroy(set);
 *     mset_slabs_destroy(slabs);
 *
 * Nodes of a large set then lie in few places: fewer pages to translate, no header in front of
 * each, and coming and going is a push and a pop. A set that is made without an allocator (options
 * of set.h) has slabs of its own over mset_allocator_default(), with huge pages where the system
 * gives them on request; for your own allocator, decide.
 *
 * The first 64 objects of a size come from the allocator under it one by one, so a small set takes
 * no more than it needs. Then it is asked for chunks of 64 KiB (aligned to that, 64 bytes shorter),
 * and from 8 MiB on for regions of 2 MiB. A chunk or region of which nothing is in use any more is
 * given back, but for one. Slack: at most a chunk for each size, or a region.
 *
 * Objects: sizes that are multiples of 128 up to 4 KiB with an alignment of at most 64, four sizes
 * at most; all else is handed through. When chunks are not to be had, objects come one by one
 * again.
 *
 * Threads: as for a set (base.h); slabs shared by several sets are one object with them.
 */
#ifndef MSET_SLABS_H
#define MSET_SLABS_H

#include "base.h"

#ifdef __cplusplus
extern "C" {
#endif

struct mset_slabs;

struct mset_slabs_config {
    const struct mset_allocator *under; /* NULL: mset_allocator_default(); copied */
    /* Told of every region before it is used, to ask for huge pages, say. NULL: nobody. */
    void (*advise)(void *context, void *memory, size_t size);
    void *context;
};

/* MSET_NO_MEMORY, or MSET_INVALID_PARAM for NULL or an allocator without calls. NULL config will
 * do. */
MSET_API mset_status mset_slabs_create(const struct mset_slabs_config *config,
                                       struct mset_slabs **slabs);

/* Everything taken from it must have been given back. NULL is fine. */
MSET_API void mset_slabs_destroy(struct mset_slabs *slabs);

/* Good as long as the slabs are. alloc and free: O(1). */
MSET_API const struct mset_allocator *mset_slabs_allocator(struct mset_slabs *slabs);

/* Bytes taken from the allocator below for objects of such sizes, in use or not. */
MSET_API uint64_t mset_slabs_bytes(const struct mset_slabs *slabs);

#ifdef __cplusplus
}
#endif
#endif
