/*
 * plain.c - sets that have nobody to tell: no backend behind any area, no observer, no limit, no
 * merging. What is left of the stages of a plan (set.h) is check, plan, commit, and nothing has to
 * be kept in between. What is done is what the plan would do: the tests hold both against the same
 * model.
 */
#include "set.h"

static void count_split(struct mset *set, const struct at_path *path, const struct range *range) {
    set->splits += mset_splits_one(path, range);
}

mset_status mset_map_plain(struct mset *set, const struct range *range,
                           const struct mset_area *area, unsigned how) {
    const struct range none = mset_no_range();
    const struct at_run run = {
        range->first, range->last, {area->flags, NULL, area->offset - area->start}};
    struct at_path path;
    const bool taken = mset_seek(set, range, &path);
    if ((taken && (how & MSET_MAP_REPLACE) == 0) ||
        ((how & MSET_GUARD) != 0 && !mset_guarded(set, range, &none))) {
        return MSET_ALREADY_EXISTS;
    }
    const mset_status status = mset_at_prepare(&set->tree, &path, range->first, range->last, true);
    if (status == MSET_OK) {
        if (taken) {
            count_split(set, &path, range);
        }
        mset_at_splice_at(&set->tree, &path, range->first, range->last, &run);
        at_trim_spares(&set->tree);
    }
    return status;
}

mset_status mset_unmap_plain(struct mset *set, const struct range *range) {
    struct at_path path;
    if (!mset_seek(set, range, &path)) {
        return MSET_OK;
    }
    const mset_status status = mset_at_prepare(&set->tree, &path, range->first, range->last, false);
    if (status == MSET_OK) {
        count_split(set, &path, range);
        mset_at_splice_at(&set->tree, &path, range->first, range->last, NULL);
        at_trim_spares(&set->tree);
    }
    return status;
}

/* What the caller of mset_protect wants for the areas of one leaf. */
struct wish {
    uint64_t flags[AT_LEAF_CAPACITY]; /* by place in the leaf */
    bool changes;
    bool front;
    bool back;
};

static void ask(const struct at_path *path, const struct range *range, mset_update_flags update,
                void *arg, struct wish *wish) {
    const struct at_leaf *const leaf = path->node[0];
    wish->changes = wish->front = wish->back = false;
    for (unsigned i = path->from; i < path->to; i++) {
        const struct at_run area = at_leaf_run(leaf, i);
        const struct at_run piece = mset_piece_of(&area, range);
        const struct mset_area told = mset_area_of(&piece);
        uint64_t flags = area.attributes.flags;
        if (!update(arg, &told, &flags)) {
            flags = area.attributes.flags;
        }
        const bool changes = flags != area.attributes.flags;
        wish->flags[i] = flags;
        wish->changes |= changes;
        wish->front |= changes & (area.first != piece.first);
        wish->back |= changes & (area.last != piece.last);
    }
}

bool mset_protect_plain(struct mset *set, const struct range *range, mset_update_flags update,
                        void *arg, mset_status *status) {
    struct at_path path;
    struct wish wish;
    *status = MSET_OK;
    if (!mset_seek(set, range, &path)) {
        return true;
    }
    if (at_goes_on(&path, range->last)) {
        return false; /* more than one leaf: the plan has a list for the answers */
    }
    const unsigned from = path.from;
    ask(&path, range, update, arg, &wish);
    if (!wish.changes) {
        return true;
    }
    if (wish.front || wish.back) {
        *status = mset_at_prepare_carve(&set->tree, &path, &path, wish.front, wish.back);
        if (*status != MSET_OK) {
            return true;
        }
        set->splits += (uint64_t)wish.front + wish.back;
        mset_at_carve(&set->tree, &path, range->first, range->last, wish.front, wish.back);
    }
    mset_set_flags(&set->tree, &path, range, &wish.flags[from]);
    at_trim_spares(&set->tree);
    return true;
}
