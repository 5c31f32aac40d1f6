/*
 * frame_reserve.h - frames taken for a step to come: mapping a range, or filling its holes.
 *
 * A reservation is a list of extents in address order; blocks that happen to follow each other in
 * physical memory are one extent, whatever their sizes:
 *
 *     va        |4K|4K|      2M       |      2M       |4K|
 *     pa        |a |a+1|   b          |   b + 2M      |c |
 *     extents   |--1--|--------------2----------------|-3-|
 *
 * With the frames the page table prepares its tables, extent by extent, so that fulfilling cannot
 * fail. Reservations wait in a list of their owner until they are fulfilled or cancelled; they are
 * found by page table and address.
 */
#ifndef MSET_SRC_BACKENDS_FRAME_RESERVE_H
#define MSET_SRC_BACKENDS_FRAME_RESERVE_H

#include "backends/page_table_use.h"

struct extent {
    uint64_t va, pa, size;
};

struct mset_frame_reservation {
    struct mset_frame_reservation *before, *next;
    const struct mset_page_table *table;
    uint64_t va, size; /* of the step */
    size_t count;
    size_t room;
    struct extent extents[];
};

/*
 * Takes frames for [run->start, run->start + run->size), or with `holes` only for what is not
 * mapped there, and has the table prepare to map them with the flags. MSET_NO_MEMORY.
 */
mset_status mset_frame_reserve(struct mset_eager *eager, struct mset_page_table *table,
                               const struct mset_area *run, uint64_t flags, bool holes);

/*
 * The reservation made for a step on this table with this run; NULL: there is none. Steps are
 * called in the order in which they were prepared and aborted in the reverse one, so it is looked
 * for from both ends.
 */
struct mset_frame_reservation *mset_frame_find(const struct mset_eager *eager,
                                               const struct mset_page_table *table,
                                               const struct mset_area *run);

/*
 * Maps what was reserved and ends the reservation. MSET_ALREADY_EXISTS only if somebody else has
 * mapped something there; then nothing is mapped and the frames are given back.
 */
mset_status mset_frame_fulfil(struct mset_eager *eager, struct mset_page_table *table,
                              struct mset_frame_reservation *reservation, uint64_t flags);

/* Gives the frames back. What the table has prepared is its own affair. */
void mset_frame_cancel(struct mset_eager *eager, struct mset_frame_reservation *reservation);

#endif
