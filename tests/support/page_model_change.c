/*
 * page_model_change.c - the operations of the page model that change it. See page_model.h.
 *
 * All have one shape. Decide from the arguments and the pages; note the cuts; list the steps; and
 * have them carried out (page_model_steps.c).
 */
#include "page_model_steps.h"

static bool is_how(unsigned how) {
    const unsigned plain = how & ~MSET_GUARD;
    return plain == MSET_MAP_FAIL || plain == MSET_MAP_REPLACE;
}

static bool replaces(unsigned how) {
    return (how & MSET_MAP_REPLACE) != 0;
}

/* ---- the guard distance -------------------------------------------------------------------- */

/* Does any page of [lo, hi) count against a new range, that is: is it present and not `own`? */
static bool is_near(const struct page_model *model, size_t lo, size_t hi, size_t own_lo,
                    size_t own_hi) {
    for (size_t i = lo; i < hi; i++) {
        if ((i < own_lo || i >= own_hi) && model->page[i].present) {
            return true;
        }
    }
    return false;
}

/* Asked for with `flags`: are the pages beside [lo, hi) as empty as the guard wants? */
static bool too_close(const struct page_model *model, unsigned flags, size_t lo, size_t hi,
                      size_t own_lo, size_t own_hi) {
    const uint64_t guard = model->guard / model->page_size;
    if ((flags & MSET_GUARD) == 0) {
        return false;
    }
    const size_t from = guard < lo ? lo - (size_t)guard : 0;
    const size_t to = guard < model->pages - hi ? hi + (size_t)guard : model->pages;
    return is_near(model, from, lo, own_lo, own_hi) || is_near(model, hi, to, own_lo, own_hi);
}

/* ---- map, unmap ---------------------------------------------------------------------------- */

/* What lies in [lo, hi) makes room. */
static void clear_room(struct page_model *model, uint64_t start, uint64_t size) {
    size_t lo, hi;
    model_pages(model, start, size, &lo, &hi);
    if (model_overlaps(model, start, size)) {
        model->steps->room_start = start;
        model->steps->room_size = size;
        model_clear_pages(model, lo, hi);
    }
    model_join_later(model, lo, hi);
}

static mset_status replace(struct page_model *model, const struct mset_area *area, bool told) {
    size_t lo, hi;
    model_pages(model, area->start, area->size, &lo, &hi);
    if (!model_cut_ends(model, lo, hi)) {
        return MSET_UNSUPPORTED;
    }
    model->steps->told = told;
    clear_room(model, area->start, area->size);
    model_add(model, area);
    return model_run(model);
}

mset_status model_map(struct page_model *model, const struct mset_area *area, unsigned how) {
    size_t lo, hi;
    model_begin(model);
    if (area == NULL || !is_how(how) || !model_range_is_good(model, area->start, area->size)) {
        return MSET_INVALID_PARAM;
    }
    model_pages(model, area->start, area->size, &lo, &hi);
    if ((!replaces(how) && model_overlaps(model, area->start, area->size)) ||
        too_close(model, how, lo, hi, 0, 0)) {
        return MSET_ALREADY_EXISTS;
    }
    return replace(model, area, true);
}

mset_status model_replace_metadata(struct page_model *model, const struct mset_area *area) {
    model_begin(model);
    if (area == NULL || !model_range_is_good(model, area->start, area->size)) {
        return MSET_INVALID_PARAM;
    }
    return replace(model, area, false);
}

static mset_status drop(struct page_model *model, size_t lo, size_t hi, bool told) {
    if (!model_cut_ends(model, lo, hi)) {
        return MSET_UNSUPPORTED;
    }
    model->steps->told = told;
    model_clear_pages(model, lo, hi);
    return model_run(model);
}

static mset_status drop_range(struct page_model *model, uint64_t start, uint64_t size, bool told) {
    size_t lo, hi;
    model_begin(model);
    if (!model_range_is_good(model, start, size)) {
        return MSET_INVALID_PARAM;
    }
    model_pages(model, start, size, &lo, &hi);
    return drop(model, lo, hi, told);
}

