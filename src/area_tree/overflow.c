/*
 * overflow.c - an edit that leaves more areas than its leaf can hold.
 *
 *        shared    | a b c . . | d e f g h + x |   ->   | a b c d . | e f x g h |
 *        split                 | d e f g h + x |   ->   | d e f . . | x g h . . |
 *
 * A neighbour below the same branch that has room takes its share, so leaves are fuller than those
 * of a tree that always splits, and there are fewer of them. At the right edge of the tree
 * everything but the newcomer stays: ascending builds fill their leaves.
 */
#include "balance.h"
#include "edit.h"

#include "../base/assert.h"
#include "../base/memory.h"

/* Two leaves that would hold more than this in sum split: else they would overflow again soon. */
enum { SHARED_MOST = 2 * AT_LEAF_CAPACITY - AT_LEAF_CAPACITY / 8 };

/* ---- sharing ------------------------------------------------------------------------------ */

/* Areas that a neighbour takes: the first ones of the leaf, or the last ones. */
struct gift {
    bool left;
    unsigned count;
};

/* At the right edge of the tree, behind all areas? */
static bool appends(const struct at_path *path) {
    const struct at_leaf *leaf = path->node[0];
    return path->last_leaf && path->from == leaf->count;
}

/*
 * To the neighbour on that side: as many as make both even, but none that touch the range, and not
 * the one before, so that the leaf still begins before the range. False if the neighbour is too
 * full, or if there would still be no room for `more` areas.
 */
static bool can_give(const struct at_path *path, unsigned more, bool left, struct gift *gift) {
    const struct at_branch *parent = path->node[1];
    const struct at_leaf *leaf = path->node[0];
    const unsigned slot = path->slot[1];
    if (left ? slot == 0 : slot + 1 == parent->count) {
        return false;
    }
    const struct at_leaf *neighbour = parent->child[left ? slot - 1 : slot + 1];
    const unsigned total = leaf->count + more;
    const unsigned before = path->from == 0 ? 0 : path->from - 1u;
    const unsigned free = left ? before : leaf->count - path->to;
    if (neighbour->count + total > SHARED_MOST) {
        return false;
    }
    const unsigned even = total - (neighbour->count + total) / 2;
    gift->left = left;
    gift->count = even < free ? even : free;
    return total - gift->count <= AT_LEAF_CAPACITY;
}

static bool find_gift(const struct at_tree *tree, const struct at_path *path, unsigned more,
                      struct gift *gift) {
    if (tree->height == 1 || appends(path)) {
        return false;
    }
    const bool left = path->from > AT_LEAF_CAPACITY / 2; /* there is more on that side */
    return can_give(path, more, left, gift) || can_give(path, more, !left, gift);
}

bool mset_at_can_share(const struct at_tree *tree, const struct at_path *path, unsigned more) {
    struct gift gift;
    return find_gift(tree, path, more, &gift);
}

static void copy_areas(struct at_leaf *to, unsigned at, const struct at_leaf *from, unsigned i,
                       unsigned n) {
    memcpy(&to->start[at], &from->start[i], n * sizeof to->start[0]);
    memcpy(&to->entry[at], &from->entry[i], n * sizeof to->entry[0]);
}

static void give_left(struct at_leaf *left, struct at_leaf *leaf, unsigned n) {
    copy_areas(left, left->count, leaf, 0, n);
    left->count += n;
    at_leaf_close(leaf, 0, n);
}

static void give_right(struct at_leaf *leaf, struct at_leaf *right, unsigned n) {
    at_leaf_open(right, 0, n);
    copy_areas(right, 0, leaf, leaf->count - n, n);
    at_leaf_resize(leaf, leaf->count - n);
}

/* Children `slot` and the next have exchanged areas: what the branches know of them follows. */
static void publish_pair(struct at_tree *tree, const struct at_path *path, unsigned slot) {
    struct at_branch *parent = path->node[1];
    const struct at_leaf *right = parent->child[slot + 1];
    struct at_path there = *path;
    parent->sep[slot + 1] = right->start[0];
    for (unsigned i = 0; i < 2; i++) {
        there.slot[1] = (uint8_t)(slot + i);
        there.node[0] = parent->child[slot + i];
        mset_at_find_fence(tree, &there);
        mset_at_publish_gap(tree, &there, 0, at_leaf_widest(tree, &there));
    }
}

bool mset_at_share(struct at_tree *tree, struct at_path *path, unsigned more) {
    struct at_branch *parent = path->node[1];
    struct at_leaf *leaf = path->node[0];
    const unsigned slot = path->slot[1];
    struct gift gift;
    if (!find_gift(tree, path, more, &gift)) {
        return false;
    }
    if (gift.left) {
        give_left(parent->child[slot - 1], leaf, gift.count);
        path->slot[0] = (uint8_t)(path->slot[0] - gift.count);
        path->from = (uint8_t)(path->from - gift.count);
        path->to = (uint8_t)(path->to - gift.count);
        publish_pair(tree, path, slot - 1);
    } else {
        give_right(leaf, parent->child[slot + 1], gift.count);
        publish_pair(tree, path, slot);
        path->fence = parent->sep[slot + 1] - 1;
    }
    return true;
}

/* ---- splitting ---------------------------------------------------------------------------- */

/* What a leaf would hold if it could. */
struct row {
    struct at_run run[AT_LEAF_CAPACITY + 2];
    unsigned count;
};

static void add_areas(struct row *row, const struct at_leaf *leaf, unsigned from, unsigned to) {
    for (unsigned i = from; i < to; i++) {
        row->run[row->count++] = at_leaf_run(leaf, i);
    }
}

static void add_edited(struct row *row, const struct at_leaf *leaf, const struct at_edit *edit) {
    add_areas(row, leaf, 0, edit->from);
    if (edit->left) {
        struct at_run left = at_leaf_run(leaf, edit->from);
        left.last = edit->first - 1;
        row->run[row->count++] = left;
    }
    if (edit->run != NULL) {
        row->run[row->count++] = *edit->run;
    }
    if (edit->right) {
        struct at_run right = at_leaf_run(leaf, edit->to - 1);
        right.first = edit->last + 1;
        row->run[row->count++] = right;
    }
    add_areas(row, leaf, edit->to, leaf->count);
}

/* The leaf becomes runs [from, to) of the row. */
static void write_leaf(const struct row *row, unsigned from, unsigned to, struct at_leaf *leaf) {
    for (unsigned i = from; i < to; i++) {
        at_leaf_put(leaf, i - from, &row->run[i]);
    }
    at_leaf_resize(leaf, to - from);
}

void mset_at_split(struct at_tree *tree, const struct at_path *path, const struct at_edit *edit) {
    struct at_leaf *leaf = path->node[0];
    struct at_leaf *right = mset_at_take_leaf(tree);
    const uint64_t old_start = leaf->start[0];
    struct row row;
    row.count = 0;
    add_edited(&row, leaf, edit);
    MSET_ASSERT(row.count > AT_LEAF_CAPACITY);
    const unsigned half = appends(path) ? leaf->count : (row.count + 1) / 2;
    write_leaf(&row, 0, half, leaf);
    write_leaf(&row, half, row.count, right);
    if (leaf->start[0] != old_start) {
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
