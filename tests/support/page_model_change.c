/*
 * page_model_change.c - the operations of the page model that change it. See page_model.h.
 *
 * All have one shape. Decide from the arguments and the pages; note the cuts; plan the calls to
 * the backends; run the plan, which may be refused; then write the pages: `erase` what goes, `put`
 * what comes, and `join` at the two seams where neighbours may have become equal.
 */
#include "page_model.h"

#include <string.h>

static void begin(struct page_model *model) {
    model->planned.count = 0;
    model->expected.count = 0;
    model->asked.count = 0;
    model->cuts.count = 0;
    model->failure = (struct mset_failure){0};
    model->stuck = false;
}

/* ---- cuts ---------------------------------------------------------------------------------- */

/* Is there a seam to make before page `at`: do both sides belong to one area? */
static bool inside_area(const struct page_model *model, size_t at) {
    return at > 0 && at < model->pages && model->page[at].present && !model->page[at].starts;
}

/* Notes that the operation must cut before page `at`; false if the backend will not have it. */
static bool cut(struct page_model *model, size_t at) {
    struct mset_area area;
    size_t next;
    if (!inside_area(model, at)) {
        return true;
    }
    (void)model_next_area(model, at, true, &area, &next);
    if (area.backend == NULL || area.backend->ops->may_split == NULL) {
        return true;
    }
    area_list_add(&model->cuts, &area, model_address(model, at));
    return seam_may_split(&model->rules, model_address(model, at));
}

static bool cut_ends(struct page_model *model, size_t lo, size_t hi) {
    const bool low = cut(model, lo);
    const bool high = cut(model, hi);
    return low && high;
}

/* ---- calls --------------------------------------------------------------------------------- */

static bool is_told(const struct mset_backend *backend, enum call_kind kind) {
    if (backend == NULL) {
        return false;
    }
    switch (kind) {
    case CALL_MAP:
        return backend->ops->map != NULL;
    case CALL_UNMAP:
        return backend->ops->unmap != NULL;
    case CALL_PROTECT:
        return backend->ops->protect != NULL;
    case CALL_MOVE:
        return backend->ops->move != NULL;
    case CALL_FAULT:
        return backend->ops->fault != NULL;
    }
    return false;
}

static void plan(struct page_model *model, enum call_kind kind, const struct mset_area *run,
                 uint64_t extra, uint64_t access) {
    if (is_told(run->backend, kind)) {
        const struct call call = {kind, *run, extra, access, run->start};
        call_list_add(&model->planned, &call);
    }
}

/* The part of an area that lies in pages [*page, hi), which are advanced behind it. */
static bool next_piece(const struct page_model *model, size_t *page, size_t hi,
                       struct mset_area *piece) {
    while (*page < hi && !model->page[*page].present) {
        ++*page;
    }
    if (*page >= hi) {
        return false;
    }
    const size_t first = *page;
    do {
        ++*page;
    } while (*page < hi && model->page[*page].present && !model->page[*page].starts);
    const struct model_page *from = &model->page[first];
    *piece = (struct mset_area){model_address(model, first), (*page - first) * model->page_size,
                                from->flags, from->backend, from->offset};
    return true;
}

static void plan_unmap(struct page_model *model, size_t lo, size_t hi) {
    struct mset_area piece;
    for (size_t page = lo; next_piece(model, &page, hi, &piece);) {
        plan(model, CALL_UNMAP, &piece, 0, 0);
    }
}

/* Plans the calls that take back planned calls [0, done), last first. */
static void undo(struct page_model *model, size_t done) {
    for (size_t i = done; i > 0 && !model->stuck; i--) {
        const struct call back = call_inverse(&model->planned.calls[i - 1]);
        model->stuck = refusal_hits(&model->refusal, model->expected.count);
        call_list_add(&model->expected, &back);
    }
}

static mset_status refused(struct page_model *model, const struct call *call) {
    const int code = model->refusal.code;
    model->failure.code = code;
    model->failure.address = call->piece;
    /* A code that promises an unchanged set would be a lie when an undo was refused as well. */
    return code > 0 && !model->stuck ? (mset_status)code : MSET_BAD_STATE;
}