mset_status model_unmap(struct page_model *model, uint64_t start, uint64_t size) {
    return drop_range(model, start, size, true);
}

mset_status model_unmap_metadata(struct page_model *model, uint64_t start, uint64_t size) {
    return drop_range(model, start, size, false);
}

mset_status model_clear(struct page_model *model) {
    model_begin(model);
    return drop(model, 0, model->pages, true);
}

/* ---- protect ------------------------------------------------------------------------------- */

/*
 * Asks about every piece in [lo, hi); false if a cut it wants is not allowed. The spare pages keep
 * the answers for the second round, which is that of the backends that prepare.
 */
static bool ask_all(struct page_model *model, size_t lo, size_t hi, mset_update_flags update,
                    void *arg) {
    struct mset_area piece;
    bool allowed = true;
    for (size_t page = lo; model_next_piece(model, &page, hi, &piece);) {
        uint64_t flags = piece.flags;
        area_list_add(&model->asked, &piece, 0);
        if (!update(arg, &piece, &flags)) {
            flags = piece.flags;
        }
        model->spare[page - 1].flags = flags;
        if (flags != piece.flags) {
            const size_t first = page - (size_t)(piece.size / model->page_size);
            allowed = model_cut_ends(model, first, page) && allowed;
        }
    }
    return allowed;
}

static void protect_pieces(struct page_model *model, size_t lo, size_t hi, bool prepared) {
    struct mset_area piece;
    for (size_t page = lo; model_next_piece(model, &page, hi, &piece);) {
        const uint64_t flags = model->spare[page - 1].flags;
        if (flags != piece.flags && model_prepares(&piece) == prepared) {
            model_protect_piece(model, &piece, flags);
        }
    }
}

static bool is_covered(const struct page_model *model, uint64_t size, size_t lo, size_t hi) {
    bool covered = (hi - lo) == size / model->page_size; /* nothing of it is outside */
    for (size_t i = lo; i < hi; i++) {
        covered = covered && model->page[i].present;
    }
    return covered;
}

mset_status model_protect(struct page_model *model, uint64_t start, uint64_t size,
                          enum mset_holes holes, mset_update_flags update, void *arg) {
    size_t lo, hi;
    model_begin(model);
    if (update == NULL || !model_range_is_good(model, start, size) ||
        (holes != MSET_HOLES_SKIP && holes != MSET_HOLES_FAIL)) {
        return MSET_INVALID_PARAM;
    }
    model_pages(model, start, size, &lo, &hi);
    if (holes == MSET_HOLES_FAIL && !is_covered(model, size, lo, hi)) {
        return MSET_NOT_FOUND;
    }
    if (!ask_all(model, lo, hi, update, arg)) {
        return MSET_UNSUPPORTED;
    }
    protect_pieces(model, lo, hi, false);
    protect_pieces(model, lo, hi, true);
    model_join_later(model, lo, hi);
    return model_run(model);
}

/* ---- move ---------------------------------------------------------------------------------- */

mset_status model_move(struct page_model *model, uint64_t from, uint64_t size, uint64_t to,
                       unsigned how) {
    size_t from_lo, from_hi, to_lo, to_hi;
    model_begin(model);
    if (!is_how(how) || !model_range_is_good(model, from, size) ||
        !model_range_is_good(model, to, size) || (from < to ? to - from : from - to) < size) {
        return MSET_INVALID_PARAM;
    }
    if (!model_overlaps(model, from, size)) {
        return MSET_NOT_FOUND;
    }
    model_pages(model, from, size, &from_lo, &from_hi);
    model_pages(model, to, size, &to_lo, &to_hi);
    if ((!replaces(how) && model_overlaps(model, to, size)) ||
        too_close(model, how, to_lo, to_hi, from_lo, from_hi)) {
        return MSET_ALREADY_EXISTS;
    }
    const bool source = model_cut_ends(model, from_lo, from_hi);
    const bool destination = model_cut_ends(model, to_lo, to_hi);
    if (!source || !destination) {
        return MSET_UNSUPPORTED;
    }
    clear_room(model, to, size);
    model_move_pages(model, from_lo, from_hi, to - from);
    return model_run(model);
}

