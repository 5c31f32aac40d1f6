/*
 * cow.h - the backend that copies on write, in its parts.
 *
 *     cow.c           the table of calls, maps, unmapping
 *     cow_fill.c      frames for many pages at once: prepared, filled, then mapped
 *     cow_fault.c     one page: filled, copied, or kept
 *     cow_protect.c   flags, as far as owners allow
 *
 * Invariants, for every leaf of an area of a mset_cow
 *   W1. It can be written only if each of its frames has one owner.
 *   W2. Its flags are those of the area (leaf_flags()), or those without MSET_WRITE.
 *   W3. Its frames are counted in pages.held of the one backend of its table.
 */
#ifndef MSET_SRC_BACKENDS_COW_H
#define MSET_SRC_BACKENDS_COW_H

#include <mset/cow.h>

#include "backends/frame_reserve.h"

static inline struct mset_cow *cow_of(struct mset_backend *backend) {
    return (struct mset_cow *)(void *)backend;
}

static inline struct frame_pool cow_pool(struct mset_cow *cow) {
    return (struct frame_pool){cow->pages.frames, &cow->pages.held};
}

/* Processors forget what is stale. */
static inline void cow_flush(const struct mset_cow *cow, struct mset_page_table *table) {
    if (cow->flush != NULL) {
        cow->flush(cow->context, table);
    }
}

/* ---- cow_fill.c ---------------------------------------------------------------------------- */

/* Puts in what new pages contain: nothing, without cow->fill. As a backend answers. */
int mset_cow_fill(const struct mset_cow *cow, const struct mset_area *area, uint64_t va,
                  uint64_t pa, uint64_t size, uint64_t page_size);

/*
 * Frames, filled, and tables for every page of `run` (a piece of an area that has access) that
 * is not there. Ends with fulfil or cancel. As a backend answers; then nothing was taken.
 */
int mset_cow_reserve_holes(struct mset_cow *cow, const struct mset_area *run,
                           struct mset_page_table *table);
void mset_cow_fulfil_holes(struct mset_cow *cow, const struct mset_area *run,
                           struct mset_page_table *table);
void mset_cow_cancel_holes(struct mset_cow *cow, const struct mset_area *run,
                           struct mset_page_table *table);

/* The prepare of a map with cow->populate. */
int mset_cow_prepare_populated(struct mset_cow *cow, const struct mset_step *step,
                               struct mset_page_table *table);

/* ---- cow_fault.c, cow_protect.c: members of the table -------------------------------------- */

int mset_cow_fault(struct mset_backend *backend, const struct mset_area *area, uint64_t address,
                   uint64_t access, void *page_table);
int mset_cow_protect(struct mset_backend *backend, const struct mset_area *run, uint64_t new_flags,
                     void *page_table);

#endif