static mset_status run_plan(struct page_model *model) {
    for (size_t i = 0; i < model->planned.count; i++) {
        const struct call *call = &model->planned.calls[i];
        const bool no = refusal_hits(&model->refusal, model->expected.count);
        call_list_add(&model->expected, call);
        if (no) {
            undo(model, i);
            return refused(model, call);
        }
    }
    return MSET_OK;
}

/* ---- pages --------------------------------------------------------------------------------- */

/* Page `at`, if present, begins an area now. */
static void seam(struct page_model *model, size_t at) {
    if (at < model->pages && model->page[at].present) {
        model->page[at].starts = true;
    }
}

static void erase(struct page_model *model, size_t lo, size_t hi) {
    memset(&model->page[lo], 0, (hi - lo) * sizeof *model->page);
    seam(model, hi);
}

static void put(struct page_model *model, size_t lo, size_t hi, const struct mset_area *area) {
    for (size_t i = lo; i < hi; i++) {
        model->page[i] = (struct model_page){.backend = area->backend,
                                             .flags = area->flags,
                                             .offset = area->offset + (i - lo) * model->page_size,
                                             .present = true,
                                             .starts = i == lo};
    }
}

static bool are_equal_neighbours(const struct page_model *model, size_t at) {
    const struct model_page *left = &model->page[at - 1], *right = &model->page[at];
    return left->present && right->present && left->flags == right->flags &&
           left->backend == right->backend && left->offset + model->page_size == right->offset;
}

/* Would removing the seam before page `at` make an area of 2^64 bytes? */
static bool would_cover_everything(const struct page_model *model, size_t at) {
    struct mset_area left, right;
    size_t next;
    (void)model_next_area(model, at - 1, true, &left, &next);
    (void)model_next_area(model, at, true, &right, &next);
    return left.size + right.size == 0;
}

static void join_at(struct page_model *model, size_t at) {
    if (at == 0 || at >= model->pages || !model->page[at].starts ||
        !are_equal_neighbours(model, at) || would_cover_everything(model, at)) {
        return;
    }
    const struct mset_backend *backend = model->page[at].backend;
    if (backend == NULL || backend->ops->may_merge == NULL ||
        seam_may_merge(&model->rules, model_address(model, at))) {
        model->page[at].starts = false;
    }
}

/* After pages [lo, hi) changed: equal neighbours become one, in sets that merge. */
static void join(struct page_model *model, size_t lo, size_t hi) {
    for (size_t at = lo; model->merge && at <= hi; at++) {
        join_at(model, at);
    }
}

/* ---- map, unmap ---------------------------------------------------------------------------- */

static mset_status replace(struct page_model *model, const struct mset_area *area, bool told) {
    size_t lo, hi;
    model_pages(model, area->start, area->size, &lo, &hi);
    if (!cut_ends(model, lo, hi)) {
        return MSET_UNSUPPORTED;
    }
    if (told) {
        plan_unmap(model, lo, hi);
        plan(model, CALL_MAP, area, 0, 0);
    }
    const mset_status status = run_plan(model);
    if (status == MSET_OK) {
        erase(model, lo, hi);
        put(model, lo, hi, area);
        join(model, lo, hi);
    }
    return status;
}

mset_status model_map(struct page_model *model, const struct mset_area *area,
                      enum mset_map_how how) {
    begin(model);
    if (area == NULL || (how != MSET_MAP_FAIL && how != MSET_MAP_REPLACE) ||
        !model_range_is_good(model, area->start, area->size)) {
        return MSET_INVALID_PARAM;
    }
    if (how == MSET_MAP_FAIL && model_overlaps(model, area->start, area->size)) {
        return MSET_ALREADY_EXISTS;
    }
    return replace(model, area, true);
}

mset_status model_replace_metadata(struct page_model *model, const struct mset_area *area) {
    begin(model);
    if (area == NULL || !model_range_is_good(model, area->start, area->size)) {
        return MSET_INVALID_PARAM;
    }
    return replace(model, area, false);
}