/* ---- grow, shrink -------------------------------------------------------------------------- */

static bool whole_pages(const struct page_model *model, uint64_t bytes) {
    return bytes != 0 && (bytes & (model->page_size - 1)) == 0;
}

static bool is_side(unsigned side) {
    return side == MSET_LOW || side == MSET_HIGH;
}

/* Does an area stay in the address space, and below 2^64 bytes, when it grows? */
static bool has_room(const struct mset_area *area, unsigned side, uint64_t bytes) {
    const uint64_t room = side == MSET_LOW ? area->start : 0 - mset_area_end(area);
    return bytes <= room && area->size + bytes > area->size;
}

static mset_status grow_area(struct page_model *model, const struct mset_area *area, unsigned side,
                             uint64_t bytes, unsigned guard) {
    size_t lo, hi, own_lo, own_hi;
    struct mset_area part = *area;
    part.start = side == MSET_LOW ? area->start - bytes : mset_area_end(area);
    part.size = bytes;
    part.offset = mset_area_offset(area, part.start);
    model_pages(model, part.start, part.size, &lo, &hi);
    model_pages(model, area->start, area->size, &own_lo, &own_hi);
    if (model_overlaps(model, part.start, part.size) ||
        too_close(model, guard, lo, hi, own_lo, own_hi)) {
        return MSET_ALREADY_EXISTS;
    }
    model->steps->adds = side == MSET_LOW ? GROWS_LOW : GROWS_HIGH;
    model_add(model, &part);
    model_join_later(model, lo, hi);
    return model_run(model);
}

mset_status model_grow(struct page_model *model, uint64_t address, unsigned side, uint64_t bytes) {
    const unsigned guard = side & MSET_GUARD;
    struct mset_area area;
    side &= ~MSET_GUARD;
    model_begin(model);
    if (!is_side(side) || !whole_pages(model, bytes)) {
        return MSET_INVALID_PARAM;
    }
    if (!model_find(model, address, &area)) {
        return MSET_NOT_FOUND;
    }
    return has_room(&area, side, bytes) ? grow_area(model, &area, side, bytes, guard)
                                        : MSET_INVALID_PARAM;
}

mset_status model_shrink(struct page_model *model, uint64_t address, unsigned side,
                         uint64_t bytes) {
    struct mset_area area;
    size_t lo, hi;
    model_begin(model);
    if (!is_side(side) || !whole_pages(model, bytes)) {
        return MSET_INVALID_PARAM;
    }
    if (!model_find(model, address, &area)) {
        return MSET_NOT_FOUND;
    }
    if (bytes >= area.size) {
        return MSET_INVALID_PARAM;
    }
    const uint64_t start = side == MSET_LOW ? area.start : mset_area_end(&area) - bytes;
    model_pages(model, start, bytes, &lo, &hi);
    return drop(model, lo, hi, true);
}

/* ---- fault, limits ------------------------------------------------------------------------- */

mset_status model_fault(struct page_model *model, uint64_t address, uint64_t access) {
    struct mset_area area;
    model_begin(model);
    if (access == 0 || (access & ~MSET_ACCESS) != 0) {
        return MSET_INVALID_PARAM;
    }
    if (!model_find(model, address, &area)) {
        return MSET_NOT_FOUND;
    }
    if ((area.flags & access) != access) {
        return MSET_ACCESS_DENIED;
    }
    const struct call call = {.kind = CALL_FAULT, .run = area, .extra = address, .access = access};
    return model_call(model, &call);
}

mset_status model_set_limits(struct page_model *model, uint64_t max_areas, uint64_t max_bytes) {
    model_begin(model);
    model->max_areas = max_areas;
    model->max_bytes = max_bytes;
    return MSET_OK;
}
