/*
 * dirty.c - where may the changes be seen? A set of ranges, so that they come in order and once,
 * however many regions changed in the same place.
 */
#include "guest.h"

/* The offset makes neighbours fit together: see MSET_MERGE. */
static mset_status add_range(struct mset *dirty, const struct place *place) {
    const struct mset_area area = {
        .start = place->start, .size = place->size, .offset = place->start};
    return place->shown ? mset_replace_metadata(dirty, &area) : MSET_OK;
}

/* The region shows something else in the same place, and so do its aliases, and theirs. A walk over
   the tree of aliases that needs no memory for the way back. */
static mset_status add_contents(struct mset *dirty, const struct mset_region *top) {
    const struct mset_region *region = top;
    for (;;) {
        const mset_status status = add_range(dirty, &region->next);
        if (status != MSET_OK) {
            return status;
        }
        if (region->aliases != NULL) {
            region = region->aliases;
            continue;
        }
        while (region != top && region->next_alias == NULL) {
            region = region->target;
        }
        if (region == top) {
            return MSET_OK;
        }
        region = region->next_alias;
    }
}

static bool same_contents(const struct place *a, const struct place *b) {
    return a->read_only == b->read_only && a->logged == b->logged &&
           a->target_offset == b->target_offset;
}

static bool same_place(const struct place *a, const struct place *b) {
    return a->start == b->start && a->size == b->size && a->priority == b->priority &&
           a->shown == b->shown;
}

static mset_status add_region(struct mset *dirty, const struct mset_region *region) {
    mset_status status = MSET_OK;
    if (!same_place(&region->now, &region->next)) {
        status = add_range(dirty, &region->now);
        status = status == MSET_OK ? add_range(dirty, &region->next) : status;
    }
    if (status == MSET_OK && !same_contents(&region->now, &region->next)) {
        status = add_contents(dirty, region);
    }
    return status;
}

mset_status mset_guest_dirty(const struct mset_guest *guest, struct mset **dirty) {
    struct mset *const ranges = mset_guest_new_set(guest, MSET_MERGE, guest->page_size);
    mset_status status = ranges == NULL ? MSET_NO_MEMORY : MSET_OK;
    for (const struct mset_region *region = guest->changes; region != NULL && status == MSET_OK;
         region = region->next_changed) {
        status = add_region(ranges, region);
    }
    if (status == MSET_OK) {
        *dirty = ranges;
    } else {
        mset_destroy(ranges);
    }
    return status;
}
