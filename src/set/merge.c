/* merge.c - equal neighbours become one area, in sets that merge. */
#include "set.h"

/* `right` lies behind `left`, which so does not end at 2^64. */
bool mset_may_merge(const struct at_run *left, const struct at_run *right) {
    if (right->first != left->last + 1 ||
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

bool mset_too_large_together(const struct at_run *left, const struct at_run *right) {
    return left->first == 0 && right->last == UINT64_MAX;
}

/* Extends `run` over the areas that follow it up to `edge` and may join it; was there any? */
static bool absorb(struct mset *set, struct at_path *path, uint64_t edge, struct at_run *run,
                   bool *more) {
    bool absorbed = false;
    while ((*more = mset_at_next(&set->tree, path))) {
        const struct at_run next = at_path_run(path);
        if (next.first > edge || !mset_may_merge(run, &next)) {
            break;
        }
        if (mset_too_large_together(run, &next)) {
            set->seam = next.first;
            break;
        }
        run->last = next.last;
        absorbed = true;
        mset_note(set, MSET_MERGED, &next, run);
    }
    return absorbed;
}

void mset_merge_around(struct mset *set, const struct range *range) {
    struct at_path path;
    if (!mset_at_first_from(&set->tree, range->first - (range->first != 0), &path)) {
        return;
    }
    const uint64_t edge = range->last + (range->last != UINT64_MAX);
    bool more = true;
    while (more && at_path_run(&path).first < edge) {
        struct at_run run = at_path_run(&path);
        if (absorb(set, &path, edge, &run, &more)) {
            mset_at_splice(&set->tree, run.first, run.last, &run);
            more = run.last != UINT64_MAX && mset_at_first_from(&set->tree, run.last + 1, &path);
        }
    }
}
