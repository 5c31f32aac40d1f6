/*
 * splice.c - the one mutation: replace what lies in [first, last] by one run, or by nothing.
 *
 *        leaf      ...| A |    B    | C |   D   |...
 *        range                [first       last]
 *        leaf      ...| A | B |     run     | D |...
 *
 * Inside one leaf this is one step: areas [from, to) are replaced by up to three pieces, what
 * sticks out on the left, the run, and what sticks out on the right. Attributes need no
 * arithmetic (node.h). A range that spans leaves is first cut behind the leaf it begins in
 * (cut.c), which leaves the same one step.
 */
#include "balance.h"
#include "cut.h"

#include "../base/assert.h"
#include "../base/memory.h"

/* Areas [from, to) of a leaf become `count` pieces. */
struct edit {
    unsigned from;
    unsigned to;
    unsigned count;
    struct at_run piece[3];
};

static void find_touched(const struct at_path *path, uint64_t first, uint64_t last,
                         struct edit *edit) {
    const struct at_leaf *leaf = path->node[0];
    edit->from = path->slot[0];
    if (edit->from > 0 && leaf->last[edit->from - 1] >= first) {
        edit->from--;
    }
    edit->to = edit->from;
    while (edit->to < leaf->count && leaf->start[edit->to] <= last) {
        edit->to++;
    }
}

static bool sticks_out_left(const struct at_leaf *leaf, const struct edit *edit, uint64_t first) {
    return edit->from < edit->to && leaf->start[edit->from] < first;
}

static bool sticks_out_right(const struct at_leaf *leaf, const struct edit *edit, uint64_t last) {
    return edit->from < edit->to && leaf->last[edit->to - 1] > last;
}

static struct edit plan_edit(const struct at_path *path, uint64_t first, uint64_t last,
                             const struct at_run *run) {
    const struct at_leaf *leaf = path->node[0];
    struct edit edit;
    find_touched(path, first, last, &edit);
    edit.count = 0;
    if (sticks_out_left(leaf, &edit, first)) {
        edit.piece[edit.count] = at_leaf_run(leaf, edit.from);
        edit.piece[edit.count++].last = first - 1;
    }
    if (run != NULL) {
        edit.piece[edit.count++] = *run;
    }
    if (sticks_out_right(leaf, &edit, last)) {
        edit.piece[edit.count] = at_leaf_run(leaf, edit.to - 1);
        edit.piece[edit.count++].first = last + 1;
    }
    return edit;
}

static void count_change(struct at_tree *tree, const struct at_leaf *leaf,
                         const struct edit *edit) {
    uint64_t bytes = 0;
    for (unsigned i = 0; i < edit->count; i++) {
        bytes += edit->piece[i].last - edit->piece[i].first + 1;
    }
    for (unsigned i = edit->from; i < edit->to; i++) {
        bytes -= leaf->last[i] - leaf->start[i] + 1;
    }
    tree->bytes += bytes;
    tree->areas += edit->count;
    tree->areas -= edit->to - edit->from;
}

static void put(struct at_leaf *leaf, unsigned i, const struct at_run *run) {
    leaf->start[i] = run->first;
    leaf->last[i] = run->last;
    leaf->attributes[i] = run->attributes;
}

/* ---- in place ----------------------------------------------------------------------------- */

static void replace(struct at_leaf *leaf, const struct edit *edit) {
    const unsigned to = edit->from + edit->count;
    const size_t tail = leaf->count - edit->to;
    if (to != edit->to && tail != 0) {
        memmove(&leaf->start[to], &leaf->start[edit->to], tail * sizeof leaf->start[0]);
        memmove(&leaf->last[to], &leaf->last[edit->to], tail * sizeof leaf->last[0]);
        memmove(&leaf->attributes[to], &leaf->attributes[edit->to],
                tail * sizeof leaf->attributes[0]);
    }
    leaf->count = to + (unsigned)tail;
    for (unsigned i = 0; i < edit->count; i++) {
        put(leaf, edit->from + i, &edit->piece[i]);
    }
}

