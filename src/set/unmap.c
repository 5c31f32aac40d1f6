/* unmap.c - removing what lies in a range: with the backends' help, or in the books only. */
#include "set.h"

mset_status mset_remove(struct mset *set, const struct range *range, bool tell, void *page_table) {
    struct at_path path;
    if (!mset_seek(set, range, &path)) {
        return MSET_OK;
    }
    if (!mset_may_cut(set, range)) {
        return MSET_UNSUPPORTED;
    }
    struct range done = mset_no_range();
    mset_status status = mset_at_prepare(&set->tree, &path, range->first, range->last, false);
    if (status == MSET_OK && tell) {
        status = mset_tell_unmap(set, range, page_table, &done);
    }
    if (status == MSET_OK) {
        done = *range;
    }
    if (!mset_range_empty(&done)) {
        mset_commit(set, &path, &done, NULL);
    }
    mset_at_trim_spares(&set->tree);
    return status;
}

static mset_status unmap(struct mset *set, uint64_t start, uint64_t size, bool tell,
                         void *page_table) {
    struct range range;
    if (!mset_begin(set) || !mset_check_range(set, start, size, &range)) {
        return MSET_INVALID_PARAM;
    }
    return mset_remove(set, &range, tell, page_table);
}

mset_status mset_unmap(struct mset *set, uint64_t start, uint64_t size, void *page_table) {
    return unmap(set, start, size, true, page_table);
}

mset_status mset_unmap_metadata(struct mset *set, uint64_t start, uint64_t size) {
    return unmap(set, start, size, false, NULL);
}

mset_status mset_clear(struct mset *set, void *page_table) {
    const struct range all = {0, UINT64_MAX};
    return mset_begin(set) ? mset_remove(set, &all, true, page_table) : MSET_INVALID_PARAM;
}
