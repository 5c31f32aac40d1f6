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
 * Whole areas change in place; only the first and the last piece can need a cut.
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

/* Asks for one piece of an area. */
static mset_status ask_piece(struct mset_plan *plan, const struct at_run *area,
                             mset_update_flags update, void *arg) {
    struct answers *answers = &plan->answers;
    const struct at_run piece = mset_piece_of(area, &plan->range);
    const struct mset_area told = mset_area_of(&piece);
    uint64_t flags = told.flags;
    if (answers->count == answers->room && make_room(plan) != MSET_OK) {
        return MSET_NO_MEMORY;
    }
    if (!update(arg, &told, &flags)) {
        flags = told.flags;
    }
    answers->flags[answers->count++] = flags;
    if (flags != told.flags) {
        answers->changes++;
        answers->front |= area->first != piece.first;
        answers->back |= area->last != piece.last;
    }
    return MSET_OK;
}

/* Asks for the pieces in one leaf of the range. */
static mset_status ask_leaf(struct mset_plan *plan, const struct at_path *path,
                            mset_update_flags update, void *arg) {
    for (unsigned i = path->from; i < path->to; i++) {
        const struct at_run area = at_leaf_run(path->node[0], i);
        const mset_status status = ask_piece(plan, &area, update, arg);
        if (status != MSET_OK) {
            return status;
        }
    }
    return MSET_OK;
}

/* Asks for the pieces in the leaves after the first; `end` leads to the last one afterwards. */
static mset_status ask_on(struct mset_plan *plan, struct at_path *end, mset_update_flags update,
                          void *arg) {
    mset_status status = MSET_OK;
    *end = plan->path;
    while (status == MSET_OK && at_next_window(&plan->set->tree, end, plan->range.last)) {
        status = ask_leaf(plan, end, update, arg);
    }
    return status;
}

/* ---- planning ----------------------------------------------------------------------------- */

/* Are all pieces that will be cut out of their areas allowed to be? */
static bool may_carve(const struct mset_plan *plan) {
    const struct range *const range = &plan->range;
    return plan->set->told == 0 ||
           ((!plan->answers.front || mset_may_cut_at(plan->set, range->first)) &&
            (!plan->answers.back || mset_may_cut_at(plan->set, range->last + 1)));
}

static mset_status plan_protect(struct mset_plan *plan, enum mset_holes holes,
                                mset_update_flags update, void *arg) {
    struct mset *const set = plan->set;
    if (holes == MSET_HOLES_FAIL && !mset_range_covered(set, &plan->range)) {
        return MSET_NOT_FOUND;
    }
    if (!mset_seek(set, &plan->range, &plan->path)) {
        return MSET_OK;
    }
    plan->answers.room = FEW_ANSWERS;
    plan->answers.changes = 0;
    plan->answers.front = false;
    plan->answers.back = false;
    struct at_path further;
    const struct at_path *end = &plan->path;
    mset_status status = ask_leaf(plan, end, update, arg);
    if (status == MSET_OK && at_goes_on(end, plan->range.last)) {
        status = ask_on(plan, &further, update, arg);
        end = &further;
    }
    if (status != MSET_OK || plan->answers.changes == 0) {
        return status;
    }
    plan->pieces = plan->range;
    if (!may_carve(plan)) {
        return MSET_UNSUPPORTED;
    }
    if (!mset_within_limits(plan)) {
        return MSET_OVER_LIMIT;
    }
    return mset_at_prepare_carve(&set->tree, &plan->path, end, plan->answers.front,
                                 plan->answers.back);
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
    struct range range;
    mset_status status;
    if (mset_given(set) && mset_plain(set) && holes == MSET_HOLES_SKIP && update != NULL &&
        set->open == NULL && mset_check_range(set, start, size, &range)) {
        set->failure = (struct mset_failure){0};
        if (mset_protect_plain(set, &range, update, arg, &status)) {
            return status;
        }
    }
    struct mset_plan plan;
    status = mset_open_protect(&plan, set, start, size, holes, update, arg);
    return status == MSET_OK ? mset_run(&plan, page_table) : status;
}
