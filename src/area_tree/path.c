/*
 * path.c - stepping through the areas in order, both ways.
 *
 * There are no links between leaves: a step over the end of one climbs to the nearest branch with
 * a child on that side and descends along its edge. That is O(1) amortised, and leaves every
 * node reachable in exactly one way, which is what copying nodes for snapshots will need.
 */
#include "area_tree.h"

#include "../base/assert.h"

/* From path->node[level], chosen already, down to a leaf: along the left or the right edge. */
static void descend_edge(struct at_path *path, unsigned level, bool right) {
    while (level != 0) {
        const struct at_branch *branch = path->node[level];
        const unsigned slot = right ? branch->count - 1 : 0;
        path->slot[level] = (uint8_t)slot;
        path->node[--level] = branch->child[slot];
    }
    const struct at_leaf *leaf = path->node[0];
    path->slot[0] = (uint8_t)(right ? leaf->count - 1 : 0);
}

bool mset_at_next_leaf(const struct at_tree *tree, struct at_path *path) {
    for (unsigned level = 1; level < tree->height; level++) {
        const struct at_branch *branch = path->node[level];
        const unsigned slot = path->slot[level] + 1u;
        if (slot < branch->count) {
            path->slot[level] = (uint8_t)slot;
            path->node[level - 1] = branch->child[slot];
            descend_edge(path, level - 1, false);
            return true;
        }
    }
    return false;
}

bool mset_at_prev_leaf(const struct at_tree *tree, struct at_path *path) {
    for (unsigned level = 1; level < tree->height; level++) {
        if (path->slot[level] > 0) {
            const struct at_branch *branch = path->node[level];
            path->slot[level]--;
            path->node[level - 1] = branch->child[path->slot[level]];
            descend_edge(path, level - 1, true);
            return true;
        }
    }
    return false;
}

bool mset_at_next(const struct at_tree *tree, struct at_path *path) {
    const struct at_leaf *leaf = path->node[0];
    if (path->slot[0] + 1u < leaf->count) {
        path->slot[0]++;
        return true;
    }
    return mset_at_next_leaf(tree, path);
}

bool mset_at_prev(const struct at_tree *tree, struct at_path *path) {
    if (path->slot[0] > 0) {
        path->slot[0]--;
        return true;
    }
    return mset_at_prev_leaf(tree, path);
}

bool mset_at_first_from(const struct at_tree *tree, uint64_t address, struct at_path *path) {
    if (tree->height == 0) {
        return false;
    }
    at_seek(tree, address, path);
    const struct at_leaf *leaf = path->node[0];
    if (path->slot[0] > 0 && leaf->entry[path->slot[0] - 1].last >= address) {
        path->slot[0]--;
        return true;
    }
    return path->slot[0] < leaf->count || mset_at_next_leaf(tree, path);
}

bool mset_at_last_from(const struct at_tree *tree, uint64_t address, struct at_path *path) {
    if (tree->height == 0) {
        return false;
    }
    at_seek(tree, address, path);
    if (path->slot[0] == 0) {
        return false; /* only the first leaf can begin behind an address sought */
    }
    path->slot[0]--;
    return true;
}

void mset_at_find_fence(const struct at_tree *tree, struct at_path *path) {
    path->fence = UINT64_MAX;
    path->last_leaf = true;
    for (unsigned level = 1; level < tree->height; level++) {
        const struct at_branch *branch = path->node[level];
        const unsigned next = path->slot[level] + 1u;
        if (next < branch->count) {
            path->fence = branch->sep[next] - 1;
            path->last_leaf = false;
            return;
        }
    }
}

void mset_at_enter_next_leaf(const struct at_tree *tree, struct at_path *path, uint64_t last) {
    const bool there = mset_at_next_leaf(tree, path);
    MSET_ASSERT(there);
    (void)there;
    mset_at_find_fence(tree, path);
    path->from = 0;
    path->to = (uint8_t)tree->search->rank(path->node[0], last);
}
