/*
 * protect.c - other flags for what lies in a range.
 *
 * A piece whose answer (ask.c) is its old flags is left alone: it is not cut and its backend is not
 * told.
 *
 * Whole areas change in place; only the first and the last piece can need a cut.
 */
#include "set.h"

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
    struct at_path further;
    const struct at_path *end = &plan->path;
    mset_answers_init(&plan->answers);
    mset_ask_leaf(&plan->answers, end, &plan->range, update, arg);
    if (at_goes_on(end, plan->range.last)) {
        further = plan->path;
        end = &further;
        if (mset_ask_on(plan, &further, update, arg) != MSET_OK) {
            return MSET_NO_MEMORY;
        }
    }
    if (!plan->answers.changes) {
        return MSET_OK;
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
