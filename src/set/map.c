/* map.c - adding an area, in place of what was there or not at all. */
#include "set.h"

static mset_status plan_map(struct mset_plan *plan, unsigned how) {
    struct mset *const set = plan->set;
    const bool taken = mset_seek(set, &plan->range, &plan->path);
    const struct range none = mset_no_range();
    if (taken && (how & MSET_MAP_REPLACE) == 0) {
        return MSET_ALREADY_EXISTS;
    }
    if ((how & MSET_GUARD) != 0 && !mset_guarded(set, &plan->range, &none)) {
        return MSET_ALREADY_EXISTS;
    }
    if (taken) {
        if (!mset_may_cut(set, &plan->range)) {
            return MSET_UNSUPPORTED;
        }
        plan->clear = plan->range;
    }
    if (!mset_within_limits(plan)) {
        return MSET_OVER_LIMIT;
    }
    return mset_at_prepare(&set->tree, &plan->path, plan->range.first, plan->range.last, true);
}

mset_status mset_open_map(struct mset_plan *plan, struct mset *set, const struct mset_area *area,
                          unsigned how) {
    const mset_status status = mset_begin(set);
    struct range range;
    if (status != MSET_OK) {
        return status;
    }
    if (area == NULL || !mset_check_area(set, area, &range) || !mset_check_how(how)) {
        return MSET_INVALID_PARAM;
    }
    mset_plan_init(plan, set, PLAN_MAP, &range);
    /* Copies: backends may reach what the caller gave. */
    plan->run = mset_run_of(area);
    plan->added = mset_run_of(area);
    return plan_map(plan, how);
}

mset_status mset_map(struct mset *set, const struct mset_area *area, unsigned how,
                     void *page_table) {
    struct range range;
    if (mset_given(set) && mset_plain(set) && area != NULL && area->backend == NULL &&
        mset_check_range(set, area->start, area->size, &range) && mset_check_how(how)) {
        const mset_status status = mset_begin(set);
        return status == MSET_OK ? mset_map_plain(set, &range, area, how) : status;
    }
    struct mset_plan plan;
    const mset_status status = mset_open_map(&plan, set, area, how);
    return status == MSET_OK ? mset_run(&plan, page_table) : status;
}

mset_status mset_map_free(struct mset *set, const struct mset_gap_request *request,
                          struct mset_area *area, void *page_table) {
    mset_status status = mset_begin(set);
    if (status != MSET_OK) {
        return status;
    }
    if (request == NULL || area == NULL || !mset_check_backend(area->backend)) {
        return MSET_INVALID_PARAM;
    }
    struct mset_area added = *area;
    struct at_path path;
    added.size = request->size;
    status = mset_seek_free(set, request, &added.start, &path);
    if (status != MSET_OK) {
        return status;
    }
    if (mset_plain(set) && added.backend == NULL) {
        const struct at_run run = mset_run_of(&added);
        status = mset_insert_plain(set, &path, &run);
    } else {
        status = mset_map(set, &added, MSET_MAP_FAIL, page_table);
    }
    if (status == MSET_OK) {
        area->start = added.start;
        area->size = added.size;
    }
    return status;
}

mset_status mset_replace_metadata(struct mset *set, const struct mset_area *area) {
    struct mset_plan plan;
    const mset_status status = mset_open_map(&plan, set, area, MSET_MAP_REPLACE);
    plan.telling = false;
    return status == MSET_OK ? mset_run(&plan, NULL) : status;
}