/* The largest gap that follows one of areas [from, to), or the area just before them. */
static uint64_t widest_around(const struct at_path *path, unsigned from, unsigned to) {
    uint64_t most = 0;
    for (unsigned i = from - (from != 0); i < to; i++) {
        const uint64_t gap = at_gap_after(path, i);
        most = gap > most ? gap : most;
    }
    return most;
}

/*
 * The leaf's largest gap after an edit. Most edits neither make a new maximum nor touch the old
 * one, so the whole leaf is looked at only when the maximum itself has shrunk.
 */
static uint64_t new_widest(const struct at_tree *tree, const struct at_path *path, uint64_t old,
                           uint64_t old_around, uint64_t new_around) {
    if (new_around >= old) {
        return new_around;
    }
    return old_around < old ? old : at_leaf_widest(tree, path);
}

static void edit_in_place(struct at_tree *tree, struct at_path *path, const struct edit *edit) {
    struct at_leaf *leaf = path->node[0];
    const uint64_t old_start = leaf->start[0];
    const unsigned old_count = leaf->count;
    const uint64_t old_around = widest_around(path, edit->from, edit->to);
    replace(leaf, edit);
    if (leaf->count != 0) {
        const uint64_t old = *at_gap_place(tree, path, 0);
        const uint64_t around = widest_around(path, edit->from, edit->from + edit->count);
        mset_at_publish_gap(tree, path, 0, new_widest(tree, path, old, old_around, around));
        if (leaf->start[0] != old_start) {
            mset_at_publish_start(tree, path, 0, leaf->start[0]);
        }
    }
    const bool moved = leaf->count == 0 || leaf->start[0] != old_start;
    if (leaf->count < old_count) {
        mset_at_mend(tree, path);
    }
    if (moved && old_start != 0 && tree->height > 1) {
        /* The gap behind the last area of the leaf before ends somewhere else now. */
        at_seek(tree, old_start - 1, path);
        mset_at_publish_gap(tree, path, 0, at_leaf_widest(tree, path));
    } else if (moved && tree->height == 1) {
        tree->gap = tree->descent->widest(tree->root);
    }
}

/* ---- with a split ------------------------------------------------------------------------- */

/* Writes places [from, to) of the edited sequence to the start of `leaf`. */
static void fill(struct at_leaf *leaf, const struct at_leaf *old, const struct edit *edit,
                 unsigned from, unsigned to) {
    const unsigned behind = edit->from + edit->count;
    for (unsigned i = from; i < to; i++) {
        if (i >= edit->from && i < behind) {
            put(leaf, i - from, &edit->piece[i - edit->from]);
        } else {
            const struct at_run run = at_leaf_run(old, i < edit->from ? i : i - behind + edit->to);
            put(leaf, i - from, &run);
        }
    }
    leaf->count = to - from;
}

static void edit_with_split(struct at_tree *tree, struct at_path *path, const struct edit *edit,
                            unsigned total) {
    struct at_leaf *leaf = path->node[0];
    struct at_leaf *right = mset_at_take_leaf(tree);
    const struct at_leaf old = *leaf;
    /* At the right edge everything but the newcomer stays: ascending builds fill their leaves. */
    const bool appends = path->last_leaf && edit->from == old.count;
    const unsigned half = appends ? old.count : (total + 1) / 2;
    fill(leaf, &old, edit, 0, half);
    fill(right, &old, edit, half, total);
    if (leaf->start[0] != old.start[0]) {
        mset_at_publish_start(tree, path, 0, leaf->start[0]);
    }
    struct at_path there = *path;
    there.node[0] = right;
    const uint64_t right_gap = at_leaf_widest(tree, &there);
    there.node[0] = leaf;
    there.fence = right->start[0] - 1;
    there.last_leaf = false;
    mset_at_insert_child(tree, path, 1, at_leaf_widest(tree, &there), right, right_gap);
}

/* ---- reserving ---------------------------------------------------------------------------- */

