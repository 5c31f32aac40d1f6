/*
 * page_model_steps.c - carrying out the steps of an operation. See page_model_steps.h.
 *
 * First the backends hear of them: prepares, calls, and what follows from refusals. Then the steps
 * that are done change the pages, each by itself: all of them in address order, or, if the undoing
 * was refused, the first ones in the order of the calls.
 */
#include "page_model_steps.h"

#include <stdlib.h>
#include <string.h>

__extension__ typedef unsigned __int128 wide;

void model_begin(struct page_model *model) {
    struct model_steps *steps = model->steps;
    *steps = (struct model_steps){
        .steps = steps->steps, .room = steps->room, .told = true, .joins_first = 1};
    model->expected.count = 0;
    model->told = 0;
    model->changes.count = 0;
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

bool model_cut_ends(struct page_model *model, size_t lo, size_t hi) {
    const bool low = cut(model, lo);
    const bool high = cut(model, hi);
    return low && high;
}

/* ---- the list of steps --------------------------------------------------------------------- */

static bool listens(const struct mset_backend *backend, enum call_kind kind) {
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
    default:
        return backend->ops->fault != NULL;
    }
}

bool model_prepares(const struct mset_area *piece) {
    return piece->backend != NULL && piece->backend->ops->prepare != NULL;
}

static void add_step(struct page_model *model, enum model_phase phase,
                     const struct mset_area *piece, const struct call *call) {
    struct model_steps *list = model->steps;
    if (list->count == list->room) {
        list->room = list->room == 0 ? 16 : 2 * list->room;
        list->steps = realloc(list->steps, list->room * sizeof *list->steps);
        if (list->steps == NULL) {
            abort();
        }
    }
    list->steps[list->count++] = (struct model_step){
        phase, *piece, *call, listens(piece->backend, call->kind), model_prepares(piece)};
}

