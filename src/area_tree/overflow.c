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

/* Two leaves, and what an edit can add, side by side. */
struct row {
    struct at_run run[2 * AT_LEAF_CAPACITY + 2];
    unsigned count;
};

/* Two leaves that would hold more than this in sum split: else they would overflow again soon. */
enum { SHARED_MOST = 2 * AT_LEAF_CAPACITY - AT_LEAF_CAPACITY / 8 };

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

/* ---- sharing ------------------------------------------------------------------------------ */

static unsigned count_of(const struct at_branch *parent, unsigned slot) {
    return slot < parent->count ? ((const struct at_leaf *)parent->child[slot])->count
                                : AT_LEAF_CAPACITY;
}

static bool appends(const struct at_path *path, const struct at_edit *edit) {
    const struct at_leaf *leaf = path->node[0];
    return path->last_leaf && edit->from == leaf->count;
}

/* Of which pair of neighbours that can share is the leaf one? The slot of the left one. */
static bool find_pair(const struct at_tree *tree, const struct at_path *path,
                      const struct at_edit *edit, unsigned *left) {
    if (tree->height == 1 || appends(path, edit)) {
        return false;
    }
    const struct at_branch *parent = path->node[1];
    const unsigned total = at_edit_total(path->node[0], edit);
    const unsigned slot = path->slot[1];
    if (slot > 0 && count_of(parent, slot - 1) + total <= SHARED_MOST) {
        *left = slot - 1;
        return true;
    }
    *left = slot;
    return count_of(parent, slot + 1) + total <= SHARED_MOST;
}

bool mset_at_can_share(const struct at_tree *tree, const struct at_path *path,
                       const struct at_edit *edit) {
    unsigned left;
    return find_pair(tree, path, edit, &left);
}

/* Child `slot` of the parent has changed: what the branches know of it follows. */
static void publish_child(struct at_tree *tree, const struct at_path *path, unsigned slot) {
    const struct at_branch *parent = path->node[1];
    const struct at_leaf *leaf = parent->child[slot];
    struct at_path there = *path;
    there.slot[1] = (uint8_t)slot;
    there.node[0] = parent->child[slot];
    if (parent->sep[slot] != leaf->start[0]) {
        mset_at_publish_start(tree, &there, 0, leaf->start[0]);
    }
    mset_at_find_fence(tree, &there);
    mset_at_publish_gap(tree, &there, 0, at_leaf_widest(tree, &there));
}

static void share(struct at_tree *tree, const struct at_path *path, const struct at_edit *edit,
                  unsigned slot) {
    const struct at_branch *parent = path->node[1];
    struct at_leaf *left = parent->child[slot];
    struct at_leaf *right = parent->child[slot + 1];
    struct row row;
    row.count = 0;
    if (slot == path->slot[1]) {
        add_edited(&row, left, edit);
        add_areas(&row, right, 0, right->count);
    } else {
        add_areas(&row, left, 0, left->count);
        add_edited(&row, right, edit);
    }
    const unsigned half = (row.count + 1) / 2;
    write_leaf(&row, 0, half, left);
    write_leaf(&row, half, row.count, right);
    publish_child(tree, path, slot + 1);
    publish_child(tree, path, slot);
}

/* ---- splitting ---------------------------------------------------------------------------- */

static void split(struct at_tree *tree, const struct at_path *path, const struct at_edit *edit) {
    struct at_leaf *leaf = path->node[0];
    struct at_leaf *right = mset_at_take_leaf(tree);
    const uint64_t old_start = leaf->start[0];
    struct row row;
    row.count = 0;
    add_edited(&row, leaf, edit);
    const unsigned half = appends(path, edit) ? leaf->count : (row.count + 1) / 2;
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

void mset_at_overflow(struct at_tree *tree, const struct at_path *path,
                      const struct at_edit *edit) {
    unsigned left;
    if (find_pair(tree, path, edit, &left)) {
        share(tree, path, edit, left);
    } else {
        split(tree, path, edit);
    }
}