static mset_status drop(struct page_model *model, size_t lo, size_t hi, bool told) {
    if (!cut_ends(model, lo, hi)) {
        return MSET_UNSUPPORTED;
    }
    if (told) {
        plan_unmap(model, lo, hi);
    }
    const mset_status status = run_plan(model);
    if (status == MSET_OK) {
        erase(model, lo, hi);
    }
    return status;
}

static mset_status drop_range(struct page_model *model, uint64_t start, uint64_t size, bool told) {
    size_t lo, hi;
    begin(model);
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
    begin(model);
    return drop(model, 0, model->pages, true);
}

/* ---- protect ------------------------------------------------------------------------------- */

/* Writes the new flags of one piece into the spare pages, which become the pages if all is well. */
static void note_flags(struct page_model *model, const struct mset_area *piece, size_t lo,
                       size_t hi, uint64_t flags) {
    for (size_t i = lo; i < hi; i++) {
        model->spare[i].flags = flags;
    }
    model->spare[lo].starts = true;
    if (hi < model->pages && model->spare[hi].present) {
        model->spare[hi].starts = true;
    }
    plan(model, CALL_PROTECT, piece, flags, 0);
}

/* Asks about every piece in [lo, hi); false if a cut it wants is not allowed. */
static bool ask_all(struct page_model *model, size_t lo, size_t hi, mset_update_flags update,
                    void *arg) {
    struct mset_area piece;
    bool allowed = true;
    for (size_t page = lo; next_piece(model, &page, hi, &piece);) {
        uint64_t flags = piece.flags;
        area_list_add(&model->asked, &piece, 0);
        if (update(arg, &piece, &flags) && flags != piece.flags) {
            const size_t first = page - (size_t)(piece.size / model->page_size);
            allowed = cut_ends(model, first, page) && allowed;
            note_flags(model, &piece, first, page, flags);
        }
    }
    return allowed;
}

mset_status model_protect(struct page_model *model, uint64_t start, uint64_t size,
                          mset_update_flags update, void *arg) {
    size_t lo, hi;
    begin(model);
    if (update == NULL || !model_range_is_good(model, start, size)) {
        return MSET_INVALID_PARAM;
    }
    model_pages(model, start, size, &lo, &hi);
    const size_t beyond = hi < model->pages ? hi + 1 : hi;
    memcpy(&model->spare[lo], &model->page[lo], (beyond - lo) * sizeof *model->page);
    if (!ask_all(model, lo, hi, update, arg)) {
        return MSET_UNSUPPORTED;
    }
    const mset_status status = run_plan(model);
    if (status == MSET_OK) {
        memcpy(&model->page[lo], &model->spare[lo], (beyond - lo) * sizeof *model->page);
        join(model, lo, hi);
    }
    return status;
}

/* ---- move ---------------------------------------------------------------------------------- */

static void plan_move(struct page_model *model, size_t lo, size_t hi, uint64_t distance) {
    struct mset_area piece;
    for (size_t page = lo; next_piece(model, &page, hi, &piece);) {
        if (is_told(piece.backend, CALL_MOVE)) {
            plan(model, CALL_MOVE, &piece, piece.start + distance, 0);
            continue;
        }
        struct mset_area moved = piece;
        moved.start += distance;
        plan(model, CALL_UNMAP, &piece, 0, 0);
        plan(model, CALL_MAP, &moved, 0, 0);
        if (is_told(piece.backend, CALL_MAP)) { /* still the piece of the source */
            model->planned.calls[model->planned.count - 1].piece = piece.start;
        }
    }
}

static void carry(struct page_model *model, size_t from, size_t to, size_t pages) {
    memcpy(model->spare, &model->page[from], pages * sizeof *model->page);
    if (model->spare[0].present) {
        model->spare[0].starts = true;
    }
    erase(model, from, from + pages);
    erase(model, to, to + pages);
    memcpy(&model->page[to], model->spare, pages * sizeof *model->page);
    join(model, from, from + pages);
    join(model, to, to + pages);
}