bool model_next_piece(const struct page_model *model, size_t *page, size_t hi,
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

/* Calls `add` for each piece: first those of backends without prepare, then the others. */
static void for_each_piece(struct page_model *model, size_t lo, size_t hi, uint64_t distance,
                           void (*add)(struct page_model *, const struct mset_area *, uint64_t)) {
    struct mset_area piece;
    bool others = false; /* are there any that prepare? */
    for (size_t page = lo; model_next_piece(model, &page, hi, &piece);) {
        if (model_prepares(&piece)) {
            others = true;
        } else {
            add(model, &piece, distance);
        }
    }
    for (size_t page = lo; others && model_next_piece(model, &page, hi, &piece);) {
        if (model_prepares(&piece)) {
            add(model, &piece, distance);
        }
    }
}

static void clear_piece(struct page_model *model, const struct mset_area *piece,
                        uint64_t distance) {
    const struct call call = {.kind = CALL_UNMAP, .run = *piece};
    (void)distance;
    add_step(model, PHASE_CLEAR, piece, &call);
}

void model_clear_pages(struct page_model *model, size_t lo, size_t hi) {
    for_each_piece(model, lo, hi, 0, clear_piece);
}

static void move_piece(struct page_model *model, const struct mset_area *piece, uint64_t distance) {
    struct call call = {.kind = CALL_MOVE, .run = *piece, .extra = piece->start + distance};
    if (piece->backend == NULL || piece->backend->ops->move != NULL) {
        add_step(model, PHASE_PIECES, piece, &call);
        return;
    }
    call = (struct call){.kind = CALL_UNMAP, .run = *piece};
    add_step(model, PHASE_PIECES, piece, &call);
    call.kind = CALL_MAP;
    call.run.start += distance;
    add_step(model, PHASE_PIECES, piece, &call);
}

void model_move_pages(struct page_model *model, size_t lo, size_t hi, uint64_t distance) {
    for_each_piece(model, lo, hi, distance, move_piece);
}

void model_protect_piece(struct page_model *model, const struct mset_area *piece, uint64_t flags) {
    const struct call call = {.kind = CALL_PROTECT, .run = *piece, .extra = flags};
    add_step(model, PHASE_PIECES, piece, &call);
}

void model_add(struct page_model *model, const struct mset_area *area) {
    const struct call call = {.kind = CALL_MAP, .run = *area};
    add_step(model, PHASE_ADD, area, &call);
}

void model_join_later(struct page_model *model, size_t lo, size_t hi) {
    model->steps->joins_first = lo;
    model->steps->joins_last = hi;
}

/* ---- what backends hear -------------------------------------------------------------------- */

static mset_status refused(struct page_model *model, uint64_t address) {
    const int code = model->refusal.code;
    model->failure.code = code;
    model->failure.address = address;
    /* A code that promises an unchanged set would be a lie when an undo was refused as well. */
    return code > 0 && !model->stuck ? (mset_status)code : MSET_BAD_STATE;
}

/* Foretells a call; is it refused? */
static bool hear(struct page_model *model, const struct call *call) {
    call_list_add(&model->expected, call);
    return mask_hits(model->refusal.calls, model->told++);
}

mset_status model_call(struct page_model *model, const struct call *call) {
    if (!listens(call->run.backend, call->kind) || !hear(model, call)) {
        return MSET_OK;
    }
    return refused(model, call->extra);
}

static void hear_about(struct page_model *model, enum call_kind kind,
                       const struct model_step *step) {
    const struct model_steps *list = model->steps;
    const bool has_room = step->call.kind == CALL_MAP || step->call.kind == CALL_MOVE;
    const struct call about = call_about(kind, &step->call, has_room ? list->room_start : 0,
                                         has_room ? list->room_size : 0);
    call_list_add(&model->expected, &about);
}

/* Aborts what was prepared of steps [from, to), last first. */
static void abort_steps(struct page_model *model, size_t from, size_t to) {
    for (size_t i = to; i > from; i--) {
        if (model->steps->steps[i - 1].prepares) {
            hear_about(model, CALL_ABORT, &model->steps->steps[i - 1]);
        }
    }
}

static mset_status prepare_steps(struct page_model *model) {
    const struct model_steps *list = model->steps;
    size_t number = 0;
    for (size_t i = 0; i < list->count; i++) {
        if (!list->steps[i].prepares) {
            continue;
        }
        hear_about(model, CALL_PREPARE, &list->steps[i]);
        if (mask_hits(model->refusal.prepares, number++)) {
            abort_steps(model, 0, i);
            return refused(model, list->steps[i].piece.start);
        }
    }
    return MSET_OK;
}

/* Steps [0, done) are taken back, last first; returns how many are not. */
static size_t undo(struct page_model *model, size_t done) {
    for (; done > 0; done--) {
        const struct model_step *step = &model->steps->steps[done - 1];
        const struct call back = call_inverse(&step->call);
        if (step->listens && hear(model, &back)) {
            model->stuck = true;
            return done;
        }
    }
    return 0;
}

static mset_status call_steps(struct page_model *model, size_t *done) {
    const struct model_steps *list = model->steps;
    for (size_t i = 0; i < list->count; i++) {
        const struct model_step *step = &list->steps[i];
        const bool kept = step->prepares && !model->refusal.breaks_promises;
        if (step->listens && hear(model, &step->call) && !kept) {
            abort_steps(model, i + 1, list->count);
            *done = undo(model, i);
            return refused(model, step->piece.start);
        }
    }
    *done = list->count;
    return MSET_OK;
}

/* `done`: how many steps are, in their order. */
static mset_status tell(struct page_model *model, size_t *done) {
    *done = model->steps->count;
    if (!model->steps->told) {
        return MSET_OK;
    }
    const mset_status status = prepare_steps(model);
    if (status != MSET_OK) {
        *done = 0;
        return status;
    }
    return call_steps(model, done);
}

/* ---- pages --------------------------------------------------------------------------------- */

static void change(struct page_model *model, enum mset_change_kind kind,
                   const struct mset_area *old_run, const struct mset_area *new_run) {
    struct mset_change entry = {.kind = kind};
    if (old_run != NULL) {
        entry.old_run = *old_run;
    }
    if (new_run != NULL) {
        entry.new_run = *new_run;
    }
    change_list_add(&model->changes, &entry);
}

/* The part of the area from an address on, or before it. */
static struct mset_area part_from(const struct mset_area *area, uint64_t at) {
    return (struct mset_area){at, area->size - (at - area->start), area->flags, area->backend,
                              mset_area_offset(area, at)};
}

static struct mset_area part_before(const struct mset_area *area, uint64_t at) {
    struct mset_area part = *area;
    part.size = at - area->start;
    return part;
}

static struct mset_area area_at(const struct page_model *model, size_t page) {
    struct mset_area area = {0};
    size_t next;
    (void)model_next_area(model, page, true, &area, &next);
    return area;
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

static void erase(struct page_model *model, size_t lo, size_t hi) {
    memset(&model->page[lo], 0, (hi - lo) * sizeof *model->page);
}

static void split_before(struct page_model *model, size_t at) {
    if (inside_area(model, at)) {
        const struct mset_area area = area_at(model, at);
        const struct mset_area upper = part_from(&area, model_address(model, at));
        change(model, MSET_SPLIT, &area, &upper);
        model->page[at].starts = true;
    }
}

/* ---- what a step makes of the pages -------------------------------------------------------- */

static void remove_pages(struct page_model *model, size_t lo, size_t hi) {
    if (inside_area(model, lo)) {
        split_before(model, hi);
    }
    const struct mset_area area = area_at(model, lo);
    if (inside_area(model, lo)) {
        const struct mset_area rest = part_before(&area, model_address(model, lo));
        change(model, MSET_TRIMMED, &area, &rest);
    } else if (inside_area(model, hi)) {
        const struct mset_area rest = part_from(&area, model_address(model, hi));
        change(model, MSET_TRIMMED, &area, &rest);
        model->page[hi].starts = true;
    } else {
        change(model, MSET_REMOVED, &area, NULL);
    }
    erase(model, lo, hi);
}

static void protect_pages(struct page_model *model, size_t lo, size_t hi, uint64_t flags) {
    split_before(model, lo);
    split_before(model, hi);
    const struct mset_area old_run = area_at(model, lo);
    struct mset_area new_run = old_run;
    new_run.flags = flags;
    change(model, MSET_PROTECTED, &old_run, &new_run);
    put(model, lo, hi, &new_run);
}

static void move_pages(struct page_model *model, size_t lo, size_t hi, uint64_t to) {
    size_t to_lo, to_hi;
    split_before(model, lo);
    split_before(model, hi);
    const struct mset_area old_run = area_at(model, lo);
    struct mset_area new_run = old_run;
    new_run.start = to;
    change(model, MSET_MOVED, &old_run, &new_run);
    erase(model, lo, hi);
    model_pages(model, to, new_run.size, &to_lo, &to_hi);
    put(model, to_lo, to_hi, &new_run);
}

/* The pages of the new part belong to the old area: the seam between them is none. */
static void grow_pages(struct page_model *model, size_t lo, size_t hi,
                       const struct mset_area *part) {
    const bool low = model->steps->adds == GROWS_LOW;
    const struct mset_area old_run = area_at(model, low ? hi : lo - 1);
    put(model, lo, hi, part);
    model->page[low ? hi : lo].starts = false;
    const struct mset_area new_run = area_at(model, lo);
    change(model, MSET_GROWN, &old_run, &new_run);
}

static void add_pages(struct page_model *model, size_t lo, size_t hi,
                      const struct mset_area *area) {
    if (model->steps->adds != ADDS_AREA) {
        grow_pages(model, lo, hi, area);
        return;
    }
    change(model, MSET_INSERTED, NULL, area);
    put(model, lo, hi, area);
}

/* `followed`: so is the next step. Unmapping here and mapping there together are a move. */
static void apply_step(struct page_model *model, const struct model_step *step, bool followed) {
    size_t lo, hi;
    model_pages(model, step->piece.start, step->piece.size, &lo, &hi);
    switch (step->call.kind) {
    case CALL_UNMAP:
        if (step->phase == PHASE_CLEAR || !followed) {
            remove_pages(model, lo, hi);
        }
        break;
    case CALL_PROTECT:
        protect_pages(model, lo, hi, step->call.extra);
        break;
    case CALL_MOVE:
        move_pages(model, lo, hi, step->call.extra);
        break;
    default:
        if (step->phase == PHASE_ADD) {
            add_pages(model, lo, hi, &step->piece);
        } else {
            move_pages(model, lo, hi, step->call.run.start);
        }
        break;
    }
}

/* Steps of one phase, in address order: those that prepare begin at `prepared`. */
static void apply_phase(struct page_model *model, size_t first, size_t prepared, size_t end) {
    const struct model_step *steps = model->steps->steps;
    size_t i = first, j = prepared;
    while (i < prepared || j < end) {
        const bool other =
            j == end || (i < prepared && steps[i].piece.start < steps[j].piece.start);
        apply_step(model, &steps[other ? i++ : j++], true);
    }
}

static void apply_all(struct page_model *model) {
    const struct model_steps *list = model->steps;
    size_t first = 0;
    while (first < list->count) {
        const enum model_phase phase = list->steps[first].phase;
        size_t prepared = first;
        while (prepared < list->count && list->steps[prepared].phase == phase &&
               !list->steps[prepared].prepares) {
            prepared++;
        }
        size_t end = prepared;
        while (end < list->count && list->steps[end].phase == phase) {
            end++;
        }
        apply_phase(model, first, prepared, end);
        first = end;
    }
}

/* ---- merging ------------------------------------------------------------------------------- */

static bool are_equal_neighbours(const struct page_model *model, size_t at) {
    const struct model_page *left = &model->page[at - 1], *right = &model->page[at];
    return left->present && right->present && left->flags == right->flags &&
           left->backend == right->backend && left->offset + model->page_size == right->offset;
}

static bool may_merge(const struct page_model *model, size_t at) {
    const struct mset_backend *backend = model->page[at].backend;
    return backend == NULL || backend->ops->may_merge == NULL ||
           seam_may_merge(&model->rules, model_address(model, at));
}

static void join_at(struct page_model *model, size_t at) {
    if (at == 0 || at >= model->pages || !model->page[at].starts ||
        !are_equal_neighbours(model, at) || !may_merge(model, at)) {
        return;
    }
    const struct mset_area left = area_at(model, at - 1), right = area_at(model, at);
    if (left.size + right.size == 0) {
        return; /* it would be an area of 2^64 bytes */
    }
    struct mset_area whole = left;
    whole.size += right.size;
    change(model, MSET_MERGED, &right, &whole);
    model->page[at].starts = false;
}

/* After pages changed: equal neighbours become one, in sets that merge. */
static void join(struct page_model *model) {
    const struct model_steps *list = model->steps;
    for (size_t at = list->joins_first; model->merge && at <= list->joins_last; at++) {
        join_at(model, at);
    }
}

/* ---- limits -------------------------------------------------------------------------------- */

static wide bytes_of(const struct page_model *model) {
    wide pages = 0;
    for (size_t i = 0; i < model->pages; i++) {
        pages += model->page[i].present;
    }
    return pages * model->page_size;
}

/* Looks ahead on the pages themselves, which are put back. */
static bool within_limits(struct page_model *model) {
    if (model->max_areas == 0 && model->max_bytes == 0) {
        return true;
    }
    const uint64_t areas = model_count(model);
    const wide bytes = bytes_of(model);
    memcpy(model->spare, model->page, model->pages * sizeof *model->page);
    apply_all(model);
    join(model);
    const uint64_t areas_then = model_count(model);
    const wide bytes_then = bytes_of(model);
    memcpy(model->page, model->spare, model->pages * sizeof *model->page);
    model->changes.count = 0;
    return (model->max_areas == 0 || areas_then <= model->max_areas || areas_then <= areas) &&
           (model->max_bytes == 0 || bytes_then <= model->max_bytes || bytes_then <= bytes);
}

/* ---- all of it ----------------------------------------------------------------------------- */

/* The smallest range that holds the pieces of the last phase among the first `done` steps. */
static void note_done(struct page_model *model, size_t done) {
    const struct model_step *steps = model->steps->steps;
    const enum model_phase phase = steps[done - 1].phase;
    uint64_t first = UINT64_MAX, last = 0;
    for (size_t i = 0; i < done; i++) {
        const struct mset_area *piece = &steps[i].piece;
        if (steps[i].phase == phase) {
            first = piece->start < first ? piece->start : first;
            last =
                piece->start + (piece->size - 1) > last ? piece->start + (piece->size - 1) : last;
        }
    }
    model->failure.done_start = first;
    model->failure.done_size = last - first + 1;
}

mset_status model_run(struct page_model *model) {
    size_t done;
    if (!within_limits(model)) {
        return MSET_OVER_LIMIT;
    }
    const mset_status status = tell(model, &done);
    if (status == MSET_OK) {
        apply_all(model);
        join(model);
    } else if (model->stuck) {
        for (size_t i = 0; i < done; i++) {
            apply_step(model, &model->steps->steps[i], i + 1 < done);
        }
        join(model);
        note_done(model, done);
    }
    return status;
}
