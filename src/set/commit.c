/*
 * commit.c - splices with their references and counts, and merging. Nothing else changes the tree,
 * but for flags that mset_protect sets in place.
 *
 * References follow areas, one each. Taking [first, last] out of the tree drops the reference of
 * every area that lies inside, leaves that of an area which is trimmed, and takes one more for
 * an area that is cut in two.
 */
#include "set.h"

static void take_reference(struct mset *set, struct mset_backend *backend) {
    if (backend != NULL) {
        set->told++;
        if (backend->ops->retain != NULL) {
            backend->ops->retain(backend);
        }
    }
}

static void drop_reference(struct mset *set, struct mset_backend *backend) {
    if (backend != NULL) {
        set->told--;
        if (backend->ops->release != NULL) {
            backend->ops->release(backend);
        }
    }
}

/* What taking the range out does to one area that touches it. */
static void count_area(struct mset *set, const struct at_run *area, const struct range *range) {
    const bool left = area->first < range->first;
    const bool right = area->last > range->last;
    if (left && right) {
        set->splits++;
        take_reference(set, area->attributes.backend);
    } else if (!left && !right) {
        drop_reference(set, area->attributes.backend);
    }
}

/*
 * Areas from the one at or behind the path, while they touch the range. Without backends only
 * one that may be cut in two is of interest: the first.
 */
static void count_areas(struct mset *set, const struct at_path *to_range,
                        const struct range *range) {
    struct at_path path = *to_range;
    const struct at_leaf *leaf = path.node[0];
    const bool before = path.slot[0] > 0 && leaf->last[path.slot[0] - 1] >= range->first;
    bool more = true;
    if (before) {
        path.slot[0]--;
    } else if (set->told == 0) {
        return;
    } else if (path.slot[0] == leaf->count) {
        more = mset_at_next_leaf(&set->tree, &path);
    }
    while (more && at_path_run(&path).first <= range->last) {
        const struct at_run area = at_path_run(&path);
        count_area(set, &area, range);
        more = set->told != 0 && mset_at_next(&set->tree, &path);
    }
}

void mset_commit(struct mset *set, struct at_path *path, const struct range *range,
                 const struct at_run *run) {
    struct at_path own;
    if (path == NULL) {
        path = &own;
        (void)mset_seek(set, range, path);
    }
    if (run != NULL) {
        /* First, so that a backend in both the old and the new never falls to none. */
        take_reference(set, run->attributes.backend);
    }
    if (set->tree.height != 0) {
        count_areas(set, path, range);
    }
    mset_at_splice_at(&set->tree, path, range->first, range->last, run);
}

/* ---- merging ------------------------------------------------------------------------------ */

bool mset_may_merge(const struct at_run *left, const struct at_run *right) {
    if (left->last == UINT64_MAX || right->first != left->last + 1 ||
        !at_same_attributes(&left->attributes, &right->attributes)) {
        return false;
    }
    struct mset_backend *backend = left->attributes.backend;
    if (backend == NULL || backend->ops->may_merge == NULL) {
        return true;
    }
    const struct mset_area l = mset_area_of(left);
    const struct mset_area r = mset_area_of(right);
    return backend->ops->may_merge(backend, &l, &r);
}

/* Extends `run` over the areas that follow it and may join it; how many they were. */
static unsigned absorb(struct mset *set, struct at_path *path, struct at_run *run, bool *more) {
    unsigned absorbed = 0;
    while ((*more = mset_at_next(&set->tree, path))) {
        const struct at_run next = at_path_run(path);
        if (!mset_may_merge(run, &next)) {
            break;
        }
        if (run->first == 0 && next.last == UINT64_MAX) {
            set->seam = next.first; /* the size of such an area could not be told */
            break;
        }
        run->last = next.last;
        absorbed++;
    }
    return absorbed;
}

void mset_merge_around(struct mset *set, const struct range *range) {
    struct at_path path;
    if (!set->merge || !mset_at_first_from(&set->tree, range->first - (range->first != 0), &path)) {
        return;
    }
    const uint64_t edge = range->last + (range->last != UINT64_MAX);
    bool more = true;
    while (more && at_path_run(&path).first < edge) {
        struct at_run run = at_path_run(&path);
        const unsigned absorbed = absorb(set, &path, &run, &more);
        if (absorbed == 0) {
            continue;
        }
        set->merges += absorbed;
        for (unsigned i = 0; i < absorbed; i++) {
            drop_reference(set, run.attributes.backend);
        }
        mset_at_splice(&set->tree, run.first, run.last, &run);
        more = run.last != UINT64_MAX && mset_at_first_from(&set->tree, run.last + 1, &path);
    }
}