/* How many areas the leaf would hold; what lies in later leaves is cut before the edit. */
static unsigned count_after(const struct at_path *path, uint64_t first, uint64_t last,
                            bool with_run) {
    const struct at_leaf *leaf = path->node[0];
    struct edit edit;
    find_touched(path, first, last, &edit);
    return leaf->count - (edit.to - edit.from) + with_run + sticks_out_left(leaf, &edit, first) +
           sticks_out_right(leaf, &edit, last);
}

mset_status mset_at_prepare(struct at_tree *tree, const struct at_path *path, uint64_t first,
                            uint64_t last, bool with_run) {
    if (tree->height == 0) {
        return with_run ? mset_at_reserve(tree, 1, 0) : MSET_OK;
    }
    if (at_has_room(path) || count_after(path, first, last, with_run) <= AT_LEAF_CAPACITY) {
        return MSET_OK;
    }
    /* One leaf splits, and with it every full branch up to the first that has room. */
    unsigned level = 1;
    while (level < tree->height &&
           ((const struct at_branch *)path->node[level])->count == AT_BRANCH_CAPACITY) {
        level++;
    }
    if (level < tree->height) {
        return mset_at_reserve(tree, 1, level - 1);
    }
    return tree->height < AT_MAX_HEIGHT ? mset_at_reserve(tree, 1, tree->height) : MSET_NO_MEMORY;
}

mset_status mset_at_prepare_many(struct at_tree *tree, uint64_t scattered, uint64_t row) {
    if (tree->height + 2 > AT_MAX_HEIGHT) {
        return MSET_NO_MEMORY;
    }
    /* Anywhere: one leaf each, and every branch above it up to a new root. */
    uint64_t leaves = scattered;
    uint64_t branches = scattered * (tree->height + 1);
    if (row == 0) {
        return mset_at_reserve(tree, leaves, branches);
    }
    /* In a row: after one split, half a capacity of runs goes in before the next. */
    uint64_t splits = row / (AT_LEAF_CAPACITY / 2) + 1;
    leaves += splits;
    for (unsigned level = 1; level <= tree->height + 1; level++) {
        splits = splits / (AT_BRANCH_CAPACITY / 2) + 1;
        branches += splits;
    }
    return mset_at_reserve(tree, leaves, branches);
}

/* ---- the splice --------------------------------------------------------------------------- */

static void first_area(struct at_tree *tree, const struct at_run *run) {
    struct at_leaf *leaf = mset_at_take_leaf(tree);
    put(leaf, 0, run);
    leaf->count = 1;
    tree->root = leaf;
    tree->height = 1;
    tree->gap = 0;
    tree->areas = 1;
    tree->bytes = run->last - run->first + 1;
}

void mset_at_splice_at(struct at_tree *tree, struct at_path *path, uint64_t first, uint64_t last,
                       const struct at_run *run) {
    MSET_ASSERT(first <= last);
    MSET_ASSERT(run == NULL || (run->first == first && run->last == last));
    tree->version++;
    if (tree->height == 0) {
        if (run != NULL) {
            first_area(tree, run);
        }
        return;
    }
    if (!path->last_leaf && last > path->fence) {
        mset_at_cut(tree, path->fence + 1, last);
        at_seek(tree, first, path);
    }
    const struct edit edit = plan_edit(path, first, last, run);
    if (edit.from == edit.to && edit.count == 0) {
        return;
    }
    const struct at_leaf *leaf = path->node[0];
    const unsigned total = leaf->count - (edit.to - edit.from) + edit.count;
    count_change(tree, leaf, &edit);
    if (total <= AT_LEAF_CAPACITY) {
        edit_in_place(tree, path, &edit);
    } else {
        edit_with_split(tree, path, &edit, total);
    }
    MSET_ASSERT_EXPENSIVE(mset_at_validate(tree) == NULL);
}

void mset_at_splice(struct at_tree *tree, uint64_t first, uint64_t last, const struct at_run *run) {
    struct at_path path;
    if (tree->height != 0) {
        at_seek(tree, first, &path);
    }
    mset_at_splice_at(tree, &path, first, last, run);
}
