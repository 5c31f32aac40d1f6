/*
 * plain.c - sets that have nobody to tell: no backend behind any area, no observer, no limit, no
 * merging. What is left of the stages of a plan (set.h) is check, plan, commit, and nothing has to
 * be kept in between. What is done is what the plan would do: the tests hold both against the same
 * model.
 */
#include "set.h"

/* The range becomes the run, or nothing. */
static mset_status splice(struct mset *set, struct at_path *path, const struct range *range,
                          const struct at_run *run) {
    struct at_tree *const tree = &set->tree;
    const mset_status status = mset_at_prepare(tree, path, range->first, range->last, run != NULL);
    if (status == MSET_OK) {
        mset_at_splice_at(tree, path, range->first, range->last, run);
        at_trim_spares(tree);
    }
    return status;
}

mset_status mset_insert_plain(struct mset *set, struct at_path *path, const struct at_run *run) {
    if (set->tree.height != 0 && mset_at_insert(&set->tree, path, run)) {
        return MSET_OK;
    }
    const struct range range = {run->first, run->last};
    return splice(set, path, &range, run);
}

mset_status mset_map_plain(struct mset *set, const struct range *range,
                           const struct mset_area *area, unsigned how) {
    const struct range none = mset_no_range();
    const struct at_run run = {
        range->first, range->last, {area->flags, NULL, area->offset - area->start}};
    struct at_path path;
    if ((how & MSET_GUARD) == 0 && mset_at_append(&set->tree, &run)) {
        return MSET_OK;
    }
    const bool taken = mset_seek(set, range, &path);
    if ((taken && (how & MSET_MAP_REPLACE) == 0) ||
        ((how & MSET_GUARD) != 0 && !mset_guarded(set, range, &none))) {
        return MSET_ALREADY_EXISTS;
    }
    if (!taken) {
        return mset_insert_plain(set, &path, &run);
    }
    const bool splits = mset_splits_one(&path, range);
    const mset_status status = splice(set, &path, range, &run);
    set->splits += splits && status == MSET_OK;
    return status;
}

mset_status mset_unmap_plain(struct mset *set, const struct range *range) {
    struct at_path path;
    if (!mset_seek(set, range, &path)) {
        return MSET_OK;
    }
    const bool splits = mset_splits_one(&path, range);
    if (!splits && mset_at_take_out(&set->tree, &path, range->first, range->last)) {
        return MSET_OK;
    }
    const mset_status status = splice(set, &path, range, NULL);
    set->splits += splits && status == MSET_OK;
    return status;
}

bool mset_protect_plain(struct mset *set, const struct range *range, mset_update_flags update,
                        void *arg, mset_status *status) {
    struct at_path path;
    struct answers answers;
    *status = MSET_OK;
    if (!mset_seek(set, range, &path)) {
        return true;
    }
    if (at_goes_on(&path, range->last)) {
        return false; /* more than one leaf: the plan has a list for the answers */
    }
    mset_answers_init(&answers);
    mset_ask_leaf(&answers, &path, range, update, arg);
    if (!answers.changes) {
        return true;
    }
    if (answers.front || answers.back) {
        *status = mset_at_prepare_carve(&set->tree, &path, &path, answers.front, answers.back);
        if (*status != MSET_OK) {
            return true;
        }
        set->splits += (uint64_t)answers.front + answers.back;
        mset_at_carve(&set->tree, &path, range->first, range->last, answers.front, answers.back);
    }
    mset_set_flags(&set->tree, &path, range, answers.flags);
    at_trim_spares(&set->tree);
    return true;
}
