/* ask.c - looking at a space, which changes nothing. */
#include "address_space.h"

/* ---- pieces -------------------------------------------------------------------------------- */

bool mset_space_pieces(struct space_pieces *pieces, const struct mset_space *space, uint64_t start,
                       uint64_t size) {
    *pieces = (struct space_pieces){.start = start, .last = start + (size - 1)};
    return space_holds(space, start, size) &&
           mset_cursor_range(&pieces->cursor, space->set, start, size) == MSET_OK;
}

bool mset_space_next_piece(struct space_pieces *pieces, struct mset_area *piece) {
    if (!mset_cursor_next(&pieces->cursor, piece)) {
        return false;
    }
    const uint64_t area_last = piece->start + (piece->size - 1);
    const uint64_t first = piece->start > pieces->start ? piece->start : pieces->start;
    const uint64_t last = area_last < pieces->last ? area_last : pieces->last;
    piece->offset = mset_area_offset(piece, first);
    piece->start = first;
    piece->size = last - first + 1;
    return true;
}

bool mset_space_covered(const struct mset_space *space, uint64_t start, uint64_t size) {
    struct space_pieces pieces;
    struct mset_area piece;
    uint64_t covered = 0;
    (void)mset_space_pieces(&pieces, space, start, size);
    while (mset_space_next_piece(&pieces, &piece)) {
        covered += piece.size;
    }
    return covered == size;
}

/* ---- the parts ----------------------------------------------------------------------------- */

const struct mset *mset_space_set(const struct mset_space *space) {
    return space == NULL ? NULL : space->set;
}

const struct mset_page_table *mset_space_table(const struct mset_space *space) {
    return space == NULL ? NULL : space->table;
}

bool mset_space_is_alloc(const struct mset_space *space, const struct mset_area *area) {
    return area->backend == &space->cow.backend;
}

uint64_t mset_space_root(const struct mset_space *space) {
    return space == NULL ? 0 : mset_pt_root(space->table);
}

uint64_t mset_space_resident(const struct mset_space *space) {
    return space == NULL ? 0 : space->cow.pages.held;
}

struct mset_failure mset_space_last_failure(const struct mset_space *space) {
    const struct mset_failure none = {.code = 0};
    return space == NULL ? none : space->failure;
}

mset_status mset_space_find_free(const struct mset_space *space,
                                 const struct mset_gap_request *wish, uint64_t *start) {
    if (space == NULL || wish == NULL) {
        return MSET_INVALID_PARAM;
    }
    struct mset_gap_request inside = *wish;
    const uint64_t last = wish->hi - 1 < space->last ? wish->hi - 1 : space->last;
    inside.lo = wish->lo > space->config.start ? wish->lo : space->config.start;
    inside.hi = last + 1;
    return inside.lo > last ? MSET_NOT_FOUND : mset_find_free(space->set, &inside, start);
}

/* ---- translate ----------------------------------------------------------------------------- */

mset_status mset_space_translate(const struct mset_space *space, uint64_t address, uint64_t access,
                                 uint64_t want, struct mset_space_place *place) {
    struct mset_area area;
    struct mset_pt_run run;
    if (space == NULL || place == NULL || (access & ~MSET_ACCESS) != 0) {
        return MSET_INVALID_PARAM;
    }
    if (!mset_find(space->set, address, &area) ||
        mset_pt_query(space->table, address, want, &run) != MSET_OK) {
        return MSET_NOT_FOUND;
    }
    if ((run.flags & access) != access) {
        return MSET_ACCESS_DENIED;
    }
    const uint64_t rest = area.size - (address - area.start);
    *place = (struct mset_space_place){run.pa, run.size < rest ? run.size : rest, run.flags};
    return MSET_OK;
}
