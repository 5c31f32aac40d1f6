/*
 * descend.h - from the root to an address, written once and compiled once per kind of processor.
 *
 * A descend_*.c file brings its own rank() (how many keys of a node are <= address), includes
 * this file and names the result. Everything is inlined around that rank, so a lookup is one
 * call whatever the height.
 */
#ifndef AT_DESCENT
#error "define AT_DESCENT as the name of the table and include a rank_*.h first"
#endif

#include "area_tree.h"

/* The child whose territory holds the address; the first also takes what lies before it. */
static inline unsigned child_of(const struct at_branch *branch, uint64_t address) {
    const unsigned n = rank(branch->sep, AT_BRANCH_WIDTH, branch->count, address);
    return n - (n != 0);
}

static const struct at_leaf *find(const struct at_tree *tree, uint64_t address, unsigned *index) {
    if (tree->height == 0) {
        return NULL;
    }
    const void *node = tree->root;
    for (unsigned level = tree->height - 1; level != 0; level--) {
        const struct at_branch *branch = node;
        node = branch->child[child_of(branch, address)];
    }
    const struct at_leaf *leaf = node;
    const unsigned n = rank(leaf->start, AT_LEAF_WIDTH, leaf->count, address);
    if (n == 0 || leaf->last[n - 1] < address) {
        return NULL;
    }
    *index = n - 1;
    return leaf;
}

static void seek(const struct at_tree *tree, uint64_t address, struct at_path *path) {
    void *node = tree->root;
    path->fence = UINT64_MAX;
    path->last_leaf = true;
    for (unsigned level = tree->height - 1; level != 0; level--) {
        const struct at_branch *branch = node;
        const unsigned slot = child_of(branch, address);
        path->node[level] = node;
        path->slot[level] = (uint8_t)slot;
        if (slot + 1 < branch->count) {
            path->fence = branch->sep[slot + 1] - 1;
            path->last_leaf = false;
        }
        node = branch->child[slot];
    }
    const struct at_leaf *leaf = node;
    path->node[0] = node;
    path->slot[0] = (uint8_t)rank(leaf->start, AT_LEAF_WIDTH, leaf->count, address);
}

static uint64_t widest(const struct at_leaf *leaf) {
    uint64_t most = 0;
    for (unsigned i = 1; i < leaf->count; i++) {
        const uint64_t gap = leaf->start[i] - leaf->last[i - 1] - 1;
        most = gap > most ? gap : most;
    }
    return most;
}

const struct at_descent AT_DESCENT = {
    .name = AT_DESCENT_NAME, .find = find, .seek = seek, .widest = widest};
