/*
 * protect.c - other flags for what lies in a range.
 *
 * The caller's function is asked once per piece; its answers are kept in a list, one entry per
 * piece in address order, that every later stage walks beside the pieces. A piece whose answer
 * is its old flags is left alone: it is not cut and its backend is not told.
 *
 *       area      |------ A ------|--- B ---|------ C ------|
 *       range             [                         ]
 *       answers           |  f0   |   f1    |  f2   |
 *
 * Whole areas change in place; only the first and the last piece can need a splice.
 */
#include "set.h"

#include "../base/memory.h"

/* ---- asking ------------------------------------------------------------------------------- */

/* From the list in the structure to one that holds an answer for every piece. */
static mset_status make_room(struct mset_plan *plan) {
    struct answers *answers = &plan->answers;
    const struct mset_allocator *allocator = &plan->set->tree.allocator;
    const uint64_t count = mset_count_pieces(plan->set, &plan->range);
    if (count > SIZE_MAX / sizeof(uint64_t)) { /* unreachable: with 64 bits of size_t */
        return MSET_NO_MEMORY;
    }
    uint64_t *flags =
        allocator->alloc(allocator->context, (size_t)count * sizeof(uint64_t), _Alignof(uint64_t));
    if (flags == NULL) {
        return MSET_NO_MEMORY;
    }
    memcpy(flags, answers->few, sizeof answers->few);
    answers->flags = flags;
    answers->room = count;
    return MSET_OK;
}

static mset_status ask(struct mset_plan *plan, mset_update_flags update, void *arg) {
    struct answers *answers = &plan->answers;
    answers->room = FEW_ANSWERS;
    answers->changes = 0;
    answers->cuts = 0;
    struct at_path path;
    bool more = mset_first_piece(plan->set, &plan->range, &path);
    while (more) {
        if (answers->count == answers->room && make_room(plan) != MSET_OK) {
            return MSET_NO_MEMORY;
        }
        const struct at_run piece = mset_piece_at(&path, &plan->range);
        const struct mset_area area = mset_area_of(&piece);
        uint64_t flags = area.flags;
        if (!update(arg, &area, &flags)) {
            flags = area.flags;
        }
        answers->flags[answers->count++] = flags;
        if (flags != area.flags) {
            answers->changes++;
            answers->cuts += !mset_piece_is_whole(&path, &piece);
        }
        more = mset_next_piece(plan->set, &plan->range, &path);
    }
    return MSET_OK;
}

/* ---- planning ----------------------------------------------------------------------------- */

/*
 * The pieces that will be cut out of their areas: are they all allowed to be, and are their leaves
 * `roomy` enough to do without new nodes?
 */
static bool may_cut(const struct mset_plan *plan, bool *roomy) {
    struct at_path path;
    uint64_t i = 0;
    /* unreachable: what is cut is a piece */
    bool more = plan->answers.cuts != 0 && mset_first_piece(plan->set, &plan->range, &path);
    *roomy = true;
    for (; more; more = mset_next_piece(plan->set, &plan->range, &path)) {
        const struct at_run piece = mset_piece_at(&path, &plan->range);
        if (plan->answers.flags[i++] != piece.attributes.flags &&
            !mset_piece_is_whole(&path, &piece)) {
            const struct range range = {piece.first, piece.last};
            if (!mset_may_cut(plan->set, &range)) {
                return false;
            }
            *roomy = *roomy && at_has_room(&path);
        }
    }
    return true;
}

static mset_status plan_protect(struct mset_plan *plan, enum mset_holes holes,
                                mset_update_flags update, void *arg) {
    if (holes == MSET_HOLES_FAIL && !mset_range_covered(plan->set, &plan->range)) {
        return MSET_NOT_FOUND;
    }
    const mset_status status = ask(plan, update, arg);
    if (status != MSET_OK || plan->answers.changes == 0) {
        return status;
    }
    bool roomy;
    plan->pieces = plan->range;
    if (!may_cut(plan, &roomy)) {
        return MSET_UNSUPPORTED;
    }
    if (!mset_within_limits(plan)) {
        return MSET_OVER_LIMIT;
    }
    return roomy ? MSET_OK : mset_at_prepare_many(&plan->set->tree, plan->answers.cuts, 0);
}

mset_status mset_open_protect(struct mset_plan *plan, struct mset *set, uint64_t start,
                              uint64_t size, enum mset_holes holes, mset_update_flags update,
                              void *arg) {
    mset_status status = mset_begin(set);
    struct range range;
    if (status != MSET_OK) {
        return status;
    }
    if (update == NULL || !mset_check_range(set, start, size, &range) ||
        (holes != MSET_HOLES_SKIP && holes != MSET_HOLES_FAIL)) {
        return MSET_INVALID_PARAM;
    }
    mset_plan_init(plan, set, PLAN_PROTECT, &range);
    status = plan_protect(plan, holes, update, arg);
    if (status != MSET_OK) {
        mset_close(plan);
    }
    return status;
}

mset_status mset_protect(struct mset *set, uint64_t start, uint64_t size, enum mset_holes holes,
                         mset_update_flags update, void *arg, void *page_table) {
    struct mset_plan plan;
    const mset_status status = mset_open_protect(&plan, set, start, size, holes, update, arg);
    return status == MSET_OK ? mset_run(&plan, page_table) : status;
}
