/*
 * address_space.h - the insides of an address space, shared by the files of this room.
 *
 *     struct mset_space
 *       set       which areas there are                     set.h
 *       table     what the hardware sees                    page_table.h
 *       linear    the backends of its areas, which          backends.h
 *       cow       change the table when the set changes     cow.h, over config.pages
 *
 * The set calls the backends, the backends change the table, and what the table then has in its
 * gather is flushed here. So most calls are one line of arguments, one call of the set, one flush.
 *
 *     create.c     begin and end                  access.c   slices, read, write
 *     map.c        map, unmap, protect, move      clone.c    fork
 *     pages.c      populate, discard, fault       ask.c      looking, translate, find_free
 *     flush.c      when what is flushed           validate.c
 *
 * Invariants (checked by mset_space_validate)
 *   A1. Every leaf lies in an area, and allows no more than it.
 *   A2. A leaf of a linear area shows the physical address that the area's offset says.
 *   A3. A leaf of an alloc area is writable only if each of its frames has one owner.
 *   A4. Between calls the table's gather is empty.
 *   A5. cow.pages.held is what the leaves of alloc areas come to.
 */
#ifndef MSET_SRC_ADDRESS_SPACE_H
#define MSET_SRC_ADDRESS_SPACE_H

#include <mset/address_space.h>
#include <mset/plan.h>

#include "base/assert.h"

struct mset_space {
    struct mset_space_config config; /* as given, with the window filled in */
    struct mset_allocator allocator;
    struct mset *set;
    struct mset_page_table *table;
    struct mset_linear linear;
    struct mset_cow cow;
    uint64_t last;               /* of the window */
    struct mset_failure failure; /* of the last changing call */
};

/* Is it a range inside the window? Whether it is aligned is for the set to say. */
static inline bool space_holds(const struct mset_space *space, uint64_t start, uint64_t size) {
    return space != NULL && size != 0 && start >= space->config.start && start <= space->last &&
           size - 1 <= space->last - start;
}

/* Has processors forget what is stale, if anything is. */
void mset_space_flush(struct mset_space *space);

/* The flush of struct mset_cow; context is the space. */
void mset_space_flush_table(void *context, struct mset_page_table *table);

/* What the caller of a call that asked the set is told, after the flush at its end. */
static inline mset_status space_done(struct mset_space *space, mset_status status) {
    mset_space_flush(space);
    space->failure = mset_last_failure(space->set);
    return status;
}

/* The same of one that did not: `code` is what a backend refused it with, 0: none did. */
static inline mset_status space_done_alone(struct mset_space *space, mset_status status, int code,
                                           uint64_t address) {
    mset_space_flush(space);
    space->failure = (struct mset_failure){.code = code, .address = code == 0 ? 0 : address};
    return status;
}

/* Parts of areas that lie in a range, in ascending order. */
struct space_pieces {
    struct mset_cursor cursor;
    uint64_t start, last;
};
/* False: there is no such range. */
bool mset_space_pieces(struct space_pieces *pieces, const struct mset_space *space, uint64_t start,
                       uint64_t size);
bool mset_space_next_piece(struct space_pieces *pieces, struct mset_area *piece);

/* Do areas cover all of the range? */
bool mset_space_covered(const struct mset_space *space, uint64_t start, uint64_t size);

#endif
