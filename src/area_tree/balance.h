/*
 * balance.h - what keeps separators, gaps and fill right after a leaf has changed.
 *
 * The functions are for the files that change leaves; the small readers at the top for the whole
 * room.
 */
#ifndef MSET_AREA_TREE_BALANCE_H
#define MSET_AREA_TREE_BALANCE_H

#include "area_tree.h"

/* The gap behind area `i` of the leaf at the end of the path (N5). */
static inline uint64_t at_gap_after(const struct at_path *path, unsigned i) {
    const struct at_leaf *leaf = path->node[0];
    if (i + 1 < leaf->count) {
        return leaf->start[i + 1] - leaf->entry[i].last - 1;
    }
    return path->last_leaf ? 0 : path->fence - leaf->entry[i].last;
}

/* The largest gap that follows an area of the leaf at the end of the path. */
static inline uint64_t at_leaf_widest(const struct at_tree *tree, const struct at_path *path) {
    const struct at_leaf *leaf = path->node[0];
    const uint64_t inside = tree->search->widest_within(leaf);
    const uint64_t behind = at_gap_after(path, leaf->count - 1);
    return behind > inside ? behind : inside;
}

static inline uint64_t at_first_key(const void *node, unsigned level) {
    return level == 0 ? ((const struct at_leaf *)node)->start[0]
                      : ((const struct at_branch *)node)->sep[0];
}

static inline unsigned at_count(const void *node, unsigned level) {
    return level == 0 ? ((const struct at_leaf *)node)->count
                      : ((const struct at_branch *)node)->count;
}

/* Where the largest gap below path->node[level] is kept: one level up. */
static inline uint64_t *at_gap_place(struct at_tree *tree, const struct at_path *path,
                                     unsigned level) {
    if (level + 1 == tree->height) {
        return &tree->gap;
    }
    struct at_branch *parent = path->node[level + 1];
    return &parent->gap[path->slot[level + 1]];
}

/* Entries of a branch: replaces [from, to) by nothing. */
void mset_at_branch_close(struct at_branch *branch, unsigned from, unsigned to);

/* path->node[level] now begins at `start`: tells the branches above (N4). */
void mset_at_publish_start(const struct at_tree *tree, const struct at_path *path, unsigned level,
                           uint64_t start);

/*
 * The largest gap below path->node[level] is now `gap`: tells the branches above (N5). Stops as
 * soon as a branch's own maximum does not change.
 */
void mset_at_publish_gap(struct at_tree *tree, const struct at_path *path, unsigned level,
                         uint64_t gap);

/* Recomputes every gap on the way to the leaf whose territory holds `address`. */
void mset_at_refresh_gaps(struct at_tree *tree, uint64_t address, struct at_path *path);

/*
 * The child at path->slot[level] of path->node[level] now has `gap` below it, and `right`
 * (reserved, filled, `right_gap` below it) becomes its neighbour. Splits upwards as needed.
 */
void mset_at_insert_child(struct at_tree *tree, const struct at_path *path, unsigned level,
                          uint64_t gap, void *right, uint64_t right_gap);

/*
 * Makes children i and i + 1 of `branch` one if N6 wants it, and zips up the seam between their
 * children. Says whether it did.
 */
bool mset_at_join(struct at_tree *tree, struct at_branch *branch, unsigned level, unsigned i);

/*
 * The leaf at the end of the path has lost areas: removes it if it is empty, joins it with a
 * neighbour if it is low, and so on upwards; lowers the root.
 */
void mset_at_mend(struct at_tree *tree, const struct at_path *path);

/* Removes levels that have become needless at the top of a tree that was not empty. */
void mset_at_lower_root(struct at_tree *tree);

#endif
