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

/* ---- in place ----------------------------------------------------------------------------- */

/* The pieces take the places of the areas: left and right keep their entries if there are two. */
static inline void replace(struct at_leaf *leaf, const struct at_edit *edit) {
    const unsigned old_count = edit->to - edit->from;
    const unsigned new_count = at_edit_count(edit);
    const unsigned place = edit->from + edit->left; /* of what is new */
    if (new_count > old_count) {
        at_leaf_open(leaf, place, new_count - old_count);
    } else if (new_count < old_count) {
        at_leaf_close(leaf, place, place + (old_count - new_count));
    }
    const unsigned end = edit->from + new_count;
    if (edit->right) {
        if (edit->left && old_count == 1) { /* both were one area */
            leaf->entry[end - 1] = leaf->entry[edit->from];
        }
        leaf->start[end - 1] = edit->last + 1;
    }
    if (edit->left) {
        leaf->entry[edit->from].last = edit->first - 1;
    }
    if (edit->run != NULL) {
        at_leaf_put(leaf, place, edit->run);
    }
}

static uint64_t bytes_of(const struct at_leaf *leaf, unsigned from, unsigned to) {
    uint64_t bytes = 0;
    for (unsigned i = from; i < to; i++) {
        bytes += leaf->entry[i].last - leaf->start[i] + 1;
    }
    return bytes;
}