mset_status model_move(struct page_model *model, uint64_t from, uint64_t size, uint64_t to,
                       enum mset_map_how how) {
    size_t from_lo, from_hi, to_lo, to_hi;
    begin(model);
    if ((how != MSET_MAP_FAIL && how != MSET_MAP_REPLACE) ||
        !model_range_is_good(model, from, size) || !model_range_is_good(model, to, size) ||
        (from < to ? to - from : from - to) < size) {
        return MSET_INVALID_PARAM;
    }
    if (!model_overlaps(model, from, size)) {
        return MSET_NOT_FOUND;
    }
    if (how == MSET_MAP_FAIL && model_overlaps(model, to, size)) {
        return MSET_ALREADY_EXISTS;
    }
    model_pages(model, from, size, &from_lo, &from_hi);
    model_pages(model, to, size, &to_lo, &to_hi);
    const bool source = cut_ends(model, from_lo, from_hi);
    const bool destination = cut_ends(model, to_lo, to_hi);
    if (!source || !destination) {
        return MSET_UNSUPPORTED;
    }
    plan_unmap(model, to_lo, to_hi);
    plan_move(model, from_lo, from_hi, to - from);
    const mset_status status = run_plan(model);
    if (status == MSET_OK) {
        carry(model, from_lo, to_lo, from_hi - from_lo);
    }
    return status;
}

/* ---- grow, shrink -------------------------------------------------------------------------- */

static bool whole_pages(const struct page_model *model, uint64_t bytes) {
    return bytes != 0 && (bytes & (model->page_size - 1)) == 0;
}

static bool is_side(enum mset_side side) {
    return side == MSET_LOW || side == MSET_HIGH;
}

/* Does an area stay in the address space, and below 2^64 bytes, when it grows? */
static bool has_room(const struct mset_area *area, enum mset_side side, uint64_t bytes) {
    const uint64_t room = side == MSET_LOW ? area->start : 0 - mset_area_end(area);
    return bytes <= room && area->size + bytes > area->size;
}

/* The pages of the new part belong to the old area: the seam between them is none. */
static void enlarge(struct page_model *model, const struct mset_area *part, enum mset_side side) {
    size_t lo, hi;
    model_pages(model, part->start, part->size, &lo, &hi);
    put(model, lo, hi, part);
    if (side == MSET_LOW) {
        model->page[hi].starts = false;
        join(model, lo, lo);
    } else {
        model->page[lo].starts = false;
        join(model, hi, hi);
    }
}

mset_status model_grow(struct page_model *model, uint64_t address, enum mset_side side,
                       uint64_t bytes) {
    struct mset_area area;
    begin(model);
    if (!is_side(side) || !whole_pages(model, bytes)) {
        return MSET_INVALID_PARAM;
    }
    if (!model_find(model, address, &area)) {
        return MSET_NOT_FOUND;
    }
    if (!has_room(&area, side, bytes)) {
        return MSET_INVALID_PARAM;
    }
    struct mset_area part = area;
    part.start = side == MSET_LOW ? area.start - bytes : mset_area_end(&area);
    part.size = bytes;
    part.offset = mset_area_offset(&area, part.start);
    if (model_overlaps(model, part.start, part.size)) {
        return MSET_ALREADY_EXISTS;
    }
    plan(model, CALL_MAP, &part, 0, 0);
    const mset_status status = run_plan(model);
    if (status == MSET_OK) {
        enlarge(model, &part, side);
    }
    return status;
}

mset_status model_shrink(struct page_model *model, uint64_t address, enum mset_side side,
                         uint64_t bytes) {
    struct mset_area area;
    size_t lo, hi;
    begin(model);
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

/* ---- fault --------------------------------------------------------------------------------- */

mset_status model_fault(struct page_model *model, uint64_t address, uint64_t access) {
    struct mset_area area;
    begin(model);
    if (access == 0 || (access & ~MSET_ACCESS) != 0) {
        return MSET_INVALID_PARAM;
    }
    if (!model_find(model, address, &area)) {
        return MSET_NOT_FOUND;
    }
    if ((area.flags & access) != access) {
        return MSET_ACCESS_DENIED;
    }
    plan(model, CALL_FAULT, &area, address, access);
    return run_plan(model);
}
