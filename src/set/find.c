/* find.c - asking: which area, is it free, where is room. */
#include "set.h"

bool mset_find(const struct mset *set, uint64_t address, struct mset_area *out) {
    if (!mset_given(set)) {
        return false;
    }
    const struct at_place place = set->tree.search->find(&set->tree, address);
    if (place.leaf != NULL && out != NULL) {
        const struct at_run run = at_leaf_run(place.leaf, (unsigned)place.index);
        *out = mset_area_of(&run);
    }
    return place.leaf != NULL;
}

bool mset_overlaps(const struct mset *set, uint64_t start, uint64_t size) {
    const struct range range = {start, start + (size - 1)};
    return mset_given(set) && size != 0 && range.last >= range.first &&
           mset_range_taken(set, &range);
}

/* A wish in the words of the tree. */
static bool read_wish(const struct mset *set, const struct mset_gap_request *request,
                      struct at_wish *wish) {
    wish->size = request->size;
    wish->align = request->align > set->page_size ? request->align : set->page_size;
    wish->lo = request->lo;
    wish->last = request->hi - 1; /* 0 stands for 2^64 */
    wish->guard = request->guard;
    return request->size != 0 && (request->size & (set->page_size - 1)) == 0 &&
           (request->align & (request->align - 1)) == 0 && wish->lo <= wish->last &&
           (request->flags & ~(MSET_GAP_TOP_DOWN | MSET_GAP_HINT)) == 0;
}

static bool lowest(const struct at_tree *tree, const struct at_wish *wish, bool hinted,
                   uint64_t hint, uint64_t *start, struct at_path *path) {
    if (hinted && hint > wish->lo) {
        struct at_wish near = *wish;
        near.lo = hint;
        if (near.lo <= near.last && tree->search->lowest_gap(tree, &near, start, path)) {
            return true;
        }
    }
    return tree->search->lowest_gap(tree, wish, start, path);
}

static bool highest(const struct at_tree *tree, const struct at_wish *wish, bool hinted,
                    uint64_t hint, uint64_t *start, struct at_path *path) {
    const uint64_t last = hint + (wish->size - 1); /* of a run that starts at the hint */
    if (hinted && last >= hint && last < wish->last) {
        struct at_wish near = *wish;
        near.last = last;
        if (near.lo <= near.last && tree->search->highest_gap(tree, &near, start, path)) {
            return true;
        }
    }
    return tree->search->highest_gap(tree, wish, start, path);
}

mset_status mset_seek_free(const struct mset *set, const struct mset_gap_request *request,
                           uint64_t *start, struct at_path *path) {
    struct at_wish wish;
    if (!read_wish(set, request, &wish)) {
        return MSET_INVALID_PARAM;
    }
    const bool hinted = (request->flags & MSET_GAP_HINT) != 0;
    const bool found = (request->flags & MSET_GAP_TOP_DOWN) != 0
                           ? highest(&set->tree, &wish, hinted, request->hint, start, path)
                           : lowest(&set->tree, &wish, hinted, request->hint, start, path);
    return found ? MSET_OK : MSET_NOT_FOUND;
}

mset_status mset_find_free(const struct mset *set, const struct mset_gap_request *request,
                           uint64_t *start) {
    struct at_path path;
    return mset_given(set) && request != NULL && start != NULL
               ? mset_seek_free(set, request, start, &path)
               : MSET_INVALID_PARAM;
}
