/* map.c - adding an area, in place of what was there or not at all. */
#include "set.h"

/* Tells the backends to make room and to map; on failure `done` is what has to be given up. */
static mset_status tell(struct mset *set, const struct mset_area *area, const struct range *range,
                        bool taken, void *page_table, struct range *done) {
    *done = mset_no_range();
    mset_status status = taken ? mset_ask_map(set, area, page_table) : MSET_OK;
    if (status == MSET_OK && taken) {
        status = mset_tell_unmap(set, range, page_table, done);
    }
    if (status != MSET_OK) {
        return status;
    }
    status = mset_tell_map(set, area, page_table);
    if (status != MSET_OK && taken && !mset_untell_unmap(set, range, page_table, done)) {
        return mset_undo_refused(set, done);
    }
    return status;
}

static mset_status map(struct mset *set, const struct mset_area *given, enum mset_map_how how,
                       bool telling, void *page_table) {
    struct range range;
    if (!mset_begin(set) || given == NULL || !mset_check_area(set, given, &range) ||
        (how != MSET_MAP_FAIL && how != MSET_MAP_REPLACE)) {
        return MSET_INVALID_PARAM;
    }
    const struct mset_area area = *given; /* backends may reach what the caller gave */
    struct at_path path;
    const bool taken = mset_seek(set, &range, &path);
    if (taken) {
        if (how == MSET_MAP_FAIL) {
            return MSET_ALREADY_EXISTS;
        }
        if (!mset_may_cut(set, &range)) {
            return MSET_UNSUPPORTED;
        }
    }
    mset_status status = mset_at_prepare(&set->tree, &path, range.first, range.last, true);
    if (status == MSET_OK && telling) {
        struct range done;
        status = tell(set, &area, &range, taken, page_table, &done);
        if (status != MSET_OK && !mset_range_empty(&done)) {
            mset_commit(set, &path, &done, NULL);
        }
    }
    if (status == MSET_OK) {
        const struct at_run run = mset_run_of(&area);
        mset_commit(set, &path, &range, &run);
        mset_merge_around(set, &range);
    }
    mset_at_trim_spares(&set->tree);
    return status;
}

mset_status mset_map(struct mset *set, const struct mset_area *area, enum mset_map_how how,
                     void *page_table) {
    return map(set, area, how, true, page_table);
}

mset_status mset_replace_metadata(struct mset *set, const struct mset_area *area) {
    return map(set, area, MSET_MAP_REPLACE, false, NULL);
}
