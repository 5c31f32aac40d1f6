/* unmap.c - removing what lies in a range: with the backends' help, or in the books only. */
#include "set.h"

static mset_status plan_unmap(struct mset_plan *plan, struct mset *set, const struct range *range) {
    mset_plan_init(plan, set, PLAN_UNMAP, range);
    if (!mset_seek(set, range, &plan->path)) {
        return MSET_OK; /* nothing to clear: no steps, and an empty commit */
    }
    if (!mset_may_cut(set, range)) {
        return MSET_UNSUPPORTED;
    }
    plan->clear = *range;
    if (!mset_within_limits(plan)) {
        return MSET_OVER_LIMIT; /* a hole in an area makes two of it */
    }
    return mset_at_prepare(&set->tree, &plan->path, range->first, range->last, false);
}

mset_status mset_open_unmap(struct mset_plan *plan, struct mset *set, uint64_t start,
                            uint64_t size) {
    const mset_status status = mset_begin(set);
    struct range range;
    if (status != MSET_OK) {
        return status;
    }
    return mset_check_range(set, start, size, &range) ? plan_unmap(plan, set, &range)
                                                      : MSET_INVALID_PARAM;
}

mset_status mset_open_clear(struct mset_plan *plan, struct mset *set) {
    const struct range all = {0, UINT64_MAX};
    const mset_status status = mset_begin(set);
    return status == MSET_OK ? plan_unmap(plan, set, &all) : status;
}

mset_status mset_unmap(struct mset *set, uint64_t start, uint64_t size, void *page_table) {
    struct range range;
    if (mset_given(set) && mset_plain(set) && mset_check_range(set, start, size, &range)) {
        const mset_status status = mset_begin(set);
        return status == MSET_OK ? mset_unmap_plain(set, &range) : status;
    }
    struct mset_plan plan;
    const mset_status status = mset_open_unmap(&plan, set, start, size);
    return status == MSET_OK ? mset_run(&plan, page_table) : status;
}

mset_status mset_unmap_metadata(struct mset *set, uint64_t start, uint64_t size) {
    struct mset_plan plan;
    const mset_status status = mset_open_unmap(&plan, set, start, size);
    plan.telling = false;
    return status == MSET_OK ? mset_run(&plan, NULL) : status;
}

mset_status mset_clear(struct mset *set, void *page_table) {
    struct mset_plan plan;
    const mset_status status = mset_open_clear(&plan, set);
    return status == MSET_OK ? mset_run(&plan, page_table) : status;
}
