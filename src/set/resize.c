/* resize.c - an area grows or shrinks in place, on either side. */
#include "set.h"

static bool find_area(const struct mset *set, uint64_t address, struct at_run *area) {
    unsigned i;
    const struct at_leaf *leaf = set->tree.descent->find(&set->tree, address, &i);
    if (leaf == NULL) {
        return false;
    }
    *area = at_leaf_run(leaf, i);
    return true;
}

static bool valid(const struct mset *set, enum mset_side side, uint64_t bytes) {
    return (side == MSET_LOW || side == MSET_HIGH) && bytes != 0 &&
           (bytes & (set->page_size - 1)) == 0;
}

/* False if the room would lie outside the address space, or the area fill all of it. */
static bool room_beside(const struct at_run *area, enum mset_side side, uint64_t bytes,
                        struct range *room) {
    if (bytes == UINT64_MAX || area->last - area->first > UINT64_MAX - 1 - bytes) {
        return false;
    }
    if (side == MSET_LOW) {
        room->first = area->first - bytes;
        room->last = area->first - 1;
        return bytes <= area->first;
    }
    room->first = area->last + 1;
    room->last = area->last + bytes;
    return bytes <= UINT64_MAX - area->last;
}

mset_status mset_grow(struct mset *set, uint64_t address, enum mset_side side, uint64_t bytes,
                      void *page_table) {
    if (!mset_begin(set) || !valid(set, side, bytes)) {
        return MSET_INVALID_PARAM;
    }
    struct at_run area;
    struct range room;
    if (!find_area(set, address, &area)) {
        return MSET_NOT_FOUND;
    }
    if (!room_beside(&area, side, bytes, &room)) {
        return MSET_INVALID_PARAM;
    }
    if (mset_range_taken(set, &room)) {
        return MSET_ALREADY_EXISTS;
    }
    const struct range whole = {side == MSET_LOW ? room.first : area.first,
                                side == MSET_LOW ? area.last : room.last};
    struct at_path path;
    (void)mset_seek(set, &whole, &path);
    mset_status status = mset_at_prepare(&set->tree, &path, whole.first, whole.last, true);
    if (status != MSET_OK) {
        return status;
    }
    const struct at_run part = {room.first, room.last, area.attributes};
    const struct mset_area more = mset_area_of(&part);
    status = mset_tell_map(set, &more, page_table);
    if (status == MSET_OK) {
        const struct at_run grown = {whole.first, whole.last, area.attributes};
        mset_commit(set, &path, &whole, &grown);
        mset_merge_around(set, &whole);
    }
    mset_at_trim_spares(&set->tree);
    return status;
}

mset_status mset_shrink(struct mset *set, uint64_t address, enum mset_side side, uint64_t bytes,
                        void *page_table) {
    if (!mset_begin(set) || !valid(set, side, bytes)) {
        return MSET_INVALID_PARAM;
    }
    struct at_run area;
    if (!find_area(set, address, &area)) {
        return MSET_NOT_FOUND;
    }
    if (bytes - 1 >= area.last - area.first) {
        return MSET_INVALID_PARAM; /* nothing would be left: that is mset_unmap */
    }
    const struct range part = {side == MSET_LOW ? area.first : area.last - bytes + 1,
                               side == MSET_LOW ? area.first + bytes - 1 : area.last};
    return mset_remove(set, &part, true, page_table);
}
