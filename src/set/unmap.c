/* unmap.c - removing what lies in a range: with the backends' help, or in the books only. */
#include "set.h"

static mset_status unmap(struct mset *set, uint64_t start, uint64_t size, bool tell,
                         void *page_table) {
    struct range range;
    if (set == NULL || !mset_check_range(set, start, size, &range)) {
        return MSET_INVALID_PARAM;
    }
    set->failure = (struct mset_failure){0};
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
    if (set == NULL) {
        return MSET_INVALID_PARAM;
    }
    set->failure = (struct mset_failure){0};
    return mset_remove(set, &all, true, page_table);
}
