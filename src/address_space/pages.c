/* pages.c - pages come and go, areas stay: populate, discard, fault. */
#include "address_space.h"

#include "backends/cow.h"

/* ---- populate ------------------------------------------------------------------------------ */

/* The first of the pieces that keeps all from being populated. */
static mset_status may_populate(const struct mset_space *space, uint64_t start, uint64_t size) {
    struct space_pieces pieces;
    struct mset_area piece;
    if (!mset_space_pieces(&pieces, space, start, size)) {
        return MSET_INVALID_PARAM;
    }
    mset_status status = mset_space_covered(space, start, size) ? MSET_OK : MSET_NOT_FOUND;
    while (status == MSET_OK && mset_space_next_piece(&pieces, &piece)) {
        status = (piece.flags & MSET_ACCESS) != 0 ? MSET_OK : MSET_ACCESS_DENIED;
    }
    mset_cursor_close(&pieces.cursor);
    return status;
}

/* What is done with the part of an alloc area. As a backend answers. */
typedef int (*with_piece)(struct mset_cow *cow, const struct mset_area *piece,
                          struct mset_page_table *table);

static int fulfil(struct mset_cow *cow, const struct mset_area *piece,
                  struct mset_page_table *table) {
    mset_cow_fulfil_holes(cow, piece, table);
    return 0;
}

static int cancel(struct mset_cow *cow, const struct mset_area *piece,
                  struct mset_page_table *table) {
    mset_cow_cancel_holes(cow, piece, table);
    return 0;
}

/* Until one does not answer 0. *end is then where that piece starts. */
static int each_piece(struct mset_space *space, uint64_t start, uint64_t size, with_piece act,
                      uint64_t *end) {
    struct space_pieces pieces;
    struct mset_area piece;
    int code = 0;
    (void)mset_space_pieces(&pieces, space, start, size);
    while (code == 0 && mset_space_next_piece(&pieces, &piece)) {
        *end = piece.start;
        code = mset_space_is_alloc(space, &piece) ? act(&space->cow, &piece, space->table) : 0;
    }
    mset_cursor_close(&pieces.cursor);
    return code;
}

/* First frames and tables for all of it, then nothing is wanted any more. */
mset_status mset_space_populate(struct mset_space *space, uint64_t start, uint64_t size) {
    const mset_status status = may_populate(space, start, size);
    uint64_t end, ignored;
    if (status != MSET_OK) {
        return status;
    }
    const int code = each_piece(space, start, size, mset_cow_reserve_holes, &end);
    if (code == 0) {
        (void)each_piece(space, start, size, fulfil, &ignored);
        return space_done_alone(space, MSET_OK, 0, 0);
    }
    if (end != start) {
        (void)each_piece(space, start, end - start, cancel, &ignored);
    }
    mset_pt_prepare_drop(space->table);
    return space_done_alone(space, code > 0 ? (mset_status)code : MSET_BAD_STATE, code, end);
}

/* ---- discard ------------------------------------------------------------------------------- */

static mset_status may_discard(const struct mset_space *space, uint64_t start, uint64_t size,
                               enum mset_holes holes) {
    struct space_pieces pieces;
    struct mset_area piece;
    if (!mset_space_pieces(&pieces, space, start, size)) {
        return MSET_INVALID_PARAM;
    }
    const bool covered = holes != MSET_HOLES_FAIL || mset_space_covered(space, start, size);
    mset_status status = covered ? MSET_OK : MSET_NOT_FOUND;
    while (status == MSET_OK && mset_space_next_piece(&pieces, &piece)) {
        status = mset_space_is_alloc(space, &piece) ? MSET_OK : MSET_UNSUPPORTED;
    }
    mset_cursor_close(&pieces.cursor);
    return status;
}

static int unmap_pages(struct mset_cow *cow, const struct mset_area *piece,
                       struct mset_page_table *table) {
    return cow->backend.ops->unmap(&cow->backend, piece, table);
}

/* Leaves that stick out are cut first, so that no piece needs a table of its own. */
static void discard(struct mset_space *space, const struct mset_area *range) {
    uint64_t ignored;
    mset_status status = mset_leaves_cut(space->table, range);
    MSET_ASSERT(status == MSET_OK);
    const int code = each_piece(space, range->start, range->size, unmap_pages, &ignored);
    MSET_ASSERT(code == 0);
    (void)status;
    (void)code;
}

mset_status mset_space_discard(struct mset_space *space, uint64_t start, uint64_t size,
                               enum mset_holes holes) {
    const struct mset_area range = {.start = start, .size = size};
    mset_status status = may_discard(space, start, size, holes);
    if (status == MSET_OK) {
        status = mset_pt_unmap_prepare(space->table, start, size, NULL);
    }
    if (status != MSET_OK) {
        return status;
    }
    discard(space, &range);
    mset_pt_prepare_drop(space->table);
    return space_done_alone(space, MSET_OK, 0, 0);
}

/* ---- fault --------------------------------------------------------------------------------- */

mset_status mset_space_fault(struct mset_space *space, uint64_t address, uint64_t access) {
    return space == NULL ? MSET_INVALID_PARAM
                         : space_done(space, mset_fault(space->set, address, access, space->table));
}
