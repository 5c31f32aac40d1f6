/* load.c - an empty set gets all its areas at once. */
#include "set.h"

#include "../area_tree/load.h"

/* What the list says by itself, before anything is taken. */
struct summary {
    uint64_t areas; /* after merging */
    uint64_t bytes;
};

/* Every area by itself, and each behind the one before it. */
static bool check_list(const struct mset *set, const struct mset_area *areas, uint64_t count) {
    uint64_t before = 0; /* last address of that one */
    for (uint64_t i = 0; i < count; i++) {
        struct range range;
        if (!mset_check_area(set, &areas[i], &range) || (i != 0 && range.first <= before)) {
            return false;
        }
        before = range.last;
    }
    return true;
}

static struct summary sum_up(const struct mset *set, const struct mset_area *areas,
                             uint64_t count) {
    struct summary sum = {count, 0};
    struct at_run run = {0};
    for (uint64_t i = 0; i < count; i++) {
        const struct at_run next = mset_run_of(&areas[i]);
        sum.bytes += areas[i].size;
        if (set->merge && i != 0 && mset_may_merge(&run, &next) &&
            !mset_too_large_together(&run, &next)) {
            run.last = next.last;
            sum.areas--;
        } else {
            run = next;
        }
    }
    return sum;
}

static bool within_limits(const struct mset *set, const struct mset_area *areas, uint64_t count) {
    if (count == 0 || (set->max_areas == 0 && set->max_bytes == 0)) {
        return true;
    }
    const struct summary sum = sum_up(set, areas, count);
    return (set->max_areas == 0 || sum.areas <= set->max_areas) &&
           (set->max_bytes == 0 || sum.bytes - 1 < set->max_bytes); /* 0 bytes: all 2^64 */
}

static void note_all(struct mset *set, const struct mset_area *areas, uint64_t count) {
    for (uint64_t i = 0; i < count; i++) {
        if (areas[i].backend != NULL || set->observers != NULL) {
            const struct at_run run = mset_run_of(&areas[i]);
            mset_note(set, MSET_INSERTED, NULL, &run);
        }
    }
}

/* Returns the sum of their bytes. */
static uint64_t fill_leaf(struct at_leaf *leaf, const struct mset_area *areas, unsigned count) {
    uint64_t bytes = 0;
    for (unsigned i = 0; i < count; i++) {
        const struct at_run run = mset_run_of(&areas[i]);
        at_leaf_put(leaf, i, &run);
        bytes += areas[i].size;
    }
    leaf->count = count;
    return bytes;
}

static mset_status load(struct mset *set, const struct mset_area *areas, uint64_t count) {
    const struct range all = {0, UINT64_MAX};
    struct at_loader loader;
    const mset_status status = mset_at_load_begin(&loader, &set->tree, count);
    if (status != MSET_OK || count == 0) {
        return status;
    }
    note_all(set, areas, count);
    uint64_t bytes = 0;
    for (uint64_t i = 0; i < count; i += AT_LEAF_CAPACITY) {
        const uint64_t left = count - i;
        const unsigned n = left < AT_LEAF_CAPACITY ? (unsigned)left : AT_LEAF_CAPACITY;
        bytes += fill_leaf(mset_at_load_leaf(&loader, areas[i].start), &areas[i], n);
    }
    mset_at_load_end(&loader, count, bytes);
    if (set->merge) {
        mset_merge_around(set, &all);
    }
    mset_at_trim_spares(&set->tree);
    return MSET_OK;
}

mset_status mset_load_metadata(struct mset *set, const struct mset_area *areas, uint64_t count) {
    const mset_status status = mset_begin(set);
    if (status != MSET_OK) {
        return status;
    }
    if ((areas == NULL && count != 0) || !check_list(set, areas, count)) {
        return MSET_INVALID_PARAM;
    }
    if (set->tree.areas != 0) {
        return MSET_ALREADY_EXISTS;
    }
    if (!within_limits(set, areas, count)) {
        return MSET_OVER_LIMIT;
    }
    return load(set, areas, count);
}