/* Bytes of the areas that lie in the range of the edit; `widest` is the leaf's largest gap. */
static uint64_t bytes_within(const struct at_leaf *leaf, const struct at_edit *edit,
                             uint64_t widest) {
    if (edit->from == edit->to) {
        return 0;
    }
    const uint64_t head = edit->left ? edit->first - leaf->start[edit->from] : 0;
    const uint64_t tail = edit->right ? leaf->entry[edit->to - 1].last - edit->last : 0;
    const uint64_t whole = widest == 0
                               ? leaf->entry[edit->to - 1].last - leaf->start[edit->from] + 1
                               : bytes_of(leaf, edit->from, edit->to);
    return whole - head - tail;
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

/* The gap in front of area `i` that the leaf answers for: that behind the area before. */
static uint64_t gap_before(const struct at_path *path, unsigned i) {
    return i == 0 ? 0 : at_gap_after(path, i - 1);
}

/* The same of the pieces that have been put in: they lie side by side, but for a hole. */
static uint64_t widest_around_pieces(const struct at_path *path, const struct at_edit *edit) {
    const unsigned to = edit->from + at_edit_count(edit);
    const uint64_t before = gap_before(path, edit->from);
    const uint64_t behind = to == edit->from ? 0 : at_gap_after(path, to - 1);
    const uint64_t hole =
        edit->run == NULL && edit->left && edit->right ? edit->last - edit->first + 1 : 0;
    const uint64_t most = before > behind ? before : behind;
    return most > hole ? most : hole;
}

/*
 * Could the leaf's largest gap be one that the edit removes? Most edits are far too small for it,
 * or there is no gap in the leaf at all.
 */
static bool removes_widest(const struct at_path *path, const struct at_edit *edit,
                           uint64_t widest) {
    const struct at_leaf *leaf = path->node[0];
    const unsigned from = edit->from;
    const unsigned to = edit->to;
    if (from == to) {
        return widest != 0 && gap_before(path, from) == widest;
    }
    /* Between the neighbours; nothing there is larger than that. */
    const uint64_t first = from == 0 ? leaf->start[0] : leaf->entry[from - 1].last + 1;
    const uint64_t last = to < leaf->count ? leaf->start[to] - 1 : path->fence;
    return widest != 0 && last - first >= widest - 1 && widest_around(path, from, to) == widest;
}

/* Tells the branches of the leaf's largest gap after an edit; `old` is what they were told last. */
static void publish_widest(struct at_tree *tree, const struct at_path *path,
                           const struct at_edit *edit, uint64_t old, bool removed) {
    const struct at_leaf *leaf = path->node[0];
    const unsigned to = edit->from + at_edit_count(edit);
    const bool at_the_end = to == leaf->count && path->last_leaf;
    if (edit->run != NULL && edit->from != 0 && !at_the_end && !removed) {
        return; /* between two areas a run only makes gaps smaller that were not the largest */
    }
    const uint64_t around = widest_around_pieces(path, edit);
    if (around > old) {
        mset_at_publish_gap(tree, path, 0, around);
    } else if (removed && around < old) {
        mset_at_publish_gap(tree, path, 0, at_leaf_widest(tree, path));
    }
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

static inline void count_change(struct at_tree *tree, const struct at_leaf *leaf,
                                const struct at_edit *edit, uint64_t widest) {
    tree->bytes += edit->run == NULL ? 0 : edit->last - edit->first + 1;
    tree->bytes -= bytes_within(leaf, edit, widest);
    tree->areas += at_edit_count(edit);
    tree->areas -= edit->to - edit->from;
}

/*
 * An edit between two areas of the leaf: no separator changes. What is not mapped any more is one
 * gap, which holds the gaps that were there; a run makes the gaps around it smaller.
 */
static void edit_inside(struct at_tree *tree, const struct at_path *path,
                        const struct at_edit *edit) {
    struct at_leaf *leaf = path->node[0];
    const uint64_t widest = *at_gap_place(tree, path, 0);
    const uint64_t before = leaf->entry[edit->from - 1].last;
    const uint64_t behind = leaf->start[edit->to];
    const bool may_shrink = edit->run != NULL && widest != 0 && behind - before > widest;
    const bool shrinks = may_shrink && widest_around(path, edit->from, edit->to) == widest;
    count_change(tree, leaf, edit, widest);
    replace(leaf, edit);
    if (edit->run == NULL) {
        const uint64_t first = edit->left ? edit->first : before + 1;
        const uint64_t gap = (edit->right ? edit->last + 1 : behind) - first;
        if (gap > widest) {
            mset_at_publish_gap(tree, path, 0, gap);
        }
    } else if (shrinks) {
        mset_at_publish_gap(tree, path, 0, at_leaf_widest(tree, path));
    }
}

/*
 * All but what follows for the nodes around: says whether the leaf begins elsewhere, or is empty.
 * `recompute`: the gap behind the leaf has changed before.
 */
static bool edit_leaf(struct at_tree *tree, const struct at_path *path, const struct at_edit *edit,
                      bool recompute) {
    struct at_leaf *leaf = path->node[0];
    if (edit->from != 0 && edit->to != leaf->count) {
        edit_inside(tree, path, edit);
        return false;
    }
    const uint64_t old_start = leaf->start[0];
    const uint64_t widest = *at_gap_place(tree, path, 0);
    const bool removed = recompute || removes_widest(path, edit, widest);
    count_change(tree, leaf, edit, widest);
    replace(leaf, edit);
    if (leaf->count == 0) {
        return true;
    }
    publish_widest(tree, path, edit, widest, removed);
    if (leaf->start[0] == old_start) {
        return false;
    }
    mset_at_publish_start(tree, path, 0, leaf->start[0]);
    return true;
}

static void edit_in_place(struct at_tree *tree, struct at_path *path, const struct at_edit *edit,
                          bool recompute) {
    const struct at_leaf *leaf = path->node[0];
    const unsigned old_count = leaf->count;
    const uint64_t old_start = leaf->start[0];
    const bool moved = edit_leaf(tree, path, edit, recompute);
    if (leaf->count < old_count && leaf->count <= AT_LEAF_LOW) {
        mset_at_mend(tree, path);
    }
    if (moved) {
        mend_gap_before(tree, old_start, path);
    }
}

static void edit_at(struct at_tree *tree, struct at_path *path, struct at_edit *edit,
                    bool recompute) {
    const struct at_leaf *leaf = path->node[0];
    const unsigned total = at_edit_total(leaf, edit);
    if (total > AT_LEAF_CAPACITY) {
        if (!mset_at_share(tree, path, total - leaf->count)) {
            count_change(tree, leaf, edit, *at_gap_place(tree, path, 0));
            mset_at_split(tree, path, edit);
            return;
        }
        edit->to -= edit->from - path->from; /* the path's range may be more than the edit's */
        edit->from = path->from;
    }
    const bool appends = path->last_leaf && edit->from == leaf->count;
    edit_in_place(tree, path, edit, recompute);
    if (appends) {
        mset_at_learn_tail(tree, path);
    }
}

void mset_at_edit(struct at_tree *tree, struct at_path *path, struct at_edit *edit) {
    edit_at(tree, path, edit, false);
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

mset_status mset_at_prepare(struct at_tree *tree, const struct at_path *path, uint64_t first,
                            uint64_t last, bool with_run) {
    if (tree->height == 0) {
        return with_run ? mset_at_reserve(tree, 1, 0) : MSET_OK;
    }
    if (at_has_room(path)) {
        return MSET_OK;
    }
    const struct at_leaf *leaf = path->node[0];
    const struct at_run some = {0};
    const struct at_edit edit = plan_edit(path, first, last, with_run ? &some : NULL);
    const unsigned total = at_edit_total(leaf, &edit);
    /* What lies in later leaves is cut before the edit. */
    if (total <= AT_LEAF_CAPACITY ||
        (!at_goes_on(path, last) && mset_at_can_share(tree, path, total - leaf->count))) {
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
    /* In a row: a third of a capacity goes in between two splits, also where leaves have shared. */
    uint64_t splits = row / (AT_LEAF_CAPACITY / 3) + 1;
    leaves += splits;
    for (unsigned level = 1; level <= tree->height + 1; level++) {
        splits = splits / (AT_BRANCH_CAPACITY / 2) + 1;
        branches += splits;
    }
    return mset_at_reserve(tree, leaves, branches);
}

/* ---- the splice --------------------------------------------------------------------------- */

/* The tree is empty, so there is no path either. */
static void splice_empty(struct at_tree *tree, const struct at_run *run) {
    if (run == NULL) {
        return;
    }
    struct at_leaf *leaf = mset_at_take_leaf(tree);
    at_leaf_put(leaf, 0, run);
    leaf->count = 1;
    tree->root = leaf;
    tree->height = 1;
    tree->gap = 0;
    tree->areas = 1;
    tree->bytes = run->last - run->first + 1;
}

/*
 * Removes what lies behind the leaf that the range begins in, if that is the head of the next leaf
 * and enough of it remains. The path stays good.
 */
static bool trim_next_leaf(struct at_tree *tree, struct at_path *path, uint64_t last) {
    struct at_path next = *path;
    mset_at_enter_next_leaf(tree, &next, last);
    if (at_goes_on(&next, last)) {
        return false;
    }
    const struct at_leaf *leaf = next.node[0];
    const struct at_edit edit = plan_edit(&next, path->fence + 1, last, NULL);
    if (at_edit_total(leaf, &edit) <= AT_LEAF_LOW) {
        return false;
    }
    (void)edit_leaf(tree, &next, &edit, false);
    path->fence = leaf->start[0] - 1;
    return true;
}

void mset_at_splice_at(struct at_tree *tree, struct at_path *path, uint64_t first, uint64_t last,
                       const struct at_run *run) {
    MSET_ASSERT(first <= last);
    MSET_ASSERT(run == NULL || (run->first == first && run->last == last));
    tree->version++;
    if (tree->height == 0) {
        splice_empty(tree, run);
        return;
    }
    const bool goes_on = at_goes_on(path, last);
    if (goes_on && !trim_next_leaf(tree, path, last)) {
        mset_at_cut(tree, path->fence + 1, last);
        at_seek_range(tree, first, last, path);
    }
    struct at_edit edit = plan_edit(path, first, last, run);
    if (goes_on || edit.from != edit.to || run != NULL) {
        edit_at(tree, path, &edit, goes_on);
    }
    MSET_ASSERT_EXPENSIVE(mset_at_validate(tree) == NULL);
}

void mset_at_splice(struct at_tree *tree, uint64_t first, uint64_t last, const struct at_run *run) {
    struct at_path path;
    if (tree->height == 0) {
        tree->version++;
        splice_empty(tree, run);
        return;
    }
    at_seek_range(tree, first, last, &path);
    mset_at_splice_at(tree, &path, first, last, run);
}
