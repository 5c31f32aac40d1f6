/*
 * commit.c - a plan becomes true: splices, each with the changes that it stands for. Of what goes
 * through a plan nothing else changes the tree, but merging (merge.c); what does not is in plain.c
 * and load.c.
 *
 * The whole plan is committed in as few splices as there can be. The first steps of a plan, which
 * is what is left of one that could not be undone, are committed one by one.
 */
#include "set.h"

static struct sink note_to(struct mset *set) {
    return (struct sink){mset_note, set};
}

static struct range range_of(const struct at_run *run) {
    return (struct range){run->first, run->last};
}

/* ---- removal --------------------------------------------------------------------------------- */

/* Nobody is told, and nobody counts references: only splits are counted. */
static bool quiet(const struct mset *set) {
    return set->told == 0 && set->observers == NULL;
}

static void note_each_removal(struct mset *set, const struct at_path *to_range,
                              const struct range *range) {
    const struct sink sink = note_to(set);
    struct at_path path = *to_range;
    do {
        for (unsigned i = path.from; i < path.to; i++) {
            const struct at_run area = at_leaf_run(path.node[0], i);
            mset_changes_of_removal(&sink, &area, range);
        }
    } while (at_next_window(&set->tree, &path, range->last));
}

static void note_removal(struct mset *set, const struct at_path *path, const struct range *range) {
    if (quiet(set)) {
        set->splits += mset_splits_one(path, range);
    } else {
        note_each_removal(set, path, range);
    }
}

void mset_commit_removal(struct mset *set, struct at_path *path, const struct range *range) {
    if (set->tree.height != 0) {
        note_removal(set, path, range);
        mset_at_splice_at(&set->tree, path, range->first, range->last, NULL);
    }
}

static void remove_range(struct mset *set, const struct range *range) {
    struct at_path path;
    (void)mset_seek(set, range, &path);
    mset_commit_removal(set, &path, range);
}

/* ---- map, grow ----------------------------------------------------------------------------- */

static void commit_map(struct mset_plan *plan) {
    struct mset *const set = plan->set;
    if (!mset_range_empty(&plan->clear)) {
        /* Held, so that a backend in both the old and the new never falls to no reference. */
        mset_hold(plan->run.attributes.backend);
        note_removal(set, &plan->path, &plan->range);
        mset_note(set, MSET_INSERTED, NULL, &plan->run);
        mset_unhold(plan->run.attributes.backend);
    } else {
        mset_note(set, MSET_INSERTED, NULL, &plan->run);
    }
    mset_at_splice_at(&set->tree, &plan->path, plan->range.first, plan->range.last, &plan->run);
}

static void commit_grow(struct mset_plan *plan) {
    const struct sink sink = note_to(plan->set);
    mset_changes_of_growing(&sink, plan);
    mset_at_splice_at(&plan->set->tree, &plan->path, plan->range.first, plan->range.last,
                      &plan->run);
}

/* ---- protect ------------------------------------------------------------------------------- */

/* What protecting a piece of an area stands for. */
static void note_protect(struct mset *set, const struct at_run *area, const struct at_run *piece,
                         uint64_t flags) {
    const struct sink sink = note_to(set);
    struct at_run changed = *piece;
    changed.attributes.flags = flags;
    mset_changes_of_carving(&sink, area, piece);
    mset_note(set, MSET_PROTECTED, piece, &changed);
}

static void note_each_protect(const struct mset_plan *plan) {
    struct at_path path = plan->path;
    uint64_t n = 0;
    do {
        for (unsigned i = path.from; i < path.to; i++) {
            const struct at_run area = at_leaf_run(path.node[0], i);
            const struct at_run piece = mset_piece_of(&area, &plan->pieces);
            const uint64_t flags = plan->answers.flags[n++];
            if (flags != area.attributes.flags) {
                note_protect(plan->set, &area, &piece, flags);
            }
        }
    } while (at_next_window(&plan->set->tree, &path, plan->pieces.last));
}

void mset_set_flags(struct at_tree *tree, struct at_path *path, const struct range *range,
                    const uint64_t *flags) {
    do {
        struct at_leaf *leaf = path->node[0];
        for (unsigned i = path->from; i < path->to; i++) {
            leaf->entry[i].attributes.flags = *flags++;
        }
    } while (at_next_window(tree, path, range->last));
}

static void commit_protect(struct mset_plan *plan) {
    struct mset *const set = plan->set;
    const struct answers *const answers = &plan->answers;
    struct at_path *const path = &plan->path;
    if (quiet(set)) {
        set->splits += (uint64_t)answers->front + answers->back;
    } else {
        note_each_protect(plan);
    }
    if (answers->front || answers->back) {
        mset_at_carve(&set->tree, path, plan->pieces.first, plan->pieces.last, answers->front,
                      answers->back);
    }
    mset_set_flags(&set->tree, path, &plan->pieces, answers->flags);
}

