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
#include "edit.h"

#include "../base/assert.h"
#include "../base/memory.h"

static struct at_edit plan_edit(const struct at_path *path, uint64_t first, uint64_t last,
                                const struct at_run *run) {
    const struct at_leaf *leaf = path->node[0];
    const unsigned from = path->from;
    const unsigned to = path->to;
    const struct at_edit edit = {
        .from = from,
        .to = to,
        .left = from < to && leaf->start[from] < first,
        .right = from < to && leaf->entry[to - 1].last > last,
        .first = first,
        .last = last,
        .run = run,
    };
    return edit;
}

static void put(struct at_leaf *leaf, unsigned i, const struct at_run *run) {
    leaf->start[i] = run->first;
    leaf->entry[i].last = run->last;
    leaf->entry[i].attributes = run->attributes;
}

/* ---- in place ----------------------------------------------------------------------------- */

static void replace(struct at_leaf *leaf, const struct at_edit *edit) {
    const unsigned to = edit->from + at_edit_count(edit);
    const size_t tail = leaf->count - edit->to;
    struct at_entry right = {0};
    if (edit->right) {
        right = leaf->entry[edit->to - 1];
    }
    if (to != edit->to) {
        memmove(&leaf->start[to], &leaf->start[edit->to], tail * sizeof leaf->start[0]);
        memmove(&leaf->entry[to], &leaf->entry[edit->to], tail * sizeof leaf->entry[0]);
    }
    at_leaf_resize(leaf, to + (unsigned)tail);
    unsigned i = edit->from;
    if (edit->left) {
        leaf->entry[i++].last = edit->first - 1;
    }
    if (edit->run != NULL) {
        put(leaf, i++, edit->run);
    }
    if (edit->right) {
        leaf->start[i] = edit->last + 1;
        leaf->entry[i] = right;
    }
}

