/*
 * map.c - which areas there are: one call of the set, one flush.
 *
 * Taking out an area of private memory flushes before its frames are given up, so taking out k of
 * them would flush k times. Instead an operation that meets several is planned, the leaves of all
 * of them are hidden, flushed once, and then it is committed, which cannot fail. Without memory for
 * a plan it is done directly.
 */
#include "address_space.h"

/* Nobody can reach the range any more. Whoever cuts a leaf here has taken the tables for it. */
static void hide(struct mset_space *space, uint64_t start, uint64_t size) {
    struct space_pieces pieces;
    struct mset_area area;
    (void)mset_space_pieces(&pieces, space, start, size);
    while (mset_space_next_piece(&pieces, &area)) {
        const mset_status status = mset_pt_protect(space->table, area.start, area.size, 0);
        MSET_ASSERT(status == MSET_OK);
        (void)status;
    }
    mset_space_flush(space);
}

/* Does more than one area lie in the range? */
static bool is_crowded(const struct mset_space *space, uint64_t start, uint64_t size) {
    struct space_pieces pieces;
    struct mset_area area;
    const bool crowded = mset_space_pieces(&pieces, space, start, size) &&
                         mset_space_next_piece(&pieces, &area) &&
                         mset_space_next_piece(&pieces, &area);
    mset_cursor_close(&pieces.cursor);
    return crowded;
}

/* What lies in the range is going to be unmapped by the plan, if it was made. */
static mset_status commit(struct mset_space *space, mset_status planned, struct mset_plan *plan,
                          uint64_t start, uint64_t size) {
    if (planned != MSET_OK) {
        return planned;
    }
    hide(space, start, size);
    return mset_plan_commit(plan);
}

static mset_status map(struct mset_space *space, const struct mset_area *area, unsigned how) {
    struct mset_plan *plan;
    mset_status status = MSET_NO_MEMORY;
    if ((how & MSET_MAP_REPLACE) != 0 && is_crowded(space, area->start, area->size)) {
        status = mset_plan_map(space->set, area, how, space->table, &plan);
        status = commit(space, status, plan, area->start, area->size);
    }
    return space_done(
        space, status != MSET_NO_MEMORY ? status : mset_map(space->set, area, how, space->table));
}

mset_status mset_space_map_linear(struct mset_space *space, uint64_t start, uint64_t size,
                                  uint64_t pa, uint64_t flags, unsigned how) {
    if (!space_holds(space, start, size)) {
        return MSET_INVALID_PARAM;
    }
    const struct mset_area area = {start, size, flags, &space->linear.backend, pa};
    return map(space, &area, how);
}

/* Without a file an area's offset is its address, so that neighbours can become one. */
mset_status mset_space_map_alloc(struct mset_space *space, uint64_t start, uint64_t size,
                                 uint64_t flags, uint64_t offset, unsigned how) {
    if (!space_holds(space, start, size)) {
        return MSET_INVALID_PARAM;
    }
    if ((flags & MSET_SHARED) != 0) {
        return MSET_UNSUPPORTED;
    }
    const struct mset_area area = {start, size, flags, &space->cow.backend,
                                   space->config.fill != NULL ? offset : start};
    space->cow.populate = (how & MSET_POPULATE) != 0;
    const mset_status status = map(space, &area, how & ~MSET_POPULATE);
    space->cow.populate = false;
    return status;
}

mset_status mset_space_unmap(struct mset_space *space, uint64_t start, uint64_t size) {
    struct mset_plan *plan;
    mset_status status = MSET_NO_MEMORY;
    if (!space_holds(space, start, size)) {
        return MSET_INVALID_PARAM;
    }
    if (is_crowded(space, start, size)) {
        status = mset_plan_unmap(space->set, start, size, space->table, &plan);
        status = commit(space, status, plan, start, size);
    }
    return space_done(space, status != MSET_NO_MEMORY
                                 ? status
                                 : mset_unmap(space->set, start, size, space->table));
}

/* No area is cut, so nothing is needed. */
void mset_space_clear(struct mset_space *space) {
    if (space == NULL) {
        return;
    }
    hide(space, space->config.start, space->config.size);
    const mset_status status = mset_clear(space->set, space->table);
    MSET_ASSERT(status == MSET_OK);
    (void)space_done(space, status);
}

static bool change_access(void *arg, const struct mset_area *piece, uint64_t *flags) {
    *flags = (piece->flags & ~MSET_ACCESS) | *(const uint64_t *)arg;
    return true;
}

mset_status mset_space_protect(struct mset_space *space, uint64_t start, uint64_t size,
                               uint64_t access, enum mset_holes holes) {
    if (!space_holds(space, start, size) || (access & ~MSET_ACCESS) != 0) {
        return MSET_INVALID_PARAM;
    }
    return space_done(
        space, mset_protect(space->set, start, size, holes, change_access, &access, space->table));
}

mset_status mset_space_move(struct mset_space *space, uint64_t from, uint64_t size, uint64_t to,
                            unsigned how) {
    if (!space_holds(space, from, size) || !space_holds(space, to, size)) {
        return MSET_INVALID_PARAM;
    }
    struct mset_plan *plan;
    mset_status status = MSET_NO_MEMORY;
    if ((how & MSET_MAP_REPLACE) != 0 && is_crowded(space, to, size)) {
        status = mset_plan_move(space->set, from, size, to, how, space->table, &plan);
        status = commit(space, status, plan, to, size);
    }
    return space_done(space, status != MSET_NO_MEMORY
                                 ? status
                                 : mset_move(space->set, from, size, to, how, space->table));
}

mset_status mset_space_grow(struct mset_space *space, uint64_t address, unsigned side,
                            uint64_t bytes) {
    struct mset_area area;
    if (space == NULL) {
        return MSET_INVALID_PARAM;
    }
    if (!mset_find(space->set, address, &area)) {
        return MSET_NOT_FOUND;
    }
    const uint64_t room = (side & MSET_HIGH) != 0 ? space->last - (area.start + (area.size - 1))
                                                  : area.start - space->config.start;
    return bytes <= room
               ? space_done(space, mset_grow(space->set, address, side, bytes, space->table))
               : MSET_INVALID_PARAM;
}
