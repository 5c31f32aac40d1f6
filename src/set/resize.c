/* resize.c - an area grows or shrinks in place, on either side. */
#include "set.h"

static bool find_area(const struct mset *set, uint64_t address, struct at_run *area) {
    const struct at_place place = set->tree.search->find(&set->tree, address);
    if (place.leaf != NULL) {
        *area = at_leaf_run(place.leaf, (unsigned)place.index);
    }
    return place.leaf != NULL;
}

static bool valid(const struct mset *set, unsigned side, uint64_t bytes) {
    return (side == MSET_LOW || side == MSET_HIGH) && bytes != 0 &&
           (bytes & (set->page_size - 1)) == 0;
}

/* False if the room would lie outside the address space, or the area fill all of it. */
static bool room_beside(const struct at_run *area, unsigned side, uint64_t bytes,
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

static mset_status plan_grow(struct mset_plan *plan, const struct at_run *area, bool guard) {
    struct mset *const set = plan->set;
    const struct range room = {plan->added.first, plan->added.last};
    const struct range own = {area->first, area->last};
    if (mset_range_taken(set, &room) || (guard && !mset_guarded(set, &room, &own))) {
        return MSET_ALREADY_EXISTS;
    }
    if (!mset_within_limits(plan)) {
        return MSET_OVER_LIMIT;
    }
    (void)mset_seek(set, &plan->range, &plan->path);
    return mset_at_prepare(&set->tree, &plan->path, plan->range.first, plan->range.last, true);
}

mset_status mset_open_grow(struct mset_plan *plan, struct mset *set, uint64_t address,
                           unsigned side, uint64_t bytes) {
    const mset_status status = mset_begin(set);
    const bool guard = (side & MSET_GUARD) != 0;
    struct at_run area;
    struct range room;
    if (status != MSET_OK) {
        return status;
    }
    side &= ~MSET_GUARD;
    if (!valid(set, side, bytes)) {
        return MSET_INVALID_PARAM;
    }
    if (!find_area(set, address, &area)) {
        return MSET_NOT_FOUND;
    }
    if (!room_beside(&area, side, bytes, &room)) {
        return MSET_INVALID_PARAM;
    }
    const struct range whole = {side == MSET_LOW ? room.first : area.first,
                                side == MSET_LOW ? area.last : room.last};
    mset_plan_init(plan, set, PLAN_GROW, &whole);
    plan->added = (struct at_run){room.first, room.last, area.attributes};
    plan->run = (struct at_run){whole.first, whole.last, area.attributes};
    return plan_grow(plan, &area, guard);
}

mset_status mset_open_shrink(struct mset_plan *plan, struct mset *set, uint64_t address,
                             unsigned side, uint64_t bytes) {
    const mset_status status = mset_begin(set);
    struct at_run area;
    if (status != MSET_OK) {
        return status;
    }
    if (!valid(set, side, bytes)) {
        return MSET_INVALID_PARAM;
    }
    if (!find_area(set, address, &area)) {
        return MSET_NOT_FOUND;
    }
    if (bytes - 1 >= area.last - area.first) {
        return MSET_INVALID_PARAM; /* nothing would be left: that is mset_unmap */
    }
    return mset_open_unmap(plan, set, side == MSET_LOW ? area.first : area.last - bytes + 1, bytes);
}

mset_status mset_grow(struct mset *set, uint64_t address, unsigned side, uint64_t bytes,
                      void *page_table) {
    struct mset_plan plan;
    const mset_status status = mset_open_grow(&plan, set, address, side, bytes);
    return status == MSET_OK ? mset_run(&plan, page_table) : status;
}

mset_status mset_shrink(struct mset *set, uint64_t address, unsigned side, uint64_t bytes,
                        void *page_table) {
    struct mset_plan plan;
    const mset_status status = mset_open_shrink(&plan, set, address, side, bytes);
    return status == MSET_OK ? mset_run(&plan, page_table) : status;
}