static uint64_t bytes_of(const struct at_leaf *leaf, unsigned from, unsigned to) {
    uint64_t bytes = 0;
    for (unsigned i = from; i < to; i++) {
        bytes += leaf->entry[i].last - leaf->start[i] + 1;
    }
    return bytes;
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

/* The leaf begins elsewhere, or is no more: so does the gap end behind the leaf before it. */
static void mend_gap_before(struct at_tree *tree, uint64_t old_start, struct at_path *path) {
    if (tree->height == 1) {
        tree->gap = tree->search->widest_within(tree->root);
    } else if (tree->height > 1 && old_start != 0) {
        at_seek(tree, old_start - 1, path);
        mset_at_publish_gap(tree, path, 0, at_leaf_widest(tree, path));
    }
}

static void edit_in_place(struct at_tree *tree, struct at_path *path, const struct at_edit *edit) {
    struct at_leaf *leaf = path->node[0];
    const unsigned to = edit->from + at_edit_count(edit);
    const uint64_t old_start = leaf->start[0];
    const uint64_t old_around = widest_around(path, edit->from, edit->to);
    tree->bytes -= bytes_of(leaf, edit->from, edit->to);
    tree->areas += to;
    tree->areas -= edit->to;
    replace(leaf, edit);
    tree->bytes += bytes_of(leaf, edit->from, to);
    const bool moved = leaf->count == 0 || leaf->start[0] != old_start;
    if (leaf->count != 0) {
        const uint64_t old = *at_gap_place(tree, path, 0);
        const uint64_t around = widest_around(path, edit->from, to);
        mset_at_publish_gap(tree, path, 0, new_widest(tree, path, old, old_around, around));
        if (moved) {
            mset_at_publish_start(tree, path, 0, leaf->start[0]);
        }
    }
    if (to < edit->to && leaf->count <= AT_LEAF_LOW) {
        mset_at_mend(tree, path);
    }
    if (moved) {
        mend_gap_before(tree, old_start, path);
    }
}

/* ---- with a split ------------------------------------------------------------------------- */

/* The pieces that an edit puts in. */
static unsigned pieces_of(const struct at_leaf *old, const struct at_edit *edit,
                          struct at_run piece[3]) {
    unsigned n = 0;
    if (edit->left) {
        piece[n] = at_leaf_run(old, edit->from);
        piece[n++].last = edit->first - 1;
    }
    if (edit->run != NULL) {
        piece[n++] = *edit->run;
    }
    if (edit->right) {
        piece[n] = at_leaf_run(old, edit->to - 1);
        piece[n++].first = edit->last + 1;
    }
    return n;
}

/* Writes places [from, to) of the edited sequence to the start of `leaf`. */
static void fill(struct at_leaf *leaf, const struct at_leaf *old, const struct at_edit *edit,
                 unsigned from, unsigned to) {
    struct at_run piece[3];
    const unsigned behind = edit->from + pieces_of(old, edit, piece);
    for (unsigned i = from; i < to; i++) {
        if (i >= edit->from && i < behind) {
            put(leaf, i - from, &piece[i - edit->from]);
        } else {
            const struct at_run run = at_leaf_run(old, i < edit->from ? i : i - behind + edit->to);
            put(leaf, i - from, &run);
        }
    }
    at_leaf_resize(leaf, to - from);
}

static void edit_with_split(struct at_tree *tree, struct at_path *path, const struct at_edit *edit,
                            unsigned total) {
    struct at_leaf *leaf = path->node[0];
    struct at_leaf *right = mset_at_take_leaf(tree);
    const struct at_leaf old = *leaf;
    /* At the right edge everything but the newcomer stays: ascending builds fill their leaves. */
    const bool appends = path->last_leaf && edit->from == old.count;
    const unsigned half = appends ? old.count : (total + 1) / 2;
    fill(leaf, &old, edit, 0, half);
    fill(right, &old, edit, half, total);
    tree->areas += total;
    tree->areas -= old.count;
    tree->bytes += bytes_of(leaf, 0, half) + bytes_of(right, 0, total - half);
    tree->bytes -= bytes_of(&old, 0, old.count);
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

void mset_at_edit(struct at_tree *tree, struct at_path *path, const struct at_edit *edit) {
    const unsigned total = at_edit_total(path->node[0], edit);
    if (total <= AT_LEAF_CAPACITY) {
        edit_in_place(tree, path, edit);
    } else {
        edit_with_split(tree, path, edit, total);
    }
}

/* ---- reserving ---------------------------------------------------------------------------- */

mset_status mset_at_prepare_split(struct at_tree *tree, const struct at_path *path) {
    /* The leaf splits, and with it every full branch up to the first that has room. */
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

static bool fits(const struct at_path *path, uint64_t first, uint64_t last, bool with_run) {
    const struct at_run some = {0};
    const struct at_edit edit = plan_edit(path, first, last, with_run ? &some : NULL);
    return at_edit_total(path->node[0], &edit) <= AT_LEAF_CAPACITY;
}

mset_status mset_at_prepare(struct at_tree *tree, const struct at_path *path, uint64_t first,
                            uint64_t last, bool with_run) {
    if (tree->height == 0) {
        return with_run ? mset_at_reserve(tree, 1, 0) : MSET_OK;
    }
    /* What lies in later leaves is cut before the edit. */
    if (at_has_room(path) || fits(path, first, last, with_run)) {
        return MSET_OK;
    }
    return mset_at_prepare_split(tree, path);
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

/* Removes what lies behind the leaf that the range begins in: often the head of the next one. */
static void cut_behind(struct at_tree *tree, uint64_t first, uint64_t last) {
    struct at_path path;
    at_seek_range(tree, first, last, &path);
    if (at_goes_on(&path, last)) {
        mset_at_cut(tree, first, last);
        return;
    }
    const struct at_edit edit = plan_edit(&path, first, last, NULL);
    mset_at_edit(tree, &path, &edit);
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
    if (at_goes_on(path, last)) {
        cut_behind(tree, path->fence + 1, last);
        at_seek_range(tree, first, last, path);
    }
    const struct at_edit edit = plan_edit(path, first, last, run);
    if (edit.from == edit.to && run == NULL) {
        return;
    }
    mset_at_edit(tree, path, &edit);
    MSET_ASSERT_EXPENSIVE(mset_at_validate(tree) == NULL);
}

void mset_at_splice(struct at_tree *tree, uint64_t first, uint64_t last, const struct at_run *run) {
    struct at_path path;
    if (tree->height != 0) {
        at_seek_range(tree, first, last, &path);
    }
    mset_at_splice_at(tree, &path, first, last, run);
}