/* One piece of it, by itself. */
static void commit_piece(struct mset *set, const struct at_run *piece, uint64_t flags) {
    struct at_path path;
    at_seek_range(&set->tree, piece->first, piece->last, &path);
    const struct at_run area = at_leaf_run(path.node[0], path.from);
    const struct range range = {piece->first, piece->last};
    note_protect(set, &area, piece, flags);
    mset_at_carve(&set->tree, &path, piece->first, piece->last, area.first != piece->first,
                  area.last != piece->last);
    mset_set_flags(&set->tree, &path, &range, &flags);
}

/* ---- move ---------------------------------------------------------------------------------- */

/* Adds the piece at the path at its new place. It is still at the old one, too. */
static void move_piece(const struct mset_plan *plan, const struct at_path *path,
                       const struct at_run *piece) {
    struct mset *const set = plan->set;
    const struct sink sink = note_to(set);
    const struct at_run area = at_path_run(path);
    const struct at_run target = mset_moved(plan, piece);
    mset_changes_of_carving(&sink, &area, piece);
    mset_note(set, MSET_MOVED, piece, &target);
    mset_at_splice(&set->tree, target.first, target.last, &target);
}

static void commit_move(struct mset_plan *plan) {
    struct mset *const set = plan->set;
    struct range rest = plan->pieces;
    struct at_path path;
    if (!mset_range_empty(&plan->clear)) {
        remove_range(set, &plan->clear);
    }
    while (mset_first_piece(set, &rest, &path)) {
        const struct at_run piece = mset_piece_at(&path, &rest);
        move_piece(plan, &path, &piece);
        if (piece.last == rest.last) {
            break;
        }
        rest.first = piece.last + 1;
    }
    mset_at_splice(&set->tree, plan->pieces.first, plan->pieces.last, NULL);
}

static void merge_around(struct mset_plan *plan) {
    if (plan->set->merge) {
        mset_merge_around(plan->set, &plan->range);
    }
}

/* ---- all of it ----------------------------------------------------------------------------- */

void mset_commit(struct mset_plan *plan) {
    switch (plan->kind) { /* unreachable: there are no other kinds */
    case PLAN_UNMAP:
        if (!mset_range_empty(&plan->clear)) {
            mset_commit_removal(plan->set, &plan->path, &plan->clear);
        }
        return; /* no two areas have come to lie side by side */
    case PLAN_MAP:
        commit_map(plan);
        break;
    case PLAN_GROW:
        commit_grow(plan);
        break;
    case PLAN_PROTECT:
        if (mset_range_empty(&plan->pieces)) {
            return; /* no flags change */
        }
        commit_protect(plan);
        break;
    case PLAN_MOVE:
        commit_move(plan);
        break;
    }
    merge_around(plan);
}

/* ---- the first steps of it ------------------------------------------------------------------ */

/* `followed`: so is the next one. Unmapping here and mapping there together are a move. */
static void commit_step(struct step *step, bool followed) {
    struct mset *const set = step->plan->set;
    const struct range range = range_of(&step->piece);
    switch (step->told.kind) { /* unreachable: there are no other kinds */
    case MSET_STEP_UNMAP:
        if (step->pass < PIECES_OTHERS || !followed) {
            remove_range(set, &range);
        }
        return;
    case MSET_STEP_PROTECT:
        commit_piece(set, &step->piece, step->told.new_flags);
        return;
    case MSET_STEP_MOVE:
    case MSET_STEP_MAP:
        move_piece(step->plan, &step->path, &step->piece);
        mset_at_splice(&set->tree, range.first, range.last, NULL);
        return;
    }
}

void mset_commit_steps(struct mset_plan *plan, uint64_t count) {
    struct step step;
    struct range done = mset_no_range();
    enum pass pass = CLEAR_OTHERS;
    bool more = mset_first_step(&step, plan);
    /* unreachable: no more steps have been done than there are */
    for (; more && count > 0; more = mset_next_step(&step), count--) {
        if (mset_range_empty(&done) || (pass < PIECES_OTHERS && step.pass >= PIECES_OTHERS)) {
            done = range_of(&step.piece);
        }
        done.first = step.piece.first < done.first ? step.piece.first : done.first;
        done.last = step.piece.last > done.last ? step.piece.last : done.last;
        pass = step.pass;
        commit_step(&step, count > 1);
    }
    plan->set->failure.done_start = done.first;
    plan->set->failure.done_size = done.last - done.first + 1;
    merge_around(plan);
}
